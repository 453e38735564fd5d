"""`RandomCrop`: a random part of the images."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.common.arguments import PositiveInt
from minikeras.layers.preprocessing.image_preprocessing.base_geometry_layer import (
    BaseGeometryLayer,
)
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Transformation,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    clip_to_image_size,
    convert_format,
)
from minikeras.random.seed_generator import make_default_seed


class RandomCrop(BaseGeometryLayer):
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

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training:
            return images
        top, left = transformation[:2]
        part = [slice(None)] * 4
        part[self.height_axis] = slice(top, top + self.height)
        part[self.width_axis] = slice(left, left + self.width)
        cut = ops.cast(ops.convert_to_tensor(images)[tuple(part)], self.compute_dtype)
        if self._size_of(cut) == (self.height, self.width):
            return cut
        resized = ops.image.resize(cut, (self.height, self.width), data_format=self.data_format)
        return ops.cast(resized, self.compute_dtype)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        return self.transform_images(segmentation_masks, transformation, training=training)

    def transform_bounding_boxes(
        self, bounding_boxes: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        if not training:
            return bounding_boxes
        top, left, height, width = transformation
        size = {"height": self.height, "width": self.width}
        boxes = convert_format(
            bounding_boxes, self.bounding_box_format, "xyxy", height=height, width=width
        )
        cut = min(self.height, height - top), min(self.width, width - left)
        corners = ops.subtract(boxes["boxes"], np.array([left, top, left, top], "float32"))
        grown = self.width / cut[1], self.height / cut[0]
        boxes["boxes"] = corners * np.array([*grown, *grown], "float32")
        boxes = clip_to_image_size(boxes, **size)
        return convert_format(boxes, "xyxy", self.bounding_box_format, **size)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self._with_size(input_shape, self.height, self.width)
