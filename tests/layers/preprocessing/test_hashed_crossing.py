"""`HashedCrossing`: the numbers of `tf.sparse.cross_hashed`, as Keras 3.15.1 gives them."""

import numpy as np
import pytest

import minikeras
from minikeras import layers

TEXTS = np.array(["A", "bcd", "x" * 40, "", "é"])
NUMBERS = np.array([1, 2, -3, 4, 10**12])
MORE = np.array([5, 6, 7, 8, 9])


@pytest.mark.parametrize(
    ("inputs", "wanted"),
    [
        ((NUMBERS, MORE), [507143, 481182, 787960, 211834, 802537]),
        ((TEXTS, MORE), [182353, 201818, 361919, 60046, 262219]),
        ((TEXTS, TEXTS), [386170, 797973, 907292, 790661, 518724]),
        ((TEXTS, NUMBERS, TEXTS), [611291, 244314, 253852, 393163, 565744]),
        ((NUMBERS, TEXTS), [931492, 706588, 969040, 678240, 807213]),
    ],
)
def test_bins_are_those_of_tensorflow(inputs, wanted):
    layer = layers.HashedCrossing(1000003)
    assert layer(inputs).tolist() == wanted
    assert layer([x.tolist() for x in inputs]).tolist() == wanted
    assert layer([np.char.encode(x) if x.dtype.kind == "U" else x for x in inputs]).tolist() == (
        wanted
    )
    assert layer([x[:, None] for x in inputs]).shape == (5, 1)
    assert layer([x[0] for x in inputs]).tolist() == wanted[0]


def test_vectors_and_dtypes():
    one_hot = layers.HashedCrossing(5, output_mode="one_hot")
    bins = layers.HashedCrossing(5)
    columns = [TEXTS[:, None], NUMBERS[:, None]]
    np.testing.assert_array_equal(np.argmax(one_hot(columns), -1), np.ravel(bins(columns)))
    assert one_hot(columns).dtype == "float32" and bins(columns).dtype == "int64"
    assert layers.HashedCrossing(5, dtype="int32")(columns).dtype == "int32"
    config = {"num_bins": 5, "output_mode": "int", "sparse": False, "dtype": "int64"}
    assert {**bins.get_config(), "name": None} == {**config, "name": None}


def test_in_a_functional_model():
    town, month = minikeras.Input((1,), dtype="string"), minikeras.Input((1,), dtype="int32")
    crossed = layers.HashedCrossing(7)([town, month])
    assert crossed.shape == (None, 1) and crossed.dtype == "int64"
    model = minikeras.Model([town, month], layers.CategoryEncoding(7)(crossed))
    y = model.predict([TEXTS[:, None], MORE[:, None]], verbose=0)
    wanted = layers.HashedCrossing(7, output_mode="one_hot")([TEXTS, MORE])
    np.testing.assert_array_equal(y, wanted)


def test_what_is_refused():
    layer = layers.HashedCrossing(5)
    for inputs, said in [
        (NUMBERS, "two or more"),
        ([NUMBERS], "two or more"),
        ([NUMBERS, MORE[:3]], "same shape"),
        ([NUMBERS[None], MORE[None]], r"\(batch, 1\)"),
        ([NUMBERS, MORE.astype(float)], "texts or integers"),
    ]:
        with pytest.raises(ValueError, match=said):
            layer(inputs)
    with pytest.raises(ValueError, match="output_mode"):
        layers.HashedCrossing(5, output_mode="count")
