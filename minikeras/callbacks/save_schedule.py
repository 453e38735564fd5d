"""When callbacks that save are to save."""

from __future__ import annotations

from minikeras.common.arguments import PositiveInt


class EveryNBatches:
    """Tells after which batches another `n` of them have gone by, across epochs.

    Example:

    >>> from minikeras.callbacks.save_schedule import EveryNBatches
    >>> schedule = EveryNBatches(3)
    >>> [schedule.due(batch) for epoch in range(2) for batch in range(4)]
    [False, False, True, False, False, True, False, False]
    """

    def __init__(self, n: PositiveInt) -> None:
        self.n = n
        self.last_batch = -1
        self.seen = 0

    def due(self, batch: int) -> bool:
        """Take note of `batch`, the last one done; return whether `n` have gone by."""
        new_epoch = batch <= self.last_batch
        self.seen += batch + 1 if new_epoch else batch - self.last_batch
        self.last_batch = batch
        if self.seen < self.n:
            return False
        self.seen = 0
        return True

    def get_state(self) -> tuple[int, int]:
        """Return how far it has counted."""
        return self.last_batch, self.seen

    def set_state(self, state: tuple[int, int]) -> None:
        """Go on counting from what `get_state` returned."""
        self.last_batch, self.seen = state
