"""Many variables in one array, which an optimizer updates in place with a handful of NumPy calls.

A `FlatGroup` lays the values of variables of one dtype end to end in a flat array and makes every
variable's value a view of it; gradients and slots (momentum, velocity, ...) have the same layout.

Updating in place must not change arrays that somebody else has got hold of: a tensor made of a
variable, what a tape keeps, a NumPy view. Each of those holds a reference to a variable's view or,
through `ndarray.base`, to the flat array. So reference counts are taken when nobody else can have
one, and compared before every update. Where they differ, the flat array is copied and the copy is
updated; the old one stays with its holders.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import attrgetter, is_
from typing import Any

import numpy as np

from minikeras.kernels import parallel
from minikeras.kernels.optimizer_updates import weight_decay

CHUNK = 1 << 18
"""Elements that one call of a kernel works on. Smaller ones fit the cache, but then threads wait for
each other, since every call of NumPy begins and ends with the interpreter's lock."""
GRAIN = 1024
"""Chunks begin at multiples of it, so vector loops see the same lanes with any thread count."""
PARALLEL = 160_000
"""Elements from which a second thread pays: it has to wake up."""

# Without reference counts (PyPy) nothing ever compares equal, and every update works on a copy.
_getrefcount: Callable[[Any], float] = getattr(sys, "getrefcount", lambda _: float("nan"))
_value_of = attrgetter("array")


class Constants(dict):
    """Tuples of numbers as zero-dimensional arrays of one dtype, which NumPy takes in faster."""

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype

    def __missing__(self, numbers: tuple) -> tuple:
        if len(self) > 64:
            self.clear()
        arrays = [x if isinstance(x, bool) else np.array(x, self.dtype) for x in numbers]
        self[numbers] = constants = tuple(arrays)
        return constants


class Buffer:
    """One flat array, and the variables whose values are its parts."""

    __slots__ = ("bounds", "flat", "variables", "views")

    def __init__(self, variables: Sequence[Any], bounds: list[int], dtype: np.dtype) -> None:
        self.variables = list(variables)
        self.bounds = bounds
        self.move(dtype)

    def move(self, dtype: np.dtype | None = None) -> None:
        """Move to a new flat array, with the values that the variables have now."""
        self.flat = np.empty(self.bounds[-1], self.flat.dtype if dtype is None else dtype)
        self.views = views_of(self.flat, self.bounds, self.variables)
        self.put_views_back()

    def put_views_back(self) -> None:
        """Copy values that were put in place of the views, and put the views back."""
        for variable, view in zip(self.variables, self.views):
            if variable.array is not view:
                view[...] = variable.array
                variable.array = view


class FlatGroup:
    """The variables of one dtype of an optimizer.

    Args:
        variables: the variables; their values become views of one flat array.
    """

    def __init__(self, variables: Sequence[Any]) -> None:
        self.variables = list(variables)
        self.dtype = self.variables[0].array.dtype
        sizes = [v.array.size for v in self.variables]
        self.bounds = [0, *np.cumsum(sizes).tolist()]
        self.size = self.bounds[-1]
        self.indices = range(len(self.variables))
        self.rate = np.zeros((), self.dtype)
        self.constants = Constants(self.dtype)
        self.grads = np.zeros(self.size, self.dtype)
        self.grad_views = views_of(self.grads, self.bounds, self.variables)
        self.values = Buffer(self.variables, self.bounds, self.dtype)
        self.slots: dict[str, Buffer] = {}
        self.kernel_slots: tuple[str | None, ...] = ()
        self.scratch: list[list[np.ndarray]] = []
        self._count_references()

    def __reduce__(self) -> Any:
        return _rebuild, (self.variables, *self._rest())

    def _rest(self) -> tuple:
        slots = {name: buffer.variables for name, buffer in self.slots.items()}
        return slots, self.kernel_slots, len(self.scratch[0]) if self.scratch else 0

    def of_variables(self, variables: Sequence[Any]) -> FlatGroup:
        """Return a group of other variables of the same shapes, which takes the slots over."""
        return _rebuild(list(variables), *self._rest())

    def add_slot(self, name: str, variables: Sequence[Any]) -> None:
        """Take in a slot: one variable for each of this group's, of the same shape."""
        self.unshare()
        self.slots[name] = Buffer(variables, self.bounds, self.dtype)
        self._count_references()

    def choose_kernel_arrays(self, slots: Sequence[str | None], scratch: int) -> None:
        """Say what `update` gives its kernel beside values and gradients.

        Args:
            slots: names of the slots, in the kernel's order; None where it is given None.
            scratch: number of scratch arrays.
        """
        self.unshare()
        self.kernel_slots = tuple(slots)
        workers = parallel.threads() if self.size >= PARALLEL else 1
        length = min(CHUNK, self.size)
        self.scratch = [
            [np.empty(length, self.dtype) for _ in range(scratch)] for _ in range(workers)
        ]
        self._count_references()

    # Copy on write: who else holds our arrays?

    def _count_references(self) -> None:
        """Note the reference counts of now, when nobody else holds any of the arrays."""
        self.buffers = [self.values, *self.slots.values()]
        self.chunks = self._cut(0, self.size) if self.scratch else []
        self.holders = [v for buffer in self.buffers for v in buffer.variables]
        self.views = [view for buffer in self.buffers for view in buffer.views]
        self.arrays = [buffer.flat for buffer in self.buffers] + self.views
        self.counts = list(map(_getrefcount, self.arrays))

    def shared(self) -> bool:
        """Whether somebody else holds one of the arrays, or a variable has got another value."""
        return list(map(_getrefcount, self.arrays)) != self.counts or not all(
            map(is_, map(_value_of, self.holders), self.views)
        )

    def unshare(self) -> None:
        """Make sure that the arrays can be changed in place: copy those that others hold."""
        if not self.shared():
            return
        excess = [n - m for n, m in zip(map(_getrefcount, self.arrays), self.counts)]
        replaced = [v.array is not view for v, view in zip(self.holders, self.views)]
        start, n = len(self.buffers), len(self.variables)
        for i, buffer in enumerate(self.buffers):
            part = slice(i * n, (i + 1) * n)
            # A variable that was assigned to has let go of its view.
            others = [e + r for e, r in zip(excess[start:][part], replaced[part])]
            if excess[i] != 0 or any(k != 0 for k in others):
                buffer.move()
            else:
                buffer.put_views_back()
        self._count_references()

    # Elementwise updates.

    def update(
        self,
        kernel: Callable,
        scalars: tuple[Any, ...],
        indices: Sequence[int],
        decay: float | None = None,
    ) -> None:
        """Run an elementwise kernel on all values, or on those of some variables.

        Args:
            kernel: `kernel(values, gradient, *slots, *scratch, *scalars)`.
            scalars: what it needs beside arrays; first the one that changes at every step.
            indices: indices of the variables to update.
            decay: what is taken off the values first, as a part of them.
        """
        self.rate[()] = scalars[0]
        scalars = (self.rate, *self.constants[scalars[1:]])
        if decay is not None:
            decay = np.array(decay, self.dtype)
            kernel = partial(_decayed, kernel, decay, 2 + len(self.kernel_slots))
        if indices is self.indices:
            work = [self.chunks]
        else:
            work = [self._cut(start, stop) for start, stop in self.spans(indices)]
        for chunks in work:
            if len(chunks) == 1:
                kernel(*chunks[0], *scalars)
            else:
                self._share(chunks, kernel, scalars)

    def _share(self, chunks: list[tuple], kernel: Callable, scalars: tuple) -> None:
        """Run a kernel on chunks, which threads take one after the other, each with scratch of its own."""
        scratch_at = 2 + len(self.kernel_slots)
        spare = self.scratch.copy()

        def run(taken: Iterator[slice]) -> None:
            try:
                scratch = spare.pop()
            except IndexError:  # there are more threads than there were
                scratch = [np.empty_like(x) for x in self.scratch[0]]
            for at in taken:
                arrays = chunks[at.start][:scratch_at]
                kernel(*arrays, *[x[: arrays[0].size] for x in scratch], *scalars)

        parallel.run_slices(len(chunks), 1, run)

    def _cut(self, start: int, stop: int) -> list[tuple]:
        """Cut a span into chunks of (values, gradient, slots, scratch)."""
        arrays = [self.values.flat, self.grads]
        arrays += [None if name is None else self.slots[name].flat for name in self.kernel_slots]
        size = stop - start
        pieces = 1 if size < PARALLEL else 2 if size <= CHUNK else 4 * -(-size // (4 * CHUNK))
        length = max(1, -(-size // (pieces * GRAIN))) * GRAIN
        chunks = []
        for a in range(start, max(stop, start + 1), length):
            b = min(a + length, stop)
            parts = [None if x is None else x[a:b] for x in arrays]
            chunks.append((*parts, *[x[: b - a] for x in self.scratch[0]]))
        return chunks

    def spans(self, indices: Sequence[int]) -> list[tuple[int, int]]:
        """Return the parts of the flat arrays that some variables take up, neighbours as one."""
        if indices is self.indices:
            return [(0, self.size)]
        result: list[tuple[int, int]] = []
        for i in sorted(indices):
            start, stop = self.bounds[i], self.bounds[i + 1]
            if result and result[-1][1] == start:
                start = result.pop()[0]
            result.append((start, stop))
        return result


def views_of(flat: np.ndarray, bounds: list[int], variables: Sequence[Any]) -> list[np.ndarray]:
    """Return the part of `flat` that belongs to each variable, in its shape."""
    return [flat[a:b].reshape(v.array.shape) for a, b, v in zip(bounds, bounds[1:], variables)]


def _decayed(kernel: Callable, decay: np.ndarray, scratch: int, *arguments: Any) -> None:
    """Run a kernel after weight decay; `scratch` is the place of its first scratch array."""
    weight_decay(arguments[0], arguments[scratch], decay)
    kernel(*arguments)


def _rebuild(
    variables: list, slots: dict[str, list], kernel_slots: tuple[str | None, ...], scratch: int
) -> FlatGroup:
    group = FlatGroup(variables)
    for name, of_slot in slots.items():
        group.add_slot(name, of_slot)
    if scratch:
        group.choose_kernel_arrays(kernel_slots, scratch)
    return group
