"""Rows of the layers in `minikeras/layers/regularization/`."""

import numpy as np
from layer_cases import Array, Call, Case, st

shapes = st.sampled_from([(3, 4), (2, 3, 4)])


def dropped_share(x, y, kwargs):
    rate = kwargs["rate"]
    if rate == 1:
        assert not y.any()
        return
    np.testing.assert_allclose(y[y != 0], 1 / (1 - rate), rtol=1e-4)  # rates are rounded to 1/65536
    assert abs((y == 0).mean() - rate) < 0.02
    assert abs(y.mean() - 1) < 0.03


def noise(x, y, kwargs):
    assert abs((y - x).mean()) < 0.02
    assert abs((y - x).std() - kwargs["stddev"]) < 0.02


def multiplied(x, y, kwargs):
    rate = kwargs["rate"]
    assert abs(y.mean() - 1) < 0.05
    assert abs(y.std() - np.sqrt(rate / (1 - rate))) < 0.05


def two_values(x, y, kwargs):
    """Dropped inputs get one value, the others another, and mean and variance of selu stay."""
    rate = kwargs["rate"]
    values, counts = np.unique(y.round(5), return_counts=True)
    if rate in (0, 1):
        assert len(values) == 1
        return
    low, high = values
    assert abs(counts[0] / y.size - rate) < 0.02
    selu_low = -1.7580993408473766
    a = (high - low) / (1 - selu_low)  # inputs are 1, dropped ones become the lowest of selu
    b = high - a
    mean, square = rate * selu_low, rate * selu_low**2 + (1 - rate)  # of inputs like (0, 1)
    np.testing.assert_allclose([a * mean + b, a * a * (square - mean**2)], [0, 1], atol=1e-4)


def whole_channels(x, y, kwargs):
    """Each channel of each example is dropped as a whole."""
    dropped_share(x, y, kwargs)
    axis = 1 if kwargs.get("data_format") == "channels_first" else -1
    flat = np.moveaxis(y, axis, 1).reshape(y.shape[0], y.shape[axis], -1)
    assert (flat == flat[:, :, :1]).all()


def spatial(n, formats=(None,)):
    def build(rate, data_format):
        kwargs = {"rate": rate, "seed": 3}
        if data_format:
            kwargs["data_format"] = data_format
        return Call(kwargs, Array((2, *range(2, 2 + n), 5)))

    calls = st.builds(build, st.sampled_from([0.0, 0.3, 0.5]), st.sampled_from(formats))
    return Case(calls, examples=6, random=True, statistics=whole_channels)


NOISE_SHAPES = [
    Call({"rate": 0.5, "seed": 3, "noise_shape": s}, Array((2, 3, 4)))
    for s in ((2, 1, 4), (None, 1, None))
]
FORMATS = (None, "channels_last", "channels_first")

CASES = {
    "AlphaDropout": Case(
        st.builds(
            lambda rate, shape: Call({"rate": rate, "seed": 3}, Array(shape)),
            st.sampled_from([0.0, 0.25, 0.5, 1.0]),
            shapes,
        ),
        random=True,
        statistics=two_values,
        also=NOISE_SHAPES,
    ),
    "GaussianDropout": Case(
        st.builds(
            lambda rate, shape: Call({"rate": rate, "seed": 3}, Array(shape)),
            st.sampled_from([0.0, 0.25, 0.5]),
            shapes,
        ),
        random=True,
        statistics=multiplied,
    ),
    "GaussianNoise": Case(
        st.builds(
            lambda stddev, shape: Call({"stddev": stddev, "seed": 3}, Array(shape)),
            st.sampled_from([0.0, 0.25, 1.0]),
            shapes,
        ),
        random=True,
        statistics=noise,
    ),
    "SpatialDropout1D": spatial(1),
    "SpatialDropout2D": spatial(2, FORMATS),
    "SpatialDropout3D": spatial(3, FORMATS),
    "ActivityRegularization": Case(
        st.builds(
            lambda l1, l2, s: Call({"l1": l1, "l2": l2}, Array(s)),
            st.sampled_from([0.0, 0.1]),
            st.sampled_from([0.0, 0.2]),
            shapes,
        )
    ),
    "Dropout": Case(
        st.builds(
            lambda rate, shape: Call({"rate": rate, "seed": 3}, Array(shape)),
            st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]),
            shapes,
        ),
        random=True,
        statistics=dropped_share,
        also=NOISE_SHAPES,
    ),
}
