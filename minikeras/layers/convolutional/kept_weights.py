"""What predictions make of a layer's weights, kept from call to call."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

MOST = 1 << 18
"""Numbers of a kernel up to which something made of it is kept; what is made may be four times as large."""


class KeptWeights:
    """What was made of some weights, for as long as they stay as they are.

    Arrays of variables do not change (`Variable`): who holds those that something was made of, and finds
    the same ones in their places, may use it again. An optimizer that updates in place would see them
    held, and copy all weights. So nothing is kept until a second prediction follows the first, and all of
    it is dropped by the next call that a tape follows.
    """

    __slots__ = ("_kept", "_met")

    def __init__(self) -> None:
        self._kept: tuple[tuple, Any] | None = None
        self._met = False

    def __deepcopy__(self, memo: Any) -> KeptWeights:
        return KeptWeights()

    def __reduce__(self) -> tuple:
        return KeptWeights, ()

    def drop(self) -> None:
        """Let go of all arrays."""
        self._kept, self._met = None, False

    def get(self, sources: tuple, make: Callable[[], Any]) -> Any:
        """Return what `make` returns, or returned before for the same objects.

        Args:
            sources: all that it depends on: arrays, None, and numbers.
            make: called if it is not there.
        """
        kept = self._kept
        if kept is not None:
            before, made = kept
            if len(before) == len(sources) and all(map(operator.is_, before, sources)):
                return made
        made = make()
        self._kept = (sources, made) if self._met else None
        self._met = True
        return made
