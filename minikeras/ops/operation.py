"""`Operation`: what can be a step of a functional model; layers are operations, and so are ops.

A `GraphNode` is one symbolic call of an operation: its arguments, with KerasTensors among them, and
the KerasTensors it gave. `Function` replays a graph of them on data.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator
from typing import Any

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor, any_symbolic
from minikeras.autodiff.probe import probe
from minikeras.autodiff.state import thread
from minikeras.common.configurable import Configurable
from minikeras.common.naming import auto_name


class GraphNode:
    """One symbolic call of an operation in a functional graph.

    Who holds whom, so that there are no cycles and a dropped model is gone at once: a KerasTensor
    holds the call and the operation that gave it; a call holds the KerasTensors that it was given,
    and knows its operation and its outputs weakly; an operation holds its first call, before which
    there was nothing that depends on it, and knows later ones weakly.
    """

    def __init__(self, operation: Any, args: tuple, kwargs: dict, outputs: Any) -> None:
        self._operation = weakref.ref(operation)
        self.args = args
        self.kwargs = kwargs
        flat = tree.flatten((args, kwargs))
        self.input_tensors = [t for t in flat if isinstance(t, KerasTensor)]
        self.parent_nodes = []
        for t in self.input_tensors:
            history = getattr(t, "_keras_history", None)
            if history is not None and history.node not in self.parent_nodes:
                self.parent_nodes.append(history.node)
        index = operation._add_node(self)
        count = itertools.count()

        def noted(t: Any) -> Any:
            if not isinstance(t, KerasTensor):
                return t
            t._keras_history = KerasHistory(operation, index, next(count), self)
            return Output(t)

        self._outputs = tree.map_structure(noted, outputs)

    @property
    def operation(self) -> Any:
        """The operation that was called."""
        return self._operation()

    @property
    def outputs(self) -> Any:
        """The KerasTensors that the call gave, in their structure."""
        return tree.map_structure(
            lambda y: y.tensor(self) if type(y) is Output else y, self._outputs
        )

    @property
    def output_tensors(self) -> list[KerasTensor]:
        """The KerasTensors that the call gave, flat."""
        return [t for t in tree.flatten(self.outputs) if isinstance(t, KerasTensor)]

    @property
    def is_input(self) -> bool:
        """Whether this is an entrance of the graph."""
        return not (self.args or self.kwargs)

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_operation": self.operation}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state, _operation=weakref.ref(state["_operation"]))

    def __repr__(self) -> str:
        return f"<GraphNode of {self.operation.name}>"


class KerasHistory:
    """Where a KerasTensor came from: output `tensor_index` of call `node_index` of `operation`."""

    __slots__ = ("node", "node_index", "operation", "tensor_index")

    def __init__(self, operation: Any, node_index: int, tensor_index: int, node: GraphNode) -> None:
        self.operation = operation
        self.node_index = node_index
        self.tensor_index = tensor_index
        self.node = node

    def __iter__(self) -> Iterator[Any]:
        """Yield operation, node index and tensor index, as which Keras's is a tuple."""
        return iter((self.operation, self.node_index, self.tensor_index))

    def __getitem__(self, index: int) -> Any:
        return tuple(self)[index]


class Output:
    """A KerasTensor that a call gave: made anew when it is asked for and nobody has kept it."""

    __slots__ = ("dtype", "kept", "name", "node_index", "shape", "tensor_index")

    def __init__(self, t: KerasTensor) -> None:
        self.shape, self.dtype, self.name = t.shape, t.dtype, t.name
        self.node_index = t._keras_history.node_index
        self.tensor_index = t._keras_history.tensor_index
        self.kept: Any = weakref.ref(t)

    def tensor(self, node: GraphNode) -> KerasTensor:
        """Return the KerasTensor; `node` is the call."""
        t = self.kept and self.kept()
        if t is None:
            t = KerasTensor(self.shape, self.dtype, name=self.name)
            t._keras_history = KerasHistory(
                node.operation, self.node_index, self.tensor_index, node
            )
            self.kept = weakref.ref(t)
        return t

    def __getstate__(self) -> dict:
        state = {name: getattr(self, name) for name in self.__slots__}
        return {**state, "kept": self.kept and self.kept()}

    def __setstate__(self, state: dict) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self.kept = None if self.kept is None else weakref.ref(self.kept)


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
        self._nodes: list[Any] = []

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.__dict__.get('name')}>"

    @property
    def _inbound_nodes(self) -> list[GraphNode]:
        """The symbolic calls of this operation that somebody still has a use for, and the first."""
        nodes = [n if type(n) is GraphNode else n() for n in self._nodes]
        return [n for n in nodes if n is not None]

    def _add_node(self, node: GraphNode) -> int:
        """Note a call; return its number."""
        self._nodes.append(weakref.ref(node) if self._nodes else node)
        return len(self._nodes) - 1

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_nodes": self._inbound_nodes}

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        self.__dict__["_nodes"] = [*state["_nodes"][:1], *map(weakref.ref, state["_nodes"][1:])]

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

    def _may_take_over(self, following: Any) -> bool:
        """Whether a call may do the work of the operation that its result goes to, too.

        See `Run` in `ops/function.py`.
        """
        return False

    def _may_reach(self, following: Any) -> bool:
        """Whether a call that does the work of all operations up to one may do that of this one as well."""
        return False

    def _adds_up(self) -> bool:
        """Whether a call on a list adds the tensors of the list, and does nothing else."""
        return False

    def _may_add(self, overtaken: list) -> bool:
        """Whether a call may add another tensor to its result, if that comes next.

        See `RunToSum` in `ops/function.py`.

        Args:
            overtaken: operations that then come before the call, and otherwise behind it.
        """
        return False

    def _may_take_in(self, before: Any) -> bool:
        """Whether a call on a list may do the work of an operation that one of its tensors comes from, too.

        See `Join` in `ops/function.py`.
        """
        return False

    def _join(self, inputs: list, before: tuple) -> Any:
        """Do what some operations before this one do, and what this one does with their results.

        Args:
            inputs: the tensors that those operations are called on.
            before: the operations; None where a tensor is meant for this one.

        Returns:
            The result, or None if they have to be called one by one.
        """
        return None

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
