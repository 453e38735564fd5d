"""`BackupAndRestore`: takes an interrupted training up again."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Literal

from minikeras.callbacks.callback import Callback, Logs, lazy_hook
from minikeras.callbacks.save_schedule import EveryNBatches
from minikeras.common.arguments import PathLike, PositiveInt
from minikeras.common.atomic_file import write_text
from minikeras.common.traceback_utils import warn


class BackupAndRestore(Callback):
    """Keeps a backup while training, from which the next `fit()` goes on after an interruption.

    The backup holds weights, optimizer state and the epoch. A new `fit()` with the same model and
    directory begins at that epoch. When training ends regularly the backup is deleted. Each backup
    replaces the one before only when it is complete.

    Args:
        backup_dir: directory for the backup, for nothing else.
        save_freq: `"epoch"`, or the number of batches between two backups, or False for none.
        double_checkpoint: whether to keep the backup before the last one too, and to go back to it
            if the last one cannot be read.
        delete_checkpoint: whether to delete the backup when training has ended.

    Raises:
        ValueError: for an empty `backup_dir` or an unknown `save_freq`; when training begins, if
            the model is not built.

    Example:

    >>> import os, tempfile
    >>> from minikeras.callbacks import BackupAndRestore
    >>> directory = tempfile.mkdtemp()
    >>> class Model:
    ...     built, optimizer = True, None
    ...     def save_weights(self, path, overwrite): open(path, "w").close()
    ...     def load_weights(self, path): print("loaded", os.path.basename(path))
    >>> first, second = BackupAndRestore(directory), BackupAndRestore(directory)
    >>> first.set_model(Model())
    >>> first.on_epoch_end(4)  # and then the power fails
    >>> second.set_model(Model())
    >>> second.on_train_begin()
    loaded latest.weights.h5
    >>> second.model._initial_epoch
    5
    """

    def __init__(
        self,
        backup_dir: PathLike,
        save_freq: Literal["epoch", False] | PositiveInt = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise ValueError(
                "BackupAndRestore: argument `backup_dir` must name a directory. "
                f"Received: backup_dir={backup_dir!r}"
            )
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._weights_path = os.path.join(self.backup_dir, "latest.weights.h5")
        self._metadata_path = os.path.join(self.backup_dir, "training_metadata.json")
        self._schedule = (
            None if save_freq == "epoch" or save_freq is False else EveryNBatches(save_freq)
        )
        self._current_epoch = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if not self.model.built:
            raise ValueError(
                f"BackupAndRestore needs a model that is built before `fit()`. Model {self.model} "
                "is not: call it on a batch of data, or `build()` it, beforehand."
            )
        try:
            self._restore()
        except OSError as error:
            if not os.path.exists(_previous(self._weights_path)):
                raise
            warn(
                f"BackupAndRestore: the backup in {self.backup_dir!r} cannot be read ({error}). "
                "Going back to the one before."
            )
            for path in (self._weights_path, self._metadata_path):
                if os.path.exists(_previous(path)):
                    _copy(_previous(path), path)
                elif os.path.exists(path):
                    os.remove(path)
            self._restore()

    def _restore(self) -> None:
        model = self.model
        if os.path.exists(self._weights_path):
            if model.optimizer is not None and not model.optimizer.built:
                model.optimizer.build(model.trainable_variables)
            model.load_weights(self._weights_path)
        if os.path.exists(self._metadata_path):
            with open(self._metadata_path, encoding="utf-8") as file:
                try:
                    model._initial_epoch = json.load(file)["epoch"]
                except (ValueError, KeyError) as error:
                    raise OSError(f"{self._metadata_path!r} is damaged: {error!r}") from error

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._current_epoch = epoch

    @lazy_hook(lambda self: self._schedule is not None)
    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self._schedule is not None and self._schedule.due(batch):
            self._save(batch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._current_epoch = epoch + 1
        if self.save_freq == "epoch":
            self._save(0)

    def _save(self, batch: int) -> None:
        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint:
            for path in (self._weights_path, self._metadata_path):
                if os.path.exists(path):
                    _copy(path, _previous(path))
        new = os.path.join(self.backup_dir, "next.weights.h5")
        self.model.save_weights(new, overwrite=True)
        os.replace(new, self._weights_path)
        write_text(self._metadata_path, json.dumps({"epoch": self._current_epoch, "batch": batch}))

    def on_train_end(self, logs: Logs | None = None) -> None:
        self.model._initial_epoch = None  # a later fit begins where it is told to
        if not self.delete_checkpoint:
            return
        for path in (self._weights_path, self._metadata_path):
            for file in (path, _previous(path)):
                with contextlib.suppress(FileNotFoundError):
                    os.remove(file)
        with contextlib.suppress(OSError):  # not there, or holding somebody else's files
            os.rmdir(self.backup_dir)


def _previous(path: str) -> str:
    return f"{path}.bkp"


def _copy(source: str, target: str) -> None:
    import shutil  # slow to import, and few copy

    shutil.copyfile(source, target)
