"""`LambdaCallback`: a callback made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minikeras.callbacks.callback import Callback


class LambdaCallback(Callback):
    """Calls the given functions as hooks.

    Args:
        on_epoch_begin: function of `(epoch, logs)`.
        on_epoch_end: function of `(epoch, logs)`.
        on_train_begin: function of `(logs)`.
        on_train_end: function of `(logs)`.
        on_train_batch_begin: function of `(batch, logs)`.
        on_train_batch_end: function of `(batch, logs)`.
        **kwargs: any other method of `Callback` by name, such as `on_test_end`, and further
            attributes of any other name.

    Raises:
        TypeError: if a keyword begins with `on_` but is no hook, or what is given as a method cannot
            be called.

    Example:

    >>> from minikeras.callbacks import LambdaCallback
    >>> tell = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    >>> tell.on_epoch_end(3, {"loss": 0.5})
    3 0.5
    """

    def __init__(
        self,
        on_epoch_begin: Callable | None = None,
        on_epoch_end: Callable | None = None,
        on_train_begin: Callable | None = None,
        on_train_end: Callable | None = None,
        on_train_batch_begin: Callable | None = None,
        on_train_batch_end: Callable | None = None,
        **kwargs: Callable,
    ) -> None:
        super().__init__()
        hooks: dict[str, Any] = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in hooks.items():
            own = getattr(Callback, name, None)
            if (name.startswith(("on_", "_")) or name in vars(Callback)) and not callable(own):
                raise TypeError(
                    f"LambdaCallback: unknown argument {name!r}. "
                    f"Expected one of {sorted(n for n in vars(Callback) if n.startswith('on_'))}."
                )
            if own is not None:
                if function is None:
                    continue
                if not callable(function):
                    raise TypeError(
                        f"LambdaCallback: argument `{name}` must be a function. "
                        f"Received: {function!r}"
                    )
            setattr(self, name, function)
