"""`RandomTranslation`: images moved."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from minikeras.layers.preprocessing.image_preprocessing.base_affine_layer import (
    BaseAffineLayer,
    FillMode,
    Interpolation,
    matrices,
)
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Transformation,
    batch_size_of,
    each_in,
    images_of,
    range_of,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    clip_to_image_size,
    convert_format,
)

Shift = Annotated[Any, each_in("[-1, 1]", lambda v: -1 <= v <= 1)]


class RandomTranslation(BaseAffineLayer):
    """Moves each image by a random share of its size.

    Args:
        height_factor: number `f` in [-1, 1], for shares from `[-f, f]`, or a range `(low, high)`;
            positive ones move images down.
        width_factor: the same to the right.
        fill_mode: what lies outside the images: `"reflect"` for their mirror image
            (`d c b a | a b c d | d c b a`), `"wrap"` for the other side, `"nearest"` for the pixels at
            the edge, `"constant"` for `fill_value`.
        interpolation: `"bilinear"` or `"nearest"`.
        seed: integer seed.
        fill_value: value outside the images for `"constant"`.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. Boxes and masks move too.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> move = layers.RandomTranslation(0.0, (0.25, 0.25), fill_mode="constant")
    >>> move(np.array([[[1.0], [2.0], [3.0], [4.0]]]))[0, :, 0]
    <Tensor shape=(4,) dtype=float32 [0. 1. 2. 3.]>
    """

    def __init__(
        self,
        height_factor: Shift,
        width_factor: Shift,
        fill_mode: FillMode = "reflect",
        interpolation: Interpolation = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height_factor = height_factor
        self.height_lower, self.height_upper = range_of(height_factor, -1)
        self.width_factor = width_factor
        self.width_lower, self.width_upper = range_of(width_factor, -1)
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.interpolation = interpolation
        self._seeded(seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None
        shape = (batch_size_of(data), 1)
        height, width = self._size_of(data)
        down = self._uniform(shape, self.height_lower, self.height_upper, seed) * height
        right = self._uniform(shape, self.width_lower, self.width_upper, seed) * width
        translations = np.concatenate([right, down], axis=1).astype(np.float32)
        return {"translations": translations, "input_shape": tuple(images_of(data).shape)}

    def _matrices(self, transformation: Transformation, height: int, width: int) -> np.ndarray:
        right, down = np.asarray(transformation["translations"]).T
        return matrices(right, 1, 0, -right, 0, 1, -down)

    def transform_bounding_boxes(
        self, bounding_boxes: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        if not training:
            return bounding_boxes
        size = self._size_in(transformation)
        boxes = convert_format(bounding_boxes, self.bounding_box_format, "xyxy", **size)
        shift = np.asarray(transformation["translations"])[:, None]
        boxes["boxes"] = boxes["boxes"] + np.concatenate([shift, shift], axis=-1)
        boxes = clip_to_image_size(boxes, **size)
        return convert_format(boxes, "xyxy", self.bounding_box_format, **size)
