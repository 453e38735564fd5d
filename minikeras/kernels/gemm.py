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
IN_PLACE = 1_000_000
"""Multiply-adds up to which OpenBLAS, on processors with AVX-512, multiplies numbers where they lie."""
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


# Products within a thread's piece of work, where BLAS is told to stay on it.


def tall_product(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Write `a @ b` of a tall `a`, or of several, into `out`.

    Where BLAS multiplies small matrices as they lie, it is cut into blocks of rows that are so small
    (`IN_PLACE`): 10 to 30 % faster for narrow matrices. Elsewhere blocks would take up to a quarter longer.

    Args:
        a: `(..., m, k)`.
        b: `(..., k, n)`.
        out: `(..., m, n)`.
    """
    rows, columns = out.shape[-2:]
    count = _blocks(rows, a.shape[-1] * columns, 8)
    if count > 1:
        a, b, out = _in_blocks(a, count), b[..., None, :, :], _in_blocks(out, count)
    elif a.ndim == 2:
        np.dot(a, b, out)  # which is faster with vectors
        return
    np.matmul(a, b, out)


def inner_product(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Write `a.T @ b` of tall matrices into `out`, in blocks of rows as `tall_product`.

    Args:
        a: `(m, k)`.
        b: `(m, n)`.
        out: `(k, n)`.
    """
    count = _blocks(a.shape[0], out.size, 64)
    if count == 1:
        np.dot(a.T, b, out)
    else:
        each = np.matmul(_in_blocks(a, count).transpose(0, 2, 1), _in_blocks(b, count))
        np.add.reduce(each, 0, out=out)


def _in_blocks(a: np.ndarray, count: int) -> np.ndarray:
    return a.reshape(*a.shape[:-2], count, -1, a.shape[-1])


@functools.lru_cache(maxsize=1024)
def _blocks(rows: int, work: int, least: int) -> int:
    """Return into how many equal blocks to cut rows of so many multiply-adds each.

    Args:
        rows: number of rows.
        work: multiply-adds of a row.
        least: how many rows a block needs to be worth it.
    """
    wanted = -(-rows * work // IN_PLACE)
    if wanted <= 1 or not parallel.multiplies_small_in_place():
        return 1
    for count in range(wanted, rows // least + 1):
        if rows % count == 0:
            return count
    return 1


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


def tiled(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Compute `a @ b` on this thread, in tiles.

    BLAS packs large matrices before it multiplies them, which takes a tenth of the time, with few
    rows a third of it. Tiles are so small that it need not.

    Args:
        a: `(..., m, k)`, or the transpose of a matrix.
        b: `(k, n)`, or several matrices, `(blocks, k, n)`; each C-contiguous.
        out: place for the product, `(..., m, n)` or `(..., blocks, m, n)`.
    """
    np.matmul(*_tiles(a, b, out))
    return out


def chosen(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> Callable[[int], object]:
    """Return a function of an index that computes `out = a[index] @ b`, as `tiled` does.

    Args:
        a: `(indices, m, k)`.
        b: as for `tiled`.
        out: `(m, n)` or `(blocks, m, n)`.
    """
    _, m, k = a.shape
    if _tile(m, k, b.shape[-1], b.ndim == 2, False) == (m, b.shape[-1]):
        if b.ndim == 2:
            return lambda i: a[i].dot(b, out)
        return lambda i: np.matmul(a[i], b, out)
    a, b, out = _tiles(a, b, out)
    return lambda i: np.matmul(a[i], b, out)


def _tiles(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return views for `np.matmul`. `out` may lack the leading axes of `a`."""
    *lead, m, k = a.shape
    n = b.shape[-1]
    rows, columns = _tile(m, k, n, b.ndim == 2, a.strides[-1] != a.itemsize)
    if b.ndim == 2:
        blocks = n // max(columns, 1)
        b = b.reshape(k, blocks, columns).transpose(1, 0, 2)
        out = out.reshape(*out.shape[:-1], blocks, columns).swapaxes(-2, -3)
    parts = m // max(rows, 1)
    out = out.reshape(*out.shape[:-2], parts, rows, columns).swapaxes(-3, -4)
    return a.reshape(*lead, parts, 1, rows, k), b, out


@functools.lru_cache(maxsize=256)
def _tile(m: int, k: int, n: int, cut_columns: bool, turned: bool) -> tuple[int, int]:
    """Return rows and columns of the tiles in which a product `(m, k) @ (k, n)` is fastest."""
    if m * k * n <= IN_PLACE or not parallel.multiplies_small_in_place():
        return m, n
    if turned:
        return (32, 32) if m % 32 == n % 32 == 0 and k << 10 <= IN_PLACE else (m, n)
    columns = n
    while cut_columns and columns > 128 and columns % 128 == 0:
        columns //= 2
    narrow = [columns // 2] if cut_columns and columns % 128 == 0 else []
    for least in (12, 8, 4):  # the inner loop takes 12 rows at once
        for c in (columns, *narrow):
            for rows in range(min(m, IN_PLACE // (k * c), 48) // 4 * 4, least - 1, -4):
                if m % rows == 0:
                    return rows, c
    return m, n
