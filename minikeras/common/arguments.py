"""Arguments: what each may be, said where it is declared, and checked in one place.

The annotation of a parameter says it: `units: PositiveInt`, `rate: Fraction`, `name: str | None`,
`mode: Literal["min", "max"]`. `checked` wraps a function so that arguments are looked at before its
body runs; constructors of this package are wrapped where their class is made
(`common/configurable.py`). What depends on other arguments, such as `n` integers for `n` axes, the
body asks for with the same words (`standardize_tuple`).
"""

from __future__ import annotations

import functools
import inspect
import numbers
import operator
import os
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])
"""A function that a decorator gives back, for who reads the code, under the same signature."""


class ArgumentError(ValueError, TypeError):
    """An argument that is not what it may be.

    Keras raises ValueError for some of them and TypeError for others; code that catches either
    catches this.
    """

    def __init__(self, owner: str, name: str, expected: str, value: Any) -> None:
        """
        Args:
            owner: who takes the argument: a class, a function, or "Layer 'its name'".
            name: name of the argument.
            expected: what it may be, in words.
            value: what was given.
        """
        super().__init__(
            f"{owner}: argument `{name}` must be {expected}. Received: {name}={short(value)}"
        )
        self.arguments = (owner, name, expected, value)

    def __reduce__(self) -> tuple:
        return type(self), self.arguments


def short(value: Any) -> str:
    """Return a value as a message shows it: arrays by shape and dtype, long texts cut."""
    if isinstance(value, type):
        return repr(value)
    if hasattr(value, "shape") and hasattr(value, "dtype") and value.shape != ():
        return f"<{type(value).__name__} of shape {tuple(value.shape)}, dtype {value.dtype}>"
    if isinstance(value, (list, tuple)) and any(hasattr(v, "shape") for v in value):
        inner = ", ".join([short(v) for v in value[:8]]) + (", ..." if len(value) > 8 else "")
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if isinstance(value, dict) and any(hasattr(v, "shape") for v in value.values()):
        return "{" + ", ".join([f"{k!r}: {short(v)}" for k, v in value.items()]) + "}"
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:190]}... (of type {type(value).__name__})"


class Kind:
    """What an argument may be.

    Args:
        expected: the same in words, which continue "must be".
        accepts: tells whether a value is one. It may raise ValueError to say more.

    Example:

    >>> even = Kind("an even number", lambda value: value % 2 == 0)
    >>> even.check(3, "n", "Ark")
    Traceback (most recent call last):
    ...
    minikeras.common.arguments.ArgumentError: Ark: argument `n` must be an even number. Received: n=3
    """

    def __init__(self, expected: str, accepts: Callable[[Any], bool]) -> None:
        self.expected = expected
        self.accepts = accepts

    def check(self, value: Any, name: str, owner: str) -> None:
        """Raise ArgumentError unless `value` is one."""
        more = ""
        try:
            if self.accepts(value):
                return
        except ValueError as error:
            more = f" ({error})"
        raise ArgumentError(owner, name, self.expected + more, value)

    def __repr__(self) -> str:
        return f"<Kind: {self.expected}>"


# Kinds, and the annotations that stand for them.


def is_integer(value: Any) -> bool:
    """Whether a value is a whole number, of Python or NumPy; truth values are none."""
    if isinstance(value, numbers.Integral):
        return not isinstance(value, bool)
    return getattr(value, "shape", None) == () and np.dtype(_dtype_of(value)).kind in "iu"


def is_number(value: Any) -> bool:
    """Whether a value is a real number other than NaN; a tensor of no axes is one."""
    if isinstance(value, numbers.Real):
        return not isinstance(value, bool) and value == value
    if getattr(value, "shape", None) != ():
        return False
    return np.dtype(_dtype_of(value)).kind in "iufV" and bool(np.asarray(value) == value)


def _dtype_of(value: Any) -> Any:
    dtype = getattr(value, "dtype", None)
    return dtype if isinstance(dtype, (np.dtype, str)) and str(dtype) != "bfloat16" else "O"


def integer(least: int, expected: str) -> Kind:
    """Return the kind of whole numbers of at least `least`."""
    return Kind(expected, lambda value: is_integer(value) and value >= least)


def number(expected: str, accepts: Callable[[Any], bool]) -> Kind:
    """Return the kind of numbers that fulfil a condition."""
    return Kind(expected, lambda value: is_number(value) and bool(accepts(value)))


def one_of(*options: Any) -> Kind:
    """Return the kind of these values."""
    listed = ", ".join([repr(o) for o in options])
    return Kind(
        f"one of {listed}" if len(options) > 1 else listed,
        lambda value: isinstance(value, (*map(type, options),)) and value in options,
    )


def sequence_of(kind: Kind | None) -> Kind:
    """Return the kind of lists and tuples (or one-dimensional arrays) of a kind."""

    def accepts(value: Any) -> bool:
        if isinstance(value, np.ndarray):
            return value.ndim == 1 and (kind is None or all(kind.accepts(v) for v in value))
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            return False
        return kind is None or all(kind.accepts(v) for v in value)

    return Kind("a list or tuple" + (f", each item {kind.expected}" if kind else ""), accepts)


def any_of(kinds: Sequence[Kind]) -> Kind:
    """Return the kind of what one of several kinds accepts."""
    if len(kinds) == 1:
        return kinds[0]

    def accepts(value: Any) -> bool:
        said = None
        for kind in kinds:
            try:
                if kind.accepts(value):
                    return True
            except ValueError as error:
                said = error
        if said is not None:
            raise said
        return False

    *others, last = [kind.expected for kind in kinds]
    return Kind(f"{', '.join(others)} or {last}", accepts)


NONE = one_of(None)
PositiveInt = Annotated[int, integer(1, "a positive integer")]
Count = Annotated[int, integer(0, "an integer of 0 or more")]
Fraction = Annotated[float, number("a number in [0, 1]", lambda value: 0 <= value <= 1)]
Decay = Annotated[float, number("a number in [0, 1)", lambda value: 0 <= value < 1)]
"""Part of a running mean that is kept: with 1 nothing new would count."""
Positive = Annotated[float, number("a positive number", lambda value: value > 0)]
NonNegative = Annotated[float, number("a number of 0 or more", lambda value: value >= 0)]
TRUTH = Kind("a boolean, True or False", lambda value: isinstance(value, bool))
Truth = Annotated[bool, TRUTH]
"""For what Keras takes no 0 and 1 for."""
PathLike = Annotated[str, Kind("a path", lambda value: isinstance(value, (str, os.PathLike)))]


def are_numbers(value: Any) -> bool:
    """Whether a value is a number, or an array or nested list of numbers."""
    if isinstance(value, (list, tuple)):
        return all(map(are_numbers, value))
    if hasattr(value, "dtype"):
        return np.dtype(value.dtype if str(value.dtype) != "bfloat16" else "f4").kind in "biufcV"
    return isinstance(value, numbers.Complex)


Numbers = Annotated[Any, Kind("a number, or an array or list of numbers", are_numbers)]


def _are_reals(value: Any) -> bool:
    if not are_numbers(value):
        return False
    array = np.asarray(value)
    return array.dtype.kind in "biu" or (array.dtype.kind in "fV" and bool((array == array).all()))


Reals = Annotated[
    Any, Kind("a real number, or an array or list of them, none of them NaN", _are_reals)
]

_BY_TYPE = {
    type(None): NONE,
    bool: Kind("True or False", lambda value: isinstance(value, (bool, np.bool_)) or (
        is_integer(value) and value in (0, 1)
    )),
    int: Kind("an integer", is_integer),
    float: Kind("a number", is_number),
    str: Kind("a string", lambda value: isinstance(value, str)),
}  # fmt: skip


def kind_of(annotation: Any) -> Kind | None:
    """Return the kind that an annotation stands for, None if it allows anything.

    Example:

    >>> kind_of(float | None).expected
    'a number or None'
    >>> kind_of(Any) is None
    True
    """
    if annotation is Any or isinstance(annotation, (str, typing.TypeVar)):
        return None
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return next((m for m in annotation.__metadata__ if isinstance(m, Kind)), None)
    if origin in (typing.Union, types.UnionType):
        kinds = [kind_of(a) for a in typing.get_args(annotation)]
        return None if None in kinds else any_of(kinds)
    if origin is typing.Literal:
        return one_of(*typing.get_args(annotation))
    plain = annotation if origin is None else origin
    if plain in _BY_TYPE:
        return _BY_TYPE[plain]
    if plain is Callable:
        return Kind("a function", callable)
    if plain in (list, tuple, Sequence):
        inside = [a for a in typing.get_args(annotation) if a is not ...]
        return sequence_of(kind_of(inside[0]) if len(set(inside)) == 1 else None)
    if plain in (dict, Mapping):
        return Kind("a dict", lambda value: isinstance(value, Mapping))
    if isinstance(plain, type) and plain is not object:
        article = "an" if plain.__name__[0] in "AEIOU" else "a"
        return Kind(f"{article} {plain.__name__}", lambda value: isinstance(value, plain))
    return None


# Checking.


def as_written(function: Callable) -> Callable:
    """Return the function that its author wrote, without what wraps it."""
    return inspect.unwrap(function)


def kinds_of(function: Callable) -> dict[str, Kind]:
    """Return the kinds of a function's arguments by name, those that allow anything left out."""
    written_in = getattr(function, "written_in", None) or (function,)
    found = {}
    for p in inspect.signature(function).parameters.values():
        for source in written_in:
            try:  # as the file wrote it; not all names need exist at runtime
                hint = p.annotation
                hint = eval(hint, as_written(source).__globals__) if type(hint) is str else hint
            except NameError:
                continue
            kind = None if hint is p.empty else kind_of(hint)
            if kind is not None and p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
                kind = Kind(f"values, each {kind.expected}", _each(kind))
            if kind is not None:
                found[p.name] = kind
            break
    return found


def _each(kind: Kind) -> Callable[[Any], bool]:
    return lambda values: all(
        map(kind.accepts, values.values() if isinstance(values, dict) else values)
    )


def checked(function: F) -> F:
    """Wrap a function, or an `__init__`, so that its arguments are checked before it runs.

    Example:

    >>> @checked
    ... def twice(n: int) -> int:
    ...     return 2 * n
    >>> twice(2)
    4
    >>> twice("ab")
    Traceback (most recent call last):
    ...
    minikeras.common.arguments.ArgumentError: twice: argument `n` must be an integer. Received: n='ab'
    """
    kinds: dict[str, Kind] = {}
    positional: list[str] = []
    of_object = function.__name__ == "__init__"

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not positional:  # the first call: reading annotations would slow down the import
            positional.extend(inspect.signature(function).parameters)
            kinds.update(kinds_of(function))
        owner = None
        for name, value in [*zip(positional, args), *kwargs.items()]:
            kind = kinds.get(name)
            if kind is not None:
                owner = owner or (type(args[0]).__name__ if of_object else function.__name__)
                kind.check(value, name, owner)
        return function(*args, **kwargs)

    return call


def check_constructor(cls: type) -> None:
    """Have the arguments of the `__init__` that a class has of its own checked."""
    init = cls.__dict__.get("__init__")
    if isinstance(init, types.FunctionType):
        cls.__init__ = checked(init)


# What depends on other arguments.


def axis_within(axis: Any, ndim: int, owner: str) -> int:
    """Return an axis of a tensor with `ndim` axes as a number of 0 or more.

    Raises:
        numpy.exceptions.AxisError: if there is no such axis; it is a ValueError and an IndexError,
            of which Keras raises now one, now the other.
    """
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(
            f"{owner}: axis {axis} is out of bounds for a tensor with {ndim} dimensions."
        )
    return int(axis) % ndim


def standardize_tuple(
    value: Any, n: int, name: str, owner: str, allow_zero: bool = False
) -> tuple[int, ...]:
    """Return `n` whole numbers of one, or of `n`.

    Args:
        value: an integer, or `n` of them.
        n: how many there are to be.
        name: name of the argument, for messages.
        owner: who takes it, for messages.
        allow_zero: whether zeros are allowed.

    Raises:
        ArgumentError: if `value` is something else, or too small.
    """
    given = (value,) * n if is_integer(value) else value
    least = 0 if allow_zero else 1
    fits = (
        (isinstance(given, (Sequence, np.ndarray)) and np.ndim(given) == 1)
        and len(given) == n
        and all(is_integer(v) and v >= least for v in given)
    )
    if not fits:
        expected = "an integer of 0 or more" if allow_zero else "a positive integer"
        more = f" or {n} of them" if n > 1 else ""
        raise ArgumentError(owner, name, expected + more, value)
    return tuple([operator.index(v) for v in given])


def standardize_padding(value: Any, owner: str, allowed: Sequence[str] = ("valid", "same")) -> str:
    """Return a kind of padding in lower case.

    Raises:
        ArgumentError: if it is not one of `allowed`.
    """
    padding = value.lower() if isinstance(value, str) else value
    one_of(*allowed).check(padding, "padding", owner)
    return padding
