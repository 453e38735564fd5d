import numpy as np
import pytest

from minikeras import optimizers
from minikeras.autodiff import Variable
from minikeras.optimizers import SGD, Adam, LossScaleOptimizer, MultiOptimizer, OptimizerMap

NAMES = ("kernel", "bias", "embeddings")


def make(home):
    chosen = home.optimizers.OptimizerMap(
        home.optimizers.SGD(0.1, name="default"),
        {"kern.*": home.optimizers.Adam(0.1, name="adam", use_ema=True)},
    )
    chosen["embeddings"] = home.optimizers.Lion(0.01, name="lion")
    return home.optimizers.MultiOptimizer(chosen, loss_scale_factor=2.0, name="multi")


def variables(kind):
    rng = np.random.default_rng(0)
    return [
        kind(rng.normal(size=(2, i + 1)).astype("float32"), name=n) for i, n in enumerate(NAMES)
    ]


@pytest.mark.parametrize("flat", [False, True])
def test_as_keras(keras, flat):
    import minikeras

    ours, theirs = make(minikeras), make(keras)
    own, their = variables(Variable), variables(keras.Variable)
    ours.build(own)
    theirs.build(their)
    assert [v.path for v in ours.variables] == [v.path for v in theirs.variables]
    rng = np.random.default_rng(1)
    for _ in range(4):
        grads = [rng.normal(size=v.shape).astype("float32") for v in own]
        if flat:
            assert len(ours.gradient_targets()) == 3
            ours.apply_flat({v.node: g for v, g in zip(own, grads)})
        else:
            ours.apply(grads, own)
        theirs.apply([keras.ops.convert_to_tensor(g) for g in grads], their)
        for a, b in zip([*own, *ours.variables], [*their, *theirs.variables]):
            np.testing.assert_allclose(a.numpy(), np.asarray(b), rtol=1e-5, atol=1e-6)
    ours.finalize_variable_values(own[:1])
    theirs.finalize_variable_values(their[:1])
    np.testing.assert_allclose(own[0].numpy(), np.asarray(their[0]), rtol=1e-5, atol=1e-6)
    assert ours.get_config() == theirs.get_config()
    again = optimizers.deserialize(optimizers.serialize(ours))
    assert again.get_config() == ours.get_config()
    values = [v.numpy() + 1 for v in ours.variables]
    ours.set_weights(values)
    for v, value in zip(ours.variables, values):
        np.testing.assert_array_equal(v.numpy(), value)


def test_function_in_place_of_a_map():
    one, two = SGD(1.0), SGD(0.5)
    optimizer = MultiOptimizer(lambda v: one if v.name == "a" else two)
    own = [Variable(1.0, name="a"), Variable(1.0, name="b")]
    optimizer.apply([1.0, 1.0], own)
    assert [float(v) for v in own] == [0.0, 0.5]
    assert optimizer.optimizers == [one, two]


def test_errors():
    sgd = SGD()
    chosen = OptimizerMap(sgd, {"a.*": Adam(), ".*b": Adam()})
    with pytest.raises(ValueError, match="Several optimizers"):
        chosen["ab"]
    with pytest.raises(ValueError, match="taken already"):
        chosen["a.*"] = sgd
    with pytest.raises(ValueError, match="must be strings"):
        chosen[3] = sgd
    with pytest.raises(ValueError, match="LossScaleOptimizer cannot be used inside"):
        chosen["c"] = LossScaleOptimizer(sgd)
    with pytest.raises(ValueError, match="expected an Optimizer"):
        chosen["c"] = "sgd"
    with pytest.raises(TypeError, match="default_optimizer"):
        OptimizerMap("sgd")
    with pytest.raises(TypeError, match="optimizer_map"):
        OptimizerMap(sgd, [sgd])
    del chosen["a.*"]
    assert list(chosen) == [".*b"] and len(chosen) == 1
    optimizer = MultiOptimizer(chosen)
    with pytest.raises(AttributeError, match="no learning rate"):
        _ = optimizer.learning_rate
    with pytest.raises(AttributeError, match="no learning rate"):
        optimizer.learning_rate = 0.1
    with pytest.raises(ValueError, match="build"):
        optimizer.apply([1.0])
    with pytest.raises(ValueError, match="MultiOptimizer cannot be used inside"):
        MultiOptimizer(OptimizerMap(optimizer))
    w = Variable(1.0)
    optimizer.build([w])
    with pytest.raises(ValueError, match="2 gradients"):
        optimizer.apply([1.0, 2.0])
