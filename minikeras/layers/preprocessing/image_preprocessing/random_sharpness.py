"""`RandomSharpness`: sharper and softer images."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.kernels.blur import correlate_along
from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Share,
    Transformation,
    ValueRange,
    batch_size_of,
    range_of,
)


class RandomSharpness(BaseColorLayer):
    """Moves each image towards a blurred version of it, or away from it.

    The blur is a 3x3 kernel of 1/13, with 5/13 in the middle, over an edge of zeros.

    Args:
        factor: number in [0, 1], for draws from `[0, factor]`, or a range `(low, high)`. 0 is the
            blurred image, 0.5 the image as it is, 1 as sharp as the other is blurred.
        value_range: the two numbers that values lie between.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        seed: integer seed.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. Results are clipped to `value_range`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.RandomSharpness((0.5, 0.5))(np.array([[[50.0], [60.0], [70.0]]]))[0, :, 0]
    <Tensor shape=(3,) dtype=float32 [50. 60. 70.]>
    """

    def __init__(
        self,
        factor: Share,
        value_range: ValueRange = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = range_of(factor, 0)
        self.value_range = sorted(value_range)
        self._seeded(seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None
        return {"factor": self._uniform((batch_size_of(data),), *self.factor, seed)}

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training:
            return ops.cast(images, self.compute_dtype)
        low, high = self.value_range
        height, width = self.height_axis % 4, self.width_axis % 4

        def sharpened(x: Any, blur: Any) -> Any:
            around = correlate_along(correlate_along(x, (1, 1, 1), height), (1, 1, 1), width)
            around -= x * 9  # with weights 1/13 and 5/13: (around + 4 x) / 13 - x
            around *= blur / 13
            x += around
            return np.clip(x, low, high)

        blur = 1 - 2 * np.asarray(transformation["factor"])[:, None, None, None]
        return self._by_image(sharpened, images, blur)
