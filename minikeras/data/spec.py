"""`TensorSpec` and `DatasetSpec`: what is known of elements before there are any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor, is_known, standardize_shape
from minikeras.autodiff.probe import probe
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import standardize_dtype
from minikeras.data.elements import is_dataset, map_leaves, to_leaf


class TensorSpec:
    """Shape and dtype of a tensor.

    Args:
        shape: tuple of sizes, None for a size that is not known; or None if not even their number is.
        dtype: dtype name, or anything that stands for one; `"string"` for text and bytes.
        name: a name, which is only shown.

    Example:

    >>> from minikeras.data import TensorSpec
    >>> TensorSpec((None, 3), "float32")
    TensorSpec(shape=(None, 3), dtype='float32')
    """

    __slots__ = ("dtype", "name", "shape")

    def __init__(self, shape: Any, dtype: Any = "float32", name: str | None = None) -> None:
        if shape is not None:
            unknown = getattr(shape, "rank", 0) is None  # TensorFlow's way to say so
            shape = None if unknown else standardize_shape(shape)
        self.shape: tuple[int | None, ...] | None = shape
        self.dtype = dtype_name(dtype)
        self.name = name

    @property
    def ndim(self) -> int | None:
        return None if self.shape is None else len(self.shape)

    def is_compatible_with(self, value: Any) -> bool:
        """Whether an array, a tensor or another spec is one of those that this describes."""
        other = (
            spec_of_leaf(value) if isinstance(value, (np.ndarray, np.generic, Tensor)) else value
        )
        return dtype_name(other.dtype) == self.dtype and self.fits(other.shape)

    def fits(self, shape: tuple[int | None, ...] | None) -> bool:
        """Whether a shape is one of those that this describes."""
        if self.shape is None or shape is None:
            return True
        return len(shape) == len(self.shape) and all(
            a is None or b is None or a == b for a, b in zip(self.shape, shape)
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TensorSpec):
            return NotImplemented
        return self.shape == other.shape and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        name = "" if self.name is None else f", name={self.name!r}"
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype!r}{name})"


class DatasetSpec:
    """The spec of a data set that is part of an element, as `window` gives them.

    Args:
        element_spec: spec of its elements.
    """

    __slots__ = ("element_spec",)

    def __init__(self, element_spec: Any) -> None:
        self.element_spec = element_spec

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DatasetSpec):
            return NotImplemented
        return self.element_spec == other.element_spec

    def __hash__(self) -> int:
        return hash(DatasetSpec)

    def __repr__(self) -> str:
        return f"DatasetSpec({self.element_spec!r})"


def dtype_name(dtype: Any) -> str:
    """`standardize_dtype`, for all of NumPy's strings and bytes too."""
    name = getattr(dtype, "name", None)  # TensorFlow's types are known by name too
    if isinstance(dtype, type) and issubclass(dtype, (str, bytes, np.character, np.object_)):
        return "string"
    if getattr(dtype, "kind", "") in ("U", "S", "O"):
        return "string"
    return standardize_dtype(dtype if name is None or isinstance(dtype, np.dtype) else name)


def signature(value: Any) -> Any:
    """Return a structure of anything with a shape and a dtype as one of specs of ours.

    Raises:
        TypeError: if a part of it has none.
    """

    def leaf(part: Any) -> Any:
        if part is None or isinstance(part, (TensorSpec, DatasetSpec)):
            return part
        if not hasattr(part, "shape") or not hasattr(part, "dtype"):
            raise TypeError(
                f"Expected a TensorSpec. Received: {part!r} of type {type(part).__name__}"
            )
        return TensorSpec(part.shape, part.dtype)

    return map_leaves(leaf, value)


def map_types(types: Any, shapes: Any = None) -> Any:
    """Return specs of dtypes, and of shapes that are laid out as they are."""
    if shapes is None:
        return map_leaves(lambda dtype: TensorSpec(None, dtype), types)
    return tree.map_structure_up_to(types, lambda t, shape: TensorSpec(shape, t), types, shapes)


def spec_of(element: Any) -> Any:
    """Return the spec of an element that is there."""
    return tree.map_structure(spec_of_leaf, element)


def spec_of_leaf(leaf: Any) -> Any:
    if leaf is None:
        return None
    if is_dataset(leaf):
        return DatasetSpec(leaf.element_spec)
    return TensorSpec(leaf.shape, leaf.dtype)


def with_axis(spec: Any, size: int | None) -> Any:
    """Return a spec with one axis more in front."""
    return _on_shapes(spec, lambda shape: (size, *shape))


def without_axis(spec: Any) -> Any:
    """Return a spec with the axis in front left out."""
    return _on_shapes(spec, lambda shape: shape[1:])


def resized(spec: Any, size: int | None) -> Any:
    """Return a spec with another size of the axis in front."""
    return _on_shapes(spec, lambda shape: (size, *shape[1:]))


def _on_shapes(spec: Any, change: Callable) -> Any:
    def leaf(part: Any) -> Any:
        if not isinstance(part, TensorSpec) or part.shape is None:
            return part
        return TensorSpec(change(part.shape), part.dtype)

    return tree.map_structure(leaf, spec)


def common_spec(one: Any, other: Any) -> Any:
    """Return the spec of what is described by one of two.

    Raises:
        TypeError: if their structures or dtypes differ.
    """

    def leaf(a: Any, b: Any) -> Any:
        if isinstance(a, DatasetSpec) and isinstance(b, DatasetSpec):
            return DatasetSpec(common_spec(a.element_spec, b.element_spec))
        if not isinstance(a, TensorSpec) or not isinstance(b, TensorSpec):
            if a == b:
                return a
            raise TypeError(f"Elements of two kinds: {a!r} and {b!r}")
        if a.dtype != b.dtype:
            raise TypeError(f"Elements of two dtypes: {a!r} and {b!r}")
        if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
            return TensorSpec(None, a.dtype)
        return TensorSpec([m if m == n else None for m, n in zip(a.shape, b.shape)], a.dtype)

    try:
        return tree.map_structure(leaf, one, other)
    except ValueError as error:
        raise TypeError(f"Elements of two structures: {one!r} and {other!r}") from error


class NotDescribable(Exception):
    """What a function gives is seen only when it runs."""


def described(function: Callable, spec: Any) -> Any:
    """Return the spec of what a function gives for elements of a spec, without any element.

    Args:
        function: called with one element.
        spec: spec of the elements.

    Raises:
        NotDescribable: if it has to run on real elements.
    """

    def stand_in(part: Any) -> Any:
        if not isinstance(part, TensorSpec) or part.shape is None or part.dtype == "string":
            raise NotDescribable
        return KerasTensor(part.shape, part.dtype)

    def leaf(part: Any) -> Any:
        if isinstance(part, KerasTensor):
            return TensorSpec([d if is_known(d) else None for d in part.shape], part.dtype)
        if is_dataset(part) or isinstance(part, list):
            raise NotDescribable
        return spec_of_leaf(to_leaf(part))

    try:
        result = probe(function, (tree.map_structure(stand_in, spec),), {})
        return map_leaves(leaf, tuple(result) if isinstance(result, list) else result)
    except NotDescribable:
        raise
    except Exception as error:  # whatever a function says to what has no values
        raise NotDescribable from error
