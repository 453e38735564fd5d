"""`ProgbarLogger`: prints the progress of `fit`, `evaluate` and `predict`."""

from __future__ import annotations

import math
from typing import Any

from minikeras.callbacks.callback import Callback, Logs, lazy_hook, pythonify_logs
from minikeras.utils.io_utils import print_msg
from minikeras.utils.notebook import EpochTable, shows_html
from minikeras.utils.progbar import Progbar, draws_live


class ProgbarLogger(Callback):
    """Prints epochs and metrics: a bar for `verbose=1`, a line for each epoch for `verbose=2`.

    Loops add one unless `verbose=0`. A validation during training prints nothing of its own. In a
    notebook, `verbose=1` shows a table that grows by a row an epoch, and below it the bar.

    Example:

    >>> from minikeras.callbacks import CallbackList
    >>> callbacks = CallbackList(add_progbar=True, verbose=2, epochs=3, steps=2)
    >>> callbacks.on_epoch_begin(0)
    Epoch 1/3
    >>> callbacks.on_epoch_end(0, {"loss": 0.5})  # doctest: +ELLIPSIS
    2/2 - 0s - ...s/step - loss: 0.5000
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.progbar: Progbar | None = None
        self.target: int | None = None
        self.verbose = 1
        self.epochs = 1
        self._in_fit = False
        self._table: EpochTable | None = None  # in a notebook

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        verbose = params["verbose"]
        self.verbose = 1 if verbose == "auto" else verbose
        self.epochs = params["epochs"]
        self.target = params["steps"]

    def _restart(self) -> None:
        self.seen = 0
        # Metrics come averaged over the epoch so far.
        self.progbar = Progbar(self.target, verbose=self.verbose, stateless_metrics=())

    def _advance(self, batch: int, logs: Any) -> None:
        self.seen = batch + 1 if self.target is None else min(batch + 1, self.target)
        if self.progbar is None:
            self._restart()
        if self.progbar.due():
            self.progbar.update(self.seen, pythonify_logs(logs).items(), finalize=False)
        elif batch == 0 and self.verbose == 1:  # to know when the first step was done
            self.progbar.update(self.seen, finalize=False)

    def _finish(self, logs: Logs | None) -> None:
        if self.progbar is None:
            self._restart()
        if self.target is None:
            self.target = self.progbar.target = self.seen
        values = list((logs or {}).items())
        if self.verbose == 1:  # as the bar has shown them: the epoch's own before the validation's
            values.sort(key=lambda item: item[0].startswith("val_"))
        if self._table is None:
            self.progbar.update(self.target, values, finalize=True)
        else:
            self._table.add(dict(values), *self.progbar.times(self.target))

    def _watches(self) -> bool:
        # A line at the end needs the batches only to count them.
        redraws = self.verbose == 1 and draws_live()
        return bool(self.verbose) and (redraws or self.target is None)

    def _watches_test(self) -> bool:
        return not self._in_fit and self._watches()

    def _idle_until(self) -> float:
        return -math.inf if self.progbar is None else self.progbar.next_drawing

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._in_fit = True
        self.progbar = self._table = None
        if self.verbose == 1 and shows_html():
            self._table = EpochTable(self.epochs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._in_fit = False
        if self._table is not None:
            self._table.finish()
            self._table = None

    def on_train_abort(self) -> None:
        self._in_fit = False
        if self._table is not None:
            self._table.finish("interrupted")
            self._table = None
        elif self.progbar is not None:
            self.progbar.leave()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.progbar is None or not self._in_fit:
            self._restart()
        else:
            self.seen = 0
            self.progbar.target = self.target
            self.progbar.restart()
        if self._table is not None:
            self.progbar.panel = self._table.begin(epoch)
        elif self.verbose and self.epochs > 1:
            print_msg(f"Epoch {epoch + 1}/{self.epochs}")

    @lazy_hook(_watches, until=_idle_until)
    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._advance(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._finish(logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._restart()

    @lazy_hook(_watches_test, until=_idle_until)
    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._advance(batch, logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._restart()

    @lazy_hook(_watches, until=_idle_until)
    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._advance(batch, None)  # outputs are no metrics

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._finish(logs)
