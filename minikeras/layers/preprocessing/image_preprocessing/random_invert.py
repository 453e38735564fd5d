"""`RandomInvert`: some images become their negatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Share,
    Transformation,
    ValueRange,
    range_of,
)


class RandomInvert(BaseColorLayer):
    """Turns some images into their negatives: `y = high - x`.

    Args:
        factor: range from which each image's chance to be inverted is drawn, or a number `f` for
            `[0, f]`.
        value_range: the two numbers that values lie between.
        seed: integer seed.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.RandomInvert((1.0, 1.0), value_range=(0, 1))(np.array([[[0.25], [1.0]]]))[0, :, 0]
    <Tensor shape=(2,) dtype=float32 [0.75 0.  ]>
    """

    def __init__(
        self,
        factor: Share = 1.0,
        value_range: ValueRange = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = range_of(factor, 0)
        self.value_range = value_range
        self._seeded(seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        return {"apply_inversion": self._with_chance(data, self.factor, seed)} if training else None

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training:
            return images
        high = self.value_range[1]
        inverted = np.asarray(transformation["apply_inversion"])[:, None, None, None]
        return self._by_image(lambda x, inv: np.where(inv, high - x, x), images, inverted)
