"""Policies of quantized layers: their names, configs and errors are Keras's."""

from __future__ import annotations

import pytest

from minikeras import dtype_policies
from minikeras.config import dtype_policy, set_dtype_policy

NAMES = [
    "int8_from_float32",
    "int8_from_mixed_bfloat16",
    "int4_from_float32",
    "int4/128_from_float32",
    "int4/-1_from_mixed_float16",
    "float8_from_mixed_float16",
    "gptq/3/-1_from_float32",
    "awq/4/64_from_mixed_bfloat16",
]
ATTRIBUTES = ("block_size", "weight_bits", "group_size", "amax_history_length")
WRONG = [
    "int8",
    "int8_from_float16",
    "int8_from_nonsense",
    "int4/0_from_float32",
    "int4/a_from_float32",
    "gptq/5/128_from_float32",
    "awq/3/128_from_float32",
    "awq/4_from_float32",
    "int8_from_int8_from_float32",
]


def described(policy) -> tuple:
    return (
        type(policy).__name__,
        policy.name,
        policy.quantization_mode,
        policy.compute_dtype,
        policy.variable_dtype,
        {k: getattr(policy, k, None) for k in ATTRIBUTES},
        policy.get_config(),
        repr(policy),
    )


@pytest.mark.parametrize("name", NAMES)
def test_policy_is_keras(name, keras):
    ours, theirs = dtype_policies.get(name), keras.dtype_policies.get(name)
    assert described(ours) == described(theirs)
    config = dtype_policies.serialize(ours)
    assert config == keras.dtype_policies.serialize(theirs)
    again = dtype_policies.deserialize(config)
    assert again == ours
    assert described(again) == described(ours)
    assert ours != dtype_policies.get("float32")


@pytest.mark.parametrize("name", WRONG)
def test_wrong_policies_are_refused(name):
    with pytest.raises(ValueError, match=r"Received|float16"):
        dtype_policies.get(name)


def test_policies_in_maps_and_as_the_global_one():
    policies = dtype_policies.DTypePolicyMap("float32")
    policies["block/dense"] = "int8_from_float32"
    assert policies["block/dense"].quantization_mode == "int8"
    assert policies.quantization_mode is None
    before = dtype_policy()
    try:
        set_dtype_policy("int8_from_float32")
        assert dtype_policy() == dtype_policies.get("int8_from_float32")
    finally:
        set_dtype_policy(before)
