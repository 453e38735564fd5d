"""`UpSampling2D`: larger images."""

from __future__ import annotations

from typing import Any

from minikeras.common.arguments import standardize_tuple
from minikeras.common.settings import standardize_data_format
from minikeras.kernels.resize import KERNELS
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.ops.convolution import INTERPOLATE, UPSAMPLE, in_channels_last
from minikeras.ops.families import as_floating


class UpSampling2D(Layer):
    """Makes images larger by whole factors.

    Args:
        size: factor, one number or one for each of height, width.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        interpolation: `"nearest"` repeats pixels; `"bilinear"`, `"bicubic"`, `"lanczos3"` and
            `"lanczos5"` interpolate between their centres.

    Input: `(batch, height, width, channels)`. Output: the same, larger.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.UpSampling2D(2)(np.ones((2, 4, 4, 3))).shape
    (2, 8, 8, 3)
    """

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = standardize_tuple(size, 2, "size", "UpSampling2D")
        self.data_format = standardize_data_format(data_format)
        if isinstance(interpolation, str):
            interpolation = interpolation.lower()
        if interpolation not in ("nearest", *KERNELS):
            raise ValueError(
                f"UpSampling2D: `interpolation` must be one of {['nearest', *KERNELS]}. "
                f"Received: interpolation={interpolation!r}"
            )
        self.interpolation = interpolation
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any) -> Any:
        if self.interpolation == "nearest":
            return in_channels_last(
                inputs, self.data_format, lambda x: UPSAMPLE(x, factors=self.size)
            )
        return in_channels_last(
            as_floating(inputs),
            self.data_format,
            lambda x: INTERPOLATE(x, factors=self.size, kind=self.interpolation),
        )

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        first = 2 if self.data_format == "channels_first" else 1
        shape = list(input_shape)
        for axis, factor in enumerate(self.size, first):
            shape[axis] = None if shape[axis] is None else shape[axis] * factor
        return tuple(shape)
