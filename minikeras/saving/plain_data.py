"""Plain data: what can be written as JSON and arrays, and read without executing anything.

Numbers, strings, lists, tuples, dicts, sets, arrays and random generators; and objects that say what
their state is by `get_state()` and take it back by `set_state(state)`.
"""

from __future__ import annotations

import base64
import collections
import json
import random
from collections.abc import Callable, Collection, Mapping
from itertools import zip_longest
from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.variable import Variable
from minikeras.random.seed_generator import SeedGenerator


class NotPlain(TypeError):
    """Something is no plain data."""


class State:
    """The state of an object, to be put back into an object of the same kind: see `put_back`."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Packed:
    """Plain data as JSON and arrays, a copy of what it was made of.

    Args:
        value: the data.

    Raises:
        NotPlain: if there is something else in it.

    Example:

    >>> import numpy as np
    >>> from minikeras.saving.plain_data import Packed
    >>> before = [1.5, {"a": np.zeros(2)}]
    >>> packed = Packed(before)
    >>> before[1]["a"][0] = 7
    >>> packed == Packed(before), packed.value()
    (False, [1.5, {'a': array([0., 0.])}])
    """

    __hash__ = None

    def __init__(self, value: Any) -> None:
        self._arrays: list[np.ndarray] = []
        try:
            self._tree = self._pack(value)
        except RecursionError:
            raise NotPlain("it holds itself") from None

    def value(self) -> Any:
        """Return the data, with a `State` in the place of every object that has one."""
        return _unpack(self._tree, self._arrays)

    def __eq__(self, other: Any) -> bool:
        return (
            isinstance(other, Packed)
            and self._tree == other._tree
            and all(map(_same_bits, self._arrays, other._arrays))
        )

    def _pack(self, value: Any) -> Any:
        kind = type(value)
        if value is None or kind in (bool, int, float, str):
            return value
        if isinstance(value, list):
            return [self._pack(v) for v in value]
        if isinstance(value, dict):
            return {"dict": [[self._pack(k), self._pack(v)] for k, v in value.items()]}
        if kind in (tuple, set, frozenset):
            return {kind.__name__: [self._pack(v) for v in value]}
        if isinstance(value, collections.deque):
            return {"deque": [self._pack(v) for v in value], "maxlen": value.maxlen}
        if isinstance(value, Tensor) and not isinstance(value, Variable):
            return {"tensor": self._keep(value.array)}
        if isinstance(value, np.generic):
            return {"scalar": self._keep(np.asarray(value))}
        if isinstance(value, np.ndarray):
            return {"array": self._keep(value)}
        if kind is complex:
            return {"complex": [value.real, value.imag]}
        if kind in (bytes, bytearray):
            return {kind.__name__: base64.b64encode(value).decode("ascii")}
        state = state_of(value)
        return {"state": self._pack(state.value)}

    def _keep(self, array: np.ndarray) -> int:
        if array.dtype.kind not in "biufc" and array.dtype.name != "bfloat16":
            raise NotPlain(f"an array of dtype {array.dtype}")
        self._arrays.append(np.array(array))
        return len(self._arrays) - 1

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all of it as arrays by name, for a file of weights."""
        text = np.frombuffer(json.dumps(self._tree).encode("ascii"), np.uint8)
        return {"json": text, **{str(i): array for i, array in enumerate(self._arrays)}}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Packed:
        """Return what `arrays()` was made of.

        Raises:
            ValueError: if that is damaged.
        """
        packed = cls(None)
        try:
            packed._tree = json.loads(arrays["json"].tobytes())
            packed._arrays = [np.array(arrays[str(i)]) for i in range(len(arrays) - 1)]
            packed.value()
        except (KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
            raise ValueError(f"not the arrays of plain data: {error!r}") from error
        return packed


_STATES: list[tuple[type, Callable, Callable]] = [
    (Variable, to_array, lambda v, state: v.assign(state)),
    (SeedGenerator, lambda g: g.state.array, lambda g, state: g.state.assign(state)),
    (
        np.random.Generator,
        lambda g: g.bit_generator.state,
        lambda g, state: setattr(g.bit_generator, "state", state),
    ),
    (random.Random, random.Random.getstate, random.Random.setstate),
]
"""Kinds of objects that say their state in another way: how it is read, and how it is put back."""


def state_of(value: Any) -> State:
    """Return the state of an object that has one.

    Raises:
        NotPlain: if it has none.
    """
    for kind, read, _ in _STATES:
        if isinstance(value, kind):
            return State(read(value))
    both = hasattr(value, "get_state") and hasattr(value, "set_state")
    if both and not isinstance(value, type):
        return State(value.get_state())
    raise NotPlain(f"{type(value).__name__}")


def put_back(old: Any, new: Any) -> Any:
    """Return data that was unpacked, with states put back into the objects that are there.

    Lists, dicts, sets and deques that are there are filled anew, so that whoever else holds them
    sees it.

    Args:
        old: what stands in the place now.
        new: what `Packed.value` returned.
    """
    if isinstance(new, State):
        write = next((w for kind, _, w in _STATES if isinstance(old, kind)), None)
        if write is None:
            old.set_state(new.value)
        else:
            write(old, new.value)
        return old
    if isinstance(new, (list, tuple)) and isinstance(old, type(new)):
        filled = [put_back(a, b) for a, b in zip_longest(old[: len(new)], new)]
        if isinstance(new, tuple):
            return tuple(filled)
        old[:] = filled
        return old
    if isinstance(new, dict) and isinstance(old, dict):
        filled = {k: put_back(old.get(k), v) for k, v in new.items()}
        old.clear()
        old.update(filled)
        return old
    if isinstance(new, (set, collections.deque)) and isinstance(old, type(new)):
        old.clear()
        (old.extend if isinstance(new, collections.deque) else old.update)(new)
        return old
    return new


NOT_LEARNT = ("params", "_model")
"""Attributes that a callback is given."""


def plain_attributes(owner: Any, without: Collection[str] = (), most: int | None = None) -> dict:
    """Return the attributes of an object that are plain data, by name.

    Args:
        owner: the object.
        without: names of attributes to leave out.
        most: size in bytes above which arrays are left out, None for no limit.
    """
    found = {}
    for name, value in vars(owner).items():
        if name in without or (most is not None and getattr(value, "nbytes", 0) > most):
            continue
        try:
            Packed(value)
        except NotPlain:
            continue
        found[name] = value
    return found


def put_back_attributes(owner: Any, state: Mapping[str, Any]) -> None:
    """Give an object the attributes of a state that `plain_attributes` found."""
    for name, value in state.items():
        setattr(owner, name, put_back(getattr(owner, name, None), value))


def automatic(get_state: Callable) -> Callable:
    """Mark a `get_state` that returns whatever attributes are plain data, changed or not."""
    get_state.automatic = True
    return get_state


def is_automatic(part: Any) -> bool:
    """Whether an object has no `get_state` of its own."""
    own = getattr(part, "get_state", None)
    return own is None or getattr(own, "automatic", False)


def get_state(part: Any) -> dict[str, Any]:
    """Return the state of an object, of one without `get_state` (a callback for Keras) too."""
    own = getattr(part, "get_state", None)
    return plain_attributes(part, without=NOT_LEARNT) if own is None else own()


def set_state(part: Any, state: dict[str, Any]) -> None:
    """Put back what `get_state` returned."""
    own = getattr(part, "set_state", None)
    if own is None:
        put_back_attributes(part, state)
    else:
        own(state)


def _same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def _unpack(tree: Any, arrays: list[np.ndarray]) -> Any:
    def unpack(part: Any) -> Any:
        if isinstance(part, list):
            return [unpack(p) for p in part]
        if not isinstance(part, dict):
            return part
        kind = next(iter(part))
        value = part[kind]
        if kind == "dict":
            return {unpack(k): unpack(v) for k, v in value}
        if kind == "deque":
            return collections.deque(map(unpack, value), part["maxlen"])
        if kind in _COLLECTIONS:
            return _COLLECTIONS[kind](map(unpack, value))
        if kind == "state":
            return State(unpack(value))
        if kind == "complex":
            return complex(*value)
        if kind in ("bytes", "bytearray"):
            return {"bytes": bytes, "bytearray": bytearray}[kind](base64.b64decode(value))
        if kind == "tensor":
            return Tensor(arrays[value].copy())
        if kind == "scalar":
            return arrays[value][()]
        if kind == "array":
            return arrays[value].copy()
        raise ValueError(f"unknown kind of data: {kind!r}")

    return unpack(tree)


_COLLECTIONS = {"tuple": tuple, "set": set, "frozenset": frozenset}
