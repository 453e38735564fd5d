"""`make_train_function` and its siblings: a user's own are called by every way to run a model."""

from __future__ import annotations

import copy
import itertools

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.autodiff.tensor import Tensor

rng = np.random.default_rng(0)
x = rng.normal(size=(22, 4)).astype("float32")  # six batches of 4, the last one smaller
y = rng.normal(size=(22, 1)).astype("float32")
sizes = pytest.mark.parametrize("size", [1, 2, 4, 10])


def functions(how):
    """A model class whose functions note how many batches each call took.

    `how`: whether `make_..._function` returns the function, sets the attribute, or both.
    """

    class Own(minikeras.Sequential):
        def _make(self, kind, step):
            self.__dict__.setdefault("taken", {}).setdefault(kind, [])

            def function(iterator):
                results = [step(b) for b in itertools.islice(iterator, self.steps_per_execution)]
                self.taken[kind].append(len(results))
                if kind == "predict":
                    return np.concatenate([np.asarray(r) for r in results]) + 1000
                return {**results[-1], "mine": 7.0}

            if how != "return":
                setattr(self, f"{kind}_function", function)
            return None if how == "set" else function

        def make_train_function(self, force=False):
            return self._make("train", self.train_step)

        def make_test_function(self, force=False):
            return self._make("test", self.test_step)

        def make_predict_function(self, force=False):
            return self._make("predict", self.predict_step)

    return Own


def model_of(cls=minikeras.Sequential, size=1, metrics=("mae",)):
    model = cls([minikeras.Input((4,)), layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse", metrics=list(metrics), steps_per_execution=size)
    return model


@sizes
@pytest.mark.parametrize("how", ["return", "set", "both"])
def test_overridden_functions_count(size, how):
    model, plain = model_of(functions(how), size), model_of(size=size)
    taken = [min(size, 6 - start) for start in range(0, 6, size)]

    arguments = dict(batch_size=4, epochs=2, shuffle=False, verbose=0, validation_data=(x, y))
    history, usual = [m.fit(x, y, **arguments).history for m in (model, plain)]
    assert history == {**usual, "mine": [7.0] * 2, "val_mine": [7.0] * 2}
    assert model.taken == {"train": 2 * taken, "test": 2 * taken}

    logs, usual = [
        m.evaluate(x, y, batch_size=4, verbose=0, return_dict=True) for m in (model, plain)
    ]
    assert logs == {**usual, "mine": 7.0}
    assert model.taken["test"] == 3 * taken

    outputs, usual = [m.predict(x, batch_size=4, verbose=0) for m in (model, plain)]
    np.testing.assert_allclose(outputs, usual + 1000)
    assert model.taken["predict"] == taken


def test_overridden_functions_count_for_single_batches():
    model = model_of(functions("return"))
    assert model.train_on_batch(x, y, return_dict=True)["mine"] == 7.0
    assert model.test_on_batch(x, y, return_dict=True)["mine"] == 7.0
    assert np.all(model.predict_on_batch(x) > 900)
    assert model.taken == {"train": [1], "test": [1], "predict": [1]}


def test_functions_that_are_set_count_and_compile_forgets_them():
    model = model_of()
    seen = []
    usual = model.make_train_function()
    model.train_function = lambda iterator: seen.append(1) or usual(iterator)
    model.fit(x, y, batch_size=4, epochs=2, verbose=0)
    assert len(seen) == 12
    model.compile("sgd", "mse")
    model.fit(x, y, verbose=0)
    assert len(seen) == 12


def test_a_function_is_made_once_and_anew_by_force():
    model = model_of()
    model.train_function = marker = lambda iterator: {}
    assert model.make_train_function() is marker
    assert model.make_train_function(force=True) is not marker
    model.fit(x, y, verbose=0)
    assert model.history.history["loss"][0] > 0


def test_batches_are_tensors_and_a_function_may_take_more_than_its_share():
    seen = []

    class Pairs(minikeras.Sequential):
        def make_train_function(self, force=False):
            def two_at_once(iterator):
                first, second = next(iterator), next(iterator)
                seen.append([len(first[0]), len(second[0])])
                assert all(isinstance(t, Tensor) for t in (*first, *second))
                self.train_step(first)
                return self.train_step(second)

            return two_at_once

    ends = minikeras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: steps.append(batch),
        on_train_batch_end=lambda batch, logs: steps.append(batch),
    )
    steps = []
    model = model_of(Pairs)
    model.fit(x, y, batch_size=4, shuffle=False, verbose=0, callbacks=[ends])
    assert seen == [[4, 4], [4, 4], [4, 2]]
    assert steps == [0, 1, 2, 3, 4, 5]


def test_a_function_that_finds_too_few_batches_ends_the_epoch_with_what_it_did():
    class Loop(minikeras.Sequential):
        def make_train_function(self, force=False):
            def as_keras_does(iterator):
                for _ in range(self.steps_per_execution):
                    logs = self.train_step(next(iterator))
                return logs

            return as_keras_does

    arguments = dict(batch_size=4, epochs=2, shuffle=False, verbose=0)
    histories = [
        model_of(c, 4).fit(x, y, **arguments).history for c in (Loop, minikeras.Sequential)
    ]
    assert histories[0] == histories[1]


def test_a_step_that_stops_an_iteration_by_mistake_is_not_hidden():
    class Wrong(minikeras.Sequential):
        def train_step(self, data):
            return next(iter(()))

    with pytest.raises(StopIteration):
        model_of(Wrong).fit(x, y, verbose=0)


@pytest.mark.parametrize("kind", ["train", "test"])
def test_functions_must_return_logs(kind):
    class Wrong(minikeras.Sequential):
        pass

    setattr(Wrong, f"{kind}_step", lambda self, data: 3.0)
    model = model_of(Wrong)
    run = model.fit if kind == "train" else model.evaluate
    with pytest.raises(ValueError, match=f"{kind}_step must return a dict.*float"):
        run(x, y, verbose=0)


@sizes
def test_outputs_of_an_execution_come_as_one(size):
    inputs = minikeras.Input((4,))
    outputs = {"a": layers.Dense(2)(inputs), "b": layers.Dense(1)(inputs)}
    model = minikeras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    whole = model.predict(x, batch_size=22, verbose=0)
    model.steps_per_execution = size
    lengths = []
    note = minikeras.callbacks.LambdaCallback()
    note.on_predict_batch_end = lambda batch, logs=None: lengths.append(len(logs["outputs"]["a"]))
    got = model.predict(x, batch_size=4, verbose=0)
    for name in whole:
        np.testing.assert_allclose(got[name], whole[name], rtol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_a_predict_step_may_return_one_number_for_a_batch(size):
    class Totals(minikeras.Sequential):
        def predict_step(self, data):
            return minikeras.ops.sum(super().predict_step(data))

    totals = model_of(Totals, size).predict(x, batch_size=4, verbose=0)
    expected = model_of().predict(x, verbose=0)
    assert totals.shape == (6,)
    np.testing.assert_allclose(totals.sum(), expected.sum(), rtol=1e-5)


def test_an_older_compute_loss_without_training():
    class Old(minikeras.Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return 2.0 * super().compute_loss(x, y, y_pred, sample_weight)

    class Older(Old):
        pass

    expected = model_of().evaluate(x, y, verbose=0)[0]
    for cls in (Old, Older):
        model = model_of(cls)
        assert model.evaluate(x, y, verbose=0)[0] == pytest.approx(2 * expected)
        assert model.fit(x, y, verbose=0).history["loss"][0] > 0


@pytest.mark.parametrize("size", [1, 3])
def test_a_copy_trains_itself_and_not_the_original(size):
    model = model_of(size=size)
    model.fit(x, y, verbose=0)
    twin, before = copy.deepcopy(model), model.get_weights()
    twin.fit(x, y, verbose=0)
    for a, b in zip(model.get_weights(), before):
        np.testing.assert_array_equal(a, b)
    assert np.any(twin.get_weights()[0] != before[0])
