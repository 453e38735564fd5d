"""Hinge losses as metrics."""

from __future__ import annotations

from typing import Any

from minikeras.losses.losses import categorical_hinge, hinge, squared_hinge
from minikeras.metrics.reduction_metrics import FunctionMetric


class Hinge(FunctionMetric):
    """Mean of `max(1 - y_true * y_pred, 0)`, for labels -1 and 1 (or 0 and 1).

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.Hinge()([[0, 1]], [[-2.0, 0.5]]))
    0.25
    """

    def __init__(
        self,
        name: str | None = "hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(hinge, name, dtype)


class SquaredHinge(FunctionMetric):
    """Mean of `max(1 - y_true * y_pred, 0) ** 2`, for labels -1 and 1 (or 0 and 1).

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.SquaredHinge()([[0, 1]], [[-2.0, 0.0]]))
    0.5
    """

    def __init__(
        self,
        name: str | None = "squared_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(squared_hinge, name, dtype)


class CategoricalHinge(FunctionMetric):
    """Mean of `max(neg - pos + 1, 0)`: the true class should lead every other by 1.

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.CategoricalHinge()([[0, 1]], [[0.25, 0.75]]))
    0.5
    """

    def __init__(
        self,
        name: str | None = "categorical_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(categorical_hinge, name, dtype)
