import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minikeras.utils.numerical_utils import normalize, to_categorical


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


@given(
    hnp.arrays("int32", hnp.array_shapes(max_dims=3, max_side=4), elements=st.integers(0, 5)),
    st.one_of(st.none(), st.integers(6, 8)),
)
def test_to_categorical_as_keras(keras, x, num_classes):
    expected = keras.utils.to_categorical(x, num_classes)
    np.testing.assert_array_equal(to_categorical(x, num_classes), expected, strict=True)
    np.testing.assert_array_equal(to_categorical(x.tolist(), num_classes), expected, strict=True)


def test_to_categorical_shapes():
    np.testing.assert_array_equal(to_categorical([[2], [0]]), [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_array_equal(to_categorical(1), [0, 1])
    assert to_categorical(np.zeros((2, 3)), 4).shape == (2, 3, 4)
    assert to_categorical([], 4).shape == (0, 4)
    np.testing.assert_array_equal(to_categorical([1.0, 0.0]), [[0, 1], [1, 0]])


@pytest.mark.parametrize("x, num_classes", [([3], 3), ([-1, 1], None), ([-1], 3), ([], None)])
def test_to_categorical_bad_indices(x, num_classes):
    with pytest.raises(ValueError, match="to_categorical: `x`"):
        to_categorical(x, num_classes)


floats = st.floats(-1e3, 1e3, width=32).filter(lambda v: v == 0 or abs(v) > 1e-3)


@given(
    hnp.arrays("float64", hnp.array_shapes(min_dims=1, max_dims=3, max_side=4), elements=floats),
    st.sampled_from([1, 2, 3, np.inf]),
)
def test_normalize_as_keras(keras, x, order):
    ours = normalize(x, order=order)
    theirs = keras.utils.normalize(x, order=order)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    assert ours.shape == theirs.shape


@given(hnp.arrays("float64", (3, 2, 4), elements=floats), st.integers(-3, 2))
def test_vectors_have_norm_one_along_any_axis(x, axis):
    norms = np.linalg.norm(normalize(x, axis=axis), axis=axis)
    np.testing.assert_allclose(norms, (np.linalg.norm(x, axis=axis) > 0).astype(float))


def test_normalize_keeps_the_dtype_and_the_argument():
    x = np.array([[3.0, 4.0], [0.0, 0.0]], "float32")
    y = normalize(x)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, [[0.6, 0.8], [0, 0]], rtol=1e-6)
    np.testing.assert_array_equal(x, [[3, 4], [0, 0]])


def test_a_whole_matrix(keras):
    x = np.arange(6.0).reshape(3, 2)
    np.testing.assert_allclose(normalize(x, axis=None), keras.utils.normalize(x, axis=None))


def test_tensors_give_tensors():
    from minikeras import ops

    t = to_categorical(ops.convert_to_tensor([[2], [0]]), 3)
    assert ops.is_tensor(t)
    np.testing.assert_array_equal(np.asarray(t), [[0, 0, 1], [1, 0, 0]])
    t = normalize(ops.convert_to_tensor([[3.0, 4.0]]))
    assert ops.is_tensor(t)
    np.testing.assert_allclose(np.asarray(t), [[0.6, 0.8]], rtol=1e-6)
    with pytest.raises(ValueError, match="num_classes"):
        to_categorical(ops.convert_to_tensor([0]))
