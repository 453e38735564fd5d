"""`remat` and `RematScope`: the same results, gradients and draws, with less memory."""

import contextlib
import tracemalloc

import numpy as np
import pytest

import minikeras
from minikeras import layers, ops
from minikeras.autodiff.remat import REMAT


def chain(x):
    for _ in range(10):
        x = ops.sin(x) * 1.5
    return x


def kept(function, x):
    """Return how many bytes a tape keeps of a function."""
    tracemalloc.start()
    with minikeras.GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(function(x))
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size, np.asarray(tape.gradient(y, x))


def test_inner_results_are_not_kept():
    x = ops.convert_to_tensor(np.linspace(0, 1, 100_000))
    (plain, wanted), (less, got) = kept(chain, x), kept(minikeras.remat(chain), x)
    assert plain > 8 * x.array.nbytes
    assert less < x.array.nbytes / 4
    np.testing.assert_array_equal(got, wanted)


def test_gradient_of_the_gradient():
    x = minikeras.Variable([0.3, 2.0])
    results = []
    for f in (chain, minikeras.remat(chain)):
        with minikeras.GradientTape() as outer:
            with minikeras.GradientTape() as inner:
                y = f(x)
            slope = inner.gradient(y, x)
        results.append([np.asarray(y), np.asarray(slope), np.asarray(outer.gradient(slope, x))])
    np.testing.assert_allclose(results[0], results[1], rtol=1e-4)
    assert (results[0][2] != 0).all()


class Block(layers.Layer):
    """Everything that a second run could do twice: draws, averages, losses, a counter."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(64, activation="gelu", activity_regularizer="l2")
        self.dropout = layers.Dropout(0.3, seed=1)
        self.normalization = layers.BatchNormalization()

    def build(self, shape):
        self.dense.build(shape)
        self.normalization.build(shape)
        self.calls = self.add_weight((), "zeros", trainable=False)

    def call(self, x, training=False):
        self.calls.assign_add(1.0)
        x = self.dropout(self.dense(x), training=training)
        x = self.normalization(x, training=training)
        self.add_loss(ops.mean(ops.square(x)) * 0.1)
        return x, {"same": x}


class First(layers.Layer):
    def call(self, x):
        return x[0]


def trained(scope):
    """Return losses and weights of a model after some steps, and how often it was computed again."""
    minikeras.utils.clear_session()
    minikeras.utils.set_random_seed(3)
    with scope or contextlib.nullcontext():
        model = minikeras.Sequential(
            [
                Block(name="one"),
                First(name="of_one"),
                Block(name="second"),
                First(name="of_second"),
                layers.Dense(1),
            ]
        )
    model.compile(minikeras.optimizers.SGD(0.01), "mse")
    x = np.random.default_rng(0).normal(size=(32, 64)).astype("float32")
    losses = [float(model.train_on_batch(x, x[:, :1])) for _ in range(3)]
    with minikeras.GradientTape() as tape:
        model(x, training=True)
    again = sum(getattr(node, "primitive", None) is REMAT for node in tape._nodes)
    return losses, model.get_weights(), again


SCOPES = [
    ({"mode": "full"}, 3),
    ({"mode": "larger_than", "output_size_threshold": 32 * 64}, 2),
    ({"mode": "list_of_layers", "layer_names": ["second"]}, 1),
    ({"mode": "activations"}, 2),
    ({"mode": None}, 0),
]


@pytest.mark.parametrize(("arguments", "count"), SCOPES)
def test_scopes_train_the_same(arguments, count):
    losses, weights, again = trained(minikeras.RematScope(**arguments))
    wanted = trained(None)
    assert again == count
    assert losses == wanted[0]
    for a, b in zip(weights, wanted[1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_scopes_nest_and_end():
    with minikeras.RematScope(), minikeras.RematScope(None):
        inside = layers.Dense(1)
    assert inside._remat_mode is None
    assert layers.Dense(1)._remat_mode is None
    with pytest.raises(ValueError, match="mode"):
        minikeras.RematScope("some")
    with pytest.raises(TypeError, match="must be a function or a layer"):
        minikeras.remat(3)


def test_an_error_inside_leaves_the_tape_as_it_was():
    x = minikeras.Variable(2.0)

    def fails(x):
        raise RuntimeError("no")

    with minikeras.GradientTape() as tape:
        with pytest.raises(RuntimeError, match="no"):
            minikeras.remat(fails)(x)
        y = x * x
    assert float(tape.gradient(y, x)) == 4
