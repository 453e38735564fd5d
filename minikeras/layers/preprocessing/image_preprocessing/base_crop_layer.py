"""`BaseCropLayer`: what layers share that cut a part out of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.layers.preprocessing.image_preprocessing.base_geometry_layer import (
    BaseGeometryLayer,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    clip_to_image_size,
    convert_format,
)
from minikeras.ops.resizing import cut_out

Part = tuple[int, int, int, int]
"""Top, left, height and width of a part of images, in pixels."""


class BaseCropLayer(BaseGeometryLayer):
    """Base of the layers that cut a part out of images and bring it to one size."""

    height: int
    width: int

    def _cut(self, images: Any, part: Part) -> Any:
        """Return a part of images, of the layer's size and dtype."""
        x = cut_out(ops.convert_to_tensor(images), *part, self.data_format)
        x = ops.cast(x, self.compute_dtype)
        return ops.image.resize(x, (self.height, self.width), data_format=self.data_format)

    def _cut_boxes(self, bounding_boxes: dict, part: Part, height: int, width: int) -> dict:
        """Return the boxes of images of a size in a part of them, clipped to it."""
        top, left, rows, columns = part
        boxes = convert_format(
            bounding_boxes, self.bounding_box_format, "xyxy", height=height, width=width
        )
        corner = np.array([left, top] * 2, np.float32)
        grown = np.array([self.width / columns, self.height / rows] * 2, np.float32)
        boxes["boxes"] = (boxes["boxes"] - corner) * grown
        size = {"height": self.height, "width": self.width}
        boxes = clip_to_image_size(boxes, **size)
        return convert_format(boxes, "xyxy", self.bounding_box_format, **size)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        return self.transform_images(segmentation_masks, transformation, training=training)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self._with_size(input_shape, self.height, self.width)
