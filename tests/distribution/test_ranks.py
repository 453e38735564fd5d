"""What ranks exchange, and how all of them end if one does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from minikeras.common.ranks import Ranks, rows_of

ROOT = Path(__file__).parents[2]


def test_rows_are_a_partition():
    for total in range(1, 12):
        for size in range(1, 6):
            rows = [rows_of(total, rank, size) for rank in range(size)]
            joined = [i for r in rows for i in range(total)[r.slice]]
            assert joined == list(range(total))
            assert sum(r.share for r in rows) == pytest.approx(1)
            assert max(r.count for r in rows) - min(r.count for r in rows) <= 1


def test_one_rank_exchanges_nothing():
    alone = Ranks()
    x = np.arange(3.0)
    assert alone.add(x) is x and alone.maximum(x) is x and alone.broadcast(x) is x
    assert alone.rows(x) is x and alone.all(4) == [4] and alone.texts("a") == ["a"]
    assert alone.text_of_first("b") == "b" and alone.share_of_cores(7) == 7
    alone.barrier()
    alone.agree("test", {"a": 1})


EXCHANGE = """
import numpy as np
from minikeras.common.ranks import ranks

r = ranks()
assert r.size == 3
for dtype in ("float32", "float64", "float16", "int64"):
    a = np.arange(4, dtype=dtype) + r.rank
    assert r.add(a) is a and a.tolist() == [3, 6, 9, 12], a
    b = np.array(r.rank, dtype)
    r.maximum(b)
    assert b == 2
    c = np.full((2, 2), r.rank, dtype)
    r.broadcast(c)
    assert not c.any()
rows = np.full((r.rank, 2), r.rank, bool)
assert r.rows(rows).tolist() == [[True, True]] * 3
assert r.rows(np.empty((0, 5))).shape == (0, 5)
assert r.all(r.rank * 10) == [0, 10, 20]
assert r.texts("é" * r.rank) == ["", "é", "éé"]
assert r.text_of_first(str(r.rank)) == "0"
r.barrier()
try:
    r.agree("fit", {"shape of x": [2, 3 + (r.rank == 2)], "epochs": 1})
except ValueError as error:
    text = str(error)
assert "fit: rank 2 differs from rank 0 in shape of x" in text, text
assert "Rank 0: [2, 3]. Rank 2: [2, 4]." in text, text
print("done", flush=True)
"""


def test_exchange(run_ranks):
    done = run_ranks(3, EXCHANGE)
    assert (done.returncode, done.stdout.count("done")) == (0, 3), done.stderr


FAILS = """
from minikeras.common.ranks import ranks

def something_wrong():
    raise KeyError("a lost key")

r = ranks()
if r.rank == 1:
    something_wrong()
r.barrier()
print("not reached")
"""

NOTE = """
import sys, time

def note(rank):  # in a file, since what is printed may be lost when all end
    with open(f"{sys.argv[0]}.{rank}", "w") as file:
        file.write(str(time.time()))
"""


def since_noted(folder):
    """Return the seconds since the last rank of a script has called `note`."""
    return time.time() - max(float(file.read_text()) for file in folder.glob("script.py.*"))


LEAVES = """
import sys, time
from minikeras.common.ranks import ranks

r = ranks()
if r.rank == 1:
    note(r.rank)
    sys.exit(3)
r.barrier()
print("not reached")
"""

KILLED = """
import os, signal, time
from minikeras.common.ranks import ranks

r = ranks()
r.barrier()
if r.rank == 1:
    note(r.rank)
    os.kill(os.getpid(), signal.SIGKILL)
r.barrier()
print("not reached")
"""


def test_a_rank_that_raises_ends_all_with_its_traceback(run_ranks):
    done = run_ranks(2, FAILS)
    assert done.returncode != 0 and "not reached" not in done.stdout
    assert "Rank 1 of 2 ends all" in done.stderr
    assert "in something_wrong" in done.stderr and "a lost key" in done.stderr


@pytest.mark.parametrize("script", [KILLED, LEAVES])
def test_a_rank_that_is_gone_ends_all(script, run_ranks, tmp_path):
    done = run_ranks(2, NOTE + script)
    seconds = since_noted(tmp_path)
    assert done.returncode != 0 and "not reached" not in done.stdout
    assert seconds < 10


START = (
    NOTE
    + """
import sys, time
import numpy as np
import minikeras as keras
from minikeras.common.ranks import ranks

keras.distribution.set_distribution(keras.distribution.DataParallel())
r = ranks()
rank = r.rank
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
x, y = np.ones((8, 2)), np.ones((8, 1))
part = r.part(rank % 2, rank)
note(rank)
"""
)

STEPS = """
def steps(layer):
    class Steps(keras.Sequential):
        def train_step(self, data):
            x, y = data
            with keras.GradientTape() as tape:
                loss = keras.ops.mean((self(x, training=True) - y) ** 2)
            if rank == 0:
                tape.gradient(loss, self.trainable_variables)
            return {"loss": loss}
    model = Steps([keras.Input((2,)), *([layer] * (layer is not None)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, y, epochs=2, verbose=0)
"""

IN_VAIN = {  # what ranks do that do not fit together, and what is said about it
    "SystemExit": (
        "if rank == 1:\n    raise SystemExit(3)\nr.barrier()",
        "waits for rank 1 (barrier), which is at the end of its script",
    ),
    "SystemExit without an error": (
        "if rank == 0:\n    raise SystemExit\nr.add(np.ones(3))",
        "waits for rank 0 (sum of 3), which is at the end of its script",
    ),
    "fit on one rank": (
        "if rank == 2:\n    model.fit(x, y, verbose=0)",
        "Rank 2 of 4 ends all: it waits for rank",
    ),
    "fit more often on one rank": (
        "for _ in range(1 + (rank != 0)):\n    model.fit(x, y, verbose=0)",
        "waits for rank 0 (all of 1), which is at the end of its script",
    ),
    "an error that one rank catches": (
        "try:\n    model.fit(x, y, verbose=0, callbacks=[Fails()] * (rank == 3))\n"
        "except KeyError:\n    pass",
        "waits for rank 3",
    ),
    "different exchanges": (
        "r.barrier() if rank else r.add(np.ones(1))",
        "waits for another exchange",
    ),
    "gradients on some ranks": (
        STEPS + "steps(None)",
        "which waits for this one (sum of",
    ),
    "gradients of batch normalization on some ranks": (
        STEPS + "steps(keras.layers.BatchNormalization())",
        "which waits for this one (sum of",
    ),
    "within a group": (
        "if rank != 3:\n    part.barrier()",
        "Rank 1 of 4 ends all: it waits for rank 3 (barrier), which is at the end of its script",
    ),
    "in different groups": (
        "(part if rank < 2 else r).barrier()",
        "which waits for this one (barrier)",
    ),
}

FAILS_IN_FIT = """
class Fails(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        raise KeyError
"""


@pytest.mark.parametrize("name", IN_VAIN)
def test_ranks_that_wait_in_vain_end(name, run_ranks, tmp_path):
    code, message = IN_VAIN[name]
    done = run_ranks(4, START + FAILS_IN_FIT + code + "\n")
    seconds = since_noted(tmp_path)
    assert done.returncode != 0
    assert message in done.stderr, done.stderr
    assert seconds < 10


def test_ranks_may_leave_one_after_the_other(run_ranks):
    script = (
        START
        + """
if rank != 1:  # which leaves while those of another group go on
    for _ in range(3 * (rank % 2 == 0)):
        time.sleep(0.6 * (rank == 0))  # the other one waits, and its watch looks
        part.barrier()
print("done", flush=True)
"""
    )
    done = run_ranks(4, script)
    assert (done.returncode, done.stdout.count("done")) == (0, 4), done.stderr


def test_a_fork_of_a_rank_ends_by_itself(run_ranks):
    script = (
        START
        + """
import os
child = os.fork()
if child == 0:
    sys.exit(3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
r.barrier()
print("done", flush=True)
"""
    )
    done = run_ranks(2, script)
    assert (done.returncode, done.stdout.count("done")) == (0, 2), done.stderr


LATE = """
import os, sys, threading
rank = os.environ.get("PMI_RANK") or os.environ["OMPI_COMM_WORLD_RANK"]
if rank == "1":
    {}
import minikeras
minikeras.distribution.initialize()
print("not reached")
"""


@pytest.mark.parametrize("code", ["import a_lost_module", "sys.exit(0)"])
def test_a_rank_that_fails_before_it_joins_ends_all(code, run_ranks):
    done = run_ranks(3, LATE.format(code))
    assert done.returncode != 0 and "not reached" not in done.stdout
    if "import" in code:
        assert "No module named 'a_lost_module'" in done.stderr
    else:  # an error may have been seen by the launcher
        assert "of 3 ends all: rank 1 ended before joining" in done.stderr, done.stderr


def test_ranks_wait_for_one_that_does_not_join_as_long_as_asked(run_ranks, monkeypatch):
    monkeypatch.setenv("MINIKERAS_JOIN_SECONDS", "0.5")
    done = run_ranks(2, LATE.format("threading.Event().wait()"))
    assert done.returncode != 0 and "not reached" not in done.stdout
    assert "Rank 0 of 2 ends all: not all ranks have joined within 0.5 seconds" in done.stderr


def test_the_seconds_to_join_are_a_number():
    code = (
        "import os; os.environ.update(PMI_SIZE='2', PMI_RANK='0', MINIKERAS_JOIN_SECONDS='soon')\n"
        "import minikeras; minikeras.distribution.list_devices()"
    )
    assert "must be the seconds that ranks wait" in run_alone(code).stderr


def test_ranks_of_launchers_that_do_not_say_how_many_wait_no_longer():
    code = (
        "import os, time; os.environ.update(PMIX_RANK='3', MINIKERAS_JOIN_SECONDS='0.2')\n"
        "from minikeras.common.ranks import _watched_joining\n"
        "with _watched_joining(): time.sleep(60)"
    )
    done = run_alone(code)
    assert done.returncode != 0
    assert "Rank 3 ends all: not all ranks have joined within 0.2 seconds" in done.stderr


def run_alone(code):
    """Run code in a process that no MPI started."""
    command, environ = [sys.executable, "-c", code], {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)


def test_without_mpi4py_the_extra_is_named():
    code = (
        "import os, sys; os.environ['PMI_SIZE'] = '2'; sys.modules['mpi4py.MPI'] = None\n"
        "del sys.modules['mpi4py.MPI']; sys.modules['mpi4py'] = None\n"
        "import minikeras; minikeras.distribution.list_devices()"
    )
    done = run_alone(code)
    assert 'pip install "minikeras-numpy[mpi]"' in done.stderr


def test_a_process_by_itself_imports_no_mpi():
    code = (
        "import sys, minikeras; minikeras.distribution.DataParallel()\n"
        "assert not any(m.startswith('mpi4py') for m in sys.modules)"
    )
    done = run_alone(code)
    assert done.returncode == 0, done.stderr


def test_ranks_share_the_cores(run_ranks, monkeypatch):
    for name in ("MINIKERAS_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    script = """
import minikeras
from minikeras.kernels.cores import count_cores
minikeras.distribution.initialize()
assert minikeras.config.get_threads() == max(1, count_cores() // 2)
minikeras.config.set_threads(3)
minikeras.distribution.DataParallel()
assert minikeras.config.get_threads() == 3
print("done", flush=True)
"""
    done = run_ranks(2, script)
    assert (done.returncode, done.stdout.count("done")) == (0, 2), done.stderr
