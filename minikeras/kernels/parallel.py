"""Threads for kernels, and how many of its own BLAS may use (`blas.py`). No other file knows of either.

NumPy releases the GIL, so halves of an array run at once.

Threads start with the first parallel call. Where they cannot start, tasks run one after another.
What a task computes must not depend on how many of them there are: then neither does the result.
"""

from __future__ import annotations

import contextlib
import functools
import os
import queue
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from minikeras.common.arguments import PositiveInt, checked
from minikeras.kernels import memory
from minikeras.kernels.blas import blas, forget_users
from minikeras.kernels.cores import count_cores
from minikeras.kernels.standby import Standby


class _Local(threading.local):
    busy = False
    """Whether this thread is running a task."""
    deferring: deferring | None = None
    """The context `deferring` that it is in."""


_local = _Local()
_lock = threading.Lock()
_wanted: int | None = None
_pool: _Pool | None = None


class _Tasks:
    """Functions of no arguments that threads share out: each is run once, by whoever takes it."""

    def __init__(self, tasks: Sequence[Callable[[], object]] = ()) -> None:
        self.left = deque(tasks)
        self.begun = len(tasks)
        self.ended: queue.SimpleQueue = queue.SimpleQueue()

    def add(self, task: Callable[[], object]) -> None:
        self.begun += 1
        self.left.append(task)

    def perform_one(self) -> bool:
        """Run what nobody has taken yet; return whether there was anything."""
        try:
            task = self.left.popleft()
        except IndexError:
            return False
        failure = None
        try:
            task()
        except BaseException as error:
            failure = error
        del task  # it holds arrays, which whoever waits may want to be gone
        self.ended.put(failure)
        return True

    def drop(self) -> None:
        """Forget what nobody has taken yet."""
        with contextlib.suppress(IndexError):
            while True:
                self.left.popleft()
                self.begun -= 1

    def finish(self, meanwhile: _Tasks | None = None) -> None:
        """Run what nobody has taken yet, wait for the rest, and raise the first error if there was one.

        Args:
            meanwhile: tasks to help with rather than to wait.
        """
        before, _local.busy = _local.busy, True
        try:
            while self.perform_one():
                pass
            if meanwhile is not None:
                while self.ended.qsize() < self.begun and meanwhile.perform_one():
                    pass
        finally:
            _local.busy = before
        pool = _pool  # which another thread may end meanwhile
        if pool is not None and self.ended.qsize() < self.begun:
            pool.standby.watch()
        errors = [
            error for error in [self.ended.get() for _ in range(self.begun)] if error is not None
        ]
        self.begun = 0
        if errors:
            raise errors[0]


class _Pool:
    """Worker threads, which help with tasks: first with those that somebody waits for.

    The first of them stands by for a while after each call.
    """

    def __init__(self, workers: int) -> None:
        self.standby = Standby()
        self.urgent: deque[_Tasks] = deque()
        self.patient: deque[_Tasks] = deque()
        # True for each item of the two, None to stop.
        self.calls: queue.SimpleQueue = queue.SimpleQueue()
        self.workers = 0
        for _ in range(workers):
            work = functools.partial(self._work, self._get if self.workers else self._get_awake)
            if not start_thread(work, "minikeras-kernel"):
                break
            self.workers += 1

    def _get(self) -> bool | None:
        """Wait for a call."""
        self.standby.goes_on()
        return self.calls.get()

    def _get_awake(self) -> bool | None:
        """Wait for a call, at first awake."""
        return (self.calls.qsize() == 0 and self.standby.wait()) or self._get()

    def _work(self, get: Callable[[], bool | None]) -> None:
        _local.busy = True
        np.seterr(all="ignore")  # the calling thread, with its share of the work, warns if it wants
        while get() is not None:
            self._help()

    def _help(self) -> None:
        """Help with the first item in which something is left.

        Others remain where a call was in vain (`Standby.call`), or whoever called was faster: were they
        left for the next call, its helper would be behind for good.
        """
        for tasks_of in (self.urgent, self.patient):
            while tasks_of:
                try:
                    tasks = tasks_of.popleft()
                except IndexError:  # another thread was faster
                    break
                if tasks.perform_one():
                    while tasks_of is self.urgent and tasks.perform_one():
                        pass
                    return

    def help_with(self, tasks: _Tasks, number: int) -> None:
        """Ask for help with so many tasks that the caller will wait for."""
        number = min(number, self.workers)
        self.urgent.extend([tasks] * number)
        for _ in range(number - self.standby.call()):
            self.calls.put(True)

    def begin(self, tasks: _Tasks) -> None:
        """Ask that one of some tasks be begun when there is nothing urgent."""
        self.patient.append(tasks)
        if not self.standby.call():
            self.calls.put(True)

    def stop(self) -> None:
        for _ in range(self.workers):
            self.calls.put(None)


def start_thread(work: Callable[[], object], name: str) -> bool:
    """Run a function on a thread that ends with the process; return whether there is such a thread."""
    try:
        threading.Thread(target=work, name=name, daemon=True).start()
    except RuntimeError:  # no threads on this platform, or no more of them
        return False
    return True


def _start() -> _Pool:
    global _pool
    memory.keep_freed()  # whoever computes in parallel has large arrays
    with _lock:
        if _pool is None:
            _pool = _Pool(_wanted_threads() - 1)
        return _pool


def _wanted_threads() -> int:
    """Return what `set_threads` or the environment asks for, else one for each core."""
    return _wanted or _threads_of_environment() or min([count_cores(), *_threads_of_blas()])


def chosen() -> bool:
    """Whether somebody has said on how many threads to compute."""
    return bool(_wanted or _threads_of_environment() or _threads_of_blas())


def _threads_of_environment() -> int | None:
    text = os.environ.get("MINIKERAS_NUM_THREADS", "").strip()
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(
            "The environment variable MINIKERAS_NUM_THREADS must be a positive integer. "
            f"Received: MINIKERAS_NUM_THREADS={text!r}"
        )
    return int(text)


_threads_of_environment()  # a mistake in it comes to light at once, not in the midst of a training


def _threads_of_blas() -> list[int]:
    """Return to how many threads the environment limits NumPy's BLAS, if it does.

    Who limits it means all that computes: joblib does so in its worker processes, so that they
    share the cores. As OpenBLAS does, the first number that makes sense is taken.
    """
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        number = re.match(r"\s*(\d+)", os.environ.get(name, ""))
        if number and int(number[1]) > 0:
            return [int(number[1])]
    return []


def threads() -> int:
    """Return how many tasks run at once, the calling thread's included."""
    return 1 + (_pool or _start()).workers


def get_threads() -> int:
    """Return on how many threads minikeras computes, the calling thread included.

    Example:

    >>> import minikeras
    >>> minikeras.config.set_threads(2)
    >>> minikeras.config.get_threads()
    2
    >>> minikeras.config.set_threads(None)
    """
    return threads() if _pool else _wanted_threads()  # asking starts none


@checked
def set_threads(n: PositiveInt | None) -> None:
    """Choose on how many threads minikeras computes. What it computes is the same to the bit.

    The number holds for this process. Data sets read and prepare their elements on as many threads
    again.

    Args:
        n: number of threads, the calling one included: 1 to start none. With None the number is
            what it would be without a call: that of the environment variable
            `MINIKERAS_NUM_THREADS`, else the number of cores that this process may use.

    Raises:
        ValueError: if `n` is not a positive integer.

    Example:

    >>> import minikeras
    >>> minikeras.config.set_threads(1)
    """
    global _pool, _wanted
    with _lock:
        if _pool is not None:
            _pool.stop()
        _pool, _wanted = None, None if n is None else int(n)


def run(tasks: Sequence[Callable[[], object]]) -> None:
    """Run functions of no arguments, on several threads, and return when all of them have ended.

    The calling thread takes part. A task that itself calls `run` runs its tasks one by one.

    Raises:
        BaseException: the first error that a task raised, after all have ended.
    """
    pool = None
    if len(tasks) > 1 and not _local.busy:
        pool = _pool or _start()
    if pool is None or pool.workers == 0:
        for task in tasks:
            task()
        return
    shared = _Tasks(tasks[1:])
    pool.help_with(shared, len(shared.left))
    error = None
    _local.busy = True
    try:
        tasks[0]()
    except BaseException as raised:
        error = raised
    finally:
        _local.busy = False
    context: deferring | None = _local.deferring
    try:
        shared.finish(None if context is None else context.tasks)
    finally:
        if error is not None:
            raise error


class deferring:
    """A context in which work can be put off by `later`: at its end all of it is done.

    What waits in it is done by other threads while the calling one goes on.
    """

    tasks: _Tasks | None = None

    def __enter__(self) -> None:
        self.before = _local.deferring
        _local.deferring = self

    def __exit__(self, kind: object, *error: object) -> None:
        _local.deferring = self.before
        if self.tasks is not None:
            if kind is not None:
                self.tasks.drop()
            try:
                self.tasks.finish()
            finally:
                single_blas.__exit__()


def defers() -> bool:
    """Whether the calling thread is in a context `deferring`."""
    return _local.deferring is not None


def later(task: Callable[[], object]) -> None:
    """Let a function of no arguments, with matrix products of one thread, be run until the context ends.

    Whatever it works on must stay as it is until then. Where there is nobody else to do it, it is run now.
    """
    context: deferring = _local.deferring
    pool = _pool or _start()
    if pool.workers == 0 or _local.busy:
        with single_blas:
            task()
        return
    if context.tasks is None:
        single_blas.__enter__()  # until the context ends
        context.tasks = _Tasks()
    tasks = context.tasks
    tasks.add(task)
    pool.begin(tasks)
    if len(tasks.left) > _MOST_WAITING:
        tasks.perform_one()


def settle() -> None:
    """Have all done that was put off so far."""
    context: deferring | None = _local.deferring
    if context is not None and context.tasks is not None:
        context.tasks.finish()


_MOST_WAITING = 8
"""Tasks that may wait: they hold arrays."""


def run_slices(lines: int, step: int, task: Callable[[Iterator[slice]], None]) -> None:
    """Cut lines into slices, which threads take one after the other.

    Args:
        lines: how many lines there are.
        step: lines of a slice. It must not depend on the number of threads.
        task: called on each thread with the slices that it gets, to go through once.
    """
    slices = deque([slice(i, min(i + step, lines)) for i in range(0, lines, step)])

    def taken() -> Iterator[slice]:
        while slices:
            try:
                yield slices.popleft()
            except IndexError:  # another thread was faster
                return

    run([lambda: task(taken())] * min(len(slices), threads() if len(slices) > 1 else 1))


class _Once:
    """A task that is run once, by whoever comes first."""

    def __init__(self, task: Callable[[], object]) -> None:
        self.task = task
        self.claim = threading.Lock()
        self.running = threading.Lock()  # until the task has ended: far cheaper than an `Event`
        self.running.acquire()
        self.error: BaseException | None = None

    def offer(self) -> None:
        """Run the task unless somebody has begun to."""
        if self.claim.acquire(blocking=False):
            try:
                self.task()
            except BaseException as error:
                self.error = error
            finally:
                self.running.release()

    def wait(self) -> None:
        """Return when the task has been run."""
        self.offer()
        with self.running:
            pass
        self.complain()

    def complain(self) -> None:
        """Raise what the task has raised."""
        if self.error is not None:
            raise self.error


def run_ahead(tasks: Sequence[Callable[[], object]], main: Callable[[Callable], None]) -> None:
    """Run a loop that needs the results of tasks, which other threads run ahead of it.

    Args:
        tasks: functions of no arguments, in the order in which they are needed.
        main: called with a function `ready(i)`, which returns when task `i` has been run.
    """
    once = [_Once(task) for task in tasks]

    def ahead() -> None:
        for task in once:
            task.offer()

    run([lambda: main(lambda i: once[i].wait()), ahead])


def run_along(main: Callable[[Callable], None]) -> None:
    """Run a loop whose results are needed by tasks, which other threads run alongside of it.

    Args:
        main: called with a function `later(task)`, which hands over a function of no arguments and
            returns another one, which returns when the task has been run. When `main` has returned,
            the calling thread takes its share of the tasks.
    """
    tasks: queue.SimpleQueue = queue.SimpleQueue()

    def later(task: Callable[[], object]) -> Callable[[], None]:
        once = _Once(task)
        tasks.put(once)
        return once.wait

    def work() -> None:
        while (once := tasks.get()) is not None:
            once.offer()
            once.complain()
        tasks.put(None)  # the next thread shall stop too

    def first() -> None:
        try:
            main(later)
        finally:
            tasks.put(None)
        work()

    run([first, *[work] * (threads() - 1)])


class _Depth(threading.local):
    depth = 0
    """In how many contexts `_SingleBlas` of a library this thread is."""


class _SingleBlas:
    """A context in which a matrix product runs on the thread that calls it, and on no other.

    Threads of ours that each run a product would otherwise fight with those of BLAS for the
    processors. A product on one thread also gives the same bits however many processors there are.
    Where the library's BLAS cannot be told so, it does nothing.
    """

    def __init__(self, *library: str) -> None:
        self._of = library
        self._here = _Depth()

    def __enter__(self) -> None:
        here = self._here
        if here.depth == 0:
            blas(*self._of).__enter__()
        here.depth += 1

    def __exit__(self, *error: object) -> None:
        here = self._here
        if here.depth == 0:  # it began before a fork, and `forget` has ended it
            return
        here.depth -= 1
        if here.depth == 0:
            blas(*self._of).__exit__(*error)

    @contextlib.contextmanager
    def whatever_happens(self) -> Iterator[None]:
        """Return the same context, which also ends those inside that were left open.

        An interrupt (Ctrl-C) may come after a context has begun, and before Python knows of it.
        """
        here = self._here
        before = here.depth
        with self:
            try:
                yield
            finally:
                here.depth = min(here.depth, before + 1)  # less after a fork: see `forget`

    def forget(self) -> None:
        """In the child of a fork: end the contexts of its only thread, which it may never leave.

        If it does leave them, nothing happens.
        """
        self._here.depth = 0


single_blas = _SingleBlas()
single_scipy_blas = _SingleBlas("scipy", "scipy.linalg._fblas")
"""The same for functions of `scipy.linalg`."""


def run_products(tasks: Sequence[Callable[[], object]]) -> None:
    """Run tasks as `run` does, each with matrix products that stay on its own thread.

    Where NumPy's BLAS cannot be told so, the tasks run all the same.
    """
    with single_blas:
        run(tasks)


def run_product_slices(lines: int, step: int, task: Callable[[Iterator[slice]], None]) -> None:
    """Share slices out as `run_slices` does, with matrix products that stay on their own threads."""
    with single_blas:
        run_slices(lines, step, task)


def _forget() -> None:
    """After a fork the child has no worker threads, and is in none of our contexts: start afresh."""
    global _pool, _lock
    _pool, _lock = None, threading.Lock()
    _local.busy, _local.deferring = False, None
    single_blas.forget()
    single_scipy_blas.forget()
    forget_users()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
