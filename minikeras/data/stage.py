"""`Stage`: one step of a pipeline. `Run`: one pass through it. `Table`: rows that have numbers.

A data set is a chain (or tree) of stages, which never change but for two numbers: a stage that draws
has a seed, and counts the passes that were begun. All else that a pass needs is in its iterators.

Where the rows of a source can be had by number, stages that only choose and order rows (shuffle, take,
repeat, ...) hand on numbers, thousands at a time, and `batch` gathers the rows themselves.
"""

from __future__ import annotations

import contextlib
import math
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from minikeras.common.packing import packer
from minikeras.common.ranks import Rows, rows_of
from minikeras.data.elements import strings
from minikeras.data.spec import TensorSpec
from minikeras.random.random_state import get_random_state, set_random_state
from minikeras.random.seed_generator import make_default_seed

INFINITE_CARDINALITY = -1
UNKNOWN_CARDINALITY = -2

CHUNK = 1 << 13
"""How many row numbers are handed on at once."""


class Stage(ABC):
    """One step of a pipeline.

    Attributes:
        inputs: the stages that this one takes its elements from.
        table: the rows that the elements are, where they can be had by number.
    """

    inputs: tuple[Stage, ...] = ()
    table: Table | None = None
    hands_on = False
    """Whether it gives the elements of its only input as they are."""
    can_cut = False
    """Whether it makes batches, and can make some rows of one without the others."""

    def forget(self) -> None:  # noqa: B027 - most keep nothing
        """Drop elements that are kept: what they were drawn with is to be something else."""

    def elements(self, run: Run) -> Iterator[Any]:
        """Give the elements of one pass."""
        return self.table.rows(self.numbers(run))

    def numbers(self, run: Run) -> Iterator[np.ndarray]:
        """Give the numbers of the rows of one pass: arrays of shape `(table.width, n)`."""
        raise AssertionError(f"{type(self).__name__} has no table.")

    @abstractmethod
    def cardinality(self) -> int:
        """Return the number of elements, or one of the two constants above."""

    def spec(self) -> Any:
        """Return the spec of the elements: by default that of the input."""
        return self.inputs[0].spec()

    def first(self) -> Any:
        """Return the first element, where there is no other way to learn what elements look like.

        The pass does not count, and what it draws from the global streams is put back.

        Raises:
            ValueError: if there is none.
        """
        before = get_random_state()
        try:
            for element in self.elements(Run.look(self)):
                return element
        finally:
            set_random_state(before)
        raise ValueError(
            "element_spec: what elements look like shows only when there are some, and there are none."
        )


class RandomStage(Stage):
    """A stage that draws, or calls functions that may.

    Args:
        seed: an integer, or None for one of the default stream.
        reshuffle: whether each pass draws anew.
    """

    def __init__(self, seed: Any = None, reshuffle: bool = True) -> None:
        self.seed = default_seed() if seed is None else int(seed) % 2**64
        self.reshuffle = reshuffle
        self.begun = 0


class OneInput(Stage):
    """A stage that takes its elements from one other, as many as there are."""

    def __init__(self, source: Stage) -> None:
        self.source = source
        self.inputs = (source,)

    def cardinality(self) -> int:
        return self.source.cardinality()


class Run:
    """One pass through a pipeline, which makes draws repeatable.

    What is drawn depends on a stage's seed, on how many passes were begun before, and on how often
    the stage began within this one, as under `repeat`; never on threads.

    Args:
        root: the last stage of the pipeline, the stages of which count the pass.
    """

    _lock = threading.Lock()

    _cut: tuple[Stage, int, int] | None = None

    def __init__(self, root: Stage) -> None:
        self._path: tuple[int, ...] = ()
        self._within: Counter[Stage] = Counter()
        with Run._lock:
            self.counts = {stage: stage.begun for stage in random_stages(root)}
            for stage in self.counts:
                stage.begun += 1

    @classmethod
    def _make(cls, counts: dict[Stage, int], path: tuple[int, ...]) -> Run:
        run = object.__new__(cls)
        run.counts, run._path, run._within = counts, path, Counter()
        return run

    @classmethod
    def look(cls, root: Stage) -> Run:
        """Return a pass that does not count."""
        return cls._make({stage: stage.begun for stage in random_stages(root)}, ())

    def cut(self, root: Stage, rank: int, ranks: int) -> None:
        """Let the last stage give a rank's rows of each batch (`OwnRows`), if it can make them alone.

        It may be asked in the midst of the pass; batches that are made already stay whole.
        """
        while root.hands_on:
            (root,) = root.inputs
        if root.can_cut:
            self._cut = root, rank, ranks

    def parts(self, stage: Stage, sizes: Sequence[int]) -> list[Rows] | None:
        """Return which rows of batches of some sizes a stage is to give, None if all."""
        cut = self._cut
        if cut is None or cut[0] is not stage:
            return None
        return [rows_of(size, *cut[1:]) for size in sizes]

    def key(self, stage: RandomStage) -> tuple[int, ...]:
        """Return what a stage's draws depend on, different each time it begins."""
        if not stage.reshuffle:
            return (stage.seed,)
        within = self._within[stage]
        self._within[stage] += 1
        return (stage.seed, self.counts.get(stage, 0), *self._path, within)

    def inner(self, key: tuple[int, ...], number: int) -> Run:
        """Return the pass through a data set that a stage's function has returned.

        Args:
            key: of the stage.
            number: which of its calls it was.
        """
        return Run._make({}, (*key, number))


def random_stages(root: Stage) -> list[RandomStage]:
    """Return the stages that draw, each once, in an order that depends on the pipeline alone."""
    return [stage for stage in _stages(root) if isinstance(stage, RandomStage)]


def _stages(root: Stage) -> list[Stage]:
    found: dict[Stage, None] = {}

    def visit(stage: Stage) -> None:
        if stage not in found:
            found[stage] = None
            for source in stage.inputs:
                visit(source)

    visit(root)
    return list(found)


def get_state(root: Stage) -> list[list[int]]:
    """Return what changes from pass to pass, as plain data."""
    cached: dict[Stage, int] = {}
    for stage in _stages(root):
        cached |= getattr(stage, "filled_in", None) or {}
    return [[stage.seed, cached.get(stage, stage.begun)] for stage in random_stages(root)]


def set_state(root: Stage, state: Sequence[Sequence[int]]) -> None:
    """Put back what `get_state` returned.

    Raises:
        ValueError: if it is that of another pipeline.
    """
    stages = random_stages(root)
    if len(stages) != len(state):
        raise ValueError(
            f"The state is that of a pipeline with {len(state)} stages that draw. This one has "
            f"{len(stages)}."
        )
    for stage, (seed, begun) in zip(stages, state):
        stage.seed, stage.begun = int(seed), int(begun)
    for stage in _stages(root):
        stage.forget()


def generator(key: Sequence[int]) -> np.random.Generator:
    """Return the stream of random numbers that belongs to a key."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))


_here = threading.local()


def default_seed() -> int:
    """Return a seed for a stage that was given none.

    It is drawn from NumPy's global stream; within a function that makes data sets for another one,
    from that one's own stream, so that neither threads nor other draws come between.
    """
    stream = getattr(_here, "stream", None)
    return make_default_seed() if stream is None else int(stream.integers(2**63))


@contextlib.contextmanager
def seeds_of(key: Sequence[int], number: int) -> Iterator[None]:
    """Let data sets that are made meanwhile take their seeds from a stage's stream."""
    before = getattr(_here, "stream", None)
    _here.stream = generator((*key, number, 1))
    try:
        yield
    finally:
        _here.stream = before


class Table:
    """Rows of arrays that can be had by number.

    Args:
        structure: the structure of an element, with anything but None as leaves.
        columns: its leaves without the Nones: arrays, or what `Column` describes.
        parts: for each column, which of the numbers of a row it goes by; all by the first if None.
    """

    def __init__(
        self, structure: Any, columns: Sequence[Any], parts: Sequence[int] | None = None
    ) -> None:
        self.structure = structure
        self.columns = list(columns)
        self.parts = [0] * len(self.columns) if parts is None else list(parts)
        self.width = max(self.parts) + 1
        self.pack = packer(structure)

    def rows(self, chunks: Iterable[np.ndarray]) -> Iterator[Any]:
        """Give rows one by one, as views."""
        columns, parts, pack = self.columns, self.parts, self.pack
        if self.width == 1:
            for (numbers,) in chunks:
                for i in numbers.tolist():
                    yield pack([column[i, ...] for column in columns])
        else:
            for chunk in chunks:
                for row in zip(*chunk.tolist()):
                    yield pack([column[row[p], ...] for column, p in zip(columns, parts)])

    @property
    def row_bytes(self) -> int:
        """How much memory a row takes, at least."""
        return sum(map(_row_bytes, self.columns))

    def gather(self, numbers: np.ndarray) -> list[np.ndarray]:
        """Return the columns of some rows."""
        return [gather(c, numbers[p]) for c, p in zip(self.columns, self.parts)]

    def spec(self) -> Any:
        """Return the spec of a row."""
        return self.pack([_row_spec(column) for column in self.columns])


class Column(ABC):
    """What is read like an array: `column[i, ...]` is a row, `gather(numbers)` are several."""

    dtype: np.dtype
    shape: tuple[int, ...]

    @abstractmethod
    def __getitem__(self, key: tuple) -> np.ndarray: ...

    @abstractmethod
    def gather(self, numbers: np.ndarray) -> np.ndarray: ...


class Strings(Column):
    """Strings as Python has them: no row is as long in memory as the longest."""

    dtype = np.dtype(str)

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.shape = array.shape

    def __getitem__(self, key: tuple) -> np.ndarray:
        return strings(self._array[key])

    def gather(self, numbers: np.ndarray) -> np.ndarray:
        return strings(self._array[numbers])


class Progression(Column):
    """Numbers `start, start + step, ...` without an end."""

    shape = (0,)

    def __init__(self, start: int, step: int, dtype: np.dtype) -> None:
        self._start, self._step, self.dtype = start, step, dtype

    def __getitem__(self, key: tuple) -> np.ndarray:
        return np.array(self._start + self._step * key[0], self.dtype)

    def gather(self, numbers: np.ndarray) -> np.ndarray:
        return (self._start + self._step * numbers).astype(self.dtype, copy=False)


def gather(column: Any, numbers: np.ndarray) -> np.ndarray:
    """Return rows of a column: a view, if they follow one another."""
    if isinstance(column, Column):
        return column.gather(numbers)
    first, n = numbers[0], numbers.size
    if numbers[-1] - first == n - 1 and (n <= 2 or (numbers[1:] > numbers[:-1]).all()):
        return column[first : first + n]
    # `take` is the fastest, but would first copy all of an array that is not contiguous.
    return column.take(numbers, axis=0) if column.flags.c_contiguous else column[numbers]


def _row_bytes(column: Any) -> int:
    if isinstance(column, Strings):
        return 1 << 20  # nobody knows: all of them as wide as the longest may be very many
    return column.dtype.itemsize * math.prod(column.shape[1:])


def _row_spec(column: Any) -> Any:
    return TensorSpec(column.shape[1:], column.dtype)


def counting(n: int | None) -> Iterator[np.ndarray]:
    """Give the numbers from 0 to n, or without an end, in chunks of shape `(1, m)`."""
    start = 0
    while n is None or start < n:
        stop = start + CHUNK if n is None else min(start + CHUNK, n)
        yield np.arange(start, stop)[None]
        start = stop


def in_pieces(chunks: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Cut row numbers anew, into pieces of one size; the last may be smaller."""
    waiting: list[np.ndarray] = []
    count = 0
    for chunk in chunks:
        waiting.append(chunk)
        count += chunk.shape[1]
        if count >= size:
            joined = waiting[0] if len(waiting) == 1 else np.concatenate(waiting, axis=1)
            full = count // size * size
            for start in range(0, full, size):
                yield joined[:, start : start + size]
            waiting, count = [joined[:, full:]], count - full
    if count:
        yield waiting[0] if len(waiting) == 1 else np.concatenate(waiting, axis=1)
