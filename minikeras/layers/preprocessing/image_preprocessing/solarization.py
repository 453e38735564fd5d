"""`Solarization`: bright values inverted."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from minikeras import ops
from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Transformation,
    ValueRange,
    each_in,
    one_number_each,
    range_of,
    rescaled,
)

Strength = Annotated[Any, each_in("[0, 1]", lambda v: 0 <= v <= 1)]


class Solarization(BaseColorLayer):
    """Adds a number to each image and inverts what then reaches a threshold.

    With values in [0, 255], `x = clip(x + addition, 0, 255)` and `y = x if x < threshold else 255 - x`.

    Args:
        addition_factor: number `f` in [0, 1]: the addition is drawn from `[0, 255 f]`; or a pair
            `(low, high)`, for `[low, 255 high]`.
        threshold_factor: the same for the threshold.
        value_range: the two numbers that values lie between.
        seed: integer seed.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Solarization()(np.array([[[0.0], [100.0], [255.0]]]))[0, :, 0]
    <Tensor shape=(3,) dtype=float32 [255. 155.   0.]>
    """

    def __init__(
        self,
        addition_factor: Strength = 0.0,
        threshold_factor: Strength = 0.0,
        value_range: ValueRange = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._seeded(seed)
        self.addition_factor = range_of(addition_factor, 0)
        self.threshold_factor = range_of(threshold_factor, 0)
        self.value_range = sorted(value_range)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None

        def drawn(low: float, high: float) -> np.ndarray:
            return self._uniform(one_number_each(data), low, high * 255, seed, self.compute_dtype)

        return {
            "additions": drawn(*self.addition_factor),
            "thresholds": drawn(*self.threshold_factor),
        }

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training or transformation is None:
            return ops.cast(images, self.compute_dtype)
        value_range = self.value_range

        def solarized(x: Any, addition: Any, threshold: Any) -> Any:
            x = rescaled(x, value_range, (0, 255))
            x += addition
            x = np.clip(x, 0, 255)
            return rescaled(np.where(x < threshold, x, 255 - x), (0, 255), value_range)

        drawn = transformation["additions"], transformation["thresholds"]
        return self._by_image(solarized, images, *drawn)
