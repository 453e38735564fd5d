"""`RandomPosterization`: fewer shades."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from minikeras import ops
from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Transformation,
    ValueRange,
    batch_size_of,
    factor_in,
    range_of,
    rescaled,
)
from minikeras.random import randint

Bits = Annotated[Any, factor_in(1, 8)]


class RandomPosterization(BaseColorLayer):
    """Keeps the highest bits of each value only, out of eight.

    Args:
        factor: how many bits: a number `n` in [1, 8], for draws from `[1, n)`, or a range
            `(low, high)`, for draws from `[low, high)`; one number if the bounds are the same.
        value_range: the two numbers that values lie between.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        seed: integer seed.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. No gradient flows through them.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.RandomPosterization((2, 2))(np.array([[[50.0], [100.0], [255.0]]]))[0, :, 0]
    <Tensor shape=(3,) dtype=float32 [  0.  64. 192.]>
    """

    def __init__(
        self,
        factor: Bits,
        value_range: ValueRange = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = range_of(factor, 1)
        self.value_range = sorted(value_range)
        self._seeded(seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        low, high = map(int, self.factor)
        shape = (batch_size_of(data),)
        if not training:
            return None
        if low == high:
            return {"shift_factor": np.full(shape, 8 - low, np.uint8)}
        bits = randint(shape, low, high, seed=self.generator if seed is None else seed)
        return {"shift_factor": (8 - bits.array).astype(np.uint8)}

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training:
            return images
        value_range = self.value_range

        def posterized(x: np.ndarray, shift: np.ndarray) -> np.ndarray:
            x = np.clip(rescaled(x, value_range, (0, 255)), 0, 255).astype(np.uint8)
            x >>= shift
            x <<= shift
            return x if value_range == [0, 255] else rescaled(x, (0, 255), value_range)

        shift = np.asarray(transformation["shift_factor"])[:, None, None, None]
        return self._by_image(posterized, ops.stop_gradient(images), shift)
