import json

import numpy as np
import pytest

from minikeras import initializers
from minikeras.autodiff import Tensor


def test_dtypes_and_shapes():
    for cls, value in [(initializers.Zeros, 0), (initializers.Ones, 1)]:
        for dtype in ("float32", "float64", "int32", "bool"):
            x = cls()((2, 3), dtype=dtype)
            assert isinstance(x, Tensor) and x.shape == (2, 3) and x.dtype == dtype
            assert (np.asarray(x) == value).all()
        assert cls()((2,)).dtype == "float32"
        assert cls()(()).shape == ()


def test_constant():
    assert initializers.Constant(3.7)((2,), dtype="int32").tolist() == [3, 3]
    assert initializers.Constant(0.1)((1,), dtype="float64").tolist() == [0.1]  # not by float32
    assert initializers.Constant([1.0, 2.0])((2, 2)).tolist() == [[1, 2], [1, 2]]
    with pytest.raises(ValueError):
        initializers.Constant([1.0, 2.0])((3, 3))


def test_constant_array_survives_json():
    initializer = initializers.Constant(np.array([1.0, 2.0]))
    config = json.loads(json.dumps(initializers.serialize(initializer)))
    back = initializers.deserialize(config)
    assert back((2,), "float64").tolist() == [1.0, 2.0]
    assert isinstance(back.value, np.ndarray)


def test_identity():
    assert initializers.Identity(2.0)((2, 3)).tolist() == [[2, 0, 0], [0, 2, 0]]
    for shape in [(3,), (2, 2, 2)]:
        with pytest.raises(ValueError, match="2D"):
            initializers.Identity()(shape)


@pytest.mark.parametrize("side", ["real", "imag"])
@pytest.mark.parametrize("window", ["hann", None, np.arange(1.0, 9.0)])
@pytest.mark.parametrize("scaling", ["density", "spectrum", None])
def test_stft_beside_keras(keras, side, window, scaling):
    for periodic in (False, True):
        ours = initializers.STFT(side, window, scaling, periodic)((8, 1, 5), "float64")
        theirs = keras.initializers.STFT(side, window, scaling, periodic)((8, 1, 5), "float64")
        # Keras multiplies by a pi of float32.
        np.testing.assert_allclose(ours, np.asarray(theirs), atol=2e-5)


def test_stft_kernels_give_the_transform():
    x = np.random.default_rng(0).normal(size=8)
    real, imag = (initializers.STFT(s, None)((8, 1, 5), "float64") for s in ("real", "imag"))
    transform = x @ np.asarray(real)[:, 0] + 1j * (x @ np.asarray(imag)[:, 0])
    np.testing.assert_allclose(transform, np.fft.rfft(x), atol=1e-12)


def test_stft_errors_and_config():
    for kwargs in ({"side": "x"}, {"window": "x"}, {"scaling": "x"}):
        with pytest.raises(ValueError, match=f"argument `{next(iter(kwargs))}`"):
            initializers.STFT(**kwargs)
    with pytest.raises(ValueError, match="window must have shape"):
        initializers.STFT(window=np.ones(3))((8, 1, 5))
    initializer = initializers.STFT(window=np.ones(8), periodic=True)
    back = initializers.deserialize(json.loads(json.dumps(initializers.serialize(initializer))))
    np.testing.assert_array_equal(back((8, 1, 5)), initializer((8, 1, 5)))


def test_the_base_class_is_abstract():
    with pytest.raises(NotImplementedError):
        initializers.Initializer()((2,))


# Lookup.


def test_every_name_of_keras_is_known(keras):
    for name in dir(keras.initializers):
        if not name.startswith("_"):
            assert hasattr(initializers, name)
    from keras.src.initializers import ALL_OBJECTS_DICT

    for name in ALL_OBJECTS_DICT:
        assert type(initializers.get(name)).__name__ == ALL_OBJECTS_DICT[name].__name__


def test_get():
    initializer = initializers.GlorotUniform()
    assert initializers.get(initializer) is initializer
    assert initializers.get(None) is None
    assert isinstance(initializers.get(initializers.Zeros), initializers.Zeros)
    assert isinstance(initializers.get("zero"), initializers.Zeros)

    def function(shape, dtype=None):
        return np.ones(shape)

    assert initializers.get(function) is function
    with pytest.raises(ValueError, match="Did you mean 'glorot_uniform'"):
        initializers.get("glorot_unifrom")
    for wrong in (3, [1, 2]):
        with pytest.raises(ValueError, match="Could not interpret initializer identifier"):
            initializers.get(wrong)


def test_an_array_is_an_initializer():
    for value in (np.array([1.0, 2.0]), Tensor(np.array([1.0, 2.0]))):
        initializer = initializers.get(value)
        assert initializer((2,)).dtype == "float32"
        assert initializer((2,), dtype="float64").tolist() == [1.0, 2.0]
        with pytest.raises(ValueError, match=r"Expected `shape` to be \(2,\)"):
            initializer((3,))
