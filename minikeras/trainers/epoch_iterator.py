"""From one epoch to the next: which batches belong to which."""

from __future__ import annotations

import itertools
import numbers
from collections.abc import Iterator
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.settings import settings
from minikeras.common.traceback_utils import warn
from minikeras.random.random_state import get_random_state, set_random_state
from minikeras.trainers.data_adapters import get_data_adapter


class EpochIterator:
    """Hands out the data epoch by epoch.

    Without `steps_per_epoch`, an epoch is one pass through the data. With it, the data is one
    stream from which every epoch takes so many batches; at its end the epoch is cut short, with a
    warning, and the next one starts the data anew.

    Args:
        x: see `get_data_adapter`.
        y: see `get_data_adapter`.
        sample_weight: see `get_data_adapter`.
        batch_size: see `get_data_adapter`.
        steps_per_epoch: number of batches in an epoch, or None.
        shuffle: see `get_data_adapter`.
        class_weight: see `get_data_adapter`.
        rng: see `get_data_adapter`.

    Attributes:
        data_adapter: the `DataAdapter` in use.
        steps_per_epoch: as given, but never above `config.max_steps_per_epoch()`.
        step: number of the batch that was handed out last, in its epoch.
        exhausted: whether the last epoch found no batch at all, so that none will follow.

    Raises:
        ValueError: if `steps_per_epoch` is not positive, or for what `get_data_adapter` rejects.

    Example:

    >>> import numpy as np
    >>> from minikeras.trainers.epoch_iterator import EpochIterator
    >>> epochs = EpochIterator(np.arange(6), batch_size=1, steps_per_epoch=3)
    >>> for epoch in range(2):
    ...     print([(step, int(x[0])) for step, x in epochs.epoch()])
    [(0, 0), (1, 1), (2, 2)]
    [(0, 3), (1, 4), (2, 5)]
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        batch_size: int | None = None,
        steps_per_epoch: int | None = None,
        shuffle: bool | str = False,
        class_weight: dict[int, float] | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        if steps_per_epoch is not None and (
            not isinstance(steps_per_epoch, numbers.Integral) or steps_per_epoch <= 0
        ):
            raise ValueError(
                f"`steps_per_epoch` must be a positive integer or None. "
                f"Received: {steps_per_epoch!r}"
            )
        self.data_adapter = get_data_adapter(
            x,
            y,
            sample_weight=sample_weight,
            batch_size=batch_size,
            steps_per_epoch=steps_per_epoch,
            shuffle=shuffle,
            class_weight=class_weight,
            rng=rng,
        )
        cap = settings.max_steps_per_epoch
        if cap and (steps_per_epoch is None or cap < steps_per_epoch):
            warn(f"Limiting steps_per_epoch to {cap}")
            steps_per_epoch = cap
        if steps_per_epoch is None and self.data_adapter.is_endless:
            raise ValueError(
                "The data has no end: say how many batches an epoch has, by `steps_per_epoch` (in "
                "`evaluate` and `predict`, by `steps`; of validation data, by `validation_steps`)."
            )
        self.steps_per_epoch = steps_per_epoch
        self.step = -1
        self.exhausted = False
        self._pass_length = self.data_adapter.num_batches
        self._stream: Iterator | None = None
        self._taken = 0  # batches of the current stream, without those of the current epoch
        self._within = False  # an epoch
        self._done = 0  # batches of the next epoch, in a training that is taken up again
        self._stream_randoms: dict[str, Any] | None = None  # when the stream was begun

    @property
    def num_batches(self) -> int | None:
        """Number of steps in an epoch. None where that shows only when the data first ends."""
        return self.steps_per_epoch or self._pass_length

    @property
    def source(self) -> Any:
        """The `PyDataset` that the data come from, which has a state of its own, or None."""
        return getattr(self.data_adapter, "py_dataset", None)

    def peek(self) -> Any:
        """Return a batch to build a model on, and use up none."""
        return self.data_adapter.peek()

    def reset(self) -> None:
        """Give up the current pass through the data, and the workers that prepare it."""
        stream, self._stream, self._taken = self._stream, None, 0
        if hasattr(stream, "close"):
            stream.close()

    def note_randoms(self) -> None:
        """Note from now on where the random streams are when a pass through the data begins."""
        self.data_adapter.notes_randoms = True

    def get_state(self) -> dict[str, Any]:
        """Return the place in the data as plain data, for `set_state`.

        `note_randoms` must have been called before the first epoch.
        """
        within = self._within
        return {
            "done": self.step + 1 if within else 0,
            "taken": self._taken + (self.step + 1 if within else 0),
            "pass_length": self._pass_length,
            "randoms": self._stream_randoms if self._stream is not None else None,
            "adapter": self.data_adapter.get_state(),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Go to the place in the data that `get_state` returned.

        The batches before it are not made where the data can do without. Leaves the random streams
        somewhere else.
        """
        self.data_adapter.set_state(state["adapter"])
        self.reset()
        self._pass_length = state["pass_length"]
        self._done = state["done"]
        if state["randoms"] is not None:
            set_random_state(state["randoms"])
            self._stream_randoms = state["randoms"]
            self._stream = self.data_adapter.iter_from(state["taken"])
            self._taken = state["taken"] - state["done"]

    def _begin_pass(self) -> None:
        if self.data_adapter.notes_randoms:
            noted = getattr(self.data_adapter, "begun_at", None)
            self._stream_randoms = noted or get_random_state()
        self._stream = iter(self.data_adapter)

    def epoch(self) -> Iterator[tuple[int, Any]]:
        """Give the pairs `(step, batch)` of the next epoch, or of what is left of it."""
        done, self._done = self._done, 0
        if not done:
            self.data_adapter.on_epoch_begin()
            if self.steps_per_epoch is None:
                self.reset()
        resumed = self._stream is not None
        self.step, completed, self._within = done - 1, False, True
        left = None if self.steps_per_epoch is None else self.steps_per_epoch - done
        try:
            for _ in range(2):
                if self._stream is None:
                    self._begin_pass()
                for step, batch in enumerate(itertools.islice(self._stream, left), done):
                    self.step = step
                    yield step, batch
                if self.step >= 0 or not resumed:
                    break
                # The data ended just where the last epoch did, which nobody could foresee.
                self.reset()
            completed = True
        finally:
            self._within = False
            if not completed:
                self.reset()
        steps = self.step + 1
        self._taken += steps
        self.exhausted = steps == 0
        if self.exhausted or steps < (self.steps_per_epoch or 0):
            warn(
                "Your input ran out of data; interrupting training. Make sure that it can give at "
                "least `steps_per_epoch * epochs` batches: repeat it, or use a PyDataset or an "
                "iterable that can start anew instead of a generator."
            )
            self.reset()
        elif self.steps_per_epoch is None:
            self._pass_length = steps
            self.reset()
        elif self._taken == self._pass_length:
            self.reset()
        self.data_adapter.on_epoch_end()


def to_tensors(batch: Any) -> Any:
    """Wrap the arrays of a batch in tensors, without a copy: nobody else writes to them."""
    if type(batch) is np.ndarray:
        return Tensor(batch)
    if type(batch) is tuple and _ARRAY.issuperset(map(type, batch)):
        return tuple(map(Tensor, batch))
    return tree.map_structure(_to_tensor, batch)


def to_filled_tensors(batch: Any) -> Any:
    """`to_tensors` of a batch that must hold samples, for the mean of no losses is NaN.

    Raises:
        ValueError: if an array of the batch has none.
    """
    for leaf in tree.flatten(batch):
        if isinstance(leaf, np.ndarray) and leaf.shape[:1] == (0,):
            raise ValueError(
                f"A batch is empty: it holds an array of shape {leaf.shape}. Let the generator or "
                "data set leave out batches that have no samples."
            )
    return to_tensors(batch)


_ARRAY = frozenset({np.ndarray})


def _to_tensor(a: Any) -> Any:
    return a if a is None or isinstance(a, (Tensor, str, bytes)) else Tensor(to_array(a))
