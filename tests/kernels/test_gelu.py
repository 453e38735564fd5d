"""GELU in blocks, and its slope, against SciPy's normal distribution in float64."""

import numpy as np
import pytest
from scipy.special import ndtr

from minikeras.kernels import gelu

X = np.concatenate([np.linspace(-12, 12, 3001), [0.0, -0.0, 1e-30, -1e-30, 1e30, -1e30]])


def exact(x):
    return x * ndtr(x), ndtr(x) + x * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


@pytest.mark.parametrize(
    "dtype, rtol, atol, of_slope",
    [
        ("float64", 1e-13, 1e-15, 1e-15),
        ("float32", 2e-7, 2.5e-7, 3e-7),
        ("float16", 1e-3, 2e-3, 3e-7),
    ],
)
def test_by_the_error_function(dtype, rtol, atol, of_slope):
    x = X[np.abs(X) < 20] if dtype == "float16" else X
    x = x.astype(dtype)
    y, slope = gelu.forward(x, True)
    wanted, wanted_slope = exact(x.astype("float64"))
    assert y.dtype == dtype
    np.testing.assert_allclose(y, wanted, rtol=rtol, atol=atol)
    np.testing.assert_allclose(slope, wanted_slope, rtol=0, atol=of_slope)


@pytest.mark.parametrize("size", [3, 600])
def test_few_and_many_elements_by_different_formulas_are_alike(size):
    x = np.linspace(-4, 4, size, dtype="float32")
    for found, wanted in zip(gelu.forward(x, True), exact(x.astype("float64"))):
        np.testing.assert_allclose(found, wanted, atol=3e-7)


def test_through_tanh():
    x = X[np.abs(X) < 20]
    y, slope = gelu.forward(x, False)
    step = 1e-5
    above, below = [gelu.forward(x + s, False)[0] for s in (step, -step)]
    np.testing.assert_allclose(slope, (above - below) / (2 * step), atol=1e-9)
    np.testing.assert_allclose(y, exact(x)[0], atol=1e-3)


@pytest.mark.parametrize("is_exact", [True, False])
def test_blocks_leave_nothing_out(monkeypatch, is_exact):
    x = np.random.default_rng(0).normal(size=(40, 50)).astype("float32")
    whole = gelu.forward(x, is_exact)
    monkeypatch.setattr(gelu, "_BLOCK", 999)
    monkeypatch.setattr(gelu, "_MANY", 100)
    for found, wanted in zip(gelu.forward(x, is_exact), whole):
        np.testing.assert_array_equal(found, wanted)
    y, nothing = gelu.forward(x, is_exact, saving=False)
    np.testing.assert_array_equal(y, whole[0])
    assert nothing is None
    g = np.random.default_rng(1).normal(size=x.shape).astype("float32")
    np.testing.assert_array_equal(gelu.backward(g, whole[1]), g * whole[1])
    np.testing.assert_array_equal(gelu.backward(g.T, whole[1].T), (g * whole[1]).T)


def test_infinity_has_a_slope():
    x = np.full(600, np.inf, "float32")
    for found in zip(*gelu.forward(np.concatenate([x, -x, x * np.nan]), True)):
        assert found in ((np.inf, 1), (0, 0)) or np.isnan(found).all()
