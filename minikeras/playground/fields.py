"""The fields of the page that hold numbers, and what is said where one holds something else."""

from __future__ import annotations

from numbers import Real
from typing import Any

MOST_SEED = 2**32 - 1
"""The largest seed that NumPy's older generators take."""

MOST_BATCH = 1_000_000
"""The largest batch size; a batch of more than all examples is all of them."""

MOST_RATE = 1_000_000
"""The largest learning rate."""


class FieldError(ValueError):
    """What is in a field of the page cannot be used; the page says so beside it.

    Args:
        field: name of the argument that the field is for.
        message: what is wrong.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def check_number(
    field: str, label: str, value: Any, least: float, most: float, whole: bool = True
) -> None:
    """Make sure that a field holds a number that may be used.

    Args:
        field: name of the argument.
        label: what the page calls the field.
        value: what it holds.
        least, most: bounds, which are allowed.
        whole: whether it must be a whole number.

    Raises:
        FieldError: if it does not.

    Example:

    >>> from minikeras.playground.fields import check_number
    >>> check_number("seed", "Seed", -1, 0, 10)
    Traceback (most recent call last):
    minikeras.playground.fields.FieldError: Seed must be a whole number from 0 to 10. Received: -1
    """
    number = isinstance(value, Real) and not isinstance(value, bool)
    if number and least <= value <= most and (not whole or value == int(value)):
        return
    received = "no number" if value in ("", None) else repr(value)[:40]
    bounds = f"{label} must be a {'whole number' if whole else 'number'} from {least} to {most}"
    raise FieldError(field, f"{bounds}. Received: {received}")
