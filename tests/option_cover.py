"""A few calls that together hold every value of every option.

The registry tests of layers and ops draw many calls, which costs nothing, and run few. `cover` picks
those: every option is in one of them, and as many pairs of options as so many calls can hold.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from itertools import combinations
from typing import Any, TypeVar

T = TypeVar("T")
Option = tuple[str, str]


def cover(
    pool: Iterable[T], options_of: Callable[[T], frozenset[Option]], more: int = 0
) -> list[T]:
    """Pick calls from a pool, greedily, until each option of the pool is in one of them.

    Args:
        pool: the calls to pick from.
        options_of: gives the options of a call: pairs of an argument's name and a text for its value.
        more: how many calls are picked beyond that, for the pairs that they add.
    """
    pool = [(call, options_of(call)) for call in pool]
    pairs_of = [set(combinations(sorted(options), 2)) for _, options in pool]
    missing = frozenset().union(*(options for _, options in pool))
    missing_pairs = set().union(*pairs_of)
    picked = []
    while missing or more > 0:
        more -= not missing
        gains = [
            (len(options & missing), len(p & missing_pairs))
            for (_, options), p in zip(pool, pairs_of)
        ]
        best = max(range(len(pool)), key=gains.__getitem__)
        if not any(gains[best]):
            break
        call, options = pool[best]
        picked.append(call)
        missing -= options
        missing_pairs -= pairs_of[best]
    return picked


def other_draws(name: str) -> str:
    """Return what the draws of a case follow from: its name, and `MINIKERAS_DRAWS` for others."""
    return name + os.environ.get("MINIKERAS_DRAWS", "")


def text(value: Any) -> str:
    """Return how an option's value is told from others: numbers by value, arrays by rank and kind."""
    if hasattr(value, "dtype") and hasattr(value, "ndim"):
        return f"{value.dtype.kind}{value.ndim}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}({', '.join(map(text, value))})"
    return repr(value)
