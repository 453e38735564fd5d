"""Training with products of 8-bit floats.

The kernel stays in floats. It and the inputs are rounded to 4 bits of exponent and 3 of fraction before
the product, and the gradient that comes back to 5 and 2. Each of the three has a scale, found from the
largest absolute values of the last steps. Scale and values are variables whose "gradients" are the next
ones: the optimizer puts these in their place.

Source: Micikevicius et al., 2022, "FP8 Formats for Deep Learning".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import Primitive
from minikeras.autodiff.tensor import to_array
from minikeras.dtype_policies import QuantizedFloat8DTypePolicy
from minikeras.quantizers.float8 import (
    FORMATS,
    compute_float8_amax_history,
    compute_float8_scale,
    quantize_and_dequantize,
)

_FORWARD, _BACKWARD = "float8_e4m3fn", "float8_e5m2"
_PARTS = ("inputs", "kernel", "outputs_grad")

VARIABLES = tuple([f"{part}_{what}" for part in _PARTS for what in ("scale", "amax_history")])
"""Names of the variables, in the order in which they are saved."""


def build(layer: Any) -> None:
    """Create the scales and the largest absolute values of the steps before."""
    default = QuantizedFloat8DTypePolicy.default_amax_history_length
    length = getattr(layer._policy, "amax_history_length", default)
    for name in VARIABLES:
        is_scale = name.endswith("scale")
        made = layer.add_weight(
            shape=() if is_scale else (length,),
            initializer="ones" if is_scale else "zeros",
            dtype="float32",
            autocast=False,
            overwrite_with_gradient=True,
            name=name,
        )
        setattr(layer, name, made)


def product(layer: Any, inputs: Any, training: bool) -> Any:
    """Return the layer's product of rounded inputs with the rounded kernel."""
    x = _ROUNDED(inputs, layer.inputs_scale, layer.inputs_amax_history, training=training)
    kernel = _ROUNDED(
        layer.kernel, layer.kernel_scale, layer.kernel_amax_history, training=training
    )
    y = layer._product(x, kernel)
    return _WITH_ROUNDED_GRADIENT(y, layer.outputs_grad_scale, layer.outputs_grad_amax_history)


def _rounded(x: np.ndarray, scale: np.ndarray, kind: str) -> np.ndarray:
    return to_array(quantize_and_dequantize(x, scale, kind, x.dtype.name))


def _next(x: np.ndarray, scale: np.ndarray, history: np.ndarray, kind: str) -> list[np.ndarray]:
    """Return the next scale and the next largest absolute values."""
    new_scale = compute_float8_scale(history.max(), scale, np.float32(FORMATS[kind][2]))
    return [to_array(new_scale), to_array(compute_float8_amax_history(x, history))]


def _round_forward(
    x: np.ndarray, scale: np.ndarray, history: np.ndarray, training: bool
) -> tuple[np.ndarray, Any]:
    following = _next(x, scale, history, _FORWARD) if training else [None, None]
    return _rounded(x, scale, _FORWARD), following


_ROUNDED = Primitive(
    "rounded_to_float8",
    _round_forward,
    lambda g, saved, needs, out, training: [g, *saved],
    rule=lambda x, *_, **__: KerasTensor(x.shape, x.dtype),
)


def _round_gradient(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    return [_rounded(g, saved[0], _BACKWARD), *_next(g, *saved, _BACKWARD)]


_WITH_ROUNDED_GRADIENT = Primitive(
    "gradient_rounded_to_float8",
    lambda y, scale, history: (y, (scale, history)),
    _round_gradient,
    rule=lambda y, *_: KerasTensor(y.shape, y.dtype),
)


def _as_bfloat16(x: np.ndarray) -> np.ndarray:
    """Round float32 to the nearest number with 7 bits of fraction, of two to that with an even one."""
    bits = x.astype(np.float32).view(np.uint32)
    bits = bits + 0x7FFF + ((bits >> 16) & 1)
    return (bits & np.uint32(0xFFFF0000)).view(np.float32)


ROUNDED_BIAS = Primitive(
    "rounded_to_bfloat16",
    lambda x: (_as_bfloat16(x), None),
    lambda g, saved, needs, out: [_as_bfloat16(g)],
    rule=lambda x: KerasTensor(x.shape, x.dtype),
)
"""A bias in bfloat16, as float32: what processors add to products of 8-bit floats."""
