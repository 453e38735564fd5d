"""Names under which a user's classes and functions are saved and found again."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from minikeras.common.settings import get_local, set_local

T = TypeVar("T")

# Single dict operations are atomic, so registering from several threads needs no lock.
_objects: dict[str, Any] = {}
_names: dict[Any, str] = {}


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[T], T]:
    """Register a class or function, so that what uses it can be saved and loaded.

    Args:
        package: the part of the registered name before `>`.
        name: the part after it, the object's own name if None.

    Returns:
        A decorator that registers its argument as `"package>name"` and returns it.

    Raises:
        ValueError: from the decorator, for a class without `get_config`.

    Example:

    >>> import minikeras
    >>> @minikeras.saving.register_keras_serializable(package="mine")
    ... def twice(x):
    ...     return 2 * x
    >>> minikeras.saving.get_registered_name(twice)
    'mine>twice'
    """

    def decorate(target: T) -> T:
        if inspect.isclass(target) and not hasattr(target, "get_config"):
            raise ValueError(
                "Cannot register a class that does not have a get_config() method. "
                f"Received: {target!r}"
            )
        registered = f"{package}>{target.__name__ if name is None else name}"
        _objects[registered] = target
        _names[target] = registered
        return target

    return decorate


def get_registered_name(obj: Any) -> str:
    """Return the name that a class or function is registered under, else its own name.

    Args:
        obj: class or function.
    """
    try:
        return _names.get(obj) or obj.__name__
    except TypeError:  # unhashable, so never registered
        return obj.__name__


def get_registered_object(
    name: str | None, custom_objects: dict | None = None, module_objects: dict | None = None
) -> Any:
    """Return the class or function that `name` stands for, None if there is none.

    Args:
        name: registered name, `"package>name"`, or a name in one of the tables.
        custom_objects: table searched after open scopes and registered objects.
        module_objects: table searched last.
    """
    for table in (_scope(), _objects, custom_objects or {}, module_objects or {}):
        if name in table:
            return table[name]
    return None


def find_custom(name: str) -> Any:
    """Return a user's object by its registered name, or by the part of it after `>`."""
    found = get_registered_object(name)
    if found is None and ">" not in name:
        for table in (_scope(), _objects):
            for known, obj in list(table.items()):
                if known.endswith(f">{name}"):
                    return obj
    return found


def custom_names() -> list[str]:
    """Return every name that `get_registered_object` finds, for messages."""
    return [*_scope(), *_objects]


def _scope() -> dict[str, Any]:
    return get_local("custom_objects") or {}


def get_custom_objects() -> dict[str, Any]:
    """Return the table of registered objects itself, which may be changed.

    Example:

    >>> import minikeras
    >>> minikeras.saving.get_custom_objects()["double"] = lambda x: 2 * x
    >>> minikeras.activations.get("double")(4)
    8
    >>> del minikeras.saving.get_custom_objects()["double"]
    """
    return _objects


class CustomObjectScope:
    """A context in which names stand for the given classes and functions, on this thread.

    Scopes nest: an inner one adds to those around it.

    Args:
        custom_objects: dict from names to classes and functions.

    Example:

    >>> import minikeras
    >>> with minikeras.saving.custom_object_scope({"double": lambda x: 2 * x}):
    ...     minikeras.activations.get("double")(4)
    8
    """

    def __init__(self, custom_objects: dict[str, Any] | None) -> None:
        self.custom_objects = custom_objects or {}

    def __enter__(self) -> CustomObjectScope:
        self._outer = get_local("custom_objects")
        set_local("custom_objects", {**(self._outer or {}), **self.custom_objects})
        return self

    def __exit__(self, *exc: Any) -> None:
        set_local("custom_objects", self._outer)


custom_object_scope = CustomObjectScope
