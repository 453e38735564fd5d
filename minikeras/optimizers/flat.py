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
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import attrgetter, is_
from typing import Any

import numpy as np

from minikeras.kernels import parallel

CHUNK = 1 << 18
"""Elements that one call of a kernel works on. Smaller ones fit the cache, but then threads wait for
each other, since every call of NumPy begins and ends with the interpreter's lock."""
GRAIN = 1024
"""Chunks begin at multiples of it, so vector loops see the same lanes with any thread count."""
PARALLEL = 200_000
"""Elements from which a second thread pays."""

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
        self.renew(dtype)

    def renew(self, dtype: np.dtype | None = None) -> None:
        """Move to a new flat array, with the values that the variables have now."""
        self.flat = np.empty(self.bounds[-1], self.flat.dtype if dtype is None else dtype)
        self.views = views_of(self.flat, self.bounds, self.variables)
        self.restore()

    def restore(self) -> None:
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
        self.everything = range(len(self.variables))
        self.constants = Constants(self.dtype)
        self.changing = np.zeros((), self.dtype)
        self.grads = np.zeros(self.size, self.dtype)
        self.grad_views = views_of(self.grads, self.bounds, self.variables)
        self.values = Buffer(self.variables, self.bounds, self.dtype)
        self.slots: dict[str, Buffer] = {}
        self.names: tuple[str | None, ...] = ()
        self.scratch: list[list[np.ndarray]] = []
        self.seal()

    def __reduce__(self) -> Any:
        slots = {name: buffer.variables for name, buffer in self.slots.items()}
        scratch = len(self.scratch[0]) if self.scratch else 0
        return _rebuild, (self.variables, slots, self.names, scratch)

    def add_slot(self, name: str, variables: Sequence[Any]) -> None:
        """Take in a slot: one variable for each of this group's, of the same shape."""
        self.settle()
        self.slots[name] = Buffer(variables, self.bounds, self.dtype)
        self.seal()

    def plan(self, names: Sequence[str | None], scratch: int) -> None:
        """Prepare elementwise updates.

        Args:
            names: the slots that the kernel is given, in its order; None where it is given None.
            scratch: number of scratch arrays that the kernel needs.
        """
        self.settle()
        self.names = tuple(names)
        workers = parallel.threads() if self.size >= PARALLEL else 1
        length = min(CHUNK, self.size)
        self.scratch = [
            [np.empty(length, self.dtype) for _ in range(scratch)] for _ in range(workers)
        ]
        self.seal()

    # Who else holds our arrays?

    def seal(self) -> None:
        """Note the reference counts of now, when nobody else holds any of the arrays."""
        buffers = [self.values, *self.slots.values()]
        self.buffers = buffers
        self.pieces = self._cut(0, self.size) if self.scratch else []
        self.owners = [v for buffer in buffers for v in buffer.variables]
        self.views = [view for buffer in buffers for view in buffer.views]
        self.arrays = [buffer.flat for buffer in buffers] + self.views
        self.counts = list(map(_getrefcount, self.arrays))

    def settled(self) -> bool:
        """Whether every value is our view, and nobody else holds one."""
        return list(map(_getrefcount, self.arrays)) == self.counts and all(
            map(is_, map(_value_of, self.owners), self.views)
        )

    def settle(self) -> None:
        """Make sure that the arrays can be changed in place."""
        if self.settled():
            return
        excess = [n - m for n, m in zip(map(_getrefcount, self.arrays), self.counts)]
        moved = [v.array is not view for v, view in zip(self.owners, self.views)]
        start, n = len(self.buffers), len(self.variables)
        for i, buffer in enumerate(self.buffers):
            part = slice(i * n, (i + 1) * n)
            # A variable that was assigned to has let go of its view.
            others = [e + m for e, m in zip(excess[start:][part], moved[part])]
            if excess[i] != 0 or any(k != 0 for k in others):
                buffer.renew()
            else:
                buffer.restore()
        self.seal()

    # Elementwise updates.

    def _cut(self, start: int, stop: int) -> list[list[tuple]]:
        """Cut a span into chunks of (values, gradient, slots, scratch), a list for each thread."""
        arrays = [self.values.flat, self.grads]
        arrays += [None if name is None else self.slots[name].flat for name in self.names]
        workers = len(self.scratch) if stop - start >= PARALLEL else 1
        length = -(-(stop - start) // workers)
        length = max(1, -(-length // GRAIN)) * GRAIN
        result = []
        for scratch, low in zip(self.scratch, range(start, max(stop, start + 1), length)):
            chunks = []
            for a in range(low, min(low + length, stop), CHUNK):
                b = min(a + CHUNK, low + length, stop)
                chunks.append(
                    (
                        *[None if x is None else x[a:b] for x in arrays],
                        *[x[: b - a] for x in scratch],
                    )
                )
            result.append(chunks)
        return result

    def update(
        self, kernel: Callable, numbers: Iterable[Any], decay: float | None, active: Sequence[int]
    ) -> None:
        """Run an elementwise kernel on all values, or on those of some variables.

        Args:
            kernel: `kernel(values, gradient, *slots, *scratch, *numbers)`.
            numbers: the scalars it needs; first the one that changes at every step.
            decay: what is taken off the values first, as a part of them.
            active: indices of the variables to update.
        """
        changing, *fixed = numbers
        self.changing[()] = changing
        numbers = (self.changing, *self.constants[tuple(fixed)])
        if decay is not None:
            decay = np.array(decay, self.dtype)
        first = 2 + len(self.names)
        if active is self.everything:
            work = [self.pieces]
        else:
            work = [self._cut(a, b) for a, b in self.spans(active)]
        for pieces in work:
            if len(pieces) == 1:
                _run(pieces[0], kernel, numbers, decay, first)
            else:
                parallel.run([partial(_run, p, kernel, numbers, decay, first) for p in pieces])

    def spans(self, active: Sequence[int]) -> list[tuple[int, int]]:
        """Return the parts of the flat arrays that some variables take up, neighbours as one."""
        if active is self.everything:
            return [(0, self.size)]
        result: list[tuple[int, int]] = []
        for i in sorted(active):
            start, stop = self.bounds[i], self.bounds[i + 1]
            if result and result[-1][1] == start:
                start = result.pop()[0]
            result.append((start, stop))
        return result


def views_of(flat: np.ndarray, bounds: list[int], variables: Sequence[Any]) -> list[np.ndarray]:
    """Return the part of `flat` that belongs to each variable, in its shape."""
    return [flat[a:b].reshape(v.array.shape) for a, b, v in zip(bounds, bounds[1:], variables)]


def _run(
    chunks: list[tuple], kernel: Callable, numbers: list, decay: Any, first_scratch: int
) -> None:
    for chunk in chunks:
        if decay is not None:
            values, t = chunk[0], chunk[first_scratch]
            np.multiply(values, decay, t)
            np.subtract(values, t, values)
        kernel(*chunk, *numbers)


def _rebuild(
    variables: list, slots: dict[str, list], names: tuple[str | None, ...], scratch: int
) -> FlatGroup:
    group = FlatGroup(variables)
    for name, of_slot in slots.items():
        group.add_slot(name, of_slot)
    if scratch:
        group.plan(names, scratch)
    return group
