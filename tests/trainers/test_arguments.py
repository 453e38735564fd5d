"""Every argument of fit, evaluate and predict changes what Keras's changes, and is so tested."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import minikeras

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(10, 3)).astype("float32"), rng.normal(size=(10, 1)).astype("float32")
OTHERS = (X[:6] + 1, Y[:6] - 1)


def model(library, optimizer=None):
    library.utils.set_random_seed(0)
    net = library.Sequential(
        [library.Input((3,)), library.layers.Dense(1, kernel_initializer="ones")]
    )
    net.compile(optimizer(library) if optimizer else library.optimizers.SGD(0.05), "mse")
    return net


def counter(library):
    """Return a callback that counts batches of each kind, and its counts."""
    counts = {"train": 0, "test": 0, "predict": 0}

    class Count(library.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            counts["train"] += 1

        def on_test_batch_end(self, batch, logs=None):
            counts["test"] += 1

        def on_predict_batch_end(self, batch, logs=None):
            counts["predict"] += 1

    return Count(), counts


FIT = {
    "x": {"x": lambda: X + 1},
    "y": {"y": lambda: Y + 1},
    "batch_size": {"batch_size": 3},
    "epochs": {"epochs": 3},
    "callbacks": {"callbacks": []},
    "validation_split": {"validation_split": 0.3},
    "validation_data": {"validation_data": OTHERS},
    "class_weight": {"y": lambda: np.arange(10) % 2, "class_weight": {0: 1.0, 1: 3.0}},
    "sample_weight": {"sample_weight": np.arange(10.0)},
    "initial_epoch": {"epochs": 4, "initial_epoch": 2},
    "steps_per_epoch": {"batch_size": 3, "steps_per_epoch": 2, "epochs": 3},
    "validation_steps": {
        "validation_data": OTHERS,
        "validation_batch_size": 2,
        "validation_steps": 2,
    },
    "validation_batch_size": {"validation_data": OTHERS, "validation_batch_size": 4},
    "validation_freq": {"validation_data": OTHERS, "epochs": 4, "validation_freq": 2},
}
FIT_ELSEWHERE = {
    "verbose": "test_trainer_with_keras.py: test_printed_lines",
    "shuffle": "below",
    "self": "",
}


def fitted(library, **kwargs):
    net = model(library)
    kwargs = {k: v() if callable(v) else v for k, v in kwargs.items()}
    count, counts = counter(library)
    kwargs["callbacks"] = [*kwargs.pop("callbacks", []), count]
    history = net.fit(**{"x": X, "y": Y, "verbose": 0, "shuffle": False, **kwargs})
    return [*history.history.items(), history.epoch, list(counts.values()), net.get_weights()]


def alike(a, b):
    """Whether two reports of a run say the same."""
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(alike(x, y) for x, y in zip(a, b))
    if isinstance(a, str):
        return a == b
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-4, atol=1e-6)


def test_every_argument_is_tried():
    for method, tried in (("fit", {*FIT, *FIT_ELSEWHERE}), ("evaluate", ASKED), ("predict", ASKED)):
        wanted = set(inspect.signature(getattr(minikeras.Model, method)).parameters)
        assert wanted - {"self", "kwargs", "return_dict", "verbose"} <= set(tried), method


@pytest.mark.parametrize("name", FIT)
def test_arguments_of_fit_change_what_they_change_in_keras(keras, name):
    ours, theirs = [fitted(k, **FIT[name]) for k in (minikeras, keras)]
    assert alike(ours, theirs)
    if name != "callbacks":
        assert not alike(ours, fitted(minikeras))


def test_shuffle():
    with_order = fitted(minikeras, batch_size=3)
    assert not alike(with_order, fitted(minikeras, batch_size=3, shuffle=True))
    assert alike(fitted(minikeras), fitted(minikeras, batch_size=10, shuffle=True))


ASKED = {
    "x": {"x": X + 1},
    "y": {"y": Y + 1},
    "batch_size": {"batch_size": 3},
    "sample_weight": {"sample_weight": np.arange(10.0)},
    "steps": {"batch_size": 3, "steps": 2},
    "callbacks": {"callbacks": []},
}


@pytest.mark.parametrize("method", ["evaluate", "predict"])
@pytest.mark.parametrize("name", ASKED)
def test_arguments_of_evaluate_and_predict(keras, method, name):
    def run(library, **kwargs):
        net = model(library)
        count, counts = counter(library)
        kwargs["callbacks"] = [*kwargs.pop("callbacks", []), count]
        kwargs = {"x": X, "y": Y, "verbose": 0, **kwargs}
        if method == "predict":
            kwargs = {k: v for k, v in kwargs.items() if k not in ("y", "sample_weight")}
        result = getattr(net, method)(**kwargs)
        return [result, list(counts.values())]

    ours, theirs = [run(k, **ASKED[name]) for k in (minikeras, keras)]
    assert alike(ours, theirs)
    if name != "callbacks" and not (method == "predict" and name in ("y", "sample_weight")):
        assert not alike(ours, run(minikeras))


@pytest.mark.parametrize("frequency", [None, 2])
def test_averages_are_put_in_place_after_fit(keras, frequency):
    def optimizer(library):
        return library.optimizers.SGD(
            0.05, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=frequency
        )

    results = []
    for library in (minikeras, keras):
        net = model(library, optimizer)
        net.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
        results.append(net.get_weights())
    assert alike(*results)
    plain = model(minikeras)
    plain.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    assert not alike(results[0], plain.get_weights())


def test_targets_changed_by_their_owner_after_the_forward():
    """What a tape keeps is what was there, not what its owner writes into the array later."""
    y = Y.copy()
    for loss in (minikeras.losses.MeanSquaredError(), minikeras.losses.MeanAbsoluteError()):
        gradients = []
        for change in (False, True):
            v = minikeras.Variable(X[:, :1])
            y[:] = Y
            with minikeras.GradientTape() as tape:
                value = loss(y, v.value)
            if change:
                y[:] = 100.0
            gradients.append(np.asarray(tape.gradient(value, v)))
        np.testing.assert_array_equal(*gradients)


def test_settings_cap_epochs_and_their_steps():
    steps, model = [], minikeras.Sequential([minikeras.Input((2,)), minikeras.layers.Dense(1)])
    model.compile("sgd", "mse")
    count = minikeras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: steps.append(batch)
    )
    data = np.ones((12, 2), "float32"), np.ones((12, 1), "float32")
    minikeras.config.set_max_steps_per_epoch(3)
    minikeras.config.set_max_epochs(2)
    with pytest.warns(UserWarning, match="Limiting steps_per_epoch to 3"):
        history = model.fit(*data, batch_size=2, epochs=4, verbose=0, callbacks=[count])
    assert steps == [0, 1, 2] * 2 and history.epoch == [0, 1]


def test_training_that_is_taken_up_again_begins_at_its_epoch():
    model = minikeras.Sequential([minikeras.Input((2,)), minikeras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model._initial_epoch = 2  # as BackupAndRestore leaves it
    data = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    assert model.fit(*data, epochs=4, verbose=0).epoch == [2, 3]
