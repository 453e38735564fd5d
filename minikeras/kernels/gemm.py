"""Matrix products, large ones in two halves on two threads.

Where a product is cut depends on its shape alone, and BLAS runs each half on one thread, so the result
has the same bits whatever the number of threads. BLAS's own threads are as fast on an idle machine,
but they wait in a spin, during a product for each other and for some 25 ms after it for the next one:
with one other busy process, or our own threads, on the processors, steps took five times as long.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from minikeras.kernels import parallel

PARALLEL = 8_000_000
"""Multiply-adds from which a second thread pays: about 0.15 ms of work."""
BLAS_PARALLEL = 1 << 18
"""Multiply-adds from which OpenBLAS would use its own threads, which we do not want (see above)."""
VECTOR_PARALLEL = 1 << 13
"""The same of a product with a vector."""
FEW = 64
"""Rows that are few enough to be transposed, in and out, where that saves BLAS from transposing."""
LATER = 2_500_000
"""Multiply-adds that are worth being handed over to another thread, where nobody waits for them."""
HEAD_START = 1_000_000
"""Multiply-adds that the calling thread does until another one, which slept, has begun."""


def dot(a: np.ndarray, b: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute `a @ b`.

    Args:
        a: `(m, k)`.
        b: `(k, n)`.
        out: C-contiguous array for the result, or None.
    """
    work = a.size * b.shape[1]
    if work < BLAS_PARALLEL:
        return a.dot(b, out)  # the method: `np.dot` first asks its arguments for an override
    if a.shape[0] <= FEW < b.shape[1] and not b.flags.c_contiguous:
        # BLAS takes long to lay out a large transposed second factor, but not a first one.
        y = dot(b.T, a.T).T
        if out is None:
            return np.ascontiguousarray(y)
        out[...] = y
        return out
    if work < PARALLEL:
        with parallel.single_blas:
            return a.dot(b, out)
    return dots((a, b, out))[0]


def dots(*products: tuple) -> list[np.ndarray]:
    """Compute several large products at once: between two calls a thread would fall asleep.

    Args:
        *products: `(a, b, out)` of each, as for `dot`.
    """
    results, tasks = [], []
    for a, b, out in products:
        if out is None:
            out = np.empty((a.shape[0], b.shape[1]), np.result_type(a, b))
        results.append(out)
        tasks += _halves(a, b, out, 0 if tasks else HEAD_START)
    parallel.run_products(tasks)
    return results


def dot_later(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return `out`, which at the end of the open context `parallel.deferring` will hold `a @ b`."""
    if a.size * b.shape[1] < PARALLEL:
        parallel.later(functools.partial(a.dot, b, out))
    else:
        for half in _halves(a, b, out, 0):
            parallel.later(half)
    return out


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Compute `a @ b` for arrays of any rank, as `np.matmul` does.

    Args:
        a: `(..., m, k)` or `(k,)`.
        b: `(..., k, n)` or `(k,)`.
    """
    left, right = a.shape, b.shape
    if len(left) == len(right) == 2:
        return dot(a, b)
    if not (left and right):
        return np.matmul(a, b)  # which raises ValueError
    rows = left[-2] if len(left) > 1 else 1
    columns = right[-1] if len(right) > 1 else 1
    work = rows * left[-1] * columns
    if work < VECTOR_PARALLEL:
        return np.matmul(a, b)
    batch = np.broadcast_shapes(left[:-2], right[:-2])
    vector = len(left) == 1 or len(right) == 1
    if vector or math.prod(batch) * work < PARALLEL or batch[0] == 1:
        with parallel.single_blas:
            return np.matmul(a, b)
    a, b = (np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (a, b))
    out = np.empty((*batch, rows, columns), np.result_type(a, b))
    cut = batch[0] // 2
    parts = [(a[:cut], b[:cut], out[:cut]), (a[cut:], b[cut:], out[cut:])]
    parallel.run_products([functools.partial(np.matmul, *part) for part in parts])
    return out


def _halves(a: np.ndarray, b: np.ndarray, out: np.ndarray, more: int) -> list[Callable]:
    """Return two tasks that compute `a @ b`, the first with about so many multiply-adds more."""
    (m, n), k = out.shape, a.shape[1]
    if (m > n or (m >= 64 and n < 256)) and not (a.flags.f_contiguous and n >= 128):
        cut = _cut(m, more, k * n)
        halves = [(a[:cut], b, out[:cut]), (a[cut:], b, out[cut:])]
    else:  # BLAS has to rearrange what it multiplies with, and each thread only its half of it
        cut = _cut(n, more, k * m)
        halves = [(a, b[:, :cut], out[:, :cut]), (a, b[:, cut:], out[:, cut:])]
    # `np.dot` wants contiguous results.
    return [functools.partial(np.matmul, x, y, z) for x, y, z in halves]


def _cut(lines: int, more: int, work: int) -> int:
    """Return where to cut lines of so much work each: at a multiple of 8, for vector loops."""
    return (lines // 2 + more // (2 * max(work, 1)) + 7) // 8 * 8
