"""`LeakyReLU`: a rectifier with a small slope for negative inputs."""

from __future__ import annotations

from typing import Any

from minikeras.layers.layer import Layer
from minikeras.ops import leaky_relu


class LeakyReLU(Layer):
    """`x` where positive, else `negative_slope * x`.

    Args:
        negative_slope: slope for negative inputs (`alpha` in older Keras).

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.LeakyReLU(0.5)(np.array([-2.0, 2.0]))
    <Tensor shape=(2,) dtype=float32 [-1.  2.]>
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        if "alpha" in kwargs:
            negative_slope = kwargs.pop("alpha")
        super().__init__(**kwargs)
        if negative_slope is None or negative_slope < 0:
            raise ValueError(
                "LeakyReLU: argument `negative_slope` must not be negative or None. "
                f"Received: negative_slope={negative_slope}"
            )
        self.negative_slope = negative_slope
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        return leaky_relu(inputs, negative_slope=self.negative_slope)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
