import numpy as np
import pytest
from scipy import stats

from minikeras.kernels import parallel, random

BLOCK = random._BLOCK


def test_keys_give_unrelated_streams():
    firsts = [int(random.bits((s, c)).random_raw()) for s in range(40) for c in range(40)]
    assert len(set(firsts)) == 1600
    bits = np.unpackbits(np.array(firsts, np.uint64).view(np.uint8).reshape(-1, 8), axis=1)
    # Neighbours in seed or count differ in half of their bits, each bit is set half of the time.
    np.testing.assert_allclose(bits.mean(0), 0.5, atol=0.06)
    grid = bits.reshape(40, 40, 64)
    assert abs((grid[1:] != grid[:-1]).mean() - 0.5) < 0.01
    assert abs((grid[:, 1:] != grid[:, :-1]).mean() - 0.5) < 0.01


def test_the_same_numbers_on_every_machine():
    assert random.bits((1, 2)).random_raw(2).tolist() == [1458610594901049844, 15937427463184525643]
    assert random.bits((1, 2), stream=1).random_raw() != 1458610594901049844


def test_consecutive_draws_are_not_correlated():
    shape, dtype = (2000,), np.dtype(np.float64)
    x = np.array([random.normal(shape, 0.0, 1.0, dtype, (5, i)) for i in range(20)])
    correlations = np.corrcoef(x)[np.triu_indices(20, 1)]
    assert abs(correlations).max() < 0.1


@pytest.mark.parametrize("rate", [0.0, 1e-5, 0.1, 0.25, 0.5, 0.9, 0.99999, 1 - 1e-9])
def test_dropout_mask(rate):
    mask, keep = random.dropout_mask((300, 401), rate, (3, 4))
    assert mask.shape == (300, 401) and mask.dtype == bool
    assert abs(keep - (1 - rate)) <= 1 / 65536
    assert keep > 0
    if rate == 0:
        assert mask.all()
    assert stats.binomtest(int(mask.sum()), mask.size, keep).pvalue > 0.001


def test_dropout_mask_neighbours_are_independent():
    mask, _ = random.dropout_mask((400000,), 0.3, (3, 4))
    for lag in (1, 2, 3, 4, 8):
        both = (mask[lag:] & mask[:-lag]).mean()
        assert abs(both - 0.49) < 0.005


@pytest.mark.parametrize("n", [0, 1, 3, 4, 5, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_dropout_mask_of_any_size_and_number_of_threads(n):
    try:
        parallel.set_threads(1)
        one, _ = random.dropout_mask((n,), 0.4, (3, 4))
        parallel.set_threads(3)
        three, _ = random.dropout_mask((n,), 0.4, (3, 4))
    finally:
        parallel.set_threads(None)
    assert one.shape == (n,)
    np.testing.assert_array_equal(one, three)
    if n > BLOCK:
        assert (one[: n - BLOCK] != one[BLOCK:]).any()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dropout_factors(dtype):
    factors = random.dropout_factors((50, 40), 0.3, np.dtype(dtype), (3, 4))
    mask, keep = random.dropout_mask((50, 40), 0.3, (3, 4))
    assert factors.dtype == dtype
    np.testing.assert_allclose(factors, mask / keep, rtol=1e-3)


def test_truncated_normal_draws_again_what_falls_outside():
    x = random.truncated_normal((50000,), 0.0, 1.0, np.dtype(np.float64), (1, 2))
    assert stats.kstest(x, stats.truncnorm(-2, 2).cdf).pvalue > 0.01


def test_permutations():
    order = random.permutations((3, 7), 1, np.dtype(np.int32), (1, 2))
    np.testing.assert_array_equal(np.sort(order, 1), np.tile(np.arange(7), (3, 1)))
