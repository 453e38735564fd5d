"""Losses that compare regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras import ops
from minikeras.autodiff.tensor import Tensor
from minikeras.common.settings import settings
from minikeras.losses.loss import same_rank_pair
from minikeras.losses.loss_function_wrapper import LossFunctionWrapper, loss_function


@loss_function()
def dice(y_true: Any, y_pred: Any, axis: int | Sequence[int] | None = None) -> Tensor:
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
    y_true, y_pred = same_rank_pair("dice", y_true, y_pred)
    shared = ops.sum(y_true * y_pred, axis=axis)
    sizes = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1.0 - shared * 2.0 / (sizes + settings.epsilon)


class Dice(LossFunctionWrapper, fn=dice, arguments=("reduction", "name", "axis", "dtype")):
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


@loss_function()
def tversky(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.5,
    beta: float = 0.5,
    axis: int | Sequence[int] | None = None,
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
    y_true, y_pred = same_rank_pair("tversky", y_true, y_pred)
    shared = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum(y_true * (1.0 - y_pred), axis=axis)
    added = ops.sum(y_pred * (1.0 - y_true), axis=axis)
    return 1.0 - shared / (shared + missed * alpha + added * beta + settings.epsilon)


class Tversky(
    LossFunctionWrapper,
    fn=tversky,
    arguments=("alpha", "beta", "reduction", "name", "axis", "dtype"),
):
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
