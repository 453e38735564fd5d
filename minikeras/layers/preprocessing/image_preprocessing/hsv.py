"""Changes of hue, saturation and value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.kernels.colors import planes, planes_to_hsv, planes_to_rgb
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
    is_followed,
    rescaled,
)


def in_hsv(
    layer: BaseImagePreprocessingLayer,
    images: Any,
    value_range: tuple,
    change: Callable[..., tuple],
    parameters: np.ndarray,
) -> Any:
    """Change the hue, saturation and value of RGB images.

    Args:
        layer: whose images they are.
        images: batch of RGB images.
        value_range: what is 0 and what is 1 in them.
        change: `change(hue, saturation, value, parameters)` returns the three, for arrays and tensors.
        parameters: numbers for each image, `(batch, 1, 1)`.
    """
    axis, name = layer.channel_axis, type(layer).__name__
    if is_followed(ops.convert_to_tensor(images)):
        x = rescaled(ops.cast(images, layer.compute_dtype), value_range, (0, 1))
        hsv = ops.image.rgb_to_hsv(x, data_format=layer.data_format)
        changed = ops.stack(change(*planes(hsv, axis, name), parameters), axis=axis)
        y = ops.image.hsv_to_rgb(changed, data_format=layer.data_format)
        return rescaled(y, (0, 1), value_range)

    def changed(x: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        c = np.stack(planes(rescaled(x, value_range, (0, 1)), axis, name))
        hsv = np.empty_like(c)
        planes_to_hsv(c, hsv)
        planes_to_rgb(np.stack(change(*hsv, parameters)), c)
        return rescaled(np.moveaxis(c, 0, axis), (0, 1), value_range)

    return layer._by_image(changed, images, parameters)
