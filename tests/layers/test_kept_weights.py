"""What predictions keep of weights: it is used again, but never where a weight has changed."""

import copy
import pickle
import threading
import weakref

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.kernels import conv, winograd
from minikeras.layers.convolutional.kept_weights import KeptWeights
from minikeras.optimizers.flat import FlatGroup

X = np.random.default_rng(0).normal(size=(4, 16, 16, 32)).astype("float32")


@pytest.fixture(autouse=True)
def seed():
    minikeras.utils.set_random_seed(0)


def network():
    """One layer of each kind that keeps something, and by Winograd for a single image."""
    model = minikeras.Sequential(
        [
            minikeras.Input(X.shape[1:]),
            layers.Conv2D(64, 3, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.BatchNormalization(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Conv2DTranspose(8, 3, strides=2, padding="same"),
            layers.Conv2DTranspose(2, 3),
        ]
    )
    for v in model.variables:
        if v.path.split("/")[-1] != "kernel":
            v.assign(np.random.default_rng(1).uniform(0.5, 1.5, v.shape))
    model.compile("sgd", "mse")
    return model


def train(model):
    model.fit(X, np.zeros((len(X), *model.output_shape[1:]), "float32"), verbose=0)


def predicted(model):
    return model.predict(X, batch_size=1, verbose=0)


def afresh(model):
    """Predict with a copy, which has kept nothing."""
    return predicted(copy.deepcopy(model))


def kept(model):
    return [layer._kept._kept for layer in model.layers if hasattr(layer, "_kept")]


def test_predictions_have_the_same_bits_with_what_is_kept():
    model = network()
    first = predicted(model)
    assert all(entry is not None for entry in kept(model))
    np.testing.assert_array_equal(predicted(model), first)
    np.testing.assert_array_equal(model.predict(X[:1], verbose=0), first[:1])
    layer_by_layer = X
    for layer in model.layers:
        layer_by_layer = layer(layer_by_layer)
    np.testing.assert_allclose(first, layer_by_layer, rtol=1e-4, atol=1e-4)


def test_few_images_go_by_winograd_only_where_its_kernel_is_kept():
    model = network()
    predicted(model)
    made = kept(model)[0][1][2]
    kernel = np.ones((3, 3, 32, 64), "float32")
    assert made["winograd"].shape == winograd.transformed_kernel(kernel).shape
    w = conv.window((16, 16), (3, 3), (1, 1), "same", (1, 1))
    arguments = w, 1, 32, 64, 1, np.dtype("float32")
    assert conv.algorithm(*arguments, {}) == "winograd"
    assert conv.algorithm(*arguments) == "columns"


def test_every_change_of_a_weight_counts():
    model = network()
    before = predicted(model)
    for v in model.variables:
        v.assign(v + 0.25)
        after = predicted(model)
        assert np.abs(after - before).max() > 1e-3, v.path
        np.testing.assert_array_equal(after, afresh(model))
        before = after


def test_what_a_normalization_computes_with_counts():
    model = network()
    before = predicted(model)
    model.layers[1].epsilon = 0.5
    assert np.abs(predicted(model) - before).max() > 1e-3
    np.testing.assert_array_equal(predicted(model), afresh(model))


def test_training_changes_predictions_and_finds_nothing_held():
    model = network()
    train(model)
    for _ in range(2):
        before = predicted(model)
        values = model.optimizer._groups[0].values
        flat = weakref.ref(values.flat)
        train(model)
        assert values.flat is flat()  # not moved, since nobody held it
        assert kept(model) == [None] * len(kept(model))
        assert np.abs(predicted(model) - before).max() > 1e-6
        np.testing.assert_array_equal(predicted(model), afresh(model))


def test_an_optimizer_alone_cannot_change_what_is_kept():
    model = network()
    train(model)
    before = predicted(model)
    gradients = [np.ones(v.shape, "float32") for v in model.trainable_variables]
    model.optimizer.apply(gradients, model.trainable_variables)
    assert np.abs(predicted(model) - before).max() > 1e-3
    np.testing.assert_array_equal(predicted(model), afresh(model))


def test_what_another_thread_sees_half_done_is_not_kept(monkeypatch):
    model, update = network(), FlatGroup.update
    train(model)

    def updated_while_another_thread_predicts(self, *args):
        reader = threading.Thread(target=predicted, args=(model,))
        reader.start()
        reader.join()
        update(self, *args)

    monkeypatch.setattr(FlatGroup, "update", updated_while_another_thread_predicts)
    train(model)
    np.testing.assert_array_equal(predicted(model), afresh(model))
    optimizer, kernel = model.optimizer, model.layers[0].kernel
    optimizer.update_step(np.ones(kernel.shape, "float32"), kernel, 0.1)
    np.testing.assert_array_equal(predicted(model), afresh(model))


@pytest.mark.parametrize("policy", ["float64", "float16", "mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_other_dtypes_and_channels_first(policy, data_format):
    if policy == "mixed_bfloat16":
        pytest.importorskip("ml_dtypes")
    axis = -1 if data_format == "channels_last" else 1
    x = X if axis == -1 else np.moveaxis(X, -1, 1)
    layer = layers.Conv2D(16, 3, padding="same", data_format=data_format, dtype=policy)
    model = minikeras.Sequential(
        [minikeras.Input(x.shape[1:]), layer, layers.BatchNormalization(axis, dtype=policy)]
    )
    for _ in range(3):
        y = model(x[:1])
    assert y.dtype == layer.compute_dtype
    with minikeras.GradientTape():
        taped = layer(x[:1])
    np.testing.assert_array_equal(layer(x[:1]), taped)  # both see rounded weights
    for v in model.variables:
        v.assign(v * 1.5)
        np.testing.assert_array_equal(model(x[:1]), copy.deepcopy(model)(x[:1]))


def test_one_layer_with_two_normalizations_behind_it():
    inputs = minikeras.Input(X.shape[1:])
    layer = layers.Conv2D(32, 3, padding="same")
    one, other = layers.BatchNormalization(), layers.BatchNormalization(beta_initializer="ones")
    model = minikeras.Model(inputs, other(layer(one(layer(inputs)))))
    first = model(X[:1])
    for _ in range(3):
        np.testing.assert_array_equal(model(X[:1]), first)
    np.testing.assert_allclose(first, other(layer(one(layer(X[:1])))), rtol=1e-4, atol=1e-4)


def test_stateless_calls_and_low_rank_adaptation_see_their_weights():
    model = network()
    predicted(model)
    trained = [v * 1.5 for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]
    y, _ = model.stateless_call(trained, others, X[:1])
    before = predicted(model)
    other = copy.deepcopy(model)
    for v, value in zip(other.trainable_variables, trained):
        v.assign(value)
    np.testing.assert_array_equal(y, other(X[:1]))
    layer = model.layers[0]
    layer.enable_lora(2)
    layer.lora_kernel_b.assign(layer.lora_kernel_b + 1.0)
    after = predicted(model)
    assert np.abs(after - before).max() > 1e-3
    np.testing.assert_array_equal(after, afresh(model))


def test_one_prediction_between_two_steps_keeps_nothing():
    model = network()
    model(X[:1])
    assert kept(model) == [None] * len(kept(model))
    with minikeras.GradientTape():
        model(X[:1])
    model(X[:1])
    assert kept(model) == [None] * len(kept(model))


def test_copies_share_nothing():
    model = network()
    first = predicted(model)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert kept(other) == [None] * len(kept(other))
        np.testing.assert_array_equal(predicted(other), first)


def test_large_kernels_are_not_kept():
    layer = layers.Conv2D(512, 3)
    x = np.ones((1, 4, 4, 64), "float32")
    for _ in range(3):
        layer(x)
    assert layer._kept._kept is None


def numbers_in(kept):
    if isinstance(kept, np.ndarray):
        return kept.size
    parts = kept.values() if isinstance(kept, dict) else kept if isinstance(kept, tuple) else ()
    return sum(map(numbers_in, parts))


@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        (layers.DepthwiseConv1D(3), [(1, n, 64) for n in range(16_000, 16_003)]),
        (layers.DepthwiseConv1D(3), [(1, n, 64) for n in range(1000, 1020)]),
        (layers.DepthwiseConv2D(3), [(1, 8, n, 64) for n in range(300, 320)]),
        (layers.Conv3D(16, 1), [(1, 2, 130, n, 2) for n in range(130, 135)]),
        (layers.Conv3D(16, 1), [(1, 2, 60, n, 2) for n in range(60, 80)]),
    ],
)
def test_little_is_kept_of_large_images_and_of_many_sizes(layer, shapes):
    for shape in [*shapes, *shapes[:2]]:
        x = np.random.default_rng(0).normal(size=shape).astype("float32")
        y = layer(x)
        np.testing.assert_array_equal(y, copy.deepcopy(layer)(x))
        assert numbers_in(layer._kept._kept) < 2**19 + 2**14
    assert layer._kept._kept is not None


def test_kept_weights_are_made_again_for_other_objects():
    weights, calls = KeptWeights(), []
    one, other = np.zeros(1), np.zeros(1)
    for sources in [(one, None), (one, None), (one, None), (other, None), (other, 0.5)]:
        weights.get(sources, lambda sources=sources: calls.append(sources))
    assert [len(c) for c in calls] == [2] * 4
    assert [c[0] is other for c in calls] == [False, False, True, True]
