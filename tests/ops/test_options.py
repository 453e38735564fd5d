"""No option of an op is left out of the comparisons with Keras."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from op_cases import all_cases, covering, drawn, function_of, options

from minikeras import ops

CASES = all_cases()

# Values that every op with an argument of this name is compared with.
VALUES = {
    "padding": {"valid", "same"},
    "data_format": {"channels_first", "channels_last"},
    "method": {"linear", "lower", "higher", "midpoint", "nearest"},
    "ord": {None, "fro", "nuc", 0, 1, -1, 2, -2, 3, float("inf"), -float("inf")},
    "side": {"left", "right"},
    "indexing": {"xy", "ij"},
    "reduction": {None, "add", "max", "min", "mul"},
}
AMOUNTS = {"fold", "unfold"}  # their padding is a number

# What no comparison can show, and why.
WITHOUT_EFFECT = {
    "sparse": "there are no sparse tensors; refused",
    "synchronized": "needs several devices; refused",
    "flash_attention": "one implementation computes the same either way",
    "attn_logits_soft_cap": "Keras has it on TPUs alone; tested below",
    "kwargs": "for names that are no longer taken",
}
LEFT_OUT = {
    ("linspace", "retstep"): "Keras cannot describe it; tested below",
    ("istft", "center"): "Keras divides by sums of windows that are 0 at the ends",
    ("resize", "fill_mode"): "there is one only",
    ("unique", "sorted"): "Keras on JAX always sorts",
    ("sparse_categorical_crossentropy", "axis"): "Keras on JAX takes the last axis alone",
}


def values_of(name):
    found = {}
    for call in covering(name):
        for k, v in options(name, call):
            found.setdefault(k, set()).add(v)
    return found


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_value_of_every_option_is_compared(name):
    everything = frozenset().union(*(options(name, call) for call in drawn(name)))
    assert frozenset().union(*(options(name, call) for call in covering(name))) == everything
    found, missing = values_of(name), []
    for k, parameter in inspect.signature(function_of(ops, name)).parameters.items():
        default = parameter.default
        if k in WITHOUT_EFFECT or (name, k) in LEFT_OUT or default is inspect.Parameter.empty:
            continue
        if found[k] <= {repr(default)}:
            missing.append(k)
        if isinstance(default, bool) and found[k] != {"True", "False"}:
            missing.append(f"{k}={not default}")
        if name not in AMOUNTS:
            missing += [f"{k}={v!r}" for v in VALUES.get(k, ()) if repr(v) not in found[k]]
    assert not missing, "no call of the case in tests/ops/cases/ has these"


@pytest.mark.slow
def test_the_number_of_options_that_are_compared():
    assert sum(len(v) for name in CASES for v in values_of(name).values()) > 1800


def test_attention_with_capped_scores():
    rng = np.random.default_rng(0)
    q, k, v = [rng.normal(size=(1, 3, 1, 2)) for _ in range(3)]
    scores = q[0, :, 0] @ k[0, :, 0].T / np.sqrt(2)
    weights = np.exp(0.7 * np.tanh(scores / 0.7))
    wanted = weights / weights.sum(1, keepdims=True) @ v[0, :, 0]
    got = ops.dot_product_attention(q, k, v, attn_logits_soft_cap=0.7)
    np.testing.assert_allclose(got[0, :, 0], wanted, rtol=1e-6)


def test_nan_to_num_of_infinities(keras):
    x = np.array([np.nan, np.inf, -np.inf, 1.0])
    for library in (ops, keras.ops):
        got = library.nan_to_num(x, nan=2.0, posinf=5.0, neginf=-3.0)
        assert np.asarray(got).tolist() == [2, 5, -3, 1]
        limits = np.finfo("float64")
        assert np.asarray(library.nan_to_num(x)).tolist() == [0, limits.max, limits.min, 1]


def test_linspace_returns_its_step(keras):
    for library in (ops, keras.ops):
        numbers, step = library.linspace(1.0, 2.0, 5, retstep=True)
        np.testing.assert_allclose(np.asarray(numbers), [1, 1.25, 1.5, 1.75, 2])
        np.testing.assert_allclose(np.asarray(step), 0.25)
