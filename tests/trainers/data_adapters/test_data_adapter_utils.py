import numpy as np
import pytest

from minikeras.trainers.data_adapters import (
    pack_x_y_sample_weight,
    train_validation_split,
    unpack_x_y_sample_weight,
)
from minikeras.trainers.data_adapters.data_adapter_utils import class_weight_to_sample_weights


@pytest.mark.parametrize(
    "x, y, weight, packed",
    [
        ("x", None, None, "x"),
        (["x"], None, None, (["x"],)),
        ({"a": "x"}, None, None, {"a": "x"}),
        ("x", "y", None, ("x", "y")),
        (("x", "z"), "y", "w", (("x", "z"), "y", "w")),
    ],
)
def test_pack_and_unpack(x, y, weight, packed):
    assert pack_x_y_sample_weight(x, y, weight) == packed
    assert unpack_x_y_sample_weight(packed) == (x, y, weight)


def test_unpack_lists_and_bad_lengths():
    assert unpack_x_y_sample_weight([1, 2]) == (1, 2, None)
    assert unpack_x_y_sample_weight((1,)) == (1, None, None)
    for data in ((), (1, 2, 3, 4)):
        with pytest.raises(ValueError, match=f"length {len(data)}"):
            unpack_x_y_sample_weight(data)


def test_split_takes_the_last_samples():
    x = {"a": np.arange(20, dtype="float32").reshape(10, 2), "b": np.arange(10)}
    doubles = np.arange(10.0)
    train, validation = train_validation_split((x, None, doubles), 0.25)
    np.testing.assert_array_equal(train[0]["b"], np.arange(7))
    np.testing.assert_array_equal(validation[0]["b"], np.arange(7, 10))
    np.testing.assert_array_equal(validation[0]["a"], x["a"][7:])
    assert np.shares_memory(train[0]["a"], x["a"])
    assert train[1] is None and validation[1] is None
    assert np.shares_memory(validation[2], doubles)  # cast later, batch by batch


@pytest.mark.parametrize("n, fraction", [(10, 0.3), (7, 0.5), (100, 0.07), (30, 0.9)])
def test_split_as_keras(keras, n, fraction):
    from keras.src.trainers.data_adapters import array_slicing

    ours = train_validation_split(np.arange(n), fraction)
    theirs = array_slicing.train_validation_split(np.arange(n), fraction)
    for mine, other in zip(ours, theirs):
        np.testing.assert_array_equal(mine, other)


def test_split_of_nothing():
    assert train_validation_split((None, None), 0.5) == ((None, None), (None, None))


@pytest.mark.parametrize(
    "arrays, fraction, match",
    [
        (np.zeros(1), 0.5, "leave 0 for training and 1"),
        (np.zeros(4), 0.0, "between 0 and 1"),
        (np.zeros(4), 1.5, "between 0 and 1"),
        ((np.zeros(4), np.zeros(5)), 0.5, "cardinality"),
        ((n for n in range(3)), 0.5, "only arrays.*generator"),
    ],
)
def test_bad_splits(arrays, fraction, match):
    with pytest.raises(ValueError, match=match):
        train_validation_split(arrays, fraction)


def test_class_weights_as_keras(keras):
    from keras.src.trainers.data_adapters import data_adapter_utils as theirs

    rng = np.random.default_rng(0)
    class_weight = {0: 0.5, 2: 4.0}
    for y in (
        rng.integers(0, 4, 30),
        rng.integers(0, 4, (30, 1)).astype("float32"),
        rng.random((30, 4)),
        rng.random(30) * 3,
    ):
        np.testing.assert_array_equal(
            class_weight_to_sample_weights(y, class_weight),
            theirs.class_weight_to_sample_weights(y, class_weight),
            strict=True,
        )
