"""MobileNet: convolutions cut in two, one for space and one for channels."""

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
    size_among,
)
from minikeras.common.arguments import ArgumentError, Fraction, Positive, PositiveInt
from minikeras.models import Model

_BLOCKS = (64, -128, 128, -256, 256, -512, 512, 512, 512, 512, 512, -1024, 1024)
"""Channels of each block; minus marks those that halve the size."""
_SIZES = (128, 160, 192, 224)
_ALPHAS = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}
"""Widths for which there are trained weights, as the names of the files have them."""


@documented(
    alpha="factor of the number of channels.",
    depth_multiplier="number of channels that each channel becomes in a depthwise convolution.",
    dropout="rate of the dropout before the classifier.",
)
def MobileNet(
    input_shape: Sequence | None = None,
    alpha: Positive = 1.0,
    depth_multiplier: PositiveInt = 1,
    dropout: Fraction = 0.001,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """MobileNet, for phones: separable convolutions.

    Howard et al., 2017, table 1. Images of 224x224 pixels, at least 32x32; trained weights are
    there for 128, 160, 192 and 224. `preprocess_input` brings values to the range from -1 to 1.

    Example:

    >>> from minikeras import applications
    >>> model = applications.MobileNet((32, 32, 3), alpha=0.25, weights=None, classes=10)
    >>> model.name, model.output_shape, model.count_params()
    ('mobilenet_0.25_32', (None, 10), 221114)
    """
    net = Network(
        "MobileNet", include_top, weights, input_tensor, input_shape, pooling, classes,
        classifier_activation, size=size_among(_SIZES, input_shape),
    )  # fmt: skip
    rows = net.rows
    if net.trained:
        if depth_multiplier != 1:
            expected = "1 with weights='imagenet'"
            raise ArgumentError("MobileNet", "depth_multiplier", expected, depth_multiplier)
        net.check_alpha(alpha, _ALPHAS)
        rows = net.trained_size(_SIZES)
    x = layers.Conv2D(
        int(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="conv1"
    )(net.input)  # fmt: skip
    x = _normalized_relu(x, "conv1")
    for i, channels in enumerate(_BLOCKS, 1):
        x = _block(x, int(abs(channels) * alpha), depth_multiplier, channels < 0, i)
    if include_top:
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = layers.Conv2D(classes, 1, padding="same", name="conv_preds")(x)
        x = layers.Reshape((classes,), name="reshape_2")(x)
        x = layers.Activation(classifier_activation, name="predictions")(x)
    else:
        x = net.pooled(x)
    url = f"{TRAINED}mobilenet/mobilenet_{_ALPHAS.get(alpha)}_{rows}_tf"
    name = f"mobilenet_{alpha:.2f}_{rows}" if name is None else name
    return net.model(x, name, Pretrained(url, topless="_no_top"))


def _block(x: Any, channels: int, depth_multiplier: int, halves: bool, i: int) -> Any:
    """Return a depthwise convolution and one that mixes the channels."""
    if halves:
        x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{i}")(x)
    x = layers.DepthwiseConv2D(
        3,
        strides=2 if halves else 1,
        padding="valid" if halves else "same",
        depth_multiplier=depth_multiplier,
        use_bias=False,
        name=f"conv_dw_{i}",
    )(x)
    x = _normalized_relu(x, f"conv_dw_{i}")
    x = layers.Conv2D(channels, 1, padding="same", use_bias=False, name=f"conv_pw_{i}")(x)
    return _normalized_relu(x, f"conv_pw_{i}")


def _normalized_relu(x: Any, name: str) -> Any:
    x = layers.BatchNormalization(channels_axis(-1), name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


preprocess_input = preprocessing("tf")
