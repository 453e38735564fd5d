"""`RandomSaturation`: stronger and weaker colors."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.common.settings import settings
from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Factor,
    Transformation,
    ValueRange,
    batch_size_of,
    range_of,
)
from minikeras.layers.preprocessing.image_preprocessing.hsv import in_hsv


class RandomSaturation(BaseColorLayer):
    """Multiplies the saturation of each image by a random number, `f / (1 - f)`.

    Args:
        factor: `f` is drawn from `[-factor, factor]`, or from a range `(low, high)`. 0.5 leaves the
            image as it is, 0 makes it gray, 1 saturates it.
        value_range: the two numbers that the saturation is clipped to after that. Since a saturation
            of more than 1 is no color of its own, give (0, 1) unless you want values outside the
            range of your images.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        seed: integer seed.

    Input and output: RGB images, `(batch, height, width, 3)` or `(height, width, 3)`; or a dict, see
    `BaseImagePreprocessingLayer`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.RandomSaturation((0.0, 0.0))(np.array([[[1.0, 0.5, 0.0]]]))[0, 0]
    <Tensor shape=(3,) dtype=float32 [1. 1. 1.]>
    """

    def __init__(
        self,
        factor: Factor,
        value_range: ValueRange = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = range_of(factor, -1)
        self.value_range = sorted(value_range)
        self._seeded(seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None
        factor = self._uniform((batch_size_of(data),), *self.factor, seed)
        return {"factor": factor / (1 - factor + settings.epsilon)}

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training:
            return images
        low, high = self.value_range

        def saturated(hue: Any, saturation: Any, value: Any, factor: Any) -> tuple:
            return hue, np.clip(saturation * factor, low, high), value

        factor = np.asarray(transformation["factor"])[:, None, None]
        return in_hsv(self, images, (0, 1), saturated, factor)
