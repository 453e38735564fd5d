"""How functions of `keras.backend` are called: on values, on KerasTensors, on variables."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minikeras.autodiff.expression import Expression, SymbolicVariable
from minikeras.autodiff.keras_tensor import KerasTensor, any_symbolic
from minikeras.autodiff.probe import describing, probe
from minikeras.autodiff.tensor import Tensor
from minikeras.autodiff.variable import Variable
from minikeras.ops.operation import GraphNode, Operation
from minikeras.ops.symbolic import call_on_symbols, in_a_call, is_symbolic, remembered


class _Read(Operation):
    """Reads a variable."""

    def call(self, variable: Variable) -> Tensor:
        return variable.value


def live(a: Any) -> Any:
    """Return a layer's variable as an expression that follows its value; anything else as it is."""
    if isinstance(a, Variable) and not isinstance(a, SymbolicVariable):
        symbol = KerasTensor(a.shape, a.dtype)
        GraphNode(_Read(), (a,), {}, symbol)
        return Expression(a.array, symbol)
    if type(a) in (list, tuple):
        return type(a)([live(b) for b in a])
    return a


def _live_arguments(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    if in_a_call():
        return args, kwargs
    return tuple([live(a) for a in args]), {k: live(a) for k, a in kwargs.items()}


def backend(function: Callable) -> Callable:
    """Make a function of `keras.backend` of one that is composed of `minikeras.ops`."""

    @functools.wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = _live_arguments(args, kwargs)
        return function(*args, **kwargs)

    return public


class Step(Operation):
    """A Python function as one step of a graph.

    Args:
        function: the function.
        rule: what it gives for KerasTensors; None to find out by running it.
    """

    def __init__(self, function: Callable, rule: Callable | None = None) -> None:
        self.function = function
        self.rule = rule
        super().__init__()

    def default_name(self) -> str:
        return self.function.__name__.strip("_<>")

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        if self.rule is None:
            return probe(self.function, args, kwargs)
        with describing():
            return self.rule(*args, **kwargs)


def step(
    function: Callable | None = None, *, rule: Callable | None = None, always: bool = False
) -> Callable:
    """Make a function of `keras.backend` of one that computes with values or sizes.

    Args:
        function: the function on values.
        rule: what it gives for KerasTensors; None to find out by running it.
        always: whether its results remember it, though it is given nothing that does: random numbers.
    """
    if function is None:
        return functools.partial(step, rule=rule, always=always)

    @functools.wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = _live_arguments(args, kwargs)
        if any(is_symbolic(a) for a in (*args, *kwargs.values())):
            return call_on_symbols(public, args, kwargs)
        result = function(*args, **kwargs)
        if always and not in_a_call():
            return remembered(public.as_operation(), args, kwargs, result)
        return result

    public.on_data = function
    public.rule = rule or (lambda *args, **kwargs: probe(function, args, kwargs))
    public.as_operation = functools.partial(Step, function, rule)
    return public


def any_described(structure: Any) -> bool:
    """Whether a KerasTensor is among arguments."""
    return any_symbolic((structure,))


def plain_name(name: str | None) -> str | None:
    """Return a name of TensorFlow's (`"scope/name:0"`) as one that is allowed here."""
    return None if name is None else name.replace("/", "_").split(":")[0]
