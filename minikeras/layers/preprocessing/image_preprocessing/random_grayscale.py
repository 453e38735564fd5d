"""`RandomGrayscale`: some images lose their colors."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.common.arguments import Fraction
from minikeras.kernels.colors import luma, planes
from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Transformation,
    batch_size_of,
)


class RandomGrayscale(BaseColorLayer):
    """Makes some images gray; they keep their three channels.

    Args:
        factor: chance that an image becomes gray, in [0, 1].
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        seed: integer seed.

    Input and output: RGB images, `(batch, height, width, 3)` or `(height, width, 3)`; or a dict, see
    `BaseImagePreprocessingLayer`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.RandomGrayscale(1.0)(np.array([[[1.0, 0.0, 0.0]]]))[0, 0]
    <Tensor shape=(3,) dtype=float32 [0.2989 0.2989 0.2989]>
    """

    def __init__(
        self,
        factor: Fraction = 0.5,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factor
        self._seeded(seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None
        drawn = self._uniform((batch_size_of(data),), 0.0, 1.0, seed)
        return (drawn < self.factor)[:, None, None, None]

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        axis = self.channel_axis
        if not training or images.shape[axis] == 1:
            return images

        def grayed(x: Any, applies: Any) -> Any:
            if not applies.any():
                return x
            gray = luma(planes(x, axis, type(self).__name__))
            return np.where(applies, gray[..., None] if axis == -1 else gray[:, None], x)

        return self._by_image(grayed, images, transformation, result=images.dtype)
