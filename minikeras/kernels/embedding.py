"""Embedding: rows of a table by index."""

from __future__ import annotations

from typing import Any

import numpy as np

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
    if target is None:
        target = np.zeros(shape, g.dtype)
    else:
        target.fill(0)
    if flat.size == 0:
        return [target]
    # Sorted, the places of one row lie side by side: far faster than add.at. First come those
    # that lie first; to rows that are read a few times the others are added turn by turn, since
    # `reduceat` takes as long for a sum of two as for one of ten.
    order = np.argsort(flat, kind="stable")
    ordered = flat[order]
    bounds = np.concatenate([[True], ordered[1:] != ordered[:-1], [True]]).nonzero()[0]
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
