"""Large arrays, cut into slices, give what whole ones give."""

import numpy as np
import pytest

from minikeras import ops
from minikeras.autodiff import GradientTape
from minikeras.kernels import slices
from minikeras.kernels.slices import by_slices


def test_slices_give_what_the_whole_gives():
    seen = []

    def function(x, y, factor, power=1):
        seen.append(x.size)
        return (np.tanh(x) * y * factor) ** power

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 3, (1 << 17) - 5))
    found = by_slices(function)(x, y, 2.0, power=2)
    assert max(seen) <= slices._SLICE and sum(seen) == x.size + 1  # one element, to learn the dtype
    np.testing.assert_array_equal(found, function(x, y, 2.0, power=2))


def test_what_is_small_broadcast_or_transposed_is_left_whole():
    seen = []

    def function(*arrays):
        seen.append(arrays[0].size)
        return sum(arrays)

    large = np.ones((600, 500))
    for arrays in ([large[:2]], [large, large[:1]], [large.T], [large, large.T[:500].copy().T]):
        seen.clear()
        by_slices(function)(*arrays)
        assert seen == [arrays[0].size]


@pytest.mark.parametrize("name", ["sigmoid", "silu", "softplus", "log_sigmoid", "selu", "erf"])
def test_a_large_batch_has_the_gradient_of_small_ones(name):
    op = getattr(ops, name)
    x = np.random.default_rng(0).normal(size=(4, 1 << 17)).astype("float32")

    def gradient(x):
        with GradientTape() as tape:
            x = ops.convert_to_tensor(x)
            tape.watch(x)
            y = op(x)
        return y, tape.gradient(y, x)

    for whole, *parts in zip(gradient(x), *[gradient(row) for row in x]):
        np.testing.assert_array_equal(whole, np.stack([np.asarray(p) for p in parts]))
