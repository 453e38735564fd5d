"""3x3 convolution with fewer multiplications: Winograd's F(4x4, 3x3) for float32.

A tile of 6x6 inputs gives 4x4 outputs by 36 multiplications instead of 144, after linear transforms
of tile and kernel (Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks", 2015):

    y = A.T [ (G k G.T) * (B.T x B) ] A

Each transform is two products with a small matrix. The first runs over whole rows of the images of a
piece, the second over the tiles where they lie, so tiles are never gathered. For both to have long rows,
the images' pixels of one place lie side by side. In the middle there is one product of matrices for
each of the 36 elements.

The weights' gradient is the same formula differentiated: transform inputs and gradients, multiply
for each of the 36 elements, transform back.

How exact it is. Within a tile, rounding errors are relative to the tile's norm (the root of the sum of
its squares). Where a tile is loud beside the quieter pixels of its image, windows that are quiet beside
their tile are computed by definition (`quiet_windows.py`), so for every result, whatever lies beside
its window,

    |error of y|  <=  BOUND * eps * max(|window of x|, typical) * |kernel of the filter|

with the norms of what is multiplied, and `typical` that of a window of pixels than which three quarters
of the image's are louder (a sample is asked; zeros do not count). Common errors are a hundredth of
that. (A bound by the window alone would have to look at every pixel: 10 to 18 % of the time of a whole
training step, for windows that are quiet in common images too.)

Infinity and NaN reach the results whose windows hold them, and no others. For the gradient of an
element of the kernel the norms are those of all inputs and of all gradients that this element is
multiplied with, over the batch. (Numbers below 1e-15, whose squares leave float32, are excepted.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minikeras.kernels.epilogue import Results
from minikeras.kernels.gemm import tiled
from minikeras.kernels.quiet_windows import LARGE, Loudness, QuietWindows, mostly_inside
from minikeras.kernels.windows import (
    Piece,
    Window,
    copy_pixels,
    for_pieces,
    part,
    pieces,
    product,
    scratch,
    strided,
    sum_pieces,
)

_F = np.dtype("float32")
_BT = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    _F,
)
_G = np.array(
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ],
    _F,
)
_AT = np.array(
    [
        [1, 1, 1, 1, 1, 0],
        [0, 1, -1, 2, -2, 0],
        [0, 1, 1, 4, 4, 0],
        [0, 1, -1, 8, -8, 1],
    ],
    _F,
)
_A = np.ascontiguousarray(_AT.T)
_GG = np.kron(_G, _G)
BOUND = 1000
"""See above; eps is the distance from 1 to the next float32."""
_PIECE = 1 << 19
"""Elements of the transformed inputs of a piece."""
WORTH = 2_400_000
"""Pixels by channels by filters from which fewer multiplications win the transforms back."""
WORTH_KEPT = 500_000
"""The same where the kernel need not be transformed."""


def suits(
    w: Window, n: int, channels: int, filters: int, dtype: np.dtype, kept: bool = False
) -> bool:
    """Whether this is the faster way, and exact enough; `kept` says if the kernel's transform is kept."""
    if dtype != _F or w.kernel != (3, 3) or not w.simple or min(channels, filters) < 12:
        return False
    height, width = w.out
    tiles = -(-height // 4) * -(-width // 4)
    if height * width < 8 * tiles:
        return False
    work = n * height * width * channels * filters
    return work >= WORTH_KEPT if kept else n * tiles >= 32 and work >= WORTH


def _tiles(w: Window) -> tuple[int, int]:
    return -(-w.out[0] // 4), -(-w.out[1] // 4)


def _cut(n: int, w: Window, channels: int, filters: int, whole: bool = False) -> Sequence[Piece]:
    """Cut the batch into pieces; their rows are rows of tiles, all of them if `whole`."""
    rows, columns = _tiles(w)
    elements, depth = columns * 36 * max(channels, filters), 4 * min(channels, filters)
    return pieces(n, rows, elements, _PIECE, depth, whole)


def _transformed(matrix: np.ndarray, padded: np.ndarray, name: str) -> np.ndarray:
    """Return `matrix @ tile @ matrix.T` of tiles: `(36, tiles, channels)`.

    Args:
        matrix: `(6, size)`, for tiles of so many pixels squared that begin at every fourth.
        padded: what they see, `(height, width, images, channels)`.
        name: the scratch array to use.
    """
    height, width, images, channels = padded.shape
    size, inner = matrix.shape[1], images * channels
    rows, columns = height // 4, width // 4
    s = padded.strides
    lines = strided(padded, (rows, size, width * inner), (4 * s[0], s[0], s[3]))
    half = scratch("half", (6, rows, width * inner), _F)
    np.matmul(matrix, lines, half.transpose(1, 0, 2))
    s = half.strides
    shape = (6, rows, columns, size, inner)
    tiles = strided(half, shape, (s[0], s[1], 4 * inner * s[2], inner * s[2], s[2]))
    full = scratch(name, (6, 6, rows, columns, inner), _F)
    np.matmul(matrix, tiles, full.transpose(0, 2, 3, 1, 4))
    return full.reshape(36, -1, channels)


def _write_results(m: np.ndarray, tiles: tuple, y: np.ndarray) -> None:
    """Write `A.T m A` of tiles into `y`.

    Args:
        m: `(36, tiles, filters)`.
        tiles: numbers of rows and columns of tiles.
        y: `(images, height, width, filters)`, the last row and column of tiles not always whole.
    """
    images, height, width, filters = y.shape
    half = scratch("half", (4, 6, m[0].size), _F)
    np.matmul(_AT, m.reshape(6, 6, -1).transpose(1, 0, 2), half.transpose(1, 0, 2))
    full = scratch("full", (4, 4, *tiles, images, filters), _F)
    np.matmul(_AT, half, full.reshape(4, 4, -1))
    pixels = full.transpose(4, 2, 0, 3, 1, 5)
    whole = (images, tiles[0], 4, tiles[1], 4, filters)
    if y.size == full.size:
        copy_pixels(pixels, y.reshape(whole))
    else:
        result = scratch("whole", whole, _F)
        copy_pixels(pixels, result)
        y[...] = result.reshape(images, 4 * tiles[0], -1, filters)[:, :height, :width]


def _padded(x: np.ndarray, w: Window, piece: Piece, images_inside: bool = True) -> np.ndarray:
    """Return what the tiles of a piece see of the padded images; see `windows.part`."""
    pixels = piece._replace(top=4 * piece.top, bottom=4 * piece.bottom)
    return part(x, pixels, w, (4 * piece.rows + 2, 4 * _tiles(w)[1] + 2), images_inside)


def _whole_tiles(g: np.ndarray, w: Window, piece: Piece) -> np.ndarray:
    """Return the gradients of the tiles of a piece, `(rows, columns, images, filters)`."""
    plain = Window(w.out, (1, 1), (1, 1), (1, 1), ((0, 0), (0, 0)), w.out)
    pixels = piece._replace(top=4 * piece.top, bottom=4 * piece.bottom)
    return part(g, pixels, plain, (4 * piece.rows, 4 * _tiles(w)[1]), True)


def transformed_kernel(kernel: np.ndarray) -> np.ndarray | None:
    """Return `G k G.T` of `(3, 3, channels, filters)`: `(36, channels, filters)`.

    None if the kernel is not finite, or too large for the transforms.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if not float(np.vdot(kernel, kernel)) < LARGE:
            return None
        return product(_GG, kernel.reshape(9, -1)).reshape(36, *kernel.shape[2:])


def correlate(
    x: np.ndarray,
    kernel: np.ndarray,
    u: np.ndarray,
    w: Window,
    results: Results,
) -> tuple[bool, np.ndarray | None]:
    """Write the convolution of `x` with `kernel` into `results`.

    Args:
        x: `(n, height, width, channels)`.
        kernel: `(3, 3, channels, filters)`.
        u: its transform.
        w: the windows.
        results: where to, for images `(n, *w.out, filters)`.

    Returns:
        Whether `x` is even: no line of an image is loud beside the quieter pixels of that image. And
        which images are not and have not come out exactly enough, where those are to be whole, or None.
    """
    channels, filters = kernel.shape[2:]
    rows, columns = _tiles(w)
    loudness = Loudness(x, rows)

    def work(piece: Piece) -> None:
        loudness.look_at(piece)
        v = _transformed(_BT, _padded(x, w, piece), "full")
        m = scratch("product", (36, v.shape[1], filters), _F)
        tiled(v, u, m)
        pixels = piece._replace(top=4 * piece.top, bottom=4 * piece.bottom)
        target = results.of(pixels)
        _write_results(m, (piece.rows, columns), target)
        results.finish(target, pixels)

    def repair(piece: Piece) -> None:
        images = loud[piece.first : piece.last]
        padded = _padded(x[images], w, Piece(0, len(images), 0, rows), images_inside=False)
        QuietWindows(padded, w).repair(results, kernel, images)

    with np.errstate(over="ignore", invalid="ignore"):
        for_pieces(_cut(x.shape[0], w, channels, filters, results.whole), work)
        loud = loudness.loud_images()
        if loud is None or results.whole:
            return loud is None, loud
        for_pieces(pieces(len(loud), 1, x[0].size, _PIECE), repair)
    return False, None


def weight_gradient(
    x: np.ndarray, g: np.ndarray, w: Window, x_even: bool, g_even: bool
) -> np.ndarray | None:
    """Return the gradient of the kernel, `(3, 3, channels, filters)`.

    None if it would not be exact enough: where numbers are infinite or too large, or the edges, which
    some elements of the kernel do not see, are by far louder than the rest.

    Args:
        x: `(n, height, width, channels)`.
        g: gradient of the result, `(n, *w.out, filters)`.
        w: the windows.
        x_even, g_even: what `correlate` said of these, False if it was not asked. What is even has no
            loud edges.
    """
    channels, filters = x.shape[-1], g.shape[-1]
    seen = [(2 - low, out - low) for (low, _), out in zip(w.pads, w.out)]
    seeing = [(low, size + low - 2) for (low, _), size in zip(w.pads, w.size)]
    with np.errstate(over="ignore", invalid="ignore"):
        if not (x_even or mostly_inside(x, *seen)) or not (g_even or mostly_inside(g, *seeing)):
            return None

    def work(piece: Piece, out: np.ndarray) -> None:
        v = _transformed(_BT, _padded(x, w, piece), "full")
        m = _transformed(_A, _whole_tiles(g, w, piece), "product")
        np.matmul(v.transpose(0, 2, 1), m, out)

    cut = _cut(x.shape[0], w, channels, filters)
    with np.errstate(over="ignore", invalid="ignore"):
        du = sum_pieces(cut, (36, channels, filters), _F, work)
        dk = product(_GG.T, du.reshape(36, -1)).reshape(3, 3, channels, filters)
    return dk if np.isfinite(dk).all() else None
