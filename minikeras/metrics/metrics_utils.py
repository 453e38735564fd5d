"""Counting right and wrong decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.common.arguments import ArgumentError, is_number
from minikeras.common.settings import settings
from minikeras.losses.loss import squeeze_or_expand_to_same_rank

NEG_INF = -1e10
"""Smaller than any prediction: the threshold where the k largest ones are positive."""


def parse_thresholds(name: str, thresholds: Any, default: float = 0.5) -> list[float]:
    """Return thresholds as a list.

    Raises:
        ValueError: if one is not in [0, 1].
    """
    if thresholds is None:
        return [default]
    listed = list(thresholds) if isinstance(thresholds, (list, tuple, np.ndarray)) else [thresholds]
    if not all(is_number(t) and 0 <= t <= 1 for t in listed):
        raise ArgumentError(name, "thresholds", "one or more numbers in [0, 1]", thresholds)
    return listed


def are_evenly_spaced(thresholds: Sequence[float]) -> bool:
    """Whether thresholds are `0, 1 / (n - 1), ..., 1`, with n at least 3."""
    n = len(thresholds)
    return n >= 3 and np.allclose(thresholds, np.arange(n) / (n - 1), atol=settings.epsilon)


def count_decisions(
    name: str,
    y_true: np.ndarray,
    y_pred: np.ndarray,
    thresholds: np.ndarray,
    evenly: bool,
    sample_weight: np.ndarray | None = None,
    top_k: int | None = None,
    class_id: int | None = None,
    label_weights: np.ndarray | None = None,
    multi_label: bool = False,
) -> dict[str, np.ndarray]:
    """Count, for each threshold, predictions above it and not, among positive and negative labels.

    Each prediction is sorted into the interval between thresholds where it lies; sums over
    intervals then give the counts for all thresholds at once.

    Args:
        name: the metric's name, for messages.
        y_true: labels, positive where not 0.
        y_pred: predictions of the same shape (but for a last axis of size 1).
        thresholds: thresholds in any order, in the dtype that predictions are compared in.
        evenly: whether they are `0, 1 / (n - 1), ..., 1`, the outer ones possibly moved outwards.
        sample_weight: weights of samples, or of single predictions.
        top_k: where given, all but the k largest predictions of a sample count as not positive.
        class_id: where given, only this class counts.
        label_weights: weights of classes.
        multi_label: whether to count each class of `(batch, classes)` on its own.

    Returns:
        `true_positives`, `false_positives`, `true_negatives` and `false_negatives`, each of shape
        `(thresholds,)`, or `(thresholds, classes)` where `multi_label`.

    Raises:
        ValueError: if shapes do not match.
    """
    dtype = thresholds.dtype
    y_pred, y_true = squeeze_or_expand_to_same_rank(y_pred.astype(dtype, copy=False), y_true)
    if y_pred.shape != y_true.shape:
        raise ValueError(
            f"Metric '{name}': the shapes of `y_true` and `y_pred` do not match. "
            f"Received: y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
        )
    weight = sample_weight
    if weight is not None:
        weight = weight.astype(dtype, copy=False)[..., None]
        weight = squeeze_or_expand_to_same_rank(y_true, weight, expand_rank_1=False)[1]
    if top_k is not None:
        y_pred = _keep_top_k(name, y_pred, top_k)
    if class_id is not None:
        if y_pred.ndim == 1:
            raise ValueError(
                f"Metric '{name}': when `class_id` is given, `y_pred` must be 2D, of shape "
                f"(num_samples, num_classes). Received: y_pred.shape={y_pred.shape}"
            )
        if not 0 <= class_id < y_pred.shape[-1]:
            expected = f"one of the {y_pred.shape[-1]} classes of `y_pred`, counted from 0"
            raise ArgumentError(f"Metric '{name}'", "class_id", expected, class_id)
        y_true, y_pred = y_true[..., class_id, None], y_pred[..., class_id, None]
    if label_weights is not None:
        if label_weights.shape != y_pred.shape[-1:]:
            expected = f"a number for each of the {y_pred.shape[-1]} labels of `y_pred`"
            raise ArgumentError(f"Metric '{name}'", "label_weights", expected, label_weights)
        weight = label_weights[None] if weight is None else weight * label_weights[None]
    if weight is not None:
        try:
            weight = np.broadcast_to(weight, y_pred.shape).reshape(-1)
        except ValueError as error:
            raise ValueError(
                f"Metric '{name}': weights of shape {weight.shape} do not fit predictions of shape "
                f"{y_pred.shape}."
            ) from error

    n = len(thresholds)
    order = None
    if evenly:
        above = _evenly_above(y_pred, thresholds)
    elif n == 1:
        above = (y_pred > thresholds).astype(np.int64)
    else:
        order = np.argsort(thresholds, kind="stable")
        above = np.searchsorted(thresholds[order], y_pred)
    if y_pred.size and np.isnan(np.min(y_pred)):  # the comparison with NaN is never true
        above = np.where(np.isnan(y_pred), 0, above)

    # One histogram for each kind of label (and class): how many lie above 0, 1, ..., n thresholds.
    classes = y_pred.shape[-1] if multi_label else 1
    place = above + (n + 1) * (y_true != 0)
    if multi_label:
        place = place + 2 * (n + 1) * np.arange(classes)
    histogram = np.bincount(place.reshape(-1), weight, minlength=2 * (n + 1) * classes)
    histogram = histogram.reshape(classes, 2, n + 1)
    at_least = histogram[..., ::-1].cumsum(axis=-1)[..., ::-1]
    total, over = at_least[..., :1], at_least[..., 1:]
    under = total - over
    if order is not None:
        back = np.argsort(order)
        over, under = over[..., back], under[..., back]

    def shaped(x: np.ndarray) -> np.ndarray:
        return x.T if multi_label else x[0]

    return {
        "true_positives": shaped(over[:, 1]),
        "false_positives": shaped(over[:, 0]),
        "true_negatives": shaped(under[:, 0]),
        "false_negatives": shaped(under[:, 1]),
    }


def _evenly_above(y_pred: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return how many of evenly spaced thresholds each prediction exceeds."""
    p = np.minimum(np.maximum(y_pred, 0), 1)
    above = np.ceil(np.nan_to_num(p) * (len(thresholds) - 1)).astype(np.int64)
    if thresholds[0] < 0 or thresholds[-1] > 1:
        above = np.maximum(above, 1)  # 0 exceeds the first, which lies below it
    return above


def _keep_top_k(name: str, x: np.ndarray, k: int) -> np.ndarray:
    """Replace all but the k largest of the last axis."""
    if k > x.shape[-1]:
        raise ValueError(
            f"Metric '{name}': `top_k` exceeds the number of classes. Received: top_k={k}, "
            f"y_pred.shape={x.shape}"
        )
    best = np.argsort(-x, axis=-1, kind="stable")[..., :k]
    y = np.full_like(x, NEG_INF)
    np.put_along_axis(y, best, np.take_along_axis(x, best, axis=-1), axis=-1)
    return y


def confusion_matrix(
    labels: np.ndarray,
    predictions: np.ndarray,
    num_classes: int,
    weights: np.ndarray,
    ignore_class: int | None = None,
) -> np.ndarray:
    """Count how often each class (row) was predicted as each class (column).

    Args:
        labels, predictions: class numbers of shape `(n,)`; others than `[0, num_classes)` do not
            count.
        num_classes: number of classes.
        weights: weights of shape `(n,)`.
        ignore_class: a label that does not count.
    """
    counts = (labels >= 0) & (labels < num_classes) & (predictions >= 0)
    counts &= predictions < num_classes
    if ignore_class is not None:
        counts &= labels != ignore_class
    place = labels[counts].astype(np.int64) * num_classes + predictions[counts].astype(np.int64)
    matrix = np.bincount(place, weights[counts], minlength=num_classes**2)
    return matrix.reshape(num_classes, num_classes)


def divide_no_nan(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`a / b`, 0 where b is 0."""
    return np.divide(a, b, out=np.zeros_like(a), where=b != 0)
