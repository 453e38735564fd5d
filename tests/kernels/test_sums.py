"""Sums are as exact as summation in pairs, whatever axes they go over."""

import itertools

import numpy as np
import pytest

from minikeras import ops
from minikeras.kernels import sums

SHAPES = [(100,), (37, 5), (1000, 3), (3, 50, 4, 65), (1, 2000, 1, 2), (0, 3), (40, 0), (5, 1025)]
DTYPES = ["float32", "float64", "complex64", "int32"]


def layouts(x):
    return [x, x.T, np.asfortranarray(x), x[::2], x[..., ::-1]]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_choice_of_axes_is_the_sum(shape, dtype):
    x = (np.random.default_rng(0).normal(size=shape) * 9).astype(dtype)
    for a in layouts(x):
        choices = [
            axes for r in range(a.ndim + 1) for axes in itertools.combinations(range(a.ndim), r)
        ]
        for axis in [None, 0, -1, *choices]:
            for keepdims in (False, True):
                got = sums.add_reduce(a, axis, keepdims)
                wide = a.astype("complex128" if a.dtype.kind == "c" else "float64")
                wanted = np.add.reduce(wide, axis=axis, keepdims=keepdims)
                assert np.shape(got) == np.shape(wanted)
                assert got.dtype == a.dtype
                np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=2e-3)


def bound(n, size, dtype="float32"):
    """What summation in pairs guarantees: so many roundings of the sum of absolute values."""
    return np.ceil(np.log2(n)) * np.finfo(dtype).eps * size


@pytest.mark.parametrize("value", [0.1, 1 / 3, 0.7, 1e30])
@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((1_000_000, 2), 0),
        ((100_003, 10), 0),
        ((2000, 600), 0),
        ((128, 10), 0),
        ((3, 50_000, 7), 1),
        ((40, 300, 5), (0, 1)),
        ((300, 40, 2), (0, 2)),
        ((1023,), None),
        ((5000, 3), None),
    ],
)
def test_sums_do_not_drift(value, shape, axis):
    x = np.full(shape, value, "float32")
    wanted = x.astype("float64").sum(axis)
    n = x.size // wanted.size
    for a in (x, np.asfortranarray(x)):
        assert np.all(np.abs(sums.add_reduce(a, axis) - wanted) <= bound(n, wanted))
        np.testing.assert_allclose(ops.mean(a, axis), wanted / n, rtol=bound(n, 1))
    if axis == 0:
        assert np.all(np.abs(sums.column_sums(x) - wanted) <= bound(n, wanted))
    if axis is None:
        assert abs(sums.total(x) - wanted) <= bound(n, wanted)


def test_what_is_made_of_sums_does_not_drift():
    n = 1_000_000
    x = np.full((n, 2), 0.1, "float32")
    value = float(x[0, 0])
    np.testing.assert_allclose(ops.mean(x, axis=0), value, rtol=3e-6)
    mean, var = ops.moments(x, axes=0)
    np.testing.assert_allclose(mean, value, rtol=3e-6)
    assert np.all(var.numpy() < 1e-12)
    np.testing.assert_allclose(ops.nanmean(x, axis=0), value, rtol=3e-6)
    np.testing.assert_allclose(ops.average(x, axis=0), value, rtol=3e-6)
    np.testing.assert_allclose(ops.logsumexp(x, axis=0), value + np.log(n), rtol=3e-6)
    np.testing.assert_allclose(ops.softmax(x, axis=0)[0], 1 / n, rtol=3e-6)
    np.testing.assert_allclose(ops.norm(x, axis=0), value * 1e3, rtol=3e-6)
    np.testing.assert_allclose(ops.einsum("ij->j", x), n * value, rtol=3e-6)


def test_gradients_of_what_is_broadcast_do_not_drift():
    from minikeras import GradientTape, Variable

    x = np.full((200_000, 2), 0.1, "float32")
    bias = Variable(np.zeros(2, "float32"))
    with GradientTape() as tape:
        y = ops.sum((x + bias) * x)
    np.testing.assert_allclose(tape.gradient(y, bias), 200_000 * float(x[0, 0]), rtol=2e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64"])
def test_running_sums_do_not_drift(dtype):
    value = np.dtype(dtype).type(0.1)
    n = 500 if dtype == "float16" else 100_001
    x = np.full((n, 2), value)
    wide = np.arange(1, n + 1)[:, None] * value.astype("complex128").real
    eps = np.finfo(dtype).eps
    for a, axis in ((x, 0), (x.T, 1)):
        got = sums.add_accumulate(a, axis)
        assert got.dtype == dtype
        wanted = wide if axis == 0 else wide.T
        assert np.all(np.abs(got - wanted) <= 17 * eps * np.abs(wanted))
    np.testing.assert_array_equal(ops.cumsum(x[:, 0])[-1], sums.add_accumulate(x[:, 0], 0)[-1])


@pytest.mark.parametrize("n", [0, 1, 3, 16, 17, 64, 67])
def test_running_sums_of_any_length(n):
    x = np.random.default_rng(n).normal(size=(2, n, 3))
    np.testing.assert_allclose(sums.add_accumulate(x, 1), np.cumsum(x, 1), rtol=1e-12)


def test_batch_statistics_do_not_drift():
    from minikeras import layers

    x = np.full((300_000, 3), 0.1, "float32")
    x[::2] = 0.3
    layer = layers.BatchNormalization(momentum=0.0)
    layer(x, training=True)
    np.testing.assert_allclose(layer.moving_mean, 0.2, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, 0.01, rtol=1e-5)


def test_the_mean_of_a_large_image_does_not_drift():
    from minikeras import layers

    x = np.full((1, 300, 301, 2), 0.1, "float32")
    np.testing.assert_allclose(layers.GlobalAveragePooling2D()(x), 0.1, rtol=2e-6)
