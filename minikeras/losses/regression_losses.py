"""Errors of regression."""

from __future__ import annotations

import math
from typing import Any

from minikeras import ops
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import NonNegative
from minikeras.common.settings import settings
from minikeras.losses import means
from minikeras.losses.loss import same_rank_pair
from minikeras.losses.loss_function_wrapper import LossFunctionWrapper, loss_function


@loss_function("mse", "MSE", batch_mean=means.mean_squared_error)
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
    y_true, y_pred = same_rank_pair("mean_squared_error", y_true, y_pred)
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


class MeanSquaredError(LossFunctionWrapper, fn=mean_squared_error):
    """Mean of `(y_true - y_pred) ** 2`.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.MeanSquaredError()([[0.0, 1.0]], [[2.0, 1.0]]))
    2.0
    """


@loss_function("mae", "MAE", batch_mean=means.mean_absolute_error)
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
    y_true, y_pred = same_rank_pair("mean_absolute_error", y_true, y_pred)
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


class MeanAbsoluteError(LossFunctionWrapper, fn=mean_absolute_error):
    """Mean of `|y_true - y_pred|`.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.MeanAbsoluteError()([[0.0, 1.0]], [[2.0, 1.0]]))
    1.0
    """


@loss_function("mape", "MAPE")
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
    y_true, y_pred = same_rank_pair("mean_absolute_percentage_error", y_true, y_pred)
    size = ops.maximum(ops.abs(y_true), settings.epsilon)
    return ops.mean(ops.abs((y_true - y_pred) / size), axis=-1) * 100.0


class MeanAbsolutePercentageError(LossFunctionWrapper, fn=mean_absolute_percentage_error):
    """Mean of `100 * |(y_true - y_pred) / y_true|`.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.MeanAbsolutePercentageError()([[10.0, 20.0]], [[9.0, 20.0]]))
    5.0
    """


@loss_function("msle", "MSLE")
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
    y_true, y_pred = same_rank_pair("mean_squared_logarithmic_error", y_true, y_pred)
    logs = [ops.log(ops.maximum(y, settings.epsilon) + 1.0) for y in (y_true, y_pred)]
    return ops.mean(ops.square(logs[0] - logs[1]), axis=-1)


class MeanSquaredLogarithmicError(LossFunctionWrapper, fn=mean_squared_logarithmic_error):
    """Mean of `(log(y_true + 1) - log(y_pred + 1)) ** 2`.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.MeanSquaredLogarithmicError()([[3.0]], [[3.0]]))
    0.0
    """


@loss_function()
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
    y_true, y_pred = same_rank_pair("cosine_similarity", y_true, y_pred)
    products = ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis)
    return -ops.sum(products, axis=axis)


class CosineSimilarity(LossFunctionWrapper, fn=cosine_similarity):
    """Cosine of the angle between targets and predictions, negated: -1 where they agree.

    Args:
        axis: axis along which the vectors lie.
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.CosineSimilarity()([[0.0, 1.0]], [[0.0, 2.0]]))
    -1.0
    """


@loss_function()
def huber(y_true: Any, y_pred: Any, delta: NonNegative = 1.0) -> Tensor:
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
    y_true, y_pred = same_rank_pair("huber", y_true, y_pred)
    error = y_pred - y_true
    size = ops.abs(error)
    linear = size * delta - 0.5 * delta * delta
    return ops.mean(ops.where(size <= delta, ops.square(error) * 0.5, linear), axis=-1)


class Huber(LossFunctionWrapper, fn=huber, defaults={"name": "huber_loss"}):
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


@loss_function()
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
    y_true, y_pred = same_rank_pair("log_cosh", y_true, y_pred)
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(error * -2.0) - math.log(2.0), axis=-1)


class LogCosh(LossFunctionWrapper, fn=log_cosh):
    """Mean of `log(cosh(y_pred - y_true))`: smooth, and linear for large errors.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.LogCosh()([[2.0]], [[2.0]]))
    0.0
    """
