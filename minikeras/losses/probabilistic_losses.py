"""Losses of probabilities, crossentropies above all."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import Fraction
from minikeras.common.settings import settings
from minikeras.common.traceback_utils import warn
from minikeras.losses import means
from minikeras.losses.loss import same_rank_pair
from minikeras.losses.loss_function_wrapper import LossFunctionWrapper, loss_function


@loss_function("kld", "KLD")
def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """Kullback-Leibler divergence: sum over the last axis of `y_true * log(y_true / y_pred)`.

    Args:
        y_true: probabilities of shape `(batch, ..., d)`, cut to `[epsilon, 1]`.
        y_pred: predicted probabilities of the same shape, cut likewise.

    Returns:
        Losses of shape `(batch, ...)`.

    Example:

    >>> from minikeras import losses
    >>> losses.kl_divergence([[0.5, 0.5]], [[0.5, 0.5]])
    <Tensor shape=(1,) dtype=float32 [0.]>
    """
    y_true, y_pred = same_rank_pair("kl_divergence", y_true, y_pred)
    y_true = ops.clip(y_true, settings.epsilon, 1)
    y_pred = ops.clip(y_pred, settings.epsilon, 1)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


class KLDivergence(LossFunctionWrapper, fn=kl_divergence):
    """Kullback-Leibler divergence: sum of `y_true * log(y_true / y_pred)`.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]))
    0.0
    """


@loss_function()
def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of `y_pred - y_true * log(y_pred)`.

    Args:
        y_true: counts of shape `(batch, ..., d)`.
        y_pred: predicted rates of the same shape.

    Returns:
        Losses of shape `(batch, ...)`.

    Example:

    >>> from minikeras import losses
    >>> losses.poisson([[3.0]], [[1.0]])
    <Tensor shape=(1,) dtype=float32 [1.]>
    """
    y_true, y_pred = same_rank_pair("poisson", y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + settings.epsilon), axis=-1)


class Poisson(LossFunctionWrapper, fn=poisson):
    """Mean of `y_pred - y_true * log(y_pred)`, for counts.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.Poisson()([[3.0]], [[1.0]]))
    0.9999996423721313
    """


@loss_function("bce", "BCE", batch_mean=means.binary_crossentropy)
def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: Fraction = 0.0,
    axis: int = -1,
) -> Tensor:
    """Cross-entropy of labels and predicted probabilities, each on its own.

    Args:
        y_true: labels in [0, 1], of shape `(batch, ..., d)`.
        y_pred: probabilities (or logits) of the same shape.
        from_logits: whether `y_pred` are logits, to which a sigmoid is applied.
        label_smoothing: how far labels are moved towards 0.5, from 0 (not at all) to 1.
        axis: axis over which the mean is taken.

    Returns:
        Losses of the shape of the inputs without `axis`.

    Example:

    >>> from minikeras import losses
    >>> losses.binary_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
    <Tensor shape=(1,) dtype=float32 [0.693147]>
    """
    y_true, y_pred = same_rank_pair("binary_crossentropy", y_true, y_pred, same=True)
    y_true = _smoothed(y_true, label_smoothing, 2)
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


class BinaryCrossentropy(LossFunctionWrapper, fn=binary_crossentropy):
    """Cross-entropy of labels and predicted probabilities, each on its own.

    Args:
        from_logits: whether predictions are logits, not probabilities.
        label_smoothing: how far labels are moved towards 0.5, from 0 to 1.
        axis: axis over which the mean of a sample is taken.
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> loss = losses.BinaryCrossentropy()
    >>> round(float(loss([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.6931
    """


@loss_function()
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: Fraction = 0.0,
    axis: int = -1,
) -> Tensor:
    """Binary cross-entropy times `(1 - p) ** gamma`, p the probability given to the right answer.

    Examples that are easy already count less.

    Args:
        y_true: labels in [0, 1], of shape `(batch, ..., d)`.
        y_pred: probabilities (or logits) of the same shape.
        apply_class_balancing: whether to weight class 1 by `alpha` and class 0 by `1 - alpha`.
        alpha: weight of class 1.
        gamma: focusing parameter; 0 is plain cross-entropy.
        from_logits: whether `y_pred` are logits.
        label_smoothing: how far labels are moved towards 0.5, from 0 to 1.
        axis: axis over which the mean is taken.

    Returns:
        Losses of the shape of the inputs without `axis`.

    Reference: Lin et al., 2018, "Focal Loss for Dense Object Detection".

    Example:

    >>> from minikeras import losses
    >>> losses.binary_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
    <Tensor shape=(1,) dtype=float32 [0.173287]>
    """
    y_true, y_pred = same_rank_pair("binary_focal_crossentropy", y_true, y_pred, same=True)
    y_true = _smoothed(y_true, label_smoothing, 2)
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    right = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    loss = ops.power(1.0 - right, gamma) * ops.binary_crossentropy(y_true, y_pred)
    if apply_class_balancing:
        loss = loss * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return ops.mean(loss, axis=axis)


class BinaryFocalCrossentropy(LossFunctionWrapper, fn=binary_focal_crossentropy):
    """Binary cross-entropy in which examples that are easy already count less.

    Args:
        apply_class_balancing: whether to weight class 1 by `alpha` and class 0 by `1 - alpha`.
        alpha: weight of class 1.
        gamma: focusing parameter; 0 is plain cross-entropy.
        from_logits: whether predictions are logits, not probabilities.
        label_smoothing: how far labels are moved towards 0.5, from 0 to 1.
        axis: axis over which the mean of a sample is taken.
        reduction, name, dtype: see `Loss`.

    Reference: Lin et al., 2018, "Focal Loss for Dense Object Detection".

    Example:

    >>> from minikeras import losses
    >>> loss = losses.BinaryFocalCrossentropy()
    >>> round(float(loss([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.1733
    """


def _check_axis(name: str, axis: Any) -> None:
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise ValueError(
            f"{name}: `axis` must be of type `int`. Received: axis={axis!r} of type {type(axis)}"
        )


def _categorical_pair(
    name: str, y_true: Any, y_pred: Any, label_smoothing: float, axis: Any, same: bool
) -> tuple[Tensor, Tensor]:
    _check_axis(name, axis)
    y_true, y_pred = same_rank_pair(name, y_true, y_pred, same=same)
    if len(y_pred.shape) and y_pred.shape[-1] == 1:
        warn(
            f"In loss {name}, expected y_pred.shape to be (batch_size, num_classes) with "
            f"num_classes > 1. Received: y_pred.shape={tuple(y_pred.shape)}. Consider using "
            "'binary_crossentropy' if you only have 2 classes.",
            SyntaxWarning,
        )
    return _smoothed(y_true, label_smoothing, y_true.shape[axis]), y_pred


def _smoothed(y_true: Tensor, smoothing: float, classes: int) -> Tensor:
    """Move labels towards even odds for all classes."""
    return y_true * (1.0 - smoothing) + smoothing / classes if smoothing else y_true


@loss_function(batch_mean=means.categorical_crossentropy)
def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: Fraction = 0.0,
    axis: int = -1,
) -> Tensor:
    """Cross-entropy of one-hot labels and predicted probabilities of classes.

    Args:
        y_true: one-hot labels (or probabilities) of shape `(batch, ..., classes)`.
        y_pred: probabilities (or logits) of the same shape.
        from_logits: whether `y_pred` are logits, to which a softmax is applied.
        label_smoothing: how much of each label is spread evenly over all classes, from 0 to 1.
        axis: axis of the classes.

    Returns:
        Losses of the shape of the inputs without `axis`.

    Example:

    >>> from minikeras import losses
    >>> losses.categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
    <Tensor shape=(1,) dtype=float32 [0.693147]>
    """
    y_true, y_pred = _categorical_pair(
        "categorical_crossentropy", y_true, y_pred, label_smoothing, axis, same=True
    )
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


class CategoricalCrossentropy(LossFunctionWrapper, fn=categorical_crossentropy):
    """Cross-entropy of one-hot labels and predicted probabilities of classes.

    Args:
        from_logits: whether predictions are logits, not probabilities.
        label_smoothing: how much of each label is spread over all classes, from 0 to 1.
        axis: axis of the classes.
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> loss = losses.CategoricalCrossentropy()
    >>> round(float(loss([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.6931
    """


@loss_function()
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: Fraction = 0.0,
    axis: int = -1,
) -> Tensor:
    """Categorical cross-entropy times `alpha * (1 - p) ** gamma`, class by class.

    Args:
        y_true: one-hot labels of shape `(batch, ..., classes)`.
        y_pred: probabilities (or logits) of the same shape.
        alpha: weight of all classes, or a list of one weight per class.
        gamma: focusing parameter; 0 is plain cross-entropy.
        from_logits: whether `y_pred` are logits.
        label_smoothing: how much of each label is spread evenly over all classes, from 0 to 1.
        axis: axis of the classes.

    Returns:
        Losses of the shape of the inputs without `axis`.

    Reference: Lin et al., 2018, "Focal Loss for Dense Object Detection".

    Example:

    >>> from minikeras import losses
    >>> losses.categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
    <Tensor shape=(1,) dtype=float32 [0.043322]>
    """
    y_true, y_pred = _categorical_pair(
        "categorical_focal_crossentropy", y_true, y_pred, label_smoothing, axis, same=False
    )
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    p = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    p = ops.clip(p, settings.epsilon, 1.0 - settings.epsilon)
    weight = ops.power(1.0 - p, gamma) * ops.convert_to_tensor(alpha, p.dtype)
    return -ops.sum(weight * y_true * ops.log(p), axis=axis)


class CategoricalFocalCrossentropy(LossFunctionWrapper, fn=categorical_focal_crossentropy):
    """Categorical cross-entropy in which examples that are easy already count less.

    Args:
        alpha: weight of all classes, or a list of one weight per class.
        gamma: focusing parameter; 0 is plain cross-entropy.
        from_logits: whether predictions are logits, not probabilities.
        label_smoothing: how much of each label is spread over all classes, from 0 to 1.
        axis: axis of the classes.
        reduction, name, dtype: see `Loss`.

    Reference: Lin et al., 2018, "Focal Loss for Dense Object Detection".

    Example:

    >>> from minikeras import losses
    >>> loss = losses.CategoricalFocalCrossentropy()
    >>> round(float(loss([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.0433
    """


@loss_function(batch_mean=means.sparse_categorical_crossentropy)
def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Tensor:
    """Cross-entropy of integer labels and predicted probabilities of classes.

    Args:
        y_true: integer labels of shape `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities (or logits) of shape `(batch, ..., classes)`.
        from_logits: whether `y_pred` are logits, to which a softmax is applied.
        ignore_class: a label that does not count: its losses are 0, and masked.
        axis: axis of the classes in `y_pred`.

    Returns:
        Losses of the shape of `y_pred` without `axis`.

    Raises:
        ValueError: if a label is not in `[0, classes)`, or shapes do not match.

    Example:

    >>> from minikeras import losses
    >>> losses.sparse_categorical_crossentropy([1, 0], [[0.5, 0.5], [0.25, 0.75]])
    <Tensor shape=(2,) dtype=float32 [0.693147 1.386294]>
    """
    _check_axis("sparse_categorical_crossentropy", axis)
    y_pred = ops.convert_to_tensor(y_pred)
    if not isinstance(y_true, KerasTensor):
        y_true = to_array(y_true)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[axis] == 1:
        y_true = ops.squeeze(y_true, axis=axis)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(
            y_true, y_pred, from_logits=from_logits, axis=axis
        )
    labels = to_array(y_true)
    valid = labels != ignore_class
    # What is ignored must not spoil the gradient, whatever was predicted there.
    y_pred = ops.where(np.expand_dims(valid, axis), y_pred, ops.ones_like(y_pred))
    loss = ops.sparse_categorical_crossentropy(
        np.where(valid, labels, 0), y_pred, from_logits=from_logits, axis=axis
    )
    loss = ops.where(valid, loss, ops.zeros_like(loss))
    loss._keras_mask = Tensor(valid)
    return loss


class SparseCategoricalCrossentropy(
    LossFunctionWrapper,
    fn=sparse_categorical_crossentropy,
    arguments=("from_logits", "ignore_class", "reduction", "axis", "name", "dtype"),
):
    """Cross-entropy of integer labels and predicted probabilities of classes.

    Args:
        from_logits: whether predictions are logits, not probabilities.
        ignore_class: a label that does not count.
        axis: axis of the classes.
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> loss = losses.SparseCategoricalCrossentropy()
    >>> round(float(loss([1], [[0.5, 0.5]])), 4)
    0.6931
    """


@loss_function()
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Tensor:
    """Generalized cross-entropy `(1 - p ** q) / q`, robust against wrong labels.

    Args:
        y_true: integer labels of shape `(batch, ...)`.
        y_pred: probabilities of shape `(batch, ..., classes)`.
        q: between 0 (cross-entropy) and 1 (mean absolute error).

    Returns:
        Losses of shape `(batch, ...)`.

    Reference: Zhang & Sabuncu, 2018, "Generalized Cross Entropy Loss for Training Deep Neural
    Networks with Noisy Labels".

    Example:

    >>> from minikeras import losses
    >>> losses.categorical_generalized_cross_entropy([1], [[0.75, 0.25]], q=0.5)
    <Tensor shape=(1,) dtype=float32 [1.]>
    """
    y_pred = ops.convert_to_tensor(y_pred)
    labels = to_array(y_true)
    if labels.ndim == len(y_pred.shape) and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if labels.shape != tuple(y_pred.shape)[:-1]:
        raise ValueError(
            "categorical_generalized_cross_entropy: `y_true` must be integer labels, one for each "
            f"row of `y_pred`. Received: y_true.shape={labels.shape}, "
            f"y_pred.shape={tuple(y_pred.shape)}"
        )
    hot = ops.one_hot(labels.astype(np.int64), y_pred.shape[-1], dtype=y_pred.dtype)
    p = ops.sum(y_pred * hot, axis=-1)
    return (1.0 - ops.power(p, q)) / q


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """Generalized cross-entropy `(1 - p ** q) / q`, robust against wrong labels.

    Args:
        q: between 0 (cross-entropy) and 1 (mean absolute error).
        reduction, name, dtype: see `Loss`.

    Raises:
        ValueError: if `q` is not between 0 and 1.

    Reference: Zhang & Sabuncu, 2018, "Generalized Cross Entropy Loss for Training Deep Neural
    Networks with Noisy Labels".

    Example:

    >>> from minikeras import losses
    >>> float(losses.CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]]))
    1.0
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise ValueError(
                f"{type(self).__name__}: `q` must be in the interval (0, 1). Received: q={q}"
            )
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)
        self.q = q
