"""What is asked of BLAS itself, with it and without it."""

import numpy as np
import pytest

from minikeras.kernels import blas


@pytest.fixture(params=["BLAS", "NumPy"])
def library(request, monkeypatch):
    """The library; for "NumPy" as if it had none of the functions."""
    if request.param == "NumPy":
        monkeypatch.setattr(blas.blas(), "axpby", {})
    elif not blas.blas().axpby:
        pytest.skip("this BLAS has no such function")
    return request.param


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("size", [0, 7, blas.LEAST + 13])
def test_combinations_are_their_formulas(library, dtype, size):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, size)).astype(dtype)
    t = np.full_like(x, np.nan)
    tolerance = 4 * np.finfo(dtype).eps
    for a, b in ((0.5, -0.25), (np.array(0.1, dtype), np.array(0.9, dtype))):
        before, given = y.copy(), x.copy()
        blas.axpby(a, x, b, y, t)
        np.testing.assert_allclose(y, a * given + b * before, rtol=tolerance, atol=tolerance)
        np.testing.assert_array_equal(x, given)
        before = y.copy()
        blas.descend(y, a, x, t)
        np.testing.assert_allclose(y, before - a * given, rtol=tolerance, atol=tolerance)
        np.testing.assert_array_equal(x, given)
        assert y.dtype == dtype
        before = y.copy()
        blas.descend(y, a, x.copy(), x)  # what is combined may be the array to work in
        np.testing.assert_allclose(y, before - a * given, rtol=tolerance, atol=tolerance)
        x = given


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_a_number_stays_so_times_zero(library, bad):
    good, odd = np.ones(blas.LEAST), np.full(blas.LEAST, bad)
    for a, x, b, y in ((0, odd, 1, good), (1, good, np.array(0.0), odd)):
        y = y.copy()
        with np.errstate(invalid="ignore"):
            blas.axpby(a, x, b, y, np.empty_like(x))
        assert np.isnan(y).all()
    with np.errstate(invalid="ignore"):
        blas.descend(good, 0.0, odd, np.empty_like(odd))
    assert np.isnan(good).all()


@pytest.mark.parametrize("kind", ["strided", "read only"])
def test_what_blas_cannot_take_is_combined_all_the_same(library, kind):
    n = blas.LEAST
    y = np.ones(2 * n)[::2] if kind == "strided" else np.ones(n)
    x = np.full(n, 2.0)
    x.flags.writeable = kind == "strided"
    blas.axpby(3, x, 4, y, np.empty(n))
    np.testing.assert_array_equal(y, np.full(n, 10.0))


def test_large_arrays_take_one_call_of_blas(monkeypatch):
    library = blas.blas()
    if not library.axpby:
        pytest.skip("this BLAS has no such function")
    calls = []
    own = library.axpby[np.dtype("float32")]
    counted = {np.dtype("float32"): lambda *a: calls.append(a[0]) or own(*a)}
    monkeypatch.setattr(library, "axpby", counted)
    for n in (blas.LEAST - 1, blas.LEAST):
        x, y, t = np.ones((3, n), "float32")
        blas.axpby(2, x, 3, y, t)
        assert y.min() == y.max() == 5
    assert calls == [blas.LEAST]
