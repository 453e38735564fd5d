"""`ObjectFamily`: what an argument may name, and what joins a family where it is defined."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from minikeras.common.arguments import NONE, Kind, any_of
from minikeras.common.naming import nearest_names, to_snake_case, unknown_name_message
from minikeras.common.registry import (
    CustomObjectScope,
    T,
    custom_names,
    find_custom,
    get_registered_object,
)
from minikeras.common.serialization import deserialize_keras_object, serialize_keras_object


class ObjectFamily:
    """A kind of object that an argument may name: activations, losses, optimizers, ...

    A class is known by its name and by that in snake case, a function by its name; both may have
    aliases.

    Args:
        kind: what one of them is called in messages: `"loss"`.
        objects: classes and functions that belong to it, but do not join where they are defined.
        default: what None stands for.
        ignore_case: whether the case of names does not matter.
        functions_by_name: whether `serialize` gives just the name of one of the family's functions.

    Attributes:
        base: base class of the objects, None if they are functions. Unless it is a class whose
            instances are not called (optimizers), any callable will do in place of an instance.
        table: the classes and functions by all their names.

    Example:

    >>> fillers = ObjectFamily("filler")
    >>> @fillers.register("zero")
    ... class Zeros:
    ...     def __call__(self, shape):
    ...         return [0.0] * shape
    >>> fillers.get("zero")(2)
    [0.0, 0.0]
    >>> fillers.get("zeroes")
    Traceback (most recent call last):
    ...
    ValueError: Unknown filler: 'zeroes'. Did you mean 'zeros'? Known fillers: Zeros, zero, zeros
    """

    def __init__(
        self,
        kind: str,
        objects: Iterable[Any] = (),
        *,
        default: Any = None,
        ignore_case: bool = False,
        functions_by_name: bool = False,
    ) -> None:
        self.kind = kind
        self.base: type | None = None
        self.default = default
        self.ignore_case = ignore_case
        self.functions_by_name = functions_by_name
        self.table: dict[str, Any] = {}
        for obj in objects:
            self.register()(obj)

    def register(self, *aliases: str) -> Callable[[T], T]:
        """Decorate a class or function that belongs to the family.

        Args:
            *aliases: names that it has besides its own.
        """

        def decorate(obj: T) -> T:
            self.table[obj.__name__] = obj
            if inspect.isclass(obj):  # a function of that name goes first
                self.table.setdefault(to_snake_case(obj.__name__), obj)
            self.table.update(dict.fromkeys(aliases, obj))
            return obj

        return decorate

    def __contains__(self, obj: Any) -> bool:
        """Whether it is one of the family's functions, or an object of one of its classes."""
        known = obj if inspect.isfunction(obj) else type(obj)
        return self.table.get(known.__name__) is known

    def get(self, identifier: Any) -> Any:
        """Return the object that an argument stands for.

        Args:
            identifier: None, a name, a config, a class (one is made without arguments), or the
                object itself.

        Raises:
            ValueError: for an unknown name, with the nearest known one, and for other values.
        """
        if identifier is None:
            return self.default
        if isinstance(identifier, dict):
            obj = self.deserialize(identifier)
        elif isinstance(identifier, str):
            obj = self._named(identifier)
        else:
            obj = identifier
        if inspect.isclass(obj):
            obj = obj()
        if self._is_one(obj):
            return obj
        raise ValueError(
            f"Could not interpret {self.kind} identifier: {identifier!r} (of type "
            f"{type(identifier).__name__}). Expected a name, a config dict, or "
            f"{'a callable' if self._any_callable else f'an instance of {self.base.__name__}'}."
        )

    @property
    def argument(self) -> Kind:
        """What an argument may be that stands for one of the family."""
        article = "an" if self.kind[0] in "aeiou" else "a"
        one = Kind(f"{article} {self.kind} (or its name or config)", self._may_stand_for)
        return any_of([one, NONE])

    def _may_stand_for(self, value: Any) -> bool:
        if isinstance(value, str):
            self._named(value)  # it raises, and tells which names there are
            return True
        if isinstance(value, dict):
            return "class_name" in value
        if inspect.isclass(value):  # its instances are meant
            return issubclass(value, self.base or ()) or "__call__" in dir(value)
        return self._is_one(value)

    def _is_one(self, obj: Any) -> bool:
        return isinstance(obj, self.base or ()) or (self._any_callable and callable(obj))

    @property
    def _any_callable(self) -> bool:
        return self.base is None or "__call__" in dir(self.base)

    def serialize(self, obj: Any) -> Any:
        """Return the config of an object of the family.

        Raises:
            TypeError: if it has none.
        """
        if self.functions_by_name and inspect.isfunction(obj) and obj in self:
            return obj.__name__
        return serialize_keras_object(obj)

    def deserialize(self, config: Any, custom_objects: dict | None = None) -> Any:
        """Return the object that a config describes.

        Args:
            config: config of `serialize`, of Keras, or a name.
            custom_objects: dict from names to a user's classes and functions.

        Raises:
            ValueError: for an unknown name or what is no config.
            TypeError: if a config's class is not known.
        """
        if config is None:
            return None
        with CustomObjectScope(custom_objects):
            if isinstance(config, str):
                obj = self._named(config)
                return obj() if inspect.isclass(obj) else obj
            if not isinstance(config, dict) or "class_name" not in config:
                raise ValueError(
                    f"Could not interpret {self.kind} config: {config!r}. Expected a name, or a "
                    "dict with 'class_name' and 'config'."
                )
            name = self._known(config["class_name"]) or config["class_name"]
            config = {**config, "class_name": name, "config": config.get("config")}
            return deserialize_keras_object(config, module_objects=self.table)

    def _named(self, name: str) -> Any:
        found = get_registered_object(name)
        if found is None:
            known = self._known(name)
            # A name alone means what is built in, whatever users have registered as `package>name`.
            found = find_custom(name) if known is None else self.table[known]
        if found is None:
            custom = nearest_names(name, custom_names())  # not all: they may be anything
            raise ValueError(unknown_name_message(self.kind, name, [*self.table, *custom]))
        return found

    def _known(self, name: str) -> str | None:
        if name in self.table:
            return name
        if not self.ignore_case:
            return None
        return next((known for known in self.table if known.lower() == name.lower()), None)


def _is_ours(cls: type) -> bool:
    """Whether a class is one of minikeras's today: names of older dialects do not displace those."""
    module = cls.__module__
    older = module.startswith("minikeras.compat.") or "_stands_for" in cls.__dict__
    return module.startswith("minikeras.") and not older


class FamilyMember:
    """Base of classes that are known by name: those of minikeras join the family by themselves.

    Example:

    >>> fillers = ObjectFamily("filler")
    >>> class Filler(FamilyMember, family=fillers):
    ...     pass
    >>> fillers.base
    <class 'minikeras.common.object_family.Filler'>
    """

    family: ObjectFamily

    def __init_subclass__(
        cls,
        *,
        family: ObjectFamily | None = None,
        aliases: Iterable[str] = (),
        **kwargs: Any,
    ) -> None:
        """Let a class of minikeras join; users register theirs if they want to.

        Args:
            family: for the base class of a family, that family.
            aliases: further names.
        """
        super().__init_subclass__(**kwargs)
        if family is not None:
            cls.family, family.base = family, cls
        if _is_ours(cls) and not cls.__name__.startswith("_"):
            cls.family.register(*aliases)(cls)
