"""`enable_lora`, against Keras: outputs, weights, what is trained, and what files hold."""

import numpy as np
import pytest

import minikeras
from minikeras import layers, ops

MAKE = {
    "Dense": (lambda k, **kw: k.layers.Dense(3, **kw), (2, 4)),
    "EinsumDense": (
        lambda k, **kw: k.layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="e", **kw),
        (2, 5, 4),
    ),
    "Conv2D": (lambda k, **kw: k.layers.Conv2D(4, 2, groups=2, **kw), (2, 4, 4, 4)),
    "Embedding": (lambda k, **kw: k.layers.Embedding(6, 3, **kw), None),
}
each = pytest.mark.parametrize("name", sorted(MAKE))


def data(shape):
    rng = np.random.default_rng(0)
    return rng.integers(0, 6, (2, 3)) if shape is None else rng.normal(size=shape).astype("float32")


def adapted(name, library=minikeras, values=None, **kwargs):
    """Return a layer with lora and random weights, and its input."""
    make, shape = MAKE[name]
    layer, x = make(library, **kwargs), data(shape)
    layer(x)
    if not layer.lora_enabled:
        layer.enable_lora(2, lora_alpha=3.0)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(size=w.shape).astype("float32") for w in layer.weights])
    return layer, x


@each
def test_as_in_keras(keras, name):
    (ours, x), (theirs, _) = adapted(name), adapted(name, keras)
    np.testing.assert_allclose(ours(x), np.asarray(theirs(x)), rtol=1e-4, atol=1e-5)
    for ws, vs in (
        (ours.weights, theirs.weights),
        (ours.trainable_weights, theirs.trainable_weights),
    ):
        assert [(w.name, w.shape, w.dtype) for w in ws] == [(v.name, v.shape, v.dtype) for v in vs]
    mine, other = {}, {}
    ours.save_own_variables(mine)
    theirs.save_own_variables(other)
    assert mine.keys() == other.keys()
    for key, value in other.items():
        np.testing.assert_allclose(mine[key], np.asarray(value), rtol=1e-4, atol=1e-5)
    for key in ("lora_rank", "lora_alpha"):
        assert ours.get_config()[key] == theirs.get_config()[key]


@each
def test_the_gradient_reaches_the_matrices_alone(name):
    layer, x = adapted(name, dtype="float64")
    minikeras.gradient_check(layer, x)
    before = layer.weights[0].numpy()
    with minikeras.GradientTape() as tape:
        y = ops.sum(layer(x))
    assert tape.gradient(y, layer.weights[0]) is None
    layer.trainable = False
    layer.trainable = True
    assert not layer.weights[0].trainable
    np.testing.assert_array_equal(layer.weights[0].numpy(), before)


@pytest.mark.parametrize("name", ["Dense", "Embedding"])
def test_a_saved_model_holds_the_sum(name, tmp_path):
    pytest.importorskip("h5py")
    make, shape = MAKE[name]
    x = data(shape)
    model = minikeras.Sequential([make(minikeras, lora_rank=2, lora_alpha=3)])
    y = model(x)
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=w.shape) for w in model.weights])
    y = model(x)
    model.save(tmp_path / "m.keras")
    loaded = minikeras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(loaded(x), y, rtol=1e-5, atol=1e-5)
    assert loaded.layers[0].lora_rank == 2
    assert not any(np.asarray(w).any() for w in loaded.trainable_weights[-2:])


def test_training_and_mixed_precision():
    model = minikeras.Sequential([layers.Dense(3, dtype="mixed_float16"), layers.Dense(1)])
    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
    model(x)
    model.layers[0].enable_lora(2)
    frozen = model.layers[0].weights[0].numpy()
    model.compile("adam", "mse")
    first, *_, last = model.fit(x, x[:, :1], epochs=30, verbose=0).history["loss"]
    assert last < first
    np.testing.assert_array_equal(model.layers[0].weights[0].numpy(), frozen)
    assert np.asarray(model.layers[0].lora_kernel_b).any()
    assert str(model.layers[0](x).dtype) == "float16"


def test_what_it_refuses():
    layer = layers.Dense(2)
    with pytest.raises(ValueError, match="cannot enable lora before the layer is built"):
        layer.enable_lora(2)
    layer.build((None, 3))
    with pytest.raises((ValueError, TypeError), match="rank"):
        layer.enable_lora(0)
    layer.enable_lora(2)
    with pytest.raises(ValueError, match="already enabled"):
        layer.enable_lora(2)
    constrained = layers.Dense(2, kernel_constraint="non_neg")
    constrained.build((None, 3))
    with pytest.raises(ValueError, match="kernel_constraint"):
        constrained.enable_lora(2)
    normalized = layers.SpectralNormalization(layers.Dense(2, lora_rank=2, name="adapted"))
    x = np.ones((2, 3), "float32")
    assert normalized(x).shape == (2, 2)
    with pytest.raises(ValueError, match="weight of layer 'adapted' .* `lora_rank`"):
        normalized(x, training=True)
    later = layers.SpectralNormalization(layers.Dense(2))
    later(x, training=True)
    later.layer.enable_lora(2)
    kernel = later.kernel.numpy()
    with pytest.raises(ValueError, match="no variable .* `enable_lora`"):
        later(x, training=True)
    np.testing.assert_array_equal(later.kernel.numpy(), kernel)  # which is frozen
    assert later(x).shape == (2, 2)
