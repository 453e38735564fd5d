"""The windows of images, laid out side by side as channels."""

from __future__ import annotations

import math

import numpy as np

from minikeras.kernels.windows import Piece, for_pieces, part, pieces, window, windows

_PIECE = 1 << 18


def forward(
    x: np.ndarray, size: tuple, strides: tuple, padding: str, dilation: tuple
) -> tuple[np.ndarray, tuple]:
    """Return the windows of `(n, *spatial, channels)`: `(n, *windows, size * channels)`.

    Args:
        x: images of any dtype.
        size: spatial shape of a window.
        strides: distances between windows.
        padding: `"valid"` or `"same"`.
        dilation: distances between the elements of a window.
    """
    x = np.ascontiguousarray(x)
    w = window(x.shape[1:-1], size, strides, padding, dilation)
    y = np.empty((x.shape[0], *w.out, *size, x.shape[-1]), x.dtype)

    def work(piece: Piece) -> None:
        target = piece.of(y)
        target[...] = windows(part(x, piece, w), w, (piece.rows, *w.out[1:]))

    for_pieces(pieces(x.shape[0], w.out[0], math.prod(y.shape[2:]), _PIECE), work)
    return y.reshape(x.shape[0], *w.out, w.taps * x.shape[-1]), x.shape


def backward(
    g: np.ndarray, shape: tuple, size: tuple, strides: tuple, padding: str, dilation: tuple
) -> np.ndarray:
    """Return the gradient of x: patches added up at their places."""
    w = window(shape[1:-1], size, strides, padding, dilation)
    g = g.reshape(shape[0], *w.out, *size, shape[-1])
    dx = np.empty(shape, g.dtype)
    whole = [n + low + high for n, (low, high) in zip(w.size, w.pads)]
    inner = tuple([slice(low, low + n) for n, (low, _) in zip(w.size, w.pads)])

    def work(piece: Piece) -> None:
        total = np.zeros((piece.count, *whole, shape[-1]), g.dtype)
        some = g[piece.first : piece.last]
        for offset in np.ndindex(*size):
            key = [
                slice(o * d, o * d + (n - 1) * s + 1, s)
                for o, d, n, s in zip(offset, dilation, w.out, strides)
            ]
            element = (*[slice(None)] * (1 + len(size)), *offset)
            total[(slice(None), *key)] += some[element]
        dx[piece.first : piece.last] = total[(slice(None), *inner)]

    for_pieces(pieces(shape[0], 1, max(math.prod(g.shape[1:]), 1), _PIECE), work)
    return dx
