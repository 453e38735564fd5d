"""`EarlyStopping`: ends training when a metric no longer improves."""

from __future__ import annotations

from minikeras.callbacks.callback import Logs
from minikeras.callbacks.monitor_callback import MonitorCallback
from minikeras.common.arguments import Count
from minikeras.common.traceback_utils import warn
from minikeras.utils.io_utils import print_msg


class EarlyStopping(MonitorCallback):
    """Ends training when a metric has not improved for some epochs.

    Args:
        monitor: name of the metric in the logs.
        min_delta: least change that counts as an improvement.
        patience: epochs without improvement after which training ends.
        verbose: 1 to print what is done.
        mode: `"min"`, `"max"` or `"auto"`: which direction is an improvement.
        baseline: value to beat; until it is beaten, epochs count against `patience`.
        restore_best_weights: whether to go back to the weights of the best epoch at the end, also
            if that epoch did not beat `baseline`.
        start_from_epoch: epochs to let pass first.

    Raises:
        ValueError: at the end of the first epoch, if `mode="auto"` and the metric has no known
            direction.

    Example:

    >>> from types import SimpleNamespace
    >>> from minikeras.callbacks import EarlyStopping
    >>> stop = EarlyStopping(monitor="loss", patience=2)
    >>> stop.set_model(SimpleNamespace(stop_training=False))
    >>> stop.on_train_begin()
    >>> for epoch, loss in enumerate([0.5, 0.4, 0.45, 0.41, 0.3]):
    ...     stop.on_epoch_end(epoch, {"loss": loss})
    ...     if stop.model.stop_training:
    ...         break
    >>> epoch, stop.best, stop.best_epoch
    (3, 0.4, 1)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: Count = 0,
        verbose: bool | int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: Count = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._set_monitor_op()
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self._is_improvement(current, self.best):
            self.best = current
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._is_improvement(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            print_msg(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                best = self.best_epoch + 1
                print_msg(f"Restoring model weights from the end of the best epoch: {best}.")
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs: Logs | None) -> float | None:
        """Return the monitored value out of `logs`, or None with a warning if it is not there."""
        logs = logs or {}
        value = logs.get(self.monitor)
        if value is None:
            warn(
                f"Early stopping conditioned on metric `{self.monitor}` which is not available. "
                f"Available metrics are: {','.join(logs)}"
            )
        return value
