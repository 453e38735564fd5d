"""`Average`: averages its inputs, element by element."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.layers.merging.base_merge import Merge


class Average(Merge):
    """Averages its inputs, element by element.

    Input: list of tensors that broadcast against each other. Output: one tensor.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Average()([np.array([[1.0]]), np.array([[2.0]])])
    <Tensor shape=(1, 1) dtype=float32 [[1.5]]>
    """

    def _merge(self, inputs: list) -> Any:
        total = inputs[0]
        for x in inputs[1:]:
            total = ops.add(total, x)
        return total / len(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """Return `Average(**kwargs)(inputs)`."""
    return Average(**kwargs)(inputs)
