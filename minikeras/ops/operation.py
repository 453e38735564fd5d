"""`Operation`: what can be a step of a functional model; layers are operations, and so are ops.

A `GraphNode` is one symbolic call of an operation: its arguments, with KerasTensors among them, and
the KerasTensors it gave. `Function` replays a graph of them on data.
"""

from __future__ import annotations

from typing import Any

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor, any_symbolic
from minikeras.autodiff.probe import probe
from minikeras.autodiff.state import thread
from minikeras.common.configurable import Configurable
from minikeras.common.naming import auto_name


class GraphNode:
    """One symbolic call of an operation in a functional graph."""

    def __init__(self, operation: Any, args: tuple, kwargs: dict, outputs: Any) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.outputs = outputs
        flat = tree.flatten((args, kwargs))
        self.input_tensors = [t for t in flat if isinstance(t, KerasTensor)]
        self.output_tensors = [t for t in tree.flatten(outputs) if isinstance(t, KerasTensor)]
        self.parent_nodes = []
        for t in self.input_tensors:
            history = getattr(t, "_keras_history", None)
            if history is not None:
                parent = history.operation._inbound_nodes[history.node_index]
                if parent not in self.parent_nodes:
                    self.parent_nodes.append(parent)
        index = len(operation._inbound_nodes)
        operation._inbound_nodes.append(self)
        for i, t in enumerate(self.output_tensors):
            t._keras_history = KerasHistory(operation, index, i)

    @property
    def is_input(self) -> bool:
        """Whether this is an entrance of the graph."""
        return not self.input_tensors

    def __repr__(self) -> str:
        return f"<GraphNode of {self.operation.name}>"


class KerasHistory:
    """Where a KerasTensor came from: output `tensor_index` of call `node_index` of `operation`."""

    __slots__ = ("node_index", "operation", "tensor_index")

    def __init__(self, operation: Any, node_index: int, tensor_index: int) -> None:
        self.operation = operation
        self.node_index = node_index
        self.tensor_index = tensor_index


class Operation(Configurable):
    """Base of everything that can be called on tensors and on KerasTensors.

    Args:
        name: name, counted from the class name if None.
    """

    argument_sources = {"name": "name"}

    def __init__(self, name: str | None = None) -> None:
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(
                f"{type(self).__name__}: argument `name` must be a string without '/'. "
                f"Received: name={name!r}"
            )
        self.name = name or auto_name(self.default_name())
        self._inbound_nodes: list[GraphNode] = []

    def default_name(self) -> str:
        """Return what the name of one without a name is made of."""
        return type(self).__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args) or (kwargs and any_symbolic(kwargs.values())):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute on tensors."""
        raise TypeError(f"{type(self).__name__} does not define `call`.")

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return KerasTensors that describe what `call` gives for these arguments."""
        return probe(self.call, args, kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Describe the outputs and note the call in the functional graph.

        A call from inside a layer whose own call is being described is part of that one.
        """
        return self._note(args, kwargs, self.compute_output_spec(*args, **kwargs))

    def _note(self, args: tuple, kwargs: dict, spec: Any) -> Any:
        """Note a call in the functional graph; return its outputs, KerasTensors of their own."""
        given = {id(t) for t in tree.flatten((args, kwargs))}

        def fresh(t: Any) -> Any:  # an input handed through becomes an output of its own
            used = id(t) in given or getattr(t, "_keras_history", None) is not None
            return KerasTensor(t.shape, t.dtype) if isinstance(t, KerasTensor) and used else t

        outputs = tree.map_structure(fresh, spec)
        if not thread.state.describing:
            GraphNode(self, args, kwargs, outputs)
        return outputs

    def _node_value(self, attribute: str) -> Any:
        if not self._inbound_nodes:
            raise AttributeError(
                f"{type(self).__name__} '{self.name}' has never been called on a KerasTensor and "
                f"thus has no defined {attribute}."
            )
        node = self._inbound_nodes[0]
        if attribute == "output":
            return node.outputs
        tensors = node.input_tensors
        if len(node.args) == 1 and not any_symbolic(node.kwargs.values()):
            return node.args[0]
        return tensors[0] if len(tensors) == 1 else tensors

    @property
    def input(self) -> Any:
        """The KerasTensor (or structure) that this operation was first called on."""
        return self._node_value("input")

    @property
    def output(self) -> Any:
        """The KerasTensor (or structure) that this operation gave when it was first called."""
        return self._node_value("output")
