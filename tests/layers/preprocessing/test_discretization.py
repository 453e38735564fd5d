"""`Discretization` beyond the registry: the boundaries that `adapt` finds, and what is refused."""

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.data import Dataset

X = np.random.default_rng(0).normal(size=1000).astype("float32")


@pytest.mark.parametrize("options", [{"num_bins": 4}, {"num_bins": 7, "epsilon": 0.3}])
@pytest.mark.parametrize("cuts", [[], [300], [3, 10, 40, 41, 500], list(range(32, 1000, 32))])
def test_boundaries_are_those_of_keras(keras, options, cuts):
    ours, theirs = layers.Discretization(**options), keras.layers.Discretization(**options)
    batches = np.split(X, cuts)
    ours.adapt(batches)
    theirs.reset_state()
    for batch in batches:
        theirs.update_state(batch)
    theirs.finalize_state()
    assert ours.bin_boundaries == theirs.bin_boundaries
    assert {**ours.get_config(), "name": 0} == {**theirs.get_config(), "name": 0}
    np.testing.assert_array_equal(ours(X), theirs(X))
    np.testing.assert_array_equal(
        keras.layers.Discretization.from_config(ours.get_config())(X),
        layers.Discretization.from_config(theirs.get_config())(X),
    )


def test_quantiles_of_data_without_end():
    data = Dataset.from_tensor_slices(X).repeat().batch(100)
    layer = layers.Discretization(num_bins=10)
    with pytest.raises(ValueError, match="`steps`"):
        layer.adapt(data)
    layer.adapt(data, steps=10)
    shares = np.bincount(np.asarray(layer(X))) / 1000
    np.testing.assert_allclose(shares, 0.1, atol=0.02)


def test_nan_falls_into_the_last_bin_and_bounds_into_the_upper(keras):
    x = np.array([np.nan, -np.inf, np.inf, 0.1, 0.0999, 2.0], "float32")
    for bounds in ([], [0.1, 2.0], np.linspace(0.1, 2, 50).tolist()):
        ours, theirs = layers.Discretization(bounds), keras.layers.Discretization(bounds)
        x_many = np.tile(x, 20)
        np.testing.assert_array_equal(ours(x_many), theirs(x_many))
        np.testing.assert_array_equal(ours(x), theirs(x))


def test_an_adapted_layer_is_saved_with_its_model(tmp_path):
    pytest.importorskip("h5py")
    layer = layers.Discretization(num_bins=5, output_mode="one_hot")
    layer.adapt(X)
    model = minikeras.Sequential([minikeras.Input((1,)), layer])
    assert model.output_shape == (None, 5)
    model.save(tmp_path / "model.keras")
    read = minikeras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(read(X[:, None]), model(X[:, None]))


def test_what_is_refused():
    with pytest.raises(ValueError, match="either"):
        layers.Discretization()
    with pytest.raises(ValueError, match="either"):
        layers.Discretization([1.0], num_bins=2)
    with pytest.raises(ValueError, match="ascending"):
        layers.Discretization([2.0, 1.0])
    with pytest.raises(ValueError, match="`bin_boundaries`"):
        layers.Discretization([1.0]).adapt(X)
    with pytest.raises(ValueError, match="not known yet"):
        layers.Discretization(num_bins=3)(X)
    with pytest.raises(ValueError, match="sparse"):
        layers.Discretization([1.0], output_mode="one_hot", sparse=True)
