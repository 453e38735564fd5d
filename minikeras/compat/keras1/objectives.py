"""`keras.objectives`, and metrics and optimizers as names in `compile` meant them in Keras 1."""

from __future__ import annotations

from typing import Any

from minikeras import backend, ops
from minikeras.common.registry import register_keras_serializable
from minikeras.compat.adapters import Adapted, Lazy
from minikeras.compat.keras2 import MODULES as LATER
from minikeras.compat.keras2.losses import FUNCTIONS


@register_keras_serializable("keras1")
def cosine_proximity(y_true: Any, y_pred: Any) -> Any:
    """Return minus the mean of the products of targets and predictions, both of length 1."""
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.normalize(ops.cast(y_true, y_pred.dtype), axis=-1)
    return -ops.mean(y_true * ops.normalize(y_pred, axis=-1), axis=-1)


NAMES = {
    **FUNCTIONS,
    "kullback_leibler_divergence": FUNCTIONS["kld"],
    "cosine_proximity": cosine_proximity,
    "cosine": cosine_proximity,
}
_OWN = ("cosine_proximity", "cosine")


# Metrics of Keras 1, computed batch by batch.


def _positives(values: Any) -> Any:
    return ops.round(ops.clip(values, 0, 1))


@register_keras_serializable("keras1")
def precision(y_true: Any, y_pred: Any) -> Any:
    """Return how many of those that were found should be, in a batch."""
    y_true = ops.cast(y_true, ops.convert_to_tensor(y_pred).dtype)
    return ops.sum(_positives(y_true * y_pred)) / (ops.sum(_positives(y_pred)) + backend.epsilon())


@register_keras_serializable("keras1")
def recall(y_true: Any, y_pred: Any) -> Any:
    """Return how many of those that should be were found, in a batch."""
    y_true = ops.cast(y_true, ops.convert_to_tensor(y_pred).dtype)
    return ops.sum(_positives(y_true * y_pred)) / (ops.sum(_positives(y_true)) + backend.epsilon())


@register_keras_serializable("keras1")
def fbeta_score(y_true: Any, y_pred: Any, beta: float = 1) -> Any:
    """Return the weighted harmonic mean of precision and recall, in a batch.

    Raises:
        ValueError: if beta is negative.
    """
    if beta < 0:
        raise ValueError(f"fbeta_score: `beta` must not be negative. Received: {beta}")
    p, r, square = precision(y_true, y_pred), recall(y_true, y_pred), beta**2
    return (1 + square) * (p * r) / (square * p + r + backend.epsilon())


@register_keras_serializable("keras1")
def fmeasure(y_true: Any, y_pred: Any) -> Any:
    """Return the harmonic mean of precision and recall, in a batch."""
    return fbeta_score(y_true, y_pred, 1)


@register_keras_serializable("keras1")
def matthews_correlation(y_true: Any, y_pred: Any) -> Any:
    """Return the correlation of binary targets and predictions, in a batch."""
    y_true = ops.cast(y_true, ops.convert_to_tensor(y_pred).dtype)
    found, wanted = _positives(y_pred), _positives(y_true)
    tp, tn = ops.sum(wanted * found), ops.sum((1 - wanted) * (1 - found))
    fp, fn = ops.sum((1 - wanted) * found), ops.sum(wanted * (1 - found))
    scale = ops.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    return (tp * tn - fp * fn) / (scale + backend.epsilon())


METRICS = {
    "precision": precision,
    "recall": recall,
    "fbeta_score": fbeta_score,
    "fmeasure": fmeasure,
    "fscore": fmeasure,
    "f1score": fmeasure,
    "matthews_correlation": matthews_correlation,
}


# What names in `compile` stand for.


def loss_of(identifier: Any) -> Any:
    """Return the loss that a name stands for, if later Keras has another or none by it."""
    return NAMES[identifier] if identifier in _OWN else identifier


def metric_of(identifier: Any) -> Any:
    """Return the metric that a name stands for, if later Keras has another or none by it."""
    if not isinstance(identifier, str):
        return identifier
    return METRICS.get(identifier) or loss_of(identifier)


def optimizer_of(name: str) -> Any:
    """Return the optimizer of a name, with the defaults that it had."""
    found = LATER["optimizers"].names
    made = found.get(name) or {k.lower(): v for k, v in found.items()}.get(name.lower())
    return made() if isinstance(made, Adapted) else name


def get(identifier: Any) -> Any:
    """Return the objective that an argument stands for.

    Args:
        identifier: a name or a function.

    Raises:
        ValueError: if there is no such objective.
    """
    from minikeras import losses

    if isinstance(identifier, str) and identifier in NAMES:
        found = NAMES[identifier]
        return found.get() if isinstance(found, Lazy) else found
    return losses.get(identifier)


NAMES["get"] = get
