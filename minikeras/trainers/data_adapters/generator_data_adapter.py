"""Batches out of generators and other iterables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.common.ranks import OwnRows
from minikeras.random.random_state import get_random_state, random_mark, set_random_state
from minikeras.trainers.data_adapters.data_adapter import DataAdapter
from minikeras.trainers.data_adapters.data_adapter_utils import add_class_weight, batch_to_numpy


class GeneratorDataAdapter(DataAdapter):
    """Batches of an iterator, which cannot be restarted: each epoch goes on where the last ended.

    Args:
        generator: yields batches.

    Raises:
        ValueError: if it yields none.
    """

    def __init__(self, generator: Iterator) -> None:
        self._source = f"The {type(generator).__name__} given as `x`"
        self._batches = iter(generator)
        try:
            first = next(self._batches)
        except StopIteration:
            raise ValueError(
                f"{self._source} must yield at least one batch: it is empty."
            ) from None
        self._first = batch_to_numpy(first, self._source)
        self._first_is_due = True
        self._taken = 0
        self._turns: list[tuple[int, dict]] = []  # where random streams were, by batches taken
        self._left_at: tuple | None = None

    def peek(self) -> Any:
        return self._first

    def __iter__(self) -> Iterator[Any]:
        if self._first_is_due:
            self._first_is_due = False
            self._taken += 1
            yield self._first
        while True:
            if self.notes_randoms and random_mark() != self._left_at:
                self._turns.append((self._taken, get_random_state()))  # somebody else has drawn
            try:
                batch = next(self._batches)
            except StopIteration:
                return
            if self.notes_randoms:
                self._left_at = random_mark()
            self._taken += 1
            yield batch_to_numpy(batch, self._source)

    def iter_from(self, start: int) -> Iterator[Any]:
        return iter(self)  # `set_state` has taken them already

    def get_state(self) -> dict[str, Any]:
        return {"taken": self._taken, "turns": self._turns}

    def set_state(self, state: dict[str, Any]) -> None:
        # There is no other way to where a generator was than through all that it gave.
        turns = dict(state["turns"])
        while self._taken < state["taken"]:
            if self._taken in turns:
                set_random_state(turns[self._taken])
            if next(iter(self), None) is None:
                break
        self._turns = state["turns"]


class IterableDataAdapter(DataAdapter):
    """Batches of an object that starts anew with every `iter`: a `Dataset`, a data loader.

    Args:
        iterable: yields batches; its `len`, where it has one, is the number of batches. If its passes
            differ, `get_state` may say what the next one depends on, and `set_state` put it back.
        class_weight: a dict from class to weight, for batches without sample weights.
    """

    def __init__(self, iterable: Iterable, class_weight: dict[int, float] | None = None) -> None:
        self._source = f"The {type(iterable).__name__} given as `x`"
        self._iterable = iterable
        self._class_weight = class_weight
        self._peeked: tuple[Any, Iterator] | None = None
        self._begun: Any = None  # the pass under way
        self._cut: tuple[int, int] | None = None
        self._begun_at: dict[str, Any] | None = None
        self._has_state = hasattr(iterable, "get_state") and hasattr(iterable, "set_state")
        self._as_is = hasattr(type(iterable), "element_spec")  # a `Dataset`, ours or TensorFlow's
        self._begun_with: Any = None  # the iterable's state when the pass under way began
        try:
            self._num_batches = len(iterable)  # type: ignore[arg-type]
        except TypeError:  # has no length, or none that it knows
            self._num_batches = None
        cardinality = getattr(iterable, "cardinality", None)
        self.is_endless = callable(cardinality) and int(cardinality()) == -1  # as tf.data says it
        if self._num_batches == 0:
            raise ValueError(f"{self._source} has no batches: its length is 0.")

    @property
    def num_batches(self) -> int | None:
        return self._num_batches

    @property
    def begun_at(self) -> dict[str, Any] | None:
        """Where the random streams were when the next pass was begun, if a look has begun it."""
        return None if self._peeked is None else self._begun_at

    def peek(self) -> Any:
        # The iterator that was begun serves the next epoch: beginning one may be costly.
        if self._peeked is None:
            self._begun_at = get_random_state()
            batches = self._begin()
            try:
                self._peeked = next(batches), batches
            except StopIteration:
                raise ValueError(f"{self._source} must yield at least one batch.") from None
            self._cut_pass()  # who looks sees all rows
            self._check_no_row(self._peeked[0])
        return self._peeked[0]

    def _check_no_row(self, first: Any) -> None:
        """Refuse tables that give single rows, as those of Hugging Face do."""
        names = getattr(self._iterable, "column_names", None)
        if names and not all(map(np.ndim, tree.flatten(first))):
            raise ValueError(
                f"{self._source} gives single rows, with the columns {list(names)}. Give columns, as in "
                "`fit(data['inputs'], data['targets'])`, or something that gives batches."
            )

    def __iter__(self) -> Iterator[Any]:
        try:
            if self._peeked is not None:
                (first, batches), self._peeked = self._peeked, None
                yield first
                yield from batches
            else:
                batches = self._begin()
                self._cut_pass()
                yield from batches
        finally:
            self._begun = self._begun_with = None

    def iter_from(self, start: int) -> Iterator[Any]:
        self._peeked = None
        return super().iter_from(start)

    def get_state(self) -> dict[str, Any]:
        state: dict[str, Any] = {"begun": self._peeked is None}
        if self._has_state:
            begun_with = self._begun_with
            state["iterable"] = self._iterable.get_state() if begun_with is None else begun_with
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        if state["begun"] or self._has_state:
            self._peeked = self._begun_with = None
        if self._has_state:
            self._iterable.set_state(state["iterable"])

    def _begin(self) -> Iterator[Any]:
        if self._has_state:
            self._begun_with = self._iterable.get_state()
        self._begun = batches = iter(self._iterable)
        return map(self._prepared, batches)

    def _prepared(self, batch: Any) -> Any:
        if type(batch) is OwnRows:
            return OwnRows(batch.rows, self._prepared(batch.batch))
        return add_class_weight(
            batch_to_numpy(batch, self._source, self._as_is), self._class_weight
        )

    @property
    def cut(self) -> tuple[int, int] | None:
        return self._cut

    @cut.setter
    def cut(self, value: tuple[int, int] | None) -> None:
        self._cut = value
        self._cut_pass()

    def _cut_pass(self) -> None:
        """Tell a pass of a `Dataset` of minikeras's, of which batches only this rank's rows are needed."""
        if self._cut is not None and hasattr(self._begun, "_cut_by_rank"):
            self._begun._cut_by_rank(*self._cut)
