"""`keras.ops.numpy`: NumPy's functions on tensors, and those of them that are composed of others."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.primitive import as_tensor, elementary
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import result_type, to_np_dtype
from minikeras.ops.creation import *  # noqa: F403
from minikeras.ops.elementwise import *  # noqa: F403
from minikeras.ops.families import _kind
from minikeras.ops.linalg import dot, einsum, inner, matmul, outer, tensordot, vdot  # noqa: F401
from minikeras.ops.reductions import (  # noqa: F401
    all,
    any,
    argmax,
    argmin,
    count_nonzero,
    cumsum,
    max,
    mean,
    min,
    prod,
    std,
    sum,
    var,
)
from minikeras.ops.shapes import *  # noqa: F403
from minikeras.ops.symbolic import op

_CLIP = elementary(
    "clip",
    lambda x, low, high: np.minimum(np.maximum(x, low), high),
    lambda g, x, low, high: g * ((x >= low) & (x <= high)),
)


@op
def clip(x: Any, x_min: Any, x_max: Any) -> Tensor:
    """Limit values to `[x_min, x_max]`; the gradient is zero where they were cut."""
    low, high = to_array(x_min), to_array(x_max)
    x = as_tensor(x)
    kinds = [x.dtype] + [_kind(v) for v in (x_min, x_max)]
    dtype = to_np_dtype(result_type(*["int32" if str(k) == "bool" else k for k in kinds]))
    if x._value.dtype != dtype:
        from minikeras.ops.core import cast

        x = cast(x, dtype)
    if low.ndim or high.ndim:
        from minikeras.ops.elementwise import maximum, minimum

        return minimum(maximum(x, Tensor(low.astype(dtype))), Tensor(high.astype(dtype)))
    return _CLIP(x, low=low.astype(dtype), high=high.astype(dtype))


@op
def sort(x: Any, axis: int = -1) -> Tensor:
    """Sort along `axis`."""
    from minikeras.ops.shapes import take_along_axis

    x = as_tensor(x)
    return take_along_axis(x, np.argsort(x._value, axis=axis, kind="stable"), axis=axis)


@op
def argsort(x: Any, axis: int = -1) -> Tensor:
    """Return the indices that sort along `axis`."""
    return Tensor(np.argsort(to_array(x), axis=axis, kind="stable").astype(np.int32))


_ROUND = elementary(
    "round", lambda x, decimals: np.round(x, decimals), lambda g, shape: np.zeros(shape, g.dtype)
)


@op
def round(x: Any, decimals: int = 0) -> Tensor:
    """Round to a number of decimals."""
    return _ROUND(as_tensor(x), decimals=decimals)


def absolute(x: Any) -> Tensor:
    """Compute the absolute value."""
    from minikeras.ops.elementwise import abs

    return abs(x)


def true_divide(x1: Any, x2: Any) -> Tensor:
    """Divide `x1` by `x2`."""
    from minikeras.ops.elementwise import divide

    return divide(x1, x2)


_DIAGONAL = elementary(
    "diagonal",
    lambda x, offset, axis1, axis2: np.diagonal(x, offset, axis1, axis2),
    lambda g, shape, offset, axis1, axis2: _undiagonal(g, shape, offset, axis1, axis2),
)


def _undiagonal(g: Any, shape: tuple, offset: int, axis1: int, axis2: int) -> Any:
    d = np.zeros(shape, g.dtype)
    view = np.moveaxis(d, (axis1, axis2), (-2, -1))
    n = g.shape[-1]
    rows = np.arange(n) + (-offset if offset < 0 else 0)
    cols = np.arange(n) + (offset if offset > 0 else 0)
    view[..., rows, cols] = np.asarray(g)
    return d


@op
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return the diagonals of matrices along two axes."""
    return _DIAGONAL(as_tensor(x), offset=offset, axis1=axis1, axis2=axis2)


@op
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Sum the diagonals of matrices along two axes."""
    from minikeras.ops.reductions import sum

    return sum(diagonal(x, offset, axis1, axis2), axis=-1)


@op
def diag(x: Any, k: int = 0) -> Tensor:
    """Put a vector on a diagonal, or take the diagonal of a matrix."""
    from minikeras.ops.core import scatter

    x = as_tensor(x)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ValueError(f"diag: the input needs one or two axes. Received shape {x.shape}.")
    n = x.shape[0] + np.abs(k)
    at = np.arange(x.shape[0])
    rows, cols = at + (-k if k < 0 else 0), at + (k if k > 0 else 0)
    return scatter(np.stack([rows, cols], -1), x, (int(n), int(n)))


_TRIL = elementary("tril", lambda x, k: np.tril(x, k), lambda g, k: np.tril(g, k))
_TRIU = elementary("triu", lambda x, k: np.triu(x, k), lambda g, k: np.triu(g, k))


@op
def tril(x: Any, k: int = 0) -> Tensor:
    """Set everything above the k-th diagonal to zero."""
    return _TRIL(as_tensor(x), k=k)


@op
def triu(x: Any, k: int = 0) -> Tensor:
    """Set everything below the k-th diagonal to zero."""
    return _TRIU(as_tensor(x), k=k)
