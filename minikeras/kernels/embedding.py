"""Embedding: rows of a table by index."""

from __future__ import annotations

from typing import Any

import numpy as np


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
    # Sorted, the places of one row lie side by side and are summed at once: far faster than add.at.
    order = np.argsort(flat, kind="stable")
    ordered = flat[order]
    new = np.concatenate([[True], ordered[1:] != ordered[:-1], [True]])
    starts = np.flatnonzero(new[:-1])
    # Rows that are read once, usually most, are copied: a sum of one costs as much as one of ten.
    single = new[starts + 1]
    once = starts[single]
    target[ordered[once]] = rows[order[once]]
    if once.size < starts.size:
        several = np.flatnonzero(~(new[:-1] & new[1:]))
        firsts = starts[~single]
        sums = np.add.reduceat(rows[order[several]], np.searchsorted(several, firsts), axis=0)
        target[ordered[firsts]] = sums
    return [target]
