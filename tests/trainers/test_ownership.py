"""Threads: one trains a model, many may predict."""

import copy
import pickle
import sys
import threading

import numpy as np
import pytest

import minikeras
from minikeras import callbacks, layers

rng = np.random.default_rng(0)
x = rng.normal(size=(64, 6, 5)).astype("float32")
y = rng.normal(size=(64, 3)).astype("float32")


def recurrent(built=True):
    inputs = minikeras.Input((6, 5))
    z = layers.Conv1D(8, 3, padding="same", activation="relu")(inputs)
    z = layers.MultiHeadAttention(2, 4)(z, z)
    z = layers.Dropout(0.5)(layers.BatchNormalization()(z))
    return minikeras.Model(inputs, layers.Dense(3)(layers.GRU(8)(z)))


class Subclassed(minikeras.Model):
    def __init__(self):
        super().__init__()
        self.dense, self.norm = layers.Dense(16, activation="relu"), layers.BatchNormalization()
        self.lstm, self.last = layers.LSTM(8), layers.Dense(3)

    def call(self, inputs, training=False):
        return self.last(self.lstm(self.norm(self.dense(inputs), training=training)))


def in_threads(function, n):
    """Run `function(i)` in `n` threads that begin together; return results and errors."""
    results, errors, barrier = [None] * n, [], threading.Barrier(n)

    def run(i):
        barrier.wait()
        try:
            results[i] = function(i)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return results, errors


@pytest.fixture
def eager_switching():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("make", [recurrent, Subclassed])
@pytest.mark.parametrize("built", [True, False])
def test_predictions_in_many_threads_are_exact(make, built, eager_switching):
    model = make()
    if built:
        model(x[:1])
    parts = [x[8 * i : 8 * i + 20] for i in range(6)]
    results, errors = in_threads(
        lambda i: [model.predict(parts[i], batch_size=7, verbose=0) for _ in range(3)], 6
    )
    assert not errors
    assert (
        len(model.weights)
        == len({id(v) for v in model.weights})
        == (19 if make is recurrent else 11)
    )
    for part, result in zip(parts, results):
        expected = model.predict(part, batch_size=7, verbose=0)
        for got in result:
            np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("make", [recurrent, Subclassed])
def test_first_calls_in_many_threads_do_not_disturb_each_other(make, eager_switching):
    for _ in range(10):
        model = make()
        # Every second thread's input does not fit; what the others build stays.
        parts = [x[:2, :, : 5 - i % 2 if make is recurrent else 5] for i in range(6)]
        wrong = [ValueError if i % 2 else None for i in range(6)]
        if make is Subclassed:
            parts = [part[:, 0] if error else part for part, error in zip(parts, wrong)]
        results, errors = in_threads(lambda i, m=model, xs=parts: np.asarray(m(xs[i])), 6)
        assert [type(e) for e in errors] == [ValueError] * 3
        for part, result, error in zip(parts, results, wrong):
            if error is None:
                np.testing.assert_array_equal(result, model(part))


class Wait(callbacks.Callback):
    """Stops in the middle of training, until it may go on."""

    def __init__(self):
        super().__init__()
        self.begun, self.go_on = threading.Event(), threading.Event()

    def on_train_batch_end(self, batch, logs=None):
        self.begun.set()
        assert self.go_on.wait(60)


@pytest.mark.parametrize(
    "method, arguments",
    [
        ("fit", {"x": x, "y": y, "verbose": 0}),
        ("evaluate", {"x": x, "y": y, "verbose": 0}),
        ("train_on_batch", {"x": x, "y": y}),
        ("test_on_batch", {"x": x, "y": y}),
    ],
)
def test_a_model_in_training_belongs_to_its_thread(method, arguments):
    def make():
        minikeras.utils.set_random_seed(1)
        model = minikeras.Sequential(
            [minikeras.Input((6, 5)), layers.Flatten(), layers.Dense(3)], name="shared"
        )
        model.compile("adam", "mse", metrics=["mae"])
        return model

    alone, model, wait = make(), make(), Wait()
    expected = alone.fit(x, y, shuffle=False, verbose=0).history
    histories = []
    fit = threading.Thread(
        target=lambda: histories.append(
            model.fit(x, y, shuffle=False, verbose=0, callbacks=[wait]).history
        )
    )
    fit.start()
    assert wait.begun.wait(60)
    try:
        with pytest.raises(RuntimeError, match=f"{method}: model 'shared' is being trained"):
            getattr(model, method)(**arguments)
        model.predict(x, verbose=0)
        mine = copy.deepcopy(model)  # a copy belongs to whoever makes it
        mine.train_on_batch(x, y)
        pickle.loads(pickle.dumps(mine)).train_on_batch(x, y)
    finally:
        wait.go_on.set()
        fit.join()
    assert histories == [expected]  # nothing has got into its metrics or weights
    for a, b in zip(model.get_weights(), alone.get_weights()):
        np.testing.assert_array_equal(a, b)
    getattr(model, method)(**arguments)  # free again


def test_two_fits_at_once(eager_switching):
    model = minikeras.Sequential([minikeras.Input((6, 5)), layers.LSTM(4), layers.Dense(3)])
    model.compile("sgd", "mse")
    results, errors = in_threads(lambda _: model.fit(x, y, epochs=5, verbose=0), 2)
    assert len(errors) == 1 and type(errors[0]) is RuntimeError
    assert sum(r is not None for r in results) == 1


def test_a_model_may_be_trained_from_its_own_callbacks_and_after_an_error():
    model = minikeras.Sequential([minikeras.Input((6, 5)), layers.Flatten(), layers.Dense(3)])
    model.compile("sgd", "mse")

    class Again(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.train_on_batch(x, y)
            self.model.evaluate(x, y, verbose=0)

    model.fit(x, y, epochs=2, verbose=0, callbacks=[Again()])
    with pytest.raises(ValueError):
        model.fit(x[:, :2], y, verbose=0)
    results, errors = in_threads(lambda _: model.fit(x, y, verbose=0), 1)
    assert not errors and results[0] is not None
