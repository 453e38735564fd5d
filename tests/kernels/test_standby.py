import subprocess
import sys
import threading
from functools import partial

from minikeras.kernels import parallel, standby
from minikeras.kernels.standby import Standby


def test_a_wait_ends_when_its_flag_is_raised():
    """NumPy's reduction must not look at the rest, which would take minutes.

    NumPy 2.0 passes over the rest in blocks, which takes some seconds.
    """
    script = """
import threading
from minikeras.kernels import standby
standby.PATIENCE = 3 * 10**11
one = standby.Standby()
ends = []
worker = threading.Thread(target=lambda: ends.append(one.wait()))
worker.start()
while not one.call():
    pass
worker.join()
assert ends == [True]
one.goes_on()
one.watch()
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_nobody_stands_by():
    one = Standby()
    assert not one.call()


def test_who_waits_in_vain_sleeps_longer_and_longer(monkeypatch):
    monkeypatch.setattr(standby, "PATIENCE", 10)
    one = Standby()
    waited = []

    def wait(turn, called):
        before = one._wait
        one._wait = lambda: (waited.append(turn), called and one.call())
        result = one.wait()
        one._wait = before
        return result

    assert not any(wait(turn, False) for turn in range(1, 30))
    assert waited == [1, 2, 5, 12, 27]
    turn = next(turn for turn in range(30, 100) if wait(turn, True))  # at last there is a call
    assert turn == 58
    assert wait(59, True)  # and it waits every time
    assert not wait(60, False)
    assert not wait(61, False)
    assert waited[-4:] == [58, 59, 60, 61]


def test_each_region_of_many_is_done(monkeypatch):
    """Whether the worker stands by, gives up at that moment, or sleeps."""
    for looks in (1, 30, 3000, 1_000_000):
        monkeypatch.setattr(standby, "PATIENCE", looks)
        parallel.set_threads(2)
        try:
            seen = []
            for i in range(500):
                parallel.run([partial(seen.append, i), partial(seen.append, -i)])
            assert sorted(seen) == sorted([*range(500), *range(0, -500, -1)])
        finally:
            parallel.set_threads(None)


def test_two_callers_share_the_worker():
    parallel.set_threads(2)
    try:
        sums = {}

        def caller(name):
            total = []
            for i in range(300):
                parallel.run([lambda i=i: total.append(i)] * 3)
            sums[name] = sum(total)

        callers = [threading.Thread(target=caller, args=(name,)) for name in range(3)]
        for thread in callers:
            thread.start()
        for thread in callers:
            thread.join()
        assert sums == dict.fromkeys(range(3), 3 * sum(range(300)))
    finally:
        parallel.set_threads(None)


def test_a_call_in_vain_takes_no_help_from_later_ones(monkeypatch):
    parallel.set_threads(2)
    try:
        with monkeypatch.context() as patch:
            parallel.threads()
            patch.setattr(parallel._pool.standby, "call", lambda: True)  # but nobody has heard it
            parallel.run([lambda: None] * 2)
        begun, met = [threading.Event(), threading.Event()], []

        def task(i):
            begun[i].set()
            met.append(begun[1 - i].wait(10))

        parallel.run([lambda: task(0), lambda: task(1)])
        assert met == [True, True]
    finally:
        parallel.set_threads(None)
