"""New tensors: constants, ranges, grids."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor, elementary, unbroadcast, without_gradient
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import (
    floatx_dtype,
    np_dtype,
    result_type,
    standardize_dtype,
    to_np_dtype,
)
from minikeras.ops.core import cast, convert_to_tensor
from minikeras.ops.elementwise import power
from minikeras.ops.families import broadcast_shapes, np_shape, operand_kind
from minikeras.ops.shapes import broadcast_to, reshape
from minikeras.ops.symbolic import TensorLike, export, op, probed


def _shape(shape: Any) -> tuple:
    if isinstance(shape, (int, np.integer)):
        return (int(shape),)
    sizes = tuple(shape)
    if None in sizes:
        raise ValueError(
            "`shape` has None for a size: it is not known while a functional model is described. "
            "In the `call` of a layer (a Lambda too), `ops.shape(x)` gives sizes that can be "
            f"computed with. Received: shape={sizes}"
        )
    return tuple([d if isinstance(d, int) else int(d) for d in sizes])


# Primitives without a tensor among their inputs: sizes may be known only later (`AssumedSize`).

_ZEROS = without_gradient(
    "zeros",
    lambda shape, dtype: np.zeros(shape, dtype),
    rule=lambda shape, dtype: KerasTensor(shape, dtype),
)
_FULL = without_gradient(
    "full",
    lambda value, shape, dtype: np.full(shape, value, dtype),
    rule=lambda value, shape, dtype: KerasTensor(shape, dtype),
)
_ARANGE = without_gradient(
    "arange",
    lambda first, by, count, dtype: (first + by * np.arange(count).astype(first.dtype)).astype(
        dtype, copy=False
    ),
    rule=lambda first, by, count, dtype: KerasTensor((count,), dtype),
)
_TRI = without_gradient(
    "tri",
    lambda rows, columns, k, dtype: np.tri(rows, columns, k, dtype),
    rule=lambda rows, columns, k, dtype: KerasTensor((rows, columns), dtype),
)
_EYE = without_gradient(
    "eye",
    lambda rows, columns, k, dtype: np.eye(rows, columns, k, dtype),
    rule=lambda rows, columns, k, dtype: KerasTensor((rows, columns), dtype),
)


@export
def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """Return zeros, of dtype `floatx` if None is given."""
    return _ZEROS(shape=_shape(shape), dtype=to_np_dtype(dtype))


@export
def ones(shape: Any, dtype: Any = None) -> Tensor:
    """Return ones, of dtype `floatx` if None is given."""
    return _FULL(1, shape=_shape(shape), dtype=to_np_dtype(dtype))


@export
def empty(shape: Any, dtype: Any = None) -> Tensor:
    """Return a tensor whose values mean nothing (zeros here)."""
    return zeros(shape, dtype)


@export
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """Return a tensor filled with a value.

    Args:
        shape: shape.
        fill_value: number, or tensor that broadcasts to the shape.
        dtype: dtype, `floatx` if None.
    """
    return _FULL(to_array(fill_value), shape=_shape(shape), dtype=to_np_dtype(dtype))


def _like_rule(x: Any, *_: Any, dtype: Any) -> KerasTensor:
    return KerasTensor(x.shape, dtype)


_ZEROS_LIKE = without_gradient("zeros_like", lambda x, dtype: np.zeros(x.shape, dtype), _like_rule)
_ONES_LIKE = without_gradient("ones_like", lambda x, dtype: np.ones(x.shape, dtype), _like_rule)
_FULL_LIKE = without_gradient(
    "full_like", lambda x, value, dtype: np.full(x.shape, value, dtype), _like_rule
)


def _like(primitive: Any, x: Any, dtype: Any, *more: Any) -> Tensor:
    if type(x) is not Tensor:
        x = as_tensor(x)
    return primitive(x, *more, dtype=x.array.dtype if dtype is None else to_np_dtype(dtype))


@op
def zeros_like(x: TensorLike, dtype: Any = None) -> Tensor:
    """Return zeros of the shape of `x`, and its dtype if none is given."""
    return _like(_ZEROS_LIKE, x, dtype)


@op
def ones_like(x: TensorLike, dtype: Any = None) -> Tensor:
    """Return ones of the shape of `x`, and its dtype if none is given."""
    return _like(_ONES_LIKE, x, dtype)


@op
def empty_like(x: TensorLike, dtype: Any = None) -> Tensor:
    """Return a tensor of the shape of `x` whose values mean nothing (zeros here)."""
    return _like(_ZEROS_LIKE, x, dtype)


@op
def full_like(x: TensorLike, fill_value: TensorLike, dtype: Any = None) -> Tensor:
    """Return a tensor filled with a value, of the shape of `x`, and its dtype if none is given."""
    return _like(_FULL_LIKE, x, dtype, as_tensor(fill_value))


@export
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """Return evenly spaced values.

    Args:
        start: first value; 0, if it is the only argument, which then is `stop`.
        stop: end, not included.
        step: distance, 1 if None.
        dtype: dtype; int32 for Python integers, `floatx` if there is a float among them.

    Example:

    >>> from minikeras import ops
    >>> ops.arange(2, 8, 2)
    <Tensor shape=(3,) dtype=int32 [2 4 6]>
    """
    if start is None:
        raise ValueError("arange: argument `start` must be a number. Received: start=None")
    given = [v for v in (start, stop, step) if v is not None]
    if dtype is None:
        dtype = result_type(*[operand_kind(v) for v in given])
    # Each in its own precision: 0.1 in single precision is more than 0.1, and may be a step more.
    numbers = [v if isinstance(v, (int, float)) else to_array(v)[()] for v in given]
    first, last = (0, numbers[0]) if stop is None else numbers[:2]
    by = 1 if step is None else numbers[-1]
    if by == 0:
        raise ValueError(f"arange: argument `step` must not be 0. Received: step={step!r}")
    target = to_np_dtype(dtype)
    working = np.promote_types(target, np.float32) if target.kind in "fV" else target
    whole = all(isinstance(v, (int, np.integer)) for v in (first, last, by))
    count = max(-((first - last) // by) if whole else math.ceil((last - first) / by), 0)
    first, by = [np.asarray(v).astype(working) for v in (first, by)]
    return _ARANGE(first=first, by=by, count=count, dtype=target)


def _spaced_dtype(start: Any, stop: Any, dtype: Any) -> np.dtype:
    if dtype is not None:
        return to_np_dtype(dtype)
    return np_dtype(result_type(operand_kind(start), operand_kind(stop), float))


def _sum_of_shares(g: Any, shape: tuple, shares: np.ndarray, axis: int) -> Any:
    return unbroadcast(np.sum(np.moveaxis(g, axis, -1) * shares.astype(g.dtype), axis=-1), shape)


def _shares(num: int, endpoint: bool) -> np.ndarray:
    """How far each of `num` values is on the way from the start to the end."""
    return np.arange(num) / max(num - 1 if endpoint else num, 1)


def _linspace_rule(start: Any, stop: Any, num: int, endpoint: bool, axis: int) -> KerasTensor:
    shape = list(broadcast_shapes(np_shape(start), np_shape(stop), "linspace"))
    shape.insert(axis if axis >= 0 else axis + len(shape) + 1, num)
    return KerasTensor(shape, start.dtype)


_LINSPACE = elementary(
    "linspace",
    lambda start, stop, num, endpoint, axis: np.linspace(
        start, stop, num, endpoint=endpoint, axis=axis
    ),
    lambda g, shape, num, endpoint, axis: _sum_of_shares(
        g, shape, 1 - _shares(num, endpoint), axis
    ),
    lambda g, shape, num, endpoint, axis: _sum_of_shares(g, shape, _shares(num, endpoint), axis),
    inputs=("start", "stop"),
    rule=_linspace_rule,
)


@op
def linspace(
    start: TensorLike,
    stop: TensorLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Return evenly spaced values from `start` to `stop`.

    Args:
        start: first value, or tensor of them.
        stop: last value.
        num: how many.
        endpoint: whether `stop` is the last one.
        retstep: whether to return `(values, step)`.
        dtype: dtype.
        axis: axis along which they lie, where `start` or `stop` is a tensor.
    """
    target = _spaced_dtype(start, stop, dtype)
    # Integers are spaced as floats are, and rounded in the end.
    working = target if target.kind in "fcV" else floatx_dtype()
    start, stop = cast(start, working), cast(stop, working)
    values = cast(_LINSPACE(start, stop, num=num, endpoint=endpoint, axis=axis), target)
    if not retstep:
        return values
    steps = num - 1 if endpoint else num
    return values, (stop - start) * (1 / steps if steps > 0 else math.nan)


@op
def logspace(
    start: TensorLike,
    stop: TensorLike,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor:
    """Return `base` to the power of evenly spaced exponents; see `linspace`."""
    exponents = linspace(start, stop, num, endpoint, axis=axis)
    return cast(power(base, exponents), _spaced_dtype(start, stop, dtype))


@export
def geomspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor:
    """Return values of which each is the same multiple of the one before; see `linspace`."""
    values = np.geomspace(to_array(start), to_array(stop), num, endpoint=endpoint, axis=axis)
    return Tensor(values.astype(_spaced_dtype(start, stop, dtype)))


@export
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Return ones on the k-th diagonal of an N x M matrix, zeros elsewhere."""
    rows, columns = _shape((N, N if M is None else M))
    return _EYE(rows=rows, columns=columns, k=int(k), dtype=to_np_dtype(dtype))


@export
def identity(n: int, dtype: Any = None) -> Tensor:
    """Return the n x n identity matrix."""
    return eye(n, dtype=dtype)


@export
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Return ones at and below the k-th diagonal of an N x M matrix, zeros elsewhere."""
    rows, columns = _shape((N, N if M is None else M))
    return _TRI(rows=rows, columns=columns, k=int(k), dtype=to_np_dtype(dtype))


@export
def array(x: Any, dtype: Any = None) -> Tensor:
    """Make a tensor; `convert_to_tensor` under NumPy's name."""
    return convert_to_tensor(x, dtype)


@probed
def meshgrid(*x: TensorLike, indexing: str = "xy") -> list[Tensor]:
    """Return the coordinates of the points of a grid.

    Args:
        *x: positions along each axis of the grid, vectors or scalars.
        indexing: `"xy"` if the first vector runs along the second axis, `"ij"` along the first.

    Returns:
        One tensor for each vector.

    Raises:
        ValueError: for another `indexing`.
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: `indexing` must be 'xy' or 'ij'. Received: {indexing!r}")
    vectors = [reshape(a, (-1,)) for a in x]
    axes = list(range(len(vectors)))
    if indexing == "xy" and len(axes) > 1:
        axes[:2] = [1, 0]
    shape = [0] * len(axes)
    for v, axis in zip(vectors, axes):
        shape[axis] = v.shape[0]
    grids = []
    for v, axis in zip(vectors, axes):
        own = [1] * len(shape)
        own[axis] = -1
        grids.append(broadcast_to(reshape(v, own), shape))
    return grids


def _view_rule(x: KerasTensor, dtype: Any) -> KerasTensor:
    target = standardize_dtype(dtype)
    old, new = np_dtype(x.dtype).itemsize, np_dtype(target).itemsize
    if old == new or x.ndim == 0:
        return KerasTensor(x.shape, target)
    last = x.shape[-1]
    return KerasTensor((*x.shape[:-1], None if last is None else last * old // new), target)


_VIEW = without_gradient("view", lambda x, dtype: np.asarray(x, order="C").view(dtype), _view_rule)


@op
def view(x: TensorLike, dtype: Any = None) -> Tensor:
    """Read the same bytes as another dtype; no gradient flows through.

    Args:
        x: tensor.
        dtype: dtype; where it is narrower or wider, the last axis grows or shrinks.
    """
    x = as_tensor(x)
    if dtype is None:
        return cast(x, x.array.dtype)
    return _VIEW(x, dtype=to_np_dtype(dtype))


@op
def copy(x: TensorLike) -> Tensor:
    """Return a tensor of the same values."""
    return as_tensor(np.array(x) if type(x) is np.ndarray else x)
