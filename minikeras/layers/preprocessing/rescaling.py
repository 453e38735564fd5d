"""`Rescaling`: values in another range."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.common.arguments import Reals
from minikeras.common.settings import image_data_format
from minikeras.layers.layer import Layer


class Rescaling(Layer):
    """Multiplies by a number and adds another: `scale * x + offset`.

    `Rescaling(1 / 255)` brings bytes to [0, 1], `Rescaling(1 / 127.5, offset=-1)` to [-1, 1].

    Args:
        scale: number, or numbers that broadcast against the inputs: one for each channel. With the
            global data format `"channels_first"` they lie along the first of the last three axes.
        offset: number, or numbers for each channel.

    Input: any shape and dtype. Output: the same shape, in the layer's dtype.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Rescaling(1 / 127.5, offset=-1)(np.array([[0, 255]], "uint8"))
    <Tensor shape=(1, 2) dtype=float32 [[-1.  1.]]>
    """

    def __init__(self, scale: Reals, offset: Reals = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        scale, offset = self._factor(self.scale), self._factor(self.offset)
        return ops.cast(inputs, self.compute_dtype) * scale + offset

    def _factor(self, value: Any) -> Any:
        value = ops.cast(np.asarray(value), self.compute_dtype)
        if 0 < value.ndim < 3 and image_data_format() == "channels_first":
            value = ops.reshape(value, (*value.shape, *(1,) * (3 - value.ndim)))
        return value

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
