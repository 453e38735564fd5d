"""Flat lists of leaves, laid out again as the structure that they came from."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from minikeras import tree


def packer(structure: Any) -> Callable[[list], Any]:
    """Return the function that lays out a flat list of leaves (without the Nones) as `structure`.

    For the commonest structures it is one of Python's own functions: `tuple`, for a flat tuple, and
    `only`, for a leaf alone.
    """
    if not tree.is_nested(structure):
        return only
    if type(structure) is tuple and not any(tree.is_nested(p) or p is None for p in structure):
        return tuple

    def pack(leaves: list) -> Any:
        rest = iter(leaves)
        return tree.map_structure(lambda _: next(rest), structure, none_is_leaf=False)

    return pack


only = itemgetter(0)
