"""Tensors as integers of 8 and of 4 bits, with the scales that lead back."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff import Tensor
from minikeras.autodiff.tensor import to_array
from minikeras.common.arguments import ArgumentError, PositiveInt, checked
from minikeras.common.dtypes import standardize_dtype

_EPSILON = 1e-7


def abs_max_quantize(
    inputs: Any,
    axis: Any,
    value_range: tuple = (-127, 127),
    dtype: str = "int8",
    epsilon: float = _EPSILON,
    to_numpy: bool = False,
) -> tuple[Tensor, Tensor]:
    """Round a tensor to integers, so that the largest absolute value comes to the largest integer.

    Args:
        inputs: tensor of floats.
        axis: axis, or axes, along which numbers share a scale.
        value_range: smallest and largest integer.
        dtype: dtype of the integers.
        epsilon: what the largest absolute value is increased by.
        to_numpy: accepted, without effect: all is computed by NumPy here.

    Returns:
        The integers, and the scale, with axes of size 1: `inputs` is about `integers / scale`.

    Example:

    >>> from minikeras import quantizers
    >>> integers, scale = quantizers.abs_max_quantize([[1.0, -2.0], [0.5, 0.1]], axis=1)
    >>> integers.numpy().tolist()
    [[64, -127], [127, 25]]
    >>> (integers.numpy() / scale.numpy()).round(2)
    array([[ 1.01, -2.  ],
           [ 0.5 ,  0.1 ]], dtype=float32)
    """
    x = ops.convert_to_tensor(inputs)
    low, high = value_range
    largest = ops.max(ops.abs(x), axis=axis, keepdims=True)
    scale = ops.cast(ops.divide(high, ops.add(largest, epsilon)), standardize_dtype(x.dtype))
    integers = ops.clip(ops.round(ops.multiply(x, scale)), low, high)
    return ops.cast(integers, dtype), scale


@checked
def abs_max_quantize_grouped_with_zero_point(
    inputs: Any,
    block_size: PositiveInt,
    value_range: tuple = (-8, 7),
    dtype: str = "int8",
    epsilon: float = _EPSILON,
    to_numpy: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Round a matrix to integers, a few rows at a time with a scale and a zero of their own.

    Args:
        inputs: matrix of floats, `(rows, columns)`.
        block_size: number of rows that share a scale, for each column.
        value_range: smallest and largest integer.
        dtype: dtype of the integers.
        epsilon: what the range of the numbers is increased by.
        to_numpy: whether zeros also fill up a single group of fewer rows, so that 0 lies in its range.
            That is how Keras computes by NumPy, and how layers quantize.

    Returns:
        The integers, the scale and the zero points (int8), the last two `(groups, columns)`: a row of
        `inputs` is about `(integers - zero_point) * scale`.

    Raises:
        ValueError: if `inputs` is no matrix.

    Example:

    >>> import numpy as np
    >>> from minikeras import quantizers
    >>> kernel = np.linspace(0, 1, 8, dtype="float32").reshape(4, 2)
    >>> integers, scale, zero = quantizers.abs_max_quantize_grouped_with_zero_point(kernel, 2)
    >>> scale.shape, zero.numpy().tolist()
    ((2, 2), [[-8, -8], [-8, -8]])
    """
    x = to_array(ops.convert_to_tensor(inputs))
    if x.ndim != 2:
        owner = "abs_max_quantize_grouped_with_zero_point"
        raise ArgumentError(owner, "inputs", "a matrix (2 axes)", inputs)
    low, high = value_range
    rows, columns = x.shape
    groups = -(-rows // block_size)
    if not to_numpy:  # of several groups the last one is filled up by zeros, a single one is not
        block_size = min(block_size, rows)
    filled = np.zeros((groups * block_size, columns), x.dtype)
    filled[:rows] = x
    blocks = filled.reshape(groups, block_size, columns)
    least, greatest = blocks.min(axis=1), blocks.max(axis=1)
    one = x.dtype.type(1)
    flat = least == greatest
    least, greatest = np.where(flat, least - one, least), np.where(flat, greatest + one, greatest)
    scale = ((greatest - least) + x.dtype.type(epsilon)) / x.dtype.type(high - low)
    zero = np.clip(np.round(-least / scale) + low, low, high)
    integers = np.clip(np.round(blocks / scale[:, None]) + zero[:, None], low, high)
    integers = integers.astype(dtype).reshape(-1, columns)[:rows]
    return Tensor(integers), Tensor(scale), Tensor(zero.astype(np.int8))


def _checked_bytes(name: str, argument: str, x: Any, dtype: str, known: tuple) -> np.ndarray:
    if dtype not in ("int8", "uint8"):
        raise ValueError(
            f"{name}: argument `dtype` must be 'int8' or 'uint8'. Received: dtype={dtype!r}"
        )
    array = to_array(x)
    if array.dtype.name not in known:
        raise TypeError(
            f"{name}: argument `{argument}` must have the dtype {' or '.join(known)}. Received: a "
            f"tensor of {array.dtype}"
        )
    return array


def pack_int4(arr: Any, axis: int = 0, dtype: str = "int8") -> tuple[Tensor, tuple, int]:
    """Put two integers of 4 bits into each byte.

    Args:
        arr: integers from -8 to 7 (from 0 to 15 for uint8).
        axis: axis along which neighbours come together, the first of them into the lower bits.
        dtype: dtype of `arr` and of the bytes, `"int8"` or `"uint8"`.

    Returns:
        The bytes, their shape, and the size that the axis had.

    Raises:
        ValueError: for another `dtype`.
        TypeError: if `arr` has another one.

    Example:

    >>> import numpy as np
    >>> from minikeras import quantizers
    >>> packed, shape, length = quantizers.pack_int4(np.array([-3, 7, 1], "int8"))
    >>> packed.numpy().tolist(), shape, length
    ([125, 1], (2,), 3)
    """
    array = _checked_bytes("pack_int4", "arr", arr, dtype, (dtype,))
    front = np.moveaxis(array, axis, 0).view(np.uint8)
    length = len(front)
    low = front[::2] & 0x0F
    high = np.zeros_like(low)
    high[: length // 2] = front[1::2] & 0x0F
    packed = np.ascontiguousarray(np.moveaxis((low | (high << 4)).view(dtype), 0, axis))
    return Tensor(packed), packed.shape, length


def unpack_int4(packed: Any, orig_len: int, axis: int = 0, dtype: str = "int8") -> Tensor:
    """Take the integers of 4 bits out of bytes: the reverse of `pack_int4`.

    Args:
        packed: bytes, int8 or uint8.
        orig_len: size that the axis had.
        axis: the axis.
        dtype: dtype of the integers, `"int8"` (from -8 to 7) or `"uint8"` (from 0 to 15).

    Raises:
        ValueError: for another `dtype`.
        TypeError: if `packed` has another one.

    Example:

    >>> import numpy as np
    >>> from minikeras import quantizers
    >>> quantizers.unpack_int4(np.array([125, 1], "int8"), 3).numpy().tolist()
    [-3, 7, 1]
    """
    array = _checked_bytes("unpack_int4", "packed", packed, dtype, ("int8", "uint8"))
    front = np.moveaxis(array, axis, 0).view(np.uint8)
    both = np.empty((2 * len(front), *front.shape[1:]), np.uint8)
    both[::2], both[1::2] = front & 0x0F, front >> 4
    both = both[:orig_len]
    if dtype == "int8":  # the sign is the fourth bit
        both = ((both ^ 8) - 8).view(np.int8)
    return Tensor(np.ascontiguousarray(np.moveaxis(both, 0, axis)))
