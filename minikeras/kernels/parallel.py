"""Threads for kernels, and nothing else: NumPy releases the GIL, so halves of an array run at once.

Threads start with the first parallel call. Where they cannot start, tasks run one after another.
What a task computes must not depend on how many of them there are: then neither does the result.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Sequence

_lock = threading.Lock()
_local = threading.local()
_wanted: int | None = None
_pool: _Pool | None = None


class _Pool:
    """Worker threads that take tasks from one queue."""

    def __init__(self, workers: int) -> None:
        self.queue: queue.SimpleQueue = queue.SimpleQueue()
        self.workers = 0
        for _ in range(workers):
            thread = threading.Thread(target=self._work, name="minikeras-kernel", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no threads on this platform, or no more of them
                break
            self.workers += 1

    def _work(self) -> None:
        _local.busy = True
        while (item := self.queue.get()) is not None:
            _perform(*item)
            del item  # it holds arrays

    def stop(self) -> None:
        for _ in range(self.workers):
            self.queue.put(None)


def _perform(task: Callable[[], object], done: queue.SimpleQueue) -> None:
    try:
        task()
    except BaseException as error:
        done.put(error)
    else:
        done.put(None)


def _start() -> _Pool:
    global _pool
    with _lock:
        if _pool is None:
            _pool = _Pool(_count() - 1)
        return _pool


def _count() -> int:
    if _wanted is not None:
        return _wanted
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads() -> int:
    """Return how many tasks run at once, the calling thread's included."""
    return 1 + (_pool or _start()).workers


def set_threads(count: int | None) -> None:
    """Choose how many tasks run at once; None for one per processor.

    Raises:
        ValueError: if `count` is not a positive integer.
    """
    global _pool, _wanted
    if count is not None and (not isinstance(count, int) or count < 1):
        raise ValueError(f"set_threads: `count` must be a positive integer. Received: {count!r}")
    with _lock:
        if _pool is not None:
            _pool.stop()
        _pool, _wanted = None, count


def run(tasks: Sequence[Callable[[], object]]) -> None:
    """Run functions of no arguments, on several threads, and return when all of them have ended.

    The calling thread takes part. A task that itself calls `run` runs its tasks one by one.

    Raises:
        BaseException: the first error that a task raised, after all have ended.
    """
    pool = None
    if len(tasks) > 1 and not getattr(_local, "busy", False):
        pool = _pool or _start()
    if pool is None or pool.workers == 0:
        for task in tasks:
            task()
        return
    done: queue.SimpleQueue = queue.SimpleQueue()
    for task in tasks[1:]:
        pool.queue.put((task, done))
    _local.busy = True
    try:
        _perform(tasks[0], done)
        while True:  # help with what no worker has taken yet
            try:
                item = pool.queue.get_nowait()
            except queue.Empty:
                break
            if item is None:  # a stop sign for a worker
                pool.queue.put(None)
                break
            _perform(*item)
    finally:
        _local.busy = False
    errors = [error for error in [done.get() for _ in tasks] if error is not None]
    if errors:
        raise errors[0]


def _forget() -> None:
    """After a fork the child has no worker threads: start afresh."""
    global _pool, _lock
    _pool, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
