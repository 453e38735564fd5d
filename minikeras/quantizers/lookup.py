"""From what an argument may be to a quantizer, and to configs and back."""

from __future__ import annotations

from typing import Any

from minikeras.quantizers.quantizers import FAMILY


def get(identifier: Any, **kwargs: Any) -> Any:
    """Return the quantizer that an argument stands for.

    Args:
        identifier: None, a name, a config, a quantizer or its class.
        **kwargs: arguments of the class that is named.

    Raises:
        ValueError: if it is none of these.

    Example:

    >>> from minikeras import quantizers
    >>> quantizers.get("abs_max_quantizer").output_dtype
    'int8'
    """
    if kwargs and isinstance(identifier, str) and identifier in FAMILY.table:
        return FAMILY.table[identifier](**kwargs)
    if kwargs and isinstance(identifier, type):
        return identifier(**kwargs)
    return FAMILY.get(identifier)


def serialize(initializer: Any) -> Any:
    """Return the config of a quantizer.

    Example:

    >>> from minikeras import quantizers
    >>> quantizers.serialize(quantizers.AbsMaxQuantizer(axis=0))["config"]["axis"]
    (0,)
    """
    return FAMILY.serialize(initializer)


def deserialize(config: Any, custom_objects: dict | None = None) -> Any:
    """Return the quantizer that a config, or a name, describes.

    Args:
        config: config of `serialize`, or a name.
        custom_objects: dict from names to a user's quantizers.

    Example:

    >>> from minikeras import quantizers
    >>> quantizers.deserialize({"class_name": "AbsMaxQuantizer", "config": {"axis": 1}}).axis
    (1,)
    """
    return FAMILY.deserialize(config, custom_objects)
