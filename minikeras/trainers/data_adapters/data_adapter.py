"""What `fit`, `evaluate` and `predict` know about data."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any


class DataAdapter(ABC):
    """Data, cut into batches of NumPy arrays.

    Iterating gives the batches of one epoch, each packed as `train_step` receives it: `x`, `(x,)`,
    `(x, y)` or `(x, y, sample_weight)`, where each part is an array or a nested structure of
    arrays. What is not known beforehand is `None`.
    """

    notes_randoms = False
    """Whether to note what `get_state` needs to know of the random streams."""

    cut: tuple[int, int] | None = None
    """Rank and number of ranks, where these share batches: `OwnRows` may be given instead of batches."""

    is_endless = False
    """Whether an epoch is known to have no end of its own."""

    @property
    def num_batches(self) -> int | None:
        """Number of batches in an epoch."""
        return None

    @property
    def num_samples(self) -> int | None:
        """Number of samples in an epoch."""
        return None

    @property
    def batch_size(self) -> int | None:
        """Number of samples in every batch but, perhaps, the last."""
        return None

    @property
    def partial_batch_size(self) -> int | None:
        """Number of samples in the last batch, where it is smaller than the others."""
        return None

    @property
    def has_partial_batch(self) -> bool | None:
        """Whether the last batch is smaller than the others."""
        return None

    @abstractmethod
    def __iter__(self) -> Iterator[Any]:
        """Give the batches of the next epoch."""

    @abstractmethod
    def peek(self) -> Any:
        """Return a batch that shows the structure, shapes and dtypes, and use up none."""

    def iter_from(self, start: int) -> Iterator[Any]:
        """Give the batches of an epoch of which some have been taken before.

        The order of the epoch is drawn before this returns.

        Args:
            start: number of batches to pass over, at least 1.
        """
        batches = iter(self)
        next(itertools.islice(batches, start, start), None)
        return batches

    def get_state(self) -> dict[str, Any]:
        """Return what changes from epoch to epoch, as plain data, for `set_state`."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:  # noqa: B027
        """Put back what `get_state` returned, in a training that is taken up again."""

    def on_epoch_begin(self) -> None:  # noqa: B027 - most adapters have nothing to do
        """Called before an epoch's first batch."""

    def on_epoch_end(self) -> None:  # noqa: B027
        """Called after an epoch's last batch."""
