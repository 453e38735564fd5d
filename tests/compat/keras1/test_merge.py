"""`Merge` and `merge` in all modes, on branches that are models, layers and tensors."""

import numpy as np
import pytest

import minikeras
from minikeras import layers, ops
from minikeras.compat.keras1.merge import Merge, merge

A, B = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("float32")
U, V = A[:, 0], B[:, 0]

EXPECTED = {
    "sum": (layers.Add, A + B),
    "mul": (layers.Multiply, A * B),
    "ave": (layers.Average, (A + B) / 2),
    "max": (layers.Maximum, np.maximum(A, B)),
    "concat": (layers.Concatenate, np.concatenate([A, B], axis=-1)),
}


def computed(output, inputs, *arrays):
    return np.asarray(minikeras.Model(inputs, output)(list(arrays)))


@pytest.mark.parametrize("mode", EXPECTED)
def test_modes_are_layers_of_today(old, mode):
    a, b = minikeras.Input(A.shape[1:]), minikeras.Input(B.shape[1:])
    cls, expected = EXPECTED[mode]
    for y in (merge([a, b], mode), Merge([a, b], mode)(Merge([a, b], mode).branches())):
        assert type(y._keras_history.operation) is cls
        np.testing.assert_allclose(computed(y, [a, b], A, B), expected, rtol=1e-6)


def test_concat_axis(old):
    a, b = minikeras.Input(A.shape[1:]), minikeras.Input(B.shape[1:])
    assert merge([a, b], mode="concat", concat_axis=1).shape == (None, 8, 5)


@pytest.mark.parametrize(
    "axes, expected",
    [
        (2, np.einsum("bik,bjk->bij", A, B)),
        (-1, np.einsum("bik,bjk->bij", A, B)),
        ([1, 1], np.einsum("bki,bkj->bij", A, B)),
        ([(2,), (2,)], np.einsum("bik,bjk->bij", A, B)),
        ((1, -2), np.einsum("bki,bkj->bij", A, B)),
    ],
)
def test_dot(old, axes, expected):
    a, b = minikeras.Input(A.shape[1:]), minikeras.Input(B.shape[1:])
    y = merge([a, b], mode="dot", dot_axes=axes)
    np.testing.assert_allclose(computed(y, [a, b], A, B), expected, rtol=1e-4, atol=1e-5)


def test_cos(old):
    a, b = minikeras.Input((5,)), minikeras.Input((5,))
    y = merge([a, b], mode="cos", dot_axes=1)
    norms = np.linalg.norm(U, axis=1) * np.linalg.norm(V, axis=1)
    expected = (U * V).sum(1) / norms
    assert y.shape == (None, 1)
    np.testing.assert_allclose(computed(y, [a, b], U, V)[:, 0], expected, rtol=1e-5)


def test_functions(old):
    a, b = minikeras.Input((5,)), minikeras.Input((5,))
    for shape in ((5,), lambda shapes: shapes[0], None):
        y = merge([a, b], mode=lambda x: x[0] - 2 * x[1], output_shape=shape)
        assert y.shape == (None, 5)
        np.testing.assert_allclose(computed(y, [a, b], U, V), U - 2 * V, rtol=1e-5)
    y = merge([a, b], lambda x, k: k * x[0], arguments={"k": 3})
    np.testing.assert_allclose(computed(y, [a, b], U, V), 3 * U, rtol=1e-6)


def test_a_chain_that_begins_with_a_merge_takes_a_list(old):
    Sequential, Dense = old("models.Sequential"), old("layers.Dense")
    left, right = Sequential(), Sequential()
    left.add(Dense(4, input_dim=5))
    right.add(Dense(4, input_dim=5))
    model = Sequential()
    model.add(old("layers.Merge")([left, right], mode="sum"))
    model.add(Dense(1))
    expected = np.asarray(model.layers[-1](left(U) + right(V)))
    np.testing.assert_allclose(model.predict([U, V]), expected, rtol=1e-5)
    model.compile("sgd", "mse")
    before = left.get_weights()[0]
    model.fit([U, V], np.ones((3, 1)), nb_epoch=1, verbose=0)
    assert not np.allclose(left.get_weights()[0], before)  # the branches are trained with it
    assert type(model) is minikeras.models.Functional or type(model).__name__ == "Functional"
    again = minikeras.models.model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again.predict([U, V]), model.predict([U, V]), rtol=1e-6)


def test_an_input_that_two_branches_share_is_one(old):
    Sequential, Dense = old("models.Sequential"), old("layers.Dense")
    a, b = Sequential([Dense(4, input_dim=5)]), Sequential([Dense(4, input_dim=5)])
    inner = Sequential([old("layers.Merge")([a, b], mode="mul"), Dense(4)])
    outer = Sequential([old("layers.Merge")([inner, a], mode="concat"), Dense(2)])
    assert outer.input_shape == [(None, 5), (None, 5)]
    h = np.asarray(a(U))
    expected = np.concatenate([np.asarray(inner([U, V])), h], axis=1)
    expected = np.asarray(outer.layers[-1](expected))
    np.testing.assert_allclose(outer.predict([U, V]), expected, rtol=1e-5)


def test_a_model_of_several_inputs_may_begin_a_chain(old):
    Sequential, Dense = old("models.Sequential"), old("layers.Dense")
    branches = [Sequential([Dense(4, input_dim=5)]) for _ in range(2)]
    merged = Sequential([old("layers.Merge")(branches, mode="sum")])
    model = Sequential()
    model.add(merged)
    model.add(Dense(2))
    assert model.predict([U, V]).shape == (3, 2)
    assert model.layers[-1].units == 2


def test_functions_of_branches(old):
    Sequential, Dense = old("models.Sequential"), old("layers.Dense")
    branches = [Sequential([Dense(4, input_dim=5)]) for _ in range(2)]
    merged = old("layers.LambdaMerge")(branches, lambda xs: ops.abs(xs[0] - xs[1]), (4,))
    model = Sequential([merged, Dense(1)])
    difference = np.abs(np.asarray(branches[0](U)) - np.asarray(branches[1](V)))
    expected = np.asarray(model.layers[-1](difference))
    np.testing.assert_allclose(model.predict([U, V]), expected, rtol=1e-5)


def test_layers_that_were_called_are_branches(old):
    a, b = minikeras.Input((5,)), minikeras.Input((5,))
    left, right = layers.Dense(3), layers.Dense(3)
    left(a), right(b)
    model = old("models.Sequential")([old("layers.Merge")([left, right], mode="sum")])
    expected = np.asarray(left(U)) + np.asarray(right(V))
    np.testing.assert_allclose(model.predict([U, V]), expected, rtol=1e-5)


def test_an_input_of_two_layers_is_one(old):
    a = minikeras.Input((5,))
    left, right = layers.Dense(3), layers.Dense(3)
    left(a), right(a)
    model = old("models.Sequential")([old("layers.Merge")([left, right], mode="mul")])
    assert len(model.inputs) == 1
    expected = np.asarray(left(U)) * np.asarray(right(U))
    np.testing.assert_allclose(model.predict(U), expected, rtol=1e-5)


def test_mistakes_are_told(old):
    Sequential, Dense = old("models.Sequential"), old("layers.Dense")
    with pytest.raises(ValueError, match="mode must be one of"):
        Merge([1, 2], mode="add")
    with pytest.raises(ValueError, match="at least two"):
        Merge([Sequential()])
    with pytest.raises(ValueError, match="has no output yet"):
        Sequential([Merge([Sequential([Dense(2)]), Sequential([Dense(2)])])])
    model = Sequential([Dense(2, input_dim=3)])
    with pytest.raises(ValueError, match="must be the first layer"):
        model.add(Merge([Sequential([Dense(2, input_dim=3)]), model]))
