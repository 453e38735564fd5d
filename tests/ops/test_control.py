"""Control flow runs in Python, and gradients flow through what ran."""

import numpy as np
import pytest

from minikeras import Input, Sequential, grad, layers, ops
from minikeras.autodiff import KerasTensor, gradient_check


def test_cond_and_switch_call_one_branch():
    called = []

    def branch(name):
        return lambda *x: called.append(name) or name

    assert ops.cond(np.array(False), branch("a"), branch("b")) == "b"
    assert ops.switch(1, [branch("c"), branch("d")], 1.0) == "d"
    assert ops.switch(9, [branch("e"), branch("f")], 1.0) == "f"
    assert ops.switch(-3, [branch("g"), branch("h")], 1.0) == "g"
    assert called == ["b", "d", "f", "g"]


def test_symbolic_cond_needs_branches_of_data():
    pred = KerasTensor((), "bool")
    y = ops.cond(pred, lambda: ops.ones((2, 3)), lambda: ops.zeros((2, 3)))
    assert (y.shape, y.dtype) == ((2, 3), "float32")
    x = KerasTensor((None, 3))
    with pytest.raises(ValueError, match=r"ops\.where"):
        ops.cond(pred, lambda: x, lambda: x * 2)


def test_a_layer_may_choose_by_a_condition():
    class Choice(layers.Layer):
        def call(self, x):
            return ops.cond(ops.mean(x) > 0, lambda: x * 2, lambda: -x)

    model = Sequential([Input((3,)), Choice()])
    assert model.output_shape == (None, 3)
    x = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(model(x), x * 2)
    np.testing.assert_array_equal(model(-x), x)


def test_a_layer_may_return_what_a_mask_picks():
    class Positive(layers.Layer):
        def call(self, x):
            return x[x > 0]

    model = Sequential([Input((3,)), Positive()])
    assert model.output_shape == (None,)


def test_while_loop():
    y = ops.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2.0), (0, 1.0))
    assert [float(t) for t in y] == [3.0, 8.0]
    assert float(ops.while_loop(lambda x: x < 100, lambda x: x * 2.0, 1.0)) == 128.0
    y = ops.while_loop(lambda x: True, lambda x: x + 1.0, 0.0, maximum_iterations=4)
    assert float(y) == 4.0
    y = ops.while_loop(lambda x: True, lambda x: x + 1.0, 0.0, maximum_iterations=0)
    assert float(y) == 0.0


def test_gradients_through_loops():
    assert float(grad(lambda x: ops.fori_loop(0, 3, lambda i, v: v * x, 1.0))(2.0)) == 12.0
    f = lambda x: ops.while_loop(lambda v: ops.sum(v) < 9, lambda v: v * v, x)  # noqa: E731
    assert gradient_check(f, np.array([1.5, 1.2])).ok


def test_scan_directions_and_structures():
    xs = {"a": np.arange(3.0), "b": np.ones((3, 2))}
    step = lambda carry, x: (carry + x["a"], {"c": carry, "sum": ops.sum(x["b"])})  # noqa: E731
    carry, ys = ops.scan(step, 0.0, xs)
    assert float(carry) == 3.0
    np.testing.assert_array_equal(ys["c"], [0, 0, 1])
    np.testing.assert_array_equal(ys["sum"], [2, 2, 2])
    _, ys = ops.scan(step, 0.0, xs, reverse=True)
    np.testing.assert_array_equal(ys["c"], [3, 2, 0])
    carry, ys = ops.scan(lambda c, _: (c * 2.0, None), 1.0, length=5)
    assert float(carry) == 32.0 and ys is None
    for kwargs in ({}, {"xs": np.ones(3), "length": 2}):
        with pytest.raises(ValueError, match="scan"):
            ops.scan(lambda c, x: (c, x), 0.0, **kwargs)


def test_associative_scan_of_structures():
    a, b = np.array([0.5, 2.0, 0.25, 3.0]), np.array([1.0, 2.0, 3.0, 4.0])

    def then(first, second):
        """Compose x -> a x + b."""
        return first[0] * second[0], first[1] * second[0] + second[1]

    _, values = ops.associative_scan(then, (a, b))
    x, expected = 0.0, []
    for p, q in zip(a, b):
        x = p * x + q
        expected.append(x)
    np.testing.assert_allclose(values, expected)


def test_vectorize():
    f = ops.vectorize(lambda a, b: ops.maximum(a, b) * 2)
    np.testing.assert_array_equal(f(np.arange(3), np.array([[1], [2]])), [[2, 2, 4], [4, 4, 4]])
    dot = ops.vectorize(lambda a, b: ops.sum(a * b), signature="(n),(n)->()")
    x, y = np.arange(6.0).reshape(2, 3), np.arange(3.0)
    np.testing.assert_allclose(dot(x, y), x @ y)
    assert gradient_check(dot, x, y).ok
    scaled = ops.vectorize(lambda a, s: a * s, excluded={1})
    np.testing.assert_array_equal(scaled(np.arange(2.0), 3.0), [0, 3])
    with pytest.raises(ValueError, match="signature"):
        dot(y, np.array(1.0))


def test_jvp():
    f = lambda x, y: (ops.sin(x) * y, ops.sum(x))  # noqa: E731
    x, y, dx, dy = [np.random.default_rng(i).normal(size=3) for i in range(4)]
    (out, total), (tangent, total_tangent) = ops.jvp(f, (x, y), (dx, dy))
    np.testing.assert_allclose(out, np.sin(x) * y)
    np.testing.assert_allclose(tangent, np.cos(x) * y * dx + np.sin(x) * dy)
    np.testing.assert_allclose([total, total_tangent], [x.sum(), dx.sum()])
    _, tangent, aux = ops.jvp(lambda x: (x * x, "aux"), (x,), (dx,), has_aux=True)
    np.testing.assert_allclose(tangent, 2 * x * dx)
    assert aux == "aux"
    with pytest.raises(ValueError, match="tangents"):
        ops.jvp(f, (x, y), (dx,))
