import builtins

import numpy as np
import pytest

import minikeras
from minikeras import config, dtype_policies
from minikeras.dtype_policies import DTypePolicy, FloatDTypePolicy


@pytest.fixture(autouse=True)
def fresh_policy():
    dtype_policies.reset_dtype_policy()
    yield
    dtype_policies.reset_dtype_policy()
    config.set_floatx("float32")


@pytest.mark.parametrize(
    ("name", "compute", "variable"),
    [
        ("float32", "float32", "float32"),
        ("float64", "float64", "float64"),
        ("float16", "float16", "float16"),
        ("mixed_float16", "float16", "float32"),
        ("int32", "int32", "int32"),
        ("uint8", "uint8", "uint8"),
    ],
)
def test_dtypes(name, compute, variable):
    policy = DTypePolicy(name)
    assert (policy.name, policy.compute_dtype, policy.variable_dtype) == (name, compute, variable)
    assert policy.quantization_mode is None
    assert repr(policy) == f'<DTypePolicy "{name}">'
    assert DTypePolicy.from_config(policy.get_config()) == policy


@pytest.mark.parametrize("name", ["bfloat16", "mixed_bfloat16"])
def test_bfloat16_with_its_package(name):
    pytest.importorskip("ml_dtypes")
    policy = DTypePolicy(name)
    assert policy.compute_dtype == "bfloat16"
    assert policy.variable_dtype == ("float32" if name.startswith("mixed") else "bfloat16")


def test_bfloat16_without_its_package(monkeypatch):
    from minikeras.common import dtypes

    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "ml_dtypes":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    dtypes.np_dtype.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install ml_dtypes.*minikeras-numpy\[bfloat16\]"):
        DTypePolicy("mixed_bfloat16")


@pytest.mark.parametrize("name", ["foo", "mixed_float32", "float8"])
def test_unknown_names(name):
    with pytest.raises(ValueError, match=f"Cannot convert '{name}'"):
        DTypePolicy(name)


def test_a_name_is_a_string():
    with pytest.raises(TypeError, match="must be a string"):
        DTypePolicy(np.float32)


def test_the_two_names_are_equal():
    assert DTypePolicy("float32") == FloatDTypePolicy("float32")
    assert FloatDTypePolicy("float32") == DTypePolicy("float32")
    assert DTypePolicy("float32") != DTypePolicy("float64")
    assert DTypePolicy("float32") != "float32"
    assert len({DTypePolicy("float32"), FloatDTypePolicy("float32")}) == 1


def test_get():
    policy = DTypePolicy("float64")
    assert dtype_policies.get(policy) is policy
    assert dtype_policies.get("float64") == policy
    assert dtype_policies.get(np.float64) == policy
    assert dtype_policies.get(np.dtype("float64")) == policy
    assert dtype_policies.get(dtype_policies.serialize(policy)) == policy
    assert (
        dtype_policies.get({"class_name": "DTypePolicy", "config": {"name": "float64"}}) == policy
    )
    assert dtype_policies.deserialize("float64") == policy
    assert dtype_policies.get(None).name == "float32"
    with pytest.raises(ValueError, match="Cannot interpret `dtype`"):
        dtype_policies.get(3)


def test_a_users_policy():
    class Double(DTypePolicy):
        pass

    config_ = dtype_policies.serialize(Double("float64"))
    back = dtype_policies.deserialize(config_, custom_objects={"Double": Double})
    assert type(back) is Double and back == Double("float64")
    assert back != DTypePolicy("float64")


def test_global_policy():
    assert config.dtype_policy() == DTypePolicy("float32")
    config.set_dtype_policy("mixed_float16")
    assert DTypePolicy().name == "mixed_float16"
    assert dtype_policies.get(None).name == "mixed_float16"
    config.set_dtype_policy(DTypePolicy("float64"))
    assert config.dtype_policy().name == "float64"
    for wrong in (3, None):
        with pytest.raises(ValueError, match="Invalid `policy`"):
            config.set_dtype_policy(wrong)
    assert config.dtype_policy().name == "float64"


def test_global_policy_follows_floatx_until_set():
    config.set_floatx("float64")
    assert config.dtype_policy().name == "float64"
    config.set_dtype_policy("float16")
    config.set_floatx("float32")
    assert config.dtype_policy().name == "float16"


def test_convert_input():
    policy = DTypePolicy("mixed_float16")
    x = np.ones(3, np.float64)
    assert policy.convert_input(x, True, "float16").dtype == "float16"
    assert policy.convert_input(x, False, "float16").dtype == "float64"
    assert policy.convert_input(np.ones(3, np.int32), True, "float16").dtype == "int32"
    assert (
        policy.convert_input(minikeras.KerasTensor((None, 3)), True, "float16").dtype == "float16"
    )
    assert policy.convert_input("text", True, "float16") == "text"
