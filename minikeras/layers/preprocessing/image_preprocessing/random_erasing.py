"""`RandomErasing`: rectangles painted over."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from minikeras import ops
from minikeras.common.arguments import Kind, is_number
from minikeras.common.ranks import shared_rows
from minikeras.kernels.random import add_normal
from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Share,
    Transformation,
    ValueRange,
    batch_size_of,
    images_of,
    range_of,
)
from minikeras.layers.preprocessing.image_preprocessing.rectangles import (
    random_bounds,
    rectangles,
)
from minikeras.random.seed_generator import draw_key


def _is_fill(value: Any) -> bool:
    channels = value if isinstance(value, (list, tuple)) and len(value) == 3 else (value,)
    return all(map(is_number, channels))


Fill = Annotated[Any, Kind("a number, three numbers or None", lambda v: v is None or _is_fill(v))]


class RandomErasing(BaseColorLayer):
    """Paints a random rectangle of some images over.

    Args:
        factor: range from which each image's chance is drawn, or a number `f` for `[0, f]`.
        scale: range from which the share of the image is drawn whose square root is the rectangle's
            share of the width, and another for the height; or a number `s` for `[0, s]`.
        fill_value: what to paint, a number or one for each of three channels; noise if None: normally
            distributed with a standard deviation of the end of `value_range`.
        value_range: the two numbers that values lie between.
        seed: integer seed.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. Boxes and masks stay as they are.

    Source: Zhong et al., 2020.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> erase = layers.RandomErasing((1.0, 1.0), scale=(0.25, 0.25), fill_value=0.0, seed=1)
    >>> int(np.sum(erase(np.ones((1, 8, 8, 1))) == 0)) in (9, 12, 16)
    True
    """

    def __init__(
        self,
        factor: Share = 1.0,
        scale: Share = (0.02, 0.33),
        fill_value: Fill = None,
        value_range: ValueRange = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = range_of(factor, 0)
        self.scale = range_of(scale, 0)
        self.fill_value = fill_value
        self.value_range = value_range
        self._seeded(seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None
        n, shape, dtype = batch_size_of(data), images_of(data).shape, self.compute_dtype
        sides = np.sqrt(self._uniform((n, 2), *self.scale, seed, dtype))
        masks = rectangles(
            self,
            shape,
            *(self._bounds(n, shape[self.width_axis], sides[:, 0], seed)),
            *(self._bounds(n, shape[self.height_axis], sides[:, 1], seed)),
        )
        return {
            "apply_erasing": self._with_chance(data, self.factor, seed),
            "batch_masks": masks,
            "fill_value": self._fill(shape, seed),
        }

    def _bounds(self, n: int, length: int, share: np.ndarray, seed: Any) -> tuple:
        """Draw where a share of a length lies."""
        return random_bounds(self._uniform((n,), 0.0, 1.0, seed, self.compute_dtype), length, share)

    def _fill(self, shape: tuple, seed: Any) -> np.ndarray:
        """Return what to paint: values for all pixels, or some that broadcast to them."""
        low, high = self.value_range
        if self.fill_value is None:
            rows = shared_rows()
            own = slice(None) if rows is None else rows.slice
            drawn = shape if rows is None else (rows.total, *shape[1:])
            noise = np.zeros(drawn, np.float64 if self.compute_dtype == "float64" else np.float32)
            add_normal(noise.ravel(), high, draw_key(self.generator if seed is None else seed))
            return noise[own]
        fill = np.array(self.fill_value, np.float32)
        if fill.ndim and self.channel_axis == -3:
            fill = fill[:, None, None]
        return np.clip(fill, low, high)

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training or transformation is None:
            return ops.cast(images, self.compute_dtype)
        low, high = self.value_range
        erased = np.asarray(transformation["batch_masks"])
        erased = erased & np.asarray(transformation["apply_erasing"])[:, None, None, None]
        fill = np.asarray(transformation["fill_value"])
        fill = fill.reshape((1,) * (4 - fill.ndim) + fill.shape)

        def painted(x: Any, mask: Any, paint: Any) -> Any:
            return np.where(mask, np.clip(paint, low, high), x)

        return self._by_image(painted, images, erased, fill)
