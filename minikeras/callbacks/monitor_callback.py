"""`MonitorCallback`: what the callbacks that watch one metric share."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

from minikeras.callbacks.callback import Callback
from minikeras.common.traceback_utils import warn
from minikeras.saving.plain_data import automatic


class MonitorCallback(Callback):
    """Base of callbacks that ask whether a metric has become better.

    Args:
        monitor: name of the metric in the logs, such as `"loss"` or `"val_accuracy"`.
        mode: `"min"` if less is better, `"max"` if more is, `"auto"` to take it from the metric:
            losses and errors go down, accuracies up.
        baseline: the first value to beat.
        min_delta: least change that counts as better.

    Attributes:
        monitor_op: `operator.lt` or `operator.gt`, None until the direction is known.
        best: the best value so far.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warn(
                f"{type(self).__name__} mode '{mode}' is unknown, fallback to auto mode. "
                "Expected 'auto', 'min' or 'max'."
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        self.monitor_op: Callable[[Any, Any], bool] | None = None

    @automatic
    def get_state(self) -> dict[str, Any]:
        state = super().get_state()
        state.pop("monitor_op", None)  # settled anew
        return state

    def _set_monitor_op(self) -> None:
        """Settle which direction is better, once; metrics exist only after the first batch."""
        if self.monitor_op is not None:
            return
        mode = self.mode
        if mode == "auto":
            mode = self._direction_of_metric()
        self.monitor_op = operator.lt if mode == "min" else operator.gt

    def _direction_of_metric(self) -> str:
        name = self.monitor.removeprefix("val_")
        for metric in _leaves(getattr(self.model, "metrics", ())):
            direction = getattr(metric, "_direction", None)
            if direction is not None and metric.name == name:
                return "max" if direction == "up" else "min"
        if name == "loss":
            return "min"
        raise ValueError(
            f"{type(self).__name__}: argument `mode` is 'auto', but whether monitor="
            f"{self.monitor!r} is better high or low cannot be told. Pass mode='max' to keep the "
            "highest value or mode='min' to keep the lowest."
        )

    def _is_improvement(self, value: float, reference: float | None) -> bool:
        if reference is None:
            return True
        self._set_monitor_op()
        less_is_better = self.monitor_op is operator.lt
        margin = self.min_delta if less_is_better else -self.min_delta
        return bool(self.monitor_op(value + margin, reference))


def _leaves(metrics: Any) -> Iterator[Any]:
    """Yield every metric, those inside of containers of metrics too."""
    for metric in metrics:
        inner = getattr(metric, "metrics", None)
        if inner:
            yield from _leaves(inner)
        else:
            yield metric
