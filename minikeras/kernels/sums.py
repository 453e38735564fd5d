"""Sums whose rounding errors grow with the logarithm of how many numbers there are.

NumPy adds in pairs where it sums along what lies side by side in memory, but row after row along the
other axes: the mean over the rows of a million times 0.1 came out as 0.101. `add_reduce` adds in
small groups there, the groups' sums likewise, and so on; in float32 for half precision.

Sums over the rows and columns of a matrix are products with vectors of ones: several times as fast as a
reduction. They are taken in runs of bounded length, so that they are exact too, and never spread over
threads by BLAS, so that their bits are always the same.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

_BLAS_ALONE = 8192
"""Elements of a matrix that BLAS certainly multiplies on one thread."""
_WIDER = {
    np.dtype("float16"): np.float32,
    np.dtype("float32"): np.float64,
    np.dtype("complex64"): np.complex128,
}
"""In which dtype running sums of others are taken."""
_WIDEST = 1024
"""Columns that a product with ones is faster for."""
_RUN = 64
"""Rows that one product adds up."""
_DOT = 1024
"""Elements of a vector whose product with ones is as exact as summation in pairs."""
_ONE_BY_ONE = 16
"""Numbers that may be added one after the other: so does NumPy at the end of its pairs."""
_LINE = 512
"""Elements that an inner loop should have at least."""


def add_reduce(x: np.ndarray, axis: Any = None, keepdims: bool = False) -> np.ndarray:
    """Sum over axes, as `np.add.reduce` does, with the error of summation in pairs.

    Args:
        x: array.
        axis: axis or axes, not negative or not; all if None.
        keepdims: whether these axes stay, of size 1.
    """
    dtype = x.dtype
    if dtype.kind in "iu":  # as wide as they are, where NumPy would take 64 bits
        return np.add.reduce(x, axis=axis, keepdims=keepdims, dtype=dtype)
    if dtype.kind == "b":
        return np.add.reduce(x, axis=axis, keepdims=keepdims)
    if dtype.itemsize == 2:
        return add_reduce(x.astype(np.float32), axis, keepdims).astype(dtype)
    if x.size <= _ONE_BY_ONE or (x.flags.c_contiguous and axis in (None, -1, x.ndim - 1)):
        return np.add.reduce(x, axis=axis, keepdims=keepdims)
    small = 0 < x.size <= _BLAS_ALONE and x.flags.c_contiguous
    if small and x.ndim == 2 and axis == 0 and x.shape[1] <= _WIDEST:
        total = column_sums(x)
        return total[None] if keepdims else total
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = sorted([a % x.ndim for a in axes])
    total = _sum_axes(x, axes.copy())
    if keepdims:
        return total.reshape([1 if i in axes else d for i, d in enumerate(x.shape)])
    return total[()]  # a number rather than an array without axes, as NumPy has it


def _sum_axes(x: np.ndarray, axes: list) -> np.ndarray:
    if not x.flags.c_contiguous:
        if x.flags.f_contiguous:
            total = _sum_axes(x.T, sorted([x.ndim - 1 - a for a in axes]))
            return np.asarray(total).T
        x = np.ascontiguousarray(x)
    shape = x.shape
    while axes:  # a group of neighbours at a time, the last first
        end = axes.pop() + 1
        begin = end - 1
        while axes and axes[-1] == begin - 1:
            begin = axes.pop()
        n = math.prod(shape[begin:end])
        x = _sum_middle(x.reshape(math.prod(shape[:begin]), n, math.prod(shape[end:])))
        shape = shape[:begin] + shape[end:]
        x = x.reshape(shape)
    return x


def _sum_middle(x: np.ndarray) -> np.ndarray:
    """Sum a C-contiguous array over the second of three axes."""
    p, n, q = x.shape
    if q == 1:
        return np.add.reduce(x[:, :, 0], axis=1)
    rest = None
    together = max(-(-_LINE // max(q, 1)), 1)  # rows that are added to others as one
    while n > _ONE_BY_ONE:
        together = min(together, n // 4)
        group = 4 if together > 1 else 8
        groups = n // (group * together)
        whole = groups * group * together
        if whole < n:
            more = _sum_middle(np.ascontiguousarray(x[:, whole:]))
            rest = more if rest is None else rest + more
        lines = x[:, :whole].reshape(p, groups, group, together * q)
        n = groups * together
        x = np.add.reduce(lines, axis=2).reshape(p, n, q)
    total = np.add.reduce(x, axis=1)
    return total if rest is None else total + rest


def add_accumulate(x: np.ndarray, axis: int) -> np.ndarray:
    """Sum along an axis cumulatively, with the error of summation in pairs."""
    wide = _WIDER.get(x.dtype)
    if wide is not None:
        return np.add.accumulate(x, axis=axis, dtype=wide).astype(x.dtype)
    if x.dtype.kind in "biu" or x.shape[axis] <= _ONE_BY_ONE:
        return np.add.accumulate(x, axis=axis, dtype=x.dtype)
    if x.dtype.itemsize == 2:
        return add_accumulate(x.astype(np.float32), axis).astype(x.dtype)
    x = np.moveaxis(x, axis, -1)
    y = np.empty(x.shape, x.dtype)
    whole = x.shape[-1] // 4 * 4
    groups = y[..., :whole].reshape(*y.shape[:-1], -1, 4)
    np.add.accumulate(x[..., :whole].reshape(groups.shape), axis=-1, out=groups)
    before = add_accumulate(groups[..., -1], -1)[..., None]
    groups[..., 1:, :] += before[..., :-1, :]
    y[..., :whole] = groups.reshape(*y.shape[:-1], whole)
    np.add.accumulate(x[..., whole:], axis=-1, out=y[..., whole:])
    y[..., whole:] += before[..., -1, :]
    return np.moveaxis(y, -1, axis)


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
    if rows <= _RUN and rows * columns <= _BLAS_ALONE and columns <= _WIDEST:
        run = rows
    else:
        run = min(rows, _RUN, _BLAS_ALONE // max(columns, 1))
    ones = _ones(run, x.dtype) if columns <= _WIDEST else None
    if ones is None:
        total = add_reduce(x, 0)
        return total if out is None else _put(total, out)
    if run == rows:
        return ones.dot(x, out)
    whole = rows - rows % run
    total = np.matmul(ones, x[:whole].reshape(-1, run, columns))
    total = add_reduce(total, 0)
    if whole < rows:
        total += ones[: rows - whole].dot(x[whole:])
    return total if out is None else _put(total, out)


def _put(total: np.ndarray, out: np.ndarray) -> np.ndarray:
    out[...] = total
    return out


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
    ones = _ones(size, x.dtype) if size <= _DOT else None
    return np.add.reduce(x, axis=None) if ones is None else x.ravel().dot(ones)
