"""`RandAugment`: a few of many augmentations."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.common.arguments import Count
from minikeras.common.ranks import unshared
from minikeras.layers.preprocessing.image_preprocessing.augmentations import (
    GEOMETRIC,
    OF_COLOR,
    OF_VALUES,
    augmentations,
)
from minikeras.layers.preprocessing.image_preprocessing.base_affine_layer import Interpolation
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
    Strength,
    Transformation,
    ValueRange,
    range_of,
)
from minikeras.random import randint


class RandAugment(BaseImagePreprocessingLayer):
    """Applies a few layers to a batch, drawn from eleven ones.

    They are `RandomShear`, `RandomTranslation`, `RandomRotation`, `RandomBrightness`,
    `RandomColorDegeneration`, `RandomContrast`, `RandomSharpness`, `RandomPosterization`,
    `Solarization`, `AutoContrast` and `Equalization`. All images of a batch get the same layers, each
    with numbers of its own.

    Args:
        value_range: the two numbers that values lie between.
        num_ops: how many layers are applied, one after the other.
        factor: number `f` in [0, 1], for strengths from `[0, f]`, or a range: `factor` of the layers.
        interpolation: `"bilinear"` or `"nearest"`, for layers that move pixels.
        seed: integer seed.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: RGB images, `(batch, height, width, 3)` or `(height, width, 3)`; or a dict, see
    `BaseImagePreprocessingLayer`. Boxes and masks move with the images.

    Source: Cubuk et al., 2020.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.RandAugment((0, 1), num_ops=2, factor=0.3)(np.ones((2, 8, 8, 3))).shape
    (2, 8, 8, 3)
    """

    _AUGMENT_LAYERS = (*GEOMETRIC, *OF_COLOR, *OF_VALUES)

    def __init__(
        self,
        value_range: ValueRange = (0, 255),
        num_ops: Count = 2,
        factor: Strength = 0.5,
        interpolation: Interpolation = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = value_range
        self.num_ops = num_ops
        self.factor = range_of(factor, 0)
        self.interpolation = interpolation
        self._seeded(seed)
        for name, layer in augmentations(self, self._AUGMENT_LAYERS).items():
            setattr(self, name, layer)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None
        seed = self.generator if seed is None else seed
        with unshared():  # alike for all rows
            chosen = randint((self.num_ops,), 0, len(self._AUGMENT_LAYERS), seed=seed).array
        transforms = {
            name: getattr(self, name).get_random_transformation(data, seed=seed)
            for i, name in enumerate(self._AUGMENT_LAYERS)
            if i in chosen
        }
        return {"transforms": transforms, "layer_idxes": chosen}

    def _each(self, method: str, value: Any, transformation: Transformation) -> Any:
        """Hand something on through the drawn layers."""
        for i in np.asarray(transformation["layer_idxes"]).tolist():
            name = self._AUGMENT_LAYERS[i]
            drawn = transformation["transforms"][name]
            value = getattr(getattr(self, name), method)(value, drawn)
        return value

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        images = ops.cast(images, self.compute_dtype)
        return self._each("transform_images", images, transformation) if training else images

    def transform_labels(
        self, labels: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        return labels

    def transform_bounding_boxes(
        self, bounding_boxes: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        if not training:
            return bounding_boxes
        return self._each("transform_bounding_boxes", bounding_boxes, transformation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training:
            return segmentation_masks
        return self._each("transform_segmentation_masks", segmentation_masks, transformation)
