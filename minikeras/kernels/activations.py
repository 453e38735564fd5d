"""Activations that other kernels fuse: each knows its gradient from its own result alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

# exp(x) overflows beyond these.
_EXP_MAX = {np.dtype("float16"): 11.0, np.dtype("float32"): 88.0, np.dtype("float64"): 709.0}


def sigmoid(z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute `1 / (1 + exp(-z))`."""
    y = np.negative(z, out)
    limit = _EXP_MAX.get(y.dtype)
    if limit is not None:
        np.minimum(y, limit, out=y)
    np.exp(y, y)
    y += 1
    return np.reciprocal(y, y)


def sigmoid_backward(g: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    d = np.subtract(1, y, out)
    d *= y
    d *= g
    return d


def relu(z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute `max(z, 0)`."""
    return np.maximum(z, 0, out=out)


def relu_backward(g: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    return np.multiply(g, y > 0, out)


def tanh(z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the hyperbolic tangent."""
    return np.tanh(z, out)


def tanh_backward(g: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    d = np.multiply(y, y, out)
    np.subtract(1, d, d)
    d *= g
    return d


def softmax(z: np.ndarray, out: np.ndarray | None = None, axis: int = -1) -> np.ndarray:
    """Compute `exp(z) / sum(exp(z))` over the last axis."""
    y = np.subtract(z, np.maximum.reduce(z, axis=axis, keepdims=True), out)
    np.exp(y, y)
    y /= np.add.reduce(y, axis=axis, keepdims=True)
    return y


def softmax_backward(
    g: np.ndarray, y: np.ndarray, out: np.ndarray | None = None, axis: int = -1
) -> np.ndarray:
    d = np.multiply(g, y, out)
    d -= y * np.add.reduce(d, axis=axis, keepdims=True)
    return d


class Fused(NamedTuple):
    """An activation that a kernel can apply to its result in place.

    `forward(z, out)` and `backward(g, y, out=None)`, with y the result.
    """

    forward: Callable
    backward: Callable


FUSED: dict[str, Fused] = {
    "relu": Fused(relu, relu_backward),
    "sigmoid": Fused(sigmoid, sigmoid_backward),
    "tanh": Fused(tanh, tanh_backward),
    "softmax": Fused(softmax, softmax_backward),
}
"""Activations by name that dense, convolution and recurrent kernels can fuse."""
