"""`RandomZoom`: larger and smaller images."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from minikeras import ops
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

Zoom = Annotated[Any, each_in("(-1, 1]", lambda v: -1 < v <= 1)]


class RandomZoom(BaseAffineLayer):
    """Zooms into each image, or out of it, around its center.

    Args:
        height_factor: number `f` in (-1, 1], for factors from `[1 - f, 1 + f]`, or a range
            `(low, high)`, for `[1 + low, 1 + high]`. An image shows so much of its height after that:
            with 0.2 it shrinks, with -0.2 it grows.
        width_factor: the same for the width; None for the factor of the height.
        fill_mode: what lies outside the images: `"reflect"` for their mirror image
            (`d c b a | a b c d | d c b a`), `"wrap"` for the other side, `"nearest"` for the pixels at
            the edge, `"constant"` for `fill_value`.
        interpolation: `"bilinear"` or `"nearest"`.
        seed: integer seed.
        fill_value: value outside the images for `"constant"`.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. Boxes and masks are zoomed too.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> out = layers.RandomZoom((1.0, 1.0), fill_mode="constant", interpolation="nearest")
    >>> int(np.sum(out(np.ones((4, 4, 1)))))
    4
    """

    def __init__(
        self,
        height_factor: Zoom,
        width_factor: Zoom | None = None,
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
        if width_factor is not None:
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
        height = width = self._uniform(shape, 1 + self.height_lower, 1 + self.height_upper, seed)
        if self.width_factor is not None:
            width = self._uniform(shape, 1 + self.width_lower, 1 + self.width_upper, seed)
        input_shape = tuple(images_of(data).shape)
        return {"height_zoom": height, "width_zoom": width, "input_shape": input_shape}

    def _matrices(self, transformation: Transformation, height: int, width: int) -> np.ndarray:
        x, y = _zooms(transformation)
        return matrices(x, x, 0, (width - 1) / 2 * (1 - x), 0, y, (height - 1) / 2 * (1 - y))

    def transform_bounding_boxes(
        self, bounding_boxes: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        if not training:
            return bounding_boxes
        size = self._size_in(transformation)
        boxes = convert_format(bounding_boxes, self.bounding_box_format, "xyxy", **size)
        # What is seen of the image, in its own pixels: the boxes are clipped to that, and counted
        # from there.
        zooms = [zoom[:, None] for zoom in _zooms(transformation)]
        lengths = size["width"], size["height"]
        firsts = [(length - 1) / 2 * (1 - z) for length, z in zip(lengths, zooms)]
        seen = [z * length for length, z in zip(lengths, zooms)]
        corners = [
            (ops.clip(boxes["boxes"][..., i], first, first + all_) - first) / all_
            for i, (first, all_) in enumerate(zip(firsts * 2, seen * 2))
        ]
        boxes["boxes"] = ops.stack(corners, axis=-1)
        boxes = clip_to_image_size(boxes, bounding_box_format="rel_xyxy")
        return convert_format(boxes, "rel_xyxy", self.bounding_box_format, **size)


def _zooms(transformation: Transformation) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors of width and height, one for each image."""
    names = ("width_zoom", "height_zoom")
    x, y = [np.asarray(transformation[name], np.float32)[:, 0] for name in names]
    return x, y
