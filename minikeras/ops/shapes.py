"""Reshaping, joining, splitting and indexing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import CAST, Primitive, as_tensor, elementary, unbroadcast
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import np_dtype, result_type
from minikeras.ops.families import promote
from minikeras.ops.symbolic import op

_RESHAPE = elementary(
    "reshape", lambda x, newshape: x.reshape(newshape), lambda g, shape: np.reshape(g, shape)
)


def _reshape_rule(x: KerasTensor, newshape: Any) -> KerasTensor:
    newshape = (newshape,) if isinstance(newshape, int) else tuple(newshape)
    known = [d for d in newshape if d not in (-1, None)]
    if None in newshape and newshape.count(None) == 1 and -1 not in newshape:
        newshape = tuple(-1 if d is None else d for d in newshape)
    if -1 in newshape:
        if None in x.shape:
            size = None
        else:
            total, rest = int(np.prod(x.shape)), int(np.prod(known))
            if rest == 0 or total % rest:
                raise ValueError(f"reshape: cannot reshape {x.shape} into {newshape}.")
            size = total // rest
        newshape = tuple(size if d == -1 else d for d in newshape)
    elif None not in x.shape and int(np.prod(x.shape)) != int(np.prod(newshape)):
        raise ValueError(f"reshape: cannot reshape {x.shape} into {newshape}.")
    return KerasTensor(newshape, x.dtype)


@op(rule=_reshape_rule)
def reshape(x: Any, newshape: Any) -> Tensor:
    """Give `x` a new shape with the same elements; one size may be -1.

    Example:

    >>> from minikeras import ops
    >>> ops.reshape(ops.arange(6), (2, -1)).shape
    (2, 3)
    """
    x = as_tensor(x)
    newshape = (newshape,) if isinstance(newshape, (int, np.integer)) else tuple(newshape)
    newshape = tuple(-1 if d is None else int(d) for d in newshape)
    try:
        return _RESHAPE(x, newshape=newshape)
    except ValueError as error:
        raise ValueError(f"reshape: cannot reshape {x.shape} into {newshape}.") from error


_TRANSPOSE = elementary(
    "transpose",
    lambda x, axes: np.transpose(x, axes),
    lambda g, axes: np.transpose(g, None if axes is None else np.argsort(axes)),
)


def _transpose_rule(x: KerasTensor, axes: Any = None) -> KerasTensor:
    n = x.ndim
    axes = tuple(range(n))[::-1] if axes is None else tuple(a % n for a in axes)
    if sorted(axes) != list(range(n)):
        raise ValueError(f"transpose: axes={axes} do not match the shape {x.shape}.")
    return KerasTensor([x.shape[a] for a in axes], x.dtype)


@op(rule=_transpose_rule)
def transpose(x: Any, axes: Any = None) -> Tensor:
    """Permute the axes, reversing them if `axes` is None."""
    x = as_tensor(x)
    axes = None if axes is None else tuple(int(a) % x.ndim for a in axes)
    return _TRANSPOSE(x, axes=axes)


@op
def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Exchange two axes."""
    x = as_tensor(x)
    axes = list(range(x.ndim))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return _TRANSPOSE(x, axes=tuple(axes))


@op
def moveaxis(x: Any, source: Any, destination: Any) -> Tensor:
    """Move axes to new places."""
    x = as_tensor(x)
    src = [source] if isinstance(source, int) else list(source)
    dst = [destination] if isinstance(destination, int) else list(destination)
    src, dst = [s % x.ndim for s in src], [d % x.ndim for d in dst]
    axes = [a for a in range(x.ndim) if a not in src]
    for d, s in sorted(zip(dst, src)):
        axes.insert(d, s)
    return _TRANSPOSE(x, axes=tuple(axes))


def _expand_shape(shape: tuple, axis: Any) -> tuple:
    axes = (axis,) if isinstance(axis, (int, np.integer)) else tuple(axis)
    n = len(shape) + len(axes)
    for a in axes:
        if not -n <= a < n:
            raise ValueError(f"expand_dims: axis {a} is out of bounds for {len(shape)} dimensions.")
    places = {a % n for a in axes}
    rest = iter(shape)
    return tuple(1 if i in places else next(rest) for i in range(n))


@op(rule=lambda x, axis: KerasTensor(_expand_shape(x.shape, axis), x.dtype))
def expand_dims(x: Any, axis: Any) -> Tensor:
    """Insert axes of size 1."""
    x = as_tensor(x)
    return _RESHAPE(x, newshape=_expand_shape(x.shape, axis))


def _squeeze_shape(shape: tuple, axis: Any) -> tuple:
    if axis is None:
        return tuple(d for d in shape if d != 1)
    axes = (axis,) if isinstance(axis, (int, np.integer)) else tuple(axis)
    axes = {a % len(shape) for a in axes}
    for a in axes:
        if shape[a] not in (1, None):
            raise ValueError(f"squeeze: axis {a} of shape {shape} does not have size 1.")
    return tuple(d for i, d in enumerate(shape) if i not in axes)


@op(rule=lambda x, axis=None: KerasTensor(_squeeze_shape(x.shape, axis), x.dtype))
def squeeze(x: Any, axis: Any = None) -> Tensor:
    """Take axes of size 1 away."""
    x = as_tensor(x)
    return _RESHAPE(x, newshape=_squeeze_shape(x.shape, axis))


@op
def ravel(x: Any) -> Tensor:
    """Flatten to one axis."""
    return _RESHAPE(as_tensor(x), newshape=(-1,))


_BROADCAST_TO = elementary(
    "broadcast_to",
    lambda x, newshape: np.broadcast_to(x, newshape),
    lambda g, shape: unbroadcast(g, shape),
)


@op
def broadcast_to(x: Any, shape: Any) -> Tensor:
    """Repeat `x` to a shape that it can be broadcast to."""
    return _BROADCAST_TO(as_tensor(x), newshape=tuple(int(d) for d in shape))


# Joining and splitting.


def _concatenate_forward(*xs: np.ndarray, axis: int) -> tuple:
    return np.concatenate(xs, axis=axis), [x.shape[axis] for x in xs]


def _concatenate_backward(g: Any, sizes: list, needs: Any, out: Any, axis: int) -> list:
    ends = np.cumsum(sizes)
    index = [slice(None)] * g.ndim
    result = []
    for size, end, need in zip(sizes, ends, needs):
        index[axis] = slice(int(end - size), int(end))
        result.append(g[tuple(index)] if need else None)
    return result


class _Concatenate(Primitive):
    """Its backward is slicing, which works on tensors as well as on arrays."""

    def backward_graph(self, g: Any, node: Any, needs: Any) -> Any:
        return _concatenate_backward(g, node.saved, needs, None, **node.params)


_CONCATENATE = _Concatenate("concatenate", _concatenate_forward, _concatenate_backward)


def _concatenate_rule(xs: Sequence[Any], axis: int = -1) -> KerasTensor:
    shapes = [tuple(x.shape) for x in xs]
    n = len(shapes[0])
    if not -n <= axis < n:
        raise ValueError(f"concatenate: axis {axis} is out of bounds for {n} dimensions.")
    axis %= n
    out = list(shapes[0])
    for shape in shapes[1:]:
        if len(shape) != n:
            raise ValueError(f"concatenate: shapes {shapes} differ in their number of axes.")
        for i, (a, b) in enumerate(zip(out, shape)):
            if i == axis:
                out[i] = None if a is None or b is None else a + b
            elif a is None:
                out[i] = b
            elif b is not None and a != b:
                raise ValueError(
                    f"concatenate: shapes {shapes} must be the same except on axis {axis}."
                )
    return KerasTensor(out, result_type(*[x.dtype for x in xs]))


@op(rule=_concatenate_rule)
def concatenate(xs: Sequence[Any], axis: int = 0) -> Tensor:
    """Join tensors along an existing axis."""
    xs = promote(*xs) if len(xs) != 2 else promote(*[as_tensor(x) for x in xs])
    if axis is None:
        xs, axis = [ravel(x) for x in xs], 0
    return _CONCATENATE(*xs, axis=axis % xs[0].ndim if xs[0].ndim else axis)


@op
def stack(x: Sequence[Any], axis: int = 0) -> Tensor:
    """Join tensors along a new axis."""
    xs = [expand_dims(a, axis) for a in x]
    return concatenate(xs, axis=axis)


@op
def hstack(xs: Sequence[Any]) -> Tensor:
    """Join tensors along the second axis (the first, of one-axis tensors)."""
    xs = [as_tensor(x) for x in xs]
    xs = [reshape(x, (1,)) if x.ndim == 0 else x for x in xs]
    return concatenate(xs, axis=0 if xs[0].ndim == 1 else 1)


@op
def vstack(xs: Sequence[Any]) -> Tensor:
    """Join tensors along the first axis, as rows."""
    xs = [as_tensor(x) for x in xs]
    return concatenate([reshape(x, (1, -1)) if x.ndim < 2 else x for x in xs], axis=0)


@op
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Cut into equal parts, or at the given indices, along `axis`."""
    x = as_tensor(x)
    size = x.shape[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        n = int(indices_or_sections)
        if n <= 0 or size % n:
            raise ValueError(
                f"split: axis {axis} of size {size} cannot be cut into {n} equal parts."
            )
        cuts = [size // n * i for i in range(1, n)]
    else:
        cuts = [int(c) for c in indices_or_sections]
    index = [slice(None)] * x.ndim
    parts = []
    for a, b in zip([0, *cuts], [*cuts, None]):
        index[axis] = slice(a, b)
        parts.append(get_item(x, tuple(index)))
    return parts


@op
def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """Take a tensor apart along `axis`."""
    x = moveaxis(x, axis, 0)
    if num is not None and num != x.shape[0]:
        raise ValueError(f"unstack: axis {axis} has size {x.shape[0]}, not num={num}.")
    return [x[i] for i in range(x.shape[0])]


def _tile_vjp(g: Any, shape: tuple, repeats: tuple) -> Any:
    n = len(repeats)
    padded = (1,) * (n - len(shape)) + tuple(shape)
    split_shape = [d for r, s in zip(repeats, padded) for d in (r, s)]
    return np.reshape(np.sum(np.reshape(g, split_shape), axis=tuple(range(0, 2 * n, 2))), shape)


_TILE = elementary("tile", lambda x, repeats: np.tile(x, repeats), _tile_vjp)


@op
def tile(x: Any, repeats: Any) -> Tensor:
    """Repeat the whole tensor along each axis."""
    x = as_tensor(x)
    repeats = (repeats,) if isinstance(repeats, (int, np.integer)) else tuple(repeats)
    return _TILE(x, repeats=(1,) * (x.ndim - len(repeats)) + tuple(int(r) for r in repeats))


@op
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Tensor:
    """Repeat each element `repeats` times along `axis` (of the flat tensor if None)."""
    x = as_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    index = np.repeat(np.arange(x.shape[axis]), np.asarray(to_array(repeats)))
    return take(x, index, axis=axis)


_FLIP = elementary("flip", lambda x, axis: np.flip(x, axis), lambda g, axis: np.flip(g, axis))


@op
def flip(x: Any, axis: Any = None) -> Tensor:
    """Reverse the order of elements along axes."""
    return _FLIP(as_tensor(x), axis=axis)


_ROLL = elementary(
    "roll",
    lambda x, shift, axis: np.roll(x, shift, axis),
    lambda g, shift, axis: np.roll(
        g, tuple(-s for s in shift) if isinstance(shift, tuple) else -shift, axis
    ),
)


@op
def roll(x: Any, shift: Any, axis: Any = None) -> Tensor:
    """Shift elements along axes, those that fall off the end coming in at the start."""
    return _ROLL(as_tensor(x), shift=shift, axis=axis)


def _pad_vjp(g: Any, x: Any, width: tuple, mode: str, value: Any) -> Any:
    if mode == "constant":
        return g[tuple(slice(a, a + d) for (a, _), d in zip(width, x.shape))]
    source = np.pad(np.arange(x.size).reshape(x.shape), width, mode=mode)
    flat = np.bincount(source.ravel(), np.asarray(g, np.float64).ravel(), minlength=x.size)
    return flat.reshape(x.shape).astype(g.dtype)


def _pad(x: np.ndarray, width: tuple, mode: str, value: Any) -> np.ndarray:
    if mode == "constant":
        return np.pad(x, width, constant_values=0 if value is None else value)
    return np.pad(x, width, mode=mode)


_PAD = elementary("pad", _pad, _pad_vjp)


@op
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Tensor:
    """Add elements around: constants, or the tensor's own (`"reflect"`, `"symmetric"`, ...)."""
    x = as_tensor(x)
    width = np.broadcast_to(np.asarray(to_array(pad_width)), (x.ndim, 2))
    width = tuple((int(a), int(b)) for a, b in width)
    if constant_values is not None and mode != "constant":
        raise ValueError(f"pad: constant_values goes with mode='constant'. Received: mode={mode!r}")
    value = None if constant_values is None else to_array(constant_values)
    return _PAD(x, width=width, mode=mode, value=value)


# Indexing.


def _key(key: Any) -> Any:
    """Return an index with arrays in place of tensors."""
    if isinstance(key, tuple):
        return tuple(_key(k) for k in key)
    if isinstance(key, Tensor):
        value = key._value
        return int(value) if value.ndim == 0 and value.dtype.kind in "iu" else value
    if isinstance(key, slice):
        return slice(*[_key(k) for k in (key.start, key.stop, key.step)])
    if isinstance(key, list):
        return np.asarray(to_array(key))
    return key


def _is_basic(key: Any) -> bool:
    keys = key if isinstance(key, tuple) else (key,)
    return all(
        k is None or k is Ellipsis or isinstance(k, (int, np.integer, slice)) and k is not True
        for k in keys
    )


def _get_item_vjp(g: Any, shape: tuple, key: Any) -> Any:
    if isinstance(g, Tensor):
        return _SCATTER(g, key=key, into=shape)
    dx = np.zeros(shape, g.dtype)
    if _is_basic(key):
        dx[key] = g
    else:
        np.add.at(dx, key, g)
    return dx


_GET_ITEM = elementary("get_item", lambda x, key: x[key], _get_item_vjp)
_SCATTER = elementary(
    "scatter_into",
    lambda x, key, into: _get_item_vjp(np.asarray(x), into, key),
    lambda g, key: g[key],
)


@op
def get_item(x: Any, key: Any) -> Tensor:
    """Index as NumPy does: `x[key]`."""
    return _GET_ITEM(as_tensor(x), key=_key(key))


def _take_vjp(g: Any, shape: tuple, indices: np.ndarray, axis: int | None) -> Any:
    key = np.unravel_index(indices, shape) if axis is None else (slice(None),) * axis + (indices,)
    return _get_item_vjp(g, shape, key)


_TAKE = elementary(
    "take", lambda x, indices, axis: np.take(x, indices, axis=axis), _take_vjp
)


@op
def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Pick elements along `axis` (of the flat tensor if None).

    Raises:
        IndexError: if an index is out of range.
    """
    x = as_tensor(x)
    indices = np.asarray(to_array(indices))
    size = x.size if axis is None else x.shape[axis]
    indices = np.where(indices < 0, indices + size, indices)
    return _TAKE(x, indices=indices, axis=None if axis is None else axis % x.ndim)


def _take_along_vjp(g: Any, shape: tuple, indices: np.ndarray, axis: int) -> Any:
    key = list(np.ogrid[tuple(slice(n) for n in indices.shape)])
    key[axis] = indices
    return _get_item_vjp(g, shape, tuple(key))


_TAKE_ALONG_AXIS = elementary(
    "take_along_axis", lambda x, indices, axis: np.take_along_axis(x, indices, axis), _take_along_vjp
)


@op
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Pick elements along `axis`, one index for each place."""
    x = as_tensor(x)
    indices = np.asarray(to_array(indices))
    if axis is None:
        x, indices, axis = ravel(x), indices.ravel(), 0
    axis %= x.ndim
    shape = list(np.broadcast_shapes(
        tuple(d for i, d in enumerate(x.shape) if i != axis),
        tuple(d for i, d in enumerate(indices.shape) if i != axis),
    ))  # fmt: skip
    shape.insert(axis, indices.shape[axis])
    return _TAKE_ALONG_AXIS(x, indices=np.broadcast_to(indices, shape), axis=axis)


def _where_backward_1(g: Any, condition: Any, shape: tuple) -> Any:
    return unbroadcast(g * np.asarray(condition).astype(g.dtype), shape)


def _where_backward_2(g: Any, condition: Any, shape: tuple) -> Any:
    return unbroadcast(g * np.logical_not(condition).astype(g.dtype), shape)


_WHERE = elementary(
    "where",
    lambda x1, x2, condition: np.where(condition, x1, x2),
    _where_backward_1,
    _where_backward_2,
    inputs=("x1", "x2"),
)


@op
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """Pick from `x1` where the condition holds, else from `x2`.

    With the condition alone: the indices of true elements, one tensor an axis.
    """
    condition = to_array(condition)
    if x1 is None and x2 is None:
        return tuple(Tensor(i.astype(np.int32)) for i in np.nonzero(condition))
    if x1 is None or x2 is None:
        raise ValueError("where: give both x1 and x2, or neither.")
    dtype = np_dtype(result_type(*[_scalar_kind(x) for x in (x1, x2)]))
    pair = [as_tensor(x) for x in (x1, x2)]
    pair = [t if t._value.dtype == dtype else CAST(t, dtype=dtype) for t in pair]
    return _WHERE(*pair, condition=condition.astype(bool))


def _scalar_kind(x: Any) -> Any:
    return type(x) if type(x) in (int, float) else as_tensor(x).dtype
