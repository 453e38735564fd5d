"""Losses that use the model's graph, total losses, and optimizers' updates."""

import copy
import functools

import numpy as np
import pytest

from minikeras import Input, Model, Sequential, layers, losses, ops, optimizers
from minikeras.autodiff import GradientTape
from minikeras.compat import keras_backend
from minikeras.compat.extensions import lend, take_back
from minikeras.compat.keras_backend import training
from minikeras.compat.keras_backend.graph_losses import uses_a_graph


@pytest.fixture(autouse=True)
def extended():
    """Models and optimizers can do what they can while a dialect is in use."""
    lend(training.EXTENSIONS)
    yield
    take_back()


rng = np.random.RandomState(0)
X = rng.normal(size=(8, 3)).astype("float32")
Y = rng.normal(size=(8, 2)).astype("float32")


def autoencoder():
    x = Input((3,))
    mean, log_var = layers.Dense(2, name="mean")(x), layers.Dense(2, name="log_var")(x)
    y = layers.Dense(3, activation="tanh", name="decoded")(mean + 0 * log_var)
    return Model(x, y), mean, log_var


def test_a_loss_may_use_tensors_of_the_graph(K):
    model, mean, log_var = autoencoder()

    def loss(y_true, y_pred):
        divergence = -0.5 * K.sum(1 + log_var - K.square(mean) - K.exp(log_var), axis=-1)
        return K.mean(K.square(y_true - y_pred), axis=-1) + 0.1 * divergence

    def size_of_mean(y_true, y_pred):
        return K.mean(K.abs(mean))

    parts = [model.get_layer(name) for name in ("mean", "log_var", "decoded")]
    before = [w.numpy() for layer in parts for w in layer.weights]
    names = model.output_names
    model.compile(optimizers.SGD(0.1), loss, metrics=[size_of_mean])
    found = model.evaluate(X, X, batch_size=8, verbose=0, return_dict=True)
    m, v = (X @ before[i] + before[i + 1] for i in (0, 2))
    y = np.tanh(m @ before[4] + before[5])
    divergence = -0.5 * np.sum(1 + v - m**2 - np.exp(v), axis=-1)
    assert found["loss"] == pytest.approx(np.mean((X - y) ** 2) + 0.1 * divergence.mean(), rel=1e-5)
    assert found["size_of_mean"] == pytest.approx(np.abs(m).mean(), rel=1e-5)

    model.train_on_batch(X, X)
    by_log_var = 0.1 * X.T @ (-0.5 * (1 - np.exp(v))) / 8
    kernel = model.get_layer("log_var").kernel.numpy()
    np.testing.assert_allclose(kernel, before[2] - 0.1 * by_log_var, rtol=1e-4, atol=1e-6)
    assert model.output_names == names
    twin = copy.deepcopy(model)
    twin.set_weights([w * 0 for w in model.get_weights()])
    assert twin.evaluate(X, X, batch_size=8, verbose=0)[0] == pytest.approx(np.mean(X**2), rel=1e-5)
    assert model.evaluate(X, X, batch_size=8, verbose=0)[0] != pytest.approx(
        np.mean(X**2), rel=1e-2
    )
    assert Model.from_config(model.get_config()).count_params() == model.count_params()
    model.compile("sgd", "mse")  # another loss: nothing more is kept
    assert type(model.graph).__name__ == "Graph"


def test_a_loss_may_be_a_gradient_in_the_graph(K):
    x = Input((3,))
    critic = Sequential([Input((3,)), layers.Dense(4, activation="tanh"), layers.Dense(1)])
    y = critic(x)

    def penalty(y_true, y_pred, samples, weight):
        g = K.gradients(y_pred, samples)[0]
        return weight * K.square(K.sqrt(K.sum(K.square(g), axis=1)) - 1)

    loss = functools.partial(penalty, samples=x, weight=2.0)
    assert uses_a_graph(loss) and not uses_a_graph(penalty)
    model = Model(x, y)
    model.compile(optimizers.SGD(0.0), loss)
    value = model.train_on_batch(X, np.zeros((8, 1)))
    value = value[0] if isinstance(value, list) else value
    t = ops.convert_to_tensor(X)
    with GradientTape() as tape:
        tape.watch(t)
        total = ops.sum(critic(t))
    norms = np.sqrt((np.asarray(tape.gradient(total, t)) ** 2).sum(1))
    assert float(value) == pytest.approx(2 * ((norms - 1) ** 2).mean(), rel=1e-4)
    model.compile(optimizers.SGD(0.05), loss)
    history = model.fit(X, np.zeros((8, 1)), epochs=40, verbose=0)
    assert history.history["loss"][-1] < 0.5 * history.history["loss"][0]


def test_losses_of_several_outputs_each_use_the_graph(K):
    x = Input((3,))
    h = layers.Dense(2, name="h")(x)
    a, b = layers.Dense(1, name="a")(h), layers.Dense(1, name="b")(h)
    model = Model(x, [a, b])

    class Penalty:
        def __init__(self, tensor):
            self.tensor = tensor

        def loss(self, y_true, y_pred):
            return K.mean(K.square(y_true - y_pred) + K.sum(K.square(self.tensor)))

    model.compile("sgd", {"a": "mse", "b": Penalty(h).loss})
    hidden = X @ model.get_weights()[0]
    found = model.evaluate(X, [Y[:, :1], Y[:, 1:]], batch_size=8, verbose=0, return_dict=True)
    pa, pb = model.predict(X, verbose=0)
    wanted = np.mean((pa - Y[:, :1]) ** 2) + np.mean((pb - Y[:, 1:]) ** 2) + (hidden**2).sum()
    assert found["loss"] == pytest.approx(wanted, rel=1e-5)


output = Input((3,))


def test_losses_that_use_no_graph_are_left_as_they_are(K):
    assert uses_a_graph(lambda t, p: [output for _ in p])
    assert not uses_a_graph(lambda t, p: K.output)  # an attribute of another name
    assert not uses_a_graph(losses.mean_squared_error)
    model = autoencoder()[0]
    loss = losses.Huber()
    model.compile("sgd", loss)
    assert model.loss is loss


# Total losses.


def test_the_total_loss_is_a_tensor_of_the_graph(K):
    x = Input((3,))
    h = layers.Dense(4, activation="tanh", kernel_regularizer="l2")(x)
    model = Model(
        x, [layers.Dense(2, name="a")(h), layers.Dense(3, activation="softmax", name="b")(h)]
    )
    model.compile("sgd", ["mse", "sparse_categorical_crossentropy"], loss_weights=[1.0, 0.5])
    assert [t.shape for t in model.targets] == [(None, 2), (None, 1)]
    labels = rng.randint(0, 3, (8, 1))
    gradients = K.gradients(model.total_loss, model.trainable_weights)
    f = K.function([*model.inputs, *model.targets], [model.total_loss, *gradients])
    loss, *found = f([X, Y, labels])
    with GradientTape() as tape:
        wanted = model.compute_loss(X, [Y, labels], model(X))
    assert loss == pytest.approx(float(wanted), rel=1e-5)
    for g, w in zip(found, tape.gradient(wanted, model.trainable_variables)):
        np.testing.assert_allclose(g, np.asarray(w), rtol=1e-4, atol=1e-6)
    weighted = K.function(
        [*model.inputs, *model.targets, *model.sample_weights], [model.total_loss]
    )
    (half,) = weighted([X, Y, labels, np.full(8, 0.5), np.full(8, 0.5)])
    penalty = float(model.losses[0])
    assert half - penalty == pytest.approx((loss - penalty) / 2, rel=1e-5)
    total = model.total_loss
    assert model.total_loss is total
    model.compile("sgd", ["mae", None])
    assert model.total_loss is not total and len(model._feed_targets) == 1
    assert model._feed_inputs == model.inputs and len(model._feed_sample_weights) == 1


def test_without_a_loss_there_is_no_total_loss():
    model = autoencoder()[0]
    with pytest.raises(AttributeError, match="has no loss"):
        model.total_loss  # noqa: B018


def test_a_function_may_be_the_loss(K):
    model = Sequential([Input((3,)), layers.Dense(2)])
    model.compile("sgd", lambda y_true, y_pred: K.abs(y_true - y_pred))
    (loss,) = K.function([model.input, model.targets[0]], [model.total_loss])([X, Y])
    assert loss == pytest.approx(np.abs(model.predict(X, verbose=0) - Y).mean(), rel=1e-5)


# Optimizers.


@pytest.mark.parametrize("order", ["keras 2", "by name", "keras 1"])
def test_updates_are_steps_of_the_optimizer(K, order):
    model = Sequential([Input((3,)), layers.Dense(2)])
    t, weights = K.placeholder((None, 2)), model.trainable_weights
    loss = K.mean(K.square(model.output - t))
    adam = optimizers.Adam(0.1)
    updates = {
        "keras 2": lambda: adam.get_updates(loss, weights),
        "by name": lambda: adam.get_updates(params=weights, loss=loss),
        "keras 1": lambda: adam.get_updates(weights, [], loss),
    }[order]()
    f = K.function([model.input, t], [loss], updates=updates)
    twin = Sequential([Input((3,)), layers.Dense(2)])
    twin.set_weights(model.get_weights())
    twin.compile(optimizers.Adam(0.1), "mse")
    for _ in range(3):
        ours = f([X, Y])[0]
        theirs = twin.train_on_batch(X, Y)
        assert ours == pytest.approx(float(np.ravel(theirs)[0]), rel=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], twin.get_weights()[0], rtol=1e-4)


def test_updates_need_a_loss_that_depends_on_the_weights(K):
    model = Sequential([Input((3,)), layers.Dense(2)])
    x = K.placeholder((None, 2))
    with pytest.raises(ValueError, match="does not depend on variable '.*kernel'"):
        optimizers.SGD().get_updates(K.sum(x), model.trainable_weights)
    with pytest.raises(TypeError, match="`loss` and `params` are needed"):
        optimizers.SGD().get_updates(K.sum(x))


def test_predictions_are_made_in_the_phase_that_was_set(K):
    model = Sequential([Input((100,)), layers.Dropout(0.5)])
    ones = np.ones((1, 100))
    assert (model.predict(ones, verbose=0) == 1).all()
    K.set_learning_phase(1)
    assert set(np.unique(model.predict(ones, verbose=0))) == {0.0, 2.0}
    K.set_learning_phase(0)
    assert (model.predict(ones, verbose=0) == 1).all()
    assert model.output._keras_shape == (None, 100)


def test_dialects_lend_it_to_models():
    from minikeras.compat.keras1 import TREE as first
    from minikeras.compat.keras2 import TREE as second

    for tree in (first, second):
        assert set(training.EXTENSIONS) <= set(tree.extensions)
        assert tree.contents("backend").names.keys() >= {"function", "gradients"}
    assert "set_session" in keras_backend.MODULES["backend.tensorflow_backend"].public_names()
