"""`QuantizedWeight`: what a layer says of a weight that may be quantized."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np


class QuantizedWeight(NamedTuple):
    """A weight that may be stored in few bits, with scales for the numbers that are summed up."""

    name: str
    shape: tuple[int, ...]
    """Its shape in floats."""
    summed: tuple[int, ...]
    """Its axes that products sum over: numbers along them share a scale."""
    scale_axes: tuple[int, ...] | None = None
    """The other axes in the order in which the scale has them; None for their own order."""
    scale_shape: tuple[int, ...] | None = None
    """Shape of the scale; None for the sizes of these axes."""
    row_axis: int = 0
    """Axis of rows, of a weight with two axes whose summed axis comes second: 1."""
    pack_axis: int = -1
    """Axis along which two integers of 4 bits share a byte."""

    @property
    def kept(self) -> tuple[int, ...]:
        """The axes of the scale, in its order."""
        if self.scale_axes is not None:
            return self.scale_axes
        return tuple([a for a in range(len(self.shape)) if a not in self.summed])

    @property
    def stored_scale_shape(self) -> tuple[int, ...]:
        """Shape of a scale of which each output has one number."""
        if self.scale_shape is not None:
            return self.scale_shape
        return tuple([self.shape[a] for a in self.kept])

    @property
    def matrix_shape(self) -> tuple[int, int]:
        """Rows (what is summed) and columns of the weight as a matrix."""
        rows = math.prod([self.shape[a] for a in self.summed])
        return rows, math.prod(self.shape) // rows

    def as_matrix(self, values: np.ndarray) -> np.ndarray:
        """Return the weight as a matrix, a row for each number of a sum."""
        others = [a for a in range(len(self.shape)) if a not in self.summed]
        return values.transpose(*self.summed, *others).reshape(self.matrix_shape)

    def from_matrix(self, matrix: np.ndarray) -> np.ndarray:
        """Return the weight in its own shape: the reverse of `as_matrix`."""
        order = [*self.summed, *[a for a in range(len(self.shape)) if a not in self.summed]]
        return matrix.reshape([self.shape[a] for a in order]).transpose(np.argsort(order))

    def laid_out(self, scale: np.ndarray) -> np.ndarray:
        """Return a scale that has all axes of the weight as it is stored."""
        return scale.transpose(*self.kept, *self.summed).reshape(self.stored_scale_shape)

    def spread(self, scale: np.ndarray) -> np.ndarray:
        """Return a stored scale with all axes of the weight: the reverse of `laid_out`."""
        sizes = [self.shape[a] for a in self.kept] + [1] * len(self.summed)
        return scale.reshape(sizes).transpose(np.argsort((*self.kept, *self.summed)))
