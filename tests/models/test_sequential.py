"""`Sequential`: making, changing, building, configs; beside Keras where it matters."""

from __future__ import annotations

import numpy as np
import pytest

import minikeras
from minikeras import layers

x23 = np.arange(6, dtype="float32").reshape(2, 3)


@pytest.fixture(autouse=True)
def fresh_names():
    minikeras.utils.clear_session()


def test_layers_run_one_after_the_other():
    model = minikeras.Sequential([layers.Dense(4, activation="relu"), layers.Dense(2)])
    y = model(x23)
    a, b, c, d = model.get_weights()
    np.testing.assert_allclose(y, np.maximum(x23 @ a + b, 0) @ c + d, rtol=1e-5)


@pytest.mark.parametrize(
    "first",
    [
        lambda: [layers.Input((3,)), layers.Dense(4)],
        lambda: [layers.Dense(4, input_shape=(3,))],
        lambda: [layers.Dense(4, input_dim=3)],
        lambda: [layers.InputLayer(shape=(3,)), layers.Dense(4)],
        lambda: [minikeras.Input(batch_shape=(None, 3)), layers.Dense(4)],
    ],
)
def test_an_input_builds_at_once(first):
    model = minikeras.Sequential([*first(), layers.Dense(1)])
    assert model.built
    assert model.input_shape == (None, 3)
    assert model.output_shape == (None, 1)
    assert [layer.name for layer in model.layers] == ["dense", "dense_1"]
    assert model.count_params() == 4 * 4 + 5
    assert [w.path for w in model.weights][0] == "sequential/dense/kernel"


def test_layers_are_called_once_however_many_are_added():
    model = minikeras.Sequential([layers.Input((3,))])
    for units in (4, 5, 6):
        model.add(layers.Dense(units))
    model.pop()
    model.add(layers.Dense(2))
    assert [len(layer._inbound_nodes) for layer in model.layers] == [1, 1, 1]
    tail = minikeras.Model(model.layers[0].output, model.output)
    a, b = model.get_weights()[2:4]
    c, d = model.get_weights()[4:]
    h = np.ones((1, 4), "float32")
    np.testing.assert_allclose(tail(h), (h @ a + b) @ c + d, rtol=1e-5)


def test_without_an_input_data_or_build_make_the_weights():
    for build in (lambda m: m(x23), lambda m: m.build((None, 3)), lambda m: m.predict(x23)):
        model = minikeras.Sequential([layers.Dense(4), layers.Dense(1)])
        assert not model.built and model.weights == []
        with pytest.raises(ValueError, match="built"):
            model.count_params()
        with pytest.raises(AttributeError, match="not built"):
            model.input_shape  # noqa: B018
        build(model)
        assert model.built and model.count_params() == 21


def test_add_and_pop():
    model = minikeras.Sequential(name="stack")
    model.add(minikeras.Input((3,)))
    model.add(layers.Dense(4))
    model.add(layers.Dense(2))
    assert model.output_shape == (None, 2)
    kernel = model.layers[0].kernel
    gone = model.pop()
    assert gone.units == 2
    assert model.output_shape == (None, 4)
    assert model.layers[0].kernel is kernel
    model.add(layers.Dense(5))
    assert model(x23).shape == (2, 5)
    model.pop()
    model.pop()
    assert model.layers == []


def test_pop_of_an_unbuilt_model_and_training_afterwards():
    model = minikeras.Sequential([layers.Dense(4), layers.Dense(2)])
    model(x23)
    model.pop()
    assert model(x23).shape == (2, 4)
    model.compile("sgd", "mse")
    model.fit(x23, np.zeros((2, 4)), verbose=0)
    assert len(model.trainable_weights) == 2


def test_what_cannot_be_added():
    model = minikeras.Sequential([minikeras.Input((3,)), layers.Dense(4, name="a")])
    with pytest.raises(ValueError, match="unique names"):
        model.add(layers.Dense(4, name="a"))
    with pytest.raises(ValueError, match="Only instances"):
        model.add("dense")
    with pytest.raises(ValueError, match="Input"):
        model.add(minikeras.Input((3,)))
    with pytest.raises(IndexError, match="no layer"):
        minikeras.Sequential().pop()
    with pytest.raises(ValueError, match="no layers"):
        minikeras.Sequential().build((None, 3))


def test_incompatible_layers_say_where():
    model = minikeras.Sequential([minikeras.Input((3, 4)), layers.Flatten()])
    with pytest.raises(ValueError, match="bad"):
        model.add(layers.Reshape((5, 5), name="bad"))
    model = minikeras.Sequential([layers.Dense(3), layers.Dense(1)])
    model.build((None, 2))
    with pytest.raises(ValueError, match=r"(sequential|dense).*(2|shape)"):
        model(np.ones((2, 5), "float32"))


def test_models_inside_models():
    inner = minikeras.Sequential([layers.Dense(4), layers.Dense(3)], name="inner")
    model = minikeras.Sequential([minikeras.Input((3,)), inner, layers.Dense(1)], name="outer")
    assert model(x23).shape == (2, 1)
    assert model.layers[0] is inner
    assert len(model.weights) == 6
    first = minikeras.Sequential([minikeras.Sequential([minikeras.Input((3,)), layers.Dense(2)])])
    assert first(x23).shape == (2, 2)


def test_weights_and_names_agree_with_keras(keras):
    def facts(k):
        k.utils.clear_session()
        made = []
        inner = k.Sequential([k.layers.Dense(4), k.layers.Dense(3)])
        made.append(k.Sequential([k.Input((3,)), inner, k.layers.Dense(1)]))
        made.append(k.Sequential([k.layers.Dense(4), k.layers.Dropout(0.5), k.layers.Dense(2)]))
        made[-1](x23)
        made.append(k.Sequential([k.layers.Embedding(9, 3), k.layers.Flatten()]))
        made[-1](np.ones((2, 4), "int32"))
        found = []
        for m in made:
            found.append([w.path for w in m.weights])
            found.append([layer.name for layer in m.layers])
            found.append((m.name, m.input_shape, m.output_shape, m.count_params()))
        return found

    assert facts(minikeras) == facts(keras)


def test_a_layer_that_cannot_be_described_is_built_by_the_data():
    class Counts(layers.Layer):
        def call(self, x):
            return minikeras.ops.convert_to_tensor(np.asarray(x) * 2)

    model = minikeras.Sequential([layers.Dense(2), Counts()])
    assert model(x23).shape == (2, 2)


def test_other_batch_sizes_after_building_with_one():
    model = minikeras.Sequential([layers.Dense(2)])
    model(np.ones((1, 3), "float32"))
    assert model(np.ones((7, 3), "float32")).shape == (7, 2)
    assert model.predict(np.ones((9, 3), "float32"), batch_size=4, verbose=0).shape == (9, 2)


def test_config_round_trip():
    model = minikeras.Sequential(
        [minikeras.Input((3,)), layers.Dense(4, activation="relu"), layers.Dense(1)], name="s"
    )
    twin = minikeras.Sequential.from_config(model.get_config())
    assert twin.get_config() == model.get_config()
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin(x23), model(x23))
    unbuilt = minikeras.Sequential([layers.Dense(4), layers.Dense(1)], name="s")
    twin = minikeras.Sequential.from_config(unbuilt.get_config())
    assert not twin.built and len(twin.layers) == 2
    unbuilt.build((None, 3))
    twin = minikeras.Sequential.from_config(unbuilt.get_config())
    assert twin.built and twin.count_params() == 21


def test_json_is_exchanged_with_keras(keras):
    def build(k):
        k.utils.clear_session()
        return k.Sequential(
            [k.Input((3,)), k.layers.Dense(4, "tanh"), k.layers.Dropout(0.2), k.layers.Dense(1)]
        )

    ours, theirs = build(minikeras), build(keras)
    read = minikeras.models.model_from_json(theirs.to_json())
    other = keras.models.model_from_json(ours.to_json())
    assert type(read) is minikeras.Sequential
    read.set_weights(theirs.get_weights())
    other.set_weights(theirs.get_weights())
    np.testing.assert_allclose(read(x23), theirs(x23), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(other(x23), theirs(x23), rtol=1e-6)
    reread = keras.models.model_from_json(theirs.to_json())
    assert [w.path for w in read.weights] == [w.path for w in reread.weights]


def test_call_with_mask_and_training():
    class Note(layers.Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True

        def call(self, x, mask=None, training=None):
            self.seen = mask, training
            return x

    note = Note()
    model = minikeras.Sequential([note])
    model(np.ones((2, 3, 1), "float32"), mask=np.array([[1, 1, 0], [1, 0, 0]], bool), training=True)
    np.testing.assert_array_equal(np.asarray(note.seen[0]), [[1, 1, 0], [1, 0, 0]])
    assert note.seen[1] is True


def test_subclass_of_sequential_with_its_own_step():
    class Mine(minikeras.Sequential):
        def train_step(self, data):
            self.steps = getattr(self, "steps", 0) + 1
            return super().train_step(data)

    model = Mine([layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x23, np.zeros((2, 1)), epochs=3, verbose=0)
    assert model.steps == 3


def test_freezing_one_layer():
    model = minikeras.Sequential([minikeras.Input((3,)), layers.Dense(4), layers.Dense(1)])
    model.layers[0].trainable = False
    before = model.get_weights()
    model.compile("sgd", "mse")
    model.fit(x23, np.ones((2, 1)), epochs=2, verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert np.any(before[2] != after[2])
    model.trainable = False
    assert model.trainable_weights == []
    model.trainable = True
    assert len(model.trainable_weights) == 4


def test_a_sequential_model_takes_other_lengths_than_its_first():
    model = minikeras.Sequential([layers.Embedding(20, 4), layers.LSTM(3)])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 5), int), np.ones((4, 3)), verbose=0)
    assert model.predict(np.ones((2, 9), int), verbose=0).shape == (2, 3)
    with pytest.raises(ValueError, match="incompatible"):
        model.predict(np.ones((2, 9, 1, 1), int), verbose=0)


def test_one_layer_twice():
    dense = layers.Dense(2)
    model = minikeras.Sequential([minikeras.Input((2,)), dense, dense])
    x = np.ones((1, 2), "float32")
    np.testing.assert_allclose(model(x), dense(dense(x)))
    assert model.count_params() == 6
    with pytest.raises(ValueError, match="unique names"):
        model.add(layers.Dense(2, name=dense.name))


def test_what_is_not_built_says_so():
    with pytest.raises(AttributeError, match="'head' is not built yet"):
        _ = layers.Dense(2, name="head").kernel
    with pytest.raises(ValueError, match="`input_shape` must be a tuple"):
        minikeras.Sequential([layers.Dense(1)]).build(4)
    with pytest.raises(ValueError, match="does not describe a layer"):
        layers.deserialize(3)


@minikeras.saving.register_keras_serializable("several")
class Both(layers.Layer):
    def call(self, inputs):
        return inputs["a"] + 2 * inputs["b"]


@pytest.mark.parametrize(
    ("first", "inputs", "wanted"),
    [
        (layers.Concatenate, [x23, x23[:, :2]], lambda x: np.concatenate(x, axis=1)),
        (layers.Add, (x23, x23), sum),
        (Both, {"a": x23, "b": x23 + 1}, lambda x: x["a"] + 2 * x["b"]),
    ],
)
def test_several_inputs(first, inputs, wanted):
    def make():
        return minikeras.Sequential([first(), layers.Dense(2)])

    model = make()
    y = model(inputs)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(y, wanted(inputs) @ kernel + bias, rtol=1e-5)
    assert model.built and len(model.weights) == 2
    with pytest.raises(AttributeError, match="built on several inputs"):
        _ = model.input_shape
    by_shapes = make()
    by_shapes.build(minikeras.tree.map_structure(lambda x: (None, *x.shape[1:]), inputs))
    assert [w.shape for w in by_shapes.weights] == [w.shape for w in model.weights]
    model.compile("sgd", "mse")
    assert len(model.fit(inputs, np.ones((2, 2)), verbose=0).history["loss"]) == 1
    assert model.predict(inputs, verbose=0).shape == (2, 2)
    lines = []
    model.summary(print_fn=lines.append)
    assert "dense" in lines[0]
    twin = minikeras.Sequential.from_config(model.get_config())
    assert not twin.built and twin(inputs).shape == (2, 2)


@pytest.mark.parametrize("shape", [3, "text", [(None, 3), "b"], {"a": 3}])
def test_what_is_no_shape_is_refused(shape):
    with pytest.raises(ValueError, match="`input_shape` must be a tuple of sizes"):
        minikeras.Sequential([layers.Dense(2)]).build(shape)
