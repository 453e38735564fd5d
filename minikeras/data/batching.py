"""Stages that put elements together and take them apart: batches, windows, tuples."""

from __future__ import annotations

import functools
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.common.packing import packer
from minikeras.common.ranks import OwnRows, Rows
from minikeras.data.elements import (
    count_rows,
    is_dataset,
    is_node,
    map_leaves,
    stack,
    to_leaf,
)
from minikeras.data.spec import (
    DatasetSpec,
    TensorSpec,
    resized,
    with_axis,
    without_axis,
)
from minikeras.data.stage import (
    CHUNK,
    INFINITE_CARDINALITY,
    UNKNOWN_CARDINALITY,
    OneInput,
    Run,
    Stage,
    Table,
    in_pieces,
)

_CHUNK_BYTES = 1 << 20
"""Rows are gathered so many bytes at a time: one call of NumPy for many small batches."""


class Batch(OneInput):
    """So many elements as one, stacked."""

    def __init__(self, source: Stage, size: int, drop: bool) -> None:
        super().__init__(source)
        self.size, self.drop = size, drop

    def elements(self, run: Run) -> Iterator[Any]:
        size, table = self.size, self.source.table
        if table is not None:
            many = max(1, min(CHUNK, _CHUNK_BYTES // max(1, table.row_bytes)) // size)
            for numbers in in_pieces(self.source.numbers(run), size * many):
                n = numbers.shape[1]
                starts = range(0, n - n % size if self.drop else n, size)
                parts = run.parts(self, [min(size, n - start) for start in starts])
                if parts is not None:
                    yield from self._own_rows(numbers, starts, parts)
                    continue
                columns = table.gather(numbers)
                for start in starts:
                    batch = slice(start, start + size)
                    yield table.pack([column[batch] for column in columns])
            return
        for group in groups(self.source.elements(run), size):
            if len(group) == size or not self.drop:
                yield stack(group)

    @property
    def can_cut(self) -> bool:
        return type(self) is Batch and self.source.table is not None

    def _own_rows(
        self, numbers: np.ndarray, starts: Iterable[int], parts: Sequence[Rows]
    ) -> Iterator[OwnRows]:
        """Give parts of some batches, and touch no other rows.

        Args:
            numbers: numbers of the batches' rows.
            starts: where each batch begins.
            parts: which of its rows are wanted.
        """
        table = self.source.table
        own = [numbers[:, start:][:, rows.slice] for start, rows in zip(starts, parts)]
        joined = np.concatenate(own or [numbers[:, :0]], axis=1)
        # Arrays of no rows have their dtypes and shapes of some.
        columns = table.gather(joined if joined.size else numbers[:, :1])
        low = 0
        for rows in parts:
            batch = slice(low, low + rows.count)
            low += rows.count
            yield OwnRows(rows, table.pack([column[batch] for column in columns]))

    def cardinality(self) -> int:
        n = self.source.cardinality()
        return n if n < 0 else n // self.size if self.drop else -(-n // self.size)

    def spec(self) -> Any:
        return with_axis(self.source.spec(), self.size if self.drop else None)


def groups(elements: Iterable[Any], size: int) -> Iterator[list]:
    """Give lists of so many elements; the last may be shorter."""
    elements = iter(elements)
    while group := list(itertools.islice(elements, size)):
        yield group


class PaddedBatch(Batch):
    """So many elements as one, stacked, once they are filled up to common shapes."""

    def __init__(self, source: Stage, size: int, shapes: Any, values: Any, drop: bool) -> None:
        super().__init__(source, size, drop)
        self._shapes, self._values = shapes, values

    def elements(self, run: Run) -> Iterator[Any]:
        for group in groups(self.source.elements(run), self.size):
            if len(group) == self.size or not self.drop:
                yield padded_stack(group, self._shapes, self._values)

    def spec(self) -> Any:
        spec = self.source.spec()
        shapes = _per_leaf(self._shapes, spec, "padded_shapes")
        padded = [
            TensorSpec(leaf.shape if shape is None else _to_shape(shape), leaf.dtype)
            if isinstance(leaf, TensorSpec)
            else leaf
            for leaf, shape in zip(tree.flatten(spec), shapes)
        ]
        return with_axis(tree.pack_sequence_as(spec, padded), self.size if self.drop else None)


def _to_shape(shape: Any) -> tuple[int | None, ...]:
    shape = getattr(shape, "shape", None) if isinstance(shape, TensorSpec) else shape
    if not hasattr(shape, "__iter__"):
        raise TypeError(f"padded_batch: `padded_shapes` must hold shapes. Received: {shape!r}")
    sizes = [None if d is None or int(d) == -1 else int(d) for d in shape]
    if any(d is not None and d < 0 for d in sizes):
        raise ValueError(f"padded_batch: `padded_shapes` must hold sizes. Received: {shape!r}")
    return tuple(sizes)


def _per_leaf(given: Any, like: Any, name: str) -> list:
    """Return what was given for each leaf of a structure."""
    found: list = []

    def visit(part: Any, element: Any) -> None:
        if not is_node(element):
            found.append(part)
        elif part is None:
            found.extend([None] * len(tree.flatten(element)))
        elif isinstance(element, dict):
            if not isinstance(part, dict) or set(part) != set(element):
                raise mismatch
            for key in sorted(element) if type(element) is dict else element:
                visit(part[key], element[key])
        else:
            if not isinstance(part, (tuple, list)) or len(part) != len(element):
                raise mismatch
            for one, other in zip(part, element):
                visit(one, other)

    mismatch = ValueError(
        f"padded_batch: `{name}` must be laid out as the elements are. Received: {given!r}"
    )
    visit(given, like)
    return found


def padded_stack(group: Sequence[Any], shapes: Any, values: Any) -> Any:
    """Return elements as one, each array filled up to the longest of its kind, or to a given shape.

    Args:
        group: the elements.
        shapes: shapes, laid out as an element, None (or -1) in the place of a size for the longest;
            None for the longest everywhere.
        values: what to fill up with: one value, or values laid out as an element; None for zeros
            and empty strings.

    Raises:
        ValueError: if an array is larger than its shape, or has another number of axes.
        TypeError: if a value is of another kind than the elements.
    """
    first = group[0]
    flat = [tree.flatten(element) for element in group]
    if len({len(leaves) for leaves in flat}) > 1:
        tree.map_structure(lambda *_: None, *group)  # says what differs
    shape_of = _per_leaf(shapes, first, "padded_shapes")
    if values is None or is_node(values) or isinstance(values, list):
        value_of = _per_leaf(values, first, "padding_values")
    else:
        value_of = [values] * len(flat[0])
    columns = [
        _padded(leaves, None if shape is None else _to_shape(shape), value)
        for leaves, shape, value in zip(zip(*flat), shape_of, value_of)
    ]
    return tree.pack_sequence_as(first, columns)


def _padded(leaves: Sequence[Any], shape: Any, value: Any) -> Any:
    if leaves[0] is None:
        return None
    if is_dataset(leaves[0]):
        raise TypeError("padded_batch: data sets cannot be put into one array.")
    ndims = {leaf.ndim for leaf in leaves}
    if len(ndims) > 1 or (shape is not None and len(shape) not in ndims):
        raise ValueError(
            f"padded_batch: arrays of {sorted(ndims)} axes cannot be filled up to "
            f"{'one shape' if shape is None else f'shape {shape}'}."
        )
    longest = [max(sizes) for sizes in zip(*[leaf.shape for leaf in leaves])]
    target = [a if b is None else b for a, b in zip(longest, shape or [None] * len(longest))]
    if any(a > b for a, b in zip(longest, target)):
        raise ValueError(
            f"padded_batch: an array is larger than the shape {tuple(shape)} that it is to be filled "
            f"up to. Longest sizes: {tuple(longest)}"
        )
    dtype = np.result_type(*leaves)
    if value is None:
        fill: Any = {"U": "", "S": b"", "O": b""}.get(dtype.kind, 0)
    else:
        fill = to_leaf(value)
        if not np.can_cast(fill.dtype, dtype, "same_kind"):
            raise TypeError(
                f"padded_batch: `padding_values` of dtype {fill.dtype} do not fit elements of dtype "
                f"{dtype}. Received: {value!r}"
            )
        if dtype.kind in "US":
            dtype = np.result_type(dtype, fill)
    result = np.full((len(leaves), *target), fill, dtype)
    for i, leaf in enumerate(leaves):
        result[(i, *map(slice, leaf.shape))] = leaf
    return result


class Unbatch(OneInput):
    """The rows of elements, one by one."""

    def elements(self, run: Run) -> Iterator[Any]:
        for element in self.source.elements(run):
            n = count_rows(element, "unbatch")
            table = Table(element, [leaf for leaf in tree.flatten(element) if leaf is not None])
            yield from table.rows([np.arange(n)[None]])

    def cardinality(self) -> int:
        n, source = self.source.cardinality(), self.source
        known = isinstance(source, Batch) and source.drop
        return n * source.size if known and n >= 0 else n if n in (0, -1) else UNKNOWN_CARDINALITY

    def spec(self) -> Any:
        return without_axis(self.source.spec())


class Rebatch(OneInput):
    """Batches of other sizes."""

    def __init__(self, source: Stage, sizes: list[int], drop: bool) -> None:
        super().__init__(source)
        self._sizes, self._drop = sizes, drop

    def elements(self, run: Run) -> Iterator[Any]:
        sizes = itertools.cycle(self._sizes)
        size = next(sizes)
        waiting: deque[tuple[list, int]] = deque()
        count, structure = 0, None

        def take(n: int) -> Any:
            parts = []
            while n:
                leaves, m = waiting.popleft()
                if m > n:
                    waiting.appendleft(([leaf[n:] for leaf in leaves], m - n))
                    leaves, m = [leaf[:n] for leaf in leaves], n
                parts.append(leaves)
                n -= m
            columns = [c[0] if len(c) == 1 else np.concatenate(c) for c in zip(*parts)]
            return packer(structure)(columns)

        for element in self.source.elements(run):
            rows, structure = count_rows(element, "rebatch"), element
            if rows:
                waiting.append(([a for a in tree.flatten(element) if a is not None], rows))
                count += rows
            while count >= size:
                yield take(size)
                count -= size
                size = next(sizes)
        if count and not self._drop:
            yield take(count)

    def cardinality(self) -> int:
        n = self.source.cardinality()
        return n if n in (0, INFINITE_CARDINALITY) else UNKNOWN_CARDINALITY

    def spec(self) -> Any:
        known = self._drop and len(set(self._sizes)) == 1
        return resized(self.source.spec(), self._sizes[0] if known else None)


class Window(OneInput):
    """Data sets of a few elements each, one for every part of the elements."""

    def __init__(
        self, source: Stage, size: int, shift: int, stride: int, drop: bool, make: Callable
    ) -> None:
        super().__init__(source)
        self._size, self._shift, self._stride, self._drop = size, shift, stride, drop
        self._make = make

    def elements(self, run: Run) -> Iterator[Any]:
        span = (self._size - 1) * self._stride + 1
        source = self.source.elements(run)
        held: deque[Any] = deque()
        while True:
            held.extend(itertools.islice(source, max(0, span - len(held))))
            window = list(itertools.islice(held, 0, span, self._stride))
            if not window or (self._drop and len(window) < self._size):
                return
            yield self._split(window)
            for _ in range(min(self._shift, len(held))):
                held.popleft()
            if self._shift > span:
                next(itertools.islice(source, self._shift - span, self._shift - span), None)

    def _split(self, window: list) -> Any:
        columns = zip(*map(tree.flatten, window))
        parts = [
            self._make(list(c), functools.partial(self._part_spec, i))
            for i, c in enumerate(columns)
        ]
        return tree.pack_sequence_as(window[0], parts)

    def _part_spec(self, number: int) -> Any:
        return tree.flatten(self.source.spec())[number]

    def cardinality(self) -> int:
        n = self.source.cardinality()
        if n < 0:
            return n
        if not self._drop:
            return -(-n // self._shift)
        return max(0, (n - (self._size - 1) * self._stride - 1) // self._shift + 1)

    def spec(self) -> Any:
        return tree.map_structure(DatasetSpec, self.source.spec())


class Zip(Stage):
    """Elements of several data sets side by side.

    Args:
        structure: tuples and dicts of stages.
    """

    def __init__(self, structure: Any) -> None:
        self._structure = structure
        self.inputs = tuple(tree.flatten(structure))
        tables = [source.table for source in self.inputs]
        if all(table is not None for table in tables):
            columns, parts, width = [], [], 0
            for table in tables:
                columns += table.columns
                parts += [width + p for p in table.parts]
                width += table.width
            whole = tree.pack_sequence_as(structure, [table.structure for table in tables])
            self.table = Table(whole, columns, parts)

    def elements(self, run: Run) -> Iterator[Any]:
        if self.table is not None:
            return super().elements(run)
        pack = packer(self._structure)
        return (pack(parts) for parts in zip(*[s.elements(run) for s in self.inputs]))

    def numbers(self, run: Run) -> Iterator[np.ndarray]:
        streams = [source.numbers(run) for source in self.inputs]
        pieces: list[np.ndarray] = [np.empty((1, 0))] * len(streams)
        while True:
            for i, stream in enumerate(streams):
                while not pieces[i].shape[1]:
                    piece = next(stream, None)
                    if piece is None:
                        return
                    pieces[i] = piece
            n = min(piece.shape[1] for piece in pieces)
            yield np.concatenate([piece[:, :n] for piece in pieces])
            pieces = [piece[:, n:] for piece in pieces]

    def cardinality(self) -> int:
        counts = [source.cardinality() for source in self.inputs]
        finite = [n for n in counts if n != INFINITE_CARDINALITY]
        return min(finite, default=INFINITE_CARDINALITY)  # "unknown" is the least of numbers

    def spec(self) -> Any:
        return tree.pack_sequence_as(self._structure, [source.spec() for source in self.inputs])


def zipped(structure: Any, stage_of: Callable) -> Stage:
    """Return the stage that puts data sets side by side.

    Args:
        structure: tuples and dicts of data sets.
        stage_of: gives the stage of a data set, or raises.
    """
    stages = map_leaves(stage_of, structure)
    return Zip(stages) if is_node(stages) else stages
