"""`BackupAndRestore`: takes an interrupted training up again."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import Any, Literal

from minikeras.autodiff.variable import is_split
from minikeras.callbacks.callback import Callback, Logs, lazy_hook, pythonify_logs
from minikeras.callbacks.save_schedule import EveryNBatches
from minikeras.callbacks.training_state import Position, TrainingState
from minikeras.common.arguments import PathLike, PositiveInt
from minikeras.common.atomic_file import atomic_path, remove_leftovers
from minikeras.common.traceback_utils import warn
from minikeras.distribution.distribution_lib import ranks_in_use


class BackupAndRestore(Callback):
    """Keeps a backup while training, from which the next `fit()` goes on after an interruption.

    A new `fit()` of the same script with the same directory ends with the same bits as one that was
    never interrupted. The backup is one file, `latest.weights.npz`, and holds weights, the state of
    the optimizer, metrics, random streams, history, the state of the other callbacks
    (`Callback.get_state`) and the place in the data. It needs NumPy alone. It is written beside its
    place, flushed to the disk and renamed, so it is whole at any moment, also if the process is
    killed or the disk is full. The first backup is made when the first epoch begins.

    The batches that are done are not made again: the order of arrays and of a `PyDataset` is drawn as
    it was, and a `PyDataset` gets its own state back (`PyDataset.get_state`). A generator can only
    be led to its place by drawing all that it gave before, and other iterables what they gave in
    this epoch. What a script draws before `fit()`, such as first weights of layers, it should draw
    with a seed.

    When training ends regularly, the backup is deleted. If the process is killed afterwards, before
    the script has saved its model, the next run trains from the beginning, as in Keras;
    `delete_checkpoint=False` lets it end at once, with the same model.

    Args:
        backup_dir: directory for the backup, for nothing else.
        save_freq: `"epoch"`, or the number of batches between two backups, or False for none.
        double_checkpoint: whether to keep the backup before the last one too, and to go back to it
            if the last one cannot be read.
        delete_checkpoint: whether to delete the backup when training has ended.

    Attributes:
        position: where this training was taken up again, None if it began anew. A loop of one's own
            goes on from `position.epoch` and passes over `position.batch` batches of it.

    Raises:
        ValueError: for an empty `backup_dir` or an unknown `save_freq`; when training begins, if
            the model is not built, or does not fit the backup.
        OSError: when training begins, if the backup is damaged; when a backup cannot be written. The
            one before stays as it is.

    Example:

    >>> import tempfile
    >>> import numpy as np
    >>> import minikeras
    >>> directory = tempfile.mkdtemp()
    >>> x = y = np.ones((8, 1))
    >>> class PowerFailure(minikeras.callbacks.Callback):
    ...     def on_epoch_begin(self, epoch, logs=None):
    ...         if epoch == 2:
    ...             raise KeyboardInterrupt
    >>> def train(*callbacks):
    ...     model = minikeras.Sequential([minikeras.Input((1,)), minikeras.layers.Dense(1)])
    ...     model.compile("sgd", "mse")
    ...     backup = minikeras.callbacks.BackupAndRestore(directory)
    ...     return model.fit(x, y, epochs=4, verbose=0, callbacks=[backup, *callbacks])
    >>> try:
    ...     train(PowerFailure())
    ... except KeyboardInterrupt:
    ...     print("interrupted")
    interrupted
    >>> history = train()
    >>> history.epoch, len(history.history["loss"])
    ([0, 1, 2, 3], 4)
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
        self.position: Position | None = None
        self._path = os.path.join(self.backup_dir, "latest.weights.npz")
        self._schedule = (
            None if save_freq == "epoch" or save_freq is False else EveryNBatches(save_freq)
        )
        self._current_epoch = 0
        self._state: TrainingState | None = None
        self._surroundings: tuple = ((), ())

    def set_surroundings(self, callbacks: Sequence[Any], data: Sequence[Any]) -> None:
        """Take what else there is in this training, before it begins: see `TrainingState`."""
        self._surroundings = callbacks, data

    def get_state(self) -> dict[str, Any]:
        return {"schedule": self._schedule and self._schedule.get_state()}

    def set_state(self, state: dict[str, Any]) -> None:
        if self._schedule is not None and state["schedule"] is not None:
            self._schedule.set_state(state["schedule"])

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if not self.model.built:
            raise ValueError(
                f"BackupAndRestore needs a model that is built before `fit()`. Model {self.model} "
                "is not: call it on a batch of data, or `build()` it, beforehand."
            )
        self._state = TrainingState(self.model, *self._surroundings)
        self.position = self._restore(data=True)
        if self.position is not None:
            self.model._initial_epoch = self.position.epoch

    def _restore(self, data: bool) -> Position | None:
        """Go back to the last backup, if there is one, and return its position.

        All ranks read; nobody writes before they have.
        """
        position = self._read_last(data)
        place = None if position is None else [position.epoch, position.batch, position.within]
        ranks_in_use().agree("BackupAndRestore", {"the place of the last backup": place})
        return position

    def _read_last(self, data: bool) -> Position | None:
        previous = _previous(self._path)
        if not os.path.exists(self._path) and not os.path.exists(previous):
            return None
        optimizer = self.model.optimizer
        if optimizer is not None and not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        try:
            return self._read(data)
        except OSError as error:
            if not os.path.exists(previous):
                raise
            warn(
                f"BackupAndRestore: the backup in {self.backup_dir!r} cannot be read ({error}). "
                "Going back to the one before."
            )
        _copy(previous, self._path)
        return self._read(data)

    def _read(self, data: bool) -> Position:
        from minikeras.saving.saving_lib import load_training

        try:
            state = load_training(self.model, self._path)
        except OSError:
            raise
        except ValueError as error:
            raise ValueError(
                f"BackupAndRestore: the backup in {self.backup_dir!r} does not fit model "
                f"'{self.model.name}'. To begin anew, delete the backup. {error}"
            ) from error
        return self._state.put_back(state, data)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._current_epoch = epoch
        if self.position is None:
            if self.save_freq is not False and not os.path.exists(self._path):
                self._save(Position(epoch, within=True))
        elif self.position.within and self.position.epoch == epoch:
            # What the others do at the beginning of an epoch, they have done before.
            found = self._restore(data=False)
            if found is None or (found.epoch, found.batch) != (epoch, self.position.batch):
                raise RuntimeError(
                    f"BackupAndRestore: the backup in {self.backup_dir!r} has been changed "
                    "meanwhile. Is another process training with the same `backup_dir`?"
                )

    @lazy_hook(lambda self: self._schedule is not None)
    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self._schedule is not None and self._schedule.due(batch):
            _, data = self._surroundings
            done = data[0].step + 1 if data else batch + 1
            self._save(Position(self._current_epoch, done, within=True), logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(Position(epoch + 1), logs)

    def _save(self, position: Position, logs: Logs | None = None) -> None:
        from minikeras.saving.saving_lib import save_training

        first = ranks_in_use().rank == 0
        if not first and not is_split(self.model.variables):
            return
        position.stopped = bool(getattr(self.model, "stop_training", False))
        position.logs = pythonify_logs(logs)
        if first:
            os.makedirs(self.backup_dir, exist_ok=True)
        if first and self.double_checkpoint and os.path.exists(self._path):
            _copy(self._path, _previous(self._path))
        save_training(self.model, self._path, self._state.get(position))

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._forget()
        if not self.delete_checkpoint or ranks_in_use().rank:
            return
        for file in (_previous(self._path), self._path):  # the last one to go is the newest
            with contextlib.suppress(FileNotFoundError):
                os.remove(file)
            remove_leftovers(file)
        with contextlib.suppress(OSError):  # not there, or holding somebody else's files
            os.rmdir(self.backup_dir)

    def on_train_abort(self) -> None:
        self._forget()

    def _forget(self) -> None:
        """Let a later fit begin where it is told to."""
        self.model._initial_epoch = None
        self._state, self._surroundings = None, ((), ())


def _previous(path: str) -> str:
    return f"{path}.bkp"


def _copy(source: str, target: str) -> None:
    import shutil  # slow to import, and few copy

    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)
