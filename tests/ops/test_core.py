"""Conversion, stopping and replacing gradients, scattering."""

import numpy as np
import pytest

import minikeras
from minikeras import Variable, grad, ops
from minikeras.autodiff import GradientTape, KerasTensor, Tensor, gradient_check


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1, "int32"),
        (1.0, "float32"),
        (True, "bool"),
        ([1, 2.5], "float32"),
        (2**40, "int64"),
        (np.float64(1), "float64"),
        (np.arange(2), "int64"),
        ([np.ones(2, "float16")], "float16"),
        (1j, "complex64"),
    ],
)
def test_convert_to_tensor_dtypes(value, dtype):
    assert ops.convert_to_tensor(value).dtype == dtype
    if dtype not in ("complex64", "int64"):
        assert ops.convert_to_tensor(value, "float16").dtype == "float16"


def test_convert_to_tensor_copies_arrays_and_keeps_tensors():
    data = np.ones(2)
    t = ops.convert_to_tensor(data)
    data[0] = 5
    assert float(t[0]) == 1
    assert ops.convert_to_tensor(t) is t
    with pytest.raises(ValueError, match="sparse"):
        ops.convert_to_tensor(data, sparse=True)
    out = ops.convert_to_numpy(t)
    out[0] = 7
    assert float(t[0]) == 1


def test_is_tensor_shape_size_dtype():
    t, k = ops.ones((2, 3)), KerasTensor((None, 3))
    assert ops.is_tensor(t) and ops.is_tensor(k) and not ops.is_tensor(np.ones(2))
    assert (ops.shape(t), ops.ndim(t), ops.size(t), ops.dtype(t)) == ((2, 3), 2, 6, "float32")
    assert (ops.shape(k), ops.ndim(k), ops.size(k)) == ((None, 3), 2, None)
    assert ops.shape([[1, 2]]) == (1, 2)


def test_saturate_cast_as_casts_never_wrap():
    x = np.array([-1e9, -1.5, 0, 254.7, 1e9])
    np.testing.assert_array_equal(ops.saturate_cast(x, "uint8"), [0, 0, 0, 254, 255])
    top = ops.saturate_cast(np.array([1e30], "float32"), "int32")
    assert int(top[0]) > 2**31 - 200
    np.testing.assert_array_equal(
        ops.saturate_cast(np.array([300, -300], "int16"), "int8"), [127, -128]
    )
    np.testing.assert_array_equal(ops.saturate_cast(np.array([300, 3], "uint16"), "int8"), [127, 3])


def test_stop_gradient():
    v = Variable(3.0)
    with GradientTape() as tape:
        y = ops.stop_gradient(v) * v
    assert float(tape.gradient(y, v)) == 3.0


def test_custom_gradient_replaces_the_gradient():
    @ops.custom_gradient
    def clipped(x):
        """Pass values on and clip gradients."""
        return x * 1.0, lambda g: ops.clip(g, -1, 1)

    assert clipped.__name__ == "clipped"
    v = Variable([1.0, 2.0])
    with GradientTape() as tape:
        y = ops.sum(clipped(v) * np.array([0.5, 10.0], "float32"))
    np.testing.assert_array_equal(tape.gradient(y, v), [0.5, 1.0])


def test_custom_gradient_of_several_arguments_and_results():
    @ops.custom_gradient
    def f(x, y):
        return (x * y, x + y), lambda g1, g2: (g1 * y + g2, g1 * x + g2)

    assert gradient_check(f, np.array([1.0, 2.0]), np.array([3.0, 4.0])).ok
    x = Variable([1.0, 2.0])
    with GradientTape() as tape:
        _, total = f(x, ops.ones(2))
    np.testing.assert_array_equal(tape.gradient(total, x), [1.0, 1.0])


def test_custom_gradient_by_keyword_upstream():
    @ops.custom_gradient
    def f(x):
        def gradient(*, upstream):
            return upstream * 5.0

        return x * 2.0, gradient

    assert float(grad(f)(1.0)) == 5.0


def test_custom_gradient_errors():
    f = ops.custom_gradient(lambda x, y: (x * y, lambda g: g))
    with pytest.raises(ValueError, match="1 gradients for 2 arguments"):
        grad(f)(1.0, 2.0)

    def broken(g):
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        grad(ops.custom_gradient(lambda x: (x, broken)))(1.0)


def test_custom_gradient_is_differentiated_again():
    @ops.custom_gradient
    def log1pexp(x):
        e = ops.exp(x)
        return ops.log(1 + e), lambda g: g * (1 - 1 / (1 + e))

    x = np.float64(0.3)
    s = 1 / (1 + np.exp(-x))
    np.testing.assert_allclose(grad(log1pexp)(x), s)
    np.testing.assert_allclose(grad(grad(log1pexp))(x), s * (1 - s))


def test_scatter_update_with_repeated_places():
    x, updates = np.zeros(3), np.array([1.0, 2.0, 3.0])
    places = np.array([[0], [2], [0]])
    expected = {
        None: [3, 0, 2],
        "add": [4, 0, 2],
        "max": [3, 0, 2],
        "min": [0, 0, 0],
        "mul": [0, 0, 0],
    }
    for reduction, result in expected.items():
        f = lambda x, u, r=reduction: ops.scatter_update(x, places, u, reduction=r)  # noqa: E731
        np.testing.assert_array_equal(f(x, updates), result)
        assert gradient_check(f, x - 0.5, updates - 0.2).ok
    with pytest.raises(ValueError, match="reduction"):
        ops.scatter_update(x, places, updates, reduction="mean")


def test_scatter_adds():
    y = ops.scatter(np.array([[0, 1], [1, 1], [0, 1]]), np.array([1.0, 2.0, 3.0]), (2, 2))
    np.testing.assert_array_equal(y, [[0, 4], [0, 2]])


def test_slices_reach_to_the_end_with_minus_one():
    x = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(ops.slice(x, (1, 2), (-1, 2)), x[1:, 2:4])
    assert ops.slice(KerasTensor((None, 4)), (0, 1), (2, -1)).shape == (2, 3)


def test_copy_is_one():
    data = np.ones(2)
    t = ops.copy(data)
    data[0] = 3
    assert isinstance(t, Tensor) and float(t[0]) == 1


def test_a_custom_gradient_is_described():
    @ops.custom_gradient
    def f(x, y):
        return (ops.matmul(x, y), ops.exp(x)), lambda *g: (x, y)

    product, power = f(KerasTensor((None, 3)), KerasTensor((3, 5)))
    assert (product.shape, power.shape) == ((None, 5), (None, 3))

    class Clipped(minikeras.layers.Layer):
        def call(self, inputs):
            return ops.custom_gradient(lambda x: (x * 1.0, lambda g: ops.clip(g, -1, 1)))(inputs)

    inputs = minikeras.Input((3,))
    model = minikeras.Model(inputs, Clipped()(inputs))
    x = np.full((2, 3), 5.0, "float32")
    assert (grad(lambda x: ops.sum(model(x) ** 2))(x).numpy() == 1).all()


@pytest.mark.parametrize("reduction", [None, "add", "max", "min", "mul"])
@pytest.mark.parametrize(
    ("x", "indices", "updates"),
    [
        (np.float32(3), np.zeros((0,), int), np.float32(5)),
        (np.float32(3), np.zeros((1, 0), int), np.float32([5])[0]),
        (np.ones((2, 2)), np.zeros((1, 0), int), np.float64(5)),
        (np.ones(4), np.array([[1], [3]]), np.float64(5)),
    ],
)
def test_scattering_into_scalars_and_of_scalars(keras, x, indices, updates, reduction):
    ours = ops.scatter_update(x, indices, updates, reduction=reduction)
    theirs = keras.ops.scatter_update(x, indices, updates, reduction=reduction)
    np.testing.assert_array_equal(ours, np.asarray(theirs))
    assert gradient_check(
        lambda x, u: ops.scatter_update(x, indices, u, reduction=reduction), x, updates
    ).ok


@pytest.mark.parametrize("scale", [2.0, np.ones((4, 1)) * 2, np.ones(1) * 3, np.ones((2, 4, 3))])
def test_a_scale_of_rms_normalization_broadcasts(keras, scale):
    x = np.arange(12.0).reshape(4, 3)
    ours, theirs = (lib.rms_normalization(x, scale=scale) for lib in (ops, keras.ops))
    np.testing.assert_allclose(ours, np.asarray(theirs))
    assert gradient_check(lambda x: ops.rms_normalization(x, scale=scale), x).ok
