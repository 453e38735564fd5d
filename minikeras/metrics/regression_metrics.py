"""Errors of regression, and how much of the variance is explained."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.call_errors import told
from minikeras.common.traceback_utils import warn
from minikeras.losses.loss import squeeze_or_expand_to_same_rank
from minikeras.losses.regression_losses import cosine_similarity as cosine_loss
from minikeras.losses.regression_losses import (
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from minikeras.metrics.metric import Metric
from minikeras.metrics.reduction_metrics import Mean, MeanMetricWrapper


@told
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Cosine of the angle between targets and predictions."""
    return -cosine_loss(y_true, y_pred, axis=axis)


class MeanSquaredError(MeanMetricWrapper, fn=mean_squared_error, aliases=("mse", "MSE")):
    """Mean of `(y_true - y_pred) ** 2`.

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.MeanSquaredError()([[0, 1]], [[2.0, 1.0]]))
    2.0
    """


class MeanAbsoluteError(MeanMetricWrapper, fn=mean_absolute_error, aliases=("mae", "MAE")):
    """Mean of `|y_true - y_pred|`.

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.MeanAbsoluteError()([[0, 1]], [[2.0, 1.0]]))
    1.0
    """


class MeanAbsolutePercentageError(
    MeanMetricWrapper, fn=mean_absolute_percentage_error, aliases=("mape", "MAPE")
):
    """Mean of `100 * |(y_true - y_pred) / y_true|`.

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.MeanAbsolutePercentageError()([[10, 20]], [[9.0, 20.0]]))
    5.0
    """


class MeanSquaredLogarithmicError(
    MeanMetricWrapper, fn=mean_squared_logarithmic_error, aliases=("msle", "MSLE")
):
    """Mean of `(log(y_true + 1) - log(y_pred + 1)) ** 2`.

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.MeanSquaredLogarithmicError()([[3.0]], [[3.0]]))
    0.0
    """


class LogCoshError(MeanMetricWrapper, fn=log_cosh, defaults={"name": "logcosh"}):
    """Mean of `log(cosh(y_pred - y_true))`.

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.LogCoshError()([[2.0]], [[2.0]]))
    0.0
    """


class CosineSimilarity(MeanMetricWrapper, fn=cosine_similarity):
    """Mean cosine of the angle between targets and predictions.

    Args:
        name, dtype: see `Metric`.
        axis: axis along which the vectors lie.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.CosineSimilarity()([[0, 1], [1, 0]], [[0.0, 2.0], [0.0, 1.0]]))
    0.5
    """

    _direction = "up"


class RootMeanSquaredError(Mean, defaults={"name": "root_mean_squared_error"}):
    """Square root of the mean of `(y_true - y_pred) ** 2`.

    Args:
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.RootMeanSquaredError()([[0.0], [0.0]], [[1.0], [7.0]]))
    5.0
    """

    _direction = "down"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: targets.
            y_pred: predictions of the same shape.
            sample_weight: weight of each sample (or each value).
        """
        y_true, y_pred = to_array(y_true, self._np_dtype), to_array(y_pred, self._np_dtype)
        y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
        self._add(np.square(y_pred - y_true), sample_weight)

    def result(self) -> Tensor:
        """Return the root of the mean."""
        return Tensor(np.sqrt(super().result().array))


class R2Score(Metric):
    """Coefficient of determination: the part of the targets' variance that predictions explain.

    Args:
        class_aggregation: how to average over outputs: `"uniform_average"`,
            `"variance_weighted_average"`, or None (one score per output).
        num_regressors: number of independent variables, for the adjusted score; 0 for the usual.
        name, dtype: see `Metric`.

    Raises:
        ValueError: for another `class_aggregation`, or negative `num_regressors`.

    Example:

    >>> from minikeras import metrics
    >>> round(float(metrics.R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])), 4)
    0.5714
    """

    _direction = "up"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        known = (None, "uniform_average", "variance_weighted_average")
        if class_aggregation not in known:
            raise ValueError(
                f"R2Score: invalid value for argument `class_aggregation`. Expected one of "
                f"{known}. "
                f"Received: class_aggregation={class_aggregation!r}"
            )
        if num_regressors < 0:
            raise ValueError(
                "R2Score: argument `num_regressors` must be at least 0. "
                f"Received: num_regressors={num_regressors}"
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), "zeros", name="num_samples")
        self._built = False

    def _build(self, y_true: np.ndarray, y_pred: np.ndarray) -> None:
        if y_true.ndim != 2 or y_pred.ndim != 2:
            raise ValueError(
                "R2Score expects 2D inputs with shape (batch_size, output_dim). Received input "
                f"shapes: y_pred.shape={y_pred.shape} and y_true.shape={y_true.shape}."
            )
        outputs = (y_pred.shape[-1],)
        self.squared_sum = self.add_variable(outputs, "zeros", name="squared_sum")
        self.sum = self.add_variable(outputs, "zeros", name="sum")
        self.total_mse = self.add_variable(outputs, "zeros", name="residual")
        self.count = self.add_variable(outputs, "zeros", name="count")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: targets of shape `(batch, outputs)`.
            y_pred: predictions of the same shape.
            sample_weight: weights of shape `(batch,)` or `(batch, outputs)`.
        """
        y_true, y_pred = to_array(y_true, self._np_dtype), to_array(y_pred, self._np_dtype)
        y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
        if not self._built:
            self._build(y_true, y_pred)
        weight = np.asarray(1 if sample_weight is None else to_array(sample_weight))
        weight = weight.astype(self._np_dtype)
        weight = np.broadcast_to(weight[:, None] if weight.ndim == 1 else weight, y_true.shape)
        # The variance of the targets is a small difference of large sums: float32 has no digits left.
        y_true, y_pred, weight = (a.astype(np.float64) for a in (y_true, y_pred, weight))
        self._accumulate(self.sum, np.sum(y_true * weight, axis=0))
        self._accumulate(self.squared_sum, np.sum(y_true * y_true * weight, axis=0))
        self._accumulate(self.total_mse, np.sum((y_true - y_pred) ** 2 * weight, axis=0))
        self._accumulate(self.count, np.sum(weight, axis=0))
        self._accumulate(self.num_samples, y_true.size)

    def result(self) -> Tensor:
        """Return the score."""
        if not self._built:
            raise ValueError("R2Score: there is no result before the first `update_state`.")
        variables = self.total_mse, self.sum, self.squared_sum, self.count
        total_mse, sums, squares, count = (self._exactly(v) for v in variables)
        with np.errstate(divide="ignore", invalid="ignore"):
            total = squares - sums * (sums / count)
            scores = 1 - total_mse / total
            scores = np.where(np.isinf(scores), 0, scores)
            if self.class_aggregation == "uniform_average":
                scores = np.mean(scores)
            elif self.class_aggregation == "variance_weighted_average":
                scores = np.sum(total * scores) / np.sum(total)
        return Tensor(np.asarray(self._adjusted(scores)).astype(self.sum.array.dtype))

    def _adjusted(self, score: Any) -> Any:
        p, n = self.num_regressors, self.num_samples.array
        if p == 0:
            return score
        if p >= n - 1:
            what = "Division by zero" if p == n - 1 else "More predictors than data points"
            warn(f"{what} in adjusted R2 score. Falling back to standard R2 score.")
            return score
        return 1 - (1 - score) * (n - 1) / (n - p - 1)
