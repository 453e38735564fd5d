"""What looks at the neighbours of each pixel: blurs, edges, likeness, patches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import Primitive, as_tensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import (
    ArgumentError,
    is_integer,
    standardize_padding,
    standardize_tuple,
)
from minikeras.common.dtypes import is_float
from minikeras.common.settings import standardize_data_format
from minikeras.kernels import edges
from minikeras.kernels import patches as patch_kernels
from minikeras.kernels.resize import gaussian, sliding
from minikeras.kernels.windows import window
from minikeras.ops.convolution import conv_output_shape, in_channels_last
from minikeras.ops.core import cast
from minikeras.ops.elementwise import square
from minikeras.ops.families import as_floating
from minikeras.ops.joining import stack
from minikeras.ops.reductions import mean
from minikeras.ops.resizing import RESAMPLE, axes_of, check_rank, each_plane
from minikeras.ops.shapes import reshape
from minikeras.ops.symbolic import TensorLike, op


def _blurred(x: Tensor, rows: tuple, columns: tuple, padding: str, data_format: str) -> Tensor:
    """Slide a window along the height and one along the width."""
    height, width = [x.shape[i] for i in axes_of(data_format)]
    down, right = sliding(rows, height, padding), sliding(columns, width, padding)
    return each_plane(x, data_format, lambda t: RESAMPLE(t, rows=down, columns=right))


def _check_blur(images: Any, kernel_size: Any) -> tuple[int, ...]:
    check_rank(images, "gaussian_blur")
    if not is_float(images.dtype):
        raise ArgumentError("gaussian_blur", "images", "a tensor of floats", images)
    return standardize_tuple(kernel_size, 2, "kernel_size", "gaussian_blur")


def _blur_rule(
    images: Any,
    kernel_size: Any = (3, 3),
    sigma: Any = (1.0, 1.0),
    data_format: str | None = None,
) -> KerasTensor:
    _check_blur(images, kernel_size)
    standardize_data_format(data_format)
    return KerasTensor(images.shape, images.dtype)


@op(rule=_blur_rule)
def gaussian_blur(
    images: TensorLike,
    kernel_size: Any = (3, 3),
    sigma: Any = (1.0, 1.0),
    data_format: str | None = None,
) -> Tensor:
    """Give each pixel the mean of its neighbours, weighted by a normal distribution.

    Args:
        images: one image, `(height, width, channels)`, or a batch of them, of floats. Zeros are around.
        kernel_size: number of columns and rows of neighbours that count.
        sigma: standard deviations across columns and rows.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        Images of the same shape and dtype.

    Raises:
        ValueError: if an argument is not as described.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> image = np.array([[0.0, 1.0, 0.0]]).reshape(1, 3, 1)
    >>> ops.image.gaussian_blur(image, (3, 1))[0, :, 0].numpy().round(2)
    array([0.27, 0.45, 0.27])
    """
    x = as_tensor(images)
    columns, rows = _check_blur(x, kernel_size)
    deviations = np.broadcast_to(to_array(sigma), 2).astype(np.float64).tolist()
    if not min(deviations) > 0:
        raise ArgumentError("gaussian_blur", "sigma", "two positive numbers", sigma)
    windows = gaussian(rows, deviations[1]), gaussian(columns, deviations[0])
    return _blurred(x, *windows, "same", standardize_data_format(data_format))


def _slopes(x: Any, data_format: str) -> Any:
    """Slide a pair of windows for each slope."""
    pairs = [(edges.SLOPE, edges.SMOOTH), (edges.SMOOTH, edges.SLOPE)]
    return stack([_blurred(x, *pair, "same", data_format) for pair in pairs], axis=-1)


SOBEL = Primitive(
    "sobel",
    edges.sobel_forward,
    lambda g, saved, needs, out: [edges.sobel_backward(g)],
    rule=lambda x: KerasTensor((*x.shape, 2), x.dtype),
    reference=lambda x: _slopes(x, "channels_last"),
)
"""The slopes of images of floats, channels last."""
SOBEL.narrow = "eE"


def _sobel_rule(images: Any, data_format: str | None = None) -> KerasTensor:
    check_rank(images, "sobel_edges", ranks=(4,))
    standardize_data_format(data_format)
    return KerasTensor((*images.shape, 2), images.dtype)


@op(rule=_sobel_rule)
def sobel_edges(images: TensorLike, data_format: str | None = None) -> Tensor:
    """Return how steeply the brightness of images rises, by Sobel's two windows.

    Args:
        images: batch of images, `(n, height, width, channels)`. Zeros are around.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        Tensor of shape `(*images.shape, 2)` in their dtype: the slopes downwards and to the right.

    Raises:
        ValueError: if `images` has another rank.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> image = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> ops.image.sobel_edges(image)[0, 1, 1, 0]
    <Tensor shape=(2,) dtype=float64 [24.  8.]>
    """
    x = as_tensor(images)
    check_rank(x, "sobel_edges", ranks=(4,))
    data_format = standardize_data_format(data_format)
    if is_float(x.dtype) and data_format == "channels_last":
        return SOBEL(x)
    return _slopes(x, data_format)


def _check_ssim(image1: Any, image2: Any, filter_size: Any) -> None:
    for name, image in (("image1", image1), ("image2", image2)):
        check_rank(image, "ssim", name)
    if len(image1.shape) != len(image2.shape):
        raise ArgumentError("ssim", "image2", f"of the shape of image1, {image1.shape}", image2)
    if not is_integer(filter_size) or filter_size < 1:
        raise ArgumentError("ssim", "filter_size", "a positive integer", filter_size)


def _ssim_rule(
    image1: Any, image2: Any, max_val: Any = 1.0, filter_size: Any = 11, *_: Any, **__: Any
) -> KerasTensor:
    _check_ssim(image1, image2, filter_size)
    return KerasTensor(() if len(image1.shape) == 3 else (image1.shape[0],), image1.dtype)


@op(rule=_ssim_rule)
def ssim(
    image1: TensorLike,
    image2: TensorLike,
    max_val: Any = 1.0,
    filter_size: Any = 11,
    filter_sigma: Any = 1.5,
    k1: Any = 0.01,
    k2: Any = 0.03,
    data_format: str | None = None,
) -> Tensor:
    """Return how alike images look: their structural similarity.

    Args:
        image1: one image, `(height, width, channels)`, or a batch of them.
        image2: the same number of others.
        max_val: the greatest value that a pixel may have.
        filter_size: rows and columns of the neighbours that are compared.
        filter_sigma: standard deviation by which they count less with their distance.
        k1, k2: fractions of `max_val` that keep divisors from being small.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        One number for each pair, in the dtype of `image1`: 1 for the same image, less for others.

    Raises:
        ValueError: if an argument is not as described.

    Reference: Wang et al., 2004, "Image quality assessment: from error visibility to structural
    similarity".

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> image = np.random.default_rng(0).random((16, 16, 3))
    >>> ops.image.ssim(image, image)
    <Tensor shape=() dtype=float64 1.>
    """
    x, y = as_tensor(image1), as_tensor(image2)
    _check_ssim(x, y, filter_size)
    data_format, dtype = standardize_data_format(data_format), x.dtype
    index = similarity(x, y, max_val, filter_size, filter_sigma, k1, k2, data_format)
    result = mean(index, axis=(-3, -2, -1))
    return result if result.dtype == dtype else cast(result, dtype)


def similarity(
    x: Tensor,
    y: Tensor,
    max_val: Any,
    filter_size: Any,
    filter_sigma: Any,
    k1: Any,
    k2: Any,
    data_format: str,
) -> Tensor:
    """Return the structural similarity around each pixel; arguments as of `ssim`."""
    x, y = as_floating(x), as_floating(y)
    y = y if y.dtype == x.dtype else cast(y, x.dtype)
    line = gaussian(int(filter_size), float(filter_sigma))

    def mean_around(t: Tensor) -> Tensor:
        return _blurred(t, line, line, "valid", data_format)

    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    mx, my = mean_around(x), mean_around(y)
    product, squares = mx * my, square(mx) + square(my)
    covariance = mean_around(x * y) - product
    variances = mean_around(square(x) + square(y)) - squares
    return (2 * product + c1) * (2 * covariance + c2) / ((squares + c1) * (variances + c2))


# Patches.


def _patched(x: Any, size: tuple, strides: tuple, padding: str, dilation: tuple) -> KerasTensor:
    channels = x.shape[-1]
    filters = None if channels is None else channels * math.prod(size)
    shape = conv_output_shape(
        tuple(x.shape),
        filters,
        size,
        strides,
        padding,
        "channels_last",
        dilation,
        "extract_patches",
    )
    return KerasTensor(shape, x.dtype)


def _patches_reference(x: Any, size: tuple, strides: tuple, padding: str, dilation: tuple) -> Any:
    w = window(tuple(x.shape[1:-1]), size, strides, padding, dilation)
    x = np.pad(x, [(0, 0), *w.pads, (0, 0)])
    parts = []
    for offset in np.ndindex(*size):
        key = [
            slice(o * d, o * d + (n - 1) * s + 1, s)
            for o, d, n, s in zip(offset, dilation, w.out, strides)
        ]
        parts.append(x[(slice(None), *key)])
    return np.concatenate(parts, axis=-1)


PATCHES = Primitive(
    "extract_patches",
    patch_kernels.forward,
    lambda g, saved, needs, out, **how: [patch_kernels.backward(g, saved, **how)],
    rule=_patched,
    reference=_patches_reference,
)
"""The windows of images, channels last, each laid out as channels."""


def _check_patches(
    x: Any, size: Any, strides: Any, dilation_rate: Any, padding: Any, name: str
) -> tuple:
    if not is_integer(size) and not (
        isinstance(size, (tuple, list)) and len(size) in (2, 3) and all(map(is_integer, size))
    ):
        raise ArgumentError(name, "size", "an integer, or 2 or 3 of them", size)
    rank = 2 if is_integer(size) else len(size)
    volumes = name.endswith("3d")
    rank = 3 if volumes else rank
    check_rank(x, name, "volumes" if volumes else "images", (rank + 1, rank + 2))
    size = standardize_tuple(size, rank, "size", name)
    strides = size if strides is None else standardize_tuple(strides, rank, "strides", name)
    dilation = standardize_tuple(dilation_rate, rank, "dilation_rate", name)
    return size, strides, standardize_padding(padding, name), dilation


def _patches_rule(name: str) -> Any:
    def rule(
        images: Any,
        size: Any,
        strides: Any = None,
        dilation_rate: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
    ) -> KerasTensor:
        size, strides, padding, dilation = _check_patches(
            images, size, strides, dilation_rate, padding, name
        )
        data_format = standardize_data_format(data_format)
        shape = tuple(images.shape)
        single = len(shape) == len(size) + 1
        shape = (1, *shape) if single else shape
        if data_format == "channels_first":
            shape = (shape[0], *shape[2:], shape[1])
        spec = _patched(KerasTensor(shape, images.dtype), size, strides, padding, dilation)
        shape = spec.shape
        if data_format == "channels_first":
            shape = (shape[0], shape[-1], *shape[1:-1])
        return KerasTensor(shape[1:] if single else shape, images.dtype)

    return rule


def _patches(
    x: Any, size: Any, strides: Any, dilation: Any, padding: Any, data_format: Any, name: str
) -> Tensor:
    x = as_tensor(x)
    size, strides, padding, dilation = _check_patches(x, size, strides, dilation, padding, name)
    single = x.ndim == len(size) + 1
    x = reshape(x, (1, *x.shape)) if single else x
    how = {"size": size, "strides": strides, "padding": padding, "dilation": dilation}
    y = in_channels_last(x, standardize_data_format(data_format), lambda t: PATCHES(t, **how))
    return reshape(y, y.shape[1:]) if single else y


@op(rule=_patches_rule("extract_patches"))
def extract_patches(
    images: TensorLike,
    size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    dilation_rate: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Cut images or volumes into patches.

    Args:
        images: one image, `(height, width, channels)`, or volume, `(depth, height, width, channels)`, or
            a batch of them.
        size: height and width of patches, or one number for both; or depth, height and width.
        strides: distances between patches; `size` if None, so that they lie side by side.
        dilation_rate: distance between the elements of a patch.
        padding: `"valid"`, or `"same"`: zeros are around.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        Patches at their places, their elements as channels: `(rows, columns, size * channels)` of an
        image.

    Raises:
        ValueError: if an argument is not as described.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> ops.image.extract_patches(np.ones((20, 20, 3)), 5).shape
    (4, 4, 75)
    """
    name = "extract_patches"
    return _patches(images, size, strides, dilation_rate, padding, data_format, name)


@op(rule=_patches_rule("extract_patches_3d"))
def extract_patches_3d(
    volumes: TensorLike,
    size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    dilation_rate: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Cut volumes into patches.

    Args:
        volumes: one volume, `(depth, height, width, channels)`, or a batch of them.
        size: depth, height and width of patches, or one number for all.
        strides, dilation_rate, padding, data_format: as of `extract_patches`.

    Returns:
        Patches at their places, their elements as channels.

    Raises:
        ValueError: if an argument is not as described.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> ops.image.extract_patches_3d(np.ones((9, 9, 9, 2)), 3).shape
    (3, 3, 3, 54)
    """
    name = "extract_patches_3d"
    return _patches(volumes, size, strides, dilation_rate, padding, data_format, name)
