import numpy as np
import pytest
from scipy import stats

import minikeras
from minikeras import GradientTape, random
from minikeras.autodiff import Tensor

N = 20000

DRAWS = {
    "normal": (lambda s, **k: random.normal(s, 1.0, 2.0, **k), stats.norm(1, 2)),
    "truncated_normal": (
        lambda s, **k: random.truncated_normal(s, 1.0, 2.0, **k),
        stats.truncnorm(-2, 2, 1, 2),
    ),
    "uniform": (lambda s, **k: random.uniform(s, -1.0, 3.0, **k), stats.uniform(-1, 4)),
    "gamma": (lambda s, **k: random.gamma(s, 0.7, **k), stats.gamma(0.7)),
    "beta": (lambda s, **k: random.beta(s, 2.0, 0.5, **k), stats.beta(2, 0.5)),
}


@pytest.mark.parametrize("name", list(DRAWS))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_continuous_distributions(name, dtype):
    draw, distribution = DRAWS[name]
    x = draw((N,), dtype=dtype, seed=1)
    assert isinstance(x, Tensor) and x.dtype == dtype
    assert stats.kstest(np.asarray(x, np.float64), distribution.cdf).pvalue > 0.01


@pytest.mark.parametrize("name", [*DRAWS, "binomial"])
def test_arguments_that_all_have_in_common(name):
    if name == "binomial":
        draw = lambda s, **k: random.binomial(s, 10, 0.3, **k)  # noqa: E731
    else:
        draw = DRAWS[name][0]
    assert draw((2, 3), seed=1).shape == (2, 3)
    assert draw([4], seed=1).shape == (4,)
    assert draw((), seed=1).shape == ()
    assert draw((0, 3), seed=1).shape == (0, 3)
    assert draw(3, seed=1).shape == (3,)
    assert draw((2,)).dtype == "float32"
    assert draw((2,), dtype="float16").dtype == "float16"
    np.testing.assert_array_equal(draw((2, 3), seed=1), draw((2, 3), seed=1))
    assert (np.asarray(draw((50,), seed=1)) != np.asarray(draw((50,), seed=2))).any()
    for shape in [(-1, 2), (None, 2), "ab", (1.5,)]:
        with pytest.raises(ValueError, match=f"random.{name}: argument `shape`"):
            draw(shape)
    with pytest.raises(ValueError, match=f"random.{name}` requires a floating point `dtype`"):
        draw((2,), dtype="int32")
    with pytest.raises(ValueError, match="seed"):
        draw((2,), seed="a")


def test_bfloat16():
    pytest.importorskip("ml_dtypes")
    assert random.normal((2,), dtype="bfloat16", seed=1).dtype.name == "bfloat16"


def test_parameters_may_be_arrays():
    x = np.asarray(random.normal((1000, 3), mean=np.array([0.0, 100.0, 200.0]), stddev=1.0, seed=1))
    np.testing.assert_allclose(x.mean(0), [0, 100, 200], atol=0.2)
    x = np.asarray(random.gamma((1000, 2), np.array([1.0, 100.0]), seed=1))
    np.testing.assert_allclose(x.mean(0), [1, 100], rtol=0.1)
    x = np.asarray(random.binomial((1000, 2), [10, 100], [0.1, 0.9], seed=1))
    np.testing.assert_allclose(x.mean(0), [1, 90], rtol=0.1)
    x = np.asarray(random.uniform((1000, 2), np.array([0.0, 5.0]), np.array([1.0, 6.0]), seed=1))
    assert x[:, 1].min() >= 5 and x[:, 0].max() < 1


def test_truncated_normal_stays_within_two_deviations():
    x = np.asarray(random.truncated_normal((100000,), 3.0, 0.5, seed=2))
    assert x.min() >= 2 and x.max() <= 4


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_uniform_never_reaches_the_upper_bound(dtype):
    x = np.asarray(random.uniform((200000,), 1000.0, 1001.0, dtype=dtype, seed=1))
    assert x.min() >= 1000 and x.max() < 1001


def test_binomial():
    x = np.asarray(random.binomial((N,), 5, 0.3, seed=1))
    assert x.dtype == "float32"
    counts = np.bincount(x.astype(int), minlength=6)
    expected = stats.binom(5, 0.3).pmf(range(6)) * N
    assert stats.chisquare(counts, expected).pvalue > 0.01


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "int8"])
def test_randint(dtype):
    x = random.randint((N,), 3, 9, dtype=dtype, seed=1)
    assert x.dtype == dtype
    assert stats.chisquare(np.bincount(np.asarray(x))[3:]).pvalue > 0.01
    assert set(x.tolist()) == set(range(3, 9))


def test_randint_bounds_and_errors():
    x = np.asarray(random.randint((100, 2), np.array([0, 10]), np.array([1, 12]), seed=1))
    assert set(x[:, 0]) == {0} and set(x[:, 1]) == {10, 11}
    assert random.randint((2,), 0, 3, dtype=None).dtype == "int32"
    with pytest.raises(ValueError, match="requires an integer `dtype`"):
        random.randint((2,), 0, 3, dtype="float32")
    with pytest.raises(ValueError, match="minval=3, maxval=3"):
        random.randint((2,), 3, 3)
    with pytest.raises(ValueError, match="dtype=uint8"):
        random.randint((2,), 0, 300, dtype="uint8")


def test_categorical():
    p = np.array([[0.1, 0.2, 0.7], [0.5, 0.0, 0.5], [0.0, 1.0, 0.0]])
    with np.errstate(divide="ignore"):
        logits = np.log(p) + np.array([[5.0], [-800.0], [0.0]])  # unnormalized
    x = random.categorical(logits, N, seed=1)
    assert x.shape == (3, N) and x.dtype == "int32"
    for row, q in zip(np.asarray(x), p):
        counts = np.bincount(row, minlength=3)
        assert (counts[q == 0] == 0).all()
        if (q > 0).sum() > 1:
            assert stats.chisquare(counts[q > 0], q[q > 0] * N).pvalue > 0.01
    assert random.categorical(logits, 2, dtype="int64", seed=1).dtype == "int64"
    assert random.categorical(logits.tolist(), 2).shape == (3, 2)
    with pytest.raises(ValueError, match="2-D"):
        random.categorical([0.1, 0.9], 2)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_shuffle(axis):
    x = np.arange(40).reshape(8, 5)
    y = np.asarray(random.shuffle(x, axis=axis, seed=1))
    assert (y != x).any()
    np.testing.assert_array_equal(np.sort(y, axis=axis), x)  # each line keeps its elements
    lines = np.moveaxis(y, axis, -1) - np.moveaxis(x, axis, -1)
    assert len({tuple(line) for line in lines}) > 1  # which change places independently
    np.testing.assert_array_equal(random.shuffle(x, axis=axis, seed=1), y)
    with pytest.raises(ValueError, match="axis 2 is out of bounds"):
        random.shuffle(x, axis=2)


def test_shuffle_gives_every_order():
    stream = random.SeedGenerator(1)
    orders = [tuple(random.shuffle([0, 1, 2], seed=stream).tolist()) for _ in range(1200)]
    counts = [orders.count(o) for o in set(orders)]
    assert len(counts) == 6 and stats.chisquare(counts).pvalue > 0.01


def test_errors_of_parameters():
    with pytest.raises(ValueError, match=r"random.gamma: .*alpha=-1"):
        random.gamma((2,), -1.0)
    with pytest.raises(ValueError, match=r"random.beta: .*alpha=-1.0, beta=1"):
        random.beta((2,), -1.0, 1.0)
    with pytest.raises(ValueError, match=r"random.binomial: .*probabilities=2"):
        random.binomial((2,), 3, 2.0)


# Dropout.


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.85])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dropout(rate, dtype):
    x = np.full((100, 200), 3, dtype)
    y = random.dropout(x, rate, seed=1)
    assert y.dtype == dtype
    y = np.asarray(y, np.float64)
    kept = y != 0
    np.testing.assert_allclose(y[kept], 3 / (1 - rate), rtol=1e-3)
    assert stats.binomtest(int(kept.sum()), kept.size, 1 - rate).pvalue > 0.01


def test_dropout_of_nothing_and_of_all():
    x = np.ones((2, 3), np.float32)
    np.testing.assert_array_equal(random.dropout(x, 0), x)
    np.testing.assert_array_equal(random.dropout(x, 1.0), 0 * x)
    assert random.dropout(np.ones((0, 3), np.float32), 0.5).shape == (0, 3)


@pytest.mark.parametrize("noise_shape", [(30, 1), (None, 1), [30, 1]])
def test_dropout_shares_along_axes(noise_shape):
    y = np.asarray(random.dropout(np.ones((30, 4)), 0.5, noise_shape=noise_shape, seed=1))
    assert (y == y[:, :1]).all()
    assert set(y[:, 0]) == {0.0, 2.0}


def test_dropout_noise_shape_of_the_last_axes():
    y = np.asarray(random.dropout(np.ones((30, 40)), 0.5, noise_shape=(40,), seed=1))
    assert (y == y[:1]).all() and set(y[0]) == {0.0, 2.0}


def test_dropout_gradient():
    x = Tensor(np.ones((20, 30), np.float32))
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = random.dropout(x, 0.3, seed=1)
        z = random.dropout(x * x, 0.3, noise_shape=(20, 1), seed=1)
    np.testing.assert_allclose(tape.gradient(y, x), y)
    np.testing.assert_allclose(tape.gradient(z, x), 2 * z)


def test_dropout_errors():
    x = np.ones((2, 3), np.float32)
    for rate in (-0.1, 1.1, "a", None):
        with pytest.raises(ValueError, match="argument `rate`"):
            random.dropout(x, rate)
    for noise_shape in [(3, 1), (1, 1, 3), (None, 2)]:
        with pytest.raises(ValueError, match="argument `noise_shape`"):
            random.dropout(x, 0.5, noise_shape=noise_shape)
    with pytest.raises(TypeError, match="must be floats"):
        random.dropout(np.ones(3, np.int32), 0.5)


def test_public_names(keras):
    for name in dir(keras.random):
        if not name.startswith("_"):
            assert hasattr(minikeras.random, name)
