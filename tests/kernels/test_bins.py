"""Numbers in bins, against NumPy's search."""

import numpy as np
import pytest

from minikeras.kernels import bins


@pytest.mark.parametrize("n", [0, 1, 2, 31, 32, 33, 63, 64, 1000])
def test_indices_are_those_of_a_search(monkeypatch, n):
    monkeypatch.setattr(bins, "_BLOCK", 512)
    rng = np.random.default_rng(0)
    odd = [np.nan, -np.inf, np.inf, 0.0, -0.0]
    for dtype in ("float32", "float64", "float16"):
        x = np.concatenate([odd, rng.normal(size=5000)]).astype(dtype).reshape(5, -1)
        for boundaries in (rng.normal(size=n), rng.integers(-2, 3, n)):  # and some that are equal
            boundaries = np.sort(boundaries).astype(dtype)
            found = bins.bin_indices(x, boundaries)
            assert found.dtype == "int32"
            np.testing.assert_array_equal(found, np.searchsorted(boundaries, x, side="right"))
    whole = rng.integers(-3, 3, 7000)
    found = bins.bin_indices(whole, boundaries)
    np.testing.assert_array_equal(found, np.searchsorted(boundaries, whole, side="right"))
