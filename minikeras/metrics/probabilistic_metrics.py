"""Losses of probabilities as metrics."""

from __future__ import annotations

from typing import Any

from minikeras.losses.losses import (
    binary_crossentropy,
    categorical_crossentropy,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from minikeras.metrics.reduction_metrics import FunctionMetric


class KLDivergence(FunctionMetric):
    """Mean Kullback-Leibler divergence: sums of `y_true * log(y_true / y_pred)`.

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]))
    0.0
    """

    def __init__(
        self,
        name: str | None = "kl_divergence",
        dtype: Any = None,
    ) -> None:
        super().__init__(kl_divergence, name, dtype)


class Poisson(FunctionMetric):
    """Mean of `y_pred - y_true * log(y_pred)`, for counts.

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> round(float(metrics.Poisson()([[3.0]], [[1.0]])), 4)
    1.0
    """

    def __init__(
        self,
        name: str | None = "poisson",
        dtype: Any = None,
    ) -> None:
        super().__init__(poisson, name, dtype)


class BinaryCrossentropy(FunctionMetric):
    """Mean cross-entropy of labels and predicted probabilities, each on its own.

    Args:
        name, dtype: see `Metric`.
        from_logits: whether predictions are logits, not probabilities.
        label_smoothing: how far labels are moved towards even odds, from 0 to 1.

    Example:

    >>> from minikeras import metrics
    >>> round(float(metrics.BinaryCrossentropy()([[0, 1]], [[0.5, 0.5]])), 4)
    0.6931
    """

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(
            binary_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )


class CategoricalCrossentropy(FunctionMetric):
    """Mean cross-entropy of one-hot labels and predicted probabilities of classes.

    Args:
        name, dtype: see `Metric`.
        from_logits: whether predictions are logits, not probabilities.
        label_smoothing: how far labels are moved towards even odds, from 0 to 1.
        axis: axis of the classes.

    Example:

    >>> from minikeras import metrics
    >>> round(float(metrics.CategoricalCrossentropy()([[0, 1]], [[0.5, 0.5]])), 4)
    0.6931
    """

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            categorical_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class SparseCategoricalCrossentropy(FunctionMetric):
    """Mean cross-entropy of integer labels and predicted probabilities of classes.

    Args:
        name, dtype: see `Metric`.
        from_logits: whether predictions are logits, not probabilities.
        ignore_class: a label whose loss is 0.
        axis: axis of the classes.

    Example:

    >>> from minikeras import metrics
    >>> round(float(metrics.SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])), 4)
    0.6931
    """

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
