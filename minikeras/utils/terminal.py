"""What a stream can show: lines that change, colours, and how many columns."""

from __future__ import annotations

import os
import sys
import unicodedata
from typing import Any

COLOURS_256, COLOURS_16, NO_COLOURS = 0, 1, 2


def is_live(stream: Any) -> bool:
    """Return whether `stream` shows a line that is written over and over as it changes.

    True of a terminal, a notebook and PyCharm's console; not of a file, a pipe, or a terminal that
    calls itself dumb.
    """
    isatty = getattr(stream, "isatty", None)
    if isatty is not None and isatty():
        return not _is_dumb()
    if is_kernels(stream):
        return True
    return "PYCHARM_HOSTED" in os.environ and stream is sys.__stdout__


def is_kernels(stream: Any) -> bool:
    """Return whether `stream` is that of a Jupyter kernel, whose output a notebook shows."""
    return type(stream).__module__.partition(".")[0] == "ipykernel"


def palette_of(stream: Any) -> int | None:
    """Return how many colours `stream` shows, None if no terminal codes at all.

    The environment decides as it does for other programs: `FORCE_COLOR`, `NO_COLOR`, `TERM` and
    `COLORTERM`.

    Returns:
        `COLOURS_256`, `COLOURS_16`, `NO_COLOURS` for codes without colours (bold letters), or None
        for a file, a pipe or a dumb terminal.
    """
    environ = os.environ
    forced = environ.get("FORCE_COLOR")
    is_terminal = bool(getattr(stream, "isatty", bool)()) if forced is None else forced != ""
    term = environ.get("TERM", "").strip().lower()
    if stream is None or not is_terminal or _is_dumb():
        return None
    if os.name == "nt" and not (environ.get("WT_SESSION") or environ.get("ANSICON") or term):
        return None  # the old Windows console shows codes as they are
    if environ.get("NO_COLOR"):
        return NO_COLOURS
    many = environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit")
    return COLOURS_256 if many or term.endswith(("-256color", "-kitty")) else COLOURS_16


def terminal_width() -> int:
    """Return how many columns there are: what `COLUMNS` says, else the terminal's, else 80."""
    given = os.environ.get("COLUMNS", "")
    if given.isdigit() and int(given):
        return int(given)
    for descriptor in (0, 1, 2):
        try:
            return os.get_terminal_size(descriptor).columns or 80
        except (OSError, ValueError, AttributeError):
            continue
    return 80


def screen_width(text: str) -> int:
    """Return how many columns of the screen `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _is_dumb() -> bool:
    return os.environ.get("TERM", "").strip().lower() in ("dumb", "unknown")
