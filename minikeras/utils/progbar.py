"""A progress bar for loops of known or unknown length."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from minikeras.common.html import progress
from minikeras.common.settings import settings
from minikeras.utils.io_utils import print_msg
from minikeras.utils.notebook import INTERVAL, Panel, format_metric, shows_html
from minikeras.utils.terminal import (
    NO_COLOURS,
    is_live,
    palette_of,
    screen_width,
    terminal_width,
)

BOLD = "\x1b[1m"
GREEN = "\x1b[32m"
GREY = "\x1b[37m"
RESET = "\x1b[0m"

SHORTEST_BAR = 5
"""A line that is too long for the terminal has its bar shortened to this, then its end cut off."""


def draws_live() -> bool:
    """Whether a bar that is made now is drawn over and over."""
    return settings.interactive_logging and is_live(sys.stdout)


class Progbar:
    """Shows how far a loop has got, how long a step takes, and the values of metrics.

    In a terminal the bar is drawn over and over on one line, which is cut to the terminal's width;
    in a notebook it is an output that changes in place. Where the output goes to a file, a pipe, a
    dumb terminal or the logger, only the last line is written. Colours go by `NO_COLOR`, `TERM` and
    `FORCE_COLOR`. What is not drawn costs nothing but a look at the clock.

    Args:
        target: number of steps to expect, None if unknown.
        width: width of the bar in characters.
        verbose: 0 for nothing, 1 for a bar, 2 for one line at the end.
        interval: shortest time between two drawings, and before the first one, in seconds.
        stateful_metrics: names of metrics to show as they are; others are averaged over the steps.
        stateless_metrics: names of metrics to average; others are shown as they are. Without
            either argument all are averaged.
        unit_name: what a step is called.

    Attributes:
        live: whether it is drawn over and over.
        next_drawing: the time of `time.monotonic` before which nothing is drawn but the end.
        panel: the output of a notebook that it is drawn in, None elsewhere.

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
        self.live = draws_live()
        self.panel = Panel() if self.live and verbose == 1 and shows_html() else None
        if self.panel is not None:
            self.interval = max(interval, INTERVAL)
        coloured = settings.interactive_logging and self.panel is None and verbose == 1
        self._coloured = coloured and palette_of(sys.stdout) not in (None, NO_COLOURS)
        self._seen = 0
        self._sums: dict[str, list] = {}  # name: [sum, count], in order of appearance
        self._after_first_step: float | None = None
        self._last_width = 0
        self.next_drawing = math.inf
        self.restart()

    def restart(self) -> None:
        """Begin a new line, for a loop that runs again."""
        self._seen, self._last_width = 0, 0
        self._sums, self._after_first_step = {}, None
        self._start = time.time()
        self._rest()

    def due(self) -> bool:
        """Return whether an `update` now would draw, even if it is not the last one."""
        return time.monotonic() >= self.next_drawing

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
            if finalize or self.due():
                self._draw(current, now, step_time, finalize)
                self._rest()
        elif self.verbose == 2 and finalize and self.target:
            digits = len(str(self.target))
            print_msg(
                f"{current:{digits}d}/{self.target} - {now - self._start:.0f}s -"
                f"{self._format_time(step_time)}{self._metrics()}"
            )

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Take note of `n` more steps; `values` as in `update`."""
        self.update(self._seen + n, values)

    def leave(self) -> None:
        """End the line of a loop that is not gone on with, for what is printed next."""
        if self._last_width:
            print_msg("")
            self._last_width = 0

    def times(self, current: int) -> tuple[str, str]:
        """Return how long `current` steps have taken, and one of them, as they are shown."""
        now = time.time()
        step_time = self._step_time(current, now)
        return f"{now - self._start:.0f}s", self._format_time(step_time).strip()

    def _rest(self) -> None:
        if self.verbose == 1 and self.live:
            self.next_drawing = time.monotonic() + self.interval

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
        if self.target:
            count = f"{current:{len(str(self.target))}d}/{self.target}"
        else:
            count = f"{current:7d}/Unknown"
        if self.target and not finalize:
            clock = _format_eta(step_time * (self.target - current))
        else:
            clock = f"{now - self._start:.0f}s"
        rest = self._format_time(step_time) + self._metrics()
        if self.panel is not None:
            share = min(current / self.target, 1.0) if self.target else None
            line = f"{count.strip()} {clock}{rest}"
            self.panel.show(progress(count.strip(), share, f"{clock}{rest}"), line)
            return
        bar_width = self.width if self.target else 0
        if not finalize:  # a line that goes on in the next one could not be drawn over
            room = terminal_width() - 1
            excess = self._columns(count, bar_width, clock, rest) - room
            if excess > 0:
                bar_width -= min(excess, max(0, bar_width - SHORTEST_BAR))
                excess = self._columns(count, bar_width, clock, rest) - room
                rest = _cut(rest, screen_width(rest) - max(excess, 0))
        filled = int(bar_width * current / self.target) if self.target else 0
        line = count
        if self.target:
            done = self._paint(GREEN, "━" * filled) if filled else ""
            left = self._paint(GREY, "━" * (bar_width - filled))
            line = f"{self._paint(BOLD, count)} {done}{left}"
        line += f" {self._paint(BOLD, clock)}{rest}"
        if not self.live:
            print_msg(line)
            return
        visible = self._columns(count, max(filled, bar_width), clock, rest)
        cover = " " * (self._last_width - visible)
        print_msg(f"\r{line}{cover}" + ("\n" if finalize else ""), line_break=False)
        self._last_width = 0 if finalize else visible

    def _columns(self, count: str, bar_width: int, clock: str, rest: str) -> int:
        """Return how many columns of the screen a line takes."""
        gap = 1 if self.target else 0
        return len(count) + gap + bar_width + 1 + len(clock) + screen_width(rest)

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}{RESET}" if self._coloured else text

    def _metrics(self) -> str:
        text = ""
        for name, (total, count) in self._sums.items():
            mean = (total if type(total) is float else float(np.mean(total))) / max(1, count)
            # As Keras prints it: the one-line form takes every negative value for a small one.
            number = format_metric(mean) if self.verbose == 1 or mean > 0 else f"{mean:.4e}"
            text += f" - {name}: {number}"
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


def _cut(text: str, width: int) -> str:
    """Return `text` cut to `width` columns of the screen."""
    while text and screen_width(text) > max(width - 1, 0):
        text = text[:-1]
    return f"{text}…" if width > 0 else ""


def _format_eta(seconds: float) -> str:
    if seconds <= 60:
        return f"{int(seconds)}s"
    minutes, rest = divmod(int(seconds), 60)
    if seconds <= 3600:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
