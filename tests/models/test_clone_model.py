"""`clone_model` with all its arguments."""

from __future__ import annotations

import numpy as np
import pytest

import minikeras
from minikeras import Model, layers
from minikeras.models import clone_model

x23 = np.arange(6, dtype="float32").reshape(2, 3)


def functional():
    a, b = minikeras.Input((3,), name="a"), minikeras.Input((3,), name="b")
    shared = layers.Dense(4, name="shared")
    inner_in = minikeras.Input((4,))
    inner = Model(inner_in, layers.Dense(2, name="deep")(inner_in), name="inner")
    y = layers.Concatenate(name="join")([shared(a), shared(b) * 2.0])
    y = layers.Dense(4, name="mix")(y)
    return Model({"a": a, "b": b}, [inner(y), y], name="m")


def sequential():
    return minikeras.Sequential(
        [minikeras.Input((3,)), layers.Dense(4, name="one"), layers.Dense(1, name="two")], name="s"
    )


def same(model, clone, x):
    clone.set_weights(model.get_weights())
    for a, b in zip(minikeras.tree.flatten(model(x)), minikeras.tree.flatten(clone(x))):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("make", [functional, sequential])
def test_copies_have_weights_of_their_own(make):
    model = make()
    clone = clone_model(model)
    assert type(clone) is type(model) and clone.name == model.name
    assert [layer.name for layer in clone.layers] == [layer.name for layer in model.layers]
    assert not {id(w) for w in clone.weights} & {id(w) for w in model.weights}
    x = x23 if make is sequential else {"a": x23, "b": x23 + 1}
    same(model, clone, x)
    assert [w.path for w in clone.weights] == [w.path for w in model.weights]


def test_unbuilt_sequential():
    clone = clone_model(minikeras.Sequential([layers.Dense(3)]))
    assert not clone.built
    assert clone(x23).shape == (2, 3)


@pytest.mark.parametrize("make", [functional, sequential])
def test_clone_function_is_asked_for_each_layer(make):
    seen = []

    def double(layer):
        seen.append(layer.name)
        config = layer.get_config()
        if isinstance(layer, layers.Dense) and layer.name == "one":
            config["units"] *= 2
        return type(layer).from_config(config)

    clone = clone_model(make(), clone_function=double)
    if make is sequential:
        assert seen == ["one", "two"]
        assert clone.layers[0].units == 8 and clone(x23).shape == (2, 1)
    else:
        assert set(seen) >= {"shared", "join", "mix", "inner"} and seen.count("shared") == 1


def test_clone_function_goes_into_models_if_recursive():
    seen = []

    def note(layer):
        seen.append(layer.name)
        return type(layer).from_config(layer.get_config())

    model = functional()
    clone = clone_model(model, clone_function=note, recursive=True)
    assert "deep" in seen and "inner" not in seen
    same(model, clone, {"a": x23, "b": x23})
    with pytest.raises(TypeError, match="layer"):
        clone_model(model, clone_function=lambda layer: 3)


def test_input_tensors_take_the_place_of_inputs():
    model = functional()
    a, b = minikeras.Input((3,), name="x"), minikeras.Input((3,), name="y")
    clone = clone_model(model, input_tensors={"a": a, "b": b})
    assert clone.inputs == [a, b]
    same(model, clone, {"a": x23, "b": x23})
    entrance = minikeras.Input((3,), name="entrance")
    model = sequential()
    clone = clone_model(model, input_tensors=entrance)
    assert clone.input is entrance
    same(model, clone, x23)


def test_call_function_calls_the_copies():
    calls = []

    def call(layer, *args, **kwargs):
        calls.append(layer.name)
        return layer(*args, **kwargs)

    model = functional()
    clone = clone_model(
        model,
        clone_function=lambda layer: type(layer).from_config(layer.get_config()),
        call_function=call,
    )
    assert calls.count("shared") == 2
    same(model, clone, {"a": x23, "b": x23})


def test_subclassed_models_are_copied_by_config():
    class Net(Model):
        def __init__(self, units):
            super().__init__()
            self.dense = layers.Dense(units)

        def call(self, x):
            return self.dense(x)

    model = Net(5)
    clone = clone_model(model)
    assert clone.dense.units == 5 and clone.dense is not model.dense
    with pytest.raises(ValueError, match="functional or sequential"):
        clone_model(model, clone_function=lambda layer: layer)
    with pytest.raises(ValueError, match="model"):
        clone_model(layers.Dense(2))


def test_training_of_the_clone_leaves_the_model_alone():
    model = sequential()
    clone = clone_model(model)
    before = model.get_weights()
    clone.compile("sgd", "mse")
    clone.fit(x23, np.ones((2, 1)), verbose=0)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_random_models_agree_with_keras_s_clone(keras):
    def names(k):
        a = k.Input((3,), name="a")
        h = k.layers.Dense(4, name="h")(a)
        y = k.layers.Add(name="sum")([h, k.layers.ReLU(name="r")(h)])
        clone = k.models.clone_model(k.Model(a, y, name="m"))
        return [layer.name for layer in clone.layers], [w.path for w in clone.weights]

    assert names(minikeras) == names(keras)


class Subclassed(minikeras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)


@pytest.mark.parametrize("make", [functional, sequential, Subclassed])
def test_a_clone_is_compiled_as_the_model_is(make):
    model = make()
    x = {"a": x23, "b": x23} if make is functional else x23
    y = [np.ones((2, 2)), np.ones((2, 4))] if make is functional else np.ones((2, 1))
    assert not clone_model(model).compiled
    optimizer = minikeras.optimizers.Adam(0.125)
    kept = [minikeras.metrics.MeanAbsoluteError(name="kept")]
    model.compile(optimizer, "mse", metrics=[kept, None] if make is functional else kept)
    model.fit(x, y, verbose=0)
    clone = clone_model(model)
    assert clone.compiled and clone.loss == "mse" and clone.built
    assert clone.optimizer is not optimizer and float(clone.optimizer.learning_rate) == 0.125
    before = model.get_weights()
    clone.fit(x, y, verbose=0)  # with an optimizer and metrics of its own
    assert "kept" in [k.rpartition("_")[2] for k in clone.history.history]
    for v, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(v, value)
    assert int(optimizer.iterations) == int(clone.optimizer.iterations) == 1
    assert kept[0].variables[0] not in clone.metrics_variables


def test_recursive_with_call_function():
    called = []

    def call(layer, *args, **kwargs):
        called.append(layer.name)
        return layer(*args, **kwargs)

    clone_model(functional(), call_function=call)
    assert "deep" not in called and "inner" in called
    called.clear()
    clone_model(functional(), call_function=call, recursive=True)
    assert called.index("deep") < called.index("inner")
    with pytest.raises(ValueError, match="`call_function` needs a functional model"):
        clone_model(sequential(), call_function=call)


def test_a_clone_is_frozen_as_the_model_is():
    for model in (functional(), sequential()):
        model.trainable = False
        clone = clone_model(model)
        assert not clone.trainable and clone.trainable_weights == []
        assert len(clone.weights) == len(model.weights)
