import json

import numpy as np
import pytest
from scipy import stats

from minikeras import initializers, random, saving
from minikeras.initializers.random_initializers import compute_fans

SCALED = {
    "GlorotNormal": ("fan_avg", 1, "normal"),
    "GlorotUniform": ("fan_avg", 1, "uniform"),
    "HeNormal": ("fan_in", 2, "normal"),
    "HeUniform": ("fan_in", 2, "uniform"),
    "LecunNormal": ("fan_in", 1, "normal"),
    "LecunUniform": ("fan_in", 1, "uniform"),
}
ALL = [*SCALED, "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "Orthogonal"]


def variance(mode, scale, shape):
    n = {"fan_in": shape[0], "fan_out": shape[1], "fan_avg": sum(shape) / 2}[mode]
    return scale / n


@pytest.mark.parametrize("name", list(SCALED))
def test_variance_and_distribution(name):
    mode, scale, kind = SCALED[name]
    shape = (150, 250)
    x = np.asarray(getattr(initializers, name)(seed=1)(shape, "float64")).ravel()
    v = variance(mode, scale, shape)
    assert abs(x.var() / v - 1) < 0.02
    if kind == "uniform":
        limit = np.sqrt(3 * v)
        assert stats.kstest(x, stats.uniform(-limit, 2 * limit).cdf).pvalue > 0.01
    else:
        s = np.sqrt(v / stats.truncnorm(-2, 2).var())
        assert stats.kstest(x, stats.truncnorm(-2, 2, 0, s).cdf).pvalue > 0.01


@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize("distribution", ["normal", "untruncated_normal", "uniform"])
def test_variance_scaling(mode, distribution):
    shape = (100, 300)
    x = initializers.VarianceScaling(3.0, mode, distribution, seed=1)(shape, "float64")
    x = np.asarray(x)
    assert abs(x.var() / variance(mode, 3.0, shape) - 1) < 0.03
    assert abs(x.mean()) < 4 * x.std() / np.sqrt(x.size)
    if distribution == "untruncated_normal":
        assert abs(x).max() > 3 * x.std()


def test_plain_distributions():
    shape = (20000,)
    x = np.asarray(initializers.RandomNormal(1.0, 0.5, seed=1)(shape))
    assert stats.kstest(x, stats.norm(1, 0.5).cdf).pvalue > 0.01
    x = np.asarray(initializers.RandomUniform(1.0, 3.0, seed=1)(shape))
    assert stats.kstest(x, stats.uniform(1, 2).cdf).pvalue > 0.01
    x = np.asarray(initializers.TruncatedNormal(1.0, 0.5, seed=1)(shape))
    assert stats.kstest(x, stats.truncnorm(-2, 2, 1, 0.5).cdf).pvalue > 0.01


@pytest.mark.parametrize("name", ALL)
def test_seeds(name):
    cls = getattr(initializers, name)
    for seed in (3, None):
        initializer = cls(seed=seed)
        np.testing.assert_array_equal(initializer((3, 4)), initializer((3, 4)))
    np.testing.assert_array_equal(cls(seed=3)((3, 4)), cls(seed=3)((3, 4)))
    assert (np.asarray(cls()((3, 4))) != np.asarray(cls()((3, 4)))).any()
    np.random.seed(7)
    a = np.asarray(cls()((3, 4)))
    np.random.seed(7)
    np.testing.assert_array_equal(cls()((3, 4)), a)
    stream = cls(seed=random.SeedGenerator(3))
    assert (np.asarray(stream((3, 4))) != np.asarray(stream((3, 4)))).any()
    for wrong in ("a", 1.5):
        with pytest.raises(ValueError, match="seed"):
            cls(seed=wrong)


@pytest.mark.parametrize("name", ALL)
def test_dtypes_config_and_clone(name):
    cls = getattr(initializers, name)
    for dtype in ("float16", "float32", "float64"):
        assert cls()((3, 4), dtype=dtype).dtype == dtype
    initializer = cls(seed=3)
    config = json.loads(json.dumps(initializers.serialize(initializer)))
    np.testing.assert_array_equal(initializers.deserialize(config)((3, 4)), initializer((3, 4)))
    np.testing.assert_array_equal(initializer.clone()((3, 4)), initializer((3, 4)))
    unseeded = cls()
    assert unseeded.get_config()["seed"] is None
    assert (np.asarray(unseeded.clone()((3, 4))) != np.asarray(unseeded((3, 4)))).any()


def test_a_stream_survives_json():
    initializer = initializers.RandomNormal(seed=random.SeedGenerator(3, name="stream"))
    config = json.loads(json.dumps(initializers.serialize(initializer)))
    back = initializers.deserialize(config)
    assert back.seed.name == "stream"
    np.testing.assert_array_equal(back((3,)), initializer((3,)))
    assert initializers.serialize(back) == config


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3), (2, 3, 4), (2, 2, 3, 4)])
def test_orthogonal(shape):
    q = np.asarray(initializers.Orthogonal(2.0, seed=1)(shape, "float64"))
    assert q.shape == shape and q.flags.c_contiguous
    q = q.reshape(-1, shape[-1]) / 2
    product = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-12)


def test_orthogonal_favours_no_direction():
    stream = random.SeedGenerator(1)
    initializer = initializers.Orthogonal(seed=stream)
    q = np.array([np.asarray(initializer((3, 3))) for _ in range(2000)])
    np.testing.assert_allclose(q.mean(0), 0, atol=0.05)
    assert stats.kstest(q[:, 0, 0], stats.uniform(-1, 2).cdf).pvalue > 0.01  # a sphere's height
    with pytest.raises(ValueError, match="at least two-dimensional"):
        initializer((3,))


@pytest.mark.parametrize("shape", [(), (5,), (3, 5), (2, 3, 5), (7, 2, 3, 5)])
@pytest.mark.parametrize("axes", [(None, None), ([0], [-1]), ([-1], [0, -2]), ([0], None)])
def test_fans_are_those_of_keras(keras, shape, axes):
    from keras.src.initializers.random_initializers import compute_fans as theirs

    if all(axes) and len(shape) < 2:
        return
    assert compute_fans(shape, *axes) == theirs(shape, *axes)


def test_axes_change_the_variance():
    x = initializers.VarianceScaling(seed=1, input_axes=[1], output_axes=[0])((50, 800))
    assert abs(np.asarray(x).var() * 800 - 1) < 0.05


@pytest.mark.parametrize(
    "kwargs", [{"scale": -1}, {"scale": 0}, {"mode": "x"}, {"distribution": "x"}]
)
def test_errors(kwargs):
    with pytest.raises(ValueError, match=f"VarianceScaling: argument `{next(iter(kwargs))}`"):
        initializers.VarianceScaling(**kwargs)


def test_a_dict_that_describes_no_stream_is_no_seed():
    stream = random.SeedGenerator(3)
    config = saving.serialize_keras_object(stream)
    assert isinstance(initializers.HeNormal(seed=config).seed, random.SeedGenerator)
    with pytest.raises(ValueError, match=r"`seed` .*Received: seed=\{'a': array"):
        initializers.HeNormal(seed={"a": np.array(1)})
