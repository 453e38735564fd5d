"""The tables of cases say what tf.data does."""

import pytest
from data_cases import CARDINALITIES, CASES, plain

from minikeras.data import Dataset


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip("tensorflow")


@pytest.mark.parametrize("name", CASES)
def test_elements_and_specs(tf, name):
    make, expected = CASES[name]
    dataset = make(tf.data.Dataset)
    assert plain(dataset) == expected
    if name != "buckets without a rest":  # where more is known here
        assert described(make(Dataset).element_spec) == described(dataset.element_spec)


@pytest.mark.parametrize("name", CARDINALITIES)
def test_cardinalities(tf, name):
    make, expected = CARDINALITIES[name]
    assert int(make(tf.data.Dataset).cardinality()) == expected


def described(spec):
    """A spec of either library as plain Python."""
    if spec is None or type(spec).__name__ == "NoneTensorSpec":
        return None
    if isinstance(spec, tuple):
        return tuple(map(described, spec))
    if isinstance(spec, dict):
        return {key: described(part) for key, part in spec.items()}
    inner = getattr(spec, "_element_spec", getattr(spec, "element_spec", None))
    if inner is not None:
        return "data set", described(inner)
    unknown = getattr(spec.shape, "rank", 0) is None or spec.shape is None
    return None if unknown else tuple(spec.shape), getattr(spec.dtype, "name", spec.dtype)
