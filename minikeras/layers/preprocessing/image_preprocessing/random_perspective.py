"""`RandomPerspective`: images seen from another side."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import Fraction
from minikeras.layers.preprocessing.image_preprocessing.base_affine_layer import Interpolation
from minikeras.layers.preprocessing.image_preprocessing.base_geometry_layer import (
    BaseGeometryLayer,
)
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Share,
    Transformation,
    batch_size_of,
    images_of,
    range_of,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    around,
    clip_to_image_size,
    convert_format,
)
from minikeras.ops.sampling import homography


class RandomPerspective(BaseGeometryLayer):
    """Moves the corners of some images, as if they were looked at from the side.

    Args:
        factor: range from which each image's chance is drawn, or a number `f` for `[0, f]`.
        scale: how far corners move, in [0, 1]: their coordinates, counted from the top left, grow or
            shrink by up to `scale / 2` of themselves.
        interpolation: `"bilinear"` or `"nearest"`.
        fill_value: value outside the images.
        seed: integer seed.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. Masks change
    too; a box becomes the box around what it was.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.RandomPerspective(scale=0.3)(np.ones((2, 8, 8, 3))).shape
    (2, 8, 8, 3)
    """

    def __init__(
        self,
        factor: Share = 1.0,
        scale: Fraction = 1.0,
        interpolation: Interpolation = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = range_of(factor, 0)
        self.scale = scale
        self.interpolation = interpolation
        self.fill_value = fill_value
        self._seeded(seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None
        n, dtype = batch_size_of(data), self.compute_dtype
        applies = self._with_chance(data, self.factor, seed)
        moved = self._uniform((n, 4, 2), -0.5 * self.scale, 0.5 * self.scale, seed, dtype)
        height, width = self._size_of(data)
        right, bottom = width - 1, height - 1
        corners = np.array([[0, 0], [right, 0], [0, bottom], [right, bottom]], moved.dtype)
        start = np.repeat(corners[None], n, axis=0)
        return {
            "apply_perspective": applies,
            "start_points": start,
            "end_points": start + start * moved,
            "input_shape": tuple(images_of(data).shape),
        }

    def _transform_images(
        self, images: Any, transformation: Transformation, interpolation: str
    ) -> Any:
        if transformation is None:
            return images
        points = _points(transformation)

        def moved(images: Any, which: np.ndarray) -> Any:
            return ops.image.perspective_transform(
                images,
                *[corners[which] for corners in points],
                interpolation=interpolation,
                fill_value=self.fill_value,
                data_format=self.data_format,
            )

        return self._where(np.asarray(transformation["apply_perspective"]), images, moved)

    def transform_bounding_boxes(
        self, bounding_boxes: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        if not training or transformation is None:
            return bounding_boxes
        size = self._size_in(transformation)
        boxes = convert_format(bounding_boxes, self.bounding_box_format, "xyxy", **size)
        left, top, right, bottom = [boxes["boxes"][..., i] for i in range(4)]
        x = ops.stack([left, right, left, right], axis=-1)
        y = ops.stack([top, bottom, bottom, top], axis=-1)
        start, end = [Tensor(p.astype(np.float64)) for p in _points(transformation)]
        # Boxes go from start to end; pixels are looked up the other way.
        t = homography(end, start).array.astype(self.compute_dtype).T[..., None, None]
        depth = t[6] * x + t[7] * y + 1
        x, y = (t[0] * x + t[1] * y + t[2]) / depth, (t[3] * x + t[4] * y + t[5]) / depth
        applies = np.asarray(transformation["apply_perspective"])[:, None, None]
        boxes["boxes"] = ops.where(applies, around(x, y), boxes["boxes"])
        boxes = clip_to_image_size(boxes, **size)
        return convert_format(boxes, "xyxy", self.bounding_box_format, **size)


def _points(transformation: Transformation) -> tuple[np.ndarray, np.ndarray]:
    return tuple([np.asarray(transformation[f"{name}_points"]) for name in ("start", "end")])
