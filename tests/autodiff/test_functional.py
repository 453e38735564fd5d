"""grad and value_and_grad."""

import numpy as np
import pytest

import minikeras
from minikeras import Variable, grad, ops, value_and_grad
from minikeras.autodiff import Tensor


def test_of_numbers_arrays_tensors_and_variables():
    f = lambda x: ops.sum(x * x * x)  # noqa: E731
    assert float(grad(f)(2.0)) == 12.0
    for x in (np.array([1.0, 2.0]), Tensor(np.array([1.0, 2.0])), Variable([1.0, 2.0]), [1.0, 2.0]):
        if isinstance(x, list):
            continue
        g = grad(f)(x)
        assert isinstance(g, Tensor)
        assert str(np.dtype(g.dtype)) == str(np.dtype(x.dtype))
        np.testing.assert_allclose(g, [3.0, 12.0])


def test_structures_come_back():
    def f(p: dict, x: float) -> Tensor:
        return ops.sum(p["w"] * x) + p["rest"][0] * p["rest"][1][0]

    p = {"w": np.array([1.0, 2.0]), "rest": (Variable(3.0), [np.float64(4.0)]), "nothing": None}
    value, g = value_and_grad(f)(p, 10.0)
    assert float(value) == 42.0
    assert g["nothing"] is None and isinstance(g["rest"], tuple) and isinstance(g["rest"][1], list)
    np.testing.assert_allclose(g["w"], [10.0, 10.0])
    assert (float(g["rest"][0]), float(g["rest"][1][0])) == (4.0, 3.0)


def test_argnums():
    f = lambda x, y: x * x * y  # noqa: E731
    assert float(grad(f, argnums=1)(3.0, 2.0)) == 9.0
    assert [float(g) for g in grad(f, argnums=(1, 0))(3.0, 2.0)] == [9.0, 12.0]
    assert float(grad(f, argnums=-1)(3.0, 2.0)) == 9.0
    x = np.float64(3.0)
    assert [float(g) for g in grad(f, argnums=(0, 1))(x, x)] == [18.0, 9.0]
    with pytest.raises(TypeError, match="argnums=2"):
        grad(f, argnums=2)(3.0, 2.0)


def test_has_aux():
    f = lambda x: (x * x, {"x": x + 1.0})  # noqa: E731
    (value, aux), g = value_and_grad(f, has_aux=True)(3.0)
    assert (float(value), float(aux["x"]), float(g)) == (9.0, 4.0, 6.0)
    g, aux = grad(f, has_aux=True)(3.0)
    assert (float(g), float(aux["x"])) == (6.0, 4.0)


def test_nested():
    f = lambda x: ops.sin(x) * x  # noqa: E731
    x = np.float64(0.7)
    second = 2 * np.cos(x) - x * np.sin(x)
    third = -3 * np.sin(x) - x * np.cos(x)
    np.testing.assert_allclose(grad(grad(f))(x), second)
    np.testing.assert_allclose(grad(grad(grad(f)))(x), third)
    np.testing.assert_allclose(grad(grad(f))(Variable(x, dtype="float64")), second)


def test_inner_gradient_that_uses_an_outer_variable():
    # d/dy of (d/dx of x y^2 at x = 2 y) = d/dy of y^2 = 2 y
    outer = grad(lambda y: grad(lambda x: x * y * y)(2.0 * y))
    np.testing.assert_allclose(outer(np.float64(3.0)), 6.0)


def test_keyword_arguments_pass_through():
    assert float(grad(lambda x, *, power: x**power)(3.0, power=2)) == 6.0


def test_independent_results_have_gradients_of_zero():
    np.testing.assert_array_equal(grad(lambda x: ops.sum(ops.ones(3)))(np.ones(2)), [0.0, 0.0])


@pytest.mark.parametrize(
    ("f", "x", "match"),
    [
        (lambda x: x * 2.0, np.ones(2), "scalar"),
        (lambda x: ops.cast(ops.sum(x), "int32"), np.ones(2), "float"),
        (lambda x: 1.0, np.ones(2), "tensor"),
        (lambda x: ops.sum(x), np.array([1, 2]), "must be floats"),
    ],
)
def test_wrong_use(f, x, match):
    with pytest.raises(TypeError, match=match):
        grad(f)(x)


def test_the_argument_itself_is_left_alone():
    data = np.array([1.0, 2.0])
    t = Tensor(data)
    grad(lambda x: ops.sum(x * x))(t)
    assert t.node is None
    np.testing.assert_array_equal(data, [1.0, 2.0])


def test_with_a_stateless_model():
    layers = minikeras.layers
    model = minikeras.Sequential([layers.Input((3,)), layers.Dense(4, "tanh"), layers.Dense(1)])
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")

    def loss(trainable: list, fixed: list, x: np.ndarray) -> tuple:
        y, fixed = model.stateless_call(trainable, fixed, x)
        return ops.mean(ops.square(y)), fixed

    trainable = [v.value for v in model.trainable_variables]
    fixed = [v.value for v in model.non_trainable_variables]
    (_, _), grads = value_and_grad(loss, has_aux=True)(trainable, fixed, x)
    with minikeras.GradientTape() as tape:
        expected_loss = ops.mean(ops.square(model(x)))
    expected = tape.gradient(expected_loss, model.trainable_variables)
    assert len(grads) == 4
    for g, e in zip(grads, expected):
        np.testing.assert_allclose(g, e, rtol=1e-5)
