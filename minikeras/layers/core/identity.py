"""`Identity`: the inputs themselves."""

from __future__ import annotations

from typing import Any

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.layers.layer import Layer


class Identity(Layer):
    """Returns its inputs.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Identity()(np.ones((2, 3))).shape
    (2, 3)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def compute_output_spec(self, inputs: Any) -> Any:
        return tree.map_structure(lambda x: KerasTensor(x.shape, x.dtype), inputs)
