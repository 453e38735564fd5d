"""Numbers as colours: matrices, and many small ones side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.common.extras import require
from minikeras.visualization.style import background, colours


def mosaic(maps: np.ndarray) -> np.ndarray:
    """Return maps of shape `(rows, columns, height, width)` as one, with gaps of NaN between them."""
    rows, columns, height, width = maps.shape
    tiles = np.full((rows, columns, height + 1, width + 1), np.nan)
    tiles[:, :, :-1, :-1] = maps
    whole = tiles.transpose(0, 2, 1, 3).reshape(rows * (height + 1), columns * (width + 1))
    return whole[:-1, :-1]


def in_rows(maps: np.ndarray) -> np.ndarray:
    """Arrange maps of shape `(number, height, width)` in about a square; places left over are NaN."""
    number, height, width = maps.shape
    columns = min(number, max(1, round((number * height / width) ** 0.5)))
    rows = -(-number // columns)
    padded = np.full((rows * columns, height, width), np.nan)
    padded[:number] = maps
    return padded.reshape(rows, columns, height, width)


def draw_numbers(ax: Any, numbers: np.ndarray, **options: Any) -> None:
    """Draw a matrix: 0 has the colour of the background, numbers below and above it one each.

    Args:
        ax: where to.
        numbers: the matrix; NaN is left out.
        **options: for `imshow`.
    """
    matplotlib = require("matplotlib", "plot")
    below, above = colours(ax, 2)
    finite = numbers[np.isfinite(numbers)]
    largest = float(np.abs(finite).max(initial=0)) or 1.0
    ends = [background(ax), above] if finite.min(initial=0) >= 0 else [below, background(ax), above]
    shades = matplotlib.colors.LinearSegmentedColormap.from_list("numbers", ends)
    shades = shades.with_extremes(bad=(0, 0, 0, 0))
    image = ax.imshow(
        numbers,
        cmap=shades,
        vmin=0 if len(ends) == 2 else -largest,
        vmax=largest,
        interpolation="nearest",
        **options,
    )
    ax.figure.colorbar(image, ax=ax)


def draw_matrix(ax: Any, matrix: np.ndarray, across: str, downwards: str) -> None:
    """Draw a matrix as wide as the panel, with what its columns and rows are at the axes."""
    draw_numbers(ax, matrix, aspect="auto")
    ax.set(xlabel=across, ylabel=downwards)
    for axis in (ax.xaxis, ax.yaxis):
        axis.get_major_locator().set_params(integer=True)
