"""The attention kernel against the same formula composed of small ops."""

import numpy as np
import pytest

from minikeras import ops
from minikeras.autodiff import GradientTape, Tensor
from minikeras.kernels import attention, parallel
from minikeras.ops.sequences import ATTENTION

BATCH, QUERIES, KEYS, HEADS, SIZE = 5, 4, 6, 3, 2


def arrays(dtype="float64", factor=1.0, bias=None):
    rng = np.random.default_rng(0)
    shapes = [(BATCH, QUERIES, HEADS, SIZE), (BATCH, KEYS, HEADS, SIZE), (BATCH, KEYS, HEADS, 5)]
    xs = [(factor * rng.normal(size=s)).astype(dtype) for s in shapes]
    return [*xs, None if bias is None else rng.normal(size=bias).astype(dtype)]


def options():
    rng = np.random.default_rng(1)
    padding = rng.random((BATCH, 1, 1, KEYS)) < 0.6
    padding[0] = False  # an example without any key
    yield {}
    yield {"mask": padding}
    yield {"mask": rng.random((BATCH, 1, QUERIES, KEYS)) < 0.5}
    yield {"mask": rng.random((QUERIES, KEYS)) < 0.7}
    yield {"causal": True}
    yield {"mask": np.tri(QUERIES, KEYS, dtype=bool)[None, None]}
    yield {"causal": True, "keep": rng.random((BATCH, HEADS, QUERIES, KEYS)) < 0.7, "rate": 0.7}
    yield {"causal": True, "mask": padding}
    yield {"keep": rng.random((BATCH, HEADS, QUERIES, KEYS)) < 0.7, "rate": 0.7}
    yield {
        "keep": rng.random((BATCH, HEADS, QUERIES, KEYS)) < 0.7,
        "rate": 0.7,
        "mask": padding,
    }


@pytest.mark.parametrize("block", [1, 200, 1 << 17])
@pytest.mark.parametrize("bias", [None, (1, HEADS, 1, KEYS), (QUERIES, KEYS), (BATCH, 1, 1, 1)])
@pytest.mark.parametrize("params", list(options()))
def test_fused_is_the_reference(monkeypatch, block, bias, params):
    monkeypatch.setattr(attention, "_BLOCK", block)
    monkeypatch.setattr(attention, "_ROWS", 3)
    runs = []
    for run in (ATTENTION, ATTENTION.reference):
        tensors = [None if a is None else Tensor(a) for a in arrays(bias=bias)]
        wanted = [t for t in tensors if t is not None]
        with GradientTape() as tape:
            tape.watch(wanted)
            y = run(*tensors, scale=0.7, **params)
            total = (y * np.random.default_rng(2).normal(size=y.shape)).sum()
        grads = tape.gradient(total, wanted)
        runs.append([np.asarray(t) for t in [y, *grads]])
    for a, b in zip(*runs):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11)
    alone = ATTENTION(*tensors, scale=0.7, **params)
    np.testing.assert_allclose(alone, runs[0][0], rtol=1e-12, atol=1e-13)


def test_padding_of_as_many_examples_as_queries_is_not_the_past():
    rng = np.random.default_rng(0)
    tensors = [Tensor(rng.normal(size=(4, 4, 3, 2))) for _ in range(3)]
    padding = np.tri(4, dtype=bool)[:, None, None]  # the lengths of examples are 1, 2, 3 and 4
    runs = [
        run(*tensors, None, scale=0.7, mask=padding) for run in (ATTENTION, ATTENTION.reference)
    ]
    np.testing.assert_allclose(*runs, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("keys", [2, 4, 9])
def test_only_the_past_with_other_numbers_of_keys(monkeypatch, keys):
    monkeypatch.setattr(attention, "_ROWS", 2)
    rng = np.random.default_rng(0)
    tensors = [Tensor(rng.normal(size=(2, n, 3, 2))) for n in (5, keys, keys)]
    runs = []
    for run in (ATTENTION, ATTENTION.reference):
        with GradientTape() as tape:
            tape.watch(tensors)
            y = run(*tensors, None, scale=0.7, causal=True)
        runs.append([np.asarray(t) for t in [y, *tape.gradient(y, tensors)]])
    for a, b in zip(*runs):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("params", [{}, {"causal": True}])
def test_without_keys_results_and_gradients_are_zero(params):
    q, k, v, _ = arrays()
    tensors = [Tensor(a) for a in (q, k[:, :0], v[:, :0])]
    with GradientTape() as tape:
        tape.watch(tensors)
        y = ATTENTION(*tensors, None, scale=0.7, **params)
    np.testing.assert_array_equal(y, np.zeros((BATCH, QUERIES, HEADS, 5)))
    for t, g in zip(tensors, tape.gradient(y, tensors)):
        np.testing.assert_array_equal(g, np.zeros(t.shape))


def test_large_scores_do_not_overflow():
    with np.errstate(over="raise", invalid="raise"):
        y, _ = attention.forward(*arrays("float32", factor=100.0), scale=1.0)
    value = arrays("float32", factor=100.0)[2]
    assert np.isfinite(y).all()
    assert np.abs(y).max() <= np.abs(value).max() * 1.001


@pytest.mark.parametrize("saving", [True, False])
@pytest.mark.parametrize("level", [-300.0, -80.0, 0.0, 80.0, 300.0])
def test_wherever_all_scores_of_a_query_lie_the_softmax_is_exact(level, saving):
    q, k, v, _ = arrays()
    bias = np.zeros((BATCH, HEADS, QUERIES, 1))
    bias[1, 2, 3] = level  # of one query among moderate ones
    exact, _ = attention.forward(q, k, v, None, scale=0.7)
    narrow = [a.astype("float32") for a in (q, k, v, bias)]
    with np.errstate(all="raise", under="ignore"):
        y, saved = attention.forward(*narrow, scale=0.7, saving=saving)
    np.testing.assert_allclose(y, exact, rtol=1e-4, atol=1e-5)
    if saving:
        gradients = attention.backward(np.ones_like(y), saved, [True] * 4, None)
        assert all(np.isfinite(g).all() for g in gradients)


def test_scores_that_are_not_numbers_come_out_as_such():
    q, k, v, _ = arrays()
    q[1, 2, 0] = np.nan
    y, _ = attention.forward(q, k, v, None, scale=0.7)
    found = np.zeros(y.shape, bool)
    found[1, 2, 0] = True
    np.testing.assert_array_equal(np.isnan(y), found)


def test_small_scores_are_as_exact_without_their_maximum():
    q, k, v, _ = arrays()
    y, _ = attention.forward(q, k, v, None, scale=1.0)
    low, _ = attention.forward(*[a.astype("float32") for a in (q, k, v)], None, scale=1.0)
    np.testing.assert_allclose(low, y, rtol=1e-5, atol=1e-6)


def test_the_same_bits_on_any_number_of_threads(monkeypatch):
    monkeypatch.setattr(attention, "_BLOCK", 200)
    runs = []
    xs = arrays("float32")
    try:
        for threads in (1, 2, 3):
            parallel.set_threads(threads)
            y, saved = attention.forward(*xs, scale=0.7, causal=True)
            runs.append(
                [y, *attention.backward(np.ones_like(y), saved, [True] * 3 + [False], None)]
            )
    finally:
        parallel.set_threads(None)
    for other in runs[1:]:
        for a, b in zip(runs[0][:4], other[:4]):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("queries, keys", [(1, 1), (3, 3), (2, 5), (5, 2), (0, 3)])
def test_masks_of_the_past_are_known_from_others(queries, keys):
    past = np.tri(queries, keys, dtype=bool)
    assert attention._is_past(past[None, None], queries, keys)
    for i in range(past.size):
        other = past.copy()
        other.flat[i] ^= True
        assert not attention._is_past(other[None], queries, keys)


def test_no_queries_and_values_whose_sums_overflow():
    none = ops.dot_product_attention(
        np.zeros((2, 0, 2, 4), "float32"), *[np.zeros((2, 3, 2, 4), "float32")] * 2
    )
    assert none.shape == (2, 0, 2, 4)
    q, v = np.full((1, 2, 1, 1), 7, "float32"), np.full((1, 2, 1, 1), 1e20, "float32")
    np.testing.assert_allclose(ops.dot_product_attention(q, q, v, scale=1.0), v, rtol=1e-5)


@pytest.mark.parametrize("batch", [1, 5])
def test_a_sequence_of_many_steps_attends_to_itself_with_the_same_bits_on_any_number_of_threads(
    batch,
):
    time, heads, size = 200, 2, 32  # whose scores are made of a few queries at a time
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, time, 24)).astype("float32")
    shapes = [(24, heads, size)] * 3 + [(heads, size, 24)]
    kernels = [rng.normal(size=shape, scale=0.3).astype("float32") for shape in shapes]
    biases = [rng.normal(size=shape[1:]).astype("float32") for shape in shapes[:3]]
    biases.append(rng.normal(size=24).astype("float32"))
    q, k, v = (
        np.einsum("btf,fhs->bhts", np.float64(x), kernel) + bias[:, None]
        for kernel, bias in zip(kernels[:3], biases)
    )
    weights = np.exp(q @ k.swapaxes(2, 3) * 0.1)
    weights /= weights.sum(-1, keepdims=True)
    wanted = np.einsum("bhts,hsf->btf", weights @ v, kernels[3]) + biases[3]
    runs = []
    try:
        for threads in (1, 2):
            parallel.set_threads(threads)
            runs.append(attention.self_attention(x, kernels, biases, 0.1))
    finally:
        parallel.set_threads(None)
    np.testing.assert_allclose(runs[0], wanted, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(*runs)
