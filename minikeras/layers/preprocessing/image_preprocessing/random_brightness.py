"""`RandomBrightness`: brighter and darker images."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.common.dtypes import standardize_dtype
from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Factor,
    Transformation,
    ValueRange,
    one_number_each,
    range_of,
)


class RandomBrightness(BaseColorLayer):
    """Adds a random number to each image.

    Args:
        factor: the number is drawn from `[-factor, factor]`, or from a range `(low, high)`, as a
            share of the width of `value_range`. Both lie in [-1, 1].
        value_range: the two numbers that values lie between.
        seed: integer seed.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. Results are clipped to `value_range`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> brighter = layers.RandomBrightness((0.5, 0.5), value_range=(0, 1))
    >>> brighter(np.array([[[0.0], [0.25], [0.75]]]))[0, :, 0]
    <Tensor shape=(3,) dtype=float32 [0.5  0.75 1.  ]>
    """

    def __init__(
        self,
        factor: Factor,
        value_range: ValueRange = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.factor = range_of(factor, -1)
        self._seeded(seed)
        self.value_range = sorted(value_range)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None
        low, high = self.value_range
        delta = self._uniform(one_number_each(data), *self.factor, seed)
        return {"rgb_delta": delta * (high - low)}

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training:
            return images
        low, high = self.value_range

        def brighter(x: Any, delta: Any) -> Any:
            x += delta
            return np.clip(x, low, high)

        result = "int32" if standardize_dtype(images.dtype) == "bool" else images.dtype
        return self._by_image(brighter, images, transformation["rgb_delta"], result=result)
