"""Whole models, exported and run in ONNX Runtime."""

from __future__ import annotations

import numpy as np
import pytest
from onnx_runs import TOLERANCE, assert_described, assert_same, run, session_of

import minikeras as keras
from minikeras import layers, ops, tree

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def reals(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype("float32")


def integers(high, *shape):
    return np.random.default_rng(sum(shape)).integers(0, high, shape).astype("int32")


def written(model, folder, **options):
    """Export a model and read it again."""
    path = folder / "model.onnx"
    model.export(path, verbose=False, **options)
    return onnx.load(path)


def check(model, make, folder, tolerance=TOLERANCE["float32"]):
    """Compare a model with its exported graph, for one example and for five; return the graph.

    Args:
        make: `make(n)` returns a list of inputs of n examples.
    """
    rng = np.random.default_rng(3)
    model.set_weights([rng.uniform(0.1, 0.6, w.shape).astype(w.dtype) for w in model.weights])
    proto = written(model, folder)
    for n in (1, 5):
        inputs = make(n)
        given = inputs[0] if len(inputs) == 1 else inputs
        expected = [np.asarray(y) for y in tree.flatten(model(given))]
        results = run(proto, inputs)
        assert_same(results, expected, tolerance)
        assert_described(proto, expected)
    return proto


def kinds(proto):
    return [node.op_type for node in proto.graph.node]


def names(values):
    return [v.name for v in values]


def test_mlp(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((4,), name="features"),
            layers.Dense(8, activation="relu", name="hidden"),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax", name="classes"),
        ],
        name="mlp",
    )
    proto = check(model, lambda n: [reals(n, 4)], tmp_path)
    assert kinds(proto) == ["Gemm", "Relu", "Gemm", "Softmax"]
    assert names(proto.graph.input) == ["features"]
    assert names(proto.graph.output) == ["classes"]
    assert proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert names(proto.graph.initializer) == [w.path for w in model.weights]
    assert proto.graph.node[0].name == "hidden/Gemm"
    assert proto.producer_name == "minikeras"


def convnet():
    return keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Conv2D(8, 3, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            layers.AveragePooling2D(2, strides=1, padding="same"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )


def test_images_are_transposed_once(tmp_path):
    proto = check(convnet(), lambda n: [reals(n, 12, 12, 3)], tmp_path)
    assert kinds(proto).count("Transpose") == 1
    assert kinds(proto)[:3] == ["Transpose", "Conv", "Mul"]


def test_convnet_for_images_of_any_size(tmp_path):
    x = keras.Input((None, None, 3))
    y = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    y = layers.MaxPooling2D(padding="same")(y)
    y = layers.Conv2D(4, 3, strides=2, padding="same")(y)
    y = layers.UpSampling2D(interpolation="bilinear")(y)
    y = layers.Conv2DTranspose(3, 3, strides=2, padding="same")(y)
    model = keras.Model(x, [y, layers.GlobalMaxPooling2D()(y)])
    for height, width in [(12, 12), (13, 10)]:
        check(model, lambda n, h=height, w=width: [reals(n, h, w, 3)], tmp_path)


def test_u_net(tmp_path):
    x = keras.Input((16, 16, 3))
    a = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    b = layers.Conv2D(8, 3, padding="same", activation="relu")(layers.MaxPooling2D()(a))
    up = layers.Conv2DTranspose(4, 3, strides=2, padding="same")(b)
    y = layers.Conv2D(1, 1, activation="sigmoid")(layers.Concatenate()([a, up]))
    proto = check(keras.Model(x, y), lambda n: [reals(n, 16, 16, 3)], tmp_path)
    assert kinds(proto).count("Transpose") == 2  # on the way in and on the way out


def test_separable_convolutions(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((10, 10, 4)),
            layers.SeparableConv2D(6, 3, depth_multiplier=2, activation="relu"),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.Conv2D(4, 3, groups=2, dilation_rate=2),
            layers.Flatten(),
        ]
    )
    check(model, lambda n: [reals(n, 10, 10, 4)], tmp_path)


def test_text_classifier_with_a_mask(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(20, 8, mask_zero=True),
            layers.LSTM(6, return_sequences=True),
            layers.LSTM(5),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    proto = check(model, lambda n: [integers(3, n, 9)], tmp_path)
    assert kinds(proto).count("Scan") == 2  # ONNX's own LSTM knows no gaps
    check(model, lambda n: [integers(3, n, 4)], tmp_path)


@pytest.mark.parametrize("layer", [layers.LSTM, layers.GRU, layers.SimpleRNN])
def test_bidirectional(layer, tmp_path):
    model = keras.Sequential(
        [
            keras.Input((None, 4)),
            layers.Bidirectional(layer(6, return_sequences=True)),
            layers.Bidirectional(layer(3, use_bias=False), merge_mode="sum"),
        ]
    )
    proto = check(model, lambda n: [reals(n, 7, 4)], tmp_path)
    kind = "RNN" if layer is layers.SimpleRNN else layer.__name__
    assert kinds(proto).count(kind) == 4
    assert "Scan" not in kinds(proto)


def test_states_of_recurrent_layers_and_other_activations(tmp_path):
    x, state = keras.Input((None, 4)), keras.Input((3,))
    y, h = layers.GRU(3, return_sequences=True, return_state=True)(x, initial_state=state)
    z, h2, c2 = layers.LSTM(3, activation="relu", return_state=True)(y, initial_state=[h, h])
    y = layers.GRU(2, reset_after=False, go_backwards=True, return_sequences=True)(y)
    model = keras.Model([x, state], [y, h, z, h2, c2])
    check(model, lambda n: [reals(n, 6, 4), reals(n, 3)], tmp_path)


class SumCell(layers.Layer):
    """A cell of a user's, which forgets slowly, so that the order of steps counts."""

    state_size = output_size = 4

    def call(self, x, states):
        h = 0.5 * states[0] + x
        return h, [h]


@pytest.mark.parametrize("go_backwards", [False, True])
def test_a_cell_of_a_users_goes_in_its_direction(tmp_path, go_backwards):
    x = keras.Input((None, 4))
    y = layers.RNN(SumCell(), return_sequences=True, go_backwards=go_backwards)(x)
    check(keras.Model(x, y), lambda n: [reals(n, 5, 4)], tmp_path)


def test_causal_transformer(tmp_path):
    x = keras.Input((None, 8))
    y = layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)
    y = layers.LayerNormalization()(layers.Add()([x, y]))
    z = layers.Dense(16, activation="gelu")(y)
    model = keras.Model(x, layers.LayerNormalization()(y + layers.Dense(8)(z)))
    proto = check(model, lambda n: [reals(n, 7, 8)], tmp_path)
    kernels = [w.path for w in model.weights]
    assert set(kernels) <= set(names(proto.graph.initializer))


def test_attention_with_padding(tmp_path):
    x = keras.Input((6,), dtype="int32")
    y = layers.Embedding(9, 8, mask_zero=True)(x)
    y = layers.MultiHeadAttention(2, 4)(y, y)
    model = keras.Model(x, layers.GlobalAveragePooling1D()(y))
    check(model, lambda n: [integers(3, n, 6)], tmp_path)


def test_several_inputs_and_outputs(tmp_path):
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    total = layers.Dense(3, name="total")(a) + b
    model = keras.Model({"a": a, "b": b}, {"sum": total, "same": b, "twice": total})
    proto = written(model, tmp_path)
    x = {"a": reals(5, 4), "b": reals(5, 3)}
    expected = [np.asarray(y) for y in tree.flatten(model(x))]
    assert_same(run(proto, [x["a"], x["b"]]), expected, 1e-5)
    assert names(proto.graph.input) == ["a", "b"]
    assert len(set(names(proto.graph.output))) == 3


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.embedding = layers.Embedding(10, 4)
        self.recurrent = layers.GRU(4)
        self.dense = layers.Dense(3)

    def call(self, x, training=None):
        return {"logits": self.dense(self.recurrent(self.embedding(x))), "sum": ops.sum(x, axis=-1)}


def test_subclassed_model(tmp_path):
    model = Subclassed()
    model(integers(10, 2, 6))
    proto = check(model, lambda n: [integers(10, n, 6)], tmp_path)
    assert proto.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.INT32
    assert names(proto.graph.output) == ["logits", "sum"]


def test_call_with_several_arguments(tmp_path):
    class Scaled(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, x, factor):
            return self.dense(x) * factor

    model = Scaled()
    x, factor = reals(2, 4), reals(2, 3)
    expected = np.asarray(model(x, factor))
    proto = written(model, tmp_path)
    assert names(proto.graph.input) == ["factor", "x"]
    assert_same(run(proto, [factor, x]), [expected], 1e-5)


def test_nested_and_shared_models(tmp_path):
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu")], name="inner")
    a, b = keras.Input((4,)), keras.Input((4,))
    model = keras.Model([a, b], [inner(a) + inner(b), b])
    proto = check(model, lambda n: [reals(n, 4), reals(n, 4) + 1], tmp_path)
    assert proto.graph.node[0].name.startswith("inner/")
    assert len(proto.graph.initializer) == 2


def test_a_users_layers(tmp_path):
    class Positions(layers.Layer):
        def call(self, x):
            n = ops.shape(x)[1]
            place = ops.cast(ops.arange(n), "float32") / n
            return x + ops.reshape(ops.sin(place), (1, n, 1)) * ops.tri(n, x.shape[2])

    class Cell(layers.Layer):
        state_size = 3

        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3, activation="tanh")

        def build(self, input_shape):
            self.dense.build((None, input_shape[-1] + 3))
            self.built = True

        def call(self, x, states):
            h = self.dense(ops.concatenate([x, states[0]], axis=-1))
            return h, [h]

    class Choice(layers.Layer):
        def call(self, x):
            return ops.cond(ops.mean(x) > 0.5, lambda: x * 2, lambda: x - 1)

    model = keras.Sequential(
        [
            keras.Input((None, 4)),
            Positions(),
            Choice(),
            layers.Masking(),
            layers.RNN([Cell(), Cell()], return_sequences=True),
        ]
    )
    proto = check(model, lambda n: [reals(n, 6, 4)], tmp_path)
    assert {"If", "Scan"} <= set(kinds(proto))


def test_places_that_depend_on_a_length(tmp_path):
    class Ends(layers.Layer):
        def call(self, x):
            n = ops.shape(x)[1]
            halves = ops.reshape(x[:, : n // 2 * 2], (-1, n // 2, 2 * 3))
            parts = [x[:, n - 1], x[:, 1:-1], x[:, ::-1], ops.roll(x, 9, axis=1), halves]
            return [*parts, ops.repeat(x, 2, axis=1), ops.cumprod(x, axis=1), x[x > 0]]

    model = keras.Sequential([keras.Input((None, 3)), Ends()])
    check(model, lambda n: [reals(n, 4, 3)], tmp_path)
    check(model, lambda n: [reals(n, 11, 3)], tmp_path)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(policy, tmp_path):
    if policy == "mixed_bfloat16":
        pytest.importorskip("ml_dtypes")
    keras.config.set_dtype_policy(policy)
    model = keras.Sequential(
        [
            keras.Input((6, 4)),
            layers.LSTM(5, return_sequences=True),
            layers.LayerNormalization(),
            layers.Dense(3, activation="relu"),
            layers.Dense(2, dtype="float32"),
        ]
    )
    check(model, lambda n: [reals(n, 6, 4)], tmp_path, TOLERANCE[policy.removeprefix("mixed_")])


def test_random_numbers_are_drawn_anew(tmp_path):
    class Sampling(layers.Layer):
        def call(self, x):
            noise = keras.random.normal(ops.shape(x), stddev=2.0)
            return noise, keras.random.uniform(ops.shape(x), 1.0, 3.0)

    model = keras.Sequential([keras.Input((100,)), Sampling()])
    session = session_of(written(model, tmp_path))
    x = np.zeros((200, 100), "float32")
    given = {session.get_inputs()[0].name: x}
    normal, uniform = session.run(None, given)
    assert normal.shape == uniform.shape == x.shape
    assert abs(normal.mean()) < 0.1
    assert abs(normal.std() - 2) < 0.1
    assert uniform.min() >= 1
    assert uniform.max() < 3
    assert abs(uniform.mean() - 2) < 0.1
    other, _ = session.run(None, given)
    assert (other != normal).any()


@pytest.mark.parametrize("opset", [18, 21])
def test_opset(opset, tmp_path):
    model = convnet()
    proto = written(model, tmp_path, opset_version=opset)
    assert [o.version for o in proto.opset_import] == [opset]
    x = reals(5, 12, 12, 3)
    assert_same(run(proto, [x]), [np.asarray(model(x))], 1e-5)
