"""Matrix products, large ones in pieces on several threads.

Where a product is cut depends on its shape alone, and BLAS runs each piece on one thread, so the result
has the same bits whatever the number of threads. Where BLAS need not pack what it multiplies, there are
more pieces than threads: who began later, or whose processor is busy with something else, makes fewer.
BLAS's own threads are as fast on an idle machine, but they wait in a spin, during a product for each other
and for some 25 ms after it for the next one: with one other busy process, or our own threads, on the
processors, steps took five times as long.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from minikeras.kernels import blas, parallel

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
IN_PLACE_TURNED = 1200
"""Numbers of a result up to which it does so too where the second factor lies column by column."""
SMALL = 1 << 16
"""Bytes of a second factor from which to copy it takes longer than it saves: of 128 x 128 of float32 all
lines of a column fall into the same place of a cache."""
HEAD_START = 300_000
"""Multiply-adds that the calling thread does until another one, which stood by, has begun."""
PIECES = ((200_000_000, 8), (25_000_000, 4), (0, 2))
"""From how many multiply-adds on there are so many pieces of a product that need not be packed."""


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
    b = in_rows(b, a.shape[0])
    if a.shape[0] <= FEW < b.shape[1] and not b.flags.c_contiguous:
        # BLAS takes long to lay out a large transposed second factor, but not a first one.
        y = dot(b.T, a.T).T
        if out is None:
            return np.ascontiguousarray(y)
        out[...] = y
        return out
    if work < PARALLEL:
        with parallel.single_blas:
            if work <= IN_PLACE and b.flags.c_contiguous:
                return a.dot(b, out)
            return tiled(a, b, _place(a, b) if out is None else out)
    return dots((a, b, out))[0]


def in_rows(b: np.ndarray, rows: int) -> np.ndarray:
    """Return the second factor of a product of so many rows, copied where BLAS sooner multiplies it then.

    A small one that lies column by column BLAS would pack, and the first one with it; one that lies in rows
    it may multiply as it is.
    """
    if rows * b.shape[1] <= IN_PLACE_TURNED or b.nbytes >= SMALL or b.strides[1] == b.itemsize:
        return b
    return np.ascontiguousarray(b) if blas.multiplies_small_in_place() else b


def _place(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.empty((a.shape[0], b.shape[1]), np.result_type(a, b))


def dots(*products: tuple, beside: Callable[[], object] | None = None) -> list[np.ndarray]:
    """Compute several large products at once: between two calls a thread would fall asleep.

    Args:
        *products: `(a, b, out)` of each, as for `dot`.
        beside: what else is to be done; the calling thread has other things to do first.
    """
    results, tasks = [], []
    more = HEAD_START if beside is None else 2 * HEAD_START  # that takes a while too
    for a, b, out in products:
        out = _place(a, b) if out is None else out
        results.append(out)
        tasks += _pieces(a, b, out, 0 if tasks else more)
    if beside is not None:
        tasks.insert(1, beside)
    parallel.run_products(tasks)
    return results


def dot_beside(a: np.ndarray, b: np.ndarray, task: Callable[[], object]) -> np.ndarray:
    """Compute `a @ b`, and run a task, if it pays on another thread."""
    if a.size * b.shape[1] < PARALLEL:
        task()
        return dot(a, b)
    return dots((a, b, None), beside=task)[0]


def dot_later(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return `out`, which at the end of the open context `parallel.deferring` will hold `a @ b`."""
    if a.size * b.shape[1] < PARALLEL:
        parallel.later(functools.partial(_multiply, _tiles(a, b, out)))
    else:
        for piece in _pieces(a, b, out, 0):
            parallel.later(piece)
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


def _pieces(a: np.ndarray, b: np.ndarray, out: np.ndarray, more: int) -> list[Callable]:
    """Return tasks that compute `a @ b`, a piece each.

    There are more pieces than threads, unless they were small, or BLAS had to pack a factor for each. Then
    there are two, the first with about so many multiply-adds more.
    """
    (m, n), k = out.shape, a.shape[1]
    rows, columns = _tile(m, k, n, *_turned(a, b), b.itemsize)
    if (rows, columns) == (m, n):
        # BLAS has to rearrange what it multiplies with, and each thread only its part of it.
        by_rows = (m > n or (m >= 64 and n < 256)) and not (a.flags.f_contiguous and n >= 128)
        count, multiple = 2, 8
    else:
        by_rows = m > n
        count = next(count for least, count in PIECES if m * k * n >= least)
        multiple = rows if by_rows else columns
    lines = m if by_rows else n
    if count > 2:
        cuts = _cuts(lines, count, multiple)
    else:
        cuts = _halves(lines, more * lines // (m * k * n), min(multiple, 32))
    parts = [(a[c], b, out[c]) if by_rows else (a, b[:, c], out[:, c]) for c in cuts]
    # What takes the interpreter's lock is done here, and not on the thread that multiplies.
    return [functools.partial(_multiply, _tiles(*part)) for part in parts]


def _cuts(lines: int, pieces: int, multiple: int) -> list[slice]:
    """Cut lines into so many pieces, or fewer, of a multiple of lines each."""
    step = -(-lines // (pieces * multiple)) * multiple
    return [slice(i, min(i + step, lines)) for i in range(0, lines, step)]


def _halves(lines: int, more: int, multiple: int) -> list[slice]:
    """Cut lines in two, at a multiple of lines, the first part with about so many more."""
    cut = (lines + more + multiple) // (2 * multiple) * multiple
    return [slice(cut), slice(cut, lines)]


# Products on one thread, where BLAS is told to stay on it. BLAS packs large matrices before it multiplies
# them, which takes a tenth of the time, with few rows a third of it. Where it multiplies small ones as they
# lie, products are cut into such, by one rule (`_tile`). Elsewhere tiles would take up to a quarter longer.


def tiled(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Compute `a @ b` on this thread, in tiles; leading axes broadcast as those of `np.matmul`.

    Args:
        a: `(..., m, k)`.
        b: `(..., k, n)`.
        out: place for the product, `(..., m, n)`.
    """
    tiles = _tiles(a, b, out)
    alike = a.dtype is b.dtype is out.dtype and a.ndim == b.ndim == 2 and out.flags.c_contiguous
    if alike and tiles[0][0] is a:
        return np.dot(a, b, out)  # which is faster with vectors
    _multiply(tiles)
    return out


def chosen(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> Callable[[int], object]:
    """Return a function of an index that computes `out = a[index] @ b`, as `tiled` does.

    Args:
        a: `(indices, m, k)`.
        b: `(k, n)` or `(blocks, k, n)`.
        out: `(m, n)` or `(blocks, m, n)`.
    """
    tiles = _tiles(a, b, out)
    if len(tiles) > 1:
        return lambda i: _multiply([(x[i], y, z) for x, y, z in tiles])
    x, y, z = tiles[0]
    if x is a and b.ndim == 2:
        return lambda i: a[i].dot(b, out)
    return lambda i: np.matmul(x[i], y, z, order="C")


def inner_product(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Write `a.T @ b` of tall matrices into `out`, the sum over blocks of rows.

    Args:
        a: `(m, k)`.
        b: `(m, n)`.
        out: `(k, n)`.
    """
    count = row_blocks(a.shape[0], out.size)
    if count == 1:
        tiled(a.T, b, out)
    else:
        a, b = (x.reshape(count, -1, x.shape[-1]) for x in (a, b))
        np.add.reduce(np.matmul(a.transpose(0, 2, 1), b), 0, out=out)


def _multiply(parts: list[tuple]) -> None:
    """Compute the products of what `_tiles` returns, tile by tile in the order of their axes."""
    for a, b, out in parts:
        np.matmul(a, b, out, order="C")


def _tiles(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> list[tuple]:
    """Return views for `_multiply`: those in tiles, and rests. `out` may lack leading axes of `a`."""
    m, k = a.shape[-2:]
    n = b.shape[-1]
    turned, b_turned = _turned(a, b)
    if m * k * n <= IN_PLACE and (not b_turned or m * n <= IN_PLACE_TURNED):
        return [(a, b, out)]
    rows, columns = _tile(m, k, n, turned, b_turned, b.itemsize)
    if (rows, columns) == (m, n):
        return [(a, b, out)]
    cut = n - n % columns
    if cut < n:
        rest = _tiles(a, b[..., cut:], out[..., cut:])
        return _tiles(a, b[..., :cut], out[..., :cut]) + rest
    cut = m - m % rows
    if cut < m:
        rest = _tiles(a[..., cut:, :], b, out[..., cut:, :])
        return _tiles(a[..., :cut, :], b, out[..., :cut, :]) + rest
    lead = a.shape[:-2]
    right = b.reshape(*b.shape[:-1], n // columns, columns).swapaxes(-2, -3)
    target = out.reshape(*out.shape[:-2], m // rows, rows, n // columns, columns).swapaxes(-2, -3)
    if turned:
        left = a.reshape(*lead, m // rows, 1, rows, k)
        return [(left, right[..., None, :, :, :], target)]
    # All rows for some columns, which stay in the cache meanwhile, then for the next ones.
    left = a.reshape(*lead, 1, m // rows, rows, k)
    return [(left, right[..., None, :, :], target.swapaxes(-3, -4))]


def _turned(a: np.ndarray, b: np.ndarray) -> tuple[bool, bool]:
    """Return of two factors whether they lie column by column."""
    return a.strides[-1] != a.itemsize, b.strides[-1] != b.itemsize


@functools.lru_cache(maxsize=1024)
def _tile(m: int, k: int, n: int, turned: bool, b_turned: bool, size: int) -> tuple[int, int]:
    """Return rows and columns of the tiles in which a product `(m, k) @ (k, n)` is fastest.

    Measured with OpenBLAS 0.3.31 on a Zen 4, for `m`, `k`, `n` from 32 to 1024: 103 to 115 GF/s on
    one thread in float32, where one product has 60 to 100, and 50 to 57 instead of 43 to 51 in float64.

    Args:
        m: rows of the result.
        k: what is summed over.
        n: columns of the result.
        turned: whether the first factor lies column by column.
        b_turned: whether the second one does.
        size: bytes of a number.
    """
    if n == 1 or not blas.multiplies_small_in_place():
        return m, n
    if b_turned and (turned or k < 192):
        return m, n
    rows, columns, least = (32, 32, 16) if turned or b_turned else (32, 64, 8)
    if n <= columns:  # see `IN_PLACE_TURNED`
        rows, columns = rows * columns // n if b_turned else min(IN_PLACE // (k * n), 512), n
    while rows > least and rows * columns * k > IN_PLACE:
        rows //= 2
    if turned and size == 8:  # fewer rows than columns take longer
        columns = min(rows, columns)
    rows, columns = _part(m, rows, 4), _part(n, columns, 16)
    return (rows, columns) if rows >= 8 and rows * columns * k <= IN_PLACE else (m, n)


def _part(size: int, most: int, multiple: int) -> int:
    """Return how long parts of a size are that are not shorter than need be, with or without a rest.

    Args:
        size: what is cut.
        most: how long a part may be.
        multiple: what a part is a multiple of, unless it is the whole.
    """
    if size <= most:
        return size
    parts = range(most // multiple * multiple, max(most // 2 - 1, 0), -multiple)
    return next((part for part in parts if size % part == 0), most)


@functools.lru_cache(maxsize=1024)
def row_blocks(rows: int, work: int) -> int:
    """Return into how many equal blocks of rows, of so many multiply-adds each, to cut a sum."""
    wanted = -(-rows * work // IN_PLACE)
    if wanted <= 1 or not blas.multiplies_small_in_place():
        return 1
    for count in range(wanted, rows // 64 + 1):
        if rows % count == 0:
            return count
    return 1
