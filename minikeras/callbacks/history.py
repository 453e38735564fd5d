"""`History`: the metrics of every epoch, which `fit` returns."""

from __future__ import annotations

import weakref
from typing import Any

from minikeras.callbacks.callback import Callback, Logs
from minikeras.common.printing import as_printed


class History(Callback):
    """Keeps the metrics of every epoch; `fit()` adds one and returns it.

    Attributes:
        history: dict of lists, the values of each metric epoch by epoch. Goes on growing when
            training is taken up again.
        epoch: list of the epochs of the last training.
        numbers: dict of lists like `history`: of which epoch each value is, counted from 1 over all
            trainings. A metric that was not measured in every epoch (`validation_freq`) has gaps.

    Example:

    >>> from minikeras.callbacks import History
    >>> history = History()
    >>> history.on_train_begin()
    >>> history.on_epoch_end(0, {"loss": 0.5})
    >>> history.on_epoch_end(1, {"loss": 0.25})
    >>> history.history, history.epoch
    ({'loss': [0.5, 0.25]}, [0, 1])
    >>> history
    <History of 2 epochs, the last: loss=0.25>
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []
        self.numbers: dict[str, list[int]] = {}
        self._number = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        self._number = max(self._number, epoch) + 1
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
            self.numbers.setdefault(name, []).append(self._number)
        if self.model is not None:
            self.model.history = self

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the curve of each metric, and a table that opens."""
        from minikeras.utils.notebook import history_html

        return history_html(self.history, self.numbers)

    def __repr__(self) -> str:
        """Show the last value of each metric; of one that is half made, the class."""
        history = self.__dict__.get("history")
        if not isinstance(history, dict) or not history:
            return f"<{type(self).__name__}: nothing yet>"
        epochs = max(map(len, history.values()))
        last = ", ".join([f"{name}={_last(values)}" for name, values in history.items()])
        return f"<{type(self).__name__} of {epochs} epoch{'s' * (epochs != 1)}, the last: {last}>"


def _last(values: list) -> str:
    value = values[-1] if values else None
    return f"{value:.4g}" if isinstance(value, float) else as_printed(value)


class KeptHistory:
    """A `History` as its model keeps it: weakly, for it holds the model, but with all that it knows.

    Args:
        callback: the callback.
    """

    def __init__(self, callback: History) -> None:
        self._callback: Any = weakref.ref(callback)
        self._class = type(callback)
        self._known = {k: v for k, v in callback.__dict__.items() if k != "_model"}

    def callback(self, model: Any) -> History:
        """Return the callback, or one like it if nobody has kept it."""
        callback = self._callback and self._callback()
        if callback is None:
            callback = self._class.__new__(self._class)
            callback.__dict__.update(self._known)
            callback.set_model(model)
            self._callback = weakref.ref(callback)
        return callback

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_callback": None}
