"""What objects print as: the call that makes them, with what was changed from the defaults."""

import inspect

import numpy as np
import pytest

import minikeras
from minikeras import (
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    quantizers,
    random,
    regularizers,
)
from minikeras.callbacks import Callback, EarlyStopping, History, LambdaCallback
from minikeras.optimizers import schedules


def double(x):
    return 2 * x


PRINTED = [
    (lambda: optimizers.Adam(), "Adam()"),
    (lambda: optimizers.Adam(0.01), "Adam(learning_rate=0.01)"),
    (
        lambda: optimizers.SGD(momentum=0.9, nesterov=True, clipnorm=1.0, name="s"),
        "SGD(momentum=0.9, nesterov=True, clipnorm=1.0, name='s')",
    ),
    (
        lambda: optimizers.Adam(schedules.CosineDecay(0.01, 1000)),
        "Adam(learning_rate=CosineDecay(initial_learning_rate=0.01, decay_steps=1000))",
    ),
    (
        lambda: optimizers.LossScaleOptimizer(optimizers.Lion()),
        "LossScaleOptimizer(inner_optimizer=Lion())",
    ),
    (lambda: initializers.HeNormal(), "HeNormal()"),
    (lambda: initializers.RandomNormal(stddev=0.1, seed=3), "RandomNormal(stddev=0.1, seed=3)"),
    (
        lambda: initializers.Constant(np.zeros((30, 40), "float32")),
        "Constant(value=<ndarray of shape (30, 40), dtype float32>)",
    ),
    (lambda: regularizers.L1L2(l2=0.5), "L1L2(l2=0.5)"),
    (lambda: regularizers.L2(0.01), "L2()"),
    (lambda: constraints.MaxNorm(3), "MaxNorm(max_value=3)"),
    (lambda: losses.MeanSquaredError(), "MeanSquaredError()"),
    (lambda: losses.Huber(2.0, reduction="sum"), "Huber(delta=2.0, reduction='sum')"),
    (lambda: losses.Hinge(dtype="float16"), "Hinge(dtype='float16')"),
    (
        lambda: losses.LossFunctionWrapper(losses.huber, name="h", delta=2.0),
        "LossFunctionWrapper(fn=huber, name='h', delta=2.0)",
    ),
    (lambda: metrics.Precision(thresholds=0.3), "Precision(thresholds=0.3)"),
    (
        lambda: [metrics.Mean(), metrics.Mean(), metrics.Mean("m")],
        "[Mean(), Mean(), Mean(name='m')]",
    ),
    (
        lambda: metrics.MeanMetricWrapper(losses.huber, delta=0.3),
        "MeanMetricWrapper(fn=huber, delta=0.3)",
    ),
    (lambda: metrics.BinaryIoU(threshold=0.25), "BinaryIoU(threshold=0.25)"),
    (lambda: EarlyStopping(patience=3, mode="min"), "EarlyStopping(patience=3, mode='min')"),
    (lambda: LambdaCallback(on_epoch_end=double), "LambdaCallback(on_epoch_end=double)"),
    (lambda: random.SeedGenerator(3), "SeedGenerator(seed=3)"),
]


@pytest.mark.parametrize(("make", "printed"), PRINTED, ids=[text for _, text in PRINTED])
def test_what_is_printed(make, printed):
    assert repr(make()) == printed


def test_what_changes_later_is_seen():
    optimizer = optimizers.Adam(0.5)
    optimizer.learning_rate = 0.125
    assert repr(optimizer) == "Adam(learning_rate=0.125)"
    stopping = EarlyStopping()
    stopping.patience = 7
    assert repr(stopping) == "EarlyStopping(patience=7)"


def test_classes_of_a_user():
    class Weighted(losses.Loss):
        def __init__(self, weight=1.0, **kwargs):
            super().__init__(**kwargs)
            self.kept_elsewhere = weight

    class Every(Callback):
        def __init__(self, steps, path="log", start=0):
            super().__init__()
            self.steps = steps
            self._path = path

    assert repr(Weighted(2.0, reduction="sum")) == "Weighted(weight=2.0, reduction='sum')"
    assert repr(Every(5, "x")) == "Every(steps=5, path='x')"
    assert repr(Weighted.__new__(Weighted, 1, 2, 3, 4)) == "Weighted()"


def test_long_arguments_are_cut():
    grid = list(range(1000))
    printed = repr(initializers.Constant(grid))
    assert printed.startswith("Constant(value=[0, 1, 2, ") and printed.endswith(", ...])")
    checkpoint = callbacks.ModelCheckpoint("a" * 500 + ".keras")
    assert len(repr(checkpoint)) < 150


@pytest.mark.parametrize(
    "space",
    [optimizers, schedules, initializers, regularizers, constraints, losses, metrics, callbacks],
    ids=lambda space: space.__name__,
)
def test_what_is_half_made_prints_too(space):
    """A debugger shows `self` in an `__init__` that has only begun."""
    for name, cls in inspect.getmembers(space, inspect.isclass):
        if cls.__module__.startswith("minikeras.") and name != "OrbaxCheckpoint":
            assert cls.__name__ in repr(cls.__new__(cls))


def test_attributes_that_cannot_be_read_do_not_matter():
    class Broken(Callback):
        def __init__(self, size=1):
            super().__init__()

        @property
        def size(self):
            raise RuntimeError("not now")

    class Endless(Callback):
        def __init__(self, inner=None):
            super().__init__()
            self.inner = inner

    assert repr(Broken()) == "Broken()"
    endless = Endless()
    endless.inner = endless
    assert repr(endless) == "Endless(inner=...)"


def test_history_shows_where_training_stands():
    history = History()
    assert repr(history) == "<History: nothing yet>"
    history.on_train_begin()
    for epoch, loss in enumerate([0.5, 0.123456]):
        history.on_epoch_end(epoch, {"loss": loss, "accuracy": 1.0})
    assert repr(history) == "<History of 2 epochs, the last: loss=0.1235, accuracy=1>"


def test_forms_of_keras_that_stay():
    assert repr(layers.Dense(2, name="d")) == "<Dense name=d, built=False>"
    assert repr(minikeras.Operation(name="o")) == "<Operation name=o>"
    assert repr(minikeras.Variable([1.0], name="w")).startswith("<Variable path=w, shape=(1,)")
    assert repr(quantizers.AbsMaxQuantizer(axis=0)) == "AbsMaxQuantizer(axis=(0,))"
