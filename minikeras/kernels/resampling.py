"""Images of another size, as TensorFlow makes them: each new pixel is a sum of a few old ones.

Where those lie and how much each counts is the same in every row and every column, so it is found once for
each axis (`taps`). Nothing here has a gradient: this is for images on their way into a model.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from minikeras.kernels.windows import scratch


def _cubic(t: np.ndarray, b: float, c: float) -> np.ndarray:
    """The family of cubic kernels of Mitchell and Netravali."""
    near = ((12 - 9 * b - 6 * c) * t**3 + (-18 + 12 * b + 6 * c) * t**2 + 6 - 2 * b) / 6
    far = (
        (-b - 6 * c) * t**3 + (6 * b + 30 * c) * t**2 + (-12 * b - 48 * c) * t + 8 * b + 24 * c
    ) / 6
    return np.where(t < 1, near, np.where(t < 2, far, 0.0))


def _lanczos(radius: int) -> Callable:
    return lambda t: np.where(t < radius, np.sinc(t) * np.sinc(t / radius), 0.0)


_KERNELS: dict[str, tuple[float, Callable]] = {
    "bilinear": (1.0, lambda t: np.maximum(1 - t, 0)),
    "bicubic": (2.0, lambda t: _cubic(t, 0.0, 0.5)),
    "mitchellcubic": (2.0, lambda t: _cubic(t, 1 / 3, 1 / 3)),
    "lanczos3": (3.0, _lanczos(3)),
    "lanczos5": (5.0, _lanczos(5)),
    "gaussian": (1.5, lambda t: np.where(t < 1.5, np.exp(-2.0 * t**2), 0.0)),
}
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
        Two arrays of shape `(new, n)`: places, and weights as float64 that sum to 1.
    """
    scale = old / new
    if method == "nearest":
        places = np.minimum(np.floor((np.arange(new) + 0.5) * scale).astype(np.intp), old - 1)
        return places[:, None], np.ones((new, 1))
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
        weights = kernel(np.abs(centers - places) / width)
    weights = np.where((places >= 0) & (places < old), weights, 0)
    weights /= weights.sum(1, keepdims=True)
    used = weights.any(0)  # the last one is often not
    return np.clip(places[:, used], 0, old - 1), weights[:, used]


def weight_matrix(old: int, new: int, method: str, antialias: bool = False) -> np.ndarray:
    """Return `taps` as a matrix of shape `(new, old)`."""
    matrix = np.zeros((new, old))
    places, weights = taps(old, new, method, antialias)
    np.add.at(matrix, (np.arange(new)[:, None], places), weights)
    return matrix


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
    axes = (0, 1) if height < image.shape[0] else (1, 0)  # the one that saves work first
    axes = [a for a in axes if image.shape[a] != out.shape[a] or method in SMOOTHING]
    for axis in axes:
        image = _resample_axis(image, axis, method, out, axis == axes[-1])
    if not axes:
        out[...] = image
    return out


def _resample_axis(
    image: np.ndarray, axis: int, method: str, out: np.ndarray, last: bool
) -> np.ndarray:
    """Return an image with an axis as long as that of `out`; in `out`, if it is the last axis."""
    rows, columns, channels = image.shape
    shape = (len(out), columns, channels) if axis == 0 else (rows, out.shape[1], channels)
    total = out if last and out.flags.c_contiguous else scratch("one axis", shape, out.dtype)
    sums = total.reshape(shape[0], -1)
    flat = image.reshape(rows, columns * channels)
    new = out.shape[axis]
    if new > image.shape[axis] and flat.dtype != out.dtype:  # else only what is used becomes floats
        floats = scratch("floats", flat.shape, out.dtype)
        np.copyto(floats, flat)
        flat = floats
    steps = _steps(image.shape[axis], new, method, 0 if axis == 0 else channels)
    for k, (places, weights) in enumerate(steps):
        taken = sums if method == "nearest" else scratch("taken", sums.shape, flat.dtype)
        flat.take(places, axis=axis, mode="clip", out=taken)
        if method == "nearest":
            break
        if k == 0:
            np.multiply(taken, weights, out=sums)
        else:
            sums += np.multiply(taken, weights, out=scratch("part", sums.shape, sums.dtype))
    if last and total is not out:
        out[...] = total
        return out
    return total


@functools.lru_cache(maxsize=256)
def _steps(old: int, new: int, method: str, channels: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return places and weights of the first tap of each new pixel, of the second, ...

    Args:
        old: the axis's size.
        new: its new size.
        method: one of `METHODS`.
        channels: numbers in a pixel, for columns. They are taken one by one: a pixel of three is no size that
            NumPy copies fast. 0 for rows, which are taken whole.
    """
    places, weights = taps(old, new, method)
    weights = weights.astype(np.float32)
    if channels == 0:
        return [(p.copy(), w[:, None].copy()) for p, w in zip(places.T, weights.T)]
    each = np.arange(channels)
    return [
        ((p[:, None] * channels + each).ravel(), np.repeat(w, channels))
        for p, w in zip(places.T, weights.T)
    ]
