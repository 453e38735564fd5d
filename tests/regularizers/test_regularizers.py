import json

import numpy as np
import pytest

import minikeras
from minikeras import GradientTape, Variable, regularizers

X = np.random.default_rng(0).normal(size=(4, 3))

MAKE = {
    "L1": lambda r: r.L1(0.3),
    "L2": lambda r: r.L2(0.3),
    "L1L2": lambda r: r.L1L2(0.3, 0.2),
    "only l1": lambda r: r.L1L2(l1=0.3),
    "only l2": lambda r: r.L1L2(l2=0.3),
    "neither": lambda r: r.L1L2(),
    "rows": lambda r: r.OrthogonalRegularizer(0.3, "rows"),
    "columns": lambda r: r.OrthogonalRegularizer(0.3, "columns"),
}


@pytest.mark.parametrize("name", list(MAKE))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_beside_keras(keras, name, dtype):
    x = X.astype(dtype)
    ours = MAKE[name](regularizers)(x)
    theirs = MAKE[name](keras.regularizers)(keras.ops.convert_to_tensor(x))
    assert ours.dtype == dtype and ours.shape == ()
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-5)


@pytest.mark.parametrize("name", [n for n in MAKE if n != "neither"])
def test_gradients(name):
    regularizer = MAKE[name](regularizers)
    v = Variable(X, dtype="float64")
    with GradientTape() as tape:
        y = regularizer(v)
    g = np.asarray(tape.gradient(y, v))
    for i in np.ndindex(X.shape):
        d = np.zeros_like(X)
        d[i] = 1e-6
        slope = (float(regularizer(X + d)) - float(regularizer(X - d))) / 2e-6
        assert abs(g[i] - slope) < 1e-6


def test_values():
    assert float(regularizers.L1(0.5)([[1.0, -2.0]])) == 1.5
    assert float(regularizers.L2(0.5)([[1.0, -2.0]])) == 2.5
    assert float(regularizers.OrthogonalRegularizer(1.0)(np.eye(3))) == 0
    assert float(regularizers.OrthogonalRegularizer(1.0)(np.ones((1, 3)))) == 0  # no pair
    assert regularizers.Regularizer()(X) == 0


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "a", [1]])
def test_invalid_factors(value):
    for make, name in [
        (regularizers.L1, "l1"),
        (regularizers.L2, "l2"),
        (lambda v: regularizers.L1L2(l1=v), "l1"),
        (lambda v: regularizers.L1L2(l2=v), "l2"),
        (regularizers.OrthogonalRegularizer, "factor"),
    ]:
        with pytest.raises(ValueError, match=f"argument `{name}`"):
            make(value)


def test_other_errors():
    with pytest.raises(ValueError, match="argument `mode`"):
        regularizers.OrthogonalRegularizer(mode="x")
    with pytest.raises(ValueError, match="rank 2"):
        regularizers.OrthogonalRegularizer()(np.ones(3))


def test_a_class_of_ones_own_has_a_config_without_writing_one():
    class Largest(regularizers.Regularizer):
        def __init__(self, factor, power=2):
            self.stored = factor, power

    assert regularizers.Regularizer().get_config() == {}
    assert Largest(3).get_config() == {"factor": 3, "power": 2}


@pytest.mark.parametrize("name", list(MAKE))
def test_config(name):
    regularizer = MAKE[name](regularizers)
    config = json.loads(json.dumps(regularizers.serialize(regularizer)))
    assert float(regularizers.deserialize(config)(X)) == float(regularizer(X))


def test_get():
    assert regularizers.get(None) is None
    assert regularizers.get("l2").get_config() == {"l2": 0.01}
    assert regularizers.get("l1_l2").get_config() == {"l1": 0.0, "l2": 0.0}
    assert isinstance(
        regularizers.get("orthogonal_regularizer"), regularizers.OrthogonalRegularizer
    )
    assert isinstance(regularizers.get(regularizers.L1), regularizers.L1)
    assert regularizers.get({"class_name": "L2", "config": {"l2": 0.3}}).l2 == 0.3
    penalty = regularizers.get(lambda x: 3.0)
    assert penalty(X) == 3.0
    with pytest.raises(ValueError, match="Unknown regularizer: 'l3'"):
        regularizers.get("l3")
    with pytest.raises(ValueError, match="Could not interpret regularizer"):
        regularizers.get(3)


def test_none_is_the_default():
    assert regularizers.L1(None).l1 == regularizers.L2(None).l2 == 0.01
    assert regularizers.L1L2(None, None).get_config() == {"l1": 0.0, "l2": 0.0}


def test_public_names(keras):
    for name in dir(keras.regularizers):
        assert name.startswith("_") or hasattr(minikeras.regularizers, name)
