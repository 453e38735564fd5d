"""`ContrastLimitedAdaptiveHistogramEqualization`: each neighborhood equalized by itself."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from minikeras import ops
from minikeras.common.arguments import Kind, NonNegative, is_integer
from minikeras.kernels.histograms import equalize_tiles
from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Transformation,
    ValueRange,
    rescaled,
)


def _are_two_counts(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) == 2
        and all(is_integer(v) and v > 0 for v in value)
    )


class ContrastLimitedAdaptiveHistogramEqualization(BaseColorLayer):
    """Spreads the values of each part of an image evenly over the range, without too much of it.

    A histogram is made of each tile of a grid, its peaks cut off. A pixel becomes what the four tiles
    around it make of it, interpolated. Nothing is drawn: it does so in inference too.

    Args:
        value_range: the two numbers that values lie between.
        clip_limit: how many times the mean count of a level a histogram may have; 0 for no limit.
        tile_grid_size: number of tiles along height and width.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. No gradient flows
    through images.

    Source: Zuiderveld, 1994.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layer = layers.ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 2))
    >>> layer(np.random.default_rng(0).uniform(0, 255, (8, 8, 3))).shape
    (8, 8, 3)
    """

    def __init__(
        self,
        value_range: ValueRange = (0, 255),
        clip_limit: NonNegative = 4.0,
        tile_grid_size: Annotated[Any, Kind("two positive integers", _are_two_counts)] = (8, 8),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = value_range
        self.clip_limit = clip_limit
        self.tile_grid_size = tile_grid_size

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: bool = True
    ) -> Any:
        value_range, first = self.value_range, self.channel_axis == -3

        def equalized(x: np.ndarray) -> np.ndarray:
            x = rescaled(x.astype(np.float32), value_range, (0, 255))
            x = np.moveaxis(x, 1, -1) if first else x
            y = equalize_tiles(x, self.tile_grid_size, self.clip_limit)
            return rescaled(np.moveaxis(y, -1, 1) if first else y, (0, 255), value_range)

        images = ops.stop_gradient(images)
        return self._by_image(equalized, images, result=images.dtype)
