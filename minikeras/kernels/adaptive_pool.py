"""The largest elements of windows along one axis whose number, not size, is given.

Window `i` of `m` over `n` elements begins at `floor(i * n / m)` and ends before `ceil((i + 1) * n / m)`:
together they cover all, and neighbours may share an element. Arrays are `(outer, n, inner)`.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np


@functools.lru_cache(maxsize=256)
def bounds(n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where each of `m` windows over `n` elements begins, and where it ends."""
    i = np.arange(m)
    return i * n // m, -(-(i + 1) * n // m)


@functools.lru_cache(maxsize=256)
def places(n: int, m: int) -> np.ndarray:
    """Return the indices of the windows' elements, `(m, longest)`; shorter ones repeat their last."""
    starts, ends = bounds(n, m)
    longest = int((ends - starts).max())
    return np.minimum(starts[:, None] + np.arange(longest), ends[:, None] - 1)


@functools.lru_cache(maxsize=256)
def shares(n: int, m: int, dtype: np.dtype) -> np.ndarray:
    """Return the matrix `(m, n)` that takes the mean of each window."""
    starts, ends = bounds(n, m)
    at = np.arange(n)
    inside = (at >= starts[:, None]) & (at < ends[:, None])
    matrix = (inside / (ends - starts)[:, None]).astype(dtype)
    matrix.flags.writeable = False
    return matrix


def max_forward(x: np.ndarray, m: int) -> tuple[np.ndarray, tuple]:
    """Take the largest of each window.

    Args:
        x: `(outer, n, inner)`.
        m: number of windows.

    Returns:
        `(outer, m, inner)`, and what backward needs.
    """
    first, *rest = places(x.shape[1], m).T
    y = x.take(first, 1)
    for taps in rest:
        np.maximum(y, x.take(taps, 1), out=y)
    return y, (x, y)


def max_backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    """Return the gradient of x: that of a window goes to the first of its largest."""
    x, y = saved
    n, m = x.shape[1], y.shape[1]
    dx = np.zeros(x.shape, g.dtype)
    free = np.ones(y.shape, bool)
    starts, ends = bounds(n, m)
    for tap in range(int((ends - starts).max())):
        some = np.flatnonzero(starts + tap < ends)
        at = starts[some] + tap
        hit = x.take(at, 1) == y[:, some]
        hit &= free[:, some]
        free[:, some] ^= hit
        part = g[:, some] * hit
        if m <= n:
            dx[:, at] += part
        else:  # windows that begin at the same element
            np.add.at(dx, (slice(None), at), part)
    return [dx]
