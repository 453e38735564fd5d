"""gradient_check finds wrong gradients, leaves things as they were, and passes right ones."""

import numpy as np
import pytest

import minikeras
from minikeras import gradient_check, layers, losses, ops
from minikeras.autodiff import GradientCheckError, Variable

x = np.random.default_rng(0).normal(size=(4, 3))


def test_right_gradients_pass():
    result = gradient_check(ops.tanh, x)
    assert result.ok and result and result.checked == 12 and result.skipped == 0
    assert "ok of 12" in repr(result)


def test_a_wrong_gradient_is_named():
    def wrong_in_one_place(a, b):
        slope = np.full((4, 3), 2.0)
        slope[2, 1] = 2.001
        return a * 2.0 + b, lambda g: (g * slope, g)

    f = ops.custom_gradient(wrong_in_one_place)
    with pytest.raises(GradientCheckError, match=r"inputs\[0\]\[2, 1\]"):
        gradient_check(f, x, x)
    assert issubclass(GradientCheckError, AssertionError)
    result = gradient_check(f, x, x, raise_exception=False)
    assert not result.ok and result.wrong == 1 and result.checked == 24
    worst = result.worst
    assert worst.name == "inputs[0]" and worst.index == (2, 1)
    np.testing.assert_allclose(worst.analytic / worst.numeric, 2.001 / 2.0, rtol=1e-6)


def test_a_missing_gradient_is_found():
    with pytest.raises(GradientCheckError):
        gradient_check(lambda a: ops.stop_gradient(a) * a, x)


def test_kinks_are_skipped_and_counted():
    result = gradient_check(ops.relu, np.array([0.0, 1.0, -1.0]))
    assert result.ok and (result.checked, result.skipped) == (2, 1)


def test_nested_inputs_integers_and_keyword_arguments():
    def f(pair, index, scale=None):
        return {"y": pair["a"][index] * scale, "z": [pair["b"][0]]}

    result = gradient_check(f, {"a": x, "b": [x]}, np.array([0, 2, 2]), scale=x[:3])
    assert result.ok and result.checked == 12 + 12 + 9


def test_max_entries():
    assert gradient_check(ops.tanh, x, max_entries=5).checked == 5


def test_complex_numbers():
    assert gradient_check(lambda z: ops.abs(z * z), x + 1j * x[::-1]).ok
    assert gradient_check(lambda a, b: ops.conj(a) * b, x + 1j, x).ok


def test_nothing_to_check():
    with pytest.raises(ValueError, match="nothing to check"):
        gradient_check(ops.relu, np.array([1, 2]))
    with pytest.raises(ValueError, match="no float tensor"):
        gradient_check(ops.argmax, x)


def test_variables():
    v = Variable(np.ones(3), dtype="float32", name="scale")
    result = gradient_check(lambda a: a * ops.exp(v), x, variables=[v])
    assert result.ok and result.checked == 15
    assert v.dtype == "float32"
    np.testing.assert_array_equal(v, np.ones(3))
    wrong = ops.custom_gradient(lambda a: (a * 2.0, lambda g: g))
    with pytest.raises(GradientCheckError, match="scale"):
        gradient_check(lambda a: a * wrong(v), x, variables=[v])


def test_a_layer_is_checked_in_float64_and_comes_back_as_it_was():
    layer = layers.Dense(5, activation="tanh")
    result = gradient_check(layer, x)
    assert result.ok and result.checked == 12 + 15 + 5
    policy, values = layer.dtype_policy, [v.numpy() for v in layer.variables]
    arrays = [v.array for v in layer.variables]
    gradient_check(layer, x)
    assert layer.dtype_policy is policy and layer.compute_dtype == "float32"
    assert all(v.array is a for v, a in zip(layer.variables, arrays))
    assert [v.dtype for v in layer.variables] == ["float32", "float32"]
    for v, value in zip(layer.variables, values):
        np.testing.assert_array_equal(v, value)
    assert layer(x.astype("float32")).dtype == "float32"
    assert minikeras.config.floatx() == "float32"


def test_everything_comes_back_after_an_error():
    layer = layers.Dense(5)
    layer.build((None, 3))
    with pytest.raises(ValueError):
        gradient_check(layer, np.ones((4, 7)))
    assert layer.compute_dtype == "float32" and layer.kernel.dtype == "float32"
    assert minikeras.config.floatx() == "float32"


def test_random_layers_draw_the_same_numbers_and_keep_their_state():
    layer = layers.Dropout(0.5, seed=3)
    before = layer.seed_generator.state.numpy()
    result = gradient_check(layer, x, training=True)
    assert result.ok and result.checked == 12
    np.testing.assert_array_equal(layer.seed_generator.state, before)


def test_states_are_as_before_in_every_run():
    layer = layers.BatchNormalization()
    layer.build((None, 3))
    before = [v.numpy() for v in layer.non_trainable_variables]
    assert gradient_check(layer, x, training=True).ok
    for v, value in zip(layer.non_trainable_variables, before):
        np.testing.assert_array_equal(v, value)


def test_what_a_stateful_layer_remembers_is_the_same_in_every_run():
    steps = np.random.default_rng(0).uniform(-2, 2, (2, 4, 3))
    inner = layers.SimpleRNN(3, stateful=True, dtype="float64", recurrent_initializer="ones")
    layer = layers.Bidirectional(inner, dtype="float64")
    layer(steps)
    states = [*layer.forward_layer.states, *layer.backward_layer.states]
    before = [v.numpy() for v in states]
    assert np.abs(before).min() > 0
    assert gradient_check(layer, steps, max_entries=12).ok
    np.testing.assert_array_equal([v.numpy() for v in states], before)


def test_losses_and_models():
    assert gradient_check(losses.MeanSquaredError(), x, x + 1.0).ok
    model = minikeras.Sequential(
        [layers.Input((3,)), layers.Dense(4, "sigmoid"), layers.Dense(2, "softmax")]
    )
    result = gradient_check(model, x, max_entries=6)
    assert result.ok and result.checked == 6 + 6 + 4 + 6 + 2
    assert model.layers[0].compute_dtype == "float32"


def test_the_worst_entry_is_shown_where_nothing_is_off_at_all():
    result = gradient_check(lambda x: x * 2, np.array([0.5]))
    assert result.ok and result.checked == 1 and result.worst is not None


@pytest.mark.parametrize("value, word", [(-1.0, "NaN"), (0.0, "Inf")])
def test_debug_numerics_say_what_was_found(value, word):
    minikeras.config.enable_debug_numerics()
    try:
        with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=f"^{word} in the"):
            minikeras.ops.log(np.array([1.0, value]))
    finally:
        minikeras.config.disable_debug_numerics()
