"""Where messages go: standard output, or the `minikeras` logger."""

from __future__ import annotations

import sys

from minikeras.common.settings import settings
from minikeras.distribution.distribution_lib import ranks_in_use


def enable_interactive_logging() -> None:
    """Send messages and progress bars to standard output. This is the default.

    Example:

    >>> from minikeras.utils.io_utils import print_msg, enable_interactive_logging
    >>> enable_interactive_logging()
    >>> print_msg("hello")
    hello
    """
    settings.interactive_logging = True


def disable_interactive_logging() -> None:
    """Send messages to the logger `minikeras` of `logging`, at level INFO.

    Meant for jobs that nobody watches: progress bars then log one line an epoch.

    Example:

    >>> from minikeras.utils.io_utils import *
    >>> disable_interactive_logging()
    >>> is_interactive_logging_enabled()
    False
    >>> enable_interactive_logging()
    """
    settings.interactive_logging = False


def is_interactive_logging_enabled() -> bool:
    """Return whether messages go to standard output rather than to the logger.

    Example:

    >>> from minikeras.utils.io_utils import is_interactive_logging_enabled
    >>> is_interactive_logging_enabled()
    True
    """
    return settings.interactive_logging


def print_msg(message: object, line_break: bool = True) -> None:
    """Print `message`, or log it where interactive logging is off.

    Args:
        message: what to print, taken through `str`.
        line_break: whether to end the line after it.

    Example:

    >>> from minikeras.utils.io_utils import print_msg
    >>> print_msg("one,", line_break=False); print_msg(" two")
    one, two
    """
    if ranks_in_use().rank:  # rank 0 says it for all
        return
    text = str(message)
    if not settings.interactive_logging:
        import logging  # which is slow to import, and mostly not needed

        logging.getLogger("minikeras").info(text.strip("\n"))
        return
    out = sys.stdout
    if out is None:  # a windowed Python on Windows has none
        return
    if line_break:
        text += "\n"
    try:
        out.write(text)
    except UnicodeEncodeError:
        encoding = out.encoding or "utf-8"
        plain = text.replace("━", "=").encode(encoding, errors="ignore")
        out.write(plain.decode(encoding))
    out.flush()


def ask_to_proceed_with_overwrite(filepath: object) -> bool:
    """Ask on the terminal whether `filepath`, which exists, may be overwritten.

    Returns:
        True for the answer `y`, False for `n`; any other answer is asked again.
    """
    answer = input(f"[WARNING] {filepath} already exists - overwrite? [y/n]").strip().lower()
    while answer not in ("y", "n"):
        answer = input('Enter "y" (overwrite) or "n" (cancel).').strip().lower()
    if answer == "y":
        print_msg("[TIP] Next time specify overwrite=True!")
    return answer == "y"
