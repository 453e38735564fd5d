"""Xception: separable convolutions with shortcuts around them."""

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

_DIGESTS = ("0a58e3b7378bc2990ea3b43d5981f1f6", "b0042744bf5b25fce3cb969f33bebb97")


@documented()
def Xception(
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "xception",
) -> Model:
    """Xception, Inception with separable convolutions alone.

    Chollet, 2017, figure 5. Images of 299x299 pixels, at least 71x71; `preprocess_input` brings
    values to the range from -1 to 1.

    Example:

    >>> from minikeras import applications
    >>> model = applications.Xception(False, None, input_shape=(71, 71, 3), pooling="avg")
    >>> model.output_shape, model.count_params()
    ((None, 2048), 20861480)
    """
    net = Network(
        "Xception", include_top, weights, input_tensor, input_shape, pooling, classes,
        classifier_activation, size=299, smallest=71,
    )  # fmt: skip
    x = layers.Conv2D(32, 3, strides=2, use_bias=False, name="block1_conv1")(net.input)
    x = _relu(_normalized(x, "block1_conv1_bn"), "block1_conv1_act")
    x = layers.Conv2D(64, 3, use_bias=False, name="block1_conv2")(x)
    x = _relu(_normalized(x, "block1_conv2_bn"), "block1_conv2_act")
    x = _block(x, 2, (128, 128), halves=True)
    x = _block(x, 3, (256, 256), halves=True)
    x = _block(x, 4, (728, 728), halves=True)
    for number in range(5, 13):
        x = _block(x, number, (728, 728, 728))
    x = _block(x, 13, (728, 1024), halves=True)
    for i, channels in enumerate((1536, 2048), 1):
        x = _relu(_separable(x, channels, f"block14_sepconv{i}"), f"block14_sepconv{i}_act")
    x = net.top(x, named=False)
    url = f"{TRAINED}xception/xception_weights_tf_dim_ordering_tf_kernels"
    return net.model(x, name, Pretrained(url, _DIGESTS))


def _block(x: Any, number: int, channels: Sequence[int], halves: bool = False) -> Any:
    """Return a few separable convolutions, each after a ReLU, and a shortcut around them."""
    shortcut = x
    if halves:
        shortcut = layers.Conv2D(channels[-1], 1, strides=2, padding="same", use_bias=False)(x)
        shortcut = _normalized(shortcut, None)
    for i, count in enumerate(channels, 1):
        name = f"block{number}_sepconv{i}"
        if (number, i) != (2, 1):  # block 1 ends with a ReLU
            x = _relu(x, f"{name}_act")
        x = _separable(x, count, name)
    if halves:
        x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"block{number}_pool")(x)
    return layers.add([x, shortcut])


def _separable(x: Any, channels: int, name: str) -> Any:
    x = layers.SeparableConv2D(channels, 3, padding="same", use_bias=False, name=name)(x)
    return _normalized(x, f"{name}_bn")


def _normalized(x: Any, name: str | None) -> Any:
    return layers.BatchNormalization(channels_axis(-1), name=name)(x)


def _relu(x: Any, name: str) -> Any:
    return layers.Activation("relu", name=name)(x)


preprocess_input = preprocessing("tf")
