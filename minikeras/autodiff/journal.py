"""`Journal`: what calls change, noted so that it can be changed back and done again.

Whoever replaces a variable's array says so first (`note_change`); where nobody keeps a journal that costs
one look at the thread's state.
"""

from __future__ import annotations

from typing import Any

from minikeras.autodiff.state import thread


class Journal:
    """A context that notes which variables change on this thread, and which losses layers add.

    Attributes:
        before: by id of each variable that changed, itself and what it held first.
        losses: lists that a loss was added to, each with the loss's place in it.
    """

    def __init__(self) -> None:
        self.before: dict[int, tuple] = {}
        self.losses: list[tuple[list, int]] = []

    def __enter__(self) -> Journal:
        self._outer, thread.state.journal = thread.state.journal, self
        return self

    def __exit__(self, *exc: Any) -> None:
        outer = thread.state.journal = self._outer
        if outer is not None:
            for key, change in self.before.items():
                outer.before.setdefault(key, change)
            outer.losses += self.losses

    def go_back(self) -> None:
        """Give all variables the values that they had before."""
        for variable, array, exact in self.before.values():
            variable.array, variable.exact = array, exact


def note_change(variable: Any) -> None:
    """Say that a variable is about to get another array."""
    journal = thread.state.journal
    if journal is not None and id(variable) not in journal.before:
        journal.before[id(variable)] = variable, variable.array, variable.exact
