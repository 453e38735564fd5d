"""`DropoutRNNCell`: dropout masks that stay the same over the time steps of a call."""

from __future__ import annotations

from typing import Any

from minikeras.ops.creation import ones_like
from minikeras.random import dropout


class DropoutRNNCell:
    """What a cell with dropout inherits beside `Layer`.

    The cell has attributes `dropout` and `recurrent_dropout`, rates between 0 and 1, and
    `seed_generator`. If it has `dropout_mask_count`, masks come as lists of so many, one for each
    gate. The layer that runs the cell resets the masks, so each batch gets new ones.
    """

    _dropout_mask: Any = None
    _recurrent_dropout_mask: Any = None

    def _draw(self, like: Any, rate: float) -> Any:
        count = getattr(self, "dropout_mask_count", None)
        ones = ones_like(like)
        if count is None:
            return dropout(ones, rate, seed=self.seed_generator)
        return [dropout(ones, rate, seed=self.seed_generator) for _ in range(count)]

    def get_dropout_mask(self, step_input: Any) -> Any:
        """Return the mask of the inputs, of the shape of one step; None without dropout."""
        if self._dropout_mask is None and self.dropout > 0:
            object.__setattr__(self, "_dropout_mask", self._draw(step_input, self.dropout))
        return self._dropout_mask

    def get_recurrent_dropout_mask(self, step_input: Any) -> Any:
        """Return the mask of the state; None without dropout."""
        if self._recurrent_dropout_mask is None and self.recurrent_dropout > 0:
            mask = self._draw(step_input, self.recurrent_dropout)
            object.__setattr__(self, "_recurrent_dropout_mask", mask)
        return self._recurrent_dropout_mask

    def reset_dropout_mask(self) -> None:
        """Let the next call draw a new mask of the inputs."""
        object.__setattr__(self, "_dropout_mask", None)

    def reset_recurrent_dropout_mask(self) -> None:
        """Let the next call draw a new mask of the state."""
        object.__setattr__(self, "_recurrent_dropout_mask", None)

    def _masked(self, x: Any, rate: float, mask: Any, training: bool) -> Any:
        """Return `x`, or while training its dropped-out form, or a list of them, one a gate."""
        if not (training and 0 < rate < 1):
            return x
        masks = mask(x)
        return [x * m for m in masks] if isinstance(masks, list) else x * masks
