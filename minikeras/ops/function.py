"""`Function`: a graph of operations between KerasTensors, replayed on data."""

from __future__ import annotations

from collections import Counter
from typing import Any

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.state import thread
from minikeras.ops.gradients import Gradients, recorded
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
        for flat, what in ((flat_in, "inputs"), (flat_out, "outputs")):
            if not flat:
                raise ValueError(f"{type(self).__name__}: `{what}` must not be empty.")
        for t, what in [(t, "inputs") for t in flat_in] + [(t, "outputs") for t in flat_out]:
            if not isinstance(t, KerasTensor):
                raise ValueError(
                    f"{type(self).__name__}: argument `{what}` must be KerasTensors, from "
                    f"minikeras.Input(...) and calls on it. Received: {t!r}"
                )
        labels = [
            f"output {'/'.join(map(repr, path))}" if path else "the output"
            for path, _ in tree.flatten_with_path(outputs)
        ]
        graph = Graph(flat_in, flat_out, type(self).__name__, labels)
        object.__setattr__(self, "graph", graph)

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
        flat = self.graph.run(self._in_order(inputs))
        return tree.pack_sequence_as(self._outputs_struct, flat)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Describe the outputs for KerasTensors in the structure of `inputs`."""
        flat = self.graph.describe(self._in_order(inputs))
        return tree.pack_sequence_as(self._outputs_struct, flat)

    def _in_order(self, inputs: Any) -> list:
        """Return inputs flat, which must be in the structure of those that the function has."""
        try:
            tree.assert_same_paths(self._inputs_struct, inputs)
        except ValueError as error:
            raise ValueError(
                f"Function '{self.name}' was called on inputs in another structure than its own, "
                f"{tree.map_structure(lambda t: t.name, self._inputs_struct)}: {error}"
            ) from None
        return tree.flatten(inputs)


class Graph:
    """The calls between some KerasTensors and others, in an order in which they can run."""

    training_is_the_callers = True
    """Whether the `training` of the model goes before that which a layer was called with, as in Keras."""

    def __init__(
        self,
        inputs: list[KerasTensor],
        outputs: list[KerasTensor],
        owner: str,
        labels: list[str],
        unique_names: bool = True,
    ) -> None:
        """
        Args:
            inputs, outputs: the KerasTensors, flat.
            owner: of whom messages speak.
            labels: what messages call each of the outputs.
            unique_names: whether two operations of one name are an error.
        """
        self.inputs = inputs
        self.outputs = outputs
        walked, rank = self._walk(owner, labels)
        self.nodes = [node for node in walked if not node.is_input]
        self.operations = self._sorted_operations(walked, rank)
        for name, count in Counter(operation.name for operation in self.operations).items():
            if count > 1 and unique_names:
                raise ValueError(
                    f"{owner}: all names in a model must be unique. The name '{name}' is that of "
                    f"{count} layers or operations: give one of them another `name`."
                )
        self._make_plan()

    def __getstate__(self) -> dict:
        # Parents first: whoever copies a graph need not follow a whole chain down to the inputs.
        return {"nodes": self.nodes, **self.__dict__}

    def _walk(self, owner: str, labels: list[str]) -> tuple[list[GraphNode], dict[int, int]]:
        """Walk from the outputs to the inputs, depth first.

        Returns:
            The calls, the inputs' own nodes among them, parents first; and the rank in which each
            operation was met on the way.
        """
        known = {id(t) for t in self.inputs}
        seen: set[int] = set()
        rank: dict[int, int] = {}
        order: list[GraphNode] = []
        # An explicit stack: graphs may be deeper than Python's recursion limit.
        for place, output in enumerate(self.outputs):
            stack: list[tuple[KerasTensor, bool]] = [(output, False)]
            while stack:
                t, ready = stack.pop()
                history = getattr(t, "_keras_history", None)
                if history is None:
                    if id(t) in known:
                        continue
                    raise ValueError(_disconnected(owner, t, labels[place]))
                node = history.node
                if ready:
                    order.append(node)
                    continue
                if id(node) in seen or (id(t) in known and not node.is_input):
                    continue  # done, or cut off: what gave such an input is not part of the graph
                if node.is_input and id(t) not in known:
                    raise ValueError(_disconnected(owner, t, labels[place]))
                seen.add(id(node))
                rank.setdefault(id(node.operation), len(rank))
                stack.append((t, True))
                if not node.is_input:
                    stack.extend((p, False) for p in reversed(node.input_tensors))
        return order, rank

    def _sorted_operations(self, walked: list[GraphNode], rank: dict[int, int]) -> list[Operation]:
        """Return operations by decreasing distance from the outputs, as Keras orders layers."""
        node_depth: dict[int, int] = {}
        depth: dict[int, int] = {}
        operations: dict[int, Operation] = {}
        for node in reversed(walked):
            key = id(node.operation)
            operations[key] = node.operation
            d = max(node_depth.get(id(node), 0), depth.get(key, 0))
            node_depth[id(node)] = depth[key] = d
            for parent in node.parent_nodes:
                node_depth[id(parent)] = max(node_depth.get(id(parent), 0), d + 1)
        for t in self.inputs:  # inputs that nothing uses
            history = getattr(t, "_keras_history", None)
            if history is None or id(history.operation) in operations:
                continue
            if history.node.is_input:
                key = id(history.operation)
                operations[key], depth[key], rank[key] = history.operation, 0, -1
        return sorted(operations.values(), key=lambda o: (-depth[id(o)], rank[id(o)]))

    def _make_plan(self) -> None:
        """Give every tensor a slot, and turn each call into (operation, where from, where to)."""
        slots: dict[int, int] = {}
        for t in self.inputs:
            slots.setdefault(id(t), len(slots))
        steps = []
        given = [node.output_tensors for node in self.nodes]  # all alive, so that their ids differ
        for node, outputs in zip(self.nodes, given):
            reads = [slots[id(t)] for t in node.input_tensors]
            for t in outputs:
                slots.setdefault(id(t), len(slots))
            source, rest = None, ()
            if node.args and not node.kwargs:
                source, rest = _source(node.args, slots)
            targets = [slots[id(t)] for t in outputs]
            single = targets[0] if isinstance(node.outputs, KerasTensor) else None
            arguments = tree.map_structure(
                lambda x: Slot(slots[id(x)]) if isinstance(x, KerasTensor) else x,
                (node.args, node.kwargs),
            )
            steps.append((node.operation, source, rest, single, targets, arguments, reads))
        self._size = len(slots)
        self._input_slots = [slots[id(t)] for t in self.inputs]
        self._output_slots = [slots[id(t)] for t in self.outputs]
        seen = {*self._output_slots, *(i for i, n in _uses(steps).items() if n > 1)}
        self._plan = self._dropping(steps)
        short = _with_joins(_with_sums(_with_runs(steps, seen), seen), seen)
        self._short_plan = self._dropping(short)
        # The commonest graph: every operation takes what the one before gave.
        chained = all(s[1:4] == (i, (), i + 1) for i, s in enumerate(steps))
        chained = chained and (self._input_slots, self._output_slots) == ([0], [len(steps)])
        self._chain = [s[0] for s in self._short_plan] if chained else None
        self._gradients = [n for n in self.nodes if type(n.operation) is Gradients]

    def _dropping(self, steps: list[tuple]) -> list[tuple]:
        """Return steps which say in the end not what they read, but what nobody reads after them."""
        last = {slot: i for i, step in enumerate(steps) for slot in step[-1]}
        for slot in self._output_slots:
            last.pop(slot, None)
        dropped: list[list[int]] = [[] for _ in steps]
        for slot, i in last.items():
            dropped[i].append(slot)
        return [(*step[:-1], tuple(drop)) for step, drop in zip(steps, dropped)]

    def run(self, inputs: list, call: Any = None) -> list:
        """Run the plan on flat inputs; `call(operation, args, kwargs)` may replace plain calls."""
        if self._gradients and call is None:
            return recorded(self.run, inputs, self._gradients)
        if self._chain is not None and call is None:
            (x,) = inputs
            for operation in self._chain:
                x = operation(x)
            return [x]
        values: list[Any] = [None] * self._size
        for slot, x in zip(self._input_slots, inputs):
            values[slot] = x
        plan = self._short_plan if call is None else self._plan
        for operation, source, rest, single, targets, arguments, drop in plan:
            if type(source) is int and call is None:
                result = operation(values[source], *rest)
            elif type(source) is tuple and call is None:
                result = operation(*[values[i] for i in source])
            elif source is not None and call is None:
                result = operation([values[i] for i in source])
            else:
                args, kwargs = tree.map_structure(
                    lambda x: values[x.index] if type(x) is Slot else x, arguments
                )
                training = thread.state.training if self.training_is_the_callers else None
                if training is not None and "training" in kwargs:
                    kwargs["training"] = training  # the model's goes first, as in Keras
                if call is None:
                    result = operation(*args, **kwargs)
                else:
                    result = call(operation, args, kwargs)
            if single is not None:
                values[single] = result
            else:
                flat = tree.flatten(result)
                if len(flat) != len(targets):
                    raise ValueError(
                        f"{type(operation).__name__} '{operation.name}' gave {len(flat)} outputs, "
                        f"and {len(targets)} when the model was described."
                    )
                for slot, y in zip(targets, flat):
                    values[slot] = y
            for slot in drop:
                values[slot] = None
        return [values[s] for s in self._output_slots]

    def describe(self, inputs: list) -> list:
        """Describe the outputs for other input KerasTensors, noting nothing."""
        return self.run(inputs, lambda op, args, kwargs: op.compute_output_spec(*args, **kwargs))


def _source(args: tuple, slots: dict[int, int]) -> tuple[int | list[int] | tuple | None, tuple]:
    """Return which slots the positional arguments of a call are, where that is easily said.

    Returns:
        A slot, where the first argument is a tensor and the others hold none; a list of slots, where a
        list of tensors is the only argument; a tuple of them, where all arguments are tensors; else
        None. And the other arguments.
    """
    first, *rest = args
    if rest and all(isinstance(t, KerasTensor) for t in args):
        return tuple([slots[id(t)] for t in args]), ()
    if isinstance(first, KerasTensor) and not any(map(_may_hold_tensors, rest)):
        return slots[id(first)], tuple(rest)
    if (
        type(first) is list
        and first
        and not rest
        and all(isinstance(t, KerasTensor) for t in first)
    ):
        return [slots[id(t)] for t in first], ()
    return None, ()


def _may_hold_tensors(x: Any) -> bool:
    if type(x) is tuple:
        return any(map(_may_hold_tensors, x))
    return tree.is_nested(x) or isinstance(x, KerasTensor)


class Run:
    """Operations one after the other, of which nobody else sees what is in between.

    One that computes piece by piece may take over what the next ones do, while a piece is in the cache: a
    normalization the activation behind it, a convolution both. While it runs, `thread.state.following`
    says what follows; it leaves there what it has not done.

    Args:
        operations: operations of one tensor each.
    """

    def __init__(self, operations: tuple) -> None:
        self.operations = operations

    def __call__(self, x: Any) -> Any:
        here = thread.state
        waiting = self.operations
        if here.describing:  # whoever follows a model step by step wants to see each
            for operation in waiting:
                x = operation(x)
            return x
        try:
            while waiting:
                here.following = waiting[1:]
                x = waiting[0](x)
                waiting = here.following
        finally:
            here.following = ()
        return x


def _uses(steps: list[tuple]) -> Counter:
    """Return how often each slot is read."""
    return Counter(slot for step in steps for slot in step[-1])


def _with_runs(steps: list[tuple], seen: set[int]) -> list[tuple]:
    """Return steps in which operations that may take over the next ones are one with them.

    Args:
        steps: steps, as `Graph._make_plan` makes them.
        seen: slots of results that are read more than once, or after the last step.
    """
    behind = {step[1]: i for i, step in enumerate(steps) if type(step[1]) is int and not step[2]}
    done: set[int] = set()
    result = []
    for i, (operation, source, rest, single, targets, arguments, reads) in enumerate(steps):
        if i in done:
            continue
        run, last = [operation], operation
        alone = type(source) is int and not rest  # a run is called with one tensor
        while alone and single is not None and single not in seen:
            j = behind.get(single)
            then = None if j is None else steps[j][0]
            if then is None or not (last._may_take_over(then) or run[0]._may_reach(then)):
                break
            last, _, _, single, targets, _, _ = steps[j]
            run.append(last)
            done.add(j)
        if len(run) > 1:
            operation = Run(tuple(run))
        result.append((operation, source, rest, single, targets, arguments, reads))
    return result


class Summand:
    """In a run, the addition of a tensor that comes from elsewhere: a shortcut around the run.

    Args:
        operation: the operation on a list of two tensors that adds them.
        other: that tensor.
        first: whether it is the first of the two.
    """

    _makes_masks = False

    def __init__(self, operation: Any, other: Any, first: bool) -> None:
        self.operation, self.other, self.first = operation, other, first

    def __call__(self, x: Any) -> Any:
        return self.operation([self.other, x] if self.first else [x, self.other])

    def _is_bare(self, dtype: Any) -> bool:  # what asks takes activations over, not sums
        return False


class RunToSum:
    """A run, and then the sum of its result, which nobody else sees, and of another tensor.

    Args:
        before: the operations of the run.
        operation: what adds.
        first: whether the other tensor is the first of the two that it adds.
        behind: operations of one tensor after the sum.
    """

    def __init__(self, before: tuple, operation: Any, first: bool, behind: tuple) -> None:
        self.before, self.operation, self.first, self.behind = before, operation, first, behind

    def __call__(self, inputs: list) -> Any:
        x, other = inputs
        return Run((*self.before, Summand(self.operation, other, self.first), *self.behind))(x)


def _operations(step: tuple) -> tuple:
    return step[0].operations if isinstance(step[0], Run) else step[:1]


def _with_sums(steps: list[tuple], seen: set[int]) -> list[tuple]:
    """Return steps in which sums are one with an operation before them that may do their work.

    Args:
        steps: steps, as `_with_runs` returns them.
        seen: slots of results that are read more than once, or after the last step.
    """
    single = {i: step for i, step in enumerate(steps) if type(step[1]) is int and not step[2]}
    given = {step[3]: i for i, step in single.items() if step[3] not in seen}
    behind = {step[1]: i for i, step in single.items()}
    done: set[int] = set()
    result = []
    for at, step in enumerate(steps):
        operation, source, rest, slot, targets, arguments, _ = step
        if (
            type(source) is list
            and len(source) == 2
            and isinstance(operation, Operation)
            and operation._adds_up()
        ):
            for place, other in ((0, 1), (1, 0)):
                i = given.get(source[place])
                if i is None:
                    continue
                run = _operations(steps[i])
                overtaken = [o for passed in steps[i + 1 : at] for o in _operations(passed)]
                if not run[-1]._may_add(overtaken):
                    continue
                done.add(i)
                then, j = (), None if slot in seen else behind.get(slot)
                if j is not None and run[-1]._may_take_over(steps[j][0]):
                    done.add(j)
                    then, slot, targets = (steps[j][0],), steps[j][3], steps[j][4]
                operation = RunToSum(run, operation, other == 0, then)
                source = [steps[i][1], source[other]]
                step = (operation, source, rest, slot, targets, arguments, source)
                break
        result.append(step)
    return [step for i, step in enumerate(result) if i not in done]


class Join:
    """An operation on a list of tensors with those before it, whose results nobody else sees.

    What adds or concatenates may compute what it joins where it belongs: rows of tables, all at once.

    Args:
        operation: the operation on the list.
        before: for each tensor of the list the operation of one tensor that it comes from, or None.
    """

    def __init__(self, operation: Any, before: tuple) -> None:
        self.operation, self.before = operation, before

    def __call__(self, inputs: list) -> Any:
        if not thread.state.describing:  # whoever follows a model step by step wants to see each
            y = self.operation._join(inputs, self.before)
            if y is not None:
                return y
        return self.operation(
            [x if layer is None else layer(x) for layer, x in zip(self.before, inputs)]
        )


def _with_joins(steps: list[tuple], seen: set[int]) -> list[tuple]:
    """Return steps in which operations on lists are one with those before that they may take in.

    Args:
        steps: steps, as `_with_runs` returns them.
        seen: slots of results that are read more than once, or after the last step.
    """
    given = {step[3]: i for i, step in enumerate(steps) if type(step[1]) is int and not step[2]}
    taken: set[int] = set()
    result = []
    for step in steps:
        operation, source, *middle, reads = step
        if type(source) is list and isinstance(operation, Operation):
            before, source = [], list(source)
            for place, slot in enumerate(source):
                i = None if slot in seen else given.get(slot)
                if i is None or not operation._may_take_in(steps[i][0]):
                    before.append(None)
                    continue
                before.append(steps[i][0])
                source[place] = steps[i][1]
                taken.add(i)
            if any(layer is not None for layer in before):
                step = (Join(operation, tuple(before)), source, *middle, list(source))
        result.append(step)
    return [step for i, step in enumerate(result) if i not in taken]


class Slot:
    """A place in the arguments of a step that a tensor of the graph goes to."""

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index


def _disconnected(owner: str, t: KerasTensor, output: str) -> str:
    return (
        f"{owner}: `inputs` not connected to `outputs`: {output} depends on {t!r}, which is not "
        "among the inputs."
    )
