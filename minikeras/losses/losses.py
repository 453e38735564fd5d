"""Losses: each a function that returns one loss per sample, and a class that reduces it."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import to_np_dtype
from minikeras.common.settings import settings
from minikeras.losses import means
from minikeras.losses.loss import LossFunctionWrapper, squeeze_or_expand_to_same_rank
from minikeras.ops.ctc import ctc_loss

# Functions.


def _pair(name: str, y_true: Any, y_pred: Any, same: bool = False) -> tuple[Tensor, Tensor]:
    """Make tensors of one dtype and rank of targets and predictions.

    Raises:
        ValueError: if their shapes do not broadcast, or (`same`) differ.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, y_pred.dtype)
    y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
    a, b = tuple(y_true.shape), tuple(y_pred.shape)
    if a != b:
        fits = (None,) if same else (None, 1)
        if (same and len(a) != len(b)) or any(
            m != n and m not in fits and n not in fits for m, n in zip(reversed(a), reversed(b))
        ):
            raise ValueError(
                f"{name}: the shapes of `y_true` and `y_pred` do not match. "
                f"Received: y_true.shape={a}, y_pred.shape={b}"
            )
    return y_true, y_pred


def _check_axis(name: str, axis: Any) -> None:
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise ValueError(
            f"{name}: `axis` must be of type `int`. Received: axis={axis!r} of type {type(axis)}"
        )


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of `(y_true - y_pred) ** 2`.

    Args:
        y_true: targets of shape `(batch, ..., d)`.
        y_pred: predictions of the same shape.

    Returns:
        Losses of shape `(batch, ...)`.

    Example:

    >>> from minikeras import losses
    >>> losses.mean_squared_error([[0.0, 1.0]], [[2.0, 1.0]])
    <Tensor shape=(1,) dtype=float32 [2.]>
    """
    y_true, y_pred = _pair("mean_squared_error", y_true, y_pred)
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of `|y_true - y_pred|`.

    Args:
        y_true: targets of shape `(batch, ..., d)`.
        y_pred: predictions of the same shape.

    Returns:
        Losses of shape `(batch, ...)`.

    Example:

    >>> from minikeras import losses
    >>> losses.mean_absolute_error([[0.0, 1.0]], [[2.0, 1.0]])
    <Tensor shape=(1,) dtype=float32 [1.]>
    """
    y_true, y_pred = _pair("mean_absolute_error", y_true, y_pred)
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of `100 * |(y_true - y_pred) / y_true|`.

    Args:
        y_true: targets of shape `(batch, ..., d)`; magnitudes below `epsilon` count as `epsilon`.
        y_pred: predictions of the same shape.

    Returns:
        Losses of shape `(batch, ...)`, in percent.

    Example:

    >>> from minikeras import losses
    >>> losses.mean_absolute_percentage_error([[10.0, 20.0]], [[9.0, 20.0]])
    <Tensor shape=(1,) dtype=float32 [5.]>
    """
    y_true, y_pred = _pair("mean_absolute_percentage_error", y_true, y_pred)
    size = ops.maximum(ops.abs(y_true), settings.epsilon)
    return ops.mean(ops.abs((y_true - y_pred) / size), axis=-1) * 100.0


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of `(log(y_true + 1) - log(y_pred + 1)) ** 2`.

    Args:
        y_true: targets of shape `(batch, ..., d)`; values below `epsilon` count as `epsilon`.
        y_pred: predictions of the same shape, treated likewise.

    Returns:
        Losses of shape `(batch, ...)`.

    Example:

    >>> from minikeras import losses
    >>> losses.mean_squared_logarithmic_error([[0.0, 3.0]], [[0.0, 3.0]])
    <Tensor shape=(1,) dtype=float32 [0.]>
    """
    y_true, y_pred = _pair("mean_squared_logarithmic_error", y_true, y_pred)
    logs = [ops.log(ops.maximum(y, settings.epsilon) + 1.0) for y in (y_true, y_pred)]
    return ops.mean(ops.square(logs[0] - logs[1]), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Cosine of the angle between targets and predictions, negated: -1 where they agree.

    Args:
        y_true: targets of shape `(batch, ..., d)`.
        y_pred: predictions of the same shape.
        axis: axis along which the vectors lie.

    Returns:
        Losses of the shape of the inputs without `axis`.

    Example:

    >>> from minikeras import losses
    >>> losses.cosine_similarity([[0.0, 1.0], [1.0, 0.0]], [[0.0, 2.0], [-1.0, 0.0]])
    <Tensor shape=(2,) dtype=float32 [-1.  1.]>
    """
    y_true, y_pred = _pair("cosine_similarity", y_true, y_pred)
    products = ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis)
    return -ops.sum(products, axis=axis)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """Huber loss: half the squared error up to `delta`, linear beyond.

    Args:
        y_true: targets of shape `(batch, ..., d)`.
        y_pred: predictions of the same shape.
        delta: the error at which the loss turns linear.

    Returns:
        Means over the last axis, of shape `(batch, ...)`.

    Reference: Huber, 1964, "Robust Estimation of a Location Parameter".

    Example:

    >>> from minikeras import losses
    >>> losses.huber([[0.0], [0.0]], [[0.5], [3.0]])
    <Tensor shape=(2,) dtype=float32 [0.125 2.5  ]>
    """
    y_true, y_pred = _pair("huber", y_true, y_pred)
    error = y_pred - y_true
    size = ops.abs(error)
    linear = size * delta - 0.5 * delta * delta
    return ops.mean(ops.where(size <= delta, ops.square(error) * 0.5, linear), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of `log(cosh(y_pred - y_true))`: smooth, and linear for large errors.

    Args:
        y_true: targets of shape `(batch, ..., d)`.
        y_pred: predictions of the same shape.

    Returns:
        Losses of shape `(batch, ...)`.

    Example:

    >>> from minikeras import losses
    >>> losses.log_cosh([[0.0, 0.0]], [[1.0, 0.0]])
    <Tensor shape=(1,) dtype=float32 [0.21689]>
    """
    y_true, y_pred = _pair("log_cosh", y_true, y_pred)
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(error * -2.0) - math.log(2.0), axis=-1)


def _signed_labels(y_true: Tensor) -> Tensor:
    """Turn labels 0 and 1 into -1 and 1, if there are no others."""
    if isinstance(y_true, KerasTensor):
        return y_true
    v = y_true.array
    return y_true * 2.0 - 1.0 if bool(np.all((v == 0) | (v == 1))) else y_true


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of `max(1 - y_true * y_pred, 0)`.

    Args:
        y_true: labels -1 and 1 (or 0 and 1) of shape `(batch, ..., d)`.
        y_pred: predictions of the same shape.

    Returns:
        Losses of shape `(batch, ...)`.

    Example:

    >>> from minikeras import losses
    >>> losses.hinge([[0.0, 1.0]], [[-2.0, 0.5]])
    <Tensor shape=(1,) dtype=float32 [0.25]>
    """
    y_true, y_pred = _pair("hinge", y_true, y_pred)
    return ops.mean(ops.maximum(1.0 - _signed_labels(y_true) * y_pred, 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of `max(1 - y_true * y_pred, 0) ** 2`.

    Args:
        y_true: labels -1 and 1 (or 0 and 1) of shape `(batch, ..., d)`.
        y_pred: predictions of the same shape.

    Returns:
        Losses of shape `(batch, ...)`.

    Example:

    >>> from minikeras import losses
    >>> losses.squared_hinge([[0.0, 1.0]], [[-2.0, 0.0]])
    <Tensor shape=(1,) dtype=float32 [0.5]>
    """
    y_true, y_pred = _pair("squared_hinge", y_true, y_pred)
    margin = ops.maximum(1.0 - _signed_labels(y_true) * y_pred, 0.0)
    return ops.mean(ops.square(margin), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """`max(neg - pos + 1, 0)`: the true class should lead every other by 1.

    Args:
        y_true: one-hot labels of shape `(batch, ..., classes)`.
        y_pred: scores of the same shape.

    Returns:
        Losses of shape `(batch, ...)`.

    Example:

    >>> from minikeras import losses
    >>> losses.categorical_hinge([[0.0, 1.0]], [[0.25, 0.75]])
    <Tensor shape=(1,) dtype=float32 [0.5]>
    """
    y_true, y_pred = _pair("categorical_hinge", y_true, y_pred)
    own = ops.sum(y_true * y_pred, axis=-1)
    other = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(other - own + 1.0, 0.0)


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
    y_true, y_pred = _pair("kl_divergence", y_true, y_pred)
    y_true = ops.clip(y_true, settings.epsilon, 1)
    y_pred = ops.clip(y_pred, settings.epsilon, 1)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


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
    y_true, y_pred = _pair("poisson", y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + settings.epsilon), axis=-1)


def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
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
    y_true, y_pred = _pair("binary_crossentropy", y_true, y_pred, same=True)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
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
    y_true, y_pred = _pair("binary_focal_crossentropy", y_true, y_pred, same=True)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    right = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    loss = ops.power(1.0 - right, gamma) * ops.binary_crossentropy(y_true, y_pred)
    if apply_class_balancing:
        loss = loss * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return ops.mean(loss, axis=axis)


def _categorical_pair(
    name: str, y_true: Any, y_pred: Any, label_smoothing: float, axis: Any, same: bool
) -> tuple[Tensor, Tensor]:
    _check_axis(name, axis)
    y_true, y_pred = _pair(name, y_true, y_pred, same=same)
    if len(y_pred.shape) and y_pred.shape[-1] == 1:
        warnings.warn(
            f"In loss {name}, expected y_pred.shape to be (batch_size, num_classes) with "
            f"num_classes > 1. Received: y_pred.shape={tuple(y_pred.shape)}. Consider using "
            "'binary_crossentropy' if you only have 2 classes.",
            SyntaxWarning,
            stacklevel=3,
        )
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[-1]
    return y_true, y_pred


def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
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


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
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


def ctc(y_true: Any, y_pred: Any) -> Tensor:
    """Connectionist temporal classification: sequences of labels that are not aligned with time.

    Args:
        y_true: labels of shape `(batch, max_length)`, from 1 up; 0 is padding, at the end.
        y_pred: logits of shape `(batch, time, classes)`; class 0 stands for no label.

    Returns:
        Losses of shape `(batch,)`.

    Raises:
        ValueError: if shapes do not match, or a label is no class.

    Reference: Graves et al., 2006, "Connectionist Temporal Classification".

    Example:

    >>> import numpy as np
    >>> from minikeras import losses
    >>> losses.ctc([[1, 0]], np.zeros((1, 2, 2), "float32"))
    <Tensor shape=(1,) dtype=float32 [0.287682]>
    """
    labels = to_array(y_true)
    shape = tuple(y_pred.shape)
    if labels.ndim != 2 or len(shape) != 3:
        raise ValueError(
            "ctc: expected `y_true` of shape (batch, max_length) and `y_pred` of shape "
            f"(batch, time, classes). Received: y_true.shape={labels.shape}, y_pred.shape={shape}"
        )
    lengths = np.count_nonzero(labels, axis=-1)
    return ctc_loss(labels, y_pred, lengths, np.full(shape[0], shape[1]))


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Tensor:
    """1 minus the Dice coefficient: twice what two regions share, over the sum of their sizes.

    Args:
        y_true: targets in [0, 1].
        y_pred: predictions of the same shape.
        axis: axes over which regions extend, all if None.

    Returns:
        A scalar, or losses of the shape of the other axes.

    Example:

    >>> from minikeras import losses
    >>> losses.dice([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])
    <Tensor shape=() dtype=float32 0.333333>
    """
    y_true, y_pred = _pair("dice", y_true, y_pred)
    shared = ops.sum(y_true * y_pred, axis=axis)
    sizes = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1.0 - shared * 2.0 / (sizes + settings.epsilon)


def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None
) -> Tensor:
    """1 minus the Tversky index, a Dice coefficient that weighs the two kinds of error.

    Args:
        y_true: targets in [0, 1].
        y_pred: predictions of the same shape.
        alpha: weight of what is in `y_true` only.
        beta: weight of what is in `y_pred` only.
        axis: axes over which regions extend, all if None.

    Returns:
        A scalar, or losses of the shape of the other axes.

    Reference: Salehi et al., 2017, "Tversky loss function for image segmentation".

    Example:

    >>> from minikeras import losses
    >>> losses.tversky([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])
    <Tensor shape=() dtype=float32 0.333333>
    """
    y_true, y_pred = _pair("tversky", y_true, y_pred)
    shared = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum(y_true * (1.0 - y_pred), axis=axis)
    added = ops.sum(y_pred * (1.0 - y_true), axis=axis)
    return 1.0 - shared / (shared + missed * alpha + added * beta + settings.epsilon)


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Tensor:
    """Circle loss: draws embeddings of one class together, the more the further apart they are.

    Args:
        y_true: integer labels of shape `(batch,)`.
        y_pred: embeddings of norm 1, of shape `(batch, d)`.
        ref_labels: labels of the embeddings to compare with, `y_true` if None.
        ref_embeddings: embeddings to compare with, `y_pred` if None.
        remove_diagonal: whether to leave out comparing sample i with reference i.
        gamma: scale.
        margin: relaxation of the boundary between classes.

    Returns:
        Losses of shape `(batch,)`; those that are 0 are masked.

    Reference: Sun et al., 2020, "Circle Loss: A Unified Perspective of Pair Similarity
    Optimization".

    Example:

    >>> from minikeras import losses
    >>> losses.circle([0, 0], [[1.0, 0.0], [1.0, 0.0]]).shape
    (2,)
    """
    y_pred = ops.convert_to_tensor(y_pred)
    labels = to_array(y_true).astype(np.int32)
    references = y_pred if ref_embeddings is None else ops.convert_to_tensor(ref_embeddings)
    ref_labels = labels if ref_labels is None else to_array(ref_labels).astype(np.int32)
    for name, label, x in (
        ("y_true", labels, y_pred),
        ("ref_labels", ref_labels, references),
    ):
        if len(x.shape) != 2 or label.size != x.shape[0]:
            raise ValueError(
                f"circle: expected embeddings of shape (batch, d) and one label for each. "
                f"Received: {name}.shape={label.shape}, embeddings of shape {tuple(x.shape)}"
            )
    if labels.size == 0 or ref_labels.size == 0:
        return ops.zeros((labels.size,), y_pred.dtype)
    same = labels.reshape(-1, 1) == ref_labels.reshape(1, -1)
    other = ~same
    if remove_diagonal:
        same = same & ~np.eye(*same.shape, dtype=bool)

    distance = ops.maximum(1.0 - ops.matmul(y_pred, ops.transpose(references)), 0.0)
    pull = (distance + margin) * (distance - margin)
    push = ops.maximum(1.0 + margin - distance, 0.0) * (1.0 - margin - distance)
    loss = ops.softplus(_logsumexp(pull * gamma, same) + _logsumexp(push * gamma, other))
    if isinstance(loss, Tensor):
        loss._keras_mask = Tensor(loss.array > 0)
    return loss


def _logsumexp(x: Tensor, where: np.ndarray) -> Tensor:
    """`log(sum(exp(x)))` of each row over some of its elements, hugely negative without any."""
    nothing = np.full(where.shape, np.finfo(to_np_dtype(x.dtype)).min / 4, to_np_dtype(x.dtype))
    return ops.logsumexp(ops.where(where, x, nothing), axis=1)


mean_squared_error.mean_over_batch = means.mean_squared_error
mean_absolute_error.mean_over_batch = means.mean_absolute_error
binary_crossentropy.mean_over_batch = means.binary_crossentropy
categorical_crossentropy.mean_over_batch = means.categorical_crossentropy
sparse_categorical_crossentropy.mean_over_batch = means.sparse_categorical_crossentropy

# Classes.


class _FunctionLoss(LossFunctionWrapper):
    """A loss of this module: its function's further arguments are attributes and its config."""

    def __init__(self, fn: Any, name: str, reduction: Any, dtype: Any, **kwargs: Any) -> None:
        super().__init__(fn, reduction=reduction, name=name, dtype=dtype, **kwargs)
        self.__dict__.update(kwargs)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class MeanSquaredError(_FunctionLoss):
    """Mean of `(y_true - y_pred) ** 2`.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.MeanSquaredError()([[0.0, 1.0]], [[2.0, 1.0]]))
    2.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_error, name, reduction, dtype)


class MeanAbsoluteError(_FunctionLoss):
    """Mean of `|y_true - y_pred|`.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.MeanAbsoluteError()([[0.0, 1.0]], [[2.0, 1.0]]))
    1.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_error, name, reduction, dtype)


class MeanAbsolutePercentageError(_FunctionLoss):
    """Mean of `100 * |(y_true - y_pred) / y_true|`.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.MeanAbsolutePercentageError()([[10.0, 20.0]], [[9.0, 20.0]]))
    5.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, name, reduction, dtype)


class MeanSquaredLogarithmicError(_FunctionLoss):
    """Mean of `(log(y_true + 1) - log(y_pred + 1)) ** 2`.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.MeanSquaredLogarithmicError()([[3.0]], [[3.0]]))
    0.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, name, reduction, dtype)


class CosineSimilarity(_FunctionLoss):
    """Cosine of the angle between targets and predictions, negated: -1 where they agree.

    Args:
        axis: axis along which the vectors lie.
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.CosineSimilarity()([[0.0, 1.0]], [[0.0, 2.0]]))
    -1.0
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, name, reduction, dtype, axis=axis)


class Huber(_FunctionLoss):
    """Half the squared error up to `delta`, linear beyond.

    Args:
        delta: the error at which the loss turns linear.
        reduction, name, dtype: see `Loss`.

    Reference: Huber, 1964, "Robust Estimation of a Location Parameter".

    Example:

    >>> from minikeras import losses
    >>> float(losses.Huber()([[0.0]], [[3.0]]))
    2.5
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(huber, name, reduction, dtype, delta=delta)


class LogCosh(_FunctionLoss):
    """Mean of `log(cosh(y_pred - y_true))`: smooth, and linear for large errors.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.LogCosh()([[2.0]], [[2.0]]))
    0.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "log_cosh",
        dtype: Any = None,
    ) -> None:
        super().__init__(log_cosh, name, reduction, dtype)


class Hinge(_FunctionLoss):
    """Mean of `max(1 - y_true * y_pred, 0)`, for labels -1 and 1 (or 0 and 1).

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.Hinge()([[0.0, 1.0]], [[-2.0, 0.5]]))
    0.25
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(hinge, name, reduction, dtype)


class SquaredHinge(_FunctionLoss):
    """Mean of `max(1 - y_true * y_pred, 0) ** 2`, for labels -1 and 1 (or 0 and 1).

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.SquaredHinge()([[0.0, 1.0]], [[-2.0, 0.0]]))
    0.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "squared_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(squared_hinge, name, reduction, dtype)


class CategoricalHinge(_FunctionLoss):
    """`max(neg - pos + 1, 0)`: the true class should lead every other by 1.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.CategoricalHinge()([[0.0, 1.0]], [[0.25, 0.75]]))
    0.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(categorical_hinge, name, reduction, dtype)


class KLDivergence(_FunctionLoss):
    """Kullback-Leibler divergence: sum of `y_true * log(y_true / y_pred)`.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]))
    0.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "kl_divergence",
        dtype: Any = None,
    ) -> None:
        super().__init__(kl_divergence, name, reduction, dtype)


class Poisson(_FunctionLoss):
    """Mean of `y_pred - y_true * log(y_pred)`, for counts.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.Poisson()([[3.0]], [[1.0]]))
    0.9999996423721313
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "poisson",
        dtype: Any = None,
    ) -> None:
        super().__init__(poisson, name, reduction, dtype)


class BinaryCrossentropy(_FunctionLoss):
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

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_crossentropy,
            name,
            reduction,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class BinaryFocalCrossentropy(_FunctionLoss):
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

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_focal_crossentropy,
            name,
            reduction,
            dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class CategoricalCrossentropy(_FunctionLoss):
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

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_crossentropy,
            name,
            reduction,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class CategoricalFocalCrossentropy(_FunctionLoss):
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

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_focal_crossentropy,
            name,
            reduction,
            dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class SparseCategoricalCrossentropy(_FunctionLoss):
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

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy,
            name,
            reduction,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )


class CategoricalGeneralizedCrossEntropy(_FunctionLoss):
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
        super().__init__(categorical_generalized_cross_entropy, name, reduction, dtype, q=q)


class Dice(_FunctionLoss):
    """1 minus the Dice coefficient, which compares regions.

    Args:
        axis: axes over which regions extend, all if None.
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> loss = losses.Dice()
    >>> round(float(loss([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])), 4)
    0.3333
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dice, name, reduction, dtype, axis=axis)


class Tversky(_FunctionLoss):
    """1 minus the Tversky index, which weighs the two kinds of error.

    Args:
        alpha: weight of what is in targets only.
        beta: weight of what is in predictions only.
        axis: axes over which regions extend, all if None.
        reduction, name, dtype: see `Loss`.

    Reference: Salehi et al., 2017, "Tversky loss function for image segmentation".

    Example:

    >>> from minikeras import losses
    >>> loss = losses.Tversky()
    >>> round(float(loss([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])), 4)
    0.3333
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(tversky, name, reduction, dtype, alpha=alpha, beta=beta, axis=axis)


class Circle(_FunctionLoss):
    """Circle loss of embeddings of norm 1 and their integer labels.

        Args:
            gamma: scale.
            margin: relaxation of the boundary between classes.
            remove_diagonal: whether to leave out comparing each sample with itself.
            reduction, name, dtype: see `Loss`.

        Reference: Sun et al., 2020, "Circle Loss: A Unified Perspective of Pair Similarity
    Optimization".

        Example:

        >>> from minikeras import losses
        >>> float(losses.Circle()([0, 1], [[1.0, 0.0], [0.0, 1.0]]))
        0.0
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            circle,
            name,
            reduction,
            dtype,
            gamma=gamma,
            margin=margin,
            remove_diagonal=remove_diagonal,
        )


class CTC(_FunctionLoss):
    """Connectionist temporal classification loss of sequences that are not aligned with time.

    Args:
        reduction, name, dtype: see `Loss`.

    Reference: Graves et al., 2006, "Connectionist Temporal Classification".

    Example:

    >>> import numpy as np
    >>> from minikeras import losses
    >>> round(float(losses.CTC()([[1, 0]], np.zeros((1, 2, 2)))), 4)
    0.2877
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "ctc",
        dtype: Any = None,
    ) -> None:
        super().__init__(ctc, name, reduction, dtype)
