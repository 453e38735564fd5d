"""`tf.TensorShape`: a tuple of sizes that knows what TensorFlow's shapes know."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any


class Dimension(int):
    """A size with a `value`, as TensorFlow 1 gave them."""

    @property
    def value(self) -> int:
        return int(self)


class TensorShape(tuple):
    """A shape: sizes, None where one is not known.

    Args:
        dims: the sizes; None if not even their number is known.

    Example:

    >>> shape = TensorShape([None, 3])
    >>> shape.as_list(), shape.rank, shape[1:], shape == (None, 3)
    ([None, 3], 2, TensorShape([3]), True)
    """

    _unknown = False

    def __new__(cls, dims: Iterable[Any] | int | None = ()) -> TensorShape:
        """Make a shape."""
        if dims is None:
            shape = super().__new__(cls)
            shape._unknown = True
            return shape
        if isinstance(dims, int):
            dims = (dims,)
        return super().__new__(cls, dims)

    def as_list(self) -> list:
        """Return the sizes as a list."""
        if self._unknown:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self)

    @property
    def rank(self) -> int | None:
        return None if self._unknown else len(self)

    ndims = rank

    @property
    def dims(self) -> list | None:
        return None if self._unknown else [None if d is None else Dimension(d) for d in self]

    def num_elements(self) -> int | None:
        """Return the product of the sizes, None if one is not known."""
        return math.prod(self) if self.is_fully_defined() else None

    def is_fully_defined(self) -> bool:
        """Whether all sizes are known."""
        return not self._unknown and None not in tuple(self)

    def assert_is_fully_defined(self) -> None:
        """Raise ValueError unless all sizes are known."""
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def is_compatible_with(self, other: Any) -> bool:
        """Whether both may be the shape of one tensor."""
        other = as_shape(other)
        if self._unknown or other._unknown:
            return True
        return len(self) == len(other) and all(
            a is None or b is None or a == b for a, b in zip(self, other)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raise ValueError unless both may be the shape of one tensor."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {as_shape(other)} are incompatible")

    def assert_has_rank(self, rank: int) -> None:
        """Raise ValueError unless there are so many axes."""
        if not self._unknown and len(self) != rank:
            raise ValueError(f"Shape {self} must have rank {rank}")

    def with_rank(self, rank: int) -> TensorShape:
        """Return the shape, which must have so many axes."""
        self.assert_has_rank(rank)
        return TensorShape([None] * rank) if self._unknown else self

    def merge_with(self, other: Any) -> TensorShape:
        """Return what both say together."""
        self.assert_is_compatible_with(other)
        other = as_shape(other)
        if self._unknown or other._unknown:
            return other if self._unknown else self
        return TensorShape(b if a is None else a for a, b in zip(self, other))

    def concatenate(self, other: Any) -> TensorShape:
        """Return the sizes of both, one after the other."""
        return self + other

    def __add__(self, other: Any) -> TensorShape:
        return TensorShape((*self, *as_shape(other)))

    def __radd__(self, other: Any) -> TensorShape:
        return TensorShape((*as_shape(other), *self))

    def __getitem__(self, key: Any) -> Any:
        found = tuple.__getitem__(self, key)
        if type(key) is slice:
            return TensorShape(found)
        return Dimension(found) if type(found) is int and _version1_sizes else found

    def __eq__(self, other: Any) -> bool:
        if isinstance(other, TensorShape):
            return tuple.__eq__(self, other) and self._unknown == other._unknown
        if isinstance(other, (tuple, list)):
            return tuple.__eq__(self, tuple(other))
        return NotImplemented

    def __ne__(self, other: Any) -> bool:
        same = self.__eq__(other)
        return same if same is NotImplemented else not same

    __hash__ = tuple.__hash__

    def __reduce__(self) -> Any:
        return TensorShape, (None if self._unknown else tuple(self),)

    def __repr__(self) -> str:
        return f"TensorShape({None if self._unknown else list(self)})"

    def __str__(self) -> str:
        return "<unknown>" if self._unknown else tuple.__repr__(tuple(self))


_version1_sizes = False


def use_version1_sizes(yes: bool) -> None:
    """Let `shape[1]` be a `Dimension`, as in TensorFlow 1, or a plain number."""
    global _version1_sizes
    _version1_sizes = yes


def as_shape(shape: Any) -> TensorShape:
    """Return a shape, or sizes, as a TensorShape."""
    if isinstance(shape, TensorShape):
        return shape
    if hasattr(shape, "tolist"):
        shape = shape.tolist()
    return TensorShape(shape)
