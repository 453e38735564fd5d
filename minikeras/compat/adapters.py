"""Classes and functions of today under the signatures that they once had.

What is made through an `Adapted` is an ordinary object of today: a `Dense(12, init="uniform")` of 2015 is a
`minikeras.layers.Dense`, its config and its files are today's.
"""

from __future__ import annotations

import functools
import importlib
import logging
from collections.abc import Callable, Mapping
from typing import Any

from minikeras.compat.spelling import tell


class Lazy:
    """An object that is imported when a script first asks for it.

    Args:
        place: where it is, `"module:attribute"`.
    """

    def __init__(self, place: str) -> None:
        self.place = place

    def get(self) -> Any:
        """Import and return the object."""
        module, _, path = self.place.partition(":")
        return functools.reduce(
            getattr, path.split(".") if path else (), importlib.import_module(module)
        )


class Adapted:
    """A class or function of today, called as it once was.

    It answers to `isinstance` and `issubclass`, and may be subclassed, like the class that it stands for.

    Args:
        place: where today's is, `"module:attribute"`.
        positional: the names of its arguments in the order that they once had, in one string, or a
            function of the positional arguments that returns it, where there was more than one order.
            Today's order if None.
        renamed: today's names by old ones.
        values: by today's name, a function that brings an old value of an argument up to date.
        defaults: by today's name, what was the default then. Not for what is today's default, too.
        ignored: old arguments that change nothing, and why.
        prepare: a function that is given all keyword arguments, in today's spelling, and returns them as
            they are to be; for what cannot be said argument by argument.
        afterwards: by name, for arguments that today's has not got, a function of the object that was made
            and the value.
        chosen: a function of all keyword arguments, in today's spelling, that returns the place of another
            class where they ask for what today's cannot do, else None.
        name: the name that scripts know it by, if that is not today's.
        old_name: whether the name itself is gone from Keras.
        today: what to say in its place, if that is not just the name.

    Example:

    >>> from minikeras import layers
    >>> from minikeras.compat.adapters import Adapted
    >>> Dense = Adapted("minikeras.layers:Dense", "output_dim init", {"output_dim": "units"})
    >>> layer = Dense(3)
    >>> type(layer) is layers.Dense, isinstance(layer, Dense), layer.units
    (True, True, 3)
    """

    def __init__(
        self,
        place: str,
        positional: str | Callable[[tuple], str] | None = None,
        renamed: Mapping[str, str] | None = None,
        *,
        values: Mapping[str, Callable[[Any], Any]] | None = None,
        defaults: Mapping[str, Any] | None = None,
        ignored: Mapping[str, str] | None = None,
        prepare: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
        afterwards: Mapping[str, Callable[[Any, Any], None]] | None = None,
        chosen: Callable[[dict[str, Any]], str | None] | None = None,
        name: str | None = None,
        old_name: bool = False,
        today: str | None = None,
    ) -> None:
        self._place = Lazy(place)
        self._positional = positional
        self._renamed = dict(renamed or {})
        self._values = dict(values or {})
        self._defaults = dict(defaults or {})
        self._ignored = dict(ignored or {})
        self._prepare = prepare
        self._afterwards = dict(afterwards or {})
        self._chosen = chosen
        self._todays_name = place.rpartition(":")[2]
        self._old_name = old_name
        self._today = today
        self.__name__ = self.__qualname__ = name or self._todays_name

    @functools.cached_property
    def target(self) -> Any:
        """Today's class or function."""
        return self._place.get()

    @property
    def __doc__(self) -> str | None:
        return self.target.__doc__

    def __repr__(self) -> str:
        return f"<{self.__name__}, as it once was: today {self._place.place}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.target, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = self.arguments(args, kwargs)
        later = self._taken_out(kwargs)
        other = None if self._chosen is None else self._chosen(kwargs)
        made = (self.target if other is None else Lazy(other).get())(*args, **kwargs)
        self._finish(made, later)
        return made

    def _taken_out(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        return {k: kwargs.pop(k) for k in self._afterwards if k in kwargs}

    def _finish(self, made: Any, later: dict[str, Any]) -> None:
        for name, value in later.items():
            if value is not None:
                self._afterwards[name](made, value)

    def order(self, args: tuple) -> list[str] | None:
        """Return the old names of arguments given by place, None if they are in today's order."""
        order = self._positional(args) if callable(self._positional) else self._positional
        return None if order is None else order.split()

    def arguments(
        self, args: tuple, kwargs: dict[str, Any], prepared: bool = True
    ) -> tuple[tuple, dict[str, Any]]:
        """Return call arguments in today's spelling; without `prepared`, their names only."""
        if self._old_name:
            tell(self.__name__, self._today or self._todays_name)
        named = frozenset(kwargs)  # those given by place are not spelled out
        names = self.order(args)
        if args and names is not None:
            if len(args) > len(names):
                raise TypeError(
                    f"{self.__name__} takes at most {len(names)} positional arguments "
                    f"({', '.join(names)}). Received: {len(args)}"
                )
            by_place = dict(zip(names, args))
            twice = by_place.keys() & kwargs.keys()
            if twice:
                raise TypeError(f"{self.__name__}: argument `{min(twice)}` is given twice")
            args, kwargs = (), {**by_place, **kwargs}
        today: dict[str, Any] = {}
        for old, value in kwargs.items():
            if old in self._ignored:
                if old in named:
                    tell(f"{self.__name__}({old}=...)", f"left out: {self._ignored[old]}")
                continue
            new = self._renamed.get(old, old)
            if new != old and old in named:
                tell(f"{self.__name__}({old}=...)", f"{self._todays_name}({new}=...)")
            if new in today:
                raise TypeError(f"{self.__name__}: `{old}` and `{new}` are the same argument")
            today[new] = self._values[new](value) if new in self._values and prepared else value
        for new, value in self._defaults.items():
            today.setdefault(new, value)
        return args, self._prepare(today) if self._prepare is not None and prepared else today

    # As a class.

    def __eq__(self, other: object) -> bool:  # `type(layer) == Dense`
        return other is self or other is self.target

    def __hash__(self) -> int:
        return hash(self.target)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self.target)

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, self.target)

    def __mro_entries__(self, bases: tuple) -> tuple[type]:
        return (self._base,)

    @functools.cached_property
    def _base(self) -> type:
        """Today's class with a constructor that takes the old arguments, to be subclassed."""
        adapted, target = self, self.target

        def __init__(instance: Any, *args: Any, **kwargs: Any) -> None:
            args, kwargs = adapted.arguments(args, kwargs)
            later = adapted._taken_out(kwargs)
            other = None if adapted._chosen is None else adapted._chosen(kwargs)
            if other is not None:
                raise NotAvailable(
                    f"{adapted.__name__}: with these arguments it is a {other.rpartition(':')[2]}, which "
                    f"a subclass of {adapted.__name__} is not. Received: {kwargs}"
                )
            target.__init__(instance, *args, **kwargs)
            adapted._finish(instance, later)

        return type(target)(
            target.__name__,
            (target,),
            {"__init__": __init__, "__module__": target.__module__, "_stands_for": target},
        )


class Gone:
    """A name that cannot be had here; using it says why, and what to use instead.

    Args:
        name: the name.
        instead: what to use.
        why: why it is not there.
    """

    def __init__(self, name: str, instead: str, why: str = "it is not part of minikeras") -> None:
        self.__name__ = name
        self.message = f"`{name}`: {why}. {instead}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotAvailable(self.message)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotAvailable(self.message)

    def __mro_entries__(self, bases: tuple) -> tuple[type]:
        raise NotAvailable(self.message)


class NotAvailable(AttributeError):
    """A script asks for something of another library that minikeras has no counterpart for."""


def no_effect(name: str, result: Any = None) -> Callable:
    """Return a function that takes anything and does nothing, for what has no meaning here."""

    def function(*args: Any, **kwargs: Any) -> Any:
        logging.getLogger("minikeras.compat").debug("%s does nothing on minikeras.", name)
        return result

    function.__name__ = name
    return function
