"""Metrics of yes-or-no decisions at one threshold or many."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import Count, Fraction, PositiveInt
from minikeras.common.configurable import OMIT
from minikeras.common.dtypes import to_np_dtype
from minikeras.common.function_wrapper import make_init
from minikeras.common.settings import settings
from minikeras.kernels.activations import sigmoid
from minikeras.metrics.metric import Metric
from minikeras.metrics.metrics_utils import (
    NEG_INF,
    are_evenly_spaced,
    count_decisions,
    divide_no_nan,
    parse_thresholds,
)

KINDS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


class _Decisions(Metric):
    """A metric whose state counts some kinds of decisions for each threshold."""

    thresholds: Any
    _evenly: bool
    """Whether the thresholds are evenly spaced from 0 to 1."""
    _levels: np.ndarray | None = None
    """The thresholds as an array, once it was needed."""

    def _make_counters(self, kinds: Sequence[str], classes: int | None = None) -> None:
        n = len(self.thresholds)
        shape = (n,) if classes is None else (n, classes)
        for kind in kinds:
            setattr(self, kind, self.add_variable(shape, "zeros", name=kind))

    def _count(self, y_true: Any, y_pred: Any, sample_weight: Any, **options: Any) -> None:
        if self._levels is None:
            self._levels = np.asarray(self.thresholds, to_np_dtype(self.own_variables()[0].dtype))
        counts = count_decisions(
            self.name,
            to_array(y_true),
            to_array(y_pred),
            self._levels,
            self._evenly,
            None if sample_weight is None else to_array(sample_weight),
            **options,
        )
        for kind, variable in self._counters():
            self._accumulate(variable, counts[kind])

    def _counters(self) -> list:
        return [(kind, getattr(self, kind)) for kind in KINDS if hasattr(self, kind)]

    def _rate(self, hits: str, misses: str) -> np.ndarray:
        """Return `hits / (hits + misses)` for each threshold."""
        a, b = getattr(self, hits).array, getattr(self, misses).array
        return divide_no_nan(a, a + b)

    def _precisions(self) -> np.ndarray:
        return self._rate("true_positives", "false_positives")

    def _recalls(self) -> np.ndarray:
        return self._rate("true_positives", "false_negatives")


class _OneKind(_Decisions):
    """The number of decisions of one kind."""

    argument_sources = {"thresholds": "init_thresholds"}

    _kind: str

    def __init__(
        self,
        thresholds: Fraction | Sequence[Fraction] | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = parse_thresholds(type(self).__name__, thresholds)
        self._evenly = are_evenly_spaced(self.thresholds)
        self.accumulator = self.add_variable((len(self.thresholds),), "zeros", name="accumulator")

    def _counters(self) -> list:
        return [(self._kind, self.accumulator)]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: labels, positive where not 0.
            y_pred: predictions of the same shape, positive above the threshold.
            sample_weight: weights of samples, or of single predictions.
        """
        self._count(y_true, y_pred, sample_weight)

    def result(self) -> Tensor:
        """Return the number, or one for each threshold."""
        value = self.accumulator.array
        return Tensor(value[0] if len(self.thresholds) == 1 else value)


class FalsePositives(_OneKind):
    """How many predictions are positive and wrong.

    Args:
        thresholds: threshold in [0, 1], or a list of them; 0.5 if None.
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.FalsePositives()([0, 1, 0, 0], [0, 0, 1, 1]))
    2.0
    """

    _kind = "false_positives"


class FalseNegatives(_OneKind):
    """How many predictions are negative and wrong.

    Args:
        thresholds: threshold in [0, 1], or a list of them; 0.5 if None.
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0]))
    2.0
    """

    _kind = "false_negatives"


class TrueNegatives(_OneKind):
    """How many predictions are negative and right.

    Args:
        thresholds: threshold in [0, 1], or a list of them; 0.5 if None.
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.TrueNegatives()([0, 1, 0, 0], [1, 1, 0, 0]))
    2.0
    """

    _kind = "true_negatives"


class TruePositives(_OneKind):
    """How many predictions are positive and right.

    Args:
        thresholds: threshold in [0, 1], or a list of them; 0.5 if None.
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.TruePositives()([0, 1, 1, 1], [1, 0, 1, 1]))
    2.0
    """

    _kind = "true_positives"


class _Share(_Decisions):
    """The share of right ones among some decisions."""

    argument_sources = {"thresholds": "init_thresholds"}

    _direction = "up"
    _kinds: tuple[str, str]

    def __init__(
        self,
        thresholds: Fraction | Sequence[Fraction] | None = None,
        top_k: PositiveInt | None = None,
        class_id: Count | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        default = 0.5 if top_k is None else NEG_INF
        self.thresholds = parse_thresholds(type(self).__name__, thresholds, default)
        self._evenly = are_evenly_spaced(self.thresholds)
        self._make_counters(self._kinds)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: labels, positive where not 0.
            y_pred: predictions of the same shape, positive above the threshold.
            sample_weight: weights of samples, or of single predictions.
        """
        self._count(y_true, y_pred, sample_weight, top_k=self.top_k, class_id=self.class_id)

    def result(self) -> Tensor:
        """Return the share, or one for each threshold."""
        value = self._rate(*self._kinds)
        return Tensor(value[0] if len(self.thresholds) == 1 else value)


class Precision(_Share):
    """The share of right ones among positive predictions.

    Args:
        thresholds: threshold in [0, 1], or a list of them; 0.5 if None.
        top_k: where given, the k largest predictions of a sample are the positive ones.
        class_id: where given, only this class counts.
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> round(float(metrics.Precision()([0, 1, 1, 1], [1, 0, 1, 1])), 4)
    0.6667
    """

    _kinds = ("true_positives", "false_positives")


class Recall(_Share):
    """The share of found ones among positive labels.

    Args:
        thresholds: threshold in [0, 1], or a list of them; 0.5 if None.
        top_k: where given, the k largest predictions of a sample are the positive ones.
        class_id: where given, only this class counts.
        name, dtype: see `Metric`.

    Example:

    >>> from minikeras import metrics
    >>> round(float(metrics.Recall()([0, 1, 1, 1], [1, 0, 1, 1])), 4)
    0.6667
    """

    _kinds = ("true_positives", "false_negatives")


class _BestUnderConstraint(_Decisions):
    """The best of one rate at any threshold where another rate is large enough.

    Its first argument is the least value of the latter, under the name that a subclass gives it.
    """

    _direction = "up"
    _constrained: str

    def __init_subclass__(cls, constrained: str | None = None, **kwargs: Any) -> None:
        if constrained is not None:

            def init(self: Any, **given: Any) -> None:
                _BestUnderConstraint.__init__(self, given.pop(constrained), **given)

            value, *others = list(signature(_BestUnderConstraint.__init__).parameters.values())[1:]
            parameters = [value.replace(name=constrained), *others]
            cls.__init__ = make_init(cls, parameters, init, (_BestUnderConstraint.__init__,))
            cls._constrained = constrained
        super().__init_subclass__(**kwargs)

    def __init__(
        self,
        value: Fraction,
        num_thresholds: PositiveInt = 200,
        class_id: Count | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.value = value
        setattr(self, self._constrained, value)
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        self._evenly = num_thresholds > 1
        last = num_thresholds - 1
        self.thresholds = [i / last for i in range(num_thresholds)] if last else [0.5]
        self._make_counters(KINDS)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: labels, positive where not 0.
            y_pred: predictions in [0, 1] of the same shape.
            sample_weight: weights of samples, or of single predictions.
        """
        self._count(y_true, y_pred, sample_weight, class_id=self.class_id)

    def _best(self, constrained: np.ndarray, wanted: np.ndarray) -> Tensor:
        feasible = np.where(constrained >= self.value, wanted, np.zeros_like(wanted))
        return Tensor(np.max(feasible))

    def _specificities(self) -> np.ndarray:
        return self._rate("true_negatives", "false_positives")


class SensitivityAtSpecificity(_BestUnderConstraint, constrained="specificity"):
    """The best recall among thresholds where specificity is at least the given one.

    Args:
        specificity: share of negative labels that must be recognized, in [0, 1].
        num_thresholds: how many thresholds to try.
        class_id: where given, only this class counts.
        name, dtype: see `Metric`.

    Raises:
        ValueError: if `specificity` is not in [0, 1] or `num_thresholds` not positive.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
    0.5
    """

    def result(self) -> Tensor:
        """Return the best recall."""
        return self._best(self._specificities(), self._recalls())


class SpecificityAtSensitivity(_BestUnderConstraint, constrained="sensitivity"):
    """The best specificity among thresholds where recall is at least the given one.

    Args:
        sensitivity: share of positive labels that must be found, in [0, 1].
        num_thresholds: how many thresholds to try.
        class_id: where given, only this class counts.
        name, dtype: see `Metric`.

    Raises:
        ValueError: if `sensitivity` is not in [0, 1] or `num_thresholds` not positive.

    Example:

    >>> from minikeras import metrics
    >>> m = metrics.SpecificityAtSensitivity(0.5)
    >>> round(float(m([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])), 4)
    0.6667
    """

    def result(self) -> Tensor:
        """Return the best specificity."""
        return self._best(self._recalls(), self._specificities())


class PrecisionAtRecall(_BestUnderConstraint, constrained="recall"):
    """The best precision among thresholds where recall is at least the given one.

    Args:
        recall: share of positive labels that must be found, in [0, 1].
        num_thresholds: how many thresholds to try.
        class_id: where given, only this class counts.
        name, dtype: see `Metric`.

    Raises:
        ValueError: if `recall` is not in [0, 1] or `num_thresholds` not positive.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
    0.5
    """

    def result(self) -> Tensor:
        """Return the best precision."""
        return self._best(self._recalls(), self._precisions())


class RecallAtPrecision(_BestUnderConstraint, constrained="precision"):
    """The best recall among thresholds where precision is at least the given one.

    Args:
        precision: share of positive predictions that must be right, in [0, 1].
        num_thresholds: how many thresholds to try.
        class_id: where given, only this class counts.
        name, dtype: see `Metric`.

    Raises:
        ValueError: if `precision` is not in [0, 1] or `num_thresholds` not positive.

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.RecallAtPrecision(0.8)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))
    0.5
    """

    def result(self) -> Tensor:
        """Return the best recall."""
        return self._best(self._precisions(), self._recalls())


_CURVES = {spelled: c for c in ("ROC", "PR", "PRGAIN") for spelled in (c, c.lower())}
_METHODS = {
    spelled: method
    for method in ("interpolation", "majoring", "minoring")
    for spelled in (method, method.capitalize())
}


def _one_of(name: str, value: Any, known: dict) -> str:
    if value not in known:
        raise ValueError(
            f"AUC: invalid value for argument `{name}`. Expected one of "
            f"{sorted(set(known.values()))}. Received: {name}={value!r}"
        )
    return known[value]


class AUC(_Decisions):
    """Area under the curve that thresholds draw, approximated by a Riemann sum.

    Args:
        num_thresholds: how many thresholds to use.
        curve: `"ROC"` (recall over false positive rate), `"PR"` (precision over recall) or
            `"PRGAIN"` (precision gain over recall gain).
        summation_method: `"interpolation"` (mid-points; for PR, of true positives),
            `"minoring"` or `"majoring"` (the lower or upper end of each interval).
        name, dtype: see `Metric`.
        thresholds: thresholds in [0, 1] to use instead of evenly spaced ones.
        multi_label: whether to compute an area for each class of `(batch, classes)` and take their
            mean, instead of one over all decisions.
        num_labels: number of classes, where it should be known before the first batch.
        label_weights: weights of classes.
        from_logits: whether predictions are logits, not probabilities.

    Raises:
        ValueError: for an unknown `curve` or `summation_method`, or bad thresholds.

    Reference: Davis & Goadrich, 2006, "The Relationship Between Precision-Recall and ROC Curves";
    Flach & Kull, 2015, "Precision-Recall-Gain Curves: PR Analysis Done Right".

    Example:

    >>> from minikeras import metrics
    >>> float(metrics.AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))
    0.75
    """

    argument_sources = {
        "thresholds": lambda auc: OMIT if auc._own_thresholds is None else auc._own_thresholds,
        "label_weights": lambda auc: (
            None if auc.label_weights is None else auc.label_weights.tolist()
        ),
    }

    _direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[Fraction] | None = None,
        multi_label: bool = False,
        num_labels: PositiveInt | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.curve = _one_of("curve", curve, _CURVES)
        self.summation_method = _one_of("summation_method", summation_method, _METHODS)
        self._own_thresholds = None
        if thresholds is not None:
            inner = sorted(parse_thresholds("AUC", list(thresholds)))
            self._own_thresholds = inner
            self._evenly = are_evenly_spaced([0.0, *inner, 1.0])
        else:
            if num_thresholds <= 1:
                raise ValueError(
                    "AUC: argument `num_thresholds` must be an integer > 1. "
                    f"Received: num_thresholds={num_thresholds}"
                )
            inner = [i / (num_thresholds - 1) for i in range(1, num_thresholds - 1)]
            self._evenly = True
        self.num_thresholds = len(inner) + 2
        # The outer ones lie outside [0, 1], so that every prediction is on one side of them.
        self._thresholds = np.array([-settings.epsilon, *inner, 1 + settings.epsilon])
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else to_array(label_weights, self.dtype)
        self.from_logits = from_logits
        if num_labels and not multi_label:
            raise ValueError(
                "AUC: `num_labels` is needed only when `multi_label` is True. "
                f"Received: num_labels={num_labels}"
            )
        self._built = False
        if not multi_label:
            self._build(None)
        elif num_labels:
            self._build(num_labels)

    @property
    def thresholds(self) -> list[float]:
        """The thresholds, in rising order."""
        return list(self._thresholds)

    def _build(self, classes: int | None) -> None:
        self._make_counters(KINDS, classes)
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: labels, positive where not 0.
            y_pred: probabilities (or logits) of the same shape.
            sample_weight: weights of samples, or of single predictions.
        """
        y_pred = to_array(y_pred)
        if not self._built:
            if y_pred.ndim != 2:
                raise ValueError(
                    "AUC: `y_pred` must have rank 2 when `multi_label=True`. Received: "
                    f"y_pred.shape={y_pred.shape}"
                )
            self._build(y_pred.shape[1])
        if self.from_logits:
            y_pred = sigmoid(to_array(y_pred, self.dtype))
        self._count(
            y_true,
            y_pred,
            sample_weight,
            multi_label=self.multi_label,
            label_weights=None if self.multi_label else self.label_weights,
        )

    def interpolate_pr_auc(self) -> Tensor:
        """Return the area under the PR curve, with true positives interpolated linearly.

        Between two thresholds precision is `slope + intercept / positives`, so that each interval
        contributes `slope * (d(true positives) + intercept * log(positives / positives))`, divided
        by the number of positive labels.
        """
        tp, fp, fn = (
            v.array for v in (self.true_positives, self.false_positives, self.false_negatives)
        )
        positives = tp + fp
        left, right = positives[:-1], positives[1:]
        gained = tp[:-1] - tp[1:]
        slope = divide_no_nan(gained, np.maximum(left - right, 0))
        intercept = tp[1:] - slope * right
        both = (left > 0) & (right > 0)
        ratio = np.divide(left, right, out=np.ones_like(left), where=both)
        areas = divide_no_nan(
            slope * (gained + intercept * np.log(ratio)), np.maximum(tp[1:] + fn[1:], 0)
        )
        return Tensor(self._over_labels(areas))

    def _over_labels(self, areas: np.ndarray) -> Any:
        area = np.sum(areas, axis=0)
        if not self.multi_label:
            return area
        if self.label_weights is None:
            return np.mean(area)
        total = np.sum(self.label_weights)
        return np.sum(area * self.label_weights) / total if total else total

    def result(self) -> Tensor:
        """Return the area."""
        if not self._built:
            raise ValueError("AUC: there is no result before the first `update_state`.")
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self.interpolate_pr_auc()
        if self.curve == "ROC":
            x, y = self._rate("false_positives", "true_negatives"), self._recalls()
        elif self.curve == "PR":
            x, y = self._recalls(), self._precisions()
        else:
            x, y = self._gains()
        left, right = y[:-1], y[1:]
        if self.summation_method == "interpolation":
            heights = (left + right) / 2
        elif self.summation_method == "minoring":
            heights = np.minimum(left, right)
        else:
            heights = np.maximum(left, right)
        return Tensor(self._over_labels((x[:-1] - x[1:]) * heights))

    def _gains(self) -> tuple[np.ndarray, np.ndarray]:
        """Return recall gain (at least 0) and precision gain for each threshold."""
        tp, fp, tn, fn = (getattr(self, kind).array for kind in KINDS)
        odds = divide_no_nan(tp + fn, tn + fp)
        recall = 1 - odds * divide_no_nan(fn, tp)
        precision = 1 - odds * divide_no_nan(fp, tp)
        none = tp == 0
        recall = np.where(none, np.zeros_like(tp), recall)
        return np.maximum(recall, 0), np.where(none, np.ones_like(tp), precision)
