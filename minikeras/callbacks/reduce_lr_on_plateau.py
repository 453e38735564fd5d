"""`ReduceLROnPlateau`: lowers the learning rate when a metric no longer improves."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.callbacks.callback import Logs
from minikeras.callbacks.learning_rates import (
    learning_rate_of,
    log_learning_rates,
    optimizers_of,
)
from minikeras.callbacks.monitor_callback import MonitorCallback
from minikeras.common.arguments import Count, NonNegative
from minikeras.common.traceback_utils import warn
from minikeras.utils.io_utils import print_msg


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by `factor` when a metric has not improved for some epochs.

    Also logs it as `learning_rate`.

    Args:
        monitor: name of the metric in the logs.
        factor: what to multiply the learning rate by, less than 1.
        patience: epochs without improvement after which to do so.
        verbose: 1 to print it.
        mode: `"min"`, `"max"` or `"auto"`: which direction is an improvement.
        min_delta: least change that counts as an improvement.
        cooldown: epochs to wait after a reduction before counting again.
        min_lr: learning rate not to go below.
        **kwargs: ignored with a warning, for scripts written for old versions of Keras.

    Raises:
        ValueError: if `factor` is 1 or more.

    Example:

    >>> from types import SimpleNamespace
    >>> from minikeras.callbacks import ReduceLROnPlateau
    >>> reduce = ReduceLROnPlateau(monitor="loss", factor=0.5, patience=2)
    >>> reduce.set_model(SimpleNamespace(optimizer=SimpleNamespace(learning_rate=0.1)))
    >>> for epoch, loss in enumerate([1.0, 1.0, 1.0]):
    ...     reduce.on_epoch_end(epoch, {"loss": loss})
    >>> reduce.model.optimizer.learning_rate
    0.05
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: NonNegative = 0.1,
        patience: Count = 10,
        verbose: bool | int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: Count = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(
                f"ReduceLROnPlateau does not support a factor >= 1.0. Received factor={factor}"
            )
        if kwargs:
            warn(f"ReduceLROnPlateau ignores arguments {sorted(kwargs)}.")
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._reset()

    def _reset(self) -> None:
        self.best = None
        self.wait = 0
        self.cooldown_counter = 0

    def in_cooldown(self) -> bool:
        """Return whether the last reduction is too recent to count epochs."""
        return self.cooldown_counter > 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._set_monitor_op()
        logs = {} if logs is None else logs
        log_learning_rates(self.model, logs)
        current = logs.get(self.monitor)
        if current is None:
            warn(
                f"Learning rate reduction is conditioned on metric `{self.monitor}` which is not "
                f"available. Available metrics are: {','.join(logs)}."
            )
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def _reduce(self, epoch: int) -> bool:
        """Lower every learning rate that is above `min_lr`; return whether there was one."""
        reduced = False
        for name, optimizer in optimizers_of(self.model):
            old = learning_rate_of(optimizer)
            # In float32, as which optimizers hold it: a rate of `min_lr` is not above it.
            if np.float32(old) <= np.float32(self.min_lr):
                continue
            new = max(old * self.factor, self.min_lr)
            optimizer.learning_rate = new
            reduced = True
            if self.verbose > 0:
                whose = f" {name}" if name else ""
                print_msg(
                    f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing{whose} learning rate to "
                    f"{new}."
                )
        return reduced
