"""How functions of `minikeras.ops` behave on KerasTensors.

Each public function is wrapped by `op`. On data it runs as written. On a KerasTensor it becomes a
step of the functional graph, which is described by running the function on KerasTensors: the
primitives know their shapes. A function that computes with values or unknown sizes has a rule of its
own, or is tried with sizes that are only assumed (`autodiff/probe.py`).
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias, overload

import numpy as np

from minikeras import tree
from minikeras.autodiff.expression import REMEMBERING, Expression, symbol_of
from minikeras.autodiff.keras_tensor import KerasTensor, SymbolicTensorError, any_symbolic
from minikeras.autodiff.primitive import as_tensor
from minikeras.autodiff.probe import describing, probe
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor
from minikeras.autodiff.variable import Variable
from minikeras.common.arguments import F, Kind, are_numbers
from minikeras.common.call_errors import raise_explained
from minikeras.ops.keras_names import class_name
from minikeras.ops.operation import GraphNode, Operation

OPS: dict[str, Callable] = {}
"""Every public function by name: the registry that the tests walk."""

PLAIN = frozenset(
    {Tensor, np.ndarray, int, float, bool, str, type(None), Variable, np.dtype, type, slice}
)
"""Types of arguments that hold no KerasTensor: most calls need no further look."""


def is_symbolic(a: Any) -> bool:
    """Whether an argument is, or holds, a KerasTensor or a value that remembers its formula."""
    t = type(a)
    if t in REMEMBERING:
        return True
    if t is tuple or t is list:
        for b in a:  # noqa: SIM110  # `any` of a generator takes twice as long
            if type(b) not in PLAIN and is_symbolic(b):
                return True
        return False
    return any_symbolic((a,))


def _may_be_data(value: Any) -> bool:
    if isinstance(value, (list, tuple, dict)):
        return all(map(_may_be_data, value.values() if isinstance(value, dict) else value))
    return are_numbers(value) or any_symbolic((value,)) or isinstance(value, _PLACES)


_PLACES = (type(None), slice, type(...))  # keys hold these


TensorLike: TypeAlias = Annotated[Any, Kind("a tensor, an array or numbers", _may_be_data)]
"""Type of the parameters that are data: tensors, arrays, numbers, nested lists, KerasTensors.

The other parameters of an op say what is done. In configs of functional models they stand apart, as
in Keras, where they are the arguments of a class that is called on the data.
"""


@functools.cache
def data_parameters(function: str) -> frozenset[str]:
    """Return the names of an op's parameters that are data, as its signature says."""
    parameters = inspect.signature(OPS[function]).parameters.values()
    return frozenset(p.name for p in parameters if "TensorLike" in str(p.annotation))


def export(function: F) -> F:
    """Make a function public: its file's `__all__` names it, so that namespaces take it up."""
    vars(sys.modules[function.__module__]).setdefault("__all__", []).append(function.__name__)
    return function


def register(name: str, public: F) -> F:
    """Make a function a public op; tests, graphs and configs find it in `OPS`."""
    OPS[name] = public
    public.as_operation = functools.partial(OpCall, name)
    return export(public)


class OpCall(Operation):
    """A function of `minikeras.ops` as a step of a functional model."""

    def __init__(self, function: str, name: str | None = None) -> None:
        self.function = function
        super().__init__(name)

    def default_name(self) -> str:
        return self.display_class

    @property
    def display_class(self) -> str:
        """The name of Keras's class, under which `summary` shows it and configs have it."""
        return class_name(self.function)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return OPS[self.function].on_data(*args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        function = OPS[self.function]
        with describing():
            try:
                if function.rule is not None:
                    return function.rule(*args, **kwargs)
                return function.on_data(*args, **kwargs)
            except SymbolicTensorError:  # it computes with values
                return probe(function.on_data, args, kwargs)


def call_on_symbols(public: Callable, args: tuple, kwargs: dict) -> Any:
    """Call an op on KerasTensors: a step of the graph, or a part of the step that calls it.

    On values that remember what they were computed from, do both: compute, and note how.
    """
    if any_symbolic(args) or any_symbolic(kwargs.values()):
        if not thread.state.describing:
            args, kwargs = as_symbols((args, kwargs))
            return public.as_operation().symbolic_call(*args, **kwargs)
        return (
            public.on_data(*args, **kwargs) if public.rule is None else public.rule(*args, **kwargs)
        )
    values, named = tree.map_structure(_value, (args, kwargs))
    result = public.on_data(*values, **named)
    return result if in_a_call() else remembered(public.as_operation(), args, kwargs, result)


def as_symbols(arguments: Any) -> Any:
    """Return arguments with the KerasTensors of expressions in their place; variables stay."""
    return tree.map_structure(symbol_of, arguments)


def in_a_call() -> bool:
    """Whether a layer runs, is described, or a tape records: then values are plain values."""
    here = thread.state
    return bool(here.in_call or here.describing or here.tapes)


def remembers_formula(args: tuple, kwargs: dict) -> bool:
    """Whether a value among arguments remembers its formula, and nobody asks for values alone."""
    if in_a_call():
        return False
    return any(type(a) not in PLAIN and is_symbolic(a) for a in (*args, *kwargs.values()))


def remembered(operation: Operation, args: tuple, kwargs: dict, result: Any) -> Any:
    """Return the tensors of a result as expressions: values of `operation` called on its arguments."""
    spec = tree.map_structure(
        lambda y: KerasTensor(y.shape, y.dtype) if isinstance(y, Tensor) else y, result
    )
    if not any_symbolic((spec,)):
        return result
    GraphNode(operation, *as_symbols((args, kwargs)), spec)
    return tree.map_structure(
        lambda y, symbol: Expression(y.array, symbol) if isinstance(y, Tensor) else y, result, spec
    )


def _value(a: Any) -> Any:
    return as_tensor(a) if type(a) in REMEMBERING else a


@overload
def op(function: F, *, rule: Callable | None = None) -> F: ...


@overload
def op(function: None = None, *, rule: Callable | None = None) -> Callable[[F], F]: ...


def op(function: Callable | None = None, *, rule: Callable | None = None) -> Callable:
    """Make a public function of `ops`: register it and give it its symbolic side.

    Args:
        function: the function on data.
        rule: `rule(*args, **kwargs) -> KerasTensor(s)`, the shape rule of a function that cannot
            run on KerasTensors. Others need none: the primitives that they call have theirs.
    """
    if function is None:
        return functools.partial(op, rule=rule)

    @functools.wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        try:
            for a in args:
                if type(a) not in PLAIN and is_symbolic(a):
                    return call_on_symbols(public, args, kwargs)
            if kwargs:
                for a in kwargs.values():
                    if type(a) not in PLAIN and is_symbolic(a):
                        return call_on_symbols(public, args, kwargs)
            return function(*args, **kwargs)
        except Exception as error:
            raise_explained(error, function, args, kwargs)

    public.on_data = function
    public.rule = rule
    return register(function.__name__, public)


def probed(function: F) -> F:
    """Make a public op of a function that computes with sizes: it is described by running it."""
    return op(function, rule=lambda *args, **kwargs: probe(function, args, kwargs))
