"""Inverses, solutions, determinants and norms of (batches of) matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import elementary, unbroadcast, without_gradient
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import finfo, result_type
from minikeras.kernels import linalg
from minikeras.ops.comparison import not_equal
from minikeras.ops.elementwise import abs, power, sqrt, square
from minikeras.ops.factorizations import (
    INV,
    LAPACK_NARROW,
    inverse,
    matrices,
    svd,
    transposed,
)
from minikeras.ops.families import CONVERT, as_floating, np_shape, operand_kind, promote
from minikeras.ops.indexing import tril, triu
from minikeras.ops.products import matmul
from minikeras.ops.reductions import max, min, normalize_axes, reduced_shape, sum
from minikeras.ops.shapes import expand_dims, moveaxis, reshape, squeeze
from minikeras.ops.symbolic import TensorLike, op

# Inverses and solutions.


@op
def inv(x: TensorLike) -> Tensor:
    """Invert square matrices.

    Raises:
        LinAlgError: if one is singular.
    """
    return INV(matrices(x, "inv", square=True))


def _solve(a: Any, b: Any) -> Any:
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        return _SOLVE(a, b)
    return linalg.solve(a, b)


_SOLVE = elementary(
    "solve",
    _solve,
    lambda g, a, y: unbroadcast(-np.matmul(_solve(transposed(a), g), transposed(y)), a.shape),
    lambda g, a, b: unbroadcast(_solve(transposed(a), g), b.shape),
    inputs=("a", "b"),
    rule=lambda a, b: KerasTensor(b.shape, b.dtype),
    narrow=LAPACK_NARROW,
)


def _solved(a: Any, b: Any, name: str, part: Any = None) -> Tensor:
    a, b = promote(a, b, floating=True)
    a = matrices(a, name, square=True)
    if part is not None:
        a = part(a)
    vectors = b.ndim == a.ndim - 1
    if vectors:
        b = expand_dims(b, -1)
    if b.ndim < 2 or (b.shape[-2] != a.shape[-1] and None not in (b.shape[-2], a.shape[-1])):
        raise ValueError(f"{name}: shapes {a.shape} and {b.shape} of `a` and `b` do not fit.")
    y = _SOLVE(a, b)
    return squeeze(y, -1) if vectors else y


@op
def solve(a: TensorLike, b: TensorLike) -> Tensor:
    """Solve `a @ x = b`.

    Args:
        a: square matrices, `(..., n, n)`.
        b: right sides, `(..., n, k)`, or vectors `(..., n)`.

    Returns:
        Tensor of the shape of `b`.

    Raises:
        LinAlgError: if a matrix is singular.
    """
    return _solved(a, b, "solve")


@op
def solve_triangular(a: TensorLike, b: TensorLike, lower: bool = False) -> Tensor:
    """Solve `a @ x = b` with the upper (or lower) triangle of `a`; see `solve`."""
    return _solved(a, b, "solve_triangular", tril if lower else triu)


# For x with pseudo-inverse p: dp = -p dx p + p p' dx' (1 - x p) + (1 - p x) dx' p' p.
def _pinv_vjp(g: Any, x: Any, y: Any) -> Any:
    gt, yt = transposed(g), transposed(y)
    rows = np.eye(x.shape[-2], dtype=x.dtype) - np.matmul(x, y)
    columns = np.eye(x.shape[-1], dtype=x.dtype) - np.matmul(y, x)
    d = -np.matmul(np.matmul(yt, g), yt)
    d = d + np.matmul(np.matmul(np.matmul(rows, gt), y), yt)
    return d + np.matmul(np.matmul(np.matmul(yt, y), gt), columns)


def _rcond(x: np.ndarray, rcond: Any) -> Any:
    if rcond is not None:
        return rcond
    return 10.0 * np.max(x.shape[-2:]) * finfo(x.dtype).eps


_PINV = elementary(
    "pinv",
    lambda x, rcond: linalg.pinv(x, _rcond(x, rcond)),
    _pinv_vjp,
    rule=lambda x, rcond: KerasTensor((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype),
    narrow=LAPACK_NARROW,
)


@op
def pinv(x: TensorLike, rcond: float | None = None) -> Tensor:
    """Return the Moore-Penrose pseudo-inverse of matrices.

    Args:
        x: matrices, `(..., m, n)`.
        rcond: singular values below this share of the largest count as zero.

    Returns:
        Tensor of shape `(..., n, m)`.
    """
    x = matrices(x, "pinv")
    return _PINV(x, rcond=rcond)


def _lstsq_rule(a: Any, b: Any, rcond: Any = None) -> KerasTensor:
    dtype = result_type(operand_kind(a), operand_kind(b), float)
    return KerasTensor((a.shape[1], *np_shape(b)[1:]), dtype)


@op(rule=_lstsq_rule)
def lstsq(a: TensorLike, b: TensorLike, rcond: float | None = None) -> Tensor:
    """Return the `x` of smallest norm that brings `a @ x` nearest to `b`.

    Args:
        a: matrix, `(m, n)`.
        b: vector `(m,)` or matrix `(m, k)`.
        rcond: singular values below this share of the largest count as zero.

    Returns:
        Vector `(n,)` or matrix `(n, k)`.

    Raises:
        ValueError: if shapes do not fit.
    """
    a, b = promote(a, b, floating=True)
    a = matrices(a, "lstsq")
    if a.ndim != 2 or b.ndim not in (1, 2) or b.shape[0] != a.shape[0]:
        raise ValueError(f"lstsq: shapes {a.shape} and {b.shape} of `a` and `b` do not fit.")
    cutoff = np.max(a.shape) * finfo(a.array.dtype).eps if rcond is None else rcond
    return matmul(_PINV(a, rcond=cutoff), b)


# Determinants.


def _det_vjp(g: Any, x: Any, y: Any) -> Any:
    """Multiply by the cofactors, which singular matrices have too."""
    g, y = np.reshape(g, (*g.shape, 1, 1)), np.reshape(y, (*y.shape, 1, 1))
    if isinstance(g, Tensor) or isinstance(x, Tensor):
        return g * y * transposed(inverse(x))
    u, s, vt = linalg.svd(x)
    n = s.shape[-1]
    others = np.where(np.eye(n, dtype=bool), 1, s[..., None, :]).prod(-1)
    signs = (linalg.det(u) * linalg.det(vt))[..., None, None]
    return g * signs * np.matmul(u * others[..., None, :], vt)


def _one_a_matrix(x: Any) -> KerasTensor:
    return KerasTensor(x.shape[:-2], x.dtype)


_DET = elementary("det", linalg.det, _det_vjp, rule=_one_a_matrix, narrow=LAPACK_NARROW)


@op
def det(x: TensorLike) -> Tensor:
    """Return the determinants of square matrices."""
    return _DET(matrices(x, "det", square=True))


_LOG_ABS_DET = elementary(
    "log_abs_det",
    lambda x: linalg.slogdet(x)[1],
    lambda g, x: np.reshape(g, (*g.shape, 1, 1)) * transposed(inverse(x)),
    rule=_one_a_matrix,
    narrow=LAPACK_NARROW,
)


_SIGN_OF_DET = without_gradient(
    "sign_of_det", lambda x: linalg.slogdet(x)[0], _one_a_matrix, narrow=LAPACK_NARROW
)


@op
def slogdet(x: TensorLike) -> tuple[Tensor, Tensor]:
    """Return the signs of determinants, and the logarithms of their absolute values."""
    x = matrices(x, "slogdet", square=True)
    return _SIGN_OF_DET(x), _LOG_ABS_DET(x)


_MATRIX_RANK = without_gradient(
    "matrix_rank",
    lambda x, tol: np.asarray(linalg.matrix_rank(x, tol)).astype(np.int32),
    rule=lambda x, tol: KerasTensor(x.shape[:-2], "int32"),
    narrow=LAPACK_NARROW,
)


@op
def matrix_rank(x: TensorLike, tol: float | None = None) -> Tensor:
    """Return the ranks of matrices.

    Args:
        x: matrices.
        tol: singular values up to this count as zero; the largest one times `max(m, n)` times the
            float's precision if None.
    """
    return _MATRIX_RANK(matrices(x, "matrix_rank"), tol=tol)


# Norms.

_MATRIX_ORDERS = ("fro", "nuc", None, 1, -1, 2, -2, float("inf"), -float("inf"))


@op
def norm(x: TensorLike, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return norms of vectors or matrices.

    Args:
        x: tensor.
        ord: for vectors a number (2 if None; infinities for the extremes, 0 for how many are not
            zero), for matrices `"fro"` (if None), `"nuc"`, 1, 2, infinity or their negatives.
        axis: axis of vectors, or two axes of matrices. If None, all of a vector or matrix, or the
            flattened tensor.
        keepdims: whether these axes stay, of size 1.

    Raises:
        ValueError: for an order that does not exist.

    Example:

    >>> from minikeras import ops
    >>> ops.norm([3.0, 4.0])
    <Tensor shape=() dtype=float32 5.>
    """
    x = as_floating(x)
    axes = normalize_axes(axis, x.ndim, "norm")
    if ord is None:
        return sqrt(sum(square(abs(x)), axis=axes, keepdims=keepdims))
    if len(axes) == 1:
        return _vector_norm(x, ord, axes[0], keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes, keepdims)
    raise ValueError(
        f"norm: ord={ord!r} needs one axis (vectors) or two (matrices). "
        f"Received: axis={axis} and shape {x.shape}"
    )


def _vector_norm(x: Tensor, ord: Any, axis: int, keepdims: bool) -> Tensor:
    if isinstance(ord, str):
        raise ValueError(f"norm: ord={ord!r} is for matrices. Received one axis: {axis}")
    if ord == 2:
        return sqrt(sum(square(abs(x)), axis=axis, keepdims=keepdims))
    if ord == float("inf"):
        return max(abs(x), axis=axis, keepdims=keepdims)
    if ord == -float("inf"):
        return min(abs(x), axis=axis, keepdims=keepdims)
    if ord == 0:
        nonzero = CONVERT(not_equal(x, 0), dtype=abs(x).array.dtype)
        return sum(nonzero, axis=axis, keepdims=keepdims)
    if ord == 1:
        return sum(abs(x), axis=axis, keepdims=keepdims)
    return power(sum(power(abs(x), ord), axis=axis, keepdims=keepdims), 1.0 / ord)


def _matrix_norm(x: Tensor, ord: Any, axes: tuple, keepdims: bool) -> Tensor:
    if ord not in _MATRIX_ORDERS:
        raise ValueError(
            f"norm: `ord` of matrices must be one of {_MATRIX_ORDERS}. Received: ord={ord!r}"
        )
    if ord == "fro":
        return sqrt(sum(square(abs(x)), axis=axes, keepdims=keepdims))
    m = moveaxis(x, axes, (-2, -1))
    if ord in ("nuc", 2, -2):
        s = svd(m, compute_uv=False)
        y = {"nuc": sum, 2: max, -2: min}[ord](s, axis=-1)
    else:
        over = -2 if ord in (1, -1) else -1
        y = (max if ord > 0 else min)(sum(abs(m), axis=over), axis=-1)
    return reshape(y, reduced_shape(x.shape, axes, True, "norm")) if keepdims else y
