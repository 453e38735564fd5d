"""Logs that are computed when somebody reads them."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

import minikeras
from minikeras import layers, metrics
from minikeras.trainers.logs import lazy_results_of


class Counted(metrics.Mean):
    """A mean that notes how often somebody wanted its result."""

    def __init__(self, name="counted"):
        super().__init__(name=name)
        self.asked = []

    def result(self):
        self.asked.append(1)
        return super().result()


@pytest.fixture
def mean():
    mean = Counted("loss")
    mean.update_state([1.0, 3.0])
    return mean


@pytest.fixture
def logs(mean):
    logs = lazy_results_of([mean], mean.variables)
    mean.update_state([100.0])  # later values do not count
    return logs


def plain(logs):
    return {k: float(v) for k, v in logs.items()}


@pytest.mark.parametrize(
    "read",
    [
        dict,
        lambda logs: {**logs},
        lambda logs: dict(**logs),
        lambda logs: logs.copy(),
        lambda logs: logs | {},
        lambda logs: {} | logs,
        lambda logs: dict(logs.items()),
        lambda logs: dict(zip(logs, logs.values())),
        lambda logs: dict(zip(logs.keys(), logs.values())),
        lambda logs: {k: logs[k] for k in logs},
        lambda logs: {k: logs[k] for k in reversed(logs)},
        lambda logs: {"loss": logs.get("loss")},
        lambda logs: {"loss": logs.pop("loss")},
        lambda logs: dict([logs.popitem()]),
        lambda logs: {"loss": logs.setdefault("loss", 7.0)},
        lambda logs: json.loads(json.dumps(logs, default=float)),
        copy.copy,
        copy.deepcopy,
        lambda logs: pickle.loads(pickle.dumps(logs)),
        minikeras.callbacks.callback_list.pythonify_logs,
    ],
)
def test_every_way_to_read_gives_the_values_of_then(logs, read):
    assert plain(read(logs)) == {"loss": 2.0}


def test_it_is_a_dict(logs):
    assert isinstance(logs, dict)
    assert len(logs) == 1 and logs and "loss" in logs and "mae" not in logs
    assert "loss" in repr(logs)
    assert logs == {"loss": 2.0}
    del logs["loss"]
    assert logs == {} and not logs
    with pytest.raises(KeyError):
        logs["loss"]


def test_nothing_is_computed_before_and_all_once(mean, logs):
    logs["extra"] = 1.0
    logs.update(more=2.0)
    assert not mean.asked
    assert plain(logs) == {"loss": 2.0, "extra": 1.0, "more": 2.0}
    assert list(logs) == ["loss", "extra", "more"]
    assert plain(logs)["loss"] == 2.0 and len(mean.asked) == 1
    assert float(mean.result()) == pytest.approx(104 / 3)  # and the metric is as it was


def test_what_is_set_wins(logs):
    logs["loss"] = 5.0
    assert plain(logs) == {"loss": 5.0}


def test_a_result_that_is_a_variable_keeps_its_value():
    class Largest(metrics.Metric):
        def __init__(self):
            super().__init__(name="largest")
            self.value = self.add_variable((), "zeros")

        def update_state(self, value):
            self.value.assign(np.maximum(self.value, value))

        def result(self):
            return self.value

    largest = Largest()
    largest.update_state(3.0)
    logs = lazy_results_of([largest], largest.variables)
    value = logs["largest"]
    largest.update_state(9.0)
    assert float(value) == 3.0 and float(logs["largest"]) == 3.0


# In fit.

rng = np.random.default_rng(0)
x = rng.normal(size=(20, 4)).astype("float32")
y = rng.normal(size=(20, 1)).astype("float32")


def fit(step, metric=None, **kwargs):
    """The history of a model whose train_step is `step(self, data, super_step)`."""

    class Own(minikeras.Sequential):
        def train_step(self, data):
            return step(self, data, super().train_step)

    model = Own([minikeras.Input((4,)), layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse", metrics=["mae"] if metric is None else [metric])
    return model.fit(x, y, batch_size=5, epochs=3, shuffle=False, verbose=0, **kwargs).history


def test_steps_that_call_super_give_what_the_plain_one_gives():
    model = minikeras.Sequential(
        [minikeras.Input((4,)), layers.Dense(1, kernel_initializer="ones")]
    )
    model.compile("sgd", "mse", metrics=["mae"])
    history = model.fit(x, y, batch_size=5, epochs=3, shuffle=False, verbose=0).history

    def add(self, data, super_step):
        logs = super_step(data)
        logs["one"] = 1.0
        return logs

    for step in (
        lambda self, data, super_step: super_step(data),
        lambda self, data, super_step: dict(super_step(data)),
        lambda self, data, super_step: {**super_step(data)},
        lambda self, data, super_step: {k: float(v) for k, v in super_step(data).items()},
    ):
        assert fit(step) == history
    assert fit(add) == {**history, "one": [1.0] * 3}


def test_metrics_are_asked_at_the_end_of_an_epoch_unless_a_callback_reads():
    class Ignores(minikeras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            pass

    metric = Counted()
    metric.update_state = lambda y, y_pred, sample_weight=None: metrics.Mean.update_state(metric, y)
    fit(lambda self, data, super_step: super_step(data), metric, callbacks=[Ignores()])
    # Each epoch once; and the first step of all, before which the model is not looked through.
    assert len(metric.asked) <= 4


def test_logs_kept_from_every_step_keep_the_values_of_every_step():
    kept, at_once = [], []

    def keep(self, data, super_step):
        kept.append(super_step(data))
        return kept[-1]

    def read(self, data, super_step):
        at_once.append(plain(super_step(data)))
        return at_once[-1]

    fit(keep)
    fit(read)
    assert [plain(logs) for logs in kept] == at_once
    assert len({logs["loss"] for logs in at_once}) == 12


def test_a_metric_updated_after_the_step_counts_from_the_next_one():
    def step(self, data, super_step):
        if not hasattr(self, "seen"):
            self.seen = metrics.Sum(name="seen")
        logs = super_step(data)
        self.seen.update_state(1.0)
        return logs

    assert fit(step)["seen"] == [3.0, 3.0, 3.0]  # of four batches


def test_a_metric_made_in_the_first_step_counts_and_is_set_back():
    def step(self, data, super_step):
        if not hasattr(self, "seen"):
            self.seen = metrics.Sum(name="seen")
        self.seen.update_state(1.0)
        return super_step(data)

    assert fit(step)["seen"] == [4.0, 4.0, 4.0]


def test_layers_built_in_the_first_step_have_their_regularizers():
    def history(built):
        class Own(minikeras.Model):
            def __init__(self):
                super().__init__()
                self.inner = layers.Dense(1, kernel_initializer="ones", kernel_regularizer="l2")

            def train_step(self, data):
                xs, ys = data
                with minikeras.GradientTape() as tape:
                    y_pred = self.inner(xs, training=True)
                    loss = self.compute_loss(xs, ys, y_pred)
                weights = self.trainable_weights
                self.optimizer.apply(tape.gradient(loss, weights), weights)
                return {"loss": loss}

        model = Own()
        if built:
            model.inner.build((None, 4))
        model.compile("sgd", "mse")
        return model.fit(x, y, batch_size=5, epochs=2, shuffle=False, verbose=0).history["loss"]

    assert history(built=False) == history(built=True)


def test_freezing_in_a_callback_ends_the_penalty_of_the_frozen_weights():
    class Freeze(minikeras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.layers[0].trainable = False

    model = minikeras.Sequential(
        [minikeras.Input((4,)), layers.Dense(1, kernel_initializer="ones", kernel_regularizer="l2")]
    )
    model.compile("sgd", "mse")
    losses = model.fit(x, y, epochs=2, verbose=0, callbacks=[Freeze()]).history["loss"]
    assert losses[1] == pytest.approx(model.evaluate(x, y, verbose=0), rel=1e-6)
