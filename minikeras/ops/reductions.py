"""Sums, means, extremes and what else takes axes away."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor, elementary
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import floatx_dtype, np_dtype, standardize_dtype
from minikeras.ops.core import cast
from minikeras.ops.elementwise import maximum, minimum, sqrt
from minikeras.ops.families import as_floating, np_shape
from minikeras.ops.symbolic import TensorLike, op


def normalize_axes(axis: Any, ndim: int, name: str) -> tuple[int, ...]:
    """Return `axis` (a number, several, or None for all) as a tuple of non-negative axes.

    Raises:
        ValueError: if one is out of bounds.
    """
    axes = range(ndim) if axis is None else (axis,) if isinstance(axis, (int, np.integer)) else axis
    out = []
    for a in axes:
        if not -ndim <= a < ndim:
            raise ValueError(
                f"{name}: axis {a} is out of bounds for a tensor with {ndim} dimensions."
            )
        out.append(int(a) % ndim)
    return tuple(out)


def reduced_shape(shape: tuple, axis: Any, keepdims: bool, name: str) -> tuple:
    """Return the shape that a reduction leaves."""
    axes = normalize_axes(axis, len(shape), name)
    if keepdims:
        return tuple(1 if i in axes else d for i, d in enumerate(shape))
    return tuple(d for i, d in enumerate(shape) if i not in axes)


def reduction_rule(name: str, dtype: Any = None) -> Any:
    """Return the shape rule of a reduction.

    Args:
        name: name of the op, for messages.
        dtype: dtype of the result, or a function of the input's; None to keep it.
    """

    def rule(x: Any, axis: Any = None, keepdims: bool = False, *_: Any, **__: Any) -> KerasTensor:
        shape = reduced_shape(np_shape(x), axis, keepdims, name)
        return KerasTensor(shape, dtype(x.dtype) if callable(dtype) else dtype or x.dtype)

    return rule


def float_dtype(dtype: Any) -> Any:
    """Return the dtype of a mean: integers become `floatx`."""
    return dtype if np_dtype(str(dtype)).kind in "fcV" else floatx_dtype()


_SUM_DTYPES = {
    np.dtype(narrow): np.dtype(wide)
    for narrow, wide in {
        "bool": "int32",
        "int8": "int32",
        "int16": "int32",
        "uint8": "uint32",
        "uint16": "uint32",
    }.items()
}


def sum_dtype(dtype: Any) -> Any:
    """Return the dtype of a sum: narrow integers become 32 bits wide."""
    dtype = np_dtype(standardize_dtype(dtype))
    return _SUM_DTYPES.get(dtype, dtype)


def check_axis(x: Tensor, axis: Any, name: str) -> Any:
    """Return `axis` as NumPy takes it.

    Raises:
        ValueError: if it is out of bounds.
    """
    if axis is None:
        return None
    if type(axis) is int:
        n = x.array.ndim
        if -n <= axis < n:
            return axis
    axes = normalize_axes(axis, x.ndim, name)
    return axes[0] if isinstance(axis, (int, np.integer)) else axes


def expand(g: Any, shape: tuple, axis: Any, keepdims: bool) -> Any:
    """Give a reduced gradient its axes back, of size 1."""
    if keepdims or not shape:
        return g
    axes = normalize_axes(axis, len(shape), "sum")
    return np.reshape(g, [1 if i in axes else d for i, d in enumerate(shape)])


_most = max  # the builtin, which an op below hides
_HALF = np.dtype("float16")


def _sum(x: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    if x.dtype is _HALF:  # summed in more bits than the result has
        return np.add.reduce(x, axis=axis, keepdims=keepdims, dtype=np.float32).astype(_HALF)
    return np.add.reduce(x, axis=axis, keepdims=keepdims)


def _mean(x: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    total = np.add.reduce(
        x, axis=axis, keepdims=keepdims, dtype=np.float32 if x.dtype is _HALF else None
    )
    mean = total / (x.size // total.size if total.size else 1)
    return mean.astype(_HALF) if x.dtype is _HALF else mean


SUM = elementary(
    "sum",
    _sum,
    lambda g, shape, axis, keepdims: np.broadcast_to(expand(g, shape, axis, keepdims), shape),
)
_MEAN = elementary(
    "mean",
    _mean,
    lambda g, shape, y, axis, keepdims: np.broadcast_to(
        expand(g, shape, axis, keepdims) * (y.size / _most(int(np.prod(shape)), 1)), shape
    ),
)


def _extreme_vjp(g: Any, x: Any, y: Any, axis: Any, keepdims: bool) -> Any:
    """Share the gradient among all places that hold the extreme."""
    shape = x.shape
    mask = np.asarray(x == expand(y, shape, axis, keepdims)).astype(g.dtype)
    count = np.sum(mask, axis=axis, keepdims=True)
    return expand(g, shape, axis, keepdims) * (mask / count)


MAX = elementary("max", np.maximum.reduce, _extreme_vjp)
MIN = elementary("min", np.minimum.reduce, _extreme_vjp)


def _product_of_others(x: Any, axis: Any) -> Any:
    """Product over `axis` of all elements but each one, without dividing (zeros are fine)."""
    axes = normalize_axes(axis, x.ndim, "prod")
    keep = [i for i in range(x.ndim) if i not in axes]
    order = keep + list(axes)
    moved = np.transpose(x, order)
    if x.size == 0:
        return x
    flat = np.reshape(moved, (*[x.shape[i] for i in keep], -1))
    one = np.ones((*flat.shape[:-1], 1), x.dtype)
    before = np.cumprod(np.concatenate([one, flat[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([one, flat[..., :0:-1]], -1), -1)[..., ::-1]
    back = tuple(int(i) for i in np.argsort(order))
    return np.transpose(np.reshape(before * after, moved.shape), back)


_PROD = elementary(
    "prod",
    lambda x, axis, keepdims: np.multiply.reduce(x, axis=axis, keepdims=keepdims),
    lambda g, x, axis, keepdims: expand(g, x.shape, axis, keepdims) * _product_of_others(x, axis),
)


def _variance(x: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    if x.dtype is _HALF:
        return np.var(x, axis=axis, keepdims=keepdims, dtype=np.float32).astype(_HALF)
    if x.dtype.kind == "c":
        return np.var(x, axis=axis, keepdims=keepdims)
    centered = x - _mean(x, axis, True)
    return _mean(np.square(centered, centered), axis, keepdims)


_VAR = elementary(
    "var",
    _variance,
    lambda g, x, y, axis, keepdims: (
        expand(g, x.shape, axis, keepdims)
        * (x - (mean(x, axis, True) if isinstance(x, Tensor) else _mean(x, axis, True)))
        * (2 * y.size / _most(x.size, 1))
    ),
)


@op(rule=reduction_rule("sum", sum_dtype))
def sum(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Sum over axes (over all if `axis` is None).

    Args:
        x: tensor; narrow integers and booleans are summed in 32 bits.
        axis: axis or axes to sum over.
        keepdims: whether these axes stay, of size 1.

    Example:

    >>> from minikeras import ops
    >>> ops.sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    <Tensor shape=(2,) dtype=float32 [4. 6.]>
    """
    if type(x) is not Tensor:
        x = as_tensor(x)
    if x.array.dtype.kind in "biu":
        x = Tensor(x.array.astype(sum_dtype(x.array.dtype)))
    return SUM(x, axis=check_axis(x, axis, "sum"), keepdims=keepdims)


@op(rule=reduction_rule("mean", float_dtype))
def mean(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Average over axes (over all if `axis` is None)."""
    x = as_floating(x)
    return _MEAN(x, axis=check_axis(x, axis, "mean"), keepdims=keepdims)


@op(rule=reduction_rule("var", float_dtype))
def var(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Compute the variance over axes (biased: divided by the number of elements)."""
    x = as_floating(x)
    return _VAR(x, axis=check_axis(x, axis, "var"), keepdims=keepdims)


@op(rule=reduction_rule("std", float_dtype))
def std(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Compute the standard deviation over axes."""
    return sqrt(var(x, axis=axis, keepdims=keepdims))


def _extreme(
    name: str, primitive: Any, either: Any, x: Any, axis: Any, keepdims: bool, initial: Any
) -> Tensor:
    if type(x) is not Tensor:
        x = as_tensor(x)
    axis = check_axis(x, axis, name)
    if x.array.size or 0 not in [x.shape[a] for a in normalize_axes(axis, x.ndim, name)]:
        y = primitive(x, axis=axis, keepdims=keepdims)
        return y if initial is None else either(y, Tensor(np.asarray(initial, x.array.dtype)))
    if initial is None:
        raise ValueError(f"{name}: zero-size reduction of shape {x.shape} without `initial`.")
    shape = reduced_shape(x.shape, axis, keepdims, name)
    return Tensor(np.full(shape, initial, x.array.dtype))


@op(rule=reduction_rule("max"))
def max(x: TensorLike, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Return the largest element over axes; ties share the gradient.

    Args:
        x: tensor.
        axis: axis or axes, all if None.
        keepdims: whether these axes stay, of size 1.
        initial: the least that the result can be; needed where there is nothing to choose from.

    Raises:
        ValueError: if an axis to reduce is empty and there is no `initial`.
    """
    return _extreme("max", MAX, maximum, x, axis, keepdims, initial)


@op(rule=reduction_rule("min"))
def min(x: TensorLike, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Return the smallest element over axes; ties share the gradient.

    Args:
        x: tensor.
        axis: axis or axes, all if None.
        keepdims: whether these axes stay, of size 1.
        initial: the most that the result can be; needed where there is nothing to choose from.

    Raises:
        ValueError: if an axis to reduce is empty and there is no `initial`.
    """
    return _extreme("min", MIN, minimum, x, axis, keepdims, initial)


@op(rule=reduction_rule("amax"))
def amax(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the largest element over axes; ties share the gradient."""
    return _extreme("amax", MAX, maximum, x, axis, keepdims, None)


@op(rule=reduction_rule("amin"))
def amin(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the smallest element over axes; ties share the gradient."""
    return _extreme("amin", MIN, minimum, x, axis, keepdims, None)


@op
def ptp(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the largest less the smallest element over axes."""
    return max(x, axis=axis, keepdims=keepdims) - min(x, axis=axis, keepdims=keepdims)


def _prod_rule(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> KerasTensor:
    shape = reduced_shape(np_shape(x), axis, keepdims, "prod")
    return KerasTensor(shape, dtype or sum_dtype(x.dtype))


@op(rule=_prod_rule)
def prod(x: TensorLike, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """Multiply over axes (over all if `axis` is None).

    Args:
        x: tensor; narrow integers and booleans are multiplied in 32 bits.
        axis: axis or axes.
        keepdims: whether these axes stay, of size 1.
        dtype: dtype to multiply in.
    """
    if type(x) is not Tensor:
        x = as_tensor(x)
    x = cast(x, sum_dtype(x.array.dtype) if dtype is None else dtype)
    return _PROD(x, axis=check_axis(x, axis, "prod"), keepdims=keepdims)


@op(rule=reduction_rule("any", "bool"))
def any(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return whether any element over axes is true (not zero)."""
    if type(x) is not Tensor:
        x = as_tensor(x)
    axis = check_axis(x, axis, "any")
    return Tensor(np.logical_or.reduce(x.array, axis=axis, keepdims=keepdims))


@op(rule=reduction_rule("all", "bool"))
def all(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return whether all elements over axes are true (not zero)."""
    if type(x) is not Tensor:
        x = as_tensor(x)
    axis = check_axis(x, axis, "all")
    return Tensor(np.logical_and.reduce(x.array, axis=axis, keepdims=keepdims))


@op(rule=reduction_rule("argmax", "int32"))
def argmax(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return the index of the largest element along `axis` (of the flat tensor if None)."""
    if type(x) is not Tensor:
        x = as_tensor(x)
    check_axis(x, axis, "argmax")
    return Tensor(x.array.argmax(axis, keepdims=keepdims).astype(np.int32))


@op(rule=reduction_rule("argmin", "int32"))
def argmin(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return the index of the smallest element along `axis` (of the flat tensor if None)."""
    if type(x) is not Tensor:
        x = as_tensor(x)
    check_axis(x, axis, "argmin")
    return Tensor(x.array.argmin(axis, keepdims=keepdims).astype(np.int32))


@op(rule=reduction_rule("count_nonzero", "int32"))
def count_nonzero(x: TensorLike, axis: Any = None) -> Tensor:
    """Count the elements that are not zero over axes."""
    x = as_tensor(x)
    axis = check_axis(x, axis, "count_nonzero")
    return Tensor(np.asarray(np.count_nonzero(x.array, axis)).astype(np.int32))
