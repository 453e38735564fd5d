"""From what a `constraint` argument may be to a constraint, and to configs and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minikeras.constraints.constraints import FAMILY


def get(identifier: Any) -> Callable | None:
    """Return the constraint that an argument stands for.

    Args:
        identifier: None, a name, a config, a constraint or its class, or a function of a weight.

    Raises:
        ValueError: if it is none of these.

    Example:

    >>> from minikeras import constraints
    >>> constraints.get("max_norm").get_config()
    {'max_value': 2, 'axis': 0}
    """
    return FAMILY.get(identifier)


def serialize(constraint: Any) -> Any:
    """Return the config of a constraint.

    Example:

    >>> from minikeras import constraints
    >>> constraints.serialize(constraints.UnitNorm(axis=1))["config"]
    {'axis': 1}
    """
    return FAMILY.serialize(constraint)


def deserialize(config: Any, custom_objects: dict | None = None) -> Any:
    """Return the constraint that a config, or a name, describes.

    Args:
        config: config of `serialize`, or a name.
        custom_objects: dict from names to a user's constraints.

    Example:

    >>> from minikeras import constraints
    >>> constraints.deserialize({"class_name": "UnitNorm", "config": {"axis": 1}}).axis
    1
    """
    return FAMILY.deserialize(config, custom_objects)
