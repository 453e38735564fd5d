"""Weighted sums of neighbors along an axis.

They run on arrays, and on tensors that a tape follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def correlate_along(x: Any, weights: Sequence[float], axis: int) -> Any:
    """Return weighted sums of each value and its neighbors along an axis, over an edge of zeros.

    Args:
        x: array or tensor.
        weights: weights of the neighbors, in their order; an odd number of them, of the dtype of `x`
            or plain numbers.
        axis: axis, counted from the first.

    Example:

    >>> correlate_along(np.array([[1.0, 2.0, 3.0]]), [0, 1, 10], axis=1)
    array([[21., 32.,  3.]])
    """
    side, n = len(weights) // 2, x.shape[axis]
    edges = [(0, 0)] * x.ndim
    edges[axis] = (side, side)
    wide = np.pad(x, edges)
    before = (slice(None),) * axis
    total = wide[(*before, slice(0, n))] * weights[0]
    for i, weight in enumerate(weights[1:], start=1):
        total += wide[(*before, slice(i, n + i))] * weight
    return total
