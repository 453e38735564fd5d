"""`CenterCrop`: the middle of images."""

from __future__ import annotations

from typing import Any

from minikeras.common.arguments import PositiveInt
from minikeras.layers.preprocessing.image_preprocessing.base_crop_layer import BaseCropLayer, Part
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Transformation,
    images_of,
)
from minikeras.ops.resizing import middle_box


class CenterCrop(BaseCropLayer):
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

    def _part(self, height: int, width: int) -> Part:
        """Return the part that is seen of images of a size."""
        if height >= self.height and width >= self.width:
            return (height - self.height) // 2, (width - self.width) // 2, self.height, self.width
        return middle_box(height, width, (self.height, self.width))

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: bool = True
    ) -> Any:
        return self._cut(images, self._part(*self._size_of(images)))

    def transform_labels(
        self, labels: Any, transformation: Transformation = None, training: bool = True
    ) -> Any:
        return labels

    def transform_bounding_boxes(
        self, bounding_boxes: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        size = self._size_in(transformation)
        return self._cut_boxes(bounding_boxes, self._part(**size), **size)
