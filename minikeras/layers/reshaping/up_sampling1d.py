"""`UpSampling1D`: each step several times."""

from __future__ import annotations

from typing import Any

from minikeras.common.arguments import standardize_tuple
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.ops.convolution import UPSAMPLE


class UpSampling1D(Layer):
    """Repeats each step `size` times.

    Args:
        size: number of repetitions.

    Input: `(batch, steps, channels)`. Output: `(batch, steps * size, channels)`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.UpSampling1D(2)(np.ones((2, 4, 3))).shape
    (2, 8, 3)
    """

    _keeps_dtype = True

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = standardize_tuple(size, 1, "size", "UpSampling1D")[0]
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Any:
        return UPSAMPLE(inputs, factors=(self.size,))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        batch, steps, channels = input_shape
        return (batch, None if steps is None else steps * self.size, channels)
