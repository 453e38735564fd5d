"""InceptionV3: several kinds of convolutions side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras import layers
from minikeras.applications.imagenet_utils import decode_predictions, preprocessing
from minikeras.applications.network import (
    TRAINED,
    Network,
    Pooling,
    Pretrained,
    Weights,
    channels_axis,
    documented,
)
from minikeras.common.arguments import PositiveInt
from minikeras.models import Model

_DIGESTS = ("9a0d58056eeedaa3f26cb7ebd46da564", "bcbd6486424b2319ff4ef7d526e38f63")

# A branch is a list of convolutions, (channels, rows, columns) each, after a pooling or none.
# 35x35 pixels: channels after the pooling.
_MIXED_35 = (32, 64, 64)
# 17x17 pixels: channels between the long convolutions.
_MIXED_17 = (128, 160, 160, 192)


@documented()
def InceptionV3(
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "inception_v3",
) -> Model:
    """InceptionV3, with long convolutions of 1x7 and 7x1.

    Szegedy et al., 2015, "Rethinking", table 1. Images of 299x299 pixels, at least 75x75;
    `preprocess_input` brings values to the range from -1 to 1.

    Example:

    >>> from minikeras import applications
    >>> model = applications.InceptionV3(False, None, input_shape=(75, 75, 3), pooling="avg")
    >>> model.output_shape, model.count_params()
    ((None, 2048), 21802784)
    """
    net = Network(
        "InceptionV3", include_top, weights, input_tensor, input_shape, pooling, classes,
        classifier_activation, size=299, smallest=75,
    )  # fmt: skip
    x = _conv(net.input, 32, 3, 3, 2, "valid")
    x = _conv(x, 32, 3, 3, 1, "valid")
    x = _conv(x, 64, 3, 3)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = _conv(x, 80, 1, 1, 1, "valid")
    x = _conv(x, 192, 3, 3, 1, "valid")
    x = layers.MaxPooling2D(3, strides=2)(x)
    for i, pooled in enumerate(_MIXED_35):
        branches = [
            _branch(x, (64, 1, 1)),
            _branch(x, (48, 1, 1), (64, 5, 5)),
            _branch(x, (64, 1, 1), (96, 3, 3), (96, 3, 3)),
            _branch(_average(x), (pooled, 1, 1)),
        ]
        x = _joined(branches, f"mixed{i}")
    branches = [
        _conv(x, 384, 3, 3, 2, "valid"),
        _conv(_branch(x, (64, 1, 1), (96, 3, 3)), 96, 3, 3, 2, "valid"),
        layers.MaxPooling2D(3, strides=2)(x),
    ]
    x = _joined(branches, "mixed3")
    for i, n in enumerate(_MIXED_17, 4):
        branches = [
            _branch(x, (192, 1, 1)),
            _branch(x, (n, 1, 1), (n, 1, 7), (192, 7, 1)),
            _branch(x, (n, 1, 1), (n, 7, 1), (n, 1, 7), (n, 7, 1), (192, 1, 7)),
            _branch(_average(x), (192, 1, 1)),
        ]
        x = _joined(branches, f"mixed{i}")
    branches = [
        _conv(_branch(x, (192, 1, 1)), 320, 3, 3, 2, "valid"),
        _conv(_branch(x, (192, 1, 1), (192, 1, 7), (192, 7, 1)), 192, 3, 3, 2, "valid"),
        layers.MaxPooling2D(3, strides=2)(x),
    ]
    x = _joined(branches, "mixed8")
    for i in range(2):
        branches = [
            _branch(x, (320, 1, 1)),
            _forked(_branch(x, (384, 1, 1)), f"mixed9_{i}"),
            _forked(_branch(x, (448, 1, 1), (384, 3, 3)), None),
            _branch(_average(x), (192, 1, 1)),
        ]
        x = _joined(branches, f"mixed{9 + i}")
    x = net.top(x, named=False)
    url = f"{TRAINED}inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels"
    return net.model(x, name, Pretrained(url, _DIGESTS))


def _conv(
    x: Any, channels: int, rows: int, columns: int, stride: int = 1, padding: str = "same"
) -> Any:
    x = layers.Conv2D(channels, (rows, columns), strides=stride, padding=padding, use_bias=False)(x)
    x = layers.BatchNormalization(channels_axis(), scale=False)(x)
    return layers.Activation("relu")(x)


def _branch(x: Any, *convolutions: tuple[int, int, int]) -> Any:
    for channels, rows, columns in convolutions:
        x = _conv(x, channels, rows, columns)
    return x


def _forked(x: Any, name: str | None) -> Any:
    """Return convolutions of 1x3 and of 3x1 side by side."""
    return _joined([_conv(x, 384, 1, 3), _conv(x, 384, 3, 1)], name)


def _average(x: Any) -> Any:
    return layers.AveragePooling2D(3, strides=1, padding="same")(x)


def _joined(branches: list, name: str | None) -> Any:
    return layers.concatenate(branches, axis=channels_axis(), name=name)


preprocess_input = preprocessing("tf")
