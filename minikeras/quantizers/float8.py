"""Floats of 8 bits: what a tensor loses in them, and the scales that make the best of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff import Tensor
from minikeras.autodiff.tensor import to_array
from minikeras.common.arguments import one_of

FORMATS = {"float8_e4m3fn": (3, -6, 448.0), "float8_e5m2": (2, -14, 57344.0)}
"""Bits of the fraction, smallest exponent and largest value of each format (Micikevicius et al., "FP8
Formats for Deep Learning", 2022)."""


def compute_float8_scale(amax: Any, scale: Any, dtype_max: Any, margin: int = 0) -> Any:
    """Compute by what numbers are divided before they become floats of 8 bits.

    Args:
        amax: their largest absolute value, of some steps before.
        scale: the scale that holds if `amax` is 0 or not finite.
        dtype_max: largest number of the format.
        margin: powers of 2 that are left free above.

    Example:

    >>> from minikeras import quantizers
    >>> float(quantizers.compute_float8_scale(896.0, 1.0, 448.0))
    2.0
    """
    inverse = ops.reciprocal(scale)
    usable = ops.logical_and(ops.greater(amax, 0.0), ops.isfinite(amax))
    fitting = ops.divide(ops.divide(dtype_max, ops.where(usable, amax, 1.0)), 2**margin)
    return ops.reciprocal(ops.where(usable, fitting, inverse))


def compute_float8_amax_history(x: Any, amax_history: Any) -> Any:
    """Put the largest absolute value of a tensor in front of those of the steps before.

    The oldest one goes: `(length,)` stays `(length,)`.

    Example:

    >>> import numpy as np
    >>> from minikeras import quantizers
    >>> history = np.array([3.0, 2.0, 1.0], "float32")
    >>> quantizers.compute_float8_amax_history([-5.0, 4.0], history).numpy().tolist()
    [5.0, 1.0, 3.0]
    """
    history = ops.convert_to_tensor(amax_history)
    largest = ops.cast(ops.max(ops.abs(x)), history.dtype)
    return ops.scatter_update(ops.roll(history, -1), [[0]], ops.reshape(largest, (1,)))


def rounded(x: np.ndarray, kind: str) -> np.ndarray:
    """Return the nearest numbers of a format; of two equally near the one with an even fraction.

    Numbers beyond the largest become the largest.

    Example:

    >>> rounded(np.array([0.3, 1000.0, 1e-4]), "float8_e4m3fn").tolist()
    [0.3125, 448.0, 0.0]
    """
    bits, smallest, largest = FORMATS[kind]
    _, exponent = np.frexp(x)
    step = np.ldexp(x.dtype.type(1), np.maximum(exponent - 1, smallest) - bits)
    return np.clip(np.round(x / step) * step, -largest, largest).astype(x.dtype)


def quantize_and_dequantize(
    inputs: Any, scale: Any, quantized_dtype: str, compute_dtype: str
) -> Tensor:
    """Compute what is left of a tensor if it is stored in 8 bits. Gradients go through unchanged.

    Args:
        inputs: tensor of floats.
        scale: what it is divided by before it is stored.
        quantized_dtype: `"float8_e4m3fn"` or `"float8_e5m2"`.
        compute_dtype: dtype of the result.

    Example:

    >>> from minikeras import quantizers
    >>> quantizers.quantize_and_dequantize([0.3, 500.0], 1.0, "float8_e4m3fn", "float32").numpy().tolist()
    [0.3125, 448.0]
    """
    one_of(*FORMATS).check(quantized_dtype, "quantized_dtype", "quantize_and_dequantize")
    scale = ops.cast(scale, compute_dtype)
    largest = FORMATS[quantized_dtype][2]
    x = ops.clip(ops.divide(ops.cast(inputs, compute_dtype), scale), -largest, largest)
    return ops.multiply(_rounded_tensor(x, quantized_dtype), scale)


def _rounded_tensor(x: Any, kind: str) -> Tensor:
    if x.array.dtype.itemsize >= 4:
        return _straight_through(x, kind)
    return ops.cast(_straight_through(ops.cast(x, "float32"), kind), x.dtype)


def _straight_through(x: Any, kind: str) -> Tensor:
    @ops.custom_gradient
    def through(x: Any) -> tuple[Tensor, Any]:
        return Tensor(rounded(to_array(x), kind)), lambda g: g

    return through(x)
