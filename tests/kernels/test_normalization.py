"""Normalization kernels against NumPy's own sums, in blocks and on several threads."""

import numpy as np
import pytest

from minikeras.autodiff import GradientTape, Tensor
from minikeras.kernels import normalization, parallel
from minikeras.kernels.activations import RELU
from minikeras.ops.normalization import AFFINE, BATCH_NORMALIZATION, LAYER_NORMALIZATION


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(normalization, "_BLOCK", 2048)
    monkeypatch.setattr(normalization, "_SMALL", 0)


SHAPES = [(1, 1), (5, 3), (512, 3), (1000, 7), (4096, 32), (777, 300), (40, 1500), (8, 4, 4, 16)]


@pytest.mark.parametrize("shape", SHAPES)
def test_column_and_row_sums(shape):
    x = np.random.default_rng(0).normal(size=shape).astype("float32").reshape(-1, shape[-1])
    exact = x.astype("float64")
    scale = np.abs(exact).sum()
    np.testing.assert_allclose(
        normalization.column_sums(x), exact.sum(0), rtol=1e-5, atol=1e-7 * scale
    )
    np.testing.assert_allclose(
        normalization.row_sums(x)[:, 0], exact.sum(1), rtol=1e-5, atol=1e-7 * scale
    )


def both(primitive, arrays, **params):
    """Return results and gradients of a primitive and of its reference."""
    runs = []
    for run in (primitive, primitive.reference):
        tensors = [None if a is None else Tensor(a) for a in arrays]
        wanted = [t for t in tensors if t is not None]
        with GradientTape() as tape:
            tape.watch(wanted)
            y = run(*tensors, **params)
            outputs = list(y) if isinstance(y, tuple) else [y]
            rng = np.random.default_rng(1)
            total = sum((t * rng.normal(size=t.shape)).sum() for t in outputs)
        grads = tape.gradient(total, wanted)
        runs.append([np.asarray(t) for t in [*outputs, *grads]])
    return zip(*runs)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("gamma", [True, False])
@pytest.mark.parametrize("beta", [True, False])
def test_batch_normalization_is_the_reference(shape, gamma, beta):
    rng = np.random.default_rng(0)
    axes = [-1] if len(shape) < 4 else [-1, 1]
    for axis in axes:
        n = shape[axis]
        arrays = [
            3 + rng.normal(size=shape),
            rng.normal(size=n) if gamma else None,
            rng.normal(size=n) if beta else None,
        ]
        for a, b in both(BATCH_NORMALIZATION, arrays, axis=axis, epsilon=1e-3):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("weights", [True, False])
def test_layer_normalization_is_the_reference(shape, center, weights):
    rng = np.random.default_rng(0)
    for axes in range(1, len(shape)):
        last = shape[len(shape) - axes :]
        arrays = [3 + rng.normal(size=shape), None, None]
        if weights:
            arrays[1:] = [rng.normal(size=last), rng.normal(size=last)]
        for a, b in both(LAYER_NORMALIZATION, arrays, axes=axes, epsilon=1e-3, center=center):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("axis", [-1, 1])
def test_affine_is_the_reference(axis):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 4, 5, 6))
    n = x.shape[axis]
    for a, b in both(AFFINE, [x, rng.normal(size=n), rng.normal(size=n)], axis=axis):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("activation", [None, RELU])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize(("shape", "axis"), [((300, 5), -1), ((1, 3), 1), ((2, 4, 3, 3), 1)])
def test_small_batches_are_normalized_as_large_ones(monkeypatch, shape, axis, weighted, activation):
    rng = np.random.default_rng(0)
    x, g = [rng.normal(0.7, size=shape) for _ in range(2)]
    channels = shape[axis]
    gamma, beta = [rng.normal(size=channels) if weighted else None for _ in range(2)]
    more = [rng.normal(size=channels) for _ in range(2)]
    for gs in ([g, None, None], [g, *more], [None, *more]):
        found = []
        for small in (0, 1 << 16):
            monkeypatch.setattr(normalization, "_SMALL", small)
            y, saved = normalization.batch_forward(x, gamma, beta, axis, 1e-3, activation)
            assert (saved[-1] is None) == (small == 0)
            before = g.copy()
            found.append([*y, *normalization.batch_backward(gs, saved, [True] * 3, None)])
            np.testing.assert_array_equal(g, before)
        for a, b in zip(*found):
            assert (a is None) == (b is None)
            if a is not None:
                assert a.shape == b.shape
                np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


def test_channels_far_from_zero_keep_their_variance():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5000, 8)).astype("float32")
    x[:500] *= 0.01  # the first block tells nothing of the others
    x += np.float32(1000)
    (y, mean, var), _ = normalization.batch_forward(x, None, None, -1, 1e-3)
    exact = x.astype("float64")
    np.testing.assert_allclose(mean, exact.mean(0), rtol=1e-6)
    np.testing.assert_allclose(var, exact.var(0), rtol=1e-4)
    np.testing.assert_allclose(y.std(0), 1, rtol=1e-3)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_layer_normalization_that_keeps_nothing_is_the_same(center, weighted):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 5, 6)).astype("float32")
    before = x.copy()
    gamma, beta = [
        rng.normal(size=(5, 6)).astype("float32") if weighted else None for _ in range(2)
    ]
    y, _ = normalization.layer_forward(x, gamma, beta, 2, 1e-3, center)
    lean, saved = normalization.layer_forward(x, gamma, beta, 2, 1e-3, center, saving=False)
    assert saved is None
    np.testing.assert_array_equal(lean, y)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("shape", [(5000, 24), (333, 128)])
def test_the_same_bits_on_any_number_of_threads(shape):
    rng = np.random.default_rng(0)
    x, g = [rng.normal(size=shape).astype("float32") for _ in range(2)]
    gamma, beta = [rng.normal(size=shape[-1]).astype("float32") for _ in range(2)]
    runs = []
    try:
        for threads in (1, 2, 3):
            parallel.set_threads(threads)
            outputs, saved = normalization.batch_forward(x, gamma, beta, -1, 1e-3)
            grads = normalization.batch_backward([g, None, None], saved, [True] * 3, None)
            y, saved = normalization.layer_forward(x, gamma, beta, 1, 1e-3, True)
            grads += [y, *normalization.layer_backward(g, saved, [True] * 3, None)]
            runs.append([*outputs, *grads])
    finally:
        parallel.set_threads(None)
    for other in runs[1:]:
        for a, b in zip(runs[0], other):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("shape", "keep"),
    [((1001, 3), (1,)), ((70, 50, 3), ()), ((4, 5, 6), (0, 2)), ((2, 3), (0, 1)), ((0, 3), (1,))],
)
def test_moments_and_standardizing(shape, keep):
    x = (np.random.default_rng(0).normal(size=shape) + 100).astype("float32")
    over = tuple(i for i in range(len(shape)) if i not in keep)
    count, mean, var = normalization.moments(x, keep)
    assert count == np.prod([shape[i] for i in over])
    if x.size:
        np.testing.assert_allclose(mean, x.astype("float64").mean(over), rtol=1e-12)
        np.testing.assert_allclose(var, x.astype("float64").var(over), rtol=1e-9, atol=1e-12)
    along = [d if i in keep else 1 for i, d in enumerate(shape)]
    mean, deviation = (v.astype("float32").reshape(along) for v in (mean, 1 + var))
    y = normalization.standardize(x, mean, deviation)
    np.testing.assert_array_equal(y, (x - mean) / deviation)
    back = normalization.standardize(y, mean, deviation, invert=True)
    np.testing.assert_array_equal(back, y * deviation + mean)


@pytest.mark.parametrize(
    ("offset", "tolerance"), [(0, 1e-5), (3, 1e-4), (1000, 2.5e-3), (30_000, 8e-2)]
)
def test_gradients_keep_what_digits_means_far_from_zero_leave(offset, tolerance):
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(65_536, 16)) + offset).astype("float32")
    g = rng.normal(size=x.shape) + 0.3
    found = []
    for dtype in ("float32", "float64"):
        _, saved = normalization.batch_forward(
            x.astype(dtype), np.ones(16, dtype), np.zeros(16, dtype), -1, 1e-3
        )
        needs = [True] * 3
        found.append(
            normalization.batch_backward([g.astype(dtype), None, None], saved, needs, None)
        )
    for a, b in zip(*found):
        assert np.abs(a - b).max() < tolerance * np.abs(b).max()
