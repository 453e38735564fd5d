"""What needs no oracle: bad input, training loops of the user's own, memory, threads of `fit`."""

from __future__ import annotations

import gc
import itertools
import tracemalloc

import numpy as np
import pytest

import minikeras
from minikeras import layers, ops

rng = np.random.default_rng(0)
x = rng.normal(size=(20, 4)).astype("float32")
y = rng.normal(size=(20, 1)).astype("float32")


def model_of(*parts, loss="mse", metrics=None, optimizer="sgd", built=True):
    model = minikeras.Sequential(
        [*([minikeras.Input((4,))] if built else []), *(parts or [layers.Dense(1, name="out")])]
    )
    model.compile(optimizer, loss, metrics=metrics)
    return model


def unchanged(model, error, match, act):
    """An error comes before anything is changed."""
    before = model.get_weights()
    steps = int(model.optimizer.iterations.numpy())
    with pytest.raises(error, match=match):
        act()
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert int(model.optimizer.iterations.numpy()) == steps


# Bad input.


def test_not_compiled():
    model = minikeras.Sequential([layers.Dense(1)])
    for method in ("fit", "evaluate", "train_on_batch", "test_on_batch"):
        with pytest.raises(ValueError, match=rf"compile\(\).*{method}"):
            getattr(model, method)(x, y)
    assert model.predict(x, verbose=0).shape == (20, 1)  # needs none


@pytest.mark.parametrize(
    "arguments, known",
    [
        (dict(loss="mean_square_error"), "mean_squared_error"),
        (dict(optimizer="adm"), "adam"),
        (dict(metrics=["acuracy"]), "accuracy"),
        (dict(metrics=["mean_absolut_error"]), "mean_absolute_error"),
    ],
)
def test_unknown_names_get_the_nearest(arguments, known):
    model = minikeras.Sequential([layers.Dense(1)])
    with pytest.raises(ValueError, match=f"(?i){known}"):
        model.compile(**{"optimizer": "sgd", "loss": "mse", **arguments})
    assert not model.compiled
    with pytest.raises(ValueError, match="sigmoid"):
        layers.Dense(1, activation="sigmod")
    with pytest.raises(ValueError, match="glorot_uniform"):
        layers.Dense(1, kernel_initializer="glorot_unifrm")


def test_metrics_and_weights_of_the_wrong_kind():
    model = minikeras.Sequential([layers.Dense(1)])
    with pytest.raises(ValueError, match="metrics"):
        model.compile("sgd", "mse", metrics="mae")
    with pytest.raises(ValueError, match="loss_weights"):
        model.compile("sgd", "mse", loss_weights="heavy")
    with pytest.raises(ValueError, match="steps_per_execution"):
        model.compile("sgd", "mse", steps_per_execution=0)


def test_wrong_shapes():
    model = model_of(metrics=["mae"])
    wrong = np.ones((20, 5), "float32")
    unchanged(model, ValueError, r"\(20, 5\)|, 5\)", lambda: model.fit(wrong, y, verbose=0))
    unchanged(model, ValueError, "5", lambda: model.evaluate(wrong, y, verbose=0))
    unchanged(model, ValueError, "5", lambda: model.predict(wrong, verbose=0))
    unchanged(model, ValueError, "5", lambda: model.train_on_batch(wrong, y))
    targets = np.ones((20, 3), "float32")
    two = model_of(layers.Dense(2))
    unchanged(two, ValueError, "shape|3", lambda: two.fit(x, targets, verbose=0))


def test_wrong_dtypes():
    model = model_of()
    words = np.array([["a", "b", "c", "d"]] * 20)
    unchanged(model, (TypeError, ValueError), "(?i)str|<U", lambda: model.fit(words, y, verbose=0))
    unchanged(
        model, (TypeError, ValueError), "(?i)str|<U", lambda: model.fit(x, words[:, :1], verbose=0)
    )
    things = np.array([[object()] * 4] * 20)
    unchanged(model, (TypeError, ValueError), "object", lambda: model.fit(things, y, verbose=0))
    unchanged(
        model, (TypeError, ValueError), "object|str", lambda: model.predict(things, verbose=0)
    )


def test_targets_that_are_nan():
    model = model_of()
    targets = y.copy()
    targets[7] = np.nan
    unchanged(model, ValueError, "NaN", lambda: model.fit(x, targets, verbose=0))
    unchanged(model, ValueError, "NaN", lambda: model.evaluate(x, targets, verbose=0))
    unchanged(model, ValueError, "NaN", lambda: model.train_on_batch(x, targets))


def test_numbers_of_samples_that_differ():
    model = model_of()
    for act in (
        lambda: model.fit(x, y[:7], verbose=0),
        lambda: model.evaluate(x, y[:7], verbose=0),
        lambda: model.fit(x, y, sample_weight=np.ones(3), verbose=0),
        lambda: model.train_on_batch(x, y[:7]),
        lambda: model.fit(x, y, validation_data=(x, y[:7]), verbose=0),
    ):
        unchanged(model, ValueError, r"20|7", act)


def test_no_data():
    model = model_of()
    empty = x[:0], y[:0]
    unchanged(model, ValueError, "(?i)empty|no |0 ", lambda: model.fit(*empty, verbose=0))
    unchanged(model, ValueError, "(?i)empty|no |0 ", lambda: model.evaluate(*empty, verbose=0))
    unchanged(model, ValueError, "(?i)empty|no |0 |yield", lambda: model.fit(iter(()), verbose=0))
    unchanged(model, (TypeError, ValueError), "x", lambda: model.fit(None, y, verbose=0))


@pytest.mark.parametrize("size", [0, -3, 2.5, "8"])
def test_bad_batch_size(size):
    model = model_of()
    for act in (
        lambda: model.fit(x, y, batch_size=size, verbose=0),
        lambda: model.predict(x, batch_size=size, verbose=0),
    ):
        unchanged(model, (TypeError, ValueError), "batch_size", act)


@pytest.mark.parametrize(
    "arguments, name",
    [
        (dict(epochs=-1), "epochs"),
        (dict(epochs=1.5), "epochs"),
        (dict(initial_epoch=-1), "initial_epoch"),
        (dict(validation_split=1.5), "validation_split"),
        (dict(validation_freq=0, validation_data=(x, y)), "validation_freq"),
        (dict(steps_per_epoch=0), "steps_per_epoch"),
        (dict(validation_data=(x, y, y, y)), "validation_data"),
        (dict(class_weight={0: 1.0}, sample_weight=np.ones(20)), "class_weight"),
        (dict(callbacks=[3]), "(?i)callback"),
    ],
)
def test_bad_arguments_of_fit(arguments, name):
    model = model_of()
    unchanged(
        model, (TypeError, ValueError), name, lambda: model.fit(x, y, **{"verbose": 0, **arguments})
    )


def test_y_beside_a_generator():
    model = model_of()
    unchanged(model, ValueError, "y", lambda: model.fit(((x, y) for _ in range(3)), y, verbose=0))


def test_a_generator_that_ends_early():
    model = model_of()
    batches = ((x[:5], y[:5]) for _ in range(3))
    with pytest.warns(UserWarning, match="ran out of data"):
        history = model.fit(batches, steps_per_epoch=2, epochs=4, verbose=0)
    assert len(history.history["loss"]) == 2
    assert int(model.optimizer.iterations.numpy()) == 3


@pytest.mark.parametrize("label", [3, -2])
def test_label_out_of_range(label):
    model = model_of(layers.Dense(3, activation="softmax"), loss="sparse_categorical_crossentropy")
    labels = np.zeros(20, int)
    labels[11] = label
    unchanged(model, ValueError, rf"{label}.*|3", lambda: model.fit(x, labels, verbose=0))
    unchanged(model, ValueError, f"{label}", lambda: model.train_on_batch(x, labels))
    unchanged(model, ValueError, f"{label}", lambda: model.evaluate(x, labels, verbose=0))


def test_missing_targets():
    model = model_of()
    unchanged(model, ValueError, "(?i)target|y", lambda: model.fit(x, verbose=0))


def test_no_loss_warns_that_nothing_is_learnt():
    model = minikeras.Sequential([minikeras.Input((4,)), layers.Dense(1)])
    model.compile("sgd")
    with pytest.warns(UserWarning, match="no loss"):
        model.fit(x, y, verbose=0)


def test_targets_with_unknown_names():
    a = minikeras.Input((4,))
    model = minikeras.Model(a, [layers.Dense(1, name="u")(a), layers.Dense(1, name="v")(a)])
    model.compile("sgd", "mse")
    unchanged(model, ValueError, "w", lambda: model.fit(x, {"u": y, "w": y}, verbose=0))
    unchanged(model, ValueError, "2", lambda: model.fit(x, [y], verbose=0))
    with pytest.raises(ValueError, match="'w'"):
        model.compile("sgd", {"u": "mse", "w": "mse"})
        model.fit(x, [y, y], verbose=0)
    with pytest.raises(ValueError, match="'w'|metrics"):
        model.compile("sgd", "mse", metrics={"w": ["mae"]})
        model.fit(x, [y, y], verbose=0)


def test_a_train_step_must_return_a_dict():
    class Wrong(minikeras.Model):
        def call(self, inputs):
            return inputs

        def train_step(self, data):
            return 3.0

    model = Wrong()
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="train_step.*dict"):
        model.fit(x, y, verbose=0)


# NaN and Inf are located.


class Explodes(layers.Layer):
    def call(self, inputs):
        return ops.subtract(inputs, np.nan)


def test_debug_numerics_names_layer_and_op():
    model = model_of(layers.Dense(2, name="first"), Explodes(name="bang"), layers.Dense(1))
    minikeras.config.enable_debug_numerics()
    try:
        unchanged(
            model,
            FloatingPointError,
            "(?s)subtract.*bang|bang.*subtract",
            lambda: model.fit(x, y, verbose=0),
        )
    finally:
        minikeras.config.disable_debug_numerics()


def test_terminate_on_nan_locates():
    model = model_of(layers.Dense(2, name="first"), Explodes(name="bang"), layers.Dense(1))
    callback = minikeras.callbacks.TerminateOnNaN(locate=True)
    with pytest.raises(FloatingPointError, match="(?s)subtract.*bang|bang.*subtract"):
        model.fit(x, y, verbose=0, callbacks=[callback])


def test_terminate_on_nan_stops():
    model = model_of(layers.Dense(2), Explodes(), layers.Dense(1))
    history = model.fit(
        x, y, epochs=3, batch_size=5, verbose=0, callbacks=[minikeras.callbacks.TerminateOnNaN()]
    )
    assert len(history.history["loss"]) == 1
    assert int(model.optimizer.iterations.numpy()) == 1


# fit, step by step.


def test_data_are_not_changed_and_may_be_changed_afterwards():
    model = model_of(layers.Dense(8, activation="relu"), layers.Dense(1))
    kept = x.copy(), y.copy()
    model.fit(x, y, epochs=2, verbose=0)
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(y, kept[1])
    outputs = model.predict(x, verbose=0)
    assert outputs.flags.writeable
    outputs[:] = 7  # belongs to the caller
    assert not np.any(model.predict(x, verbose=0) == 7)


def test_weights_read_before_a_step_keep_their_values():
    model = model_of()
    model.fit(x, y, verbose=0)
    tensor, array = model.layers[0].kernel.value, model.layers[0].kernel.numpy()
    model.fit(x, y, verbose=0)
    np.testing.assert_array_equal(tensor, array)
    assert np.any(np.asarray(model.layers[0].kernel) != array)


def test_shuffle_follows_the_seed():
    def losses(shuffle, seed):
        minikeras.utils.set_random_seed(seed)
        model = model_of()
        model.set_weights([np.ones((4, 1)), np.zeros(1)])
        history = model.fit(x, y, batch_size=3, epochs=2, shuffle=shuffle, verbose=0)
        return history.history["loss"]

    assert losses(True, 1) == losses(True, 1)
    assert losses(True, 1) != losses(True, 2)
    assert losses(False, 1) == losses(False, 2)


def test_fit_goes_on_where_it_stopped():
    model = model_of(optimizer="adam")
    weights = model.get_weights()
    model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    model.fit(x, y, epochs=4, initial_epoch=2, shuffle=False, verbose=0)
    once = model_of(optimizer="adam")
    once.set_weights(weights)
    once.fit(x, y, epochs=4, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), once.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_stop_training_ends_the_epoch():
    class Stop(minikeras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                self.model.stop_training = True

    model = model_of()
    model.fit(x, y, batch_size=4, epochs=5, verbose=0, callbacks=[Stop()])
    assert int(model.optimizer.iterations.numpy()) == 2


def test_freezing_between_fits():
    model = model_of(layers.Dense(3), layers.Dense(1))
    model.fit(x, y, verbose=0)
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(x, y, verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert np.any(before[2] != after[2])


def test_constraints_hold_after_each_step():
    model = model_of(layers.Dense(1, kernel_constraint="non_neg"))
    model.fit(x, y, epochs=3, verbose=0)
    assert np.all(np.asarray(model.layers[0].kernel) >= 0)


def test_float64_model_learns_in_float64():
    model = minikeras.Sequential([layers.Dense(1, dtype="float64")])
    model.compile("adam", "mse")
    model.fit(x.astype("float64"), y, verbose=0)
    assert model.layers[0].kernel.dtype == "float64"


def test_compile_config_round_trip():
    model = model_of(metrics=["mae"], optimizer=minikeras.optimizers.Adam(0.02))
    config = model.get_compile_config()
    twin = minikeras.Sequential([minikeras.Input((4,)), layers.Dense(1)])
    twin.compile_from_config(config)
    assert float(twin.optimizer.learning_rate) == pytest.approx(0.02)
    assert twin.loss == "mse"
    twin.fit(x, y, verbose=0)


# Training loops of the user's own.


def test_train_step_as_tensorflow_users_write_it():
    class Tape(minikeras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)
            self.tracker = minikeras.metrics.Mean(name="mine")

        def call(self, inputs):
            return self.dense(inputs)

        def train_step(self, data):
            xs, ys = data
            with minikeras.GradientTape() as tape:
                loss = ops.mean(ops.square(self(xs, training=True) - ys))
            grads = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
            self.tracker.update_state(loss)
            return {"mine": self.tracker.result()}

    model = Tape()
    model.compile("sgd")
    model(x)
    plain = model_of()
    plain.set_weights(model.get_weights())
    own = model.fit(x, y, epochs=3, batch_size=5, shuffle=False, verbose=0)
    usual = plain.fit(x, y, epochs=3, batch_size=5, shuffle=False, verbose=0)
    np.testing.assert_allclose(own.history["mine"], usual.history["loss"], rtol=1e-5)
    for a, b in zip(model.get_weights(), plain.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_loop_as_jax_users_write_it():
    model = model_of()
    plain = model_of()
    plain.set_weights(model.get_weights())
    optimizer = minikeras.optimizers.SGD(0.01)
    optimizer.build(model.trainable_variables)

    def loss_of(trainable, fixed):
        predictions, fixed = model.stateless_call(trainable, fixed, x, training=True)
        return ops.mean(ops.square(predictions - y)), fixed

    step = minikeras.value_and_grad(loss_of, has_aux=True)
    trainable = [v.value for v in model.trainable_variables]
    state = [v.value for v in optimizer.variables]
    for _ in range(3):
        (loss, _), grads = step(trainable, [])
        trainable, state = optimizer.stateless_apply(state, grads, trainable)
    plain.fit(x, y, epochs=3, batch_size=20, verbose=0)
    for a, b in zip(trainable, plain.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_plain_loop_over_batches():
    model = model_of()
    loss_fn = minikeras.losses.MeanSquaredError()
    losses = []
    for _ in range(30):
        with minikeras.GradientTape() as tape:
            loss = loss_fn(y, model(x, training=True))
        grads = tape.gradient(loss, model.trainable_weights)
        model.optimizer.apply(grads, model.trainable_weights)
        losses.append(float(loss))
    assert losses[-1] < losses[0]


# Memory.


@pytest.mark.slow
def test_memory_stays_flat_over_10_000_steps():
    model = model_of(layers.Dense(3, activation="tanh"), layers.Dropout(0.1), layers.Dense(1))
    model.fit(x, y, batch_size=2, epochs=20, verbose=0)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        start = tracemalloc.get_traced_memory()[0]
        sizes = []
        for _ in range(2):  # each of 500 epochs of 10 steps
            model.fit(x, y, batch_size=2, epochs=500, verbose=0)
            sizes.append(tracemalloc.get_traced_memory()[0] - start)
    finally:
        tracemalloc.stop()
        gc.enable()
    assert int(model.optimizer.iterations.numpy()) == 10_200
    # 5,000 steps more cost less than a byte each, but for the histories.
    assert sizes[1] - sizes[0] < 50_000, sizes


def _classifier():
    model = minikeras.Sequential([minikeras.Input((2,)), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model, np.ones((64, 2), "float32"), np.zeros(64, int)


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda x, y: {"y": np.where(np.arange(64) == 63, 3, y)}, r"labels in `y` .*\[0, 3\).*: 3"),
        (lambda x, y: {"validation_data": (x, y - 1)}, "labels in `validation y`.*: -1"),
        (lambda x, y: {"validation_data": (x[:, :1], y)}, "expected axis -1.*value 2"),
        (lambda x, y: {"validation_data": (x,)}, "has no targets"),
        (lambda x, y: {"validation_data": (x, np.full(64, np.nan))}, "NaN"),
    ],
)
def test_data_that_would_fail_later_fail_before_anything_is_trained(spoil, message):
    model, x, y = _classifier()
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(**{"x": x, "y": y, "verbose": 0} | spoil(x, y))
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert model.history is None


def test_metrics_for_an_output_that_is_not_there():
    model, x, y = _classifier()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics={"nope": ["accuracy"]})
    with pytest.raises(ValueError, match="dict argument `metrics`, key .nope.*Known"):
        model.fit(x, y, verbose=0)


def test_a_compute_loss_of_the_users_is_evaluated_without_a_compiled_one():
    class Squared(minikeras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return ops.mean(ops.square(y - y_pred))

    x = minikeras.Input((2,))
    model = Squared(x, layers.Dense(1, kernel_initializer="zeros")(x))
    model.compile("sgd")
    assert model.evaluate(np.ones((4, 2)), np.full((4, 1), 2.0), verbose=0) == 4.0


def test_a_train_step_that_returns_the_result_of_every_metric():
    class Guide(minikeras.Model):
        def train_step(self, data):
            x, y = data
            with minikeras.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            grads = tape.gradient(loss, self.trainable_weights)
            self.optimizer.apply(grads, self.trainable_weights)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    x = minikeras.Input((2,))
    model = Guide(x, layers.Dense(1)(x))
    model.compile("sgd", "mse", metrics=["mae"])
    data = (np.ones((4, 2)), np.ones((4, 1)))
    history = model.fit(*data, validation_data=data, verbose=0).history
    assert set(history) == {"loss", "mae", "val_loss", "val_mae"}
    assert set(model.evaluate(*data, verbose=0, return_dict=True)) == {"loss", "mae"}


@pytest.mark.parametrize("kind", [np.asmatrix, np.ma.masked_array])
def test_subclasses_of_arrays_train_like_arrays(kind):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)).astype("float32"), rng.normal(size=(20, 2)).astype("float32")
    histories = []
    for convert in (np.asarray, kind):
        model = minikeras.Sequential([layers.Dense(2, kernel_initializer="ones")])
        model.compile("sgd", "mse", metrics=["mae"])
        data = convert(x), convert(y)
        histories.append(model.fit(*data, batch_size=8, shuffle=False, verbose=0).history)
    assert histories[0] == histories[1]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "use",
    [
        lambda model, x, y: model.fit(x, y, verbose=0),
        lambda model, x, y: model.evaluate(x, y, verbose=0),
        lambda model, x, y: model.predict(x, verbose=0),
        lambda model, x, y: model.train_on_batch(x, y),
        lambda model, x, y: model.test_on_batch(x, y),
        lambda model, x, y: model.predict_on_batch(x),
    ],
    ids=["fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"],
)
def test_an_overflow_warns_nowhere_and_the_users_settings_come_back(use):
    x, y = np.ones((40, 2)), np.ones(40)
    model = minikeras.Sequential(
        [layers.Dense(1, activation="exponential", kernel_initializer="ones")]
    )
    model.compile("sgd", "mse")
    with np.errstate(divide="raise", over="warn"):
        use(model, 50 * x, y)
        assert np.geterr()["divide"] == "raise" and np.geterr()["over"] == "warn"


def test_a_metric_object_starts_anew_in_another_model_and_another_compile():
    x, y = np.ones((10, 2), "float32"), np.ones((10, 1), "float32")
    metric = minikeras.metrics.TruePositives()

    def made():
        model = minikeras.Sequential(
            [minikeras.layers.Dense(1, activation="sigmoid", kernel_initializer="ones")]
        )
        model.compile("sgd", "binary_crossentropy", metrics=[metric])
        return model

    first, second = made(), made()
    for model in (first, second):
        assert model.evaluate(x, y, verbose=0, return_dict=True)["true_positives"] == 10
    second.compile("sgd", "binary_crossentropy", weighted_metrics=[metric])
    assert second.fit(x, y, verbose=0).history["true_positives"] == [10]
    assert second.test_on_batch(x, y, return_dict=True)["true_positives"] == 10


def small_model(seed, units=3):
    minikeras.utils.set_random_seed(seed)
    return minikeras.Sequential([minikeras.Input((2,)), layers.Dense(units), layers.Dense(1)])


OPTIMIZERS = {
    "SGD": lambda: minikeras.optimizers.SGD(0.1, momentum=0.9),
    "Adam": lambda: minikeras.optimizers.Adam(0.1, use_ema=True),
    "Adafactor": lambda: minikeras.optimizers.Adafactor(0.1),
    "Lamb": lambda: minikeras.optimizers.Lamb(0.1, gradient_accumulation_steps=2),
    "LossScaleOptimizer": lambda: minikeras.optimizers.LossScaleOptimizer(
        minikeras.optimizers.Adam(0.1)
    ),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("method", ["fit", "train_on_batch"])
def test_an_optimizer_goes_on_with_a_second_model_of_the_same_shapes(name, method):
    x, y = np.ones((8, 2), "float32"), np.full((8, 1), 5.0, "float32")
    optimizer = OPTIMIZERS[name]()

    def train(model):
        for _ in range(2):
            if method == "fit":
                model.fit(x, y, epochs=1, verbose=0)
            else:
                model.train_on_batch(x, y)

    first, second = small_model(0), small_model(1)
    first.compile(optimizer, "mse")
    train(first)
    before, own = first.get_weights(), second.get_weights()
    second.compile(optimizer, "mse")
    train(second)
    for a, b in zip(first.get_weights(), before):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(second.get_weights(), own))
    assert int(optimizer.iterations) * (optimizer.gradient_accumulation_steps or 1) == 4

    # The same as one model that is given the second one's weights half way.
    single = small_model(0)
    single.compile(OPTIMIZERS[name](), "mse")
    train(single)
    single.set_weights(own)
    train(single)
    for a, b in zip(second.get_weights(), single.get_weights()):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("method", ["fit", "train_on_batch"])
def test_an_optimizer_of_other_shapes_is_refused(method):
    x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    first, second = small_model(0), small_model(1, units=4)
    first.compile("adam", "mse")
    first.fit(x, y, verbose=0)
    second.compile(first.optimizer, "mse")
    before = [m.get_weights() for m in (first, second)]
    with pytest.raises(ValueError, match=r"was built with other variables.*new optimizer"):
        getattr(second, method)(x, y)
    for model, weights in zip((first, second), before):
        for a, b in zip(model.get_weights(), weights):
            np.testing.assert_array_equal(a, b)


def test_an_unfrozen_layer_needs_a_new_optimizer_and_a_frozen_one_none():
    x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    model = small_model(0)
    model.layers[0].trainable = False
    model.compile("adam", "mse")
    model.fit(x, y, verbose=0)
    model.layers[0].trainable = True
    with pytest.raises(ValueError, match=r"unfrozen.*new optimizer"):
        model.fit(x, y, verbose=0)
    model.compile("adam", "mse")
    kernel = model.layers[0].kernel.numpy()
    model.fit(x, y, verbose=0)
    assert (model.layers[0].kernel.numpy() != kernel).any()
    model.layers[0].trainable = False
    kernel = model.layers[0].kernel.numpy()
    model.fit(x, y, verbose=0)
    np.testing.assert_array_equal(model.layers[0].kernel, kernel)


def _gives_an_empty_batch():
    yield np.ones((4, 2)), np.ones((4, 1))
    yield np.ones((0, 2)), np.ones((0, 1))


def test_an_empty_batch_of_a_generator_is_refused():
    model = minikeras.Sequential([minikeras.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    for method in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match=r"batch is empty.*\(0, 2\)"):
            method(_gives_an_empty_batch(), verbose=0)
    before = model.get_weights()
    with pytest.raises(ValueError, match="batch is empty"):
        model.fit(itertools.islice(_gives_an_empty_batch(), 1, None), verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    assert len(model.predict(_gives_an_empty_batch(), verbose=0)) == 4  # no rows for no rows


def _dense_model(units, loss):
    model = minikeras.Sequential([minikeras.Input((2,)), layers.Dense(units)])
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize(
    "units, loss, y, good, bad",
    [
        (3, "sparse_categorical_crossentropy", [0, 1, 1, 0], 2, 3),
        (3, "sparse_categorical_crossentropy", [0, 1, 1, 0], 0, -1),
        (3, "categorical_crossentropy", np.eye(3)[[0, 1, 1, 2]], 2, 3),
        (1, "binary_crossentropy", [0, 1, 1, 0], 1, 2),
        (1, "hinge", [-1, 1, 1, -1], -1, 7),
    ],
)
def test_weights_of_what_is_no_class_are_refused(units, loss, y, good, bad):
    model, x, y = _dense_model(units, loss), np.ones((4, 2)), np.array(y)
    model.fit(x, y, class_weight={good: 2.0}, verbose=0)
    model.train_on_batch(x, y, class_weight={good: 2.0})
    with pytest.raises(ValueError, match=rf"class_weight.*\[{bad}\].*no classes"):
        model.fit(x, y, class_weight={good: 2.0, bad: 1.0}, verbose=0)
    with pytest.raises(ValueError, match=rf"class_weight.*\[{bad}\].*no classes"):
        model.train_on_batch(x, y, class_weight={bad: 1.0})


@pytest.mark.parametrize("batch_size", [2, 3, 4])  # 3 samples are as many as there are time steps
def test_one_weight_a_sample_for_a_loss_of_every_time_step(batch_size):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 3, 2)), rng.normal(size=(6, 3, 1))
    weight = rng.uniform(size=6)
    model = minikeras.Sequential([minikeras.Input((3, 2)), layers.Dense(1)])
    model.compile("sgd", "mse", weighted_metrics=["mae"])
    got = model.evaluate(x, y, sample_weight=weight, batch_size=batch_size, verbose=0)
    error = np.abs(model.predict(x, verbose=0) - y)[..., 0]
    mae = (error.mean(axis=1) * weight).sum() / weight.sum()
    np.testing.assert_allclose(got, [(error**2 * weight[:, None]).mean(), mae], rtol=1e-5)
    model.fit(x, y, sample_weight=weight, batch_size=batch_size, verbose=0)


def test_columns_of_frames_and_data_sets_train():
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1, 0, 1, 0], "y": [1, 0, 0, 1]})
    histories = []
    for table in (frame, frame.convert_dtypes(dtype_backend="pyarrow"), frame.convert_dtypes()):
        model = minikeras.Sequential(
            [minikeras.Input((2,)), layers.Dense(1, kernel_initializer="ones")]
        )
        model.compile("sgd", "mse")
        fit = model.fit(
            table[["a", "b"]], table["y"], epochs=2, verbose=0, validation_split=0.25, shuffle=False
        )
        histories.append(fit.history)
    assert histories[0] == histories[1] == histories[2]


def test_older_names_of_the_compiled_loss_and_metrics():
    class Older(minikeras.Sequential):
        def train_step(self, data):
            xs, ys = data
            with minikeras.GradientTape() as tape:
                y_pred = self(xs, training=True)
                loss = self.compiled_loss(ys, y_pred, regularization_losses=self.losses)
            weights = self.trainable_weights
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            self.compiled_metrics.update_state(ys, y_pred)
            return {"loss": loss, **self.compiled_metrics.result()}

    histories = []
    for kind in (Older, minikeras.Sequential):
        model = kind([minikeras.Input((4,)), layers.Dense(1, kernel_initializer="ones")])
        model.compile("sgd", "mse", metrics=["mae"])
        histories.append(model.fit(x, y, batch_size=20, epochs=2, verbose=0).history)
    assert histories[0] == {"mae": histories[1]["mae"], "loss": histories[1]["loss"]}


def test_a_look_at_the_data_leaves_the_states_of_stateful_layers_alone():
    inputs = minikeras.Input((3, 4), batch_size=2)
    model = minikeras.Model(inputs, layers.LSTM(2, stateful=True)(inputs))
    model.compile(minikeras.optimizers.SGD(0.0), "mse")
    sequences = rng.normal(size=(2, 3, 4)).astype("float32")
    model.fit(sequences, np.zeros((2, 2)), shuffle=False, verbose=0)
    trained = [s.numpy() for s in model.layers[-1].states]
    model.layers[-1].reset_state()
    model(sequences, training=True)
    for a, b in zip(trained, model.layers[-1].states, strict=True):
        np.testing.assert_array_equal(a, b.numpy())


def test_a_step_of_ones_own_may_call_the_model_with_anything(tmp_path):
    class Triplets(minikeras.Model):
        def __init__(self):
            super().__init__()
            self.embedding = layers.Dense(2)

        def call(self, inputs):
            anchor, positive, negative = inputs
            return self.embedding(anchor), self.embedding(positive), self.embedding(negative)

        def train_step(self, data):
            with minikeras.GradientTape() as tape:
                anchor, positive, negative = self(data)
                near = ops.sum(ops.square(anchor - positive), axis=-1)
                far = ops.sum(ops.square(anchor - negative), axis=-1)
                loss = ops.mean(ops.maximum(near - far + 0.5, 0.0))
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            return {"loss": loss}

    model = Triplets()
    model.compile("sgd")
    data = minikeras.data.Dataset.from_tensor_slices((x, x + 0.1, y * x)).batch(10)
    before = model.fit(data, epochs=3, verbose=0).history["loss"]
    assert before[-1] < before[0] and model.built

    class Denoiser(minikeras.Model):
        """Has no `call`: its parts are called by its steps alone."""

        def __init__(self):
            super().__init__()
            self.network = minikeras.Sequential([layers.Dense(4)])

        def train_step(self, data):
            return {"loss": ops.mean(ops.square(self.network(data) - data))}

    pytest.importorskip("h5py")
    model = Denoiser()
    model.compile("sgd")
    path = tmp_path / "denoiser.weights.h5"
    with pytest.raises(ValueError, match="not yet been built"):
        model.save_weights(path)
    model.fit(
        x,
        verbose=0,
        callbacks=[minikeras.callbacks.ModelCheckpoint(path, "loss", save_weights_only=True)],
    )
    other = Denoiser()
    other.network.build((None, 4))
    other.load_weights(path)
    np.testing.assert_array_equal(other.network(x), model.network(x))

    class Late(Denoiser):
        def build(self, input_shape):
            self.scale = self.add_weight(shape=())

    late = Late()
    late.network.build((None, 4))  # without what `build` makes a file would lack it
    with pytest.raises(ValueError, match="saving a model that has not yet been built"):
        late.save_weights(path)
    with pytest.raises(
        ValueError, match="loading weights into a model that has not yet been built"
    ):
        late.load_weights(path)
    wrong = model_of(layers.Dense(1), layers.Reshape((7,)), built=False)
    with pytest.raises(ValueError, match="[Rr]eshape"):  # without a step of one's own it is told
        wrong.fit(x, y, verbose=0)
