"""How functions of `minikeras.ops` behave on KerasTensors.

Each public function is wrapped by `op`. On data it runs as written. On a KerasTensor it becomes a
step of the functional graph, whose output shape comes from the function's rule, or else from
running the function on small arrays (twice, with two sizes for what is not known).
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor, any_symbolic
from minikeras.autodiff.tape import no_recording
from minikeras.autodiff.tensor import Tensor
from minikeras.autodiff.variable import Variable
from minikeras.common.dtypes import np_dtype
from minikeras.ops.keras_names import class_name
from minikeras.ops.operation import Operation

OPS: dict[str, Callable] = {}
"""Every public function by name: the registry that the tests walk."""

PLAIN = frozenset(
    {Tensor, np.ndarray, int, float, bool, str, type(None), Variable, np.dtype, type, slice}
)
"""Types of arguments that hold no KerasTensor: most calls need no further look."""


def is_symbolic(a: Any) -> bool:
    """Whether an argument is, or holds, a KerasTensor."""
    t = type(a)
    if t is tuple or t is list:
        for b in a:  # noqa: SIM110  # `any` of a generator takes twice as long
            if type(b) not in PLAIN and is_symbolic(b):
                return True
        return False
    return any_symbolic((a,))


TensorLike: TypeAlias = Any
"""Type of the parameters that are data: tensors, arrays, numbers, nested lists, KerasTensors.

The other parameters of an op say what is done. In configs of functional models they stand apart, as
in Keras, where they are the arguments of a class that is called on the data.
"""


@functools.cache
def data_parameters(function: str) -> frozenset[str]:
    """Return the names of an op's parameters that are data, as its signature says."""
    parameters = inspect.signature(OPS[function]).parameters.values()
    return frozenset(p.name for p in parameters if "TensorLike" in str(p.annotation))


def export(function: Callable) -> Callable:
    """Make a function public: its file's `__all__` names it, so that namespaces take it up."""
    vars(sys.modules[function.__module__]).setdefault("__all__", []).append(function.__name__)
    return function


def register(name: str, public: Callable) -> Callable:
    """Make a function a public op; tests, graphs and configs find it in `OPS`."""
    OPS[name] = public
    return export(public)


class OpCall(Operation):
    """A function of `minikeras.ops` as a step of a functional model."""

    def __init__(self, function: str, name: str | None = None) -> None:
        self.function = function
        super().__init__(name)

    def _default_name(self) -> str:
        return self.display_class

    @property
    def display_class(self) -> str:
        """The name of Keras's class, under which `summary` shows it and configs have it."""
        return class_name(self.function)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return OPS[self.function].on_data(*args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        function = OPS[self.function]
        rule = function.rule
        if rule is not None:
            return rule(*args, **kwargs)
        return probe(function.on_data, args, kwargs)


def op(function: Callable | None = None, *, rule: Callable | None = None) -> Callable:
    """Make a public function of `ops`: register it and give it its symbolic side.

    Args:
        function: the function on data.
        rule: `rule(*args, **kwargs) -> KerasTensor(s)`, the shape rule. Without one the function is
            probed.
    """
    if function is None:
        return functools.partial(op, rule=rule)
    name = function.__name__

    @functools.wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        for a in args:
            if type(a) not in PLAIN and is_symbolic(a):
                return OpCall(name).symbolic_call(*args, **kwargs)
        if kwargs:
            for a in kwargs.values():
                if type(a) not in PLAIN and is_symbolic(a):
                    return OpCall(name).symbolic_call(*args, **kwargs)
        return function(*args, **kwargs)

    public.on_data = function
    public.rule = rule
    return register(name, public)


_SIZES = (2, 3)


def probe(function: Callable, args: tuple, kwargs: dict) -> Any:
    """Return the output spec of `function` by running it on arrays of ones.

    Raises:
        ValueError: if the function fails on such arrays, with its message.
    """
    unknown = any(
        None in t.shape for t in tree.flatten((args, kwargs)) if isinstance(t, KerasTensor)
    )
    runs = []
    for size in _SIZES if unknown else _SIZES[:1]:
        concrete_args, concrete_kwargs = tree.map_structure(
            lambda t, size=size: _ones(t, size) if isinstance(t, KerasTensor) else t,
            (args, kwargs),
        )
        with no_recording(), np.errstate(all="ignore"):
            runs.append(function(*concrete_args, **concrete_kwargs))
    if len(runs) == 1:
        return tree.map_structure(_spec, runs[0])
    return tree.map_structure(_merge, *runs)


def _ones(t: KerasTensor, size: int) -> Tensor:
    return Tensor(np.ones([size if d is None else d for d in t.shape], np_dtype(t.dtype)))


def _spec(x: Any) -> Any:
    if isinstance(x, (Tensor, np.ndarray)):
        return KerasTensor(x.shape, x.dtype)
    return x


def _merge(a: Any, b: Any) -> Any:
    if not isinstance(a, (Tensor, np.ndarray)):
        if a == b:
            return a
        return None
    if len(a.shape) != len(b.shape):
        raise ValueError("The number of axes of the output depends on an unknown size.")
    shape = [m if m == n else None for m, n in zip(a.shape, b.shape)]
    return KerasTensor(shape, a.dtype)
