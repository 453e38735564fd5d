"""Categories by index as rows of zeros and ones, or of counts."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minikeras.kernels import parallel

_BLOCK = 1 << 16
"""Elements of the result that are written at once: they are still in a core's cache when marks come."""


def mark(
    rows: np.ndarray, depth: int, dtype: Any, counts: bool, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return a vector for each row of indices, with a mark at each of them.

    Args:
        rows: integers `(n, m)`; those outside of `[0, depth)` leave no mark.
        depth: length of the vectors.
        dtype: dtype of the result.
        counts: whether a mark is how often an index occurs; else it is 1.
        weights: `(n, m)`, what each occurrence counts, 1 if None.

    Returns:
        `(n, depth)`.
    """
    n, m = rows.shape
    result = np.empty((n, depth), dtype)
    step = max(_BLOCK // max(depth, m, 1), 1)
    begins = np.arange(min(step, n), dtype=np.intp)[:, None] * depth
    counts = counts and (m > 1 or weights is not None)

    def work(begin: int, end: int) -> None:
        for i in range(begin, end, step):
            part = rows[i : min(i + step, end)]
            target = result[i : min(i + step, end)].reshape(-1)
            inside = (part >= 0) & (part < depth)
            places = np.add(part, begins[: len(part)], dtype=np.intp)
            told = None if weights is None else weights[i : i + len(part)]
            if inside.all():
                places = places.reshape(-1)
                told = None if told is None else told.reshape(-1)
            else:
                places = places[inside]
                told = None if told is None else told[inside]
            if counts:
                target[...] = np.bincount(places, told, minlength=target.size)
            else:
                target[...] = 0
                target[places] = 1

    blocks = -(-n // step)
    share = -(-blocks // parallel.threads()) * step if blocks > 3 else max(n, 1)
    parallel.run([functools.partial(work, i, min(i + share, n)) for i in range(0, n, share)])
    return result
