"""Which windows of an image are too quiet, beside what is around them, for arithmetic on tiles.

Winograd's tiles of 6x6 pixels mix the 4x4 windows of 3x3 in them, so the rounding errors of a window
are relative to the largest numbers of its tile. Here the energy of a window, the sum of its squares
over pixels and channels, is compared with that of its tile. Windows that fall behind too far, or whose
tile holds numbers so large, small or infinite that the transforms would not do, are to be computed by
definition.

It must cost next to nothing where all is well. So images are first looked at line by line (`Loudness`), and
only where lines are loud beside the quieter pixels of their image, tile by tile (`QuietWindows`): every
window holds a block of 2x2 pixels that begins at even places, and if the least energy of a tile's nine
blocks is enough, that of its windows is. What is left is looked at window by window.
"""

from __future__ import annotations

import numpy as np

from minikeras.kernels.epilogue import Results
from minikeras.kernels.windows import Piece, Window, strided

RATIO = 12.0
"""How many times the norm of a window (the root of its energy) a loud tile's may be."""
LOUD = 64.0
"""How many times the norm of a window of quieter pixels a tile's may be before it is loud. (Of the
images of ResNet-20's first stage, in its second epoch, 11 % were loud at 32, and 0.4 % are at 64.)"""
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


class Loudness:
    """Tells which images have lines that are loud beside the quieter of their pixels.

    The energies are taken in as pieces are computed, while these come into the cache: of all lines, cut
    into parts where they are long, and of some 16 pixels of each image.

    Args:
        x: the images, `(n, height, width, channels)`.
        tile_rows: number of rows of tiles.
    """

    def __init__(self, x: np.ndarray, tile_rows: int) -> None:
        n, height, width, channels = x.shape
        self._x, self._tile_rows = x, tile_rows
        self._parts = width // 32 if width > 32 and width % (width // 32) == 0 else 1
        self._length = width // self._parts * channels
        self._steps = height // 4 | 1, width // 4 | 1  # odd, since every other pixel may be zero
        rows, columns = [len(range(s // 2, d, s)) for s, d in zip(self._steps, (height, width))]
        self._lines = np.empty((n, height * self._parts), np.float32)
        self._pixels = np.empty((n, rows, columns), np.float32)

    def look_at(self, piece: Piece) -> None:
        """Take in the lines of a piece."""
        images = slice(piece.first, piece.last)
        height, parts = self._x.shape[1], self._parts
        begin = min(4 * piece.top, height)
        end = min(4 * piece.bottom, height) if piece.bottom < self._tile_rows else height
        out = self._lines[images, begin * parts : end * parts]
        lines = self._x[images, begin:end].reshape(*out.shape, self._length)
        np.vecdot(lines, lines, out)
        down, right = self._steps
        start = down // 2
        first, last = -((start - begin) // down), -((start - end) // down)
        pixels = self._x[images, start + first * down : end : down, right // 2 :: right]
        np.vecdot(pixels, pixels, self._pixels[images, first:last])

    def loud_images(self) -> np.ndarray | None:
        """Return the indices of the images that have loud lines, None if none has."""
        # A tile is part of six lines, and of two parts of each.
        limits = self._typical() * np.float32(9 * LOUD**2 / (6 * min(self._parts, 2)))
        np.minimum(limits, _LARGE, out=limits)
        limits[~(limits >= _LEAST)] = 0
        quiet = self._lines <= limits[:, None]
        return None if quiet.all() else np.nonzero(~quiet.all(axis=1))[0]

    def _typical(self) -> np.ndarray:
        """Return for each image what three quarters of the energies of pixels exceed.

        Zeros do not count. (Of the gradients of a batch, those of one image can be a million times those
        of another, so each has a level of its own.)
        """
        energies = self._pixels.reshape(len(self._pixels), -1)
        energies.sort(axis=1)
        asked = energies.shape[1]
        if energies[:, 0].all():  # the common case
            return energies[:, asked // 4]
        zeros = np.count_nonzero(energies == 0, axis=1)
        place = np.minimum(zeros + (asked - zeros) // 4, asked - 1)
        return energies[np.arange(len(energies)), place]


class QuietWindows:
    """The windows of images that are to be computed by definition.

    Args:
        padded: what the tiles of the images see, `(n, 4 * rows + 2, 4 * columns + 2, channels)`.
        w: the windows.

    Attributes:
        silent: where the windows are that hold nothing but zeros, beside something else: indices of
            images, rows and columns.
        places: where the others are.
        seen: what they hold, `(windows, 9 * channels)`.
    """

    def __init__(self, padded: np.ndarray, w: Window) -> None:
        self.silent = self.places = self.seen = None
        tiles = self._suspects(padded, w)
        if tiles is not None:
            self._look_at(tiles, padded, w)

    def _suspects(self, padded: np.ndarray, w: Window) -> tuple | None:
        """Return indices of the tiles that may hold quiet windows, None if there are none."""
        n, height, width, channels = padded.shape
        pairs = _energies(padded.reshape(n, height, width // 2, 2 * channels))
        blocks = pairs[:, ::2] + pairs[:, 1::2]
        around = _of_tiles(np.add, blocks)
        blocks = self._needed(blocks, pairs, padded, w)
        safe = _safe(around, _of_tiles(np.minimum, blocks))
        return None if safe.all() else np.nonzero(~safe & (around != 0))

    def _needed(
        self, blocks: np.ndarray, pairs: np.ndarray, padded: np.ndarray, w: Window
    ) -> np.ndarray:
        """Leave out blocks that no window needs; in place of those that are padding put a pixel.

        The latter is for windows at the edge that see one line of pixels, and two of padding.
        """
        rows, columns = w.out
        end = w.pads[0][0] + w.size[0] - 1, w.pads[1][0] + w.size[1] - 1
        if w.pads[1][0] == 2 or end[1] == columns - 1:
            if w.pads[1][0] == 2:
                pairs[:, :, 0] = _energies(padded[:, :, 2])
            if end[1] == columns - 1:
                pairs[:, :, columns // 2] = _energies(padded[:, :, columns - 1])
            blocks = pairs[:, ::2] + pairs[:, 1::2]
        if w.pads[0][0] == 2:
            blocks[:, 0] = pairs[:, 2]
        if end[0] == rows - 1:
            blocks[:, rows // 2] = pairs[:, rows - 1]
        if rows % 4:
            blocks[:, rows // 2 + 1 :] = np.inf
        if columns % 4:
            blocks[:, :, columns // 2 + 1 :] = np.inf
        return blocks

    def _look_at(self, tiles: tuple, padded: np.ndarray, w: Window) -> None:
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
        quiet &= (rows < w.out[0])[:, :, None] & (columns < w.out[1])[:, None]
        silent = quiet & (own == 0)

        def places(which: np.ndarray) -> tuple:
            tile, i, j = np.nonzero(which)
            return tiles[0][tile], rows[tile, i], columns[tile, j]

        self.silent = places(silent)
        quiet &= ~silent
        self.places = places(quiet)
        s = pixels.strides
        view = strided(pixels, (len(pixels), 4, 4, 3, 3, channels), (*s[:3], *s[1:]))
        self.seen = view[quiet].reshape(-1, 9 * channels)

    def repair(
        self,
        results: Results,
        kernel: np.ndarray,
        images: np.ndarray,
    ) -> None:
        """Write their results in place of those that were computed on tiles.

        Args:
            results: those of all images, `(n, rows, columns, filters)`.
            kernel: `(3, 3, channels, filters)`.
            images: which of the images these are.
        """
        if self.places is None:
            return
        y = results.y
        columns, filters = y.shape[2:]
        count = len(self.seen)
        lines = np.zeros(
            (1, count // columns + 1, columns, filters), y.dtype
        )  # zeros for the silent
        values_of = lines.reshape(-1, filters)
        np.dot(self.seen, kernel.reshape(-1, filters), values_of[:count])
        results.finish(lines, Piece(0, 1, 0, lines.shape[1]))
        for (i, row, column), values in (
            (self.places, values_of[:count]),
            (self.silent, values_of[count]),
        ):
            y[images[i], row, column] = values


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
    outside = sum([_energy(edge) for edge in edges if edge.size])
    if not outside < LARGE:
        return False
    some = _energy(inside[:, inside.shape[1] // 2])
    return outside <= RATIO**2 * some or outside <= RATIO**2 * _energy(inside)


def _energy(a: np.ndarray) -> float:
    """Return the sum of all squares."""
    return float(_energies(a.reshape(len(a), -1)).sum())
