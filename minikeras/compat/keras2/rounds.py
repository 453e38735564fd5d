"""Data sets that go round: a `Sequence` of Keras 2 began anew when `steps_per_epoch` asked for more."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from minikeras.utils import PyDataset


class Rounds(PyDataset):
    """A data set without end: another one, round after round.

    Args:
        dataset: the other one. It is told at the end of each round (`on_epoch_end`).
        shuffle: whether its batches come in another order in each round.

    Example:

    >>> class Letters(PyDataset):
    ...     def __len__(self):
    ...         return 2
    ...     def __getitem__(self, index):
    ...         return "ab"[index]
    >>> rounds = Rounds(Letters())
    >>> [rounds[i] for i in range(5)], rounds.num_batches
    (['a', 'b', 'a', 'b', 'a'], None)
    """

    def __init__(self, dataset: PyDataset, shuffle: bool = False) -> None:
        super().__init__(dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size)
        self.dataset = dataset
        self.shuffle = shuffle
        self._round = -1
        self._order: np.ndarray | None = None
        self._lock = threading.Lock()

    @property
    def num_batches(self) -> None:
        """None: there is no end."""
        return None

    def __getitem__(self, index: int) -> Any:
        this_round, place = divmod(index, len(self.dataset))
        with self._lock:
            if this_round > self._round:
                if self._round >= 0:
                    self.dataset.on_epoch_end()
                n = len(self.dataset)
                self._order = np.random.permutation(n) if self.shuffle else np.arange(n)
                self._round = this_round
            place = int(self._order[place])
        return self.dataset[place]

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_lock"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())


def enough_for(
    data: Any, steps: int | None, shuffle: Any = False, *, going_on: bool = False
) -> Any:
    """Return data that give as many batches as are asked for.

    Args:
        data: what `fit`, `evaluate` or `predict` got.
        steps: how many steps it was told to take; None for as many as there are.
        shuffle: what `fit` was told.
        going_on: whether an epoch goes on where the last one ended, as in `fit`.

    Returns:
        `Rounds` of a data set that has another number of batches; anything else as it is.
    """
    if not isinstance(data, PyDataset) or steps is None or not data.num_batches:
        return data
    enough = steps == data.num_batches if going_on else steps <= data.num_batches
    return data if enough else Rounds(data, bool(shuffle))
