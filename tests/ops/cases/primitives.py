"""Primitives that layers, losses and gradients of gradients use, rather than ops.

`FUSED[name](rng)` gives something to call, its inputs, and perhaps a dict of further arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def on_layer(make: Callable, *shape: int, **kwargs: Any) -> Callable:
    def call(rng: Any) -> tuple:
        from minikeras import layers

        return make(layers), rng.uniform(-1, 1, shape), kwargs

    return call


def on_loss(make: Callable, targets: Callable) -> Callable:
    def call(rng: Any) -> tuple:
        from minikeras import losses

        p = rng.uniform(0.1, 0.9, (5, 3))
        loss, y = make(losses), targets(rng)
        return (lambda p: loss(y, p)), p

    return call


def probabilities(rng: Any) -> np.ndarray:
    return rng.uniform(0.1, 0.9, (5, 3))


def weighted_counts(rng: Any) -> tuple:
    from minikeras import layers

    layer, indices = (
        layers.CategoryEncoding(4, "count", dtype="float64"),
        rng.integers(-1, 5, (5, 3)),
    )
    return (lambda w: layer(indices, count_weights=w)), rng.uniform(-1, 1, (5, 3))


def labels(rng: Any) -> np.ndarray:
    return rng.integers(0, 3, 5)


def on_ops(write: Callable, *shape: int) -> Callable:
    def call(rng: Any) -> tuple:
        from minikeras import ops

        return write(ops), rng.uniform(-1, 1, shape)

    return call


def slope_of_i0(ops: Any) -> Callable:
    from minikeras import grad

    return grad(lambda x: ops.sum(ops.i0(x)))


def slope_of_slope(ops: Any) -> Callable:
    from minikeras import grad

    slope = grad(lambda x: ops.sum(ops.sin(x)))
    return grad(lambda x: ops.sum(ops.square(slope(x))))


def again(ops: Any) -> Callable:
    from minikeras import remat

    return remat(lambda x: ops.sin(ops.exp(x)))


FUSED: dict[str, Callable] = {
    "cast": on_ops(lambda ops: lambda x: ops.cast(x, "complex128") * (1 + 2j), 3),
    "i1": on_ops(slope_of_i0, 3),
    "identity": on_ops(slope_of_slope, 3),
    "dense": on_layer(lambda layers: layers.Dense(3, activation="tanh"), 4, 2),
    "embedding": lambda rng: embedding(rng),
    "concatenated_rows": lambda rng: concatenated_rows(rng),
    "summed_rows": lambda rng: summed_rows(rng),
    "integer_product": lambda rng: integer_product(rng),
    "lstm": on_layer(lambda layers: layers.LSTM(3, return_sequences=True), 2, 4, 2),
    "conv_lstm": on_layer(lambda layers: layers.ConvLSTM1D(2, 2), 2, 3, 4, 2),
    "gru": on_layer(lambda layers: layers.GRU(3), 2, 4, 2),
    "simple_rnn": on_layer(lambda layers: layers.SimpleRNN(3), 2, 4, 2),
    "remat": on_ops(again, 3),
    "batch_normalization_of_batch": on_layer(
        lambda layers: layers.BatchNormalization(), 6, 2, 3, training=True
    ),
    "standardize": on_layer(
        lambda layers: layers.Normalization(mean=[0.5, -1.0, 2.0], variance=[2.0, 0.5, 1.0]), 4, 3
    ),
    "weighted_counts": lambda rng: weighted_counts(rng),
    "dropout": on_layer(lambda layers: layers.Dropout(0.4, seed=1), 5, 4, training=True),
    "ramp": on_layer(lambda layers: layers.ReLU(negative_slope=0.1, threshold=0.2), 4, 3),
    "global_average": on_layer(lambda layers: layers.GlobalAveragePooling2D(), 2, 3, 4, 2),
    "upsample": on_layer(lambda layers: layers.UpSampling2D(2), 2, 3, 2, 2),
    "interpolate": on_layer(
        lambda layers: layers.UpSampling2D(2, interpolation="bilinear"), 2, 3, 2, 2
    ),
    "mean_squared_error": on_loss(
        lambda losses: losses.MeanSquaredError(dtype="float64"), probabilities
    ),
    "mean_absolute_error": on_loss(
        lambda losses: losses.MeanAbsoluteError(dtype="float64"), probabilities
    ),
    "mean_binary_crossentropy": on_loss(
        lambda losses: losses.BinaryCrossentropy(dtype="float64"), probabilities
    ),
    "mean_binary_crossentropy_logits": on_loss(
        lambda losses: losses.BinaryCrossentropy(from_logits=True, dtype="float64"), probabilities
    ),
    "mean_categorical_crossentropy": on_loss(
        lambda losses: losses.CategoricalCrossentropy(dtype="float64"), probabilities
    ),
    "mean_categorical_crossentropy_logits": on_loss(
        lambda losses: losses.CategoricalCrossentropy(from_logits=True, dtype="float64"),
        probabilities,
    ),
    "mean_sparse_categorical_crossentropy": on_loss(
        lambda losses: losses.SparseCategoricalCrossentropy(dtype="float64"), labels
    ),
    "mean_sparse_categorical_crossentropy_logits": on_loss(
        lambda losses: losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float64"),
        labels,
    ),
}


def integer_product(rng: Any) -> tuple:
    from minikeras.kernels.quantized import IntegerMatrix
    from minikeras.layers.quantization.products import INTEGER_PRODUCT

    packed = rng.integers(-128, 128, (5, 2)).astype("int8")
    scale, zero = rng.uniform(0.5, 1, (2, 3)), rng.integers(-8, 8, (2, 3)).astype("int8")
    groups = np.array([0.0, 0, 0, 1, 1])
    matrix = IntegerMatrix(packed, scale, 3, packed=True, zero=zero, groups=groups)
    return lambda x: INTEGER_PRODUCT(x, matrix=matrix, quantizer=None), rng.normal(size=(2, 4, 5))


STRAIGHT_THROUGH = {
    "as_quantized",
    "rounded_to_float8",
    "gradient_rounded_to_float8",
    "rounded_to_bfloat16",
}
"""Primitives that round, and let gradients through as if they did not: see test_quantized.py."""


def embedding(rng: Any) -> tuple:
    from minikeras import layers

    return layers.Embedding(6, 3), rng.integers(0, 6, (4, 2))


def concatenated_rows(rng: Any) -> tuple:
    from minikeras.ops.rows import CONCATENATED_ROWS

    indices = [*rng.integers(0, 5, (2, 4, 2)), None]
    tables = rng.normal(size=(5, 3)), rng.normal(size=(6, 2)), rng.normal(size=(4, 2, 3))
    return lambda *tables: CONCATENATED_ROWS(*tables, indices=indices), *tables


def summed_rows(rng: Any) -> tuple:
    from minikeras.ops.rows import SUMMED_ROWS

    indices = list(rng.integers(0, 5, (2, 4, 2)))
    tables = rng.normal(size=(5, 3)), rng.normal(size=(6, 3))
    return lambda *tables: SUMMED_ROWS(*tables, indices=indices), *tables


OFF_TAPE: list[Callable] = [
    lambda minikeras: minikeras.ops.eye(2),
    lambda minikeras: minikeras.ops.tri(2),
    lambda minikeras: minikeras.random.normal((2,), seed=1),
    lambda minikeras: minikeras.layers.CategoryEncoding(3)(np.array([[1, 2]])),
    lambda minikeras: minikeras.layers.MultiHeadAttention(1, 2)(
        *[minikeras.ops.ones((1, 3, 4))] * 2
    ),
    lambda minikeras: minikeras.layers.Bidirectional(minikeras.layers.LSTM(2))(
        minikeras.ops.ones((1, 3, 4))
    ),
]
"""Calls of primitives that take no tensors, or have no gradient: see test_creation.py, and tests/random."""
