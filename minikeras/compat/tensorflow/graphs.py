"""Graphs as TensorFlow 1 had them: placeholders, variables by name, training steps.

A graph is symbolic tensors (`KerasTensor`) and expressions of variables; a session computes them
(`compat/graph_session.py`). `Graph` keeps what scripts ask for by name: variables, scopes, collections.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from minikeras import ops, tree
from minikeras.autodiff import GradientTape, KerasTensor, Tensor, Variable
from minikeras.autodiff.expression import Expression, symbol_of
from minikeras.compat.extensions import Extension, lend
from minikeras.compat.graph_session import BoundTensor, Evaluation, Session, as_update
from minikeras.compat.tensorflow import shapes
from minikeras.ops.gradients import gradients

_SIGNS = re.compile(
    r"\.(Session|InteractiveSession|placeholder|disable_v2_behavior|disable_eager_execution)\b"
)
_mode: list[bool] = []


def are_on() -> bool:
    """Whether variables and operations are those of a graph.

    They are after `disable_v2_behavior` or `disable_eager_execution`, and in scripts that have sessions
    or placeholders.
    """
    if not _mode:
        path = getattr(sys.modules.get("__main__"), "__file__", None)
        try:
            with open(path or "", encoding="utf-8") as file:
                _mode.append(_SIGNS.search(file.read()) is not None)
        except (OSError, UnicodeDecodeError):
            _mode.append(False)
        if _mode[0]:
            turn_on()
    return _mode[0]


def turn_on() -> None:
    """Let variables and operations be those of a graph from here on."""
    _mode[:] = [True]
    shapes.use_version1_sizes(True)
    lend([_OF_VERSION_1])


def forget() -> None:
    """Be as before the first script."""
    _mode.clear()
    shapes.use_version1_sizes(False)
    _graphs[:] = [Graph()]
    _names.clear()


class Graph:
    """What a graph's variables are called, and what was collected under names."""

    def __init__(self) -> None:
        self.variables: dict[str, Variable] = {}
        self.layers: dict[str, Any] = {}
        self.collections: dict[str, list] = defaultdict(list)
        self.scopes: list[tuple[str, Any, Any]] = []
        self.seen: dict[str, int] = {}
        self.initial: dict[str, np.ndarray] = {}

    @contextlib.contextmanager
    def as_default(self) -> Iterator[Graph]:
        """Let what is made inside belong to this graph."""
        _graphs.append(self)
        try:
            yield self
        finally:
            _graphs.pop()

    # Names.

    @property
    def scope(self) -> str:
        return "/".join(name for name, _, _ in self.scopes if name)

    def full_name(self, name: str) -> str:
        """Return a name with those of the open scopes before it."""
        return f"{self.scope}/{name}" if self.scope else name

    def unique_name(self, name: str) -> str:
        """Return a full name that nothing has yet."""
        full = self.full_name(name)
        count = self.seen.get(full, -1) + 1
        self.seen[full] = count
        return f"{full}_{count}" if count else full

    @property
    def reuses(self) -> Any:
        """Whether variables by a name that is known are those that are known: also `"auto"`."""
        for _, reuse, _ in reversed(self.scopes):
            if reuse:
                return reuse
        return False

    def add_variable(self, variable: Variable, name: str, collections: Any = None) -> None:
        """Note a variable by a name."""
        self.note(variable, self.unique_name(name), collections)

    def note(self, variable: Variable, full: str, collections: Any = None) -> None:
        """Note a variable by its full name."""
        self.variables[full] = variable
        self.initial[full] = variable.array
        _names[id(variable)] = full
        for key in collections or ():
            self.collections[key].append(variable)

    def add_layer(self, full: str, layer: Any) -> None:
        """Note the variables of a layer."""
        self.layers[full] = layer
        for v in layer.variables:
            if "seed_generator" not in v.path:
                self.note(v, f"{full}/{v.path.rpartition('/')[2]}")

    def find(self, scope: str | None = None, trainable: bool = False) -> list[Variable]:
        """Return variables whose full names begin with a scope."""
        return [
            v
            for name, v in self.variables.items()
            if (scope is None or re.match(scope, name)) and (v.trainable or not trainable)
        ]

    def initialize(self) -> None:
        """Give variables the values that they were made with."""
        for name, v in self.variables.items():
            v.assign(self.initial[name])

    # What scripts ask of graphs beside.

    def get_collection(self, key: str, scope: str | None = None) -> list:
        """Return what was collected under a key."""
        if key in ("variables", "model_variables"):
            return self.find(scope)
        if key == "trainable_variables":
            return self.find(scope, trainable=True)
        if key == "regularization_losses":
            return regularization_losses()
        return list(self.collections[key])

    def get_tensor_by_name(self, name: str) -> Any:
        """Return a placeholder or variable by its name."""
        plain = name.partition(":")[0]
        for t in (*self.collections["placeholders"], *self.collections["named"]):
            if t.name == plain:
                return t
        if plain in self.variables:
            return self.variables[plain]
        raise KeyError(f"The graph has no placeholder and no variable {plain!r}.")

    def finalize(self) -> None:
        """Do nothing."""

    def as_graph_def(self, *_: Any, **__: Any) -> Graph:
        """Return itself."""
        return self


_graphs: list[Graph] = [Graph()]
_names: dict[int, str] = {}


def current() -> Graph:
    """Return the graph that things are put into."""
    return _graphs[-1]


def reset() -> None:
    """Begin a new graph."""
    _graphs[-1] = Graph()


_PLAIN_NAME = Variable.name


def _name(v: Variable) -> str:
    full = _names.get(id(v))
    return _PLAIN_NAME.__get__(v) if full is None else f"{full}:0"


_OF_VERSION_1 = Extension(
    "minikeras.autodiff:Variable", {"name": property(_name, _PLAIN_NAME.__set__)}
)
"""Variables have the names that TensorFlow 1 gave them: `"scope/dense/kernel:0"`."""


# Scopes and variables by name.

AUTO_REUSE = "auto"


class VariableScope:
    """A scope of names, opened by `with`.

    Args:
        name: its name, or another scope that is opened again.
        reuse: whether variables of known names are those that are known: True, False, `AUTO_REUSE`.
        initializer: how variables begin if nothing is said.
    """

    def __init__(
        self,
        name_or_scope: Any = None,
        default_name: str | None = None,
        values: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        reuse: Any = None,
        **options: Any,
    ) -> None:
        self._again = isinstance(name_or_scope, VariableScope)
        given = name_or_scope.name if self._again else name_or_scope
        given = default_name if given is None else given
        self.name, self.reuse, self.initializer = given, reuse, initializer
        self.original_name_scope = f"{given}/"

    def reuse_variables(self) -> None:
        """Let variables of known names be those that are known from here on."""
        scopes = current().scopes
        name, _, initializer = scopes[-1] if scopes else ("", None, None)
        scopes[-1:] = [(name, True, initializer)]

    def __enter__(self) -> VariableScope:
        graph = current()
        self._before = graph.scopes
        above = [] if self._again else graph.scopes
        graph.scopes = [*above, (self.name, self.reuse, self.initializer)]
        opened = VariableScope(graph.scope)
        opened.reuse = graph.reuses
        return opened

    def __exit__(self, *exc: Any) -> None:
        current().scopes = self._before


def get_variable_scope() -> VariableScope:
    """Return the open scope."""
    return VariableScope(current().scope)


def regularization_losses() -> list:
    """Return the penalties of the graph's layers and variables, as tensors of the graph."""
    graph = current()
    pairs = list(graph.collections["regularized"])
    pairs += [(v, v.regularizer) for v in graph.variables.values() if v.regularizer is not None]
    return [penalty(v, regularizer) for v, regularizer in pairs]


def penalty(variable: Variable, regularizer: Callable) -> KerasTensor:
    """Return what a regularizer gives for a variable, computed anew whenever the graph runs."""
    return Later(lambda: regularizer(variable), "penalty", (), "float32").tensor()


class Later(ops.Operation):
    """A step of a graph that calls a function without inputs.

    Args:
        function: it returns a tensor.
        name: what names of such steps begin with.
        shape, dtype: what it returns.
    """

    def __init__(self, function: Callable, name: str, shape: Any, dtype: Any) -> None:
        self._function, self._spec = function, (shape, dtype)
        self._kind = name
        super().__init__()

    def default_name(self) -> str:
        return self._kind

    def call(self, trigger: Any) -> Any:
        """Call the function."""
        return self._function()

    def compute_output_spec(self, trigger: Any) -> KerasTensor:
        return KerasTensor(*self._spec)

    def tensor(self) -> KerasTensor:
        """Return the symbolic result of a call."""
        return self.symbolic_call(BoundTensor(0, (), "int32"))


# Training, assigning and other things that a session carries out.


class Action:
    """Something that a session carries out.

    Args:
        function: it is given the values of `inputs`.
        inputs: symbolic tensors.
        name: name.
    """

    def __init__(
        self, function: Callable, inputs: Sequence[Any] = (), name: str = "action"
    ) -> None:
        self._function, self._inputs, self.name = function, list(inputs), name

    def parts(self) -> list:
        """Return what has to be computed."""
        return self._inputs

    def put(self, values: list) -> None:
        """Carry it out with what has been computed."""
        self._function(*values)

    def wait(self) -> None:
        """There is nothing to take back."""

    def value(self) -> Any:
        """Return what it gives as a fetch: nothing."""
        return None

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Let a session carry it out."""
        (session or default_session()).run(self, feed_dict)


class Several(Action):
    """Several operations as one.

    Args:
        operations: the operations.
    """

    def __init__(self, operations: Sequence[Any]) -> None:
        self._operations = list(operations)
        self.name = "group"

    def parts(self) -> list:
        """Return what has to be computed."""
        return [p for o in self._operations for p in o.parts()]

    def put(self, values: list) -> None:
        """Carry them out."""
        values = list(values)
        for o in self._operations:
            count = len(o.parts())
            o.put(values[:count])
            del values[:count]

    def wait(self) -> None:
        """Take back what has been put in place."""
        for o in self._operations:
            o.wait()


class Training(Action):
    """A step of an optimizer.

    Args:
        optimizer: the optimizer.
        pairs: pairs of a gradient (a symbolic tensor, or None) and its variable.
        global_step: a variable that counts the steps.
    """

    def __init__(self, optimizer: Any, pairs: Sequence[tuple], global_step: Any = None) -> None:
        self._variables = [v for g, v in pairs if g is not None]
        if not self._variables:
            raise ValueError("minimize: the loss does not depend on any variable that is trained.")
        super().__init__(self._step, [g for g, _ in pairs if g is not None], "train")
        self._optimizer, self._count = optimizer, global_step

    def _step(self, *grads: Any) -> None:
        self._optimizer.apply([ops.convert_to_tensor(g) for g in grads], self._variables)
        if self._count is not None:
            self._count.assign_add(1)


class Assignment(Action):
    """A change of a variable. As a fetch it gives the new value."""

    def __init__(self, variable: Variable, function: Callable, value: Any) -> None:
        super().__init__(lambda new: function(variable, new), [value], "assign")
        self.variable = variable

    def value(self) -> Any:
        """Return the variable's value."""
        return self.variable.numpy()

    numpy = value


_control: list[list] = []


@contextlib.contextmanager
def control_dependencies(control_inputs: Any) -> Iterator[None]:
    """Let training steps that are made inside carry out others first."""
    if not are_on():
        yield
        return
    _control.append([as_update(i) for i in control_inputs or () if hasattr(i, "parts")])
    try:
        yield
    finally:
        _control.pop()


def after_others(operation: Action) -> Action:
    """Return an operation with those that `control_dependencies` put before it."""
    before = [o for opened in _control for o in opened]
    return Several([*before, operation]) if before else operation


def group_of(inputs: Any) -> Any:
    """Return operations as one."""
    operations = [o for o in tree.flatten(list(inputs)) if hasattr(o, "parts")]
    symbols = [t for t in tree.flatten(list(inputs)) if isinstance(t, (KerasTensor, Expression))]
    if symbols:
        operations.append(Action(lambda *_: None, symbols))
    return Several(operations)


def assign(ref: Any, value: Any, validate_shape: Any = None, **options: Any) -> Any:
    """Give a variable another value: at once, or, in a graph, when a session runs it."""
    return _changed(ref, value, lambda v, new: v.assign(new))


def assign_add(ref: Any, value: Any, **options: Any) -> Any:
    """Add to a variable."""
    return _changed(ref, value, lambda v, new: v.assign_add(new))


def assign_sub(ref: Any, value: Any, **options: Any) -> Any:
    """Subtract from a variable."""
    return _changed(ref, value, lambda v, new: v.assign_sub(new))


def _changed(ref: Any, value: Any, change: Callable) -> Any:
    return after_others(Assignment(ref, change, value)) if are_on() else change(ref, value)


def minimize(
    self: Any,
    loss: Any,
    var_list: Any = None,
    global_step: Any = None,
    tape: Any = None,
    grad_loss: Any = None,
    name: str | None = None,
    **options: Any,
) -> Any:
    """Make a step towards a smaller loss: at once for a function, in a session for a tensor of a graph."""
    if not isinstance(loss, (KerasTensor, Expression)):
        return _minimize_now(self, loss, var_list, tape)
    return after_others(Training(self, compute_gradients(self, loss, var_list), global_step))


def _minimize_now(optimizer: Any, loss: Any, var_list: Any, tape: Any) -> Any:
    if callable(loss) and not isinstance(loss, Tensor):
        with GradientTape() as tape:
            value = loss()
    elif tape is not None:
        value = loss
    else:
        raise ValueError(
            "minimize: `loss` must be a function of no arguments, or a tensor with the tape that "
            "recorded it."
        )
    if callable(var_list):
        var_list = var_list()
    variables = list(tape.watched_variables() if var_list is None else tree.flatten(var_list))
    grads = tape.gradient(value, variables)
    optimizer.apply(grads, variables)
    return optimizer.iterations


def compute_gradients(self: Any, loss: Any, var_list: Any = None, **options: Any) -> list[tuple]:
    """Return pairs of the gradient of a loss and its variable."""
    if callable(loss) and not isinstance(loss, (Tensor, KerasTensor)):
        with GradientTape() as tape:
            value = loss()
        variables = list(tree.flatten(var_list)) if var_list else list(tape.watched_variables())
        return list(zip(tape.gradient(value, variables), variables))
    variables = list(tree.flatten(var_list)) if var_list is not None else None
    if variables is None:
        variables = current().find(trainable=True) or _variables_of(loss)
    return list(zip(gradients(symbol_of(loss), variables), variables))


def _variables_of(loss: Any) -> list[Variable]:
    """Return the trainable variables that a symbolic tensor depends on."""
    found: dict[int, Variable] = {}
    todo = [symbol_of(loss)]
    seen: set[int] = set()
    while todo:
        history = getattr(todo.pop(), "_keras_history", None)
        if history is None or id(history.node) in seen:
            continue
        seen.add(id(history.node))
        todo += history.node.input_tensors
        of_call = tree.flatten((history.node.args, history.node.kwargs))
        for v in (*getattr(history.operation, "trainable_variables", ()), *of_call):
            if isinstance(v, Variable) and v.trainable:
                found.setdefault(id(v), v)
    return list(found.values())


class GraphSession(Session):
    """Computes tensors of a graph; what is fetched more than once is sorted once."""

    def __init__(self, target: Any = "", graph: Any = None, config: Any = None) -> None:
        super().__init__(target if isinstance(target, str) else "", graph, config)
        self.graph = graph or current()
        self._known: dict[tuple, Evaluation] = {}

    def run(self, fetches: Any, feed_dict: Any = None, *_: Any, **__: Any) -> Any:
        """Compute symbolic tensors and carry out operations.

        Args:
            fetches: symbolic tensors, variables, operations, or a structure of them.
            feed_dict: values of placeholders.

        Returns:
            Arrays in the structure of `fetches`, None in the place of operations.
        """
        feeds = {
            (self.graph.get_tensor_by_name(k) if isinstance(k, str) else k): v
            for k, v in (feed_dict or {}).items()
        }
        if isinstance(fetches, str):
            fetches = self.graph.get_tensor_by_name(fetches)
        flat = tree.flatten(fetches)
        key = (*map(id, flat), None, *map(id, feeds))
        known = self._known.get(key)
        if known is None:
            known = Evaluation(flat, list(feeds), owner="Session.run")
            self._known[key] = known  # it keeps what is fetched, so that ids stay theirs
        values = known.run([v.numpy() if isinstance(v, Tensor) else v for v in feeds.values()])
        return tree.pack_sequence_as(fetches, values)

    def as_default(self) -> GraphSession:
        """Return itself, to be used in a `with` statement."""
        return self

    def __enter__(self) -> GraphSession:
        _sessions.append(self)
        _graphs.append(self.graph)
        return self

    def __exit__(self, *exc: Any) -> None:
        if self in _sessions:
            _sessions.remove(self)
        if self.graph in _graphs[1:]:
            _graphs.reverse()
            _graphs.remove(self.graph)
            _graphs.reverse()

    def close(self) -> None:
        """Forget what was sorted."""
        self._known.clear()
        if self in _sessions:
            _sessions.remove(self)


_sessions: list[GraphSession] = []


def default_session() -> GraphSession:
    """Return the session that is open, or a new one."""
    return _sessions[-1] if _sessions else GraphSession()


def interactive_session(*args: Any, **kwargs: Any) -> GraphSession:
    """Make a session that is open from here on."""
    session = GraphSession(*args, **kwargs)
    _sessions.append(session)
    return session


def evaluated(self: Any, feed_dict: Any = None, session: Any = None) -> Any:
    """Return the value of a tensor, computed by a session."""
    return (session or default_session()).run(self, feed_dict)


EXTENSIONS = tuple(
    Extension(f"minikeras.autodiff:{name}", {"eval": evaluated})
    for name in ("Tensor", "KerasTensor")
)
"""Tensors are evaluated by the open session."""
