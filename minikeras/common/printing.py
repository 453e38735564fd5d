"""`Printed`: what prints as the call that makes it."""

from __future__ import annotations

import inspect
import re
import reprlib
from collections.abc import Callable, Iterator, Mapping
from inspect import Parameter
from types import FunctionType, MethodType
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import numpy as np

from minikeras.common.arguments import as_written, short
from minikeras.common.naming import to_snake_case
from minikeras.common.settings import settings

OMIT: Any = object()
"""What a source of an argument returns to leave it out."""

_LONGEST = 60
"""Characters of a text, and of a list, that are printed."""


class Printed:
    """Base of what prints as its class and those arguments that are not at their defaults.

    Each argument is looked for where `argument_sources` say, else in the attribute of its name. One
    that is not there, as in an object whose `__init__` has failed, is left out.

    Example:

    >>> from minikeras import optimizers
    >>> optimizers.Adam(optimizers.schedules.CosineDecay(0.01, 1000), clipnorm=1.0)
    Adam(learning_rate=CosineDecay(initial_learning_rate=0.01, decay_steps=1000), clipnorm=1.0)
    """

    argument_sources: ClassVar[Mapping[str, Any]] = {}

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        arguments = [f"{k}={as_printed(v)}" for k, v in _changed_arguments(self)]
        return f"{type(self).__name__}({', '.join(arguments)})"

    def _noted_arguments(self) -> Mapping[str, Any]:
        """Return what was noted when the object was made, for arguments that are no attributes."""
        return {}

    def _further_arguments(self) -> Mapping[str, Any]:
        """Return arguments that no signature names."""
        return {}


_parameters: WeakKeyDictionary[Callable, list[Parameter]] = WeakKeyDictionary()
"""Those of each `__init__` but `self`: a model has many layers, and few classes of them."""


def parameters_by_class(cls: type) -> list[tuple[type, list[Parameter]]]:
    """Return the parameters of a class, then those of its bases, as long as `**kwargs` hand them on."""
    found = []
    for base in cls.__mro__:
        init = base.__dict__.get("__init__")
        if init is None or not issubclass(base, Printed):
            continue
        if init not in _parameters:
            _parameters[init] = list(inspect.signature(as_written(init)).parameters.values())[1:]
        parameters = _parameters[init]
        named = [p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
        found.append((base, named))
        if all(p.kind is not p.VAR_KEYWORD for p in parameters):
            break
    return found


def as_printed(value: Any) -> str:
    """Return a value as an argument prints: arrays by shape and dtype, functions by name, long ones cut.

    >>> as_printed(np.zeros(1000)), as_printed(np.float32(0.1)), as_printed(len), as_printed([1] * 99)
    ('<ndarray of shape (1000,), dtype float64>', '0.1', 'len', '[1, 1, 1, 1, 1, 1, 1, 1, ...]')
    """
    if isinstance(value, (FunctionType, type)) or inspect.isbuiltin(value):
        return value.__name__
    if isinstance(value, (str, bytes)):
        text = repr(value)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...{text[0]}"
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        inner = ", ".join([as_printed(v) for v in value[:8]])
        inner += (
            ", ..." if len(value) > 8 else "," if len(value) == 1 and type(value) is tuple else ""
        )
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if type(value) is dict:
        items = [f"{as_printed(k)}: {as_printed(v)}" for k, v in list(value.items())[:8]]
        return "{" + ", ".join(items + ["..."] * (len(value) > 8)) + "}"
    number = _as_number(value)
    if isinstance(number, float):
        return min(str(number), str(_as_single(number)), key=len)
    if number is not None:
        return str(number)
    return short(value)


def _changed_arguments(obj: Printed) -> Iterator[tuple[str, Any]]:
    """Find what an object was made with, where that differs from the defaults."""
    seen = set()
    try:
        noted = obj._noted_arguments()
    except TypeError:  # they do not fit the signature
        noted = {}
    for _, parameters in parameters_by_class(type(obj)):
        for p in parameters:
            if p.name in seen:
                continue
            seen.add(p.name)
            try:
                value = _argument(obj, p.name, noted)
                if not _is_default(obj, p, value):
                    yield p.name, value
            except Exception:  # not there yet, or an attribute of a user's that cannot be read
                continue
    try:
        yield from [(k, v) for k, v in obj._further_arguments().items() if k not in seen]
    except AttributeError:  # not there yet
        return


def _argument(obj: Printed, name: str, noted: Mapping[str, Any]) -> Any:
    source = obj.argument_sources.get(name, name)
    if source is None:  # not part of configs, but of losses one may want to know it
        return getattr(obj, name, OMIT) if name == "dtype" else OMIT
    if callable(source):
        return source(obj)
    value = getattr(obj, source, OMIT)
    if value is OMIT or (isinstance(value, MethodType) and value.__self__ is obj):
        return getattr(obj, f"_{name}", noted.get(name, OMIT))
    return value


def _is_default(obj: Printed, p: Parameter, value: Any) -> bool:
    if value is OMIT or value is p.default:
        return True
    if p.name == "name" and p.default is None:  # counted from the class
        return (
            re.fullmatch(re.escape(to_snake_case(type(obj).__name__)) + r"(_\d+)?", value)
            is not None
        )
    if p.name == "dtype" and p.default is None:  # `floatx`, or integers where there is no choice
        dtype = str(getattr(value, "name", value))
        return dtype == settings.floatx or dtype.startswith("int")
    if p.default is None or p.default is Parameter.empty:
        return p.default is None and type(value) in (list, dict, tuple) and not value
    if isinstance(p.default, str) and isinstance(value, Printed):  # made of its name
        same = (to_snake_case(type(value).__name__), type(value).__name__)
        return p.default in same and next(_changed_arguments(value), None) is None
    if isinstance(value, (list, tuple)):
        return isinstance(p.default, (list, tuple)) and [*value] == [*p.default]
    number = _as_number(value)
    if isinstance(p.default, (int, float)) and number is not None:
        if isinstance(value, bool) is not isinstance(p.default, bool):
            return False
        return bool(number == p.default) or bool(number == _as_single(p.default))
    return bool(type(value) is type(p.default) and value == p.default)


def _as_number(value: Any) -> Any:
    """Return a number, a tensor of one, or an array of one as Python's or NumPy's number, else None."""
    if isinstance(value, (int, float, np.number, np.bool_)):
        return value
    if getattr(value, "shape", None) == () and hasattr(value, "__array__"):
        return np.asarray(value)[()]
    return None


def _as_single(number: float) -> float:
    """Return a number as a variable of float32 holds it, if that is the same one."""
    with np.errstate(over="ignore"):
        single = np.float32(number)
    return single if abs(single - number) <= 1e-7 * abs(number) else number
