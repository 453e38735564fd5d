"""Embedding: rows of a table by index."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

_SPARSEST = 4
"""Rows of a table, for each index, up to which numbers are added one by one to where they belong."""
_SHORT = 32
"""Length of rows up to which they are."""
_FEW = 4
"""How often a row may be read to be added up turn by turn."""


def forward(table: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, tuple]:
    """Return `table[indices]`: `(n, dim)` and integers of any shape to `(*shape, dim)`."""
    return table.take(indices, axis=0), (table.shape, indices)


def backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    """Sum the gradient of each row over the places that read it."""
    shape, indices = saved
    if g.ndim == 3 and g.transpose(1, 0, 2).flags.c_contiguous:  # from a recurrent layer
        g, indices = g.transpose(1, 0, 2), indices.T
    flat = indices.reshape(-1)
    rows = g.reshape(-1, shape[1])
    target = None if out is None else out[0]
    if shape[0] <= _SPARSEST * flat.size and shape[1] <= _SHORT and g.dtype.kind == "f":
        places = flat.astype(np.intp)[:, None] * shape[1] + np.arange(shape[1])
        sums = np.bincount(places.reshape(-1), rows.reshape(-1), math.prod(shape)).reshape(shape)
        if target is None:
            return [sums.astype(g.dtype, copy=False)]
        target[...] = sums
        return [target]
    if target is None:
        target = np.zeros(shape, g.dtype)
    else:
        target.fill(0)
    if flat.size == 0:
        return [target]
    # Sorted, the places of one row lie side by side: far faster than add.at. First come those
    # that lie first; to rows that are read a few times the others are added turn by turn, since
    # `reduceat` takes as long for a sum of two as for one of ten.
    ordered, order = _sort(flat)
    new = np.empty(flat.size + 1, bool)
    new[0] = new[-1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:-1])
    bounds = new.nonzero()[0]
    starts = bounds[:-1]
    counts = bounds[1:] - starts
    most = counts.max()
    sums = rows.take(order[starts], axis=0)
    for turn in range(1, min(most, _FEW)):
        some = ((counts > turn) & (counts <= _FEW)).nonzero()[0]
        sums[some] += rows.take(order[starts[some] + turn], axis=0)
    if most > _FEW:
        many = (counts > _FEW).nonzero()[0]
        places = np.repeat(counts > _FEW, counts).nonzero()[0]
        begins = np.searchsorted(places, starts[many])
        sums[many] = np.add.reduceat(rows.take(order[places], axis=0), begins, axis=0)
    target[ordered[starts]] = sums
    return [target]


def _sort(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return indices in their order, and where each of them was; equal ones stay in their order.

    `np.argsort(flat, kind="stable")` does not use vector instructions, a plain sort does: index and place
    are sorted as one number.
    """
    bits = flat.size.bit_length()
    both = flat.astype(np.int64)
    both <<= bits
    both |= np.arange(flat.size)
    both.sort()
    return both >> bits, both & ((1 << bits) - 1)
