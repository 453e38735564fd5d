"""New shapes for the same elements: reshaping, permuting axes, broadcasting, turning around."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import AssumedSize, KerasTensor, is_known
from minikeras.autodiff.primitive import as_tensor, elementary, same, unbroadcast
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import ArgumentError, axis_within, checked
from minikeras.kernels.per_example import broadcast_sums
from minikeras.ops.families import np_shape
from minikeras.ops.symbolic import TensorLike, export, op


def _target(newshape: Any) -> tuple:
    newshape = (newshape,) if isinstance(newshape, (int, np.integer)) else tuple(newshape)
    for d in newshape:
        if type(d) is not int or d < -1:
            break
    else:
        return newshape
    target = tuple([-1 if d is None else d if isinstance(d, int) else int(d) for d in newshape])
    if min(target) < -1:  # NumPy would take any negative number for -1
        raise ArgumentError("reshape", "newshape", "sizes of 0 or more, or -1 for one", newshape)
    return target


def _reshape_rule(x: KerasTensor, newshape: Any) -> KerasTensor:
    target = _target(newshape)
    rest = math.prod([d for d in target if d != -1])
    if None in x.shape:
        return KerasTensor([None if d == -1 else d for d in target], x.dtype)
    total = math.prod(x.shape)
    left = total // rest if -1 in target and rest else 1
    fits = left * rest == total or not (is_known(total) and is_known(rest))
    if target.count(-1) > 1 or not fits or (-1 in target and not rest):
        raise ValueError(f"reshape: cannot reshape {x.shape} into {target}.")
    if _product_of_assumed(x.shape) == _product_of_assumed(target):
        left = int(left)  # what is assumed cancels out
    return KerasTensor([left if d == -1 else d for d in target], x.dtype)


def _product_of_assumed(shape: tuple) -> int:
    return math.prod([int(d) for d in shape if isinstance(d, AssumedSize)])


RESHAPE = elementary(
    "reshape",
    lambda x, newshape: x.reshape(newshape),
    lambda g, shape: np.reshape(g, shape),
    rule=_reshape_rule,
)
RESHAPE.rearranges = True


@op
def reshape(x: TensorLike, newshape: Any) -> Tensor:
    """Give `x` a new shape with the same elements.

    Args:
        x: tensor.
        newshape: shape, in which one size may be -1: whatever is left.

    Raises:
        ValueError: if the number of elements differs.

    Example:

    >>> from minikeras import ops
    >>> ops.reshape(ops.arange(6), (2, -1)).shape
    (2, 3)
    """
    if type(x) is not Tensor:
        x = as_tensor(x)
    newshape = _target(newshape)
    try:
        return RESHAPE(x, newshape=newshape)
    except ValueError as error:
        raise ValueError(f"reshape: cannot reshape {x.shape} into {newshape}.") from error


@op
def ravel(x: TensorLike) -> Tensor:
    """Flatten to one axis."""
    return RESHAPE(as_tensor(x), newshape=(-1,))


def _inverse(axes: tuple) -> list[int]:
    back = [0] * len(axes)
    for i, a in enumerate(axes):
        back[a] = i
    return back


TRANSPOSE = elementary(
    "transpose",
    lambda x, axes: x.transpose(axes),
    lambda g, axes: np.transpose(g, None if axes is None else _inverse(axes)),
    rule=lambda x, axes: KerasTensor(
        [x.shape[a] for a in axes] if axes is not None else x.shape[::-1], x.dtype
    ),
)
TRANSPOSE.rearranges = True


@functools.lru_cache(maxsize=512)
def _permutation(axes: tuple, n: int) -> tuple:
    out = tuple([int(a) % n if -n <= a < n else n for a in axes])
    if sorted(out) != list(range(n)):
        raise ValueError(f"transpose: axes={axes} do not match a tensor with {n} dimensions.")
    return out


@op
def transpose(x: TensorLike, axes: Any = None) -> Tensor:
    """Permute the axes, reversing them if `axes` is None.

    Raises:
        ValueError: if `axes` is no permutation of the tensor's axes.
    """
    if type(x) is not Tensor:
        x = as_tensor(x)
    return TRANSPOSE(x, axes=None if axes is None else _permutation(tuple(axes), x.array.ndim))


def _swap_order(ndim: int, axis1: int, axis2: int) -> tuple:
    a, b = axis_within(axis1, ndim, "swapaxes"), axis_within(axis2, ndim, "swapaxes")
    order = list(range(ndim))
    order[a], order[b] = b, a
    return tuple(order)


@op
def swapaxes(x: TensorLike, axis1: int, axis2: int) -> Tensor:
    """Exchange two axes."""
    x = as_tensor(x)
    return TRANSPOSE(x, axes=_swap_order(x.ndim, axis1, axis2))


def _move_order(ndim: int, source: Any, destination: Any) -> tuple:
    src = [source] if isinstance(source, (int, np.integer)) else list(source)
    dst = [destination] if isinstance(destination, (int, np.integer)) else list(destination)
    if len(src) != len(dst):
        raise ValueError(
            "moveaxis: source and destination must name as many axes. "
            f"Received: source={source}, destination={destination}"
        )
    src = [axis_within(s, ndim, "moveaxis") for s in src]
    dst = [axis_within(d, ndim, "moveaxis") for d in dst]
    order = [a for a in range(ndim) if a not in src]
    for d, s in sorted(zip(dst, src)):
        order.insert(d, s)
    return tuple(order)


@op
def moveaxis(x: TensorLike, source: Any, destination: Any) -> Tensor:
    """Move axes to new places; the others keep their order."""
    x = as_tensor(x)
    return TRANSPOSE(x, axes=_move_order(x.ndim, source, destination))


def _expand_shape(shape: tuple, axis: Any) -> tuple:
    if type(axis) is int:
        n = len(shape)
        if 0 <= axis <= n:
            return (*shape[:axis], 1, *shape[axis:])
        if axis == -1:
            return (*shape, 1)
    axes = (axis,) if isinstance(axis, (int, np.integer)) else tuple(axis)
    n = len(shape) + len(axes)
    places = {axis_within(a, n, "expand_dims") for a in axes}
    if len(places) < len(axes):
        raise ValueError(f"expand_dims: argument `axis` repeats a place: {axis}.")
    rest = iter(shape)
    return tuple(1 if i in places else next(rest) for i in range(n))


@op
def expand_dims(x: TensorLike, axis: Any) -> Tensor:
    """Insert axes of size 1, so that they are at the places `axis` of the result."""
    if type(x) is not Tensor:
        x = as_tensor(x)
    return RESHAPE(x, newshape=_expand_shape(x.array.shape, axis))


def _squeeze_shape(shape: tuple, axis: Any) -> tuple:
    if axis is None:
        return tuple([d for d in shape if d != 1])
    if type(axis) is int and -len(shape) <= axis < len(shape) and shape[axis] == 1:
        axis %= len(shape)
        return shape[:axis] + shape[axis + 1 :]
    axes = (axis,) if isinstance(axis, (int, np.integer)) else tuple(axis)
    axes = {axis_within(a, len(shape), "squeeze") for a in axes}
    for a in axes:
        if shape[a] != 1:
            raise ValueError(f"squeeze: axis {a} of shape {shape} does not have size 1.")
    return tuple([d for i, d in enumerate(shape) if i not in axes])


@op
def squeeze(x: TensorLike, axis: Any = None) -> Tensor:
    """Take axes of size 1 away, all of them if `axis` is None.

    Raises:
        ValueError: if an axis does not have size 1.
    """
    if type(x) is not Tensor:
        x = as_tensor(x)
    return RESHAPE(x, newshape=_squeeze_shape(x.array.shape, axis))


def _broadcast_rule(x: KerasTensor, newshape: Any) -> KerasTensor:
    shape = tuple([None if d == -1 else d for d in newshape])
    ends = zip(reversed(x.shape), reversed(shape))
    if len(shape) < x.ndim or any(d not in (1, n, None) and n is not None for d, n in ends):
        raise ValueError(f"broadcast_to: cannot broadcast {x.shape} to {shape}.")
    return KerasTensor(shape, x.dtype)


_BROADCAST_TO = elementary(
    "broadcast_to",
    lambda x, newshape: np.broadcast_to(x, newshape),
    lambda g, shape: unbroadcast(g, shape),
    rule=_broadcast_rule,
)
_BROADCAST_TO.per_example = lambda g, saved, needs, n, newshape: [
    broadcast_sums(g, saved["shape"][0], n)
]


@op
def broadcast_to(x: TensorLike, shape: Any) -> Tensor:
    """Repeat `x` along axes of size 1, or new ones in front, to give it a shape.

    Raises:
        ValueError: if `x` cannot be broadcast to `shape`.
    """
    if type(x) is not Tensor:
        x = as_tensor(x)
    newshape = _target(shape)
    try:
        return _BROADCAST_TO(x, newshape=newshape)
    except ValueError as error:
        raise ValueError(f"broadcast_to: cannot broadcast {x.shape} to {newshape}.") from error


_FLIP = elementary(
    "flip", lambda x, axis: np.flip(x, axis), lambda g, axis: np.flip(g, axis), rule=same
)
_FLIP.rearranges = True


@op
def flip(x: TensorLike, axis: Any = None) -> Tensor:
    """Reverse the order of elements along axes, all of them if `axis` is None."""
    return _FLIP(as_tensor(x), axis=axis)


@op
def fliplr(x: TensorLike) -> Tensor:
    """Reverse the order along the second axis.

    Raises:
        ValueError: if there is none.
    """
    x = as_tensor(x)
    if x.ndim < 2:
        raise ValueError(f"fliplr: the input needs at least two axes. Received shape {x.shape}.")
    return _FLIP(x, axis=1)


@op
def flipud(x: TensorLike) -> Tensor:
    """Reverse the order along the first axis.

    Raises:
        ValueError: if there is none.
    """
    x = as_tensor(x)
    if x.ndim < 1:
        raise ValueError("flipud: the input needs at least one axis. Received a scalar.")
    return _FLIP(x, axis=0)


def _negated(shift: Any) -> Any:
    return tuple([-s for s in shift]) if isinstance(shift, tuple) else -shift


_ROLL = elementary(
    "roll",
    lambda x, shift, axis: np.roll(x, shift, axis),
    lambda g, shift, axis: np.roll(g, _negated(shift), axis),
    rule=same,
)
_ROLL.rearranges = True


@op
def roll(x: TensorLike, shift: Any, axis: Any = None) -> Tensor:
    """Shift elements along axes, those that fall off the end coming in at the start."""
    shift = tuple(shift) if isinstance(shift, list) else shift
    return _ROLL(as_tensor(x), shift=shift, axis=axis)


@op
@checked
def rot90(array: TensorLike, k: int = 1, axes: Any = (0, 1)) -> Tensor:
    """Rotate by 90 degrees, `k` times, in the plane of two axes, from the first to the second.

    Raises:
        ValueError: if the tensor has fewer than two axes, or `axes` are not two different ones.
    """
    x = as_tensor(array)
    if x.ndim < 2:
        raise ValueError(f"rot90: the input needs at least two axes. Received shape {x.shape}.")
    if len(axes) != 2 or len({axis_within(a, x.ndim, "rot90") for a in axes}) < 2:
        raise ValueError(f"rot90: `axes` must be two different axes. Received: axes={axes}")
    k %= 4
    if k == 2:
        return flip(x, tuple(axes))
    if k == 1:
        return swapaxes(flip(x, axes[1]), *axes)
    if k == 3:
        return flip(swapaxes(x, *axes), axes[1])
    return x


@export
def ndim(x: Any) -> int:
    """Return the number of axes."""
    return len(np_shape(x))


@export
def size(x: Any) -> int | None:
    """Return the number of elements, None while it is not known."""
    sizes = np_shape(x)
    return None if None in sizes else math.prod(sizes)
