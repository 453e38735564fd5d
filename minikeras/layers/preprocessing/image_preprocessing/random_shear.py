"""`RandomShear`: slanted images."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from minikeras import ops
from minikeras.common.arguments import Kind, is_number
from minikeras.layers.preprocessing.image_preprocessing.base_affine_layer import (
    BaseAffineLayer,
    FillMode,
    Interpolation,
    matrices,
)
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Transformation,
    are_two_numbers,
    batch_size_of,
    images_of,
    range_of,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    clip_to_image_size,
    convert_format,
)


def _is_factor(value: Any) -> bool:
    if are_two_numbers(value):  # below 0 too: that is what configs hold for one number
        return all(-1 <= v <= 1 for v in value)
    return is_number(value) and 0 <= value <= 1


Shear = Annotated[Any, Kind("a number (or a list of two numbers) in the range [0, 1]", _is_factor)]


class RandomShear(BaseAffineLayer):
    """Slants each image: rows move by a share of their height, columns by a share of theirs.

    Args:
        x_factor: number `f` in [0, 1], for shares from `[-f, f]`, or a range `(low, high)`, for shares
            from it that are as often negative.
        y_factor: the same along the height.
        interpolation: `"bilinear"` or `"nearest"`.
        fill_mode: what lies outside the images: `"reflect"` for their mirror image
            (`d c b a | a b c d | d c b a`), `"wrap"` for the other side, `"nearest"` for the pixels at
            the edge, `"constant"` for `fill_value`.
        fill_value: value outside the images for `"constant"`.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        seed: integer seed.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. Boxes and masks are slanted too.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.RandomShear(x_factor=0.2, y_factor=0.1)(np.ones((2, 8, 8, 3))).shape
    (2, 8, 8, 3)
    """

    def __init__(
        self,
        x_factor: Shear = 0.0,
        y_factor: Shear = 0.0,
        interpolation: Interpolation = "bilinear",
        fill_mode: FillMode = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.x_factor = range_of(x_factor, -1)
        self.y_factor = range_of(y_factor, -1)
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.interpolation = interpolation
        self._seeded(seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None
        shape, dtype = (batch_size_of(data), 1), self.compute_dtype
        backwards = self._uniform(shape, 0.0, 1.0, seed, dtype) > 0.5
        y = self._uniform(shape, *self.y_factor, seed, dtype)
        x = self._uniform(shape, *self.x_factor, seed, dtype)
        factors = np.concatenate([x, y], axis=1)
        factors = np.where(backwards, -factors, factors)
        return {"shear_factor": factors, "input_shape": tuple(images_of(data).shape)}

    def _matrices(self, transformation: Transformation, height: int, width: int) -> np.ndarray:
        x, y = np.asarray(transformation["shear_factor"]).T
        return matrices(x, 1, x, 0, y, 1, 0)

    def transform_bounding_boxes(
        self, bounding_boxes: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        if not training:
            return bounding_boxes
        size, dtype = self._size_in(transformation), self.compute_dtype
        boxes = convert_format(
            bounding_boxes, self.bounding_box_format, "rel_xyxy", **size, dtype=dtype
        )
        x, y = np.split(np.asarray(transformation["shear_factor"]), 2, axis=-1)
        left, top, right, bottom = [boxes["boxes"][..., i] for i in range(4)]
        # Each side where the farthest of its corners comes to lie, first along x, then along y.
        left, right = (
            left - x * ops.where(x < 0, top, bottom),
            right - x * ops.where(x < 0, bottom, top),
        )
        top, bottom = (
            top - y * ops.where(y > 0, right, left),
            bottom - y * ops.where(y > 0, left, right),
        )
        boxes["boxes"] = ops.stack([left, top, right, bottom], axis=-1)
        boxes = clip_to_image_size(boxes, bounding_box_format="rel_xyxy")
        return convert_format(boxes, "rel_xyxy", self.bounding_box_format, **size, dtype=dtype)
