"""Outputs of notebooks: HTML that changes in place. IPython is used where it runs, never imported."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from minikeras.common.html import block, disclosure, escape, table
from minikeras.common.settings import settings
from minikeras.utils.terminal import is_kernels

INTERVAL = 0.2
"""Shortest time between two drawings in seconds: each is a message to the browser."""

MOST_ROWS = 100
"""A table of epochs shows the last ones: all of it is sent in each drawing."""

MOST_KEPT_ROWS = 1000
"""The table of a history, which is closed and sent once, may be longer."""


def shows_html() -> bool:
    """Return whether what is shown now goes to a notebook: JupyterLab, VS Code, nbconvert, Colab.

    It does where a kernel of IPython runs the code and its output is not caught or sent elsewhere.
    """
    in_kernel = getattr(running_shell(), "kernel", None) is not None
    return settings.interactive_logging and is_kernels(sys.stdout) and in_kernel


def running_shell() -> Any:
    """Return the shell of IPython that runs the code, in a terminal or a notebook, or None."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if hasattr(ipython, "get_ipython") else None


class Panel:
    """One output of a cell, drawn anew in the same place each time.

    Example:

    ```python
    panel = Panel()
    for i in range(3):
        panel.show(f"<b>{i}</b>", str(i))  # one output, which is 2 at the end
    ```
    """

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, html: str, text: str) -> None:
        """Show something in place of what the panel showed.

        Args:
            html: the body of a page, in which all text is escaped.
            text: the same for readers that show no HTML.
        """
        data = {"text/html": block(html), "text/plain": text}
        if self._handle is None:
            display = import_module("IPython.display").display
            self._handle = display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)


def show(html: str, text: str) -> None:
    """Show an output that stays as it is; arguments as for `Panel.show`."""
    Panel().show(html, text)


class EpochTable:
    """The progress of a training: a row for each epoch, and below them the bar of the one that runs.

    Args:
        epochs: how many epochs there will be at most.
    """

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self._panel = Panel()
        self._columns: list[str] = []  # names of metrics
        self._rows: list[tuple[int, dict[str, str], str, str]] = []
        self._epoch = 0
        self._bar = "", ""  # of the epoch that runs
        self._next_drawing = time.monotonic() + INTERVAL

    def begin(self, epoch: int) -> EpochTable:
        """Take note that an epoch, counted from 0, begins; return what its bar is drawn in."""
        self._epoch = epoch + 1
        return self

    def show(self, html: str, text: str) -> None:
        """Show the bar of the epoch that runs."""
        title = f"Epoch {self._epoch}/{self.epochs} "
        self._bar = html.replace("<div>", f"<div>{title}", 1), title + text
        self._draw(*self._bar)

    def add(self, metrics: dict[str, Any], seconds: str, per_step: str) -> None:
        """Add the row of the epoch that has ended.

        Args:
            metrics: its metrics by name.
            seconds: how long it took.
            per_step: how long a step took.
        """
        self._columns += [name for name in metrics if name not in self._columns]
        shown = {name: format_metric(float(np.mean(value))) for name, value in metrics.items()}
        self._rows.append((self._epoch, shown, seconds, per_step))
        self._bar = "", ""
        if time.monotonic() >= self._next_drawing:
            self._draw("", "")

    def finish(self, remark: str = "") -> None:
        """Show the table as it will stay; below it the bar of an epoch that was left, and a remark."""
        html, text = self._bar
        if remark:
            html += f'<div class="dim">{escape(remark)}</div>'
            text = f"{text} {remark}".strip()
        self._draw(html, text)

    def _draw(self, below: str, text_below: str) -> None:
        rows = self._rows[-MOST_ROWS:]
        header = ["epoch", *self._columns, "time", "step"]
        cells = [[n, *(m.get(c, "-") for c in self._columns), *t] for n, m, *t in rows]
        html = text = ""
        if cells:
            html, text = table(header, cells, "r" * len(header)), text_table(header, cells)
        left_out = len(self._rows) - len(rows)
        if left_out:
            note = f"{left_out} earlier epochs are in the history"
            html, text = f'<div class="dim">… {note}</div>{html}', f"... {note}\n{text}"
        self._panel.show(html + below, text + text_below)
        self._next_drawing = time.monotonic() + INTERVAL


def history_html(history: dict[str, list[Any]], numbers: dict[str, list[int]]) -> str:
    """Return HTML with curves of the metrics of a training, and a table that opens.

    Args:
        history: the values of each metric.
        numbers: of which epoch each value is.
    """
    from minikeras.utils.curves import curve_panels

    values = {
        name: [(n, float(np.mean(v))) for n, v in zip(numbers.get(name, range(1, len(vs) + 1)), vs)]
        for name, vs in history.items()
    }
    if not values:
        return block("no epochs yet")
    by_epoch: dict[int, dict[str, float]] = {}
    for name, points in values.items():
        for number, value in points:
            by_epoch.setdefault(number, {})[name] = value
    rows = [
        [number, *(format_metric(found[name]) if name in found else "-" for name in values)]
        for number, found in sorted(by_epoch.items())
    ]
    count = f"{len(rows)} epochs"
    if len(rows) > MOST_KEPT_ROWS:
        rows, count = rows[-MOST_KEPT_ROWS:], f"the last {MOST_KEPT_ROWS} of {count}"
    cells = table(["epoch", *values], rows, "r" * (1 + len(values)))
    return block(curve_panels(values) + disclosure(count, cells))


def text_table(header: Sequence[Any], rows: Sequence[Sequence[Any]]) -> str:
    """Return a table as lines of text, each column as wide as it has to be."""
    lines = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "".join(
        "  ".join(cell.rjust(w) for cell, w in zip(line, widths)).rstrip() + "\n" for line in lines
    )


def format_metric(value: float) -> str:
    """Return the value of a metric as progress shows it."""
    return f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}"
