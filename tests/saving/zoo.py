"""A zoo of models, each made alike by minikeras and by Keras: drawn ones and hand-made ones.

`ZOO` maps a name to a function of the library that returns a compiled model. None draws random
numbers while it trains, so that both libraries can be compared step by step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

DRAWN = (
    *(0, *range(2, 10), 12, 15, 16, 17, 19, 20, 24, 25, 26, 28),
    *(29, 31, 32, 33, 34, 42, 43, 53, 55),
)
"""Seeds of the models that are drawn: each part below is in one of them, most in two or more."""

OPTIMIZERS = (
    lambda k: k.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
    lambda k: k.optimizers.Adam(0.01),
    lambda k: k.optimizers.RMSprop(0.01, centered=True, momentum=0.5),
    lambda k: k.optimizers.AdamW(0.01, weight_decay=0.01),
    lambda k: k.optimizers.Nadam(0.01),
    lambda k: k.optimizers.Adamax(0.01),
    lambda k: k.optimizers.Adagrad(0.01),
    lambda k: k.optimizers.Adadelta(0.1),
    lambda k: k.optimizers.Ftrl(0.01),
    lambda k: k.optimizers.Lion(0.001),
    lambda k: k.optimizers.Adafactor(0.01),
    lambda k: k.optimizers.Lamb(0.01),
    lambda k: k.optimizers.Adam(k.optimizers.schedules.ExponentialDecay(0.01, 3, 0.5)),
    lambda k: k.optimizers.SGD(0.01, clipnorm=1.0, use_ema=True),
)

ACTIVATIONS = ("relu", "tanh", "gelu", "selu", "swish", "elu", "sigmoid", "softplus", "mish")


def _vectors(k: Any, rng: np.random.Generator, x: Any) -> Any:
    layers = k.layers
    width = int(rng.integers(2, 6))
    choices = (
        lambda: layers.Dense(width, str(rng.choice(ACTIVATIONS)), kernel_regularizer="l2")(x),
        lambda: layers.BatchNormalization(momentum=0.9)(layers.Dense(width, use_bias=False)(x)),
        lambda: layers.LayerNormalization()(x),
        lambda: layers.Add()([x, layers.Dense(x.shape[-1], "tanh")(x)]),
        lambda: layers.Concatenate()([x, layers.Dense(width)(x)]),
        lambda: layers.Multiply()([x, layers.Dense(x.shape[-1], "sigmoid")(x)]),
        lambda: layers.PReLU()(layers.Dense(width)(x)),
        lambda: layers.UnitNormalization()(x),
        lambda: layers.Activation("hard_swish")(x),
        lambda: layers.Dense(width, kernel_constraint=k.constraints.MaxNorm(2.0))(x),
        lambda: layers.EinsumDense("ab,bc->ac", width, bias_axes="c")(x),
        lambda: k.ops.tanh(layers.Dense(width)(x)) * 0.5 + 1.0,
    )
    return choices[int(rng.integers(len(choices)))]()


def _sequences(k: Any, rng: np.random.Generator, x: Any) -> Any:
    layers = k.layers
    width = int(rng.integers(2, 5))
    choices = (
        lambda: layers.LSTM(width, return_sequences=True)(x),
        lambda: layers.GRU(width, return_sequences=True, reset_after=bool(rng.integers(2)))(x),
        lambda: layers.SimpleRNN(width, return_sequences=True, go_backwards=True)(x),
        lambda: layers.Bidirectional(layers.GRU(width, return_sequences=True))(x),
        lambda: layers.Bidirectional(layers.LSTM(width, return_sequences=True), "sum")(x),
        lambda: layers.RNN([layers.LSTMCell(width), layers.GRUCell(2)], return_sequences=True)(x),
        lambda: layers.TimeDistributed(layers.Dense(width, "tanh"))(x),
        lambda: layers.Conv1D(width, 3, padding="causal", dilation_rate=2)(x),
        lambda: layers.SeparableConv1D(width, 2, padding="same")(x),
        lambda: layers.DepthwiseConv1D(3, padding="same", depth_multiplier=2)(x),
        lambda: layers.MultiHeadAttention(2, 3)(x, x),
        lambda: layers.GroupQueryAttention(2, 4, 2)(x, x),
        lambda: layers.LayerNormalization()(layers.Add()([x, layers.Dense(x.shape[-1])(x)])),
        lambda: layers.AveragePooling1D(2)(layers.UpSampling1D(2)(x)),
        lambda: layers.ZeroPadding1D(1)(layers.Cropping1D((1, 1))(x)),
        lambda: layers.Permute((2, 1))(layers.Permute((2, 1))(x)),
    )
    return choices[int(rng.integers(len(choices)))]()


def _images(k: Any, rng: np.random.Generator, x: Any) -> Any:
    layers = k.layers
    filters = int(rng.integers(2, 5))
    choices = (
        lambda: layers.Conv2D(filters, 3, padding="same", activation="relu")(x),
        lambda: layers.Conv2D(filters, (2, 3), strides=1, use_bias=False, padding="same")(x),
        lambda: layers.SeparableConv2D(filters, 3, padding="same")(x),
        lambda: layers.DepthwiseConv2D(3, padding="same")(x),
        lambda: layers.Conv2DTranspose(filters, 2, padding="same")(x),
        lambda: layers.BatchNormalization()(x),
        lambda: layers.GroupNormalization(1)(x),
        lambda: layers.MaxPooling2D(2, strides=1, padding="same")(x),
        lambda: layers.AveragePooling2D(2)(layers.UpSampling2D(2)(x)),
        lambda: layers.Cropping2D(1)(layers.ZeroPadding2D(1)(x)),
        lambda: layers.LeakyReLU(negative_slope=0.2)(x),
        lambda: layers.Add()([x, layers.Conv2D(x.shape[-1], 1)(x)]),
        lambda: layers.Concatenate()([x, layers.Conv2D(filters, 3, padding="same")(x)]),
        lambda: layers.Activation("gelu")(layers.Conv2D(filters, 1)(x)),
    )
    return choices[int(rng.integers(len(choices)))]()


KINDS: tuple[tuple[tuple, Callable, tuple[str, ...]], ...] = (
    ((5,), _vectors, ("Flatten",)),
    ((6, 3), _sequences, ("GlobalAveragePooling1D", "Flatten", "GlobalMaxPooling1D")),
    ((6, 6, 2), _images, ("GlobalAveragePooling2D", "Flatten", "GlobalMaxPooling2D")),
)


def drawn(seed: int) -> Callable[[Any], Any]:
    """Return the function that makes a drawn model with a library."""

    def make(k: Any) -> Any:
        rng = np.random.default_rng(seed)
        shape, grow, ends = KINDS[seed % 3]
        inputs = k.Input(shape)
        x = inputs
        for _ in range(int(rng.integers(2, 6))):
            x = grow(k, rng, x)
        x = getattr(k.layers, str(rng.choice(ends)))()(x)
        model = k.Model(inputs, k.layers.Dense(2, name="head")(x))
        loss = ("mse", "mae", "huber", "log_cosh")[int(rng.integers(4))]
        optimizer = OPTIMIZERS[seed % len(OPTIMIZERS)](k)
        model.compile(optimizer, loss, metrics=["mae"])
        return model

    return make


def _two_in_two_out(k):
    a, b = k.Input((4,), name="a"), k.Input((3,), name="b")
    shared = k.layers.Dense(3, "tanh", name="shared")
    x = k.layers.Dense(3)(a)
    x = k.layers.Concatenate()([shared(x), shared(b)])
    outputs = {"p": k.layers.Dense(1, name="p")(x), "q": k.layers.Dense(2, name="q")(x)}
    model = k.Model({"a": a, "b": b}, outputs)
    model.compile("adam", {"p": "mse", "q": "mae"}, loss_weights={"p": 1.0, "q": 0.5})
    return model


def _nested(k):
    inner = k.Sequential([k.Input((4,)), k.layers.Dense(3, "relu"), k.layers.BatchNormalization()])
    i = k.Input((4,))
    deeper = k.Model(i, k.layers.Dense(2)(inner(i)), name="deeper")
    model = k.Sequential([k.Input((4,)), k.layers.Dense(4), deeper, k.layers.Dense(2)])
    model.compile("rmsprop", "mse")
    return model


def _frozen(k):
    model = k.Sequential([k.Input((4,)), k.layers.Dense(3, name="f"), k.layers.Dense(2)])
    model.layers[0].trainable = False
    model.compile("adam", "mse")
    return model


def _text(k):
    tokens = k.Input((7,), dtype="int32")
    x = k.layers.Embedding(11, 4, mask_zero=True)(tokens)
    x = k.layers.Bidirectional(k.layers.LSTM(3))(x)
    model = k.Model(tokens, k.layers.Dense(2)(x))
    model.compile("adam", k.losses.Huber())
    return model


def _transformer(k):
    tokens = k.Input((6,), dtype="int32")
    x = k.layers.Embedding(11, 4)(tokens)
    x = x + k.layers.Embedding(6, 4)(k.ops.arange(6))
    a = k.layers.MultiHeadAttention(2, 2)(x, x, use_causal_mask=True)
    x = k.layers.LayerNormalization()(x + a)
    x = k.layers.Dense(4)(k.layers.Dense(8, "gelu")(x))
    model = k.Model(tokens, k.layers.Dense(2)(k.layers.GlobalAveragePooling1D()(x)))
    model.compile(OPTIMIZERS[3](k), "mse")
    return model


def _classifier(k):
    model = k.Sequential([k.Input((5,)), k.layers.Dense(4, "relu"), k.layers.Dense(2, "softmax")])
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy", k.metrics.AUC()])
    return model


def _resnet(k):
    def block(x, filters, stride):
        y = k.layers.Conv2D(filters, 3, stride, padding="same", use_bias=False)(x)
        y = k.layers.ReLU()(k.layers.BatchNormalization()(y))
        y = k.layers.BatchNormalization()(k.layers.Conv2D(filters, 3, padding="same")(y))
        if stride > 1 or x.shape[-1] != filters:
            x = k.layers.Conv2D(filters, 1, stride)(x)
        return k.layers.ReLU()(k.layers.Add()([x, y]))

    i = k.Input((8, 8, 3))
    x = block(block(k.layers.Conv2D(4, 3, padding="same")(i), 4, 1), 8, 2)
    model = k.Model(i, k.layers.Dense(2)(k.layers.GlobalAveragePooling2D()(x)))
    model.compile(OPTIMIZERS[0](k), "mse")
    return model


def _unet(k):
    i = k.Input((8, 8, 1))
    a = k.layers.Conv2D(3, 3, padding="same", activation="relu")(i)
    b = k.layers.Conv2D(4, 3, padding="same", activation="relu")(k.layers.MaxPooling2D()(a))
    c = k.layers.Conv2DTranspose(3, 2, strides=2)(b)
    x = k.layers.Conv2D(1, 1, activation="sigmoid")(k.layers.Concatenate()([a, c]))
    model = k.Model(i, x)
    model.compile("adam", "binary_crossentropy")
    return model


def _volume(k):
    stack = [k.Input((4, 4, 4, 1)), k.layers.Conv3D(2, 2), k.layers.AveragePooling3D(1)]
    stack += [k.layers.Conv3DTranspose(2, 2), k.layers.GlobalMaxPooling3D(), k.layers.Dense(2)]
    model = k.Sequential(stack)
    model.compile("adam", "mse")
    return model


def _float64(k):
    stack = [k.Input((4,), dtype="float64"), k.layers.Dense(3, "tanh", dtype="float64")]
    model = k.Sequential(stack + [k.layers.Dense(2, dtype="float64")])
    model.compile("sgd", "mse")
    return model


def _attention(k):
    q, v = k.Input((4, 3)), k.Input((5, 3))
    x = k.layers.Attention(use_scale=True)([q, v])
    x = k.layers.Concatenate()([x, k.layers.AdditiveAttention()([q, v])])
    model = k.Model([q, v], k.layers.Dense(2)(k.layers.Flatten()(x)))
    model.compile("nadam", "mse")
    return model


def _ops(k):
    i = k.Input((4,))
    x = k.ops.concatenate([i[:, :2], k.ops.exp(-k.ops.square(i))], axis=-1)
    x = k.ops.where(x > 0.5, x, 0.1 * x) / (1 + k.ops.mean(k.ops.abs(x), axis=1, keepdims=True))
    x = k.ops.einsum("bi,bj->bij", x, i)
    model = k.Model(i, k.layers.Dense(2)(k.layers.Reshape((-1,))(x)))
    model.compile("adam", "mse")
    return model


def _merges(k):
    a, b = k.Input((4,)), k.Input((4,))
    dense = k.layers.Dense(4)
    parts = [
        getattr(k.layers, n)()([dense(a), b]) for n in ("Add", "Subtract", "Maximum", "Minimum")
    ]
    parts += [k.layers.Average()([a, b]), k.layers.Multiply()([a, b]), k.layers.Dot(1)([a, b])]
    model = k.Model([a, b], k.layers.Dense(2)(k.layers.concatenate(parts)))
    model.compile("adam", "mse")
    return model


def _one_optimizer(optimizer):
    def make(k):
        model = k.Sequential([k.Input((4,)), k.layers.Dense(3, "tanh"), k.layers.Dense(2)])
        model.compile(optimizer(k), "mse", weighted_metrics=["mae"])
        return model

    return make


def _mobilenet(k):
    """A head on a known network, whose own weights stay."""
    base = k.applications.MobileNet(
        (32, 32, 3), alpha=0.25, weights=None, include_top=False, pooling="avg"
    )
    base.trainable = False
    model = k.Sequential([base, k.layers.Dense(3, "softmax")])
    model.compile(k.optimizers.SGD(0.1), "mse")
    return model


HAND_MADE = {
    "two_in_two_out": _two_in_two_out,
    "nested": _nested,
    "frozen": _frozen,
    "text": _text,
    "transformer": _transformer,
    "classifier": _classifier,
    "resnet": _resnet,
    "unet": _unet,
    "volume": _volume,
    "float64": _float64,
    "attention": _attention,
    "ops": _ops,
    "merges": _merges,
    "mobilenet": _mobilenet,
}

ZOO: dict[str, Callable[[Any], Any]] = {
    **{f"drawn_{i}": drawn(i) for i in DRAWN},
    **HAND_MADE,
    **{f"optimizer_{i}": _one_optimizer(o) for i, o in enumerate(OPTIMIZERS)},
}
