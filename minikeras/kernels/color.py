"""Colors, on arrays of one channel each.

The functions run on arrays, and on tensors that a tape follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def planes(images: Any, axis: int, owner: str) -> list:
    """Return the three channels of RGB images, each without the axis of channels.

    Args:
        images: batch of images.
        axis: axis of channels, -1 or -3.
        owner: who needs them, for messages.
    """
    if images.shape[axis] != 3:
        raise ValueError(
            f"{owner}: images must have 3 channels. Received: images.shape={tuple(images.shape)}"
        )
    return [images[..., i] if axis == -1 else images[:, i] for i in range(3)]


def luma(rgb: Sequence) -> Any:
    """Return how bright colors look (the weights of ITU-R BT.601)."""
    red, green, blue = rgb
    gray = red * 0.2989
    gray += green * 0.587
    gray += blue * 0.114
    return gray


def rgb_to_hsv(red: Any, green: Any, blue: Any) -> tuple:
    """Return hue, saturation and value (Smith, 1978)."""
    tiny = np.finfo(red.dtype).eps
    red, green, blue = [np.where(np.abs(c) < tiny, 0.0, c) for c in (red, green, blue)]
    value = np.maximum(np.maximum(red, green), blue)
    width = value - np.minimum(np.minimum(red, green), blue)
    saturation = np.where(value > 0, width / np.where(value > 0, value, 1.0), 0.0)
    gray = width <= 0
    norm = 1 / (6 * np.where(gray, 1.0, width))
    hue = np.where(value == green, (blue - red) * norm + 2 / 6, (red - green) * norm + 4 / 6)
    hue = np.where(value == red, (green - blue) * norm, hue)
    hue = np.where(gray, 0.0, np.where(hue < 0, hue + 1, hue))
    return hue, saturation, value


def hsv_to_rgb(hue: Any, saturation: Any, value: Any) -> tuple:
    """Return red, green and blue; hues outside [0, 1) have gone around more than once."""
    sector = hue % 1.0 * 6
    red = np.clip(np.abs(sector - 3) - 1, 0, 1)
    green = np.clip(2 - np.abs(sector - 2), 0, 1)
    blue = np.clip(2 - np.abs(sector - 4), 0, 1)
    return tuple([value * (1 + saturation * (share - 1)) for share in (red, green, blue)])
