"""`keras.ops.image`: images, `(height, width, channels)` or a batch of them.

Kernels work on `(n, height, width, channels)`. Where channels come first and do not matter to each other,
each is an image of its own, `(n * channels, height, width, 1)`, so that nothing is transposed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import Primitive, as_tensor
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import ArgumentError, one_of, standardize_tuple
from minikeras.common.settings import standardize_data_format
from minikeras.kernels import resize as resize_kernels
from minikeras.kernels import sampling
from minikeras.kernels.resize import KERNELS, AxisMap, interpolation
from minikeras.kernels.sampling import FILL_MODES, Sampling
from minikeras.ops.convolution import in_channels_last
from minikeras.ops.core import cast, saturate_cast
from minikeras.ops.elementwise import clip, floor, sign, trunc
from minikeras.ops.families import as_floating
from minikeras.ops.indexing import take, where
from minikeras.ops.joining import concatenate, pad, stack
from minikeras.ops.matrices import solve
from minikeras.ops.shapes import broadcast_to, expand_dims, reshape
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


# Values at other places.

_ORDERS = {"nearest": 0, "bilinear": 1}


def _sampled(x: Any, coordinates: Any, how: Sampling) -> KerasTensor:
    return KerasTensor((x.shape[0], *coordinates.shape[2:], x.shape[-1]), x.dtype)


def _sample_reference(x: Any, coordinates: Any, how: Sampling) -> Any:
    """Add up the pixels around each place, one after the other."""
    n, *size, channels = x.shape
    out = tuple(coordinates.shape[2:])
    table = reshape(x, (-1, channels))
    axes = []
    for axis in range(len(size)):
        at = coordinates[:, axis]
        low = floor(at) if how.order else trunc(at + sign(at) * 0.5)
        weights = (1 - (at - low), at - low) if how.order else (None,)
        axes.append([(low + i, weight) for i, weight in enumerate(weights)])
    starts = np.arange(n).reshape(n, *[1] * len(out)) * math.prod(size)
    result: Any = 0
    for corner in itertools.product(*axes):
        place: Any = 0
        valid: Any = True
        for (i, _), length in zip(corner, size):
            if how.mode == "constant":
                valid = np.logical_and(valid, np.logical_and(i >= 0, i < length))
                i = clip(i, 0, length - 1)
            else:
                i = sampling.inside(i, length, how.mode)
            place = place * length + cast(i, "int32")
        values = take(table, place + starts, axis=0)
        if how.mode == "constant":
            values = where(expand_dims(valid, -1), values, how.value)
        for _, weight in corner:
            if weight is not None:
                values = values * expand_dims(weight, -1)
        result = result + values
    return result


SAMPLE = Primitive(
    "sample",
    sampling.sample_forward,
    lambda g, saved, needs, out, how: sampling.sample_backward(g, saved, needs, how),
    rule=_sampled,
    reference=_sample_reference,
)
"""Images, channels last, looked up at places that are given for each axis."""
SAMPLE.narrow = "eE"


def _project_reference(x: Any, transform: Any, how: Sampling) -> Any:
    columns, rows = np.arange(x.shape[2]), np.arange(x.shape[1])[:, None]
    t = [reshape(transform[:, i], (-1, 1, 1)) for i in range(8)]
    depth = t[6] * columns + t[7] * rows + 1
    right = (t[0] * columns + t[1] * rows + t[2]) / depth
    down = (t[3] * columns + t[4] * rows + t[5]) / depth
    return _sample_reference(x, stack([down, right], axis=1), how)


PROJECT = Primitive(
    "project",
    sampling.project_forward,
    lambda g, saved, needs, out, how: sampling.project_backward(g, saved, needs, how),
    rule=lambda x, transform, how: KerasTensor(x.shape, x.dtype),
    reference=_project_reference,
)
"""Images, channels last, looked up where a projection for each puts the pixels of the result."""
PROJECT.narrow = "eE"


def _projected(
    x: Tensor, transform: Tensor, interpolation: str, mode: str, value: Any, data_format: str
) -> Tensor:
    how = Sampling(_ORDERS[interpolation], mode, float(value))
    single = x.ndim == 3
    x = reshape(x, (1, *x.shape)) if single else x
    if transform.shape[0] != x.shape[0]:
        transform = broadcast_to(transform, (x.shape[0], 8))
    y = in_channels_last(x, data_format, lambda t: PROJECT(t, transform, how=how))
    return reshape(y, y.shape[1:]) if single else y


def _affine_rule(
    images: Any,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: Any = 0,
    data_format: str | None = None,
) -> KerasTensor:
    _check_affine(images, transform, interpolation, fill_mode)
    standardize_data_format(data_format)
    return KerasTensor(images.shape, images.dtype)


def _check_affine(images: Any, transform: Any, interpolation: Any, fill_mode: Any) -> None:
    _check_rank(images, "affine_transform")
    one_of(*_ORDERS).check(interpolation, "interpolation", "affine_transform")
    one_of(*FILL_MODES).check(fill_mode, "fill_mode", "affine_transform")
    if len(transform.shape) not in (1, 2) or transform.shape[-1] not in (8, None):
        expected = "8 numbers, or 8 for each image"
        raise ArgumentError("affine_transform", "transform", expected, transform)


@op(rule=_affine_rule)
def affine_transform(
    images: TensorLike,
    transform: TensorLike,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: Any = 0,
    data_format: str | None = None,
) -> Tensor:
    """Move, turn, stretch or shear images.

    Args:
        images: one image, `(height, width, channels)`, or a batch of them.
        transform: 8 numbers `a0, a1, a2, b0, b1, b2, c0, c1`, or 8 for each image, `(n, 8)`. The pixel in
            column x and row y of the result is looked up in column `a0 x + a1 y + a2` and row
            `b0 x + b1 y + b2`. The last two have no effect: see `perspective_transform`.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: what lies outside: `"constant"`; the next pixel, `"nearest"`; the other side,
            `"wrap"`; or the image mirrored, about its edge (`"reflect"`), or about the middle of its last
            pixel (`"mirror"`).
        fill_value: the constant.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        Images of the same shape and dtype.

    Raises:
        ValueError: if an argument is not as described.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> image = np.arange(4.0).reshape(1, 4, 1)
    >>> ops.image.affine_transform(image, [1, 0, 1, 0, 1, 0, 0, 0])[0, :, 0]  # one to the left
    <Tensor shape=(4,) dtype=float64 [1. 2. 3. 0.]>
    """
    x, transform = as_tensor(images), as_floating(transform)
    data_format = standardize_data_format(data_format)
    _check_affine(x, transform, interpolation, fill_mode)
    transform = transform if transform.ndim == 2 else reshape(transform, (1, 8))
    still = np.zeros((transform.shape[0], 2), transform.array.dtype)
    transform = concatenate([transform[:, :6], still], axis=1)
    return _projected(x, transform, interpolation, fill_mode, fill_value, data_format)


def _perspective_rule(
    images: Any,
    start_points: Any,
    end_points: Any,
    interpolation: str = "bilinear",
    fill_value: Any = 0,
    data_format: str | None = None,
) -> KerasTensor:
    _check_perspective(images, start_points, end_points, interpolation)
    standardize_data_format(data_format)
    return KerasTensor(images.shape, images.dtype)


def _check_perspective(images: Any, start: Any, end: Any, interpolation: Any) -> None:
    name = "perspective_transform"
    _check_rank(images, name)
    one_of(*_ORDERS).check(interpolation, "interpolation", name)
    for argument, points in (("start_points", start), ("end_points", end)):
        if len(points.shape) not in (2, 3) or tuple(points.shape[-2:]) != (4, 2):
            expected = "four corners (x, y), of shape (4, 2), or four for each image, (n, 4, 2)"
            raise ArgumentError(name, argument, expected, points)
    if tuple(start.shape) != tuple(end.shape):
        raise ArgumentError(name, "end_points", f"of the shape of start_points, {start.shape}", end)


@op(rule=_perspective_rule)
def perspective_transform(
    images: TensorLike,
    start_points: TensorLike,
    end_points: TensorLike,
    interpolation: str = "bilinear",
    fill_value: Any = 0,
    data_format: str | None = None,
) -> Tensor:
    """Show images as from another point of view.

    Args:
        images: one image, `(height, width, channels)`, or a batch of them.
        start_points: four points (x, y) of the images, `(4, 2)`, or four for each, `(n, 4, 2)`.
        end_points: where they come to lie in the result.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_value: what lies outside of the images.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        Images of the same shape and dtype.

    Raises:
        ValueError: if an argument is not as described.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> corners = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0], [3.0, 3.0]])
    >>> ops.image.perspective_transform(np.ones((4, 4, 1)), corners, corners / 3)[:, :, 0]
    <Tensor shape=(4, 4) dtype=float64
    [[1. 1. 0. 0.]
     [1. 1. 0. 0.]
     [0. 0. 0. 0.]
     [0. 0. 0. 0.]]>
    """
    x, start, end = as_tensor(images), as_floating(start_points), as_floating(end_points)
    data_format = standardize_data_format(data_format)
    _check_perspective(x, start, end, interpolation)
    start, end = [p if p.ndim == 3 else reshape(p, (1, 4, 2)) for p in (start, end)]
    transform = _homography(start, end)
    return _projected(x, transform, interpolation, "constant", fill_value, data_format)


def _homography(start: Tensor, end: Tensor) -> Tensor:
    """Return the projections, `(n, 8)`, that lead from each end point to its start point.

    With `(x, y)` the end and `(u, v)` the start: `t0 x + t1 y + t2 - u (t6 x + t7 y) = u`, and the same
    of v; two equations for each of four points.
    """
    x, y, u, v = end[..., 0], end[..., 1], start[..., 0], start[..., 1]
    zero, one = Tensor(np.zeros_like(x.array)), Tensor(np.ones_like(x.array))
    across = stack([x, y, one, zero, zero, zero, -u * x, -u * y], axis=-1)
    down = stack([zero, zero, zero, x, y, one, -v * x, -v * y], axis=-1)
    right_side = expand_dims(concatenate([u, v], axis=1), -1)
    return solve(concatenate([across, down], axis=1), right_side)[..., 0]


def _map_rule(
    inputs: Any, coordinates: Any, order: Any, fill_mode: str = "constant", fill_value: Any = 0
) -> KerasTensor:
    _check_map(inputs, coordinates, order, fill_mode)
    return KerasTensor(coordinates.shape[1:], inputs.dtype)


def _check_map(inputs: Any, coordinates: Any, order: Any, fill_mode: Any) -> None:
    one_of(0, 1).check(order, "order", "map_coordinates")
    one_of(*FILL_MODES).check(fill_mode, "fill_mode", "map_coordinates")
    if len(coordinates.shape) < 2 or coordinates.shape[0] != len(inputs.shape):
        expected = (
            f"places for each of the {len(inputs.shape)} axes, along the first of 2 axes or more"
        )
        raise ArgumentError("map_coordinates", "coordinates", expected, coordinates)


@op(rule=_map_rule)
def map_coordinates(
    inputs: TensorLike,
    coordinates: TensorLike,
    order: int,
    fill_mode: str = "constant",
    fill_value: Any = 0,
) -> Tensor:
    """Return values of an array at places between its elements.

    Args:
        inputs: tensor with any number of axes.
        coordinates: for each axis, where along it: `(axes, ...)`.
        order: 0 for the next element, 1 for linear interpolation.
        fill_mode: what lies outside, see `affine_transform`.
        fill_value: the constant.

    Returns:
        Tensor of shape `coordinates.shape[1:]`, in the dtype of `inputs`.

    Raises:
        ValueError: if an argument is not as described.

    Example:

    >>> from minikeras import ops
    >>> ops.image.map_coordinates([0.0, 10.0, 20.0], [[0.5, 1.2, 9.0]], 1, "nearest")
    <Tensor shape=(3,) dtype=float32 [ 5. 12. 20.]>
    """
    x, places = as_tensor(inputs), as_floating(coordinates)
    _check_map(x, places, order, fill_mode)
    how = Sampling(int(order), fill_mode, float(fill_value))
    x = reshape(x, (1, *x.shape, 1))
    return SAMPLE(x, reshape(places, (1, *places.shape)), how=how)[0, ..., 0]
