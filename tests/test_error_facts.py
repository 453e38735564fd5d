"""Errors say the facts that Keras's say: whose argument, what was received, what would be right.

The words are our own. A row is a bad call and the facts that its message holds: names of arguments,
layers and outputs, values and shapes, what is allowed. Keras, where it is installed, must raise a type
that ours is an instance of, and say the same facts; where it does not, the row says so.
"""

from __future__ import annotations

import pathlib
import re
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import minikeras

TAKEN = "Keras takes it"
"""Mark of a call that Keras should refuse, and does not."""
ACCIDENT = "Keras fails by accident"
"""Mark of a call that Keras does not look at: what comes of it is some error from deep inside."""


class Bad(NamedTuple):
    """A bad call.

    A fact stands in a message as a whole word; of a tuple of facts, one of them does.
    """

    call: Callable[[Any], Any]
    facts: tuple[str | tuple[str, ...], ...]
    only_ours: tuple[str, ...]
    keras: str


def bad(call: Any, *facts: Any, only_ours: Any = (), keras: str = "") -> Bad:
    """Return a row: `only_ours` are facts that Keras's text lacks, `keras` a mark."""
    only_ours = (only_ours,) if isinstance(only_ours, str) else only_ours
    return Bad(call, facts, only_ours, keras)


def says(text: str, fact: str | tuple[str, ...]) -> bool:
    """Whether a message holds a fact."""
    if isinstance(fact, tuple):
        return any(says(text, f) for f in fact)
    text = re.sub(r"\x1b\[\d*m", "", text)  # Keras's bold face
    before = r"(?<![\w.-])" if fact[0].isalnum() else ""
    after = r"(?!\w|\.\d)" if fact[-1].isalnum() else ""
    return re.search(before + re.escape(fact) + after, text) is not None


def error_of(call: Callable[[Any], Any], library: Any) -> Exception | None:
    """Return what a bad call raises, None if nothing."""
    library.utils.clear_session()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            call(library)
    except Exception as error:
        return error
    return None


# Data.

ROWS = np.linspace(-1, 1, 12).reshape(4, 3).astype("float32")
TARGETS = np.ones((4, 2), "float32")
SEQUENCES = np.ones((2, 5, 4), "float32")
IMAGES = np.ones((2, 8, 8, 3), "float32")
LABELS = np.array([0, 1, 2, 1])


# Models.


def dense_model(k: Any, units: int = 2, **compiled: Any) -> Any:
    """Return a model of one layer, compiled with mse unless told otherwise."""
    model = k.Sequential([k.Input((3,), name="rows"), k.layers.Dense(units, name="only")])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compiled})
    return model


def two_outputs(k: Any, as_dict: bool = False, **compiled: Any) -> Any:
    """Return a compiled model with the outputs "a" and "b"."""
    x = k.Input((3,), name="rows")
    a, b = k.layers.Dense(2, name="a")(x), k.layers.Dense(2, name="b")(x)
    model = k.Model(x, {"a": a, "b": b} if as_dict else [a, b])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compiled})
    return model


def two_inputs(k: Any) -> Any:
    """Return a functional model with the inputs "left" and "right"."""
    left, right = k.Input((3,), name="left"), k.Input((4,), name="right")
    return k.Model({"left": left, "right": right}, k.layers.Concatenate()([left, right]))


def fit(k: Any, model: Any, *args: Any, **kwargs: Any) -> None:
    """Train for an epoch, without a word."""
    model.fit(*args, **{"epochs": 1, "verbose": 0, **kwargs})


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    """Files of bad calls go into a folder of their own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def keras_settings(keras):
    """What Keras takes of bad settings ends with the test."""
    settings = keras.config.epsilon(), keras.config.floatx(), keras.config.image_data_format()
    yield keras
    keras.config.set_epsilon(settings[0])
    keras.config.set_floatx(settings[1])
    keras.config.set_image_data_format(settings[2])


BAD: dict[str, list[Bad]] = {}

BAD["core layers"] = [
    bad(lambda k: k.layers.Dense(0), "units", "positive integer", "0"),
    bad(lambda k: k.layers.Dense(-1), "units", "positive integer", "-1"),
    bad(lambda k: k.layers.Dense("3"), "units", "positive integer", "3"),
    bad(lambda k: k.layers.Dense(2.5), "units", "positive integer", "2.5"),
    bad(lambda k: k.layers.Dense(None), "units", "positive integer", "None"),
    bad(lambda k: k.layers.Dense(2, trainable="yes"), "trainable", "boolean", "yes"),
    bad(lambda k: k.layers.Dense(2, trainable=1), "trainable", "boolean", "1"),
    bad(lambda k: k.layers.Dense(2, trainable=None), "trainable", "boolean", "None"),
    bad(lambda k: k.layers.Dense(2, unknown=3), "unknown"),
    bad(lambda k: k.layers.Dense(2, name=3), "name", "string", "3"),
    bad(lambda k: k.layers.Dense(2, name="a/b"), "name", "a/b"),
    bad(lambda k: k.layers.Dense(2, activation="nothing"), "nothing"),
    bad(lambda k: k.layers.Dense(2, kernel_initializer="nothing"), "nothing"),
    bad(lambda k: k.layers.Dense(2, kernel_regularizer="nothing"), "nothing"),
    bad(lambda k: k.layers.Dense(2, kernel_constraint="nothing"), "nothing"),
    bad(lambda k: k.layers.Dense(2, dtype="float17"), "float17"),
    bad(
        lambda k: [f := k.layers.Dense(2, name="d"), f(ROWS), f(TARGETS)],
        "d",
        "incompatible",
        "axis -1",
        "3",
        "(4, 2)",
    ),
    bad(lambda k: k.layers.Dense(2, name="d")(np.float32(1)), "d", "min_ndim=2", "()"),
    bad(lambda k: k.layers.Dense(2, name="d")(), "d", keras=ACCIDENT),
    bad(lambda k: k.layers.Embedding(0, 2), "input_dim", "positive integer", "0"),
    bad(lambda k: k.layers.Embedding("5", 2), "input_dim", "positive integer", "5"),
    bad(lambda k: k.layers.Embedding(2.5, 2), "input_dim", "positive integer", "2.5"),
    bad(lambda k: k.layers.Embedding(3, -1), "output_dim", "positive integer", "-1"),
    bad(lambda k: k.layers.Embedding(3, None), "output_dim", "positive integer", "None"),
    bad(
        lambda k: k.layers.Embedding.from_config({"input_dim": 3.7, "output_dim": 8}),
        "input_dim",
        "positive integer",
        "3.7",
    ),
    bad(
        lambda k: k.layers.Embedding.from_config({"input_dim": 10, "output_dim": 3.7}),
        "output_dim",
        "positive integer",
        "3.7",
    ),
    bad(lambda k: k.layers.Embedding(3, 2, weights=[ROWS])([1]), "(4, 3)", "(3, 2)"),
    bad(lambda k: k.layers.EinsumDense("abc", 3)(SEQUENCES), "abc"),
    bad(
        lambda k: k.layers.EinsumDense("abc,cd->abd", (3,))(SEQUENCES),
        "abc,cd->abd",
        "(3,)",
        only_ours=("abc,cd->abd", "(3,)"),
    ),
    bad(
        lambda k: k.layers.EinsumDense("abc,cd->abd", (None, 3), bias_axes="z")(SEQUENCES),
        "z",
        "abd",
    ),
    bad(
        lambda k: k.layers.EinsumDense("ab,bc->ad", 3)(ROWS),
        ("d", "'d'"),
        "output",
    ),
    bad(lambda k: k.layers.InputLayer((3,), batch_shape=(2, 3)), "shape", "batch_shape"),
    bad(
        lambda k: k.layers.InputLayer(batch_size=2, batch_shape=(2, 3)),
        "batch_size",
        "batch_shape",
    ),
    bad(lambda k: k.layers.InputLayer(), "shape"),
    bad(lambda k: k.Input(), "shape"),
    bad(lambda k: k.Input(5), "5"),
    bad(lambda k: k.Input((3, "a")), "a"),
    bad(lambda k: k.Input((3, 2.5)), "2.5"),
    bad(lambda k: k.Input((3, -5)), "(3, -5)"),
    bad(lambda k: k.Input((3,), sparse=True), "sparse", keras=TAKEN),
    bad(lambda k: k.Input((3,), ragged=True), "ragged"),
    bad(lambda k: k.layers.InputLayer((3,), input_tensor=ROWS), "input_tensor", "KerasTensor"),
    bad(
        lambda k: k.layers.InputLayer((2, 4), input_tensor=k.KerasTensor((2, 3))),
        "shape",
        "(2, 4)",
        only_ours="(2, 4)",
    ),
    bad(
        lambda k: k.layers.InputLayer(batch_shape=(2, 4), input_tensor=k.KerasTensor((2, 3))),
        "batch_shape",
        "(2, 4)",
        only_ours="(2, 4)",
    ),
    bad(
        lambda k: k.layers.InputLayer(batch_size=5, input_tensor=k.KerasTensor((2, 3))),
        "batch_size",
        "5",
        only_ours="5",
    ),
    bad(
        lambda k: k.layers.InputLayer(dtype="float16", input_tensor=k.KerasTensor((2, 3))),
        "dtype",
        "float16",
        "float32",
        only_ours=("float16", "float32"),
    ),
    bad(lambda k: k.layers.Wrapper(2), "2"),
    bad(lambda k: k.layers.Wrapper("dense"), "dense"),
    bad(lambda k: k.layers.TimeDistributed(2), "2"),
    bad(lambda k: k.layers.InputSpec(shape=(2, "a")), "a"),
]


def layer_of_users(k: Any, **methods: Any) -> Any:
    """Return a layer named "mine" of a class of its own with these methods."""
    return type("Mine", (k.layers.Layer,), methods)(name="mine")


def named_both_ways(self, inputs, extra):
    return inputs


class Blocks:
    """Methods of layers that go wrong."""

    @staticmethod
    def builds_late(k: Any) -> Any:
        def call(self, inputs):
            self.late = self.add_weight(shape=(2,), name="late")
            return inputs

        def build(self, input_shape):
            pass

        return layer_of_users(k, call=call, build=build)

    @staticmethod
    def odd_build(k: Any) -> Any:
        def build(self, inputs_shape, bar):
            pass

        def call(self, inputs, bar):
            return inputs

        return layer_of_users(k, call=call, build=build)

    @staticmethod
    def unmatched_build(k: Any) -> Any:
        def build(self, inputs_shape, baz_shape):
            pass

        def call(self, inputs, bar):
            return inputs

        return layer_of_users(k, call=call, build=build)


BAD["layers of a user's"] = [
    bad(lambda k: Blocks.builds_late(k)(ROWS), ("mine", "Mine.call"), "variables"),
    bad(lambda k: Blocks.odd_build(k)(ROWS, ROWS), "build", "bar", "_shape"),
    bad(lambda k: Blocks.unmatched_build(k)(ROWS, ROWS), "build", "baz_shape"),
    bad(lambda k: layer_of_users(k, call=named_both_ways)(ROWS, True), "True", "positional"),
    bad(lambda k: layer_of_users(k)(ROWS), "call", "Mine"),
    bad(lambda k: k.layers.Layer(unknown=1), "unknown"),
    bad(lambda k: k.layers.Layer().add_weight(shape="ab"), "('a', 'b')"),
    bad(lambda k: k.layers.Layer().add_weight(shape=(2,), initializer="nothing"), "nothing"),
    bad(lambda k: k.layers.Layer().add_weight(shape=(2, -1)), "(2, -1)"),
    bad(lambda k: k.layers.Layer().add_weight(shape=(2,), name="a/b"), "name", "a/b"),
    bad(lambda k: k.layers.Layer().add_weight(shape=(2,), constraint=3), "3"),
    bad(lambda k: k.layers.Layer().add_weight(shape=(2,), dtype="int32", initializer="no"), "no"),
    bad(
        lambda k: [f := k.layers.Dense(2, name="d"), f.build((2, 3)), f.set_weights([ROWS])],
        "d",
        "1",
        "2",
    ),
    bad(
        lambda k: [
            f := k.layers.Dense(2, name="d"),
            f.build((2, 3)),
            f.set_weights([ROWS, np.ones(2)]),
        ],
        "d",
        "(3, 2)",
        "(4, 3)",
    ),
    bad(lambda k: k.layers.Dense(2, name="d").output, "d"),
    bad(lambda k: k.layers.Dense(2, name="d").input, "d"),
    bad(lambda k: k.layers.Dense(2, name="d").count_params(), "count_params", "d"),
    bad(lambda k: k.layers.Dense(2, name="d").kernel, "kernel"),
]

BAD["convolutions"] = [
    bad(lambda k: k.layers.Conv1D(0, 1), "filters", "positive", "0"),
    bad(lambda k: k.layers.Conv2D(-3, 1), "filters", "positive", "-3"),
    bad(lambda k: k.layers.Conv2D(2, (1, 0)), "kernel_size", "2", "(1, 0)"),
    bad(lambda k: k.layers.Conv2D(2, (1, 2, 3)), "kernel_size", "2", "(1, 2, 3)"),
    bad(lambda k: k.layers.Conv2D(2, "a"), "kernel_size", "a"),
    bad(lambda k: k.layers.Conv2D(2, 2, strides=(1, 0)), "strides", "2", "(1, 0)"),
    bad(lambda k: k.layers.Conv2D(2, 2, dilation_rate=(1, 0)), "dilation_rate", "(1, 0)"),
    bad(
        lambda k: k.layers.Conv2D(2, 2, strides=2, dilation_rate=(2, 1)),
        "strides",
        "dilation_rate",
        "(2, 2)",
        "(2, 1)",
    ),
    bad(lambda k: k.layers.Conv2D(5, 2, groups=0), "groups", "positive integer", "0"),
    bad(lambda k: k.layers.Conv2D(5, 2, groups=2), "groups", "filters", "2", "5"),
    bad(lambda k: k.layers.Conv2D(2, 2, padding="all"), "padding", "valid", "same", "all"),
    bad(lambda k: k.layers.Conv2D(2, 2, padding="causal"), "padding", "causal"),
    bad(lambda k: k.layers.Conv2D(2, 2, data_format="last"), "data_format", "last"),
    bad(
        lambda k: k.layers.Conv2D(4, 2, groups=2, name="c")(IMAGES), "groups", "channels", "2", "3"
    ),
    bad(lambda k: k.layers.Conv2D(4, 2, name="c")(ROWS), "c", "min_ndim=4", "ndim=2", "(4, 3)"),
    bad(
        lambda k: [
            c := k.layers.Conv2D(4, 2, name="c"),
            c(IMAGES),
            c(np.ones((2, 8, 8, 4), "float32")),
        ],
        "c",
        "axis -1",
        "3",
        "(2, 8, 8, 4)",
    ),
    bad(
        lambda k: k.layers.Conv2D(4, 9, name="c")(k.Input((8, 8, 3))),
        "(None, 8, 8, 3)",
        "9",
        "padding",
        "valid",
    ),
    bad(lambda k: k.layers.Conv1DTranspose(0, 1), "filters", "positive", "0"),
    bad(lambda k: k.layers.Conv2DTranspose(2, (1, 0)), "kernel_size", "(1, 0)"),
    bad(lambda k: k.layers.Conv2DTranspose(2, 2, strides=(1, 0)), "strides", "(1, 0)"),
    bad(
        lambda k: k.layers.Conv1DTranspose(2, 3, strides=2, output_padding=2),
        "output_padding",
        "strides",
        "2",
    ),
    bad(
        lambda k: k.layers.Conv2DTranspose(2, 3, strides=(2, 3), output_padding=(1, 3)),
        "output_padding",
        "strides",
        "(2, 3)",
        "(1, 3)",
    ),
    bad(
        lambda k: k.layers.Conv3DTranspose(8, 3, strides=1, output_padding=1),
        "output_padding",
        "strides",
        "1",
    ),
    bad(
        lambda k: k.layers.Conv2DTranspose(2, 2, strides=2, dilation_rate=(2, 1)),
        "strides",
        "dilation_rate",
        "(2, 2)",
        "(2, 1)",
    ),
    bad(
        lambda k: k.layers.DepthwiseConv1D(1, depth_multiplier=0),
        "depth_multiplier",
        "positive",
        "0",
    ),
    bad(lambda k: k.layers.DepthwiseConv2D((1, 0)), "kernel_size", "2", "(1, 0)"),
    bad(lambda k: k.layers.DepthwiseConv2D(2, strides=(1, 0)), "strides", "(1, 0)"),
    bad(
        lambda k: k.layers.DepthwiseConv2D(9)(k.Input((8, 8, 3))),
        "(None, 8, 8, 3)",
        "9",
        "valid",
    ),
    bad(lambda k: k.layers.SeparableConv1D(0, 1), "filters", "positive", "0"),
    bad(
        lambda k: k.layers.SeparableConv1D(1, 1, depth_multiplier=0),
        "depth_multiplier",
        "positive",
        "0",
    ),
    bad(lambda k: k.layers.SeparableConv2D(2, (1, 0)), "kernel_size", "(1, 0)"),
    bad(lambda k: k.layers.SeparableConv2D(2, 2, strides=(1, 0)), "strides", "(1, 0)"),
    bad(
        lambda k: k.layers.SeparableConv2D(2, 9)(k.Input((8, 8, 3))),
        "(None, 8, 8, 3)",
        "9",
        "valid",
    ),
]

BAD["pooling and reshaping"] = [
    bad(lambda k: k.layers.MaxPooling2D((1, 0)), "pool_size", "2", "(1, 0)"),
    bad(lambda k: k.layers.AveragePooling1D(2, strides="a"), "strides", "a"),
    bad(lambda k: k.layers.MaxPooling2D(2, padding="all"), "padding", "all", keras=TAKEN),
    bad(lambda k: k.layers.MaxPooling2D(2, name="p")(ROWS), "p", "ndim=4", "(4, 3)"),
    bad(lambda k: k.layers.GlobalMaxPooling2D(name="p")(ROWS), "p", "ndim=4", "(4, 3)"),
    bad(lambda k: k.layers.MaxPooling2D(20)(k.Input((8, 8, 3))), "pool_size", "20", "8", "valid"),
    bad(lambda k: k.layers.Cropping1D((1, 2, 3)), "cropping", "2", "(1, 2, 3)"),
    bad(lambda k: k.layers.Cropping1D((2, 3))(k.Input((5, 7))), "cropping", "(2, 3)", "5"),
    bad(lambda k: k.layers.Cropping1D(3)(SEQUENCES), "cropping", "(3, 3)", "5"),
    bad(lambda k: k.layers.Cropping2D((4, 0))(IMAGES), "cropping", "((4, 4), (0, 0))"),
    bad(lambda k: k.layers.Cropping2D("a"), "cropping", "a"),
    bad(lambda k: k.layers.Cropping2D((1, 2, 3)), "cropping", "(1, 2, 3)"),
    bad(lambda k: k.layers.Cropping3D((1, 2)), "cropping", "(1, 2)"),
    bad(
        lambda k: k.layers.Cropping3D(2)(k.Input((4, 9, 9, 1))),
        "cropping",
        "((2, 2), (2, 2), (2, 2))",
    ),
    bad(lambda k: k.layers.ZeroPadding2D((1, 2, 3)), "padding", "(1, 2, 3)"),
    bad(lambda k: k.layers.ZeroPadding1D("a"), "padding", "a"),
    bad(lambda k: k.layers.UpSampling1D(0), "size", "positive integer", "0"),
    bad(lambda k: k.layers.UpSampling1D("a"), "size", "integer", "a", only_ours="a"),
    bad(lambda k: k.layers.UpSampling2D((1, 2, 3)), "size", "2", "(1, 2, 3)"),
    bad(
        lambda k: k.layers.UpSampling2D(2, interpolation="best"),
        "interpolation",
        "best",
        "nearest",
        "bilinear",
        keras=TAKEN,
    ),
    bad(lambda k: k.layers.RepeatVector("3"), "n", "integer", "3", only_ours="3"),
    bad(lambda k: k.layers.RepeatVector(3.5), "n", "integer", "3.5", only_ours="3.5"),
    bad(lambda k: k.layers.RepeatVector([3]), "n", "integer", "[3]", only_ours="[3]"),
    bad(lambda k: k.layers.RepeatVector(0), "n", "positive integer", "0"),
    bad(lambda k: k.layers.RepeatVector(2, name="r")(SEQUENCES), "r", "ndim=2", "(2, 5, 4)"),
    bad(lambda k: k.layers.Permute((0, 1, 2)), "dims", "(0, 1, 2)"),
    bad(lambda k: k.layers.Permute((1, 4, 2)), "dims", "(1, 4, 2)"),
    bad(lambda k: k.layers.Permute((1, 2, 3), name="p")(ROWS), "p", "ndim=4", "(4, 3)"),
    bad(lambda k: k.layers.Reshape((-2, 5)), "target_shape", "(-2, 5)", "-1"),
    bad(lambda k: k.layers.Reshape((-1, -1, 5)), "target_shape", "(-1, -1, 5)"),
    bad(lambda k: k.layers.Reshape((5,))(k.Input((3,))), "(5,)", ("(3,)", "(None, 3)")),
    bad(lambda k: k.layers.Reshape((2, -1))(k.Input((3,))), "(2, -1)", ("(3,)", "(None, 3)")),
    bad(lambda k: k.layers.Flatten(data_format="last"), "data_format", "last"),
]

BAD["merging"] = [
    bad(lambda k: k.layers.Add()(ROWS), "list"),
    bad(lambda k: k.layers.Add()([]), "Add", keras=ACCIDENT),
    bad(lambda k: k.layers.Add()([ROWS, TARGETS]), ("(3,)", "(4, 3)"), ("(2,)", "(4, 2)")),
    bad(
        lambda k: k.layers.Add()([k.Input((3,)), k.Input((2,))]),
        ("(3,)", "(None, 3)"),
        ("(2,)", "(None, 2)"),
    ),
    bad(lambda k: k.layers.Subtract()([ROWS] * 3), "exactly 2", "3"),
    bad(lambda k: k.layers.Subtract()([ROWS]), "exactly 2", "(4, 3)"),
    bad(lambda k: k.layers.Add().compute_mask([ROWS, ROWS], ROWS), "mask", "list"),
    bad(lambda k: k.layers.Add().compute_mask(ROWS, [None, None]), "inputs", "list"),
    bad(lambda k: k.layers.Add().compute_mask([ROWS, ROWS], [None]), "inputs", "mask", "2", "1"),
    bad(
        lambda k: k.layers.Concatenate(axis=-1)([k.Input((4, 3)), k.Input((5, 3))]),
        "shapes",
        "axis",
        "(None, 4, 3)",
        "(None, 5, 3)",
    ),
    bad(lambda k: k.layers.Concatenate(axis=1)([ROWS, SEQUENCES]), "(4, 3)", "(2, 5, 4)"),
    bad(lambda k: k.layers.Concatenate(axis=1)([np.ones((4, 3)), np.ones((4, 3, 2))]), "(4, 3, 2)"),
    bad(lambda k: k.layers.Concatenate()(ROWS), "list"),
    bad(lambda k: k.layers.Concatenate(axis="a"), "axis", "a", keras=TAKEN),
    bad(lambda k: k.layers.Dot(axes="a"), "axes", "a"),
    bad(lambda k: k.layers.Dot(axes=(1, 2, 3)), "axes", "(1, 2, 3)"),
    bad(lambda k: k.layers.Dot(axes=(1, "a")), "axes", "(1, 'a')"),
    bad(lambda k: k.layers.Dot(axes=1)([ROWS, TARGETS]), "(4, 3)", "(4, 2)", "1"),
    bad(lambda k: k.layers.Dot(axes=1)([ROWS] * 3), "2"),
    bad(lambda k: k.layers.Dot(axes=1)(ROWS), "2"),
]

BAD["normalization and regularization"] = [
    bad(
        lambda k: k.layers.BatchNormalization(renorm=True, renorm_clipping={"random": 1.0}),
        "renorm_clipping",
        "random",
        "rmax",
        "rmin",
        "dmax",
    ),
    bad(
        lambda k: k.layers.BatchNormalization(
            renorm=True, renorm_clipping={"rmax": 0.0, "rmin": 1.0}
        ),
        "renorm_clipping",
        "rmax",
        "rmin",
        "0.0",
        "1.0",
        only_ours=("0.0", "1.0"),
    ),
    bad(
        lambda k: k.layers.BatchNormalization(
            renorm=True, renorm_clipping={"rmax": 1.0, "dmax": -1.0}
        ),
        "renorm_clipping",
        "dmax",
        "-1.0",
        only_ours="-1.0",
    ),
    bad(lambda k: k.layers.BatchNormalization(axis="a"), "axis", "a", only_ours="axis"),
    bad(lambda k: k.layers.BatchNormalization(momentum="a"), "momentum", "a", only_ours="momentum"),
    bad(lambda k: k.layers.BatchNormalization(axis=5)(ROWS), "5", "axis", keras=ACCIDENT),
    bad(
        lambda k: k.layers.BatchNormalization(name="b").build((2, None)),
        ("b", "b/gamma"),
        "(2, None)",
        only_ours="(2, None)",
    ),
    bad(lambda k: k.layers.GroupNormalization(2.5), "groups", "2.5"),
    bad(lambda k: k.layers.GroupNormalization(0), "groups", "0"),
    bad(lambda k: k.layers.GroupNormalization(2, axis=2).build((2, 3, None)), "(2, 3, None)", "2"),
    bad(lambda k: k.layers.GroupNormalization(5)(ROWS), "5", "3", "channels"),
    bad(lambda k: k.layers.GroupNormalization(2)(ROWS), "2", "3", "channels"),
    bad(lambda k: k.layers.LayerNormalization(axis={"a": 1}), "axis", "{'a': 1}"),
    bad(lambda k: k.layers.UnitNormalization(axis={"a": 1}), "axis", "{'a': 1}"),
    bad(lambda k: k.layers.UnitNormalization(axis="a"), "axis", "a"),
    bad(lambda k: k.layers.RMSNormalization(axis="a")(ROWS), "axis", "a", keras=ACCIDENT),
    bad(lambda k: k.layers.AlphaDropout(-0.5), "rate", "-0.5", "0", "1"),
    bad(lambda k: k.layers.AlphaDropout(1.5), "rate", "1.5", "0", "1"),
    bad(lambda k: k.layers.Dropout(-0.5), "rate", "-0.5", "0", "1"),
    bad(lambda k: k.layers.Dropout(1.5), "rate", "1.5", "0", "1"),
    bad(lambda k: k.layers.Dropout(0.5, noise_shape="a"), "noise_shape", ("tuple", "list"), "a"),
    bad(lambda k: k.layers.Dropout(0.5, noise_shape=(20, 1.5)), "noise_shape", "1.5"),
    bad(lambda k: k.layers.Dropout(0.5, noise_shape=(20, -1)), "noise_shape", "positive", "-1"),
    bad(lambda k: k.layers.Dropout(0.5, noise_shape=(20, 0)), "noise_shape", "positive", "0"),
    bad(lambda k: k.layers.Dropout(0.5, seed="a"), "seed", "integer", "a"),
    bad(lambda k: k.layers.GaussianDropout(2.0), "rate", "2.0", "0", "1"),
    bad(lambda k: k.layers.GaussianNoise(-1), "stddev", "-1"),
    bad(lambda k: k.layers.SpatialDropout1D(0.5, name="s")(ROWS), "s", "ndim=3", "(4, 3)"),
    bad(
        lambda k: k.layers.SpatialDropout2D(0.5, data_format="last"),
        "data_format",
        "last",
        "channels_first",
        "channels_last",
    ),
    bad(lambda k: k.layers.ActivityRegularization(l1="a"), "l1", "a"),
]

BAD["activation layers"] = [
    bad(lambda k: k.layers.LeakyReLU(None), "negative_slope", "None"),
    bad(lambda k: k.layers.ReLU(-10), "max_value", "-10"),
    bad(lambda k: k.layers.ReLU(10, negative_slope=-10), "negative_slope", "-10"),
    bad(lambda k: k.layers.ReLU(10, threshold=-10), "threshold", "-10"),
    bad(lambda k: k.layers.ReLU(negative_slope=None), "negative_slope", "None"),
    bad(lambda k: k.layers.ReLU(threshold=None), "threshold", "None"),
    bad(lambda k: k.layers.Softmax()(ROWS, mask=np.ones((4, 5), bool)), "mask", "(4, 5)", "(4, 3)"),
    bad(
        lambda k: k.layers.Softmax()(ROWS, mask=np.ones((2, 4, 3), bool)),
        "mask",
        "(2, 4, 3)",
        "(4, 3)",
    ),
    bad(lambda k: k.layers.Activation("nothing"), "nothing"),
    bad(lambda k: k.layers.Activation(3), "3"),
    bad(lambda k: k.activations.get("nothing"), "nothing"),
    bad(lambda k: k.activations.get(3), "3"),
    bad(lambda k: k.activations.deserialize("nothing"), "nothing", keras=TAKEN),
    bad(lambda k: k.activations.relu("a"), "a"),
    bad(lambda k: k.layers.PReLU(shared_axes="a"), "shared_axes", "a", keras=TAKEN),
    bad(
        lambda k: [f := k.layers.PReLU(name="p"), f(ROWS), f(TARGETS)],
        "3",
        "(4, 2)",
        ("p", "PReLU.call"),
    ),
]

BAD["attention"] = [
    bad(lambda k: k.layers.Attention()(SEQUENCES), "Attention", "list"),
    bad(lambda k: k.layers.Attention()([SEQUENCES] * 4), "Attention", "2", "3", "4"),
    bad(lambda k: k.layers.Attention()([SEQUENCES]), "Attention", "2", "3", "1"),
    bad(lambda k: k.layers.Attention()([SEQUENCES] * 2, mask=ROWS), "mask", "list"),
    bad(lambda k: k.layers.Attention()([SEQUENCES] * 2, mask=[ROWS]), "mask", "2", "3"),
    bad(lambda k: k.layers.Attention(score_mode="best"), "score_mode", "best", "dot", "concat"),
    bad(lambda k: k.layers.Attention(dropout=2.0), "dropout", "2.0", keras=TAKEN),
    bad(lambda k: k.layers.AdditiveAttention()(SEQUENCES), "AdditiveAttention", "list"),
    bad(lambda k: k.layers.AdditiveAttention()([SEQUENCES] * 4), "AdditiveAttention", "2", "4"),
    bad(lambda k: k.layers.AdditiveAttention()([SEQUENCES] * 2, mask=ROWS), "mask", "list"),
    bad(lambda k: k.layers.MultiHeadAttention(0, 4), "num_heads", "0"),
    bad(lambda k: k.layers.MultiHeadAttention(2.5, 4), "num_heads", "2.5"),
    bad(lambda k: k.layers.MultiHeadAttention(4, -1), "key_dim", "-1"),
    bad(lambda k: k.layers.MultiHeadAttention(4, 4, value_dim=0), "value_dim", "0"),
    bad(lambda k: k.layers.MultiHeadAttention(2, 4, output_shape=8.0), "output_shape", "8.0"),
    bad(lambda k: k.layers.MultiHeadAttention(2, 4, attention_axes="a"), "attention_axes", "a"),
    bad(
        lambda k: k.layers.MultiHeadAttention(2, 4).compute_output_shape(
            (None, 8, 16), (None, 5, 16), (None, 7, 16)
        ),
        "value",
        "key",
        "(None, 5, 16)",
        "(None, 7, 16)",
    ),
    bad(
        lambda k: k.layers.MultiHeadAttention(2, 4)(
            SEQUENCES, SEQUENCES, np.ones((2, 7, 4), "float32")
        ),
        "value",
        "key",
        "(2, 5, 4)",
        "(2, 7, 4)",
    ),
    bad(
        lambda k: k.layers.GroupQueryAttention(2, 3, 2),
        "num_query_heads",
        "num_key_value_heads",
        "3",
        "2",
        only_ours=("3", "2"),
    ),
    bad(
        lambda k: k.layers.GroupQueryAttention(2, 2, 2).compute_output_shape(
            (None, 8, 16), (None, 5, 16), (None, 7, 16)
        ),
        "value",
        "key",
    ),
]

BAD["recurrent layers"] = [
    bad(lambda k: k.layers.LSTM(0), "units", "positive integer", "0"),
    bad(lambda k: k.layers.GRUCell(-1), "units", "positive integer", "-1"),
    bad(lambda k: k.layers.SimpleRNN("a"), "units", "a", keras=ACCIDENT),
    bad(lambda k: k.layers.LSTM(2, dropout=2.0), "dropout", "2.0", keras=TAKEN),
    bad(lambda k: k.layers.LSTM(2, name="l")(ROWS), "l", "ndim=3", "(4, 3)"),
    bad(lambda k: k.layers.LSTM(2, activation="nothing"), "nothing"),
    bad(lambda k: k.layers.RNN(2), "cell", "2"),
    bad(lambda k: k.layers.RNN(k.layers.Dense(2)), "cell", "state_size"),
    bad(lambda k: k.layers.StackedRNNCells([k.layers.Dense(2)]), "state_size"),
    bad(lambda k: k.layers.Bidirectional(2), "layer", "2"),
    bad(
        lambda k: k.layers.Bidirectional(k.layers.LSTM(2), merge_mode="best"),
        "merge_mode",
        "best",
        "sum",
        "mul",
        "concat",
        "ave",
        only_ours="merge_mode",
    ),
    bad(
        lambda k: k.layers.Bidirectional(k.layers.LSTM(2), backward_layer=k.layers.LSTM(2)),
        "go_backwards",
    ),
    bad(
        lambda k: k.layers.Bidirectional(
            k.layers.LSTM(2),
            backward_layer=k.layers.LSTM(2, go_backwards=True, return_sequences=True),
        ),
        "return_sequences",
    ),
    bad(
        lambda k: k.layers.LSTM(2)(SEQUENCES, initial_state=np.ones((2, 2), "float32")),
        "initial_state",
        keras=ACCIDENT,
    ),
    bad(
        lambda k: k.layers.TimeDistributed(k.layers.Dense(2))(
            SEQUENCES, mask=np.ones((2, 3), bool)
        ),
        "mask",
        "TimeDistributed",
        "(2, 3)",
    ),
    bad(
        lambda k: k.layers.TimeDistributed(k.layers.Dense(2))(
            SEQUENCES, mask=np.ones((3, 5), bool)
        ),
        "mask",
        "TimeDistributed",
        "(3, 5)",
    ),
    bad(
        lambda k: k.layers.TimeDistributed(k.layers.Dense(2), name="t")(np.ones(3, "float32")),
        "TimeDistributed",
        "(3,)",
    ),
    bad(
        lambda k: k.Sequential([k.Input(batch_shape=(2, 5, 4)), k.layers.LSTM(2, stateful=True)])(
            np.ones((3, 5, 4), "float32")
        ),
        "batch size",
        "2",
        "3",
    ),
]

BAD["models"] = [
    bad(lambda k: k.Model({"a": "one", "b": k.Input((2,))}, k.Input((2,))), "inputs", "one"),
    bad(lambda k: k.Model(k.Input((2,)), "other"), "outputs", "KerasTensors", "other"),
    bad(
        lambda k: k.Model(k.Input((2,), name="one"), k.layers.Dense(3)(k.Input((2,), name="two"))),
        "two",
        "not connected",
        "inputs",
        only_ours="two",
    ),
    bad(
        lambda k: (lambda x: k.Model(x, {"first": x + 1, "second": k.Input((2,))}))(k.Input((2,))),
        "second",
        "not connected",
    ),
    bad(lambda k: k.Model([], k.Input((2,))), "inputs", "empty"),
    bad(lambda k: k.Model(k.Input((2,)), []), "outputs", "empty"),
    bad(lambda k: k.Model(inputs=k.Input((2,))), "inputs"),
    bad(lambda k: dense_model(k)(np.zeros((2, 4), "float32")), "only", "(2, 4)", "3"),
    bad(
        lambda k: k.Model(i := k.Input((4,), batch_size=2, name="i"), i + 1)(np.zeros((2, 3))),
        "i",
        ("(2, 4)", "(None, 4)"),
        "(2, 3)",
    ),
    bad(lambda k: k.Model(i := k.Input((4,), name="i"), i + 1)([np.zeros((2, 4))] * 2), "1", "2"),
    bad(lambda k: two_inputs(k)(np.zeros((2, 3))), "left", "right"),
    bad(
        lambda k: two_inputs(k)({"left": np.zeros((2, 3)), "right": np.zeros((2, 3))}),
        "right",
        "(None, 4)",
        "(2, 3)",
    ),
    bad(
        lambda k: two_inputs(k)({"left": np.zeros((2, 3)), "wrong": np.zeros((2, 4))}),
        "left",
        "right",
    ),
    bad(lambda k: two_inputs(k)({"left": np.ones((2, 3)), "right": None}), "right", "optional"),
    bad(
        lambda k: (lambda a, b: k.Model([a, b], a + b))(
            k.Input((3,), name="one"), k.Input((3,), name="one")
        ),
        "one",
        "2",
        "unique",
    ),
    bad(
        lambda k: (
            lambda x: k.Model(x, k.layers.Dense(2, name="d")(k.layers.Dense(2, name="d")(x)))
        )(k.Input((3,))),
        "d",
        "2",
        "unique",
    ),
    bad(lambda k: setattr(dense_model(k), "layers", []), "layers"),
    bad(lambda k: dense_model(k).get_layer("nothing"), "nothing", "only"),
    bad(lambda k: dense_model(k).get_layer(index=5), "5", "1"),
    bad(lambda k: dense_model(k).get_layer(), "name", "index"),
    bad(lambda k: dense_model(k).get_layer("only", 0), "name", "index", "only", "0"),
    bad(lambda k: k.Sequential([k.Input((2,))]).add(k.Input((2,))), "already", "configured"),
    bad(
        lambda k: k.Sequential([k.Input((2,))]).add(k.layers.InputLayer((2,))),
        "sequential",
        "(None, 2)",
    ),
    bad(
        lambda k: k.Sequential([k.layers.Dense(2, name="d"), k.layers.Dense(2, name="d")]),
        "d",
        "unique",
    ),
    bad(lambda k: k.Sequential()(ROWS), "no layers", "sequential"),
    bad(lambda k: k.Sequential([k.Input((2,))]).build((3, 4)), "(None, 2)", "(3, 4)"),
    bad(lambda k: k.Sequential().add({}), "{}"),
    bad(lambda k: k.Sequential([3]), "3"),
    bad(lambda k: k.Sequential().pop(), "sequential", only_ours="sequential"),
    bad(lambda k: setattr(k.Sequential(), "layers", [3]), "layers", "add", "pop"),
    bad(
        lambda k: k.Sequential([layer_of_users(k, call=lambda self, x, more: x)]).build((None, 2)),
        "Mine",
        "more",
        "single",
        "positional",
    ),
    bad(lambda k: k.models.clone_model(3), "model", "3", keras=TAKEN),
    bad(
        lambda k: k.models.clone_model(two_inputs(k), input_tensors=(k.Input((3,)),)),
        "input_tensors",
    ),
    bad(
        lambda k: k.models.clone_model(two_inputs(k), clone_function=3),
        "clone_function",
        "3",
        keras=ACCIDENT,
    ),
    bad(
        lambda k: k.models.clone_model(dense_model(k), call_function=lambda layer, x: x),
        "call_function",
    ),
    bad(lambda k: k.models.model_from_json("{"), "Expecting"),
    bad(lambda k: dense_model(k).set_weights([ROWS]), "1", "2"),
    bad(lambda k: k.Model()(ROWS), "call"),
    bad(lambda k: type("Own", (k.Model,), {})(unknown=1), "unknown"),
]

BAD["trainers"] = [
    bad(lambda k: k.Sequential([k.layers.Dense(2)]).fit(ROWS, TARGETS), "compile"),
    bad(lambda k: k.Sequential([k.layers.Dense(2)]).evaluate(ROWS, TARGETS), "compile"),
    bad(lambda k: dense_model(k, optimizer="best"), "best"),
    bad(lambda k: dense_model(k, optimizer=3), "3"),
    bad(lambda k: fit(k, dense_model(k, loss="nothing"), ROWS, TARGETS), "nothing"),
    bad(lambda k: fit(k, dense_model(k, metrics=["nothing"]), ROWS, TARGETS), "nothing"),
    bad(lambda k: dense_model(k, steps_per_execution=0), "steps_per_execution", "0", keras=TAKEN),
    bad(lambda k: dense_model(k, loss_weights="a"), "loss_weights", "a"),
    bad(lambda k: dense_model(k, unknown=3), "unknown"),
    bad(lambda k: fit(k, dense_model(k), "Invalid"), "x", "Invalid"),
    bad(lambda k: fit(k, dense_model(k), ROWS, "Invalid"), "Invalid", only_ours="Invalid"),
    bad(
        lambda k: fit(k, dense_model(k), ROWS, TARGETS, sample_weight="Invalid"),
        "sample_weight",
        "Invalid",
        only_ours=("sample_weight", "Invalid"),
    ),
    bad(lambda k: fit(k, dense_model(k), ROWS, TARGETS[:3]), "4", "3"),
    bad(lambda k: fit(k, dense_model(k), ROWS, np.ones((4, 3))), "(4, 3)", "(4, 2)"),
    bad(lambda k: fit(k, dense_model(k), ROWS), "y", only_ours="y"),
    bad(
        lambda k: fit(k, dense_model(k), ROWS, TARGETS, validation_split=2.0),
        "validation_split",
        "2.0",
        keras=ACCIDENT,
    ),
    bad(
        lambda k: fit(k, dense_model(k), ROWS, TARGETS, validation_split=0.9),
        "validation_split",
        "4",
        "0.9",
    ),
    bad(
        lambda k: fit(k, dense_model(k), ROWS, TARGETS, batch_size=0),
        "batch_size",
        "0",
        keras=TAKEN,
    ),
    bad(
        lambda k: fit(
            k, dense_model(k), ROWS, TARGETS, sample_weight=np.ones(4), class_weight={0: 1.0}
        ),
        "class_weight",
        "sample_weight",
    ),
    bad(
        lambda k: fit(k, two_outputs(k), ROWS, [TARGETS, TARGETS], class_weight={0: 1.0}),
        "class_weight",
        "single",
    ),
    bad(
        lambda k: fit(k, two_outputs(k), ROWS, [TARGETS, TARGETS], sample_weight=[]),
        "sample_weight",
    ),
    bad(
        lambda k: fit(
            k,
            two_outputs(k, as_dict=True, loss={"a": "mse", "c": "mse"}),
            ROWS,
            {"a": TARGETS, "b": TARGETS},
        ),
        "loss",
        "c",
    ),
    bad(
        lambda k: fit(
            k,
            two_outputs(k, as_dict=True, metrics={"a": "mse", "output_c": "mse"}),
            ROWS,
            {"a": TARGETS, "b": TARGETS},
        ),
        "metrics",
        "output_c",
        "a",
        "b",
    ),
    bad(
        lambda k: fit(
            k,
            two_outputs(k, as_dict=True, weighted_metrics={"output_c": "mse"}),
            ROWS,
            {"a": TARGETS, "b": TARGETS},
        ),
        "weighted_metrics",
        "output_c",
    ),
    bad(
        lambda k: fit(k, two_outputs(k, loss=["mse"] * 3), ROWS, [TARGETS, TARGETS]),
        "loss",
        "2",
        "3",
        only_ours="3",
    ),
    bad(
        lambda k: fit(k, two_outputs(k, metrics=[["mse"]]), ROWS, [TARGETS, TARGETS]),
        "metrics",
        "a",
        "b",
        "[['mse']]",
    ),
    bad(
        lambda k: fit(
            k, two_outputs(k, loss=["mse", "mse"], loss_weights=[1.0]), ROWS, [TARGETS, TARGETS]
        ),
        "loss_weights",
        "2",
        "1",
    ),
    bad(lambda k: fit(k, two_outputs(k), ROWS, [TARGETS]), "y", "1", "2", keras=ACCIDENT),
    bad(
        lambda k: fit(
            k, two_outputs(k, as_dict=True, loss={"a": "mse", "b": "mae"}), ROWS, {"a": TARGETS}
        ),
        "a",
        "b",
    ),
    bad(lambda k: fit(k, two_inputs(k), ROWS), "compile"),
    bad(lambda k: fit(k, dense_model(k), (b for b in [])), "generator"),
    bad(lambda k: fit(k, dense_model(k), (b for b in [(ROWS, TARGETS)]), TARGETS), "y", "x"),
    bad(
        lambda k: fit(k, dense_model(k), (b for b in [(ROWS, TARGETS)]), sample_weight=np.ones(4)),
        ("sample_weight", "sample_weights"),
        "x",
    ),
    bad(lambda k: fit(k, dense_model(k), 5), "5"),
    bad(lambda k: fit(k, dense_model(k), {"a", "b"}), "x", "set"),
    bad(
        lambda k: fit(k, dense_model(k), ROWS, TARGETS, steps_per_epoch=0),
        "steps_per_epoch",
        "0",
        keras=TAKEN,
    ),
    bad(lambda k: fit(k, dense_model(k), ROWS, TARGETS, validation_data=3), "3"),
    bad(lambda k: fit(k, dense_model(k), np.float32(1), TARGETS), "x", "1.0", keras=ACCIDENT),
    bad(lambda k: fit(k, dense_model(k), ROWS[:0], TARGETS[:0]), "0", keras=ACCIDENT),
    bad(
        lambda k: dense_model(k).fit(ROWS, TARGETS, epochs="a", verbose=0),
        "epochs",
        "a",
        keras=ACCIDENT,
    ),
    bad(lambda k: dense_model(k).predict("Invalid", verbose=0), "x", "Invalid"),
    bad(lambda k: dense_model(k).predict(np.ones((2, 4)), verbose=0), "(2, 4)", "3"),
    bad(
        lambda k: dense_model(k).train_on_batch(ROWS, TARGETS, class_weight=3),
        "class_weight",
        "3",
        keras=ACCIDENT,
    ),
    bad(
        lambda k: dense_model(k).train_on_batch(
            ROWS, TARGETS, sample_weight=np.ones(4), class_weight={0: 1.0}
        ),
        "class_weight",
        "sample_weight",
    ),
]

BAD["optimizers"] = [
    bad(lambda k: k.optimizers.get("best"), "best"),
    bad(lambda k: k.optimizers.get(3), "3"),
    bad(lambda k: k.optimizers.SGD(momentum=-1.0), "momentum", "-1.0", "0", "1", only_ours="-1.0"),
    bad(lambda k: k.optimizers.SGD(momentum=2.0), "momentum", "2.0", "0", "1", only_ours="2.0"),
    bad(lambda k: k.optimizers.SGD(clipnorm=0.1, clipvalue=0.1), "clipnorm", "clipvalue", "0.1"),
    bad(
        lambda k: k.optimizers.SGD(clipnorm=0.1, global_clipnorm=0.2),
        "clipnorm",
        "global_clipnorm",
        "0.1",
        "0.2",
    ),
    bad(lambda k: k.optimizers.SGD(use_ema=True, ema_momentum=2.0), "ema_momentum", "2.0"),
    bad(
        lambda k: k.optimizers.SGD(use_ema=True, ema_overwrite_frequency=0.5),
        "ema_overwrite_frequency",
        "0.5",
    ),
    bad(
        lambda k: k.optimizers.SGD(gradient_accumulation_steps=1),
        "gradient_accumulation_steps",
        "2",
        "1",
    ),
    bad(lambda k: k.optimizers.SGD(learning_rate="a"), "learning_rate", "a"),
    bad(lambda k: k.optimizers.SGD(unknown=3), "unknown"),
    bad(lambda k: k.optimizers.SGD(lr=3), "lr"),
    bad(lambda k: k.optimizers.AdamW(weight_decay=None), "weight_decay", "None"),
    bad(lambda k: k.optimizers.Lion(beta_1=-0.1), "beta_1", "-0.1", "0", "1"),
    bad(lambda k: k.optimizers.Lion(beta_1=0.0), "beta_1", "0.0", "0", "1"),
    bad(lambda k: k.optimizers.Lion(beta_1=1.1), "beta_1", "1.1", "0", "1"),
    bad(
        lambda k: k.optimizers.Ftrl(initial_accumulator_value=-1.0),
        "initial_accumulator_value",
        "-1.0",
    ),
    bad(lambda k: k.optimizers.Ftrl(learning_rate_power=1.0), "learning_rate_power", "1.0"),
    bad(
        lambda k: k.optimizers.Ftrl(l1_regularization_strength=-1.0),
        "l1_regularization_strength",
        "-1.0",
    ),
    bad(
        lambda k: k.optimizers.Ftrl(l2_regularization_strength=-1.0),
        "l2_regularization_strength",
        "-1.0",
    ),
    bad(
        lambda k: k.optimizers.Ftrl(l2_shrinkage_regularization_strength=-1.0),
        "l2_shrinkage_regularization_strength",
        "-1.0",
    ),
    bad(
        lambda k: k.optimizers.LossScaleOptimizer(k.optimizers.SGD(), dynamic=False),
        "loss_scale_factor",
    ),
    bad(
        lambda k: k.optimizers.LossScaleOptimizer(k.optimizers.SGD(), foo=True, bar=3),
        "foo",
        "bar",
    ),
    bad(
        lambda k: k.optimizers.LossScaleOptimizer(k.optimizers.SGD(), clipnorm=1.0),
        "clipnorm",
        "inner_optimizer",
    ),
    bad(lambda k: k.optimizers.LossScaleOptimizer(3), "inner_optimizer", "3", keras=ACCIDENT),
    bad(
        lambda k: k.optimizers.SGD().apply([None], [k.Variable([1.0])]),
        "gradients",
    ),
    bad(
        lambda k: k.optimizers.SGD().apply([np.ones(1)] * 2, [k.Variable([1.0])]),
        "2",
        "1",
        keras=TAKEN,
    ),
    bad(
        lambda k: [
            o := k.optimizers.SGD(),
            o.build([k.Variable([1.0], name="one")]),
            o.apply([np.ones(1)], [k.Variable([2.0], name="two")]),
        ],
        "two",
    ),
    bad(lambda k: k.optimizers.SGD().apply([np.ones(1)]), "optimizer.build"),
    bad(
        lambda k: [
            o := k.optimizers.Adam(),
            o.build([k.Variable([1.0])]),
            o.set_weights([np.array(0), np.array(0.1), np.ones(2), np.ones(1)]),
        ],
        "(1,)",
        "(2,)",
    ),
    bad(
        lambda k: [
            o := k.optimizers.SGD(k.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)),
            setattr(o, "learning_rate", 0.1),
        ],
        "learning_rate",
    ),
    bad(lambda k: k.optimizers.schedules.PiecewiseConstantDecay([2], [0.1]), "1", "boundaries"),
    bad(
        lambda k: k.optimizers.schedules.PiecewiseConstantDecay([2, 3], [0.1]),
        "boundaries",
        "values",
        "2",
        "1",
    ),
    bad(lambda k: k.optimizers.schedules.ExponentialDecay(0.1, 0, 0.9), "decay_steps", "0"),
    bad(lambda k: k.optimizers.schedules.CosineDecay(0.1, 0), "decay_steps", "0"),
    bad(lambda k: k.optimizers.schedules.CosineDecay(0.1, -5), "decay_steps", "-5"),
    bad(lambda k: k.optimizers.schedules.PolynomialDecay(0.1, 0), "decay_steps", "0"),
    bad(lambda k: k.optimizers.schedules.InverseTimeDecay(0.1, 0, 0.5), "decay_steps", "0"),
    bad(lambda k: k.optimizers.schedules.CosineDecayRestarts(0.1, 0), "first_decay_steps", "0"),
    bad(lambda k: k.optimizers.schedules.deserialize("nothing"), "nothing", keras=TAKEN),
]

BAD["losses"] = [
    bad(lambda k: k.losses.get("nothing"), "nothing"),
    bad(lambda k: k.losses.get(3), "3"),
    bad(lambda k: k.losses.Hinge(reduction="abc"), "reduction", "abc", "sum", "mean", "none"),
    bad(lambda k: k.losses.SquaredHinge(reduction="abc"), "reduction", "abc"),
    bad(lambda k: k.losses.CategoricalHinge(reduction="abc"), "reduction", "abc"),
    bad(lambda k: type("Own", (k.losses.Loss,), {})(reduction="abc"), "reduction", "abc"),
    bad(lambda k: k.losses.CategoricalCrossentropy()(ROWS, TARGETS), "(4, 3)", "(4, 2)"),
    bad(
        lambda k: k.losses.CategoricalCrossentropy(from_logits=True)(ROWS, np.ones((4, 1, 3))),
        "(4, 3)",
        "(4, 1, 3)",
    ),
    bad(lambda k: k.losses.BinaryCrossentropy()(ROWS, TARGETS), "(4, 3)", "(4, 2)"),
    bad(lambda k: k.losses.SparseCategoricalCrossentropy()(ROWS, ROWS), "(4, 3)"),
    bad(lambda k: k.losses.MeanSquaredError()(ROWS, TARGETS), "(4, 3)", "(4, 2)"),
    bad(lambda k: k.losses.Tversky(axis="a")(ROWS, ROWS), "axis", "a", keras=ACCIDENT),
    bad(
        lambda k: k.losses.CategoricalGeneralizedCrossEntropy(q=2.0),
        "q",
        "2.0",
        "0",
        "1",
        only_ours="2.0",
    ),
    bad(lambda k: k.losses.CTC()(np.ones((2, 5)), np.ones((2, 5))), "(2, 5)"),
    bad(lambda k: k.losses.CTC()(np.ones((2, 2, 5)), SEQUENCES), "(2, 2, 5)"),
    bad(lambda k: k.losses.deserialize("nothing"), "nothing", keras=TAKEN),
    bad(lambda k: k.losses.BinaryFocalCrossentropy()(ROWS, TARGETS), "(4, 3)", "(4, 2)"),
    bad(lambda k: type("Own", (k.losses.Loss,), {})()(ROWS, ROWS), "call", only_ours="call"),
]

BAD["metrics"] = [
    *[
        bad(
            lambda k, name=name: getattr(k.metrics, name)(thresholds=[-1, 0.5, 2]),
            "thresholds",
            "-1",
            "2",
            "0",
            "1",
            only_ours="thresholds",
        )
        for name in ("FalsePositives", "FalseNegatives", "TrueNegatives", "TruePositives")
    ],
    bad(lambda k: k.metrics.FalsePositives(thresholds=[None]), "None", "0", "1"),
    bad(lambda k: k.metrics.Precision(thresholds=2.0), "2.0", "0", "1"),
    bad(lambda k: k.metrics.Precision(class_id=2)(np.ones(3), np.ones(3)), "class_id", "(3,)"),
    bad(lambda k: k.metrics.Recall(class_id=2)(np.ones(3), np.ones(3)), "class_id", "(3,)"),
    bad(lambda k: k.metrics.SensitivityAtSpecificity(-1), "specificity", "-1", "0", "1"),
    bad(
        lambda k: k.metrics.SensitivityAtSpecificity(0.4, num_thresholds=-1),
        "num_thresholds",
        "-1",
    ),
    bad(lambda k: k.metrics.SpecificityAtSensitivity(-1), "sensitivity", "-1", "0", "1"),
    bad(lambda k: k.metrics.PrecisionAtRecall(-1), "recall", "-1", "0", "1"),
    bad(lambda k: k.metrics.PrecisionAtRecall(0.4, num_thresholds=-1), "num_thresholds", "-1"),
    bad(lambda k: k.metrics.RecallAtPrecision(-1), "precision", "-1", "0", "1"),
    bad(lambda k: k.metrics.RecallAtPrecision(0.4, num_thresholds=0), "num_thresholds", "0"),
    bad(lambda k: k.metrics.AUC(num_thresholds=-1), "num_thresholds", "-1", "1"),
    bad(lambda k: k.metrics.AUC(num_thresholds=1), "num_thresholds", "1"),
    bad(lambda k: k.metrics.AUC(curve="Invalid"), "curve", "Invalid", "ROC", "PR"),
    bad(
        lambda k: k.metrics.AUC(summation_method="Invalid"),
        ("summation_method", "summation method"),
        "Invalid",
        "interpolation",
        "majoring",
        "minoring",
    ),
    bad(lambda k: k.metrics.AUC(thresholds=[-1.0]), "-1.0", "0", "1", keras=TAKEN),
    bad(
        lambda k: k.metrics.FBetaScore(average="best"),
        "average",
        "best",
        "macro",
        "micro",
        "weighted",
        "None",
    ),
    bad(lambda k: k.metrics.FBetaScore(beta="1.0"), "beta", "1.0"),
    bad(lambda k: k.metrics.FBetaScore(beta=None), "beta", "None"),
    bad(lambda k: k.metrics.FBetaScore(beta=0.0), "beta", "0.0"),
    bad(lambda k: k.metrics.FBetaScore(beta=-0.5), "beta", "-0.5"),
    bad(lambda k: k.metrics.F1Score(threshold=1), "threshold", "1"),
    bad(lambda k: k.metrics.F1Score(threshold="0.5"), "threshold", "0.5"),
    bad(lambda k: k.metrics.F1Score(threshold=1.1), "threshold", "1.1"),
    bad(lambda k: k.metrics.F1Score(threshold=0.0), "threshold", "0.0"),
    bad(
        lambda k: k.metrics.F1Score()(np.ones((2, 2, 2)), np.ones((2, 2, 2))),
        "2D",
        "(2, 2, 2)",
    ),
    bad(lambda k: k.metrics.F1Score()(np.ones((2, 3)), np.ones((2, 4))), "(2, 3)", "(2, 4)"),
    bad(
        lambda k: k.metrics.R2Score(class_aggregation="best"),
        "class_aggregation",
        "best",
        "None",
        "uniform_average",
        "variance_weighted_average",
    ),
    bad(lambda k: k.metrics.R2Score(num_regressors=-1), "num_regressors", "-1"),
    bad(lambda k: k.metrics.R2Score()([0.0, 1.0], [0.0, 1.0]), "2D", "(2,)"),
    bad(lambda k: k.metrics.MeanIoU("a"), "num_classes", "a", keras=ACCIDENT),
    bad(lambda k: k.metrics.IoU(2, target_class_ids=[3]), "3", "2"),
    bad(
        lambda k: k.metrics.SparseTopKCategoricalAccuracy(k="a")(LABELS, ROWS),
        "k",
        "a",
        keras=ACCIDENT,
    ),
    bad(lambda k: k.metrics.get("nothing"), "nothing"),
    bad(lambda k: k.metrics.get(3), "3"),
    bad(lambda k: k.metrics.deserialize("nothing"), "nothing", keras=TAKEN),
    bad(lambda k: k.metrics.MeanSquaredError()(ROWS, TARGETS), "(4, 3)", "(4, 2)"),
    bad(
        lambda k: k.metrics.Mean()(ROWS, sample_weight=np.ones((4, 2))),
        "(4, 3)",
        "(4, 2)",
        only_ours=("(4, 3)", "(4, 2)"),
    ),
    bad(lambda k: k.metrics.Mean(name=3), "name", "3", keras=ACCIDENT),
    bad(lambda k: type("Own", (k.metrics.Metric,), {})().result(), "result", only_ours="result"),
]

BAD["initializers, regularizers and constraints"] = [
    bad(lambda k: k.initializers.get("nothing"), "nothing"),
    bad(lambda k: k.initializers.get(3), "3"),
    bad(lambda k: k.initializers.VarianceScaling(scale=-1.0), "scale", "-1.0"),
    bad(
        lambda k: k.initializers.VarianceScaling(mode="best"),
        "mode",
        "best",
        "fan_in",
        "fan_out",
        "fan_avg",
    ),
    bad(
        lambda k: k.initializers.VarianceScaling(distribution="best"),
        "distribution",
        "best",
        "uniform",
        "truncated_normal",
        "untruncated_normal",
    ),
    bad(lambda k: k.initializers.Orthogonal()((5,)), "two-dimensional", "(5,)"),
    bad(lambda k: k.initializers.Identity()((5,)), "2D", "(5,)"),
    bad(lambda k: k.initializers.Identity()((2, 2, 2)), "2D", "(2, 2, 2)"),
    bad(lambda k: k.initializers.RandomNormal(seed="a"), "seed", "a"),
    bad(lambda k: k.initializers.RandomNormal()("ab"), "ab"),
    bad(lambda k: k.initializers.RandomUniform()((2, -1)), "(2, -1)", keras=ACCIDENT),
    bad(lambda k: k.initializers.STFT("imaginary"), "side", "imaginary", "real", "imag"),
    bad(lambda k: k.initializers.deserialize("nothing"), "nothing", keras=TAKEN),
    bad(lambda k: k.regularizers.get("nothing"), "nothing"),
    bad(lambda k: k.regularizers.get(3), "3"),
    bad(lambda k: k.regularizers.L1("a"), "l1", "a"),
    bad(lambda k: k.regularizers.L2(float("nan")), "l2", "nan"),
    bad(lambda k: k.regularizers.L2(float("inf")), "l2", "inf"),
    bad(lambda k: k.regularizers.L1(-1), "l1", "-1"),
    bad(lambda k: k.regularizers.L1(-0.001), "l1", "-0.001"),
    bad(lambda k: k.regularizers.L1L2(l1=0.1, l2=[0.1]), "l2", "[0.1]"),
    bad(
        lambda k: k.regularizers.OrthogonalRegularizer(mode="best"),
        "mode",
        "best",
        "rows",
        "columns",
    ),
    bad(lambda k: k.regularizers.OrthogonalRegularizer()(SEQUENCES), "2", "(2, 5, 4)"),
    bad(lambda k: k.regularizers.deserialize("nothing"), "nothing", keras=TAKEN),
    bad(lambda k: k.constraints.get("nothing"), "nothing"),
    bad(lambda k: k.constraints.get(3), "3"),
    bad(lambda k: k.constraints.deserialize("nothing"), "nothing", keras=TAKEN),
    bad(lambda k: k.constraints.MaxNorm(axis=5)(ROWS), "axis", "5"),
    bad(lambda k: k.constraints.MinMaxNorm(min_value="a")(ROWS), "a"),
]

BAD["callbacks"] = [
    bad(lambda k: k.callbacks.BackupAndRestore("backup", save_freq="batch"), "save_freq", "batch"),
    bad(lambda k: k.callbacks.BackupAndRestore("backup", save_freq=0.15), "save_freq", "0.15"),
    bad(lambda k: k.callbacks.BackupAndRestore(""), "backup_dir"),
    bad(lambda k: k.callbacks.BackupAndRestore(None), "backup_dir"),
    bad(
        lambda k: k.callbacks.ModelCheckpoint("m.keras", save_freq="often"),
        "save_freq",
        "often",
        "epoch",
    ),
    bad(lambda k: k.callbacks.ModelCheckpoint("m.h6"), "m.h6", ".keras"),
    bad(
        lambda k: k.callbacks.ModelCheckpoint("m.keras", save_weights_only=True),
        "save_weights_only",
        "m.keras",
        ".weights.h5",
    ),
    bad(
        lambda k: k.callbacks.ModelCheckpoint("m.keras", initial_value_threshold="a"),
        "initial_value_threshold",
        "a",
        keras=TAKEN,
    ),
    bad(lambda k: k.callbacks.ReduceLROnPlateau(factor=1.5), "factor", "1.5", "1.0"),
    bad(
        lambda k: fit(
            k,
            dense_model(
                k,
                optimizer=k.optimizers.SGD(k.optimizers.schedules.ExponentialDecay(0.1, 9, 0.9)),
            ),
            ROWS,
            TARGETS,
            callbacks=[k.callbacks.LearningRateScheduler(lambda epoch, rate: rate)],
        ),
        "learning_rate",
        "LearningRateSchedule",
    ),
    bad(
        lambda k: fit(
            k,
            dense_model(
                k,
                optimizer=k.optimizers.SGD(k.optimizers.schedules.ExponentialDecay(0.1, 9, 0.9)),
            ),
            ROWS,
            TARGETS,
            epochs=4,
            callbacks=[k.callbacks.ReduceLROnPlateau("loss", patience=0, min_delta=100.0)],
        ),
        "learning_rate",
        "LearningRateSchedule",
    ),
    bad(
        lambda k: fit(
            k,
            dense_model(k),
            ROWS,
            TARGETS,
            callbacks=[k.callbacks.LearningRateScheduler(lambda epoch, rate: "a")],
        ),
        "schedule",
        "a",
    ),
    bad(
        lambda k: fit(
            k,
            dense_model(k),
            ROWS,
            TARGETS,
            callbacks=[k.callbacks.SwapEMAWeights()],
            validation_data=(ROWS, TARGETS),
        ),
        "SwapEMAWeights",
        "use_ema=True",
    ),
    bad(
        lambda k: fit(
            k,
            dense_model(k),
            ROWS,
            TARGETS,
            epochs=2,
            callbacks=[k.callbacks.TerminateOnNaN(raise_error=True)],
            sample_weight=np.full(4, np.nan),
        ),
        "NaN",
        "0",
    ),
    bad(lambda k: fit(k, dense_model(k), ROWS, TARGETS, callbacks=[3]), "3", keras=ACCIDENT),
    bad(lambda k: k.callbacks.EarlyStopping(patience="a"), "patience", "a", keras=TAKEN),
    bad(
        lambda k: k.callbacks.EarlyStopping(monitor="own").on_epoch_end(0, {"own": 1}),
        "own",
        "max",
        "min",
    ),
    bad(lambda k: k.callbacks.LearningRateScheduler(3), "schedule", "3", keras=TAKEN),
    bad(lambda k: k.callbacks.LambdaCallback(on_epoch_end=3), "on_epoch_end", "3", keras=TAKEN),
]

BAD["saving"] = [
    bad(lambda k: dense_model(k).save("model.txt", save_format="keras"), "save_format"),
    bad(lambda k: dense_model(k).save("model.keras", random_arg=True), "random_arg"),
    bad(lambda k: dense_model(k).save("model.png"), "model.png", ".keras"),
    bad(lambda k: dense_model(k).save("model"), "model", ".keras"),
    bad(lambda k: k.models.load_model("model.pkl"), "model.pkl", ".keras"),
    bad(lambda k: k.models.load_model("not_there.keras"), "not_there.keras"),
    bad(
        lambda k: [
            pathlib.Path("broken.keras").write_bytes(b"abc"),
            k.models.load_model("broken.keras"),
        ],
        "broken.keras",
    ),
    bad(lambda k: dense_model(k).save("model.keras", zipped=False), "model.keras", ".keras"),
    bad(lambda k: dense_model(k).save_weights("model.h6"), "model.h6", ".weights.h5"),
    bad(lambda k: dense_model(k).load_weights("model.pkl"), "model.pkl"),
    bad(lambda k: dense_model(k).load_weights("a.weights.h5"), "a.weights.h5"),
    bad(lambda k: dense_model(k).load_weights("a.h5", bad_kwarg=None), "bad_kwarg"),
    bad(
        lambda k: [
            m := dense_model(k),
            m.save("a.keras"),
            m.load_weights("a.keras", by_name=True),
        ],
        "by_name",
        ".h5",
        "a.keras",
    ),
    bad(
        lambda k: [
            m := dense_model(k),
            m.save_weights("a.weights.h5"),
            m.load_weights("a.weights.h5", by_name=True),
        ],
        "by_name",
        "a.weights.h5",
    ),
    bad(
        lambda k: [
            m := dense_model(k),
            m.save("a.keras"),
            m.load_weights("a.keras", objects_to_skip=[]),
        ],
        "objects_to_skip",
        "a.keras",
        ".weights.h5",
    ),
    bad(
        lambda k: k.Sequential([k.layers.Dense(2)]).save_weights("a.weights.h5"),
        "sequential",
        "built",
        only_ours="sequential",
    ),
    bad(
        lambda k: [
            dense_model(k).save_weights("a.weights.h5"),
            k.Sequential([k.layers.Dense(2)], name="empty").load_weights("a.weights.h5"),
        ],
        "empty",
        "built",
        only_ours="empty",
    ),
    bad(
        lambda k: [
            dense_model(k).save_weights("a.weights.h5"),
            dense_model(k, units=5).load_weights("a.weights.h5"),
        ],
        "only",
        "(3, 5)",
        "(3, 2)",
    ),
    bad(
        lambda k: [
            k.Sequential(
                [k.Input((3,)), k.layers.Dense(2, use_bias=False, name="only")]
            ).save_weights("a.weights.h5"),
            dense_model(k).load_weights("a.weights.h5"),
        ],
        "only",
        "2",
        "1",
    ),
    bad(
        lambda k: [
            k.Sequential([k.Input((3,)), k.layers.Lambda(lambda x: x)]).save("a.keras"),
            k.models.load_model("a.keras"),
        ],
        "lambda",
        "safe_mode=False",
    ),
    bad(
        lambda k: k.layers.Lambda.from_config(k.layers.Lambda(lambda x: x).get_config()),
        ("lambda", "Lambda"),
        "safe_mode=False",
    ),
    bad(
        lambda k: k.saving.deserialize_keras_object({"class_name": "Nothing", "config": {}}),
        "Nothing",
    ),
    bad(
        lambda k: k.saving.deserialize_keras_object(
            {
                "class_name": "Dense",
                "module": "keras.layers",
                "registered_name": None,
                "config": {"units": -1},
            }
        ),
        "units",
        "-1",
    ),
    bad(
        lambda k: k.saving.deserialize_keras_object(
            {"class_name": "Own", "module": "nowhere", "registered_name": "Own", "config": {}}
        ),
        "Own",
    ),
    bad(
        lambda k: k.saving.deserialize_keras_object(
            {
                "class_name": "Sequential",
                "module": "keras",
                "registered_name": None,
                "config": [],
            }
        ),
        "Sequential",
    ),
    bad(
        lambda k: k.saving.register_keras_serializable("p", "n")(type("Own", (), {})), "get_config"
    ),
    bad(lambda k: k.saving.load_model(3), "3"),
    bad(lambda k: k.saving.KerasFileEditor("a.txt"), "a.txt"),
    bad(
        lambda k: [
            dense_model(k).save_weights("a.weights.h5"),
            k.saving.KerasFileEditor("a.weights.h5").delete_object("nothing"),
        ],
        "nothing",
    ),
    bad(
        lambda k: [
            dense_model(k).save_weights("a.weights.h5"),
            k.saving.KerasFileEditor("a.weights.h5").compare(3),
        ],
        "3",
    ),
]

BAD["ops"] = [
    bad(
        lambda k: k.ops.slice(ROWS, (0,), (2, 2)),
        "start_indices",
        "(4, 3)",
        only_ours="start_indices",
    ),
    bad(lambda k: k.ops.slice(ROWS, (0, 0), (2,)), "shape", "(2,)", keras=ACCIDENT),
    bad(
        lambda k: k.ops.associative_scan(
            lambda a, b: (a[0] + b[0], a[1] + b[1]), (np.ones(3), np.ones(4))
        ),
        "3",
        "4",
    ),
    bad(lambda k: k.ops.associative_scan(3, np.ones(3)), "3", only_ours="3"),
    bad(lambda k: k.ops.scan(123, 0.0, np.ones(3)), "f", "123", only_ours="123"),
    bad(lambda k: k.ops.scan(lambda c, x: (c, c), 0.0, np.ones(3), unroll=-1), "unroll", "-1"),
    bad(lambda k: k.ops.scan(lambda c, x: (c, c), 0.0, None), "xs", "length", only_ours="xs"),
    bad(lambda k: k.ops.unstack(k.KerasTensor((2, None)), axis=1), "num", "(2, None)"),
    bad(lambda k: k.ops.unstack(ROWS, axis=10), "axis", "10", "2", keras=ACCIDENT),
    bad(lambda k: k.ops.softmax(ROWS, axis=10), "axis", "10", "2"),
    bad(lambda k: k.ops.normalize(ROWS, axis=10), "axis", "10", "2"),
    bad(lambda k: k.ops.normalize(ROWS, order="a"), "order", "a"),
    bad(lambda k: k.ops.normalize(ROWS, order=-1), "order", "-1"),
    bad(lambda k: k.ops.normalize(ROWS, order=2.5), "order", "2.5"),
    bad(lambda k: k.ops.conv(SEQUENCES, np.ones((2, 3, 4))), "4", "3"),
    bad(
        lambda k: k.ops.conv(np.ones((1, 4, 4, 2, 1)), np.ones((2, 2, 3, 1, 1))), "2", only_ours="2"
    ),
    bad(lambda k: k.ops.depthwise_conv(IMAGES, np.ones((2, 2, 2, 1))), "3", "2"),
    bad(lambda k: k.ops.conv_transpose(IMAGES, np.ones((2, 2, 5, 7)), 2), "3", "7"),
    bad(lambda k: k.ops.depth_to_space(IMAGES, 1), "block_size", "2", "1"),
    bad(lambda k: k.ops.depth_to_space(IMAGES, 2), "block_size", "3", "2", keras=ACCIDENT),
    bad(lambda k: k.ops.space_to_depth(IMAGES, 0), "block_size", "2", "0"),
    bad(lambda k: k.ops.space_to_depth(IMAGES, 3), "block_size", "8", "3", keras=ACCIDENT),
    bad(lambda k: k.ops.ctc_loss(np.ones((2, 2)), SEQUENCES, np.ones(3), np.ones(2)), "3", "2"),
    bad(lambda k: k.ops.inner(k.KerasTensor((5, 3)), k.KerasTensor((4,))), "(5, 3)", "(4,)"),
    bad(lambda k: k.ops.swapaxes(ROWS, 5, 0), "5", "2"),
    bad(lambda k: k.ops.moveaxis(ROWS, 5, 0), "5", "2"),
    bad(lambda k: k.ops.concatenate([ROWS, ROWS], axis=10), "axis", "10", "2"),
    bad(lambda k: k.ops.concatenate([ROWS, SEQUENCES], axis=0), "(2, 5, 4)", "(4, 3)"),
    bad(lambda k: k.ops.split(ROWS, 2, axis=10), "axis", "10", "2", keras=ACCIDENT),
    bad(lambda k: k.ops.split(ROWS, 3, axis=0), "3", "4", only_ours=("3", "4")),
    bad(lambda k: k.ops.diff(ROWS, axis=10), "axis", "10", "2"),
    bad(lambda k: k.ops.take_along_axis(ROWS, np.zeros((4, 1), int), axis=10), "axis", "10", "2"),
    bad(lambda k: k.ops.stack([ROWS, ROWS], axis=10), "axis", "10", "3"),
    bad(lambda k: k.ops.stack([ROWS, TARGETS]), "(4, 3)", "(4, 2)"),
    bad(lambda k: k.ops.take(ROWS, [0], axis=5), "axis", "5", "2"),
    bad(lambda k: k.ops.where(ROWS > 0, ROWS, None), "x1", "x2"),
    bad(
        lambda k: k.ops.transpose(ROWS, [0, 0]),
        "axes",
        "[0, 0]",
        "(4, 3)",
        only_ours=("axes", "[0, 0]"),
    ),
    bad(lambda k: k.ops.transpose(ROWS, [0, 5]), "5", "2"),
    bad(lambda k: k.ops.transpose(ROWS, [0]), "axes", "[0]", "(4, 3)", only_ours=("axes", "[0]")),
    bad(lambda k: k.ops.pad(ROWS, 1, "reflect", 0), "constant_values", "mode", "reflect"),
    bad(lambda k: k.ops.pad(ROWS, ((1, 1),) * 3), "pad_width"),
    bad(lambda k: k.ops.reshape(ROWS, (-2, 6)), "newshape", "(-2, 6)"),
    bad(lambda k: k.ops.reshape(ROWS, (-1, -1, 2)), "newshape", "(-1, -1, 2)"),
    bad(lambda k: k.ops.reshape(ROWS, (5, 5)), "(4, 3)", "(5, 5)"),
    bad(lambda k: k.ops.expand_dims(ROWS, 5), "axis", "5"),
    bad(lambda k: k.ops.squeeze(ROWS, 0), "axis", "4"),
    bad(lambda k: k.ops.histogram(np.ones(3), bins=-5), "bins", "-5"),
    bad(lambda k: k.ops.histogram(np.ones(3), range=(1,)), "range", "(1,)"),
    bad(lambda k: k.ops.histogram(np.ones(3), range=(5, 1)), "range", "(5, 1)"),
    bad(lambda k: k.ops.qr(ROWS, mode="best"), "mode", "best", "reduced", "complete"),
    bad(lambda k: k.ops.qr(k.KerasTensor((3,))), "(3,)"),
    bad(lambda k: k.ops.cholesky(ROWS), "(4, 3)"),
    bad(lambda k: k.ops.inv(ROWS), "(4, 3)"),
    bad(lambda k: k.ops.solve(np.eye(3), ROWS), "(4, 3)", "(3, 3)"),
    bad(lambda k: k.ops.norm(ROWS, ord="best"), "best"),
    bad(lambda k: k.ops.matmul(ROWS, ROWS), "3", "4"),
    bad(lambda k: k.ops.einsum("ij,jk->ik", ROWS, ROWS), "3", "4"),
    bad(lambda k: k.ops.add(ROWS, TARGETS), "(4, 3)", "(4, 2)"),
    bad(
        lambda k: k.ops.add(k.KerasTensor((4, 3)), TARGETS),
        ("(4, 3)", "[4, 3]"),
        ("(4, 2)", "[4, 2]"),
    ),
    bad(lambda k: k.ops.cast(ROWS, "float17"), "dtype", "float17"),
    bad(lambda k: k.ops.fft(ROWS), "x", keras=ACCIDENT),
    bad(lambda k: k.ops.fft((ROWS, TARGETS)), "(4, 3)", "(4, 2)"),
    bad(lambda k: k.ops.fft2((np.ones(3), np.ones(3))), "2", "(3,)", keras=ACCIDENT),
    bad(lambda k: k.ops.rfft(k.KerasTensor(())), "1", "()"),
    bad(lambda k: k.ops.irfft(ROWS), "x", keras=ACCIDENT),
    bad(lambda k: k.ops.istft(ROWS, 4, 2, 4), "x", keras=ACCIDENT),
    bad(lambda k: k.ops.stft(np.ones(9, "int32"), 4, 2, 4), "int32", "float32"),
    bad(lambda k: k.ops.stft(np.ones(9), 4, 2, 3), "fft_length", "sequence_length", "3", "4"),
    bad(lambda k: k.ops.stft(np.ones(9), 4, 2, 4, window="best"), "window", "hann", "best"),
    bad(lambda k: k.ops.stft(np.ones(9), 4, 2, 4, window=np.ones(3)), "window", "(3,)"),
    bad(lambda k: k.ops.stft(np.ones(9), 4, 0, 4), "sequence_stride", "0"),
    bad(lambda k: k.ops.view_as_complex(ROWS), "2", "(4, 3)"),
    bad(
        lambda k: k.ops.segment_sum(np.ones(4), ROWS, 3),
        "segment_ids",
        "(4, 3)",
        only_ours="(4, 3)",
    ),
    bad(lambda k: k.ops.segment_sum(np.ones(4), LABELS[:2], 3), "segment_ids", "data"),
    bad(lambda k: k.ops.extract_sequences(k.KerasTensor(()), 2, 2), "()"),
    bad(lambda k: k.ops.one_hot(LABELS, -1), "num_classes", "-1", only_ours="num_classes"),
    bad(lambda k: k.ops.top_k(ROWS, 7), "k", "7", "3"),
    bad(lambda k: k.ops.max_pool(IMAGES, 20), "20"),
    bad(lambda k: k.ops.fori_loop(0, 3, 3, 1), "body_fun", "3", only_ours="3"),
    bad(lambda k: k.ops.vectorized_map(3, ROWS), "3"),
    bad(lambda k: k.ops.switch("a", [lambda x: x], ROWS), "a"),
]

BAD["tensors, variables and dtypes"] = [
    bad(lambda k: setattr(k.KerasTensor((3,)), "shape", (2,)), "shape"),
    bad(lambda k: setattr(k.KerasTensor((3,)), "dtype", "int32"), "dtype"),
    bad(lambda k: setattr(k.KerasTensor((3,)), "sparse", False), "sparse"),
    bad(lambda k: k.KerasTensor((3,), sparse=True, ragged=True), "sparse", "ragged"),
    bad(lambda k: np.array(k.KerasTensor((3,))), "KerasTensor", "NumPy"),
    bad(lambda k: bool(k.KerasTensor((3,))), "KerasTensor"),
    bad(lambda k: k.KerasTensor("ab"), "('a', 'b')"),
    bad(lambda k: k.KerasTensor((3,), dtype="float17"), "float17"),
    bad(lambda k: k.Variable(initializer="zeros"), "shape"),
    bad(lambda k: k.Variable(lambda: 3), "shape"),
    bad(lambda k: setattr(k.Variable([1.0]), "constraint", "no"), "constraint", "no"),
    bad(lambda k: setattr(k.Variable([1.0]), "regularizer", "no"), "regularizer", "no"),
    bad(lambda k: k.Variable([1.0], name=12345), "name", "12345"),
    bad(lambda k: k.Variable([1.0], name="a/b"), "name", "a/b"),
    bad(lambda k: setattr(k.Variable([1.0]), "overwrite_with_gradient", "true"), "boolean"),
    bad(lambda k: bool(k.Variable([1.0])), "Variable"),
    bad(lambda k: int(k.Variable([1.0, 2.0])), "(2,)"),
    bad(lambda k: float(k.Variable([1.0, 2.0])), "(2,)"),
    bad(lambda k: k.Variable([1.0, 2.0], name="v").assign([1.0]), "(2,)", "(1,)", "v"),
    bad(lambda k: k.Variable([1.0], aggregation="best"), "aggregation", "best", "mean", "sum"),
    bad(lambda k: k.backend.standardize_dtype("float17"), "float17"),
    bad(lambda k: k.backend.result_type("float17"), "float17"),
    bad(lambda k: k.config.set_floatx("int32"), "int32", "float32", "float64"),
    bad(lambda k: k.config.set_epsilon("a"), "a", keras=TAKEN),
    bad(
        lambda k: k.config.set_image_data_format("last"),
        "last",
        "channels_first",
        "channels_last",
    ),
    bad(lambda k: k.dtype_policies.DTypePolicy("invalid_name"), "invalid_name"),
    bad(lambda k: k.dtype_policies.DTypePolicy("mixed_float15"), "mixed_float15"),
    bad(lambda k: k.dtype_policies.DTypePolicy(""), "name", keras=""),
    bad(lambda k: k.dtype_policies.DTypePolicy(123), "name", "string", "123"),
    bad(lambda k: k.config.set_dtype_policy(12345), "12345"),
    bad(lambda k: k.config.set_dtype_policy(None), "None"),
    bad(lambda k: k.dtype_policies.get("mixed_bfloat15"), "mixed_bfloat15"),
    bad(lambda k: k.dtype_policies.get(123), "123"),
    bad(lambda k: k.dtype_policies.DTypePolicyMap(policy_map=123), "policy_map", "dict", "123"),
    bad(
        lambda k: [
            m := k.dtype_policies.DTypePolicyMap(),
            m.__setitem__("a/b", k.dtype_policies.DTypePolicy("float32")),
            m.__setitem__("a/b", k.dtype_policies.DTypePolicy("float32")),
        ],
        "a/b",
    ),
    bad(lambda k: k.dtype_policies.DTypePolicyMap().__setitem__("a/b", 123), "123"),
    bad(
        lambda k: [
            m := k.dtype_policies.DTypePolicyMap(),
            m.__setitem__("a/.*", k.dtype_policies.DTypePolicy("float32")),
            m.__setitem__(".*/b", k.dtype_policies.DTypePolicy("float32")),
            m["a/b"],
        ],
        "a/b",
        "a/.*",
        ".*/b",
    ),
]

BAD["random and utils"] = [
    bad(lambda k: k.random.randint((3,), 0, 10, dtype="float64"), "dtype", "float64"),
    bad(lambda k: k.random.uniform((3,), dtype="int64"), "dtype", "int64"),
    bad(lambda k: k.random.normal((3,), dtype="int64"), "dtype", "int64"),
    bad(lambda k: k.random.normal((3,), seed="a"), "seed", "a"),
    bad(lambda k: k.random.SeedGenerator(seed="a"), "seed", "a", "integer"),
    bad(lambda k: k.random.SeedGenerator(unknown="b"), "unknown"),
    bad(lambda k: k.random.SeedGenerator(seed=-1), "seed", "-1", keras=ACCIDENT),
    bad(lambda k: k.random.categorical(SEQUENCES, 2), "logits", "2-D"),
    bad(lambda k: k.random.dropout(ROWS, "a"), "rate", "a", keras=ACCIDENT),
    bad(lambda k: k.random.shuffle(ROWS, axis=5), "axis", "5", "2"),
    bad(lambda k: k.utils.pad_sequences([["a"]], maxlen=2, value="pad"), "dtype", "int32", "value"),
    bad(lambda k: k.utils.pad_sequences(3), "sequences"),
    bad(lambda k: k.utils.pad_sequences([3]), "sequences", "3"),
    bad(lambda k: k.utils.pad_sequences([[1]], padding="best"), "best"),
    bad(lambda k: k.utils.pad_sequences([[1, 2]], maxlen=1, truncating="best"), "best"),
    bad(
        lambda k: k.utils.Progbar(1, stateful_metrics=[], stateless_metrics=[]),
        "stateful_metrics",
        "stateless_metrics",
    ),
    bad(lambda k: k.utils.to_categorical([0, 5], 3), "5", keras=ACCIDENT),
    bad(lambda k: k.utils.set_random_seed("a"), "seed", "a"),
    bad(lambda k: k.utils.set_random_seed(2.5), "seed", "2.5"),
    bad(lambda k: k.tree.map_structure("bad", [1, 2]), "callable", "bad", only_ours="bad"),
    bad(lambda k: k.tree.map_structure(lambda x: x), "structure"),
    bad(lambda k: k.tree.map_structure(lambda x, y: x, (1, 2), (1,)), "2", "1"),
    bad(lambda k: k.tree.map_structure(lambda x, y: x, (), []), "tuple", "[]"),
    bad(lambda k: k.tree.map_structure(lambda x, y: x, {"a": 1, "b": 2}, {"a": 1}), "b"),
    bad(lambda k: k.tree.pack_sequence_as([10, 20], [1]), "2", "1"),
    bad(lambda k: k.tree.pack_sequence_as([10, 20], [1, 2, 3]), "2", "3", only_ours="3"),
    bad(lambda k: k.tree.pack_sequence_as(10, [1, 2]), "1", "2", only_ours="2"),
    bad(lambda k: k.tree.pack_sequence_as([10, 20], 1), "1"),
    bad(lambda k: k.tree.assert_same_structure((), 1), "tuple", "1"),
    bad(lambda k: k.tree.assert_same_structure((), []), "tuple", "[]"),
    bad(lambda k: k.tree.assert_same_structure([1, 2], [1]), "2", "1"),
    bad(lambda k: k.tree.assert_same_structure({"a": 1}, {"b": 2}), "a", "b"),
    bad(lambda k: k.tree.assert_same_paths((1, 2), (1,)), "a", "b", "(1,)"),
    bad(lambda k: k.tree.traverse("bad", [1, 2]), "callable", "bad", only_ours="bad"),
]


CASES = [
    pytest.param(row, id=f"{subject}:{row.call.__code__.co_firstlineno}")
    for subject, rows in BAD.items()
    for row in rows
]


@pytest.mark.parametrize("row", CASES)
def test_an_error_says_the_facts(row):
    error = error_of(row.call, minikeras)
    assert error is not None
    if isinstance(error, ImportError) and "minikeras-numpy[io]" in str(error):
        pytest.skip(str(error))
    missing = [fact for fact in row.facts if not says(str(error), fact)]
    assert not missing, f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("row", CASES)
def test_facts_and_types_are_keras_own(row, keras_settings):
    keras = keras_settings
    error, theirs = error_of(row.call, minikeras), error_of(row.call, keras)
    if row.keras == TAKEN:
        assert theirs is None
        return
    if row.keras == ACCIDENT:
        assert theirs is not None
        return
    assert isinstance(error, type(theirs)), f"{error!r} for {theirs!r}"
    said = {fact: says(str(theirs), fact) for fact in row.facts}
    assert said == {fact: fact not in row.only_ours for fact in row.facts}, str(theirs)


def test_the_number_of_errors_that_are_compared():
    assert len(CASES) > 600
