"""`RandomColorDegeneration`: paler colors."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.kernels.colors import luma, planes
from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Factor,
    Transformation,
    ValueRange,
    batch_size_of,
    range_of,
)


class RandomColorDegeneration(BaseColorLayer):
    """Mixes each image with its gray version: `y = x + f (gray - x)`.

    Args:
        factor: `f` is drawn from `[-factor, factor]`, or from a range `(low, high)`. 0 leaves the
            image as it is, 1 makes it gray, numbers below 0 make colors stronger.
        value_range: the two numbers that values lie between.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        seed: integer seed.

    Input and output: RGB images, `(batch, height, width, 3)` or `(height, width, 3)`; or a dict, see
    `BaseImagePreprocessingLayer`. Results are clipped to `value_range`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layer = layers.RandomColorDegeneration((1.0, 1.0), value_range=(0, 1))
    >>> layer(np.array([[[1.0, 0.0, 0.0]]]))[0, 0]
    <Tensor shape=(3,) dtype=float32 [0.2989 0.2989 0.2989]>
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
        return {"factor": self._uniform((batch_size_of(data), 1, 1, 1), *self.factor, seed)}

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training:
            return images
        low, high = self.value_range
        axis = self.channel_axis
        if images.shape[axis] == 1:  # gray as it is
            return ops.clip(ops.cast(images, self.compute_dtype), low, high)

        def paler(x: Any, factor: Any) -> Any:
            gray = luma(planes(x, axis, type(self).__name__))
            gray = gray[..., None] if axis == -1 else gray[:, None]
            gray = gray * factor
            x *= 1 - factor
            x += gray
            return np.clip(x, low, high)

        return self._by_image(paler, images, transformation["factor"])

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = input_shape["images"] if isinstance(input_shape, dict) else input_shape
        if len(shape) in (3, 4) and shape[self.channel_axis] not in (3, None):
            raise ValueError(
                f"RandomColorDegeneration: images must have 3 channels. Received: {tuple(shape)}"
            )
        return input_shape
