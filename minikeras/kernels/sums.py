"""Sums over the rows and columns of a matrix, as products with vectors of ones.

Products are several times as fast as a reduction. In runs of bounded length they are more exact too,
and never spread over threads by BLAS, so their bits are always the same.
"""

from __future__ import annotations

import functools

import numpy as np

_BLAS_ALONE = 8192
"""Elements of a matrix that BLAS certainly multiplies on one thread."""


@functools.lru_cache(maxsize=64)
def _ones(n: int, dtype: np.dtype) -> np.ndarray:
    return np.ones(n, dtype)


def _suits(x: np.ndarray) -> bool:
    """Whether BLAS knows the dtype, and vectors of ones are short."""
    return x.shape[1] <= 1024 and x.dtype.kind in "fc" and x.dtype.itemsize >= 4


def column_sums(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Sum a C-contiguous matrix over its rows.

    Args:
        x: `(rows, columns)`.
        out: C-contiguous array `(columns,)` for the result, or None.
    """
    if not _suits(x):
        return np.add.reduce(x, axis=0, out=out)
    rows, columns = x.shape
    if rows * columns <= _BLAS_ALONE:
        return _ones(rows, x.dtype).dot(x, out)
    run = min(128, _BLAS_ALONE // columns)
    whole = rows - rows % run
    total = np.matmul(_ones(run, x.dtype), x[:whole].reshape(-1, run, columns))
    total = np.add.reduce(total, axis=0, out=out)
    if whole < rows:
        total += _ones(rows - whole, x.dtype).dot(x[whole:])
    return total


def total(x: np.ndarray) -> np.generic:
    """Sum a C-contiguous array over everything."""
    if x.size > _BLAS_ALONE or x.dtype.kind not in "fc" or x.dtype.itemsize < 4:
        return np.add.reduce(x, axis=None)
    return x.ravel().dot(_ones(x.size, x.dtype))


def row_sums(x: np.ndarray) -> np.ndarray:
    """Sum a C-contiguous matrix over its columns; the result has one column."""
    if not _suits(x):
        return np.add.reduce(x, axis=1, keepdims=True)
    return x.dot(_ones(x.shape[1], x.dtype))[:, None]
