"""`keras.losses` and `keras.metrics` of Keras 2: names that are gone since."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minikeras import ops
from minikeras.common.registry import register_keras_serializable
from minikeras.compat.adapters import Adapted, Lazy
from minikeras.compat.extensions import Around, Extension

_LOSSES = "minikeras.losses"


@register_keras_serializable("keras2")
def rmse(y_true: Any, y_pred: Any) -> Any:
    """Return the root of the mean squared error over the last axis."""
    return ops.sqrt(ops.mean(ops.square(ops.subtract(y_pred, y_true)), axis=-1))


@register_keras_serializable("keras2")
def cosine_proximity(y_true: Any, y_pred: Any) -> Any:
    """Return minus the cosine between targets and predictions, over the last axis."""
    y_true = ops.normalize(ops.cast(y_true, y_pred.dtype), axis=-1)
    return -ops.sum(y_true * ops.normalize(y_pred, axis=-1), axis=-1)


def _old(today: str, name: str) -> Adapted:
    return Adapted(f"{_LOSSES}:{today}", name=name, old_name=True)


FUNCTIONS = {
    "kullback_leibler_divergence": _old("kl_divergence", "kullback_leibler_divergence"),
    "kld": Lazy(f"{_LOSSES}:kl_divergence"),
    "KLD": Lazy(f"{_LOSSES}:kl_divergence"),
    "logcosh": _old("log_cosh", "logcosh"),
    "huber_loss": _old("huber", "huber_loss"),
    "cosine": cosine_proximity,
    "cosine_proximity": cosine_proximity,
    "root_mean_squared_error": rmse,
    "rmse": rmse,
    "RMSE": rmse,
    **{
        short: Lazy(f"{_LOSSES}:{name}")
        for short, name in {
            "mse": "mean_squared_error",
            "mae": "mean_absolute_error",
            "mape": "mean_absolute_percentage_error",
            "msle": "mean_squared_logarithmic_error",
        }.items()
        for short in (short, short.upper())
    },
}
"""Functions by name, in `keras.losses` and `keras.metrics`."""


class Reduction:
    """How a loss becomes one number. `AUTO` was the mean over the batch, where no strategy was in use."""

    AUTO = SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    NONE = "none"
    SUM = "sum"

    @classmethod
    def all(cls) -> tuple:
        """Return all of them."""
        return cls.AUTO, cls.NONE, cls.SUM, cls.SUM_OVER_BATCH_SIZE

    @classmethod
    def validate(cls, key: str) -> None:
        """Raise ValueError for what is none of them."""
        if key not in cls.all():
            raise ValueError(f"Invalid Reduction Key: {key}. Expected keys are {cls.all()}")


def _init(original: Callable) -> Callable:
    @functools.wraps(original)
    def init(loss: Any, *args: Any, **kwargs: Any) -> None:
        """`reduction="auto"` is today's default; by position it stood before the name."""
        if args and args[0] in (*Reduction.all(), "auto"):
            kwargs.update(zip(("reduction", "name"), args))
            args = args[2:]
        if kwargs.get("reduction") == "auto":
            del kwargs["reduction"]
        original(loss, *args, **kwargs)

    return init


EXTENSIONS = [Extension("minikeras.losses:Loss", {"__init__": Around(_init)})]

NAMES = {
    **FUNCTIONS,
    "Reduction": Reduction,
    "KullbackLeiblerDivergence": Adapted(
        f"{_LOSSES}:KLDivergence", name="KullbackLeiblerDivergence", old_name=True
    ),
    "CosineProximity": Adapted(
        f"{_LOSSES}:CosineSimilarity", name="CosineProximity", old_name=True
    ),
    "LogCosh": Lazy(f"{_LOSSES}:LogCosh"),
}

METRICS = {
    **FUNCTIONS,
    "cosine_similarity": Lazy(f"{_LOSSES}:cosine_similarity"),
    "acc": Lazy("minikeras.metrics:binary_accuracy"),
    "accuracy": Lazy("minikeras.metrics:binary_accuracy"),
}


def function_of(identifier: Any) -> Any:
    """Return the function that a name stood for, if today's Keras does not know the name."""
    if isinstance(identifier, Adapted):
        return identifier.target
    value = FUNCTIONS.get(identifier) if isinstance(identifier, str) else None
    if value is None or identifier.lower() in ("mse", "mae", "mape", "msle"):
        return identifier
    if isinstance(value, Lazy):
        return value.get()
    return value.target if isinstance(value, Adapted) else value
