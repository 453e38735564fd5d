"""Joining, splitting, repeating and padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor, is_known
from minikeras.autodiff.primitive import Elementary, as_tensor, elementary, sum_over
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import axis_within
from minikeras.ops.families import fits, promote, same_shape
from minikeras.ops.indexing import GET_ITEM, take
from minikeras.ops.reductions import check_axis
from minikeras.ops.shapes import expand_dims, ravel, reshape
from minikeras.ops.symbolic import TensorLike, op


def _concatenate_backward(g: Any, shapes: list, needs: Any, axis: int) -> list:
    index = [slice(None)] * g.ndim
    result, start = [], 0
    for shape, need in zip(shapes, needs):
        index[axis] = slice(start, start + shape[axis])
        result.append(g[tuple(index)] if need else None)
        start += shape[axis]
    return result


class _Joining(Elementary):
    """A primitive of any number of inputs whose backward slices, on tensors as well as on arrays.

    Args:
        name: name in the registry.
        forward: `forward(*arrays, axis) -> array`.
        slices: `slices(g, shapes, needs, axis) -> gradients`.
        rule: shape rule.
    """

    def __init__(self, name: str, forward: Any, slices: Any, rule: Any) -> None:
        super().__init__(name, forward, [], [], rule)
        self.slices = slices

    def save(self, values: Sequence[Any], y: Any) -> Any:
        return [np.shape(v) for v in values]

    def backward(self, g: Any, saved: Any, needs: Any, out: Any, **params: Any) -> list:
        return self.slices(g, saved, needs, **params)

    def backward_graph(self, g: Any, node: Any, needs: Any) -> list:
        return self.slices(g, node.saved, needs, **node.params)


def _concatenate_rule(*xs: Any, axis: int) -> KerasTensor:
    shapes = [tuple(x.shape) for x in xs]
    n = len(shapes[0])
    axis = axis_within(axis, n, "concatenate")
    out = list(shapes[0])
    for shape in shapes[1:]:
        if len(shape) != n:
            raise ValueError("the shapes differ in their number of axes.")
        for i, (a, b) in enumerate(zip(out, shape)):
            if i == axis:
                out[i] = None if a is None or b is None else a + b
            elif not fits(a, b):
                raise ValueError(f"the shapes must be the same except on axis {axis}.")
    return KerasTensor(out, xs[0].dtype)


_CONCATENATE = _Joining(
    "concatenate",
    lambda *xs, axis: np.concatenate(xs, axis),
    _concatenate_backward,
    _concatenate_rule,
)


@op
def concatenate(xs: Sequence[TensorLike], axis: int | None = 0) -> Tensor:
    """Join tensors along an existing axis (flat, if `axis` is None).

    Raises:
        ValueError: if there are none, or their shapes differ along another axis.

    Example:

    >>> from minikeras import ops
    >>> ops.concatenate([[1, 2], [3]])
    <Tensor shape=(3,) dtype=int32 [1 2 3]>
    """
    if len(xs) == 0:
        raise ValueError("concatenate: nothing to join: `xs` is empty.")
    xs = promote(*xs)
    if axis is None:
        xs, axis = [ravel(x) for x in xs], 0
    ndim = xs[0].array.ndim
    try:
        return _CONCATENATE(*xs, axis=axis + ndim if axis < 0 else axis)
    except (ValueError, IndexError) as error:
        shapes = [x.shape for x in xs]
        raise ValueError(f"concatenate: cannot join {shapes} along axis {axis}: {error}") from error


def _stack(*xs: np.ndarray, axis: int) -> np.ndarray:
    shape = xs[0].shape
    inserted = (*shape[:axis], 1, *shape[axis:])
    return np.concatenate([x.reshape(inserted) for x in xs], axis)


def _stack_backward(g: Any, shapes: list, needs: Any, axis: int) -> list:
    before = (slice(None),) * axis
    return [g[(*before, i)] if need else None for i, need in enumerate(needs)]


_STACK = _Joining(
    "stack",
    _stack,
    _stack_backward,
    lambda *xs, axis: KerasTensor((*xs[0].shape[:axis], len(xs), *xs[0].shape[axis:]), xs[0].dtype),
)


@op
def stack(x: Sequence[TensorLike], axis: int = 0) -> Tensor:
    """Join tensors of one shape along a new axis.

    Raises:
        ValueError: if there are none, or their shapes differ.
    """
    if len(x) == 0:
        raise ValueError("stack: nothing to join: `x` is empty.")
    xs = promote(*x)
    shape = xs[0].array.shape
    n = len(shape) + 1
    axis = axis_within(axis, n, "stack")
    for a in xs:
        if a.array.shape != shape and not same_shape(a.array.shape, shape):
            shapes = [a.shape for a in xs]
            raise ValueError(f"stack: tensors must have one shape. Received shapes {shapes}.")
    return _STACK(*xs, axis=axis)


@op
def hstack(xs: Sequence[TensorLike]) -> Tensor:
    """Join tensors along the second axis (the first, of one-axis tensors)."""
    xs = [as_tensor(x) for x in xs]
    xs = [reshape(x, (1,)) if x.ndim == 0 else x for x in xs]
    return concatenate(xs, axis=0 if xs[0].ndim == 1 else 1)


@op
def vstack(xs: Sequence[TensorLike]) -> Tensor:
    """Join tensors along the first axis, as rows."""
    xs = [as_tensor(x) for x in xs]
    return concatenate([reshape(x, (1, -1)) if x.ndim < 2 else x for x in xs], axis=0)


@op
def dstack(xs: Sequence[TensorLike]) -> Tensor:
    """Join tensors along the third axis."""
    xs = [as_tensor(x) for x in xs]
    xs = [reshape(x, (1, -1, 1)) if x.ndim < 2 else x for x in xs]
    return concatenate([expand_dims(x, -1) if x.ndim == 2 else x for x in xs], axis=2)


@op
def append(x1: TensorLike, x2: TensorLike, axis: int | None = None) -> Tensor:
    """Put `x2` after `x1` along `axis` (both flat, if None)."""
    return concatenate([x1, x2], axis=axis)


def _pieces(x: Tensor, cuts: list[int], axis: int) -> list[Tensor]:
    """Cut `x` before each index in `cuts`."""
    before = (slice(None),) * axis
    ends = [*cuts, x.shape[axis]]
    return [GET_ITEM(x, key=(*before, slice(a, max(a, b)))) for a, b in zip([0, *cuts], ends)]


def _cuts(indices: Any, size: int) -> list[int]:
    """Indices to cut at, counted from the front."""
    return [min(max(int(c) + (size if c < 0 else 0), 0), size) for c in to_array(indices).ravel()]


def _unknown_pieces(x: Any, indices_or_sections: Any, axis: int) -> list[KerasTensor]:
    """Describe what cutting an axis of unknown size gives."""
    if isinstance(indices_or_sections, (int, np.integer)):
        sizes = [None] * int(indices_or_sections)
    else:
        # What lies between two indices that count from the same end is known.
        cuts = [int(c) for c in to_array(indices_or_sections).ravel()]
        sizes = [max(b - a, 0) if (a < 0) == (b < 0) else None for a, b in zip([0, *cuts], cuts)]
        sizes.append(-cuts[-1] if cuts and cuts[-1] < 0 else None)
    return [KerasTensor((*x.shape[:axis], n, *x.shape[axis + 1 :]), x.dtype) for n in sizes]


@op
def split(x: TensorLike, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Cut into equal parts, or at the given indices, along `axis`.

    Args:
        x: tensor.
        indices_or_sections: a number of equal parts, or the indices at which parts begin.
        axis: axis to cut.

    Raises:
        ValueError: if the axis cannot be cut into that many equal parts.

    Example:

    >>> from minikeras import ops
    >>> [part.shape for part in ops.split(ops.zeros((6, 2)), [1, 3])]
    [(1, 2), (2, 2), (3, 2)]
    """
    if type(x) is not Tensor:
        x = as_tensor(x)
    axis = axis_within(axis, x.array.ndim, "split")
    size = x.array.shape[axis]
    if size is None:
        return _unknown_pieces(x, indices_or_sections, axis)
    if not isinstance(indices_or_sections, (int, np.integer)):
        return _pieces(x, _cuts(indices_or_sections, size), axis)
    n = int(indices_or_sections)
    if n <= 0 or (size % n and is_known(size)):
        raise ValueError(f"split: axis {axis} of size {size} cannot be cut into {n} equal parts.")
    return _pieces(x, [size // n * i for i in range(1, n)], axis)


@op
def array_split(x: TensorLike, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Cut into parts along `axis`, the first ones longer by one where sizes do not divide."""
    x = as_tensor(x)
    axis = axis_within(axis, x.ndim, "array_split")
    size = x.shape[axis]
    if not isinstance(indices_or_sections, (int, np.integer)):
        return split(x, indices_or_sections, axis)
    n = int(indices_or_sections)
    if n <= 0:
        raise ValueError(f"array_split: the number of parts must be positive. Received: {n}")
    if size is None:
        return _unknown_pieces(x, n, axis)
    each, longer = divmod(size, n)
    return _pieces(x, [i * each + min(i, longer) for i in range(1, n)], axis)


@op
def hsplit(x: TensorLike, indices_or_sections: Any) -> list[Tensor]:
    """Cut along the second axis (the first, of a one-axis tensor)."""
    x = as_tensor(x)
    return split(x, indices_or_sections, axis=0 if x.ndim == 1 else 1)


@op
def vsplit(x: TensorLike, indices_or_sections: Any) -> list[Tensor]:
    """Cut along the first axis."""
    return split(x, indices_or_sections, axis=0)


@op
def dsplit(x: TensorLike, indices_or_sections: Any) -> list[Tensor]:
    """Cut along the third axis."""
    return split(x, indices_or_sections, axis=2)


def _tile_vjp(g: Any, shape: tuple, repeats: tuple) -> Any:
    n = len(repeats)
    padded = (1,) * (n - len(shape)) + tuple(shape)
    split_shape = [d for r, s in zip(repeats, padded) for d in (r, s)]
    return np.reshape(sum_over(np.reshape(g, split_shape), tuple(range(0, 2 * n, 2))), shape)


def _tile_rule(x: Any, repeats: tuple) -> KerasTensor:
    shape = (1,) * (len(repeats) - x.ndim) + tuple(x.shape)
    return KerasTensor([None if d is None else d * r for d, r in zip(shape, repeats)], x.dtype)


_TILE = elementary("tile", lambda x, repeats: np.tile(x, repeats), _tile_vjp, rule=_tile_rule)


@op
def tile(x: TensorLike, repeats: Any) -> Tensor:
    """Repeat the whole tensor along each axis, the last ones if `repeats` are fewer."""
    x = as_tensor(x)
    repeats = [int(r) for r in np.ravel(to_array(repeats))]
    return _TILE(x, repeats=(1,) * (x.ndim - len(repeats)) + tuple(repeats))


def _repeat_rule(x: Any, repeats: Any, axis: int | None = None) -> KerasTensor:
    x = as_tensor(x)
    counts = to_array(repeats).ravel()
    if axis is None:
        x, axis = ravel(x), 0
    check_axis(x, axis, "repeat")
    size = x.shape[axis]
    if is_known(size) and counts.size not in (1, size):
        raise ValueError(f"repeat: {counts.size} repeats do not go with an axis of size {size}.")
    if size is not None:
        size = size * int(counts[0]) if counts.size == 1 else int(counts.sum())
    axis %= x.ndim
    return KerasTensor((*x.shape[:axis], size, *x.shape[axis + 1 :]), x.dtype)


@op(rule=_repeat_rule)
def repeat(x: TensorLike, repeats: Any, axis: int | None = None) -> Tensor:
    """Repeat each element along `axis` (of the flat tensor if None).

    Args:
        x: tensor.
        repeats: how many times, one number for all or one for each element along the axis.
        axis: axis.
    """
    x = as_tensor(x)
    if axis is None or x.ndim == 0:
        x, axis = ravel(x), 0
    if not is_known(x.shape[axis]) and np.size(to_array(repeats)) == 1:  # no places to count
        axis, n = axis % x.ndim, int(to_array(repeats))
        tiled = tile(
            expand_dims(x, axis + 1), [n if i == axis + 1 else 1 for i in range(x.ndim + 1)]
        )
        return reshape(tiled, (*x.shape[:axis], x.shape[axis] * n, *x.shape[axis + 1 :]))
    return take(x, np.repeat(np.arange(x.shape[axis]), to_array(repeats)), axis=axis)


def _pad_forward(x: np.ndarray, width: tuple, mode: str, value: Any) -> np.ndarray:
    if mode != "constant":
        return np.pad(x, width, mode=mode)
    return np.pad(x, width, constant_values=0 if value is None else value)


def _pad_vjp(g: Any, x: Any, width: tuple, mode: str) -> Any:
    if mode == "constant":
        return g[tuple([slice(a, a + d) for (a, _), d in zip(width, x.shape)])]
    source = np.pad(np.arange(x.size).reshape(x.shape), width, mode=mode)
    flat = np.reshape(g, (-1,))
    summed = np.zeros(x.size, g.dtype)
    if isinstance(g, Tensor):
        from minikeras.ops.core import scatter

        return reshape(scatter(source.reshape(-1, 1), flat, summed.shape), x.shape)
    np.add.at(summed, source.ravel(), flat)
    return summed.reshape(x.shape)


def _pad_rule(x: Any, width: tuple, mode: str, value: Any) -> KerasTensor:
    shape = [None if d is None else a + d + b for d, (a, b) in zip(x.shape, width)]
    return KerasTensor(shape, x.dtype)


_PAD = elementary("pad", _pad_forward, _pad_vjp, rule=_pad_rule)
_PAD_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")


@op
def pad(
    x: TensorLike, pad_width: Any, mode: str = "constant", constant_values: TensorLike | None = None
) -> Tensor:
    """Add elements around a tensor.

    Args:
        x: tensor.
        pad_width: how many before and after, `((before, after), ...)` for each axis, or one pair
            or number for all.
        mode: `"constant"`, or the tensor's own elements: `"edge"`, `"reflect"`, `"symmetric"`,
            `"wrap"`.
        constant_values: the constant, 0 if None.

    Raises:
        ValueError: for another mode, or `constant_values` beside one.
    """
    x = as_tensor(x)
    if mode not in _PAD_MODES:
        raise ValueError(f"pad: `mode` must be one of {_PAD_MODES}. Received: mode={mode!r}")
    if constant_values is not None and mode != "constant":
        raise ValueError(
            "pad: argument `constant_values` goes with mode='constant' only. "
            f"Received: mode={mode!r}"
        )
    pairs = np.broadcast_to(to_array(pad_width), (x.ndim, 2)).tolist()
    width = tuple([(int(a), int(b)) for a, b in pairs])
    value = None if constant_values is None else to_array(constant_values)
    return _PAD(x, width=width, mode=mode, value=value)
