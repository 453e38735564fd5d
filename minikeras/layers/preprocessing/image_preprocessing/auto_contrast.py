"""`AutoContrast`: each channel stretched over the whole range."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Transformation,
    ValueRange,
    rescaled,
)


class AutoContrast(BaseColorLayer):
    """Stretches each channel of each image over the whole range of values.

    Nothing is drawn: it does so in inference too. A channel of one value only stays as it is.

    Args:
        value_range: the two numbers that values lie between.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.AutoContrast()(np.array([[[50.0], [60.0], [70.0]]]))[0, :, 0]
    <Tensor shape=(3,) dtype=float32 [  0.  127.5 255. ]>
    """

    def __init__(self, value_range: ValueRange = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = sorted(value_range)

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: bool = True
    ) -> Any:
        axes, value_range = (self.height_axis % 4, self.width_axis % 4), self.value_range

        def stretched(x: Any) -> Any:
            x = rescaled(x, value_range, (0, 255))
            low = high = x
            # One after the other: NumPy goes through rows faster than through planes.
            for axis in axes:
                low = np.min(low, axis=axis, keepdims=True)
                high = np.max(high, axis=axis, keepdims=True)
            width = high - low
            flat = width == 0
            scale = 255 / np.where(flat, np.ones_like(width), width)
            y = np.clip((x - low) * scale, 0, 255)
            return rescaled(np.where(flat, x, y), (0, 255), value_range)

        return self._by_image(stretched, images)
