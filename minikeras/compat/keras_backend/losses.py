"""Crossentropies, and normalization by batches."""

from __future__ import annotations

import math
from typing import Any

from minikeras import ops
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.common.settings import settings
from minikeras.compat.keras_backend.calls import backend, step
from minikeras.compat.keras_backend.elementwise import floating, tensor


def _clipped(output: Any) -> Any:
    return ops.clip(output, settings.epsilon, 1.0 - settings.epsilon)


def _along(output: Any, axis: int) -> Any:
    rank = len(output.shape)
    if not -rank <= axis < rank:
        raise ValueError(f"`axis` must be one of the {rank} axes of the output. Received: {axis}")
    return axis


@backend
def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """Return the crossentropy of each example.

    Args:
        target: probabilities of the classes.
        output: predicted ones, which are scaled to sum to 1, or logits.
        from_logits: whether `output` holds logits.
        axis: the axis of the classes.
    """
    output, axis = floating(output), _along(output, axis)
    target = ops.cast(tensor(target), output.dtype)
    if from_logits:
        return -ops.sum(target * ops.log_softmax(output, axis), axis=axis)
    output = _clipped(output / ops.sum(output, axis=axis, keepdims=True))
    return -ops.sum(target * ops.log(output), axis=axis)


@backend
def sparse_categorical_crossentropy(
    target: Any,
    output: Any,
    from_logits: bool = False,
    axis: int = -1,
    ignore_class: int | None = None,
) -> Any:
    """Return the crossentropy of each example, whose classes are given by number.

    Args:
        target: class numbers, of the shape of `output` without the classes (or with 1 in their place).
        output: predicted probabilities, or logits.
        from_logits: whether `output` holds logits.
        axis: the axis of the classes.
        ignore_class: a class whose examples count 0.
    """
    output, axis = floating(output), _along(output, axis)
    target = ops.cast(tensor(target), "int32")
    if axis % len(output.shape) != len(output.shape) - 1:
        output = ops.moveaxis(output, axis, -1)
    if len(target.shape) == len(output.shape):
        target = ops.squeeze(target, -1)
    logits = output if from_logits else ops.log(_clipped(output))
    known = None
    if ignore_class is not None:
        known = ops.not_equal(target, ignore_class)
        target = ops.where(known, target, 0)
    loss = ops.sparse_categorical_crossentropy(target, logits, from_logits=True)
    return loss if known is None else ops.where(known, loss, 0.0)


@backend
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """Return the crossentropy of each element.

    Args:
        target: 0 or 1, or a probability.
        output: predicted probabilities, or logits.
        from_logits: whether `output` holds logits.
    """
    output = floating(output)
    target = ops.cast(tensor(target), output.dtype)
    if from_logits:
        return ops.binary_crossentropy(target, output, from_logits=True)
    output = _clipped(output)
    yes, no = ops.log(output + settings.epsilon), ops.log(1.0 - output + settings.epsilon)
    return -(target * yes + (1.0 - target) * no)


@backend
def binary_focal_crossentropy(
    target: Any,
    output: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
) -> Any:
    """Return the crossentropy of each element, of less weight where the prediction is good.

    Args:
        target: 0 or 1.
        output: predicted probabilities, or logits.
        apply_class_balancing: whether classes are weighted, 1 by `alpha` and 0 by the rest.
        alpha: weight of class 1.
        gamma: how much less good predictions count.
        from_logits: whether `output` holds logits.
    """
    output = floating(output)
    output = ops.sigmoid(output) if from_logits else output
    target = ops.cast(tensor(target), output.dtype)
    hit = target * output + (1.0 - target) * (1.0 - output)
    loss = ops.power(1.0 - hit, gamma) * binary_crossentropy(target, output)
    if apply_class_balancing:
        loss = loss * (target * alpha + (1.0 - target) * (1.0 - alpha))
    return loss


@backend
def categorical_focal_crossentropy(
    target: Any,
    output: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    axis: int = -1,
) -> Any:
    """Return the crossentropy of each example, of less weight where the prediction is good.

    Args:
        target: probabilities of the classes.
        output: predicted ones, or logits.
        alpha: weights of the classes, or one for all.
        gamma: how much less good predictions count.
        from_logits: whether `output` holds logits.
        axis: the axis of the classes.
    """
    output = floating(output)
    output = ops.softmax(output, _along(output, axis)) if from_logits else output
    target = ops.cast(tensor(target), output.dtype)
    output = _clipped(output / ops.sum(output, axis=axis, keepdims=True))
    loss = -target * ops.log(output) * alpha * ops.power(1.0 - output, gamma)
    return ops.sum(loss, axis=axis)


# Normalization.


@backend
def batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    """Return `(x - mean) / sqrt(var + epsilon) * gamma + beta`.

    Args:
        x: tensor.
        mean: mean: one number for each place along `axis`, or what broadcasts to `x`.
        var: variance, likewise.
        beta: offset, likewise, or None.
        gamma: scale, likewise, or None.
        axis: the axis that is not averaged over.
        epsilon: what is added to variances.
    """
    x = floating(x)
    rank = len(x.shape)

    def fitting(a: Any) -> Any:
        if a is None or len(a.shape) != 1 or axis % rank == rank - 1:
            return a
        return ops.reshape(a, tuple(-1 if i == axis % rank else 1 for i in range(rank)))

    mean, var, beta, gamma = (fitting(a) for a in (mean, var, beta, gamma))
    scale = ops.rsqrt(var + epsilon)
    y = (x - mean) * (scale if gamma is None else scale * gamma)
    return y if beta is None else y + beta


@backend
def normalize_batch_in_training(
    x: Any, gamma: Any, beta: Any, reduction_axes: Any, epsilon: float = 1e-3
) -> tuple:
    """Normalize a batch by its own mean and variance.

    Args:
        x: tensor.
        gamma: scale, or None.
        beta: offset, or None.
        reduction_axes: the axes that are averaged over.
        epsilon: what is added to variances.

    Returns:
        `(normalized, mean, variance)`; for images the variance is the unbiased one, as TensorFlow's fused
        batch normalization returns it for moving averages.
    """
    x = floating(x)
    rank = len(x.shape)
    axes = tuple(a % rank for a in reduction_axes)
    mean, var = ops.mean(x, axis=axes), ops.var(x, axis=axes)
    shape = tuple(1 if i in axes else x.shape[i] for i in range(rank))
    shape = tuple(-1 if d is None else d for d in shape)

    def fitting(a: Any) -> Any:
        return a if a is None else ops.reshape(a, shape)

    y = batch_normalization(
        x, fitting(mean), fitting(var), fitting(beta), fitting(gamma), epsilon=epsilon
    )
    return y, mean, _unbiased(x) if rank == 4 and axes == (0, 1, 2) else var


@step(rule=lambda x: KerasTensor(x.shape[-1:], x.dtype))
def _unbiased(x: Any) -> Any:
    n = math.prod(x.shape[:-1])
    return ops.var(x, axis=(0, 1, 2)) * (n / max(n - 1, 1))
