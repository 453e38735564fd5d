"""Order statistics, averages and correlations, and reductions that leave NaN out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor, without_gradient
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import result_type
from minikeras.ops.comparison import equal, isnan, logical_not
from minikeras.ops.core import cast
from minikeras.ops.creation import ones_like
from minikeras.ops.elementwise import divide, maximum, multiply, sqrt
from minikeras.ops.families import (
    CONVERT,
    as_floating,
    np_shape,
    operand_kind,
    promote,
    same_shape,
)
from minikeras.ops.indexing import diagonal, get_item, take_along_axis, where
from minikeras.ops.products import matmul
from minikeras.ops.reductions import (
    all,
    argmax,
    argmin,
    check_axis,
    float_dtype,
    max,
    mean,
    min,
    normalize_axes,
    prod,
    reduced_shape,
    sum,
)
from minikeras.ops.shapes import expand_dims, moveaxis, reshape, transpose
from minikeras.ops.sorting import sort
from minikeras.ops.symbolic import TensorLike, op

# Quantiles.

_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def _places(ordered: np.ndarray, q: np.ndarray, method: str, skip_nan: bool) -> tuple:
    """Return between which of the sorted elements quantiles lie, how far, and where there is none."""
    nans = np.count_nonzero(np.isnan(ordered), axis=-1)[..., None]
    n = ordered.shape[-1] - nans if skip_nan else np.full(nans.shape, ordered.shape[-1])
    bad = (n == 0) if skip_nan else (nans > 0)
    place = q.ravel() * (n - 1)  # one column for each q
    low, high = np.floor(place).astype(np.int64), np.ceil(place).astype(np.int64)
    if method == "nearest":
        low = high = np.round(place).astype(np.int64)
    elif method == "lower":
        high = low
    elif method == "higher":
        low = high
    weight = (place - np.floor(place)) if method == "linear" else 0.5 * (high != low)
    low, high = np.where(bad, 0, low), np.where(bad, 0, high)
    return low, high, weight.astype(ordered.dtype), bad


_PLACES = without_gradient("quantile_places", _places)


def _quantile(
    name: str, x: Any, q: Any, axis: Any, method: str, keepdims: bool, skip_nan: bool
) -> Tensor:
    if method not in _METHODS:
        raise ValueError(f"{name}: `method` must be one of {_METHODS}. Received: {method!r}")
    x = as_floating(x)
    q = to_array(q).astype(np.float64)
    if q.ndim > 1:
        raise ValueError(f"{name}: `q` must be a number or a vector. Received shape {q.shape}.")
    axes = normalize_axes(axis, x.ndim, name)
    rest = [i for i in range(x.ndim) if i not in axes]
    size = math.prod([x.shape[i] for i in axes])
    rows = reshape(transpose(x, (*rest, *axes)), (*[x.shape[i] for i in rest], size))
    ordered = sort(rows, axis=-1)  # NaN comes last
    low, high, weight, bad = _PLACES(ordered, q, method=method, skip_nan=skip_nan)
    y = take_along_axis(ordered, low, axis=-1)
    if method in ("linear", "midpoint"):
        y = y * (1 - weight) + take_along_axis(ordered, high, axis=-1) * weight
    y = where(bad, float("nan"), y)
    y = moveaxis(y, -1, 0)
    shape = reduced_shape(x.shape, axis, keepdims, name)
    return reshape(y, (*q.shape, *shape))


def _quantile_rule(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> KerasTensor:
    shape = reduced_shape(np_shape(x), axis, keepdims, "quantile")
    return KerasTensor((*np_shape(q), *shape), float_dtype(x.dtype))


@op(rule=_quantile_rule)
def quantile(
    x: TensorLike, q: TensorLike, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """Return the value below which the share `q` of the elements over axes lies.

    Args:
        x: tensor.
        q: number in [0, 1], or a vector of them, which makes a first axis of the result.
        axis: axis or axes; all if None.
        method: what to take between two elements: `"linear"` interpolation, the `"lower"`,
            `"higher"` or `"nearest"` one, or the `"midpoint"`.
        keepdims: whether reduced axes stay, of size 1.

    Raises:
        ValueError: for another method.

    Example:

    >>> from minikeras import ops
    >>> ops.quantile([1.0, 2.0, 3.0, 4.0], [0.5, 1.0])
    <Tensor shape=(2,) dtype=float32 [2.5 4. ]>
    """
    return _quantile("quantile", x, q, axis, method, keepdims, False)


@op(rule=_quantile_rule)
def nanquantile(
    x: TensorLike, q: TensorLike, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """Return the quantile of the elements that are not NaN; see `quantile`."""
    return _quantile("nanquantile", x, q, axis, method, keepdims, True)


@op(rule=_quantile_rule)
def percentile(
    x: TensorLike, q: TensorLike, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """Return the value below which `q` percent of the elements over axes lie; see `quantile`."""
    return _quantile("percentile", x, to_array(q) / 100, axis, method, keepdims, False)


@op(rule=_quantile_rule)
def nanpercentile(
    x: TensorLike, q: TensorLike, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """Return the percentile of the elements that are not NaN; see `percentile`."""
    return _quantile("nanpercentile", x, to_array(q) / 100, axis, method, keepdims, True)


def _middle_rule(x: Any, axis: Any = None, keepdims: bool = False) -> KerasTensor:
    return KerasTensor(reduced_shape(x.shape, axis, keepdims, "median"), float_dtype(x.dtype))


@op(rule=_middle_rule)
def median(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the middle one of the elements over axes, or the mean of the two in the middle."""
    return _quantile("median", x, 0.5, axis, "midpoint", keepdims, False)


@op(rule=_middle_rule)
def nanmedian(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the median of the elements that are not NaN."""
    return _quantile("nanmedian", x, 0.5, axis, "midpoint", keepdims, True)


# Reductions without NaN.


def _replaced(x: Any, fill: float) -> tuple[Tensor, Tensor]:
    """Return `x` with `fill` in place of NaN, and where it was."""
    x = as_tensor(x)
    nans = isnan(x)
    return (where(nans, fill, x) if x.array.dtype.kind in "fcV" else x), nans


@op
def nansum(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Sum over axes, NaN counting as 0."""
    return sum(_replaced(x, 0.0)[0], axis=axis, keepdims=keepdims)


@op
def nanprod(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Multiply over axes, NaN counting as 1."""
    return prod(_replaced(x, 1.0)[0], axis=axis, keepdims=keepdims)


def _nan_extreme(x: Any, axis: Any, keepdims: bool, fill: float, reduce: Any) -> Tensor:
    filled, nans = _replaced(x, fill)
    y = reduce(filled, axis=axis, keepdims=keepdims)
    if filled.array.dtype.kind not in "fcV":
        return y
    return where(all(nans, axis=axis, keepdims=keepdims), float("nan"), y)


@op
def nanmax(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the largest element over axes that is not NaN; NaN if there is none."""
    return _nan_extreme(x, axis, keepdims, -float("inf"), max)


@op
def nanmin(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the smallest element over axes that is not NaN; NaN if there is none."""
    return _nan_extreme(x, axis, keepdims, float("inf"), min)


def _nan_arg(x: Any, axis: Any, keepdims: bool, fill: float, best: Any) -> Tensor:
    filled, nans = _replaced(x, fill)
    index = best(filled, axis=axis, keepdims=keepdims)
    return where(all(nans, axis=axis, keepdims=keepdims), -1, index)


@op
def nanargmax(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return the index of the largest element that is not NaN; -1 if there is none."""
    return _nan_arg(x, axis, keepdims, -float("inf"), argmax)


@op
def nanargmin(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return the index of the smallest element that is not NaN; -1 if there is none."""
    return _nan_arg(x, axis, keepdims, float("inf"), argmin)


def _nan_mean(x: Any, axis: Any, keepdims: bool) -> Tensor:
    filled, nans = _replaced(as_floating(x), 0.0)
    return _per_number(filled, nans, axis, keepdims)


def _per_number(filled: Tensor, nans: Tensor, axis: Any, keepdims: bool) -> Tensor:
    """Divide sums by how many elements were numbers."""
    total = sum(filled, axis=axis, keepdims=keepdims)
    n = sum(CONVERT(logical_not(nans), dtype=total.array.dtype), axis=axis, keepdims=keepdims)
    return where(equal(n, 0), float("nan"), divide(total, maximum(n, 1)))


@op
def nanmean(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Average over axes the elements that are not NaN; NaN if there are none."""
    return _nan_mean(x, axis, keepdims)


@op
def nanvar(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Compute the variance over axes of the elements that are not NaN."""
    x = as_floating(x)
    filled, nans = _replaced(x, 0.0)
    centered = where(nans, 0.0, filled - _nan_mean(x, axis, True))
    return _per_number(centered * centered, nans, axis, keepdims)


@op
def nanstd(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Compute the standard deviation over axes of the elements that are not NaN."""
    return sqrt(nanvar(x, axis=axis, keepdims=keepdims))


# Averages and correlations.


@op
def average(x: TensorLike, axis: int | None = None, weights: TensorLike | None = None) -> Tensor:
    """Average over an axis, with weights.

    Args:
        x: tensor.
        axis: axis; all if None.
        weights: weight of each element, of the shape of `x`, or a vector along `axis`.

    Raises:
        ValueError: if the weights have neither shape.
    """
    if weights is None:
        return mean(x, axis=axis)
    x, weights = promote(x, weights, floating=True)
    axis = check_axis(x, axis, "average")
    if not same_shape(weights.shape, x.shape):
        if not isinstance(axis, int) or not same_shape(weights.shape, (x.shape[axis],)):
            raise ValueError(
                "average: `weights` must have the shape of `x`, or be a vector along `axis`. "
                f"Received: x.shape={x.shape}, weights.shape={weights.shape}, axis={axis}"
            )
        weights = reshape(weights, [-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])
    total = sum(multiply(weights, ones_like(x)), axis=axis)
    return divide(sum(multiply(x, weights), axis=axis), total)


@op
def corrcoef(x: TensorLike) -> Tensor:
    """Return the correlation of each row (variable) with each other one.

    Args:
        x: one row a variable, one column an observation; a vector is one variable.

    Returns:
        Matrix with ones on its diagonal; a scalar for a vector.

    Raises:
        ValueError: if `x` has more than two axes.
    """
    x = as_floating(x)
    if x.ndim > 2:
        raise ValueError(f"corrcoef: the input must have two axes. Received shape {x.shape}.")
    rows = reshape(x, (1, -1)) if x.ndim < 2 else x
    centered = rows - mean(rows, axis=1, keepdims=True)
    covariance = matmul(centered, transpose(centered))
    deviation = sqrt(diagonal(covariance))
    y = covariance / expand_dims(deviation, 1) / expand_dims(deviation, 0)
    return get_item(y, (0, 0)) if x.ndim < 2 else y


def _correlation_dtype(x1: Any, x2: Any) -> str:
    dtype = result_type(operand_kind(x1), operand_kind(x2))
    return result_type(dtype, float) if "int" in dtype or dtype == "bool" else dtype


def _correlate_rule(x1: Any, x2: Any, mode: str = "valid") -> KerasTensor:
    (n,), (m,) = np_shape(x1), np_shape(x2)
    size = None
    if n is not None and m is not None:
        overlap, longest = n + m - 1, (n, m)[n < m]
        size = {"full": overlap, "same": longest, "valid": 2 * longest - overlap}[mode]
    return KerasTensor((size,), _correlation_dtype(x1, x2))


@op(rule=_correlate_rule)
def correlate(x1: TensorLike, x2: TensorLike, mode: str = "valid") -> Tensor:
    """Sum the products of two vectors at each shift of one against the other.

    Args:
        x1: vector.
        x2: vector.
        mode: `"valid"` for shifts of full overlap, `"full"` for all, `"same"` for as many as the
            longer one has elements.

    Raises:
        ValueError: if they are no vectors, or for another mode.
    """
    dtype = _correlation_dtype(x1, x2)
    x1, x2 = cast(x1, dtype), cast(x2, dtype)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(
            f"correlate: both inputs must be vectors. Received shapes {x1.shape} and {x2.shape}."
        )
    n, m = x1.shape[0], x2.shape[0]
    if mode not in ("valid", "same", "full"):
        raise ValueError(
            f"correlate: `mode` must be 'valid', 'same' or 'full'. Received: mode={mode!r}"
        )
    # All shifts, from -(m - 1) to n - 1, as rows of indices into x1; outside it is zero.
    shifts = np.arange(-(m - 1), n)
    if mode == "valid":
        shifts = np.arange(0, n - m + 1) if n >= m else np.arange(n - m, 1)
    elif mode == "same":
        longest, everything = (n, m)[n < m], n + m - 1
        first = (everything - longest) // 2
        if m > n:
            first = everything - longest - first
        shifts = shifts[first : first + longest]
    index = shifts[:, None] + np.arange(m)
    inside = (index >= 0) & (index < n)
    windows = get_item(x1, np.where(inside, index, 0)) * inside
    return matmul(windows, x2)
