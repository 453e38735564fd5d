"""Layers whose `call` computes with sizes that are not known while a model is described."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import minikeras
from minikeras import Input, Model, layers, ops, random
from minikeras.autodiff.keras_tensor import AssumedSize

RNG = np.random.default_rng(0)


def applying(library: Any, function: Any) -> Any:
    """A layer of a user's that calls a function of inputs and a library."""

    class Applied(library.layers.Layer):
        def call(self, x):
            return function(x, library)

    return Applied()


def decoder_mask(x: Any, lib: Any) -> Any:
    steps = lib.ops.shape(x)[1]
    i = lib.ops.arange(steps)
    mask = lib.ops.cast(i[:, None] >= i[None, :], "int32")
    return lib.ops.broadcast_to(mask[None], (lib.ops.shape(x)[0], steps, steps))


def tiled_mask(x: Any, lib: Any) -> Any:
    """As the tutorials have it: the size of the batch becomes an element of a tensor."""
    batch, steps = lib.ops.shape(x)[:2]
    mask = lib.ops.ones((1, steps, steps))
    times = lib.ops.concatenate(
        [lib.ops.expand_dims(batch, -1), lib.ops.convert_to_tensor([1, 1])], axis=0
    )
    return lib.ops.tile(mask, times)


def patches(x: Any, lib: Any) -> Any:
    batch, height, width, channels = lib.ops.shape(x)
    x = lib.ops.reshape(x, (batch, height // 2, 2, width // 2, 2, channels))
    x = lib.ops.transpose(x, (0, 1, 3, 2, 4, 5))
    return lib.ops.reshape(x, (batch, (height // 2) * (width // 2), 4 * channels))


def heads(x: Any, lib: Any) -> Any:
    batch, steps, width = x.shape
    x = lib.ops.reshape(x, (batch, steps, 2, width // 2))
    x = lib.ops.transpose(x, (0, 2, 1, 3))
    return lib.ops.reshape(x, (-1, steps, width // 2))


def by_hand(x: Any, lib: Any) -> Any:
    """A loop over steps."""
    total, steps = 0.0, []
    for i in range(x.shape[1]):
        total = total + x[:, i]
        steps.append(total)
    return lib.ops.stack(steps, axis=1)


# Function of inputs and a library, shape of the inputs, shape of the outputs, whether Keras on JAX
# traces it too.
# ruff: noqa: E501
CASES = {
    "zeros": (lambda x, k: k.ops.concatenate([x, k.ops.zeros((k.ops.shape(x)[0], 1))], -1), (4,), (None, 5), True),
    "ones": (lambda x, k: x + k.ops.ones((x.shape[0], 1)), (4,), (None, 4), True),
    "full": (lambda x, k: k.ops.full((k.ops.shape(x)[0], 2), 3.0), (4,), (None, 2), True),
    "normal": (lambda x, k: x + k.random.normal((k.ops.shape(x)[0], 4)), (4,), (None, 4), False),
    "normal of a shape": (lambda x, k: k.random.normal(k.ops.shape(x)) * x, (4,), (None, 4), False),
    "uniform": (lambda x, k: k.random.uniform((k.ops.shape(x)[0], 1)) * x, (4,), (None, 4), False),
    "dropout": (lambda x, k: k.random.dropout(x, 0.5, seed=1), (4,), (None, 4), False),
    "broadcast_to": (lambda x, k: k.ops.broadcast_to(k.ops.ones((1, 3)), (k.ops.shape(x)[0], 3)), (4,), (None, 3), True),
    "repeat": (lambda x, k: k.ops.repeat(k.ops.ones((1, 3)), k.ops.shape(x)[0], axis=0), (4,), (None, 3), True),
    "tile": (lambda x, k: k.ops.tile(k.ops.ones((1, 3)), (k.ops.shape(x)[0], 2)), (4,), (None, 6), True),
    "reshape": (lambda x, k: k.ops.reshape(x, (k.ops.shape(x)[0], -1)), (4, 3), (None, 12), True),
    "arange": (lambda x, k: k.ops.arange(k.ops.shape(x)[0]), (4,), (None,), True),
    "positions": (lambda x, k: x + k.ops.cast(k.ops.arange(k.ops.shape(x)[1]), "float32")[:, None], (None, 3), (None, None, 3), True),
    "a number": (lambda x, k: x / k.ops.sqrt(k.ops.cast(k.ops.shape(x)[1], "float32")), (None, 3), (None, None, 3), True),
    "a factor": (lambda x, k: k.ops.cast(x, "int8") * x.shape[0], (4,), (None, 4), False),
    "twice": (lambda x, k: k.ops.reshape(x, (k.ops.shape(x)[0] * 2, -1)), (4,), (None, 2), True),
    "halves": (lambda x, k: k.ops.reshape(x, (x.shape[0], x.shape[1] // 2, -1)), (None, 3), (None, None, 6), False),
    "both": (lambda x, k: k.ops.reshape(x, (k.ops.shape(x)[0] * k.ops.shape(x)[1], 3)), (None, 3), (None, 3), True),
    "class token": (lambda x, k: k.ops.concatenate([k.ops.broadcast_to(k.ops.ones((1, 1, 3)), (k.ops.shape(x)[0], 1, 3)), x], axis=1), (6, 3), (None, 7, 3), True),
    "mask": (decoder_mask, (None, 3), (None, None, None), True),
    "tiled mask": (tiled_mask, (None, 3), (None, None, None), False),
    "patches": (patches, (6, 4, 3), (None, 6, 12), True),
    "patches of any image": (patches, (None, None, 3), (None, None, 12), False),
    "heads": (heads, (None, 4), (None, None, 2), True),
    "a loop": (by_hand, (None, 3), (None, None, 3), False),
    "a difference": (lambda x, k: k.ops.zeros((abs(x.shape[1] - x.shape[0]) + 1, 2)), (None, 3), (None, 2), False),
    "cut off": (lambda x, k: x[:, : min(5, x.shape[1])], (None, 3), (None, None, 3), False),
    "a choice": (lambda x, k: x if x.shape[1] is None else x[:, -1], (None, 3), (None, 3), True),
    "NumPy": (lambda x, k: np.exp(x) + np.zeros((x.shape[0], 1), "float32"), (4,), (None, 4), False),
    "values": (lambda x, k: x[: x.shape[0] // 2] if float(x[0, 0]) > 9 else x, (4,), (None, 4), False),
}  # fmt: skip


@pytest.mark.parametrize("wrap", [applying, lambda lib, f: lib.layers.Lambda(lambda x: f(x, lib))])
@pytest.mark.parametrize("name", CASES)
def test_described_and_run(name, wrap):
    function, shape, expected, _ = CASES[name]
    inputs = Input(shape)
    outputs = wrap(minikeras, function)(inputs)
    assert outputs.shape == expected
    assert not any(isinstance(d, AssumedSize) for d in outputs.shape)
    model = Model(inputs, outputs)
    assert [type(o).__name__ for o in model.operations][1:] in (["Applied"], ["Lambda"])
    for batch in (3, 2, 1, 0):
        if batch == 0 and name in ("values", "reshape", "twice", "halves"):
            continue  # it reads the first; -1 cannot be told beside a size of 0, in JAX neither
        data = RNG.normal(size=(batch, *[d or 4 for d in shape])).astype("float32")
        y = model(data)
        assert outputs.dtype == y.dtype
        assert len(y.shape) == len(expected)
        assert all(e in (None, d) for e, d in zip(expected, y.shape))


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case[-1]])
def test_as_in_keras(name, keras):
    function, shape, _, _ = CASES[name]
    data = RNG.normal(size=(2, *[d or 4 for d in shape])).astype("float32")
    specs, values = [], []
    for lib in (minikeras, keras):
        inputs = lib.Input(shape)
        outputs = applying(lib, function)(inputs)
        specs.append((tuple(outputs.shape), outputs.dtype))
        values.append(np.asarray(lib.Model(inputs, outputs)(data)))
    assert specs[0] == specs[1]
    np.testing.assert_allclose(values[0], values[1], rtol=1e-6)


def test_a_size_that_is_returned():
    y, n = applying(minikeras, lambda x, k: (x, x.shape[0]))(Input((4,)))
    assert (y.shape, n.shape, n.dtype) == ((None, 4), (), "int32")


def test_the_two_sizes_of_an_attention_mask_agree():
    """Sizes of different axes are tried as different ones first, then as the same."""
    layer = applying(minikeras, lambda x, k: x[0] @ x[1] + k.ops.zeros((x[0].shape[0], 1, 1)))
    assert layer([Input((None, 5)), Input((5, None))]).shape == (None, None, None)
    square = layers.Lambda(lambda x: x[0] + ops.transpose(x[1], (0, 2, 1)))
    assert square([Input((None, None)), Input((None, None))]).shape == (None, None, None)


def test_sizes_that_do_not_divide():
    """What fits whatever the sizes are is described without them."""

    def unet(x: Any, lib: Any) -> Any:
        down = x
        for _ in range(5):
            down = lib.ops.max_pool(down, 2)
        up = lib.ops.repeat(lib.ops.repeat(down, 32, axis=1), 32, axis=2)
        return lib.ops.concatenate([x, up], axis=-1)

    assert applying(minikeras, unet)(Input((None, None, 3))).shape == (None, None, None, 6)
    layer = applying(minikeras, lambda x, k: k.ops.split(x, 5)[0] + ops.ones((7, 4)))
    assert layer(Input((4,))).shape == (7, 4)


def test_errors_name_what_is_not_known():
    layer = applying(minikeras, lambda x, k: x + k.ops.ones((x.shape[0], 3)))
    with pytest.raises(
        ValueError, match=r"add: shapes \(None, 4\) and \(.*3\) cannot be broadcast"
    ):
        layer(Input((4,)))


class Noisy(layers.Layer):
    """Holds all kinds of state, which its `call` changes."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seeds = random.SeedGenerator(3)
        self.dense = layers.Dense(2)
        self.norm = layers.BatchNormalization()
        self.mean = minikeras.metrics.Mean()
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        batch = ops.shape(x)[0]
        noise = random.normal((batch, 4), seed=self.seeds)
        self.calls.assign_add(1.0)
        self.mean.update_state(noise)
        self.add_loss(ops.mean(noise))
        return self.dense(ops.concatenate([x, self.norm(noise, training=True)], axis=-1))


def test_describing_leaves_no_trace():
    minikeras.utils.set_random_seed(1)
    expected = random.normal((2,)).numpy()
    minikeras.utils.set_random_seed(1)
    layer = Noisy()
    x = Input((4,))
    y = layer(x)
    y = layers.Lambda(lambda y: y + random.normal(ops.shape(y)))(y)
    assert y.shape == (None, 2)
    assert layer.seeds.state.numpy().tolist() == [3, 0]
    assert float(layer.calls) == 0 and float(layer.mean.result()) == 0 and layer.losses == []
    assert (layer.norm.moving_mean.numpy() == 0).all()
    assert layer.dense.get_build_config() == {"input_shape": (None, 8)}
    assert layer.dense._inbound_nodes == []
    np.testing.assert_array_equal(random.normal((2,)), expected)
    Model(x, y)(np.ones((3, 4), "float32"))
    assert layer.seeds.state.numpy().tolist() == [3, 1]
    assert float(layer.calls) == 1 and len(layer.losses) == 1


def test_what_is_built_while_another_layer_is_described():
    """A layer inside may be a model of its own, whose graph is made for good."""

    class Block(layers.Layer):
        def build(self, input_shape):
            self.built_with = input_shape
            self.body = minikeras.Sequential([layers.Dense(3), layers.ReLU()])
            self.body.build(input_shape)

        def call(self, x):
            return self.body(x) + ops.zeros((ops.shape(x)[0], 1))

    class Outer(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.block = Block()
            self.late = minikeras.Sequential([layers.Dense(2)])

        def call(self, x):
            x = ops.reshape(x, (ops.shape(x)[0], -1))
            return self.late(self.block(x))

    x = Input((2, 4))
    outer = Outer()
    model = Model(x, outer(x))
    assert model.output_shape == (None, 2)
    assert outer.block.built_with == (None, 8)
    assert outer.block.body.input_shape == (None, 8)
    assert len(outer.block.body.operations) == 3
    assert outer.late.output_shape == (None, 2)
    assert model(np.ones((3, 2, 4), "float32")).shape == (3, 2)


# Models of the tutorials.


class Sampling(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = random.SeedGenerator(1337)

    def call(self, inputs):
        z_mean, z_log_var = inputs
        batch = ops.shape(z_mean)[0]
        dim = ops.shape(z_mean)[1]
        epsilon = random.normal(shape=(batch, dim), seed=self.seed_generator)
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon


def encoder() -> Model:
    inputs = Input((6,))
    x = layers.Dense(8, activation="relu")(inputs)
    mean, log_var = layers.Dense(2, name="mean")(x), layers.Dense(2, name="log_var")(x)
    return Model(inputs, [mean, log_var, Sampling()([mean, log_var])], name="encoder")


def test_variational_autoencoder():
    minikeras.utils.set_random_seed(0)
    model = encoder()
    sampling = model.layers[-1]
    assert sampling.output.shape == (None, 2)
    assert sampling.seed_generator.state.numpy().tolist() == [1337, 0]
    x = Input((6,))
    mean, log_var, z = model(x)
    assert sampling.seed_generator.state.numpy().tolist() == [1337, 0]
    vae = Model(x, layers.Dense(6)(layers.Dense(8, activation="relu")(z)))
    vae.compile("adam", "mse")
    data = RNG.normal(size=(64, 6)).astype("float32")
    before = vae.evaluate(data, data, verbose=0)
    vae.fit(data, data, epochs=30, batch_size=24, verbose=0)  # the last batch is smaller
    after = vae.evaluate(data, data, verbose=0)
    assert after < 0.9 * before
    assert len(sampling.trainable_variables) == 0
    with minikeras.saving.custom_object_scope({"Sampling": Sampling}):
        twins = [Model.from_config(vae.get_config()), minikeras.models.clone_model(vae)]
    for twin in [*twins, copy.deepcopy(vae)]:
        assert twin.output_shape == vae.output_shape == (None, 6)
        twin.set_weights(vae.get_weights())
        for batch in (0, 1, 5):
            assert twin(data[:batch]).shape == (batch, 6)


def vision_transformer(lib: Any) -> Any:
    """Class token, learned positions, and a pooled output, written for either library."""
    keras_layers, k = lib.layers, lib.ops

    class Patches(keras_layers.Layer):
        def call(self, images):
            return patches(images, lib)

    class PatchEncoder(keras_layers.Layer):
        def __init__(self, count, width, **kwargs):
            super().__init__(**kwargs)
            self.count = count
            self.projection = keras_layers.Dense(width)
            self.position_embedding = keras_layers.Embedding(count + 1, width)
            self.width = width

        def build(self, input_shape):
            self.token = self.add_weight(shape=(1, 1, self.width), name="token")
            self.projection.build(input_shape)
            self.position_embedding.build((None,))

        def call(self, patch):
            token = k.broadcast_to(self.token, (k.shape(patch)[0], 1, self.width))
            encoded = k.concatenate([token, self.projection(patch)], axis=1)
            positions = k.expand_dims(k.arange(0, self.count + 1, 1), axis=0)
            return encoded + self.position_embedding(positions)

    inputs = lib.Input((8, 8, 3))
    x = PatchEncoder(16, 6)(Patches()(inputs))
    y = keras_layers.LayerNormalization()(x)
    y = keras_layers.MultiHeadAttention(2, 3)(y, y)
    x = keras_layers.Add()([x, y])
    x = keras_layers.Lambda(lambda x: x[:, 0], output_shape=(6,))(x)
    return lib.Model(inputs, keras_layers.Dense(2)(x))


def language_model(lib: Any) -> Any:
    """A decoder of sequences of any length, with a mask of its own making."""
    keras_layers, k = lib.layers, lib.ops

    class TokenAndPositionEmbedding(keras_layers.Layer):
        def __init__(self, length, words, width, **kwargs):
            super().__init__(**kwargs)
            self.token_emb = keras_layers.Embedding(words, width)
            self.pos_emb = keras_layers.Embedding(length, width)

        def build(self, input_shape):
            self.token_emb.build(input_shape)
            self.pos_emb.build(input_shape)

        def call(self, x):
            positions = k.arange(0, k.shape(x)[-1], 1)
            return self.token_emb(x) + self.pos_emb(positions)

    class Decoder(keras_layers.Layer):
        def __init__(self, width, **kwargs):
            super().__init__(**kwargs)
            self.att = keras_layers.MultiHeadAttention(2, width)
            self.norm = keras_layers.LayerNormalization()

        def build(self, input_shape):
            self.att.build(input_shape, input_shape)
            self.norm.build(input_shape)

        def call(self, x):
            mask = k.cast(decoder_mask(x, lib), "bool")
            return self.norm(x + self.att(x, x, attention_mask=mask))

    inputs = lib.Input((None,), dtype="int32")
    x = Decoder(4)(TokenAndPositionEmbedding(9, 7, 4)(inputs))
    return lib.Model(inputs, keras_layers.Dense(7)(x))


@pytest.mark.parametrize(
    ("make", "data", "shape"),
    [
        (vision_transformer, RNG.normal(size=(3, 8, 8, 3)).astype("float32"), (None, 2)),
        (language_model, RNG.integers(0, 7, (3, 6)), (None, None, 7)),
    ],
)
def test_models_of_tutorials_as_in_keras(make, data, shape, keras):
    ours, theirs = make(minikeras), make(keras)
    assert ours.output_shape == theirs.output_shape == shape
    shapes = [[tuple(w.shape) for w in model.get_weights()] for model in (ours, theirs)]
    assert shapes[0] == shapes[1]
    rng = np.random.default_rng(0)  # its own, small weights: losses stay finite alone, too
    weights = [rng.normal(scale=0.5, size=s).astype("float32") for s in shapes[0]]
    for model in (ours, theirs):
        model.set_weights(weights)
    for batch in (3, 1):
        expected = theirs.predict(data[:batch], verbose=0)
        np.testing.assert_allclose(
            ours.predict(data[:batch], verbose=0), expected, rtol=1e-4, atol=1e-5
        )
    target = rng.normal(size=expected.shape[1:]).astype("float32")
    targets, losses = np.stack([target] * 3), []
    for library, model in ((minikeras, ours), (keras, theirs)):
        model.compile(library.optimizers.SGD(0.01), "mse")
        losses.append(model.fit(data, targets, epochs=3, batch_size=2, shuffle=False, verbose=0))
    np.testing.assert_allclose(*[h.history["loss"] for h in losses], rtol=1e-3)
    assert ours(data[:0]).shape[0] == 0


def test_structures_and_the_layers_around_a_layer():
    class Crossed(layers.Layer):
        def call(self, inputs, training=None):
            a, b = inputs["a"], inputs["b"]
            batch, steps = ops.shape(a)[0], ops.shape(b)[1]
            spread = ops.broadcast_to(ops.reshape(b, (batch, 1, steps, 2)), (batch, 3, steps, 2))
            noise = random.normal((batch, 4)) if training else 0.0
            return {"zeros": ops.zeros((batch, steps)), "others": [a + noise, spread]}

    outputs = Crossed()({"a": Input((4,)), "b": Input((None, 2))}, training=True)
    shapes = [outputs["zeros"].shape, *[y.shape for y in outputs["others"]]]
    assert shapes == [(None, None), (None, 4), (None, 3, None, 2)]

    longer = applying(minikeras, CASES["zeros"][0])
    assert longer.compute_output_shape((None, 4)) == (None, 5)
    x = Input((None, 4))
    model = Model(x, layers.TimeDistributed(longer)(x))
    assert model.output_shape == (None, None, 5)
    assert model(np.ones((2, 3, 4), "float32")).shape == (2, 3, 5)
    assert minikeras.Sequential([Input((4,)), longer, layers.Dense(2)]).output_shape == (None, 2)


@pytest.mark.parametrize("how", ["build", "call"])
def test_a_model_of_the_users_that_computes_with_sizes(how):
    class Longer(Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3)
            self.norm = layers.LayerNormalization()

        def call(self, x):
            x = ops.concatenate([x, ops.zeros((ops.shape(x)[0], 1))], axis=-1)
            return self.norm(self.dense(x))

    model = Longer()
    if how == "build":
        model.build((None, 4))
    else:
        assert model(Input((4,))).shape == (None, 3)
    assert model.dense.kernel.shape == (5, 3)
    assert model.dense.get_build_config() == {"input_shape": (None, 5)}
    assert model(np.ones((2, 4), "float32")).shape == (2, 3)
