"""Images of another size, as TensorFlow makes them: each new pixel is a sum of a few old ones.

Where those lie and how much each counts is the same in every row and every column, so it is found once for
each axis (`axis_map`). Keras resizes so where it reads images from files. `kernels/resize.py` has its other
ways, and what both share.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from minikeras.kernels.resize import KERNELS, AxisMap, averaging, cubic, kernel_map, resample_one
from minikeras.kernels.windows import scratch

_KERNELS: dict[str, tuple[float, Callable]] = {
    **KERNELS,
    "mitchellcubic": (2, functools.partial(cubic, b=1 / 3, c=1 / 3)),
    "gaussian": (1.5, lambda t: np.where(np.abs(t) < 1.5, np.exp(-2.0 * t**2), 0.0)),
}
"""How far each looks, and the weight of a pixel at a distance."""

SMOOTHING = ("mitchellcubic", "gaussian")
"""They change an image even if its size stays."""

METHODS = (*_KERNELS, "nearest", "area")
"""How images may be resized."""


@functools.lru_cache(maxsize=256)
def axis_map(old: int, new: int, method: str, antialias: bool = False) -> AxisMap:
    """Return the map that brings an axis to a size.

    Args:
        old: the axis's size.
        new: the size that it is to have.
        method: one of `METHODS`.
        antialias: whether to make the kernel as wide as the pixels become, if they become larger.
    """
    if method == "nearest":
        # As TensorFlow rounds: of two pixels that are equally near float32 decides.
        at = (np.arange(new, dtype=np.float32) + np.float32(0.5)) * (
            np.float32(old) / np.float32(new)
        )
        places = np.minimum(at.astype(np.intp), old - 1)
        return AxisMap(places, np.ones((new, 1)), old, places)
    if method == "area":
        scale = old / new
        low = np.arange(new) * scale
        start = np.floor(low).astype(np.intp)
        places = start[:, None] + np.arange(math.ceil(scale) + 1)
        low = low[:, None]
        shared = np.minimum(low + scale, places + 1) - np.maximum(low, places)
        return averaging(start, np.maximum(shared, 0), old)
    # TensorFlow takes this kernel from a table of 1024 steps.
    steps = 1024 if method == "bicubic" and not antialias else None
    return kernel_map(*_KERNELS[method], old, new, antialias, steps)


def resample(
    image: np.ndarray, height: int, width: int, method: str, out: np.ndarray | None = None
) -> np.ndarray:
    """Return an image of another size.

    Args:
        image: shape `(height, width, channels)`.
        height: new height.
        width: new width.
        method: one of `METHODS`.
        out: array for the result; a new one if None.

    Returns:
        float32 of shape `(height, width, channels)`; for `"nearest"` of the image's dtype.
    """
    if out is None:
        dtype = image.dtype if method == "nearest" else np.float32
        out = np.empty((height, width, image.shape[2]), dtype)
    if method == "nearest":
        rows, columns = (axis_map(*n, method).source for n in zip(image.shape, out.shape[:2]))
        out[...] = image.take(rows, axis=0).take(columns, axis=1)
        return out
    maps = [
        None if old == new and method not in SMOOTHING else axis_map(old, new, method)
        for old, new in zip(image.shape, out.shape[:2])
    ]
    if maps == [None, None]:
        out[...] = image
        return out
    floats = scratch("floats", image.shape, out.dtype)
    np.copyto(floats, image)
    if out.flags.c_contiguous:
        resample_one(floats, *maps, out)
    else:
        whole = scratch("resampled", out.shape, out.dtype)
        resample_one(floats, *maps, whole)
        out[...] = whole
    return out
