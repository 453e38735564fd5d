"""`CallbackList`: many callbacks, called as one."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from minikeras import tree
from minikeras.callbacks.backup_and_restore import BackupAndRestore
from minikeras.callbacks.callback import Callback, Logs, pythonify_logs
from minikeras.callbacks.history import History
from minikeras.callbacks.progbar_logger import ProgbarLogger
from minikeras.callbacks.training_state import Position

_ALIASES = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}
_BATCH_HOOKS = (
    *_ALIASES,
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_predict_batch_begin",
    "on_predict_batch_end",
)
_KINDS = ("train", "test", "predict")


class CallbackList(Callback):
    """Calls the hooks of several callbacks, in order, with logs of Python floats.

    Which callbacks have hooks of their own for batches is looked up at construction and when training
    or an epoch begins (some get theirs only then), so a loop can skip what nobody wants:

    ```python
    if callbacks.wants_train_batches:
        callbacks.on_train_batch_end(step, logs)
    ```

    A `BackupAndRestore` comes last wherever it stands in the list: it writes down what the others
    know when they are done.

    The hooks for the end of a batch leave their logs unread where no callback reads them.

    Args:
        callbacks: a callback, or a list of them, or a nested structure of lists.
        add_history: whether to add a `History` if there is none.
        add_progbar: whether to add a `ProgbarLogger` if there is none.
        model: the model, given to every callback.
        **params: `verbose`, `epochs` and `steps`, given to every callback.

    Attributes:
        callbacks: the list; `append` adds to it.
        data: what `BackupAndRestore` asks for the place in the data of training and validation.
        wants_train_batches: whether a callback has something to do in each batch of training.
        wants_test_batches: the same for evaluation.
        wants_predict_batches: the same for prediction.

    Raises:
        TypeError: if something in `callbacks` is not a callback.

    Example:

    >>> from minikeras.callbacks import CallbackList, LambdaCallback
    >>> callbacks = CallbackList([LambdaCallback(on_epoch_end=lambda e, logs: print(e, logs))])
    >>> callbacks.wants_train_batches
    False
    >>> callbacks.on_epoch_end(0, {"loss": 1})
    0 {'loss': 1.0}
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        self.callbacks: list[Any] = tree.flatten(callbacks) if callbacks else []
        for callback in self.callbacks:
            _check(callback)
        if add_history and not any(isinstance(c, History) for c in self.callbacks):
            self.callbacks.append(History())
        if add_progbar and not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        self.data: tuple = ()
        self.set_model(model)
        self.set_params(params)

    @property
    def resumed(self) -> Position | None:
        """Where a training that is taken up again goes on; None for one that is not."""
        places = [c.position for c in self._backups]
        return next((p for p in reversed(places) if p is not None), None)

    def append(self, callback: Any) -> None:
        """Add a callback at the end, and give it the model and the parameters."""
        _check(callback)
        self.callbacks.append(callback)
        if self.model is not None:
            self._introduce(callback)
        if self.params:
            callback.set_params(self.params)
        self._plan()

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)
        self._plan()

    def set_model(self, model: Any) -> None:
        if model is None:
            return
        self._model = model
        for callback in self.callbacks:
            self._introduce(callback)

    def _introduce(self, callback: Any) -> None:
        callback.set_model(self.model)
        if isinstance(callback, History):
            self.model.history = callback

    def _plan(self) -> None:
        """Look up who is to be called in each batch, and in which order."""
        # A call of `predict` for a few rows without callbacks is over in no time.
        self.__dict__.update(_plan_of(self.callbacks) if self.callbacks else _OF_NOBODY)

    def idle_until(self, kind: str) -> float:
        """Return until when, by `time.monotonic`, no callback has anything to do in a batch.

        A loop may skip the hooks for the batches that end before, all but the first and the last.

        Args:
            kind: `"train"`, `"test"` or `"predict"`.

        Returns:
            Minus infinity where a callback wants every batch, infinity where none wants one between
            the first and the last.
        """
        clocks = self._clocks[kind]
        return -math.inf if clocks is None else min((clock() for clock in clocks), default=math.inf)

    def readable(self, logs: Logs | None) -> Logs:
        """Return logs as callbacks are given them."""
        return pythonify_logs(logs)

    def _all(self, name: str, *args: Any, logs: Logs | None) -> None:
        if not self.callbacks:
            return
        logs = self.readable(logs)
        as_given = dict(logs) if self._backups else None  # callbacks may add to theirs
        for callback in self._others:
            getattr(callback, name)(*args, logs)
        for callback in self._backups:
            getattr(callback, name)(*args, as_given)

    def _begin_batch(self, name: str, batch: int, logs: Logs | None) -> None:
        hooks = self._hooks[name]
        if hooks:
            logs = self.readable(logs)
            for hook, _ in hooks:
                hook(batch, logs=logs)

    def _end_batch(self, name: str, batch: int, logs: Logs | None) -> None:
        made: Logs | None = None
        for hook, lazy in self._hooks[name]:
            if made is None and not lazy:
                made = self.readable(logs)
            hook(batch, logs=logs if lazy else made)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        for callback in self._backups:
            callback.set_surroundings(self.callbacks, self.data)
        self._all("on_train_begin", logs=logs)
        self._plan()

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._all("on_train_end", logs=logs)
        self._plan()

    def on_train_abort(self) -> None:
        for callback in self.callbacks:
            if hasattr(callback, "on_train_abort"):  # those written for Keras have none
                callback.on_train_abort()
        self._plan()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._all("on_epoch_begin", epoch, logs=logs)
        self._plan()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._all("on_epoch_end", epoch, logs=logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._begin_batch("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._end_batch("on_train_batch_end", batch, logs)

    # The older names call what the newer ones call.
    on_batch_begin = on_train_batch_begin
    on_batch_end = on_train_batch_end

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._all("on_test_begin", logs=logs)
        self._plan()

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._all("on_test_end", logs=logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._begin_batch("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._end_batch("on_test_batch_end", batch, logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._all("on_predict_begin", logs=logs)
        self._plan()

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._all("on_predict_end", logs=logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._begin_batch("on_predict_batch_begin", batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._end_batch("on_predict_batch_end", batch, logs)


def _check(callback: Any) -> None:
    if isinstance(callback, type) or not hasattr(callback, "set_model"):
        hint = ""
        if isinstance(callback, type) and issubclass(callback, Callback):
            hint = f" Did you mean {callback.__name__}()?"
        raise TypeError(
            "CallbackList: argument `callbacks` must hold instances of Callback. "
            f"Received: {callback!r} of type {type(callback).__name__}.{hint}"
        )


def _plan_of(callbacks: list[Any]) -> dict[str, Any]:
    """Return what a `CallbackList` knows of its callbacks, as its attributes."""
    backups = [c for c in callbacks if isinstance(c, BackupAndRestore)]
    others = [c for c in callbacks if not isinstance(c, BackupAndRestore)]
    hooks = {name: _own_hooks([*others, *backups], name) for name in _BATCH_HOOKS}
    clocks: dict[str, list[Callable[[], float]] | None] = {}
    plan = {"_backups": backups, "_others": others, "_hooks": hooks, "_clocks": clocks}
    for kind in _KINDS:
        begin, end = (hooks[f"on_{kind}_batch_{edge}"] for edge in ("begin", "end"))
        plan[f"wants_{kind}_batches"] = bool(begin or end)
        of_end = [_clock_of(hook) for hook, _ in end]
        clocks[kind] = None if begin or None in of_end else of_end
    return plan


def _clock_of(hook: Callable) -> Callable[[], float] | None:
    """Return what tells until when a hook has nothing to do, None for one that is always called."""
    function = getattr(hook, "__func__", hook)
    until = getattr(function, "until", None)
    return until and partial(until, hook.__self__)


def _own_hooks(callbacks: list[Any], name: str) -> list[tuple[Callable, bool]]:
    """Return the hooks of that name (or its alias) that do something, and whether they are lazy."""
    hooks = []
    names = [name, _ALIASES[name]] if name in _ALIASES else [name]
    for callback in callbacks:
        for candidate in names:
            hook = getattr(callback, candidate)
            function = getattr(hook, "__func__", hook)
            if function is getattr(Callback, candidate):
                continue
            needed = getattr(function, "needed", None)
            if needed is None or needed(callback):
                hooks.append((hook, needed is not None))
            break
    return hooks


_OF_NOBODY = _plan_of([])
