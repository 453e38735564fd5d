"""Gradients by layer: the numbers are right, training is not changed, and the curves show them."""

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.visualization import GradientNorms, plot_gradients

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def test_the_norms_are_those_of_the_loss():
    model = minikeras.Sequential([minikeras.Input((2,)), layers.Dense(1, name="only")])
    model.compile(minikeras.optimizers.SGD(0.0), "mse")
    x, y = np.random.default_rng(0).normal(size=(2, 8, 2)).astype("float32")
    y = y[:, :1]
    gradients = GradientNorms(x, y)
    model.fit(x, y, epochs=2, callbacks=[gradients], verbose=0)
    error = model.predict(x, verbose=0) - y
    by_hand = np.append(2 * (error * x).mean(axis=0), 2 * error.mean())
    assert list(gradients.norms) == ["only"]
    np.testing.assert_allclose(
        gradients.norms["only"], [np.sqrt(np.mean(by_hand**2))] * 3, rtol=1e-5
    )


def test_training_is_the_same_with_it():
    x, y = minikeras.datasets.make_moons(64, noise=0.1, random_state=0)

    def weights(*callbacks):
        minikeras.utils.set_random_seed(0)
        model = minikeras.Sequential([layers.Dense(4, "tanh"), layers.BatchNormalization()])
        model.add(layers.Dropout(0.5, seed=1))
        model.add(layers.Dense(1, "sigmoid"))
        model.compile("adam", "binary_crossentropy")
        model.fit(x, y, epochs=2, callbacks=list(callbacks), verbose=0)
        return model.get_weights()

    gradients = GradientNorms(x[:10], y[:10], np.ones(10))
    for with_it, without in zip(weights(gradients), weights()):
        np.testing.assert_array_equal(with_it, without)
    assert [len(v) for v in gradients.norms.values()] == [3, 3, 3]


def test_the_curves():
    ax = plot_gradients({"first": [1e-4, 0.0, 1e-5], "last": [0.1, 0.2, 0.3]})
    first, last = ax.lines
    assert last.get_xdata().tolist() == [0, 1, 2] and last.get_ydata().tolist() == [0.1, 0.2, 0.3]
    assert np.isnan(first.get_ydata()[1])
    assert ax.get_yscale() == "log"
    ax.figure.canvas.draw()
    assert not ax.get_legend().get_window_extent().overlaps(ax.bbox)
    figure, mine = plt.subplots()
    many = {f"layer_{i}": [1.0, 2.0] for i in range(30)}
    assert plot_gradients(many, ax=mine) is mine
    assert [t.get_text() for t in mine.get_legend().get_texts()] == ["layer_0", "layer_29"]


def test_bad_arguments():
    with pytest.raises(ValueError, match="holds no numbers: was it among the callbacks"):
        plot_gradients(GradientNorms([1.0], [1.0]))
    with pytest.raises(TypeError, match="`GradientNorms` or a dict of lists. Received: list"):
        plot_gradients([1.0])
