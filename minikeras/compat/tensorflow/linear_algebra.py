"""`tf.linalg`, and what of it stands in `tf` itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.compat.tensorflow.arrays import tensor
from minikeras.compat.tensorflow.elementwise import dtype_name
from minikeras.compat.tensorflow.table import axes as as_axes
from minikeras.compat.tensorflow.table import named, number, sizes


def _flipped(x: Any, transpose: bool, adjoint: bool) -> Any:
    if not (transpose or adjoint):
        return x
    x = ops.swapaxes(x, -1, -2)
    return ops.conj(x) if adjoint and "complex" in dtype_name(x) else x


@named("matmul linalg.matmul batch_matmul")
def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    output_type: Any = None,
) -> Any:
    """Multiply matrices, which may be transposed first."""
    y = ops.matmul(
        _flipped(tensor(a), transpose_a, adjoint_a), _flipped(tensor(b), transpose_b, adjoint_b)
    )
    return y if output_type is None else ops.cast(y, output_type)


@named("linalg.matvec")
def matvec(
    a: Any, b: Any, transpose_a: bool = False, adjoint_a: bool = False, **sparse: bool
) -> Any:
    """Multiply matrices by vectors."""
    y = ops.matmul(_flipped(tensor(a), transpose_a, adjoint_a), ops.expand_dims(b, -1))
    return ops.squeeze(y, -1)


@named("tensordot linalg.tensordot")
def tensordot(a: Any, b: Any, axes: Any) -> Any:
    """Multiply tensors, summing over pairs of axes."""
    if not isinstance(axes, (int, np.integer)):
        axes = np.asarray(axes).tolist()
    return ops.tensordot(a, b, axes)


@named("einsum linalg.einsum")
def einsum(equation: str, *inputs: Any, **kwargs: Any) -> Any:
    """Multiply tensors and sum, as letters say."""
    return ops.einsum(equation, *inputs)


@named("norm linalg.norm", old={"keep_dims": "keepdims"})
def norm(tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool = False) -> Any:
    """Return the norm of vectors or matrices."""
    axis = as_axes(axis)
    if ord == "euclidean" or (axis is None and ord == 2):
        return ops.sqrt(ops.sum(ops.square(tensor), axis=axis, keepdims=keepdims))
    if axis is None:
        tensor, axis = ops.reshape(tensor, (-1,)), 0
    if isinstance(axis, (list, tuple)) and len(axis) == 1:
        axis = axis[0]
    return ops.norm(tensor, ord=ord, axis=axis, keepdims=keepdims)


@named("linalg.normalize")
def normalize(tensor: Any, ord: Any = "euclidean", axis: Any = None) -> tuple:
    """Divide a tensor by its norm; return both."""
    length = norm(tensor, ord, axis, keepdims=True)
    return tensor / length, length


@named(
    "linalg.l2_normalize math.l2_normalize nn.l2_normalize",
    old={"dim": "axis"},
)
def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12) -> Any:
    """Divide vectors by their norm, or by the root of `epsilon` if that is larger."""
    square = ops.sum(ops.square(x), axis=as_axes(axis), keepdims=True)
    return x * ops.rsqrt(ops.maximum(square, epsilon))


for _names, _function in {
    "linalg.det matrix_determinant": ops.det,
    "linalg.logdet": ops.logdet,
    "linalg.slogdet": ops.slogdet,
    "linalg.cholesky cholesky": ops.cholesky,
    "linalg.diag_part matrix_diag_part": lambda x: ops.diagonal(x, 0, -2, -1),
    "linalg.trace trace": lambda x: ops.trace(x, 0, -2, -1),
    "linalg.tensor_diag_part": ops.diagonal,
    "linalg.eig eig": ops.eig,
    "linalg.eigh eigh self_adjoint_eig": ops.eigh,
    "linalg.eigvals eigvals": lambda x: ops.eig(x)[0],
    "linalg.eigvalsh": lambda x: ops.eigh(x)[0],
    "linalg.adjoint": lambda x: _flipped(x, False, True),
}.items():
    named(_names)(lambda input, f=_function: f(input))
named("cross linalg.cross")(lambda a, b: ops.cross(a, b))
named("linalg.matrix_transpose")(lambda a, conjugate=False: _flipped(a, True, conjugate))


@named("linalg.inv matrix_inverse")
def inv(input: Any, adjoint: bool = False) -> Any:
    """Return inverse matrices."""
    return ops.inv(_flipped(input, False, adjoint))


@named("linalg.pinv")
def pinv(a: Any, rcond: Any = None, **kwargs: Any) -> Any:
    """Return pseudo-inverse matrices."""
    return ops.pinv(a, rcond)


@named("linalg.solve matrix_solve")
def solve(matrix: Any, rhs: Any, adjoint: bool = False) -> Any:
    """Solve linear equations."""
    return ops.solve(_flipped(matrix, False, adjoint), rhs)


@named("linalg.triangular_solve")
def triangular_solve(matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False) -> Any:
    """Solve linear equations with a triangular matrix."""
    matrix = ops.tril(matrix) if lower else ops.triu(matrix)
    return ops.solve_triangular(_flipped(matrix, False, adjoint), rhs, lower=lower != adjoint)


@named("linalg.cholesky_solve")
def cholesky_solve(chol: Any, rhs: Any) -> Any:
    """Solve linear equations whose matrix is given by its Cholesky factor."""
    inner = ops.solve_triangular(chol, rhs, lower=True)
    return ops.solve_triangular(ops.swapaxes(chol, -1, -2), inner, lower=False)


@named("linalg.lstsq")
def lstsq(matrix: Any, rhs: Any, l2_regularizer: float = 0.0, fast: bool = True) -> Any:
    """Return least squares solutions."""
    if not l2_regularizer:
        return ops.lstsq(matrix, rhs)
    across = ops.swapaxes(matrix, -1, -2)
    ridge = l2_regularizer * ops.eye(ops.shape(matrix)[-1], dtype=dtype_name(matrix))
    return ops.solve(ops.matmul(across, matrix) + ridge, ops.matmul(across, rhs))


@named("linalg.qr qr")
def qr(input: Any, full_matrices: bool = False) -> tuple:
    """Return QR factors."""
    return ops.qr(input, mode="complete" if full_matrices else "reduced")


@named("linalg.svd svd")
def svd(tensor: Any, full_matrices: bool = False, compute_uv: bool = True) -> Any:
    """Return singular values, and left and right vectors as columns."""
    if not compute_uv:
        return ops.svd(tensor, full_matrices, compute_uv=False)
    u, s, vh = ops.svd(tensor, full_matrices)
    return s, u, ops.swapaxes(vh, -1, -2)


@named("linalg.diag matrix_diag")
def diag(
    diagonal: Any,
    k: Any = 0,
    num_rows: int = -1,
    num_cols: int = -1,
    padding_value: Any = 0,
    align: str = "RIGHT_LEFT",
) -> Any:
    """Return matrices with the given diagonal."""
    d = ops.convert_to_tensor(diagonal)
    n, k = ops.shape(d)[-1], int(number(k))
    m = n + abs(k)
    rows = np.eye(m, k=k, dtype=bool)
    padded = ops.pad(d, [[0, 0]] * (len(d.shape) - 1) + [[max(-k, 0), m - n - max(-k, 0)]])
    y = ops.where(rows, ops.expand_dims(padded, -1), ops.cast(padding_value, dtype_name(d)))
    return y[..., : num_rows if num_rows > 0 else m, : num_cols if num_cols > 0 else m]


@named("linalg.tensor_diag diag")
def tensor_diag(diagonal: Any) -> Any:
    """Return a tensor with the given diagonal, twice as many axes."""
    d = ops.convert_to_tensor(diagonal)
    return ops.reshape(ops.diag(ops.reshape(d, (-1,))), (*d.shape, *d.shape))


named("diag_part")(lambda input: ops.diagonal(input))


@named("linalg.set_diag matrix_set_diag")
def set_diag(input: Any, diagonal: Any, k: Any = 0, align: str = "RIGHT_LEFT") -> Any:
    """Return matrices with another main diagonal."""
    rows, columns = ops.shape(input)[-2:]
    here = np.eye(rows, columns, dtype=bool)
    d = ops.expand_dims(diagonal, -1)
    d = ops.pad(d, [[0, 0]] * (len(ops.shape(d)) - 2) + [[0, rows - min(rows, columns)], [0, 0]])
    return ops.where(here, d, input)


@named("linalg.band_part matrix_band_part")
def band_part(input: Any, num_lower: Any, num_upper: Any) -> Any:
    """Return matrices with zeros beyond a band around the diagonal; -1 is all of a side."""
    rows, columns = ops.shape(input)[-2:]
    lower, upper = int(number(num_lower)), int(number(num_upper))
    offset = np.arange(columns)[None, :] - np.arange(rows)[:, None]
    keep = ((lower < 0) | (-offset <= lower)) & ((upper < 0) | (offset <= upper))
    return ops.where(keep, input, ops.zeros_like(input))


@named("linalg.matrix_rank")
def matrix_rank(a: Any, tol: Any = None, validate_args: bool = False) -> Any:
    """Return the ranks of matrices."""
    return ops.matrix_rank(a, tol)


@named("linalg.expm")
def expm(input: Any) -> Any:
    """Return the exponentials of matrices: scaled, summed up, and squared again."""
    a = ops.convert_to_tensor(input)
    largest = float(np.abs(np.asarray(a)).sum(-1).max(initial=0))
    squarings = max(0, int(np.ceil(np.log2(largest))) + 1) if largest > 0 else 0
    a = a / 2.0**squarings
    term = total = ops.broadcast_to(ops.eye(a.shape[-1], dtype=dtype_name(a)), sizes(a.shape))
    for k in range(1, 15):
        term = ops.matmul(term, a) / k
        total = total + term
    for _ in range(squarings):
        total = ops.matmul(total, total)
    return total


@named("complex dtypes.complex")
def complex_(real: Any, imag: Any) -> Any:
    """Return complex numbers of real and imaginary parts."""
    parts = [ops.convert_to_tensor(real), ops.convert_to_tensor(imag)]
    return ops.view_as_complex(ops.stack(parts, -1))
