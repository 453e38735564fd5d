"""Models compile, train, report and are saved as in Keras 2."""

import numpy as np
import pytest

import minikeras
from minikeras import layers, ops
from minikeras.callbacks import Callback
from minikeras.compat.adapters import NotAvailable
from minikeras.compat.keras2 import models, training
from minikeras.compat.keras_backend import functions
from minikeras.compat.tensorflow import TREE as TF
from minikeras.saving import legacy_h5_format

RNG = np.random.RandomState(0)
X = RNG.randn(64, 4).astype("float32")
Y = (X.sum(axis=1) > 0).astype("int32")


def classifier(units=1):
    last = layers.Dense(units, activation="sigmoid" if units == 1 else "softmax", name="last")
    return minikeras.Sequential([minikeras.Input((4,)), layers.Dense(8, "relu"), last])


def two_outputs():
    x = minikeras.Input((4,), name="x")
    h = layers.Dense(3)(x)
    outputs = [layers.Dense(1, "sigmoid", name=n)(h) for n in ("main", "aux")]
    return minikeras.Model(x, outputs)


def batches(size=16):
    while True:
        chosen = RNG.randint(0, len(X), size)
        yield X[chosen], Y[chosen]


# compile and what logs are called


def test_accuracy_was_acc_in_keras_alone(standalone):
    model = classifier()
    model.compile("adam", "binary_crossentropy", ["accuracy", "mse"])
    assert model.metrics_names == ["loss", "acc", "mean_squared_error"]
    history = model.fit(X, Y, validation_split=0.25, verbose=0).history
    assert list(history) == ["loss", "acc", "mean_squared_error"] + [
        "val_loss",
        "val_acc",
        "val_mean_squared_error",
    ]
    assert history["accuracy"] == history["acc"] and history["val_mse"] == history.get(
        "val_mean_squared_error"
    )
    assert "val_accuracy" in history and "f1" not in history and history.get("f1", 3) == 3


def test_accuracy_is_accuracy_in_tensorflow_and_found_as_acc(keras2):
    model = classifier()
    model.compile("adam", "binary_crossentropy", ["accuracy"])
    history = model.fit(X, Y, verbose=0).history
    assert list(history) == ["loss", "accuracy"] and history["acc"] == history["accuracy"]
    model.compile("adam", "binary_crossentropy", metrics=["acc"])
    assert list(model.fit(X, Y, verbose=0).history) == ["loss", "acc"]


@pytest.mark.parametrize(
    "loss", ["cosine_proximity", "logcosh", "kullback_leibler_divergence", "rmse"]
)
def test_losses_by_names_that_are_gone(keras2, loss):
    model = classifier(3)
    target = np.eye(3)[RNG.randint(3, size=64)]
    model.compile("sgd", loss, metrics=[loss])
    total, metric = model.evaluate(X, target, verbose=0)
    p = model.predict(X)
    unit = p / np.linalg.norm(p, axis=-1, keepdims=True)
    expected = {
        "cosine_proximity": -(target * unit).sum(axis=-1),
        "logcosh": np.log(np.cosh(p - target)).mean(axis=-1),
        "kullback_leibler_divergence": (target * np.log(np.clip(target, 1e-7, 1) / p)).sum(axis=-1),
        "rmse": np.sqrt(((p - target) ** 2).mean(axis=-1)),
    }[loss].mean()
    np.testing.assert_allclose([total, metric], expected, rtol=1e-4)
    assert model.metrics_names == ["loss", loss]


def test_optimizers_by_name_have_the_rates_of_the_period(standalone):
    model = classifier()
    model.compile("adagrad", "mse")
    assert float(model.optimizer.learning_rate.numpy()) == np.float32(0.01)


def test_one_list_of_metrics_is_for_all_outputs_in_their_order(keras2):
    model = two_outputs()
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy", "mae"])
    # As tf.keras 2.15 has it, before and after training.
    names = [
        "loss",
        "main_loss",
        "aux_loss",
        "main_accuracy",
        "main_mae",
        "aux_accuracy",
        "aux_mae",
    ]
    assert model.metrics_names == names
    history = model.fit(X, [Y, 1 - Y], verbose=0)
    assert model.metrics_names == names and set(history.history) == set(names)
    by_name = model.evaluate(X, [Y, 1 - Y], verbose=0, return_dict=True)
    assert model.evaluate(X, [Y, 1 - Y], verbose=0) == [by_name[n] for n in names]
    assert model.train_on_batch(X, [Y, 1 - Y])[0] == pytest.approx(
        sum(model.train_on_batch(X, [Y, 1 - Y])[1:3]), rel=0.1
    )
    assert len(model.test_on_batch(X, [Y, 1 - Y])) == 7


def test_one_number_alone_is_no_list(keras2):
    model = classifier()
    model.compile("sgd", "mse")
    assert isinstance(model.evaluate(X, Y, verbose=0), float)
    assert isinstance(model.train_on_batch(X, Y), float)


def test_arguments_of_compile_that_are_gone(keras2):
    model = classifier()
    model.compile("sgd", "mse", sample_weight_mode="temporal", experimental_run_tf_function=False)
    with pytest.raises(NotAvailable, match="no session"):
        model.compile("sgd", "mse", target_tensors=[X])


def test_metrics_see_labels_as_columns(keras2):
    def share(y_true, y_pred):
        assert y_true.shape[1:] == y_pred.shape[1:]
        return ops.mean(ops.equal(y_true, ops.cast(y_pred > 0.5, y_true.dtype)))

    model = classifier()
    model.compile("sgd", "binary_crossentropy", metrics=[share])
    right = ((model.predict(X)[:, 0] > 0.5) == Y).mean()
    assert model.evaluate(X, Y, batch_size=64, verbose=0)[1] == pytest.approx(right)


class TruePositives(minikeras.metrics.Metric):
    """As TensorFlow's guide of 2019 had it."""

    resets = 0

    def __init__(self, name="true_positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.count = self.add_weight("tp", initializer="zeros")
        self.ones = self.add_weight(name="ones", aggregation="sum", shape=(2,), initializer="ones")

    def update_state(self, y_true, y_pred, sample_weight=None):
        right = ops.logical_and(ops.equal(y_true, 1), y_pred > 0.5)
        self.count.assign_add(ops.sum(ops.cast(right, "float32")))

    def result(self):
        return self.count

    def reset_states(self):
        self.resets += 1
        super().reset_states()
        self.ones.assign([1.0, 1.0])


def test_metrics_of_ones_own(keras2):
    metric = TruePositives()
    assert metric.count.name == "tp" and metric.count.shape == ()
    model = classifier()
    model.compile("sgd", "binary_crossentropy", metrics=[metric])
    expected = ((model.predict(X)[:, 0] > 0.5) & (Y == 1)).sum()
    for _ in range(2):
        assert model.evaluate(X, Y, verbose=0)[1] == expected
    assert metric.resets >= 2 and metric.ones.numpy().tolist() == [1.0, 1.0]
    mean = minikeras.metrics.Mean()
    mean.update_state([2.0])
    mean.reset_states()
    assert mean.result() == 0
    area = minikeras.metrics.AUC()
    area.update_state([0, 1], [0.2, 0.9])
    area.reset_states()
    assert float(area.result()) == 0


def test_metrics_may_go_on_from_batch_to_batch(keras2):
    model = classifier()
    model.compile("sgd", "mse", metrics=["mae"])
    first = model.test_on_batch(X[:32], Y[:32])
    both = model.test_on_batch(X[32:], Y[32:], reset_metrics=False)
    second = model.test_on_batch(X[32:], Y[32:])
    model.test_on_batch(X[:32], Y[:32])
    assert model.test_on_batch(X[32:], Y[32:], None, False) == both
    np.testing.assert_allclose(both, (np.array(first) + second) / 2, rtol=1e-5)


# Generators


class Batches(minikeras.utils.Sequence):
    epochs = 0

    def __len__(self):
        return 4

    def __getitem__(self, i):
        return X[16 * i : 16 * i + 16], Y[16 * i : 16 * i + 16]

    def on_epoch_end(self):
        self.epochs += 1


def test_generators_and_sequences(keras2):
    model = classifier()
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    history = model.fit_generator(
        batches(),
        60 / 16,  # a float, as len(x) / batch_size is
        2,
        0,
        validation_data=batches(),
        validation_steps=2,
        max_q_size=4,
        workers=2,
        pickle_safe=False,
    )
    assert len(history.history["val_loss"]) == 2 and model.optimizer.iterations == 8
    data = Batches()
    model.fit_generator(data, epochs=3, workers=2, verbose=0, class_weight=[1.0, 2.0])
    assert data.epochs == 3 and data.workers == 2
    assert model.fit(data, workers=3, use_multiprocessing=False, verbose=0) and data.workers == 3
    np.testing.assert_allclose(
        model.evaluate_generator(data, steps=4), model.evaluate(X, Y, batch_size=16, verbose=0)
    )
    np.testing.assert_allclose(model.predict_generator(data), model.predict(X), rtol=1e-6)
    assert model.predict_generator(batches(), 3).shape == (48, 1)


def test_classes_and_probabilities(keras2):
    one, several = classifier(), classifier(3)
    np.testing.assert_array_equal(one.predict_classes(X), (one.predict(X) > 0.5).astype(int))
    np.testing.assert_array_equal(several.predict_classes(X), several.predict(X).argmax(axis=-1))
    np.testing.assert_array_equal(several.predict_proba(X), several.predict(X))


def test_arguments_of_keras_1_still_worked(keras2):
    model = classifier()
    model.compile("sgd", "mse")
    assert len(model.fit(X, Y, nb_epoch=3, verbose=0).history["loss"]) == 3
    with pytest.raises(TypeError, match="given twice"):
        model.fit(X, Y, epochs=2, nb_epoch=3)
    x = minikeras.Input((4,))
    assert models.NAMES["Model"](input=x, output=layers.Dense(2)(x)).output_shape == (None, 2)


def test_subclasses_of_model(keras2):
    old = models.NAMES["Model"]

    class Net(old):
        def __init__(self):
            super().__init__(name="net")
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

    class Graph(old):
        def __init__(self, units):
            x = minikeras.Input((4,))
            super().__init__(input=x, output=layers.Dense(units)(x))

    for model, size in ((Net(), 5), (Graph(2), 10)):
        model.compile("sgd", "mse")
        losses = model.fit(X, np.ones((64, size // 5)), epochs=3, verbose=0).history["loss"]
        assert losses[-1] < losses[0] and model.count_params() == size and isinstance(model, old)


# What is trained


def test_a_model_trains_what_was_trainable_when_it_was_compiled(keras2):
    discriminator = classifier()
    discriminator.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    generator = minikeras.Sequential([layers.Dense(4, input_shape=(2,))])
    discriminator.trainable = False
    z = minikeras.Input((2,))
    combined = minikeras.Model(z, discriminator(generator(z)))
    combined.compile("sgd", "binary_crossentropy")

    def changed(model, train):
        before = model.get_weights()
        train()
        return [not np.array_equal(a, b) for a, b in zip(before, model.get_weights())]

    noise, ones = RNG.randn(64, 2), np.ones((64, 1))
    assert not any(changed(discriminator, lambda: combined.train_on_batch(noise, ones)))
    assert all(changed(generator, lambda: combined.fit(noise, ones, verbose=0)))
    assert all(changed(discriminator, lambda: discriminator.train_on_batch(X, Y)))
    assert all(changed(discriminator, lambda: discriminator.fit(X, Y, verbose=0)))
    assert not discriminator.trainable and not discriminator.trainable_weights
    discriminator.compile("sgd", "binary_crossentropy")
    assert not any(changed(discriminator, lambda: discriminator.train_on_batch(X, Y)))


# Losses of tensors


def test_a_tensor_of_the_graph_is_added_to_the_loss(keras2):
    x = minikeras.Input((4,))
    h = layers.Dense(3, name="h")(x)
    model = minikeras.Model(x, layers.Dense(4)(h))
    rate = ops.mean(ops.square(x - model.output), axis=-1) + 0.5 * ops.sum(ops.square(h), axis=-1)
    model.add_loss(ops.mean(rate))
    model.compile("adam")
    hidden = minikeras.Model(x, h).predict(X)
    expected = ((X - model.predict(X)) ** 2).mean() + 0.5 * (hidden**2).sum(axis=-1).mean()
    assert model.evaluate(X, verbose=0, batch_size=64) == pytest.approx(expected, rel=1e-5)
    losses = model.fit(X, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_a_loss_function_may_use_tensors_of_the_graph(keras2):
    x = minikeras.Input((4,))
    h = layers.Dense(3)(x)
    model = minikeras.Model(x, layers.Dense(4)(h))

    def loss(y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1) + ops.sum(ops.square(h), axis=-1)

    model.compile(minikeras.optimizers.SGD(0.1), loss)
    hidden = minikeras.Model(x, h).predict(X)
    expected = ((X - model.predict(X)) ** 2).mean() + (hidden**2).sum(axis=-1).mean()
    assert model.evaluate(X, X, verbose=0, batch_size=64) == pytest.approx(expected, rel=1e-5)
    before = model.layers[1].get_weights()[0]
    model.train_on_batch(X, X * 0 + model.predict(X))  # only the part of `h` has a gradient
    moved = before - model.layers[1].get_weights()[0]
    np.testing.assert_allclose(moved, 0.1 * 2 * X.T @ hidden / 64, rtol=1e-3, atol=1e-6)
    losses = model.fit(X, X, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_a_loss_is_added_after_a_compile_with_one_that_uses_tensors(keras2):
    x = minikeras.Input((4,))
    h = layers.Dense(3)(x)
    model = minikeras.Model(x, layers.Dense(4)(h))
    model.compile("sgd", lambda y_true, y_pred: ops.sum(ops.square(h), axis=-1))
    model.add_loss(ops.mean(h))
    hidden = minikeras.Model(x, h).predict(X)
    expected = (hidden**2).sum(axis=-1).mean() + hidden.mean()
    assert model.evaluate(X, X, verbose=0, batch_size=64) == pytest.approx(expected, rel=1e-4)


def test_an_attribute_named_like_a_tensor_is_no_use_of_it(keras2, monkeypatch):
    x = minikeras.Input((4,))
    model = minikeras.Model(x, layers.Dense(4)(x))
    monkeypatch.setitem(globals(), "square", model.output)
    before = model.get_config()
    model.compile("sgd", lambda y_true, y_pred: ops.square(y_true - y_pred))
    assert model.get_config() == before


# Callbacks are told


class Ear(Callback):
    def on_train_begin(self, logs=None):
        self.heard = []

    def on_batch_end(self, batch, logs=None):
        self.heard.append(sorted(logs))


def test_callbacks_know_the_validation_data_and_more(keras2):
    model = classifier()
    model.compile("sgd", "mse", metrics=["accuracy"])
    ear = Ear()
    model.fit(X, Y, validation_split=0.25, batch_size=16, callbacks=[ear], verbose=0)
    x, y, weights = ear.validation_data
    np.testing.assert_array_equal(x, X[48:])
    assert y.shape == weights.shape == (16,) and (weights == 1).all()
    assert (
        ear.params["samples"] == 48 and ear.params["batch_size"] == 16 and ear.params["steps"] == 3
    )
    assert ear.params["do_validation"] and ear.params["metrics"] == [
        *("loss", "accuracy", "val_loss", "val_accuracy")
    ]
    assert ear.heard == [["accuracy", "loss"]] * 3
    other = Ear()
    model.fit(batches(), steps_per_epoch=1, validation_data=(X, Y), callbacks=[other], verbose=0)
    assert other.params["samples"] is None and other.validation_data[0] is not None


# Files, and what is not there


def test_files_of_any_name(keras2, tmp_path):
    pytest.importorskip("h5py")
    model, other = classifier(), classifier()
    model.compile("adam", "binary_crossentropy")
    model.fit(X, Y, verbose=0)
    for name in ("a.h5", "b.hdf5", "checkpoint", "c.weights.h5"):
        other.set_weights([w * 0 for w in model.get_weights()])
        model.save_weights(tmp_path / name, overwrite=True)
        other.load_weights(str(tmp_path / name))
        np.testing.assert_array_equal(other.predict(X), model.predict(X))
    for name in ("a.h5", "b.hdf5", "model", "c.keras"):
        model.save(tmp_path / name)
        again = minikeras.saving.load_model(tmp_path / name)
        np.testing.assert_array_equal(again.predict_proba(X), model.predict(X))
    part = minikeras.Sequential(
        [minikeras.Input((4,)), layers.Dense(8), layers.Dense(1, name="last")]
    )
    first = part.layers[0].get_weights()
    part.load_weights(tmp_path / "a.h5", by_name=True)
    np.testing.assert_array_equal(part.layers[1].get_weights()[0], model.layers[1].get_weights()[0])
    np.testing.assert_array_equal(part.layers[0].get_weights()[0], first[0])
    with pytest.raises(FileNotFoundError):
        model.load_weights(tmp_path / "none.h5")


def test_what_models_cannot_have_says_why(keras2):
    model = classifier()
    with pytest.raises(NotAvailable, match="to_json"):
        model.to_yaml()
    model._make_predict_function()
    assert model.updates == model.state_updates == [] and not model.uses_learning_phase


@pytest.mark.filterwarnings("ignore:The object being saved includes a `lambda`")
def test_models_with_lambdas_are_cloned(keras2):
    doubled = layers.Lambda(lambda v: v * 2)
    clone = models.clone_model(minikeras.Sequential([minikeras.Input((2,)), doubled]))
    np.testing.assert_array_equal(clone.predict(np.ones((1, 2))), [[2.0, 2.0]])


def test_every_model_has_what_is_lent(keras2):
    copied = minikeras.models.clone_model(classifier())
    assert copied.predict_classes(X).shape == (64, 1)
    assert {"fit_generator", "evaluate_generator", "predict_generator"} <= set(dir(copied))
    assert training.EXTENSIONS


# checkpoints of TensorFlow, which had no ending


def test_checkpoints_have_any_name_and_make_their_folder(keras2, tmp_path):
    pytest.importorskip("h5py")

    class Twins(minikeras.Model):
        def __init__(self):
            super().__init__()
            self.first = minikeras.Sequential(
                [layers.Dense(1)], name="same"
            )  # as clones are called
            self.second = minikeras.Sequential([layers.Dense(1)], name="same")

        def call(self, x):
            return self.first(x) + self.second(x)

    def made(seed):
        minikeras.utils.set_random_seed(seed)
        model = Twins()
        model.compile("adam", "mse")
        model.fit(X, Y, verbose=0)
        return model

    model = made(0)
    path = tmp_path / "new" / "cp-0001.ckpt"
    model.save_weights(str(path))
    other = made(1)
    other.load_weights(str(path)).expect_partial()
    assert np.array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))
    newest = TF.contents("train").find("latest_checkpoint")(str(tmp_path / "new"))
    assert newest == str(path)
    model = classifier()
    model.save(str(tmp_path / "further" / "folder" / "model"))
    loaded = legacy_h5_format.load_model(str(tmp_path / "further" / "folder" / "model"))
    assert np.array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_the_shape_of_an_input_may_be_a_number():
    assert functions.Input(16).shape == functions.Input(shape=(16)).shape == (None, 16)
    with pytest.raises(ValueError, match="must be a tuple"):  # as in Keras 3
        minikeras.Input(16)
