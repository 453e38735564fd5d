"""`CenterCrop`: the middle of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.common.arguments import PositiveInt
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
    Transformation,
    images_of,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    clip_to_image_size,
    convert_format,
)
from minikeras.ops.resizing import middle_box


class CenterCrop(BaseImagePreprocessingLayer):
    """Cuts the middle out of images.

    Where the images are smaller than that, the largest part in the middle that has the proportions of
    the result is resized to it.

    Args:
        height: height of the result.
        width: its width.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. Boxes are moved and clipped, masks cut like images.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.CenterCrop(1, 2)(np.arange(12.0).reshape(3, 4, 1))[..., 0]
    <Tensor shape=(1, 2) dtype=float32 [[5. 6.]]>
    """

    def __init__(
        self, height: PositiveInt, width: PositiveInt, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height = height
        self.width = width

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        """Return the shape of the images."""
        return {"input_shape": tuple(images_of(data).shape)}

    def _part(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Return top, left, height and width of the part that is seen."""
        if height >= self.height and width >= self.width:
            return (height - self.height) // 2, (width - self.width) // 2, self.height, self.width
        return middle_box(height, width, (self.height, self.width))

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: bool = True
    ) -> Any:
        x = ops.convert_to_tensor(images)
        top, left, height, width = self._part(x.shape[self.height_axis], x.shape[self.width_axis])
        part = [slice(None)] * x.ndim
        part[self.height_axis] = slice(top, top + height)
        part[self.width_axis] = slice(left, left + width)
        x = ops.cast(x[tuple(part)], self.compute_dtype)
        if (height, width) == (self.height, self.width):
            return x
        return ops.image.resize(x, (self.height, self.width), data_format=self.data_format)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Transformation = None, training: bool = True
    ) -> Any:
        return self.transform_images(segmentation_masks, transformation, training=training)

    def transform_labels(
        self, labels: Any, transformation: Transformation = None, training: bool = True
    ) -> Any:
        return labels

    def transform_bounding_boxes(
        self, bounding_boxes: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        shape = transformation["input_shape"]
        height, width = shape[self.height_axis], shape[self.width_axis]
        top, left, rows, columns = self._part(height, width)
        boxes = convert_format(
            bounding_boxes, self.bounding_box_format, "xyxy", height=height, width=width
        )
        corner = np.array([left, top] * 2, np.float32)
        inside = ops.minimum(
            ops.maximum(boxes["boxes"] - corner, 0.0), np.array([columns, rows] * 2, np.float32)
        )
        boxes["boxes"] = inside * np.array(
            [self.width / columns, self.height / rows] * 2, "float32"
        )
        size = {"height": self.height, "width": self.width}
        boxes = clip_to_image_size(boxes, **size)
        return convert_format(boxes, "xyxy", self.bounding_box_format, **size)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self._with_size(input_shape, self.height, self.width)
