"""Activations, and the softmax family."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import Primitive, elementary, same, sum_over
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import axis_within
from minikeras.common.dtypes import to_np_dtype
from minikeras.common.settings import settings
from minikeras.common.traceback_utils import warn
from minikeras.kernels import activations as kernels
from minikeras.kernels import gelu as gelu_kernel
from minikeras.kernels.sums import add_accumulate
from minikeras.ops.elementwise import absolute, square
from minikeras.ops.families import as_floating, unary
from minikeras.ops.indexing import get_item, where
from minikeras.ops.math import erf
from minikeras.ops.shapes import moveaxis, reshape
from minikeras.ops.symbolic import TensorLike, op, probed
from minikeras.ops.trigonometry import tanh

# Activations that are one primitive each.


@unary(lambda x: kernels.relu(x), lambda g, y: g * (y > 0), floating=False, numeric=True)
def relu(x: TensorLike) -> Tensor:
    """Rectified linear unit: `max(x, 0)`."""


@unary(lambda x: kernels.sigmoid(x), lambda g, y: g * y * (1 - y), costly=True)
def sigmoid(x: TensorLike) -> Tensor:
    """Logistic function: `1 / (1 + exp(-x))`."""


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


@unary(_softplus, lambda g, y: g * -np.expm1(-y), costly=True)
def softplus(x: TensorLike) -> Tensor:
    """Smooth rectifier: `log(1 + exp(x))`."""


@unary(lambda x: x / (1 + np.abs(x)), lambda g, x: g / np.square(1 + np.abs(x)), costly=True)
def softsign(x: TensorLike) -> Tensor:
    """Softsign: `x / (1 + |x|)`."""


@unary(lambda x: np.minimum(np.maximum(x, 0), 6), lambda g, y: g * ((y > 0) & (y < 6)))
def relu6(x: TensorLike) -> Tensor:
    """Rectifier clipped at 6: `min(max(x, 0), 6)`."""


@unary(
    lambda x: np.minimum(np.maximum(x / 6 + 0.5, 0), 1), lambda g, y: g * ((y > 0) & (y < 1)) / 6
)
def hard_sigmoid(x: TensorLike) -> Tensor:
    """Piecewise linear sigmoid: `clip(x / 6 + 1 / 2, 0, 1)`."""


def _hard_tanh(x: np.ndarray) -> np.ndarray:
    low = 0 if x.dtype.kind == "u" else -1
    return np.minimum(np.maximum(x, low), 1)


@unary(_hard_tanh, lambda g, x: g * ((x >= -1) & (x <= 1)), floating=False, numeric=True)
def hard_tanh(x: TensorLike) -> Tensor:
    """Piecewise linear tanh: `clip(x, -1, 1)`."""


_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


@unary(
    lambda x: _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * np.expm1(np.minimum(x, 0))),
    lambda g, y: g * np.where(y > 0, _SELU_SCALE * np.ones_like(y), y + _SELU_SCALE * _SELU_ALPHA),
    costly=True,
)
def selu(x: TensorLike) -> Tensor:
    """Scaled exponential linear unit (Klambauer et al., 2017)."""


def same_float_rule(x: KerasTensor, *_: Any, **__: Any) -> KerasTensor:
    keep = to_np_dtype(x.dtype).kind in "fcV"
    return KerasTensor(x.shape, x.dtype if keep else settings.floatx)


_ELU = elementary(
    "elu",
    lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    lambda g, x, alpha: g * np.where(x > 0, np.ones_like(x), alpha * np.exp(np.minimum(x, 0))),
    rule=same,
    costly=True,
)
_LEAKY = elementary(
    "leaky_relu",
    lambda x, slope: np.where(x > 0, x, x * np.asarray(slope, x.dtype)),
    lambda g, x, slope: g * np.where(x >= 0, np.ones_like(x), np.ones_like(x) * slope),
    rule=same,
)
_CELU = elementary(
    "celu",
    lambda x, alpha: np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) / alpha),
    lambda g, x, alpha: g * np.where(x > 0, np.ones_like(x), np.exp(np.minimum(x, 0) / alpha)),
    rule=same,
    costly=True,
)


@op
def elu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """Exponential linear unit: `x` where positive, else `alpha * (exp(x) - 1)`."""
    return _ELU(as_floating(x), alpha=alpha)


@op
def leaky_relu(x: TensorLike, negative_slope: float = 0.2) -> Tensor:
    """`x` where positive, else `negative_slope * x`."""
    return _LEAKY(as_floating(x), slope=negative_slope)


@op
def celu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """Continuously differentiable exponential linear unit."""
    return _CELU(as_floating(x), alpha=alpha)


def _sigmoid(x: Any) -> Any:
    return sigmoid(x) if isinstance(x, Tensor) else kernels.sigmoid(x)


def _silu_vjp(g: Any, x: Any, y: Any) -> Any:
    s = _sigmoid(x)
    return g * (s + y * (1 - s))


@unary(lambda x: kernels.silu(x), _silu_vjp, costly=True)
def silu(x: TensorLike) -> Tensor:
    """Sigmoid linear unit, or swish: `x * sigmoid(x)`."""


def _hard_silu_vjp(g: Any, x: Any) -> Any:
    return g * ((x > -3) * (x < 3) * (x / 3 + 0.5) + (x >= 3))


@unary(lambda x: kernels.hard_silu(x), _hard_silu_vjp, costly=True)
def hard_silu(x: TensorLike) -> Tensor:
    """`x * hard_sigmoid(x)`."""


@unary(
    lambda x: np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))),
    lambda g, y: g * -np.expm1(y),
    costly=True,
)
def log_sigmoid(x: TensorLike) -> Tensor:
    """`log(sigmoid(x))`, without overflow."""


@unary(lambda x: x - np.tanh(x), lambda g, x, y: g * np.square(x - y), costly=True)
def tanh_shrink(x: TensorLike) -> Tensor:
    """`x - tanh(x)`."""


_SQRT_TWO_OVER_PI = 0.7978845608028654


def _gelu_reference(x: Tensor, exact: bool) -> Tensor:
    if exact:
        return (erf(x * math.sqrt(0.5)) + 1) * x * 0.5
    return (tanh((x * x * 0.044715 + 1) * x * _SQRT_TWO_OVER_PI) + 1) * x * 0.5


def _gelu(name: str, exact: bool) -> Primitive:
    def backward(g: Any, slope: Any, needs: Any, out: Any) -> list:
        return [gelu_kernel.backward(g, slope)]

    forward = functools.partial(gelu_kernel.forward, exact=exact)
    return Primitive(
        name,
        forward,
        backward,
        same,
        functools.partial(_gelu_reference, exact=exact),
        lean=functools.partial(forward, saving=False),
    )


_GELU, _GELU_TANH = _gelu("gelu", True), _gelu("gelu_tanh", False)


@op
def gelu(x: TensorLike, approximate: bool = True) -> Tensor:
    """Gaussian error linear unit, `x * Phi(x)` (Hendrycks & Gimpel, 2016).

    Args:
        x: tensor.
        approximate: whether to compute it through tanh instead of the error function.
    """
    return (_GELU_TANH if approximate else _GELU)(as_floating(x))


@op
def soft_shrink(x: TensorLike, threshold: float = 0.5) -> Tensor:
    """Shrink towards zero by `threshold`."""
    x = as_floating(x)
    return relu(x - threshold) - relu(-x - threshold)


@op
def hard_shrink(x: TensorLike, threshold: float = 0.5) -> Tensor:
    """`x` where its magnitude exceeds `threshold`, else 0."""
    x = as_floating(x)
    return where(absolute(x) > threshold, x, 0.0)


@op
def threshold(x: TensorLike, threshold: float, default_value: float) -> Tensor:
    """`x` where it exceeds `threshold`, else `default_value`."""
    x = as_floating(x)
    return where(x > threshold, x, default_value)


@op
def squareplus(x: TensorLike, b: float = 4) -> Tensor:
    """`(x + sqrt(x**2 + b)) / 2`."""
    x = as_floating(x)
    return (x + (square(x) + b) ** 0.5) * 0.5


@op
def sparse_plus(x: TensorLike) -> Tensor:
    """Sparse variant of softplus: 0, a parabola, then `x`."""
    x = as_floating(x)
    middle = 0.25 * square(x + 1)
    return where(x <= -1, 0.0, where(x < 1, middle, x))


@op
def sparse_sigmoid(x: TensorLike) -> Tensor:
    """Piecewise linear sigmoid: `clip((x + 1) / 2, 0, 1)`."""
    x = as_floating(x)
    return _CLIP01((x + 1) * 0.5)


_CLIP01 = elementary(
    "clip01", lambda x: np.clip(x, 0, 1), lambda g, x: g * ((x > 0) & (x < 1)), rule=same
)


@probed
def glu(x: TensorLike, axis: int = -1) -> Tensor:
    """Gated linear unit: the first half times the sigmoid of the second half along `axis`."""
    x = as_floating(x)
    axis_within(axis, x.ndim, "glu")
    if x.shape[axis] % 2:
        raise ValueError(f"glu: axis {axis} must have an even size. Received shape {x.shape}.")
    half = x.shape[axis] // 2
    index = [slice(None)] * x.ndim
    index[axis] = slice(half)
    a = get_item(x, tuple(index))
    index[axis] = slice(half, None)
    return a * sigmoid(get_item(x, tuple(index)))


def _softmax_vjp(g: Any, y: Any, axis: int) -> Any:
    d = g * y
    return d - y * sum_over(d, axis, keepdims=True)


_SOFTMAX = elementary(
    "softmax", lambda x, axis: kernels.softmax(x, axis=axis), _softmax_vjp, rule=same
)


def _log_softmax(x: np.ndarray, axis: int) -> np.ndarray:
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(sum_over(np.exp(shifted), axis, keepdims=True))


_LOG_SOFTMAX = elementary(
    "log_softmax",
    _log_softmax,
    lambda g, y, axis: g - np.exp(y) * sum_over(g, axis, keepdims=True),
    rule=same,
)


def _over_axes(x: Tensor, axis: Any, primitive: Any, name: str) -> Tensor:
    """Apply a softmax over one axis, several, or (None) all."""
    if x.ndim == 0:
        raise ValueError(f"{name}: the input needs at least one axis. Received a scalar.")
    single = isinstance(axis, (int, np.integer))
    axes = [axis_within(a, x.ndim, name) for a in ((axis,) if single else axis or ())]
    if x.array.size == 0:
        return x
    if single:
        return primitive(x, axis=int(axis))
    if axis is None:
        return reshape(primitive(reshape(x, (-1,)), axis=-1), x.shape)
    last = list(range(-len(axes), 0))
    moved = moveaxis(x, axes, last)
    kept = moved.shape[: x.ndim - len(axes)]
    flat = reshape(moved, (*kept, math.prod(moved.shape[len(kept) :])))
    return moveaxis(reshape(primitive(flat, axis=-1), moved.shape), last, axes)


@op(rule=same_float_rule)
def softmax(x: TensorLike, axis: Any = -1) -> Tensor:
    """Exponentials divided by their sum over `axis`.

    Example:

    >>> from minikeras import ops
    >>> ops.softmax([0.0, 0.0])
    <Tensor shape=(2,) dtype=float32 [0.5 0.5]>
    """
    y = _over_axes(as_floating(x), axis, _SOFTMAX, "softmax")
    if isinstance(axis, (int, np.integer)) and y.shape[axis] == 1:
        warn_of_constant_softmax(y.shape, axis)
    return y


def warn_of_constant_softmax(shape: tuple, axis: int) -> None:
    """Warn of a softmax over one number, which is 1 whatever the number is."""
    warn(
        f"You are using a softmax over axis {axis} of a tensor of shape {tuple(shape)}. This axis has "
        "size 1, so every result is 1. For one output that is a probability, use a sigmoid."
    )


@op(rule=same_float_rule)
def log_softmax(x: TensorLike, axis: Any = -1) -> Tensor:
    """Logarithm of the softmax, without overflow."""
    return _over_axes(as_floating(x), axis, _LOG_SOFTMAX, "log_softmax")


def _sparsemax(x: np.ndarray, axis: int) -> np.ndarray:
    z = np.moveaxis(x, axis, -1)
    ordered = np.sort(z, axis=-1)[..., ::-1]
    sums = add_accumulate(ordered, -1)
    k = np.arange(1, z.shape[-1] + 1, dtype=z.dtype)
    support = np.sum(1 + k * ordered > sums, axis=-1, keepdims=True)
    tau = (np.take_along_axis(sums, support - 1, -1) - 1) / support.astype(z.dtype)
    return np.moveaxis(np.maximum(z - tau, 0), -1, axis)


def _sparsemax_vjp(g: Any, y: Any, axis: int) -> Any:
    inside = np.asarray(y > 0).astype(g.dtype)
    d = g * inside
    average = sum_over(d, axis, keepdims=True) / sum_over(inside, axis, keepdims=True)
    return inside * (d - average)


_SPARSEMAX = elementary("sparsemax", _sparsemax, _sparsemax_vjp, rule=same)


@op
def sparsemax(x: TensorLike, axis: int = -1) -> Tensor:
    """Projection onto the simplex: like softmax, with exact zeros (Martins & Astudillo, 2016)."""
    return _over_axes(as_floating(x), axis, _SPARSEMAX, "sparsemax")


FUSED_AS_OPS = {
    kernels.RELU: relu,
    kernels.RELU6: relu6,
    kernels.SIGMOID: sigmoid,
    kernels.TANH: tanh,
    kernels.SOFTMAX: softmax,
}
"""What activations that kernels apply are on tensors, for gradients of gradients."""
