"""Cross-entropies, fused primitives with one number per example; and the signal-to-noise ratio."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor, has_values
from minikeras.autodiff.primitive import Primitive, as_tensor, same
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import result_type
from minikeras.common.settings import settings
from minikeras.kernels import crossentropy as kernels
from minikeras.ops.activations import log_softmax, relu
from minikeras.ops.core import cast
from minikeras.ops.elementwise import abs, clip, exp, log, log1p, log10, square
from minikeras.ops.encoding import one_hot
from minikeras.ops.families import CONVERT, as_floating, np_shape, promote, same_shape
from minikeras.ops.reductions import mean, sum
from minikeras.ops.shapes import moveaxis, reshape
from minikeras.ops.symbolic import TensorLike, op


def _binary_reference(target: Tensor, p: Tensor, epsilon: float) -> Tensor:
    p = clip(p, epsilon, 1 - epsilon)
    return -(target * log(p) + (1 - target) * log(1 - p))


def _binary_logits_reference(target: Tensor, z: Tensor) -> Tensor:
    return relu(z) - z * target + log1p(exp(-abs(z)))


def _categorical_reference(target: Tensor, p: Tensor, epsilon: float) -> Tensor:
    q = clip(p / sum(p, axis=-1, keepdims=True), epsilon, 1 - epsilon)
    return -sum(target * log(q), axis=-1)


def _sparse_reference(p: Tensor, labels: Any, epsilon: float) -> Tensor:
    target = one_hot(labels, p.shape[-1], dtype=p.array.dtype)
    return _categorical_reference(target, p, epsilon)


def _sparse_logits_reference(z: Tensor, labels: Any) -> Tensor:
    target = one_hot(labels, z.shape[-1], dtype=z.array.dtype)
    return -sum(target * log_softmax(z), axis=-1)


def _without_last_axis(*xs: Any, **_: Any) -> KerasTensor:
    return KerasTensor(xs[0].shape[:-1], xs[0].dtype)


def _fused(
    name: str,
    forward: Any,
    backward: Any,
    reference: Any,
    rule: Any = _without_last_axis,
    **options: Any,
) -> Primitive:
    def without_params(g: Any, saved: Any, needs: Any, out: Any, **_: Any) -> Any:
        return backward(g, saved, needs, out)

    return Primitive(name, forward, without_params, rule, reference, **options)


_BINARY = _fused(
    "binary_crossentropy", kernels.binary_forward, kernels.binary_backward, _binary_reference, same
)
_BINARY_LOGITS = _fused(
    "binary_crossentropy_logits",
    kernels.binary_logits_forward,
    kernels.binary_logits_backward,
    _binary_logits_reference,
    same,
)
_CATEGORICAL = _fused(
    "categorical_crossentropy",
    kernels.categorical_forward,
    kernels.categorical_backward,
    _categorical_reference,
)
_CATEGORICAL_LOGITS = _fused(
    "categorical_crossentropy_logits",
    kernels.categorical_logits_forward,
    kernels.categorical_logits_backward,
    lambda target, z: -sum(target * log_softmax(z), axis=-1),
)
_SPARSE = _fused(
    "sparse_categorical_crossentropy",
    kernels.sparse_forward,
    kernels.sparse_backward,
    _sparse_reference,
)
_SPARSE_LOGITS = _fused(
    "sparse_categorical_crossentropy_logits",
    kernels.sparse_logits_forward,
    kernels.sparse_logits_backward,
    _sparse_logits_reference,
    lean=functools.partial(kernels.sparse_logits_forward, saving=False),
)


def _same_shape(name: str, target: Any, output: Any) -> None:
    if tuple(target.shape) != tuple(output.shape):
        raise ValueError(
            f"{name}: arguments `target` and `output` must have the same shape. Received: "
            f"target.shape={tuple(target.shape)}, output.shape={tuple(output.shape)}"
        )


@op
def binary_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False
) -> Tensor:
    """Cross-entropy of probabilities (or logits) and targets in [0, 1], element by element."""
    if from_logits:
        output = as_floating(output)
    target, output = promote(target, output, floating=True)
    _same_shape("binary_crossentropy", target, output)
    if from_logits:
        return _BINARY_LOGITS(target, output)
    return _BINARY(target, output, epsilon=settings.epsilon)


@op
def categorical_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """Cross-entropy of class probabilities (or logits) over `axis` and one-hot targets."""
    target, output = promote(target, as_floating(output))
    _same_shape("categorical_crossentropy", target, output)
    if output.ndim < 1:
        raise ValueError("categorical_crossentropy: `output` needs at least one axis.")
    if axis not in (-1, output.ndim - 1):
        target, output = moveaxis(target, axis, -1), moveaxis(output, axis, -1)
    if from_logits:
        return _CATEGORICAL_LOGITS(target, output)
    return _CATEGORICAL(target, output, epsilon=settings.epsilon)


def _check_labels(values: np.ndarray, classes: int) -> None:
    if values.size and (values.min() < 0 or values.max() >= classes):
        wrong = values[(values < 0) | (values >= classes)].reshape(-1)[0]
        raise ValueError(
            f"sparse_categorical_crossentropy: label {wrong} in `target` is out of range for "
            f"{classes} classes (expected 0 to {classes - 1})."
        )


def _sparse_rule(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    shape = list(np_shape(output))
    del shape[axis]
    return KerasTensor(shape, result_type(output.dtype, "float32"))


@op(rule=_sparse_rule)
def sparse_categorical_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """Cross-entropy of class probabilities (or logits) over `axis` and integer labels.

    Raises:
        ValueError: if a label is not in `[0, number of classes)`.
    """
    output = as_tensor(output)
    output = cast(output, result_type(output.dtype, "float32"))
    labels = as_tensor(target)
    if output.ndim < 1:
        raise ValueError("sparse_categorical_crossentropy: `output` needs at least one axis.")
    if axis not in (-1, output.ndim - 1):
        output = moveaxis(output, axis, -1)
    if labels.ndim == output.ndim and labels.shape[-1] == 1:
        labels = reshape(labels, labels.shape[:-1])
    if labels.shape != output.shape[:-1]:
        raise ValueError(
            "sparse_categorical_crossentropy: arguments `target` and `output` must have the same "
            f"shape up until the last dimension. Received: target.shape={labels.shape}, "
            f"output.shape={output.shape}"
        )
    if labels.array.dtype.kind not in "iu":
        labels = CONVERT(labels, dtype=np.dtype(np.int64))
    if has_values(labels.array):
        _check_labels(labels.array, output.shape[-1])
    if from_logits:
        return _SPARSE_LOGITS(output, labels)
    return _SPARSE(output, labels, epsilon=settings.epsilon)


@op
def psnr(x1: TensorLike, x2: TensorLike, max_val: float) -> Tensor:
    """Return the peak signal-to-noise ratio of two images, in decibels.

    Args:
        x1: tensor.
        x2: tensor of the same shape.
        max_val: the largest value that a pixel can have.

    Raises:
        ValueError: if shapes differ.
    """
    dtype = as_floating(x2).dtype
    x1, x2 = promote(x1, x2, floating=True)
    if not same_shape(x1.shape, x2.shape):
        raise ValueError(
            f"psnr: inputs must have one shape. Received shapes {x1.shape} and {x2.shape}."
        )
    peak = cast(20 * float(np.log10(max_val)), dtype)
    return peak - 10 * log10(mean(square(x1 - x2)))
