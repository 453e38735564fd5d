"""A model that nobody holds any more is gone at once: it does not wait for the cyclic collector."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import minikeras
from minikeras import callbacks, layers, ops, optimizers

x43, y41 = np.ones((4, 3), "float32"), np.ones((4, 1), "float32")
x453 = np.ones((4, 5, 3), "float32")


@pytest.fixture(autouse=True)
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def mlp():
    return minikeras.Sequential(
        [
            minikeras.Input((3,)),
            layers.Dense(4, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(1),
        ]
    )


def unbuilt():
    return minikeras.Sequential([layers.Dense(4), layers.Dense(1)])


def graph():
    x = minikeras.Input((3,))
    shared = layers.Dense(3)
    y = shared(shared(shared(x)))  # a layer that comes after itself
    return minikeras.Model(x, layers.Dense(1)(layers.Concatenate()([y, y + x])))


def nested():
    x = minikeras.Input((3,))
    return minikeras.Model(x, mlp()(graph()(x) * ops.ones((1, 3))))


class AddsLosses(minikeras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [layers.Dense(3, activity_regularizer="l1"), mlp()]
        self.seen = minikeras.metrics.Mean(name="seen")

    def call(self, x):
        y = self.blocks[0](x)
        self.add_loss(ops.mean(y))
        return self.blocks[1](y)

    def train_step(self, data):
        self.seen.update_state(1.0)
        return super().train_step(data)


class Rows(layers.Layer):
    """Sequences to rows, by everything that is recurrent."""

    def __init__(self):
        super().__init__()
        cells = [layers.GRUCell(2), layers.LSTMCell(2)]
        self.parts = [
            layers.Masking(),
            layers.Bidirectional(layers.LSTM(2, return_sequences=True, dropout=0.2)),
            layers.TimeDistributed(layers.Dense(2)),
            layers.SimpleRNN(2, return_sequences=True),
            layers.RNN(cells),
        ]

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x


def recurrent():
    return minikeras.Sequential([minikeras.Input((5, 3)), *Rows().parts, layers.Dense(1)])


def attentive():
    x = minikeras.Input((5, 3))
    y = layers.MultiHeadAttention(2, 2, dropout=0.1)(x, x)
    y, *_ = layers.GRU(2, return_state=True)(layers.LayerNormalization()(x + y))
    return minikeras.Model(x, layers.Dense(1)(y))


MODELS = [mlp, unbuilt, graph, nested, AddsLosses, recurrent, attentive]


def parts_of(model):
    held = [*model._flatten_layers(), *model.variables]
    if model.optimizer is not None:
        held += [model.optimizer, *model.optimizer.variables]
        held += [*model.metrics, *model.metrics_variables]
    return [weakref.ref(part) for part in held]


def left(kept):
    return [ref() for ref in kept if ref() is not None]


@pytest.mark.parametrize("make", MODELS)
def test_called(make):
    model = make()
    model(x453 if make in (recurrent, attentive) else x43)
    kept = parts_of(model)
    del model
    assert left(kept) == []


@pytest.mark.parametrize("make", MODELS)
def test_trained(make):
    x = x453 if make in (recurrent, attentive) else x43
    model = make()
    model.compile("adam", "mse", metrics=["mae", "R2Score"])
    model.fit(x, y41, validation_data=(x, y41), verbose=0, epochs=2)
    model.evaluate(x, y41, verbose=0)
    model.predict(x, verbose=0)
    model.train_on_batch(x, y41)
    model.test_on_batch(x, y41)
    model.predict_on_batch(x)
    kept = parts_of(model)
    del model
    assert left(kept) == []


OPTIMIZERS = sorted(
    name
    for name, cls in vars(optimizers).items()
    if isinstance(cls, type)
    and issubclass(cls, optimizers.Optimizer)
    and name not in ("Optimizer", "LossScaleOptimizer", "MultiOptimizer")
)


@pytest.mark.parametrize("name", [*OPTIMIZERS, "LossScaleOptimizer"])
def test_trained_by(name):
    if name == "LossScaleOptimizer":
        optimizer = optimizers.LossScaleOptimizer(optimizers.Adam())
    else:
        optimizer = getattr(optimizers, name)()
    model = mlp()
    model.compile(optimizer, "mse")
    model.fit(x43, y41, verbose=0)
    kept = parts_of(model)
    del model, optimizer
    assert left(kept) == []


def test_copied_and_cloned():
    model = nested()
    model.compile("adam", "mse")
    model.fit(x43, y41, verbose=0)
    kept = parts_of(model)
    for twin in (
        minikeras.models.clone_model(model),
        copy.deepcopy(model),
        copy.copy(model),
        pickle.loads(pickle.dumps(model)),
        minikeras.Model.from_config(model.get_config()),
    ):
        twin(x43)
        kept += parts_of(twin)
        model.summary(print_fn=lambda text: None)
    del model, twin
    assert left(kept) == []


def test_a_model_that_is_made_again_and_again_leaves_nothing():
    shared = mlp()
    shared(minikeras.Input((3,)))  # its first call is kept
    kept = []
    for _ in range(3):
        x = minikeras.Input((3,))
        model = minikeras.Model(x, layers.Dense(1)(shared(layers.Dense(3)(x))))
        kept += [weakref.ref(layer) for layer in model.layers if layer is not shared]
        assert len(shared._inbound_nodes) == 2
    del model, x
    assert left(kept) == []
    assert len(shared._inbound_nodes) == 1


# What is held weakly is there when somebody asks for it.


def test_history_after_training():
    model = mlp()
    model.compile("sgd", "mse")
    assert model.history is None
    model.fit(x43, y41, verbose=0, epochs=2)
    assert model.history.epoch == [0, 1] and len(model.history.history["loss"]) == 2
    assert model.history.model is model and model.history.params["epochs"] == 2
    history = model.fit(x43, y41, verbose=0)
    assert model.history is history and history.model is model
    del model
    assert history.model.predict(x43, verbose=0).shape == (4, 1)  # a history holds its model
    own = callbacks.History()
    other = mlp()
    other.compile("sgd", "mse")
    other.fit(x43, y41, verbose=0, callbacks=[own])
    assert other.history is own


def test_inputs_and_outputs_of_layers():
    dense = layers.Dense(2)
    dense(minikeras.Input((3,), name="a"))
    output = dense.output
    assert output.shape == (None, 2) and output.name == dense.output.name
    assert dense.output is output and dense.input.shape == (None, 3)
    assert minikeras.Model(dense.input, output).layers[-1] is dense
    sequence = minikeras.Input((5, 3))
    lstm = layers.LSTM(2, return_state=True)
    model = minikeras.Model(sequence, lstm(sequence)[1])  # the other outputs are held by nobody
    assert [t.shape for t in lstm.output] == [(None, 2)] * 3
    states = minikeras.Model(sequence, lstm.output[2])
    assert states(x453).shape == model(x453).shape == (4, 2)
    entrance = layers.InputLayer((3,), name="entrance")
    assert entrance.output.name == "entrance"
