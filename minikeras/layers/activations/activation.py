"""`Activation`: an activation function as a layer."""

from __future__ import annotations

from typing import Any

from minikeras import activations
from minikeras.activations.activations import ActivationLike
from minikeras.kernels.activations import SOFTMAX, Fused
from minikeras.layers.layer import Layer


class Activation(Layer):
    """Applies an activation function.

    Args:
        activation: function or its name.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Activation("relu")(np.array([-1.0, 2.0]))
    <Tensor shape=(2,) dtype=float32 [0. 2.]>
    """

    def __init__(self, activation: ActivationLike, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.activation = activations.get(activation)
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)

    def _as_activation(self) -> Fused | None:
        if not self._computes_as(Activation):
            return None
        fused = activations.fused(self.activation, in_place=True)
        return None if fused is SOFTMAX else fused
