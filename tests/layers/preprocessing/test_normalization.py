"""`Normalization` beyond the registry: what `adapt` learns, from what, and what is refused."""

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.data import Dataset

X = np.random.default_rng(0).normal([0, 50, 1e4], [1, 10, 100], (300, 3)).astype("float32")
EXACT = X.astype("float64")


@pytest.mark.parametrize(("axis", "invert"), [(-1, False), (None, False), ((1, 2), True)])
def test_adapted_layers_are_as_in_keras(keras, axis, invert, tmp_path):
    x = X if axis != (1, 2) else X.reshape(60, 5, 3)
    ours = layers.Normalization(axis=axis, invert=invert, name="n")
    theirs = keras.layers.Normalization(axis=axis, invert=invert, name="n")
    ours.adapt(x)
    theirs.adapt(x)
    np.testing.assert_allclose(ours(x), theirs(x), rtol=2e-3, atol=2e-3)
    for a, b in zip(ours.get_weights(), theirs.get_weights()):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-3)
    for name in ("mean", "variance"):
        assert getattr(ours, name).shape == getattr(theirs, name).shape
    assert ours.get_build_config() == theirs.get_build_config()


def test_models_with_adapted_layers_are_exchanged_with_keras(keras, tmp_path):
    pytest.importorskip("h5py")
    for library in (minikeras, keras):
        layer = library.layers.Normalization()
        layer.adapt(X)
        model = library.Sequential([library.Input((3,)), layer, library.layers.Dense(2)])
        wanted = np.asarray(model(X))
        model.save(tmp_path / "model.keras")
        for reader in (minikeras, keras):
            read = reader.saving.load_model(tmp_path / "model.keras")
            np.testing.assert_allclose(read(X), wanted, rtol=1e-3, atol=1e-3)


class Batches(minikeras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, i):
        return X[100 * i : 100 * (i + 1)], np.zeros(100)


@pytest.mark.parametrize(
    "data",
    [
        lambda: EXACT,
        lambda: X.tolist(),
        lambda: minikeras.ops.convert_to_tensor(X),
        lambda: [X[:70], X[70:]],
        lambda: (X[i : i + 64] for i in range(0, 300, 64)),
        lambda: Dataset.from_tensor_slices((X, X[:, 0])).batch(7),
        lambda: Dataset.from_tensor_slices(X),
        Batches,
    ],
    ids=["array", "lists", "tensor", "arrays", "generator", "Dataset", "rows", "PyDataset"],
)
def test_all_kinds_of_data_give_the_moments_of_all_rows(data):
    layer = layers.Normalization()
    layer.adapt(np.ones((5, 3)))
    layer.adapt(data())  # what it had learned is forgotten
    mean, variance, _ = layer.get_weights()
    np.testing.assert_allclose(mean, EXACT.mean(0), rtol=1e-6)
    np.testing.assert_allclose(variance, EXACT.var(0), rtol=1e-6)


def test_long_data_far_from_zero_loses_no_digits():
    x = (1e6 + np.random.default_rng(1).integers(0, 3, 1_000_001)).astype("float32")
    for data in (x, np.array_split(x, 100)):
        layer = layers.Normalization(axis=None)
        layer.adapt(data)
        mean, variance, _ = layer.get_weights()
        np.testing.assert_allclose(mean, x.astype("float64").mean(), rtol=1e-7)
        np.testing.assert_allclose(variance, x.astype("float64").var(), rtol=1e-6)
    assert layer(np.float32([1e6])).tolist()[0] == pytest.approx(-1.2247, abs=1e-2)


def test_a_model_uses_what_its_layer_learns_or_is_given_later():
    layer = layers.Normalization()
    model = minikeras.Sequential([minikeras.Input((3,)), layer])
    np.testing.assert_array_equal(model(X), X)  # mean 0, variance 1
    layer.adapt(X)
    np.testing.assert_allclose(np.mean(model(X), 0), 0, atol=1e-3)
    layer.set_weights([[0, 0, 1e4], [4, 4, 4], 0])
    np.testing.assert_allclose(model(X), (X - [0, 0, 1e4]) / 2, rtol=1e-6)


def test_in_a_pipeline():
    layer = layers.Normalization()
    layer.adapt(X)
    got = list(Dataset.from_tensor_slices(X).batch(100).map(layer).as_numpy_iterator())
    np.testing.assert_array_equal(np.concatenate(got), layer(X))


def test_inputs_with_more_axes_or_fewer():
    layer = layers.Normalization()
    layer.adapt(X)
    y = layer(X)
    np.testing.assert_array_equal(layer(X.reshape(3, 100, 3)), np.reshape(y, (3, 100, 3)))
    np.testing.assert_array_equal(layer(X[5]), y[5])
    with pytest.raises(ValueError, match=r"\(300, 3\).*\(300, 2\)"):
        layer(X[:, :2])
    with pytest.raises(ValueError, match=r"\(300, 3\).*\(None, 2\)"):
        layer(minikeras.Input((2,)))


def test_half_precision_computes_with_all_digits():
    layer = layers.Normalization(mean=[3e4], variance=[1e9], dtype="mixed_float16")
    y = layer(np.array([[6e4]], "float16"))
    assert y.dtype == "float16"
    np.testing.assert_allclose(y, [[3e4 / 1e9**0.5]], rtol=1e-3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"mean": 1.0}, "together"),
        ({"mean": [1.0], "variance": [1.0, 2.0]}, "same shape"),
        ({"axis": None, "mean": [1.0], "variance": [1.0]}, "`mean`"),
        ({"mean": float("nan"), "variance": 1.0}, "`mean`"),
        ({"axis": "last"}, "`axis`"),
    ],
)
def test_bad_arguments(arguments, said):
    with pytest.raises(ValueError, match=said):
        layers.Normalization(**arguments)


def test_bad_data():
    with pytest.raises(ValueError, match="must be known"):
        layers.Normalization()(minikeras.Input((None,)))
    with pytest.raises(ValueError, match="out of bounds"):
        layers.Normalization(axis=2)(X)
    with pytest.raises(ValueError, match="nothing to adapt"):
        layers.Normalization(mean=0.0, variance=1.0).adapt(X)
    with pytest.raises(ValueError, match="must be numbers"):
        layers.Normalization().adapt(np.array([["a"]]))
    with pytest.raises(ValueError, match="no data"):
        layers.Normalization().adapt([])
    layer = layers.Normalization()
    layer.adapt(X)
    with pytest.raises(ValueError, match=r"\(300, 3\).*\(300, 2\)"):
        layer.adapt(X[:, :2])
    np.testing.assert_allclose(layer.get_weights()[0], EXACT.mean(0), rtol=1e-6)
    with pytest.raises(ValueError, match="dict"):
        layer.adapt({"x": X})
