import json

import numpy as np
import pytest

from minikeras import constraints

W = np.random.default_rng(0).normal(size=(3, 2, 4)) * 3

MAKE = {
    "max norm": lambda c: c.MaxNorm(2),
    "max norm of axes": lambda c: c.MaxNorm(2.5, axis=[0, 1]),
    "unit norm": lambda c: c.UnitNorm(),
    "unit norm of axes": lambda c: c.UnitNorm(axis=(0, 2)),
    "min max norm": lambda c: c.MinMaxNorm(0.5, 1.5),
    "min max norm at a rate": lambda c: c.MinMaxNorm(3.0, 5.0, rate=0.3, axis=1),
    "non neg": lambda c: c.NonNeg(),
}


@pytest.mark.parametrize("name", list(MAKE))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_beside_keras(keras, name, dtype):
    w = W.astype(dtype)
    ours = MAKE[name](constraints)(w)
    theirs = MAKE[name](keras.constraints)(keras.ops.convert_to_tensor(w))
    assert ours.dtype == dtype
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-5)


def test_norms():
    def norms(w, axis=0):
        return np.linalg.norm(np.asarray(w), axis=axis)

    w = W[:, 0]
    assert (norms(constraints.MaxNorm(2)(w)) <= 2 + 1e-6).all()
    small = w / 100
    np.testing.assert_allclose(constraints.MaxNorm(2)(small), small, rtol=1e-5)
    np.testing.assert_allclose(norms(constraints.UnitNorm()(w)), 1, rtol=1e-5)
    inside = norms(constraints.MinMaxNorm(3.0, 4.0)(w))
    assert ((inside > 3 - 1e-5) & (inside < 4 + 1e-5)).all()
    assert not np.isnan(np.asarray(constraints.UnitNorm()(np.zeros((2, 2))))).any()


def test_non_neg_keeps_what_is_not_negative():
    w = np.array([-1.0, np.nan, -0.0, np.inf, -np.inf, 2.0])
    np.testing.assert_array_equal(constraints.NonNeg()(w), [0, np.nan, 0, np.inf, 0, 2])


def test_the_base_class_changes_nothing():
    assert constraints.Constraint()(W) is W
    assert constraints.Constraint().get_config() == {}


@pytest.mark.parametrize("name", list(MAKE))
def test_config(name):
    constraint = MAKE[name](constraints)
    config = json.loads(json.dumps(constraints.serialize(constraint)))
    np.testing.assert_array_equal(constraints.deserialize(config)(W), constraint(W))


def test_get():
    assert constraints.get(None) is None
    assert constraints.get("max_norm").get_config() == {"max_value": 2, "axis": 0}
    for name in ("MaxNorm", "non_neg", "UnitNorm", "min_max_norm", "Constraint"):
        assert isinstance(constraints.get(name), constraints.Constraint)
    with pytest.raises(ValueError, match="Did you mean 'NonNeg'"):
        constraints.get("nonneg")
    with pytest.raises(ValueError, match="Could not interpret constraint"):
        constraints.get(3)
    assert constraints.get(abs) is abs


def test_public_names(keras):
    for name in dir(keras.constraints):
        assert name.startswith("_") or hasattr(constraints, name)
