"""Colors as hue, saturation and value, and back.

Pixels are `(..., 3)`. Channels are computed with one by one, some thousands of pixels at a time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras.kernels import parallel

_PIXELS = 1 << 16


def _by_channel(function: Callable, *images: np.ndarray) -> np.ndarray:
    """Apply a function of the channels of images, which gives three, to some pixels after the other."""
    y = np.empty(images[0].shape, images[0].dtype)
    flat = [np.ascontiguousarray(x).reshape(-1, 3) for x in images]
    target, n = y.reshape(-1, 3), len(flat[0])

    def work(first: int, last: int) -> None:
        for i in range(first, last, _PIXELS):
            some = slice(i, min(i + _PIXELS, last))
            # Rows of one channel after the other: loops over three elements would take ten times as long.
            channels = [np.ascontiguousarray(x[some].T) for x in flat]
            function(*channels, target[some].T)

    step = max(-(-n // 8), _PIXELS)
    with np.errstate(all="ignore"):
        parallel.run([functools.partial(work, i, min(i + step, n)) for i in range(0, n, step)])
    return y


def _put(channels: Sequence[np.ndarray], y: np.ndarray) -> None:
    """Copy channels into pixels one after the other, since all at once takes three times as long."""
    for channel, place in zip(channels, y):
        np.copyto(place, channel)


def _range(c: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return value, range, what to divide by in their place, and which channel is the greatest."""
    r, g, b = c
    value = np.maximum(np.maximum(r, g), b)
    spread = value - np.minimum(np.minimum(r, g), b)
    one = c.dtype.type(1)
    by_red = r == value
    by_green = (g == value) & ~by_red
    return (
        value,
        spread,
        np.where(value > 0, value, one),
        np.where(spread > 0, spread, one),
        (
            by_red,
            by_green,
        ),
    )


def _without_traces(c: np.ndarray) -> np.ndarray:
    """Return channels whose smallest values are 0, as in Keras."""
    tiny = np.abs(c) < np.finfo(c.dtype).eps
    return np.where(tiny, c.dtype.type(0), c) if tiny.any() else c


def planes_to_hsv(c: np.ndarray, y: np.ndarray) -> None:
    """Write hue, saturation and value of red, green and blue, `(3, ...)`, into `y`."""
    c = _without_traces(c)
    r, g, b = c
    value, spread, by_value, by_spread, (by_red, by_green) = _range(c)
    hue = np.where(by_red, g - b, np.where(by_green, b - r, r - g))
    hue /= 6 * by_spread
    hue += np.where(by_red, 0, np.where(by_green, 1 / 3, 2 / 3)).astype(c.dtype)
    hue *= spread > 0
    hue += hue < 0
    saturation = np.divide(spread, by_value, by_value)
    saturation *= value > 0
    _put((hue, saturation, value), y)


def rgb_to_hsv_forward(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return hue, saturation and value of red, green and blue, `(..., 3)`."""
    return _by_channel(planes_to_hsv, x), x


def rgb_to_hsv_backward(g: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the gradient of colors."""

    def some(c: np.ndarray, d: np.ndarray, y: np.ndarray) -> None:
        small = np.abs(c) < np.finfo(c.dtype).eps
        c = _without_traces(c)
        value, spread, by_value, by_spread, (by_red, by_green) = _range(c)
        least = np.minimum(np.minimum(c[0], c[1]), c[2])
        # Hue is a difference of two channels, divided by 6 ranges; saturation a range by a value.
        part = d[0] * (spread > 0) / (6 * by_spread)
        up, down = (1, 2, 0), (2, 0, 1)
        greatest = (by_red, by_green, ~(by_red | by_green))
        difference = np.zeros_like(value)
        out = np.zeros_like(c)
        for i, which in enumerate(greatest):
            share = part * which
            out[up[i]] += share
            out[down[i]] -= share
            difference += which * (c[up[i]] - c[down[i]])
        by_range = d[1] * (value > 0) / by_value - part * difference / by_spread
        by_greatest = d[2] + by_range - d[1] * (value > 0) * spread / by_value**2
        _shared(out, c == value, by_greatest)
        _shared(out, c == least, -by_range)
        out[small] = 0
        _put(out, y)

    return _by_channel(some, x, g)


def _shared(out: np.ndarray, among: np.ndarray, gradient: np.ndarray) -> None:
    """Add the gradient of an extreme value to the channels that have it, in equal parts."""
    out += among * (gradient / among.sum(axis=0))


_PEAKS = ((3, 1, -1), (2, -1, 2), (4, -1, 2))
"""For each color where on a circle of 6 it is least (red) or greatest, and the line from there."""


def _circle(hue: np.ndarray) -> np.ndarray:
    """Return a hue as a place from 0 to 6; `np.mod` would take several times as long."""
    at = np.floor(hue)
    np.subtract(hue, at, at)
    at *= 6
    return at


def planes_to_rgb(c: np.ndarray, y: np.ndarray) -> None:
    """Write red, green and blue of hue, saturation and value, `(3, ...)`, into `y`."""
    hue, saturation, value = c
    at = _circle(hue)
    color = value * saturation
    gray = value - color
    amount = np.empty_like(at)
    for channel, (center, sign, base) in zip(y, _PEAKS):
        np.subtract(at, center, amount)
        np.abs(amount, amount)
        (np.add if sign > 0 else np.subtract)(base, amount, amount)
        np.clip(amount, 0, 1, out=amount)
        amount *= color
        np.add(amount, gray, channel)


def hsv_to_rgb_forward(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return red, green and blue of hue, saturation and value, `(..., 3)`."""
    return _by_channel(planes_to_rgb, x), x


def hsv_to_rgb_backward(g: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the gradient of hue, saturation and value."""

    def some(c: np.ndarray, d: np.ndarray, y: np.ndarray) -> None:
        hue, saturation, value = c
        at = _circle(hue)
        out = np.zeros_like(c)
        for channel, (center, sign, base) in zip(d, _PEAKS):
            line = sign * np.abs(at - center) + base
            amount = np.clip(line, 0, 1)
            slope = 6 * sign * np.sign(at - center) * ((line > 0) & (line < 1))
            out[0] += channel * value * saturation * slope
            out[1] += channel * value * (amount - 1)
            out[2] += channel * (1 - saturation + saturation * amount)
        _put(out, y)

    return _by_channel(some, x, g)


def planes(images: Any, axis: int, owner: str) -> list:
    """Return the three channels of colored images, each without the axis of channels; on tensors too.

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


LUMA = (0.2989, 0.587, 0.114)
"""What red, green and blue add to brightness, as ITU-R BT.601 has it."""


def luma(rgb: Sequence) -> Any:
    """Return how bright colors look, by `LUMA`; on tensors too."""
    red, green, blue = rgb
    gray = red * LUMA[0]
    gray += green * LUMA[1]
    gray += blue * LUMA[2]
    return gray
