"""Embedding: rows of a table by index."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.kernels.scatter import add_rows, unsigned

_OFTEN = 16
"""How often rows may be read, on average, up to which they are added in their own precision."""
_SHORT = 32
"""Length of rows up to which those that are read more often are added in float64."""
_FEW = 4
"""How often a row may be read to be added up turn by turn."""


def forward(table: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, tuple]:
    """Return `table[indices]`: `(n, dim)` and integers of any shape to `(*shape, dim)`.

    Raises:
        IndexError: if an index lies outside `[0, n)`. One of 64 bits may lie in `[-n, n)`.
    """
    return _take(table, indices), (table.shape, indices)


def _take(table: np.ndarray, indices: np.ndarray) -> np.ndarray:
    indices = np.asarray(indices)
    if indices.dtype.itemsize <= 4:  # NumPy raises where one below zero is large
        indices = unsigned(indices)
    return table.take(indices, axis=0)


def backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    """Sum the gradient of each row over the places that read it."""
    shape, indices = saved
    return [_sum_rows(g, shape, indices, None if out is None else out[0])]


def _sum_rows(
    g: np.ndarray, shape: tuple, indices: np.ndarray, target: np.ndarray | None
) -> np.ndarray:
    """Return the gradient of a table, in `target` unless that is None."""
    if g.ndim == 3 and g.transpose(1, 0, 2).flags.c_contiguous:  # from a recurrent layer
        g, indices = g.transpose(1, 0, 2), indices.T
    flat = indices.reshape(-1)
    rows = g.reshape(-1, shape[1])
    if shape[1] <= _SHORT and g.dtype.kind == "f" and flat.size > _OFTEN * shape[0]:
        places = flat.astype(np.intp)[:, None] * shape[1] + np.arange(shape[1])
        sums = np.bincount(places.reshape(-1), rows.reshape(-1), math.prod(shape)).reshape(shape)
        if target is None:
            return sums.astype(g.dtype, copy=False)
        target[...] = sums
        return target
    if target is None:
        target = np.zeros(shape, g.dtype)
    else:
        target.fill(0)
    if flat.size and not add_rows(target, flat, rows):
        _add_sorted(target, flat, rows)
    return target


def _add_sorted(target: np.ndarray, flat: np.ndarray, rows: np.ndarray) -> None:
    """Put into a table, which holds zeros, the sums of rows."""
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


# Rows of several tables, joined.


def concatenated_forward(
    *arrays: np.ndarray, indices: Sequence[np.ndarray | None]
) -> tuple[np.ndarray, list]:
    """Concatenate rows of tables, and other arrays, along the last axis.

    Args:
        *arrays: tables `(n, dim)`, and arrays `(*shape, dim)`.
        indices: for each table integers of that shape, for each other array None.
    """
    parts = [x if i is None else _take(x, i) for x, i in zip(arrays, indices)]
    return np.concatenate(parts, axis=-1), [x.shape for x in arrays]


def concatenated_parts(g: np.ndarray, shapes: list) -> list[np.ndarray]:
    """Return the gradients of what was concatenated."""
    parts, stop = [], 0
    for shape in shapes:
        start, stop = stop, stop + shape[-1]
        parts.append(g[..., start:stop])
    return parts


def summed_forward(*tables: np.ndarray, indices: Sequence[np.ndarray]) -> tuple[np.ndarray, list]:
    """Add rows of tables: `(n, dim)` each, and for each integers of one shape."""
    total = _take(tables[0], indices[0])
    for table, own in zip(tables[1:], indices[1:]):
        total += _take(table, own)
    return total, [x.shape for x in tables]


def summed_parts(g: np.ndarray, shapes: list) -> list[np.ndarray]:
    """Return the gradients of what was added."""
    return [g] * len(shapes)


def joined_backward(
    parts: Sequence[np.ndarray],
    shapes: Sequence[tuple],
    needs: Any,
    out: Any,
    indices: Sequence[np.ndarray | None],
) -> list:
    """Return the gradients of tables and arrays for those of what was joined.

    Args:
        parts: gradients of rows and arrays.
        shapes: shapes of the tables and arrays.
        needs: whether each gradient is wanted.
        out: for each table an array for its gradient, or None; or None.
        indices: which rows were taken, None for an array.
    """
    result: list[np.ndarray | None] = []
    used: list[np.ndarray | None] = []
    for i, (g, shape, need, own) in enumerate(zip(parts, shapes, needs, indices)):
        if not need or own is None:
            result.append(g if need else None)
            continue
        target = None if out is None else out[i]
        if any(target is other for other in used):  # of a table that is read twice
            target = None
        used.append(target)
        result.append(_sum_rows(g, shape, own, target))
    return result
