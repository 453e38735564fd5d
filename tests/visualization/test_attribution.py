"""Saliency and Grad-CAM, beside what their formulas give where the gradient is known by hand."""

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.visualization import plot_grad_cam, plot_saliency

plt = pytest.importorskip("matplotlib.pyplot")

IMAGE = np.random.default_rng(0).uniform(size=(5, 4, 2)).astype("float32")


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def linear(activation=None, units=3):
    top = layers.Dense(units, activation=activation, name="top")
    return minikeras.Sequential([minikeras.Input((5, 4, 2)), layers.Flatten(), top])


def shown(ax):
    return np.asarray(ax.images[1].get_array())


@pytest.mark.parametrize("end", ["logits", "softmax", "layer", "large"])
def test_saliency_of_a_linear_model_is_its_weights(end):
    model = linear("softmax" if end in ("softmax", "large") else None)
    if end == "layer":
        model.add(layers.Softmax())
    kernel = model.get_layer("top").kernel
    if end == "large":  # the softmax is sure, and has no gradient
        kernel.assign(1000 * kernel)
    before = model.predict(IMAGE[None], verbose=0)
    wanted = np.abs(kernel.numpy()[:, 2]).reshape(5, 4, 2).max(axis=-1)
    ax = plot_saliency(model, IMAGE, class_index=2)
    np.testing.assert_allclose(shown(ax), wanted / wanted.max(), rtol=1e-5)
    np.testing.assert_allclose(ax.images[0].get_array(), IMAGE.mean(axis=-1))
    np.testing.assert_array_equal(model.predict(IMAGE[None], verbose=0), before)
    best = int(before.argmax())
    assert plot_saliency(model, IMAGE[None]).get_title().startswith(f"Saliency: class {best}")


def test_one_output_has_two_classes():
    model = linear("sigmoid", units=1)
    model.get_layer("top").bias.assign([-50.0])
    assert plot_saliency(model, IMAGE).get_title() == "Saliency: class 0 (100%)"
    assert plot_saliency(model, IMAGE, 1).get_title() == "Saliency: class 1 (0%)"


class OwnModel(minikeras.Model):
    def __init__(self, parts):
        super().__init__()
        self.parts = parts

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x


@pytest.mark.parametrize("kind", ["sequential", "functional", "own", "nested", "frozen", "layer"])
@pytest.mark.parametrize("sign", [1, -1])
def test_grad_cam_adds_up_channels_by_their_weight_for_the_class(kind, sign):
    conv = layers.Conv2D(3, 1, activation="relu", name="conv")
    softmax = minikeras.activations.softmax
    top = layers.Dense(2, activation=None if kind == "layer" else softmax, name="top")
    parts = [conv, layers.GlobalAveragePooling2D(), top]
    if kind == "layer":
        parts.append(layers.Softmax())
    x = minikeras.Input((5, 4, 2))
    if kind == "own":
        model = OwnModel(parts)
        model(IMAGE[None])
    elif kind == "functional":
        y = x
        for part in parts:
            y = part(y)
        model = minikeras.Model(x, y)
    elif kind == "nested":
        model = minikeras.Sequential([x, minikeras.Sequential([x, conv]), *parts[1:]])
    else:
        model = minikeras.Sequential([x, *parts])
        conv.trainable = kind != "frozen"
    conv.kernel.assign([[[[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]]]])
    top.kernel.assign(sign * np.array([[0.0, 1.0], [0.0, -2.0], [1.0, 3.0]]))
    maps = np.maximum(IMAGE @ conv.kernel.numpy()[0, 0], 0)
    wanted = np.maximum(maps @ (sign * np.array([1.0, -2.0, 3.0])), 0)
    for layer in (None, "conv", conv):
        ax = plot_grad_cam(model, IMAGE, class_index=1, layer=layer)
        np.testing.assert_allclose(shown(ax), wanted / wanted.max(), rtol=1e-4, atol=1e-6)
    assert ax.images[1].get_extent() == [-0.5, 3.5, 4.5, -0.5]
    assert not any("call" in vars(part) for part in parts)
    assert kind == "layer" or top.activation is softmax


def test_grad_cam_takes_the_mean_of_gradients_that_differ_by_place():
    conv = layers.Conv2D(2, 1, name="conv")
    top = layers.Dense(2, name="top")
    model = minikeras.Sequential([minikeras.Input((5, 4, 2)), conv, layers.Flatten(), top])
    conv.kernel.assign(np.eye(2).reshape(1, 1, 2, 2))
    by_place = np.random.default_rng(1).normal(size=(5, 4, 2, 2)) + [[0.5], [1.0]]
    top.kernel.assign(by_place.reshape(40, 2))
    wanted = np.maximum(IMAGE @ by_place.mean(axis=(0, 1))[:, 0], 0)
    ax = plot_grad_cam(model, IMAGE, class_index=0)
    np.testing.assert_allclose(shown(ax), wanted / wanted.max(), rtol=1e-4, atol=1e-6)


def test_a_map_of_nothing_says_so():
    conv, pool = layers.Conv2D(1, 1, name="conv"), layers.GlobalAveragePooling2D()
    top = layers.Dense(2, name="top")
    model = minikeras.Sequential([minikeras.Input((5, 4, 2)), conv, pool, top])
    conv.kernel.assign(np.ones((1, 1, 2, 1)))
    top.kernel.assign([[-1.0, 1.0]])
    assert plot_grad_cam(model, IMAGE, 1).get_title() == "Grad-CAM: class 1"
    ax = plot_grad_cam(model, IMAGE, 0)
    assert ax.get_title() == "Grad-CAM: class 0\nnothing is above 0" and not shown(ax).any()


def test_given_axes():
    figure, axes = plt.subplots(1, 2)
    assert plot_saliency(linear(), IMAGE, ax=axes[0]) is axes[0]
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize("function", [plot_saliency, plot_grad_cam])
def test_bad_arguments(function):
    with pytest.raises(ValueError, match=r"must be one image.*image.shape=\(3, 5, 4, 2\)"):
        function(linear(), np.ones((3, 5, 4, 2)))
    with pytest.raises(ValueError, match=r"`class_index` must be in 0..2. Received: 3"):
        function(linear(), IMAGE, 3)
    with pytest.raises(ValueError, match=r"outputs of shape \(1, 5, 4, 1\)"):
        function(minikeras.Sequential([layers.Conv2D(1, 1)]), IMAGE)


def test_grad_cam_needs_a_layer_that_gives_images():
    with pytest.raises(ValueError, match="no layer gives images"):
        plot_grad_cam(linear(), IMAGE)
    with pytest.raises(ValueError, match="layer 'top' does not give images"):
        plot_grad_cam(linear(), IMAGE, layer="top")
