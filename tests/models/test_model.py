"""Subclassed models, `get_layer`, JSON, state trees."""

from __future__ import annotations

import numpy as np
import pytest

import minikeras
from minikeras import layers, ops

x23 = np.arange(6, dtype="float32").reshape(2, 3)


@pytest.fixture(autouse=True)
def fresh_names():
    minikeras.utils.clear_session()


class Deaf(minikeras.Model):
    def __init__(self):
        super().__init__()
        self.out = layers.Dense(2)

    def call(self, x):
        return self.out(x)


@minikeras.utils.register_keras_serializable("tests")
class Net(minikeras.Model):
    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.hidden = layers.Dense(units, activation="relu")
        self.drop = layers.Dropout(0.5)
        self.heads = [layers.Dense(1, name="u"), layers.Dense(2, name="v")]

    def call(self, x, training=False):
        h = self.drop(self.hidden(x), training=training)
        return [head(h) for head in self.heads]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def test_a_model_that_takes_no_training_may_be_told_of_it_at_its_first_call():
    model = Deaf()
    assert model(x23, training=True).shape == (2, 2)
    assert model.built


def test_weights_appear_at_the_first_call():
    model = Net(name="net")
    assert not model.built and model.weights == []
    u, v = model(x23)
    assert (u.shape, v.shape) == ((2, 1), (2, 2))
    assert [w.path for w in model.weights] == [
        f"net/{layer.name}/{w}"
        for layer in (model.hidden, *model.heads)
        for w in ("kernel", "bias")
    ]
    assert [type(layer).__name__ for layer in model.layers] == [
        "Dense",
        "Dropout",
        "Dense",
        "Dense",
    ]
    assert model.get_layer("v").units == 2


def test_build_makes_the_weights():
    model = Net()
    model.build((None, 3))
    assert model.built and len(model.weights) == 6
    assert model.heads[0].kernel.shape == (4, 1)


def test_build_with_a_dict_of_shapes():
    class Two(minikeras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, inputs):
            return self.dense(ops.concatenate([inputs["a"], inputs["b"]], axis=-1))

    model = Two()
    model.build({"a": (None, 3), "b": (None, 2)})
    assert model.dense.kernel.shape == (5, 2)


def test_training_argument_reaches_layers():
    model = Net(units=200)
    h = model(x23, training=False)
    np.testing.assert_array_equal(h[0], model(x23)[0])
    assert np.any(np.asarray(model(x23, training=True)[0]) != np.asarray(h[0]))


def test_config_of_a_subclass():
    model = Net(units=7, name="n")
    twin = Net.from_config(model.get_config())
    assert twin.units == 7 and twin.name == "n"
    twin = minikeras.models.model_from_json(model.to_json())
    assert isinstance(twin, Net) and twin.units == 7

    class Auto(minikeras.Model):
        def __init__(self, size, **kwargs):
            super().__init__(**kwargs)
            self.dense = layers.Dense(size)

        def call(self, x):
            return self.dense(x)

    assert Auto.from_config(Auto(3).get_config()).dense.units == 3


def test_call_is_missing():
    class Empty(minikeras.Model):
        pass

    with pytest.raises(NotImplementedError, match="Empty"):
        Empty()(x23)


def test_subclass_as_part_of_a_functional_model():
    inputs = minikeras.Input((3,))
    net = Net(name="net")
    u, v = net(inputs)
    model = minikeras.Model(inputs, layers.Concatenate()([u, v]))
    assert model.output_shape == (None, 3)
    assert model(x23).shape == (2, 3)
    assert len(model.weights) == 6


def test_models_in_lists_and_models_of_models():
    class Ensemble(minikeras.Model):
        def __init__(self):
            super().__init__()
            self.members = [minikeras.Sequential([layers.Dense(2)]) for _ in range(3)]

        def call(self, x):
            return ops.mean(ops.stack([m(x) for m in self.members]), axis=0)

    model = Ensemble()
    assert model(x23).shape == (2, 2)
    assert len(model.trainable_weights) == 6
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(x23, np.zeros((2, 2)), verbose=0)
    assert all(np.any(a != b) for a, b in zip(before, model.get_weights()))


def test_paths_and_weights_agree_with_keras(keras):
    def facts(k):
        k.utils.clear_session()

        class Block(k.layers.Layer):
            def __init__(self, n, **kwargs):
                super().__init__(**kwargs)
                self.parts = [k.layers.Dense(n) for _ in range(2)]
                self.table = {"x": k.layers.Dense(n, use_bias=False)}

            def call(self, x):
                for p in self.parts:
                    x = p(x)
                return self.table["x"](x)

        class Net(k.Model):
            def __init__(self):
                super().__init__()
                self.block = Block(3)
                self.out = k.layers.Dense(1)
                self.scale = self.add_weight(shape=(), name="scale", trainable=False)

            def call(self, x):
                return self.out(self.block(x)) * self.scale

        net = Net()
        net(x23)
        return (
            [(w.path, w.trainable) for w in net.weights],
            [layer.name for layer in net.layers],
            [w.path for w in net.trainable_weights],
            net.count_params(),
        )

    assert facts(minikeras) == facts(keras)


def test_state_tree_round_trip():
    model = minikeras.Sequential([minikeras.Input((3,)), layers.Dense(2, name="d")], name="m")
    model.compile("adam", "mse")
    model.fit(x23, np.zeros((2, 2)), verbose=0)
    tree = model.get_state_tree(value_format="numpy_array")
    assert set(tree) == {
        "trainable_variables", "non_trainable_variables", "optimizer_variables",
        "metrics_variables",
    }  # fmt: skip
    kernel = tree["trainable_variables"]["m"]["d"]["kernel"]
    np.testing.assert_array_equal(kernel, model.layers[0].kernel.numpy())
    model.fit(x23, np.ones((2, 2)), verbose=0)
    assert np.any(kernel != model.layers[0].kernel.numpy())
    model.set_state_tree(tree)
    np.testing.assert_array_equal(kernel, model.layers[0].kernel.numpy())
    with pytest.raises(ValueError, match="group"):
        model.set_state_tree({"nothing": {}})


def test_summary_prints_through_print_fn():
    model = minikeras.Sequential([minikeras.Input((3,)), layers.Dense(2, name="d")], name="m")
    lines = []
    model.summary(print_fn=lambda text, **_: lines.append(text))
    text = "\n".join(lines)
    assert 'Model: "m"' in text and "d (Dense)" in text and "Total params: 8" in text


def test_a_call_that_takes_several_inputs():
    class Pair(minikeras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = layers.Dense(2, name="f"), layers.Dense(2, name="s")

        def call(self, a, b, scale=1.0, training=None):
            return (self.first(a) + self.second(b)) * scale

    model = Pair()
    y = model(x23, x23[:, :2], scale=2.0)
    assert y.shape == (2, 2) and [w.path for w in model.weights][0] == "pair/f/kernel"
    config = model.get_build_config()
    assert config == {"input_shape": {"a": (2, 3), "b": (2, 2)}}
    for shapes in (config["input_shape"], [(None, 3), (None, 2)]):
        twin = Pair()
        twin.build(shapes)
        assert [w.shape for w in twin.weights] == [w.shape for w in model.weights]


def test_a_call_that_computes_with_values_is_built_by_the_data():
    class Values(minikeras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(np.asarray(x) * 2)

    model = Values()
    assert model(x23).shape == (2, 2) and len(model.weights) == 2
