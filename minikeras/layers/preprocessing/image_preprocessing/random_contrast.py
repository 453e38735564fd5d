"""`RandomContrast`: images of more and of less contrast."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Share,
    Transformation,
    ValueRange,
    one_number_each,
    range_of,
)


class RandomContrast(BaseColorLayer):
    """Moves each channel of each image away from its mean, or towards it.

    `y = (x - mean) * c + mean`, with one random `c` for each image.

    Args:
        factor: number in [0, 1]: `c` is drawn from `[1, 1 + factor]`; or a pair `(lower, upper)`,
            for `[1 - lower, 1 + upper]`.
        value_range: the two numbers that values lie between.
        seed: integer seed.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. Results are clipped to `value_range`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layer = layers.RandomContrast((-1.0, 1.0), value_range=(0, 1))  # always twice as much
    >>> layer(np.array([[[0.25], [0.5], [0.75]]]))[0, :, 0]
    <Tensor shape=(3,) dtype=float32 [0.  0.5 1. ]>
    """

    def __init__(
        self,
        factor: Share,
        value_range: ValueRange = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.factor = range_of(factor, 0)
        self.value_range = value_range
        self._seeded(seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None
        lower, upper = self.factor
        shape, dtype = one_number_each(data), self.compute_dtype
        return {"contrast_factor": self._uniform(shape, 1.0 - lower, 1.0 + upper, seed, dtype)}

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training:
            return images
        low, high = self.value_range
        axes = (self.height_axis, self.width_axis)

        def contrasted(x: Any, factor: Any) -> Any:
            mean = np.mean(np.mean(x, axis=axes[0], keepdims=True), axis=axes[1], keepdims=True)
            x -= mean
            x *= factor
            x += mean
            return np.clip(x, low, high)

        return self._by_image(contrasted, images, transformation["contrast_factor"])
