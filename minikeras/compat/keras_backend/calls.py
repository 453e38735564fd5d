"""How functions of `keras.backend` are called: on values, on KerasTensors, on variables."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minikeras import tree
from minikeras.autodiff.expression import REMEMBERING, Expression, SymbolicVariable
from minikeras.autodiff.keras_tensor import KerasTensor, any_symbolic
from minikeras.autodiff.probe import describing, probe
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor
from minikeras.autodiff.variable import Variable
from minikeras.ops.operation import GraphNode, Operation
from minikeras.ops.symbolic import call_on_symbols, is_symbolic, remembered


def in_a_call() -> bool:
    """Whether a layer runs, is described, or a tape records: then values are plain values."""
    here = thread.state
    return bool(here.in_call or here.describing or here.tapes)


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


def backend(function: Callable) -> Callable:
    """Make a function of `keras.backend` of one that is composed of `minikeras.ops`."""

    @functools.wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        if not in_a_call():
            args = tuple([live(a) for a in args])
            kwargs = {k: live(a) for k, a in kwargs.items()}
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
        if not in_a_call():
            args = tuple([live(a) for a in args])
            kwargs = {k: live(a) for k, a in kwargs.items()}
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


def symbol_of(a: Any) -> Any:
    """Return the KerasTensor of an expression; anything else as it is."""
    return a.symbol if isinstance(a, Expression) else a


def remembers(a: Any) -> bool:
    """Whether a value knows what it was computed from."""
    return type(a) in REMEMBERING


def tensors_of(structure: Any) -> list:
    """Return the tensors and KerasTensors of a structure, flat."""
    return [t for t in tree.flatten(structure) if isinstance(t, (Tensor, KerasTensor))]
