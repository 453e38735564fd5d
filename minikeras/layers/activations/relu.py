"""`ReLU`: the rectifier as a layer."""

from __future__ import annotations

from typing import Any

from minikeras import activations
from minikeras.kernels.activations import RELU, RELU6, Fused
from minikeras.layers.layer import Layer


class ReLU(Layer):
    """`max(x, 0)`, with options.

    Args:
        max_value: largest output, None for none.
        negative_slope: slope below the threshold.
        threshold: where the slope changes.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.ReLU(max_value=1.0)(np.array([-1.0, 0.5, 3.0]))
    <Tensor shape=(3,) dtype=float32 [0.  0.5 1. ]>
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (
            ("max_value", max_value),
            ("negative_slope", negative_slope),
            ("threshold", threshold),
        ):
            if value is None and name == "max_value":
                continue
            if value is None or value < 0:
                raise ValueError(
                    f"ReLU: argument `{name}` must not be negative or None. "
                    f"Received: {name}={value}"
                )
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        return activations.relu(
            inputs,
            negative_slope=self.negative_slope,
            max_value=self.max_value,
            threshold=self.threshold,
        )

    def _as_activation(self) -> Fused | None:
        if not self._computes_as(ReLU) or self.negative_slope or self.threshold:
            return None
        return {None: RELU, 6: RELU6}.get(self.max_value)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
