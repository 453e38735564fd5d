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
PAGE = 4096
"""Bytes after which memory falls into the same places of a cache again."""
CACHED = 1 << 19
"""Bytes of a factor that stay in a core's cache beside the other one."""
HEAD_START = 1_000_000
"""Multiply-adds that the calling thread does until another one, which slept, has begun."""
PIECES = 4
"""Into how many pieces of about the same size large products are cut, if these are not packed."""
COLUMNS = 64
"""Columns of a second factor that are multiplied where they lie, without being packed first."""


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
            return tiled(a, b, _place(a, b) if out is None else out)
    return dots((a, b, out))[0]


def _place(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.empty((a.shape[0], b.shape[1]), np.result_type(a, b))


def dots(*products: tuple, beside: Callable[[], object] | None = None) -> list[np.ndarray]:
    """Compute several large products at once: between two calls a thread would fall asleep.

    Args:
        *products: `(a, b, out)` of each, as for `dot`.
        beside: what else is to be done; the calling thread has other things to do first.
    """
    results, tasks = [], []
    more = HEAD_START if beside is None else 3 * HEAD_START  # that takes a while too
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
        parallel.later(functools.partial(np.matmul, *_tiles(a, b, out)))
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
    # What takes the interpreter's lock is done here, and not on the thread that multiplies.
    (m, n), k = out.shape, a.shape[1]
    layout = a.strides[-1], *b.strides, b.itemsize
    rows, columns, strips = m, n, 0
    fine = m * k * n >= 2 * PARALLEL and n > COLUMNS and n % COLUMNS == 0
    if fine:
        rows, columns = _tile(m, k, n, *layout)
    if fine and (rows, columns) == (m, n):
        # All of `b` would not stay in the cache from one row of tiles to the next one: a strip of it may.
        tall, _ = _tile(m, k, COLUMNS, *layout)
        if tall * COLUMNS * k <= IN_PLACE and parallel.multiplies_small_in_place():
            rows, columns, strips = tall, COLUMNS, n // COLUMNS
    if (rows, columns) != (m, n):
        left, right, target = _in_tiles(a, b, out, rows, columns)
        if m // rows > n // columns and not strips:
            cuts = _cuts(m // rows, PIECES)
            parts = [(left[cut], right, target[cut]) for cut in cuts]
        else:
            cuts = _cuts(n // columns, strips or PIECES)
            parts = [(left, right[:, cut], target[:, cut]) for cut in cuts]
    elif (m > n or (m >= 64 and n < 256)) and not (a.flags.f_contiguous and n >= 128):
        parts = [_tiles(a[cut], b, out[cut]) for cut in _halves(m, more, k * n)]
    else:  # BLAS has to rearrange what it multiplies with, and each thread only its part of it
        parts = [_tiles(a, b[:, cut], out[:, cut]) for cut in _halves(n, more, k * m)]
    return [functools.partial(np.matmul, *part) for part in parts]


def _cuts(lines: int, pieces: int) -> list[slice]:
    """Cut lines into so many pieces, or fewer."""
    step = -(-lines // pieces)
    return [slice(i, i + step) for i in range(0, lines, step)]


def _halves(lines: int, more: int, work: int) -> list[slice]:
    """Cut lines of so much work each in two, at a multiple of 8, for vector loops."""
    cut = (lines // 2 + more // (2 * max(work, 1)) + 7) // 8 * 8
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
    if alike and tiles[0] is a:
        return np.dot(a, b, out)  # which is faster with vectors
    np.matmul(*tiles)
    return out


def chosen(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> Callable[[int], object]:
    """Return a function of an index that computes `out = a[index] @ b`, as `tiled` does.

    Args:
        a: `(indices, m, k)`.
        b: `(k, n)` or `(blocks, k, n)`.
        out: `(m, n)` or `(blocks, m, n)`.
    """
    x, y, z = _tiles(a, b, out)
    if x is a and b.ndim == 2:
        return lambda i: a[i].dot(b, out)
    return lambda i: np.matmul(x[i], y, z)


def inner_product(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Write `a.T @ b` of tall matrices into `out`, the sum over blocks of rows.

    Args:
        a: `(m, k)`.
        b: `(m, n)`.
        out: `(k, n)`.
    """
    count = _blocks(a.shape[0], out.size)
    if count == 1:
        tiled(a.T, b, out)
    else:
        a, b = (x.reshape(count, -1, x.shape[-1]) for x in (a, b))
        np.add.reduce(np.matmul(a.transpose(0, 2, 1), b), 0, out=out)


def _tiles(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return views for `np.matmul`. `out` may lack leading axes of `a`."""
    m, k = a.shape[-2:]
    n = b.shape[-1]
    if m * k * n <= IN_PLACE:
        return a, b, out
    rows, columns = _tile(m, k, n, a.strides[-1], *b.strides[-2:], b.itemsize)
    if (rows, columns) == (m, n):
        return a, b, out
    return _in_tiles(a, b, out, rows, columns)


def _in_tiles(
    a: np.ndarray, b: np.ndarray, out: np.ndarray, rows: int, columns: int
) -> tuple[np.ndarray, ...]:
    """Return views for `np.matmul` in tiles of so many rows and columns."""
    (m, k), n = a.shape[-2:], b.shape[-1]
    # Tiles of a row are counted before what is in a tile.
    left = a.reshape(*a.shape[:-2], m // rows, 1, rows, k)
    right = b.reshape(*b.shape[:-1], n // columns, columns).swapaxes(-2, -3)
    target = out.reshape(*out.shape[:-2], m // rows, rows, n // columns, columns)
    return left, right[..., None, :, :, :], target.swapaxes(-2, -3)


@functools.lru_cache(maxsize=1024)
def _tile(
    m: int, k: int, n: int, along: int, b_down: int, b_along: int, size: int
) -> tuple[int, int]:
    """Return rows and columns of the tiles in which a product `(m, k) @ (k, n)` is fastest.

    Measured with OpenBLAS 0.3.31 on a Zen 4: 0.85 to 0.95 of the time of one product, 0.4 to 0.8 where
    `m` or `n` is small or `b` lies column by column.

    Args:
        m: rows of the result.
        k: what is summed over.
        n: columns of the result.
        along: bytes from a column of the first factor to the next one.
        b_down: bytes from a row of the second factor to the next one.
        b_along: bytes from a column of it to the next one.
        size: bytes of a number.
    """
    if n == 1 or not parallel.multiplies_small_in_place():
        return m, n
    turned, b_turned = along != size, b_along != size
    rows, columns, most = (32, 32, IN_PLACE // 2) if turned else (32, 64, IN_PLACE)
    if b_turned:  # such are multiplied in place up to 1200 numbers of the result only
        rows, columns, most = 32, 32, (0 if turned or k < 192 else IN_PLACE)
    if n <= columns:
        rows, columns = rows * columns // n if b_turned else min(most // (k * n), 512), n
    least = 16 if turned or b_turned else 8
    while rows > least and rows * columns * k > most:
        rows //= 2
    rows, columns = _divisor(m, rows, 4), _divisor(n, columns, 16)
    # Lines that are read across lie in few places of the cache.
    steps = [along] * turned + [b_down] * (not b_turned and columns < n)
    stays = all(k * math.gcd(step, PAGE) <= CACHED for step in steps)
    fits = min(rows, m) >= 8 and columns and rows * columns * k <= most
    return (rows, columns) if stays and fits else (m, n)


def _divisor(size: int, most: int, multiple: int) -> int:
    """Return the largest part of a size that it can be cut into, 0 if there is none.

    Args:
        size: what is cut.
        most: how large a part may be.
        multiple: what a part is a multiple of, unless it is the whole.
    """
    if size <= most:
        return size
    parts = range(most // multiple * multiple, 0, -multiple)
    return next((part for part in parts if size % part == 0), 0)


@functools.lru_cache(maxsize=1024)
def _blocks(rows: int, work: int) -> int:
    """Return into how many equal blocks of rows, of so many multiply-adds each, to cut a sum."""
    wanted = -(-rows * work // IN_PLACE)
    if wanted <= 1 or not parallel.multiplies_small_in_place():
        return 1
    for count in range(wanted, rows // 64 + 1):
        if rows % count == 0:
            return count
    return 1
