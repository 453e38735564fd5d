"""Gradients as tensors of a graph, and values that remember their formula."""

import numpy as np
import pytest

from minikeras import GradientTape, Input, Model, layers, ops
from minikeras.autodiff import KerasTensor, Tensor
from minikeras.autodiff.expression import Expression, SymbolicVariable
from minikeras.ops.gradients import Gradients, gradients

X = np.sin(np.arange(12)).reshape(4, 3).astype("float32")


def taped(model, x):
    """Return the gradient of the sum of a model's output by its input."""
    x = ops.convert_to_tensor(x)
    with GradientTape() as tape:
        tape.watch(x)
        y = model(x)
    return tape.gradient(y, x)


def test_a_model_may_give_gradients():
    x = Input((3,))
    h = layers.Dense(4, activation="tanh")(x)
    y = layers.Dense(2)(h)
    by_x, by_h = gradients(y, [x, h])
    assert (by_x.shape, by_h.shape) == ((None, 3), (None, 4))
    model = Model(x, [by_x, by_h, y])
    np.testing.assert_allclose(model(X)[0], taped(Model(x, y), X), rtol=1e-5)
    np.testing.assert_allclose(model(X)[1], taped(Model(h, y), model.layers[1](X)), rtol=1e-5)
    np.testing.assert_allclose(model.predict(X, verbose=0)[0], model(X)[0], rtol=1e-5)


def test_targets_are_summed():
    x = Input((3,))
    (both,) = gradients([ops.square(x), 3 * x], x)
    np.testing.assert_allclose(Model(x, both)(X), 2 * X + 3, rtol=1e-5)


def test_a_model_with_gradients_can_be_differentiated():
    x = Input((3,))
    (slope,) = gradients(x**3, x)
    np.testing.assert_allclose(taped(Model(x, slope), X), 6 * X, rtol=1e-5)


def test_where_no_gradient_leads():
    x, other = Input((3,)), Input((3,))
    n = Input((3,), dtype="int32")
    assert gradients(x * 2, [other, x])[0] is None
    assert gradients(ops.cast(n, "float32"), n) == [None]
    (through_counts,) = gradients(ops.cast(ops.argmax(x, 1), "float32"), x)
    assert not np.any(Model(x, through_counts)(X))
    with pytest.raises(TypeError, match="`targets` must be KerasTensors"):
        gradients(X, x)
    with pytest.raises(TypeError, match="`sources` must be KerasTensors or variables"):
        gradients(x, X)
    with pytest.raises(ValueError, match="where it runs as a whole"):
        Gradients().call([Tensor(X)], [Tensor(X)])


def test_expressions_have_values_and_formulas():
    v = SymbolicVariable(X)
    y = ops.sum(v * 2, axis=1)[1:]
    assert type(y) is Expression and isinstance(y.symbol, KerasTensor)
    assert y.symbol.shape == y.shape == (3,)
    np.testing.assert_allclose(y, (X * 2).sum(1)[1:], rtol=1e-5)
    parts = ops.split(v, 3, axis=1)
    assert [type(p) for p in parts] == [Expression] * 3
    assert type(y.value) is Tensor
    mixed = Input((3,)) + v[0]
    assert isinstance(mixed, KerasTensor)


def test_a_graph_may_begin_with_variables():
    v, x = SymbolicVariable([1.0, 2.0, 3.0]), Input((3,))
    model = Model(x, x * (v * 2))
    np.testing.assert_allclose(model(X), X * [2, 4, 6], rtol=1e-5)
    v.assign([0.0, 0.0, 1.0])
    np.testing.assert_allclose(model(X), X * [0, 0, 2], rtol=1e-5)
    with GradientTape() as tape:
        y = model(X)
    np.testing.assert_allclose(tape.gradient(y, v), 2 * X.sum(0), rtol=1e-5)


def test_where_values_are_wanted_expressions_are_plain():
    v = SymbolicVariable([1.0, 2.0])
    with GradientTape() as tape:
        y = ops.sum(v * v)
    assert type(y) is Tensor
    np.testing.assert_allclose(tape.gradient(y, v), [2.0, 4.0])
    assert type(layers.Lambda(lambda t: t * v)(np.ones((1, 2)))) is Tensor
