"""A call that fails leaves the model, its optimizer and its metrics as they were."""

from __future__ import annotations

import numpy as np
import pytest

import minikeras
from minikeras import callbacks, layers, ops

rng = np.random.default_rng(0)
x = rng.normal(size=(16, 4)).astype("float32")
y = rng.integers(0, 3, 16)
onehot = np.eye(3, dtype="float32")[y]


def net(built=True, loss="categorical_crossentropy", metrics=("accuracy",), **kwargs):
    model = minikeras.Sequential(
        [
            *([minikeras.Input((4,))] if built else []),
            layers.Dense(6, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", loss, metrics=list(metrics), **kwargs)
    return model


class Two(minikeras.Model):
    """A subclassed model, whose outputs nobody knows before it is called."""

    def __init__(self):
        super().__init__()
        self.norm, self.p, self.q = layers.BatchNormalization(), layers.Dense(3), layers.Dense(1)

    def call(self, inputs, training=False):
        z = self.norm(inputs, training=training)
        return {"p": self.p(z), "q": self.q(z)}


def two(loss="mse", **kwargs):
    model = Two()
    model.compile("adam", loss, **kwargs)
    return model


def state_of(model):
    """Return copies of all that training changes."""
    variables = [*model.variables, *model.metrics_variables]
    if model.optimizer is not None:
        variables += model.optimizer.variables
    return {id(v): np.array(v.array) for v in variables}


def takes_three(y_true, y_pred, more):
    return ops.mean(y_pred)


def fails(y_true, y_pred):
    return ops.mean(y_pred) + y_true.no_such_attribute


class FailsLater(minikeras.metrics.Mean):
    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(y_pred)
        raise ValueError("a metric of the user's")


pairs = {"p": onehot, "q": x[:, :1]}
CALLS = {
    "x of another width": (net, (x[:, :3], onehot), {}),
    "x of another rank": (net, (x[:, 0], onehot), {}),
    "x as text": (net, (x.astype(str), onehot), {}),
    "y of another width": (net, (x, onehot[:, :2]), {}),
    "y as text": (net, (x, onehot.astype(str)), {}),
    "fewer y": (net, (x, onehot[:9]), {}),
    "no y": (net, (x,), {}),
    "y with NaN": (net, (x, onehot * np.nan), {}),
    "two y": (net, (x, [onehot, onehot]), {}),
    "a class too many": (lambda: net(loss="sparse_categorical_crossentropy"), (x, y + 1), {}),
    "fewer weights": (net, (x, onehot), {"sample_weight": np.ones(9)}),
    "weights of another width": (net, (x, onehot), {"sample_weight": np.ones((16, 5))}),
    "weights and class weights": (
        net,
        (x, onehot),
        {"sample_weight": np.ones(16), "class_weight": {0: 1.0}},
    ),
    "a weight of no class": (net, (x, onehot), {"class_weight": {9: 1.0}}),
    "a loss that fails": (lambda: net(loss=fails), (x, onehot), {}),
    "a metric that fails": (lambda: net(metrics=[fails]), (x, onehot), {}),
    "a metric object that fails": (lambda: net(metrics=[FailsLater()]), (x, onehot), {}),
    "a metric for other classes": (
        lambda: net(metrics=[minikeras.metrics.MeanIoU(num_classes=2, sparse_y_pred=False)]),
        (x, onehot[:, :2]),
        {},
    ),
    "metrics of an unknown output": (lambda: two(metrics={"r": ["mse"]}), (x, pairs), {}),
    "a loss of an unknown output": (lambda: two(loss={"p": "mse", "r": "mse"}), (x, pairs), {}),
    "weights of an unknown loss": (lambda: two(loss_weights={"r": 1.0}), (x, pairs), {}),
    "a list of one metric for two": (lambda: two(metrics=["mse"]), (x, pairs), {}),
    "one of two y": (two, (x, {"p": onehot}), {}),
    "an unknown y": (two, (x, {"p": onehot, "r": onehot}), {}),
}
ONLY_FIT = {
    "a batch of no samples": (net, (x, onehot), {"batch_size": 0}),
    "no epochs": (net, (x, onehot), {"epochs": -1}),
    "a callback that is none": (net, (x, onehot), {"callbacks": [3]}),
    "validation of another width": (net, (x, onehot), {"validation_data": (x[:, :3], onehot)}),
    "validation y of another width": (net, (x, onehot), {"validation_data": (x, onehot[:, :2])}),
    "validation without y": (net, (x, onehot), {"validation_data": (x,)}),
    "validation weights": (net, (x, onehot), {"validation_data": (x, onehot, np.ones((16, 5)))}),
    "validation of a generator": (
        net,
        (x, onehot),
        {"validation_data": lambda: iter([(x[:, :3], onehot)])},
    ),
    "a split of more than all": (net, (x, onehot), {"validation_split": 1.5}),
    "shuffling by a word": (net, (x, onehot), {"shuffle": "epochs"}),
}
METHODS = {
    "fit": {"verbose": 0},
    "train_on_batch": {},
    "evaluate": {"verbose": 0},
    "test_on_batch": {},
}
CASES = [(method, name) for method in METHODS for name in CALLS]
CASES += [("fit", name) for name in ONLY_FIT]
CASES = [
    (method, name)
    for method, name in CASES
    if method in ("fit", "train_on_batch") or "class" not in name
]


@pytest.mark.parametrize("trained", [False, True], ids=["new", "trained"])
@pytest.mark.parametrize("method, name", CASES)
def test_a_failing_call_changes_nothing(method, name, trained):
    make, arguments, options = {**CALLS, **ONLY_FIT}[name]
    model = make()
    if trained:
        if ("unknown" in name and "y" not in name) or "fails" in name or "metric" in name:
            return  # it cannot be trained at all
        good = (x, pairs) if isinstance(model, Two) else (x, y if "class too" in name else onehot)
        model.fit(*good, epochs=2, verbose=0)
    else:
        model(x)
    options = {k: v() if callable(v) else v for k, v in options.items()}
    before, draws = state_of(model), np.random.get_state()[1].copy()
    with pytest.raises((ValueError, TypeError, AttributeError)):
        getattr(model, method)(*arguments, **options, **METHODS[method])
    after = state_of(model)
    for key, value in before.items():
        np.testing.assert_array_equal(after[key], value)
    np.testing.assert_array_equal(np.random.get_state()[1], draws)


def test_bad_predictions_change_nothing():
    model = net()
    model.fit(x, onehot, verbose=0)
    before = state_of(model)
    for wrong in (x[:, :2], x[:, 0], x.astype(str), None):
        for method in (lambda a: model.predict(a, verbose=0), model.predict_on_batch):
            with pytest.raises((ValueError, TypeError)):
                method(wrong)
    after = state_of(model)
    assert before.keys() == after.keys()
    for key, value in before.items():
        np.testing.assert_array_equal(after[key], value)


def test_what_is_chosen_by_bad_data_is_chosen_anew():
    """accuracy and crossentropy fit the data of the first call that does not fail."""
    for method in ("fit", "train_on_batch", "evaluate", "test_on_batch"):
        model = net(loss="crossentropy", metrics=["accuracy"])
        options = METHODS[method]
        with pytest.raises(ValueError):
            getattr(model, method)(x, onehot[:, :2], **options)
        model.fit(x, y, verbose=0)
        expected = (model.predict(x, verbose=0).argmax(1) == y).mean()
        assert model.evaluate(x, y, verbose=0)[1] == pytest.approx(expected)


@pytest.mark.parametrize("built", [True, False])
def test_trying_a_batch_out_leaves_no_trace(built):
    """Training is the same as without: by hand, step by step."""

    class Seen(callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 0:
                self.first = state_of(self.model), np.random.get_state()[1].copy()

    minikeras.utils.set_random_seed(3)
    model, seen = net(built), Seen()
    model.build((None, 4))
    fresh = {id(v): np.array(v.array) for v in model.variables}
    draws = np.random.get_state()[1].copy()
    model.fit(x, onehot, batch_size=16, shuffle=False, verbose=0, callbacks=[seen])
    state, later = seen.first
    for key, value in fresh.items():
        np.testing.assert_array_equal(state[key], value)
    np.testing.assert_array_equal(later, draws)


def test_a_batch_is_tried_out_once_for_all_that_are_alike():
    calls = []

    class Counting(layers.Layer):
        def call(self, inputs):
            calls.append(tuple(inputs.shape))
            return inputs

    model = minikeras.Sequential([minikeras.Input((4,)), Counting(), layers.Dense(1)])
    model.compile("sgd", "mse")
    calls.clear()
    for _ in range(3):
        model.train_on_batch(x, x[:, :1])
    model.fit(x, x[:, :1], batch_size=16, validation_data=(x, x[:, :1]), epochs=2, verbose=0)
    assert len(calls) == 1 + 3 + 1 + 2 + 2  # tried for training, and for validation
