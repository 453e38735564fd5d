"""What `fit`, `evaluate` and `predict` know about data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any


class DataAdapter(ABC):
    """Data, cut into batches of NumPy arrays.

    Iterating gives the batches of one epoch, each packed as `train_step` receives it: `x`, `(x,)`,
    `(x, y)` or `(x, y, sample_weight)`, where each part is an array or a nested structure of
    arrays. What is not known beforehand is `None`.
    """

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

    def on_epoch_begin(self) -> None:  # noqa: B027 - most adapters have nothing to do
        """Called before an epoch's first batch."""

    def on_epoch_end(self) -> None:  # noqa: B027
        """Called after an epoch's last batch."""
