"""`FunctionWrapper`: classes made of functions; and an `__init__` whose signature is data."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter, Signature, signature
from typing import Any, ClassVar


class FunctionWrapper:
    """What losses and metrics that wrap a function of targets and predictions share.

    A wrapper's `__init__` takes the function, some arguments of its own, and those of the function.
    A subclass may name its function; then it takes the function's arguments behind targets and
    predictions under their names, and keeps them as attributes.

    Example:

    >>> from minikeras import losses
    >>> class Huber(losses.LossFunctionWrapper, fn=losses.huber, defaults={"name": "huber_loss"}):
    ...     pass
    >>> Huber(delta=2.0).get_config()
    {'delta': 2.0, 'reduction': 'sum_over_batch_size', 'name': 'huber_loss'}
    """

    argument_order: ClassVar[tuple]
    """Names of the arguments of its subclasses in order; `...` stands for those of the function."""

    def __init_subclass__(
        cls,
        fn: Callable | None = None,
        arguments: tuple = (),
        defaults: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Make a class of a function.

        Args:
            fn: the function, whose name is the default of the argument `name`.
            arguments: names of the arguments, where they are not as the wrapper has them.
            defaults: defaults in which they differ from those of wrapper and function.
        """
        if fn is not None:
            cls.__init__ = _init_of_function(
                cls,
                fn,
                arguments or cls.argument_order,
                {"name": fn.__name__, **(defaults or {})},
            )
        super().__init_subclass__(defaults=defaults, **kwargs)

    def _further_arguments(self) -> Mapping[str, Any]:
        return self._fn_kwargs


def make_init(
    cls: type, parameters: Iterable[Parameter], body: Callable, written_in: tuple
) -> Callable:
    """Return an `__init__` of given parameters.

    Args:
        cls: the class that it is for.
        parameters: its parameters, without `self`.
        body: called with the object, and with all arguments by name.
        written_in: the functions whose parameters they are, whose files know their annotations.

    Raises:
        TypeError: from the `__init__`, naming the class, if the arguments do not fit.
    """
    own = Signature([Parameter("self", Parameter.POSITIONAL_OR_KEYWORD), *parameters])

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            bound = own.bind(self, *args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{cls.__name__}.__init__() {error}") from None
        bound.apply_defaults()
        body(**bound.arguments)

    __init__.__signature__, __init__.written_in = own, written_in
    __init__.__qualname__, __init__.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
    return __init__


_parameters_of = functools.cache(lambda init: signature(init).parameters)


def _init_of_function(
    cls: type, fn: Callable, order: tuple, defaults: Mapping[str, Any]
) -> Callable:
    init = cls.__init__  # the wrapper's
    of_function = signature(fn).parameters
    own = list(of_function)[2:]
    known = {**_parameters_of(init), **of_function}
    if ... in order:
        at = order.index(...)
        order = (*order[:at], *own, *order[at + 1 :])

    def body(self: Any, **given: Any) -> None:
        init(self, fn, **given)
        self.__dict__.update({name: given[name] for name in own if name in given})

    parameters = [known[n].replace(default=defaults.get(n, known[n].default)) for n in order]
    return make_init(cls, parameters, body, (init, fn))
