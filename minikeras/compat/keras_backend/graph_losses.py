"""Losses and metrics that use tensors of the model's graph.

A loss function of Keras 2 was called once, on symbolic tensors, so it could use any others: the mean and
variance inside a variational autoencoder, or the gradient of a critic by what it judges. Here such a
function is called once on KerasTensors, too. What it needs of the model is computed with the model's
outputs, and the rest when the targets are there.
"""

from __future__ import annotations

import dis
import functools
import itertools
import weakref
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, MethodType
from typing import Any

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor
from minikeras.compat.keras_backend.functions import placeholder
from minikeras.ops.core import cast
from minikeras.ops.function import Graph

_kept: dict[int, list] = {}
"""What the last run of a model computed for a loss, by the loss's number. By number, and not by model, so
that a copy of a model, which has the same loss, finds its own."""

_numbers = itertools.count()


class KeepingGraph(Graph):
    """The graph of a model that computes more tensors beside its outputs, and keeps their values.

    Args:
        graph: the model's graph.
        wanted: the other tensors, by the number of the loss that they are for.
    """

    def __init__(self, graph: Graph, wanted: dict[int, list[KerasTensor]]) -> None:
        outputs = [*graph.outputs, *(t for tensors in wanted.values() for t in tensors)]
        labels = [f"output {i}" for i in range(len(outputs))]
        super().__init__(graph.inputs, outputs, "a loss", labels, unique_names=False)
        # To the model it is the graph that it was: its config and its layers are the same.
        self.own = len(graph.outputs)
        self.nodes, self.operations, self.outputs = graph.nodes, graph.operations, graph.outputs
        self.wanted = wanted

    def run(self, inputs: list, call: Any = None) -> list:
        """Compute the model's outputs, and keep the others."""
        found = super().run(inputs, call)
        rest = found[self.own :]
        for number, tensors in self.wanted.items() if rest else ():
            _kept[number], rest = rest[: len(tensors)], rest[len(tensors) :]
        return found[: self.own]


def uses_a_graph(function: Any) -> bool:
    """Whether a function of a script uses KerasTensors that it is not given."""
    return any(isinstance(value, KerasTensor) for value in _used(function))


def _used(function: Any) -> Iterator[Any]:
    """Yield the values that a function finds around it."""
    if isinstance(function, functools.partial):
        yield from function.args
        yield from function.keywords.values()
        yield from _used(function.func)
    elif isinstance(function, MethodType):
        yield from (
            vars(function.__self__).values() if hasattr(function.__self__, "__dict__") else ()
        )
        yield from _used(function.__func__)
    elif isinstance(function, FunctionType):
        for cell in function.__closure__ or ():
            try:
                value = cell.cell_contents
            except ValueError:  # nothing yet
                continue
            yield value
            if isinstance(value, (list, tuple)):
                yield from value
        for name in _names(function.__code__):
            value = function.__globals__.get(name)
            yield value
            if isinstance(value, (list, tuple)):
                yield from value


def _names(code: CodeType) -> set[str]:
    """Return the global names that a function, and those inside it, look up."""
    found = {
        i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    inner = [c for c in code.co_consts if isinstance(c, CodeType)]
    return found.union(*(_names(c) for c in inner))


def with_graph(model: Any, function: Any, output: KerasTensor) -> Any:
    """Return a loss or metric that computes what one that uses the model's graph says.

    Args:
        model: a functional model.
        function: `function(y_true, y_pred)`.
        output: the output that it is for.

    Returns:
        `function` itself, if it uses no KerasTensors.
    """
    if not uses_a_graph(function) or not isinstance(model.__dict__.get("graph"), Graph):
        return function
    target, result = _described(function, output)
    if not isinstance(result, KerasTensor):
        return function
    rest = _Rest(model, target, result)

    @functools.wraps(_function_of(function), updated=())
    def computed(y_true: Any, y_pred: Any) -> Any:
        return rest(y_true)

    del computed.__wrapped__
    return computed


class _Rest:
    """What is left of a loss to compute once the model has run, and the targets are there.

    Args:
        model: the model, whose graph is made to keep what the loss needs.
        target: the placeholder of the targets.
        result: the loss.
    """

    def __init__(self, model: Any, target: KerasTensor, result: KerasTensor) -> None:
        needed = _needed(result, target)
        before = model.graph.wanted if isinstance(model.graph, KeepingGraph) else {}
        self._number = next(_numbers)
        weakref.finalize(self, _kept.pop, self._number, None)
        graph = KeepingGraph(model.graph, {**before, self._number: needed})
        object.__setattr__(model, "graph", graph)
        self._dtype = target.dtype
        self._graph = Graph([target, *needed], [result], "a loss", ["the loss"], unique_names=False)

    def __call__(self, y_true: Any) -> Any:
        y_true = y_true if isinstance(y_true, Tensor) else Tensor(y_true)
        (value,) = self._graph.run([cast(y_true, self._dtype), *_kept[self._number]])
        return value


def _described(function: Callable, output: KerasTensor) -> tuple[KerasTensor, Any]:
    """Call a loss on KerasTensors: on a target like the output, or, for class numbers, of other sizes."""
    try:
        target = placeholder(output.shape, name="target")
        return target, function(target, output)
    except (ValueError, TypeError):
        target = placeholder((None,) * len(output.shape), name="target")
        return target, function(target, output)


def _function_of(function: Any) -> Callable:
    """Return the function whose name and documentation a loss has."""
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _needed(result: KerasTensor, target: KerasTensor) -> list[KerasTensor]:
    """Return what a result is computed from that does not depend on the target."""
    depends: dict[int, bool] = {}
    seen: dict[int, KerasTensor] = {}

    stack = [(result, False)]
    while stack:
        t, ready = stack.pop()
        if id(t) in depends:
            continue
        seen[id(t)] = t
        history = getattr(t, "_keras_history", None)
        inputs = [] if history is None else history.node.input_tensors
        if ready or not inputs:
            depends[id(t)] = t is target or any(depends.get(id(i), False) for i in inputs)
            continue
        stack.append((t, True))
        stack.extend((i, False) for i in inputs)
    if not depends[id(result)]:
        return [result]
    found: dict[int, KerasTensor] = {}
    for t in seen.values():
        if depends[id(t)] and t is not target:
            for i in t._keras_history.node.input_tensors:
                if not depends[id(i)]:
                    found[id(i)] = i
    return list(found.values())


def compile_with_graph(original: Callable) -> Callable:
    """Return `Model.compile` for which losses and metrics may use tensors of the model's graph."""

    @functools.wraps(original)
    def compile(model: Any, *args: Any, **kwargs: Any) -> Any:
        graph = model.__dict__.get("graph")
        if isinstance(graph, Graph):
            if isinstance(graph, KeepingGraph):  # compiled before
                outputs = model._outputs_struct
                model._set_graph(model._inputs_struct, outputs)
            named = dict(zip(("optimizer", "loss", "metrics"), args))
            given = {**named, **kwargs}
            for name in ("loss", "metrics"):
                if given.get(name) is not None:
                    given[name] = _each(model, given[name])
            args = tuple(given.pop(name) for name in named) + args[3:]
            kwargs = given
        return original(model, *args, **kwargs)

    return compile


def _each(model: Any, given: Any) -> Any:
    """Return losses or metrics, of whatever structure, with those that use a graph replaced."""
    outputs, names = model.outputs, model.output_names

    def of(item: Any, output: KerasTensor) -> Any:
        if isinstance(item, (list, tuple)):
            return type(item)([of(i, output) for i in item])
        return with_graph(model, item, output)

    if isinstance(given, dict):
        by_name = dict(zip(names, outputs))
        return {k: of(v, by_name.get(k, outputs[0])) for k, v in given.items()}
    if isinstance(given, (list, tuple)) and len(given) == len(outputs) > 1:
        return type(given)([of(v, o) for v, o in zip(given, outputs)])
    return of(given, outputs[0])
