"""`Equalization`: values spread evenly."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.common.arguments import PositiveInt
from minikeras.kernels.histograms import equalize
from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Transformation,
    ValueRange,
    rescaled,
)


class Equalization(BaseColorLayer):
    """Spreads the values of each channel evenly over the range, by the histogram of the whole batch.

    Args:
        value_range: the two numbers that values lie between.
        bins: number of bins of the histograms.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. Without
    training images stay as they are. No gradient flows through them.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Equalization()(np.array([[[10.0], [11.0], [12.0], [13.0]]]))[0, :, 0]
    <Tensor shape=(4,) dtype=float32 [  0.  85. 170. 255.]>
    """

    def __init__(
        self,
        value_range: ValueRange = (0, 255),
        bins: PositiveInt = 256,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.bins = bins
        self.value_range = sorted(value_range)

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training:
            return images
        dtype = "float64" if self.compute_dtype == "float64" else "float32"
        x = ops.stop_gradient(ops.cast(images, dtype)).array
        x = rescaled(x, self.value_range, (0, 255))
        axis = -1 if self.channel_axis == -1 else 1
        y = rescaled(equalize(x, axis, self.bins), (0, 255), self.value_range)
        return ops.cast(y, self.compute_dtype)
