"""Sums, means, extremes and what else takes axes away."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor, elementary
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import floatx_dtype, np_dtype
from minikeras.ops.families import np_shape
from minikeras.ops.symbolic import op


def _axes(axis: Any, ndim: int, name: str) -> tuple[int, ...]:
    """Return `axis` as a tuple of non-negative axes."""
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
    axes = _axes(axis, len(shape), name)
    if keepdims:
        return tuple(1 if i in axes else d for i, d in enumerate(shape))
    return tuple(d for i, d in enumerate(shape) if i not in axes)


def _rule(name: str, dtype: Any = None) -> Any:
    def rule(x: Any, axis: Any = None, keepdims: bool = False, **_: Any) -> KerasTensor:
        shape = reduced_shape(np_shape(x), axis, keepdims, name)
        return KerasTensor(shape, dtype(x.dtype) if callable(dtype) else dtype or x.dtype)

    return rule


def _float_dtype(dtype: Any) -> Any:
    return dtype if np_dtype(str(dtype)).kind in "fcV" else floatx_dtype()


def _sum_dtype(dtype: Any) -> Any:
    return {"bool": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32",
            "uint16": "uint32"}.get(str(dtype), dtype)  # fmt: skip


def expand(g: Any, shape: tuple, axis: Any, keepdims: bool) -> Any:
    """Give a reduced gradient its axes back, of size 1."""
    if keepdims or not shape:
        return g
    axes = _axes(axis, len(shape), "sum")
    return np.reshape(g, [1 if i in axes else d for i, d in enumerate(shape)])


_SUM = elementary(
    "sum",
    lambda x, axis, keepdims: np.add.reduce(x, axis=axis, keepdims=keepdims),
    lambda g, shape, axis, keepdims: np.broadcast_to(expand(g, shape, axis, keepdims), shape),
)


def _mean(x: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    return np.mean(x, axis=axis, keepdims=keepdims, dtype=x.dtype)


_MEAN = elementary(
    "mean",
    _mean,
    lambda g, shape, y, axis, keepdims: np.broadcast_to(
        expand(g, shape, axis, keepdims) * (y.size / max(int(np.prod(shape)), 1)), shape
    ),
)


def _extreme_vjp(g: Any, x: Any, y: Any, axis: Any, keepdims: bool) -> Any:
    """Share the gradient among all places that hold the extreme."""
    shape = x.shape
    mask = np.asarray(x == expand(y, shape, axis, keepdims)).astype(g.dtype)
    count = np.sum(mask, axis=axis, keepdims=True)
    if count.ndim != mask.ndim:
        count = np.reshape(count, [1] * mask.ndim)
    return expand(g, shape, axis, keepdims) * (mask / count)


_MAX = elementary(
    "max", lambda x, axis, keepdims: np.max(x, axis=axis, keepdims=keepdims), _extreme_vjp
)
_MIN = elementary(
    "min", lambda x, axis, keepdims: np.min(x, axis=axis, keepdims=keepdims), _extreme_vjp
)


def _product_of_others(x: np.ndarray, axis: Any) -> np.ndarray:
    """Product over `axis` of all elements but each one, without dividing (zeros are fine)."""
    axes = _axes(axis, x.ndim, "prod")
    keep = [i for i in range(x.ndim) if i not in axes]
    moved = np.transpose(x, keep + list(axes))
    flat = moved.reshape(*moved.shape[: len(keep)], -1)
    one = np.ones_like(flat[..., :1])
    before = np.cumprod(np.concatenate([one, flat[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([one, flat[..., :0:-1]], -1), -1)[..., ::-1]
    return np.transpose((before * after).reshape(moved.shape), np.argsort(keep + list(axes)))


_PROD = elementary(
    "prod",
    lambda x, axis, keepdims: np.multiply.reduce(x, axis=axis, keepdims=keepdims),
    lambda g, x, axis, keepdims: expand(g, x.shape, axis, keepdims)
    * _product_of_others(np.asarray(x), axis),
)


def _variance(x: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    return np.var(x, axis=axis, keepdims=keepdims, dtype=x.dtype)


_VAR = elementary(
    "var",
    _variance,
    lambda g, x, y, axis, keepdims: expand(g, x.shape, axis, keepdims)
    * (x - np.mean(x, axis=_tuple(axis), keepdims=True))
    * (2 * y.size / max(x.size, 1)),
)


def _tuple(axis: Any) -> Any:
    return axis if axis is None or isinstance(axis, int) else tuple(axis)


def _float(x: Any) -> Tensor:
    x = as_tensor(x)
    return x if x._value.dtype.kind in "fcV" else Tensor(x._value.astype(floatx_dtype()))


def _check(x: Tensor, axis: Any, name: str) -> Any:
    if axis is not None:
        _axes(axis, x.ndim, name)
    return _tuple(axis)


@op(rule=_rule("sum", _sum_dtype))
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Sum over axes (over all if `axis` is None).

    Example:

    >>> from minikeras import ops
    >>> ops.sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    <Tensor shape=(2,) dtype=float32 [4. 6.]>
    """
    x = as_tensor(x)
    dtype = _sum_dtype(x.dtype)
    if dtype is not x.dtype:
        x = Tensor(x._value.astype(dtype))
    return _SUM(x, axis=_check(x, axis, "sum"), keepdims=keepdims)


@op(rule=_rule("mean", _float_dtype))
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Average over axes (over all if `axis` is None)."""
    x = _float(x)
    return _MEAN(x, axis=_check(x, axis, "mean"), keepdims=keepdims)


@op(rule=_rule("var", _float_dtype))
def var(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Compute the variance over axes (biased: divided by the number of elements)."""
    x = _float(x)
    return _VAR(x, axis=_check(x, axis, "var"), keepdims=keepdims)


@op(rule=_rule("std", _float_dtype))
def std(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Compute the standard deviation over axes."""
    from minikeras.ops.elementwise import sqrt

    return sqrt(var(x, axis=axis, keepdims=keepdims))


def _nonempty(x: Tensor, axis: Any, initial: Any, name: str) -> None:
    if initial is None and 0 in [x.shape[a] for a in _axes(axis, x.ndim, name)]:
        raise ValueError(f"{name}: zero-size reduction of shape {x.shape} without `initial`.")


def _extreme(name: str, primitive: Any, other: str) -> Any:
    def extreme(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
        x = as_tensor(x)
        _nonempty(x, axis, initial, name)
        if initial is not None:
            from minikeras.ops import elementwise

            fill = np.broadcast_to(
                np.asarray(initial, x._value.dtype),
                reduced_shape(x.shape, axis, keepdims, name),
            )
            if x.size == 0:
                return Tensor(fill)
            y = primitive(x, axis=_check(x, axis, name), keepdims=keepdims)
            return getattr(elementwise, other)(y, Tensor(fill))
        return primitive(x, axis=_check(x, axis, name), keepdims=keepdims)

    return extreme


_max, _min = _extreme("max", _MAX, "maximum"), _extreme("min", _MIN, "minimum")


@op(rule=_rule("max"))
def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Return the largest element over axes; ties share the gradient."""
    return _max(x, axis, keepdims, initial)


@op(rule=_rule("min"))
def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Return the smallest element over axes; ties share the gradient."""
    return _min(x, axis, keepdims, initial)


@op(rule=_rule("prod", _sum_dtype))
def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """Multiply over axes (over all if `axis` is None)."""
    x = as_tensor(x)
    dtype = np_dtype(str(dtype or _sum_dtype(x.dtype)))
    if dtype != x._value.dtype:
        x = Tensor(x._value.astype(dtype), None) if x._node is None else x
    return _PROD(x, axis=_check(x, axis, "prod"), keepdims=keepdims)


@op(rule=_rule("any", "bool"))
def any(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return whether any element over axes is true."""
    return Tensor(np.any(as_tensor(x)._value, axis=_tuple(axis), keepdims=keepdims))


@op(rule=_rule("all", "bool"))
def all(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return whether all elements over axes are true."""
    return Tensor(np.all(as_tensor(x)._value, axis=_tuple(axis), keepdims=keepdims))


@op(rule=_rule("argmax", "int32"))
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return the index of the largest element along `axis` (of the flat tensor if None)."""
    x = as_tensor(x)._value
    return Tensor(np.asarray(np.argmax(x, axis=axis, keepdims=keepdims)).astype(np.int32))


@op(rule=_rule("argmin", "int32"))
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return the index of the smallest element along `axis` (of the flat tensor if None)."""
    x = as_tensor(x)._value
    return Tensor(np.asarray(np.argmin(x, axis=axis, keepdims=keepdims)).astype(np.int32))


@op(rule=_rule("count_nonzero", "int32"))
def count_nonzero(x: Any, axis: Any = None) -> Tensor:
    """Count the elements that are not zero over axes."""
    return Tensor(np.asarray(np.count_nonzero(as_tensor(x)._value, _tuple(axis)), np.int32))


def _logsumexp(x: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    y = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return y if keepdims else y.reshape(reduced_shape(x.shape, axis, False, "logsumexp"))


_LOGSUMEXP = elementary(
    "logsumexp",
    _logsumexp,
    lambda g, x, y, axis, keepdims: expand(g, x.shape, axis, keepdims)
    * np.exp(x - expand(y, x.shape, axis, keepdims)),
)


@op(rule=_rule("logsumexp", _float_dtype))
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Compute `log(sum(exp(x)))` over axes without overflow."""
    x = _float(x)
    return _LOGSUMEXP(x, axis=_check(x, axis, "logsumexp"), keepdims=keepdims)


def _flip_cumsum(g: Any, axis: Any, shape: tuple) -> Any:
    if axis is None:
        return np.reshape(np.flip(np.cumsum(np.flip(g, 0), axis=0), 0), shape)
    return np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis)


_CUMSUM = elementary(
    "cumsum", lambda x, axis: np.cumsum(x, axis=axis, dtype=x.dtype), lambda g, axis, shape: _flip_cumsum(g, axis, shape)
)  # fmt: skip


@op
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Sum along `axis` cumulatively (over the flat tensor if None)."""
    from minikeras.ops.core import cast

    x = as_tensor(x)
    dtype = dtype or ("int32" if x.dtype == bool else x.dtype)
    return _CUMSUM(cast(x, dtype), axis=axis)
