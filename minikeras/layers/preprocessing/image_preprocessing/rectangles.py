"""Rectangles of random places and sizes, one for each image of a batch."""

from __future__ import annotations

import numpy as np

from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
)


def random_bounds(where: np.ndarray, length: int, share: np.ndarray) -> tuple:
    """Return where a share of a length begins and ends, given numbers from [0, 1)."""
    part = share * length
    first = where * (length - part)
    return first, first + part


def rectangles(
    layer: BaseImagePreprocessingLayer,
    shape: tuple,
    left: np.ndarray,
    right: np.ndarray,
    top: np.ndarray,
    bottom: np.ndarray,
) -> np.ndarray:
    """Return which pixels lie in each image's rectangle, with one channel.

    Args:
        layer: whose images they are.
        shape: their shape.
        left, right, top, bottom: bounds in pixels, `(batch,)`; the second of a pair does not count.
    """

    def inside(length: int, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        place = np.arange(length, dtype=first.dtype)
        return (place >= first[:, None]) & (place < last[:, None])

    rows = inside(shape[layer.height_axis], top, bottom)[:, :, None]
    columns = inside(shape[layer.width_axis], left, right)[:, None, :]
    return np.expand_dims(rows & columns, layer.channel_axis)
