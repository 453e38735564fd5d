"""Runs a function of images on a few of them at a time, on several threads."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np

from minikeras.kernels import parallel

_BLOCK = 1 << 17
"""Elements that a function gets at once: what it makes of them on the way stays in the cache."""


def by_image(
    function: Callable[..., np.ndarray],
    images: np.ndarray,
    parameters: Sequence[np.ndarray],
    compute: np.dtype,
    result: np.dtype,
) -> np.ndarray:
    """Return what a function makes of every image.

    Args:
        function: `function(images, *parameters)`, called with some of the images, in `compute`,
            and what belongs to them. The images are its own: it may write into them.
        images: array, the batch first.
        parameters: arrays, the batch first. One with a first axis of 1 belongs to all images.
        compute: dtype that the function computes in.
        result: dtype of the result.

    Example:

    >>> pixels = np.array([[[1, 2]], [[3, 4]]], "uint8")
    >>> single = np.dtype("float32")
    >>> by_image(lambda x, delta: x + delta, pixels, [np.array([[[0.5]], [[1.0]]])], single, single)
    array([[[1.5, 2.5]],
    <BLANKLINE>
           [[4. , 5. ]]], dtype=float32)
    """
    out = np.empty(images.shape, result)
    n = len(images)
    step = max(1, _BLOCK * n // max(1, images.size))

    def some(first: int) -> None:
        last = first + step
        own = [p if len(p) == 1 else p[first:last] for p in parameters]
        out[first:last] = function(images[first:last].astype(compute), *own)

    parallel.run([functools.partial(some, first) for first in range(0, n, step)])
    return out
