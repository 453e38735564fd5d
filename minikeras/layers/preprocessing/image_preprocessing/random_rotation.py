"""`RandomRotation`: rotated images."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.layers.preprocessing.image_preprocessing.base_affine_layer import (
    BaseAffineLayer,
    FillMode,
    Interpolation,
    matrices,
)
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Factor,
    Transformation,
    batch_size_of,
    range_of,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    affine_transform,
    clip_to_image_size,
    convert_format,
)


class RandomRotation(BaseAffineLayer):
    """Rotates each image around its center.

    Args:
        factor: number `f` in [-1, 1], for angles from `[-f, f]`, or a range `(low, high)`, as a share
            of the whole circle; positive ones turn images counterclockwise.
        fill_mode: what lies outside the images: `"reflect"` for their mirror image
            (`d c b a | a b c d | d c b a`), `"wrap"` for the other side, `"nearest"` for the pixels at
            the edge, `"constant"` for `fill_value`.
        interpolation: `"bilinear"` or `"nearest"`.
        seed: integer seed.
        fill_value: value outside the images for `"constant"`.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. Masks are
    rotated too; a box becomes the box around what it was.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> turn = layers.RandomRotation((0.25, 0.25), interpolation="nearest")
    >>> turn(np.array([[[1.0], [2.0]], [[3.0], [4.0]]]))[:, :, 0]
    <Tensor shape=(2, 2) dtype=float32
    [[2. 4.]
     [1. 3.]]>
    """

    def __init__(
        self,
        factor: Factor,
        fill_mode: FillMode = "reflect",
        interpolation: Interpolation = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = range_of(factor, -1)
        self._seeded(seed)
        self.fill_mode = fill_mode
        self.interpolation = interpolation
        self.fill_value = fill_value

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None
        n = batch_size_of(data)
        low, high = self.factor
        height, width = self._size_of(data)
        angle = self._uniform((n,), low * 360.0, high * 360.0, seed)
        return {
            "angle": angle,
            "rotation_matrix": _rotations(angle, height, width),
            "image_height": height,
            "image_width": width,
            "batch_size": n,
        }

    def _matrices(self, transformation: Transformation, height: int, width: int) -> np.ndarray:
        matrix = np.asarray(transformation["rotation_matrix"])
        return matrix.reshape(-1, 8)

    def transform_bounding_boxes(
        self, bounding_boxes: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        if not training:
            return bounding_boxes
        size = {k: transformation[f"image_{k}"] for k in ("height", "width")}
        angle = np.asarray(transformation["angle"])
        zero, one = np.zeros_like(angle), np.ones_like(angle)
        boxes = convert_format(bounding_boxes, self.bounding_box_format, "xyxy", **size)
        boxes["boxes"] = affine_transform(
            boxes["boxes"], angle, zero, zero, one, zero, zero, **size
        )
        boxes = clip_to_image_size(boxes, **size)
        return convert_format(boxes, "xyxy", self.bounding_box_format, **size)


def _rotations(angle: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the numbers of rotations around the center, by degrees."""
    radians = angle * angle.dtype.type(np.pi / 180)
    cos, sin = np.cos(radians), np.sin(radians)
    x, y = 0.5 * (width - 1), 0.5 * (height - 1)
    return matrices(angle, cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos)
