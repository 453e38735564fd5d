"""`Reshape`: another shape of each example."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from minikeras.common.arguments import ArgumentError
from minikeras.layers.layer import Layer
from minikeras.ops import reshape


class Reshape(Layer):
    """Gives each example a new shape.

    Args:
        target_shape: shape without the batch axis; one size may be -1.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Reshape((3, -1))(np.ones((2, 12))).shape
    (2, 3, 4)
    """

    _keeps_dtype = True

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = tuple(map(int, target_shape))
        if self.target_shape.count(-1) > 1 or any(size < -1 for size in self.target_shape):
            raise ArgumentError(
                "Reshape",
                "target_shape",
                "sizes of 0 or more, one of which may be -1",
                target_shape,
            )
        self._build_at_init()

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        rest = input_shape[1:]
        target = self.target_shape
        if None in rest:
            return (input_shape[0], *[None if d == -1 else d for d in target])
        size = math.prod(rest)
        known = math.prod(d for d in target if d != -1)
        if (-1 in target and (known == 0 or size % known)) or (-1 not in target and known != size):
            raise ValueError(
                f"Layer '{self.name}': inputs of shape {tuple(input_shape)} cannot be reshaped into "
                f"target_shape={target}."
            )
        return (input_shape[0], *[size // known if d == -1 else d for d in target])

    def call(self, inputs: Any) -> Any:
        shape = self.compute_output_shape(tuple(inputs.shape))
        return reshape(inputs, shape)
