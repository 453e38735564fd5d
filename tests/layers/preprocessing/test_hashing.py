"""`Hashing`: the bins of TensorFlow 2.15."""

import numpy as np
import pytest

import minikeras
from minikeras import layers

TEXTS = np.array(["A", "bc", "é", "a longer text than sixteen bytes"])
NUMBERS = np.array([3, -4, 10**12, 0])


@pytest.mark.parametrize(
    ("options", "of_texts", "of_numbers"),
    [
        ({}, [4, 9, 5, 2], [1, 0, 2, 5]),
        ({"salt": [133, 137]}, [4, 5, 4, 3], [8, 8, 9, 9]),
        ({"salt": 7}, [2, 1, 2, 7], [5, 2, 1, 6]),
    ],
)
def test_bins_are_those_of_tensorflow(options, of_texts, of_numbers):
    layer = layers.Hashing(10, **options)
    ascii_only = layer(TEXTS[[0, 1, 3]]).tolist()
    assert ascii_only == [of_texts[i] for i in (0, 1, 3)]
    for texts in (TEXTS, TEXTS.tolist(), TEXTS.astype(object), np.strings.encode(TEXTS)):
        assert layer(texts).tolist() == of_texts
    assert layer(NUMBERS[:, None]).tolist() == [[n] for n in of_numbers]
    assert layer(TEXTS).dtype == "int64"


def test_masked_values_have_a_bin_of_their_own():
    assert layers.Hashing(10, mask_value="A")(TEXTS).tolist() == [0, 7, 8, 3]
    assert layers.Hashing(10, mask_value="A")(np.strings.encode(TEXTS)).tolist() == [0, 7, 8, 3]
    assert layers.Hashing(10, mask_value=3)(NUMBERS).tolist() == [0, 8, 3, 2]


def test_floats_are_cut_to_integers():
    assert layers.Hashing(10)(np.array([2.9, -3.2])).tolist() == [9, 9]


def test_vectors():
    counts = layers.Hashing(10, output_mode="count", dtype="int32")([["A", "A", "bc"]])
    assert counts.tolist() == [[0, 0, 0, 0, 2, 0, 0, 0, 0, 1]] and counts.dtype == "int32"
    one_hot = layers.Hashing(10, output_mode="one_hot")(TEXTS[:, None])
    assert np.argmax(one_hot, -1).tolist() == [4, 9, 5, 2] and one_hot.dtype == "float32"


def test_texts_go_through_models():
    inputs = minikeras.Input((1,), dtype="string")
    outputs = layers.Embedding(10, 3)(layers.Hashing(10)(inputs))
    assert minikeras.Model(inputs, outputs).predict(TEXTS[:, None], verbose=0).shape == (4, 1, 3)
    sequential = minikeras.Sequential([layers.Hashing(10, output_mode="one_hot")])
    assert sequential.predict(TEXTS, verbose=0).shape == (4, 10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_bins": 0}, "`num_bins` must be a positive integer"),
        ({"num_bins": 3, "output_mode": "tf_idf"}, "output_mode.*multi_hot"),
        ({"num_bins": 3, "dtype": "float32"}, "should be an integer type"),
        ({"num_bins": 3, "salt": "s"}, "tuple of 2 integers"),
        ({"num_bins": 3, "sparse": True}, "`sparse` may only be true"),
        ({"num_bins": 3, "sparse": True, "output_mode": "count"}, "sparse=True.*TensorFlow"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        layers.Hashing(**options)
