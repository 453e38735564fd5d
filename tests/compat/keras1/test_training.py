"""How models of Keras 0 and 1 were compiled, trained and asked."""

import numpy as np
import pytest

from minikeras.callbacks import Callback
from minikeras.compat.keras1 import objectives

R = np.random.default_rng(0)
X = R.normal(size=(64, 4)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")
CLASSES = np.eye(3, dtype="float32")[X[:, :3].argmax(1)]


@pytest.fixture
def binary(old):
    Dense = old("layers.Dense")
    return old("models.Sequential")([Dense(8, input_dim=4), Dense(1, activation="sigmoid")])


@pytest.fixture
def several(old):
    return old("models.Sequential")([old("layers.Dense")(3, input_dim=4, activation="softmax")])


def test_models_are_trained_for_ten_epochs_unless_told(binary):
    binary.compile("sgd", "mse")
    assert len(binary.fit(X, Y, verbose=0).history["loss"]) == 10
    assert len(binary.fit(X, Y, 16, 3, 0).history["loss"]) == 3


def test_accuracy_is_called_acc(binary):
    binary.compile("sgd", "mse", metrics=["accuracy"])
    history = binary.fit(X, Y, nb_epoch=1, verbose=0, validation_data=(X, Y)).history
    assert set(history) == {"loss", "acc", "val_loss", "val_acc"}


def test_accuracy_of_keras_0_is_asked_for_when_fitting(binary):
    binary.compile(loss="mse", optimizer="sgd", class_mode="binary", theano_mode=None)
    assert np.isscalar(binary.evaluate(X, Y, verbose=0))
    history = binary.fit(X, Y, nb_epoch=1, verbose=0, show_accuracy=True, validation_split=0.5)
    assert set(history.history) == {"loss", "acc", "val_loss", "val_acc"}
    loss, acc = binary.evaluate(X, Y, show_accuracy=True, verbose=0)
    predicted = binary.predict(X)
    assert acc == pytest.approx(np.mean((predicted > 0.5) == Y))
    assert loss == pytest.approx(np.mean((predicted - Y) ** 2), rel=1e-5)
    assert binary.evaluate(X, Y, verbose=0) == pytest.approx(loss)
    assert binary.test_on_batch(X, Y) == pytest.approx(loss, rel=1e-5)
    assert len(binary.test_on_batch(X, Y, accuracy=True)) == 2
    optimizer, steps = binary.optimizer, int(binary.optimizer.iterations)
    binary.compile(optimizer, "mse")
    binary.evaluate(X, Y, show_accuracy=True, verbose=0)
    assert binary.optimizer is optimizer
    assert len(binary.train_on_batch(X, Y, accuracy=True)) == 2
    assert np.isscalar(binary.train_on_batch(X, Y))
    assert int(binary.optimizer.iterations) == steps + 2  # it is the same optimizer all the time


def test_class_mode_says_which_accuracy(several):
    several.compile("sgd", "mse", "categorical")
    assert several.evaluate(X, CLASSES, show_accuracy=True, verbose=0)[1] == pytest.approx(
        np.mean(several.predict(X).argmax(1) == CLASSES.argmax(1))
    )


def test_classes_and_probabilities(binary, several):
    p = several.predict(X)
    np.testing.assert_array_equal(several.predict_classes(X, verbose=0), p.argmax(1))
    np.testing.assert_allclose(several.predict_proba(X, verbose=0), p)
    p = binary.predict(X)
    np.testing.assert_array_equal(binary.predict_classes(X, verbose=0), (p > 0.5).astype(int))


@pytest.mark.parametrize(
    "name, rate",
    [("sgd", 0.01), ("rmsprop", 0.001), ("adagrad", 0.01), ("adadelta", 1.0), ("adam", 0.001)]
    + [("adamax", 0.002), ("nadam", 0.002), ("SGD", 0.01), ("Adadelta", 1.0)],
)
def test_names_of_optimizers_stand_for_the_rates_of_the_time(binary, name, rate):
    binary.compile(optimizer=name, loss="mse")
    assert float(binary.optimizer.learning_rate) == pytest.approx(rate)


def test_sgd_decays_and_clips_all_gradients_together(old, binary):
    optimizer = old("optimizers.SGD")(lr=0.5, decay=0.1, momentum=0.9, nesterov=True, clipnorm=1.0)
    binary.compile(optimizer, "mse")
    for i in range(3):
        assert float(optimizer.learning_rate) == pytest.approx(0.5 / (1 + 0.1 * i))
        binary.train_on_batch(X, Y)
    assert optimizer.global_clipnorm == 1.0 and optimizer.clipnorm is None


def test_variables_are_read_and_set_as_theanos(old, binary):
    binary.compile(old("optimizers.SGD")(lr=0.5), "mse")
    rate = binary.optimizer.lr
    assert rate.get_value() == 0.5
    rate.set_value(0.25)
    assert float(binary.optimizer.learning_rate) == 0.25
    dense = binary.layers[0]
    np.testing.assert_array_equal(dense.W.get_value(borrow=True), dense.get_weights()[0])
    dense.b.set_value(np.ones(8))
    np.testing.assert_array_equal(dense.get_weights()[1], np.ones(8))
    conv = old("layers.Convolution1D")(2, 3, input_dim=4)
    conv.build((None, 5, 4))
    assert conv.W is conv.kernel and conv.b is conv.bias


def batches(size=16):
    while True:
        for i in range(0, 64, size):
            yield X[i : i + size], Y[i : i + size]


def test_epochs_of_generators_are_counted_in_samples(binary):
    seen = []

    class Count(Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(batch)

    binary.compile("sgd", "mse", metrics=["accuracy"])
    history = binary.fit_generator(
        batches(),
        samples_per_epoch=40,  # two and a half batches: three
        nb_epoch=2,
        verbose=0,
        callbacks=[Count()],
        validation_data=batches(),
        nb_val_samples=32,
        nb_worker=2,
        max_q_size=5,
        pickle_safe=False,
    )
    assert seen == [0, 1, 2, 0, 1, 2]
    assert len(history.history["val_acc"]) == 2
    scores = binary.evaluate_generator(batches(), val_samples=64)
    np.testing.assert_allclose(scores, binary.evaluate(X, Y, verbose=0), rtol=1e-5)
    predicted = binary.predict_generator((x for x, _ in batches()), 64)
    np.testing.assert_allclose(predicted, binary.predict(X), rtol=1e-5)


def test_callbacks_find_what_a_fit_is_made_of(binary):
    found = {}

    class Look(Callback):
        def on_train_begin(self, logs=None):
            found.update(self.params)

    binary.compile("sgd", "mse")
    binary.fit(X, Y, nb_epoch=2, batch_size=16, verbose=0, callbacks=[Look()])
    assert (found["nb_epoch"], found["nb_sample"], found["batch_size"]) == (2, 64, 16)


@pytest.mark.parametrize("patience", [0, 2])
def test_early_stopping_waits_one_epoch_more_than_today(old, binary, patience):
    binary.compile(old("optimizers.SGD")(lr=0.0), "mse")
    stop = old("callbacks.EarlyStopping")(monitor="loss", patience=patience, verbose=0, mode="min")
    epochs = len(binary.fit(X, Y, nb_epoch=20, verbose=0, shuffle=False, callbacks=[stop]).epoch)
    assert epochs == patience + 2


def test_models_by_input_and_output(old):
    a = old("layers.Input")(shape=(4,))
    y = old("layers.Dense")(2)(a)
    model = old("models.Model")(input=a, output=y)
    assert model.output_shape == (None, 2)
    model.compile("sgd", "mse", metrics=["mae"], sample_weight_mode=None)
    assert len(model.train_on_batch(X, np.zeros((64, 2)))) == 2
    weights = np.repeat([1.0, 0.0], 32)
    expected = np.mean(weights * np.mean(model.predict(X) ** 2, axis=1))
    loss = model.test_on_batch(X, np.zeros((64, 2)), sample_weight=weights)[0]
    assert loss == pytest.approx(expected, rel=1e-5)


def test_lists_of_numbers_are_arrays(binary):
    binary.compile("sgd", "mse")
    loss = binary.test_on_batch(X, Y)
    assert binary.test_on_batch(X.tolist(), Y[:, 0].tolist()) == pytest.approx(loss)
    assert binary.evaluate(X.tolist(), Y.tolist(), verbose=0) == pytest.approx(loss)
    np.testing.assert_allclose(binary.predict(X.tolist()), binary.predict(X), rtol=1e-6)


def test_one_list_of_metrics_is_for_each_output(old):
    a = old("layers.Input")(shape=(4,))
    outputs = [old("layers.Dense")(1, name=n)(a) for n in "pq"]
    model = old("models.Model")(input=a, output=outputs)
    model.compile("sgd", "mse", metrics=["accuracy"])
    history = model.fit(X, [Y, Y], nb_epoch=1, verbose=0).history
    assert {"loss", "p_loss", "q_loss", "p_acc", "q_acc"} <= set(history)


T, P = np.array([[1.0, 0.0, 2.0], [0.5, 1.0, 1.0]]), np.array([[0.8, 0.3, 1.0], [0.2, 0.9, 0.7]])


@pytest.mark.parametrize(
    "name, expected",
    [
        ("rmse", np.sqrt(((T - P) ** 2).mean(-1))),
        ("RMSE", np.sqrt(((T - P) ** 2).mean(-1))),
        ("mse", ((T - P) ** 2).mean(-1)),
        ("MAE", np.abs(T - P).mean(-1)),
        (
            "cosine_proximity",
            -(T * P).sum(-1) / np.linalg.norm(T, axis=-1) / np.linalg.norm(P, axis=-1) / 3,
        ),
    ],
)
def test_objectives(old, several, name, expected):
    for function in (old(f"objectives.{name}"), old("objectives.get")(name)):
        np.testing.assert_allclose(np.asarray(function(T, P)), expected, rtol=1e-5)
    several.compile("sgd", name)
    targets = R.normal(size=(64, 3)).astype("float32")
    function = old("objectives.get")(name)
    loss = np.asarray(function(targets, several.predict(X))).mean()
    assert several.evaluate(X, targets, verbose=0) == pytest.approx(loss, rel=1e-4)


def test_metrics_of_keras_1():
    tp, fp, fn, tn = 2, 1, 3, 4
    t = np.repeat([1.0, 0.0, 1.0, 0.0], [tp, fp, fn, tn])[:, None]
    p = np.repeat([0.9, 0.7, 0.2, 0.1], [tp, fp, fn, tn])[:, None]
    pr, re = tp / (tp + fp), tp / (tp + fn)
    expected = {
        "precision": pr,
        "recall": re,
        "fmeasure": 2 * pr * re / (pr + re),
        "matthews_correlation": (tp * tn - fp * fn)
        / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)),
    }
    for name, value in expected.items():
        assert float(objectives.METRICS[name](t, p)) == pytest.approx(value, rel=1e-5)
    assert float(objectives.fbeta_score(t, p, 2)) == pytest.approx(5 * pr * re / (4 * pr + re))
    with pytest.raises(ValueError, match="beta"):
        objectives.fbeta_score(t, p, -1)


def test_metrics_by_name(binary):
    binary.compile("sgd", "mse", metrics=["accuracy", "precision", "rmse", "mae"])
    assert len(binary.evaluate(X, Y, verbose=0)) == 5


def test_arguments_that_are_given_twice(binary):
    binary.compile("sgd", "mse")
    with pytest.raises(TypeError, match="given twice"):
        binary.fit(X, Y, nb_epoch=1, epochs=2)
