"""TensorFlow's functions on symbolic tensors: functional models of them give what the functions give."""

import re
import warnings

import numpy as np
import pytest

import minikeras
from minikeras import tree
from minikeras.autodiff import KerasTensor, Tensor
from tests.compat.tensorflow.calls import CALLS, DATA

# Values or the number of rows would have to be known; `tf.shape` and `tf.rank` give numbers.
_NOT = (
    "scan",
    "foldl",
    "foldr",
    "squeeze(T[:1",
    "unstack(A)",
    "reverse_sequence",
    "diag(V)",
    "tf.shape(T",
)
_NOT += ("tf.rank", "stft", "l2_regularizer", "tf.constant", "Variable", "numpy", "py_function")


def symbolic_calls():
    """Return calls that can be made with an input in place of an array, and the names of the arrays."""
    found = []
    for call in CALLS:
        names = [
            k for k in ("A", "B", "T", "X", "V", "P", "D", "U") if re.search(rf"\b{k}\b", call)
        ]
        if names and not any(part in call for part in _NOT):
            found.append((call, names))
    return found


@pytest.mark.parametrize(
    "call, names", symbolic_calls(), ids=lambda x: x if isinstance(x, str) else ""
)
def test_a_model_of_a_call_gives_what_the_call_gives(tf, call, names):
    inputs = {
        k: minikeras.Input(batch_shape=(None, *DATA[k].shape[1:]), dtype=str(DATA[k].dtype))
        for k in names
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = tree.flatten(eval(call, {"tf": tf, "np": np, **DATA}))
        outputs = eval(call, {"tf": tf, "np": np, **DATA, **inputs})
    if not all(isinstance(t, Tensor) for t in wanted):
        pytest.skip("no tensors")
    got = tree.flatten(minikeras.Model(list(inputs.values()), outputs)([DATA[k] for k in names]))
    for g, w, described in zip(got, wanted, tree.flatten(outputs), strict=True):
        np.testing.assert_allclose(g.array, w.array, rtol=1e-4, atol=1e-5)
        assert described.dtype == w.dtype
        assert len(described.shape) == len(w.shape)
        assert all(a is None or a == b for a, b in zip(described.shape, w.shape))


def test_sizes_that_are_not_known_go_through(tf):
    x = minikeras.Input((4, 3))
    batch, steps, _ = tf.unstack(tf.shape(x))
    assert steps == 4 and isinstance(batch, KerasTensor)
    state = tf.zeros([batch, 5])
    assert tuple(state.shape) == (None, 5)
    flat = tf.reshape(x, [tf.shape(x)[0], -1])
    assert tuple(flat.shape) == (None, 12)
    noise = tf.random.normal((batch, 5), stddev=0.0)
    positions = tf.tile(tf.range(4)[None], [batch, 1])
    model = minikeras.Model(
        x, [tf.concat([state + noise, flat], 1), tf.cast(positions, tf.float32), tf.size(x)]
    )
    joined, where, size = model(np.ones((2, 4, 3), "float32"))
    np.testing.assert_array_equal(joined, [[0.0] * 5 + [1.0] * 12] * 2)
    np.testing.assert_array_equal(where, [[0, 1, 2, 3]] * 2)
    assert int(size) == 24


@pytest.mark.parametrize("return_index_map", [False, True])
def test_images_of_any_size_are_compared(tf, return_index_map):
    def compared(x):
        return tf.image.ssim(x, tf.sqrt(x), 1.0, return_index_map=return_index_map)

    x = minikeras.Input((None, None, 3))
    data = np.random.RandomState(0).rand(2, 14, 12, 3).astype("float32")
    y = minikeras.Model(x, compared(x))(data)
    assert y.shape == ((2, 4, 2) if return_index_map else (2,))
    np.testing.assert_allclose(y, compared(data), rtol=1e-5)
    one = compared(data[1])
    np.testing.assert_allclose(one, y[1], rtol=1e-5)
    np.testing.assert_allclose(compared(data[None])[0, 1], one, rtol=1e-5)


def test_layers_and_lambdas_of_tf_functions_are_described_and_saved(tf, tmp_path):
    pytest.importorskip("h5py")

    class Norms(minikeras.layers.Layer):
        def call(self, inputs):
            rows = tf.reshape(inputs, [tf.shape(inputs)[0], -1])
            return tf.norm(rows, axis=1, keepdims=True)

    x = minikeras.Input((4, 3))
    y = Norms()(x)
    assert tuple(y.shape) == (None, 1)
    z = minikeras.layers.Lambda(lambda t: tf.reduce_max(t, axis=[1, 2], keepdims=False))(x)
    assert tuple(z.shape) == (None,)
    h = tf.nn.relu(tf.reduce_mean(x, axis=1) - 0.5)
    h = minikeras.layers.Dense(h.shape[-1], activation=tf.nn.softmax, dtype=tf.float32)(h)
    plain = minikeras.Model(x, tf.concat([h, tf.zeros((tf.shape(x)[0], 1))], axis=-1))
    path = tmp_path / "model.keras"
    plain.save(path)
    data = np.random.RandomState(0).rand(2, 4, 3).astype("float32")
    np.testing.assert_array_equal(minikeras.models.load_model(path)(data), plain(data))


def test_functions_are_todays_activations_in_layers(tf):
    functions = [tf.nn.relu, tf.nn.swish, tf.tanh, tf.nn.softmax, tf.exp, tf.nn.leaky_relu]
    layers = [minikeras.layers.Dense(2, activation=f) for f in functions]
    names = [layer.get_config()["activation"] for layer in layers]
    assert names == ["relu", "silu", "tanh", "softmax", "exponential", "leaky_relu"]
    assert layers[0].activation is minikeras.activations.relu
    assert minikeras.layers.Activation(tf.nn.gelu).get_config()["activation"] == "gelu"


def test_sizes_are_computed_with(tf):
    x = minikeras.Input((4, 3))
    twice = tf.shape(x)[:2] * 2
    y = tf.image.resize(tf.ones([1, 2, 2, 1]), [4, 4])
    volume = tf.reduce_prod(tf.shape(x)[1:])
    rows = tf.reduce_prod(tf.shape(x)[:2])
    half = tf.shape(x)[0] // 2
    outputs = [twice, rows, half]
    got = minikeras.Model(x, outputs)(np.ones((6, 4, 3), "float32"))
    assert [g.array.tolist() for g in got] == [[12, 8], 24, 3]
    assert int(volume) == 12 and y.shape == (1, 4, 4, 1)
