"""Factorizations of (batches of) matrices, with gradients.

What LAPACK does is one primitive; its backward is matrix products and inverses of factors, written
so that they run on tensors too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import NotDifferentiableTwice, Primitive, elementary, same
from minikeras.autodiff.tensor import Tensor
from minikeras.kernels import linalg
from minikeras.ops.families import as_floating
from minikeras.ops.indexing import tril, triu
from minikeras.ops.products import matmul
from minikeras.ops.shapes import swapaxes
from minikeras.ops.symbolic import TensorLike, op


def transposed(x: Any) -> Any:
    """Transpose the last two axes."""
    return np.swapaxes(x, -1, -2)


def matrices(x: Any, name: str, square: bool = False) -> Tensor:
    x = as_floating(x)
    if x.ndim < 2:
        raise ValueError(f"{name}: the input needs at least two axes. Received shape {x.shape}.")
    if square and x.shape[-1] != x.shape[-2] and None not in x.shape[-2:]:
        raise ValueError(f"{name}: the input must be square matrices. Received shape {x.shape}.")
    return x


def inverse(x: Any) -> Any:
    return INV(x) if isinstance(x, Tensor) else linalg.inv(x)


LAPACK_NARROW = "eE"
"""Codes of float16 and bfloat16, which LAPACK has not: they are computed in float32."""

INV = elementary(
    "inv",
    inverse,
    lambda g, y: -np.matmul(np.matmul(transposed(y), g), transposed(y)),
    rule=same,
    narrow=LAPACK_NARROW,
)


def _half_lower(x: Any) -> Any:
    """The lower triangle, with half of the diagonal."""
    return np.tril(x, -1) + (np.tril(x) - np.tril(x, -1)) * 0.5


def _cholesky_vjp(g: Any, y: Any) -> Any:
    back = inverse(y)
    s = np.matmul(np.matmul(transposed(back), _half_lower(np.matmul(transposed(y), g))), back)
    return (s + transposed(s)) * 0.5


_CHOLESKY = elementary(
    "cholesky",
    lambda x: linalg.cholesky((x + transposed(x)) * 0.5),
    _cholesky_vjp,
    rule=same,
    narrow=LAPACK_NARROW,
)


@op
def cholesky(x: TensorLike, upper: bool = False) -> Tensor:
    """Factor symmetric positive definite matrices into `L @ L.T`.

    Args:
        x: matrices, `(..., n, n)`; their symmetric parts count.
        upper: whether to return the upper triangular `L.T` instead of the lower triangular `L`.

    Raises:
        LinAlgError: if a matrix is not positive definite.
    """
    y = _CHOLESKY(matrices(x, "cholesky", square=True))
    return swapaxes(y, -1, -2) if upper else y


@op
def cholesky_inverse(x: TensorLike, upper: bool = False) -> Tensor:
    """Return the inverse of a matrix whose Cholesky factor is given.

    Args:
        x: factors, `(..., n, n)`, of which one triangle is read.
        upper: whether it is the upper one.
    """
    x = matrices(x, "cholesky_inverse", square=True)
    back = INV(triu(x) if upper else tril(x))
    if upper:
        return matmul(back, swapaxes(back, -1, -2))
    return matmul(swapaxes(back, -1, -2), back)


class _Factors(Primitive):
    """A factorization: several results, and a backward that runs on arrays and on tensors.

    Args:
        name: name in the registry.
        forward: `forward(x, **params) -> results`.
        vjp: `vjp(gradients, results, **params)`.
        rule: shape rule.
        count: number of results.
        twice: whether there are gradients of gradients.
    """

    narrow = LAPACK_NARROW

    def __init__(
        self, name: str, forward: Any, vjp: Any, rule: Any, count: int, twice: bool = True
    ) -> None:
        def saving(x: np.ndarray, **params: Any) -> tuple:
            results = tuple([np.asarray(r) for r in forward(x, **params)])
            return results, results

        super().__init__(name, saving, None, rule, n_outputs=count)
        self.vjp = vjp
        self.twice = twice

    def backward(self, g: Any, saved: Any, needs: Any, out: Any, **params: Any) -> list:
        results = saved
        gs = [np.zeros_like(r) if d is None else d for d, r in zip(g, results)]
        used = [d is not None for d in g]
        return [self.vjp(gs, results, used, **params)]

    def backward_graph(self, g: Any, node: Any, needs: Any) -> list:
        if not self.twice:
            raise NotDifferentiableTwice(self.name)
        # Factor again where the outer tape sees it.
        results = self(node.inputs[0], **node.params)
        return self.backward(g, results, needs, None, **node.params)


def _symmetric_from_lower(m: Any) -> Any:
    return np.tril(m) + transposed(np.tril(m, -1))


def _qr_vjp(gs: Any, results: Any, used: Any, mode: str) -> Any:
    (gq, gr), (q, r) = gs, results
    n = r.shape[-1]
    k = q.shape[-1]
    if q.shape[-2] == k and k < n:  # wide: the columns beyond the square follow from q
        square, rest = r[..., :k], r[..., k:]
        x_rest = np.matmul(q, rest)
        g_rest = gr[..., k:]
        dx = _qr_vjp(
            (gq + np.matmul(x_rest, transposed(g_rest)), gr[..., :k]), (q, square), used, "reduced"
        )
        return np.concatenate([dx, np.matmul(q, g_rest)], axis=-1)
    if k > n:
        raise ValueError("qr: the gradient of mode='complete' needs matrices with m <= n.")
    m = np.matmul(r, transposed(gr)) - np.matmul(transposed(gq), q)
    return np.matmul(gq + np.matmul(q, _symmetric_from_lower(m)), transposed(inverse(r)))


def _qr_rule(x: KerasTensor, mode: str) -> tuple:
    *batch, m, n = x.shape
    k = m if mode == "complete" else None if None in (m, n) else np.minimum(m, n)
    return KerasTensor((*batch, m, k), x.dtype), KerasTensor((*batch, k, n), x.dtype)


_QR = _Factors("qr", lambda x, mode: linalg.qr(x, mode), _qr_vjp, _qr_rule, 2)


@op
def qr(x: TensorLike, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """Factor matrices into an orthogonal and an upper triangular one.

    Args:
        x: matrices, `(..., m, n)`.
        mode: `"reduced"` for factors of `(m, k)` and `(k, n)` with `k = min(m, n)`, or
            `"complete"` for `(m, m)` and `(m, n)`.

    Raises:
        ValueError: for another mode.
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr: `mode` must be 'reduced' or 'complete'. Received: mode={mode!r}")
    return _QR(matrices(x, "qr"), mode=mode)


def _gaps(w: Any) -> Any:
    """Return 1 / (w_j - w_i), 0 where they are equal."""
    d = np.expand_dims(w, -2) - np.expand_dims(w, -1)
    equal = np.asarray(d) == 0
    return np.where(equal, np.zeros_like(d), 1 / np.where(equal, np.ones_like(d), d))


def _diagonal_matrix(w: Any) -> Any:
    return np.expand_dims(w, -1) * np.eye(w.shape[-1], dtype=w.dtype)


def _svd_vjp(gs: Any, results: Any, used: Any, full_matrices: bool) -> Any:
    """Differentiate `x = u s vt` (Townsend, 2016)."""
    (gu, gs_, gvt), (u, s, vt) = gs, results
    k = s.shape[-1]
    m, n = u.shape[-2], vt.shape[-1]
    if (u.shape[-1] != k and used[0]) or (vt.shape[-2] != k and used[2]):
        raise ValueError(
            "svd: vectors beyond min(m, n), which full_matrices=True adds, have no gradient. "
            "Use full_matrices=False."
        )
    u, gu, vt, gvt = u[..., :k], gu[..., :k], vt[..., :k, :], gvt[..., :k, :]
    inner = _diagonal_matrix(gs_)
    if used[0] or used[2]:
        f = _gaps(s * s)
        ut_gu, vt_gv = np.matmul(transposed(u), gu), np.matmul(vt, transposed(gvt))
        row, column = np.expand_dims(s, -2), np.expand_dims(s, -1)
        inner = (
            inner
            + f * (ut_gu - transposed(ut_gu)) * row
            + column * (f * (vt_gv - transposed(vt_gv)))
        )
    dx = np.matmul(np.matmul(u, inner), vt)
    if used[0] and m > k:
        outside = gu - np.matmul(u, np.matmul(transposed(u), gu))
        dx = dx + np.matmul(outside / np.expand_dims(s, -2), vt)
    if used[2] and n > k:
        outside = gvt - np.matmul(np.matmul(gvt, transposed(vt)), vt)
        dx = dx + np.matmul(u, outside / np.expand_dims(s, -1))
    return dx


def _svd_rule(x: KerasTensor, full_matrices: bool) -> tuple:
    *batch, m, n = x.shape
    k = None if None in (m, n) else int(np.minimum(m, n))
    s = KerasTensor((*batch, k), x.dtype)
    u, v = ((*batch, m, m), (*batch, n, n)) if full_matrices else ((*batch, m, k), (*batch, k, n))
    return KerasTensor(u, x.dtype), s, KerasTensor(v, x.dtype)


_SVD = _Factors(
    "svd", lambda x, full_matrices: linalg.svd(x, full_matrices), _svd_vjp, _svd_rule, 3
)


@op
def svd(x: TensorLike, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Factor matrices into `u @ diag(s) @ vt` (singular value decomposition).

    Args:
        x: matrices, `(..., m, n)`.
        full_matrices: whether `u` and `vt` are square, rather than `(m, k)` and `(k, n)` with
            `k = min(m, n)`.
        compute_uv: whether to return `(u, s, vt)`, rather than `s` alone.
    """
    u, s, vt = _SVD(matrices(x, "svd"), full_matrices=full_matrices and compute_uv)
    return (u, s, vt) if compute_uv else s


def _eigh_vjp(gs: Any, results: Any, used: Any) -> Any:
    (gw, gv), (w, v) = gs, results
    inner = _diagonal_matrix(gw)
    if used[1]:
        inner = inner + _gaps(w) * np.matmul(transposed(v), gv)
    dx = np.matmul(np.matmul(v, inner), transposed(v))
    return (dx + transposed(dx)) * 0.5


def _eig_rule(x: KerasTensor) -> tuple:
    return KerasTensor(x.shape[:-1], x.dtype), KerasTensor(x.shape, x.dtype)


_EIGH = _Factors("eigh", lambda x: linalg.eigh((x + transposed(x)) * 0.5), _eigh_vjp, _eig_rule, 2)


@op
def eigh(x: TensorLike) -> tuple[Tensor, Tensor]:
    """Return eigenvalues (ascending) and eigenvectors (columns) of symmetric matrices."""
    return _EIGH(matrices(x, "eigh", square=True))


def _eig(x: np.ndarray) -> tuple:
    w, v = linalg.eig(x)
    dtype = np.result_type(x.dtype, np.complex64)
    return w.astype(dtype), v.astype(dtype)


def _eig_vjp(gs: Any, results: Any, used: Any) -> Any:
    if used[1]:
        raise ValueError(
            "eig: gradients flow through the eigenvalues only. For symmetric matrices use eigh."
        )
    gw, v = gs[0], results[1]
    return transposed(np.matmul(v, np.matmul(_diagonal_matrix(gw), inverse(v))))


def _complex_eig_rule(x: KerasTensor) -> tuple:
    w, v = _eig_rule(x)
    dtype = {"float64": "complex128", "complex128": "complex128"}.get(v.dtype, "complex64")
    return KerasTensor(w.shape, dtype), KerasTensor(v.shape, dtype)


_EIG = _Factors(
    "eig",
    _eig,
    lambda gs, results, used: np.real(_eig_vjp(gs, results, used)),
    _complex_eig_rule,
    2,
    twice=False,
)


@op
def eig(x: TensorLike) -> tuple[Tensor, Tensor]:
    """Return complex eigenvalues and eigenvectors (columns) of square matrices."""
    return _EIG(matrices(x, "eig", square=True))


def _lu(x: np.ndarray) -> tuple:
    flat = x.reshape(-1, *x.shape[-2:])
    parts = [linalg.lu_factor(matrix) for matrix in flat]
    k = np.minimum(*x.shape[-2:])
    lu = np.array([p[0] for p in parts], x.dtype).reshape(x.shape)
    pivots = np.array([p[1] for p in parts], np.int32).reshape(*x.shape[:-2], k)
    return lu, pivots


def _permutation(pivots: np.ndarray, n: int) -> np.ndarray:
    """Return row orders: row i of `x[order]` is row i of L @ U."""
    flat = pivots.reshape(-1, pivots.shape[-1])
    orders = np.tile(np.arange(n), (len(flat), 1))
    for order, swaps in zip(orders, flat):
        for i, j in enumerate(swaps):
            order[[i, j]] = order[[j, i]]
    return orders.reshape(*pivots.shape[:-1], n)


def _lu_vjp(gs: Any, results: Any, used: Any) -> Any:
    g, (lu, pivots) = gs[0], results
    n = lu.shape[-1]
    if lu.shape[-2] != n:
        raise ValueError("lu_factor: gradients need square matrices.")
    lower = np.tril(lu, -1) + np.eye(n, dtype=lu.dtype)
    upper = np.triu(lu)
    inner = np.tril(np.matmul(transposed(lower), np.tril(g, -1)), -1)
    inner = inner + np.triu(np.matmul(np.triu(g), transposed(upper)))
    dx = np.matmul(np.matmul(transposed(inverse(lower)), inner), transposed(inverse(upper)))
    order = _permutation(np.asarray(pivots), n)
    return np.take_along_axis(dx, np.argsort(order, -1)[..., None], -2)


def _lu_rule(x: KerasTensor) -> tuple:
    *batch, m, n = x.shape
    k = None if None in (m, n) else int(np.minimum(m, n))
    return KerasTensor(x.shape, x.dtype), KerasTensor((*batch, k), "int32")


_LU = _Factors("lu_factor", _lu, _lu_vjp, _lu_rule, 2)


@op
def lu_factor(x: TensorLike) -> tuple[Tensor, Tensor]:
    """Factor matrices into a lower and an upper triangle, with pivoting.

    Returns:
        Both triangles in one matrix (the lower one's diagonal is all ones), and for each row the
        row that it was exchanged with.
    """
    return _LU(matrices(x, "lu_factor"))
