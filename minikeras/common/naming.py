"""Names: counted defaults, snake case, and the nearest known name for a message."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterable

_counts: dict[str, int] = defaultdict(int)
_lock = threading.Lock()


def to_snake_case(name: str) -> str:
    """Return a class name in snake case: `MaxPooling2D` becomes `max_pooling2d`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(prefix: str) -> str:
    """Return `prefix` in snake case, with a number from its second use on."""
    return uniquify(to_snake_case(prefix))


def uniquify(name: str) -> str:
    """Return `name`, `name_1`, `name_2`, ... in turn."""
    with _lock:
        n = _counts[name]
        _counts[name] += 1
    return name if n == 0 else f"{name}_{n}"


def get_uid(prefix: str = "") -> int:
    """Count `prefix` once more and return the count, as `keras.backend.get_uid` does."""
    with _lock:
        _counts[prefix] += 1
        return _counts[prefix]


def reset_names() -> None:
    """Start counting anew, as `clear_session` does."""
    with _lock:
        _counts.clear()


def nearest_names(name: str, known: Iterable[str], n: int = 1) -> list[str]:
    """Return the known names most like `name`, the nearest first.

    Case is left out of account, and of names that differ in nothing else the one with as many
    capitals as `name` is taken.
    """

    import difflib  # only messages need it

    def capitals(k: str) -> int:
        return sum(c.isupper() for c in k)

    name = str(name)
    by_lower: dict[str, str] = {}
    for k in known:
        other = by_lower.setdefault(k.lower(), k)
        if abs(capitals(k) - capitals(name)) < abs(capitals(other) - capitals(name)):
            by_lower[k.lower()] = k
    close = difflib.get_close_matches(name.lower(), by_lower, n=n, cutoff=0.55)
    return [by_lower[c] for c in close]


def unknown_name_message(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the message for a name that is not known, with the nearest one that is.

    Example:

    >>> unknown_name_message("activation", "rleu", ["relu", "tanh"])
    "Unknown activation: 'rleu'. Did you mean 'relu'? Known activations: relu, tanh"
    """
    known = sorted({str(k) for k in known})
    near = nearest_names(name, known)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    listed = ", ".join(known[:60]) + (", ..." if len(known) > 60 else "")
    return f"Unknown {kind}: {name!r}.{hint} Known {_plural(kind)}: {listed}"


def _plural(noun: str) -> str:
    return noun + ("es" if noun.endswith("s") else "s")
