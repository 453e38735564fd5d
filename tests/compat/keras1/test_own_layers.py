"""Layers of Keras 1 that today's has nothing like: their values, gradients, and configs."""

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.compat.keras1.advanced_activations import (
    ParametricSoftplus,
    SReLU,
    ThresholdedLinear,
)
from minikeras.compat.keras1.auto_encoder import AutoEncoder
from minikeras.compat.keras1.batch_statistics import BatchStatisticsNormalization
from minikeras.compat.keras1.deconvolution import Conv2DTranspose
from minikeras.compat.keras1.full_convolution import FullConv1D, FullConv2D, FullConv3D
from minikeras.compat.keras1.highway import Highway
from minikeras.compat.keras1.local import LocallyConnected1D, LocallyConnected2D
from minikeras.compat.keras1.maxout_dense import MaxoutDense
from minikeras.compat.keras1.time_distributed_merge import TimeDistributedMerge
from minikeras.compat.keras1.word_dropout import WordDropoutEmbedding

R = np.random.default_rng(3)
X2, X3 = R.normal(size=(4, 5)), R.normal(size=(3, 6, 2))
IMAGES, CUBES = R.normal(size=(2, 6, 5, 2)), R.normal(size=(2, 3, 4, 3, 2))

CASES = [
    (MaxoutDense, dict(units=3, features=4), X2),
    (Highway, dict(activation="tanh"), X2),
    (ParametricSoftplus, dict(alpha_initializer=0.7, beta_initializer=2.0), X2),
    (ParametricSoftplus, dict(shared_axes=[1, 2]), IMAGES),
    (SReLU, dict(a_right_initializer="glorot_uniform", t_left_initializer="uniform"), X2),
    (ThresholdedLinear, dict(theta=0.5), X2),
    (LocallyConnected1D, dict(filters=3, kernel_size=2, strides=2, activation="tanh"), X3),
    (LocallyConnected2D, dict(filters=2, kernel_size=(3, 2), strides=(2, 1)), IMAGES),
    (
        LocallyConnected2D,
        dict(filters=2, kernel_size=2, data_format="channels_first", use_bias=False),
        np.moveaxis(IMAGES, -1, 1),
    ),
    (BatchStatisticsNormalization, dict(), X2),
    (BatchStatisticsNormalization, dict(axis=1), IMAGES),
    (FullConv1D, dict(filters=3, kernel_size=3), X3),
    (FullConv2D, dict(filters=3, kernel_size=(3, 2), activation="tanh"), IMAGES),
    (FullConv3D, dict(filters=2, kernel_size=2), CUBES),
    (TimeDistributedMerge, dict(mode="ave"), X3),
    (TimeDistributedMerge, dict(mode="mul"), X3),
    (
        Conv2DTranspose,
        dict(filters=2, kernel_size=2, strides=2, output_shape=(None, 13, 10, 2)),
        IMAGES,
    ),
]
IDS = [f"{c.__name__}-{i}" for i, (c, _, _) in enumerate(CASES)]


@pytest.mark.parametrize("cls, kwargs, x", CASES, ids=IDS)
def test_gradients_shapes_and_configs(cls, kwargs, x):
    layer = cls(**kwargs, dtype="float64")
    symbolic = layer(minikeras.Input(x.shape[1:], dtype="float64"))
    y = layer(x)
    assert y.shape[1:] == symbolic.shape[1:]
    assert layer.compute_output_shape(x.shape) == y.shape
    assert minikeras.gradient_check(layer, x)
    again = minikeras.saving.deserialize_keras_object(
        minikeras.saving.serialize_keras_object(layer)
    )
    again(x)
    again.set_weights(layer.get_weights())
    np.testing.assert_allclose(np.asarray(again(x)), np.asarray(y), rtol=1e-12)


def weighted(layer, x, seed=0):
    """Build a layer and give it random weights."""
    layer(x)
    r = np.random.default_rng(seed)
    layer.set_weights([r.normal(size=w.shape) for w in layer.get_weights()])
    return layer.get_weights()


def test_maxout_is_the_maximum_of_dense_layers():
    layer = MaxoutDense(3, features=4, dtype="float64")
    w, b = weighted(layer, X2)
    assert w.shape == (4, 5, 3) and b.shape == (4, 3)
    expected = np.max([X2 @ w[f] + b[f] for f in range(4)], axis=0)
    np.testing.assert_allclose(np.asarray(layer(X2)), expected)


def test_highway_passes_part_of_its_input():
    layer = Highway(activation="relu", dtype="float64")
    layer(X2)
    np.testing.assert_array_equal(layer.carry_bias.numpy(), np.ones(5))
    assert not np.allclose(layer.kernel.numpy(), layer.carry_kernel.numpy())
    w = {v.name: v.numpy() for v in layer.weights}
    gate = 1 / (1 + np.exp(-(X2 @ w["carry_kernel"] + w["carry_bias"])))
    expected = gate * np.maximum(X2 @ w["kernel"] + w["bias"], 0) + (1 - gate) * X2
    np.testing.assert_allclose(np.asarray(layer(X2)), expected, rtol=1e-10)
    assert Highway(transform_bias=-2).get_config()["transform_bias"] == -2


def test_parametric_softplus():
    layer = ParametricSoftplus(dtype="float64")
    np.testing.assert_allclose(np.asarray(layer(X2)), 0.2 * np.log1p(np.exp(5 * X2)), rtol=1e-6)
    assert layer.alpha.shape == (5,)


def test_s_shaped_relu_has_three_lines():
    layer = SReLU(dtype="float64")
    x = np.array([[-3.0], [-1.0], [0.5], [2.0], [4.0]])
    layer(x)
    layer.t_left.assign([-1.0])
    layer.a_left.assign([0.1])
    layer.t_right.assign([-3.0])  # 3 to the right of the left one
    layer.a_right.assign([0.5])
    np.testing.assert_allclose(np.asarray(layer(x))[:, 0], [-1.2, -1.0, 0.5, 2.0, 3.0])


def test_local_convolutions_have_weights_for_each_place():
    layer = LocallyConnected1D(3, 2, strides=2, dtype="float64")
    w, b = weighted(layer, X3)
    assert w.shape == (3, 4, 3) and b.shape == (3, 3)
    y = np.asarray(layer(X3))
    for i in range(3):
        window = X3[:, 2 * i : 2 * i + 2].reshape(3, -1)
        np.testing.assert_allclose(y[:, i], window @ w[i] + b[i])
    layer = LocallyConnected2D(2, (3, 2), strides=(2, 1), dtype="float64")
    w, b = weighted(layer, IMAGES)
    assert w.shape == (8, 12, 2) and b.shape == (2, 4, 2)
    y = np.asarray(layer(IMAGES))
    for i in range(2):
        for j in range(4):
            window = IMAGES[:, 2 * i : 2 * i + 3, j : j + 2].reshape(2, -1)
            np.testing.assert_allclose(y[:, i, j], window @ w[4 * i + j] + b[i, j])


def test_channels_first_is_the_same_picture():
    last = LocallyConnected2D(2, 3, dtype="float64")
    first = LocallyConnected2D(2, 3, data_format="channels_first", dtype="float64")
    weights = weighted(last, IMAGES)
    x = np.moveaxis(IMAGES, -1, 1)
    first(x)
    first.set_weights(weights)
    np.testing.assert_allclose(np.asarray(first(x)), np.moveaxis(np.asarray(last(IMAGES)), -1, 1))


def test_full_convolution_is_that_of_all_overlaps():
    layer = FullConv1D(1, 3, use_bias=False, dtype="float64")
    x = R.normal(size=(1, 5, 1))
    (w,) = weighted(layer, x)
    expected = np.convolve(x[0, :, 0], w[::-1, 0, 0], mode="full")
    np.testing.assert_allclose(np.asarray(layer(x))[0, :, 0], expected)


def test_batch_statistics_are_used_when_predicting():
    layer = BatchStatisticsNormalization(dtype="float64")
    expected = (X2 - X2.mean(0)) / np.sqrt(X2.var(0) + 1e-3)
    np.testing.assert_allclose(np.asarray(layer(X2, training=False)), expected)
    layer.gamma.assign(np.full(5, 2.0))
    layer.beta.assign(np.arange(5.0))
    np.testing.assert_allclose(np.asarray(layer(X2)), 2 * expected + np.arange(5), atol=1e-12)
    layer(X2, training=True)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), np.zeros(5))


def test_modes_of_batch_normalization(old):
    per_sample = old("layers.BatchNormalization")(mode=1, epsilon=1e-5)
    expected = (X2 - X2.mean(1, keepdims=True)) / np.sqrt(X2.var(1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(np.asarray(per_sample(X2)), expected, atol=1e-5)
    assert isinstance(old("layers.BatchNormalization")(mode=2), BatchStatisticsNormalization)


def test_a_deconvolution_gives_the_shape_that_it_was_told():
    x = np.ones((2, 5, 5, 1))
    for rows, columns in ((9, 10), (10, 9), (10, 10), (9, 9)):
        layer = Conv2DTranspose(1, 1, strides=2, output_shape=(None, rows, columns, 1))
        assert layer(x).shape == (2, rows, columns, 1)
        saved = minikeras.saving.serialize_keras_object(layer)
        assert saved["class_name"] == "Conv2DTranspose" and "compat" not in saved["module"]
        assert type(minikeras.saving.deserialize_keras_object(saved)) is layers.Conv2DTranspose
    with pytest.raises(ValueError, match="cannot become an output of 20 by 20"):
        Conv2DTranspose(1, 1, strides=2, output_shape=(None, 20, 20, 1))(x)


def test_word_dropout_drops_a_word_everywhere():
    layer = WordDropoutEmbedding(50, 4, dropout=0.5)
    words = np.tile(np.arange(50), (3, 1))
    plain = np.asarray(layer(words))
    np.testing.assert_allclose(plain, np.asarray(layer(words, training=False)))
    y = np.asarray(layer(words, training=True))
    dropped = (y[0] == 0).all(axis=1)
    assert 10 < dropped.sum() < 40
    np.testing.assert_array_equal(y[0], y[1])
    np.testing.assert_allclose(y[0][~dropped], 2 * plain[0][~dropped], rtol=1e-6)


def test_an_auto_encoder_reconstructs_or_encodes(old):
    containers = old("layers.containers.Sequential")
    encoder = containers([layers.Dense(3, input_shape=(5,)), layers.Dense(2)])
    decoder = containers([layers.Dense(3, input_shape=(2,)), layers.Dense(5)])
    model = old("models.Sequential")()
    model.add(
        old("layers.AutoEncoder")(encoder=encoder, decoder=decoder, output_reconstruction=False)
    )
    model.compile(loss="mse", optimizer="adam")
    before = float(np.mean((np.asarray(decoder(encoder(X2))) - X2) ** 2))
    model.fit(X2, X2, nb_epoch=60, verbose=0)
    after = float(np.mean((np.asarray(decoder(encoder(X2))) - X2) ** 2))
    assert after < before
    assert model.predict(X2).shape == (4, 2)
    assert isinstance(model.layers[0], AutoEncoder)


def test_time_steps_are_merged():
    for mode, f in {"sum": np.sum, "ave": np.mean, "mul": np.prod}.items():
        y = TimeDistributedMerge(mode, dtype="float64")(X3)
        np.testing.assert_allclose(np.asarray(y), f(X3, axis=1))
    with pytest.raises((ValueError, TypeError), match="mode"):
        TimeDistributedMerge("max")
