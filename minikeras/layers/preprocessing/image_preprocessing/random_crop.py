"""`RandomCrop`: a random part of the images."""

from __future__ import annotations

from typing import Any

from minikeras.common.arguments import PositiveInt
from minikeras.layers.preprocessing.image_preprocessing.base_crop_layer import BaseCropLayer, Part
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Transformation,
)
from minikeras.random.seed_generator import make_default_seed


class RandomCrop(BaseCropLayer):
    """Cuts a part of a given size out of the images, all images of a batch at the same place.

    Where the images are larger than that in both directions the place is random. Otherwise what they
    have around the middle is resized to it. Without training images stay whole.

    Args:
        height: height of the result.
        width: its width.
        seed: integer seed.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. Boxes are
    moved and clipped, masks cut like images.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.RandomCrop(2, 3)(np.zeros((1, 8, 8, 1))).shape
    (1, 2, 3, 1)
    """

    def __init__(
        self,
        height: PositiveInt,
        width: PositiveInt,
        seed: int | None = None,
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, name=name, **kwargs)
        self.height = height
        self.width = width
        self._seeded(make_default_seed() if seed is None else seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        """Return `(top, left, height, width)`: where the part begins, and how large images are."""
        height, width = self._size_of(data)
        if training and height > self.height and width > self.width:
            rest = height - self.height + 1, width - self.width + 1
            top, left = [int(self._uniform((), 0.0, float(r), seed)) for r in rest]
        else:
            cut = max(min(height, width * self.height // self.width), 1)
            top = (height - cut) // 2
            cut = max(min(width, height * self.width // self.height), 1)
            left = (width - cut) // 2
        return top, left, height, width

    def _part(self, top: int, left: int, height: int, width: int) -> Part:
        """Return the part that begins there, as far as images of a size reach."""
        return top, left, min(self.height, height - top), min(self.width, width - left)

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training:
            return images
        return self._cut(images, self._part(*transformation[:2], *self._size_of(images)))

    def transform_bounding_boxes(
        self, bounding_boxes: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        if not training:
            return bounding_boxes
        return self._cut_boxes(bounding_boxes, self._part(*transformation), *transformation[2:])
