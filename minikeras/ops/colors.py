"""Colors of images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor, is_known
from minikeras.autodiff.primitive import Primitive, as_tensor, same
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import ArgumentError
from minikeras.common.dtypes import is_float
from minikeras.common.settings import standardize_data_format
from minikeras.kernels import colors as kernels
from minikeras.ops.comparison import equal
from minikeras.ops.core import cast
from minikeras.ops.elementwise import absolute, clip, maximum, minimum, mod
from minikeras.ops.families import as_floating
from minikeras.ops.indexing import where
from minikeras.ops.joining import stack
from minikeras.ops.products import matmul
from minikeras.ops.resizing import check_rank
from minikeras.ops.shapes import moveaxis
from minikeras.ops.symbolic import TensorLike, op


def _check(images: Any, data_format: str | None, name: str, channels: tuple[int, ...]) -> int:
    """Return the axis of channels."""
    axis = -1 if standardize_data_format(data_format) == "channels_last" else -3
    check_rank(images, name)
    n = images.shape[axis]
    if is_known(n) and n not in channels:
        many = " or ".join(map(str, channels))
        raise ArgumentError(name, "images", f"images of {many} channels on axis {axis}", images)
    if 1 not in channels and not is_float(images.dtype):
        raise ArgumentError(name, "images", "floats between 0 and 1", images)
    return axis


def _gray_rule(images: Any, data_format: str | None = None) -> KerasTensor:
    axis = _check(images, data_format, "rgb_to_grayscale", (1, 3))
    shape = list(images.shape)
    shape[axis] = 1
    return KerasTensor(tuple(shape), images.dtype)


@op(rule=_gray_rule)
def rgb_to_grayscale(images: TensorLike, data_format: str | None = None) -> Tensor:
    """Return the brightness of colors.

    Args:
        images: one image, `(height, width, 3)`, or a batch of them; those of 1 channel stay as they are.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        Images of 1 channel in the same dtype.

    Raises:
        ValueError: if `images` has another rank, or another number of channels.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> ops.image.rgb_to_grayscale(np.array([[[255, 0, 0], [255, 255, 255]]], "uint8"))[0, :, 0]
    <Tensor shape=(2,) dtype=uint8 [ 76 254]>
    """
    x = as_tensor(images)
    axis = _check(x, data_format, "rgb_to_grayscale", (1, 3))
    if x.shape[axis] == 1:
        return x
    floats = as_floating(x)
    weights = np.array(kernels.LUMA, floats.array.dtype).reshape(3, 1)
    if axis == -1:
        y = matmul(floats, weights)
    else:
        y = moveaxis(matmul(moveaxis(floats, axis, -1), weights), -1, axis)
    return y if y.dtype == x.dtype else cast(y, x.dtype)


def _hsv_reference(x: Any) -> Any:
    x = where(absolute(x) < np.finfo(str(x.dtype)).eps, 0.0, x)
    r, g, b = x[..., 0], x[..., 1], x[..., 2]
    value = maximum(maximum(r, g), b)
    spread = value - minimum(minimum(r, g), b)
    by_spread = 6 * where(spread > 0, spread, 1.0)
    hue = where(equal(value, g), (b - r) / by_spread + 1 / 3, (r - g) / by_spread + 2 / 3)
    hue = where(equal(value, r), (g - b) / by_spread, hue)
    hue = where(spread > 0, hue, 0.0)
    hue = where(hue < 0, hue + 1, hue)
    saturation = where(value > 0, spread / where(value > 0, value, 1.0), 0.0)
    return stack([hue, saturation, value], axis=-1)


def _rgb_reference(x: Any) -> Any:
    hue, saturation, value = x[..., 0], x[..., 1], x[..., 2]
    at = mod(hue, 1.0) * 6
    parts = [absolute(at - 3) - 1, 2 - absolute(at - 2), 2 - absolute(at - 4)]
    colors = [value * (1 - saturation + saturation * clip(p, 0.0, 1.0)) for p in parts]
    return stack(colors, axis=-1)


def _colors(name: str, forward: Callable, backward: Callable, reference: Callable) -> Primitive:
    primitive = Primitive(
        name,
        forward,
        lambda g, saved, needs, out: [backward(g, saved)],
        rule=same,
        reference=reference,
    )
    primitive.narrow = "eE"
    return primitive


RGB_TO_HSV = _colors(
    "rgb_to_hsv", kernels.rgb_to_hsv_forward, kernels.rgb_to_hsv_backward, _hsv_reference
)
HSV_TO_RGB = _colors(
    "hsv_to_rgb", kernels.hsv_to_rgb_forward, kernels.hsv_to_rgb_backward, _rgb_reference
)


def _hsv_rule(images: Any, data_format: str | None = None) -> KerasTensor:
    _check(images, data_format, "rgb_to_hsv", (3,))
    return same(images)


@op(rule=_hsv_rule)
def rgb_to_hsv(images: TensorLike, data_format: str | None = None) -> Tensor:
    """Return hue, saturation and value of colors.

    Args:
        images: one image, `(height, width, 3)`, or a batch of them: floats between 0 and 1.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        Images of the same shape and dtype. Hue is 0 for red, 1/3 for green, 2/3 for blue.

    Raises:
        ValueError: if `images` are not as described.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> ops.image.rgb_to_hsv(np.array([[[0.0, 0.5, 0.0]]]))[0, 0]
    <Tensor shape=(3,) dtype=float64 [0.333333 1.       0.5     ]>
    """
    x = as_tensor(images)
    axis = _check(x, data_format, "rgb_to_hsv", (3,))
    return RGB_TO_HSV(x) if axis == -1 else moveaxis(RGB_TO_HSV(moveaxis(x, axis, -1)), -1, axis)


def _rgb_rule(images: Any, data_format: str | None = None) -> KerasTensor:
    _check(images, data_format, "hsv_to_rgb", (3,))
    return same(images)


@op(rule=_rgb_rule)
def hsv_to_rgb(images: TensorLike, data_format: str | None = None) -> Tensor:
    """Return red, green and blue of colors given by hue, saturation and value.

    Args:
        images: one image, `(height, width, 3)`, or a batch of them: floats between 0 and 1.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        Images of the same shape and dtype.

    Raises:
        ValueError: if `images` are not as described.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> ops.image.hsv_to_rgb(np.array([[[0.5, 1.0, 1.0]]]))[0, 0]
    <Tensor shape=(3,) dtype=float64 [0. 1. 1.]>
    """
    x = as_tensor(images)
    axis = _check(x, data_format, "hsv_to_rgb", (3,))
    return HSV_TO_RGB(x) if axis == -1 else moveaxis(HSV_TO_RGB(moveaxis(x, axis, -1)), -1, axis)
