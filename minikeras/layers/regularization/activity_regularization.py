"""`ActivityRegularization`: a penalty on activations."""

from __future__ import annotations

from typing import Any

from minikeras import regularizers
from minikeras.layers.layer import Layer


class ActivityRegularization(Layer):
    """Returns its inputs, and adds `l1 * sum(|x|) + l2 * sum(x**2)`, by example, to the loss.

    Args:
        l1, l2: factors.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layer = layers.ActivityRegularization(l2=0.5)
    >>> _ = layer(np.ones((1, 2)))
    >>> float(layer.losses[0])
    1.0
    """

    argument_sources = {"activity_regularizer": None}

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.supports_masking = True
        self.l1, self.l2 = l1, l2
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
