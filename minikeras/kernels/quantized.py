"""Products with matrices of small integers.

The integers stay as they are in memory. A block of them at a time, small enough for the cache, becomes
floats and is multiplied by BLAS, which NumPy does not have for integers.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from minikeras.kernels import parallel
from minikeras.kernels.gemm import dot

ROWS = 1024
"""How many products of two integers of 8 bits are summed in float32 without rounding: 2^24 / 2^14."""
BLOCK = 1 << 18
"""Numbers in a block."""


class IntegerMatrix(NamedTuple):
    """A matrix `(rows, columns)` as it is stored.

    Without `zero` it is `integers / scale`, with it `(integers - zero[groups]) * scale[groups]`, divided by
    `row_scale` where there is one.
    """

    integers: np.ndarray
    """int8 or uint8, `(rows, columns)`, or `(rows, (columns + 1) // 2)` with two integers of 4 bits in a
    byte, the first in the lower bits."""
    scale: np.ndarray
    """`(columns,)`, or `(groups, columns)`."""
    columns: int
    packed: bool = False
    zero: np.ndarray | None = None
    """`(groups, columns)` or None."""
    groups: np.ndarray | None = None
    """The group of each row, or None."""
    row_scale: np.ndarray | None = None
    """`(rows,)` or None."""

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.integers), self.columns

    def pieces(self, rows: slice, columns: slice, dtype: Any) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield parts of the matrix, with their columns, as floats that are still the integers.

        A packed matrix is cut at even columns only, and comes as its even columns and its odd ones.
        """
        if not self.packed:
            yield columns, self.integers[rows, columns].astype(dtype)
            return
        start, stop = columns.start, columns.stop
        pairs = self.integers[rows, start // 2 : (stop + 1) // 2]
        yield slice(start, stop, 2), ((pairs << 4) >> 4).astype(dtype)  # back, with the sign
        pairs = pairs[:, : (stop - start) // 2]
        yield slice(start + 1, stop, 2), (pairs >> 4).astype(dtype)

    def unscaled(self, piece: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
        """Return a piece, changed in place, without `row_scale`, nor `scale` where there is no `zero`."""
        if self.zero is not None:
            zero, scale = self.zero[:, columns], self.scale[:, columns]
            for run, group in _runs(self.groups[rows].astype(np.intp)):
                piece[run] -= zero[group]
                piece[run] *= scale[group]
        return piece

    def times(self, x: np.ndarray, piece: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
        """Return `x @ piece`, in the same way, `piece` being one of `pieces`."""
        # With few rows, outputs of each group are fewer than its weights. (NumPy would copy parts of a
        # piece that is stored by columns.)
        few = 16 * len(x) <= len(piece) and self.zero is not None and piece.flags.c_contiguous
        runs = _runs(self.groups[rows].astype(np.intp)) if few else []
        if not 0 < 4 * len(x) * len(runs) <= len(piece) or runs[0][0] == slice(None):
            return dot(x, self.unscaled(piece, rows, columns))
        zero, scale = self.zero[:, columns], self.scale[:, columns]
        y = np.zeros((len(x), piece.shape[1]), x.dtype)
        for run, group in runs:
            part = dot(x[:, run], piece[run])
            part -= x[:, run].sum(axis=1, keepdims=True) * zero[group]
            part *= scale[group]
            y += part
        return y

    def floats(self, dtype: Any) -> np.ndarray:
        """Return the matrix as floats."""
        found = np.empty(self.shape, dtype)
        rows = slice(0, len(found))
        for columns, piece in self.pieces(rows, slice(0, self.columns), dtype):
            found[:, columns] = self.unscaled(piece, rows, columns)
        if self.zero is None:
            found /= self.scale
        if self.row_scale is not None:
            found /= self.row_scale[:, None]
        return found


def _runs(groups: np.ndarray) -> list[tuple]:
    """Return slices of rows with the group of each, or all rows with their groups if these change often."""
    starts = np.flatnonzero(np.diff(groups)) + 1
    if 8 * len(starts) > len(groups):
        return [(slice(None), groups)]
    ends = [0, *starts.tolist(), len(groups)]
    return [(slice(a, b), groups[a]) for a, b in itertools.pairwise(ends)]


def unpacked(packed: np.ndarray, columns: int, dtype: Any) -> np.ndarray:
    """Return the integers of 4 bits that are in a matrix of bytes.

    Args:
        packed: `(rows, (columns + 1) // 2)`, int8 for integers from -8 to 7, uint8 for 0 to 15.
        columns: columns of the result.
        dtype: dtype of the result.

    Example:

    >>> unpacked(np.array([[125, 1]], np.int8), 3, np.float32).tolist()
    [[-3.0, 7.0, 1.0]]
    """
    if packed.strides[0] < packed.strides[1]:  # memory is written in the order in which it is read
        found = np.empty((columns, len(packed)), dtype).T
    else:
        found = np.empty((len(packed), columns), dtype)
    found[:, ::2] = (packed << 4) >> 4  # the shift back brings the sign along
    found[:, 1::2] = packed[:, : columns // 2] >> 4
    return found


def _strips(shape: tuple[int, int]) -> tuple[list[slice], list[slice]]:
    """Return the slices of rows and of columns into which a matrix is cut."""
    rows, columns = shape
    height = min(rows, ROWS)
    width = max(BLOCK // max(height, 1) & ~1, 2)
    return [slice(j, min(j + height, rows)) for j in range(0, rows, height)], [
        slice(i, min(i + width, columns)) for i in range(0, columns, width)
    ]


def product(x: np.ndarray, matrix: IntegerMatrix) -> np.ndarray:
    """Compute `x @ matrix`, but for the division by a scale of columns.

    Args:
        x: `(m, rows)`, floats, or integers of 8 bits: then the result is exact, as float32.
        matrix: the matrix.
    """
    exact = x.dtype.kind == "i"
    if exact:
        x = x.astype(np.float32)
    rows, columns = matrix.shape
    if rows <= ROWS and rows * columns <= BLOCK and not matrix.packed:
        whole = slice(0, rows), slice(0, columns)
        ((_, piece),) = matrix.pieces(*whole, x.dtype)
        return matrix.times(x, piece, *whole)
    y = np.zeros((len(x), columns), np.int32 if exact and rows > ROWS else x.dtype)
    bands, strips = _strips(matrix.shape)

    def fill(c: slice) -> None:
        for r in bands:
            for at, piece in matrix.pieces(r, c, x.dtype):
                part = matrix.times(x[:, r], piece, r, at)
                np.add(y[:, at], part, out=y[:, at], casting="unsafe")

    parallel.run([functools.partial(fill, c) for c in strips])
    return y.astype(x.dtype, copy=False)


def forward(
    x: np.ndarray, integers: np.ndarray | None, matrix: IntegerMatrix, scale: np.ndarray | None
) -> tuple[np.ndarray, tuple]:
    """Compute `x @ matrix` for floats `x`.

    Args:
        x: `(..., rows)`.
        integers: what `x` is rounded to, with `scale` `(..., 1)`; None to multiply `x` itself.
        matrix: the matrix.
        scale: scale of `integers`.

    Returns:
        The result `(..., columns)`, and what backward needs.
    """
    given = x if integers is None else integers
    if matrix.row_scale is not None:
        given = given / matrix.row_scale
    y = product(given.reshape(-1, given.shape[-1]), matrix).reshape(*x.shape[:-1], matrix.columns)
    if scale is not None:
        y = y / (scale if matrix.zero is not None else matrix.scale * scale)
    elif matrix.zero is None:
        y /= matrix.scale
    return y.astype(x.dtype, copy=False), (x.shape, matrix)


def backward(g: np.ndarray, saved: tuple) -> np.ndarray:
    """Return the gradient of x, as if it had not been rounded."""
    shape, matrix = saved
    g = g.reshape(-1, matrix.columns)
    if matrix.zero is None:
        g = g / matrix.scale
    dx = np.zeros((len(g), shape[-1]), g.dtype)
    bands, strips = _strips(matrix.shape)

    def fill(r: slice) -> None:
        for c in strips:
            for at, piece in matrix.pieces(r, c, g.dtype):
                dx[:, r] += dot(g[:, at], matrix.unscaled(piece, r, at).T)

    parallel.run([functools.partial(fill, r) for r in bands])
    if matrix.row_scale is not None:
        dx /= matrix.row_scale
    return dx.reshape(shape)
