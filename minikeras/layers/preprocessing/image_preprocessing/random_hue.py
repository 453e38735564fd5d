"""`RandomHue`: other colors."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Share,
    Transformation,
    ValueRange,
    batch_size_of,
    range_of,
)
from minikeras.layers.preprocessing.image_preprocessing.hsv import in_hsv


class RandomHue(BaseColorLayer):
    """Turns the colors of each image around the color wheel.

    Args:
        factor: number in [0, 1], or a range `(low, high)`, from which a share of half a turn is drawn;
            it goes one way or the other.
        value_range: the two numbers that values lie between.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        seed: integer seed.

    Input and output: RGB images, `(batch, height, width, 3)` or `(height, width, 3)`; or a dict, see
    `BaseImagePreprocessingLayer`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layer = layers.RandomHue((1.0, 1.0), value_range=(0, 1))
    >>> layer(np.array([[[1.0, 0.0, 0.0]]]))[0, 0]  # the color opposite to red
    <Tensor shape=(3,) dtype=float32 [0. 1. 1.]>
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
        self.value_range = value_range
        self._seeded(seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None
        shape = (batch_size_of(data),)
        backwards = self._uniform(shape, 0.0, 1.0, seed) > 0.5
        factor = self._uniform(shape, *self.factor, seed)
        return {"factor": np.where(backwards, -factor, factor) * 0.5}

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training:
            return images
        value_range = tuple(self.value_range)

        def turned(hue: Any, saturation: Any, value: Any, turn: Any) -> tuple:
            return hue + turn, saturation, value

        turn = np.asarray(transformation["factor"])[:, None, None]
        images = in_hsv(self, images, value_range, turned, turn)
        low, high = sorted(value_range)
        return self._by_image(lambda x: np.clip(x, low, high), images)
