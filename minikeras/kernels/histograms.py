"""Histograms of images, and what equalizes them."""

from __future__ import annotations

import functools

import numpy as np

from minikeras.common.ranks import shared_rows, sharers
from minikeras.kernels import parallel
from minikeras.kernels.by_image import by_image

_LEVELS = 256


def equalize(images: np.ndarray, axis: int, bins: int) -> np.ndarray:
    """Spread the values of each channel of a batch evenly over [0, 255].

    Args:
        images: batch of float images, values in [0, 255].
        axis: axis of channels, -1 or 1.
        bins: how many values are told apart.
    """
    channels = [
        (slice(None), slice(None), slice(None), i) if axis == -1 else (slice(None), i)
        for i in range(images.shape[axis])
    ]
    tables = [_equalizing(counts) for counts in _counts(images, channels, bins)]

    def equalized(x: np.ndarray) -> np.ndarray:
        places = _bins_of(x / x.dtype.type(255) * x.dtype.type(bins - 1), bins)
        for channel, table in zip(channels, tables):
            if table is not None:
                x[channel] = table.astype(x.dtype).take(places[channel])
        return x

    return by_image(equalized, images, [], images.dtype, images.dtype)


def _bins_of(scaled: np.ndarray, bins: int) -> np.ndarray:
    return np.clip(scaled, 0, bins - 1, out=scaled).astype(np.intp)


def _counts(images: np.ndarray, channels: list[tuple], bins: int) -> np.ndarray:
    """Return how many values of each channel lie in each bin, `(channels, bins)`."""
    n, dtype = len(images), images.dtype.type
    parts = np.array_split(np.arange(n), min(n, 16) or 1)
    found = np.zeros((len(parts), len(channels), bins), np.int64)

    def count(i: int, examples: np.ndarray) -> None:
        for example in examples:
            image = images[example : example + 1]
            places = _bins_of(image * dtype(bins - 1) / dtype(255), bins)
            for c, channel in enumerate(channels):
                found[i, c] += np.bincount(places[channel].ravel(), minlength=bins)

    parallel.run([functools.partial(count, i, part) for i, part in enumerate(parts)])
    counts = found.sum(axis=0)
    return counts if shared_rows() is None else sharers().add(counts)


def _equalizing(counts: np.ndarray) -> np.ndarray | None:
    """Return what each bin becomes; None if all values lie in one."""
    if np.count_nonzero(counts) <= 1:
        return None
    cumulative = np.cumsum(counts)
    first = cumulative[np.flatnonzero(counts)[0]]
    table = (cumulative - first) * 255 / (cumulative[-1] - first)
    return np.clip(np.round(table), 0, 255)


def equalize_tiles(images: np.ndarray, grid: tuple[int, int], clip_limit: float) -> np.ndarray:
    """Equalize each neighborhood of images by itself (CLAHE: Zuiderveld, 1994).

    A histogram of 256 levels is made of each tile, its peaks cut off and spread over all levels. A
    pixel becomes what the four tiles around it make of it, interpolated between their centers.

    Args:
        images: float images, values in [0, 255], `(batch, height, width, channels)`.
        grid: number of tiles along height and width.
        clip_limit: how many times the mean count of a level may have; 0 for no limit.
    """
    n, height, width, channels = images.shape
    tile = -(-height // grid[0]), -(-width // grid[1])
    edges = tile[0] * grid[0] - height, tile[1] * grid[1] - width
    padded = images
    if any(edges):
        padded = np.pad(images, ((0, 0), (0, edges[0]), (0, edges[1]), (0, 0)), "symmetric")
    levels = np.clip(padded, 0, _LEVELS - 1).astype(np.intp)
    shape = (n, *grid, channels, _LEVELS)
    tables = _tile_tables(levels, shape, tile, clip_limit)

    # Beyond the centers of the outer tiles their own tables hold.
    tables = np.pad(tables, ((0, 0), (1, 1), (1, 1), (0, 0), (0, 0)), "edge")
    (y0, y1, wy), (x0, x1, wx) = [
        _between(length, size, tiles) for length, size, tiles in zip((height, width), tile, grid)
    ]
    levels = levels[:, :height, :width]
    levels += np.arange(channels) * _LEVELS
    levels += (np.arange(n) * (tables.size // n))[:, None, None, None]
    row, column = (grid[1] + 2) * channels * _LEVELS, channels * _LEVELS
    y0, y1 = [(y * row)[:, None, None] for y in (y0, y1)]
    x0, x1 = [(x * column)[:, None] for x in (x0, x1)]
    wy, wx = wy[:, None, None], wx[:, None]
    top = tables.take(levels + (y0 + x0)) * (1 - wx)
    top += tables.take(levels + (y0 + x1)) * wx
    bottom = tables.take(levels + (y1 + x0)) * (1 - wx)
    bottom += tables.take(levels + (y1 + x1)) * wx
    top *= 1 - wy
    bottom *= wy
    top += bottom
    return top


def _tile_tables(
    levels: np.ndarray, shape: tuple, tile: tuple[int, int], clip_limit: float
) -> np.ndarray:
    """Return what each tile makes of each level, `(batch, rows, columns, channels, levels)`."""
    n, rows, columns, channels, _ = shape
    tiles = np.repeat(np.arange(rows), tile[0])[:, None] * columns
    tiles = (tiles + np.repeat(np.arange(columns), tile[1]))[:, :, None] * channels
    tiles = (tiles + np.arange(channels)) * _LEVELS
    size = rows * columns * channels * _LEVELS
    places = levels + tiles
    counts = np.concatenate([np.bincount(p.ravel(), minlength=size) for p in places])
    counts = counts.reshape(shape).astype(np.float32)
    area = tile[0] * tile[1]
    if clip_limit > 0:
        clipped = np.minimum(counts, np.float32(clip_limit * area / _LEVELS))
        counts = clipped + (counts - clipped).sum(axis=-1, keepdims=True) / _LEVELS
    cumulative = np.cumsum(counts, axis=-1)
    first = cumulative[..., :1]
    rest = area - first
    return np.clip((cumulative - first) * 255 / np.where(rest == 0, 1, rest), 0, 255)


def _between(length: int, size: int, tiles: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return between which tiles' centers pixels lie, and how near to the second one."""
    place = (np.arange(length, dtype=np.float32) - size / 2) / size + 1
    first = np.floor(place)
    low, high = [np.clip(first + i, 0, tiles + 1).astype(np.intp) for i in (0, 1)]
    return low, high, place - first
