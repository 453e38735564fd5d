"""The fused recurrent kernels against the same formulas, one step after another."""

import itertools

import numpy as np
import pytest

from minikeras.autodiff import GradientTape, Tensor
from minikeras.kernels import parallel, recurrent, recurrent_inference
from minikeras.kernels.activations import RELU, SIGMOID, TANH
from minikeras.ops.sequences import GRU, LSTM, SIMPLE_RNN

UNITS, FEATURES = 3, 2
GATES = {"lstm": 4, "gru": 3, "simple": 1}
PRIMITIVES = {"lstm": LSTM, "gru": GRU, "simple": SIMPLE_RNN}
FORWARDS = {
    "lstm": recurrent.lstm_forward,
    "gru": recurrent.gru_forward,
    "simple": recurrent.simple_forward,
}
LEAN = {"lstm": recurrent_inference.lstm, "gru": recurrent_inference.gru}
BACKWARDS = {
    "lstm": recurrent.lstm_backward,
    "gru": recurrent.gru_backward,
    "simple": recurrent.simple_backward,
}


def make(kind, batch, steps, features, units, dtype, bias=True, states=True, params=None):
    """Return the inputs of a primitive."""
    rng = np.random.default_rng(batch + steps)
    n = GATES[kind] * units

    def normal(*shape):
        return (rng.normal(size=shape) / np.sqrt(shape[0])).astype(dtype)

    b = None
    if bias:
        two = kind == "gru" and (params or {}).get("reset_after", True)
        b = normal(2, n) if two else normal(n)
    inputs = [normal(batch, steps, features), normal(features, n), normal(units, n), b]
    count = 2 if kind == "lstm" else 1
    return inputs + [normal(batch, units) if states else None for _ in range(count)]


def variants():
    options = {
        "lstm": [{}],
        "gru": [{"reset_after": True}, {"reset_after": False}],
        "simple": [{"activation": a} for a in (TANH, RELU, SIGMOID)],
    }
    for kind, params in options.items():
        for p in params:
            yield from itertools.product(
                [kind], [p], [True, False], [True, False], [0, 1, 2], [0, 1]
            )


@pytest.mark.parametrize(
    ("kind", "params", "bias", "states", "masked", "backwards"), list(variants())
)
def test_fused_is_the_reference(kind, params, bias, states, masked, backwards):
    primitive = PRIMITIVES[kind]
    arrays = make(kind, 4, 5, FEATURES, UNITS, "float64", bias, states, params)
    mask = None
    if masked:
        mask = np.random.default_rng(masked).random((4, 5)) < 0.6
        mask[0] = masked == 2  # a sequence without any step
    params = {**params, "mask": mask, "backwards": bool(backwards)}
    tensors = [a if a is None else Tensor(a) for a in arrays]
    results, grads = [], []
    for run in (primitive, primitive.reference):
        with GradientTape() as tape:
            wanted = [t for t in tensors if t is not None]
            tape.watch(wanted)
            outputs = run(*tensors, **params)
            rng = np.random.default_rng(1)
            total = sum((y * rng.normal(size=y.shape)).sum() for y in outputs)
        results.append([np.asarray(y) for y in outputs])
        grads.append([np.asarray(d) for d in tape.gradient(total, wanted)])
    for a, b in zip(results[0] + grads[0], results[1] + grads[1]):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("batch", [1, 3, 130, 300])
@pytest.mark.parametrize("steps", [1, 70])
@pytest.mark.parametrize(
    ("kind", "params"),
    [("lstm", {}), ("gru", {"reset_after": True}), ("gru", {"reset_after": False})],
)
def test_without_a_tape_the_same_comes_out(kind, params, batch, steps):
    dtype, units = ("float64", UNITS) if batch > 1 else ("float64", 40)
    for bias, states, masked, backwards in itertools.product((False, True), repeat=4):
        arrays = make(kind, batch, steps, FEATURES, units, dtype, bias, states, params)
        mask = np.random.default_rng(0).random((batch, steps)) < 0.6 if masked else None
        options = {**params, "mask": mask, "backwards": backwards}
        kept, _ = FORWARDS[kind](*arrays, **options)
        lean, saved = LEAN[kind](*arrays, **options)
        assert saved is None
        for a, b in zip(kept, lean, strict=True):
            assert b.shape == a.shape and b.dtype == a.dtype
            np.testing.assert_allclose(b, a, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bias", [False, True])
def test_both_ways_at_once_are_one_after_the_other(bias, dtype):
    x, *weights = make("lstm", 1, 9, FEATURES, 40, dtype, bias)[:4]
    other = [None if a is None else -a for a in weights]
    wanted = [
        *FORWARDS["lstm"](x, *weights, None, None)[0],
        *FORWARDS["lstm"](x, *other, None, None, backwards=True)[0],
    ]
    found = recurrent_inference.lstm_both_ways(x, *weights, *other)
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    for a, b in zip(wanted, found, strict=True):
        assert b.shape == a.shape and b.dtype == a.dtype
        np.testing.assert_allclose(b, a, rtol=tolerance, atol=tolerance)


def test_both_ways_at_once_take_one_example():
    x, *weights = make("lstm", 2, 9, FEATURES, UNITS, "float32", True)[:4]
    with pytest.raises(ValueError, match="unpack"):
        recurrent_inference.lstm_both_ways(x, *weights, *weights)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_an_example_whose_steps_are_all_masked_keeps_its_states(kind):
    arrays = make(kind, 1, 5, FEATURES, UNITS, "float64")
    outputs, *states = LEAN[kind](*arrays, mask=np.zeros((1, 5), bool))[0]
    assert np.array_equal(outputs, np.repeat(arrays[4][:, None], 5, 1))
    for found, first in zip(states, arrays[4:], strict=True):
        assert np.array_equal(found, first)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
@pytest.mark.parametrize("batch", [1, 200])
def test_without_a_tape_threads_change_no_bit(kind, batch):
    arrays = make(kind, batch, 20, 64, 128, "float32")
    runs = []
    try:
        for threads in (1, 2, 3):
            parallel.set_threads(threads)
            runs.append(LEAN[kind](*arrays)[0])
    finally:
        parallel.set_threads(None)
    for run in runs[1:]:
        for a, b in zip(runs[0], run, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", list(GATES))
@pytest.mark.parametrize("needed", range(4))
def test_frozen_inputs_have_no_gradient(kind, needed):
    arrays = make(kind, 2, 3, FEATURES, UNITS, "float64")
    outputs, saved = FORWARDS[kind](*arrays)
    gs = [np.ones_like(y) for y in outputs]
    needs = [i == needed for i in range(len(arrays))]
    grads = BACKWARDS[kind](gs, saved, needs, None)
    assert [d is not None for d in grads] == needs
    every = BACKWARDS[kind](gs, saved, [True] * len(arrays), None)
    np.testing.assert_array_equal(grads[needed], every[needed])


@pytest.mark.parametrize("kind", list(GATES))
def test_gradients_are_written_where_the_optimizer_wants_them(kind):
    arrays = make(kind, 2, 3, FEATURES, UNITS, "float64")
    outputs, saved = FORWARDS[kind](*arrays)
    gs = [np.ones_like(y) for y in outputs]
    needs = [True] * len(arrays)
    plain = BACKWARDS[kind](gs, saved, needs, None)
    out = [None if i not in (1, 2, 3) else np.full_like(a, 9) for i, a in enumerate(arrays)]
    written = BACKWARDS[kind](gs, saved, needs, out)
    for i in (1, 2, 3):
        assert written[i] is out[i]
        np.testing.assert_array_equal(out[i], plain[i])


@pytest.mark.parametrize("kind", list(GATES))
def test_long_sequences_on_several_threads_have_the_same_bits(kind):
    arrays = make(kind, 32, 30, 64, 128, "float32")  # large enough for tiles too
    runs = []
    try:
        for threads in (1, 2, 3):
            parallel.set_threads(threads)
            outputs, saved = FORWARDS[kind](*arrays)
            gs = [np.ones_like(y) for y in outputs]
            grads = BACKWARDS[kind](gs, saved, [True] * len(arrays), None)
            runs.append([*outputs, *grads])
    finally:
        parallel.set_threads(None)
    for other in runs[1:]:
        for a, b in zip(runs[0], other):
            np.testing.assert_array_equal(a, b)
    exact = [np.asarray(a, "float64") for a in arrays]
    outputs, saved = FORWARDS[kind](*exact)
    grads = BACKWARDS[kind]([np.ones_like(y) for y in outputs], saved, [True] * len(arrays), None)
    for a, b in zip(runs[0], [*outputs, *grads]):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4 * np.abs(b).max())


def test_large_gate_inputs_do_not_overflow():
    arrays = make("lstm", 2, 3, FEATURES, UNITS, "float32")
    arrays[1] = arrays[1] * 1e6
    with np.errstate(all="raise", under="ignore"):
        outputs, _ = FORWARDS["lstm"](*arrays)
    assert all(np.isfinite(y).all() for y in outputs)


@pytest.mark.parametrize("kind", list(GATES))
@pytest.mark.parametrize(("batch", "steps"), [(0, 3), (1, 150), (5, 90)])
def test_batches_of_few_examples(kind, batch, steps):
    arrays = make(kind, batch, steps, 24, 32, "float32")
    outputs, saved = FORWARDS[kind](*arrays)
    grads = BACKWARDS[kind]([np.ones_like(y) for y in outputs], saved, [True] * len(arrays), None)
    exact = [np.asarray(a, "float64") for a in arrays]
    totals = np.zeros(sum(a.size for a in arrays[1:4]))
    for n in range(batch):
        one = [exact[0][n : n + 1], *exact[1:4], *[h[n : n + 1] for h in exact[4:]]]
        ys, kept = FORWARDS[kind](*one)
        ds = BACKWARDS[kind]([np.ones_like(y) for y in ys], kept, [True] * len(one), None)
        totals = totals + np.concatenate([d.ravel() for d in ds[1:4]])
        for ours, theirs in zip(outputs, ys):
            np.testing.assert_allclose(ours[n : n + 1], theirs, atol=1e-4)
        np.testing.assert_allclose(grads[0][n : n + 1], ds[0], atol=1e-3)
    found = np.concatenate([d.ravel() for d in grads[1:4]])
    np.testing.assert_allclose(found, totals, atol=1e-3 * max(np.abs(totals).max(), 1))
