"""Values of images between their pixels: images moved, turned, bent, or seen from elsewhere."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import Primitive, as_tensor
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import ArgumentError, one_of
from minikeras.common.settings import standardize_data_format
from minikeras.kernels import sampling
from minikeras.kernels.sampling import FILL_MODES, Sampling
from minikeras.ops.convolution import in_channels_last
from minikeras.ops.core import cast
from minikeras.ops.elementwise import clip, floor, sign, trunc
from minikeras.ops.families import as_floating
from minikeras.ops.indexing import take, where
from minikeras.ops.joining import concatenate, stack
from minikeras.ops.matrices import solve
from minikeras.ops.resizing import check_rank
from minikeras.ops.shapes import broadcast_to, expand_dims, reshape
from minikeras.ops.symbolic import TensorLike, op

ORDERS = {"nearest": 0, "bilinear": 1}


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
    how = Sampling(ORDERS[interpolation], mode, float(value))
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
    check_rank(images, "affine_transform")
    one_of(*ORDERS).check(interpolation, "interpolation", "affine_transform")
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
    check_rank(images, name)
    one_of(*ORDERS).check(interpolation, "interpolation", name)
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
    transform = homography(start, end)
    return _projected(x, transform, interpolation, "constant", fill_value, data_format)


def homography(start: Tensor, end: Tensor) -> Tensor:
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
        expected = f"places for each of the {len(inputs.shape)} axes of `inputs`, first"
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
