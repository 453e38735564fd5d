"""`keras.utils.legacy`: objects as Keras 2 wrote them; libraries still use it for their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minikeras.common.registry import get_registered_name
from minikeras.common.serialization import deserialize_keras_object as _today


def serialize_keras_object(instance: Any) -> Any:
    """Return an object's class name and config, or a function's name; None for None.

    Args:
        instance: an object with `get_config`, or a function or class.

    Raises:
        ValueError: if it is neither.

    Example:

    >>> from minikeras import initializers
    >>> serialize_keras_object(initializers.Constant(3.0))["class_name"]
    'Constant'
    """
    if instance is None:
        return None
    if hasattr(instance, "get_config") and not isinstance(instance, type):
        name = get_registered_name(type(instance))
        return {"class_name": name, "config": instance.get_config()}
    if hasattr(instance, "__name__"):
        return get_registered_name(instance)
    raise ValueError(f"serialize_keras_object: {instance!r} has neither `get_config` nor a name.")


def deserialize_keras_object(
    identifier: Any,
    module_objects: Mapping[str, Any] | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    printable_module_name: str = "object",
) -> Any:
    """Return the object of what `serialize_keras_object` returned.

    Args:
        identifier: that, or the name of a function or class (of which an instance is made), or None, or a
            function, which is returned as it is.
        module_objects: classes and functions by name.
        custom_objects: more of them, which count first.
        printable_module_name: what kind of object it is, for messages.

    Raises:
        ValueError: if there is no object of that name.

    Example:

    >>> from minikeras import initializers
    >>> config = {"class_name": "Constant", "config": {"value": 3.0}}
    >>> deserialize_keras_object(config, {"Constant": initializers.Constant}).value
    3.0
    """
    known = {**(module_objects or {}), **(custom_objects or {})}
    if isinstance(identifier, dict):
        return _today(identifier, custom_objects=known)
    if not isinstance(identifier, str):
        return identifier
    found = known.get(identifier)
    if found is None:
        raise ValueError(
            f"Unknown {printable_module_name}: {identifier!r}. Known are {sorted(known)}."
        )
    return found() if isinstance(found, type) else found
