import numpy as np
import pytest

from minikeras import optimizers
from minikeras.autodiff import Variable


def gradients(step):
    rng = np.random.default_rng(step)
    grads = [rng.normal(size=(2, 3)) * 8, rng.normal(size=3) * 8]
    if step in (4, 5, 9):
        grads[step % 2].flat[1] = (np.inf, np.nan)[step % 2]
    return [g.astype("float32") for g in grads]


def variables(kind):
    values = np.random.default_rng(0).normal(size=(3, 3)).astype("float32")
    return [kind(values[:2], name="kernel"), kind(values[2], name="bias")]


@pytest.mark.parametrize("flat", [False, True])
def test_as_keras(keras, flat):
    def make(home):
        inner = home.optimizers.Adam(0.1, name="inner", clipnorm=1.0)
        return home.optimizers.LossScaleOptimizer(
            inner, initial_scale=8.0, dynamic_growth_steps=3, name="outer"
        )

    import minikeras

    ours, theirs = make(minikeras), make(keras)
    own, their = variables(Variable), variables(keras.Variable)
    assert float(np.asarray(ours.scale_loss(2.0))) == float(theirs.scale_loss(2.0)) == 16.0
    ours.build(own)
    theirs.build(their)
    assert [v.path for v in ours.variables] == [v.path for v in theirs.variables]
    for step in range(14):
        grads = gradients(step)
        if flat:
            targets = ours.gradient_targets()
            targets[own[0].node][...] = grads[0]
            ours.apply_flat({own[0].node: targets[own[0].node], own[1].node: grads[1]})
        else:
            ours.apply(grads, own)
        # On JAX, Keras's can be applied in its stateless form only.
        new, state = theirs.stateless_apply(
            [v.value for v in theirs.variables],
            [keras.ops.convert_to_tensor(g) for g in grads],
            [v.value for v in their],
        )
        for v, x in zip([*their, *theirs.variables], [*new, *state]):
            v.assign(x)
        for a, b in zip([*own, *ours.variables], [*their, *theirs.variables]):
            np.testing.assert_allclose(
                a.numpy(), np.asarray(b), rtol=1e-5, atol=1e-5, err_msg=f"{b.path} {step}"
            )
    assert int(ours.iterations) == 11
    assert float(np.asarray(ours.scale_loss(2.0))) == float(theirs.scale_loss(2.0))
    assert ours.get_config() == theirs.get_config()


def test_config_and_learning_rate():
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(0.5, momentum=0.5), initial_scale=4.0)
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()
    again.learning_rate = 0.25
    assert float(again.inner_optimizer.learning_rate) == float(again.learning_rate) == 0.25
    with pytest.raises(ValueError, match="build"):
        again.apply([np.ones(2)])


def test_averages_of_the_inner_optimizer():
    own = variables(Variable)
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5))
    for step in range(3):
        optimizer.apply(gradients(step), own)
    averages = [v.numpy() for v in optimizer.inner_optimizer._model_variables_moving_average]
    optimizer.finalize_variable_values(own)
    for v, average in zip(own, averages):
        np.testing.assert_array_equal(v.numpy(), average)
