"""`RandomGaussianBlur`: some images blurred."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from minikeras import ops
from minikeras.common.arguments import Kind, is_number
from minikeras.common.ranks import unshared
from minikeras.kernels.blur import correlate_along
from minikeras.kernels.resize import gaussian
from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Share,
    Transformation,
    ValueRange,
    range_of,
)


def _is_odd(value: Any) -> bool:
    sizes = value if isinstance(value, (list, tuple)) and len(value) == 2 else (value,)
    return all(is_number(v) and v > 0 and v % 2 == 1 for v in sizes)


class RandomGaussianBlur(BaseColorLayer):
    """Blurs some images with a Gaussian, over an edge of zeros.

    Args:
        factor: range from which each image's chance is drawn, or a number `f` for `[0, f]`.
        kernel_size: width and height of the kernel, one odd number or two.
        sigma: range from which the standard deviations in pixels are drawn, one for the width and one
            for the height of all images; or a number `s` for `[0, s]`.
        value_range: the two numbers that values lie between.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        seed: integer seed.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. Results are clipped to `value_range`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> blur = layers.RandomGaussianBlur((1.0, 1.0), sigma=(1.0, 1.0), value_range=(0, 1))
    >>> blur(np.array([[[0.0], [1.0], [0.0]]])).numpy().round(3)[0, :, 0]
    array([0.124, 0.204, 0.124], dtype=float32)
    """

    def __init__(
        self,
        factor: Share = 1.0,
        kernel_size: Annotated[Any, Kind("an odd number, or two of them", _is_odd)] = 3,
        sigma: Share = 1.0,
        value_range: ValueRange = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = range_of(factor, 0)
        sizes = (kernel_size,) * 2 if is_number(kernel_size) else tuple(kernel_size)
        self.kernel_size = sizes
        self.sigma = range_of(sigma, 0)
        self.value_range = value_range
        self._seeded(seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None
        applies = self._with_chance(data, self.factor, seed)
        with unshared():  # two numbers for the batch, not one for each of two rows
            sigma = self._uniform((2,), *self.sigma, seed, self.compute_dtype) + 1e-6
        return {"should_apply_blur": applies, "blur_factor": sigma}

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training or transformation is None:
            return ops.cast(images, self.compute_dtype)
        low, high = self.value_range
        sigma = np.asarray(transformation["blur_factor"]).tolist()
        along_x, along_y = map(gaussian, self.kernel_size, sigma)
        height, width = self.height_axis % 4, self.width_axis % 4

        def blurred(x: Any, applies: Any) -> Any:
            if applies.any():
                blur = correlate_along(correlate_along(x, along_x, width), along_y, height)
                x = blur if applies.all() else np.where(applies, blur, x)
            return np.clip(x, low, high)

        applies = np.asarray(transformation["should_apply_blur"])[:, None, None, None]
        return self._by_image(blurred, images, applies)
