"""Scaled dot-product attention (Vaswani et al., 2017), a few examples at a time.

The scores of a block of examples stay in a core's cache from the product that makes them to the
product that uses them; blocks are shared out among threads. Probabilities are never divided by
their sums: what is divided is the result, which is smaller. Backward keeps the exponentials and
gets the sum that the softmax's gradient needs from the result too (as in Dao et al., 2022).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.kernels import parallel
from minikeras.kernels.sums import row_sums

_BLOCK = 1 << 17
"""Scores of a block."""


def _by_examples(batch: int, scores: int, task: Callable[[list], None]) -> None:
    """Share slices of the batch out among threads.

    Args:
        batch: number of examples.
        scores: number of scores of each.
        task: called on each thread with a list of slices.
    """
    step = _step(scores)
    parts = [slice(s, min(s + step, batch)) for s in range(0, batch, step)]
    share = -(-len(parts) // parallel.threads()) if len(parts) > 1 else 1
    with parallel.single_blas:
        parallel.run(
            [functools.partial(task, parts[i : i + share]) for i in range(0, len(parts), share)]
        )


def _step(scores: int) -> int:
    """Return how many examples are worked on at once."""
    return max(_BLOCK // max(scores, 1), 1)


def _calm(query: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Say for which examples no score is so large that its exponential needs care.

    A score is at most the product of the lengths of its query and key.
    """
    largest = [
        np.maximum.reduce(row_sums(np.square(x).reshape(-1, x.shape[-1])).reshape(len(x), -1), 1)
        for x in (query, key)
    ]
    limit = 60.0 if query.dtype.itemsize == 4 else 600.0
    with np.errstate(invalid="ignore", over="ignore"):
        return np.sqrt(largest[0]) * np.sqrt(largest[1]) <= limit


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
) -> tuple[np.ndarray, tuple]:
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

    Returns:
        The result, `(batch, queries, heads, value size)`, and what backward needs.
    """
    batch, queries, heads, _ = query.shape
    keys = key.shape[1]
    shape = (batch, heads, queries, keys)
    dtype = query.dtype
    extra, alive = masked_bias(mask, causal, shape, dtype)
    if bias is not None:
        extra = bias if extra is None else bias + extra
    if extra is not None:
        extra = np.broadcast_to(extra, shape)
    weights = np.empty(shape, dtype)
    inverse = np.empty((*shape[:3], 1), dtype)
    result = np.empty((batch, queries, heads, value.shape[-1]), dtype)
    scaled = query * dtype.type(scale)
    q, k_t = scaled.transpose(0, 2, 1, 3), key.transpose(0, 2, 3, 1)
    v, y = value.transpose(0, 2, 1, 3), result.transpose(0, 2, 1, 3)
    ones = np.ones((keys, 1), dtype)

    # Where scores are small, the largest need not be subtracted: the quotients are as
    # exact without it. A row that is masked as a whole would get a sum of zero.
    calm = np.zeros(batch, bool)
    if bias is None and alive is None and scaled.size and key.size:
        calm = _calm(scaled, key)

    def work(parts: list) -> None:
        for part in parts:
            w = weights[part]
            np.matmul(q[part], k_t[part], out=w)
            if extra is not None:
                np.add(w, extra[part], w)
            if not calm[part].all():
                np.subtract(w, np.maximum.reduce(w, axis=-1, keepdims=True), w)
            np.exp(w, w)
            total = np.matmul(w, ones)
            total *= dtype.type(rate)
            kept = w if keep is None else w * keep[part]
            np.matmul(kept, v[part], out=y[part])
            r = np.reciprocal(total, inverse[part])
            np.multiply(y[part], r, y[part])

    if keys:
        _by_examples(batch, heads * queries * keys, work)
    else:  # a sum over nothing; any finite factor keeps it
        result[...], inverse[...] = 0, 1
    if alive is not None:
        alive = np.broadcast_to(alive, (*shape[:3], 1))
    bias_shape = None if bias is None else bias.shape
    kept = (scaled, key, value, bias_shape, scale, keep, rate, weights, inverse, result, alive)
    return result, kept


def probabilities(saved: tuple) -> np.ndarray:
    """Return the softmax of the scores, before dropout, from what `forward` saved."""
    rate, weights, inverse = saved[6:9]
    return weights * (inverse * rate)


def backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    """Return the gradients of query, key, value and bias."""
    scaled, key, value, bias_shape, scale, keep, rate, weights, inverse, result, alive = saved
    dtype = scaled.dtype
    need_q, need_k, need_v, need_bias = needs
    need_bias = need_bias and bias_shape is not None
    dq = np.empty_like(scaled) if need_q else None
    dk = np.empty_like(key) if need_k else None
    dv = np.empty_like(value) if need_v else None
    dbias = np.zeros(weights.shape, dtype) if need_bias else None
    over_rows = (0, 2, 1, 3)
    q, k = scaled.transpose(over_rows), key.transpose(over_rows)
    v_t = value.transpose(0, 2, 3, 1)

    scores = math.prod(weights.shape[1:])

    def work(parts: list) -> None:
        scratch = np.empty((_step(scores), *weights.shape[1:]), dtype)
        for part in parts:
            w = weights[part]
            d = scratch[: w.shape[0]]
            # Of the result before it was divided by the sum of the weights.
            gy = np.multiply(g[part].transpose(over_rows), inverse[part])
            if need_v:
                kept = w if keep is None else np.multiply(w, keep[part], d)
                np.matmul(kept.swapaxes(-1, -2), gy, out=dv[part].transpose(over_rows))
            if not (need_q or need_k or need_bias):
                continue
            along = gy * result[part].transpose(over_rows)
            along = np.add.reduce(along, axis=-1, keepdims=True)
            along *= dtype.type(rate)
            np.matmul(gy, v_t[part], out=d)
            if keep is not None:
                np.multiply(d, keep[part], d)
            np.subtract(d, along, d)
            np.multiply(d, w, d)  # of the scores
            if alive is not None:
                np.multiply(d, alive[part], d)
            if need_q:
                np.matmul(d, k[part], out=dq[part].transpose(over_rows))
            if need_k:
                np.matmul(d.swapaxes(-1, -2), q[part], out=dk[part].transpose(over_rows))
            if need_bias:
                dbias[part] = d

    _by_examples(weights.shape[0], scores, work)
    if need_q:
        dq *= dtype.type(scale)
    if need_bias:
        extra = dbias.ndim - len(bias_shape)
        full = (1,) * extra + tuple(bias_shape)
        axes = tuple([i for i, n in enumerate(full) if n == 1 and dbias.shape[i] != 1])
        dbias = np.add.reduce(dbias, axis=axes, keepdims=True) if axes else dbias
        dbias = dbias.reshape(bias_shape)
    return [dq, dk, dv, dbias]
