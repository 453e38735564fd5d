import os
import threading

import pytest

from minikeras.kernels import parallel


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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
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


@pytest.mark.parametrize("value", [0, -1, 1.5, "2"])
def test_bad_counts(value):
    with pytest.raises(ValueError, match="set_threads"):
        parallel.set_threads(value)


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
