"""Sums, means and their like, along axes."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.common.settings import settings
from minikeras.compat.keras_backend.calls import backend
from minikeras.compat.keras_backend.elementwise import floating, tensor


def _numbers(x: Any) -> Any:
    """Return a tensor, booleans as the default float."""
    x = tensor(x)
    return ops.cast(x, settings.floatx) if str(x.dtype) == "bool" else x


def _kept(y: Any, x: Any) -> Any:
    """Return a result in the dtype of what it was computed from."""
    return y if str(y.dtype) == str(x.dtype) else ops.cast(y, str(x.dtype))


@backend
def max(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the greatest element along axes."""
    return ops.max(tensor(x), axis=axis, keepdims=keepdims)


@backend
def min(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the least element along axes."""
    return ops.min(tensor(x), axis=axis, keepdims=keepdims)


@backend
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the sum along axes, in the dtype of `x`."""
    x = _numbers(x)
    return _kept(ops.sum(x, axis=axis, keepdims=keepdims), x)


@backend
def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the product along axes, in the dtype of `x`."""
    x = tensor(x)
    return _kept(ops.prod(x, axis=axis, keepdims=keepdims), x)


@backend
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the mean along axes, in the dtype of `x`, of booleans as the default float."""
    x = _numbers(x)
    return _kept(ops.mean(x, axis=axis, keepdims=keepdims), x)


@backend
def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the variance along axes, around the mean of all."""
    return ops.var(floating(x), axis=axis, keepdims=keepdims)


@backend
def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the standard deviation along axes."""
    return ops.sqrt(ops.var(floating(x), axis=axis, keepdims=keepdims))


@backend
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the logarithm of the sum of exponentials along axes."""
    return ops.logsumexp(x, axis=axis, keepdims=keepdims)


@backend
def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return whether some element is not 0 along axes."""
    return ops.any(ops.cast(tensor(x), "bool"), axis=axis, keepdims=keepdims)


@backend
def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return whether no element is 0 along axes."""
    return ops.all(ops.cast(tensor(x), "bool"), axis=axis, keepdims=keepdims)


@backend
def argmax(x: Any, axis: int = -1) -> Any:
    """Return where the greatest element is along an axis, as int64."""
    return ops.cast(ops.argmax(x, axis=axis), "int64")


@backend
def argmin(x: Any, axis: int = -1) -> Any:
    """Return where the least element is along an axis, as int64."""
    return ops.cast(ops.argmin(x, axis=axis), "int64")


@backend
def cumsum(x: Any, axis: int = 0) -> Any:
    """Return sums of all elements so far along an axis."""
    return ops.cumsum(x, axis=axis)


@backend
def cumprod(x: Any, axis: int = 0) -> Any:
    """Return products of all elements so far along an axis."""
    return ops.cumprod(x, axis=axis)


@backend
def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Return for each example whether its class is among the `k` most probable ones."""
    return ops.in_top_k(targets, predictions, k)
