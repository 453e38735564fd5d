"""Activations that other kernels fuse: each knows its gradient from its own result alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from minikeras.kernels.memory import UNBUFFERED
from minikeras.kernels.sums import add_reduce

# exp(x) overflows beyond the first; as arrays, since NumPy makes one of every Python number.
_LIMIT_AND_ONE = {
    np.dtype(t): (np.array(limit, t), np.array(1, t))
    for t, limit in (("float16", 11), ("float32", 88), ("float64", 709))
}


def sigmoid(z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute `1 / (1 + exp(-z))`."""
    y = np.negative(z, np.empty_like(z) if out is None else out)  # 0-d too is an array then
    limit, one = _LIMIT_AND_ONE.get(y.dtype, (None, 1))
    if limit is not None:
        np.minimum(y, limit, out=y)
    np.exp(y, y)
    np.add(y, one, y)  # a single number takes three times as long with `+=`
    return np.reciprocal(y, y)


def sigmoid_backward(g: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    d = np.subtract(_LIMIT_AND_ONE.get(y.dtype, (None, 1))[1], y, out)
    d *= y
    d *= g
    return d


def relu(z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute `max(z, 0)`."""
    row = math.gcd(z.size, UNBUFFERED)
    if row < 256 or not z.flags.c_contiguous or (out is not None and not out.flags.c_contiguous):
        return np.maximum(z, 0, out=out)
    # NumPy compares two arrays with vector instructions, but not an array and a number.
    y = np.maximum(
        z.reshape(-1, row), zeros(row, z.dtype), out=None if out is None else out.reshape(-1, row)
    )
    return y.reshape(z.shape) if out is None else out


@lru_cache
def zeros(n: int, dtype: np.dtype) -> np.ndarray:
    """Return zeros that are there already; nobody may write to them."""
    return np.zeros(n, dtype)


def relu_backward(g: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    keep = (y > 0).astype(g.dtype)  # NumPy multiplies numbers faster than numbers and truths
    return np.multiply(g, keep, keep if out is None else out)


def relu6(z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute `min(max(z, 0), 6)`."""
    y = np.clip(z, 0, 6, out)
    y += 0  # of -0.0, which `clip` keeps, it makes 0.0
    return y


def relu6_backward(g: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    return np.multiply(g, (y > 0) & (y < 6), out)


def tanh(z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the hyperbolic tangent."""
    return np.tanh(z, out)


def tanh_backward(g: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    d = np.multiply(g, y, out)
    d *= y
    return np.subtract(g, d, d)  # without a number, which NumPy would make an array of first


def softmax(z: np.ndarray, out: np.ndarray | None = None, axis: int = -1) -> np.ndarray:
    """Compute `exp(z) / sum(exp(z))` over the last axis."""
    y = np.subtract(z, np.maximum.reduce(z, axis=axis, keepdims=True), out)
    np.exp(y, y)
    y /= (np.add.reduce if axis == -1 else add_reduce)(y, axis=axis, keepdims=True)
    return y


def softmax_backward(
    g: np.ndarray, y: np.ndarray, out: np.ndarray | None = None, axis: int = -1
) -> np.ndarray:
    d = np.multiply(g, y, out)
    d -= y * (np.add.reduce if axis == -1 else add_reduce)(d, axis=axis, keepdims=True)
    return d


def silu(z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute `z * sigmoid(z)`."""
    if z.dtype not in _LIMIT_AND_ONE:
        return np.multiply(z, sigmoid(z), out)
    d = np.negative(z, np.empty_like(z))
    with np.errstate(over="ignore"):  # to infinity, by which what is divided becomes zero
        np.exp(d, d)
    d += _LIMIT_AND_ONE[d.dtype][1]
    return np.divide(z, d, out)


def hard_silu(z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute `z * min(max(z / 6 + 1 / 2, 0), 1)`."""
    return np.multiply(z, np.minimum(np.maximum(z / 6 + 0.5, 0), 1), out)


@dataclass(frozen=True, eq=False)
class Fused:
    """An activation that a kernel can apply to its result in place.

    Attributes:
        name: its name.
        forward: `forward(z, out=None)`.
        backward: `backward(g, y, out=None)`, with y the result; None where that does not tell the gradient,
            so that it can be fused only where no tape follows.
    """

    name: str
    forward: Callable
    backward: Callable | None


RELU = Fused("relu", relu, relu_backward)
RELU6 = Fused("relu6", relu6, relu6_backward)
SIGMOID = Fused("sigmoid", sigmoid, sigmoid_backward)
TANH = Fused("tanh", tanh, tanh_backward)
SOFTMAX = Fused("softmax", softmax, softmax_backward)
SILU = Fused("silu", silu, None)
HARD_SILU = Fused("hard_silu", hard_silu, None)
