"""Weights and activations as colours: the numbers drawn are those of the model."""

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.visualization import plot_activations, plot_weights

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def numbers(ax):
    return np.ma.filled(ax.images[0].get_array(), np.nan)


def small_network():
    trunk = [minikeras.Input((6, 6, 1)), layers.Conv2D(3, 2, activation="relu", name="conv")]
    trunk = minikeras.Sequential([*trunk, layers.Conv2D(2, 3, name="second")], name="trunk")
    return minikeras.Sequential(
        [minikeras.Input((6, 6, 1)), trunk, layers.Flatten(), layers.Dense(4, name="top")]
    )


def test_matrices_are_drawn_as_they_are_and_filters_side_by_side():
    model = small_network()
    conv, second, top = plot_weights(model)
    assert conv.get_title() == "conv: kernel (2, 2, 1, 3)"
    np.testing.assert_array_equal(numbers(top), model.layers[-1].kernel.numpy())
    kernel = model.layers[0].get_layer("second").kernel.numpy()
    shown = numbers(second)  # three inputs below each other, two outputs side by side
    assert shown.shape == (3 * 4 - 1, 2 * 4 - 1)
    np.testing.assert_array_equal(shown[4:7, 4:7], kernel[:, :, 1, 1])
    assert np.isnan(shown[3]).all() and np.isnan(shown[:, 3]).all()
    kernel = model.layers[0].get_layer("conv").kernel.numpy()
    np.testing.assert_array_equal(numbers(conv)[:2, 3:5], kernel[:, :, 0, 1])


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_a_weight_of_zero_has_the_colour_of_the_background(style):
    with plt.style.context(style):
        layer = layers.Dense(2, name="dense")
        layer.build((None, 2))
        layer.kernel.assign([[0.0, 1.0], [-2.0, 0.5]])
        (ax,) = plot_weights(layer)
        image = ax.images[0]
        assert image.get_clim() == (-2, 2)
        (zero, _), (below, _) = image.cmap(image.norm(image.get_array()))
        np.testing.assert_allclose(
            zero, plt.matplotlib.colors.to_rgba(ax.get_facecolor()), atol=0.01
        )
        assert np.abs(below - zero).max() > 0.3


def test_layers_are_chosen():
    model = small_network()
    _, axes = plt.subplots(1, 2)
    assert plot_weights(model, ["top", "conv"], axes)[0].get_title().startswith("top")
    (ax,) = plot_weights(model, model.layers[-1])
    assert ax.get_title().startswith("top")
    with pytest.raises(ValueError, match=r"no layer 'third'. Its layers: \['conv', 'second', "):
        plot_weights(model, "third")
    with pytest.raises(ValueError, match="layer 'flatten.*' has no weight of rank 2"):
        plot_weights(model, model.layers[1])
    with pytest.raises(ValueError, match="Weights are made when the model is built"):
        plot_weights(minikeras.Sequential([layers.Dense(2)]))
    with pytest.raises(TypeError, match="must be a model or a layer. Received: dict"):
        plot_weights({})


def test_activations_are_what_the_layers_give():
    model = small_network()
    x = np.random.default_rng(0).normal(size=(5, 6, 6, 1)).astype("float32")
    conv, _, top = plot_activations(model, x)
    np.testing.assert_allclose(numbers(top), model.predict(x, verbose=0), rtol=1e-6)
    maps = np.maximum(model.layers[0].get_layer("conv")(x).numpy()[0], 0)
    shown = numbers(conv)
    assert np.isnan(shown[5]).all() or shown.shape[0] == 5
    np.testing.assert_allclose(shown[:5, :5], maps[..., 0], rtol=1e-5)
    np.testing.assert_allclose(shown[:5, 6:11], maps[..., 1], rtol=1e-5)
    assert conv.images[0].get_clim()[0] == 0  # nothing is negative after relu
    for layer in (model, *model.layers):
        assert "call" not in vars(layer)  # as before


def test_activations_of_a_model_of_ones_own_on_sequences():
    class Words(minikeras.Model):
        def __init__(self):
            super().__init__()
            self.vectors = layers.Embedding(7, 3, name="vectors")
            self.top = layers.Dense(2, name="top")

        def call(self, x):
            return self.top(self.vectors(x)[:, 0])

    x = np.array([[1, 2, 3, 4], [0, 0, 0, 0]])
    model = Words()
    vectors, top = plot_activations(model, x)
    np.testing.assert_array_equal(numbers(vectors), model.vectors(x).numpy()[0])
    assert vectors.get_ylabel() == "step" and top.get_ylabel() == "example"


def test_what_cannot_be_drawn():
    model = minikeras.Sequential([minikeras.Input((3,)), layers.Activation("relu", name="act")])
    with pytest.raises(ValueError, match="has weights; name some in `layers`"):
        plot_activations(model, np.ones((1, 3)))
    assert len(plot_activations(model, np.ones((1, 3)), "act")) == 1
    vector = minikeras.Sequential([minikeras.Input(()), layers.Activation("relu", name="act")])
    with pytest.raises(ValueError, match=r"'act' must give one tensor.*shapes \[\(2,\)\]"):
        plot_activations(vector, np.ones(2), "act")
