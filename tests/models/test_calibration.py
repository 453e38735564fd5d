"""`Model.quantize` by GPTQ and AWQ: beside Keras with its calibration mended, files both ways, errors."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

import minikeras
from minikeras import layers, models, quantizers

RNG = np.random.default_rng(0)
TOKENS = RNG.integers(0, 30, (1, 40))
X = RNG.integers(0, 30, (4, 8))
VALUES: list[np.ndarray] = []


def network(k):
    """Tokens, a block of Dense, one of attention (which has EinsumDense), and a head."""
    table = k.layers.Embedding(30, 16, name="table")
    first = k.Sequential(
        [k.layers.Dense(10, activation="relu", name="up"), k.layers.Dense(16, name="down")]
    )
    inside = k.Input((8, 16))
    mixed = k.layers.MultiHeadAttention(2, 8, name="attention")(inside, inside)
    second = k.Model(inside, k.layers.LayerNormalization()(inside + mixed))
    tokens = k.Input((8,), dtype="int32")
    y = k.layers.Dense(3, name="head")(second(first(table(tokens))))
    model = k.Model(tokens, y)
    blocks = {"pre_block_layers": [table], "sequential_blocks": [first, second]}
    model.get_quantization_layer_structure = lambda mode=None: blocks
    if not VALUES:
        VALUES.extend(RNG.normal(size=w.shape) / np.sqrt(w.shape[0]) for w in model.weights)
    model.set_weights(VALUES)
    return model


def quantized(k, mode, filters=None, **options):
    model = network(k)
    make = getattr(k.quantizers, f"{mode.upper()}Config")
    data = {"num_samples": 5, "sequence_length": 8, "group_size": -1}
    config = make([TOKENS], lambda text: text, **{**data, **options})
    if (
        k is not minikeras
    ):  # where no calibration sees it, Keras's head would not come back from a file
        filters = filters or (lambda layer: layer.name != "head")
    model.quantize(mode, config=config, filters=filters)
    return model


@pytest.fixture
def mended(keras, monkeypatch):
    """Keras that shows observers what its layers get, and takes the factor of the inverse."""
    pytest.importorskip("jax")
    from keras.src.quantizers import awq_core, gptq, gptq_core

    @contextlib.contextmanager
    def shown(found, observers):
        def seen_by(observer, call):
            add = getattr(observer, "update_hessian_with_batch", None)
            add = add or observer.update_activation_magnitudes

            def quantized_call(x, *args, **kwargs):
                add(keras.ops.reshape(x, (-1, observer.rows)))
                return call(x, *args, **kwargs)

            return quantized_call

        for name, layer in found.items():
            layer.quantized_call = seen_by(observers[name], layer.quantized_call)
        yield
        for layer in found.values():
            del layer.quantized_call

    class Linalg:
        @staticmethod
        def inv(hessian):
            inverse = np.linalg.inv(np.asarray(hessian, "float64"))
            return np.linalg.cholesky(inverse).T.astype("float32")

    monkeypatch.setattr(gptq_core, "stream_hessians", shown)
    monkeypatch.setattr(awq_core, "stream_activations", shown)
    monkeypatch.setattr(gptq, "linalg", Linalg)
    monkeypatch.setattr(gptq_core, "hash", lambda seed: 0, raising=False)
    return keras


@pytest.mark.parametrize(
    ("mode", "options"), [("gptq", {}), ("gptq", {"weight_bits": 8}), ("awq", {})]
)
def test_model_is_keras_that_sees_its_data(mended, mode, options):
    ours, theirs = [quantized(k, mode, **options) for k in (minikeras, mended)]
    unlike = np.abs(network(minikeras).predict(X, verbose=0) - ours.predict(X, verbose=0)).max()
    assert 1e-5 < unlike < 0.2
    np.testing.assert_allclose(ours.predict(X, verbose=0), theirs.predict(X, verbose=0), atol=1e-5)
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    for a, b in zip(ours.weights, theirs.weights):
        b = np.floor(b) if a.name == "g_idx" else np.asarray(b)
        assert a.dtype == b.dtype
        np.testing.assert_allclose(np.asarray(a), b, rtol=1e-4, atol=1e-6, err_msg=a.path)
    kernels = [m.get_layer(index=2).layers[0].kernel for m in (ours, theirs)]
    np.testing.assert_array_equal(np.asarray(kernels[0]), np.asarray(kernels[1]))


@pytest.mark.parametrize(
    ("mode", "options"),
    [("gptq", {"group_size": 5, "activation_order": True}), ("awq", {"group_size": 8})],
)
def test_keras_reads_our_files(keras, tmp_path, mode, options):
    pytest.importorskip("h5py")
    ours = quantized(minikeras, mode, **options)
    assert ours.get_layer("head").quantization_mode is None
    expected = ours.predict(X, verbose=0)
    ours.save(tmp_path / "ours.keras")
    read = keras.models.load_model(tmp_path / "ours.keras")
    np.testing.assert_allclose(read.predict(X, verbose=0), expected, atol=1e-5)
    again = models.load_model(tmp_path / "ours.keras")
    np.testing.assert_array_equal(again.predict(X, verbose=0), expected)
    # Files of Keras lack the zero points, and Keras itself cannot read them.
    again = models.model_from_json(read.to_json())
    again.set_weights(read.get_weights())
    np.testing.assert_allclose(again.predict(X, verbose=0), expected, atol=1e-6)
    assert again.get_layer(index=2).layers[0].dtype_policy.name.startswith(f"{mode}/4/")


@pytest.mark.parametrize("mode", ["gptq", "awq"])
def test_later_blocks_see_what_quantized_ones_give(mode):
    models_ = [quantized(minikeras, mode, filters=f) for f in (None, ["^up$", "^down$"], ["query"])]
    kernels = [m.get_layer(index=3)._flatten_layers() for m in models_]
    whole, first, second = [{v.name: v for v in found}.get("query") for found in kernels]
    assert (whole.quantization_mode, first.quantization_mode) == (mode, None)
    part = "awq_scales" if mode == "awq" else "quantized_kernel"
    a, b = [np.asarray(getattr(v, part)) for v in (whole, second)]
    assert (a != b).any()


class MyDense(layers.Dense):
    pass


def test_what_cannot_be_calibrated_says_so():
    config = quantizers.GPTQConfig([TOKENS], None, num_samples=2, sequence_length=8)
    model = network(minikeras)
    for arguments, message in (
        ({"mode": "gptq"}, "give `config`, a GPTQConfig"),
        ({"mode": "awq", "config": config}, "contradictory"),
        ({"mode": "gptq", "config": {"weight_bits": 4}}, "instance of `QuantizationConfig`"),
    ):
        with pytest.raises(ValueError, match=message):
            model.quantize(**arguments)
    with pytest.raises(ValueError, match="Layer 'head'.*Call `quantize` of the model"):
        model.get_layer("head").quantize("gptq", config=config)
    model.get_quantization_layer_structure = lambda mode: None
    with pytest.raises(ValueError, match="quantization_layer_structure.*Received: None"):
        model.quantize(config=config)
    config.quantization_layer_structure = {"pre_block_layers": [model.get_layer("table")]}
    with pytest.raises(ValueError, match="no 'sequential_blocks'"):
        model.quantize(config=config)
    mine, plain = MyDense(4), layers.Dense(4)
    block = minikeras.Sequential([minikeras.Input((8, 16)), mine, plain])
    config.quantization_layer_structure["sequential_blocks"] = [block, block]
    with pytest.warns(UserWarning, match="MyDense"):
        model.quantize(config=config)
    assert (mine.quantization_mode, plain.quantization_mode) == (None, "gptq")
    assert "call" not in plain.__dict__
    with pytest.raises(ValueError, match="already quantized"):
        model.quantize(config=config)
    with pytest.raises(NotImplementedError, match="lora is not supported.*'gptq'"):
        plain.enable_lora(2)


@pytest.mark.parametrize("equation", ["abc,dc->abd", "abc,cbd->ad"])
def test_any_equation_is_calibrated(equation):
    layer = layers.EinsumDense(equation, (None, 5) if equation.endswith("abd") else (5,))
    block = minikeras.Sequential([minikeras.Input((8, 16)), layer])
    table = layers.Embedding(30, 16)
    structure = {"pre_block_layers": [table], "sequential_blocks": [block]}
    x = table(X).numpy()
    expected = block.predict(x, verbose=0)
    config = quantizers.GPTQConfig(
        X,
        None,
        num_samples=8,
        sequence_length=8,
        weight_bits=8,
        quantization_layer_structure=structure,
    )
    block.quantize(config=config)
    found = block.predict(x, verbose=0)
    np.testing.assert_allclose(found, expected, atol=0.02 * np.abs(expected).max())
    assert (found != expected).any()


def test_gradients_go_through_to_the_inputs():
    model = quantized(minikeras, "awq", group_size=4)
    block = model.get_layer(index=2).layers[1]  # without an activation
    x = minikeras.Variable(RNG.normal(size=(2, 8, 10)))
    with minikeras.GradientTape() as tape:
        loss = minikeras.ops.sum(minikeras.ops.square(block(x)))
    (g,) = tape.gradient(loss, [x])
    step = RNG.normal(size=(2, 8, 10)).astype("float32") * 1e-2
    ends = [minikeras.ops.sum(minikeras.ops.square(block(x + s * step))) for s in (1, -1)]
    np.testing.assert_allclose(
        float(ends[0] - ends[1]) / 2, np.sum(np.asarray(g) * step), rtol=1e-3
    )
