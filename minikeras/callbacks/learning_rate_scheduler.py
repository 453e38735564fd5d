"""`LearningRateScheduler`: sets the learning rate by a function of the epoch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.callbacks.callback import Callback, Logs
from minikeras.callbacks.learning_rates import (
    learning_rate_of,
    log_learning_rates,
    optimizers_of,
)
from minikeras.utils.io_utils import print_msg


class LearningRateScheduler(Callback):
    """Sets the learning rate when an epoch begins, and logs it as `learning_rate`.

    Args:
        schedule: function of the epoch (from 0) and the current learning rate that returns the
            new one, a float. It may also take the epoch alone.
        verbose: 1 to print the learning rate.

    Raises:
        ValueError: when an epoch begins, if `schedule` does not return a float, or the optimizer
            has no learning rate.

    Example:

    >>> from types import SimpleNamespace
    >>> from minikeras.callbacks import LearningRateScheduler
    >>> halve = LearningRateScheduler(lambda epoch, lr: lr / 2 if epoch else lr, verbose=1)
    >>> halve.set_model(SimpleNamespace(optimizer=SimpleNamespace(learning_rate=0.5)))
    >>> halve.on_epoch_begin(1)
    <BLANKLINE>
    Epoch 2: LearningRateScheduler setting learning rate to 0.25.
    """

    def __init__(self, schedule: Callable[..., float], verbose: bool | int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        for name, optimizer in optimizers_of(self.model):
            if not hasattr(optimizer, "learning_rate"):
                raise ValueError(
                    'LearningRateScheduler: the optimizer must have a "learning_rate" attribute. '
                    f"Received: {optimizer!r}"
                )
            rate = self._new_rate(epoch, learning_rate_of(optimizer))
            optimizer.learning_rate = rate
            if self.verbose > 0:
                whose = f"{name} " if name else ""
                print_msg(
                    f"\nEpoch {epoch + 1}: LearningRateScheduler setting {whose}learning rate to "
                    f"{rate}."
                )

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            log_learning_rates(self.model, logs)

    def _new_rate(self, epoch: int, rate: float) -> float:
        rate = self.schedule(epoch, rate) if _takes_two(self.schedule) else self.schedule(epoch)
        if not isinstance(rate, (float, np.floating)) and getattr(rate, "shape", None) == ():
            rate = np.asarray(rate)[()]  # a scalar tensor
        if not isinstance(rate, (float, np.floating)):
            raise ValueError(
                "The output of the `schedule` function of LearningRateScheduler should be a "
                f"float. Got: {rate!r} of type {type(rate).__name__}"
            )
        return rate


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        signature = inspect.signature(function)
    except ValueError:  # some builtins have none
        return True
    try:
        signature.bind(0, 0.0)
    except TypeError:
        return False
    return True
