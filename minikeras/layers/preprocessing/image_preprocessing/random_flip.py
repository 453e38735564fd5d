"""`RandomFlip`: some images mirrored."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from minikeras import ops
from minikeras.layers.preprocessing.image_preprocessing.base_geometry_layer import (
    BaseGeometryLayer,
)
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Transformation,
    images_of,
    one_number_each,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    clip_to_image_size,
    convert_format,
)

HORIZONTAL = "horizontal"
VERTICAL = "vertical"
HORIZONTAL_AND_VERTICAL = "horizontal_and_vertical"


class RandomFlip(BaseGeometryLayer):
    """Flips half of the images.

    Args:
        mode: `"horizontal"` for left and right, `"vertical"` for up and down, or
            `"horizontal_and_vertical"`, for both of them at once.
        seed: integer seed.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. Boxes and masks are flipped too.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> x = np.arange(6.0).reshape(2, 1, 3, 1)
    >>> flipped = layers.RandomFlip("horizontal", seed=1)(x)
    >>> bool((flipped == x).all() or (flipped == x[:, :, ::-1]).any())
    True
    >>> bool((layers.RandomFlip()(x, training=False) == x).all())
    True
    """

    def __init__(
        self,
        mode: Literal["horizontal", "vertical", "horizontal_and_vertical"] = (
            HORIZONTAL_AND_VERTICAL
        ),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self._seeded(seed)
        self.mode = mode

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None
        flips = self._uniform(one_number_each(data), 0.0, 1.0, seed) <= 0.5
        return {"flips": flips, "input_shape": tuple(images_of(data).shape)}

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training or transformation is None:
            return ops.cast(images, self.compute_dtype)
        axes = [
            axis % 4
            for axis, mode in ((self.height_axis, VERTICAL), (self.width_axis, HORIZONTAL))
            if mode in self.mode
        ]

        def flipped(x: Any, flips: Any) -> Any:
            if not flips.any():
                return x
            turned = x
            for axis in axes:  # `take` copies pixel by pixel, a reversed view value by value
                turned = np.take(turned, np.arange(x.shape[axis])[::-1], axis=axis)
            return turned if flips.all() else np.where(flips, turned, x)

        flips = np.asarray(transformation["flips"]).reshape(-1, 1, 1, 1)
        return self._by_image(flipped, images, flips)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        return self.transform_images(segmentation_masks, transformation, training=training)

    def transform_bounding_boxes(
        self, bounding_boxes: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        if not training:
            return bounding_boxes
        size = self._size_in(transformation)
        relative = convert_format(bounding_boxes, self.bounding_box_format, "rel_xyxy", **size)
        left, top, right, bottom = ops.split(relative["boxes"], 4, axis=-1)
        if HORIZONTAL in self.mode:
            left, right = 1 - right, 1 - left
        if VERTICAL in self.mode:
            top, bottom = 1 - bottom, 1 - top
        flipped = ops.concatenate([left, top, right, bottom], axis=-1)
        flips = np.asarray(transformation["flips"]).reshape(-1, 1, 1)
        boxes = {**relative, "boxes": ops.where(flips, flipped, relative["boxes"])}
        boxes = clip_to_image_size(boxes, bounding_box_format="rel_xyxy")
        return convert_format(boxes, "rel_xyxy", self.bounding_box_format, **size)
