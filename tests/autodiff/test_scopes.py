"""Scopes for calls without effects, for names and for a device."""

import numpy as np
import pytest

import minikeras
from minikeras import layers, ops


def test_a_stateless_call_is_stateless_call():
    model = minikeras.Sequential(
        [layers.Dense(3), layers.BatchNormalization(), layers.Dropout(0.5, seed=1)]
    )
    x = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")
    model(x)
    before = [v.numpy() for v in model.variables]
    given = [ops.convert_to_tensor(v.numpy() + np.ones((), v.dtype)) for v in model.variables]
    with minikeras.StatelessScope(list(zip(model.variables, given))) as scope:
        y = model(x, training=True)
    assert all((v.numpy() == old).all() for v, old in zip(model.variables, before))
    ids = {id(v): g for v, g in zip(model.variables, given)}
    wanted, values = model.stateless_call(
        [ids[id(v)] for v in model.trainable_variables],
        [ids[id(v)] for v in model.non_trainable_variables],
        x,
        training=True,
    )
    np.testing.assert_array_equal(y, wanted)
    for v, value in zip(model.non_trainable_variables, values):
        np.testing.assert_array_equal(scope.get_current_value(v), value)
    assert scope.get_current_value(minikeras.Variable(1.0)) is None


def test_gradients_reach_the_given_values():
    v = minikeras.Variable(2.0)
    x = ops.convert_to_tensor(3.0)
    with minikeras.GradientTape() as tape:
        tape.watch(x)
        with minikeras.StatelessScope([(v, x)]):
            y = v * v
    assert float(tape.gradient(y, x)) == 6
    assert float(v.value) == 2


def test_losses_are_collected():
    layer = layers.Dense(1, activity_regularizer="l2")
    layer(np.ones((1, 2)))
    kept = len(layer.losses)
    with minikeras.StatelessScope(collect_losses=True) as scope:
        layer(np.ones((1, 2)))
    assert len(scope.losses) == 1
    assert len(layer.losses) == kept - 1


def test_scopes_nest_and_errors_end_them():
    v = minikeras.Variable(1.0)
    with pytest.raises(RuntimeError), minikeras.StatelessScope([(v, 2.0)]):
        with minikeras.StatelessScope() as inner:
            v.assign_add(5.0)
        assert float(v.value) == 2
        assert float(inner.get_current_value(v)) == 7
        raise RuntimeError
    assert float(v.value) == 1


def test_what_stateless_scopes_refuse():
    v = minikeras.Variable([1.0, 2.0], name="pair")
    with pytest.raises(ValueError, match="'pair' has shape"):
        minikeras.StatelessScope([(v, 1.0)])
    with pytest.raises(ValueError, match="pairs of a variable"):
        minikeras.StatelessScope([(1.0, v)])


def test_paths_as_in_keras(keras):
    def paths(k):
        with k.name_scope("a"), k.name_scope("b"):
            v = k.Variable(1.0, name="v")
            layer = k.layers.Dense(1, name="d")
            layer(np.ones((1, 2)))
            with k.name_scope("c", override_parent="x/y"):
                w = k.Variable(1.0, name="w")
        return v.path, layer.kernel.path, w.path, k.Variable(1.0, name="u").path

    assert paths(minikeras) == paths(keras)
    with pytest.raises(ValueError, match="name_scope"):
        minikeras.name_scope("a/b")


def test_nothing_changes_in_a_symbolic_scope():
    layer = layers.Dropout(0.5, seed=1)
    with minikeras.SymbolicScope():
        layer(np.ones((2, 2)), training=True)
    assert layer.seed_generator.state.numpy().tolist() == [1, 0]


@pytest.mark.parametrize("name", ["gpu:0", "cpu:1", "", None])
def test_there_is_one_device(name):
    with minikeras.device("cpu:0"), minikeras.device("/CPU:0"):
        pass
    with pytest.raises(ValueError, match="device_name"):
        minikeras.device(name)


def test_mixed_precision_is_what_it_was_called():
    mixed = minikeras.mixed_precision
    assert mixed.Policy("mixed_float16").compute_dtype == "float16"
    before = mixed.global_policy()
    try:
        mixed.set_global_policy("mixed_float16")
        assert mixed.dtype_policy().name == layers.Dense(1).dtype_policy.name == "mixed_float16"
    finally:
        mixed.set_dtype_policy(before)
    assert mixed.LossScaleOptimizer is minikeras.optimizers.LossScaleOptimizer
