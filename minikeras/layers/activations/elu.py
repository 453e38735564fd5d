"""`ELU`: the exponential linear unit as a layer."""

from __future__ import annotations

from typing import Any

from minikeras.layers.layer import Layer
from minikeras.ops import elu


class ELU(Layer):
    """`x` where positive, else `alpha * (exp(x) - 1)`.

    Args:
        alpha: factor for negative inputs.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.ELU()(np.array([0.0, 2.0]))
    <Tensor shape=(2,) dtype=float32 [0. 2.]>
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        return elu(inputs, alpha=self.alpha)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
