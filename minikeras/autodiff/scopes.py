"""Scopes that users open: for calls without effects, for descriptions, for names, for a device."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from minikeras.autodiff.journal import Journal, note_change
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.variable import Variable


class StatelessScope:
    """A context in which variables have other values, and after which they are as before.

    Args:
        state_mapping: pairs of a variable and the value that it is to have inside. A tensor keeps its
            place on the tape.
        collect_losses: whether losses that layers add inside go to `losses` instead of to the layers.
        initialize_variables: accepted, without effect: variables have their values from the start.

    Attributes:
        losses: the collected losses.
        state_mapping: the variables' values by `id`; after the scope those that they ended with.

    Raises:
        ValueError: if a key is not a variable, or a value has another shape.

    Example:

    >>> import minikeras
    >>> v = minikeras.Variable(1.0)
    >>> with minikeras.StatelessScope([(v, 5.0)]) as scope:
    ...     v.assign_add(2.0).numpy().item()
    7.0
    >>> float(v.value), float(scope.get_current_value(v))
    (1.0, 7.0)
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Variable, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        self.losses: list[Any] = []
        self.state_mapping: dict[int, Any] = {}
        self._given: list[tuple[Variable, Any]] = []
        self._journal: Journal | None = None
        for variable, value in state_mapping or ():
            if not isinstance(variable, Variable):
                raise ValueError(
                    "StatelessScope: argument `state_mapping` must hold pairs of a variable and a "
                    f"value. Received: {variable!r}"
                )
            array = to_array(value, variable.array.dtype)
            if array.shape != variable.shape:
                raise ValueError(
                    f"StatelessScope: variable '{variable.path}' has shape {variable.shape}. "
                    f"Received a value of shape {array.shape}."
                )
            plain = isinstance(value, Tensor) and not isinstance(value, Variable)
            node = value.node if plain else variable.node
            self._given.append((variable, Tensor(array, node)))
            self.state_mapping[id(variable)] = self._given[-1][1]

    def __enter__(self) -> StatelessScope:
        self._journal = Journal()
        self._journal.__enter__()
        self._nodes = [(variable, variable.node) for variable, _ in self._given]
        for variable, value in self._given:
            note_change(variable)
            variable.array, variable.node = value.array, value.node
        return self

    def __exit__(self, *exc: Any) -> None:
        journal, self._journal = self._journal, None
        for variable, *_ in journal.before.values():
            self.state_mapping[id(variable)] = Tensor(variable.array, variable.node)
        journal.go_back()
        for variable, node in self._nodes:
            variable.node = node
        journal.before.clear()  # nothing has changed, for whoever keeps another one
        if self.collect_losses:
            self.losses += [held[i] for held, i in journal.losses]
            for held, i in reversed(journal.losses):
                del held[i]
            journal.losses.clear()
        journal.__exit__(*exc)

    def add_loss(self, loss: Any) -> None:
        """Add to the collected losses."""
        self.losses.append(loss)

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Take note of a value, of a pair of a variable and it; the variable stays as it is."""
        variable, value = update
        self.state_mapping[id(variable)] = value

    def get_current_value(self, variable: Variable) -> Any:
        """Return the value that a variable has in the scope, or ended with; None if it has its own."""
        if self._journal is not None and id(variable) in self._journal.before:
            return Tensor(variable.array, variable.node)
        return self.state_mapping.get(id(variable))


class SymbolicScope:
    """A context in which calls only describe: no variable changes, and nothing is drawn.

    Example:

    >>> import minikeras
    >>> v = minikeras.Variable(1.0)
    >>> with minikeras.SymbolicScope():
    ...     v = v.assign(2.0)
    >>> float(v.value)
    1.0
    """

    def __enter__(self) -> SymbolicScope:
        self._before, thread.state.describing = thread.state.describing, True
        return self

    def __exit__(self, *exc: Any) -> None:
        thread.state.describing = self._before


class name_scope:
    """A context whose name the paths of variables made inside begin with.

    Args:
        name: the scope's name, without a slash.
        caller, deduplicate: a scope that is opened again at once by the same object, under the same
            name, is one scope; unless `deduplicate` is false.
        override_parent: path that counts in place of the scopes around this one.

    Raises:
        ValueError: if `name` is no string, or has a slash.

    Example:

    >>> import minikeras
    >>> with minikeras.name_scope("block"):
    ...     v = minikeras.Variable(1.0, name="gain")
    ...     layer = minikeras.layers.Dense(1, name="dense")
    ...     layer.build((None, 2))
    >>> v.path, layer.kernel.path
    ('block/gain', 'block/dense/kernel')
    """

    def __init__(
        self,
        name: str,
        caller: Any = None,
        deduplicate: bool = True,
        override_parent: str | None = None,
    ) -> None:
        if not isinstance(name, str) or "/" in name:
            raise ValueError(
                "name_scope: argument `name` must be a string without the character '/'. "
                f"Received: name={name!r}"
            )
        self.name = name
        self.caller = caller
        self.deduplicate = deduplicate
        self.override_parent = override_parent

    def __enter__(self) -> name_scope:
        state = thread.state
        self._before = state.scopes, state.scope
        same = (
            self.caller is not None
            and state.scope[0] is self.caller
            and state.scope[1] == self.name
        )
        if not (self.deduplicate and same):
            around = state.open_names()
            if self.override_parent is not None:
                around = [part for part in self.override_parent.split("/") if part]
            state.scopes = [*around, self.name]
            state.scope = (self.caller, self.name, len(state.layers))
        return self

    def __exit__(self, *exc: Any) -> None:
        thread.state.scopes, thread.state.scope = self._before


class device:
    """A context for what is to run on a device; there is one here, the processor.

    Args:
        device_name: `"cpu"`, `"cpu:0"`, or TensorFlow's `"/device:CPU:0"`.

    Raises:
        ValueError: for another device.

    Example:

    >>> import minikeras
    >>> with minikeras.device("cpu:0"):
    ...     x = minikeras.ops.ones((2,))
    """

    def __init__(self, device_name: str) -> None:
        known = isinstance(device_name, str) and re.fullmatch(
            r"(/?(device:)?)cpu(:0)?", device_name.lower()
        )
        if not known:
            raise ValueError(
                "device: argument `device_name` must be 'cpu' or 'cpu:0': minikeras computes with "
                f"NumPy, on the processor. Received: device_name={device_name!r}"
            )
        self.device_name = device_name

    def __enter__(self) -> device:
        return self

    def __exit__(self, *exc: Any) -> None:
        pass
