"""`keras.ops.image`: images, `(height, width, channels)` or a batch of them.

Kernels work on `(n, height, width, channels)`. Where channels come first and do not matter to each other,
each is an image of its own, `(n * channels, height, width, 1)`, so that nothing is transposed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import Primitive, as_tensor
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import ArgumentError, one_of, standardize_tuple
from minikeras.common.settings import standardize_data_format
from minikeras.kernels import resize as resize_kernels
from minikeras.kernels.resize import KERNELS, AxisMap, interpolation
from minikeras.ops.core import saturate_cast
from minikeras.ops.families import as_floating
from minikeras.ops.joining import pad
from minikeras.ops.shapes import reshape
from minikeras.ops.symbolic import TensorLike, op

_kind_of_interpolation = interpolation


def _resampled(x: Any, rows: AxisMap | None, columns: AxisMap | None) -> KerasTensor:
    size = [m.target if m else n for m, n in zip((rows, columns), x.shape[1:3])]
    return KerasTensor((x.shape[0], *size, x.shape[-1]), x.dtype)


RESAMPLE = Primitive(
    "resample",
    resize_kernels.resample_forward,
    lambda g, saved, needs, out, rows, columns: [
        resize_kernels.resample_backward(g, rows, columns)
    ],
    rule=_resampled,
    reference=resize_kernels.resample_reference,
)
"""Images with a linear map applied along their height and one along their width."""
RESAMPLE.narrow = "eE"


def _check_rank(x: Any, name: str, argument: str = "images", ranks: Sequence[int] = (3, 4)) -> None:
    if len(x.shape) not in ranks:
        expected = "one image, of 3 axes, or a batch of them, of 4 axes"
        if tuple(ranks) != (3, 4):
            expected = "a tensor of " + " or ".join(map(str, ranks)) + " axes"
        raise ArgumentError(name, argument, expected, x)


def _axes(data_format: str) -> tuple[int, int]:
    """Return the axes of height and width."""
    return (-3, -2) if data_format == "channels_last" else (-2, -1)


def _each_plane(x: Tensor, data_format: str, function: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply a function of `(n, height, width, channels)` to which channels are all alike."""
    if data_format == "channels_last":
        shape = x.shape if x.ndim == 4 else (1, *x.shape)
    else:
        shape = (-1, *x.shape[-2:], 1)
        if 0 in x.shape:
            shape = (int(np.prod(x.shape[:-2])), *x.shape[-2:], 1)
    y = function(x if x.shape == shape else reshape(x, shape))
    if data_format == "channels_last":
        return y if x.ndim == 4 else reshape(y, y.shape[1:])
    return reshape(y, (*x.shape[:-2], *y.shape[1:3]))


def _with_size(shape: tuple, size: Sequence, data_format: str) -> tuple:
    """Return the shape of images with another height and width."""
    result = list(shape)
    for axis, n in zip(_axes(data_format), size):
        result[axis] = n
    return tuple(result)


def _resize_rule(
    images: Any,
    size: Any,
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: Any = 0.0,
    data_format: str | None = None,
) -> KerasTensor:
    data_format = standardize_data_format(data_format)
    size = _check_resize(
        images, size, interpolation, crop_to_aspect_ratio, pad_to_aspect_ratio, fill_mode
    )
    return KerasTensor(_with_size(images.shape, size, data_format), images.dtype)


def _check_resize(
    images: Any, size: Any, interpolation: Any, crop: bool, padded: bool, fill_mode: Any
) -> tuple[int, int]:
    _check_rank(images, "resize")
    one_of("nearest", *KERNELS).check(interpolation, "interpolation", "resize")
    one_of("constant").check(fill_mode, "fill_mode", "resize")
    if crop and padded:
        raise ValueError(
            "resize: only one of `crop_to_aspect_ratio` and `pad_to_aspect_ratio` can be True."
        )
    if isinstance(size, int):
        raise ArgumentError("resize", "size", "two positive integers (height, width)", size)
    return standardize_tuple(tuple(size), 2, "size", "resize")


@op(rule=_resize_rule)
def resize(
    images: TensorLike,
    size: Any,
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: Any = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """Bring images to another size.

    Args:
        images: one image, `(height, width, channels)`, or a batch of them, of any dtype.
        size: `(height, width)` of the result.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
        antialias: whether smaller images are made with a wider kernel, which sees all pixels. Without
            it only the pixels next to each place count. `"nearest"` does not look at it.
        crop_to_aspect_ratio: whether the largest part in the middle that has the proportions of `size`
            is resized, rather than the whole distorted.
        pad_to_aspect_ratio: whether images first get borders that give them the proportions of `size`.
        fill_mode: `"constant"`: these borders have one value.
        fill_value: the value.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        The images in their dtype; integers are rounded, and cut to their range.

    Raises:
        ValueError: if an argument is not as described.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> ops.image.resize(np.array([[[0.0], [2.0]]]), (1, 4))[0, :, 0]
    <Tensor shape=(4,) dtype=float64 [0.  0.5 1.5 2. ]>
    """
    x = as_tensor(images)
    data_format = standardize_data_format(data_format)
    size = _check_resize(
        x, size, interpolation, crop_to_aspect_ratio, pad_to_aspect_ratio, fill_mode
    )
    dtype = x.dtype
    if crop_to_aspect_ratio:
        x = _middle(x, size, data_format)
    elif pad_to_aspect_ratio:
        x = _bordered(x, size, fill_value, data_format)
    height, width = [x.shape[i] for i in _axes(data_format)]
    rows, columns = [
        None if old == new else _kind_of_interpolation(interpolation, old, new, antialias)
        for old, new in zip((height, width), size)
    ]
    if rows or columns:
        x = _each_plane(x, data_format, lambda t: RESAMPLE(t, rows=rows, columns=columns))
    if x.dtype == dtype:
        return x
    return saturate_cast(np.round(x), dtype)  # borders of integers may have any value


def proportional(height: int, width: int, size: Sequence[int]) -> tuple[int, int]:
    """Return height and width that have the proportions of `size`, one as it was, cut to whole numbers."""
    return int(float(width * size[0]) / size[1]), int(float(height * size[1]) / size[0])


def middle_box(height: int, width: int, size: Sequence[int]) -> tuple[int, int, int, int]:
    """Return top, left, height and width of the largest part that has the proportions of `size`."""
    rows, columns = proportional(height, width, size)
    rows, columns = max(min(height, rows), 1), max(min(width, columns), 1)
    return (height - rows) // 2, (width - columns) // 2, rows, columns


def _part(x: Any, top: int, left: int, rows: int, columns: int, data_format: str) -> Any:
    key = (..., slice(top, top + rows), slice(left, left + columns))
    return x[(*key, slice(None)) if data_format == "channels_last" else key]


def _middle(x: Tensor, size: tuple, data_format: str) -> Tensor:
    height, width = [x.shape[i] for i in _axes(data_format)]
    return _part(x, *middle_box(height, width, size), data_format)


def _bordered(x: Tensor, size: tuple, fill_value: Any, data_format: str) -> Tensor:
    height, width = [x.shape[i] for i in _axes(data_format)]
    rows, columns = proportional(height, width, size)
    top, left = max(rows - height, 0) // 2, max(columns - width, 0) // 2
    if not (top or left):
        return x
    if x.array.dtype.kind not in "fV" and not float(fill_value).is_integer():
        x = as_floating(x)
    return pad_sides(x, (top, top), (left, left), data_format, fill_value)


def pad_sides(x: Tensor, rows: tuple, columns: tuple, data_format: str, value: Any = 0) -> Tensor:
    """Put pixels of one value before and after rows and columns of images."""
    sides = [rows, columns, (0, 0)] if data_format == "channels_last" else [(0, 0), rows, columns]
    return pad(x, [(0, 0)] * (x.ndim - 3) + sides, "constant", value)
