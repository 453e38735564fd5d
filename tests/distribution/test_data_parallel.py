"""What is learnt on several ranks is what one process learns; what cannot be is refused."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

CASES_FILE = Path(__file__).with_name("cases.py")

pytestmark = pytest.mark.slow

TIMEOUT = 120
"""Seconds after which one process is taken to hang."""


@pytest.fixture(scope="module")
def of_one_process(launcher, tmp_path_factory):
    """What comes out of all cases in a process that no MPI started."""
    file = tmp_path_factory.mktemp("one") / "outcome.npz"
    command = [sys.executable, str(CASES_FILE), str(file)]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, done.stderr
    return dict(np.load(file))


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_ranks_learn_what_one_process_learns(n, run_ranks, of_one_process, tmp_path):
    done = run_ranks(n, CASES_FILE, tmp_path / "outcome.npz")
    assert done.returncode == 0, done.stderr
    found = dict(np.load(tmp_path / "outcome.npz"))
    assert found.keys() == of_one_process.keys()
    wrong = {}
    for name, expected in of_one_process.items():
        if expected.shape != found[name].shape or not np.allclose(
            expected, found[name], 2e-4, 2e-5, equal_nan=True
        ):
            wrong[name] = expected, found[name]
    assert not wrong
    assert done.stdout.count("terminating training") == 1  # rank 0 speaks for all


START = """
import sys
import numpy as np
import minikeras as keras
from minikeras import layers, ops
from minikeras.common.ranks import ranks

keras.distribution.set_distribution(keras.distribution.DataParallel())
rank = ranks().rank
rng = np.random.default_rng(0)
x, y = rng.normal(size=(12, 4)), rng.normal(size=(12, 1))

def net(*inner, loss="mse", **kwargs):
    model = keras.Sequential([keras.Input((4,)), *inner, layers.Dense(1)])
    model.compile("sgd", loss, **kwargs)
    return model

def refused(message, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except Exception as error:
        assert message in str(error), error
        print("refused", flush=True)
    else:
        raise AssertionError(f"not refused: {message}")

"""

REFUSALS = [
    # Ranks that differ are told apart, on all ranks.
    (
        "rank 1 differs from rank 0 in the shapes of the data",
        "net().fit(x[: 12 - rank], y[: 12 - rank])",
    ),
    ("rank 1 differs from rank 0 in the dtypes", "net().fit(x.astype(['f4', 'f8'][rank]), y)"),
    ("rank 1 differs from rank 0 in the values of the data", "net().fit(x + rank, y)"),
    ("/counts/seen' after an epoch", "net(Counts()).fit(x, y, verbose=0)"),
    ("differs from rank 0 in argument epochs", "net().fit(x, y, epochs=1 + rank)"),
    ("in the shapes of variables", "net(*[layers.Dense(4)] * rank).fit(x, y)"),
    ("in the number of batches", "net().fit(Some(12 + rank), verbose=0)"),
    ("The batch of rank 1 has 4 rows, that of rank 0 has 3", "net().fit(batches(3 + rank))"),
    # What cannot be done on some rows.
    ("cannot be shuffled in a model", "net(Shuffled()).fit(x, y, verbose=0)"),
    ("stateful=True keeps a state for each row", "stateful()"),
    ("is updated by code of your own", "OwnMetric([layers.Dense(1)]).go()"),
    ("the mesh must hold every rank once", "with_devices(['cpu:0'])"),
    ("adds a loss that is neither the mean nor the sum", "net(Peak()).fit(x, y, verbose=0)"),
    ("a target of shape (6,) is summed over the 6 rows", "stepping(lambda loss: loss)"),
    ("a target of shape (6,) is summed over the 6 rows", "by_row()"),
    ("must be a tape's, or alike on all ranks", "stepping(ops.mean, lambda g: g + rank)"),
]

HELPERS = """
class Some(keras.utils.PyDataset):
    def __init__(self, n):
        super().__init__()
        self.n = n
    def __len__(self):
        return self.n
    def __getitem__(self, i):
        return x[:4], y[:4]

def batches(n):
    yield x[:n], y[:n]

class Shuffled(layers.Layer):
    def call(self, x):
        return keras.random.shuffle(x)

class Counts(layers.Layer):
    def build(self, shape):
        self.seen = self.add_weight((), "zeros", trainable=False, name="seen")
    def call(self, x):
        self.seen.assign_add(ops.sum(x))  # of a rank's rows
        return x

class Peak(layers.Layer):
    def call(self, x):
        self.add_loss(ops.max(x) ** 2)
        return x

def stateful():
    model = keras.Sequential([keras.Input((2, 2), batch_size=6), layers.LSTM(3, stateful=True)])
    model.compile("sgd", "mse")
    model.fit(x.reshape(12, 2, 2), rng.normal(size=(12, 3)), batch_size=6, verbose=0)

class Largest(keras.metrics.Metric):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.value = self.add_variable((), "zeros")
    def update_state(self, y):
        self.value.assign(ops.maximum(self.value, ops.max(y)))
    def result(self):
        return self.value

class OwnMetric(keras.Sequential):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.largest = Largest()
    def train_step(self, data):
        logs = super().train_step(data)
        self.largest.update_state(data[1])
        return logs
    def go(self):
        self.compile("sgd", "mse")
        self.fit(x, y, verbose=0)

class Steps(keras.Sequential):
    def train_step(self, data):
        x, y = data
        with keras.GradientTape() as tape:
            loss = self.reduced(keras.losses.mean_squared_error(y, self(x)))
        gradients = map(self.changed, tape.gradient(loss, self.trainable_variables))
        self.optimizer.apply(list(gradients), self.trainable_variables)
        return {"loss": ops.mean(loss)}

def stepping(reduced, changed=lambda g: g):
    model = Steps([layers.Dense(1)])
    model.reduced, model.changed = reduced, changed
    model.compile("sgd")
    model.fit(x, y, verbose=0)

class ByRow(keras.Sequential):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return keras.losses.mean_squared_error(y, y_pred)

def by_row():
    model = ByRow([layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, y, verbose=0)

def with_devices(devices):
    with keras.distribution.DataParallel(devices=devices).scope():
        net().fit(x, y, verbose=0)
"""


def test_what_is_refused(run_ranks):
    lines = [f"refused({message!r}, lambda: {code})" for message, code in REFUSALS]
    done = run_ranks(2, "\n".join([START, HELPERS, *lines]))
    assert (done.returncode, done.stdout.count("refused")) == (0, 2 * len(REFUSALS)), done.stderr


def test_scripts_that_differ_are_told_apart(run_ranks, tmp_path):
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text(START + "net().fit(x, y)\n")
    other.write_text(START + "net().fit(x, y)  # otherwise\n")
    done = run_ranks(1, one, ":", "-n", "1", sys.executable, str(other))
    assert done.returncode != 0
    assert "Sequential.fit: rank 1 differs from rank 0 in the script" in done.stderr


ONE_STOPS = """
class Stops(keras.callbacks.Callback):
    def __init__(self, hook):
        super().__init__()
        setattr(self, hook, self.stop)
    def stop(self, i, logs=None):
        if rank == 1 and i == 1:
            self.model.stop_training = True

for hook, last in (("on_train_batch_end", (1, 2)), ("on_epoch_end", (2, 6))):
    model = net()
    history = model.fit(x, y, epochs=9, batch_size=4, verbose=0, callbacks=[Stops(hook)])
    assert (len(history.epoch), int(model.optimizer.iterations)) == last
# What only one rank has: all take part in what they ask about it.
class Checkpoint(keras.callbacks.ModelCheckpoint):
    pass
class Looks(keras.callbacks.Callback):
    pass
for calls in ([Checkpoint("checkpoint.keras")], [Looks()] if rank == 0 else []):
    net().fit(x, y, epochs=2, batch_size=4, verbose=0, callbacks=calls)
from minikeras.common.ranks import running
assert running.totals is None  # which would keep the model
# A callback that predicts in the midst of training works on whole batches.
class Predicts(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        assert self.model.predict(x, verbose=0).shape == (12, 1)
        assert self.model(x[:5]).shape == (5, 1)
net().fit(x, y, batch_size=4, verbose=0, callbacks=[Predicts()])
print("done", flush=True)
"""

OWN_DATA = """
# Each rank brings rows of its own, not equally many.
keras.distribution.set_distribution(None)
keras.utils.set_random_seed(1)
model = net(layers.BatchNormalization())
weights = model.get_weights()
model.fit(x, y, batch_size=12, epochs=3, verbose=0)
expected = model.get_weights()
parallel = keras.distribution.DataParallel(auto_shard_dataset=False)
with parallel.scope():
    assert parallel.data_shard_id == rank and parallel.num_processes == 2
    model = net(layers.BatchNormalization())
    model.set_weights(weights)
    own = slice(0, 5) if rank == 0 else slice(5, 12)
    model.fit(x[own], y[own], batch_size=12, epochs=3, verbose=0, shuffle=False)
for a, b in zip(expected, model.get_weights()):
    np.testing.assert_allclose(a, b, 1e-5, 1e-6)
# One of them has fewer batches.
model = net(layers.BatchNormalization())
model.set_weights(weights)
parts = [np.r_[0:4, 9:12], np.r_[4:8], np.r_[8:9]]
model.fit(((x[i], y[i]) for i in parts), verbose=0)
expected = model.get_weights()
with parallel.scope():
    model = net(layers.BatchNormalization())
    model.set_weights(weights)
    own = slice(0, 9) if rank == 0 else slice(9, 12)
    model.fit(x[own], y[own], batch_size=4, verbose=0, shuffle=False)
    weights_after_fit = model.get_weights()
    assert model.predict(x[own], batch_size=4, verbose=0).shape == (12, 1)
    model.train_on_batch(x[own], y[own])
for a, b in zip(expected, weights_after_fit):
    np.testing.assert_allclose(a, b, 1e-5, 1e-6)
print("done", flush=True)
"""

ACCUMULATION = """
from minikeras.common.ranks import Ranks
sizes = []
reduce = Ranks._reduce
Ranks._reduce = lambda self, a, o: (sizes.append(a.size), reduce(self, a, o))[1]

def trained(calls, own=False):
    model = net(layers.Dense(50))
    optimizer = keras.optimizers.Adam(gradient_accumulation_steps=3)
    model.compile(optimizer, "mse")
    model.fit(x, y, batch_size=3, verbose=0)  # 4 steps
    del sizes[:]
    model.fit(x, y, batch_size=3, epochs=3, verbose=0, callbacks=calls(optimizer))
    state = [v.numpy() for v in optimizer.variables]
    return model, state, sum(n > 200 for n in sizes)

# 12 steps and the fourth make 4 updates; two of the epochs end between two of them.
model, state, times = trained(lambda optimizer: [])
assert times == 4 + 2, times
fingerprints = ranks().texts(str([a.tolist() for a in state]))
assert len(set(fingerprints)) == 1

# Whoever may look between two steps sees what one process has.
class Looks(keras.callbacks.Callback):
    def __init__(self, optimizer):
        super().__init__()
        self.optimizer, self.seen = optimizer, []
    def on_train_batch_end(self, batch, logs=None):
        self.seen.append([v.numpy() for v in self.optimizer.variables])

looks = []
def looking(optimizer):
    looks.append(Looks(optimizer))
    return [looks[-1]] if rank == 1 else []

keras.utils.set_random_seed(2)
trained(looking)
seen = looks[0].seen
keras.distribution.set_distribution(None)
keras.utils.set_random_seed(2)
trained(lambda optimizer: [looks.append(Looks(optimizer)) or looks[-1]])
if rank == 1:
    assert len(seen) == 12
    for found, expected in zip(seen, looks[-1].seen):
        for a, b in zip(found, expected):
            np.testing.assert_allclose(a, b, 1e-4, 1e-6)
print("done", flush=True)
"""

FILES = """
import os
from pathlib import Path
k = keras.callbacks
here = Path("files"), Path(f"of_rank_{rank}")
calls = [
    k.ModelCheckpoint(f"{folder}/{{epoch}}.weights.h5", save_weights_only=True) for folder in here
] + [k.CSVLogger(f"log_{rank}.csv")]
net().fit(x, y, epochs=2, callbacks=calls)  # with a progress bar
ranks().barrier()
assert sorted(os.listdir("files")) == ["1.weights.h5", "2.weights.h5"]
assert not Path("of_rank_1").exists() and not Path("log_1.csv").exists()
assert Path("log_0.csv").exists()
model = net()
model.save(f"all_of_us.keras")
again = keras.saving.load_model("all_of_us.keras")
print("done", flush=True)
"""


CAUGHT = """
class NoMore(Exception):
    pass

def given(failing):
    yield x[:6], y[:6]
    yield x[:6], y[:6]
    if rank in failing:
        raise NoMore
    yield x[:6], y[:6]

# An error in the midst of a round, which the script catches: accumulated sums are one process's.
def trained():
    keras.utils.set_random_seed(2)
    model = net()
    optimizer = keras.optimizers.SGD(gradient_accumulation_steps=3)
    model.compile(optimizer, "mse")
    try:
        model.fit(given([0, 1]), steps_per_epoch=9, verbose=0)
    except NoMore:
        return [v.numpy() for v in optimizer.variables]

found = trained()
keras.distribution.set_distribution(None)
expected = trained()
for a, b in zip(found, expected, strict=True):
    np.testing.assert_allclose(a, b, 1e-5, 1e-6)

# Where one rank fails, the others are told.
keras.distribution.set_distribution(keras.distribution.DataParallel())
model = net()
try:
    model.fit(given([1]), steps_per_epoch=9, verbose=0)
except NoMore:
    assert rank == 1
except ValueError as error:
    assert rank == 0 and "Rank 1 could not make its next batch" in str(error), error

# A shuffle without a seed is another one on each rank.
np.random.seed(rank)
rows = keras.data.Dataset.from_tensor_slices((x, y)).shuffle(12).batch(4)
try:
    model.fit(rows, verbose=0)
except ValueError as error:
    assert "rank 1 differs from rank 0 in the seeds of the data" in str(error), error
    print("done", flush=True)
"""


@pytest.mark.parametrize("code", [ONE_STOPS, OWN_DATA, ACCUMULATION, FILES, CAUGHT])
def test_two_ranks(code, run_ranks):
    done = run_ranks(2, START + code)
    assert (done.returncode, done.stdout.count("done")) == (0, 2), done.stderr
    if code is FILES:
        assert done.stdout.count("Epoch 1/2") == 1  # one bar


RESUMED = """
class Dies(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if sys.argv[1:] == ["die"] and self.seen == 5:
            raise KeyboardInterrupt
        self.seen += 1
    seen = 0

keras.utils.set_random_seed(3)
model = net(layers.Dropout(0.2), layers.BatchNormalization(), metrics=["mae"])
backup = keras.callbacks.BackupAndRestore(sys.argv[2] if sys.argv[2:] else "backup", save_freq=1)
if sys.argv[1:] == ["whole"]:
    backup = []
history = model.fit(x, y, epochs=4, batch_size=4, verbose=0, callbacks=[backup, Dies()])
if rank == 0:
    print([w.tolist() for w in model.get_weights()], history.history, flush=True)
"""


def test_a_training_that_was_killed_goes_on(run_ranks, tmp_path):
    script = START + RESUMED
    whole = run_ranks(2, script, "whole")
    assert whole.returncode == 0, whole.stderr
    assert run_ranks(2, script, "die").returncode != 0
    shutil.copytree(tmp_path / "backup", tmp_path / "again")
    for n, backup in ((2, "backup"), (3, "again")):
        resumed = run_ranks(n, script, "on", backup)
        assert resumed.returncode == 0, resumed.stderr
        if n == 2:  # the same bits
            assert resumed.stdout == whole.stdout
        else:
            numbers = [
                np.array(re.findall(r"-?\d+\.\d+(?:e-?\d+)?", text), float)
                for text in (whole.stdout, resumed.stdout)
            ]
            np.testing.assert_allclose(*numbers, 1e-4, 1e-6)


def test_a_script_without_a_line_about_ranks(run_ranks, tmp_path):
    script = """
import keras, numpy as np
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(np.ones((8, 3)), np.ones((8, 1)), verbose=2)
assert keras.distribution.distribution().num_processes == 3
print("done", flush=True)
"""
    (tmp_path / "train.py").write_text(script)
    command = "import sys, minikeras.__main__ as m; sys.exit(m.main())"
    done = run_ranks(3, command, tmp_path / "train.py", "--data-parallel")
    assert (done.returncode, done.stdout.count("done")) == (0, 3), done.stderr
    assert done.stdout.count("/step") == 1  # rank 0 speaks for all


OWN_STEPS = """
import sys
import minikeras as keras, numpy as np
from minikeras import ops
from minikeras.data import Dataset

keras.distribution.set_distribution(keras.distribution.DataParallel())
sharing = keras.distribution.distribution()
keras.utils.set_random_seed(0)
x = np.random.RandomState(0).rand(9, 3).astype("float32")
told = []

class Lone(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3)

    def call(self, x):
        return self.dense(x)

    def loss_of(self, data):
        return ops.mean(ops.square(self(data) - data))

    def train_step(self, data):
        with keras.GradientTape() as tape:
            loss = self.loss_of(data)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        return {"loss": loss, "twice": loss * 2}

class Four(Lone):
    def call(self, inputs):
        a, b, c, d = inputs
        if ADDS:
            self.add_loss(ops.mean(a))
        return self.dense(a - b + c)

    def loss_of(self, data):
        return ops.mean(ops.square(self(data) - data[3])) + self.compute_loss()

ADDS = sys.argv[1:] == ["adds"]
images = Dataset.from_tensor_slices(x).batch(4)
for model, data in ((Lone(), images), (Four(), Dataset.zip((images,) * 4))):
    model.compile("sgd")
    history = model.fit(data, epochs=2, verbose=0).history
    told.append(f"{history} {[w.tolist() for w in model.get_weights()]}")
print(*told, sep="; ", file=open(f"{sharing.num_processes}_{sharing.data_shard_id}.txt", "w"))
"""


def test_steps_of_ones_own_that_return_their_loss_or_take_any_data(run_ranks, tmp_path):
    for n in (1, 2):
        done = run_ranks(n, OWN_STEPS)
        assert done.returncode == 0, done.stderr
    alone, first, second = ((tmp_path / f"{n}.txt").read_text() for n in ("1_0", "2_0", "2_1"))
    assert first == second  # callbacks see the same
    numbers = [
        np.array(re.findall(r"-?\d+\.\d+(?:e-?\d+)?", text), float) for text in (alone, first)
    ]
    np.testing.assert_allclose(*numbers, 1e-4, 1e-6)
    refused = run_ranks(2, OWN_STEPS, "adds")
    assert "cannot be called with the first part of the data" in refused.stderr
