"""`Maximum`: takes the largest of its inputs, element by element."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.layers.merging.base_merge import Merge, least


class Maximum(Merge):
    """Takes the largest of its inputs, element by element.

    Input: list of tensors that broadcast against each other. Output: one tensor. Where one input is
    masked, it is that of the others.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Maximum()([np.array([[1.0]]), np.array([[2.0]])])
    <Tensor shape=(1, 1) dtype=float32 [[2.]]>
    """

    _neutral = staticmethod(least)

    def _merge(self, inputs: list) -> Any:
        largest = inputs[0]
        for x in inputs[1:]:
            largest = ops.maximum(largest, x)
        return largest


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """Return `Maximum(**kwargs)(inputs)`."""
    return Maximum(**kwargs)(inputs)
