"""Neural-network ops: activations, softmax, cross-entropies, dense, one-hot."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import Primitive, as_tensor, elementary
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import floatx_dtype, to_np_dtype
from minikeras.common.settings import settings
from minikeras.kernels import activations as kernels
from minikeras.kernels import crossentropy, dense as dense_kernel
from minikeras.ops.core import cast
from minikeras.ops.elementwise import abs, exp, log, log1p, maximum, square, tanh
from minikeras.ops.families import np_shape, unary
from minikeras.ops.linalg import matmul
from minikeras.ops.reductions import max, mean, sum
from minikeras.ops.shapes import get_item, moveaxis, reshape, where
from minikeras.ops.symbolic import op

# Activations that are one primitive each.


@unary(lambda x: kernels.relu(x), lambda g, y: g * (y > 0))
def relu(x):
    """Rectified linear unit: `max(x, 0)`."""


@unary(lambda x: kernels.sigmoid(x), lambda g, y: g * y * (1 - y))
def sigmoid(x):
    """Logistic function: `1 / (1 + exp(-x))`."""


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


@unary(_softplus, lambda g, y: g * -np.expm1(-y))
def softplus(x):
    """Smooth rectifier: `log(1 + exp(x))`."""


@unary(lambda x: x / (1 + np.abs(x)), lambda g, x: g / np.square(1 + np.abs(x)))
def softsign(x):
    """Softsign: `x / (1 + |x|)`."""


@unary(lambda x: np.minimum(np.maximum(x, 0), 6), lambda g, y: g * ((y > 0) & (y < 6)))
def relu6(x):
    """Rectifier clipped at 6: `min(max(x, 0), 6)`."""


@unary(
    lambda x: np.minimum(np.maximum(x / 6 + 0.5, 0), 1), lambda g, y: g * ((y > 0) & (y < 1)) / 6
)
def hard_sigmoid(x):
    """Piecewise linear sigmoid: `clip(x / 6 + 1 / 2, 0, 1)`."""


@unary(lambda x: np.minimum(np.maximum(x, -1), 1), lambda g, y: g * ((y > -1) & (y < 1)))
def hard_tanh(x):
    """Piecewise linear tanh: `clip(x, -1, 1)`."""


_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


@unary(
    lambda x: _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * np.expm1(np.minimum(x, 0))),
    lambda g, y: g * np.where(y > 0, _SELU_SCALE * np.ones_like(y), y + _SELU_SCALE * _SELU_ALPHA),
)
def selu(x):
    """Scaled exponential linear unit (Klambauer et al., 2017)."""


def _floating(x: Any) -> Tensor:
    x = as_tensor(x)
    return x if x._value.dtype.kind in "fcV" else cast(x, floatx_dtype())


def _same_rule(x: KerasTensor, *_: Any, **__: Any) -> KerasTensor:
    keep = to_np_dtype(x.dtype).kind in "fcV"
    return KerasTensor(x.shape, x.dtype if keep else settings.floatx)


_ELU = elementary(
    "elu",
    lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    lambda g, x, alpha: g * np.where(x > 0, np.ones_like(x), alpha * np.exp(np.minimum(x, 0))),
)
_LEAKY = elementary(
    "leaky_relu",
    lambda x, slope: np.where(x > 0, x, x * np.asarray(slope, x.dtype)),
    lambda g, x, slope: g * np.where(x > 0, np.ones_like(x), np.ones_like(x) * slope),
)
_CELU = elementary(
    "celu",
    lambda x, alpha: np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) / alpha),
    lambda g, x, alpha: g * np.where(x > 0, np.ones_like(x), np.exp(np.minimum(x, 0) / alpha)),
)


@op(rule=_same_rule)
def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """Exponential linear unit: `x` where positive, else `alpha * (exp(x) - 1)`."""
    return _ELU(_floating(x), alpha=alpha)


@op(rule=_same_rule)
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """`x` where positive, else `negative_slope * x`."""
    return _LEAKY(_floating(x), slope=negative_slope)


@op(rule=_same_rule)
def celu(x: Any, alpha: float = 1.0) -> Tensor:
    """Continuously differentiable exponential linear unit."""
    return _CELU(_floating(x), alpha=alpha)


@op(rule=_same_rule)
def silu(x: Any) -> Tensor:
    """Sigmoid linear unit, or swish: `x * sigmoid(x)`."""
    x = _floating(x)
    return x * sigmoid(x)


@op(rule=_same_rule)
def hard_silu(x: Any) -> Tensor:
    """`x * hard_sigmoid(x)`."""
    x = _floating(x)
    return x * hard_sigmoid(x)


@op(rule=_same_rule)
def log_sigmoid(x: Any) -> Tensor:
    """`log(sigmoid(x))`, without overflow."""
    return -softplus(-_floating(x))


def _erf(x: np.ndarray) -> np.ndarray:
    from scipy.special import erf as scipy_erf

    return scipy_erf(x)


_TWO_OVER_SQRT_PI = 1.1283791670955126


@unary(_erf, lambda g, x: g * _TWO_OVER_SQRT_PI * np.exp(-x * x))
def erf(x):
    """Compute the error function."""


@op(rule=_same_rule)
def gelu(x: Any, approximate: bool = True) -> Tensor:
    """Gaussian error linear unit, `x * Phi(x)`, by default through tanh."""
    x = _floating(x)
    if approximate:
        return x * 0.5 * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))
    return x * 0.5 * (1 + erf(x * 0.7071067811865476))


@op(rule=_same_rule)
def tanh_shrink(x: Any) -> Tensor:
    """`x - tanh(x)`."""
    x = _floating(x)
    return x - tanh(x)


@op(rule=_same_rule)
def soft_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """Shrink towards zero by `threshold`."""
    x = _floating(x)
    return relu(x - threshold) - relu(-x - threshold)


@op(rule=_same_rule)
def hard_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """`x` where its magnitude exceeds `threshold`, else 0."""
    x = _floating(x)
    return where(np.abs(x._value) > threshold, x, Tensor(np.zeros_like(x._value)))


@op(rule=_same_rule)
def threshold(x: Any, threshold: float, default_value: float) -> Tensor:
    """`x` where it exceeds `threshold`, else `default_value`."""
    x = _floating(x)
    return where(x._value > threshold, x, Tensor(np.full_like(x._value, default_value)))


@op(rule=_same_rule)
def squareplus(x: Any, b: float = 4) -> Tensor:
    """`(x + sqrt(x**2 + b)) / 2`."""
    x = _floating(x)
    return (x + (square(x) + b) ** 0.5) * 0.5


@op(rule=_same_rule)
def sparse_plus(x: Any) -> Tensor:
    """Sparse variant of softplus: 0, a parabola, then `x`."""
    x = _floating(x)
    v = x._value
    middle = 0.25 * square(x + 1)
    return where(v <= -1, Tensor(np.zeros_like(v)), where(v < 1, middle, x))


@op(rule=_same_rule)
def sparse_sigmoid(x: Any) -> Tensor:
    """Piecewise linear sigmoid: `clip((x + 1) / 2, 0, 1)`."""
    x = _floating(x)
    return _CLIP01((x + 1) * 0.5)


_CLIP01 = elementary(
    "clip01", lambda x: np.clip(x, 0, 1), lambda g, x: g * ((x > 0) & (x < 1))
)


@op
def glu(x: Any, axis: int = -1) -> Tensor:
    """Gated linear unit: the first half times the sigmoid of the second half along `axis`."""
    x = _floating(x)
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
    return d - y * np.sum(d, axis=axis, keepdims=True)


_SOFTMAX = elementary("softmax", lambda x, axis: kernels.softmax(x, axis=axis), _softmax_vjp)


def _log_softmax(x: np.ndarray, axis: int) -> np.ndarray:
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


_LOG_SOFTMAX = elementary(
    "log_softmax",
    _log_softmax,
    lambda g, y, axis: g - np.exp(y) * np.sum(g, axis=axis, keepdims=True),
)


def _over_axes(x: Tensor, axis: Any, primitive: Any, name: str) -> Tensor:
    """Apply a softmax over one axis, several, or (None) all."""
    if x.ndim == 0:
        raise ValueError(f"{name}: the input needs at least one axis. Received a scalar.")
    if isinstance(axis, (int, np.integer)):
        if not -x.ndim <= axis < x.ndim:
            raise ValueError(f"{name}: axis {axis} is out of bounds for shape {x.shape}.")
        return primitive(x, axis=int(axis))
    if axis is None:
        return reshape(primitive(reshape(x, (-1,)), axis=-1), x.shape)
    axes = [a % x.ndim for a in axis]
    last = list(range(-len(axes), 0))
    moved = moveaxis(x, axes, last)
    flat = reshape(moved, (*moved.shape[: x.ndim - len(axes)], -1))
    return moveaxis(reshape(primitive(flat, axis=-1), moved.shape), last, axes)


@op(rule=_same_rule)
def softmax(x: Any, axis: Any = -1) -> Tensor:
    """Exponentials divided by their sum over `axis`.

    Example:

    >>> from minikeras import ops
    >>> ops.softmax([0.0, 0.0])
    <Tensor shape=(2,) dtype=float32 [0.5 0.5]>
    """
    return _over_axes(_floating(x), axis, _SOFTMAX, "softmax")


@op(rule=_same_rule)
def log_softmax(x: Any, axis: Any = -1) -> Tensor:
    """Logarithm of the softmax, without overflow."""
    return _over_axes(_floating(x), axis, _LOG_SOFTMAX, "log_softmax")


def _sparsemax(x: np.ndarray, axis: int) -> np.ndarray:
    z = np.moveaxis(x, axis, -1)
    ordered = np.sort(z, axis=-1)[..., ::-1]
    sums = np.cumsum(ordered, axis=-1)
    k = np.arange(1, z.shape[-1] + 1, dtype=z.dtype)
    support = np.sum(1 + k * ordered > sums, axis=-1, keepdims=True)
    tau = (np.take_along_axis(sums, support - 1, -1) - 1) / support.astype(z.dtype)
    return np.moveaxis(np.maximum(z - tau, 0), -1, axis)


def _sparsemax_vjp(g: Any, y: Any, axis: int) -> Any:
    inside = np.asarray(y > 0).astype(g.dtype)
    d = g * inside
    average = np.sum(d, axis=axis, keepdims=True) / np.sum(inside, axis=axis, keepdims=True)
    return inside * (d - average)


_SPARSEMAX = elementary("sparsemax", _sparsemax, _sparsemax_vjp)


@op(rule=_same_rule)
def sparsemax(x: Any, axis: int = -1) -> Tensor:
    """Projection onto the simplex: like softmax, with exact zeros (Martins & Astudillo, 2016)."""
    return _SPARSEMAX(_floating(x), axis=axis)


# Dense.


def _dense_reference(x: Tensor, kernel: Tensor, bias: Any, activation: str | None) -> Tensor:
    from minikeras.ops.symbolic import OPS

    y = matmul(x, kernel)
    y = y if bias is None else y + bias
    return y if activation is None else OPS[activation](y)


DENSE = Primitive(
    "dense",
    dense_kernel.forward,
    lambda g, saved, needs, out, activation: dense_kernel.backward(g, saved, needs, out),
    reference=_dense_reference,
    writes_out=True,
)
"""`activation(x @ kernel + bias)` in one step."""


# Cross-entropies.


def _binary_reference(target: Tensor, p: Tensor, epsilon: float) -> Tensor:
    from minikeras.ops.numpy import clip

    p = clip(p, epsilon, 1 - epsilon)
    return -(target * log(p) + (1 - target) * log(1 - p))


def _binary_logits_reference(target: Tensor, z: Tensor) -> Tensor:
    return relu(z) - z * target + log1p(exp(-abs(z)))


def _categorical_reference(target: Tensor, p: Tensor, epsilon: float) -> Tensor:
    from minikeras.ops.numpy import clip

    q = clip(p / sum(p, axis=-1, keepdims=True), epsilon, 1 - epsilon)
    return -sum(target * log(q), axis=-1)


def _sparse_reference(p: Tensor, labels: np.ndarray, epsilon: float) -> Tensor:
    target = Tensor(_one_hot(labels, p.shape[-1], p._value.dtype))
    return _categorical_reference(target, p, epsilon)


def _sparse_logits_reference(z: Tensor, labels: np.ndarray) -> Tensor:
    target = Tensor(_one_hot(labels, z.shape[-1], z._value.dtype))
    return -sum(target * log_softmax(z), axis=-1)


def _fused(name: str, module: Any, stem: str, reference: Any) -> Primitive:
    forward = getattr(module, f"{stem}_forward")
    backward = getattr(module, f"{stem}_backward")
    return Primitive(
        name,
        forward,
        lambda g, saved, needs, out, **_: backward(g, saved, needs, out),
        reference=reference,
    )


_BINARY = _fused("binary_crossentropy", crossentropy, "binary", _binary_reference)
_BINARY_LOGITS = _fused(
    "binary_crossentropy_logits", crossentropy, "binary_logits", _binary_logits_reference
)
_CATEGORICAL = _fused(
    "categorical_crossentropy", crossentropy, "categorical", _categorical_reference
)
_CATEGORICAL_LOGITS = _fused(
    "categorical_crossentropy_logits",
    crossentropy,
    "categorical_logits",
    lambda target, z: -sum(target * log_softmax(z), axis=-1),
)
_SPARSE = _fused("sparse_categorical_crossentropy", crossentropy, "sparse", _sparse_reference)
_SPARSE_LOGITS = _fused(
    "sparse_categorical_crossentropy_logits", crossentropy, "sparse_logits", _sparse_logits_reference
)


def _same_shape(name: str, target: Any, output: Any) -> None:
    if tuple(target.shape) != tuple(output.shape):
        raise ValueError(
            f"{name}: arguments `target` and `output` must have the same shape. Received: "
            f"target.shape={tuple(target.shape)}, output.shape={tuple(output.shape)}"
        )


@op(rule=lambda target, output, from_logits=False: KerasTensor(output.shape, output.dtype))
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Tensor:
    """Cross-entropy of probabilities (or logits) and targets in [0, 1], element by element."""
    output = _floating(output)
    target = cast(target, output.dtype)
    _same_shape("binary_crossentropy", target, output)
    if from_logits:
        return _BINARY_LOGITS(target, output)
    return _BINARY(target, output, epsilon=settings.epsilon)


def _drop_axis_rule(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    shape = list(np_shape(output))
    del shape[axis]
    return KerasTensor(shape, output.dtype)


@op(rule=_drop_axis_rule)
def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """Cross-entropy of class probabilities (or logits) over `axis` and one-hot targets."""
    output = _floating(output)
    target = cast(target, output.dtype)
    _same_shape("categorical_crossentropy", target, output)
    if output.ndim < 1:
        raise ValueError("categorical_crossentropy: `output` needs at least one axis.")
    if axis not in (-1, output.ndim - 1):
        target, output = moveaxis(target, axis, -1), moveaxis(output, axis, -1)
    if from_logits:
        return _CATEGORICAL_LOGITS(target, output)
    return _CATEGORICAL(target, output, epsilon=settings.epsilon)


@op(rule=_drop_axis_rule)
def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """Cross-entropy of class probabilities (or logits) over `axis` and integer labels.

    Raises:
        ValueError: if a label is not in `[0, number of classes)`.
    """
    output = _floating(output)
    labels = to_array(target)
    if output.ndim < 1:
        raise ValueError("sparse_categorical_crossentropy: `output` needs at least one axis.")
    if axis not in (-1, output.ndim - 1):
        output = moveaxis(output, axis, -1)
    if labels.ndim == output.ndim and labels.shape[-1] == 1:
        labels = labels.reshape(labels.shape[:-1])
    if labels.shape != output.shape[:-1]:
        raise ValueError(
            "sparse_categorical_crossentropy: arguments `target` and `output` must have the same "
            f"shape up until the last dimension. Received: target.shape={labels.shape}, "
            f"output.shape={output.shape}"
        )
    if labels.dtype.kind not in "iu":
        labels = labels.astype(np.int64)
    classes = output.shape[-1]
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        wrong = labels[(labels < 0) | (labels >= classes)].reshape(-1)[0]
        raise ValueError(
            f"sparse_categorical_crossentropy: label {wrong} in `target` is out of range for "
            f"{classes} classes (expected 0 to {classes - 1})."
        )
    if from_logits:
        return _SPARSE_LOGITS(output, labels=labels)
    return _SPARSE(output, labels=labels, epsilon=settings.epsilon)


def _one_hot(labels: np.ndarray, classes: int, dtype: Any) -> np.ndarray:
    return (np.asarray(labels)[..., None] == np.arange(classes)).astype(dtype)


@op
def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Tensor:
    """Turn integers into vectors of zeros with a one at their place (all zeros if out of range)."""
    if sparse:
        raise ValueError("one_hot: sparse tensors are not supported.")
    labels = to_array(x)
    if labels.dtype.kind not in "iub":
        raise ValueError(f"one_hot: `x` must be integers. Received: dtype={labels.dtype}")
    y = _one_hot(labels, num_classes, to_np_dtype(dtype))
    return Tensor(y if axis in (-1, y.ndim - 1) else np.moveaxis(y, -1, axis))


@op
def multi_hot(
    inputs: Any, num_classes: int | None = None, axis: int = -1, dtype: Any = None, **kwargs: Any
) -> Tensor:
    """Turn rows of integers into one vector each, with a one at every place that occurs."""
    num_classes = kwargs.pop("num_tokens", num_classes)
    y = one_hot(inputs, num_classes, axis=axis, dtype=dtype)._value
    reduce_axis = 1 if to_array(inputs).ndim > 1 else 0
    return Tensor(np.max(y, axis=reduce_axis))


@op
def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> tuple:
    """Return mean and variance over axes."""
    from minikeras.ops.reductions import var

    x = _floating(x)
    axes = axes if isinstance(axes, int) else tuple(axes)
    return mean(x, axis=axes, keepdims=keepdims), var(x, axis=axes, keepdims=keepdims)


@op(rule=_same_rule)
def normalize(x: Any, axis: int = -1, order: float = 2, epsilon: float | None = None) -> Tensor:
    """Divide by the norm of the given order over `axis`."""
    x = _floating(x)
    epsilon = settings.epsilon if epsilon is None else epsilon
    if not isinstance(order, (int, float)) or order < 1:
        raise ValueError(f"normalize: `order` must be at least 1. Received: order={order!r}")
    if order == 2:
        square_sum = sum(square(x), axis=axis, keepdims=True)
        return x / maximum(square_sum, epsilon**2) ** 0.5
    if order == float("inf"):
        norm = max(abs(x), axis=axis, keepdims=True)
    else:
        norm = sum(abs(x) ** order, axis=axis, keepdims=True) ** (1.0 / order)
    return x / maximum(norm, epsilon)
