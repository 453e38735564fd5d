"""`TerminateOnNaN`: ends training when the loss is not a finite number."""

from __future__ import annotations

import math

from minikeras.callbacks.callback import Callback, Logs
from minikeras.common.settings import settings
from minikeras.utils.io_utils import print_msg


class TerminateOnNaN(Callback):
    """Ends training after a batch whose loss is NaN or infinite.

    Args:
        raise_error: whether to raise rather than to set `model.stop_training`.
        locate: whether to check every operation while training, so that the first one to give a
            NaN or an infinity raises an error that names it and its layer. Slow; not in Keras.

    Raises:
        RuntimeError: after such a batch, if `raise_error`.

    Example:

    >>> from types import SimpleNamespace
    >>> from minikeras.callbacks import TerminateOnNaN
    >>> guard = TerminateOnNaN()
    >>> guard.set_model(SimpleNamespace(stop_training=False))
    >>> guard.on_train_batch_end(7, {"loss": float("nan")})
    Batch 7: Invalid loss, terminating training
    >>> guard.model.stop_training
    True
    """

    def __init__(self, raise_error: bool = False, locate: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error
        self.locate = locate
        self._setting_before: bool | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if self.locate and self._setting_before is None:
            self._setting_before = settings.debug_numerics
            settings.debug_numerics = True

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}. Loss value: {loss}. "
                "Terminating training immediately."
            )
        print_msg(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._restore_setting()

    def on_train_abort(self) -> None:
        self._restore_setting()

    def _restore_setting(self) -> None:
        if self._setting_before is not None:
            settings.debug_numerics = self._setting_before
            self._setting_before = None
