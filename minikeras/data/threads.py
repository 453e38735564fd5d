"""Threads that make elements ahead. No other file of pipelines knows of any.

Elements keep their order, and what is made depends on no thread's pace. An exception is raised where
the element is due that it came instead of, as it is: its traceback shows the thread's lines. Where
no thread can be started, elements are made when they are asked for.
"""

from __future__ import annotations

import contextvars
import functools
import itertools
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from minikeras.kernels import memory
from minikeras.kernels.parallel import get_threads, start_thread

_NAME = "minikeras-data"

_WORTH_A_THREAD = 1e-4
"""Seconds that a call has to take: to hand it to a thread and to wait for it takes a tenth of them."""


def ahead(elements: Iterator[Any], size: int) -> Iterator[Any]:
    """Give elements that a thread makes, up to `size` of them before they are asked for.

    The thread begins with the first element that is asked for. When this ends, is closed or is
    garbage, it makes no other element.
    """
    places: queue.SimpleQueue = queue.SimpleQueue()
    made: queue.SimpleQueue = queue.SimpleQueue()
    over = threading.Event()

    def work() -> None:
        try:
            while places.get() and not over.is_set():
                for element in elements:
                    made.put((element, None))
                    del element
                    break
                else:
                    made.put((None, StopIteration))
                    return
        except BaseException as error:
            made.put((None, error))
        finally:
            if hasattr(elements, "close"):
                elements.close()

    for _ in range(size):
        places.put(True)
    # The thread takes over what `np.errstate` and the like have set here.
    context = contextvars.copy_context()
    if not start_thread(functools.partial(context.run, work), _NAME):
        yield from elements
        return
    try:
        while True:
            element, error = made.get()
            if error is StopIteration:
                return
            if error is not None:
                try:
                    raise error
                finally:
                    del error  # whose traceback holds this frame: no circle
            places.put(True)
            yield element
            del element
    finally:
        over.set()
        places.put(False)


def in_threads(function: Callable, elements: Iterator[Any], workers: int) -> Iterator[Any]:
    """`map(function, elements)` on threads, twice as many elements ahead as there are threads.

    The elements themselves are made in the caller's thread. When this ends, is closed or is garbage,
    no other call is begun.
    """
    memory.keep_freed()  # what threads read is as large, file after file
    calls: queue.SimpleQueue = queue.SimpleQueue()
    over = threading.Event()

    def work() -> None:
        while (call := calls.get()) is not None:
            element, box = call
            if over.is_set():
                return
            try:
                box.put((function(element), None))
            except BaseException as error:
                box.put((None, error))
            del call, element, box

    def begin() -> Iterator[queue.SimpleQueue]:
        while True:
            box: queue.SimpleQueue = queue.SimpleQueue()
            try:
                element = next(elements)
            except StopIteration:
                return
            except Exception as error:  # its turn comes after the elements before it
                box.put((None, error))
                yield box
                return
            calls.put((element, box))
            del element
            yield box

    started = 0
    for _ in range(workers):
        context = contextvars.copy_context()
        started += start_thread(functools.partial(context.run, work), _NAME)
    if not started:
        yield from map(function, elements)
        return
    try:
        begun = begin()
        pending = deque(itertools.islice(begun, 2 * workers))
        while pending:
            result, error = pending.popleft().get()
            if error is not None:
                try:
                    raise error
                finally:
                    del error  # whose traceback holds this frame: no circle
            pending.extend(itertools.islice(begun, 1))
            yield result
            del result
    finally:
        over.set()
        for _ in range(workers):
            calls.put(None)


def in_threads_if_slow(function: Callable, elements: Iterator[Any]) -> Iterator[Any]:
    """`map(function, elements)`, on several threads if the fastest of the first calls is slow."""
    fastest = float("inf")
    for element in itertools.islice(elements, 4):
        begun = time.perf_counter()
        result = function(element)
        fastest = min(fastest, time.perf_counter() - begun)
        yield result
    if fastest < _WORTH_A_THREAD:
        yield from map(function, elements)
    else:
        yield from in_threads(function, elements, get_threads())
