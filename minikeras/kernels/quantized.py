"""Products with matrices of small integers.

The integers stay as they are in memory. A block of them at a time, small enough for the cache, becomes
floats and is multiplied by BLAS, which NumPy does not have for integers.
"""

from __future__ import annotations

import functools
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

    Without `zero` it is `integers / scale`, with it `(integers - zero[groups]) * scale[groups]`.
    """

    integers: np.ndarray
    """int8, `(rows, columns)`, or `(rows, (columns + 1) // 2)` with two integers of 4 bits in a byte, the
    first in the lower bits."""
    scale: np.ndarray
    """`(columns,)`, or `(groups, columns)`."""
    columns: int
    packed: bool = False
    zero: np.ndarray | None = None
    """`(groups, columns)` or None."""
    groups: np.ndarray | None = None
    """The group of each row, or None."""

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.integers), self.columns

    def block(self, rows: slice, columns: slice, dtype: Any) -> np.ndarray:
        """Return a part of the matrix as floats, not divided by `scale` where there is no `zero`.

        A packed matrix is cut at even columns only.
        """
        if self.packed:
            found = unpacked(
                self.integers[rows, columns.start // 2 : (columns.stop + 1) // 2],
                columns.stop - columns.start,
                dtype,
            )
        else:
            found = self.integers[rows, columns].astype(dtype)
        if self.zero is not None:
            groups = self.groups[rows].astype(np.intp)
            found -= self.zero[:, columns][groups]
            found *= self.scale[:, columns][groups]
        return found

    def floats(self, dtype: Any) -> np.ndarray:
        """Return the matrix as floats."""
        found = self.block(slice(0, len(self.integers)), slice(0, self.columns), dtype)
        if self.zero is None:
            found /= self.scale
        return found


def unpacked(packed: np.ndarray, columns: int, dtype: Any) -> np.ndarray:
    """Return the integers of 4 bits, from -8 to 7, that are in a matrix of bytes.

    Args:
        packed: int8, `(rows, (columns + 1) // 2)`.
        columns: columns of the result.
        dtype: dtype of the result.

    Example:

    >>> unpacked(np.array([[125, 1]], np.int8), 3, np.float32).tolist()
    [[-3.0, 7.0, 1.0]]
    """
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
    if rows <= ROWS and rows * columns <= BLOCK:
        return dot(x, matrix.block(slice(0, rows), slice(0, columns), x.dtype))
    y = np.zeros((len(x), columns), np.int32 if exact and rows > ROWS else x.dtype)
    bands, strips = _strips(matrix.shape)

    def fill(c: slice) -> None:
        for r in bands:
            part = dot(x[:, r], matrix.block(r, c, x.dtype))
            np.add(y[:, c], part, out=y[:, c], casting="unsafe")

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
            dx[:, r] += dot(g[:, c], matrix.block(r, c, g.dtype).T)

    parallel.run([functools.partial(fill, r) for r in bands])
    return dx.reshape(shape)
