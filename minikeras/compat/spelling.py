"""What scripts are told once: how a name is spelled today."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minikeras.common.traceback_utils import warn

_told: set[tuple[str, str]] = set()


class OldSpelling(FutureWarning):
    """A name that Keras no longer has was used; the message says today's."""


def tell(old: str, today: str) -> None:
    """Warn, once for each old name, how it is spelled today.

    Args:
        old: the old spelling: `"Dense(output_dim=...)"`.
        today: today's: `"Dense(units=...)"`.
    """
    if (old, today) not in _told:
        _told.add((old, today))
        library = "TensorFlow" if old.startswith("tf.") else "Keras"
        warn(f"`{old}` is older {library}. Today it is `{today}`.", OldSpelling)


def forget_what_was_told() -> None:
    """Tell everything again, as at the start of a script."""
    _told.clear()


def old_function(today: str) -> Callable[[Callable], Callable]:
    """Decorate a function that Keras no longer has: it tells what to use instead.

    Args:
        today: that.
    """

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            tell(function.__name__, today)
            return function(*args, **kwargs)

        return call

    return decorate
