"""`Masking`: skip timesteps."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor
from minikeras.layers.layer import Layer
from minikeras.ops.families import as_numeric


class Masking(Layer):
    """Marks the timesteps whose features all equal `mask_value`, for later layers to skip.

    Args:
        mask_value: the value.

    Input and output: `(batch, time, features)`; masked timesteps become zeros.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> x = np.array([[[1.0], [0.0]]])
    >>> layers.Masking()(x)._keras_mask
    <Tensor shape=(1, 2) dtype=bool [[ True False]]>
    """

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True
        self._build_at_init()

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        if isinstance(inputs, KerasTensor):
            return inputs
        keep = np.any(inputs.array != self.mask_value, axis=-1, keepdims=True)
        y = as_numeric(inputs) * Tensor(keep.astype(inputs.dtype))
        y._keras_mask = Tensor(keep[..., 0])
        return y

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
