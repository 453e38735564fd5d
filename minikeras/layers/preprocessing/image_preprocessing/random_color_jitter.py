"""`RandomColorJitter`: brightness, contrast, saturation and hue at once."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Factor,
    Share,
    Transformation,
    ValueRange,
)
from minikeras.layers.preprocessing.image_preprocessing.random_brightness import RandomBrightness
from minikeras.layers.preprocessing.image_preprocessing.random_contrast import RandomContrast
from minikeras.layers.preprocessing.image_preprocessing.random_hue import RandomHue
from minikeras.layers.preprocessing.image_preprocessing.random_saturation import RandomSaturation


class RandomColorJitter(BaseColorLayer):
    """Changes brightness, contrast, saturation and hue of each image, in this order.

    Args:
        value_range: the two numbers that values lie between.
        brightness_factor: `factor` of `RandomBrightness`; None to leave brightness as it is.
        contrast_factor: `factor` of `RandomContrast`, or None.
        saturation_factor: `factor` of `RandomSaturation`, or None.
        hue_factor: `factor` of `RandomHue`, or None.
        seed: integer seed.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: RGB images, `(batch, height, width, 3)` or `(height, width, 3)`; or a dict, see
    `BaseImagePreprocessingLayer`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> jitter = layers.RandomColorJitter((0, 1), brightness_factor=(0.25, 0.25))
    >>> jitter(np.zeros((1, 1, 3)))[0, 0]
    <Tensor shape=(3,) dtype=float32 [0.25 0.25 0.25]>
    """

    def __init__(
        self,
        value_range: ValueRange = (0, 255),
        brightness_factor: Factor | None = None,
        contrast_factor: Share | None = None,
        saturation_factor: Factor | None = None,
        hue_factor: Share | None = None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = value_range
        self.brightness_factor = brightness_factor
        self.contrast_factor = contrast_factor
        self.saturation_factor = saturation_factor
        self.hue_factor = hue_factor
        self._seeded(seed)
        options = {
            "value_range": value_range,
            "seed": seed,
            "data_format": self.data_format,
            "dtype": self.dtype_policy,
        }

        def layer(cls: type, factor: Any) -> BaseColorLayer | None:
            return None if factor is None else cls(factor, **options)

        self.random_brightness = layer(RandomBrightness, brightness_factor)
        self.random_contrast = layer(RandomContrast, contrast_factor)
        self.random_saturation = layer(RandomSaturation, saturation_factor)
        self.random_hue = layer(RandomHue, hue_factor)

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training:
            return images
        images = ops.cast(images, self.compute_dtype)
        for layer in (
            *(self.random_brightness, self.random_contrast),
            *(self.random_saturation, self.random_hue),
        ):
            if layer is not None:
                drawn = layer.get_random_transformation(images, seed=self.generator)
                images = layer.transform_images(images, drawn)
        return images
