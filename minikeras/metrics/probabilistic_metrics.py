"""Losses of probabilities as metrics."""

from __future__ import annotations

from minikeras.losses.probabilistic_losses import (
    binary_crossentropy,
    categorical_crossentropy,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from minikeras.metrics.reduction_metrics import MeanMetricWrapper


class KLDivergence(MeanMetricWrapper, fn=kl_divergence):
    """Mean Kullback-Leibler divergence: sums of `y_true * log(y_true / y_pred)`.

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]))
    0.0
    """


class Poisson(MeanMetricWrapper, fn=poisson):
    """Mean of `y_pred - y_true * log(y_pred)`, for counts.

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> round(float(metrics.Poisson()([[3.0]], [[1.0]])), 4)
    1.0
    """


class BinaryCrossentropy(
    MeanMetricWrapper,
    fn=binary_crossentropy,
    aliases=("bce", "BCE"),
    arguments=("name", "dtype", "from_logits", "label_smoothing"),
):
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


class CategoricalCrossentropy(MeanMetricWrapper, fn=categorical_crossentropy):
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


class SparseCategoricalCrossentropy(MeanMetricWrapper, fn=sparse_categorical_crossentropy):
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
