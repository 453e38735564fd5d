"""Images of another size, as TensorFlow makes them: each new pixel is a sum of a few old ones.

Where those lie and how much each counts is the same in every row and every column, so it is found once for
each axis (`taps`). Keras resizes so where it reads images from files; its other ways: `kernels/resize.py`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from minikeras.kernels.resize import KERNELS, AxisMap, cubic, resample_one
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
def taps(old: int, new: int, method: str, antialias: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return which old pixels of an axis each new one is made of, and how much each counts.

    Args:
        old: the axis's size.
        new: the size that it is to have.
        method: one of `METHODS`.
        antialias: whether to make the kernel as wide as the pixels become, if they become larger.

    Returns:
        For each new pixel the first old one, `(new,)`, and what that one and the next ones count,
        `(new, n)` as float64, which sum to 1; those outside count 0.
    """
    scale = old / new
    if method == "nearest":
        places = np.minimum(np.floor((np.arange(new) + 0.5) * scale).astype(np.intp), old - 1)
        return places, np.ones((new, 1))
    if method == "area":
        low = np.arange(new)[:, None] * scale
        places = np.floor(low).astype(np.intp) + np.arange(math.ceil(scale) + 1)
        weights = np.minimum(low + scale, places + 1) - np.maximum(low, places)
        weights = np.maximum(weights, 0)
    else:
        radius, kernel = _KERNELS[method]
        width = max(scale, 1.0) if antialias else 1.0
        centers = (np.arange(new)[:, None] + 0.5) * scale - 0.5
        if method == "bicubic" and not antialias:
            # TensorFlow takes this kernel from a table of 1024 steps.
            centers = np.floor(centers) + np.round((centers - np.floor(centers)) * 1024) / 1024
        first = np.ceil(centers - radius * width).astype(np.intp)
        places = first + np.arange(math.ceil(2 * radius * width) + 1)
        weights = kernel((centers - places) / width)
    weights = np.where((places >= 0) & (places < old), weights, 0)
    return places[:, 0], weights / weights.sum(1, keepdims=True)


def weight_matrix(old: int, new: int, method: str, antialias: bool = False) -> np.ndarray:
    """Return `taps` as a matrix of shape `(new, old)`, of float64."""
    return AxisMap(*taps(old, new, method, antialias), old).in_dtype(np.dtype(np.float64))


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
        rows, columns = (taps(*sizes, method)[0] for sizes in zip(image.shape, out.shape[:2]))
        out[...] = image.take(rows, axis=0).take(columns, axis=1)
        return out
    maps = [
        None if old == new and method not in SMOOTHING else _axis_map(old, new, method)
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


@functools.lru_cache(maxsize=32)
def _axis_map(old: int, new: int, method: str) -> AxisMap:
    return AxisMap(*taps(old, new, method), old)
