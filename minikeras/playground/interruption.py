"""Ending from outside what a thread runs: code of the user's that would never end by itself."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class Stopped(KeyboardInterrupt):
    """Raised in code that is to end. What cleans up on Ctrl-C does so for it, too."""


class Interruptible:
    """Runs functions, one at a time, which another thread can stop.

    Python raises the exception between two of its own instructions: one call of NumPy's is still
    finished, and what waits inside of the operating system (`input()`, `time.sleep`) goes on waiting.

    Example:

    >>> from minikeras.playground.interruption import Interruptible
    >>> Interruptible().run(lambda: 2 * 3)
    6
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: _Run | None = None

    def run(self, function: Callable[[], _Result]) -> _Result:
        """Return what a function returns.

        Raises:
            Stopped: if another thread called `stop`.
        """
        run = _Run()
        self._current = run
        try:
            try:
                return function()
            finally:
                with self._lock:
                    self._current = None
                # From here on nobody sends an exception; one that is under way is called back.
                _send(run.thread, None)
        finally:
            run.ended.set()

    def stop(self, patience: float) -> bool:
        """Stop what runs, if it has not ended by itself after a while.

        Args:
            patience: how many seconds it is given to end by itself, and to end once it is told to.

        Returns:
            Whether it has ended.
        """
        run = self._current
        if run is None or run.ended.wait(patience):
            return True
        with self._lock:
            if self._current is run and not run.told:
                run.told = True
                _send(run.thread, Stopped)
        return run.ended.wait(patience)


class _Run:
    """A function that runs: on which thread, whether it was told to end, and whether it has."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.told = False
        self.ended = threading.Event()


def _send(thread: int, exception: Any) -> None:
    """Have CPython raise an exception in a thread, or with None forget one that it was to raise."""
    what = None if exception is None else ctypes.py_object(exception)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), what)
