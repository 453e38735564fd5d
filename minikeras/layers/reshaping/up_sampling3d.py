"""`UpSampling3D`: larger volumes."""

from __future__ import annotations

from typing import Any

from minikeras.common.arguments import standardize_tuple
from minikeras.common.settings import standardize_data_format
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.ops.convolution import UPSAMPLE, in_channels_last


class UpSampling3D(Layer):
    """Makes volumes larger by whole factors.

    Args:
        size: factor, one number or one for each of depth, height, width.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input: `(batch, depth, height, width, channels)`. Output: the same, larger.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.UpSampling3D(2)(np.ones((2, 4, 4, 4, 3))).shape
    (2, 8, 8, 8, 3)
    """

    def __init__(
        self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size = standardize_tuple(size, 3, "size", "UpSampling3D")
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs: Any) -> Any:
        return in_channels_last(inputs, self.data_format, lambda x: UPSAMPLE(x, factors=self.size))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        first = 2 if self.data_format == "channels_first" else 1
        shape = list(input_shape)
        for axis, factor in enumerate(self.size, first):
            shape[axis] = None if shape[axis] is None else shape[axis] * factor
        return tuple(shape)
