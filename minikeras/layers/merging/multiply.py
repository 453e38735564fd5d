"""`Multiply`: multiplies its inputs, element by element."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.layers.merging.base_merge import Merge


class Multiply(Merge):
    """Multiplies its inputs, element by element.

    Input: list of tensors that broadcast against each other. Output: one tensor. Where one input is
    masked, it is that of the others.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Multiply()([np.array([[1.0]]), np.array([[2.0]])])
    <Tensor shape=(1, 1) dtype=float32 [[2.]]>
    """

    _neutral = staticmethod(lambda dtype: 1)

    def _merge(self, inputs: list) -> Any:
        product = inputs[0]
        for x in inputs[1:]:
            product = ops.multiply(product, x)
        return product


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """Return `Multiply(**kwargs)(inputs)`."""
    return Multiply(**kwargs)(inputs)
