"""F scores: means of precision and recall."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.configurable import accepted
from minikeras.common.settings import settings
from minikeras.metrics.metric import Metric


class FBetaScore(Metric):
    """Weighted harmonic mean of precision and recall.

    `(1 + beta**2) * precision * recall / (beta**2 * precision + recall)`

    Args:
        average: None (one score per class), `"micro"` (over all decisions), `"macro"` (mean over
            classes), or `"weighted"` (mean over classes by how often they occur).
        beta: how much more recall counts than precision.
        threshold: above it, a prediction means 1. None: the largest prediction of a sample does.
        name, dtype: see `Metric`.

    Raises:
        ValueError: for another `average`, or `beta` or `threshold` that is no float in range.

    Example:

    >>> from minikeras import metrics
    >>> m = metrics.FBetaScore(beta=2.0, threshold=0.5)
    >>> m.update_state([[1, 1, 1], [1, 0, 0], [1, 1, 0]],
    ...                [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]])
    >>> m.result()
    <Tensor shape=(3,) dtype=float32 [0.384615 0.909091 0.833333]>
    """

    _direction = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        owner = type(self).__name__
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(
                f"{owner}: invalid `average`. Expected None, 'micro', 'macro' or 'weighted'. "
                f"Received: average={average!r}"
            )
        if not isinstance(beta, float) or beta <= 0:
            raise ValueError(f"{owner}: `beta` must be a float > 0. Received: beta={beta!r}")
        if threshold is not None and not (isinstance(threshold, float) and 0 < threshold <= 1):
            raise ValueError(
                f"{owner}: `threshold` must be a float with 0 < threshold <= 1. "
                f"Received: threshold={threshold!r}"
            )
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self.axis = None if average == "micro" else 0
        self._built = False

    def _build(self, y_true: np.ndarray, y_pred: np.ndarray) -> None:
        if y_true.ndim != 2 or y_pred.ndim != 2:
            raise ValueError(
                f"{type(self).__name__} expects 2D inputs with shape (batch_size, output_dim). "
                f"Received input shapes: y_pred.shape={y_pred.shape} and "
                f"y_true.shape={y_true.shape}."
            )
        shape = () if self.average == "micro" else (y_pred.shape[-1],)
        for name in ("true_positives", "false_positives", "false_negatives"):
            setattr(self, name, self.add_variable(shape, "zeros", dtype=self.dtype, name=name))
        self.intermediate_weights = self.add_variable(
            shape, "zeros", dtype=self.dtype, name="intermediate_weights"
        )
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: labels 0 and 1 of shape `(batch, classes)`.
            y_pred: predictions of the same shape.
            sample_weight: weights of shape `(batch,)`.
        """
        y_true, y_pred = to_array(y_true, self._np_dtype), to_array(y_pred, self._np_dtype)
        if not self._built:
            self._build(y_true, y_pred)
        if self.threshold is None:  # nothing is predicted where all predictions are 0
            positive = (y_pred >= np.max(y_pred, axis=-1, keepdims=True)) & (np.abs(y_pred) > 1e-9)
        else:
            positive = y_pred > self.threshold
        positive = positive.astype(self._np_dtype)
        weight = None if sample_weight is None else to_array(sample_weight, self._np_dtype)

        for variable, hits in (
            (self.true_positives, positive * y_true),
            (self.false_positives, positive * (1 - y_true)),
            (self.false_negatives, (1 - positive) * y_true),
            (self.intermediate_weights, y_true),
        ):
            if weight is not None:
                hits = hits * weight[:, None]
            self._accumulate(variable, np.sum(hits, axis=self.axis, dtype=np.float64))

    def result(self) -> Tensor:
        """Return the score, or one score per class."""
        if not self._built:
            raise ValueError(
                f"{type(self).__name__}: there is no result before the first `update_state`."
            )
        tp, fp, fn, occurrences = (
            v.array
            for v in (
                self.true_positives,
                self.false_positives,
                self.false_negatives,
                self.intermediate_weights,
            )
        )
        epsilon, square = settings.epsilon, self.beta**2
        precision, recall = tp / (tp + fp + epsilon), tp / (tp + fn + epsilon)
        score = precision * recall / (square * precision + recall + epsilon) * (1 + square)
        if self.average == "weighted":
            score = np.sum(score * (occurrences / (np.sum(occurrences) + epsilon)))
        elif self.average is not None:
            score = np.mean(score)
        return Tensor(score)


class F1Score(FBetaScore):
    """Harmonic mean of precision and recall.

    Args:
        average: None (one score per class), `"micro"` (over all decisions), `"macro"` (mean over
            classes), or `"weighted"` (mean over classes by how often they occur).
        threshold: above it, a prediction means 1. None: the largest prediction of a sample does.
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> m = metrics.F1Score(threshold=0.5)
    >>> m.update_state([[1, 1, 1], [1, 0, 0], [1, 1, 0]],
    ...                [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]])
    >>> m.result()
    <Tensor shape=(3,) dtype=float32 [0.5      0.8      0.666667]>
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(**accepted(FBetaScore, locals()))
