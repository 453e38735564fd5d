"""Scaled dot-product attention (Vaswani et al., 2017), a few examples at a time.

The scores of a block of examples stay in a core's cache from the product that makes them to the
product that uses them; blocks are shared out among threads. Probabilities are never divided by
their sums: what is divided is the result, which is smaller. Backward keeps the exponentials and
gets the sum that the softmax's gradient needs from the result too (as in Dao et al., 2022). Where a
query sees only keys at its own place and before, scores are made of a few queries at a time, and
only as many as the last of them sees.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.kernels import parallel
from minikeras.kernels.gemm import matmul, row_blocks, tiled

_BLOCK = 1 << 18
"""Scores of a block."""
_ALONE = 1 << 24
"""Multiply-adds of projections up to which one thread is as fast as two."""
_ROWS = 64
"""Queries whose scores are made at once where they see only the past."""


def _tiles(
    heads: int, queries: int, keys: int, past: bool, saving: bool
) -> list[tuple[slice, int]]:
    """Return which queries are worked on at once, and how many keys they see, the most first."""
    if past:
        rows = _ROWS
    elif heads * queries * keys > 4 * _BLOCK and not saving:
        # Far more than a core's cache holds. Backward would add to the keys' gradients too often.
        rows = max(_BLOCK // (heads * keys), _ROWS)
    else:
        return [(slice(0, queries), keys)]
    starts = range(0, queries, rows)
    ends = [min(i + rows, queries) for i in starts]
    return [(slice(i, end), min(end, keys) if past else keys) for i, end in zip(starts, ends)][::-1]


def _is_past(mask: np.ndarray, queries: int, keys: int) -> bool:
    """Say whether a mask, whoever made it, lets each query see the keys up to its own place."""
    if mask.shape[-2:] != (queries, keys) or mask.size != queries * keys:
        return False  # one of as many examples as there are queries may look the same when flat
    mask = mask.reshape(queries, keys)
    if mask[:1, 1:].any() or not mask[-1:, :1].all():
        return False  # most others: nothing as large as the mask is made to find that out
    return np.array_equal(mask, np.tri(queries, keys, dtype=bool))


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


def _put_scores(q: np.ndarray, k_t: np.ndarray, out: np.ndarray) -> None:
    """Put `q @ k_t` into `out`, of a few queries at a time where BLAS multiplies them as they lie.

    `gemm.tiled` cuts keys as well, and with the few features of a head takes a fifth longer.
    """
    examples, heads, queries, size = q.shape
    turned = k_t.strides[-1] != k_t.itemsize  # what lies in columns BLAS packs in any case
    runs = 1 if turned else row_blocks(queries, size * k_t.shape[-1])
    if runs == 1:
        np.matmul(q, k_t, out=out)
    else:
        q, out = (a.reshape(examples, heads, runs, queries // runs, -1) for a in (q, out))
        np.matmul(q, k_t[:, :, None], out=out)


class _Scores:
    """How the scores of a call are made: in which pieces, and what is added to them.

    Args:
        shape: `(batch, heads, queries, keys)`.
        dtype: their dtype.
        bias, mask, causal, saving: see `forward`.

    Attributes:
        tiles: which queries are worked on at once, and how many keys they see.
        most: the most scores that an example has at a time.
        step: how many examples are worked on at once.
        alive: see `masked_bias`; of all examples and heads.
        least, largest: between which sums of exponentials need no care.
    """

    def __init__(
        self, shape: tuple, dtype: np.dtype, bias: Any, mask: Any, causal: bool, saving: bool
    ) -> None:
        batch, heads, queries, keys = shape
        if mask is not None and _is_past(mask, queries, keys):
            mask, causal = None, True
        self.heads = heads
        self.past = causal and mask is None and bias is None and min(queries, keys) > 0
        self.tiles = _tiles(heads, queries, keys, self.past, saving)
        self.most = heads * max((t.stop - t.start) * n for t, n in self.tiles)
        step = max(min(_BLOCK // max(self.most, 1), -(-batch // 2)), 1)
        while step > 1 and -(-batch // step) % 2:  # two threads shall have as much to do
            step -= 1
        self.step = step
        self.alive = None
        if self.past:
            extra = masked_bias(None, True, (*shape[:2], _ROWS, _ROWS), dtype)[0]
        else:
            extra, self.alive = masked_bias(mask, causal, shape, dtype)
            if bias is not None:
                extra = bias if extra is None else bias + extra
            if extra is not None:
                extra = np.broadcast_to(extra, shape)
            if self.alive is not None:
                self.alive = np.broadcast_to(self.alive, (*shape[:-1], 1))
        self.extra = extra
        self.ones = np.ones((keys, 1), dtype)
        limit = 60 if dtype.itemsize == 4 else 600
        self.least, self.largest = np.exp(dtype.type(-limit)), np.exp(dtype.type(limit))

    def attend(
        self,
        q: np.ndarray,
        k_t: np.ndarray,
        v: np.ndarray,
        part: slice,
        places: list[np.ndarray],
        y: np.ndarray,
        keep: np.ndarray | None = None,
    ) -> np.ndarray:
        """Put sums of values, weighted by exponentials of scores, into `y`; return the sums of weights.

        Both may have a factor, the same for all of a row.

        Args:
            q, k_t, v, y: of some examples, `(examples, heads, ...)`.
            part: which examples these are.
            places: for the weights of each tile.
            keep: see `forward`; of all examples.
        """
        total = np.empty((*q.shape[:3], 1), q.dtype)
        # The largest score of a row is subtracted only where it has to be: quotients are as exact without
        # it as long as all sums are of a moderate size. That of a row that is masked as a whole is zero.
        for calm in (True, False) if self.alive is None else (False,):
            with np.errstate(over="ignore", invalid="ignore"):
                for (rows, n), w in zip(self.tiles, places):
                    _put_scores(q[:, :, rows], k_t[..., :n], w)
                    if self.past:
                        edge = w[..., rows.start :]  # beyond the first of these queries
                        np.add(edge, self.extra[: edge.shape[-2], : edge.shape[-1]], edge)
                    elif self.extra is not None:
                        np.add(w, self.extra[part, :, rows], w)
                    if not calm:
                        np.subtract(w, np.maximum.reduce(w, axis=-1, keepdims=True), w)
                    np.exp(w, w)
                    np.matmul(w, self.ones[:n], out=total[:, :, rows])
                    kept = w if keep is None else w * keep[part, :, rows, :n]
                    tiled(kept, v[:, :, :n], y[:, :, rows])
            if (
                np.minimum.reduce(total, axis=None) >= self.least
                and np.maximum.reduce(total, axis=None) <= self.largest
                and np.isfinite(np.add.reduce(y, axis=None))  # of very large values a sum is not
            ):
                break
        return total

    def rooms(self, scratch: np.ndarray, count: int) -> list[np.ndarray]:
        """Return the same place for the weights of each tile, of so many examples."""
        shapes = [(count, self.heads, t.stop - t.start, n) for t, n in self.tiles]
        return [scratch[: math.prod(shape)].reshape(shape) for shape in shapes]


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
    dtype = query.dtype
    result = np.empty((batch, queries, heads, value.shape[-1]), dtype)
    scores = _Scores((batch, heads, queries, keys), dtype, bias, mask, causal, saving)
    weights = inverse = None
    if saving:
        sizes = [(batch, heads, t.stop - t.start, n) for t, n in scores.tiles]
        weights = [np.empty(shape, dtype) for shape in sizes]
        inverse = np.empty((batch, heads, queries, 1), dtype)
    k_t = key.transpose(0, 2, 3, 1)
    v, y = value.transpose(0, 2, 1, 3), result.transpose(0, 2, 1, 3)
    factor, rate_ = dtype.type(scale), dtype.type(rate)

    def work(parts: Any) -> None:
        scaled = np.empty((scores.step, queries, heads, size), dtype)
        scratch = None if saving else np.empty(scores.step * scores.most, dtype)
        for part in parts:
            count = part.stop - part.start
            q = np.multiply(query[part], factor, scaled[:count]).transpose(0, 2, 1, 3)
            if saving:
                places = [w[part] for w in weights]
            else:
                places = scores.rooms(scratch, count)
            total = scores.attend(q, k_t[part], v[part], part, places, y[part], keep)
            if keep is not None:
                total *= rate_
            total = np.reciprocal(total, inverse[part] if saving else total)
            np.multiply(y[part], total, y[part])

    if keys and batch and queries:
        parallel.run_product_slices(batch, scores.step, work)
    else:  # a sum over nothing; any finite factor keeps it
        result[...] = 0
        if saving:
            inverse[...] = 1
    if not saving:
        return result, None
    bias_shape = None if bias is None else bias.shape
    saved = (query, key, value, bias_shape, scale, keep, rate, weights, inverse, result, scores)
    return result, saved


def self_attention(
    x: np.ndarray,
    kernels: Sequence[np.ndarray],
    biases: Sequence[np.ndarray | None],
    scale: float,
    mask: np.ndarray | None = None,
) -> np.ndarray:
    """Compute a layer's attention of sequences to themselves, with all its projections.

    From an example's projections to its result all stays in a core's cache.

    Args:
        x: `(batch, time, features)`.
        kernels: of the projections to query and key, `(features, heads, size)`, to the value,
            `(features, heads, value size)`, and of the result, `(heads, value size, ...)`.
        biases: of each of the four, or None.
        scale, mask: see `forward`.

    Returns:
        The result, `(batch, time, ...)`.
    """
    batch, time, features = x.shape
    dtype = x.dtype
    _, heads, size = kernels[0].shape
    value_size = kernels[2].shape[-1]
    scores = _Scores((batch, heads, time, time), dtype, None, mask, False, False)
    factor = dtype.type(scale)
    of_query, of_key, of_value = [kernel.reshape(features, -1) for kernel in kernels[:3]]
    of_key = of_key.T  # keys come out as the scores want them, an example's side by side
    of_query = of_query * factor
    last = kernels[3].reshape(heads * value_size, -1)
    shift = moved = None
    if biases[0] is not None:
        # That of keys adds the same number to all scores of a query, which the softmax takes out again,
        # and that of values the same vector to every result.
        shift = biases[0].reshape(-1) * factor
        moved = matmul(biases[2].reshape(-1), last) + biases[3].reshape(-1)
    result = np.empty((batch, time, last.shape[1]), dtype)

    def work(parts: Any) -> None:
        scratch = np.empty(scores.step * scores.most, dtype)
        values = np.empty((scores.step, time, heads, value_size), dtype)
        for part in parts:
            count = part.stop - part.start
            flat = x[part].reshape(-1, features)
            query = flat.dot(of_query)
            if shift is not None:
                np.add(query, shift, query)
            q, v = [
                a.reshape(count, time, heads, -1).transpose(0, 2, 1, 3)
                for a in (query, flat.dot(of_value))
            ]
            k_t = np.matmul(of_key, x[part].swapaxes(1, 2)).reshape(count, heads, size, time)
            y = values[:count].transpose(0, 2, 1, 3)
            places = scores.rooms(scratch, count)
            total = scores.attend(q, k_t, v, part, places, y)
            np.multiply(y, np.reciprocal(total, total), y)
            delivered = result[part].reshape(count * time, -1)
            np.matmul(values[:count].reshape(count * time, -1), last, out=delivered)
            if moved is not None:
                np.add(delivered, moved, delivered)

    parallel.run_product_slices(batch, scores.step, work)
    return result.reshape(batch, time, *kernels[3].shape[2:])


def pays_at_once(batch: int, products: int) -> bool:
    """Say whether `self_attention`, which gives each thread examples of its own, is the faster way.

    Args:
        batch: number of examples.
        products: multiply-adds of an example's projections.
    """
    return batch > 3 or batch * products < _ALONE


def backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    """Return the gradients of query, key, value and bias."""
    query, key, value, bias_shape, scale, keep, rate = saved[:7]
    weights, inverse, result, scores = saved[7:]
    dtype, tiles, alive = query.dtype, scores.tiles, scores.alive
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

    def add(target: np.ndarray, a: np.ndarray, b: np.ndarray, first: bool) -> None:
        """Add the product of two arrays to the keys' gradient, to which other queries add too."""
        if first:
            tiled(a, b, target)
        else:
            target += np.matmul(a, b)

    def work(parts: Any) -> None:
        scratch = np.empty(scores.step * scores.most, dtype)
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
                    tiled(d, k[part, :, :n], target)
                if need_k:
                    target = dk[part].transpose(over_rows)[:, :, :n]
                    add(target, d.swapaxes(-1, -2), q[part, :, rows], i == 0)
                if need_bias:
                    dbias[part, :, rows] = d
            for gradient in (dq, dk):
                if gradient is not None:
                    np.multiply(gradient[part], factor, gradient[part])

    if batch:
        parallel.run_product_slices(batch, scores.step, work)
    if need_bias:
        extra = dbias.ndim - len(bias_shape)
        full = (1,) * extra + tuple(bias_shape)
        axes = tuple([i for i, n in enumerate(full) if n == 1 and dbias.shape[i] != 1])
        dbias = np.add.reduce(dbias, axis=axes, keepdims=True) if axes else dbias
        dbias = dbias.reshape(bias_shape)
    return [dq, dk, dv, dbias]
