"""`Callback`: the hooks that a training, evaluation or prediction loop calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import check_constructor
from minikeras.common.printing import Printed
from minikeras.saving.plain_data import (
    NOT_LEARNT,
    automatic,
    plain_attributes,
    put_back_attributes,
)

Logs = dict[str, Any]


class Callback(Printed):
    """Base class of callbacks: override the hooks where something is to happen.

    Pass callbacks to `fit()`, `evaluate()` and `predict()`, or put them in a `CallbackList` and
    call its hooks in a loop of your own. The `logs` that a hook gets hold Python floats by name of
    the metric. A hook at batch level costs time in every batch, so loops call the hooks of batches
    only where a callback has its own.

    Attributes:
        params: dict of what the loop knows: `verbose`, `epochs`, `steps`.
        model: the model being trained. Setting `model.stop_training = True` ends training after
            the current batch or epoch.

    Example:

    >>> from minikeras.callbacks import Callback, CallbackList
    >>> class Shout(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(f"EPOCH {epoch}: {logs}")
    >>> callbacks = CallbackList([Shout()])
    >>> callbacks.on_epoch_end(0, {"loss": 0.5})
    EPOCH 0: {'loss': 0.5}
    """

    # Of the class, so that a subclass whose __init__ does not call this one works too.
    params: Any = None  # a dict, while a loop runs
    _model: Any = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith("minikeras."):
            check_constructor(cls)

    def __init__(self) -> None:
        self.params = None
        self._model = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the loop's parameters."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take the model."""
        self._model = model

    @property
    def model(self) -> Any:
        return self._model

    @automatic
    def get_state(self) -> dict[str, Any]:
        """Return what the callback has learnt in the course of training, as plain data.

        `BackupAndRestore` writes it and gives it to `set_state` when training is taken up again,
        after `on_train_begin`. By default it is every attribute that has changed since training
        began, if it is a number, string, array, random generator, or a list, dict or the like of
        them. What else a callback holds, such as an open file, it has to make anew. Keras has no
        such method.

        Example:

        >>> from minikeras.callbacks import Callback
        >>> class Count(Callback):
        ...     epochs = 0
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         self.epochs += 1
        >>> count = Count()
        >>> count.on_epoch_end(0)
        >>> count.get_state()
        {'epochs': 1}
        """
        return plain_attributes(self, without=NOT_LEARNT)

    def set_state(self, state: dict[str, Any]) -> None:
        """Put back what `get_state` returned, in a training that is taken up again."""
        put_back_attributes(self, state)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Called when training begins, with no logs."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Called when training has ended, with the logs of the last epoch.

        Not called where an exception ends training: see `on_train_abort`.
        """

    def on_train_abort(self) -> None:
        """Called where an exception ends training, before it reaches the caller.

        The place to undo what `on_train_begin` did outside the callback. Keras has no such hook.
        """

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Called when an epoch of training begins; epochs count from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Called when an epoch and its validation have ended.

        Args:
            epoch: the epoch, counted from 0.
            logs: metrics over the epoch; those of the validation begin with `val_`.
        """

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a batch, or before `steps_per_execution` of them."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a batch, or after `steps_per_execution` of them.

        Args:
            batch: the last batch done, counted from 0 in each epoch.
            logs: metrics over the epoch so far.
        """
        self.on_batch_end(batch, logs=logs)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Another name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Another name of `on_train_batch_end`."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Called when an evaluation or a validation begins."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Called when an evaluation or a validation has ended, with its metrics."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a batch of an evaluation or a validation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a batch of an evaluation or a validation, with the metrics so far."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Called when a prediction begins."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Called when a prediction has ended."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a batch of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a batch of a prediction; `logs["outputs"]` holds what it gave."""


def lazy_hook(
    needed: Callable[[Any], bool], until: Callable[[Any], float] | None = None
) -> Callable[[Callable], Callable]:
    """Mark a batch-end hook that is not always needed, and does not always read its logs.

    `CallbackList` asks `needed(callback)` when training begins and leaves the hook out where the
    answer is no. A marked hook gets its logs as the loop has them, perhaps `LazyLogs`, which cost
    something only when they are read; `pythonify_logs` reads them. The mark is on the function: a
    subclass that overrides the hook is called always, with plain numbers.

    Args:
        needed: whether a callback needs the hook.
        until: the time of `time.monotonic` before which a callback has nothing to do there. `fit`
            calls the hook for the first and the last batch and where that time has come.
    """

    def mark(hook: Callable) -> Callable:
        hook.needed, hook.until = needed, until
        return hook

    return mark


def pythonify_logs(logs: Logs | None) -> Logs:
    """Return `logs` sorted by key, with numbers and scalar arrays as floats.

    Dicts inside are merged into the result; what is not a number stays, tensors as arrays.

    Example:

    >>> import numpy as np
    >>> from minikeras.callbacks.callback import pythonify_logs
    >>> pythonify_logs({"loss": np.float32(0.5), "inner": {"acc": 1}, "per_class": [1.0, 2.0]})
    {'acc': 1.0, 'loss': 0.5, 'per_class': [1.0, 2.0]}
    """
    result: Logs = {}
    for key, value in sorted((logs or {}).items()):
        if type(value) is float:
            result[key] = value
        elif isinstance(value, dict):
            result.update(pythonify_logs(value))
        else:
            if hasattr(value, "__array__"):
                value = np.array(value.array if isinstance(value, Tensor) else value)
            try:
                result[key] = float(value.item() if getattr(value, "size", 0) == 1 else value)
            except (TypeError, ValueError):
                result[key] = value
    return result
