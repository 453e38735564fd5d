"""`TrainingState`: all that a training knows beside weights and optimizer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from minikeras.random.random_state import get_random_state, set_random_state
from minikeras.saving.plain_data import Packed, get_state, is_automatic, set_state


@dataclass
class Position:
    """A place in a training.

    Args:
        epoch: the epoch to go on with, counted from 0.
        batch: number of its batches that are done.
        within: whether the epoch has begun.
        stopped: whether something has asked for the end of training.
        logs: the logs of the last batch or epoch.
    """

    epoch: int
    batch: int = 0
    within: bool = False
    stopped: bool = False
    logs: dict[str, Any] = field(default_factory=dict)


class TrainingState:
    """What a training knows beside weights and optimizer, as plain data.

    That is the metrics of an epoch under way, the global random streams, the place in the data, and
    what callbacks and data sets say by `get_state`. Of a callback or data set without a `get_state`
    of its own, only what has changed since training began is written: what it was made with anew,
    such as a longer patience, counts.

    Args:
        model: the model.
        callbacks: the callbacks, whose `on_train_begin` has run.
        data: the iterators over the data for training and for validation.
    """

    def __init__(self, model: Any, callbacks: Sequence[Any], data: Sequence[Any] = ()) -> None:
        self._model = model
        self._callbacks = _named(callbacks)
        self._data = {}
        for iterator, name in zip(data, ("data", "validation data")):
            if iterator is not None:
                if iterator.source is not None:  # before its iterator, which asks for its length
                    self._data[f"source of {name}"] = iterator.source
                self._data[name] = iterator
                iterator.note_randoms()
        self._at_begin = {
            name: {key: Packed(value) for key, value in get_state(part).items()}
            for name, part in self._parts().items()
            if is_automatic(part)
        }

    def _parts(self) -> dict[str, Any]:
        return self._callbacks | self._data

    def get(self, position: Position) -> dict[str, Any]:
        """Return the state in a position, as plain data."""
        states = {}
        for name, part in self._parts().items():
            state = get_state(part)
            if name in self._at_begin:
                before = self._at_begin[name]
                state = {k: v for k, v in state.items() if Packed(v) != before.get(k)}
            states[name] = state
        return {
            "position": asdict(position),
            "randoms": get_random_state(),
            "metrics": self._model.get_metrics_state(),
            "passing": [v.array for v in self._passing_variables()],
            "parts": states,
        }

    def put_back(self, state: dict[str, Any], data: bool) -> Position:
        """Put a state back that `get` returned, and return its position.

        Args:
            state: the state.
            data: whether to go to the place in the data too, which takes time.
        """
        for v, value in zip(self._passing_variables(), state["passing"], strict=True):
            v.assign(value)
        self._model.set_metrics_state(state["metrics"])
        for name, part in (self._parts() if data else self._callbacks).items():
            own = state["parts"].get(name)
            if name in self._at_begin:
                before = {key: packed.value() for key, packed in self._at_begin[name].items()}
                own = before | (own or {})
            if own is not None:
                set_state(part, own)
        position = Position(**state["position"])
        self._model.stop_training = position.stopped
        set_random_state(state["randoms"])  # last, for all the others may draw
        return position

    def _passing_variables(self) -> list[Any]:
        layers = self._model._flatten_layers()
        return [v for layer in layers for v in layer.passing_variables()]


def _named(callbacks: Sequence[Any]) -> dict[str, Any]:
    """Return callbacks by the names of their classes, counted."""
    counts: Counter[str] = Counter()
    named = {}
    for callback in callbacks:
        name = type(callback).__name__
        named[f"{name} {counts[name]}"] = callback
        counts[name] += 1
    return named
