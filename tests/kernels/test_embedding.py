"""The gradient of an embedding against `numpy.add.at`."""

import numpy as np
import pytest

from minikeras.kernels import embedding


@pytest.mark.parametrize("shape", [(0,), (1,), (7,), (3, 5), (4, 6, 2)])
@pytest.mark.parametrize("rows", [1, 3, 50])
@pytest.mark.parametrize("size", [4, 40])  # short rows are summed in another way than long ones
@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("compiled", [True, False])  # whether SciPy has the function that adds rows
def test_gradient_is_summed_over_places(shape, rows, size, given, compiled, monkeypatch):
    if not compiled:
        monkeypatch.setattr(embedding, "add_rows", lambda *arrays: False)
    rng = np.random.default_rng(0)
    indices = rng.integers(0, rows, shape)
    g = rng.normal(size=(*shape, size))
    wanted = np.zeros((rows, size))
    np.add.at(wanted, indices, g)
    out = [np.full((rows, size), 9.0)] if given else None
    (got,) = embedding.backward(g, ((rows, size), indices), [True], out)
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)
    assert not given or got is out[0]


def test_gradient_that_is_time_major_in_memory():
    rng = np.random.default_rng(0)
    indices = rng.integers(0, 9, (6, 5))
    g = rng.normal(size=(6, 5, 3))
    (plain,) = embedding.backward(g, ((9, 3), indices), [True], None)
    time_major = np.ascontiguousarray(g.transpose(1, 0, 2)).transpose(1, 0, 2)
    (other,) = embedding.backward(time_major, ((9, 3), indices), [True], None)
    np.testing.assert_allclose(other, plain, rtol=1e-12, atol=1e-12)
