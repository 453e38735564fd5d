"""Quantized layers and models, beside Keras's: what is stored, predictions, gradients, files."""

from __future__ import annotations

import numpy as np
import pytest

import minikeras
from minikeras import layers, models, quantizers
from minikeras.autodiff import GradientTape, gradient_check

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 2, 7)).astype("float32")
TOKENS = RNG.integers(0, 9, (3, 4))
LAYERS = {
    "dense": (lambda k: k.layers.Dense(5, activation="tanh"), X),
    "einsum, rows": (
        lambda k: k.layers.EinsumDense("abc,cde->abde", (None, 3, 5), bias_axes="de"),
        X,
    ),
    "einsum, two axes": (lambda k: k.layers.EinsumDense("abc,bcd->ad", (5,), bias_axes="d"), X),
    "einsum, turned": (lambda k: k.layers.EinsumDense("abc,dc->abd", (None, 5)), X),
    "embedding": (lambda k: k.layers.Embedding(9, 7), TOKENS),
    "reversible": (lambda k: k.layers.ReversibleEmbedding(9, 7, logit_soft_cap=5.0), TOKENS),
    "two tables": (lambda k: k.layers.ReversibleEmbedding(9, 7, tie_weights=False), TOKENS),
}
CONFIGS = {
    "int8": lambda q: q.Int8QuantizationConfig(),
    "int8, inputs as they are": lambda q: q.Int8QuantizationConfig(activation_quantizer=None),
    "int4": lambda q: q.Int4QuantizationConfig(block_size=3),
    "int4, no groups": lambda q: q.Int4QuantizationConfig(
        activation_quantizer=q.AbsMaxQuantizer(axis=-1), block_size=None
    ),
}


def close(ours, theirs, atol=1e-5):
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-5, atol=atol)


def pair(keras, name, config=None, lora=False):
    make, x = LAYERS[name]
    ours, theirs = make(minikeras), make(keras)
    ours(x)
    theirs.build(x.shape)
    values = [RNG.normal(size=w.shape) for w in ours.weights]
    ours.set_weights(values)
    theirs.set_weights(values)
    if config is not None:
        ours.quantize(config=CONFIGS[config](quantizers))
        theirs.quantize(config=CONFIGS[config](keras.quantizers))
    if lora:
        ours.enable_lora(2)
        theirs.enable_lora(2)
        for a, b in zip(ours.weights, theirs.weights):
            if "lora" in a.name:
                a.assign(RNG.normal(size=a.shape))
                b.assign(a.numpy())
    return ours, theirs, x


@pytest.mark.parametrize(
    ("name", "config"),
    [(n, c) for n in LAYERS for c in CONFIGS if c in ("int8", "int4") or n != "two tables"],
)
def test_layer_is_keras(keras, name, config):
    ours, theirs, x = pair(keras, name, config)
    assert ours.dtype_policy.name == theirs.dtype_policy.name
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    for a, b in zip(ours.weights, theirs.weights):
        assert a.dtype == b.dtype or "zero" in a.name  # one of Keras's is in float32
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
    y = ours(x)
    close(y, theirs(x))
    if isinstance(ours, layers.ReversibleEmbedding):
        close(ours(y, reverse=True), theirs(np.asarray(y), reverse=True))


@pytest.mark.parametrize("config", ["int8", "int4"])
@pytest.mark.parametrize("name", ["dense", "einsum, rows", "embedding"])
def test_adaptation_of_a_quantized_layer_is_keras(keras, name, config):
    jax = pytest.importorskip("jax")
    ours, theirs, x = pair(keras, name, config, lora=True)
    names = [v.name for v in theirs.trainable_variables]
    assert [v.name for v in ours.trainable_variables] == names
    inputs = minikeras.Variable(x, trainable=x.dtype.kind == "f")
    with GradientTape() as tape:
        loss = minikeras.ops.sum(minikeras.ops.square(ours(inputs if inputs.trainable else x)))
    grads = tape.gradient(loss, [*ours.trainable_variables, inputs])

    def loss_of(values, x):
        y, _ = theirs.stateless_call(values, theirs.non_trainable_variables, x)
        return (y**2).sum()

    values = [v.value for v in theirs.trainable_variables]
    which = (0, 1) if x.dtype.kind == "f" else (0,)
    expected = jax.grad(loss_of, which)(values, x)
    for a, b in zip(grads, [*expected[0], *expected[1:]]):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-4, atol=1e-4)
    a, b = {}, {}
    ours.save_own_variables(a)
    theirs.save_own_variables(b)
    assert list(a) == list(b)
    for key in a:
        np.testing.assert_allclose(np.asarray(a[key]), np.asarray(b[key]), rtol=1e-5)


def network(k):
    return k.Sequential(
        [
            k.Input((4,), dtype="int32"),
            k.layers.Embedding(9, 6, name="table"),
            k.layers.EinsumDense("abc,cd->abd", (4, 5), bias_axes="d", name="mixed"),
            k.layers.Flatten(),
            k.layers.Dense(3, name="head"),
        ]
    )


@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_files_of_quantized_models_go_both_ways(keras, tmp_path, mode):
    pytest.importorskip("h5py")
    ours, theirs = network(minikeras), network(keras)
    ours.quantize(mode)
    ours.save(tmp_path / "ours.keras")
    expected = ours.predict(TOKENS, verbose=0)
    read = keras.models.load_model(tmp_path / "ours.keras")
    close(read.predict(TOKENS, verbose=0), expected)
    read.save(tmp_path / "theirs.keras")
    again = models.load_model(tmp_path / "theirs.keras")
    close(again.predict(TOKENS, verbose=0), expected)
    assert [w.path for w in again.weights] == [w.path for w in read.weights]
    ours.save_weights(tmp_path / "ours.weights.h5")
    theirs.quantize(mode)
    theirs.load_weights(tmp_path / "ours.weights.h5")
    close(theirs.predict(TOKENS, verbose=0), expected)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    ours.set_weights([np.zeros_like(w) for w in ours.get_weights()])
    ours.load_weights(tmp_path / "theirs.weights.h5")
    close(ours.predict(TOKENS, verbose=0), expected)


def test_filters_choose_layers():
    model = network(minikeras)
    model.quantize("int8", filters=["head", "^mix"])
    assert [layer.quantization_mode for layer in model.layers] == [None, "int8", None, "int8"]
    model.quantize("int4", filters=lambda layer: layer.name == "table")
    assert model.layers[0].quantization_mode == "int4"
    with pytest.raises(ValueError, match=r"`filters`.*Received"):
        model.quantize("int8", filters=3)


class MyDense(layers.Dense):
    pass


class QuantizedByMode(layers.Dense):
    def quantize(self, mode=None, type_check=True, config=None):
        super().quantize(mode, type_check=False)


def test_a_class_may_quantize_by_its_base_s_way():
    layer, plain = QuantizedByMode(4), layers.Dense(4)
    values = [RNG.normal(size=(7, 4)), RNG.normal(size=4)]
    for each in (layer, plain):
        each.build((None, 7))
        each.set_weights(values)
        each.quantize("int4")
    np.testing.assert_array_equal(layer(X), plain(X))
    assert layer.dtype_policy.name == "int4/128_from_float32"


def test_what_cannot_be_quantized_says_so():
    with pytest.raises(ValueError, match="isn't yet built"):
        layers.Dense(2).quantize("int8")
    dense = layers.Dense(2)
    dense.build((None, 3))
    for arguments, message in (
        ({"mode": "int3"}, "Invalid quantization mode"),
        ({}, "either `mode` or `config`"),
        ({"mode": "int4", "config": quantizers.Int8QuantizationConfig()}, "contradictory"),
        ({"mode": "int8", "config": 3}, "instance of `QuantizationConfig`"),
    ):
        with pytest.raises(ValueError, match=message):
            dense.quantize(**arguments)
    dense.quantize("int8")
    with pytest.raises(ValueError, match="already quantized"):
        dense.quantize("int4")
    half = layers.Dense(2, dtype="mixed_float16")
    half.build((None, 3))
    with pytest.raises(ValueError, match="float16"):
        half.quantize("int8")
    mine = MyDense(2)
    mine.build((None, 3))
    with pytest.raises(NotImplementedError, match="MyDense"):
        mine.quantize("int8")
    mine.quantize("int8", type_check=False)
    assert mine.kernel.dtype == "int8"
    with pytest.warns(UserWarning, match="BatchNormalization"):
        minikeras.Sequential(
            [minikeras.Input((3,)), layers.BatchNormalization(), layers.Dense(2)]
        ).quantize("int8")


def test_long_sums_of_integers_are_exact():
    layer = layers.Dense(3, use_bias=False, dtype="int8_from_float32")
    layer.build((None, 5000))
    layer.kernel.assign(np.full((5000, 3), 127))
    x = np.ones((2, 5000), "float32")
    x[1, 7] = -1.0
    sums = np.array([5000, 4998], np.int64) * 127 * 127
    scale = np.float32(127) / (np.float32(1) + np.float32(1e-7))
    expected = sums.astype("float32") / scale
    np.testing.assert_array_equal(np.asarray(layer(x)), np.stack([expected] * 3, axis=1))


def test_a_policy_map_quantizes_by_path():
    policies = minikeras.dtype_policies.DTypePolicyMap("float32")
    policies["inside"] = "int8_from_float32"
    quantized, plain = [layers.Dense(2, dtype=policies, name=n) for n in ("inside", "outside")]
    quantized(np.ones((1, 3)))
    plain(np.ones((1, 3)))
    assert (quantized.quantization_mode, plain.quantization_mode) == ("int8", None)
    plain.quantize("int8")
    assert policies["outside"].name == "int8_from_float32"


@pytest.mark.parametrize("name", ["dense", "einsum, rows"])
def test_training_in_float8_is_keras(keras, name):
    make, x = LAYERS[name]
    rng = np.random.default_rng(1)
    models_ = []
    values = None
    for k in (minikeras, keras):
        model = k.Sequential([k.Input(x.shape[1:]), make(k)])
        values = values or [rng.normal(size=w.shape) for w in model.weights]
        model.set_weights(values)
        model.quantize("float8")
        model.compile(k.optimizers.SGD(0.1), "mse")
        models_.append(model)
    ours, theirs = models_
    y = rng.normal(size=ours(x).shape).astype("float32")
    for step in range(3):
        a, b = ours.train_on_batch((step + 1) * x, y), theirs.train_on_batch((step + 1) * x, y)
        np.testing.assert_allclose(float(a), float(b), rtol=1e-4)
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    for a, b in zip(ours.weights, theirs.weights):
        np.testing.assert_allclose(
            np.asarray(a), np.asarray(b), rtol=1e-4, atol=1e-5, err_msg=a.name
        )
    close(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), atol=1e-4)
    a, b = {}, {}
    ours.layers[-1].save_own_variables(a)
    theirs.layers[-1].save_own_variables(b)
    assert [np.shape(v) for v in a.values()] == [np.shape(v) for v in b.values()]


def test_gradients_of_weights_in_few_bits_are_checked_as_such():
    layer = layers.Dense(4, activation="tanh")
    layer(X)
    layer.quantize(config=CONFIGS["int4"](quantizers))
    before = np.asarray(layer(X))
    gradient_check(layer, X)
    assert layer.dtype_policy.name == "int4/3_from_float32"
    np.testing.assert_array_equal(np.asarray(layer(X)), before)
    rounding = layers.Dense(4, name="rounding")
    rounding(X)
    rounding.quantize("int8")
    with pytest.raises(ValueError, match="'rounding'.*rounds its inputs"):
        gradient_check(rounding, X)
    assert rounding.quantization_mode == "int8"


def test_float8_goes_without_lora(keras):
    for k in (minikeras, keras):
        quantized, adapted = k.layers.Dense(3), k.layers.Dense(3)
        for layer in (quantized, adapted):
            layer.build((None, 4))
        quantized.quantize("float8")
        adapted.enable_lora(2)
        with pytest.raises(NotImplementedError, match="(?i)lora"):
            quantized.enable_lora(2)
            quantized(np.ones((1, 4)))  # Keras tells it here
        with pytest.raises(NotImplementedError, match="(?i)lora"):
            adapted.quantize("float8")
            adapted(np.ones((1, 4)))


def test_quantized_attention_comes_back_from_a_file(tmp_path):
    pytest.importorskip("h5py")
    inputs = minikeras.Input((2, 7))
    model = minikeras.Model(inputs, layers.MultiHeadAttention(2, 3)(inputs, inputs))
    model.quantize("int8", filters="query|value")
    expected = model.predict(X, verbose=0)
    model.save(tmp_path / "attention.keras")
    again = models.load_model(tmp_path / "attention.keras")
    np.testing.assert_array_equal(again.predict(X, verbose=0), expected)
    attention = again.layers[-1]
    assert attention.query_dense.quantization_mode == "int8"
    assert attention.key_dense.quantization_mode is None
    as_they_are = minikeras.Model(inputs, layers.MultiHeadAttention(2, 3)(inputs, inputs))
    as_they_are.quantize(config=CONFIGS["int8, inputs as they are"](quantizers))
    with pytest.warns(UserWarning, match="not the quantizers"):
        as_they_are.layers[-1].get_config()


def test_layers_around_a_quantized_one_call_it_as_such():
    inner = layers.Dense(4)
    around = layers.TimeDistributed(inner)
    expected = np.asarray(around(X))
    inner.quantize("int8")
    found = np.asarray(around(X))
    assert 0 < np.abs(found - expected).max() < 0.05
    np.testing.assert_array_equal(found[:, 0], np.asarray(inner(X[:, 0])))


def test_export_refuses_rounded_inputs_and_gives_weights_in_floats(tmp_path):
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    turned = layers.EinsumDense("abc,dc->abd", (None, 4))
    model = minikeras.Sequential([minikeras.Input((2, 7)), layers.Dense(5), turned])
    model.quantize(config=CONFIGS["int8, inputs as they are"](quantizers))
    model.export(tmp_path / "q.onnx", format="onnx", verbose=False)
    session = runtime.InferenceSession(tmp_path / "q.onnx")
    (found,) = session.run(None, {session.get_inputs()[0].name: X})
    close(found, model.predict(X, verbose=0))
    rounded = minikeras.Sequential([minikeras.Input((2, 7)), layers.Dense(5)])
    rounded.quantize("int8")
    with pytest.raises(ValueError, match="no form in ONNX"):
        rounded.export(tmp_path / "r.onnx", format="onnx", verbose=False)


@pytest.mark.parametrize(("mode", "share"), [("int8", 0.26), ("int4", 0.145)])
def test_memory_of_a_quantized_model(mode, share):
    model = minikeras.Sequential([minikeras.Input((512,)), layers.Dense(512), layers.Dense(512)])
    before = sum(w.numpy().nbytes for w in model.weights)
    model.quantize(mode)
    assert sum(w.numpy().nbytes for w in model.weights) < share * before
