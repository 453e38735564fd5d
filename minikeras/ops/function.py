"""`Function`: a graph of operations between KerasTensors, replayed on data."""

from __future__ import annotations

from typing import Any

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.state import state
from minikeras.ops.operation import GraphNode, Operation


class Function(Operation):
    """Run the operations between input and output KerasTensors.

    Args:
        inputs: KerasTensor, or a structure of them.
        outputs: KerasTensor, or a structure of them, computed from `inputs`.
        name: name, counted if None.

    Raises:
        ValueError: if an output depends on a tensor that is not among the inputs.
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self._set_graph(inputs, outputs)

    def _set_graph(self, inputs: Any, outputs: Any) -> None:
        object.__setattr__(self, "_inputs_struct", inputs)
        object.__setattr__(self, "_outputs_struct", outputs)
        flat_in, flat_out = tree.flatten(inputs), tree.flatten(outputs)
        for t, what in [(t, "inputs") for t in flat_in] + [(t, "outputs") for t in flat_out]:
            if not isinstance(t, KerasTensor):
                raise ValueError(
                    f"{type(self).__name__}: argument `{what}` must be KerasTensors, from "
                    f"minikeras.Input(...) and calls on it. Received: {t!r}"
                )
        object.__setattr__(self, "graph", Graph(flat_in, flat_out, type(self).__name__))

    @property
    def inputs(self) -> list[KerasTensor]:
        """The input KerasTensors as a flat list."""
        return tree.flatten(self._inputs_struct)

    @property
    def outputs(self) -> list[KerasTensor]:
        """The output KerasTensors as a flat list."""
        return tree.flatten(self._outputs_struct)

    @property
    def operations(self) -> list[Operation]:
        """The operations, from the inputs to the outputs."""
        return list(self.graph.operations)

    def call(self, inputs: Any) -> Any:
        """Compute the outputs for tensors in the structure of `inputs`."""
        flat = self.graph.run(tree.flatten(inputs))
        return tree.pack_sequence_as(self._outputs_struct, flat)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Describe the outputs for KerasTensors in the structure of `inputs`."""
        flat = self.graph.describe(tree.flatten(inputs))
        return tree.pack_sequence_as(self._outputs_struct, flat)


class Graph:
    """The calls between some KerasTensors and others, in an order in which they can run."""

    def __init__(self, inputs: list[KerasTensor], outputs: list[KerasTensor], owner: str) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.nodes = self._sorted_nodes(owner)
        self.operations = self._sorted_operations()
        self._make_plan()

    def _sorted_nodes(self, owner: str) -> list[GraphNode]:
        """Return the calls, parents first, in the order of a depth-first walk from the outputs."""
        known = {id(t) for t in self.inputs}
        done: dict[int, bool] = {}
        order: list[GraphNode] = []
        # An explicit stack: graphs may be deeper than Python's recursion limit.
        for output in self.outputs:
            stack: list[tuple[KerasTensor, bool]] = [(output, False)]
            while stack:
                t, ready = stack.pop()
                if id(t) in known:
                    continue
                history = getattr(t, "_keras_history", None)
                if history is None or not history.operation._inbound_nodes:
                    raise ValueError(_disconnected(owner, t))
                node = history.operation._inbound_nodes[history.node_index]
                if ready:
                    if id(node) not in done or not done[id(node)]:
                        done[id(node)] = True
                        order.append(node)
                    continue
                if id(node) in done:
                    continue
                if node.is_input:
                    raise ValueError(_disconnected(owner, t))
                done[id(node)] = False
                stack.append((t, True))
                stack.extend((p, False) for p in reversed(node.input_tensors))
        return order

    def _sorted_operations(self) -> list[Operation]:
        """Return operations by decreasing distance from the outputs, as Keras orders layers."""
        input_ops = []
        for t in self.inputs:
            history = getattr(t, "_keras_history", None)
            if history is not None and history.operation not in input_ops:
                input_ops.append(history.operation)
        index: dict[int, int] = {}
        visit = self._visit_order()
        for node in visit:
            index.setdefault(id(node.operation), len(index))
        depth: dict[int, int] = {}
        op_depth: dict[int, int] = {}
        ops: dict[int, Operation] = {}
        for node in reversed(visit):
            op = node.operation
            ops[id(op)] = op
            d = max(depth.get(id(node), 0), op_depth.get(id(op), 0))
            depth[id(node)] = d
            op_depth[id(op)] = d
            for parent in node.parent_nodes:
                depth[id(parent)] = max(depth.get(id(parent), 0), d + 1)
        top = max(op_depth.values(), default=0)
        for op in input_ops:
            if id(op) not in ops:
                ops[id(op)] = op
                op_depth[id(op)] = top
                index.setdefault(id(op), -1)
        return sorted(ops.values(), key=lambda op: (-op_depth[id(op)], index[id(op)]))

    def _visit_order(self) -> list[GraphNode]:
        """The calls, and the inputs' own nodes among them, parents first."""
        order: list[GraphNode] = []
        seen: set[int] = set()

        def add_input(t: KerasTensor) -> None:
            history = getattr(t, "_keras_history", None)
            if history is not None:
                node = history.operation._inbound_nodes[history.node_index]
                if id(node) not in seen:
                    seen.add(id(node))
                    order.append(node)

        known = {id(t): t for t in self.inputs}
        for node in self.nodes:
            for t in node.input_tensors:
                if id(t) in known:
                    add_input(t)
            if id(node) not in seen:
                seen.add(id(node))
                order.append(node)
        return order

    def _make_plan(self) -> None:
        """Give every tensor a slot, and turn each call into (operation, where from, where to)."""
        slots: dict[int, int] = {}
        for t in self.inputs:
            slots.setdefault(id(t), len(slots))
        last_use: dict[int, int] = {}
        steps = []
        for i, node in enumerate(self.nodes):
            for t in node.input_tensors:
                last_use[slots[id(t)]] = i
            for t in node.output_tensors:
                slots.setdefault(id(t), len(slots))
            simple = (
                len(node.args) == 1 and isinstance(node.args[0], KerasTensor) and not node.kwargs
            )
            source = slots[id(node.args[0])] if simple else None
            targets = [slots[id(t)] for t in node.output_tensors]
            single = targets[0] if isinstance(node.outputs, KerasTensor) else None
            steps.append([node.operation, source, single, targets, node, ()])
        kept = {slots[id(t)] for t in self.outputs if id(t) in slots}
        for slot, i in last_use.items():
            if slot not in kept:
                steps[i][5] = (*steps[i][5], slot)
        self._slots = slots
        self._size = len(slots)
        self._plan = [tuple(s) for s in steps]
        self._input_slots = [slots[id(t)] for t in self.inputs]
        self._output_slots = [slots[id(t)] for t in self.outputs]

    def run(self, inputs: list, call: Any = None) -> list:
        """Run the plan on flat inputs; `call(operation, args, kwargs)` may replace plain calls."""
        values: list[Any] = [None] * self._size
        for slot, x in zip(self._input_slots, inputs):
            values[slot] = x
        for operation, source, single, targets, node, drop in self._plan:
            if source is not None and call is None:
                result = operation(values[source])
            else:
                args, kwargs = self._fill(node, values)
                if state.training is not None and "training" in kwargs:
                    kwargs["training"] = state.training  # the model's goes first, as in Keras
                if call is None:
                    result = operation(*args, **kwargs)
                else:
                    result = call(operation, args, kwargs)
            if single is not None:
                values[single] = result
            else:
                for slot, y in zip(targets, tree.flatten(result)):
                    values[slot] = y
            for slot in drop:
                values[slot] = None
        return [values[s] for s in self._output_slots]

    def describe(self, inputs: list) -> list:
        """Describe the outputs for other input KerasTensors, noting nothing."""
        return self.run(inputs, lambda op, args, kwargs: op.compute_output_spec(*args, **kwargs))

    def _fill(self, node: GraphNode, values: list) -> tuple[tuple, dict]:
        def fill(x: Any) -> Any:
            return values[self._slots[id(x)]] if isinstance(x, KerasTensor) else x

        args = tuple(tree.map_structure(fill, a) for a in node.args)
        kwargs = {k: tree.map_structure(fill, v) for k, v in node.kwargs.items()}
        return args, kwargs


def _disconnected(owner: str, t: KerasTensor) -> str:
    return (
        f"{owner}: `inputs` not connected to `outputs`: an output depends on {t!r}, which is not "
        "among the inputs."
    )
