"""Images as arrays and as files: reading, writing, resizing. Pillow does the work."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from minikeras import ops
from minikeras.common.dtypes import is_float
from minikeras.common.extras import require
from minikeras.common.settings import floatx, standardize_data_format
from minikeras.common.traceback_utils import warn
from minikeras.kernels.resize import KERNELS
from minikeras.ops.image import middle_box

if TYPE_CHECKING:
    from PIL.Image import Image

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
"""How Pillow may resize."""


def _pillow() -> Any:
    return require("PIL.Image", "image")


def array_to_img(
    x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None
) -> Image:
    """Make a Pillow image of an array.

    Args:
        x: array of shape `(height, width, channels)` with 1, 3 or 4 channels: grey, RGB or RGBA.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        scale: whether to stretch the values, so that the least becomes 0 and the greatest 255. If not,
            they are cut to whole numbers as they are.
        dtype: dtype to compute in, `floatx()` if None.

    Returns:
        A `PIL.Image.Image`. One channel with values above 255 gives an image of 32-bit integers.

    Raises:
        ValueError: if `x` has another shape.

    Example:

    >>> import numpy as np
    >>> from minikeras.utils import array_to_img
    >>> array_to_img(np.zeros((2, 3, 1))).size
    (3, 2)
    """
    pillow = _pillow()
    x = np.asarray(x, dtype=dtype or floatx())
    if x.ndim != 3:
        raise ValueError(
            f"array_to_img: `x` must be one image, of rank 3. Received: shape={x.shape}"
        )
    if standardize_data_format(data_format) == "channels_first":
        x = x.transpose(1, 2, 0)
    if scale:
        x = x - np.min(x)
        greatest = np.max(x)
        if greatest != 0:
            x /= greatest
        x *= 255
    channels = x.shape[2]
    if channels in (3, 4):
        return pillow.fromarray(_as(np.uint8, x))
    if channels != 1:
        raise ValueError(
            f"array_to_img: `x` must have 1, 3 or 4 channels. Received: shape={x.shape}"
        )
    grey = x[:, :, 0]
    return pillow.fromarray(_as(np.int32 if np.max(x) > 255 else np.uint8, grey))


def _as(dtype: type, x: np.ndarray) -> np.ndarray:
    """Cut to whole numbers; what is outside the range wraps around, as Keras has it."""
    if x.dtype.kind == "f" and dtype is np.uint8:
        with np.errstate(invalid="ignore"):
            return x.astype(np.int64).astype(np.uint8)
    return x.astype(dtype)


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """Make an array of a Pillow image.

    Args:
        img: the image.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        dtype: dtype of the result, `floatx()` if None.

    Returns:
        Array of shape `(height, width, channels)`, or `(channels, height, width)`.

    Raises:
        ValueError: if `img` is something of another rank.

    Example:

    >>> import numpy as np
    >>> from minikeras.utils import array_to_img, img_to_array
    >>> img_to_array(array_to_img(np.eye(2)[..., None])).tolist()
    [[[255.0], [0.0]], [[0.0], [255.0]]]
    """
    first = standardize_data_format(data_format) == "channels_first"
    x = np.asarray(img, dtype=dtype or floatx())
    if x.ndim == 2:
        return x[None] if first else x[:, :, None]
    if x.ndim != 3:
        raise ValueError(f"img_to_array: `img` must be an image. Received: shape={x.shape}")
    return x.transpose(2, 0, 1) if first else x


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array to a file as an image.

    Args:
        path: path, or an open file.
        x: array of shape `(height, width, channels)` with 1, 3 or 4 channels.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        file_format: `"png"`, `"jpeg"`, ...; by default what the path ends with. An open file needs it.
        scale: whether to stretch the values to 0 to 255; see `array_to_img`.
        **kwargs: for `PIL.Image.Image.save`: `quality=95`.
    """
    if file_format is None and isinstance(path, (str, os.PathLike)):
        file_format = os.path.splitext(path)[1][1:].lower() or None
    if file_format is not None and file_format.lower() == "jpg":
        file_format = "jpeg"
    image = array_to_img(x, data_format, scale)
    if image.mode == "RGBA" and file_format is not None and file_format.lower() == "jpeg":
        warn("save_img: JPEG has no transparency; it is left out.")
        image = image.convert("RGB")
    image.save(path, format=file_format, **kwargs)


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Image:
    """Read an image file.

    Args:
        path: path, or a `BytesIO` of the file.
        color_mode: `"rgb"`, `"rgba"` or `"grayscale"`. Grey images of 16 or 32 bits stay such.
        target_size: `(height, width)` to resize to; as it is if None.
        interpolation: how: `"nearest"`, `"bilinear"`, `"bicubic"`, `"hamming"`, `"box"` or `"lanczos"`.
        keep_aspect_ratio: whether to resize only the largest part in the middle that has the proportions
            of `target_size`, rather than distort the whole.

    Returns:
        A `PIL.Image.Image`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if `color_mode` or `interpolation` is none of these.
        TypeError: if `path` is neither.
    """
    pillow = _pillow()
    if color_mode not in ("grayscale", "rgb", "rgba"):
        raise ValueError(
            "load_img: `color_mode` must be 'grayscale', 'rgb' or 'rgba'. "
            f"Received: color_mode={color_mode!r}"
        )
    if isinstance(path, io.BytesIO):
        image = pillow.open(path)
    elif isinstance(path, (str, bytes, os.PathLike)):
        with open(path, "rb") as file:
            image = pillow.open(io.BytesIO(file.read()))
    else:
        raise TypeError(f"load_img: `path` must be a path or a BytesIO. Received: {path!r}")
    if color_mode == "grayscale":
        if image.mode not in ("L", "I;16", "I"):
            image = image.convert("L")
    elif image.mode != color_mode.upper():
        image = image.convert(color_mode.upper())
    if target_size is None:
        return image
    height, width = target_size
    if image.size == (width, height):
        return image
    if interpolation not in INTERPOLATIONS:
        raise ValueError(
            f"load_img: `interpolation` must be one of {list(INTERPOLATIONS)}. "
            f"Received: interpolation={interpolation!r}"
        )
    box = None
    if keep_aspect_ratio:
        top, left, rows, columns = middle_box(image.height, image.width, target_size)
        box = (left, top, left + columns, top + rows)
    return image.resize((width, height), pillow.Resampling[interpolation.upper()], box=box)


def smart_resize(
    x: Any,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    data_format: str = "channels_last",
) -> Any:
    """Resize images without distorting them: what does not fit is cut off on both sides.

    Args:
        x: array or tensor of shape `(height, width, channels)` or `(batch, height, width, channels)`.
        size: `(height, width)` of the result.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`. It looks at
            the pixels next to each place only, however much smaller the result is.
        data_format: `"channels_last"`, or `"channels_first"`.

    Returns:
        The images, as an array or tensor like `x`; floats unless `interpolation` is `"nearest"`.

    Raises:
        ValueError: if an argument is not as described.

    Example:

    >>> import numpy as np
    >>> from minikeras.preprocessing.image import smart_resize
    >>> smart_resize(np.ones((340, 500, 3)), (200, 200)).shape
    (200, 200, 3)
    """
    if len(size) != 2:
        raise ValueError(f"smart_resize: `size` must be (height, width). Received: size={size!r}")
    if interpolation not in ("nearest", *KERNELS):
        raise ValueError(
            f"smart_resize: `interpolation` must be one of {['nearest', *KERNELS]}. "
            f"Received: interpolation={interpolation!r}"
        )
    y = ops.convert_to_tensor(x)
    if len(y.shape) not in (3, 4):
        raise ValueError(
            "smart_resize: `x` must be an image (height, width, channels), or a batch of them. "
            f"Received: shape={tuple(y.shape)}"
        )
    if interpolation != "nearest" and not is_float(y.dtype):
        y = ops.cast(y, floatx())
    y = ops.image.resize(y, size, interpolation, crop_to_aspect_ratio=True, data_format=data_format)
    return y if ops.is_tensor(x) else np.asarray(y)
