"""`RepeatVector`: a vector at every timestep."""

from __future__ import annotations

from typing import Any

from minikeras.common.arguments import PositiveInt
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.ops import repeat, reshape


class RepeatVector(Layer):
    """Repeats each vector `n` times: `(batch, features)` to `(batch, n, features)`.

    Args:
        n: number of repetitions.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.RepeatVector(3)(np.ones((2, 4))).shape
    (2, 3, 4)
    """

    def __init__(self, n: PositiveInt, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        return repeat(reshape(inputs, (inputs.shape[0], 1, inputs.shape[1])), self.n, axis=1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (input_shape[0], self.n, input_shape[1])
