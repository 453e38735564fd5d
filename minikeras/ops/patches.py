"""Moving blocks of images between space and channels."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor, elementary
from minikeras.autodiff.tensor import Tensor
from minikeras.common.settings import standardize_data_format
from minikeras.ops.joining import pad
from minikeras.ops.shapes import reshape, transpose
from minikeras.ops.symbolic import TensorLike, op


def _two(value: Any, name: str) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, (int, np.integer)) else tuple(value)
    if len(pair) != 2:
        raise ValueError(f"unfold, fold: `{name}` must be one number or two. Received: {value!r}")
    return int(pair[0]), int(pair[1])


def _count(size: Any, kernel: int, dilation: int, stride: int) -> Any:
    return None if size is None else (size - dilation * (kernel - 1) - 1) // stride + 1


def _places(shape: tuple, kernel: tuple, dilation: tuple, stride: tuple) -> tuple:
    """Return row and column of every element of every patch, `(kh, kw, rows, columns)`."""
    grids = []
    for size, k, d, s in zip(shape, kernel, dilation, stride):
        n = _count(size, k, d, s)
        grids.append(np.arange(k)[:, None] * d + np.arange(n) * s)
    rows, columns = grids
    return rows[:, None, :, None], columns[None, :, None, :]


def _read(x: np.ndarray, at: tuple, into: tuple) -> np.ndarray:
    return x[:, :, at[0], at[1]]


def _add(x: Any, at: tuple, into: tuple) -> Any:
    if isinstance(x, Tensor):
        return _ADD_PATCHES(x, at=at, into=into)
    y = np.zeros((*x.shape[:2], *into), x.dtype)
    np.add.at(y, (slice(None), slice(None), *at), x)
    return y


_PATCHES = elementary(
    "patches",
    _read,
    lambda g, at, into: _add(g, at, into),
    rule=lambda x, at, into: KerasTensor(
        (*x.shape[:2], *np.broadcast_shapes(*[a.shape for a in at])), x.dtype
    ),
)
_ADD_PATCHES = elementary(
    "add_patches",
    _add,
    lambda g, at: g[:, :, at[0], at[1]],
    rule=lambda x, at, into: KerasTensor((*x.shape[:2], *into), x.dtype),
)


def _unfold_rule(
    x: KerasTensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> KerasTensor:
    k, d = _two(kernel_size, "kernel_size"), _two(dilation, "dilation")
    p, s = _two(padding, "padding"), _two(stride, "stride")
    n, c, *space = x.shape
    counts = [_count(None if m is None else m + 2 * q, *r) for m, q, *r in zip(space, p, k, d, s)]
    total = None if None in counts else counts[0] * counts[1]
    return KerasTensor((n, None if c is None else c * k[0] * k[1], total), x.dtype)


@op(rule=_unfold_rule)
def unfold(
    x: TensorLike, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Cut images into patches that may overlap.

    Args:
        x: images, `(n, channels, height, width)`.
        kernel_size: height and width of patches, or one number for both.
        dilation: distance between the elements of a patch.
        padding: zeros added on each side.
        stride: distance between patches.

    Returns:
        Tensor of shape `(n, channels * elements of a patch, number of patches)`.

    Raises:
        ValueError: if `x` does not have four axes.
    """
    x = as_tensor(x)
    if x.ndim != 4:
        raise ValueError(f"unfold: the input must have four axes. Received shape {x.shape}.")
    k, d = _two(kernel_size, "kernel_size"), _two(dilation, "dilation")
    p, s = _two(padding, "padding"), _two(stride, "stride")
    if any(p):
        x = pad(x, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])))
    y = _PATCHES(x, at=_places(x.shape[2:], k, d, s), into=x.shape[2:])
    return reshape(y, (x.shape[0], x.shape[1] * k[0] * k[1], y.shape[4] * y.shape[5]))


def _fold_rule(
    x: KerasTensor,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> KerasTensor:
    k = _two(kernel_size, "kernel_size")
    channels = None if x.shape[1] is None else x.shape[1] // (k[0] * k[1])
    return KerasTensor((x.shape[0], channels, *_two(output_size, "output_size")), x.dtype)


@op(rule=_fold_rule)
def fold(
    x: TensorLike,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Tensor:
    """Add patches up to images again; where they overlap, their sum.

    Args:
        x: patches as `unfold` gives them, `(n, channels * elements of a patch, patches)`.
        output_size: height and width of the images.
        kernel_size, dilation, padding, stride: as `unfold` took them.

    Returns:
        Images, `(n, channels, height, width)`.

    Raises:
        ValueError: if shapes do not fit.
    """
    x = as_tensor(x)
    k, d = _two(kernel_size, "kernel_size"), _two(dilation, "dilation")
    p, s = _two(padding, "padding"), _two(stride, "stride")
    h, w = _two(output_size, "output_size")
    whole = (h + 2 * p[0], w + 2 * p[1])
    counts = tuple([_count(*r) for r in zip(whole, k, d, s)])
    if x.ndim != 3 or x.shape[1] % (k[0] * k[1]) or x.shape[2] != counts[0] * counts[1]:
        raise ValueError(
            f"fold: patches of shape {x.shape} do not make images of {(h, w)} with kernel_size="
            f"{kernel_size}, dilation={dilation}, padding={padding}, stride={stride}."
        )
    patches = reshape(x, (x.shape[0], x.shape[1] // (k[0] * k[1]), *k, *counts))
    y = _ADD_PATCHES(patches, at=_places(whole, k, d, s), into=whole)
    return y[:, :, p[0] : p[0] + h, p[1] : p[1] + w] if any(p) else y


def _image_shape(x: Any, data_format: str, name: str) -> tuple:
    if len(x.shape) != 4:
        raise ValueError(f"{name}: the input must have four axes. Received shape {x.shape}.")
    if standardize_data_format(data_format) == "channels_last":
        n, h, w, c = x.shape
    else:
        n, c, h, w = x.shape
    return n, h, w, c


def _check_block(block_size: Any, name: str) -> int:
    if not isinstance(block_size, (int, np.integer)) or block_size < 2:
        raise ValueError(
            f"{name}: `block_size` must be an integer of at least 2. Received: {block_size!r}"
        )
    return int(block_size)


def _placed(n: Any, h: Any, w: Any, c: Any, data_format: str) -> tuple:
    return (n, h, w, c) if data_format == "channels_last" else (n, c, h, w)


def _depth_shape(x: Any, block_size: Any, data_format: str) -> tuple:
    b = _check_block(block_size, "depth_to_space")
    n, h, w, c = _image_shape(x, data_format, "depth_to_space")
    if c is not None and c % b**2:
        raise ValueError(
            f"depth_to_space: the number of channels ({c}) must be divisible by block_size**2 "
            f"({b**2}). Received shape {x.shape}."
        )
    sizes = [None if d is None else d * b for d in (h, w)]
    return _placed(n, *sizes, None if c is None else c // b**2, data_format)


def _depth_rule(x: Any, block_size: int, data_format: str = "channels_last") -> KerasTensor:
    return KerasTensor(_depth_shape(x, block_size, data_format), x.dtype)


@op(rule=_depth_rule)
def depth_to_space(x: TensorLike, block_size: int, data_format: str = "channels_last") -> Tensor:
    """Lay channels out as blocks of pixels.

    Args:
        x: images, `(n, height, width, channels)`.
        block_size: height and width of a block.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        Images `block_size` times as high and wide, with as many fewer channels.

    Raises:
        ValueError: if the number of channels cannot be divided so.
    """
    x = as_tensor(x)
    shape = _depth_shape(x, block_size, data_format)
    n, h, w, c = _image_shape(x, data_format, "depth_to_space")
    b = block_size
    if data_format == "channels_last":
        blocks = transpose(reshape(x, (n, h, w, b, b, c // b**2)), (0, 1, 3, 2, 4, 5))
    else:
        blocks = transpose(reshape(x, (n, c // b**2, b, b, h, w)), (0, 1, 4, 2, 5, 3))
    return reshape(blocks, shape)


def _space_shape(x: Any, block_size: Any, data_format: str) -> tuple:
    b = _check_block(block_size, "space_to_depth")
    n, h, w, c = _image_shape(x, data_format, "space_to_depth")
    if any(d is not None and d % b for d in (h, w)):
        raise ValueError(
            f"space_to_depth: height and width must be divisible by block_size={b}. "
            f"Received shape {x.shape}."
        )
    sizes = [None if d is None else d // b for d in (h, w)]
    return _placed(n, *sizes, None if c is None else c * b**2, data_format)


def _space_rule(x: Any, block_size: int, data_format: str = "channels_last") -> KerasTensor:
    return KerasTensor(_space_shape(x, block_size, data_format), x.dtype)


@op(rule=_space_rule)
def space_to_depth(x: TensorLike, block_size: int, data_format: str = "channels_last") -> Tensor:
    """Stack the pixels of blocks up as channels; the inverse of `depth_to_space`.

    Args:
        x: images, `(n, height, width, channels)`.
        block_size: height and width of a block.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ValueError: if height or width cannot be divided into blocks.
    """
    x = as_tensor(x)
    shape = _space_shape(x, block_size, data_format)
    n, h, w, c = _image_shape(x, data_format, "space_to_depth")
    b = block_size
    if data_format == "channels_last":
        blocks = transpose(reshape(x, (n, h // b, b, w // b, b, c)), (0, 1, 3, 2, 4, 5))
    else:
        blocks = transpose(reshape(x, (n, c, h // b, b, w // b, b)), (0, 1, 3, 5, 2, 4))
    return reshape(blocks, shape)
