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
def _ones(n: int, dtype: np.dtype) -> np.ndarray | None:
    """Return a vector of ones, None for dtypes that BLAS does not know."""
    return np.ones(n, dtype) if dtype.kind in "fc" and dtype.itemsize >= 4 else None


def column_sums(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Sum a C-contiguous matrix over its rows.

    Args:
        x: `(rows, columns)`.
        out: C-contiguous array `(columns,)` for the result, or None.
    """
    rows, columns = x.shape
    run = rows if rows * columns <= _BLAS_ALONE else min(128, _BLAS_ALONE // columns)
    ones = _ones(run, x.dtype) if columns <= 1024 else None
    if ones is None:
        return np.add.reduce(x, axis=0, out=out)
    if run == rows:
        return ones.dot(x, out)
    whole = rows - rows % run
    total = np.matmul(ones, x[:whole].reshape(-1, run, columns))
    total = np.add.reduce(total, axis=0, out=out)
    if whole < rows:
        total += ones[: rows - whole].dot(x[whole:])
    return total


def row_sums(x: np.ndarray) -> np.ndarray:
    """Sum a C-contiguous matrix over its columns; the result has one column."""
    columns = x.shape[1]
    ones = _ones(columns, x.dtype) if columns <= 1024 else None
    if ones is None:
        return np.add.reduce(x, axis=1, keepdims=True)
    return x.dot(ones)[:, None]


def total(x: np.ndarray) -> np.generic:
    """Sum an array over everything."""
    size = x.size
    ones = _ones(size, x.dtype) if size <= _BLAS_ALONE else None
    return np.add.reduce(x, axis=None) if ones is None else x.ravel().dot(ones)
