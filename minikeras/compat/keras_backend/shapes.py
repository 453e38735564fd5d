"""Shapes: asking for them, and putting elements in others."""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.compat.keras_backend.calls import any_described, backend, step
from minikeras.compat.keras_backend.elementwise import tensor
from minikeras.compat.keras_backend.orderings import data_format_of
from minikeras.compat.keras_backend.settings import normalize_data_format
from minikeras.kernels.resize import KERNELS
from minikeras.ops.convolution import INTERPOLATE, UPSAMPLE, in_channels_last
from minikeras.ops.symbolic import in_a_call

# Asking.


class Sizes(tuple):
    """A shape whose sizes can be computed with, all at once, like a tensor's."""

    def __getitem__(self, key: Any) -> Any:
        part = super().__getitem__(key)
        return Sizes(part) if isinstance(key, builtins.slice) else part

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.array([int(d) for d in self], dtype or np.int32)

    def numpy(self) -> np.ndarray:
        """Return the sizes as an array."""
        return np.asarray(self)

    @property
    def shape(self) -> tuple[int]:
        return (len(self),)

    dtype = "int32"


def _each(function: Callable) -> Callable:
    def computed(self: Sizes, other: Any) -> Sizes:
        others = other if isinstance(other, (tuple, list)) else [other] * len(self)
        return Sizes(function(a, b) for a, b in zip(self, others))

    return computed


for _name in ("mul", "floordiv", "sub", "mod", "truediv"):
    setattr(Sizes, f"__{_name}__", _each(getattr(operator, _name)))
Sizes.__rmul__ = Sizes.__mul__


@step(rule=lambda x: KerasTensor((len(x.shape),), "int32"))
def _sizes(x: Any) -> Tensor:
    return Tensor(np.array(x.shape, np.int32))


def shape(x: Any) -> Any:
    """Return the shape: a symbolic vector where a size is not known, else the sizes.

    The sizes can be handed on to any function that takes a shape.
    """
    if isinstance(x, KerasTensor) and None in x.shape and not in_a_call():
        return _sizes(x)
    return Sizes(x.shape if hasattr(x, "shape") else to_array(x).shape)


def int_shape(x: Any) -> tuple | None:
    """Return the shape as a tuple, None where a size is not known."""
    return tuple(x.shape) if hasattr(x, "shape") else None


def get_variable_shape(x: Any) -> tuple:
    """Return the shape of a variable."""
    return int_shape(x)


def ndim(x: Any) -> int | None:
    """Return the number of axes."""
    return len(x.shape) if hasattr(x, "shape") else None


def size(x: Any, name: str | None = None) -> Any:
    """Return the number of elements."""
    if isinstance(x, KerasTensor) and None in x.shape and not in_a_call():
        return ops.prod(_sizes(x))
    return Tensor(np.asarray(math.prod(x.shape), np.int32))


def count_params(x: Any) -> int:
    """Return the number of elements of a variable."""
    return int(math.prod(x.shape))


# Shapes as arguments.


def sizes_of(shape: Any) -> list:
    """Return a shape as a list of numbers, None and scalar KerasTensors."""
    if isinstance(shape, KerasTensor):
        known = _known(shape)
        return [shape[i] if d is None else d for i, d in enumerate(known)]
    if isinstance(shape, (int, np.integer)):
        return [int(shape)]
    if isinstance(shape, (Tensor, np.ndarray)):
        return [int(d) for d in np.asarray(to_array(shape))]
    return [
        d if d is None or isinstance(d, (int, KerasTensor)) else int(to_array(d)) for d in shape
    ]


def _known(shape: KerasTensor) -> tuple:
    """Return what is known of a shape that is symbolic."""
    history = getattr(shape, "_keras_history", None)
    function = getattr(getattr(history, "operation", None), "function", None)
    if function is _sizes.on_data:
        return history.node.args[0].shape
    return (None,) * (shape.shape[0] or 0)


def described_sizes(sizes: list) -> tuple:
    """Return a shape with None in place of what is symbolic."""
    return tuple(None if isinstance(d, KerasTensor) else d for d in sizes)


def computed_sizes(sizes: Any) -> tuple[int, ...]:
    """Return a shape as numbers, once everything in it has a value."""
    return tuple(int(to_array(d)) for d in sizes)


# Putting elements in other shapes.


def _reshaped_rule(x: Any, sizes: list) -> KerasTensor:
    return KerasTensor([None if d == -1 else d for d in described_sizes(sizes)], x.dtype)


@step(rule=_reshaped_rule)
def _reshaped(x: Any, sizes: list) -> Tensor:
    return ops.reshape(x, computed_sizes(sizes))


@backend
def reshape(x: Any, shape: Any) -> Any:
    """Return the same elements in another shape, in which one size may be -1."""
    x = tensor(x)
    sizes = sizes_of(shape)
    if any_described(sizes):
        return _reshaped(x, [-1 if d is None else d for d in sizes])
    return ops.reshape(x, tuple(-1 if d is None else d for d in sizes))


@backend
def permute_dimensions(x: Any, pattern: Any) -> Any:
    """Return axes in another order: `(0, 2, 1)`."""
    return ops.transpose(x, tuple(pattern))


@backend
def transpose(x: Any) -> Any:
    """Return axes in the opposite order."""
    return ops.transpose(x)


@backend
def flatten(x: Any) -> Any:
    """Return all elements along one axis."""
    return ops.reshape(x, (-1,))


@backend
def batch_flatten(x: Any) -> Any:
    """Return all elements of each example along one axis."""
    rest = tuple(x.shape)[1:]
    return _flat_examples(x) if None in rest else ops.reshape(x, (-1, math.prod(rest)))


@step(rule=lambda x: KerasTensor((x.shape[0], None), x.dtype))
def _flat_examples(x: Any) -> Tensor:
    return ops.reshape(x, (x.shape[0], math.prod(x.shape[1:])))


@backend
def expand_dims(x: Any, axis: int = -1) -> Any:
    """Insert an axis of size 1."""
    return ops.expand_dims(x, axis)


@backend
def squeeze(x: Any, axis: int) -> Any:
    """Remove an axis of size 1."""
    return ops.squeeze(x, axis)


@backend
def repeat(x: Any, n: int) -> Any:
    """Repeat each example: `(batch, size)` becomes `(batch, n, size)`."""
    if ndim(x) != 2:
        raise ValueError(f"K.repeat expects a tensor of 2 axes. Received: shape={int_shape(x)}")
    return ops.repeat(ops.expand_dims(x, 1), n, axis=1)


@backend
def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Repeat each element along an axis."""
    return ops.repeat(x, rep, axis=axis)


@step
def _tiled(x: Any, sizes: list) -> Tensor:
    return ops.tile(x, computed_sizes(sizes))


@backend
def tile(x: Any, n: Any) -> Any:
    """Repeat along each axis as often as `n` says, a number or one for each."""
    x, sizes = tensor(x), sizes_of(n)
    if any_described(sizes):
        return _tiled(x, sizes)
    return ops.tile(x, tuple(sizes))


@backend
def concatenate(tensors: Any, axis: int = -1) -> Any:
    """Join tensors along an axis that they have."""
    return ops.concatenate([tensor(t) for t in tensors], axis=axis)


@backend
def stack(x: Any, axis: int = 0) -> Any:
    """Join tensors along a new axis."""
    return ops.stack([tensor(t) for t in x], axis=axis)


def pack(x: Any) -> Any:
    """Join tensors along a new first axis."""
    return stack(x)


@backend
def reverse(x: Any, axes: Any) -> Any:
    """Reverse the order along axes."""
    return ops.flip(x, axis=axes)


def _from_to(x: Any, start: Any, sizes: Any) -> Any:
    return x[tuple(builtins.slice(b, None if n == -1 else b + n) for b, n in zip(start, sizes))]


@step(rule=lambda x, start, sizes: _reshaped_rule(x, sizes))
def _part(x: Any, start: list, sizes: list) -> Tensor:
    return _from_to(x, computed_sizes(start), computed_sizes(sizes))


@backend
def slice(x: Any, start: Any, size: Any) -> Any:
    """Return the part that begins at `start` and has `size` elements along each axis; -1 means all."""
    x, start, sizes = tensor(x), sizes_of(start), sizes_of(size)
    if len(start) != len(x.shape) or len(sizes) != len(x.shape):
        raise ValueError(
            f"K.slice: `start` and `size` must have one number for each axis of {int_shape(x)}. "
            f"Received: start={start}, size={sizes}"
        )
    if any_described([start, sizes]):
        return _part(x, start, sizes)
    return _from_to(x, start, sizes)


@backend
def gather(reference: Any, indices: Any) -> Any:
    """Return the parts of `reference` along its first axis that indices name."""
    return ops.take(reference, ops.cast(tensor(indices), "int32"), axis=0)


@backend
def one_hot(indices: Any, num_classes: int) -> Any:
    """Return a vector with a 1 at the place of each index."""
    return ops.one_hot(ops.cast(tensor(indices), "int32"), num_classes, dtype="float32")


def pattern_broadcast(x: Any, broadcastable: Any) -> Any:
    """Return `x`: axes of size 1 broadcast always."""
    return x


@backend
def to_dense(tensor: Any) -> Any:
    """Return sparse labels as a tensor padded with zeros; any other tensor as it is."""
    return tensor.dense() if hasattr(tensor, "dense") else tensor


# Padding and resizing.


@backend
def temporal_padding(x: Any, padding: Any = (1, 1)) -> Any:
    """Put zeros before and after the steps of `(batch, steps, features)`."""
    return ops.pad(x, ((0, 0), tuple(padding), (0, 0)))


def _padded(x: Any, padding: Any, data_format: str | None, rank: int) -> Any:
    padding = tuple(tuple(p) for p in padding)
    if len(padding) != rank or {len(p) for p in padding} != {2}:
        raise ValueError(
            f"`padding` must hold {rank} pairs of numbers. Received: padding={padding}"
        )
    none = (0, 0)
    if normalize_data_format(data_format) == "channels_first":
        return ops.pad(x, (none, none, *padding))
    return ops.pad(x, (none, *padding, none))


@backend
def spatial_2d_padding(
    x: Any, padding: Any = ((1, 1), (1, 1)), data_format: str | None = None
) -> Any:
    """Put zeros around images: `((top, bottom), (left, right))`."""
    return _padded(x, padding, data_format, 2)


@backend
def spatial_3d_padding(
    x: Any, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None
) -> Any:
    """Put zeros around volumes."""
    return _padded(x, padding, data_format, 3)


def asymmetric_temporal_padding(x: Any, left_pad: int = 1, right_pad: int = 1) -> Any:
    """Put zeros before and after the steps of `(batch, steps, features)`."""
    return temporal_padding(x, (left_pad, right_pad))


def asymmetric_spatial_2d_padding(
    x: Any,
    top_pad: int = 1,
    bottom_pad: int = 1,
    left_pad: int = 1,
    right_pad: int = 1,
    dim_ordering: str = "default",
) -> Any:
    """Put zeros around images."""
    padding = ((top_pad, bottom_pad), (left_pad, right_pad))
    return spatial_2d_padding(x, padding, data_format_of(dim_ordering))


def _resized_rule(x: Any, factors: tuple, data_format: str | None, interpolation: str) -> Any:
    first = 2 if normalize_data_format(data_format) == "channels_first" else 1
    sizes = list(x.shape)
    for axis, factor in enumerate(factors, first):
        sizes[axis] = None if sizes[axis] is None else sizes[axis] * factor
    return KerasTensor(sizes, x.dtype)


@step(rule=_resized_rule)
def _resized(x: Any, factors: tuple, data_format: str | None, interpolation: str) -> Any:
    data_format = normalize_data_format(data_format)
    if interpolation == "nearest":
        return in_channels_last(x, data_format, lambda t: UPSAMPLE(t, factors=factors))
    if interpolation not in KERNELS:
        raise ValueError(
            f"`interpolation` must be one of {['nearest', *KERNELS]}. Received: {interpolation!r}"
        )
    return in_channels_last(
        x, data_format, lambda t: INTERPOLATE(t, factors=factors, kind=interpolation)
    )


def resize_images(
    x: Any,
    height_factor: int,
    width_factor: int,
    data_format: str | None,
    interpolation: str = "nearest",
) -> Any:
    """Make images larger by whole factors.

    Args:
        x: images.
        height_factor: factor of the height.
        width_factor: factor of the width.
        data_format: `"channels_last"` or `"channels_first"`.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
    """
    return _resized(x, (int(height_factor), int(width_factor)), data_format, interpolation)


def resize_volumes(
    x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: str | None
) -> Any:
    """Make volumes larger by whole factors: each element is repeated."""
    first = 2 if normalize_data_format(data_format) == "channels_first" else 1
    for axis, factor in enumerate((depth_factor, height_factor, width_factor), first):
        x = repeat_elements(x, factor, axis)
    return x


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: str = "int32") -> Any:
    """Return evenly spaced numbers; of one number, those from 0 to it (none if it is negative)."""
    if stop is None:
        start, stop = 0, max(start, 0) if isinstance(start, (int, float)) else start
    return ops.arange(start, stop, step, dtype=dtype)
