"""Resizing images along their spatial axes: by repeating pixels, or by interpolation.

Interpolation is linear, so it is a matrix for each axis, and its gradient is the transposed one.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from minikeras.kernels.windows import Piece, for_pieces, pieces, scratch

_PIECE = 1 << 18


def repeat_forward(x: np.ndarray, factors: tuple) -> tuple[np.ndarray, None]:
    """Repeat each pixel of `(n, *spatial, channels)` by a factor for each spatial axis."""
    x = np.ascontiguousarray(x)
    size = tuple(s * f for s, f in zip(x.shape[1:-1], factors))
    y = np.empty((x.shape[0], *size, x.shape[-1]), x.dtype)

    def work(piece: Piece) -> None:
        some = x[piece.first : piece.last]
        result = y[piece.first : piece.last]
        blocks = _blocks(result, factors)
        blocks[...] = some.reshape(interleaved(some.shape, (1,) * len(factors)))

    for_pieces(pieces(x.shape[0], 1, math.prod(y.shape[1:]), _PIECE), work)
    return y, None


def repeat_backward(g: np.ndarray, factors: tuple) -> np.ndarray:
    """Return the gradient of x."""
    g = np.ascontiguousarray(g)
    size = tuple(s // f for s, f in zip(g.shape[1:-1], factors))
    dx = np.empty((g.shape[0], *size, g.shape[-1]), g.dtype)
    rest = math.prod(factors[1:])

    def work(piece: Piece) -> None:
        # Rows of pixels first: those sums have long inner loops.
        some = g[piece.first : piece.last]
        rows = some.reshape(piece.count, size[0], factors[0], -1)
        target = dx[piece.first : piece.last]
        shape = (piece.count, size[0], *g.shape[2:])
        total = scratch("total", shape, g.dtype) if rest > 1 else target
        flat = total.reshape(rows.shape[0], rows.shape[1], rows.shape[3])
        np.copyto(flat, rows[:, :, 0])
        for i in range(1, factors[0]):
            np.add(flat, rows[:, :, i], flat)
        if rest > 1:
            blocks = _blocks(total, (1, *factors[1:]))
            target[...] = 0
            for index in np.ndindex(*factors[1:]):
                seen = blocks[(slice(None), slice(None), 0, *_every(index))]
                np.add(target, seen, target)

    for_pieces(pieces(g.shape[0], 1, math.prod(g.shape[1:]), _PIECE), work)
    return dx


def _every(index: tuple) -> list:
    picked: list = []
    for i in index:
        picked += [slice(None), i]
    return picked


def interleaved(shape: tuple, factors: tuple) -> tuple:
    pairs = [n for s, f in zip(shape[1:-1], factors) for n in (s // f, f)]
    return (shape[0], *pairs, shape[-1])


def _blocks(y: np.ndarray, factors: tuple) -> np.ndarray:
    """Make two axes of each spatial one: pixels of the small image, and repetitions."""
    return y.reshape(interleaved(y.shape, factors))


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(0, 1 - np.abs(x))


def _cubic(x: np.ndarray) -> np.ndarray:
    """Keys's cubic with a = -1/2."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _lanczos(radius: int, x: np.ndarray) -> np.ndarray:
    return np.where(np.abs(x) < radius, np.sinc(x) * np.sinc(x / radius), 0)


KERNELS = {
    "bilinear": _triangle,
    "bicubic": _cubic,
    "lanczos3": functools.partial(_lanczos, 3),
    "lanczos5": functools.partial(_lanczos, 5),
}
"""Interpolations by name: the weight of a pixel at a distance."""


@functools.lru_cache(maxsize=64)
def interpolation_matrix(kind: str, size: int, target: int, dtype: np.dtype) -> np.ndarray:
    """Return the matrix `(target, size)` that makes an axis longer or shorter, centres kept."""
    at = (np.arange(target) + 0.5) * size / target - 0.5
    weights = KERNELS[kind](at[:, None] - np.arange(size))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights.astype(dtype)


def interpolate_forward(x: np.ndarray, factors: tuple, kind: str) -> tuple[np.ndarray, tuple]:
    """Make `(n, height, width, channels)` larger by whole factors.

    Args:
        x: images.
        factors: of height and width.
        kind: a name in `KERNELS`.
    """
    dtype = x.dtype if x.dtype.kind == "f" and x.dtype.itemsize >= 4 else np.dtype("float32")
    matrices = _matrices(kind, x.shape, factors, dtype)
    return _apply(x.astype(dtype, copy=False), matrices).astype(x.dtype, copy=False), x.shape


def interpolate_backward(g: np.ndarray, shape: tuple, factors: tuple, kind: str) -> np.ndarray:
    """Return the gradient of x."""
    dtype = g.dtype if g.dtype.kind == "f" and g.dtype.itemsize >= 4 else np.dtype("float32")
    matrices = [matrix.T for matrix in _matrices(kind, shape, factors, dtype)]
    return _apply(g.astype(dtype, copy=False), matrices).astype(g.dtype, copy=False)


def interpolate_reference(x: Any, factors: tuple, kind: str) -> Any:
    """Interpolate by a product for each axis; also on tensors."""
    n, height, width, channels = x.shape
    rows, columns = _matrices(kind, x.shape, factors, np.asarray(x).dtype)
    tall = np.matmul(rows, np.reshape(x, (n, height, width * channels)))
    tall = np.reshape(tall, (n, rows.shape[0], width, channels))
    return np.matmul(columns, tall)


def _matrices(kind: str, shape: tuple, factors: tuple, dtype: np.dtype) -> list[np.ndarray]:
    return [interpolation_matrix(kind, n, n * f, dtype) for n, f in zip(shape[1:-1], factors)]


def _apply(x: np.ndarray, matrices: list[np.ndarray]) -> np.ndarray:
    rows, columns = matrices
    x = np.ascontiguousarray(x)
    n, height, width, channels = x.shape
    y = np.empty((n, rows.shape[0], columns.shape[0], channels), x.dtype)

    def work(piece: Piece) -> None:
        some = x[piece.first : piece.last].reshape(piece.count, height, width * channels)
        tall = scratch("tall", (piece.count, rows.shape[0], width * channels), x.dtype)
        np.matmul(rows, some, tall)
        tall = tall.reshape(piece.count, rows.shape[0], width, channels)
        np.matmul(columns, tall, y[piece.first : piece.last])

    elements = rows.shape[0] * max(columns.shape) * channels
    for_pieces(pieces(n, 1, elements, _PIECE), work)
    return y
