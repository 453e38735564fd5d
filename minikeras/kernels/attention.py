"""Scaled dot-product attention (Vaswani et al., 2017), a few examples at a time.

The scores of a block of examples stay in a core's cache from the product that makes them to the
product that uses them; blocks are shared out among threads. Probabilities are never divided by
their sums: what is divided is the result, which is smaller. Backward keeps the exponentials and
gets the sum that the softmax's gradient needs from the result too (as in Dao et al., 2022). Where a
query sees only keys at its own place and before, scores are made of a few queries at a time, and
only as many as the last of them sees.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from minikeras.kernels import parallel
from minikeras.kernels.sums import row_sums

_BLOCK = 1 << 18
"""Scores of a block."""
_ROWS = 64
"""Queries whose scores are made at once where they see only the past."""


def _tiles(queries: int, keys: int, past: bool) -> list[tuple[slice, int]]:
    """Return which queries are worked on at once, and how many keys they see, the most first."""
    if not past:
        return [(slice(0, queries), keys)]
    starts = range(0, queries, _ROWS)
    ends = [min(i + _ROWS, queries) for i in starts]
    return [(slice(i, end), min(end, keys)) for i, end in zip(starts, ends)][::-1]


@functools.lru_cache(maxsize=4)
def _past(queries: int, keys: int) -> np.ndarray:
    """Return which keys each query sees that sees none after its own place."""
    return np.tri(queries, keys, dtype=bool)


def _is_past(mask: np.ndarray, queries: int, keys: int) -> bool:
    """Say whether a mask is that of `_past`, whoever made it."""
    past = _past(queries, keys)
    return mask.size == past.size and np.array_equal(mask.reshape(-1, keys), past)


def _step(batch: int, scores: int) -> int:
    """Return how many examples are worked on at once, of so many scores each."""
    step = max(min(_BLOCK // max(scores, 1), -(-batch // 2)), 1)
    while step > 1 and -(-batch // step) % 2:  # two threads shall have as much to do
        step -= 1
    return step


def _calm(query: np.ndarray, key: np.ndarray) -> bool:
    """Say that no score is so large that its exponential needs care.

    A score is at most the product of the lengths of its query and key.
    """
    limit = 60.0 if query.dtype.itemsize == 4 else 600.0
    with np.errstate(invalid="ignore", over="ignore"):
        squares = [row_sums(np.square(x).reshape(-1, x.shape[-1])) for x in (query, key)]
        largest = [np.maximum.reduce(square, axis=None) for square in squares]
        return bool(np.sqrt(largest[0]) * np.sqrt(largest[1]) <= limit)


def masked_bias(
    mask: np.ndarray | None, causal: bool, shape: tuple, dtype: np.dtype
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return what is added to scores so that masked ones vanish in the softmax.

    It is so large that a score added to it is lost to rounding: where all scores of a row are
    masked, all have the same share.

    Args:
        mask: booleans that broadcast to the scores, false where there is to be no attention.
        causal: whether a query sees only keys at its own place and before.
        shape: shape of the scores, `(batch, heads, queries, keys)`.
        dtype: dtype of the scores.

    Returns:
        The addend, None for nothing; and 1 for rows that the scores decide about, 0 for those
        that are masked as a whole, None if there are no such rows.
    """
    if causal:
        past = np.tri(shape[-2], shape[-1], dtype=bool)
        mask = past if mask is None else mask & past
    if mask is None:
        return None, None
    mask = np.asarray(mask, bool)
    alive = np.logical_or.reduce(mask, axis=-1, keepdims=True)
    addend = np.where(mask, dtype.type(0), dtype.type(-0.5 * float(np.finfo(dtype).max)))
    return addend, None if alive.all() else alive.astype(dtype)


def forward(
    query: np.ndarray,
    key: np.ndarray,
    value: np.ndarray,
    bias: np.ndarray | None,
    scale: float,
    mask: np.ndarray | None = None,
    causal: bool = False,
    keep: np.ndarray | None = None,
    rate: float = 1.0,
    saving: bool = True,
) -> tuple[np.ndarray, tuple | None]:
    """Compute `softmax(query @ key.T * scale + bias) @ value` for each example and head.

    Args:
        query: `(batch, queries, heads, size)`.
        key: `(batch, keys, heads, size)`.
        value: `(batch, keys, heads, value size)`.
        bias: added to the scores, broadcast to `(batch, heads, queries, keys)`; or None.
        scale: factor of the scores.
        mask, causal: see `masked_bias`.
        keep: `(batch, heads, queries, keys)`, false where dropout drops a probability; or None.
        rate: the share of probabilities that is kept.
        saving: whether backward is to come.

    Returns:
        The result, `(batch, queries, heads, value size)`, and what backward needs, or None.
    """
    batch, queries, heads, size = query.shape
    keys = key.shape[1]
    shape = (batch, heads, queries, keys)
    dtype = query.dtype
    result = np.empty((batch, queries, heads, value.shape[-1]), dtype)
    if mask is not None and _is_past(mask, queries, keys):
        mask, causal = None, True
    past = causal and mask is None and bias is None and min(queries, keys) > 0
    tiles = _tiles(queries, keys, past)
    if past:
        extra, alive = masked_bias(None, True, (*shape[:2], _ROWS, _ROWS), dtype)[0], None
    else:
        extra, alive = masked_bias(mask, causal, shape, dtype)
        if bias is not None:
            extra = bias if extra is None else bias + extra
        if extra is not None:
            extra = np.broadcast_to(extra, shape)
    weights = inverse = None
    if saving:
        weights = [np.empty((batch, heads, t.stop - t.start, n), dtype) for t, n in tiles]
        inverse = np.empty((*shape[:3], 1), dtype)
    k_t = key.transpose(0, 2, 3, 1)
    v, y = value.transpose(0, 2, 1, 3), result.transpose(0, 2, 1, 3)
    ones = np.ones((keys, 1), dtype)
    factor, rate_ = dtype.type(scale), dtype.type(rate)
    # Where scores are small, the largest need not be subtracted: the quotients are as
    # exact without it. A row that is masked as a whole would get a sum of zero.
    may_be_calm = bias is None and alive is None and query.size and key.size
    most = heads * max((t.stop - t.start) * n for t, n in tiles)
    step = _step(batch, most)

    def work(parts: Any) -> None:
        scaled = np.empty((step, queries, heads, size), dtype)
        scratch = None if saving else np.empty(step * most, dtype)
        for part in parts:
            count = part.stop - part.start
            scaled_part = np.multiply(query[part], factor, scaled[:count])
            q = scaled_part.transpose(0, 2, 1, 3)
            calm = may_be_calm and _calm(scaled_part, key[part])
            for i, (rows, n) in enumerate(tiles):
                if saving:
                    w = weights[i][part]
                else:
                    w_shape = (count, heads, rows.stop - rows.start, n)
                    w = scratch[: math.prod(w_shape)].reshape(w_shape)
                np.matmul(q[:, :, rows], k_t[part][..., :n], out=w)
                if past:
                    edge = w[..., rows.start :]  # beyond the first of these queries
                    np.add(edge, extra[: edge.shape[-2], : edge.shape[-1]], edge)
                elif extra is not None:
                    np.add(w, extra[part], w)
                if not calm:
                    np.subtract(w, np.maximum.reduce(w, axis=-1, keepdims=True), w)
                np.exp(w, w)
                total = np.matmul(w, ones[:n])
                total *= rate_
                kept = w if keep is None else w * keep[part, :, rows, :n]
                y_part = y[part, :, rows]
                np.matmul(kept, v[part, :, :n], out=y_part)
                np.reciprocal(total, total)
                if saving:
                    inverse[part, :, rows] = total
                np.multiply(y_part, total, y_part)

    if keys and batch:
        with parallel.single_blas:
            parallel.run_slices(batch, step, work)
    else:  # a sum over nothing; any finite factor keeps it
        result[...] = 0
        if saving:
            inverse[...] = 1
    if not saving:
        return result, None
    if alive is not None:
        alive = np.broadcast_to(alive, (*shape[:3], 1))
    bias_shape = None if bias is None else bias.shape
    saved = (query, key, value, bias_shape, scale, keep, rate, weights, inverse, result, alive)
    return result, (*saved, tiles)


def backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    """Return the gradients of query, key, value and bias."""
    query, key, value, bias_shape, scale, keep, rate, weights, inverse, result, alive, tiles = saved
    dtype = query.dtype
    batch, queries, heads, size = query.shape
    keys = key.shape[1]
    need_q, need_k, need_v, need_bias = needs
    need_bias = need_bias and bias_shape is not None
    dq = np.empty(query.shape, dtype) if need_q else None
    # Keys that no query sees, if queries are fewer, get zeros.
    make = np.empty if tiles[0][1] == keys else np.zeros
    dk = make(key.shape, dtype) if need_k else None
    dv = make(value.shape, dtype) if need_v else None
    dbias = np.zeros((batch, heads, queries, keys), dtype) if need_bias else None
    over_rows = (0, 2, 1, 3)
    q, k = query.transpose(over_rows), key.transpose(over_rows)
    v_t = value.transpose(0, 2, 3, 1)
    factor, rate_ = dtype.type(scale), dtype.type(rate)
    most = heads * max((t.stop - t.start) * n for t, n in tiles)
    step = _step(batch, most)

    def add(target: np.ndarray, a: np.ndarray, b: np.ndarray, first: bool) -> None:
        """Add the product of two arrays to the keys' gradient, to which other queries add too."""
        if first:
            np.matmul(a, b, out=target)
        else:
            target += np.matmul(a, b)

    def work(parts: Any) -> None:
        scratch = np.empty(step * most, dtype)
        for part in parts:
            # Of the result before it was divided by the sum of the weights.
            g_part = np.multiply(g[part].transpose(over_rows), inverse[part])
            along_part = g_part * result[part].transpose(over_rows)
            along_part = np.add.reduce(along_part, axis=-1, keepdims=True)
            along_part *= rate_
            for i, (rows, n) in enumerate(tiles):
                w = weights[i][part]
                d = scratch[: w.size].reshape(w.shape)
                gy = g_part[:, :, rows]
                if need_v:
                    kept = w if keep is None else np.multiply(w, keep[part, :, rows, :n], d)
                    target = dv[part].transpose(over_rows)[:, :, :n]
                    add(target, kept.swapaxes(-1, -2), gy, i == 0)
                if not (need_q or need_k or need_bias):
                    continue
                np.matmul(gy, v_t[part, :, :, :n], out=d)
                if keep is not None:
                    np.multiply(d, keep[part, :, rows, :n], d)
                np.subtract(d, along_part[:, :, rows], d)
                np.multiply(d, w, d)  # of the scores
                if alive is not None:
                    np.multiply(d, alive[part, :, rows], d)
                if need_q:
                    target = dq[part].transpose(over_rows)[:, :, rows]
                    np.matmul(d, k[part, :, :n], out=target)
                if need_k:
                    target = dk[part].transpose(over_rows)[:, :, :n]
                    add(target, d.swapaxes(-1, -2), q[part, :, rows], i == 0)
                if need_bias:
                    dbias[part] = d
            for gradient in (dq, dk):
                if gradient is not None:
                    np.multiply(gradient[part], factor, gradient[part])

    if batch:
        with parallel.single_blas:
            parallel.run_slices(batch, step, work)
    if need_bias:
        extra = dbias.ndim - len(bias_shape)
        full = (1,) * extra + tuple(bias_shape)
        axes = tuple([i for i, n in enumerate(full) if n == 1 and dbias.shape[i] != 1])
        dbias = np.add.reduce(dbias, axis=axes, keepdims=True) if axes else dbias
        dbias = dbias.reshape(bias_shape)
    return [dq, dk, dv, dbias]
