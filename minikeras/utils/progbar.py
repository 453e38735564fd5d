"""A progress bar for loops of known or unknown length."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from minikeras.common.settings import settings
from minikeras.utils.io_utils import is_live, print_msg

BOLD = "\x1b[1m"
GREEN = "\x1b[32m"
GREY = "\x1b[37m"
RESET = "\x1b[0m"


class Progbar:
    """Shows how far a loop has got, how long a step takes, and the values of metrics.

    In a terminal or a notebook the bar is drawn over and over on one line. Where the output goes
    to a file or a pipe, or to the logger, only the last line is written, without colours.

    Args:
        target: number of steps to expect, None if unknown.
        width: width of the bar in characters.
        verbose: 0 for nothing, 1 for a bar, 2 for one line at the end.
        interval: shortest time between two drawings, in seconds.
        stateful_metrics: names of metrics to show as they are; others are averaged over the steps.
        stateless_metrics: names of metrics to average; others are shown as they are. Without
            either argument all are averaged.
        unit_name: what a step is called.

    Raises:
        ValueError: if both `stateful_metrics` and `stateless_metrics` are given.

    Example:

    >>> from minikeras.utils.progbar import Progbar
    >>> bar = Progbar(target=3, verbose=2)
    >>> for step in range(3):
    ...     bar.update(step + 1, values=[("loss", 0.5)])  # doctest: +ELLIPSIS
    3/3 - 0s - ...s/step - loss: 0.5000
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                "Progbar: only one of `stateful_metrics` and `stateless_metrics` can be given. "
                f"Received: stateful_metrics={stateful_metrics!r}, "
                f"stateless_metrics={stateless_metrics!r}"
            )
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self._averaged = None if stateless_metrics is None else set(stateless_metrics)
        self._shown_as_is = set(stateful_metrics or ())
        self.live = settings.interactive_logging and is_live(sys.stdout)
        self._seen = 0
        self._sums: dict[str, list] = {}  # name: [sum, count], in order of appearance
        self._start = time.time()
        self._after_first_step: float | None = None
        self._last_drawn = 0.0
        self._last_width = 0

    def due(self) -> bool:
        """Return whether an `update` now would draw, even if it is not the last one."""
        return self.verbose == 1 and self.live and self._rested(time.time())

    def update(
        self,
        current: int,
        values: Iterable[tuple[str, Any]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Take note of where the loop is, and draw if it is time to.

        Args:
            current: number of steps done.
            values: pairs of a metric's name and its value for the last step.
            finalize: whether this is the last update; by default, whether `current` has reached
                `target`.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        self._take(current, values or (), finalize)

        now = time.time()
        step_time = self._step_time(current, now)
        if self.verbose == 1:
            if finalize and not self.live:
                print_msg(self._bar(current)[0] + self._info(current, now, step_time, True)[0])
            elif self.live and (finalize or self._rested(now)):
                self._draw(current, now, step_time, finalize)
        elif self.verbose == 2 and finalize and self.target:
            digits = len(str(self.target))
            print_msg(
                f"{current:{digits}d}/{self.target} - {now - self._start:.0f}s -"
                f"{self._format_time(step_time)}{self._metrics()}"
            )

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Take note of `n` more steps; `values` as in `update`."""
        self.update(self._seen + n, values)

    def _rested(self, now: float) -> bool:
        return now - self._last_drawn >= self.interval

    def _take(self, current: int, values: Iterable[tuple[str, Any]], finalize: bool) -> None:
        steps = max(current - self._seen, 1)
        for name, value in values:
            averaged = (
                name not in self._shown_as_is if self._averaged is None else name in self._averaged
            )
            # The last values are final ones: they replace the averages.
            if finalize or not averaged:
                self._sums[name] = [value, 1]
            else:
                total = self._sums.setdefault(name, [0, 0])
                total[0] = total[0] + value * steps
                total[1] += steps
        self._seen = current

    def _draw(self, current: int, now: float, step_time: float, finalize: bool) -> None:
        bar, bar_width = self._bar(current)
        info, info_width = self._info(current, now, step_time, finalize)
        width = bar_width + info_width
        print_msg(
            "\b" * self._last_width
            + "\r"
            + bar
            + info
            + " " * (self._last_width - width)
            + ("\n" if finalize else ""),
            line_break=False,
        )
        self._last_width = width
        self._last_drawn = now

    def _bar(self, current: int) -> tuple[str, int]:
        """Return the count and the bar, and their width on the screen."""
        if not self.target:
            text = f"{current:7d}/Unknown"
            return text, len(text)
        count = f"{current:{len(str(self.target))}d}/{self.target}"
        filled = int(self.width * current / self.target)
        done, left = "━" * filled, "━" * (self.width - filled)
        text = f"{self._paint(BOLD, count)} "
        if filled > 0:
            text += self._paint(GREEN, done)
        return text + self._paint(GREY, left), len(count) + 1 + len(done) + len(left)

    def _info(self, current: int, now: float, step_time: float, finalize: bool) -> tuple[str, int]:
        """Return times and metrics, and their width on the screen."""
        if self.target and not finalize:
            clock = _format_eta(step_time * (self.target - current))
        else:
            clock = f"{now - self._start:.0f}s"
        rest = self._format_time(step_time) + self._metrics()
        return f" {self._paint(BOLD, clock)}{rest}", 1 + len(clock) + len(rest)

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}{RESET}" if self.live else text

    def _metrics(self) -> str:
        text = ""
        for name, (total, count) in self._sums.items():
            mean = float(np.mean(total)) / max(1, count)
            # As Keras prints it: the one-line form takes every negative value for a small one.
            large = mean > 1e-3 or (self.verbose == 1 and mean < -1e-3)
            text += f" - {name}: {mean:.4f}" if large else f" - {name}: {mean:.4e}"
        return text

    def _format_time(self, seconds: float) -> str:
        if seconds >= 1 or seconds == 0:
            return f" {seconds:.0f}s/{self.unit_name}"
        if seconds >= 1e-3:
            return f" {seconds * 1e3:.0f}ms/{self.unit_name}"
        return f" {seconds * 1e6:.0f}us/{self.unit_name}"

    def _step_time(self, current: int, now: float) -> float:
        """Estimate the seconds a step takes, without the first one where there are more."""
        if not current:
            return 0.0
        if self._after_first_step is not None and current > 1:
            return (now - self._after_first_step) / (current - 1)
        if current == 1:
            self._after_first_step = now
        return (now - self._start) / current


def _format_eta(seconds: float) -> str:
    if seconds <= 60:
        return f"{int(seconds)}s"
    minutes, rest = divmod(int(seconds), 60)
    if seconds <= 3600:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
