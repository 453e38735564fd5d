"""From what a `metric` argument may be to a metric, and to configs and back."""

from __future__ import annotations

from typing import Any

from minikeras.metrics.metric import FAMILY


def get(identifier: Any) -> Any:
    """Return the metric object or function that an argument stands for.

    Args:
        identifier: None, a name (of a class, in either spelling, of which an object is made), a
            class, an object, a function, or a config dict.

    Raises:
        ValueError: if it is none of them.

    Example:

    >>> from minikeras import metrics
    >>> metrics.get("mse")
    MeanSquaredError()
    """
    return FAMILY.get(identifier)


def serialize(metric: Any) -> Any:
    """Return the config of a metric object or function.

    Example:

    >>> from minikeras import metrics
    >>> metrics.serialize(metrics.BinaryAccuracy())["config"]["threshold"]
    0.5
    """
    return FAMILY.serialize(metric)


def deserialize(config: Any, custom_objects: dict | None = None) -> Any:
    """Return the metric object or function that a config describes.

    Args:
        config: what `serialize` returned.
        custom_objects: a user's classes and functions by name.

    Raises:
        ValueError: if the name is not known.

    Example:

    >>> from minikeras import metrics
    >>> metrics.deserialize(metrics.serialize(metrics.BinaryAccuracy(threshold=0.3))).threshold
    0.3
    """
    return FAMILY.deserialize(config, custom_objects)
