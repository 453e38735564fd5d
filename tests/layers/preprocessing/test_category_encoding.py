"""`CategoryEncoding` beyond the registry: weights of counts, large tables, and what is refused."""

import numpy as np
import pytest

from minikeras import layers
from minikeras.kernels import categories


@pytest.mark.parametrize("shape", [(1000, 1), (300, 7), (2, 3, 4)])
def test_large_tables_are_encoded_in_blocks(monkeypatch, shape):
    monkeypatch.setattr(categories, "_BLOCK", 64)
    rng = np.random.default_rng(0)
    x, weights = rng.integers(-2, 12, shape), rng.normal(size=shape)
    vectors = x[..., None] == np.arange(10)

    def made(mode, **kwargs):
        return layers.CategoryEncoding(10, output_mode=mode, dtype="float64")(x, **kwargs)

    one_hot = vectors[:, 0] if shape == (1000, 1) else vectors
    np.testing.assert_array_equal(made("one_hot"), one_hot)
    np.testing.assert_array_equal(made("multi_hot"), vectors.any(1))
    np.testing.assert_array_equal(made("count"), vectors.sum(1))
    wanted = (vectors * weights[..., None]).sum(1)
    np.testing.assert_allclose(made("count", count_weights=weights), wanted, atol=1e-12)


def test_what_is_refused():
    with pytest.raises(ValueError, match="num_tokens"):
        layers.CategoryEncoding()
    with pytest.raises(ValueError, match="output_mode"):
        layers.CategoryEncoding(3, output_mode="int")
    with pytest.raises(ValueError, match="sparse"):
        layers.CategoryEncoding(3, sparse=True)
    x = np.zeros((2, 3), int)
    with pytest.raises(ValueError, match="count_weights"):
        layers.CategoryEncoding(3)(x, count_weights=np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(2, 1\)"):
        layers.CategoryEncoding(3, "count")(x, count_weights=np.ones((2, 1)))
