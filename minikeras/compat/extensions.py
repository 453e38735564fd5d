"""What classes of today can do in addition, or otherwise, while a dialect is in use.

A model that a script of 2018 has loaded, copied or been given is a model of today, and yet it is to have
`fit_generator`. So methods of older Keras are not in subclasses, which such a model would not be of; they are
lent to the classes of today when the script imports Keras, and `uninstall` takes them back.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from minikeras.compat.adapters import Lazy

_ABSENT = object()
_lent: list[tuple[type, str, Any]] = []
_extended: set[int] = set()


class Around:
    """An attribute that is made from the one that it stands before.

    Args:
        make: given the function or property that was there, returns the one to be there.
    """

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self.make = make


class Extension:
    """Attributes that a class of today has while a dialect is in use.

    Args:
        place: the class, `"module:attribute"`.
        attributes: functions, properties and `Around`s, by name.

    Example:

    >>> from minikeras.models import Model
    >>> from minikeras.compat.extensions import Extension, lend, take_back
    >>> lend([Extension("minikeras.models:Model", {"greet": lambda model: f"I am {model.name}"})])
    >>> Model(name="m").greet()
    'I am m'
    >>> take_back()
    >>> hasattr(Model(name="m"), "greet")
    False
    """

    def __init__(self, place: str, attributes: Mapping[str, Any]) -> None:
        self._place = Lazy(place)
        self._attributes = dict(attributes)

    def apply(self) -> None:
        """Put the attributes on the class, and note what was there."""
        cls = self._place.get()
        for name, value in self._attributes.items():
            _lent.append((cls, name, cls.__dict__.get(name, _ABSENT)))
            if isinstance(value, Around):
                value = value.make(inspect.getattr_static(cls, name))
            setattr(cls, name, value)


def lend(extensions: Iterable[Extension]) -> None:
    """Apply extensions, each once until `take_back`."""
    for extension in extensions:
        if id(extension) not in _extended:
            _extended.add(id(extension))
            extension.apply()


def take_back() -> None:
    """Undo all that was applied."""
    while _lent:
        cls, name, before = _lent.pop()
        if before is _ABSENT:
            delattr(cls, name)
        else:
            setattr(cls, name, before)
    _extended.clear()
