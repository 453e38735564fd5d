"""Values of symbolic tensors: what `K.function` and TensorFlow's sessions run.

`evaluate(fetches, {placeholder: value})` computes KerasTensors, expressions of variables, and carries out
updates. `Evaluation` does the same more than once, with the graph sorted beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.expression import Expression, symbol_of
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.state import thread
from minikeras.autodiff.tape import no_recording
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.variable import Variable
from minikeras.common.dtypes import np_dtype
from minikeras.ops.function import Graph


class BoundTensor(KerasTensor):
    """A KerasTensor that has a value where none is fed.

    Args:
        default: the value: a number, an array, a variable, an expression, another KerasTensor, or a
            function that gives one of the first three.
        shape, dtype, name: as of any KerasTensor.
    """

    def __init__(self, default: Any, shape: Any, dtype: Any, name: str | None = None) -> None:
        super().__init__(shape, dtype, name=name)
        self.default = default


class LearningPhase(BoundTensor):
    """Whether layers behave as in training (1) or as in a test (0, if nothing is said).

    To Python it is what it is if nothing is said.
    """

    def __init__(self) -> None:
        super().__init__(lambda: learning_phase_value(), (), "int32", name="keras_learning_phase")

    def __int__(self) -> int:
        return learning_phase_value()

    def __bool__(self) -> bool:
        return bool(learning_phase_value())

    __index__ = __int__


_phase: list[int] = []  # as set, if it is


def learning_phase_value() -> int:
    """Return the learning phase where nothing is fed for it: as set, else 0."""
    return _phase[0] if _phase else 0


def set_learning_phase_value(value: int | None) -> None:
    """Set the learning phase: 0 or 1, None for not set."""
    _phase[:] = [] if value is None else [int(value)]


def learning_phase_is_set() -> bool:
    """Whether somebody has set the learning phase."""
    return bool(_phase)


LEARNING_PHASE = LearningPhase()


class Update:
    """A new value for a variable, to be put in place when it is run.

    Where there are values at once (not in a graph) it takes effect at once, as in TensorFlow 2. If it is
    then given to a function or a session, to be run there, the old value comes back first.

    Args:
        variable: the variable.
        new: its new value, which may be symbolic.
    """

    def __init__(self, variable: Variable, new: Any) -> None:
        self.variable = variable
        self.new = new
        self._before: Any = None
        self._after: Any = None

    def take_effect(self) -> None:
        """Put the value in place now."""
        self._before = self.variable.array
        self.variable.assign(self.new)
        self._after = self.variable.array

    def wait(self) -> None:
        """Take back what has been put in place, if nothing else has changed the variable since."""
        if self._after is not None and self.variable.array is self._after:
            self.variable.assign(self._before)
        self._after = None

    def parts(self) -> list:
        """Return what has to be computed."""
        return [self.new]

    def put(self, values: list) -> None:
        """Put computed values in place."""
        self.variable.assign(values[0])

    def value(self) -> np.ndarray:
        """Return the variable's value."""
        return self.variable.numpy()

    numpy = value

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.value(), dtype)


class Group:
    """Several updates as one.

    Args:
        updates: the updates.
    """

    def __init__(self, updates: Iterable[Any]) -> None:
        self.updates = [as_update(u) for u in updates]

    def wait(self) -> None:
        """Take back what has been put in place."""
        for update in self.updates:
            update.wait()

    def parts(self) -> list:
        """Return what has to be computed."""
        return [p for update in self.updates for p in update.parts()]

    def put(self, values: list) -> None:
        """Put computed values in place."""
        values = list(values)
        for update in self.updates:
            count = len(update.parts())
            update.put(values[:count])
            del values[:count]

    def value(self) -> None:
        """Return None: there is no one value."""


def as_update(update: Any) -> Any:
    """Return `(variable, new value)`, or what is an update already, as an update.

    Raises:
        TypeError: if it is neither.
    """
    if hasattr(update, "parts"):
        return update
    if isinstance(update, (list, tuple)) and len(update) == 2 and isinstance(update[0], Variable):
        return Update(*update)
    if isinstance(update, (list, tuple)):
        return Group(update)
    raise TypeError(
        "An update is a pair of a variable and its new value, or what K.update and the like return. "
        f"Received: {update!r}"
    )


class _RunGraph(Graph):
    """A graph as functions and sessions run it: layers keep the `training` that they were called with."""

    training_is_the_callers = False


class Evaluation:
    """Compute symbolic tensors from values of others, as often as wanted.

    Args:
        fetches: what is wanted: KerasTensors, expressions, variables, updates, or anything that has its
            value already; or a structure of them.
        feeds: the KerasTensors (or variables) whose values will be given.
        updates: updates that each run carries out after it has computed everything.
        owner: of whom messages speak.

    Raises:
        ValueError: if a fetch depends on a placeholder that is not among the feeds.
    """

    def __init__(
        self,
        fetches: Any,
        feeds: Sequence[Any] = (),
        updates: Iterable[Any] = (),
        owner: str = "K.function",
    ) -> None:
        self.feeds = [symbol_of(f) for f in feeds]
        self._fetches = tree.map_structure(lambda f: f, fetches)
        self._flat = tree.flatten(fetches)
        self.updates = [as_update(u) for u in updates]
        self._all_updates = [f for f in self._flat if hasattr(f, "parts")] + self.updates
        for update in self._all_updates:
            update.wait()
        wanted = [f for f in self._flat if not hasattr(f, "parts")]
        wanted += [p for update in self._all_updates for p in update.parts()]
        symbols: dict[int, KerasTensor] = {}
        for f in wanted:
            symbol = symbol_of(f)
            if isinstance(symbol, KerasTensor):
                symbols[id(f)] = symbol
        outputs = list({id(s): s for s in symbols.values()}.values())
        given = {id(f): f for f in self.feeds if isinstance(f, KerasTensor)}
        self._bound = _bound_leaves(outputs, given)
        self._inputs = [*given.values(), *(b for b in self._bound if id(b) not in given)]
        names = [f"output {i}" for i in range(len(outputs))]
        self._graph = (
            _RunGraph(self._inputs, outputs, owner, names, unique_names=False) if outputs else None
        )
        self._outputs = outputs
        self._symbols = symbols

    def run(self, values: Sequence[Any]) -> Any:
        """Compute the fetches.

        Args:
            values: values of the feeds, in their order.

        Returns:
            NumPy arrays in the structure of the fetches; for an update the variable's new value.
        """
        if len(values) != len(self.feeds):
            raise ValueError(f"Expected {len(self.feeds)} values. Received: {len(values)}")
        fed: dict[int, Tensor] = {}
        variables: list[tuple[Variable, Any]] = []
        training = learning_phase_value()
        for feed, value in zip(self.feeds, values):
            if isinstance(feed, LearningPhase) or not isinstance(feed, (KerasTensor, Variable)):
                training = int(
                    np.asarray(value)
                )  # a phase that was set is a number among the feeds
            if isinstance(feed, KerasTensor):
                fed[id(feed)] = _fed(feed, value)
            elif isinstance(feed, Variable):
                variables.append((feed, value))
        before = [(v, v.array) for v, _ in variables]
        try:
            for v, value in variables:
                v.assign(value)
            results = self._computed(fed, bool(training))
            found = [self._result(f, results) for f in self._flat]
            parts = [[self._result(p, results) for p in u.parts()] for u in self._all_updates]
        finally:
            for v, array in before:
                v.array = array
        for update, new in zip(self._all_updates, parts):
            update.put(new)
        found = [f.value() if hasattr(f, "parts") else y for f, y in zip(self._flat, found)]
        return tree.pack_sequence_as(self._fetches, found)

    def _computed(self, fed: dict[int, Tensor], training: bool) -> dict[int, np.ndarray]:
        if self._graph is None:
            return {}
        for bound in self._bound:
            if id(bound) not in fed:
                if isinstance(bound, LearningPhase):
                    fed[id(bound)] = Tensor(np.asarray(training, np.int32))
                else:
                    fed[id(bound)] = _fed(bound, _default(bound))
        with no_recording(), _as_a_call(training), _kept_states(self._graph, training):
            values = self._graph.run([fed[id(t)] for t in self._inputs])
        return {id(o): _array(v) for o, v in zip(self._outputs, values)}

    def _result(self, fetch: Any, results: dict[int, np.ndarray]) -> Any:
        if hasattr(fetch, "parts") or fetch is None:
            return None
        symbol = self._symbols.get(id(fetch))
        if symbol is not None:
            return results[id(symbol)]
        return _array(fetch)


def _default(bound: BoundTensor) -> Any:
    value = bound.default
    if isinstance(value, (KerasTensor, Expression)):
        return evaluate(value)
    return value() if callable(value) and not isinstance(value, Tensor) else value


def _fed(t: KerasTensor, value: Any) -> Tensor:
    if hasattr(value, "toarray"):  # a sparse matrix of SciPy
        value = value.toarray()
    array = np.array(to_array(value), np_dtype(t.dtype))
    if array.ndim != t.ndim or any(n is not None and n != m for n, m in zip(t.shape, array.shape)):
        raise ValueError(
            f"Cannot feed a value of shape {array.shape} for {t.name!r}, which has shape {t.shape}."
        )
    return Tensor(array)


def _bound_leaves(outputs: Iterable[KerasTensor], given: Mapping[int, Any]) -> list[BoundTensor]:
    """Return the KerasTensors with a value of their own that outputs depend on, if nothing is given."""
    seen: dict[int, KerasTensor] = {}
    todo = list(outputs)
    while todo:
        t = todo.pop()
        if id(t) in seen or id(t) in given:
            continue
        seen[id(t)] = t
        history = getattr(t, "_keras_history", None)
        if history is not None:
            todo += history.node.input_tensors
    return [t for t in seen.values() if isinstance(t, BoundTensor)]


@contextmanager
def _as_a_call(training: bool) -> Iterator[None]:
    """Layers that run meanwhile are parts of one call, in training or not."""
    here = thread.state
    before = here.in_call, here.training, here.describing
    here.in_call, here.training, here.describing = True, training, False
    try:
        yield
    finally:
        here.in_call, here.training, here.describing = before


@contextmanager
def _kept_states(graph: Graph, training: bool) -> Iterator[None]:
    """Running a graph changes no state of layers (moving averages): only updates that are asked for do."""
    layers = [op for op in graph.operations if hasattr(op, "non_trainable_variables")]
    kept = [
        (v, v.array)
        for layer in (layers if training else ())
        for v in layer.non_trainable_variables
        if v.array.dtype.kind == "f"
    ]
    try:
        yield
    finally:
        for v, array in kept:
            v.array = array


def evaluate(fetches: Any, feed_dict: Mapping[Any, Any] | None = None) -> Any:
    """Compute symbolic tensors.

    Args:
        fetches: KerasTensors, expressions, variables, updates, or a structure of them.
        feed_dict: values of placeholders (or of any tensors in between).

    Returns:
        NumPy arrays in the structure of `fetches`; for an update the variable's new value.

    Example:

    >>> import minikeras
    >>> x = minikeras.Input((2,))
    >>> evaluate(x * 2, {x: [[1.0, 2.0]]})
    array([[2., 4.]], dtype=float32)
    """
    feed_dict = feed_dict or {}
    return Evaluation(fetches, list(feed_dict), owner="run").run(list(feed_dict.values()))


class Session:
    """What is left of TensorFlow's sessions: `run` computes tensors.

    Variables have values from the start, so there is nothing to initialize; a configuration is taken and
    changes nothing.
    """

    def __init__(self, target: str = "", graph: Any = None, config: Any = None) -> None:
        self.graph = graph
        self.config = config

    def run(
        self, fetches: Any, feed_dict: Mapping[Any, Any] | None = None, *_: Any, **__: Any
    ) -> Any:
        """Compute symbolic tensors and carry out updates; see `evaluate`."""
        return evaluate(fetches, feed_dict)

    def as_default(self) -> Session:
        """Return itself, to be used in a `with` statement."""
        return self

    def close(self) -> None:
        """Do nothing: a session holds nothing."""

    def list_devices(self) -> list[str]:
        """Return the one device."""
        return ["/job:localhost/replica:0/task:0/device:CPU:0"]

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exc: Any) -> None:
        pass


def _array(value: Any) -> Any:
    """Return a copy as a NumPy array, a scalar as a number of NumPy's."""
    return np.array(to_array(value))[()]
