"""`History`: the metrics of every epoch, which `fit` returns."""

from __future__ import annotations

from typing import Any

from minikeras.callbacks.callback import Callback, Logs


class History(Callback):
    """Keeps the metrics of every epoch; `fit()` adds one and returns it.

    Attributes:
        history: dict of lists, the values of each metric epoch by epoch. Goes on growing when
            training is taken up again.
        epoch: list of the epochs of the last training.

    Example:

    >>> from minikeras.callbacks import History
    >>> history = History()
    >>> history.on_train_begin()
    >>> history.on_epoch_end(0, {"loss": 0.5})
    >>> history.on_epoch_end(1, {"loss": 0.25})
    >>> history.history, history.epoch
    ({'loss': [0.5, 0.25]}, [0, 1])
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        if self.model is not None:
            self.model.history = self
