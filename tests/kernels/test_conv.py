"""Every algorithm of convolution, against the definition, and gradients by the definition's linearity."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from minikeras.kernels import conv, depthwise, parallel, winograd
from minikeras.kernels.activations import RELU, SIGMOID, SOFTMAX, TANH
from minikeras.kernels.pool import max_forward
from minikeras.kernels.windows import window

settings = hypothesis.settings(max_examples=60, derandomize=True, database=None)


def random(shape, seed, dtype="float64"):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def assert_close(got, wanted, dtype):
    scale = max(np.abs(wanted).max(initial=0), 1)
    tolerance = 1e-11 if np.dtype(dtype) == "float64" else 5e-5
    assert got.shape == wanted.shape
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=0, atol=tolerance * scale)


def assert_transposed(gradient, function, shape, g, seed=5):
    """Assert that `gradient` is what the transpose of a linear function makes of `g`."""
    for i in range(3):
        probe = random(shape, seed + i, gradient.dtype)
        wanted = float(np.sum(g.astype("float64") * function(probe)))
        got = float(np.sum(gradient.astype("float64") * probe))
        tolerance = 1e-10 if gradient.dtype == "float64" else 1e-4
        assert abs(got - wanted) <= tolerance * (1 + np.sqrt(g.size * gradient.size))


def check(x_shape, kernel_shape, strides, padding, dilation, groups, dtype, seed=0):
    """Compare forward and backward with the definition; return the algorithm that was chosen."""
    x, kernel = random(x_shape, seed, dtype), random(kernel_shape, seed + 1, dtype)
    bias = random(kernel_shape[-1:], seed + 2, dtype)
    y, saved = conv.forward(x, kernel, bias, strides, padding, dilation, groups, None)
    w = saved[3]
    wide = [a.astype("float64") for a in (x, kernel, bias)]
    assert_close(y, conv.reference(*wide, w, groups).astype(dtype), dtype)
    g = random(y.shape, seed + 3, dtype)
    dx, dkernel, dbias = conv.backward(g, saved, [True] * 3, None)
    assert_transposed(dx, lambda p: conv.reference(p, wide[1], None, w, groups), x.shape, g)
    assert_transposed(
        dkernel, lambda p: conv.reference(wide[0], p, None, w, groups), kernel.shape, g
    )
    assert_close(dbias, g.astype("float64").reshape(-1, g.shape[-1]).sum(0).astype(dtype), dtype)
    return conv.algorithm(w, x_shape[0], x_shape[-1], kernel_shape[-1], groups, np.dtype(dtype))


@st.composite
def convolutions(draw):
    rank = draw(st.integers(1, 3))
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    strides, dilation = draw(st.sampled_from([(1, 1), (1, 1), (2, 1), (3, 1), (1, 2), (2, 2)]))
    extent = [(k - 1) * dilation + 1 for k in kernel]
    size = tuple(draw(st.integers(e, e + 4)) for e in extent)
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    inner, filters = draw(st.sampled_from([(1, 1), (3, 2), (1, 8), (6, 1), (16, 3), (5, 7)]))
    batch = draw(st.integers(1, 3))
    return (
        (batch, *size, inner * groups),
        (*kernel, inner, filters * groups),
        (strides,) * rank,
        draw(st.sampled_from(["valid", "same", "causal"])),
        (dilation,) * rank,
        groups,
        draw(st.sampled_from(["float32", "float64"])),
    )


@settings
@hypothesis.given(convolutions(), st.sampled_from([60, 700, 1 << 17]))
def test_any_convolution_agrees_with_its_definition(case, piece):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conv, "_PIECE", piece)
        check(*case)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(
    ("size", "channels", "filters"),
    [((16, 16), 16, 16), ((9, 14), 13, 20), ((11, 11), 32, 64), ((8, 8), 64, 32)],
)
def test_winograd(size, channels, filters, padding, monkeypatch):
    monkeypatch.setattr(winograd, "WORTH", 0)
    for piece in (2000, 1 << 18):  # rows of an image, and whole images
        monkeypatch.setattr(winograd, "_PIECE", piece)
        shapes = (20, *size, channels), (3, 3, channels, filters)
        algorithm = check(*shapes, (1, 1), padding, (1, 1), 1, "float32")
        assert algorithm == "winograd"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
@pytest.mark.parametrize(
    ("steps", "window", "dilation"), [(130, 2, 1), (200, 3, 1), (150, 2, 64), (140, 3, 60)]
)
def test_long_sequences(steps, window, dilation, padding, dtype):
    for batch in (1, 40):
        shapes = (batch, steps, 32), (window, 32, 40)
        algorithm = check(*shapes, (1,), padding, (dilation,), 1, dtype)
        out = steps - (window - 1) * dilation if padding == "valid" else steps
        assert algorithm == ("steps" if out >= 128 and batch > 1 else "columns")


def test_sequences_are_cut_where_one_is_more_than_a_piece():
    def algorithm(n, steps, channels, filters):
        w = window((steps,), (3,), (1,), "causal", (1,))
        return conv.algorithm(w, n, channels, filters, 1, np.dtype("float32"))

    assert algorithm(8, 500, 32, 64) == algorithm(8, 500, 48, 48) == "steps"
    assert algorithm(8, 5000, 32, 64) == "columns"
    assert algorithm(1, 500, 32, 64) == "columns"  # two threads share it
    assert algorithm(8, 500, 64, 64) == "columns"  # large products are better left whole
    shapes = (3, 1500, 64), (3, 64, 64)  # each image more than a piece, and an odd number of them
    check(*shapes, (1,), "causal", (1,), 1, "float32")


def test_an_element_of_the_window_that_sees_padding_alone_gets_no_gradient():
    x, kernel = random((3, 128, 32), 0), random((2, 32, 32), 1)
    y, saved = conv.forward(x, kernel, None, (1,), "causal", (130,), 1, None)
    np.testing.assert_allclose(y, x @ kernel[1], atol=1e-12)
    g = random(y.shape, 2)
    dx, dkernel, _ = conv.backward(g, saved, [True, True, False], None)
    np.testing.assert_allclose(dx, g @ kernel[1].T, atol=1e-12)
    np.testing.assert_array_equal(dkernel[0], 0)
    np.testing.assert_allclose(dkernel[1], np.tensordot(x, g, [(0, 1)] * 2), atol=1e-10)


def test_each_way_is_taken_where_it_is_meant():
    def algorithm(size, channels, kernel, filters, strides=(1, 1), groups=1, dtype="float32", n=64):
        w = window((size, size), (kernel, kernel), strides, "same", (1, 1))
        return conv.algorithm(w, n, channels, filters, groups, np.dtype(dtype))

    assert algorithm(32, 32, 3, 32) == "winograd"
    assert algorithm(32, 32, 3, 32, n=2) == "columns"  # the transforms would not be won back
    assert algorithm(32, 32, 3, 32, dtype="float64") == "columns"  # its error is too large
    assert algorithm(32, 32, 3, 32, strides=(2, 2)) == "columns"
    assert algorithm(32, 32, 3, 32, groups=2) == "columns"
    assert algorithm(32, 32, 1, 32) == "pointwise"
    assert algorithm(32, 1, 3, 32) == "planes"
    assert algorithm(32, 32, 3, 1) == "few filters"


@pytest.mark.parametrize("activation", [RELU, SIGMOID, TANH, SOFTMAX], ids=lambda a: a.name)
def test_bias_and_activation_are_fused(activation):
    x, kernel, bias = random((3, 6, 6, 4), 0), random((3, 3, 4, 5), 1), random((5,), 2)
    arguments = (1, 1), "same", (1, 1), 1
    y, saved = conv.forward(x, kernel, bias, *arguments, activation)
    plain, plain_saved = conv.forward(x, kernel, bias, *arguments, None)
    np.testing.assert_allclose(y, activation.forward(plain.copy()), atol=1e-12)
    g = random(y.shape, 3)
    d = activation.backward(g, y)
    for a, b in zip(
        conv.backward(g, saved, [True] * 3, None), conv.backward(d, plain_saved, [True] * 3, None)
    ):
        np.testing.assert_allclose(a, b, atol=1e-11)


@st.composite
def transposes(draw):
    rank = draw(st.integers(1, 3))
    kernel = tuple(draw(st.integers(1, 4)) for _ in range(rank))
    strides = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    dilation = (
        (1,) * rank if max(strides) > 1 else draw(st.sampled_from([(1,) * rank, (2,) * rank]))
    )
    size = tuple(draw(st.integers(1, 4)) for _ in range(rank))
    extra = None
    if max(strides) > 1 and draw(st.booleans()):
        extra = tuple(draw(st.integers(0, s - 1)) for s in strides)
    padding = draw(st.sampled_from(["valid", "same"]))
    channels, filters = draw(st.sampled_from([(1, 1), (1, 5), (6, 1), (5, 8)]))
    return size, kernel, strides, padding, extra, dilation, channels, filters


@settings
@hypothesis.given(transposes())
def test_any_transposed_convolution_agrees_with_its_definition(case):
    from minikeras.ops.convolution import transposed_windows

    size, kernel_size, strides, padding, extra, dilation, channels, filters = case
    w = transposed_windows(size, kernel_size, strides, padding, extra, dilation)
    hypothesis.assume(min(w.size) > 0)
    x, bias = random((2, *size, channels), 0), random((filters,), 2)
    kernel = random((*kernel_size, filters, channels), 1)
    y, saved = conv.transpose_forward(x, kernel, bias, w, None)
    assert_close(y, conv.transpose_reference(x, kernel, bias, w), "float64")
    g = random(y.shape, 3)
    dx, dkernel, dbias = conv.transpose_backward(g, saved, [True] * 3, None)
    assert_transposed(dx, lambda p: conv.transpose_reference(p, kernel, None, w), x.shape, g)
    assert_transposed(dkernel, lambda p: conv.transpose_reference(x, p, None, w), kernel.shape, g)
    assert_close(dbias, g.reshape(-1, filters).sum(0), "float64")


@settings
@hypothesis.given(
    st.integers(1, 2),
    st.sampled_from([(1, 1), (2, 1), (1, 2), (2, 2)]),
    st.sampled_from(["valid", "same"]),
    st.integers(1, 3),
    st.integers(1, 2),
    st.sampled_from([40, 1 << 16]),
)
def test_any_depthwise_convolution_agrees_with_its_definition(
    rank, steps, padding, channels, multiplier, piece
):
    x = random((3, *(7, 6)[:rank], channels), 0)
    kernel = random((*(3, 2)[:rank], channels, multiplier), 1)
    bias = random((channels * multiplier,), 2)
    strides, dilation = (steps[0],) * rank, (steps[1],) * rank
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(depthwise, "_PIECE", piece)
        y, saved = depthwise.forward(x, kernel, bias, strides, padding, dilation, None)
        w = saved[3]
        assert_close(y, depthwise.reference(x, kernel, bias, w), "float64")
        g = random(y.shape, 3)
        dx, dkernel, dbias = depthwise.backward(g, saved, [True] * 3, None)
    assert_transposed(dx, lambda p: depthwise.reference(p, kernel, None, w), x.shape, g)
    assert_transposed(dkernel, lambda p: depthwise.reference(x, p, None, w), kernel.shape, g)
    assert_close(dbias, g.reshape(-1, g.shape[-1]).sum(0), "float64")


@pytest.mark.parametrize(
    ("channels", "kernel", "filters", "strides"),
    [(16, 3, 16, 1), (3, 3, 16, 1), (20, 3, 24, 2), (32, 1, 16, 1), (24, 3, 1, 1)],
)
def test_same_bits_on_any_number_of_threads(channels, kernel, filters, strides):
    x = random((24, 12, 12, channels), 0, "float32")
    k = random((kernel, kernel, channels, filters), 1, "float32")
    bias = random((filters,), 2, "float32")
    results = []
    try:
        for threads in (1, 2, 3):
            parallel.set_threads(threads)
            y, saved = conv.forward(x, k, bias, (strides,) * 2, "same", (1, 1), 1, RELU)
            results.append([y, *conv.backward(y, saved, [True] * 3, None)])
    finally:
        parallel.set_threads(None)
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a, b)


def test_gradients_are_written_where_they_are_wanted_and_only_if_they_are():
    x, kernel, bias = random((2, 5, 5, 2), 0), random((3, 3, 2, 4), 1), random((4,), 2)
    y, saved = conv.forward(x, kernel, bias, (1, 1), "valid", (1, 1), 1, None)
    wanted = conv.backward(y, saved, [True] * 3, None)
    place, other = np.empty_like(kernel), np.empty_like(bias)
    got = conv.backward(y, saved, [False, True, True], [None, place, other])
    assert got[0] is None
    assert got[1] is place
    assert got[2] is other
    np.testing.assert_array_equal(place, wanted[1])
    np.testing.assert_array_equal(other, wanted[2])
    assert conv.backward(y, saved, [True, False, False], None)[1:] == [None, None]


def test_half_precision_is_computed_in_single():
    x = random((2, 5, 5, 2), 0, "float16")
    kernel = random((3, 3, 2, 4), 1, "float16")
    y, saved = conv.forward(x, kernel, None, (1, 1), "same", (1, 1), 1, None)
    assert y.dtype == "float16"
    exact = conv.reference(x.astype("float64"), kernel.astype("float64"), None, saved[3], 1)
    np.testing.assert_allclose(y, exact, rtol=2e-3, atol=2e-3)
    assert [d.dtype for d in conv.backward(y, saved, [True, True, False], None)[:2]] == [
        "float16"
    ] * 2


@pytest.mark.parametrize("strides", [(2, 1), (1, 3), (3, 2)])
def test_depthwise_with_another_stride_each_way(strides):
    rng = np.random.default_rng(11)
    x = rng.normal(size=(2, 9, 11, 3))
    kernel = rng.normal(size=(3, 2, 3, 2))
    w = window((9, 11), (3, 2), strides, "same", (1, 1))
    y, _ = depthwise.forward(x, kernel, None, strides, "same", (1, 1), None)
    grouped = kernel.reshape(3, 2, 1, 6)
    np.testing.assert_allclose(y, conv.reference(x, grouped, None, w, 3), atol=1e-12)


@pytest.mark.parametrize("rank", [1, 2])
def test_depthwise_of_one_channel_that_came_first(rank):
    """An axis of one element may have any stride, as after a transposition."""

    def last(x):
        return np.moveaxis(x, 1, -1)

    x = random((2, 1, *(7, 6)[:rank]), 0)
    kernel = random((*(3, 2)[:rank], 1, 1), 1)
    results = []
    for of_x in (last(x), last(x).copy()):
        y, saved = depthwise.forward(of_x, kernel, None, (1,) * rank, "valid", (1,) * rank, None)
        g = last(random((2, 1, *y.shape[1:-1]), 2))
        results.append([y, *depthwise.backward(g, saved, [True, True, False], None)[:2]])
    assert results[0][0].shape[-1] == 1 and last(x).strides[-1] != x.itemsize
    for got, wanted in zip(*results):
        np.testing.assert_allclose(got, wanted, rtol=1e-12)


# Pooled while the results are in the cache.


def pooled_and_apart(x, kernel, bias, arguments, pool):
    """Return the largest results in windows: found by the convolution, and by pooling its results."""
    y, saved = conv.forward(x, kernel, bias, *arguments)
    together, nothing = conv.forward(x, kernel, bias, *arguments, None, pool)
    assert nothing is None
    w = window(y.shape[1:-1], pool, pool, "valid", (1,) * len(pool))
    return together, max_forward(y, w)[0], saved[3]


@pytest.mark.parametrize("activation", [None, RELU, SIGMOID], ids=["linear", "relu", "sigmoid"])
@pytest.mark.parametrize("n", [0, 1, 20])
@pytest.mark.parametrize(
    ("way", "size", "kernel", "groups", "pool", "dtype"),
    [
        ("planes", (9, 10), (3, 3, 1, 6), 1, (2, 3), "float32"),
        ("columns", (9, 10), (3, 3, 5, 6), 1, (2, 2), "float64"),
        ("columns", (9, 10), (3, 3, 3, 6), 2, (4, 3), "float32"),
        ("pointwise", (9, 10), (1, 1, 8, 6), 1, (2, 2), "float32"),
        ("few filters", (9, 10), (3, 3, 20, 2), 1, (3, 2), "float32"),
        ("winograd", (17, 16), (3, 3, 16, 24), 1, (2, 2), "float32"),
        ("steps", (150,), (3, 32, 40), 1, (4,), "float32"),
    ],
)
def test_the_largest_results_are_those_of_pooling(
    way, size, kernel, groups, pool, dtype, activation, n, monkeypatch
):
    monkeypatch.setattr(winograd, "WORTH", 0)
    x = random((n, *size, kernel[-2] * groups), 0, dtype)
    arrays = x, random(kernel, 1, dtype), random(kernel[-1:], 2, dtype)
    once = (1,) * len(size)
    arguments = once, "same", once, groups, activation
    together, apart, w = pooled_and_apart(*arrays, arguments, pool)
    if n == 20:
        shape = x.shape[-1], kernel[-1], groups, x.dtype
        assert conv.algorithm(w, n, *shape) == way
        assert conv._in_cache(w, n, *shape[:2])
    assert_close(together, apart, dtype)
    without_bias, apart, _ = pooled_and_apart(*arrays[:2], None, arguments, pool)
    assert_close(without_bias, apart, dtype)


def test_quiet_windows_beside_loud_ones_are_pooled_exactly(monkeypatch):
    x = random((20, 16, 16, 16), 0, "float32")
    x[3, 0, 4] = 1e6  # of a tile that gives rows 0 to 3 and columns 4 to 7
    kernel = random((3, 3, 16, 16), 1, "float32")
    monkeypatch.setattr(winograd, "WORTH", 0)
    arguments = (1, 1), "same", (1, 1), 1, None
    together, apart, w = pooled_and_apart(x, kernel, None, arguments, (2, 2))
    assert conv.algorithm(w, 20, 16, 16, 1, x.dtype) == "winograd"
    exact = conv.reference(x.astype(float), kernel.astype(float), None, w)[3]
    exact = exact.reshape(8, 2, 8, 2, 16).max((1, 3))
    for pooled in (together[3], apart[3]):
        for place in ((0, 3), (1, 2), (1, 3)):  # which do not see it
            np.testing.assert_allclose(pooled[place], exact[place], atol=1e-3)


def test_pooled_results_have_the_same_bits_on_any_number_of_threads():
    kernel, bias = random((3, 3, 1, 32), 1, "float32"), random((32,), 2, "float32")
    x = random((300, 28, 28, 1), 0, "float32")
    arguments = (1, 1), "valid", (1, 1), 1, RELU, None, (2, 2)
    results = []
    try:
        for threads in (1, 2, 3):
            parallel.set_threads(threads)
            results.append(conv.forward(x, kernel, bias, *arguments)[0])
    finally:
        parallel.set_threads(None)
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)


def test_not_a_number_is_pooled():
    x = np.zeros((10, 6, 6, 1), "float32")
    x[0, 0, 0] = np.nan
    arguments = (1, 1), "same", (1, 1), 1, RELU
    kernel = random((3, 3, 1, 4), 1, "float32")
    together, apart, _ = pooled_and_apart(x, kernel, None, arguments, (2, 2))
    assert np.isnan(together[0, 0, 0]).all()
    np.testing.assert_array_equal(together, apart)
