"""`BatchNormalization` beyond the registry: renorm, freezing, moving averages."""

import warnings

import numpy as np
import pytest

import minikeras
from minikeras import layers

X = np.random.default_rng(0).normal(2, 3, size=(8, 3, 4)).astype("float32")


@pytest.mark.parametrize("clipping", [None, {"rmin": 0.9, "rmax": 1.1, "dmax": 0.1}, {"rmax": 2.0}])
@pytest.mark.parametrize("options", [{}, {"center": False, "scale": False}])
def test_renorm_is_as_in_keras(keras, clipping, options):
    kwargs = {
        "renorm": True,
        "renorm_clipping": clipping,
        "renorm_momentum": 0.7,
        "momentum": 0.8,
        **options,
    }
    ours, theirs = layers.BatchNormalization(**kwargs), keras.layers.BatchNormalization(**kwargs)
    for i in range(3):
        x = X + i
        np.testing.assert_allclose(
            ours(x, training=True), theirs(x, training=True), rtol=1e-4, atol=1e-4
        )
    np.testing.assert_allclose(ours(X), theirs(X), rtol=1e-4, atol=1e-4)
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    for a, b in zip(ours.get_weights(), theirs.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_gradients_with_renorm_are_as_in_keras(keras):
    jax = pytest.importorskip("jax")
    kwargs = {"renorm": True, "renorm_clipping": {"rmax": 1.5, "rmin": 0.5, "dmax": 0.5}}
    ours, theirs = layers.BatchNormalization(**kwargs), keras.layers.BatchNormalization(**kwargs)
    ours(X)
    theirs(X)
    g = np.random.default_rng(1).normal(size=X.shape).astype("float32")
    trainable = [w.value for w in theirs.trainable_variables]
    fixed = [w.value for w in theirs.non_trainable_variables]

    def loss(weights, x):
        return (theirs.stateless_call(weights, fixed, x, training=True)[0] * g).sum()

    wanted = jax.tree.leaves(jax.grad(loss, argnums=(0, 1))(trainable, X))
    x = minikeras.ops.convert_to_tensor(X)
    with minikeras.GradientTape() as tape:
        tape.watch(x)
        total = (ours(x, training=True) * g).sum()
    for a, b in zip(tape.gradient(total, [*ours.trainable_weights, x]), wanted):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def test_frozen_layers_use_and_keep_their_averages():
    layer = layers.BatchNormalization()
    layer(X, training=True)
    before = layer.get_weights()
    layer.trainable = False
    y = layer(X, training=True)
    np.testing.assert_array_equal(y, layer(X, training=False))
    for a, b in zip(layer.get_weights(), before):
        np.testing.assert_array_equal(a, b)


def test_averages_come_near_the_data():
    layer = layers.BatchNormalization(momentum=0.5)
    for _ in range(30):
        layer(X, training=True)
    np.testing.assert_allclose(layer.moving_mean, X.mean((0, 1)), rtol=1e-4)
    np.testing.assert_allclose(layer.moving_variance, X.var((0, 1)), rtol=1e-4)
    y = np.asarray(layer(X))
    np.testing.assert_allclose(y.mean((0, 1)), 0, atol=1e-3)


def test_a_batch_of_nothing_is_normalized_to_nothing():
    for axis in (1, -1):
        layer = layers.BatchNormalization(axis)
        assert layer(X[:0], training=True).shape == (0, 3, 4)
        np.testing.assert_array_equal(layer.moving_mean, 0)


def test_trained_in_a_model():
    model = minikeras.Sequential(
        [layers.Dense(8), layers.BatchNormalization(), layers.Activation("relu"), layers.Dense(1)]
    )
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(5, 2, size=(128, 4)).astype("float32")
    y = x[:, :1] * x[:, 1:2]
    history = model.fit(x, y, epochs=20, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert (np.asarray(model.layers[1].moving_mean) != 0).all()


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="synchronized"):
        layers.BatchNormalization(synchronized=True)
    with pytest.raises(ValueError, match="renorm_clipping"):
        layers.BatchNormalization(renorm=True, renorm_clipping={"max": 1})
    with pytest.raises(ValueError, match="axis 3 is out of bounds"):
        layers.BatchNormalization(axis=3)(X)
    with pytest.raises(ValueError, match="mask"):
        layers.BatchNormalization()(X, mask=np.ones(8, bool))
    with pytest.raises(ValueError, match="known size"):
        layers.BatchNormalization()(minikeras.Input((None,)))
    with pytest.raises(TypeError, match="axis"):
        layers.LayerNormalization(axis="last")
    with pytest.raises(ValueError, match="divisor"):
        layers.GroupNormalization(3)(X)


def test_prediction_does_not_need_the_input_spec():
    layer = layers.BatchNormalization()
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    wanted = layer(x)
    layer.input_spec = None
    np.testing.assert_array_equal(layer(x), wanted)


def test_squares_that_overflow_are_no_warning():
    x = (3e19 + 1e16 * np.random.default_rng(0).normal(size=(64, 3))).astype("float32")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = layers.BatchNormalization()(x, training=True)
    assert np.isfinite(y).all()
