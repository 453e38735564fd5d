"""`LivePlot`: curves of metrics that grow in a notebook while training runs."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.callbacks.callback import Callback, Logs, lazy_hook, pythonify_logs
from minikeras.common.traceback_utils import warn
from minikeras.utils.curves import curve_panels
from minikeras.utils.notebook import Panel, shows_html

INTERVAL = 0.5
"""Shortest time between two drawings, in seconds."""


class LivePlot(Callback):
    """Draws the curve of each metric in a notebook, and draws it anew while training runs.

    Each metric has a small panel with its curve in training and, dashed, that in validation. The
    last point of a curve in training is that of the epoch that runs. Curves are drawn at most twice
    a second, and need no matplotlib. `minikeras.visualization.plot_history` draws larger ones when
    training is done. Keras has no such callback.

    Outside of notebooks it draws nothing, and warns of it.

    Args:
        metrics: names of the metrics to draw, without `val_`; None for all.

    Example:

    ```python
    model.fit(x, y, epochs=20, validation_split=0.2, callbacks=[LivePlot(["loss"])])
    ```

    >>> from minikeras.callbacks import LivePlot
    >>> LivePlot("loss").metrics
    ['loss']
    """

    def __init__(self, metrics: str | Sequence[str] | None = None) -> None:
        super().__init__()
        self.metrics = [metrics] if isinstance(metrics, str) else metrics and list(metrics)
        self._points: dict[str, list[tuple[int, float]]] = {}
        self._epoch = 0
        self._panel: Panel | None = None
        self._next_drawing = math.inf

    def _idle_until(self) -> float:
        return self._next_drawing

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._points, self._epoch, self._panel = {}, 0, None
        if shows_html():
            self._panel = Panel()
            self._next_drawing = time.monotonic() + INTERVAL
        else:
            warn(
                "LivePlot draws in notebooks only. minikeras.visualization.plot_history makes a "
                "figure of what fit() returns."
            )

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch + 1

    @lazy_hook(lambda self: self._panel is not None, until=_idle_until)
    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self._panel is not None and time.monotonic() >= self._next_drawing:
            self._draw(pythonify_logs(logs))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        for name, value in self._chosen(logs or {}).items():
            self._points.setdefault(name, []).append((epoch + 1, value))
        if self._panel is not None and time.monotonic() >= self._next_drawing:
            self._draw({})

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self._panel is not None:
            self._draw({})
            self._panel = None

    def on_train_abort(self) -> None:
        self.on_train_end()

    def _chosen(self, logs: dict[str, Any]) -> dict[str, float]:
        return {
            name: float(np.mean(value))
            for name, value in logs.items()
            if self.metrics is None or name.removeprefix("val_") in self.metrics
        }

    def _draw(self, running: dict[str, Any]) -> None:
        """Draw the curves, with the values so far of the epoch that runs."""
        points = dict(self._points)
        for name, value in self._chosen(running).items():
            points[name] = [*points.get(name, ()), (self._epoch, value)]
        if points:
            text = ", ".join(f"{name}: {values[-1][1]:.4g}" for name, values in points.items())
            self._panel.show(curve_panels(points), text)
        self._next_drawing = time.monotonic() + INTERVAL
