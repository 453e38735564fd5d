"""From what a `loss` argument may be to a loss, and to configs and back."""

from __future__ import annotations

from typing import Any

from minikeras.losses.loss import FAMILY


def get(identifier: Any) -> Any:
    """Return the loss function or object that an argument stands for.

    Args:
        identifier: None, a name (of a function, or of a class, of which an object is made), a
            function, a class, an object, or a config dict.

    Raises:
        ValueError: if it is none of them.

    Example:

    >>> from minikeras import losses
    >>> losses.get("mse").__name__
    'mean_squared_error'
    """
    return FAMILY.get(identifier)


def serialize(loss: Any) -> Any:
    """Return the config of a loss function or object.

    Example:

    >>> from minikeras import losses
    >>> losses.serialize(losses.Huber())["config"]["delta"]
    1.0
    """
    return FAMILY.serialize(loss)


def deserialize(name: Any, custom_objects: dict | None = None) -> Any:
    """Return the loss function or object that a name or config describes.

    Args:
        name: what `serialize` returned.
        custom_objects: a user's classes and functions by name.

    Raises:
        ValueError: if the name is not known.

    Example:

    >>> from minikeras import losses
    >>> losses.deserialize(losses.serialize(losses.Huber(delta=2.0))).delta
    2.0
    """
    return FAMILY.deserialize(name, custom_objects)
