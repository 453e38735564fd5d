"""Correlations of targets and predictions."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.call_errors import told
from minikeras.common.settings import settings
from minikeras.kernels.sums import add_reduce
from minikeras.losses.loss import squeeze_or_expand_to_same_rank
from minikeras.metrics.reduction_metrics import MeanMetricWrapper


def _floats(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    y_pred = to_array(y_pred)
    if y_pred.dtype.kind not in "fV":
        y_pred = to_array(y_pred, settings.floatx)
    return squeeze_or_expand_to_same_rank(to_array(y_true, y_pred.dtype), y_pred)


def _mean(x: np.ndarray, axis: int, keepdims: bool = False) -> np.ndarray:
    return add_reduce(x, axis, keepdims) / x.dtype.type(x.shape[axis])


def _variance(x: np.ndarray, axis: int, keepdims: bool = False) -> np.ndarray:
    return _mean(np.square(x - _mean(x, axis, True)), axis, keepdims)


def _standard(x: np.ndarray, axis: int) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):  # what does not vary has no correlation
        return (x - _mean(x, axis, True)) / np.sqrt(_variance(x, axis, True))


@told
def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Covariance of targets and predictions over the product of their standard deviations.

    Args:
        y_true: targets of shape `(batch, ..., d)`.
        y_pred: predictions of the same shape.
        axis: axis along which the correlation is taken.

    Returns:
        Correlations of the shape of the inputs without `axis`.

    Example:

    >>> from minikeras import metrics
    >>> metrics.pearson_correlation([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]])
    <Tensor shape=(1,) dtype=float32 [1.]>
    """
    y_true, y_pred = _floats(y_true, y_pred)
    return Tensor(_mean(_standard(y_true, axis) * _standard(y_pred, axis), axis))


@told
def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Concordance correlation: unlike Pearson's, it falls if scale or location differ.

    Args:
        y_true: targets of shape `(batch, ..., d)`.
        y_pred: predictions of the same shape.
        axis: axis along which the correlation is taken.

    Returns:
        Correlations of the shape of the inputs without `axis`.

    Reference: Lin, 1989, "A Concordance Correlation Coefficient to Evaluate Reproducibility".

    Example:

    >>> from minikeras import metrics
    >>> metrics.concordance_correlation([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]])
    <Tensor shape=(1,) dtype=float32 [1.]>
    """
    y_true, y_pred = _floats(y_true, y_pred)
    m_true, m_pred = (_mean(y, axis, True) for y in (y_true, y_pred))
    covariance = _mean((y_true - m_pred) * (y_pred - m_pred), axis)
    spread = _variance(y_true, axis) + _variance(y_pred, axis)
    distance = np.squeeze(np.square(m_true - m_pred), axis=axis)
    return Tensor(2 * covariance / (spread + distance + settings.epsilon))


class PearsonCorrelation(MeanMetricWrapper, fn=pearson_correlation):
    """Mean over samples of the Pearson correlation of targets and predictions.

    Args:
        name, dtype: see `Metric`.
        axis: axis along which the correlation is taken.

    Example:

    >>> from minikeras import metrics
    >>> round(float(metrics.PearsonCorrelation()([[0, 1, 0.5]], [[0.1, 0.9, 1.0]])), 4)
    0.8109
    """

    _direction = "up"


class ConcordanceCorrelation(MeanMetricWrapper, fn=concordance_correlation):
    """Mean over samples of the concordance correlation of targets and predictions.

    Args:
        name, dtype: see `Metric`.
        axis: axis along which the correlation is taken.

    Example:

    >>> from minikeras import metrics
    >>> round(float(metrics.ConcordanceCorrelation()([[0, 1, 0.5]], [[0.1, 0.9, 1.0]])), 4)
    0.7477
    """

    _direction = "up"
