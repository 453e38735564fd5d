"""Layers of a graph that do the work of those behind them: the same results as one by one."""

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.activations.activations import _IN_PLACE
from minikeras.autodiff import Tensor
from minikeras.kernels.activations import Fused
from minikeras.layers.pooling.base_pooling import BaseMaxPooling
from minikeras.ops.function import Run, RunToSum


@pytest.fixture(autouse=True)
def seed():
    minikeras.utils.set_random_seed(0)


def blocks(data_format="channels_last"):
    """Two convolutions, each with a normalization and an activation behind it."""
    axis = -1 if data_format == "channels_last" else 1
    same = {"padding": "same", "data_format": data_format}
    return [
        layers.Conv2D(6, 3, **same),
        layers.BatchNormalization(axis),
        layers.ReLU(),
        layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2, use_bias=False, **same),
        layers.BatchNormalization(axis, scale=False),
        layers.ReLU(6.0),
        layers.Conv2D(4, 1, data_format=data_format),
        layers.Activation("tanh"),
    ]


def chain(stack, shape):
    model = minikeras.Sequential([minikeras.Input(shape), *stack])
    for v in model.variables:  # averages, scales and shifts that matter
        if v.path.split("/")[-1] in ("gamma", "beta", "moving_mean", "moving_variance", "bias"):
            v.assign(np.random.default_rng(1).uniform(0.5, 1.5, v.shape))
    return model


def one_by_one(stack, x, **kwargs):
    for layer in stack:
        x = layer(x, **(kwargs if "training" in kwargs and layer.call_signature.training else {}))
    return x


def assert_same_first_gradient(model, stack, x, training):
    """Assert that the first layer's kernel has the gradient that it has where layers run one by one."""

    def gradient(function):
        with minikeras.GradientTape() as tape:
            y = function(minikeras.ops.convert_to_tensor(x), training=training)
            loss = minikeras.ops.sum(y**2)
        return np.asarray(tape.gradient(loss, stack[0].kernel))

    together = gradient(model)
    apart = gradient(lambda x, **kwargs: one_by_one(stack, x, **kwargs))
    assert np.abs(apart).max() > 0
    np.testing.assert_allclose(together, apart, rtol=1e-4, atol=1e-4 * np.abs(apart).max())


def run_of(model):
    return [len(step.operations) for step in model.graph._chain if isinstance(step, Run)]


def never(*args, **kwargs):
    raise AssertionError("a layer was called whose work another one does")


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_prediction_is_that_of_the_layers_one_by_one(data_format):
    shape = (24, 20, 3) if data_format == "channels_last" else (3, 24, 20)
    stack = blocks(data_format)
    model = chain(stack, shape)
    x = np.random.default_rng(0).normal(size=(5, *shape)).astype("float32")
    assert run_of(model) == [3, 3, 2]
    np.testing.assert_allclose(model.predict(x, verbose=0), one_by_one(stack, x), atol=2e-5)


def test_gradients_are_those_of_the_layers_one_by_one():
    stack = blocks()
    model = chain(stack, (12, 10, 3))
    x = np.random.default_rng(0).normal(size=(5, 12, 10, 3)).astype("float32")
    averages = [v.numpy() for v in model.non_trainable_variables]

    def gradients(function):
        for v, old in zip(model.non_trainable_variables, averages):
            v.assign(old)
        with minikeras.GradientTape() as tape:
            y = function(minikeras.ops.convert_to_tensor(x))
            loss = minikeras.ops.sum(y * y)
        found = tape.gradient(loss, model.trainable_variables)
        return [np.asarray(a) for a in [y, *found, *model.non_trainable_variables]]

    together = gradients(lambda x: model(x, training=True))
    apart = gradients(lambda x: one_by_one(stack, x, training=True))
    for a, b in zip(
        together, apart
    ):  # of a bias before a normalization, it is zero but for rounding
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(b).max() + 1e-5)


def test_frozen_normalizations_still_have_gradients_before_them():
    stack = blocks()
    stack[1].trainable = stack[4].trainable = False
    model = chain(stack, (12, 10, 3))
    x = np.random.default_rng(0).normal(size=(5, 12, 10, 3)).astype("float32")

    assert_same_first_gradient(model, stack, x, training=True)


def test_what_somebody_else_sees_stays_apart():
    class Noted(layers.Conv2D):
        def call(self, inputs):
            return super().call(inputs) * 2

    inputs = minikeras.Input((12, 12, 3))
    x = layers.Conv2D(4, 3)(inputs)
    normal = layers.BatchNormalization()(x)
    rectified = layers.ReLU(activity_regularizer="l2")(normal)
    outputs = layers.ReLU()(Noted(4, 3)(rectified))
    data = np.random.default_rng(0).normal(size=(8, 12, 12, 3)).astype("float32")
    model = minikeras.Model(inputs, outputs)
    y = model(data)
    assert len(model.losses) == 1
    every = minikeras.Model(inputs, [x, normal, rectified, outputs])(data)
    assert every[1].numpy().min() < 0  # an output of the model is not activated
    np.testing.assert_allclose(every[2], np.maximum(every[1], 0))
    np.testing.assert_allclose(y, every[3], atol=1e-5)
    np.testing.assert_allclose(y, np.maximum(model.layers[-2](every[2]), 0), atol=1e-5)


def test_what_is_put_in_the_place_of_a_call_is_called():
    calls = []

    class Noting(layers.ReLU):
        def __call__(self, x, **kwargs):
            calls.append(type(x))
            return super().__call__(x, **kwargs)

    x = np.random.default_rng(0).normal(size=(3, 8, 8, 2)).astype("float32")
    for i in (1, 2):  # the normalization, the activation
        stack = [layers.Conv2D(3, 3), layers.BatchNormalization(), layers.ReLU()]
        model = chain(stack, (8, 8, 2))
        stack[i].call = lambda inputs, **_: inputs * 0 + 7
        np.testing.assert_array_equal(model.predict(x, verbose=0), 7)
    model = chain([layers.Conv2D(3, 3), Noting()], (8, 8, 2))
    calls.clear()
    model.predict(x, verbose=0)
    assert calls == [Tensor]


@pytest.mark.parametrize("layer", [layers.DepthwiseConv2D(3), layers.Conv2D(12, 1)])
def test_a_convolution_of_small_weights_takes_over_the_normalization(layer, monkeypatch):
    model = chain([layer, layers.BatchNormalization()], (9, 9, 64))  # fewer windows than weights
    x = np.random.default_rng(0).normal(size=(1, 9, 9, 64)).astype("float32")
    wanted = one_by_one(model.layers, x)

    monkeypatch.setattr(layers.BatchNormalization, "call", never)
    np.testing.assert_allclose(model.predict(x, verbose=0), wanted, atol=2e-5)


def dense(units, rate):
    """Dense layers with what they take over: a Dropout, an activation, neither."""
    return [
        layers.Dense(units, activation="relu", bias_initializer="normal"),
        layers.Dropout(rate, seed=1),
        layers.Dense(units, use_bias=False),
        layers.Activation("tanh"),
        layers.Dense(units, activation="relu", bias_initializer="normal"),
        layers.Dropout(rate, seed=2),
        layers.Dense(3),
    ]


@pytest.mark.parametrize("shape", [(6,), (400,), (3, 300)])  # the others are worth two threads
def test_dense_drops_as_dropout_does(shape, monkeypatch):
    x = np.random.default_rng(0).normal(size=(130, *shape)).astype("float32")
    units = 8 if shape == (6,) else 256
    found = []
    for apart in (False, True):
        minikeras.utils.set_random_seed(0)
        stack = dense(units, 0.3)
        model = minikeras.Sequential([minikeras.Input(shape), *stack])
        assert run_of(model) == [2, 2, 2]
        if not apart:
            monkeypatch.setattr(layers.Dropout, "call", never)
        with minikeras.GradientTape() as tape:
            if apart:
                y = one_by_one(stack, minikeras.ops.convert_to_tensor(x), training=True)
            else:
                y = model(x, training=True)
            loss = minikeras.ops.sum(y * y)
        monkeypatch.undo()
        gradients = tape.gradient(loss, model.trainable_variables)
        seeds = [v.numpy() for v in model.non_trainable_variables]
        found.append([np.asarray(a) for a in [y, *gradients, *seeds]])
        assert np.isfinite(found[-1][0]).all() and np.asarray(gradients[0]).any()
    for together, one in zip(*found, strict=True):
        np.testing.assert_allclose(together, one, rtol=1e-5, atol=1e-6 * np.abs(one).max())


def test_dense_leaves_other_dropouts_alone():
    class Own(layers.Dropout):
        def _drop(self, inputs):
            return inputs * 7

    for other in (layers.Dropout(0.5, noise_shape=(1, 4)), Own(0.5), layers.Dropout(0.0)):
        model = minikeras.Sequential([minikeras.Input((3,)), layers.Dense(4, "relu"), other])
        assert run_of(model) == []
    normal = layers.Dense(4, "relu", activity_regularizer="l2")
    model = minikeras.Sequential([minikeras.Input((3,)), normal, layers.Dropout(0.9, seed=0)])
    x = np.ones((100, 3), "float32")
    y = model(x, training=True)
    penalty = float(model.losses[0])
    kept = np.count_nonzero(y)
    y = normal(x)
    assert penalty == float(normal.losses[0])  # of what comes before the Dropout
    assert 0 < kept < np.count_nonzero(y) / 2
    np.testing.assert_array_equal(model(x), normal(x))  # nothing is dropped outside of training


@pytest.mark.parametrize("activation", ["silu", "hard_silu"])
def test_activations_without_a_backward_are_taken_over_where_no_tape_follows(
    activation, monkeypatch
):
    stack = [
        layers.SeparableConv2D(6, 3, padding="same"),
        layers.BatchNormalization(),
        layers.Activation(activation),
        layers.DepthwiseConv2D(3),
        layers.Activation(activation),
    ]
    model = chain(stack, (12, 10, 3))
    assert run_of(model) == [3, 2]
    x = np.random.default_rng(0).normal(size=(5, 12, 10, 3)).astype("float32")
    np.testing.assert_allclose(model.predict(x, verbose=0), one_by_one(stack, x), atol=2e-5)

    def gradients(function):
        with minikeras.GradientTape() as tape:
            loss = minikeras.ops.sum(function(minikeras.ops.convert_to_tensor(x)) ** 2)
        return tape.gradient(loss, model.trainable_variables)

    apart = gradients(lambda x: one_by_one(stack, x))
    seven = Fused("seven", lambda z, out: np.copyto(out, 7), None)
    monkeypatch.setitem(_IN_PLACE, stack[2].activation, seven)
    np.testing.assert_array_equal(model.predict(x, verbose=0), 7)
    for a, b in zip(gradients(model), apart):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(b).max() + 1e-5)


def test_a_mask_that_a_layer_makes_is_not_lost_behind_dense():
    class Masking(layers.Activation):
        def compute_mask(self, inputs, previous_mask=None):
            return minikeras.ops.any(inputs > 0, -1)

    class Dropping(layers.Dropout):
        compute_mask = Masking.compute_mask

    for last in (Masking("relu"), Dropping(0.5)):
        model = minikeras.Sequential([minikeras.Input((2, 3)), layers.Dense(4, "relu"), last])
        assert model(np.ones((5, 2, 3), "float32"), training=True)._keras_mask is not None


def sums_of(model):
    return sum(isinstance(step[0], RunToSum) for step in model.graph._short_plan)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("size", [6, 40])  # small batches and large ones are normalized differently
def test_a_normalization_adds_the_shortcut(size, data_format, monkeypatch):
    axis, shape = (-1, (size, size, 4)) if data_format == "channels_last" else (1, (4, size, size))
    x = np.random.default_rng(0).normal(size=(12, *shape)).astype("float32")
    convolve = [layers.Conv2D(4, 3, padding="same", data_format=data_format) for _ in range(3)]
    normalize = [layers.BatchNormalization(axis) for _ in range(4)]
    add = [layers.Add() for _ in range(3)]
    relu = layers.ReLU()

    def network(x):
        x = relu(add[0]([normalize[0](convolve[0](x)), x]))
        x = add[1]([x, normalize[1](convolve[1](x))])
        return add[2]([normalize[2](convolve[2](x)), normalize[3](x)])

    inputs = minikeras.Input(shape)
    model = minikeras.Model(inputs, network(inputs))
    assert sums_of(model) == 3
    np.testing.assert_allclose(model.predict(x, verbose=0), network(x), atol=2e-5)
    averages = [v.numpy() for v in model.non_trainable_variables]

    def gradients(function):
        for v, old in zip(model.non_trainable_variables, averages):
            v.assign(old)
        tensor = minikeras.ops.convert_to_tensor(x)
        with minikeras.GradientTape() as tape:
            tape.watch(tensor)
            y = function(tensor)
            loss = minikeras.ops.sum(y * y * y)
        found = tape.gradient(loss, [tensor, *model.trainable_variables])
        return [np.asarray(a) for a in [y, *found, *model.non_trainable_variables]]

    def apart(x):
        x = relu(add[0]([normalize[0](convolve[0](x), training=True), x]))
        x = add[1]([x, normalize[1](convolve[1](x), training=True)])
        return add[2]([normalize[2](convolve[2](x), training=True), normalize[3](x, training=True)])

    wanted = gradients(apart)
    monkeypatch.setattr(layers.Add, "_merge", never)
    monkeypatch.setattr(layers.ReLU, "call", never)
    for a, b in zip(gradients(lambda x: model(x, training=True)), wanted):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(b).max() + 1e-5)


def test_other_sums_stay_apart():
    x = np.random.default_rng(0).normal(size=(9, 4)).astype("float32")
    inputs = minikeras.Input((4,))

    def model_of(join, outputs=lambda normal, y: y):
        normal = layers.BatchNormalization()(inputs)
        return minikeras.Model(inputs, outputs(normal, join(normal)))

    class Twice(layers.Add):
        def _merge(self, inputs):
            return 2 * super()._merge(inputs)

    add = layers.Add
    for join in (
        lambda normal: add()([normal, inputs, inputs]),
        lambda normal: add()([normal, normal]),
        lambda normal: Twice()([normal, inputs]),
        lambda normal: layers.Subtract()([normal, inputs]),
    ):
        assert sums_of(model_of(join)) == 0
    assert sums_of(model_of(lambda n: add()([n, inputs]), lambda n, y: [n, y])) == 0
    normal = layers.BatchNormalization()(x, training=True).numpy()
    # Those that are told apart only when they are called.
    penalized = model_of(lambda n: add(activity_regularizer="l2")([n, inputs]))
    wide = minikeras.Input((3, 4))
    broadcast = minikeras.Model(
        [wide, inputs], add()([layers.BatchNormalization()(wide), inputs[:, None]])
    )
    replaced = model_of(lambda n: add()([n, inputs]))
    replaced.layers[-1].call = lambda xs: xs[0] * 0 + 7
    assert sums_of(penalized) == sums_of(broadcast) == sums_of(replaced) == 1
    np.testing.assert_allclose(penalized(x, training=True), normal + x, atol=1e-6)
    assert len(penalized.losses) == 1
    np.testing.assert_array_equal(replaced(x, training=True), 7)
    images = np.repeat(x[:, None], 3, axis=1)
    y = broadcast([images, x], training=True)
    np.testing.assert_allclose(y, normal[:, None] + images, atol=1e-5)


def test_sums_leave_the_order_of_calls_alone():
    x = np.random.default_rng(0).normal(size=(2, 9, 4)).astype("float32")
    x[1] += 100
    one, other = minikeras.Input((4,)), minikeras.Input((4,))
    normalize = layers.BatchNormalization()
    inner = minikeras.Model(one, layers.Dense(4)(normalize(one)))
    for shortcut in (normalize, inner):
        model = minikeras.Model([one, other], layers.Add()([normalize(one), shortcut(other)]))
        normalize.moving_mean.assign(np.zeros(4))
        model(list(x), training=True)
        expected = 0.99 * 0.01 * x[0].mean(0) + 0.01 * x[1].mean(0)
        np.testing.assert_allclose(normalize.moving_mean, expected, rtol=1e-4)


@pytest.mark.parametrize("rows", [9, 5000])
def test_sums_with_another_dtype_or_a_mask_of_their_own_stay_apart(rows):
    class Masking(layers.Add):
        def compute_mask(self, inputs, previous_mask=None):
            return inputs[0][..., 0] > 0

    x, wide = minikeras.Input((3, 4)), minikeras.Input((3, 4), dtype="float64")
    data = np.random.default_rng(0).normal(size=(2, rows, 3, 4))
    one, other = minikeras.ops.convert_to_tensor(data[0].astype("float32")), data[1]
    masked = minikeras.Model(x, Masking()([layers.BatchNormalization()(x), x]))
    model = minikeras.Model([x, wide], layers.Add()([layers.BatchNormalization()(x), wide]))
    assert sums_of(masked) == sums_of(model) == 1
    assert masked(one, training=True)._keras_mask is not None
    other = minikeras.ops.convert_to_tensor(other, "float64")
    with minikeras.GradientTape() as tape:
        tape.watch(other)
        y = model([one, other], training=True)
        loss = minikeras.ops.sum(y * y)
    gradient = tape.gradient(loss, other)
    assert (y.dtype, gradient.dtype) == ("float32", "float64")
    np.testing.assert_array_equal(gradient, 2 * y.numpy())


# Pooling behind a convolution.


def pooled_stack():
    return [
        layers.Conv2D(6, 3, padding="same"),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D((2, 3)),
        layers.Conv2D(5, 3, activation="relu"),
        layers.MaxPool2D(2),
        layers.Conv2D(4, 2, activation="tanh"),
        layers.MaxPooling2D(2),
    ]


def test_predictions_pool_what_a_convolution_gives(monkeypatch):
    stack = pooled_stack()
    model = chain(stack, (24, 24, 3))
    x = np.random.default_rng(0).normal(size=(9, 24, 24, 3)).astype("float32")
    assert run_of(model) == [4, 2, 2]
    apart = one_by_one(stack, x)
    monkeypatch.setattr(BaseMaxPooling, "call", never)
    np.testing.assert_allclose(model.predict(x, verbose=0), apart, atol=2e-5)


def test_a_training_step_pools_by_itself():
    stack = pooled_stack()
    model = chain(stack, (24, 24, 3))
    x = np.random.default_rng(0).normal(size=(9, 24, 24, 3)).astype("float32")

    assert_same_first_gradient(model, stack, x, training=False)


@pytest.mark.parametrize(
    "pool",
    [
        layers.MaxPooling2D(3, strides=2),
        layers.MaxPooling2D(2, padding="same"),
        layers.MaxPooling2D(2, data_format="channels_first"),
        layers.AveragePooling2D(2),
        layers.GlobalMaxPooling2D(),
    ],
    ids=["overlapping", "padded", "channels first", "average", "global"],
)
def test_other_pooling_is_done_by_its_layer(pool):
    stack = [layers.Conv2D(4, 3), pool]
    model = chain(stack, (10, 10, 2))
    assert run_of(model) == []
    x = np.random.default_rng(0).normal(size=(3, 10, 10, 2)).astype("float32")
    np.testing.assert_allclose(model.predict(x, verbose=0), one_by_one(stack, x), atol=1e-5)


def test_an_activation_that_kernels_do_not_know_comes_before_pooling():
    stack = [layers.Conv2D(4, 3, activation=lambda x: -x), layers.MaxPooling2D(2)]
    model = chain(stack, (10, 10, 2))
    x = np.random.default_rng(0).normal(size=(3, 10, 10, 2)).astype("float32")
    np.testing.assert_allclose(model.predict(x, verbose=0), one_by_one(stack, x), atol=1e-5)


def test_pooling_that_does_not_fit_complains_by_its_own_name():
    model = minikeras.Sequential(
        [
            minikeras.Input((None, None, 1)),
            layers.Conv2D(3, 3),
            layers.MaxPooling2D(4, name="too_large"),
        ]
    )
    assert model(np.ones((2, 6, 6, 1))).shape == (2, 1, 1, 3)
    with pytest.raises(ValueError, match="too_large"):
        model(np.ones((2, 5, 5, 1)))


@pytest.mark.parametrize("kind", ["a layer", "a model"])
def test_layers_in_an_activation_leave_what_follows_alone(kind):
    inside = layers.Conv2D(4, 3, padding="same")
    if kind == "a model":
        inside = chain([inside, layers.ReLU()], (8, 8, 4))
    stack = [layers.Conv2D(4, 3, activation=lambda x: -inside(x)), layers.MaxPooling2D(2)]
    model = chain(stack, (10, 10, 2))
    x = np.random.default_rng(0).normal(size=(3, 10, 10, 2)).astype("float32")
    np.testing.assert_allclose(model.predict(x, verbose=0), one_by_one(stack, x), atol=1e-5)
