"""`Trackable`: what owns variables. Layers, metrics, optimizers and seed generators do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np

from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.variable import RoundedTensor, Variable


class Trackable:
    """Keeps account of the variables that an object makes, and of what its attributes hold.

    Attributes are looked through when somebody asks, so a list may grow after it was assigned.
    """

    untracked: ClassVar[frozenset[str]] = frozenset()
    """Attributes that do not count; a class adds to those of its bases."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "untracked" in cls.__dict__:
            bases = [c.untracked for c in cls.__mro__[1:] if issubclass(c, Trackable)]
            cls.untracked = frozenset(cls.untracked).union(*bases)

    _closed = False
    """Whether the object is built, so that no state may be added to it."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made = super().__new__(cls, *args, **kwargs)
        made.__dict__["_tracked"] = {}  # names of attributes, in the order of their assignment
        return made

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, (Variable, Trackable, list, tuple, dict)):
            if name not in self.untracked:
                if self._closed:
                    self._refuse_new_state(name, value)
                self._tracked[name] = True
        elif name in self._tracked:
            del self._tracked[name]
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        self._tracked.pop(name, None)
        object.__delattr__(self, name)

    def _refuse_new_state(self, name: str, value: Any) -> None:
        """Raise if a value that is being assigned would add to the state of a built object."""

    def tracked_objects(self) -> list[Any]:
        """Return the variables and trackable objects that this one holds, each once."""
        return find_tracked([self.__dict__.get(name) for name in self._tracked])

    saved_as: ClassVar[dict[str, str]] = {}
    """What files of weights call an attribute, where that is not its name; "" for not at all."""

    def saved_attributes(self) -> list[tuple[str, Any]]:
        """Return what has a place of its own in files of weights: names and values of attributes.

        Public names come first, each kind in alphabetical order. An object that can be reached in
        two ways is saved under the first.
        """
        return sorted(self._saved().items(), key=lambda item: (item[0].startswith("_"), item[0]))

    def _saved(self) -> dict[str, Any]:
        """What has a place of its own in files of weights, by name."""
        named = {self.saved_as.get(name, name): self.__dict__[name] for name in self._tracked}
        named.pop("", None)
        return named

    def make_variable(
        self, scopes: Sequence[str], *args: Any, split: Any = None, **kwargs: Any
    ) -> Variable:
        """Make a variable that belongs to this object, whether or not an attribute holds it.

        Args:
            scopes: names that its path begins with.
            *args, **kwargs: arguments of `Variable`.
            split: how it is split over ranks (`autodiff/split.py`), None if it is not.
        """
        with name_scopes(scopes):
            if split is None:
                variable = Variable(*args, **kwargs)
            else:
                from minikeras.autodiff.split import SplitVariable

                variable = SplitVariable(*args, split=split, **kwargs)
        if "_variables_made" not in self.__dict__:
            self._variables_made = []
        self._variables_made.append(variable)
        return variable

    def own_variables(self) -> list[Variable]:
        """Return the variables of this object itself, in the order in which they are saved."""
        return [v for v in self.tracked_objects() if isinstance(v, Variable)]

    def _variables_of_file(self) -> list[Variable]:
        """Return those of the own variables that files of weights hold, in the order of their index."""
        return self.own_variables()

    def save_own_variables(self, store: Any) -> None:
        """Write the values of the object's own variables into a dict-like store, by their index.

        They are copies, but for a store that says `is_written_at_once`.
        """
        copied = not getattr(store, "is_written_at_once", False)
        for i, v in enumerate(self._variables_of_file()):
            store[str(i)] = v.numpy() if copied else to_array(v)

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Read the values of the object's own variables from a dict-like store.

        Arrays are copied, but for those of a store that says `arrays_are_new`: nobody else has them.

        Raises:
            ValueError: if their number or a shape differs; nothing is changed then.
        """
        keys = list(store)
        values = {key: store[key] for key in keys}
        problem = self.misfit({key: np.shape(value) for key, value in values.items()})
        if problem:
            raise ValueError(problem)
        if getattr(store, "arrays_are_new", False):
            values = {key: Tensor(value) for key, value in values.items()}
        assign_values(self._variables_of_file(), [values[str(i)] for i in range(len(keys))])

    def loads_as_usual(self) -> bool:
        """Whether variables are loaded by the methods above, not by a subclass's own way."""
        return type(self).load_own_variables.__module__.startswith("minikeras.")

    def misfit(self, shapes: Mapping[str, tuple]) -> str | None:
        """Say why arrays of some shapes cannot be loaded as the object's own variables.

        Args:
            shapes: shape of each array, by its key in the store.

        Returns:
            The message of the error that loading them would raise, None if they fit.
        """
        own = self._variables_of_file()
        if len(shapes) != len(own):
            return (
                f"{type(self).__name__} '{self.name}' expected {len(own)} variables, but received "
                f"{len(shapes)} variables during loading. Expected: {[v.name for v in own]}"
            )
        for i, v in enumerate(own):
            if str(i) not in shapes:
                return f"{type(self).__name__} '{self.name}': variable {i} ({v.name}) is missing."
            if tuple(shapes[str(i)]) != tuple(v.shape):
                return f"{type(self).__name__} '{self.name}': " + _misfit_of(v, shapes[str(i)])
        return None


def find_tracked(value: Any) -> list[Any]:
    """Return the variables and trackable objects in nested lists, tuples and dicts, each once."""
    found: dict[int, Any] = {}
    _find(value, found)
    return list(found.values())


_PLAIN = frozenset({type(None), bool, int, float, str, bytes, np.ndarray})
"""Types of which most of what attributes hold is, and in which there is nothing to find."""


def _find(value: Any, found: dict[int, Any]) -> None:
    """Put what is trackable in a value, or in (nested) lists, tuples and dicts, into `found`."""
    if isinstance(value, (Variable, Trackable)):
        found.setdefault(id(value), value)
    elif isinstance(value, (list, tuple, dict)):
        for v in value.values() if isinstance(value, dict) else value:
            if type(v) not in _PLAIN:
                _find(v, found)


@contextmanager
def name_scopes(names: Sequence[str]) -> Iterator[None]:
    """Let the paths of variables that are made inside begin with these names."""
    state = thread.state
    before = state.scopes, state.scope
    state.scopes, state.scope = list(names), (None, None, len(state.layers))
    try:
        yield
    finally:
        state.scopes, state.scope = before


@contextmanager
def substituted(variables: Sequence[Variable], values: Sequence[Any]) -> Iterator[None]:
    """Put other values in the place of variables', and give the old ones back at the end.

    Args:
        variables: the variables.
        values: a value for each; a tensor keeps its place on the tape. Of a variable that is split over
            ranks it is the whole value, or this rank's part.

    Raises:
        ValueError: if a value has another shape.
    """
    before = [(v, v.array, v.node, v.exact) for v in variables]
    try:
        for v, value in zip(variables, values, strict=True):
            array = to_array(value)
            if v._split is None or array.shape != v.array.shape:  # else it is this rank's part
                _check_shape(v, array)
                if v._split is not None:
                    value = v.cut(value)
                    array = value.array
            if isinstance(value, Tensor):
                v.node = value.node
            v.array = array
            v.exact = (array, value.total) if isinstance(value, RoundedTensor) else None
        yield
    finally:
        for v, array, node, exact in before:
            v.array, v.node, v.exact = array, node, exact


def assign_values(variables: Sequence[Variable], values: Sequence[Any]) -> None:
    """Assign a value to each of some variables, or to none.

    Raises:
        ValueError: if a value has another shape than its variable; nothing is changed then.
    """
    for v, value in zip(variables, values, strict=True):
        _check_shape(v, to_array(value))
    for v, value in zip(variables, values):
        v.assign(value)


def _check_shape(variable: Variable, array: np.ndarray) -> None:
    if variable.shape != array.shape:
        raise ValueError(_misfit_of(variable, array.shape))


def _misfit_of(variable: Variable, shape: tuple) -> str:
    return (
        f"Variable '{variable.path}' has shape {variable.shape}. Received a value of shape {shape}."
    )
