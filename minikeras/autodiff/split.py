"""Variables of which each rank holds a part, and what ranks exchange in forward and backward.

All ranks of a group compute the same tape, but for the parts that are their own. What is whole has the
same value on all of them, and so has its gradient. Four primitives, in two pairs that are each
other's backward, lead from one kind of tensor to the other:

- `OWN_PART` takes this rank's part of a whole tensor; its backward, `GATHER`, joins the parts.
- `TAKEN_BY_ALL` is a whole tensor from which each rank computes something else, so that its gradient is
  a sum over ranks; backwards, `SUM_OF_TERMS` adds up what each rank has computed a term of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor, has_values
from minikeras.autodiff.primitive import elementary
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.variable import Variable
from minikeras.common.ranks import Ranks, Split


def _joined(x: Any, axis: int, ranks: Ranks) -> Any:
    if isinstance(x, Tensor):
        return GATHER(x, axis=axis, ranks=ranks)
    return np.concatenate(ranks.stack(x), axis)


def _added(x: Any, ranks: Ranks) -> Any:
    if isinstance(x, Tensor):
        return SUM_OF_TERMS(x, ranks=ranks)
    return ranks.add(np.array(x, order="C"))


def _own(x: Any, axis: int, ranks: Ranks) -> Any:
    if isinstance(x, Tensor):
        return OWN_PART(x, axis=axis, ranks=ranks)
    return np.ascontiguousarray(Split(axis, ranks).part(x))


def _shared(x: Any, ranks: Ranks) -> Any:
    return TAKEN_BY_ALL(x, ranks=ranks) if isinstance(x, Tensor) else x


def _sized(x: KerasTensor, axis: int, size: int) -> KerasTensor:
    return KerasTensor((*x.shape[:axis], size, *x.shape[axis + 1 :]), x.dtype)


OWN_PART = elementary(
    "own_part",
    _own,
    lambda g, axis, ranks: _joined(g, axis, ranks),
    rule=lambda x, axis, ranks: _sized(x, axis, x.shape[axis] // ranks.size),
    narrow="",
)
"""This rank's part of a tensor along an axis (not negative)."""

GATHER = elementary(
    "gather_parts",
    _joined,
    lambda g, axis, ranks: _own(g, axis, ranks),
    rule=lambda x, axis, ranks: _sized(x, axis, x.shape[axis] * ranks.size),
    narrow="",
)
"""The parts of all ranks along an axis (not negative), joined."""

TAKEN_BY_ALL = elementary(
    "taken_by_all",
    lambda x, ranks: x,
    lambda g, ranks: _added(g, ranks),
    rule=lambda x, ranks: x,
    narrow="",
)
"""The tensor itself, of whose gradient each rank computes a term."""

SUM_OF_TERMS = elementary(
    "sum_of_terms",
    _added,
    lambda g, ranks: _shared(g, ranks),
    rule=lambda x, ranks: x,
    narrow="",
)
"""The sum of the ranks' tensors."""


class SplitVariable(Variable):
    """A variable of which each rank of a group holds one part, equal in size.

    `array` is the part, and what optimizers keep for it has the part's shape. All that is public says
    and takes the whole: `shape`, `numpy`, `assign`, ... Whoever reads the value gathers it, so all
    ranks of the group have to read it together. An operation that is given the variable gathers it
    too; layers that know better ask for `own`.

    Args:
        initializer, shape, dtype, **options: see `Variable`. All ranks draw the whole value, as one
            process would.
        split: how it is split.
    """

    __slots__ = ("_split", "_whole")

    def __init__(self, *args: Any, split: Split, **options: Any) -> None:
        super().__init__(*args, **options)
        self._split, self._whole = split, None
        self.array = np.array(split.part(self.array), order="C")

    @property
    def own(self) -> Tensor:
        """This rank's part, in the dtype that the running layer computes in."""
        part = Tensor(self.array, self.node)
        dtype = thread.state.autocast
        return part if dtype is None or not self._casts(dtype) else part.astype(dtype)

    @property
    def value(self) -> Tensor:
        return GATHER(Tensor(self.array, self.node), axis=self._split.axis, ranks=self._split.ranks)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._split.whole(self.array.shape)

    @property
    def size(self) -> int:
        return self.array.size * self._split.ranks.size

    @property
    def nbytes(self) -> int:
        return self.array.nbytes * self._split.ranks.size

    def numpy(self) -> np.ndarray:
        """Return the whole value; all ranks of the group have to ask, but where it is `gathered`."""
        return _joined(self.array, *self._split) if self._whole is None else np.array(self._whole)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.numpy(), dtype=dtype)

    def item(self, *args: int) -> Any:
        return self.value.item(*args)

    def tolist(self) -> Any:
        return self.value.tolist()

    def assign(self, value: Any) -> Variable:
        """Replace the whole value; each rank keeps its part."""
        array = to_array(value)
        if not has_values(array):
            array.assigned_to(self)
        if array.shape != self.shape:
            raise ValueError(
                f"Variable '{self.path}' has shape {self.shape}, of which this rank holds "
                f"{self.array.shape}. Received: a value of shape {array.shape}"
            )
        return super().assign(self._split.part(array))

    def assign_part(self, part: np.ndarray) -> Variable:
        """Replace this rank's part."""
        return super().assign(part)

    def _shift(self, value: Any, ufunc: np.ufunc) -> Variable:
        array = to_array(value)
        if has_values(array):
            array = self._split.part(np.broadcast_to(array, self.shape))
        return super()._shift(array, ufunc)

    def cut(self, value: Any) -> Tensor:
        """Return this rank's part of a whole value, which keeps its place on the tape."""
        return OWN_PART(value, axis=self._split.axis, ranks=self._split.ranks)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        return self.value[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        new = self.numpy()
        new[key] = to_array(value)
        self.assign(new)

    def __reduce__(self) -> Any:
        raise TypeError(
            f"Variable '{self.path}' is split over {self._split.ranks.size} ranks, and can be neither "
            "copied nor pickled. Use `get_weights()`, `save()`, or `clone_model`."
        )

    def __repr__(self) -> str:
        rank, axis = self._split.ranks.rank, self._split.axis
        return (
            f"<SplitVariable path={self.path}, shape={self.shape}, dtype={self.dtype}, "
            f"part {rank} of {self._split.ranks.size} along axis {axis}={np.asarray(self.array)}>"
        )


@contextmanager
def gathered(variables: Iterable[Variable], here: bool) -> Iterator[None]:
    """Let some ranks read whole values by themselves while this is open; all ranks open it together.

    Args:
        variables: the variables.
        here: whether this rank is one of them.
    """
    split = [v for v in dict.fromkeys(variables) if v._split is not None]
    try:
        for v in split:
            whole = v.numpy()
            if here:
                v._whole = whole
        yield
    finally:
        for v in split:
            v._whole = None
