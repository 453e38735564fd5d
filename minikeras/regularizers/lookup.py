"""From what a `regularizer` argument may be to a regularizer, and to configs and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minikeras.regularizers.regularizers import FAMILY


def get(identifier: Any) -> Callable | None:
    """Return the regularizer that an argument stands for.

    Args:
        identifier: None, a name, a config, a regularizer or its class, or a function of a weight.

    Raises:
        ValueError: if it is none of these.

    Example:

    >>> from minikeras import regularizers
    >>> regularizers.get("l2").get_config()
    {'l2': 0.01}
    """
    return FAMILY.get(identifier)


def serialize(regularizer: Any) -> Any:
    """Return the config of a regularizer.

    Example:

    >>> from minikeras import regularizers
    >>> regularizers.serialize(regularizers.L2(0.5))["class_name"]
    'L2'
    """
    return FAMILY.serialize(regularizer)


def deserialize(config: Any, custom_objects: dict | None = None) -> Any:
    """Return the regularizer that a config, or a name, describes.

    Args:
        config: config of `serialize`, or a name.
        custom_objects: dict from names to a user's regularizers.

    Example:

    >>> from minikeras import regularizers
    >>> regularizers.deserialize({"class_name": "L2", "config": {"l2": 0.5}}).l2
    0.5
    """
    return FAMILY.deserialize(config, custom_objects)
