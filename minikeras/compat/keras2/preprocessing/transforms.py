"""Random changes of single images, on arrays, as Keras 2 drew and made them.

The draws come from NumPy's global random state, in Keras's order, so a seed gives the same images here and
there. Geometry is that of Keras 2.0 to 2.8 (`keras_preprocessing`): `tx` moves rows, `ty` columns. Later
ones mixed the two up, and moved images sideways for a `height_shift_range`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.common.extras import require
from minikeras.compat.spelling import old_function
from minikeras.utils.image_utils import array_to_img, img_to_array


def _draw(bound: float) -> float:
    return np.random.uniform(-bound, bound)


@old_function("keras.layers.RandomRotation")
def random_rotation(
    x: np.ndarray,
    rg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> np.ndarray:
    """Turn an image by a random angle.

    Args:
        x: image, three axes.
        rg: the greatest angle in degrees, either way.
        row_axis: which axis is down.
        col_axis: which axis is to the right.
        channel_axis: which axis is the channels: the first or the last.
        fill_mode: what is outside the image: `"constant"`, `"nearest"`, `"reflect"` or `"wrap"`.
        cval: the value outside, for `"constant"`.
        interpolation_order: order of the splines that interpolate, 0 to 5.

    Example:

    >>> import numpy as np
    >>> np.random.seed(0)
    >>> random_rotation(np.ones((8, 8, 3)), 30, 0, 1, 2).shape
    (8, 8, 3)
    """
    axes = (row_axis, col_axis, channel_axis)
    return affine(x, axes, (fill_mode, cval, interpolation_order), theta=_draw(rg))


@old_function("keras.layers.RandomTranslation")
def random_shift(
    x: np.ndarray,
    wrg: float,
    hrg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> np.ndarray:
    """Move an image by up to `wrg` of its width and `hrg` of its height; else as `random_rotation`."""
    axes = (row_axis, col_axis, channel_axis)
    tx = _draw(hrg) * x.shape[row_axis]
    ty = _draw(wrg) * x.shape[col_axis]
    return affine(x, axes, (fill_mode, cval, interpolation_order), tx=tx, ty=ty)


@old_function("keras.layers.RandomShear")
def random_shear(
    x: np.ndarray,
    intensity: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> np.ndarray:
    """Shear an image by up to `intensity` degrees; else as `random_rotation`."""
    axes = (row_axis, col_axis, channel_axis)
    return affine(x, axes, (fill_mode, cval, interpolation_order), shear=_draw(intensity))


@old_function("keras.layers.RandomZoom")
def random_zoom(
    x: np.ndarray,
    zoom_range: Sequence[float],
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> np.ndarray:
    """Zoom an image by two factors from `zoom_range`, for rows and columns; else as `random_rotation`."""
    if len(zoom_range) != 2:
        raise ValueError(f"random_zoom: `zoom_range` must be two floats. Received: {zoom_range!r}")
    zx, zy = draw_zoom(zoom_range)
    axes = (row_axis, col_axis, channel_axis)
    return affine(x, axes, (fill_mode, cval, interpolation_order), zx=zx, zy=zy)


def draw_zoom(zoom_range: Sequence[float]) -> tuple[float, float]:
    """Draw two factors, unless both can only be 1."""
    low, high = zoom_range
    return (1, 1) if low == 1 and high == 1 else tuple(np.random.uniform(low, high, 2))


@old_function("keras.layers.RandomBrightness")
def apply_channel_shift(x: np.ndarray, intensity: float, channel_axis: int = 0) -> np.ndarray:
    """Add a number to all values, which stay between the least and the greatest of before."""
    return channel_shift(x, intensity)


@old_function("keras.layers.RandomBrightness")
def random_channel_shift(
    x: np.ndarray, intensity_range: float, channel_axis: int = 0
) -> np.ndarray:
    """Add a random number between `-intensity_range` and `intensity_range`: `apply_channel_shift`."""
    return channel_shift(x, _draw(intensity_range))


def channel_shift(x: np.ndarray, intensity: float) -> np.ndarray:
    """Add a number, within the range of the values."""
    return np.clip(x + intensity, np.min(x), np.max(x))


@old_function("keras.layers.RandomBrightness")
def apply_brightness_shift(x: np.ndarray, brightness: float, scale: bool = True) -> np.ndarray:
    """Make an image darker or brighter.

    Args:
        x: image with 1, 3 or 4 channels.
        brightness: factor; 0 is black, 1 changes nothing.
        scale: whether values are first stretched to 0 to 255. Those that are outside of that always are,
            and without `scale` they are put back afterwards.
    """
    return brightened(x, brightness, scale)


@old_function("keras.layers.RandomBrightness")
def random_brightness(
    x: np.ndarray, brightness_range: Sequence[float], scale: bool = True
) -> np.ndarray:
    """Make an image darker or brighter by a random factor: `apply_brightness_shift`."""
    if len(brightness_range) != 2:
        raise ValueError(
            f"random_brightness: `brightness_range` must be two floats. Received: {brightness_range!r}"
        )
    return brightened(x, np.random.uniform(*brightness_range), scale)


def brightened(
    x: np.ndarray, brightness: float, scale: bool, data_format: str | None = None
) -> np.ndarray:
    """Make an image brighter, with Pillow."""
    low, high = np.min(x), np.max(x)
    outside = low < 0 or high > 255
    image = array_to_img(x, data_format, scale=outside or scale)
    image = require("PIL.ImageEnhance", "image").Brightness(image).enhance(brightness)
    y = img_to_array(image, data_format)
    return y / 255 * (high - low) + low if outside and not scale else y


@old_function("keras.ops.image.affine_transform")
def apply_affine_transform(
    x: np.ndarray,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 0,
    col_axis: int = 1,
    channel_axis: int = 2,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> np.ndarray:
    """Turn, move, shear and zoom an image.

    Args:
        x: image, three axes.
        theta: angle in degrees.
        tx: pixels up.
        ty: pixels to the left.
        shear: angle in degrees.
        zx: factor by which more of the rows is seen.
        zy: the same of columns.
        row_axis: which axis is down.
        col_axis: which axis is to the right.
        channel_axis: which axis is the channels: the first or the last.
        fill_mode: what is outside the image: `"constant"`, `"nearest"`, `"reflect"` or `"wrap"`.
        cval: the value outside, for `"constant"`.
        order: order of the splines that interpolate, 0 to 5.

    Example:

    >>> import numpy as np
    >>> apply_affine_transform(np.array([[[1.0], [2.0], [3.0]]]), ty=1)[..., 0]
    array([[2., 3., 3.]])
    """
    axes = (row_axis, col_axis, channel_axis)
    return affine(x, axes, (fill_mode, cval, order), theta, tx, ty, shear, zx, zy)


def affine(
    x: np.ndarray,
    axes: tuple[int, int, int],
    filling: tuple[str, float, int],
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
) -> np.ndarray:
    """Turn, move, shear and zoom an image.

    Args:
        x: the image.
        axes: which axes are rows, columns and channels.
        filling: mode and value of what is outside, and order of interpolation.
        theta: see `apply_affine_transform`, as for the others.
    """
    if x.ndim != 3 or sorted(axes) != [0, 1, 2] or axes[2] == 1:
        raise ValueError(
            "apply_affine_transform: `x` must be an image with three axes: rows, columns, and channels "
            f"first or last. Received: shape={x.shape}, (row_axis, col_axis, channel_axis)={axes}"
        )
    if theta == tx == ty == shear == 0 and zx == zy == 1:
        return x
    matrix = _around_middle(
        _matrix(theta, tx, ty, shear, zx, zy), x.shape[axes[0]], x.shape[axes[1]]
    )
    return _warped(x, matrix, axes[2], filling)


def _warped(
    x: np.ndarray, matrix: np.ndarray, channel_axis: int, filling: tuple[str, float, int]
) -> np.ndarray:
    from scipy import ndimage

    mode, cval, order = filling
    y = np.empty_like(x)
    for source, target in zip(np.moveaxis(x, channel_axis, 0), np.moveaxis(y, channel_axis, 0)):
        target[...] = ndimage.affine_transform(
            source, matrix[:2, :2], matrix[:2, 2], order=order, mode=mode, cval=cval
        )
    return y


def _around_middle(matrix: np.ndarray, height: float, width: float) -> np.ndarray:
    """Let a matrix turn and stretch around the middle, half a pixel further, as those Keras had it."""
    rows, columns = height / 2 + 0.5, width / 2 + 0.5
    return _shift(rows, columns) @ matrix @ _shift(-rows, -columns)


@old_function("keras.ops.image.affine_transform")
def transform_matrix_offset_center(matrix: np.ndarray, x: float, y: float) -> np.ndarray:
    """Return the matrix that does around the middle of an image what `matrix` does around a corner.

    Args:
        matrix: where a pixel comes from: 3 x 3, rows first.
        x: height of the image.
        y: width.
    """
    return _around_middle(np.asarray(matrix), x, y)


@old_function("keras.ops.image.affine_transform")
def apply_transform(
    x: np.ndarray,
    transform_matrix: np.ndarray,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
) -> np.ndarray:
    """Change an image as a matrix says.

    Args:
        x: image, three axes.
        transform_matrix: where a pixel comes from: 3 x 3, rows first.
        channel_axis: which axis is the channels.
        fill_mode: what is outside the image: `"constant"`, `"nearest"`, `"reflect"` or `"wrap"`.
        cval: the value outside, for `"constant"`.
    """
    return _warped(x, np.asarray(transform_matrix), channel_axis, (fill_mode, cval, 1))


def _shift(rows: float, columns: float) -> np.ndarray:
    return np.array([[1, 0, rows], [0, 1, columns], [0, 0, 1]])


def _matrix(theta: float, tx: float, ty: float, shear: float, zx: float, zy: float) -> np.ndarray:
    """Return where a pixel of the result comes from."""
    theta, shear = np.deg2rad(theta), np.deg2rad(shear)
    cos, sin = np.cos(theta), np.sin(theta)
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    lean = np.array([[1, -np.sin(shear), 0], [0, np.cos(shear), 0], [0, 0, 1]])
    return turn @ _shift(tx, ty) @ lean @ np.diag([zx, zy, 1])


def flip_axis(x: Any, axis: int) -> np.ndarray:
    """Turn an axis around."""
    return np.flip(np.asarray(x), axis)
