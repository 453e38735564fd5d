"""Sums, means, extremes and what else takes axes away."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor, elementary, without_gradient
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import axis_within
from minikeras.common.dtypes import floatx_dtype, np_dtype, standardize_dtype
from minikeras.kernels.sums import add_reduce
from minikeras.ops.core import cast
from minikeras.ops.elementwise import maximum, minimum, sqrt
from minikeras.ops.families import CONVERT, as_floating
from minikeras.ops.symbolic import TensorLike, op


def normalize_axes(axis: Any, ndim: int, name: str) -> tuple[int, ...]:
    """Return `axis` (a number, several, or None for all) as a tuple of non-negative axes.

    Raises:
        ValueError: if one is out of bounds.
    """
    axes = range(ndim) if axis is None else (axis,) if isinstance(axis, (int, np.integer)) else axis
    return tuple([axis_within(a, ndim, name) for a in axes])


def reduced_shape(shape: tuple, axis: Any, keepdims: bool, name: str) -> tuple:
    """Return the shape that a reduction leaves."""
    axes = normalize_axes(axis, len(shape), name)
    if keepdims:
        return tuple(1 if i in axes else d for i, d in enumerate(shape))
    return tuple(d for i, d in enumerate(shape) if i not in axes)


def reduced(dtype: Any = None) -> Any:
    """Return the shape rule of a reduction's primitive, whose results have `dtype`, else the input's."""

    def rule(x: Any, axis: Any = None, keepdims: bool = False) -> KerasTensor:
        return KerasTensor(reduced_shape(x.shape, axis, keepdims, "reduction"), dtype or x.dtype)

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


def _mean(x: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    dtype = x.dtype
    if dtype.itemsize == 2:  # more bits for the sum, which may be larger than the mean can be
        return _mean(x.astype(np.float32), axis, keepdims).astype(dtype)
    total = add_reduce(x, axis, keepdims)
    return total / (x.size // total.size if total.size else 1)


SUM = elementary(
    "sum",
    add_reduce,
    lambda g, shape, axis, keepdims: np.broadcast_to(expand(g, shape, axis, keepdims), shape),
    rule=reduced(),
)
_MEAN = elementary(
    "mean",
    _mean,
    lambda g, shape, y, axis, keepdims: np.broadcast_to(
        expand(g, shape, axis, keepdims) * (y.size / _most(int(np.prod(shape)), 1)), shape
    ),
    rule=reduced(),
)


def _extreme_vjp(g: Any, x: Any, y: Any, axis: Any, keepdims: bool) -> Any:
    """Share the gradient among all places that hold the extreme."""
    shape = x.shape
    mask = np.asarray(x == expand(y, shape, axis, keepdims)).astype(g.dtype)
    count = np.sum(mask, axis=axis, keepdims=True)
    return expand(g, shape, axis, keepdims) * (mask / count)


MAX = elementary("max", np.maximum.reduce, _extreme_vjp, rule=reduced())
MIN = elementary("min", np.minimum.reduce, _extreme_vjp, rule=reduced())


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
    lambda x, axis, keepdims: np.multiply.reduce(x, axis=axis, keepdims=keepdims, dtype=x.dtype),
    lambda g, x, axis, keepdims: expand(g, x.shape, axis, keepdims) * _product_of_others(x, axis),
    rule=reduced(),
)


def _variance(x: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    if x.dtype.itemsize == 2:
        return _variance(x.astype(np.float32), axis, keepdims).astype(x.dtype)
    centered = np.asarray(x - _mean(x, axis, True))
    if x.dtype.kind == "c":
        return _mean(np.square(centered.real) + np.square(centered.imag), axis, keepdims)
    return _mean(np.square(centered, centered), axis, keepdims)


_VAR = elementary(
    "var",
    _variance,
    lambda g, x, y, axis, keepdims: (
        expand(g, x.shape, axis, keepdims)
        * (x - (mean(x, axis, True) if isinstance(x, Tensor) else _mean(x, axis, True)))
        * (2 * y.size / _most(x.size, 1))
    ),
    rule=reduced(),
)


_ANY = without_gradient("any", np.logical_or.reduce, reduced("bool"))
_ALL = without_gradient("all", np.logical_and.reduce, reduced("bool"))
ARGMAX = without_gradient(
    "argmax",
    lambda x, axis, keepdims: x.argmax(axis, keepdims=keepdims).astype(np.int32),
    reduced("int32"),
)
ARGMIN = without_gradient(
    "argmin",
    lambda x, axis, keepdims: x.argmin(axis, keepdims=keepdims).astype(np.int32),
    reduced("int32"),
)
COUNT_NONZERO = without_gradient(
    "count_nonzero",
    lambda x, axis: np.asarray(np.count_nonzero(x, axis)).astype(np.int32),
    reduced("int32"),
)


@op
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
        x = CONVERT(x, dtype=sum_dtype(x.array.dtype))
    return SUM(x, axis=check_axis(x, axis, "sum"), keepdims=keepdims)


@op
def mean(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Average over axes (over all if `axis` is None)."""
    x = as_floating(x)
    return _MEAN(x, axis=check_axis(x, axis, "mean"), keepdims=keepdims)


@op
def var(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Compute the variance over axes (biased: divided by the number of elements)."""
    x = as_floating(x)
    return _VAR(x, axis=check_axis(x, axis, "var"), keepdims=keepdims)


@op
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


@op
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


@op
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


@op
def amax(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the largest element over axes; ties share the gradient."""
    return _extreme("amax", MAX, maximum, x, axis, keepdims, None)


@op
def amin(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the smallest element over axes; ties share the gradient."""
    return _extreme("amin", MIN, minimum, x, axis, keepdims, None)


@op
def ptp(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the largest less the smallest element over axes."""
    return max(x, axis=axis, keepdims=keepdims) - min(x, axis=axis, keepdims=keepdims)


@op
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


@op
def any(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return whether any element over axes is true (not zero)."""
    if type(x) is not Tensor:
        x = as_tensor(x)
    axis = check_axis(x, axis, "any")
    return _ANY(x, axis=axis, keepdims=keepdims)


@op
def all(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return whether all elements over axes are true (not zero)."""
    if type(x) is not Tensor:
        x = as_tensor(x)
    axis = check_axis(x, axis, "all")
    return _ALL(x, axis=axis, keepdims=keepdims)


@op
def argmax(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return the index of the largest element along `axis` (of the flat tensor if None)."""
    if type(x) is not Tensor:
        x = as_tensor(x)
    check_axis(x, axis, "argmax")
    return ARGMAX(x, axis=axis, keepdims=keepdims)


@op
def argmin(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return the index of the smallest element along `axis` (of the flat tensor if None)."""
    if type(x) is not Tensor:
        x = as_tensor(x)
    check_axis(x, axis, "argmin")
    return ARGMIN(x, axis=axis, keepdims=keepdims)


@op
def count_nonzero(x: TensorLike, axis: Any = None) -> Tensor:
    """Count the elements that are not zero over axes."""
    x = as_tensor(x)
    axis = check_axis(x, axis, "count_nonzero")
    return COUNT_NONZERO(x, axis=axis)
