"""Which windows of an image are too quiet, beside what is around them, for arithmetic on tiles.

Winograd's tiles of 6x6 pixels mix the 4x4 windows of 3x3 in them, so the rounding errors of a window
are relative to the largest numbers of its tile. Here the energy of a window, the sum of its squares
over pixels and channels, is compared with that of its tile. Windows that fall behind too far, or whose
tile holds numbers so large, small or infinite that the transforms would not do, are to be computed by
definition.

It must cost next to nothing where all is well. So images are first looked at line by line, and only
where lines are loud beside the quieter pixels of their image, tile by tile: every window holds a block of
2x2 pixels that begins at even places, and if the least energy of a tile's nine blocks is enough, that
of its windows is. What is left is looked at window by window.
"""

from __future__ import annotations

import math

import numpy as np

from minikeras.kernels.windows import Piece, Window, strided

RATIO = 12.0
"""How many times the norm of a window (the root of its energy) a loud tile's may be."""
LOUD = 32.0
"""How many times the norm of a window of quieter pixels a tile's may be before it is loud."""
LARGE = 1e29
"""Energies beyond are too large for the transforms."""
SMALL = 1e-33
"""Energies below have lost digits."""


def _energies(x: np.ndarray) -> np.ndarray:
    return np.vecdot(x, x)


_SQUARE = np.float32(RATIO**2)
_LARGE = np.float32(LARGE)
_LEAST = np.float32(RATIO**2 * SMALL)


def _safe(around: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Whether energies are large enough beside those around them; infinity and NaN never are."""
    limit = own * _SQUARE
    np.minimum(limit, _LARGE, out=limit)
    return around + _LEAST <= limit


def _of_tiles(f: np.ufunc, blocks: np.ndarray) -> np.ndarray:
    """Combine the three by three blocks of each tile."""
    rows = f(f(blocks[:, :-1:2], blocks[:, 1::2]), blocks[:, 2::2])
    return f(f(rows[:, :, :-1:2], rows[:, :, 1::2]), rows[:, :, 2::2])


def typical(x: np.ndarray) -> np.ndarray:
    """Return for each image what three quarters of the energies of pixels exceed, zeros left out.

    Some 32 pixels of each image are asked. (Of the gradients of a batch, those of one image can be a
    million times those of another, so each has a level of its own.)

    Args:
        x: images, `(n, height, width, channels)`.
    """
    n, height, width, channels = x.shape
    pixels = x.reshape(n, -1, channels)
    step = max(height * width // 32, 1)
    while math.gcd(step, width) > 1:  # not always the same columns
        step += 1
    energies = _energies(pixels[:, ::step])
    energies.sort(axis=1)
    zeros = np.count_nonzero(energies == 0, axis=1)
    asked = energies.shape[1]
    place = np.minimum(zeros + (asked - zeros) // 4, asked - 1)
    return energies[np.arange(n), place]


def _loud(padded: np.ndarray, levels: np.ndarray) -> np.ndarray | None:
    """Return which images may hold tiles that are loud beside `levels`, None if none do."""
    n, height, width, _ = padded.shape
    parts = width // 32 if width > 32 and width % (width // 32) == 0 else 1
    lines = _energies(padded.reshape(n, height * parts, -1)).max(axis=1)
    # A tile is part of six lines, and of two parts of each.
    levels = levels * np.float32(9 * LOUD**2 / (6 if parts == 1 else 12))
    safe = (lines <= np.minimum(levels, _LARGE)) & ((levels >= SMALL) | (lines == 0))
    return None if safe.all() else np.nonzero(~safe)[0]


class QuietWindows:
    """The windows of a piece that are to be computed by definition.

    Args:
        padded: what the tiles of a piece see, `(images, 4 * rows + 2, 4 * columns + 2, channels)`.
        w: the windows.
        piece: which images, and which rows of tiles.
        levels: what `typical` says of all images.

    Attributes:
        silent: where the windows are that hold nothing but zeros, beside something else: indices of
            images, rows and columns.
        places: where the others are.
        seen: what they hold, `(windows, 9 * channels)`.
    """

    def __init__(self, padded: np.ndarray, w: Window, piece: Piece, levels: np.ndarray) -> None:
        self.silent = self.places = self.seen = None
        images = _loud(padded, levels[piece.first : piece.last])
        if images is None:
            return
        padded = padded[images]
        tiles = self._suspects(padded, w, piece)
        if tiles is not None:
            self._look_at(tiles, images, padded, w, piece)

    def _suspects(self, padded: np.ndarray, w: Window, piece: Piece) -> tuple | None:
        """Return indices of the tiles that may hold quiet windows, None if there are none."""
        n, height, width, channels = padded.shape
        pairs = _energies(padded.reshape(n, height, width // 2, 2 * channels))
        blocks = pairs[:, ::2] + pairs[:, 1::2]
        around = _of_tiles(np.add, blocks)
        blocks = self._needed(blocks, pairs, padded, w, piece)
        safe = _safe(around, _of_tiles(np.minimum, blocks))
        return None if safe.all() else np.nonzero(~safe & (around != 0))

    def _needed(
        self, blocks: np.ndarray, pairs: np.ndarray, padded: np.ndarray, w: Window, piece: Piece
    ) -> np.ndarray:
        """Leave out blocks that no window needs; in place of those that are padding put a pixel.

        The latter is for windows at the edge that see one line of pixels, and two of padding.
        """
        start = 4 * piece.top
        rows, columns = min(4 * piece.rows, w.out[0] - start), w.out[1]
        end = w.pads[0][0] + w.size[0] - 1 - start, w.pads[1][0] + w.size[1] - 1
        if w.pads[1][0] == 2 or end[1] == columns - 1:
            if w.pads[1][0] == 2:
                pairs[:, :, 0] = _energies(padded[:, :, 2])
            if end[1] == columns - 1:
                pairs[:, :, columns // 2] = _energies(padded[:, :, columns - 1])
            blocks = pairs[:, ::2] + pairs[:, 1::2]
        if w.pads[0][0] == 2 and start == 0:
            blocks[:, 0] = pairs[:, 2]
        if end[0] == rows - 1:
            blocks[:, rows // 2] = pairs[:, rows - 1]
        if rows < 4 * piece.rows:
            blocks[:, rows // 2 + 1 :] = np.inf
        if columns % 4:
            blocks[:, :, columns // 2 + 1 :] = np.inf
        return blocks

    def _look_at(
        self, tiles: tuple, images: np.ndarray, padded: np.ndarray, w: Window, piece: Piece
    ) -> None:
        n, height, width, channels = padded.shape
        s = padded.strides
        shape = (n, height // 4, width // 4, 6, 6, channels)
        pixels = strided(padded, shape, (s[0], 4 * s[1], 4 * s[2], *s[1:]))[tiles]
        energies = _energies(pixels)
        zero = energies == 0
        if zero.any():  # so are squares of small numbers
            energies[zero] = np.where(pixels[zero].any(-1), np.float32(SMALL * 1e-6), 0)
        own = energies[:, :-2] + energies[:, 1:-1] + energies[:, 2:]
        own = own[:, :, :-2] + own[:, :, 1:-1] + own[:, :, 2:]
        around = energies.sum(axis=(1, 2), keepdims=True)
        rows = 4 * tiles[1][:, None] + np.arange(4)
        columns = 4 * tiles[2][:, None] + np.arange(4)
        quiet = ~_safe(around, own) & (around != 0)
        quiet &= (rows < w.out[0] - 4 * piece.top)[:, :, None] & (columns < w.out[1])[:, None]
        silent = quiet & (own == 0)

        def places(which: np.ndarray) -> tuple:
            tile, i, j = np.nonzero(which)
            return images[tiles[0][tile]], rows[tile, i], columns[tile, j]

        self.silent = places(silent)
        quiet &= ~silent
        self.places = places(quiet)
        s = pixels.strides
        view = strided(pixels, (len(pixels), 4, 4, 3, 3, channels), (*s[:3], *s[1:]))
        self.seen = view[quiet].reshape(-1, 9 * channels)

    def repair(self, y: np.ndarray, kernel: np.ndarray) -> None:
        """Write their results into those of the piece.

        Args:
            y: results, `(images, rows, columns, filters)`.
            kernel: `(3, 3, channels, filters)`.
        """
        if self.places is not None:
            y[self.silent] = 0
            y[self.places] = np.dot(self.seen, kernel.reshape(-1, kernel.shape[-1]))


def mostly_inside(a: np.ndarray, rows: tuple[int, int], columns: tuple[int, int]) -> bool:
    """Whether the edges of images are not much louder, all together, than what is inside.

    Args:
        a: images, `(n, height, width, channels)`.
        rows, columns: the first row (column) inside, and the first behind it.
    """
    (top, bottom), (left, right) = rows, columns
    inside = a[:, top:bottom, left:right]
    if not inside.size:
        return False
    middle = a[:, top:bottom]
    edges = (a[:, :top], a[:, bottom:], middle[:, :, :left], middle[:, :, right:])
    outside = sum(_energy(edge) for edge in edges)
    if not outside < LARGE:
        return False
    some = _energy(inside[:, inside.shape[1] // 2][:, None])
    return outside <= RATIO**2 * some or outside <= RATIO**2 * _energy(inside)


def _energy(a: np.ndarray) -> float:
    """Return the sum of all squares."""
    return float(_energies(a.reshape(*a.shape[:2], a.shape[2] * a.shape[3])).sum())
