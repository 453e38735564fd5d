import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikeras.utils.sequence_utils import pad_sequences

sides = st.sampled_from(["pre", "post"])


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


@given(
    st.lists(st.lists(st.integers(-9, 9), max_size=6), min_size=1, max_size=5),
    st.one_of(st.none(), st.integers(1, 7)),
    st.sampled_from(["int32", "float32", "int64"]),
    sides,
    sides,
    st.integers(-3, 3),
)
def test_as_keras(keras, sequences, maxlen, dtype, padding, truncating, value):
    arguments = (sequences, maxlen, dtype, padding, truncating, value)
    np.testing.assert_array_equal(
        pad_sequences(*arguments), keras.utils.pad_sequences(*arguments), strict=True
    )


def test_sides():
    sequences = [[1], [2, 3, 4]]
    np.testing.assert_array_equal(pad_sequences(sequences), [[0, 0, 1], [2, 3, 4]])
    np.testing.assert_array_equal(pad_sequences(sequences, maxlen=2), [[0, 1], [3, 4]])
    np.testing.assert_array_equal(
        pad_sequences(sequences, maxlen=2, padding="post", truncating="post", value=9),
        [[1, 9], [2, 3]],
    )


def test_elements_may_be_arrays():
    padded = pad_sequences([np.ones((2, 3)), [], np.ones((1, 3))], dtype="float32")
    assert padded.shape == (3, 2, 3)
    np.testing.assert_array_equal(padded[:, :, 0], [[1, 1], [0, 0], [0, 1]])


def test_strings():
    padded = pad_sequences([["a"], ["b", "c"]], dtype=object, value="-")
    assert padded.tolist() == [["-", "a"], ["b", "c"]]


def test_nothing_left():
    assert pad_sequences([[1, 2]], maxlen=0).shape == (1, 0)
    assert pad_sequences([], maxlen=3).shape == (0, 3)


@pytest.mark.parametrize(
    "sequences, kwargs, match",
    [
        (5, {}, "list of sequences"),
        ([[1], 5], {}, "position 1: 5"),
        ([[1]], {"padding": "left"}, "padding.*'left'"),
        ([[1]], {"truncating": "left"}, "truncating.*'left'"),
        ([["a"]], {"value": "-"}, "dtype=object"),
        ([[1], [[1, 2]]], {}, r"sequence 1 have shape \(2,\)"),
        ([], {}, "maxlen"),
    ],
)
def test_bad_arguments(sequences, kwargs, match):
    with pytest.raises(ValueError, match=match):
        pad_sequences(sequences, **kwargs)
