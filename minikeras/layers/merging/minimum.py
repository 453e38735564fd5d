"""`Minimum`: takes the smallest of its inputs, element by element."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.layers.merging.base_merge import Merge, greatest


class Minimum(Merge):
    """Takes the smallest of its inputs, element by element.

    Input: list of tensors that broadcast against each other. Output: one tensor. Where one input is
    masked, it is that of the others.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Minimum()([np.array([[1.0]]), np.array([[2.0]])])
    <Tensor shape=(1, 1) dtype=float32 [[1.]]>
    """

    _neutral = staticmethod(greatest)

    def _merge(self, inputs: list) -> Any:
        smallest = inputs[0]
        for x in inputs[1:]:
            smallest = ops.minimum(smallest, x)
        return smallest


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """Return `Minimum(**kwargs)(inputs)`."""
    return Minimum(**kwargs)(inputs)
