"""LAPACK's factorizations and solvers, by the thread that calls them and no other.

NumPy's own threads spin while they wait, within one factorization thousands of times: on processors
that other work keeps busy a QR factorization took twenty times as long. So all of them run in
`parallel.single_blas`, like products of matrices.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.kernels import parallel


def _alone(function: Callable) -> Callable:
    """Return a function that keeps BLAS on the calling thread."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with parallel.single_blas:
            return function(*args, **kwargs)

    return call


LinAlgError = np.linalg.LinAlgError
cholesky = _alone(np.linalg.cholesky)
det = _alone(np.linalg.det)
eig = _alone(np.linalg.eig)
eigh = _alone(np.linalg.eigh)
inv = _alone(np.linalg.inv)
matrix_rank = _alone(np.linalg.matrix_rank)
norm = _alone(np.linalg.norm)
pinv = _alone(np.linalg.pinv)
qr = _alone(np.linalg.qr)
slogdet = _alone(np.linalg.slogdet)
solve = _alone(np.linalg.solve)
svd = _alone(np.linalg.svd)


def lu_factor(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factor a matrix as `scipy.linalg.lu_factor` does."""
    from scipy.linalg import lu_factor

    with parallel.single_scipy_blas:
        return lu_factor(x, check_finite=False)
