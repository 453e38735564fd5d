import pytest

from minikeras import config, dtype_policies
from minikeras.dtype_policies import DTypePolicy, DTypePolicyMap


@pytest.fixture
def policies():
    policies = DTypePolicyMap("float32")
    policies["a/b"] = "mixed_float16"
    policies["c/.*"] = DTypePolicy("float64")
    return policies


def test_paths_patterns_and_the_default(policies):
    assert policies["a/b"].name == "mixed_float16"
    assert policies["c/d/e"].name == "float64"
    assert policies["c"].name == "float32"
    assert policies["a/b/c"].name == "float32"


def test_it_is_a_dict(policies):
    assert len(policies) == 2
    assert list(policies) == ["a/b", "c/.*"]
    assert "a/b" in policies and "c/d" not in policies
    del policies["a/b"]
    assert policies["a/b"].name == "float32"
    with pytest.raises(KeyError):
        del policies["a/b"]


def test_it_is_a_policy(policies):
    assert dtype_policies.get(policies) is policies
    assert policies.name == "map_float32"
    assert policies.compute_dtype == policies.variable_dtype == "float32"


def test_config(policies):
    back = dtype_policies.get(dtype_policies.serialize(policies))
    assert back == policies
    assert back["c/d"] == policies["c/d"]
    del back["a/b"]
    assert back != policies


def test_the_default_may_be_the_global_policy():
    policies = DTypePolicyMap()
    config.set_dtype_policy("float64")
    try:
        assert policies["x"].name == "float64"
        assert dtype_policies.serialize(policies)["config"]["default_policy"] is None
    finally:
        dtype_policies.reset_dtype_policy()
    assert policies["x"].name == "float32"


def test_errors(policies):
    with pytest.raises(ValueError, match="already exists"):
        policies["a/b"] = "float32"
    with pytest.raises(ValueError, match="Cannot interpret"):
        policies["q"] = "foo"
    policies["c/d.*"] = "float16"
    with pytest.raises(ValueError, match="matches multiple keys"):
        policies["c/d"]
    with pytest.raises(ValueError, match="cannot be"):
        DTypePolicyMap(policies)
    with pytest.raises(TypeError, match="must be a dict"):
        DTypePolicyMap(policy_map=3)
