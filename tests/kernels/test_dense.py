"""The fused dense kernel against the same formula composed of small ops."""

import numpy as np
import pytest

from minikeras.autodiff import GradientTape, Tensor
from minikeras.common import ranks
from minikeras.kernels import dense, gemm, parallel
from minikeras.kernels.activations import RELU, SIGMOID, SOFTMAX, TANH
from minikeras.ops.dense import DENSE


def run(primitive, arrays, activation, **params):
    """Return the result and the gradients of x, kernel and bias."""
    tensors = [None if a is None else Tensor(a) for a in arrays]
    wanted = [t for t in tensors if t is not None]
    with GradientTape() as tape:
        tape.watch(wanted)
        y = primitive(*tensors, activation=activation, **params)
        total = (y * np.random.default_rng(2).normal(size=y.shape)).sum()
    return [np.asarray(t) for t in [y, *tape.gradient(total, wanted)]]


@pytest.mark.filterwarnings("ignore:You are using a softmax")
@pytest.mark.parametrize("activation", [None, RELU, SIGMOID, SOFTMAX, TANH])
@pytest.mark.parametrize("shape", [(5, 3), (2, 4, 3), (0, 3), (1, 3)])
@pytest.mark.parametrize("units", [4, 1])
@pytest.mark.parametrize("bias", [True, False])
def test_fused_is_the_reference(activation, shape, units, bias):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=s) for s in (shape, (3, units), (units,))]
    arrays[2] = arrays[2] if bias else None
    fused, reference = [run(p, arrays, activation) for p in (DENSE, DENSE.reference)]
    for a, b in zip(fused, reference):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 3), (2, 4, 3), (0, 3)])
def test_with_dropout_it_is_the_reference(shape):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=s) for s in (shape, (3, 40), (40,))]
    params = {"dropout": (0.4, (1, 2))}
    fused, reference = [run(p, arrays, RELU, **params) for p in (DENSE, DENSE.reference)]
    for a, b in zip(fused, reference):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    rectified = run(DENSE, arrays, RELU)[0]
    if rectified.size:
        kept = fused[0] != 0
        assert 0.4 < kept.sum() / (rectified != 0).sum() < 0.8
        np.testing.assert_allclose(fused[0][kept], rectified[kept] / 0.6, rtol=1e-4)


@pytest.mark.parametrize("activation", [None, RELU, SIGMOID, TANH])
def test_large_products_on_any_number_of_threads(activation):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=s) for s in ((150, 300), (300, 256), (256,))]
    assert arrays[0].size * 256 > gemm.PARALLEL
    params = {"dropout": (0.4, (1, 2))} if activation is RELU else {}
    reference = run(DENSE.reference, arrays, activation, **params)
    try:
        for count in (1, 2, 3):
            parallel.set_threads(count)
            for a, b in zip(run(DENSE, arrays, activation, **params), reference):
                np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
    finally:
        parallel.set_threads(None)


@pytest.mark.parametrize(("m", "k", "n"), [(70, 40, 90), (20, 40, 90), (64, 33, 1), (1, 50, 60)])
def test_products_in_halves_are_products(monkeypatch, m, k, n):
    monkeypatch.setattr(gemm, "BLAS_PARALLEL", 1)
    monkeypatch.setattr(gemm, "PARALLEL", 1)
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(m, k)), rng.normal(size=(k, n))
    runs = []
    try:
        for count in (1, 2, 3):
            parallel.set_threads(count)
            runs.append(gemm.dot(a, b))
            np.testing.assert_array_equal(gemm.dot(a, b, np.empty((m, n))), runs[0])
            np.testing.assert_array_equal(runs[-1], runs[0])
    finally:
        parallel.set_threads(None)
    np.testing.assert_allclose(runs[0], a @ b, rtol=1e-12, atol=1e-12)


def test_a_rank_drops_its_part_of_the_batch_on_any_number_of_threads(monkeypatch):
    x, kernel = np.ones((256, 512), "float32"), np.ones((512, 512), "float32")

    def kept(x):
        return dense.forward(x, kernel, None, RELU, (0.5, (1, 2)))[0] != 0

    whole = kept(x)
    monkeypatch.setattr(ranks.running, "rows", ranks.Rows(128, 256, 256))  # the second of two
    try:
        for count in (1, 2, 3):
            parallel.set_threads(count)
            for _ in range(5):  # another thread may or may not come first
                np.testing.assert_array_equal(kept(x[128:]), whole[128:])
    finally:
        parallel.set_threads(None)
