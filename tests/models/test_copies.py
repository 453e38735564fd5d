"""Copies of models and of what they are made of: by deepcopy, pickle and joblib."""

from __future__ import annotations

import copy
import io
import pickle

import numpy as np
import pytest

import minikeras
from minikeras import layers, losses, metrics, ops, optimizers


def by_pickle(x):
    return pickle.loads(pickle.dumps(x))


def by_joblib(x):
    joblib = pytest.importorskip("joblib")
    file = io.BytesIO()
    joblib.dump(x, file)
    file.seek(0)
    return joblib.load(file)


WAYS = {"deepcopy": copy.deepcopy, "pickle": by_pickle, "joblib": by_joblib}
each_way = pytest.mark.parametrize("copied", WAYS.values(), ids=WAYS)


class Subclassed(minikeras.Model):
    def __init__(self, units=4):
        super().__init__()
        self.blocks = [layers.Dense(units, activation="relu"), layers.Dropout(0.3)]
        self.norm = layers.BatchNormalization()
        self.out = {"head": layers.Dense(1)}

    def call(self, inputs, training=None):
        x = inputs
        for block in self.blocks:
            x = block(x)
        return self.out["head"](self.norm(x))


class GivenInputsAndOutputs(minikeras.Model):
    def __init__(self):
        x = minikeras.Input((3,))
        super().__init__(x, layers.Dense(1)(layers.Dense(3, activation="tanh")(x)))


def sequential():
    return minikeras.Sequential(
        [
            minikeras.Input((3,)),
            layers.Dense(4, activation="relu", kernel_regularizer="l2"),
            layers.Dropout(0.3),
            layers.Dense(1, kernel_constraint="non_neg"),
        ]
    )


def unbuilt():
    return minikeras.Sequential([layers.Dense(4), layers.BatchNormalization(), layers.Dense(1)])


def branching():
    """Shared layers, merges, functions of `ops`, a model inside."""
    x = minikeras.Input((3,))
    shared = layers.Dense(4)
    a, b = shared(x), shared(ops.sin(x) * 2)
    inner = minikeras.Model(x, layers.Dense(4, activation="tanh")(x))
    y = layers.Concatenate()([a, layers.Multiply()([b, inner(x)])])
    return minikeras.Model(x, layers.Dense(1)(layers.BatchNormalization()(ops.relu(y))))


def recurrent():
    x = minikeras.Input((3,))
    y = layers.Bidirectional(layers.LSTM(2, dropout=0.2))(ops.expand_dims(x, -1))
    return minikeras.Model(x, layers.Dense(1)(y))


MODELS = [sequential, unbuilt, branching, recurrent, Subclassed, GivenInputsAndOutputs]
each_model = pytest.mark.parametrize("make", MODELS, ids=[m.__name__ for m in MODELS])

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)).astype("float32")
Y = X[:, :1] * 2 - X[:, 1:2]


def fit(model, epochs=1):
    history = model.fit(X, Y, epochs=epochs, batch_size=8, shuffle=False, verbose=0)
    return history.history


def arrays(model):
    variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return [v.array for v in variables]


@each_way
@each_model
def test_a_copy_predicts_and_goes_on_as_the_original_and_shares_nothing(make, copied):
    minikeras.utils.set_random_seed(0)
    model = make()
    model.compile(optimizers.Adam(0.01, clipnorm=1.0), "mse", metrics=["mae"])
    fit(model, 2)
    twin = copied(model)
    assert type(twin) is type(model)
    assert twin.get_config() == model.get_config()
    assert [v.path for v in twin.variables] == [v.path for v in model.variables]
    np.testing.assert_array_equal(twin.predict(X, verbose=0), model.predict(X, verbose=0))
    for a in arrays(twin):
        assert not any(np.shares_memory(a, b) for b in arrays(model))
    before = [np.array(a) for a in arrays(model)]
    logs = fit(twin, 2)
    for a, b in zip(arrays(model), before):
        np.testing.assert_array_equal(a, b)
    assert fit(model, 2) == logs
    for a, b in zip(arrays(twin), arrays(model)):
        np.testing.assert_array_equal(a, b)


@each_way
@pytest.mark.parametrize("freeze_first", [False, True])
def test_thawing_a_copy_leaves_moving_averages_alone(copied, freeze_first):
    model = unbuilt()
    model.build((None, 3))
    model.trainable = not freeze_first
    twin = copied(model)
    twin.trainable = False
    assert twin.trainable_weights == []
    twin.trainable = True
    names = [v.name for v in twin.trainable_weights]
    assert names == ["kernel", "bias", "gamma", "beta", "kernel", "bias"]
    assert [v.name for v in twin.non_trainable_weights] == ["moving_mean", "moving_variance"]


@each_way
def test_copies_keep_what_variables_know(copied):
    layer = layers.Dense(2, kernel_regularizer="l2", kernel_constraint="max_norm")
    layer.build((None, 3))
    layer.kernel.overwrite_with_gradient = True
    kernel = copied(layer).kernel
    assert kernel.regularizer.get_config() == layer.kernel.regularizer.get_config()
    assert kernel.constraint.max_value == 2
    assert kernel.regularizer is not layer.kernel.regularizer
    assert kernel.overwrite_with_gradient
    assert (kernel.name, kernel.path) == (layer.kernel.name, layer.kernel.path)


@each_way
def test_shared_variables_stay_shared(copied):
    layer = layers.Dense(2)
    layer.build((None, 3))
    first, second = copied([layer.kernel, layer])
    assert second.kernel is first


@each_way
def test_parts_of_training(copied):
    weight = minikeras.Variable([1.0, 2.0])
    optimizer = optimizers.SGD(
        optimizers.schedules.ExponentialDecay(0.1, 1, 0.5), momentum=0.9, use_ema=True
    )
    optimizer.apply([[1.0, 1.0]], [weight])
    other, twin = copied((weight, optimizer))
    for w, o in ((weight, optimizer), (other, twin)):
        o.apply([[1.0, -1.0]], [w])
    np.testing.assert_array_equal(other, weight)
    assert len(twin.variables) == len(optimizer.variables)
    for a, b in zip(twin.variables, optimizer.variables):
        np.testing.assert_array_equal(a, b)
        assert not np.shares_memory(a.array, b.array)

    metric = metrics.AUC()
    metric.update_state([0, 1, 1], [0.2, 0.4, 0.9])
    twin = copied(metric)
    assert float(twin.result()) == float(metric.result())
    twin.reset_state()
    assert float(metric.result()) == 1.0

    loss = losses.Huber(delta=0.5)
    assert float(copied(loss)([0.0], [2.0])) == float(loss([0.0], [2.0]))

    seeds = minikeras.random.SeedGenerator(3)
    minikeras.random.normal((2,), seed=seeds)
    twin = copied(seeds)
    draws = [minikeras.random.normal((2,), seed=s).numpy() for s in (seeds, twin)]
    np.testing.assert_array_equal(*draws)

    stop = minikeras.callbacks.EarlyStopping(patience=1, monitor="loss")
    model = sequential()
    model.compile("sgd", "mse")
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[stop])
    twin = copied(stop)
    assert (twin.best, twin.wait) == (stop.best, stop.wait)


CALLBACKS = {
    "BackupAndRestore": {"backup_dir": "folder"},
    "CSVLogger": {"filename": "log.csv"},
    "LearningRateScheduler": {"schedule": abs},
    "ModelCheckpoint": {"filepath": "model.keras"},
}
"""Arguments of callbacks that need some."""


@each_way
@pytest.mark.parametrize(
    "name",
    [
        n
        for n in minikeras.callbacks.__all__
        if n
        not in ("CallbackList", "OrbaxCheckpoint", "TensorBoard")  # tested elsewhere, or left out
    ],
)
def test_callbacks(copied, name):
    callback = getattr(minikeras.callbacks, name)(**CALLBACKS.get(name, {}))
    model = sequential()
    model.compile("sgd", "mse")
    callback.set_model(model)
    callback.set_params({"epochs": 1, "steps": 1, "verbose": 0})
    twin = copied(callback)
    assert type(twin) is type(callback)
    assert twin.model is not model
    np.testing.assert_array_equal(twin.model(X), model(X))
    assert twin.__dict__.keys() == callback.__dict__.keys()


@each_way
def test_deep_graphs(copied):
    x = y = minikeras.Input((2,))
    for _ in range(400):
        y = layers.Add()([y, layers.Activation("tanh")(y)])
    model = minikeras.Model(x, y)
    np.testing.assert_array_equal(copied(model)(X[:, :2]), model(X[:, :2]))
