"""Functional models: graphs of layers and ops, beside Keras."""

from __future__ import annotations

import warnings

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import minikeras
from minikeras import Model, layers, ops

x23 = np.arange(6, dtype="float32").reshape(2, 3)
z24 = np.linspace(-1, 1, 8, dtype="float32").reshape(2, 4)


@pytest.fixture(autouse=True)
def fresh_names():
    minikeras.utils.clear_session()


def test_shared_layer_has_one_set_of_weights():
    a, b = minikeras.Input((3,), name="a"), minikeras.Input((3,), name="b")
    shared = layers.Dense(2)
    model = Model([a, b], layers.Add()([shared(a), shared(b)]))
    assert len(model.weights) == 2
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(model([x23, 2 * x23]), 3 * x23 @ kernel + 2 * bias, rtol=1e-5)
    with minikeras.GradientTape() as tape:
        y = ops.sum(model([x23, 2 * x23]))
    grads = tape.gradient(y, model.trainable_weights)
    np.testing.assert_allclose(grads[1], [4, 4])
    assert len(shared._inbound_nodes) == 2


def test_where_a_keras_tensor_came_from_is_a_triple():
    layer = layers.Dense(2)
    layer(minikeras.Input((3,)))
    operation, node_index, tensor_index = layer(minikeras.Input((3,)))._keras_history
    assert (operation, node_index, tensor_index) == (layer, 1, 0)
    assert layer.output._keras_history[0] is layer


def test_structures_of_inputs_and_outputs():
    a, b = minikeras.Input((3,), name="a"), minikeras.Input((4,), name="b")
    u, v = layers.Dense(1, name="u")(a), layers.Dense(2, name="v")(b)
    lists = Model([a, b], [u, v])
    y = lists([x23, z24])
    assert isinstance(y, list) and [t.shape for t in y] == [(2, 1), (2, 2)]
    dicts = Model({"first": a, "second": b}, {"one": u, "two": v})
    y = dicts({"first": x23, "second": z24})
    assert sorted(y) == ["one", "two"]
    np.testing.assert_array_equal(y["one"], lists([x23, z24])[0])
    assert dicts.output_shape == {"one": (None, 1), "two": (None, 2)}
    assert dicts.input_shape == {"first": (None, 3), "second": (None, 4)}
    mixed = Model([a, {"b": b}], (u, [v]))
    y = mixed([x23, {"b": z24}])
    assert isinstance(y, tuple) and isinstance(y[1], list)
    # A dict by the inputs' names for a list of inputs.
    np.testing.assert_array_equal(lists({"a": x23, "b": z24})[1], y[1][0])
    # More keys than needed are left out; missing ones are named.
    dicts({"first": x23, "second": z24, "other": x23})
    with pytest.raises(ValueError, match="second"):
        dicts({"first": x23})


def test_an_input_may_be_an_output_and_come_twice():
    a = minikeras.Input((3,))
    model = Model(a, [a, a, layers.Dense(1)(a)])
    y = model(x23)
    np.testing.assert_array_equal(y[0], x23)
    np.testing.assert_array_equal(y[1], x23)


def test_ops_and_operators_on_keras_tensors():
    a = minikeras.Input((3,))
    y = ops.relu(a - 2.0) * 3 + a[:, :1] / 2 - (1 - a) ** 2
    y = ops.concatenate([y, ops.mean(a, axis=-1, keepdims=True), -a], axis=-1)
    y = y @ np.eye(7, 2, dtype="float32")
    model = Model(a, y)
    assert model.output_shape == (None, 2)
    x = x23
    expected = np.maximum(x - 2, 0) * 3 + x[:, :1] / 2 - (1 - x) ** 2
    np.testing.assert_allclose(model(x), expected[:, :2], rtol=1e-6)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected[:, :2], rtol=1e-6)
    twin = Model.from_config(model.get_config())
    np.testing.assert_allclose(twin(x), expected[:, :2], rtol=1e-6)


def test_keras_tensors_refuse_what_needs_values():
    a = minikeras.Input((3,))
    with pytest.raises(TypeError):
        bool(a)
    with pytest.raises(TypeError):
        float(a)
    with pytest.raises((TypeError, ValueError)):
        np.asarray(a)
    with pytest.raises(TypeError):
        for _ in minikeras.KerasTensor((None,)):
            pass


def test_facts_of_layers_and_models():
    a = minikeras.Input((3,), name="a")
    dense = layers.Dense(4, name="hidden")
    h = dense(a)
    out = layers.Dense(1, name="out")(h)
    model = Model(a, out, name="m")
    assert dense.input is a and dense.output is h
    assert model.input is a and model.output is out
    assert model.inputs == [a] and model.outputs == [out]
    assert model.output_names == ["out"] and model.input_names == ["a"]
    assert [layer.name for layer in model.layers] == ["a", "hidden", "out"]
    assert model.get_layer("hidden") is dense and model.get_layer(index=1) is dense
    with pytest.raises(ValueError, match="hiden"):
        model.get_layer("hiden")
    with pytest.raises(ValueError, match="index 7"):
        model.get_layer(index=7)
    with pytest.raises(ValueError, match="name or an index"):
        model.get_layer()


def test_part_of_a_model_is_a_model():
    a = minikeras.Input((3,))
    h = layers.Dense(4, name="hidden")(a)
    model = Model(a, layers.Dense(1)(layers.ReLU()(h)))
    features = Model(model.input, model.get_layer("hidden").output)
    kernel, bias = features.get_weights()
    np.testing.assert_allclose(features(x23), x23 @ kernel + bias, rtol=1e-5)
    head = Model(h, model.output)  # from the middle on
    assert head.input_shape == (None, 4)
    assert len(head.weights) == 2
    np.testing.assert_allclose(head(features(x23)), model(x23), rtol=1e-5)


def test_part_with_operators_in_it():
    a = minikeras.Input((3,))
    h = layers.Dense(4)(a)
    y = h * 2 + 1
    head = Model(h, y)
    np.testing.assert_allclose(head(z24), z24 * 2 + 1, rtol=1e-6)


def test_models_are_layers_of_models():
    inner_in = minikeras.Input((3,))
    inner = Model(inner_in, [layers.Dense(2)(inner_in), inner_in], name="inner")
    a, b = minikeras.Input((3,)), minikeras.Input((3,))
    (u, v), (w, _) = inner(a), inner(b)
    model = Model([a, b], layers.Concatenate()([u, v, w]), name="outer")
    assert len(model.weights) == 2
    assert model([x23, x23]).shape == (2, 7)
    assert [type(layer).__name__ for layer in model.layers].count("Functional") == 1
    twin = Model.from_config(model.get_config())
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin([x23, x23]), model([x23, x23]))


def test_disconnected_graphs_are_refused():
    a, b = minikeras.Input((3,)), minikeras.Input((3,))
    with pytest.raises(ValueError, match="not connected"):
        Model(a, layers.Dense(1)(b))
    with pytest.raises(ValueError):
        Model(x23, layers.Dense(1)(b))
    with pytest.raises(ValueError):
        Model(a, x23)
    with pytest.raises(ValueError, match="Input"):
        Model(minikeras.KerasTensor((None, 3)), a)


def test_wrong_data_names_the_input():
    a = minikeras.Input((3,), name="left")
    model = Model(a, layers.Dense(1)(a), name="m")
    with pytest.raises(ValueError, match=r"left|m.*(None, 3)"):
        model(np.ones((2, 4), "float32"))
    b = minikeras.Input((3,), name="right")
    two = Model([a, b], layers.Add()([a, b]))
    with pytest.raises(ValueError, match="2 input"):
        two([x23])
    with pytest.raises(ValueError, match="right"):
        two([x23, z24])


def test_missing_and_extra_last_axis_of_one(keras):
    def run(k):
        a = k.Input((1,))
        model = k.Model(a, k.layers.Dense(2, kernel_initializer="ones")(a))
        return np.asarray(model(np.ones(4, "float32")))

    np.testing.assert_array_equal(run(minikeras), run(keras))


def test_none_for_an_optional_input():
    class Maybe(layers.Layer):
        def call(self, x, other=None):
            return x if other is None else x + other

    a = minikeras.Input((3,), name="a")
    b = minikeras.Input((3,), name="b", optional=True)
    model = Model({"a": a, "b": b}, Maybe()(a, b))
    np.testing.assert_array_equal(model({"a": x23, "b": None}), x23)
    np.testing.assert_array_equal(model({"a": x23, "b": x23}), 2 * x23)


def test_inputs_get_the_dtype_of_their_input(keras):
    def run(k):
        a = k.Input((3,))
        i = k.Input((2,), dtype="int32")
        model = k.Model([a, i], [a * 2, i + 1])
        x = np.array([[1, 2, 3]])
        found = [model([x, x[:, :2].astype("float64")]), model([x.astype("float64"), x[:, :2]])]
        return [(str(t.dtype), np.asarray(t).tolist()) for t in minikeras.tree.flatten(found)]

    assert run(minikeras) == run(keras)


def test_mixed_precision_model(keras):
    def run(k):
        k.config.set_dtype_policy("mixed_float16")
        try:
            a = k.Input((3,))
            model = k.Model(a, [k.layers.Dense(2)(a), a * 2])
            stack = k.Sequential([k.layers.Dense(2), k.layers.Dense(1, dtype="float32")])
            outputs = [*model(np.ones((2, 3))), stack(np.ones((2, 3)))]
            return [str(t.dtype) for t in outputs], [w.dtype for w in model.weights + stack.weights]
        finally:
            k.config.set_dtype_policy("float32")

    assert run(minikeras) == run(keras)


def test_lists_of_one(keras):
    def run(k):
        a = k.Input((3,))
        found = []
        for struct in ([a + 1], (a + 1,), {"y": a + 1}):
            model = k.Model([a], struct)
            y = model(x23)
            found.append((isinstance(y, dict), str(model.input_shape)))
            found.append(isinstance(model.predict(x23, verbose=0), dict))
        return found

    assert run(minikeras) == run(keras)


def test_call_arguments_are_kept():
    class Power(layers.Layer):
        def call(self, x, exponent=1, others=()):
            for o in others:
                x = x + o
            return x**exponent

    a = minikeras.Input((3,))
    model = Model(a, Power()(a, exponent=2, others=[a, a]))
    np.testing.assert_allclose(model(x23), (3 * x23) ** 2)


def test_training_given_at_a_call_and_to_the_model(keras):
    def dropped(k):
        x, a = np.ones((2, 50), "float32"), k.Input((50,))
        inner = k.Model(a, k.layers.Dropout(0.5)(a))
        found = []
        for layer in (k.layers.Dropout(0.5), inner):
            for at_call in (None, True, False):
                model = k.Model(a, layer(a) if at_call is None else layer(a, training=at_call))
                for given in (None, True, False):
                    y = model(x) if given is None else model(x, training=given)
                    found.append(bool(np.any(np.asarray(y) == 0)))
        return found

    assert dropped(minikeras) == dropped(keras)


class OwnStep(Model):
    """Counts its training steps."""

    def train_step(self, data):
        self.count = getattr(self, "count", 0) + 1
        logs = super().train_step(data)
        return {**logs, "steps": float(self.count)}


class Siamese(Model):
    """A subclass that makes its own inputs and outputs."""

    def __init__(self, units, **kwargs):
        inputs = minikeras.Input((3,))
        super().__init__(inputs, layers.Dense(units)(inputs), **kwargs)
        self.units = units


def test_subclass_given_inputs_and_outputs():
    a = minikeras.Input((3,))
    model = OwnStep(a, layers.Dense(1)(a), name="own")
    assert isinstance(model, OwnStep)
    model.compile("sgd", "mse")
    history = model.fit(x23, np.zeros((2, 1)), epochs=2, verbose=0)
    assert history.history["steps"] == [1, 2]
    assert model.get_layer("dense").units == 1
    model = OwnStep(inputs=a, outputs=layers.Dense(1)(a))
    assert model(x23).shape == (2, 1)
    model = Siamese(5, name="s")
    assert model(x23).shape == (2, 5)
    assert model.units == 5 and model.name == "s"
    assert [layer.name for layer in model.layers][1].startswith("dense")


def test_extra_layers_of_a_functional_subclass_are_tracked():
    class Extra(Model):
        def __init__(self):
            inputs = minikeras.Input((3,))
            super().__init__(inputs, layers.Dense(2)(inputs))
            self.extra = layers.Dense(4)

        def call(self, x):
            return self.extra(super().call(x))

    model = Extra()
    assert model(x23).shape == (2, 4)
    assert len(model.weights) == 4


def test_deep_graphs_do_not_recurse():
    a = x = minikeras.Input((2,))
    for _ in range(1500):
        x = x + 1.0
    assert Model(a, x)(np.zeros((1, 2), "float32"))[0, 0] == 1500


# Random graphs, beside Keras.


def draw_graph(draw):
    """Draw a list of steps: (kind, sources), each giving one tensor of 3 features."""
    n_inputs = draw(st.integers(1, 3))
    count = n_inputs
    steps = []
    n_shared = draw(st.integers(1, 2))
    for _ in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["dense", "shared", "add", "concat", "op", "inner", "norm"]))
        sources = draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=3))
        steps.append((kind, sources, draw(st.integers(0, n_shared - 1))))
        count += 1
    outputs = draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=3, unique=True))
    if draw(st.booleans()):
        outputs = [count - 1]
    return n_inputs, steps, outputs


def make_graph(k, graph):
    k.utils.clear_session()
    n_inputs, steps, outputs = graph
    inputs = [k.Input((3,)) for _ in range(n_inputs)]
    shared = [k.layers.Dense(3, name=f"shared{i}") for i in range(2)]
    inner_in = k.Input((3,), name="inner_in")
    inner = k.Model(
        inner_in, k.layers.ReLU(name="r")(k.layers.Dense(3, name="inner_d")(inner_in)), name="inner"
    )
    found = list(inputs)
    for kind, sources, which in steps:
        xs = [found[i] for i in sources]
        if kind == "dense":
            y = k.layers.Dense(3, activation="tanh")(xs[0])
        elif kind == "shared":
            y = shared[which](xs[0])
        elif kind == "add":
            y = k.layers.Add()(xs) if len(xs) > 1 else k.layers.Identity()(xs[0])
        elif kind == "concat":
            y = k.layers.Dense(3, use_bias=False)(k.layers.Concatenate()([*xs, xs[0]]))
        elif kind == "op":
            y = k.ops.tanh(xs[0]) + xs[-1] * 0.5
        elif kind == "inner":
            y = inner(xs[0])
        else:
            y = k.layers.Activation("softplus")(xs[0])
        found.append(y)
    return inputs, [found[i] for i in outputs]


def used_inputs(graph):
    n_inputs, steps, outputs = graph
    needed = set(outputs)
    for i in range(len(steps) - 1, -1, -1):
        if n_inputs + i in needed:
            kind, sources, _ = steps[i]
            some = kind in ("add", "concat") or (kind == "op" and len(sources) > 1)
            needed |= set(sources if some else sources[:1])
            if kind == "op":
                needed |= {sources[0], sources[-1]}
    return [i for i in range(n_inputs) if i in needed]


def test_random_graphs_agree_with_keras(keras):
    @hypothesis.settings(
        max_examples=40,
        derandomize=True,
        database=None,
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(st.data())
    def check(data):
        graph = draw_graph(data.draw)
        keep = used_inputs(graph)
        models = []
        for k in (minikeras, keras):
            inputs, outputs = make_graph(k, graph)
            chosen = [inputs[i] for i in keep] or inputs[:1]
            if not keep:
                outputs = [chosen[0]]
            models.append(k.Model(chosen, outputs))
        ours, theirs = models

        def names(model):  # ops have other class names there
            return [layer.name for layer in model.layers if "op_call" not in layer.name]

        layer_kinds = ("dense", "shared", "inner", "input", "add", "concat", "activ", "ident")
        got = [n for n in names(ours) if n.startswith(layer_kinds)]
        wanted = [n for n in names(theirs) if n.startswith(layer_kinds)]
        wanted = [n for n in wanted if n in got or not n.startswith(("add", "concat"))]
        assert [n for n in got if n in wanted] == wanted
        assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
        rng = np.random.default_rng(0)
        weights = [rng.normal(size=w.shape).astype("float32") for w in ours.get_weights()]
        ours.set_weights(weights)
        theirs.set_weights(weights)
        x = [rng.normal(size=(4, 3)).astype("float32") for _ in ours.inputs]
        got, wanted = ours(x), theirs(x)
        assert type(got) is list or len(ours.outputs) == 1
        got, wanted = minikeras.tree.flatten(got), minikeras.tree.flatten(wanted)
        assert len(got) == len(wanted)
        for a, b in zip(got, wanted):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
        twin = Model.from_config(ours.get_config())
        assert [w.path for w in twin.weights] == [w.path for w in ours.weights]
        twin.set_weights(weights)
        for a, b in zip(minikeras.tree.flatten(twin(x)), got):
            np.testing.assert_array_equal(a, b)

    check()


def build_exchanged(k):
    k.utils.clear_session()
    a, b = k.Input((3,), name="a"), k.Input((3,), name="b")
    shared = k.layers.Dense(4, activation="relu", name="shared")
    inner_in = k.Input((4,))
    inner = k.Model(inner_in, k.layers.Dense(2)(inner_in), name="inner")
    u, v = shared(a), shared(b)
    joined = k.layers.Concatenate()([u, v, inner(u)])
    outputs = {"one": k.layers.Dense(1, name="one")(joined), "two": k.layers.Add()([u, v])}
    return k.Model({"a": a, "b": b}, outputs, name="exchanged")


def test_configs_are_exchanged_with_keras(keras):
    ours, theirs = build_exchanged(minikeras), build_exchanged(keras)
    read = minikeras.models.model_from_json(theirs.to_json())
    other = keras.models.model_from_json(ours.to_json())
    x = {"a": x23, "b": x23[::-1].copy()}
    for model in (read, other, ours):
        model.set_weights(theirs.get_weights())
        y, wanted = model(x), theirs(x)
        assert sorted(y) == sorted(wanted)
        for key in y:
            np.testing.assert_allclose(np.asarray(y[key]), wanted[key], rtol=1e-5, atol=1e-6)
    assert [layer.name for layer in read.layers] == [layer.name for layer in theirs.layers]
    assert [w.path for w in read.weights] == [w.path for w in theirs.weights]


def test_graphs_with_ops_are_exchanged_with_keras(keras):
    def build(k):
        k.utils.clear_session()
        a = k.Input((3,))
        y = k.ops.relu(a - 1.0) * 2.0 + k.ops.mean(a, axis=-1, keepdims=True)
        y = k.ops.concatenate([y, a[:, :2]], axis=1)
        return k.Model(a, y)

    ours, theirs = build(minikeras), build(keras)
    read = minikeras.models.model_from_json(theirs.to_json())
    other = keras.models.model_from_json(ours.to_json())
    np.testing.assert_allclose(read(x23), theirs(x23), rtol=1e-6)
    np.testing.assert_allclose(other(x23), theirs(x23), rtol=1e-6)
    np.testing.assert_allclose(ours(x23), theirs(x23), rtol=1e-6)


def test_shared_model_trained_in_two_models():
    """What one model's training does to the weights that they share is where the other goes on."""
    a = minikeras.Input((3,))
    base = Model(a, layers.Dense(4)(a))
    heads = [Model(a, layers.Dense(1)(base(a))) for _ in range(2)]
    y = np.ones((2, 1), "float32")
    for head in heads:
        head.compile(minikeras.optimizers.SGD(0.01), "mse")
        kernel, bias, top, top_bias = head.get_weights()
        error = 2 * ((x23 @ kernel + bias) @ top + top_bias - y) / 2
        head.fit(x23, y, verbose=0)
        wanted = kernel - 0.01 * x23.T @ (error @ top.T)
        np.testing.assert_allclose(base.get_weights()[0], wanted, rtol=1e-4, atol=1e-6)
    for head in heads:
        np.testing.assert_array_equal(head.get_weights()[0], base.get_weights()[0])
    base.trainable = False
    assert [len(head.trainable_weights) for head in heads] == [2, 2]
    frozen, top = heads[0].get_weights()[0], heads[0].get_weights()[2]
    heads[0].compile("sgd", "mse")
    heads[0].fit(x23, y, verbose=0)
    np.testing.assert_array_equal(heads[0].get_weights()[0], frozen)
    assert (heads[0].get_weights()[2] != top).any()


def test_names_are_unique_and_there_are_inputs_and_outputs():
    x = minikeras.Input((2,))
    twice = layers.Dense(1, name="a")(layers.Dense(1, name="a")(x))
    with pytest.raises(ValueError, match="'a' is that of 2"):
        Model(x, twice)
    with pytest.raises(ValueError, match="`inputs` must not be empty"):
        Model([], [])


def test_a_layer_of_the_users_is_described_with_the_mask_that_it_will_get():
    seen = []

    class Scale(layers.Layer):
        def call(self, x, mask=None):
            seen.append(mask)
            return x * ops.expand_dims(ops.cast(mask, x.dtype), -1)

    inputs = minikeras.Input((None,), dtype="int32")
    embedded = layers.Embedding(5, 2, mask_zero=True)(inputs)
    model = Model(inputs, Scale()(layers.Add()([embedded, embedded])))
    assert seen[0].ndim == 2 and seen[0].dtype == "bool"
    y = model(np.array([[1, 0, 2]])).numpy()
    assert (y[0, 1] == 0).all() and (y[0, [0, 2]] != 0).all()


@pytest.mark.parametrize("kind", [list, tuple])
def test_a_list_is_not_dealt_out_to_the_keys_of_a_dict(kind):
    first, second = minikeras.Input((2,), name="b"), minikeras.Input((2,), name="a")
    model = minikeras.Model({"b": first, "a": second}, minikeras.layers.Subtract()([first, second]))
    x, y = np.ones((1, 2), "float32"), np.zeros((1, 2), "float32")
    np.testing.assert_array_equal(model({"b": x, "a": y}), [[1, 1]])
    for call in (model, lambda inputs: model.predict(inputs, verbose=0)):
        with pytest.raises(ValueError, match=r"dict of inputs with the keys \['a', 'b'\]"):
            call(kind([x, y]))


def test_a_dict_with_keys_of_no_input_warns(keras):
    data = {key: np.ones((3, 2), "float32") for key in "abc"}
    for k in (minikeras, keras):
        inputs = {key: k.Input((2,), name=key) for key in "ab"}
        total = k.layers.Add()(list(inputs.values()))
        strict = k.Model(inputs, total)
        for call in (strict, lambda x, m=strict: m.predict(x, verbose=0)):
            with pytest.warns(UserWarning, match=r"structure of `inputs`.*(\n.*)*'c'"):
                assert call(data).shape == (3, 2)
        loose = k.Model(list(inputs.values()), total)  # takes what it has a name for
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            loose(data)
            strict({key: data[key] for key in "ba"})


# Structures are matched by key and by length.


def minus(kind):
    """A model of `a - b`, which shows which input is which."""
    a, b = minikeras.Input((3,), name="a"), minikeras.Input((3,), name="b")
    return Model(kind(a, b), layers.Subtract()([a, b]))


STRUCTURES = {
    "list": lambda a, b: [a, b],
    "tuple": lambda a, b: (a, b),
    "dict": lambda a, b: {"v": a, "u": b},
    "nested dict": lambda a, b: {"y": {"b": a, "a": b}},
    "dict of lists": lambda a, b: {"y": [a], "x": (b,)},
    "list of dicts": lambda a, b: [{"y": a}, {"x": b}],
}


@pytest.mark.parametrize("given", STRUCTURES)
@pytest.mark.parametrize("made", STRUCTURES)
def test_inputs_go_where_they_belong_or_are_refused(made, given):
    model = minus(STRUCTURES[made])
    data = STRUCTURES[given](3 * x23, x23)
    plain = {"list", "tuple"}
    if made == given or {made, given} <= plain:
        np.testing.assert_array_equal(model(data), 2 * x23)
        if made in plain or made == "dict":  # beside what is asked for
            np.testing.assert_array_equal(model({"a": 3 * x23, "b": x23, **_keys(data)}), 2 * x23)
        model.compile("sgd", "mse")
        np.testing.assert_array_equal(model.predict(data, verbose=0), 2 * x23)
        model.fit(data, x23, verbose=0)
    else:
        with pytest.raises(ValueError, match=r"'functional.*(takes a|missing|expects)"):
            model(data)


def _keys(data):
    return data if isinstance(data, dict) else {}


def test_nested_inputs_by_their_names():
    model = minus(STRUCTURES["nested dict"])
    np.testing.assert_array_equal(model({"a": 3 * x23, "b": x23}), 2 * x23)
    with pytest.raises(ValueError, match=r"missing input\(s\) \['b'\] in inputs\['y'\]"):
        model({"y": {"a": x23}})


def test_as_many_masks_as_inputs():
    model = minus(STRUCTURES["list"])
    with pytest.raises(ValueError, match="one mask for each of the 2 inputs. Received: 1"):
        model.call([ops.ones((2, 3)), ops.ones((2, 3))], mask=[None])


def test_functions_are_called_on_their_own_structure():
    a, b = minikeras.Input((3,), name="a"), minikeras.Input((3,), name="b")
    function = minikeras.Function({"v": a, "u": b}, a - b)
    x = ops.convert_to_tensor(x23)
    np.testing.assert_array_equal(function({"u": x, "v": 3 * x}), 2 * x23)
    for wrong in ([3 * x, x], {"v": x}, {"v": x, "w": x}):
        with pytest.raises(ValueError, match="another structure"):
            function(wrong)


OUTPUTS = [
    lambda a, b: (a, b),
    lambda a, b: [a, b],
    lambda a, b: {"u": a, "v": b},
    lambda a, b: {"u": (a,), "v": [b, (a, b)]},
    lambda a, b: ((a, b), b),
]


def shape_of(structure):
    return minikeras.tree.map_structure(lambda t: None, structure)


@pytest.mark.parametrize("kind", OUTPUTS)
def test_structures_stay_what_they_are(kind):
    x = minikeras.Input((3,))
    a, b = layers.Dense(2)(x), layers.Dense(1)(x)
    model = Model([x], kind(a, b))
    for twin in (
        model,
        Model.from_config(model.get_config()),
        minikeras.models.clone_model(model),
        minikeras.saving.deserialize_keras_object(minikeras.saving.serialize_keras_object(model)),
    ):
        assert shape_of(twin([x23])) == shape_of(kind(0, 0))
    both = Model(kind(x, minikeras.Input((3,))), x) if kind is OUTPUTS[0] else None
    if both is not None:
        assert type(Model.from_config(both.get_config()).input) is tuple


def test_an_operation_that_gives_other_outputs_than_it_described():
    class Fickle(layers.Layer):
        def call(self, x):
            return [x, x] if isinstance(x, minikeras.KerasTensor) else [x, x, x]

    x = minikeras.Input((3,))
    model = Model(x, Fickle(name="fickle")(x))
    with pytest.raises(ValueError, match="'fickle' gave 3 outputs, and 2 when"):
        model(x23)


def test_frozen_layers_stay_frozen_in_configs_and_clones(keras):
    for library in (minikeras, keras):
        a = library.Input((3,))
        frozen = library.layers.Dense(2, trainable=False)
        model = library.Model(a, library.layers.Dense(1)(frozen(a)))
        for twin in (
            model,
            library.Model.from_config(model.get_config()),
            library.models.clone_model(model),
            library.Model(model.input, model.output, trainable=True),
        ):
            assert [len(layer.trainable_weights) for layer in twin.layers] == [0, 0, 2]
        model = library.Model(a, model.output, trainable=False)
        assert library.Model.from_config(model.get_config()).trainable_weights == []
