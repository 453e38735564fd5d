"""Pooling against its definition, window by window."""

import itertools

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from minikeras.kernels import pool, resize
from minikeras.kernels.windows import window


def by_definition(x, w, kind, g):
    """Return the result and the gradient, one window after the other."""
    pads = ((0, 0), *w.pads, (0, 0))
    padded = np.pad(x, pads, constant_values=np.nan)
    y = np.empty((x.shape[0], *w.out, x.shape[-1]))
    dx = np.zeros(padded.shape)
    for index in itertools.product(*map(range, w.out)):
        at = tuple(slice(i * s, i * s + k) for i, s, k in zip(index, w.strides, w.kernel))
        for n, c in itertools.product(range(x.shape[0]), range(x.shape[-1])):
            seen, slopes = padded[(n, *at, c)], dx[(n, *at, c)]
            real = ~np.isnan(seen)
            place = (n, *index, c)
            if kind == "max":
                y[place] = np.nanmax(seen)
                slopes[np.unravel_index(np.nanargmax(seen), seen.shape)] += g[place]
            else:
                y[place] = seen[real].mean()
                slopes[real] += g[place] / real.sum()
    middle = tuple(slice(p[0], p[0] + s) for p, s in zip(w.pads, w.size))
    return y, dx[(slice(None), *middle)]


@st.composite
def cases(draw):
    rank = draw(st.integers(1, 3))
    size = tuple(draw(st.integers(3, 6)) for _ in range(rank))
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    strides = kernel if draw(st.booleans()) else tuple(draw(st.integers(1, 3)) for _ in range(rank))
    return window(size, kernel, strides, draw(st.sampled_from(["valid", "same"])), (1,) * rank)


@hypothesis.settings(max_examples=60, derandomize=True, database=None)
@hypothesis.given(
    cases(), st.sampled_from(["max", "average"]), st.booleans(), st.sampled_from([20, 1 << 16])
)
def test_any_pooling_agrees_with_its_definition(w, kind, ties, piece):
    rng = np.random.default_rng(0)
    shape = (2, *w.size, 2)
    x = rng.integers(-2, 2, shape).astype(float) if ties else rng.normal(size=shape)
    g = rng.normal(size=(2, *w.out, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "_PIECE", piece)
        y, saved = getattr(pool, f"{kind}_forward")(x, w)
        (dx,) = getattr(pool, f"{kind}_backward")(g, saved, [True], None)
    wanted, slopes = by_definition(x, w, kind, g)
    np.testing.assert_allclose(y, wanted, atol=1e-13)
    np.testing.assert_allclose(dx, slopes, atol=1e-13)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float16"])
def test_other_dtypes_have_maxima(dtype):
    x = np.arange(24).reshape(1, 6, 4, 1).astype(dtype)
    for strides, padding in (((2, 2), "valid"), ((1, 1), "same")):
        w = window((6, 4), (2, 2), strides, padding, (1, 1))
        y, _ = pool.max_forward(x, w)
        assert y.dtype == x.dtype
        assert y.max() == 23
        assert y[0, 0, 0, 0] == 5


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_global_average(dtype):
    x = np.random.default_rng(0).normal(size=(3, 4, 5, 2)).astype(dtype)
    y, saved = pool.global_average_forward(x)
    assert y.dtype == x.dtype
    tolerance = 1e-3 if dtype == "float16" else 1e-6
    np.testing.assert_allclose(y, x.astype(float).mean((1, 2)), atol=tolerance)
    (dx,) = pool.global_average_backward(np.ones_like(y), saved)
    np.testing.assert_allclose(dx, np.full(x.shape, 1 / 20), rtol=1e-3)


@pytest.mark.parametrize("factors", [(1,), (3,), (2, 3), (1, 2), (2, 1), (2, 1, 3)])
def test_repetition_and_its_gradient(factors):
    x = np.random.default_rng(0).normal(size=(2, *(4, 3, 2)[: len(factors)], 3))
    y, _ = resize.repeat_forward(x, factors)
    wanted = x
    for axis, factor in enumerate(factors, 1):
        wanted = np.repeat(wanted, factor, axis)
    np.testing.assert_array_equal(y, wanted)
    g = np.random.default_rng(1).normal(size=y.shape)
    dx = resize.repeat_backward(g, factors)
    blocks = g.reshape(resize.interleaved(g.shape, factors))
    sums = blocks.sum(tuple(range(2, 2 * len(factors) + 1, 2)))
    np.testing.assert_allclose(dx, sums, atol=1e-13)


@pytest.mark.parametrize("kind", sorted(resize.KERNELS))
def test_interpolation_and_its_gradient(kind):
    x = np.random.default_rng(0).normal(size=(2, 4, 3, 2))
    y, saved = resize.interpolate_forward(x, (2, 3), kind)
    np.testing.assert_allclose(y, resize.interpolate_reference(x, (2, 3), kind), atol=1e-13)
    g = np.random.default_rng(1).normal(size=y.shape)
    dx = resize.interpolate_backward(g, saved, (2, 3), kind)
    probe = np.random.default_rng(2).normal(size=x.shape)
    along, _ = resize.interpolate_forward(probe, (2, 3), kind)
    assert abs((along * g).sum() - (probe * dx).sum()) < 1e-11
    flat, _ = resize.interpolate_forward(np.ones((1, 4, 3, 1)), (2, 3), kind)
    np.testing.assert_allclose(flat, 1, atol=1e-13)  # weights add up to one
