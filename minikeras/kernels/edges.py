"""Sobel's slopes of images, downwards and to the right, which lie side by side in the result.

Both are made of the same sums of neighbours: a row of pixels is one vector, and its neighbours to the left
and right are the same vector moved by the number of channels.
"""

from __future__ import annotations

import numpy as np

from minikeras.kernels.resize import resample_backward, sliding
from minikeras.kernels.windows import Piece, for_pieces, part, pieces, scratch, window

_PIECE = 1 << 18

SMOOTH, SLOPE = (1.0, 2.0, 1.0), (-1.0, 0.0, 1.0)
"""What pixels count across a slope and along it."""


def sobel_forward(x: np.ndarray) -> tuple[np.ndarray, None]:
    """Return the slopes of `(n, height, width, channels)`, floats: `(..., 2)`. Zeros are around."""
    x = np.ascontiguousarray(x)
    n, height, width, channels = x.shape
    y = np.empty((*x.shape, 2), x.dtype)
    around = window((height, width), (3, 3), (1, 1), "same", (1, 1))

    def work(piece: Piece) -> None:
        wide = part(x, piece, around).reshape(piece.count, piece.rows + 2, -1)
        above, here, below = wide[:, :-2], wide[:, 1:-1], wide[:, 2:]
        result = piece.of(y).reshape(piece.count, piece.rows, width * channels, 2)
        rising = np.subtract(below, above, scratch("rising", here.shape, x.dtype))
        smooth = np.add(below, above, scratch("smooth", here.shape, x.dtype))
        smooth += here
        smooth += here
        left, middle, right = (
            slice(-2 * channels),
            slice(channels, -channels),
            slice(2 * channels, None),
        )
        np.subtract(smooth[..., right], smooth[..., left], result[..., 1])
        total = scratch("total", result.shape[:-1], x.dtype)
        np.add(rising[..., right], rising[..., left], total)
        total += rising[..., middle]
        np.add(total, rising[..., middle], result[..., 0])

    for_pieces(pieces(n, height, width * channels, _PIECE), work)
    return y, None


def sobel_backward(g: np.ndarray) -> np.ndarray:
    """Return the gradient of x."""
    maps = [sliding(weights, size) for size in g.shape[1:3] for weights in (SMOOTH, SLOPE)]
    dx = resample_backward(g[..., 0], maps[1], maps[2])
    dx += resample_backward(g[..., 1], maps[0], maps[3])
    return dx
