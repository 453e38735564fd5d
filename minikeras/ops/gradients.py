"""Gradients as steps of a graph: what a KerasTensor changes by if another one changes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from minikeras import tree
from minikeras.autodiff.functional import IDENTITY
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tape import GradientTape
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.variable import Variable
from minikeras.ops.operation import GraphNode, Operation


class Gradients(Operation):
    """The gradients of tensors of a graph with respect to others.

    Whoever runs the graph records it on a tape, of which this asks for them.
    """

    def call(self, targets: list, sources: list) -> list:
        """Gradients come from the tape that recorded the graph."""
        raise ValueError(
            f"{self.name}: gradients of a graph are computed where it runs as a whole, as a model or "
            "a function; not one step alone."
        )

    def compute_output_spec(self, targets: list, sources: list) -> list[KerasTensor]:
        """Describe the gradients: each is like its source."""
        return [KerasTensor(s.shape, s.dtype) for s in sources]


def gradients(targets: Any, sources: Any) -> list[KerasTensor | None]:
    """Return the gradients of the sum of all targets, as further tensors of the graph.

    Args:
        targets: a KerasTensor, or a list of them.
        sources: a KerasTensor that the targets were computed from, or a variable; or a list of them.

    Returns:
        For each source a KerasTensor of its shape, or None if no target depends on it.

    Example:

    >>> import numpy as np
    >>> import minikeras
    >>> x = minikeras.Input((2,))
    >>> y = minikeras.ops.square(x) * 3
    >>> model = minikeras.Model(x, gradients(y, x))
    >>> model(np.array([[1.0, 2.0]]))
    <Tensor shape=(1, 2) dtype=float32 [[ 6. 12.]]>
    """
    targets = _listed(targets)
    sources = _listed(sources)
    for t in targets:
        if not isinstance(t, KerasTensor):
            raise TypeError(f"gradients: `targets` must be KerasTensors. Received: {t!r}")
    for s in sources:
        if not isinstance(s, (KerasTensor, Variable)):
            raise TypeError(
                f"gradients: `sources` must be KerasTensors or variables. Received: {s!r}"
            )
    reached = _reached_from(targets)
    found = [s for s in sources if reached(s)]
    made = iter(Gradients().symbolic_call(targets, found) if found else ())
    return [next(made) if reached(s) else None for s in sources]


def _listed(structure: Any) -> list:
    return list(structure) if isinstance(structure, (list, tuple)) else [structure]


def _reached_from(targets: list[KerasTensor]) -> Callable[[Any], bool]:
    """Return a function that tells whether targets are computed from a tensor or variable."""
    seen: dict[int, Any] = {}
    anything = False  # a function of the user's may use any variable
    todo = list(targets)
    while todo:
        t = todo.pop()
        if id(t) in seen:
            continue
        seen[id(t)] = t
        history = getattr(t, "_keras_history", None)
        if history is None:
            continue
        node: GraphNode = history.node
        todo += node.input_tensors
        if id(node) in seen:
            continue
        seen[id(node)] = node
        seen |= {id(v): v for v in _variables(node)}
        anything = anything or callable(getattr(history.operation, "function", None))
    by_place = {_place(t) for t in seen.values() if isinstance(t, KerasTensor)} - {None}

    def reached(source: Any) -> bool:
        if id(source) in seen:
            return True
        if isinstance(source, Variable):
            return anything
        return _place(source) in by_place

    def with_gradient(source: Any) -> bool:
        return "float" in str(source.dtype) and reached(source)

    return with_gradient


def _place(t: KerasTensor) -> tuple | None:
    """Return what a KerasTensor that was made anew has in common with the first."""
    history = getattr(t, "_keras_history", None)
    return None if history is None else (id(history.node), history.tensor_index)


def _variables(node: GraphNode) -> Iterable[Variable]:
    yield from getattr(node.operation, "variables", ())
    for a in tree.flatten((node.args, node.kwargs)):
        if isinstance(a, Variable):
            yield a


def recorded(run: Callable, inputs: list, nodes: list[GraphNode]) -> list:
    """Run a graph with gradients in it.

    Args:
        run: `run(inputs, call)` runs it, each operation by `call(operation, args, kwargs)`.
        inputs: its inputs, flat.
        nodes: the calls of `Gradients` in it.

    Returns:
        What `run` returns.
    """
    tape = GradientTape(persistent=True)
    fixed = [v for n in nodes for v in n.args[1] if isinstance(v, Variable) and v.node is None]
    twice = _of_each_other(nodes)
    try:
        for v in fixed:
            v.node = v.leaf
        with tape:
            inputs = [_followed(tape, _itself(x) if isinstance(x, Tensor) else x) for x in inputs]
            return run(inputs, functools.partial(_call, tape, twice))
    finally:
        for v in fixed:
            v.node = None


def _of_each_other(nodes: list[GraphNode]) -> bool:
    """Whether a gradient is taken of something that was computed from a gradient."""
    for node in nodes:
        seen, todo = set(), list(node.args[0])
        while todo:
            history = getattr(todo.pop(), "_keras_history", None)
            if history is not None and id(history.node) not in seen:
                if type(history.operation) is Gradients:
                    return True
                seen.add(id(history.node))
                todo += history.node.input_tensors
    return False


def _call(tape: GradientTape, twice: bool, operation: Any, args: tuple, kwargs: dict) -> Any:
    if type(operation) is Gradients:
        return _gradients(tape, twice, *args)
    result = operation(*args, **kwargs)
    given = [id(a) for a in tree.flatten((args, kwargs))]
    return tree.map_structure(
        lambda y: _followed(tape, _itself(y) if id(y) in given else y), result
    )


def _itself(y: Tensor) -> Tensor:
    """Return a tensor apart from that which an operation handed through: its gradient is its own."""
    z = IDENTITY(y)
    z._keras_mask = y._keras_mask
    return z


def _followed(tape: GradientTape, y: Any) -> Any:
    if isinstance(y, Tensor) and y.node is None and y.array.dtype.kind in "fcV":
        tape.watch(y)
    return y


def _gradients(tape: GradientTape, twice: bool, targets: list, sources: list) -> list:
    followed = [t for t in targets if t.node is not None]
    if not followed:
        return [Tensor(0 * to_array(s)) for s in sources]
    if twice:  # what is computed now is differentiated later
        return tape.gradient(followed, sources, unconnected_gradients="zero")
    with tape.stop_recording():
        return tape.gradient(followed, sources, unconnected_gradients="zero")
