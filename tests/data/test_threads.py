"""Threads make elements ahead: in order, no more than they should, and errors come through."""

import contextlib
import gc
import queue
import threading
import traceback
import weakref

import numpy as np
import pytest

from minikeras.data import AUTOTUNE, Dataset
from minikeras.data.threads import ahead, in_threads

WAYS = {
    "prefetch": lambda function: Dataset.range(100).map(function).prefetch(2),
    "map": lambda function: Dataset.range(100).map(function, num_parallel_calls=2),
    "map before prefetch": lambda function: Dataset.range(100).map(function, AUTOTUNE).prefetch(3),
    "interleave": lambda function: Dataset.range(4).interleave(
        lambda i: Dataset.range(i * 25, i * 25 + 25).map(function), 2, num_parallel_calls=2
    ),
}


def threads():
    return [t for t in threading.enumerate() if t.name == "minikeras-data"]


def wait_for_the_end_of_threads():
    for thread in threads():
        thread.join(10)
    assert not threads()


@pytest.fixture(params=WAYS)
def dataset_of(request):
    return WAYS[request.param]


def test_elements_are_made_by_threads_and_come_in_order(dataset_of):
    names = set()

    def function(i):
        names.add(threading.current_thread().name)
        return i * 2

    expected = [int(i) * 2 for i in dataset_of(lambda i: i)]
    assert [int(i) for i in dataset_of(function)] == expected
    assert sorted(expected) == list(range(0, 200, 2))
    assert names == {"minikeras-data"}
    wait_for_the_end_of_threads()


def fail_at_seven(i):
    if i == 7:
        raise KeyError("the seventh")
    return i


def test_errors_come_where_they_belong_with_their_traceback(dataset_of):
    got = []
    with pytest.raises(KeyError, match="the seventh") as caught:
        for i in dataset_of(fail_at_seven):
            got.append(int(i))
    before = [int(i) for i in dataset_of(lambda i: i)]
    assert got == before[: before.index(7)]
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-1] == "fail_at_seven"
    wait_for_the_end_of_threads()


def test_what_failed_is_let_go(dataset_of):
    """An exception that nobody holds keeps nothing alive, without the garbage collector."""

    class Thing:
        pass

    things = []

    def fail(i):
        thing = Thing()
        things.append(weakref.ref(thing))
        raise KeyError(thing)

    gc.disable()
    try:
        with contextlib.suppress(KeyError):
            list(dataset_of(fail))
        wait_for_the_end_of_threads()
        assert things and all(thing() is None for thing in things)
    finally:
        gc.enable()


@pytest.mark.parametrize("way", ["closed", "dropped"])
def test_threads_end_with_the_pass(dataset_of, way):
    calls = []
    iterator = iter(dataset_of(lambda i: calls.append(i) or i))
    next(iterator)
    if way == "closed":
        iterator.close()
    del iterator
    gc.collect()
    wait_for_the_end_of_threads()
    assert len(calls) < 20


def test_a_generator_is_closed_where_a_pass_is_left():
    closed = queue.Queue()

    def generate():
        try:
            yield from range(100)
        finally:
            closed.put(True)

    for _ in Dataset.from_generator(generate).prefetch(2):
        break
    gc.collect()
    assert closed.get(timeout=10)


def test_errors_of_the_source_come_after_what_was_made_before():
    def generate():
        yield from range(5)
        raise RuntimeError("the end")

    got = []
    with pytest.raises(RuntimeError, match="the end"):
        for i in Dataset.from_generator(generate).map(lambda i: i, num_parallel_calls=2):
            got.append(int(i))
    assert got == [0, 1, 2, 3, 4]


def test_no_more_is_made_ahead_than_asked_for():
    made = queue.Queue()

    def numbers():
        for i in range(10):
            made.put(i)
            yield i

    elements = ahead(numbers(), 3)
    assert next(elements) == 0
    # One is given, three lie ready: with that the thread waits.
    assert [made.get(timeout=10) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(queue.Empty):
        made.get(timeout=0.05)
    assert next(elements) == 1 and made.get(timeout=10) == 4
    elements.close()


def test_calls_run_at_the_same_time():
    """Two calls wait for each other: with one thread they would do so forever."""
    both = threading.Barrier(2)

    def meet(i):
        both.wait(10)
        return i

    assert list(in_threads(meet, iter(range(6)), 2)) == list(range(6))


@pytest.mark.parametrize("seconds, helped", [(1e-6, False), (1.0, True)])
def test_only_slow_functions_are_given_to_threads(monkeypatch, seconds, helped):
    now = iter(np.arange(1000.0).repeat(2) * 1e3 + np.tile([0, seconds], 1000))
    monkeypatch.setattr("minikeras.data.threads.time.perf_counter", lambda: next(now))
    names = []

    def note(i):
        names.append(threading.current_thread().name)
        return i

    assert [int(i) for i in Dataset.range(20).map(note, AUTOTUNE)] == list(range(20))
    own = threading.current_thread().name
    assert set(names[:4]) == {own} and set(names[4:]) == {"minikeras-data" if helped else own}


def test_threads_take_over_what_numpy_does_about_errors():
    def divide(i):
        return i.numpy() / np.float64(0)

    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        list(Dataset.range(1, 2).map(divide, num_parallel_calls=1))


def test_two_passes_at_once_do_not_mix():
    dataset = Dataset.range(10).map(lambda i: i, num_parallel_calls=2).prefetch(1)
    assert [(int(a), int(b)) for a, b in zip(dataset, dataset)] == [(i, i) for i in range(10)]
