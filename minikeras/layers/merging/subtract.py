"""`Subtract`: subtracts the second of two inputs from the first."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.layers.merging.base_merge import Merge


class Subtract(Merge):
    """Subtracts the second of two inputs from the first.

    Input: list of tensors that broadcast against each other. Output: one tensor.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Subtract()([np.array([[1.0]]), np.array([[2.0]])])
    <Tensor shape=(1, 1) dtype=float32 [[-1.]]>
    """

    _takes = 2

    def _merge(self, inputs: list) -> Any:
        return ops.subtract(inputs[0], inputs[1])


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """Return `Subtract(**kwargs)(inputs)`."""
    return Subtract(**kwargs)(inputs)
