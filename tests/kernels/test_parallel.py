import contextlib
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from minikeras.kernels import blas, parallel


@pytest.fixture(params=[1, 2, 4])
def count(request):
    parallel.set_threads(request.param)
    yield request.param
    parallel.set_threads(None)


def test_all_tasks_run_once(count):
    assert parallel.threads() == count
    for n in (0, 1, 2, 9):
        seen = []
        parallel.run([lambda i=i, seen=seen: seen.append(i) for i in range(n)])
        assert sorted(seen) == list(range(n))


def test_slices_are_taken_once(count):
    for lines, step in ((0, 3), (1, 3), (7, 3), (9, 3), (40, 1)):
        seen = []
        parallel.run_slices(lines, step, lambda parts, seen=seen: seen.extend(parts))
        wanted = [slice(i, min(i + step, lines)) for i in range(0, lines, step)]
        assert sorted(seen, key=lambda part: part.start) == wanted


def test_tasks_run_at_once():
    parallel.set_threads(2)
    try:
        both = threading.Barrier(2, timeout=10)
        parallel.run([both.wait, both.wait])
    finally:
        parallel.set_threads(None)


def test_an_error_comes_out_after_all_have_ended(count):
    seen = []

    def fail():
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        parallel.run([fail, lambda: seen.append(1), lambda: seen.append(2)])
    if count > 1:
        assert sorted(seen) == [1, 2]
    parallel.run([lambda: seen.append(3)] * 2)  # still alive
    assert seen[-2:] == [3, 3]


def test_tasks_within_tasks(count):
    seen = []
    parallel.run([lambda: parallel.run([lambda: seen.append(1)] * 3)] * 4)
    assert len(seen) == 12


def test_where_threads_cannot_start(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    parallel.set_threads(4)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    try:
        seen = []
        parallel.run([lambda i=i: seen.append(i) for i in range(3)])
        assert seen == [0, 1, 2]
        assert parallel.threads() == 1
    finally:
        monkeypatch.undo()
        parallel.set_threads(None)


def test_callers_on_several_threads():
    parallel.set_threads(3)
    try:
        totals = [0] * 4

        def caller(k):
            for _ in range(50):
                found = []
                parallel.run([lambda found=found: found.append(1)] * 3)
                totals[k] += len(found)

        callers = [threading.Thread(target=caller, args=(k,)) for k in range(4)]
        for t in callers:
            t.start()
        for t in callers:
            t.join()
        assert totals == [150] * 4
    finally:
        parallel.set_threads(None)


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
ignore_threads = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")


@needs_fork
@ignore_threads
def test_after_a_fork():
    parallel.set_threads(2)
    try:
        parallel.run([lambda: None] * 2)
        child = os.fork()
        if child == 0:
            seen = []
            parallel.run([lambda: seen.append(1)] * 3)
            os._exit(0 if len(seen) == 3 else 1)
        assert os.waitpid(child, 0)[1] == 0
    finally:
        parallel.set_threads(None)


def ends_well_in_a_fork(check):
    """Return whether a function is true in a fork of this process."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if check() else 1)
        finally:
            os._exit(2)
    return os.waitpid(child, 0)[1] == 0


@pytest.fixture
def two_blas_threads():
    library = blas.blas()
    if library.get is None:
        pytest.skip("this BLAS cannot be asked")
    before = library.get()
    library.set(2)
    yield library
    library.set(before)


def is_as_outside(library):
    """Return whether BLAS has two threads, and takes one in a context and no longer."""
    outside = library.get()
    with parallel.single_blas:
        inside = library.get()
    return (outside, inside, library.get()) == (2, 1, 2)


@needs_fork
@ignore_threads
@pytest.mark.parametrize("depth", [1, 2])
def test_a_fork_inside_of_a_context_is_outside_of_it(two_blas_threads, depth):
    library, context = two_blas_threads, parallel.single_blas

    def check():
        good = [is_as_outside(library)]
        for _ in range(depth):  # as if the child left what it was in
            context.__exit__(None, None, None)
            good.append(is_as_outside(library) and library.users == 0)
        return all(good)

    with contextlib.ExitStack() as contexts:
        for _ in range(depth):
            contexts.enter_context(context)
        assert ends_well_in_a_fork(check)
        assert library.get() == 1
    assert is_as_outside(library)


@needs_fork
@ignore_threads
def test_a_fork_leaves_a_context_that_ends_those_inside(two_blas_threads):
    library = two_blas_threads
    child = None
    for left_open in (0, 1):
        with parallel.single_blas.whatever_happens(), parallel.single_blas.whatever_happens():
            child = os.fork()
            if child == 0 and left_open:
                parallel.single_blas.__enter__()  # as an interrupt may leave it
        if child == 0:
            os._exit(0 if is_as_outside(library) and library.users == 0 else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert is_as_outside(library)


@needs_fork
@ignore_threads
@pytest.mark.parametrize("inside", [False, True])
def test_a_fork_while_another_thread_is_in_a_context(two_blas_threads, inside):
    library = two_blas_threads
    entered, leave = threading.Event(), threading.Event()

    def other():
        with parallel.single_blas:
            entered.set()
            leave.wait()

    thread = threading.Thread(target=other)
    thread.start()
    entered.wait()
    try:
        with parallel.single_blas if inside else contextlib.nullcontext():
            assert ends_well_in_a_fork(lambda: is_as_outside(library) and library.users == 0)
        assert library.get() == 1
    finally:
        leave.set()
        thread.join()
    assert is_as_outside(library)


@needs_fork
@ignore_threads
def test_a_fork_while_another_thread_holds_the_lock_of_blas(two_blas_threads):
    with two_blas_threads.lock:
        assert ends_well_in_a_fork(lambda: two_blas_threads.lock.acquire(blocking=False))


@needs_fork
@ignore_threads
def test_a_fork_in_the_midst_of_a_task_computes_in_parallel():
    parallel.set_threads(2)
    try:
        seen = []

        def fork():
            seen.append(
                ends_well_in_a_fork(lambda: not parallel.defers() and not parallel._local.busy)
            )

        with parallel.deferring():
            parallel.run([fork, lambda: None])
        assert seen == [True]
    finally:
        parallel.set_threads(None)


def test_two_threads_that_ask_for_blas_at_once_get_one_object(monkeypatch):
    made = []
    both = threading.Barrier(2)

    class Slow(blas.Blas):
        def __init__(self, *args):
            both.wait()
            made.append(self)

    monkeypatch.setattr(blas, "Blas", Slow)
    got = []
    threads = [
        threading.Thread(target=lambda: got.append(blas.blas("none", "none"))) for _ in range(2)
    ]
    try:
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len(made) == 2 and got[0] is got[1] is blas.blas("none", "none")
    finally:
        del blas._asked["none", "none"]
        blas.blas.cache_clear()


@pytest.mark.parametrize("value", [0, -1, 1.5, "2", True])
def test_bad_counts(value):
    with pytest.raises(ValueError, match="set_threads: argument `n` must be a positive integer"):
        parallel.set_threads(value)


def test_asking_for_the_number_starts_no_threads():
    parallel.set_threads(np.int64(3))
    try:
        before = threading.active_count()
        assert parallel.get_threads() == 3
        assert threading.active_count() == before
        assert parallel.threads() == parallel.get_threads() == 3
    finally:
        parallel.set_threads(None)


@pytest.fixture
def environment(monkeypatch):
    """Eight cores and no limits, but those that the test sets."""
    monkeypatch.setattr(parallel, "count_cores", lambda: 8)
    for name in ("MINIKERAS", "OPENBLAS", "OMP"):
        monkeypatch.delenv(f"{name}_NUM_THREADS", raising=False)
    parallel.set_threads(None)
    yield lambda name, value: monkeypatch.setenv(f"{name}_NUM_THREADS", value)
    monkeypatch.undo()
    parallel.set_threads(None)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, 8),
        ({"OMP": "3"}, 3),
        ({"OMP": "3,2"}, 3),
        ({"OPENBLAS": "2", "OMP": "3"}, 2),
        ({"OPENBLAS": "0", "OMP": "many"}, 8),
        ({"OPENBLAS": "64"}, 8),
        ({"MINIKERAS": "5", "OPENBLAS": "1"}, 5),
        ({"MINIKERAS": "16"}, 16),
        ({"MINIKERAS": " ", "OPENBLAS": "2"}, 2),
    ],
)
def test_numbers_of_the_environment(environment, settings, expected):
    for name, value in settings.items():
        environment(name, value)
    assert parallel.get_threads() == expected
    parallel.set_threads(4)
    assert parallel.get_threads() == 4


@pytest.mark.parametrize("value", ["0", "-2", "two", "1.5"])
def test_a_bad_number_of_the_environment_is_named(environment, value):
    environment("MINIKERAS", value)
    with pytest.raises(ValueError, match=f"MINIKERAS_NUM_THREADS must be .*Received: .*'{value}'"):
        parallel.get_threads()


def test_a_bad_number_of_the_environment_comes_to_light_at_the_import():
    env = {**os.environ, "MINIKERAS_NUM_THREADS": "0"}
    command = [sys.executable, "-c", "import minikeras.kernels.parallel"]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode
    assert "must be a positive integer. Received: MINIKERAS_NUM_THREADS='0'" in done.stderr


def test_a_loop_gets_what_runs_ahead_of_it(count):
    results = {}
    seen = []

    def main(ready):
        for i in range(6):
            ready(i)
            seen.append(results[i])

    tasks = [lambda i=i: results.setdefault(i, i * i) for i in range(6)]
    parallel.run_ahead(tasks, main)
    assert seen == [0, 1, 4, 9, 16, 25]


def test_tasks_run_along_a_loop(count):
    seen = []

    def main(later):
        for i in range(6):
            later(lambda i=i: seen.append(i))

    parallel.run_along(main)
    assert sorted(seen) == list(range(6))


def test_a_loop_can_wait_for_what_runs_beside_it(count):
    results = {}

    def main(later):
        ends = [later(lambda i=i: results.setdefault(i, i * i)) for i in range(6)]
        for i, wait in enumerate(ends):
            wait()
            assert results[i] == i * i

    parallel.run_along(main)
    with pytest.raises(KeyError):
        parallel.run_along(lambda later: later(fail)())


def fail():
    raise KeyError("x")


def test_errors_of_loops_and_their_tasks_are_raised(count):
    with pytest.raises(KeyError):
        parallel.run_ahead([fail], lambda ready: ready(0))
    with pytest.raises(KeyError):
        parallel.run_along(lambda later: later(fail))
    with pytest.raises(KeyError):
        parallel.run_along(lambda later: fail())
    with pytest.raises(KeyError):
        parallel.run_ahead([lambda: None], lambda ready: fail())


def test_what_is_put_off_is_done_at_the_end_of_its_context(count):
    seen = []
    assert not parallel.defers()
    with parallel.deferring():
        assert parallel.defers()
        for i in range(30):
            parallel.later(lambda i=i: seen.append(i))
        parallel.settle()
        assert sorted(seen) == list(range(30))
        parallel.later(lambda: seen.append(30))
        parallel.run([lambda: seen.append(31)] * 3)  # does not wait for what waits
        with parallel.deferring():
            parallel.later(lambda: seen.append(32))
        assert seen.count(32) == 1
    assert sorted(seen) == [*range(31), 31, 31, 31, 32]
    assert not parallel.defers()


def test_what_somebody_waits_for_goes_before_what_was_put_off():
    parallel.set_threads(2)
    begun, go, seen = threading.Event(), threading.Event(), []

    def first():
        begun.set()
        assert go.wait(10)

    def wait_for_another():
        go.set()
        assert other.wait(10)

    other = threading.Event()
    try:
        with parallel.deferring():
            parallel.later(first)
            parallel.later(lambda: seen.append("patient"))
            assert begun.wait(10)
            parallel.run([wait_for_another, lambda: (seen.append("urgent"), other.set())])
    finally:
        parallel.set_threads(None)
    assert seen == ["urgent", "patient"]


def test_errors_of_what_was_put_off_come_out_at_the_end(count):
    seen = []
    with pytest.raises(KeyError, match="x"), parallel.deferring():
        parallel.later(lambda: seen.append(1))
        parallel.later(fail)
    with pytest.raises(ValueError, match="mine"), parallel.deferring():
        for _ in range(3):
            parallel.later(lambda: seen.append(2))
        raise ValueError("mine")
    assert seen[0] == 1 and seen.count(2) <= 3
    parallel.run([lambda: seen.append(3)] * 2)  # still alive
    assert seen[-2:] == [3, 3]


def test_what_was_put_off_holds_no_arrays_afterwards(count):
    array = np.zeros(3)
    before = sys.getrefcount(array)
    with parallel.deferring():
        parallel.later(lambda a=array: a.sum())
    parallel.run([lambda: None] * 8)
    assert sys.getrefcount(array) == before
