"""`ModelCheckpoint`: saves the model as training goes on."""

from __future__ import annotations

import os
from typing import Literal

from minikeras.callbacks.callback import Logs, lazy_hook, pythonify_logs
from minikeras.callbacks.monitor_callback import MonitorCallback
from minikeras.callbacks.save_schedule import EveryNBatches
from minikeras.common.arguments import PathLike, PositiveInt
from minikeras.common.traceback_utils import warn
from minikeras.utils.io_utils import print_msg


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, after every epoch or every few batches.

    Args:
        filepath: where to save. May hold `{epoch}`, `{batch}` (both counted from 1) and names of
            metrics as in `str.format`: `"{epoch:02d}-{val_loss:.2f}.keras"`. Ends with
            `.weights.h5` if `save_weights_only`, otherwise with `.keras` or `.h5`. Missing
            directories are made.
        monitor: name of the metric that tells which model is best.
        verbose: 1 to print what is done.
        save_best_only: whether to save only where the metric has improved.
        save_weights_only: whether to call `model.save_weights` rather than `model.save`.
        mode: `"min"`, `"max"` or `"auto"`: which direction is an improvement.
        save_freq: `"epoch"`, or the number of batches between two looks.
        initial_value_threshold: value to beat before anything is saved, with `save_best_only`.

    Raises:
        ValueError: for an unknown `save_freq`, or a `filepath` that ends otherwise.
        KeyError: when saving, if `filepath` names a metric that is not in the logs.
        IsADirectoryError: when saving, if there is a directory of that name.

    Example:

    >>> from types import SimpleNamespace
    >>> from minikeras.callbacks import ModelCheckpoint
    >>> checkpoint = ModelCheckpoint("{epoch:02d}-{loss:.2f}.keras", "loss", save_best_only=True)
    >>> checkpoint.set_model(SimpleNamespace(save=lambda path, overwrite: print("saved", path)))
    >>> for epoch, loss in enumerate([0.5, 0.6, 0.4]):
    ...     checkpoint.on_epoch_end(epoch, {"loss": loss})
    saved 01-0.50.keras
    saved 03-0.40.keras
    """

    def __init__(
        self,
        filepath: PathLike,
        monitor: str = "val_loss",
        verbose: bool | int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Literal["epoch"] | PositiveInt = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        endings = (".weights.h5",) if save_weights_only else (".keras", ".h5")
        if not self.filepath.endswith(endings):
            raise ValueError(
                f"ModelCheckpoint: argument `filepath` must end in {' or '.join(endings)} with "
                f"save_weights_only={save_weights_only}. Received: filepath={self.filepath!r}"
            )
        self._schedule = None if save_freq == "epoch" else EveryNBatches(save_freq)
        self._current_epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._current_epoch = epoch

    @lazy_hook(lambda self: self._schedule is not None)
    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self._should_save_on_batch(batch):
            self._save_model(self._current_epoch, batch, pythonify_logs(logs))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self._schedule is None:
            self._save_model(epoch, None, logs or {})

    # Subclasses of others call these by the names that Keras gives them.

    def _should_save_on_batch(self, batch: int) -> bool:
        return self._schedule is not None and self._schedule.due(batch)

    def _save_model(self, epoch: int, batch: int | None, logs: Logs) -> None:
        path = self._get_file_path(epoch, batch, logs)
        if not self._should_save_model(epoch, batch, logs, path):
            return
        if os.path.isdir(path):
            raise IsADirectoryError(
                "ModelCheckpoint: argument `filepath` must name a file, but there is a directory "
                f"of that name: {path!r}"
            )
        directory = os.path.dirname(path)
        if directory:
            os.makedirs(directory, exist_ok=True)
        save = self.model.save_weights if self.save_weights_only else self.model.save
        save(path, overwrite=True)
        self._say(epoch, f"finished saving model to {path}")

    def _get_file_path(self, epoch: int, batch: int | None, logs: Logs) -> str:
        values = {"epoch": epoch + 1, **logs}
        if batch is not None:
            values.setdefault("batch", batch + 1)
        try:
            return self.filepath.format(**values)
        except KeyError as error:
            raise KeyError(
                f'Failed to format this callback filepath: "{self.filepath}". Reason: {error}. '
                f"Available are {sorted(values)}."
            ) from error

    def _should_save_model(self, epoch: int, batch: int | None, logs: Logs, filepath: str) -> bool:
        if not self.save_best_only:
            self._say(epoch, f"saving model to {filepath}")
            return True
        self._set_monitor_op()
        current = logs.get(self.monitor)
        if current is None:
            warn(
                f"Can save best model only with {self.monitor} available. Saving this one. "
                f"Available metrics are: {','.join(logs)}"
            )
            return True
        if getattr(current, "shape", ()):
            warn(
                "Can save best model only when `monitor` is a scalar value. "
                f"Received: {current}. Falling back to `save_best_only=False`."
            )
            return True
        before = "None" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(current, self.best):
            self._say(epoch, f"{self.monitor} did not improve from {before}")
            return False
        self._say(
            epoch,
            f"{self.monitor} improved from {before} to {current:.5f}, saving model to {filepath}",
        )
        self.best = current
        return True

    def _say(self, epoch: int, message: str) -> None:
        if self.verbose > 0:
            print_msg(f"\nEpoch {epoch + 1}: {message}")
