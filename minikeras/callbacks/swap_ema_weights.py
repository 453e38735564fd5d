"""`SwapEMAWeights`: evaluates the moving average of the weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minikeras.callbacks.callback import Callback, Logs


class SwapEMAWeights(Callback):
    """Puts the optimizer's moving averages in the place of the weights for each evaluation.

    Needs an optimizer with `use_ema=True`. Weights and averages change places, so no memory is
    taken; leave both alone meanwhile. Validation, `evaluate()` and `predict()` then see averaged
    weights (Polyak averaging), training the others.

    Args:
        swap_on_epoch: whether to swap also between the end of an epoch and the beginning of the
            next, so that callbacks after this one, such as `ModelCheckpoint`, see the averages.

    Raises:
        ValueError: when swapping, if the optimizer keeps no averages.

    Example:

    >>> from types import SimpleNamespace
    >>> from minikeras.autodiff import Variable
    >>> from minikeras.callbacks import SwapEMAWeights
    >>> weight, average = Variable(1.0), Variable(0.5)
    >>> swap = SwapEMAWeights()
    >>> swap.set_model(SimpleNamespace(optimizer=SimpleNamespace(
    ...     use_ema=True,
    ...     _trainable_variables=[weight],
    ...     _model_variables_moving_average=[average])))
    >>> swap.on_test_begin()
    >>> float(weight)
    0.5
    >>> swap.on_test_end()
    >>> float(weight)
    1.0
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._averages_in_model = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._show_averages(False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if not self.swap_on_epoch:
            return
        self._show_averages(True)
        last = epoch == self.params["epochs"] - 1 or getattr(self.model, "stop_training", False)
        if last:
            # When training ends the optimizer copies its averages into the model. It now holds
            # the weights in their place.
            for weight, average in self._pairs():
                average.assign(weight.numpy())

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._show_averages(True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._show_averages(False)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._show_averages(True)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._show_averages(False)

    def on_train_abort(self) -> None:
        self._show_averages(False)

    def _show_averages(self, wanted: bool) -> None:
        if wanted == self._averages_in_model:
            return
        for weight, average in self._pairs():
            value = weight.numpy()
            weight.assign(average.numpy())
            average.assign(value)
        self._averages_in_model = wanted

    def _pairs(self) -> Iterator[tuple[Any, Any]]:
        """Yield every trained weight with its moving average."""
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # under loss scaling
        several = getattr(optimizer, "optimizers", [optimizer])
        averaging = [o for o in several if getattr(o, "use_ema", False)]
        if not averaging:
            raise ValueError(
                "SwapEMAWeights must be used when `use_ema=True` is set on the optimizer, or on "
                f"one of several. Received: {optimizer!r} with use_ema=False"
            )
        for one in averaging:
            if not hasattr(one, "_model_variables_moving_average"):
                raise ValueError(
                    "SwapEMAWeights: the optimizer keeps no averages yet, it has not been built. "
                    f"Received: {one!r}"
                )
            yield from zip(one._trainable_variables, one._model_variables_moving_average)
