"""Stages that choose and order elements, and change none of them.

Each works on elements and, where the input has a table, on the numbers of rows. Both ways give the
same elements in the same order.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from minikeras.data.elements import call_with, to_element
from minikeras.data.spec import common_spec
from minikeras.data.stage import (
    INFINITE_CARDINALITY,
    UNKNOWN_CARDINALITY,
    OneInput,
    RandomStage,
    Run,
    Stage,
    generator,
)


class Selection(OneInput):
    """A stage that works on rows by number, if the input does."""

    def __init__(self, source: Stage) -> None:
        super().__init__(source)
        self.table = source.table

    def elements(self, run: Run) -> Iterator[Any]:
        return self.some(run) if self.table is None else super().elements(run)

    def some(self, run: Run) -> Iterator[Any]:
        """Give the elements of a pass, where rows have no numbers."""
        raise AssertionError


class Shuffle(Selection, RandomStage):
    """Elements in random order: each is drawn from a buffer that is kept full as long as possible."""

    hands_on = True

    def __init__(self, source: Stage, size: int | None, seed: Any, reshuffle: bool) -> None:
        Selection.__init__(self, source)
        RandomStage.__init__(self, seed, reshuffle)
        self._size = size  # None for all there are

    def _streams(self, run: Run) -> tuple[np.random.Generator, np.random.Generator]:
        key = run.key(self)
        # Two, so that it does not matter how many places are drawn at once.
        return generator((*key, 0)), generator((*key, 1))

    def some(self, run: Run) -> Iterator[Any]:
        places, order = self._streams(run)
        size = self._size
        source = self.source.elements(run)
        buffer = list(itertools.islice(source, size))
        if size is not None and len(buffer) == size:
            place = _one_by_one(places, size)
            for element, i in zip(source, place):
                yield buffer[i]
                buffer[i] = element
        for i in order.permutation(len(buffer)).tolist():
            element, buffer[i] = buffer[i], None
            yield element

    def numbers(self, run: Run) -> Iterator[np.ndarray]:
        places, order = self._streams(run)
        chunks = self.source.numbers(run)
        size = self._size
        filling, count = [np.empty((self.table.width, 0), np.int64)], 0
        while size is None or count < size:
            chunk = next(chunks, None)
            if chunk is None:
                break
            filling.append(chunk)
            count += chunk.shape[1]
        joined = np.concatenate(filling, axis=1)
        buffer, rest = joined[:, :size], joined[:, count if size is None else size :]
        del filling, joined
        if size is not None and count >= size:
            buffer = buffer.copy()
            for chunk in itertools.chain([rest], chunks):
                if chunk.shape[1]:
                    yield _exchange(buffer, _places(places, chunk.shape[1], size), chunk)
        if buffer.size:
            yield buffer[:, order.permutation(buffer.shape[1])]


def _places(stream: np.random.Generator, n: int, size: int) -> np.ndarray:
    return (stream.random(n) * size).astype(np.intp)


def _one_by_one(stream: np.random.Generator, size: int) -> Iterator[int]:
    while True:
        yield from _places(stream, 256, size).tolist()


def _exchange(buffer: np.ndarray, places: np.ndarray, incoming: np.ndarray) -> np.ndarray:
    """Take what lies at each place of a buffer, one after the other, and put something new there.

    Args:
        buffer: shape `(k, size)`, changed in place.
        places: shape `(n,)`.
        incoming: shape `(k, n)`.

    Returns:
        What was taken, of shape `(k, n)`.
    """
    taken = buffer[:, places]
    # Where a place comes a second time, what was put there the first time is taken.
    turns = np.argsort(places, kind="stable")
    again = places[turns[1:]] == places[turns[:-1]]
    taken[:, turns[1:][again]] = incoming[:, turns[:-1][again]]
    last = turns[np.append(~again, True)]
    buffer[:, places[last]] = incoming[:, last]
    return taken


class Take(Selection):
    """The first elements."""

    hands_on = True

    def __init__(self, source: Stage, count: int) -> None:
        super().__init__(source)
        self._count = count

    def some(self, run: Run) -> Iterator[Any]:
        return itertools.islice(self.source.elements(run), self._count)

    def numbers(self, run: Run) -> Iterator[np.ndarray]:
        left = self._count
        chunks = self.source.numbers(run)
        while left > 0 and (chunk := next(chunks, None)) is not None:
            yield chunk[:, :left]
            left -= chunk.shape[1]

    def cardinality(self) -> int:
        n = self.source.cardinality()
        return n if n == UNKNOWN_CARDINALITY else self._count if n < 0 else min(n, self._count)


class Skip(Selection):
    """All but the first elements."""

    hands_on = True

    def __init__(self, source: Stage, count: int) -> None:
        super().__init__(source)
        self._count = count

    def some(self, run: Run) -> Iterator[Any]:
        return itertools.islice(self.source.elements(run), self._count, None)

    def numbers(self, run: Run) -> Iterator[np.ndarray]:
        left = self._count
        for chunk in self.source.numbers(run):
            if left < chunk.shape[1]:
                yield chunk[:, left:]
            left = max(0, left - chunk.shape[1])

    def cardinality(self) -> int:
        n = self.source.cardinality()
        return n if n < 0 else max(0, n - self._count)


class Shard(Selection):
    """Every n-th element."""

    hands_on = True

    def __init__(self, source: Stage, every: int, first: int) -> None:
        super().__init__(source)
        self._every, self._first = every, first

    def some(self, run: Run) -> Iterator[Any]:
        return itertools.islice(self.source.elements(run), self._first, None, self._every)

    def numbers(self, run: Run) -> Iterator[np.ndarray]:
        first = self._first
        for chunk in self.source.numbers(run):
            if first < chunk.shape[1]:
                yield chunk[:, first :: self._every]
                first += -(-(chunk.shape[1] - first) // self._every) * self._every
            first -= chunk.shape[1]

    def cardinality(self) -> int:
        n = self.source.cardinality()
        return n if n < 0 else max(0, -(-(n - self._first) // self._every))


class Repeat(Selection):
    """Pass after pass, so many times or without an end."""

    hands_on = True

    def __init__(self, source: Stage, count: int | None) -> None:
        super().__init__(source)
        self._count = count

    def _passes(self, begin: Callable[[], Iterator]) -> Iterator[Any]:
        turns = itertools.count() if self._count is None else range(self._count)
        for _ in turns:
            empty = True
            for item in begin():
                empty = False
                yield item
            if empty:
                return

    def some(self, run: Run) -> Iterator[Any]:
        return self._passes(lambda: self.source.elements(run))

    def numbers(self, run: Run) -> Iterator[np.ndarray]:
        return self._passes(lambda: self.source.numbers(run))

    def cardinality(self) -> int:
        n = self.source.cardinality()
        if n == 0 or self._count == 0:
            return 0
        if self._count is None:
            return INFINITE_CARDINALITY
        return n if n < 0 else n * self._count


class Concatenate(Stage):
    """One after the other."""

    def __init__(self, sources: tuple[Stage, ...]) -> None:
        self.inputs = sources

    def elements(self, run: Run) -> Iterator[Any]:
        return itertools.chain.from_iterable(source.elements(run) for source in self.inputs)

    def cardinality(self) -> int:
        counts = [source.cardinality() for source in self.inputs]
        for special in (INFINITE_CARDINALITY, UNKNOWN_CARDINALITY):
            if special in counts:
                return special
        return sum(counts)

    def spec(self) -> Any:
        specs = [source.spec() for source in self.inputs]
        result = specs[0]
        for spec in specs[1:]:
            result = common_spec(result, spec)
        return result


class Filter(OneInput):
    """Elements for which a function is true; with `stop`, only those before the first that is not."""

    def __init__(self, source: Stage, predicate: Callable, stop: bool = False) -> None:
        super().__init__(source)
        self._predicate, self._stop = predicate, stop

    def elements(self, run: Run) -> Iterator[Any]:
        for element in self.source.elements(run):
            if self._decide(element):
                yield element
            elif self._stop:
                return

    def _decide(self, element: Any) -> bool:
        answer = to_element(call_with(self._predicate, element))
        if not isinstance(answer, np.ndarray) or answer.dtype != bool or answer.ndim:
            name = "take_while" if self._stop else "filter"
            raise ValueError(
                f"{name}: `predicate` must return True or False, or a tensor of one boolean. "
                f"Received: {answer!r}"
            )
        return bool(answer)

    def cardinality(self) -> int:
        return UNKNOWN_CARDINALITY


class Counted(OneInput):
    """The elements, of which there must be so many."""

    hands_on = True

    def __init__(self, source: Stage, count: int) -> None:
        super().__init__(source)
        self._count = count

    def elements(self, run: Run) -> Iterator[Any]:
        n = 0
        for n, element in enumerate(self.source.elements(run), 1):
            if 0 <= self._count < n:
                break
            yield element
        if n != self._count:
            expected = "without an end" if self._count < 0 else f"of {self._count} elements"
            raise ValueError(
                f"assert_cardinality: a data set {expected} was announced. Received: "
                f"{'more' if 0 <= self._count < n else f'only {n}'}"
            )

    def cardinality(self) -> int:
        return self._count


class Unique(OneInput):
    """Every element once, where it comes first."""

    def elements(self, run: Run) -> Iterator[Any]:
        seen = set()
        for element in self.source.elements(run):
            if not isinstance(element, np.ndarray):
                raise TypeError(
                    "unique: elements must be single tensors, not structures of them. "
                    f"Received: {type(element).__name__}"
                )
            key = (element.shape, _value(element))
            if key not in seen:
                seen.add(key)
                yield element

    def cardinality(self) -> int:
        return UNKNOWN_CARDINALITY


def _value(array: np.ndarray) -> Any:
    return array.tobytes() if array.dtype.kind not in "USO" else tuple(array.ravel().tolist())


def alternate(streams: list[Iterator], choices: Iterable[int], stop: bool) -> Iterator[Any]:
    """Take each element from the iterator that is chosen.

    Args:
        streams: the iterators.
        choices: which of them to take from.
        stop: whether to stop when one that has ended is chosen; else the choice is passed over, until
            all have ended.
    """
    ended = set()
    for choice in choices:
        if choice in ended:
            continue
        for element in streams[choice]:
            yield element
            break
        else:
            ended.add(choice)
            if stop or len(ended) == len(streams):
                return


class Sample(Concatenate, RandomStage):
    """Elements from several data sets, which of them being drawn each time."""

    def __init__(
        self, sources: tuple[Stage, ...], weights: Any, seed: Any, stop: bool, reshuffle: bool
    ) -> None:
        Concatenate.__init__(self, sources)
        RandomStage.__init__(self, seed, reshuffle)
        self._weights, self._stop = weights, stop

    def elements(self, run: Run) -> Iterator[Any]:
        stream = generator(run.key(self))
        weights = np.array(self._weights, np.float64)
        streams = [source.elements(run) for source in self.inputs]
        while weights.any():
            bounds = np.cumsum(weights) / weights.sum()
            choice = int(np.searchsorted(bounds, stream.random(), side="right"))
            for element in streams[choice]:
                yield element
                break
            else:
                if self._stop:
                    return
                weights[choice] = 0.0

    def cardinality(self) -> int:
        return _mixed_cardinality(self.inputs, self._stop)


class Choose(Concatenate):
    """Elements from several data sets, another one saying which."""

    def __init__(self, sources: tuple[Stage, ...], choices: Stage, stop: bool) -> None:
        super().__init__(sources)
        self._choices, self._stop = choices, stop
        self.inputs = (*sources, choices)
        self._sources = sources

    def elements(self, run: Run) -> Iterator[Any]:
        streams = [source.elements(run) for source in self._sources]
        return alternate(streams, map(self._check, self._choices.elements(run)), self._stop)

    def _check(self, choice: Any) -> int:
        n = len(self._sources)
        if not isinstance(choice, np.ndarray) or choice.ndim or choice.dtype.kind not in "iu":
            raise TypeError(
                "choose_from_datasets: elements of `choice_dataset` must be integers. "
                f"Received: {choice!r}"
            )
        if not 0 <= choice < n:
            raise ValueError(
                f"choose_from_datasets: there are {n} data sets. Received the choice {int(choice)}"
            )
        return int(choice)

    def cardinality(self) -> int:
        if self._choices.cardinality() != INFINITE_CARDINALITY:
            return UNKNOWN_CARDINALITY
        return _mixed_cardinality(self._sources, self._stop)

    def spec(self) -> Any:
        return Concatenate(self._sources).spec()


def _mixed_cardinality(sources: tuple[Stage, ...], stop: bool) -> int:
    endless = [source.cardinality() == INFINITE_CARDINALITY for source in sources]
    if all(endless) or (any(endless) and not stop):
        return INFINITE_CARDINALITY
    return UNKNOWN_CARDINALITY
