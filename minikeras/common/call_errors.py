"""Errors that come raw from NumPy or Python, told in terms of the call that led to them.

Ops and layers do not look at their arguments before each call, which would cost time in every step.
When a call has failed, `explained` finds the argument that does not fit, or says at least what was
called with what.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from minikeras.common.arguments import ArgumentError, F, is_integer, kinds_of, short
from minikeras.common.settings import settings
from minikeras.common.traceback_utils import is_own_file, without_own_frames

_RAW = (
    ArgumentError,
    AttributeError,
    IndexError,
    KeyError,
    OverflowError,
    TypeError,
    ValueError,
    ZeroDivisionError,
)
"""Types, not their subclasses, that may need telling, as NumPy's own do. All others mean something to
whoever waits for them."""


class CallError(ValueError, TypeError):
    """A call failed, for arguments that do not fit each other or the operation.

    Attributes:
        summary: the message without what was received.
        raw: what NumPy or Python said.
        of_layer: whether it already says in which layer.
    """

    def __init__(
        self,
        summary: str,
        received: str = "",
        raw: Exception | None = None,
        of_layer: bool = False,
    ) -> None:
        super().__init__(f"{summary} Received: {received}")
        self.summary = summary
        self.raw = raw
        self.of_layer = of_layer


class CallIndexError(CallError, IndexError):
    """The same for an index, so that loops over a tensor and `except IndexError` find it."""


def told(function: F) -> F:
    """Wrap a function so that its errors are explained.

    Example:

    >>> @told
    ... def half(x: int) -> float:
    ...     return x / 2
    >>> half("ab")
    Traceback (most recent call last):
    ...
    minikeras.common.arguments.ArgumentError: half: argument `x` must be an integer. Received: x='ab'
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            raise_explained(error, function, args, kwargs)

    return call


def raise_explained(error: Exception, function: Callable, args: tuple, kwargs: dict) -> None:
    """Raise a function's error as it should reach the caller."""
    explained = explained_op(error, function, args, kwargs)
    if settings.traceback_filtering:
        explained = without_own_frames(explained)
    raise explained from (error.__cause__ if explained is error else None)


def explained_op(error: Exception, function: Callable, args: tuple, kwargs: dict) -> Exception:
    """Return an op's error as it should reach the caller: itself where it says enough.

    Args:
        error: what was raised.
        function: the op.
        args, kwargs: what it was called with.
    """
    raw = getattr(error, "raw", error)  # what another op, which this one called, has told already
    if getattr(error, "of_layer", False) or not _may_need_telling(raw):
        return error
    try:
        given = inspect.signature(function).bind(*args, **kwargs).arguments
    except TypeError:
        return error  # Python's own message about arguments that are missing or too many
    if type(error) is ArgumentError and error is raw and error.arguments[0] == function.__name__:
        return error
    own = f"{function.__name__}: " in str(raw) and any(f"`{name}`" in str(raw) for name in given)
    kinds = {} if own else kinds_of(function)  # our own words say more than a kind does
    for name in [n for n in given if n in kinds]:
        try:
            kinds[name].check(given[name], name, function.__name__)
        except ArgumentError as misfit:
            misfit.raw = raw
            return misfit.with_traceback(error.__traceback__)
    message = f"key {raw} is not there" if isinstance(raw, KeyError) else str(raw)
    if not message.startswith(f"{function.__name__}:"):
        message = f"{function.__name__}: {message}"
    return _told(_sentence(message), _listed(given), error, raw)


def explained_layer(
    error: Exception, layer: Any, args: tuple, kwargs: dict, made_with: Callable
) -> Exception:
    """Return the error of a layer's call as it should reach the caller.

    Args:
        error: what was raised.
        layer: the layer.
        args, kwargs: what it was called with.
        made_with: gives the arguments that the layer was made with, as a dict.
    """
    kind, name = type(layer).__name__, layer.name
    raw = getattr(error, "raw", error)
    if getattr(error, "of_layer", False) or not _may_need_telling(raw):
        return error
    message = getattr(error, "summary", str(error))
    if f"'{name}'" in message or kind in message:
        error.of_layer = True  # layers around this one need not tell it again
        return error
    try:
        given = inspect.signature(layer.call).bind(*args, **kwargs).arguments
    except TypeError:
        return error
    first = next(iter(given.values()), None)
    if isinstance(raw, (AttributeError, KeyError)) and isinstance(first, (dict, list, tuple, str)):
        message = f"argument `{next(iter(given))}` must be a tensor"
    return _told_of("Layer", layer, message, given, made_with, error, raw, True)


def explained_metric(
    error: Exception,
    metric: Any,
    function: Callable,
    args: tuple,
    kwargs: dict,
    made_with: Callable,
) -> Exception:
    """Return the error of a metric's method as it should reach the caller.

    Args:
        error: what was raised.
        metric: the metric.
        function: its method.
        args, kwargs: what that was called with.
        made_with: gives the arguments that the metric was made with, as a dict.
    """
    raw = getattr(error, "raw", error)
    message = getattr(error, "summary", str(error))
    if type(error) is ArgumentError or not _may_need_telling(raw) or f"'{metric.name}'" in message:
        return error
    try:
        given = inspect.signature(function).bind(metric, *args, **kwargs).arguments
    except TypeError:
        return error
    given = dict(list(given.items())[1:])
    return _told_of("Metric", metric, message, given, made_with, error, raw)


def _told_of(
    noun: str,
    owner: Any,
    message: str,
    given: Mapping[str, Any],
    made_with: Callable,
    error: Exception,
    raw: Exception,
    of_layer: bool = False,
) -> Exception:
    """Return an error that says whose it is, what was received, and what the owner was made with."""
    received, made = _listed(given), _listed(made_with())
    if made:
        received += f". The {noun.lower()} was made with {made}"
    what = f"{noun} '{owner.name}' ({type(owner).__name__}): {_sentence(message)}"
    return _told(what, received, error, raw, of_layer)


def explained_build(error: Exception, layer: Any, args: tuple, kwargs: dict) -> Exception:
    """Return the error of a layer's `build` as it should reach the caller.

    Args:
        error: what was raised.
        layer: the layer.
        args, kwargs: the shapes that `build` was called with.
    """
    shapes = [*args, *kwargs.values()]
    if (type(error) in _RAW and all(map(_is_shape, shapes))) or not _may_need_telling(error):
        return error
    try:
        given = inspect.signature(layer.build).bind(*args, **kwargs).arguments
    except TypeError:
        return error
    if len(given) == 1 and not _is_shape(next(iter(given.values()))):
        (name, value), *_ = given.items()
        return ArgumentError(f"Layer '{layer.name}'", name, "a tuple of sizes", value)
    return _told(f"Layer '{layer.name}': {_sentence(str(error))}", _listed(given), error, error)


def _is_shape(value: Any) -> bool:
    """Whether a value is a shape, or a structure of shapes."""
    if isinstance(value, dict):
        return all(map(_is_shape, value.values()))
    return isinstance(value, (list, tuple)) and all(
        size is None or is_integer(size) or _is_shape(size) for size in value
    )


def _told(
    summary: str, received: str, error: Exception, raw: Exception, of_layer: bool = False
) -> Exception:
    kind = CallIndexError if isinstance(raw, IndexError) else CallError
    made = kind(summary, received, raw, of_layer)
    made.__suppress_context__ = True  # its message is in this one
    return made.with_traceback(error.__traceback__)


def _may_need_telling(error: Exception) -> bool:
    kind = type(error)
    return (kind in _RAW or kind.__module__.startswith("numpy")) and _raised_by_us(error)


def _raised_by_us(error: Exception) -> bool:
    """Whether the innermost frame is this package's or NumPy's, not one of a user's function."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return True
    file = last.tb_frame.f_code.co_filename
    return is_own_file(file) or file.startswith("<") or "numpy/" in file or "scipy/" in file


def _sentence(message: str) -> str:
    return message if message.endswith((".", "!", "?")) else f"{message}."


def _listed(arguments: Mapping[str, Any]) -> str:
    return ", ".join([f"{name}={short(value)}" for name, value in arguments.items()])
