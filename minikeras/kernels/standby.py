"""A thread that stands by: it waits awake for a while, since to wake one that sleeps takes long.

To wake a sleeping thread takes 40 us here, half of what a product of eight million multiply-adds does
on one thread. Who waits awake must not hold the interpreter's lock, and must find it free at the end,
since who finds it taken falls asleep. Both come from a reduction of NumPy: `logical_or` goes on until
it meets True, and what it meets is one place in memory that the other thread writes. It writes that
in such a reduction too, which goes on for some us after it, until the one that waited has had the lock.

Where calls are far apart, or other processes want the processors, to wait awake is of no use. Who has
waited in vain twice in a row sleeps for the next two calls, then for six, and so on.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

PATIENCE = 1_000_000
"""Looks at a place before a thread that stands by falls asleep: some 0.3 ms."""
HANDOVER = 25_000
"""Looks that take as long as the other thread needs to take and give back the interpreter's lock: 7 us."""
LONGEST = 6
"""Vain waits in a row from which on the number of calls to sleep for does not grow: 62."""


class _Flag:
    """A flag that is raised and watched without the interpreter's lock."""

    def __init__(self) -> None:
        # At a distance from other memory, since processors take it from each other by 64 bytes.
        self._memory = np.zeros(192, bool)[64:67]
        self._memory[0] = True

    def set(self, value: bool) -> None:
        self._memory[1] = value

    def raise_and_watch(self, other: _Flag, looks: int) -> Callable[[], object]:
        """Return a function that raises this flag, and then looks at another one until that is up.

        Args:
            other: the other flag.
            looks: how often to look at most.
        """
        # The first of two rows is True at once, and its result is this flag.
        rows = np.broadcast_to(other._memory[:2, None], (2, looks))
        return functools.partial(np.logical_or.reduce, rows, 1, None, self._memory[1:])


class Standby:
    """How a worker stands by between its tasks, and how whoever calls it waits for it."""

    def __init__(self) -> None:
        self.waits = False
        """Whether the worker stands by."""
        self._vain = self._asleep = 0
        self._called, self._ready = _Flag(), _Flag()
        self._wait = self._ready.raise_and_watch(self._called, PATIENCE)
        self._call = self._called.raise_and_watch(_Flag(), HANDOVER)
        self._watch = _Flag().raise_and_watch(self._ready, PATIENCE)

    def wait(self) -> bool:
        """Wait for a call, on the worker's thread; return whether there was one."""
        if self._asleep > 0:
            self._asleep -= 1
            return False
        self._called.set(False)
        self.waits = True
        self._wait()
        called, self.waits = not self.waits, False
        self._vain = 0 if called else min(self._vain + 1, LONGEST)
        self._asleep = 0 if called else 2**self._vain - 2
        return called

    def call(self) -> bool:
        """Call the worker if it stands by; return whether it does.

        When two threads call at once, or the worker gives up at that moment, a call may be in vain:
        whoever calls must not rely on it.
        """
        self._ready.set(False)
        if not self.waits:
            return False
        self.waits = False
        self._call()
        return True

    def watch(self) -> None:
        """Wait for a while, until the worker stands by again or goes on to something else."""
        if self._vain < 2:
            self._watch()

    def goes_on(self) -> None:
        """Let nobody wait for the worker any longer."""
        self._ready.set(True)
