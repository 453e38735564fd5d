"""Losses of the margin by which scores are right."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor
from minikeras.losses.loss import same_rank_pair
from minikeras.losses.loss_function_wrapper import LossFunctionWrapper, loss_function


def _signed_labels(y_true: Tensor) -> Tensor:
    """Turn labels 0 and 1 into -1 and 1, if there are no others."""
    if isinstance(y_true, KerasTensor):
        return y_true
    v = y_true.array
    return y_true * 2.0 - 1.0 if bool(np.all((v == 0) | (v == 1))) else y_true


@loss_function()
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
    y_true, y_pred = same_rank_pair("hinge", y_true, y_pred)
    return ops.mean(ops.maximum(1.0 - _signed_labels(y_true) * y_pred, 0.0), axis=-1)


class Hinge(LossFunctionWrapper, fn=hinge):
    """Mean of `max(1 - y_true * y_pred, 0)`, for labels -1 and 1 (or 0 and 1).

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.Hinge()([[0.0, 1.0]], [[-2.0, 0.5]]))
    0.25
    """


@loss_function()
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
    y_true, y_pred = same_rank_pair("squared_hinge", y_true, y_pred)
    margin = ops.maximum(1.0 - _signed_labels(y_true) * y_pred, 0.0)
    return ops.mean(ops.square(margin), axis=-1)


class SquaredHinge(LossFunctionWrapper, fn=squared_hinge):
    """Mean of `max(1 - y_true * y_pred, 0) ** 2`, for labels -1 and 1 (or 0 and 1).

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.SquaredHinge()([[0.0, 1.0]], [[-2.0, 0.0]]))
    0.5
    """


@loss_function()
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
    y_true, y_pred = same_rank_pair("categorical_hinge", y_true, y_pred)
    own = ops.sum(y_true * y_pred, axis=-1)
    other = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(other - own + 1.0, 0.0)


class CategoricalHinge(LossFunctionWrapper, fn=categorical_hinge):
    """`max(neg - pos + 1, 0)`: the true class should lead every other by 1.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:

    >>> from minikeras import losses
    >>> float(losses.CategoricalHinge()([[0.0, 1.0]], [[0.25, 0.75]]))
    0.5
    """
