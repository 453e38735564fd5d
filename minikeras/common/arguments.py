"""Checks of constructor arguments that several layers take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def standardize_tuple(
    value: Any, n: int, name: str, owner: str, allow_zero: bool = False
) -> tuple[int, ...]:
    """Return `n` whole numbers of one, or of `n`.

    Args:
        value: an integer, or `n` of them.
        n: how many there are to be.
        name: name of the argument, for messages.
        owner: who takes it, for messages.
        allow_zero: whether zeros are allowed.

    Raises:
        ValueError: if `value` is something else, or too small.
    """
    expected = f"{owner}: `{name}` must be an integer" + (f" or {n} integers" if n > 1 else "")
    if isinstance(value, bool):
        raise ValueError(f"{expected}. Received: {name}={value!r}")
    if hasattr(value, "__index__"):
        numbers = (int(value),) * n
    else:
        try:
            numbers = tuple(int(v) if hasattr(v, "__index__") else None for v in value)
        except TypeError:
            numbers = ()
        if len(numbers) != n or None in numbers:
            raise ValueError(f"{expected}. Received: {name}={value!r}")
    if min(numbers) < (0 if allow_zero else 1):
        least = "0 or more" if allow_zero else "positive"
        least = f"each {least}" if n > 1 else least
        raise ValueError(f"{expected}, {least}. Received: {name}={value!r}")
    return numbers


def standardize_padding(value: Any, owner: str, allowed: Sequence[str] = ("valid", "same")) -> str:
    """Return a kind of padding in lower case.

    Raises:
        ValueError: if it is not one of `allowed`.
    """
    padding = value.lower() if isinstance(value, str) else value
    if padding not in allowed:
        kinds = ", ".join(repr(a) for a in allowed)
        raise ValueError(f"{owner}: `padding` must be one of {kinds}. Received: padding={value!r}")
    return padding
