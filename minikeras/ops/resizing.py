"""Images of other sizes.

Kernels work on `(n, height, width, channels)`. Where channels come first and do not matter to each other,
each is an image of its own, `(n * channels, height, width, 1)`, so that nothing is transposed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor, is_known
from minikeras.autodiff.primitive import Primitive, as_tensor
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import (
    ArgumentError,
    axis_within,
    is_integer,
    one_of,
    standardize_tuple,
)
from minikeras.common.settings import standardize_data_format
from minikeras.kernels import resize as resize_kernels
from minikeras.kernels.resize import KERNELS, AxisMap
from minikeras.kernels.resize import interpolation as interpolation_map
from minikeras.ops.comparison import logical_and
from minikeras.ops.core import cast, saturate_cast
from minikeras.ops.elementwise import absolute, maximum, square
from minikeras.ops.families import as_floating, promote
from minikeras.ops.indexing import where
from minikeras.ops.joining import pad
from minikeras.ops.products import matmul
from minikeras.ops.reductions import float_dtype
from minikeras.ops.reductions import sum as sum_
from minikeras.ops.shapes import expand_dims, moveaxis, reshape
from minikeras.ops.symbolic import TensorLike, op
from minikeras.ops.trigonometry import sin


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


def check_rank(x: Any, name: str, argument: str = "images", ranks: Sequence[int] = (3, 4)) -> None:
    if len(x.shape) not in ranks:
        expected = "one image, of 3 axes, or a batch of them, of 4 axes"
        if tuple(ranks) != (3, 4):
            expected = "a tensor of " + " or ".join(map(str, ranks)) + " axes"
        raise ArgumentError(name, argument, expected, x)


def axes_of(data_format: str) -> tuple[int, int]:
    """Return the axes of height and width."""
    return (-3, -2) if data_format == "channels_last" else (-2, -1)


def each_plane(x: Tensor, data_format: str, function: Callable[[Tensor], Tensor]) -> Tensor:
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
    for axis, n in zip(axes_of(data_format), size):
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
    check_rank(images, "resize")
    one_of("nearest", *KERNELS).check(interpolation, "interpolation", "resize")
    one_of("constant").check(fill_mode, "fill_mode", "resize")
    if crop and padded:
        raise ValueError(
            "resize: only one of `crop_to_aspect_ratio` and `pad_to_aspect_ratio` can be True."
        )
    if np.ndim(size) != 1:
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
        fill_value: the value. One beyond the range of integer images wraps around, as in Keras.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        The images in their dtype; of integers what is between pixels is rounded, and cut to their range.

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
    height, width = [x.shape[i] for i in axes_of(data_format)]
    rows, columns = [
        None if old == new else interpolation_map(interpolation, old, new, antialias)
        for old, new in zip((height, width), size)
    ]
    if rows or columns:
        x = each_plane(x, data_format, lambda t: RESAMPLE(t, rows=rows, columns=columns))
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


def cut_out(x: Any, top: int, left: int, rows: int, columns: int, data_format: str) -> Any:
    """Return a part of images."""
    key = (..., slice(top, top + rows), slice(left, left + columns))
    return x[(*key, slice(None)) if data_format == "channels_last" else key]


def _middle(x: Tensor, size: tuple, data_format: str) -> Tensor:
    height, width = [x.shape[i] for i in axes_of(data_format)]
    return cut_out(x, *middle_box(height, width, size), data_format)


def _bordered(x: Tensor, size: tuple, fill_value: Any, data_format: str) -> Tensor:
    height, width = [x.shape[i] for i in axes_of(data_format)]
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


def _sides(
    images: Any, before: Any, after: Any, target: Any, axis: int, names: tuple, grows: bool
) -> tuple[Any, Any, Any]:
    """Return what is added, or cut off, before and after an axis, and its size then; None if unknown."""
    name = "pad_images" if grows else "crop_images"
    given = (before, after, target)
    for argument, value in zip(names, given):
        if value is not None and not (is_integer(value) and value >= 0):
            raise ArgumentError(name, argument, "an integer of 0 or more", value)
    if given.count(None) != 1:
        raise ValueError(
            f"{name}: exactly two of {', '.join(names)} must be given. Received: "
            + ", ".join([f"{n}={v}" for n, v in zip(names, given)])
        )
    size = images.shape[axis]
    if not is_known(size):
        return before, after, target
    sign = 1 if grows else -1
    if target is None:
        target = size + sign * (before + after)
    elif before is None:
        before = sign * (target - size) - after
    else:
        after = sign * (target - size) - before
    for argument, value in zip(names, (before, after, target)):
        if value < 0:
            raise ValueError(
                f"{name}: images of size {size} along axis {axis} leave {argument}={value}, which "
                f"must not be negative. Received: images of shape {tuple(images.shape)}, "
                + ", ".join([f"{n}={v}" for n, v in zip(names, given)])
            )
    return before, after, target


def _both_sides(images: Any, sides: tuple, data_format: str | None, grows: bool) -> list[tuple]:
    check_rank(images, "pad_images" if grows else "crop_images")
    what = "padding" if grows else "cropping"
    top, left, bottom, right, height, width = sides
    rows, columns = axes_of(standardize_data_format(data_format))
    names = [(f"top_{what}", f"bottom_{what}", "target_height")]
    names += [(f"left_{what}", f"right_{what}", "target_width")]
    return [
        _sides(images, top, bottom, height, rows, names[0], grows),
        _sides(images, left, right, width, columns, names[1], grows),
    ]


def _sides_rule(grows: bool) -> Callable:
    def rule(
        images: Any,
        top: Any = None,
        left: Any = None,
        bottom: Any = None,
        right: Any = None,
        target_height: Any = None,
        target_width: Any = None,
        data_format: str | None = None,
        **named: Any,
    ) -> KerasTensor:
        what = "padding" if grows else "cropping"
        places = {"top": top, "left": left, "bottom": bottom, "right": right}
        sides = [named.get(f"{k}_{what}", v) for k, v in places.items()]
        rows, columns = _both_sides(
            images, (*sides, target_height, target_width), data_format, grows
        )
        if not grows and None in (rows[2], columns[2]):
            axis = "height" if rows[2] is None else "width"
            raise ValueError(
                f"crop_images: `target_{axis}` must be given for images of unknown {axis}. "
                f"Received: images of shape {tuple(images.shape)}"
            )
        size = (rows[2], columns[2])
        data_format = standardize_data_format(data_format)
        return KerasTensor(_with_size(images.shape, size, data_format), images.dtype)

    return rule


@op(rule=_sides_rule(True))
def pad_images(
    images: TensorLike,
    top_padding: Any = None,
    left_padding: Any = None,
    bottom_padding: Any = None,
    right_padding: Any = None,
    target_height: Any = None,
    target_width: Any = None,
    data_format: str | None = None,
) -> Tensor:
    """Put zeros around images.

    Of top, bottom and target height exactly two are given, and of left, right and target width.

    Args:
        images: one image, `(height, width, channels)`, or a batch of them.
        top_padding, bottom_padding: rows of zeros above and below.
        left_padding, right_padding: columns of zeros to the left and right.
        target_height, target_width: size of the result.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        The larger images.

    Raises:
        ValueError: if other than two are given, or images are larger than the target.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> image = np.ones((15, 25, 3))
    >>> ops.image.pad_images(image, 2, 3, target_height=20, target_width=30).shape
    (20, 30, 3)
    """
    x = as_tensor(images)
    sides = (top_padding, left_padding, bottom_padding, right_padding, target_height, target_width)
    (top, bottom, _), (left, right, _) = _both_sides(x, sides, data_format, True)
    return pad_sides(x, (top, bottom), (left, right), standardize_data_format(data_format))


@op(rule=_sides_rule(False))
def crop_images(
    images: TensorLike,
    top_cropping: Any = None,
    left_cropping: Any = None,
    bottom_cropping: Any = None,
    right_cropping: Any = None,
    target_height: Any = None,
    target_width: Any = None,
    data_format: str | None = None,
) -> Tensor:
    """Cut borders off images.

    Of top, bottom and target height exactly two are given, and of left, right and target width.

    Args:
        images: one image, `(height, width, channels)`, or a batch of them.
        top_cropping, bottom_cropping: rows that are cut off above and below.
        left_cropping, right_cropping: columns that are cut off to the left and right.
        target_height, target_width: size of the result.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        The smaller images.

    Raises:
        ValueError: if other than two are given, or images are smaller than the target.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> image = np.ones((15, 25, 3))
    >>> ops.image.crop_images(image, 2, 3, target_height=10, target_width=20).shape
    (10, 20, 3)
    """
    x = as_tensor(images)
    sides = (
        *(top_cropping, left_cropping, bottom_cropping, right_cropping),
        *(target_height, target_width),
    )
    (top, _, rows), (left, _, columns) = _both_sides(x, sides, data_format, False)
    return cut_out(x, top, left, rows, columns, standardize_data_format(data_format))


_METHODS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), "bilinear"),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), "bicubic"),
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}


def _check_scaling(images: Any, output_shape: Any, spatial_dims: Any, method: Any) -> tuple:
    name = "scale_and_translate"
    one_of(*_METHODS).check(method, "method", name)
    if np.shape(output_shape) != (len(images.shape),):
        expected = f"a size for each of the {len(images.shape)} axes of `images`"
        raise ArgumentError(name, "output_shape", expected, output_shape)
    shape = standardize_tuple(
        tuple(output_shape), len(images.shape), "output_shape", name, allow_zero=True
    )
    return shape, tuple([axis_within(a, len(images.shape), name) for a in spatial_dims])


def _scaling_rule(
    images: Any,
    output_shape: Any,
    scale: Any,
    translation: Any,
    spatial_dims: Any,
    method: str,
    antialias: bool = True,
) -> KerasTensor:
    shape, _ = _check_scaling(images, output_shape, spatial_dims, method)
    return KerasTensor(shape, float_dtype(images.dtype))


@op(rule=_scaling_rule)
def scale_and_translate(
    images: TensorLike,
    output_shape: Any,
    scale: TensorLike,
    translation: TensorLike,
    spatial_dims: Any,
    method: str,
    antialias: bool = True,
) -> Tensor:
    """Stretch and move images along some axes.

    What is at a place of the images comes to `place * scale + translation`, where the middle of the
    first pixel is at 0.5. Places of the result that lie outside of the images are zero.

    Args:
        images: tensor of floats with any number of axes.
        output_shape: shape of the result; axes that are not named in `spatial_dims` keep their size.
        scale: a factor for each of `spatial_dims`.
        translation: how far each is moved.
        spatial_dims: the axes.
        method: `"linear"`, `"cubic"`, `"lanczos3"` or `"lanczos5"`; `"bilinear"`, `"trilinear"`,
            `"triangle"`, `"bicubic"` and `"tricubic"` are other names of the first two.
        antialias: whether smaller images are made with a wider kernel, which sees all pixels.

    Returns:
        Tensor of shape `output_shape`.

    Raises:
        ValueError: if an argument is not as described.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> ops.image.scale_and_translate(np.array([1.0, 2.0]), (4,), [2.0], [0.0], (0,), "linear")
    <Tensor shape=(4,) dtype=float64 [1.   1.25 1.75 2.  ]>
    """
    x = as_floating(images)
    shape, axes = _check_scaling(x, output_shape, spatial_dims, method)
    scale, translation = promote(as_floating(scale), as_floating(translation))
    for i, axis in enumerate(axes):
        weights = _scaling_weights(
            x.shape[axis], shape[axis], scale[i], translation[i], _METHODS[method], antialias
        )
        weights = weights if weights.dtype == x.dtype else cast(weights, x.dtype)
        x = moveaxis(matmul(moveaxis(x, axis, -1), weights), -1, axis)
    return x


def _scaling_weights(
    size: int, target: int, scale: Tensor, move: Tensor, kind: str, antialias: bool
) -> Tensor:
    """Return how much of each old pixel each new one takes, `(size, target)`."""
    factor = 1 / scale
    at = (np.arange(target) + 0.5) * factor - move * factor - 0.5
    distances = absolute(expand_dims(at, 0) - np.arange(size)[:, None])
    if antialias:
        distances = distances / maximum(factor, 1.0)
    weights = _KERNELS[kind](distances)
    total = sum_(weights, axis=0, keepdims=True)
    some = absolute(total) > 1000 * float(np.finfo(np.float32).eps)
    weights = where(some, weights / where(some, total, 1.0), 0.0)
    inner = logical_and(at >= -0.5, at <= size - 0.5)
    return where(expand_dims(inner, 0), weights, 0.0)


def _cubic(x: Tensor) -> Tensor:
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return where(x < 1, near, where(x < 2, far, 0.0))


def _lanczos(radius: int) -> Callable:
    def kernel(x: Tensor) -> Tensor:
        far = x > 1e-3
        a = np.pi * where(far, x, 1.0)
        y = where(far, radius * sin(a) * sin(a / radius) / square(a), 1.0)
        return where(x > radius, 0.0, y)

    return kernel


_KERNELS = {
    "bilinear": lambda x: maximum(1 - x, 0.0),
    "bicubic": _cubic,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}
"""The kernels of `kernels/resize.py` as functions of tensors: scales may be learned."""
