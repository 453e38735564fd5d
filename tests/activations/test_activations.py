"""Every activation of the package, found by itself, against Keras and finite differences."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minikeras
from minikeras import activations, ops
from minikeras.autodiff import gradient_check

HELPERS = {"get", "serialize", "deserialize", "fused"}
FUNCTIONS = {
    name: obj
    for name, obj in vars(activations).items()
    if inspect.isfunction(obj) and name not in HELPERS and not name.startswith("_")
}

# Further arguments by activation; those with required ones must be here.
VARIANTS = {
    "relu": [
        {},
        {"negative_slope": 0.3},
        {"max_value": 1.0},
        {"max_value": 6},
        {"threshold": 0.4},
        {"negative_slope": 0.2, "max_value": 1.2, "threshold": 0.3},
        {"negative_slope": 0.2, "threshold": -0.5},
        {"max_value": 1.2, "threshold": -0.5},
    ],
    "leaky_relu": [{}, {"negative_slope": 0.05}],
    "elu": [{}, {"alpha": 0.5}],
    "celu": [{}, {"alpha": 0.5}],
    "gelu": [{}, {"approximate": True}],
    "glu": [{}, {"axis": 0}],
    "softmax": [{}, {"axis": 0}],
    "log_softmax": [{}, {"axis": 0}],
    "sparsemax": [{}],
    "squareplus": [{}, {"b": 1}],
    "hard_shrink": [{}, {"threshold": 0.2}],
    "soft_shrink": [{}, {"threshold": 0.2}],
    "threshold": [{"threshold": 0.1, "default_value": -2.0}],
}
KINKS = (0, 0.1, 0.2, 0.3, 0.4, 0.5, 1, 1.2, 3, 6)


def cases():
    return [
        pytest.param(name, kwargs, id=f"{name}-{kwargs}")
        for name in FUNCTIONS
        for kwargs in VARIANTS.get(name, [{}])
    ]


def gradient(f, x, g):
    v = minikeras.autodiff.Variable(x)
    with minikeras.autodiff.GradientTape() as tape:
        y = f(v.value)
    return np.asarray(tape.gradient(y, v, output_gradients=g))


def away_from_kinks(x):
    for kink in KINKS:
        for k in (kink, -kink):
            x = np.where(np.abs(x - k) < 1e-3, k + 2e-3, x)
    return x


def test_every_activation_can_be_called():
    for name, function in FUNCTIONS.items():
        required = [
            p.name
            for p in list(inspect.signature(function).parameters.values())[1:]
            if p.default is p.empty
        ]
        for kwargs in VARIANTS.get(name, [{}]):
            assert set(required) <= set(kwargs), f"Activation {name} has no arguments in this test."


def test_all_of_keras_is_here(keras):
    names = {n for n in dir(keras.activations) if not n.startswith("_")}
    assert names <= set(dir(activations))
    for name, function in FUNCTIONS.items():
        ours, theirs = (inspect.signature(f) for f in (function, getattr(keras.activations, name)))
        assert [(p.name, p.default) for p in ours.parameters.values()] == [
            (p.name, p.default) for p in theirs.parameters.values()
        ]


# Not sparsemax: Keras 3.15.1's does not sum to 1; see below for what ours has to do.
@pytest.mark.parametrize(("name", "kwargs"), [c for c in cases() if "sparsemax" not in str(c)])
def test_value_and_gradient_like_keras(keras, name, kwargs):
    import jax

    rng = np.random.default_rng(2)
    for dtype, tolerance in (("float32", 1e-5), ("float64", 1e-10)):
        x = away_from_kinks(rng.normal(size=(4, 6)) * 2).astype(dtype)
        g = rng.normal(size=np.shape(FUNCTIONS[name](x, **kwargs))).astype(dtype)

        def theirs(x, kwargs=kwargs):
            return getattr(keras.activations, name)(x, **kwargs)

        expected, pull = jax.vjp(theirs, jax.numpy.asarray(x))
        value = np.asarray(FUNCTIONS[name](x, **kwargs))
        assert value.dtype == dtype
        assert expected.dtype == dtype
        np.testing.assert_allclose(value, expected, rtol=tolerance, atol=tolerance)
        if name != "linear":
            np.testing.assert_allclose(
                gradient(lambda x: FUNCTIONS[name](x, **kwargs), x, g),
                pull(jax.numpy.asarray(g))[0],
                rtol=tolerance * 5,
                atol=tolerance * 5,
            )


@pytest.mark.parametrize(("name", "kwargs"), cases())
@settings(max_examples=10)
@given(seed=st.integers(0, 2**16), shape=st.sampled_from([(2,), (1, 4), (0, 2), (2, 2, 2)]))
def test_gradient_by_finite_differences(name, kwargs, seed, shape):
    rng = np.random.default_rng(seed)
    x = away_from_kinks(rng.normal(size=shape) * 2)
    if kwargs.get("axis") == 0:
        x = x.reshape(2, -1)
    gradient_check(lambda x: FUNCTIONS[name](x, **kwargs), x, rtol=1e-4)


@pytest.mark.parametrize(("name", "kwargs"), cases())
def test_symbolic_shape(name, kwargs):
    x = np.ones((4, 6), "float32")
    rows = 4 if name == "glu" else None  # glu needs an even number
    spec = FUNCTIONS[name](minikeras.autodiff.KerasTensor((rows, 6), "float32"), **kwargs)
    concrete = FUNCTIONS[name](x, **kwargs)
    assert len(spec.shape) == concrete.ndim
    assert all(a is None or a == b for a, b in zip(spec.shape, concrete.shape))
    assert spec.dtype == concrete.dtype


def test_sparsemax_is_the_nearest_distribution():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(5, 4))
    y = np.asarray(activations.sparsemax(x))
    np.testing.assert_allclose(y.sum(-1), 1)
    assert (y >= 0).all()
    others = rng.dirichlet(np.ones(4), size=(200, 5))
    assert (((x - y) ** 2).sum(-1) <= ((x - others) ** 2).sum(-1)).all()


def test_names(keras):
    for name in [*FUNCTIONS, "swish", "hard_swish"]:
        f = activations.get(name)
        assert f is getattr(activations, name)
        assert activations.get(f) is f
        config = activations.serialize(f)
        assert config == keras.activations.serialize(getattr(keras.activations, name))
        assert activations.deserialize(config) is f
    assert activations.get(None) is activations.linear
    with pytest.raises(ValueError, match="'sigmoid'"):
        activations.get("sigmiod")
    with pytest.raises(ValueError, match="activation"):
        activations.get(3)


def test_own_activations():
    def double(x):
        return x * 2

    assert activations.get(double) is double
    config = activations.serialize(double)
    assert activations.deserialize(config, custom_objects={"double": double}) is double


def test_fused_forms_are_of_the_very_function():
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    seen = set()
    for f in [*FUNCTIONS.values(), ops.relu, ops.sigmoid, ops.softmax, ops.tanh]:
        fused = activations.fused(f)
        if fused is not None:
            np.testing.assert_array_equal(fused.forward(x.copy(), None), f(x))
            seen.add(fused.name)
    assert {"relu", "sigmoid", "softmax", "tanh"} <= seen
    assert activations.fused(lambda x: x) is None
    assert activations.fused([]) is None
