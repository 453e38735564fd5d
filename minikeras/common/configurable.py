"""`Configurable`: what is made from arguments, and can be made from them again.

Layers, losses, metrics, optimizers, schedules, initializers, regularizers and constraints are. An
argument is written in the signature of `__init__` and kept as the attribute of its name; `get_config`
and `from_config` follow from these two. Its annotation says what it may be, which is checked when an
object is made (`common/arguments.py`).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from inspect import Parameter
from types import FunctionType
from typing import Any, ClassVar

from minikeras.common.arguments import as_written, check_constructor, short
from minikeras.common.dtypes import own_dtype
from minikeras.common.printing import OMIT, Printed, parameters_by_class
from minikeras.common.serialization import deserialize_keras_object, serialize_keras_object


class Configurable(Printed):
    """Base of what is made from arguments.

    Example:

    >>> from minikeras.regularizers import Regularizer
    >>> class Largest(Regularizer):
    ...     def __init__(self, factor=0.1):
    ...         self.factor = factor
    >>> Largest(0.5).get_config()
    {'factor': 0.5}
    """

    argument_sources: ClassVar[Mapping[str, str | Callable[[Any], Any] | None]] = {}
    """Where arguments are found that are not the attribute of their name: another attribute, a
    function of the object, or None for one that configs leave out. Bases' sources count too."""

    hands_on_arguments: ClassVar[bool] = False
    """Whether the signatures of a family of this package show what `**options` hand on to a base.
    A class then writes its own arguments only; see `_with_handed_on`."""

    _of_package: ClassVar[bool] = True

    def __init_subclass__(cls, defaults: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        """Note what a class adds.

        Args:
            defaults: defaults in which its arguments differ from those of its base.
        """
        super().__init_subclass__(**kwargs)
        cls._of_package = cls.__module__.startswith("minikeras.")
        if cls._of_package:
            inherited = as_written(cls.__init__)
            if "__init__" not in cls.__dict__ and isinstance(inherited, FunctionType):
                cls.__init__ = _renamed(inherited, cls, defaults or {})
            if cls.hands_on_arguments:
                cls.__init__ = _with_handed_on(cls.__init__, cls)
            check_constructor(cls)
        if "argument_sources" in cls.__dict__:
            inherited = super(cls, cls).argument_sources
            cls.argument_sources = {**inherited, **cls.argument_sources}

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made = super().__new__(cls)
        if not cls._of_package:  # a user's class keeps its arguments as it likes, so note them
            made.__dict__["_made_with"] = (args, kwargs)
        return made

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({k: own_dtype(v) for k, v in state.items()})

    def _noted_arguments(self) -> Mapping[str, Any]:
        return _noted(self) if "_made_with" in self.__dict__ else {}

    def get_config(self) -> dict:
        """Return what `from_config` needs to make such an object again, as plain types.

        A class of one's own need not override it while its arguments can be serialized.
        """
        return {k: self._argument_config(k, v) for k, v in arguments_of(self).items()}

    def _argument_config(self, name: str, value: Any) -> Any:
        return serialize_keras_object(value)

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        """Make an object from its config.

        Args:
            config: the arguments; configs among them become objects.
            custom_objects: dict from names to a user's classes and functions.
        """
        override = _user_class_with_config(cls)
        if override is None:
            config = {k: _revived(v, custom_objects) for k, v in config.items()}
        else:  # what is not from the `get_config` of this package is left to the user's class
            known = parameters_of(_base_of(cls, override))
            config = {
                k: _revived(v, custom_objects) if k in known else v for k, v in config.items()
            }
        try:
            return cls(**config)
        except TypeError as error:
            raise TypeError(
                f"Error when deserializing class '{cls.__name__}' using config={config}.\n\n"
                f"Exception encountered: {error}"
            ) from error


def arguments_of(obj: Configurable) -> dict[str, Any]:
    """Return the arguments that make an object like this one, those of its bases first.

    They are read from the attributes, which may have changed since the object was made; the own
    arguments of a user's class were noted when it was made.

    Example:

    >>> from minikeras.regularizers import L2
    >>> arguments_of(L2(0.5))
    {'l2': 0.5}
    """
    cls = type(obj)
    noted = {} if cls._of_package else _noted(obj)
    override = _user_class_with_config(cls)
    if override is not None:  # it adds its own arguments to what this function gives
        cls = _base_of(cls, override)
    found = {}
    for owner, parameters in reversed(parameters_by_class(cls)):
        for p in parameters:
            source = cls.argument_sources.get(p.name, p.name)
            if source is None:
                continue
            if callable(source):
                value = source(obj)
            elif owner._of_package or p.name in cls.argument_sources:
                value = getattr(obj, source)
            else:
                value = noted.get(p.name, OMIT)
            if value is not OMIT:
                found[p.name] = value
    return found


def unusual_arguments_of(obj: Configurable) -> dict[str, Any]:
    """Return those arguments of an object of this package that are not at their defaults.

    Objects that stand for a name or a config count as defaults: this is for messages.

    >>> from minikeras.regularizers import L1L2
    >>> unusual_arguments_of(L1L2(l2=0.5))
    {'l2': 0.5}
    """
    if not type(obj)._of_package:
        return {}
    defaults = {name: p.default for name, p in parameters_of(type(obj)).items()}
    return {
        name: value
        for name, value in arguments_of(obj).items()
        if name not in ("name", "dtype")
        and not isinstance(value, Configurable)
        and ("<locals>" in value.__qualname__ if isinstance(value, FunctionType) else True)
        and short(value) != short(defaults.get(name))
    }


def parameters_of(cls: type) -> dict[str, Parameter]:
    """Return what a class can be made with, by name: its own parameters, then those of its bases.

    A base counts as long as `**kwargs` hand arguments on to it.
    """
    found: dict[str, Parameter] = {}
    for _, parameters in parameters_by_class(cls):
        for p in parameters:
            found.setdefault(p.name, p)
    return found


def own_parameters_of(cls: type) -> dict[str, Parameter]:
    """Return what the `__init__` of a class names, without what it hands on to its bases."""
    return {p.name: p for p in parameters_by_class(cls)[0][1]}


def accepted(cls: type, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `arguments` that a class can be made with.

    For an `__init__` that hands many arguments on under their own names, first thing, while its
    locals are its arguments: `super().__init__(**accepted(Base, locals()), **kwargs)`.
    """
    names = parameters_of(cls)
    return {k: v for k, v in arguments.items() if k in names}


def _renamed(init: Any, cls: type, defaults: Mapping[str, Any]) -> Any:
    """Return an inherited `__init__` with other defaults, which in messages is the class's own."""
    own = FunctionType(init.__code__, init.__globals__, init.__name__, None, init.__closure__)
    # Not by `inspect.signature`, which for all classes together would take a tenth of the import.
    names = init.__code__.co_varnames[: init.__code__.co_argcount]
    given = init.__defaults__ or ()
    values = {**dict(zip(names[len(names) - len(given) :], given)), **defaults}
    own.__defaults__ = tuple([values[name] for name in names if name in values])
    own.__kwdefaults__ = {k: defaults.get(k, v) for k, v in (init.__kwdefaults__ or {}).items()}
    own.__annotations__ = init.__annotations__
    own.__qualname__, own.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
    return own


def _with_handed_on(init: Any, cls: type) -> Any:
    """Return an `__init__` that names what its `**options` hand on to the base, and takes all
    arguments by position too: first its own, then those of the base, then its keyword-only ones.
    What the base takes by keyword only stays so.

    >>> from minikeras.optimizers import SGD
    >>> list(inspect.signature(SGD).parameters)[:5]
    ['learning_rate', 'momentum', 'nesterov', 'weight_decay', 'clipnorm']
    >>> SGD(0.1, 0.9, True, 1e-4).weight_decay
    0.0001
    """
    parameters = inspect.signature(init).parameters.values()
    own = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    last = [p.replace(kind=own[0].kind) for p in parameters if p.kind is p.KEYWORD_ONLY]
    known = {p.name for p in own + last}
    base = inspect.signature(super(cls, cls).__init__).parameters.values()
    handed_on = [p for p in base if p.kind is p.POSITIONAL_OR_KEYWORD and p.name not in known]
    by_keyword = [p for p in base if p.kind is p.KEYWORD_ONLY and p.name not in known]
    options = [p for p in base if p.kind is p.VAR_KEYWORD]
    if not handed_on or all(p.kind is not p.VAR_KEYWORD for p in parameters):
        return init
    by_position = [*own, *handed_on, *last]
    names = [p.name for p in by_position][1:]
    n = len(own) - 1

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        if len(args) > len(names):
            raise TypeError(
                f"{cls.__name__}() takes at most {len(names)} arguments by position. Received: "
                f"{len(args)}"
            )
        init(self, *args[:n], **dict(zip(names[n:], args[n:])), **kwargs)

    __init__.__signature__ = inspect.Signature([*by_position, *by_keyword, *options])
    return __init__


def _user_class_with_config(cls: type) -> type | None:
    """Return the last class, from `cls` to its bases, in which a user wrote `get_config`."""
    found = [c for c in cls.__mro__ if "get_config" in c.__dict__ and not c._of_package]
    return found[-1] if found else None


def _base_of(cls: type, override: type) -> type:
    """Return the class whose `get_config` the `super()` of a user's class in `cls` finds."""
    return cls.__mro__[cls.__mro__.index(override) + 1]


def _noted(obj: Any) -> dict[str, Any]:
    """Return all arguments that a user's class was made with, defaults too."""
    args, kwargs = obj._made_with
    bound = inspect.signature(type(obj).__init__).bind(obj, *args, **kwargs)
    bound.apply_defaults()
    named = {}
    for name, value in list(bound.arguments.items())[1:]:
        kind = bound.signature.parameters[name].kind
        if kind is Parameter.VAR_KEYWORD:
            named.update(value)
        elif kind is not Parameter.VAR_POSITIONAL:
            named[name] = value
    return named


def _revived(value: Any, custom_objects: dict | None) -> Any:
    if isinstance(value, dict):
        return deserialize_keras_object(value, custom_objects)
    if isinstance(value, (list, tuple)):
        return type(value)([_revived(v, custom_objects) for v in value])
    return value
