"""The cross-entropy kernels against the same formulas composed of small ops."""

import numpy as np
import pytest

from minikeras.autodiff import GradientTape, Tensor
from minikeras.kernels import crossentropy as kernels
from minikeras.losses import means
from minikeras.ops import crossentropy

RNG = np.random.default_rng(0)
LOGITS = 3 * RNG.normal(size=(4, 3, 5))
PROBABILITIES = RNG.random(size=(4, 3, 5))
PROBABILITIES[0, 0] = [0, 1, 0, 0, 0]  # clipped, so without gradients
SHARES = RNG.random(size=(4, 3, 5))
LABELS = RNG.integers(0, 5, size=(4, 3))
LABELS[0, 0] = 0

CASES = {
    "_BINARY": ([SHARES, PROBABILITIES], {"epsilon": 1e-3}),
    "_BINARY_LOGITS": ([SHARES, LOGITS], {}),
    "_CATEGORICAL": ([SHARES, PROBABILITIES], {"epsilon": 1e-3}),
    "_CATEGORICAL_LOGITS": ([SHARES, LOGITS], {}),
    "_SPARSE": ([PROBABILITIES], {"labels": LABELS, "epsilon": 1e-3}),
    "_SPARSE_LOGITS": ([LOGITS], {"labels": LABELS}),
}


@pytest.mark.parametrize("name", CASES)
def test_fused_is_the_reference(name):
    primitive = getattr(crossentropy, name)
    arrays, params = CASES[name]
    runs = []
    for run in (primitive, primitive.reference):
        tensors = [Tensor(a) for a in arrays]
        with GradientTape() as tape:
            tape.watch(tensors)
            y = run(*tensors, **params)
            total = (y * np.random.default_rng(2).normal(size=y.shape)).sum()
        runs.append([np.asarray(t) for t in [y, *tape.gradient(total, tensors)]])
    for a, b in zip(*runs):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", ["_BINARY_LOGITS", "_CATEGORICAL_LOGITS", "_SPARSE_LOGITS"])
def test_large_logits_do_not_overflow(name):
    arrays, params = CASES[name]
    arrays = [*arrays[:-1], 1000 * np.abs(arrays[-1])]
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = getattr(crossentropy, name)(*[Tensor(a) for a in arrays], **params)
    assert np.isfinite(y).all()


def test_rows_in_blocks_and_without_a_tape(monkeypatch):
    monkeypatch.setattr(kernels, "_BLOCK", 10)
    z = Tensor(LOGITS)
    with GradientTape() as tape:
        tape.watch(z)
        loss = crossentropy._SPARSE_LOGITS(z, labels=LABELS)
    shares = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
    at_label = np.take_along_axis(shares, LABELS[..., None], -1)[..., 0]
    np.testing.assert_allclose(loss, -np.log(at_label), rtol=1e-12)
    np.testing.assert_array_equal(crossentropy._SPARSE_LOGITS(z, labels=LABELS), loss)
    np.testing.assert_allclose(tape.gradient(loss, z), shares - np.eye(5)[LABELS], atol=1e-14)


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_the_mean_of_sparse_logits_scaled(factor):
    z = Tensor(LOGITS)
    with GradientTape(persistent=True) as tape:
        tape.watch(z)
        loss = means._SPARSE_LOGITS(z, labels=LABELS)
        whole = loss * factor
    np.testing.assert_allclose(means._SPARSE_LOGITS(z, labels=LABELS), loss, rtol=1e-15)
    with GradientTape() as plain:
        plain.watch(z)
        wanted = factor * crossentropy._SPARSE_LOGITS(z, labels=LABELS).mean()
    slope = plain.gradient(wanted, z)
    for _ in range(2):
        np.testing.assert_allclose(tape.gradient(whole, z), slope, atol=1e-15)
