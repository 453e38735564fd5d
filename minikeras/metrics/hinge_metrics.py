"""Hinge losses as metrics."""

from __future__ import annotations

from minikeras.losses.hinge_losses import categorical_hinge, hinge, squared_hinge
from minikeras.metrics.reduction_metrics import MeanMetricWrapper


class Hinge(MeanMetricWrapper, fn=hinge):
    """Mean of `max(1 - y_true * y_pred, 0)`, for labels -1 and 1 (or 0 and 1).

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.Hinge()([[0, 1]], [[-2.0, 0.5]]))
    0.25
    """


class SquaredHinge(MeanMetricWrapper, fn=squared_hinge):
    """Mean of `max(1 - y_true * y_pred, 0) ** 2`, for labels -1 and 1 (or 0 and 1).

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.SquaredHinge()([[0, 1]], [[-2.0, 0.0]]))
    0.5
    """


class CategoricalHinge(MeanMetricWrapper, fn=categorical_hinge):
    """Mean of `max(neg - pos + 1, 0)`: the true class should lead every other by 1.

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.CategoricalHinge()([[0, 1]], [[0.25, 0.75]]))
    0.5
    """
