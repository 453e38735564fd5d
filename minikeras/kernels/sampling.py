"""Values of images between their pixels, at any places: what turning, bending and projecting need.

Images are `(n, *size, channels)`. Each is laid out as a table for each channel, with a border of the fill
value if there is one. Places are looked up some at a time, so that what is made of them stays in the cache.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from minikeras.kernels.windows import Piece, for_pieces, pieces, scratch

_PIECE = 1 << 18
_DEPTH = 64
"""How many multiply-adds sampling an element takes as long as."""
_POINTS = 1 << 16
"""Places that are looked up at once. Fewer would fit the cache better, but every call of NumPy begins and
ends with the interpreter's lock, and two threads gain nothing from calls of 2 us."""

FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")
"""What lies outside of images: one value, the next pixel, the other side, or the image mirrored, about
the middle of the last pixel or about its edge."""


class Sampling(NamedTuple):
    """How values between pixels are found.

    Args:
        order: 0 for the next pixel, 1 for linear interpolation.
        mode: one of `FILL_MODES`.
        value: what is outside, for `"constant"`.
    """

    order: int
    mode: str
    value: float

    @property
    def border(self) -> int:
        """Width of the border of tables; two, so that places far outside see nothing but it."""
        return 2 if self.mode == "constant" else 0


def inside(i: Any, size: int, mode: str) -> Any:
    """Return the pixels that stand for those at `i`, which may be outside; for arrays and tensors."""
    if mode == "nearest":
        return np.clip(i, 0, size - 1)
    if mode == "wrap":
        return np.mod(i, size)
    if mode == "mirror":
        return np.abs(np.mod(i + (size - 1), 2 * size - 2) - (size - 1)) if size > 1 else i * 0
    half = np.abs(np.mod(2 * i + 1 + 2 * size, 4 * size) - 2 * size)
    return (half - 1) // 2


def round_away(x: Any) -> Any:
    """Round to the next whole number, halves away from zero."""
    return np.trunc(x + np.copysign(x.dtype.type(0.5), x))


def _axis(
    at: np.ndarray, size: int, stride: int, how: Sampling
) -> list[tuple[np.ndarray, np.ndarray | None]]:
    """Return one or two pixels along an axis for each place, and how much they count.

    Args:
        at: places along the axis.
        size: number of pixels of the axis.
        stride: distance of its pixels in a table, by which pixels are multiplied.
        how: what is between pixels, and outside.
    """
    if how.border:
        at = np.clip(at, -2, size + 1 if how.order == 0 else size)
    low = round_away(at) if how.order == 0 else np.floor(at)
    weights: list = [None]
    if how.order:
        upper = at - low
        weights = [1 - upper, upper]
    i = low.astype(np.intp)
    pixels = []
    if how.border:
        i += how.border
        i *= stride
        pixels = [i, i + stride]
    elif i.size and (i.min() < -size or i.max() >= 2 * size):
        pixels = [inside(i + k, size, how.mode) * stride for k in range(len(weights))]
    else:
        i += size
        pixels = [table.take(i, mode="clip") for table in _near(size, stride, how.mode)]
    return list(zip(pixels, weights))


@functools.lru_cache(maxsize=64)
def _near(size: int, stride: int, mode: str) -> list[np.ndarray]:
    """Return which pixels stand for those from `-size` to `2 * size`, and which for the next ones."""
    pixels = inside(np.arange(-size, 2 * size + 1), size, mode) * stride
    return [pixels[:-1], pixels[1:]]


class _Corner(NamedTuple):
    """One pixel for each place: where it is in a table, and how much it counts along each axis."""

    place: np.ndarray
    weights: tuple
    upper: tuple

    def weight(self, without: int | None = None) -> Any:
        """Return how much it counts, one axis perhaps left out; 1.0 if wholly."""
        chosen = [w for i, w in enumerate(self.weights) if w is not None and i != without]
        return math.prod(chosen[1:], start=chosen[0]) if chosen else 1.0


def _corners(coordinates: Sequence[np.ndarray], shape: tuple, how: Sampling) -> Iterator[_Corner]:
    b = 2 * how.border
    axes: list = []
    stride = 1
    for at, size in zip(reversed(coordinates), reversed(shape)):
        axes.insert(0, _axis(at, size, stride, how))
        stride *= size + b
    for choice in itertools.product(*[range(len(axis)) for axis in axes]):
        picked = [axis[i] for axis, i in zip(axes, choice)]
        place = picked[0][0]
        for index, _ in picked[1:]:
            place = place + index
        yield _Corner(place, tuple([w for _, w in picked]), choice)


def _table(image: np.ndarray, dtype: np.dtype, how: Sampling) -> np.ndarray:
    """Lay an image out as `(channels, pixels)`, with a border."""
    size, channels, b = image.shape[:-1], image.shape[-1], how.border
    table = scratch("table", (channels, *[s + 2 * b for s in size]), dtype)
    middle = tuple([slice(b, b + s) for s in size])
    if b:
        for axis in range(len(size)):
            for side in (slice(b), slice(-b, None)):
                table[(slice(None), *[slice(None)] * axis, side)] = how.value
    np.copyto(table[(slice(None), *middle)], np.moveaxis(image, -1, 0), casting="unsafe")
    return table.reshape(channels, -1)


Coordinates = Callable[[int, int, int, np.dtype], Sequence[np.ndarray]]
"""Gives, for an image and a range of its rows of places, one array of places for each axis."""


def _for_rows(n: int, out: tuple, channels: int, task: Callable) -> None:
    """Call `task(image, top, bottom)` for some rows of an image after the other."""
    row = math.prod(out[1:]) * channels

    def work(piece: Piece) -> None:
        for i in range(piece.first, piece.last):
            task(i, piece.top, piece.bottom)

    for_pieces(pieces(n, out[0], row, _PIECE, _DEPTH), work)


def _blocks(top: int, bottom: int, out: tuple) -> Iterator[tuple[int, int]]:
    step = max(_POINTS // max(math.prod(out[1:]), 1), 1)
    for first in range(top, bottom, step):
        yield first, min(first + step, bottom)


def _forward(x: np.ndarray, out: tuple, coordinates: Coordinates, how: Sampling) -> np.ndarray:
    n, *size, channels = x.shape
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)
    y = np.empty((n, *out, channels), x.dtype)

    def work(i: int, top: int, bottom: int) -> None:
        table = _table(x[i], dtype, how)
        for first, last in _blocks(top, bottom, out):
            values = None
            for corner in _corners(coordinates(i, first, last, dtype), tuple(size), how):
                weight = corner.weight()
                seen = np.empty((channels, corner.place.size), dtype)
                for channel, column in zip(table, seen):
                    channel.take(corner.place, out=column, mode="clip")
                if how.order:
                    seen *= weight
                values = seen if values is None else np.add(values, seen, values)
            if x.dtype.kind in "iub":
                values = round_away(values)
            target = y[i, first:last].reshape(-1, channels)
            for channel, column in enumerate(values):  # much faster than all at once
                np.copyto(target[:, channel], column, casting="unsafe")

    _for_rows(n, out, channels, work)
    return y


def _backward(
    g: np.ndarray,
    x: np.ndarray,
    out: tuple,
    coordinates: Coordinates,
    how: Sampling,
    needs: Sequence[bool],
    moved: Callable[[int, int, int, list], None],
) -> np.ndarray | None:
    """Return the gradient of x; give that of the places of some rows of an image to `moved`."""
    n, *size, channels = x.shape
    b, dtype = how.border, x.dtype
    shape = tuple(size)
    padded = [s + 2 * b for s in size]
    dx = np.empty_like(x, order="C") if needs[0] else None

    def work(i: int, top: int, bottom: int) -> None:
        table = _table(x[i], dtype, how) if needs[1] else None
        total = np.zeros((channels, math.prod(padded)))
        for first, last in _blocks(top, bottom, out):
            some = np.moveaxis(g[i, first:last].reshape(-1, channels), -1, 0)
            some = np.ascontiguousarray(some)
            slopes = [np.zeros(some.shape[1], dtype) for _ in shape]
            for corner in _corners(coordinates(i, first, last, dtype), shape, how):
                if dx is not None:
                    weighted = some * corner.weight()
                    for part, values in zip(total, weighted):
                        counted = np.bincount(corner.place, values)
                        part[: counted.size] += counted
                if table is not None and how.order:
                    seen = table.take(corner.place, axis=1, mode="clip")
                    seen *= some
                    seen = seen.sum(axis=0)
                    for axis, slope in enumerate(slopes):
                        change = seen * corner.weight(without=axis)
                        (np.add if corner.upper[axis] else np.subtract)(slope, change, slope)
            if needs[1]:
                moved(i, first, last, slopes)
        if dx is not None:
            middle = tuple([slice(b, b + s) for s in size])
            whole = total.reshape(channels, *padded)[(slice(None), *middle)]
            dx[i] = np.moveaxis(whole, 0, -1)

    # Rows of one image add up in one place, so that images are not cut here.
    for_pieces(
        [Piece(i, i + 1, 0, out[0]) for i in range(n)],
        lambda piece: work(piece.first, piece.top, piece.bottom),
    )
    return dx


def sample_forward(
    x: np.ndarray, coordinates: np.ndarray, how: Sampling
) -> tuple[np.ndarray, tuple]:
    """Look images up at places.

    Args:
        x: `(n, *size, channels)`.
        coordinates: for each image, for each axis, where: `(n, axes, *out)`.
        how: what is between pixels, and outside.

    Returns:
        Array of shape `(n, *out, channels)`, and what the backward needs.
    """
    y = _forward(x, coordinates.shape[2:], _given(coordinates), how)
    return y, (x, coordinates)


def _given(coordinates: np.ndarray) -> Coordinates:
    def some(i: int, first: int, last: int, dtype: np.dtype) -> list[np.ndarray]:
        return [np.asarray(at[first:last], dtype).ravel() for at in coordinates[i]]

    return some


def sample_backward(
    g: np.ndarray, saved: tuple, needs: Sequence[bool], how: Sampling
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the gradients of images and places."""
    x, coordinates = saved
    moves = np.empty(coordinates.shape, coordinates.dtype) if needs[1] else None

    def moved(i: int, first: int, last: int, slopes: list) -> None:
        for axis, slope in enumerate(slopes):
            part = moves[i, axis, first:last]
            part[...] = slope.reshape(part.shape)

    out = coordinates.shape[2:]
    return _backward(g, x, out, _given(coordinates), how, needs, moved), moves


def project_forward(
    x: np.ndarray, transform: np.ndarray, how: Sampling
) -> tuple[np.ndarray, tuple]:
    """Look images up where a projection puts the pixels of the result.

    Args:
        x: `(n, height, width, channels)`.
        transform: `(n, 8)`: the pixel in column x and row y is looked up in column
            `(t0 x + t1 y + t2) / k` and row `(t3 x + t4 y + t5) / k`, where `k = t6 x + t7 y + 1`.
        how: what is between pixels, and outside.
    """
    return _forward(x, x.shape[1:3], _projected(transform, x.shape), how), (x, transform)


def _grid(first: int, last: int, shape: tuple, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(shape[2], dtype=dtype), np.arange(first, last, dtype=dtype)[:, None]


def _depth(t: np.ndarray, columns: np.ndarray, rows: np.ndarray) -> Any:
    """Return by what a projection divides; None if it is 1 everywhere."""
    return t[6] * columns + t[7] * rows + 1 if t[6:].any() else None


def _projected(transform: np.ndarray, shape: tuple) -> Coordinates:
    def some(i: int, first: int, last: int, dtype: np.dtype) -> list[np.ndarray]:
        t = transform[i].astype(dtype)
        columns, rows = _grid(first, last, shape, dtype)
        x = t[0] * columns + t[1] * rows + t[2]
        y = t[3] * columns + t[4] * rows + t[5]
        depth = _depth(t, columns, rows)
        if depth is not None:
            x, y = x / depth, y / depth
        return [y.ravel(), x.ravel()]

    return some


def project_backward(
    g: np.ndarray, saved: tuple, needs: Sequence[bool], how: Sampling
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the gradients of images and transforms."""
    x, transform = saved
    places = _projected(transform, x.shape)
    total = np.zeros(transform.shape) if needs[1] else None

    def moved(i: int, first: int, last: int, slopes: list) -> None:
        columns, rows = _grid(first, last, x.shape, slopes[0].dtype)
        shape = (last - first, x.shape[2])
        down, right = [s.reshape(shape) for s in slopes]
        depth = _depth(transform[i], columns, rows)
        if depth is not None:
            down, right = down / depth, right / depth
        y, at = [p.reshape(shape) for p in places(i, first, last, columns.dtype)]
        for k, part in ((0, right), (3, down), (6, -(right * at + down * y))):
            total[i, k] += (part * columns).sum()
            total[i, k + 1] += (part * rows).sum()
            if k < 6:
                total[i, k + 2] += part.sum()

    dx = _backward(g, x, x.shape[1:3], places, how, needs, moved)
    return dx, None if total is None else total.astype(transform.dtype)
