"""EfficientNet: one small network, found by search, made wider, deeper and finer together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from minikeras import layers
from minikeras.applications.imagenet_utils import STDDEV_RGB, decode_predictions, preprocessing
from minikeras.applications.network import (
    EFFICIENTNETS,
    Network,
    Pooling,
    Pretrained,
    Weights,
    channels_axis,
    halving_padding,
    rounded,
    variant,
)
from minikeras.common.arguments import PositiveInt
from minikeras.initializers import VarianceScaling
from minikeras.models import Model

_STAGES = (  # of B0, table 1: expansion, kernel, channels, blocks, stride
    (1, 3, 16, 1, 1),
    (6, 3, 24, 2, 2),
    (6, 5, 40, 2, 2),
    (6, 3, 80, 3, 2),
    (6, 5, 112, 3, 1),
    (6, 5, 192, 4, 2),
    (6, 3, 320, 1, 1),
)
_DROP_CONNECT = 0.2


class Row(NamedTuple):
    """How one network comes from B0.

    Args:
        name: its name in the family.
        width: factor of the channels.
        depth: factor of the blocks.
        size: height and width of the images.
        dropout: rate before the classifier.
        digests: MD5 of the files of weights.
    """

    name: str
    width: float
    depth: float
    size: int
    dropout: float
    digests: tuple[str, str]


def efficientnet(
    row: Row,
    /,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "efficientnet",
) -> Model:
    """A network of the family.

    Tan & Le, 2019, table 1. Images of any size from 32x32 with the whole range of pixels, 0 to 255:
    the network scales them itself, and `preprocess_input` does nothing.

    Example:

    >>> from minikeras import applications
    >>> model = applications.EfficientNetB0(False, None, input_shape=(32, 32, 3), pooling="avg")
    >>> model.output_shape, model.count_params()
    ((None, 1280), 4049571)
    """
    net = Network(
        f"EfficientNet{row.name}", include_top, weights, input_tensor, input_shape, pooling,
        classes, classifier_activation, size=row.size,
    )  # fmt: skip
    x = layers.Rescaling(1 / 255)(net.input)
    x = layers.Normalization(axis=channels_axis())(x)
    if net.trained:  # the weights were trained with this oversight of the first release
        x = layers.Rescaling([1 / math.sqrt(s) for s in STDDEV_RGB])(x)
    x = layers.ZeroPadding2D(halving_padding(x, 3), name="stem_conv_pad")(x)
    x = layers.Conv2D(
        rounded(32 * row.width), 3, strides=2, padding="valid", name="stem_conv", **_unbiased()
    )(x)
    x = _normalized_swish(x, "stem_")
    counts = [math.ceil(stage[3] * row.depth) for stage in _STAGES]
    drops = (_DROP_CONNECT * i / sum(counts) for i in range(sum(counts)))
    for number, (stage, count) in enumerate(zip(_STAGES, counts), 1):
        expansion, kernel, channels, _, stride = stage
        for i in range(count):
            x = _block(
                x,
                f"block{number}{chr(ord('a') + i)}_",
                expansion,
                kernel,
                rounded(channels * row.width),
                stride if i == 0 else 1,
                next(drops),
            )
    x = layers.Conv2D(
        rounded(1280 * row.width), 1, padding="same", name="top_conv", **_unbiased()
    )(x)  # fmt: skip
    x = net.top(_normalized_swish(x, "top_"), row.dropout, kernel_initializer=dense_initializer())
    return net.model(
        x, name, Pretrained(f"{EFFICIENTNETS}efficientnet{row.name.lower()}", row.digests)
    )


def _block(
    inputs: Any, name: str, expansion: int, kernel: int, channels: int, stride: int, drop: float
) -> Any:
    """Return a mobile inverted bottleneck with squeeze and excitation."""
    narrow = inputs.shape[channels_axis()]
    x = inputs
    if expansion != 1:
        x = layers.Conv2D(
            narrow * expansion, 1, padding="same", name=f"{name}expand_conv", **_unbiased()
        )(x)
        x = _normalized_swish(x, f"{name}expand_")
    if stride == 2:
        x = layers.ZeroPadding2D(halving_padding(x, kernel), name=f"{name}dwconv_pad")(x)
    x = layers.DepthwiseConv2D(
        kernel,
        strides=stride,
        padding="valid" if stride == 2 else "same",
        use_bias=False,
        depthwise_initializer=conv_initializer(),
        name=f"{name}dwconv",
    )(x)
    x = _normalized_swish(x, name)
    x = squeeze_and_excitation(x, narrow // 4, name)
    x = layers.Conv2D(channels, 1, padding="same", name=f"{name}project_conv", **_unbiased())(x)
    x = layers.BatchNormalization(channels_axis(), name=f"{name}project_bn")(x)
    if stride == 1 and narrow == channels:
        x = dropped_and_added(x, inputs, drop, name)
    return x


def _unbiased() -> dict[str, Any]:
    return {"use_bias": False, "kernel_initializer": conv_initializer()}


def _normalized_swish(x: Any, name: str) -> Any:
    x = layers.BatchNormalization(channels_axis(), name=f"{name}bn")(x)
    return layers.Activation("swish", name=f"{name}activation")(x)


# Shared with EfficientNetV2.


def conv_initializer() -> VarianceScaling:
    """Return what kernels of convolutions begin with."""
    return VarianceScaling(2.0, mode="fan_out", distribution="truncated_normal")


def dense_initializer() -> VarianceScaling:
    """Return what the classifier's kernel begins with."""
    return VarianceScaling(1 / 3, mode="fan_out", distribution="uniform")


def squeeze_and_excitation(x: Any, narrow: int, name: str) -> Any:
    """Return `x` with each channel weighed by what the whole image shows.

    Args:
        x: KerasTensor of features.
        narrow: number of channels between the two convolutions that find the weights.
        name: what the layers' names begin with.
    """
    channels = x.shape[channels_axis()]
    s = layers.GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    shape = (channels, 1, 1) if channels_axis() == 1 else (1, 1, channels)
    s = layers.Reshape(shape, name=f"{name}se_reshape")(s)
    for count, activation, part in (
        (max(1, narrow), "swish", "reduce"),
        (channels, "sigmoid", "expand"),
    ):
        s = layers.Conv2D(
            count,
            1,
            padding="same",
            activation=activation,
            kernel_initializer=conv_initializer(),
            name=f"{name}se_{part}",
        )(s)
    return layers.multiply([x, s], name=f"{name}se_excite")


def dropped_and_added(x: Any, shortcut: Any, rate: float, name: str) -> Any:
    """Return `x` and a shortcut added; in training `x` is left out for some of the images."""
    if rate > 0:
        x = layers.Dropout(rate, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
    return layers.add([x, shortcut], name=f"{name}add")


_ROWS = [
    Row("B0", 1.0, 1.0, 224, 0.2, ("902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d")),
    Row("B1", 1.0, 1.1, 240, 0.2, ("1d254153d4ab51201f1646940f018540", "74c4e6b3e1f6a1eea24c589628592432")),
    Row("B2", 1.1, 1.2, 260, 0.3, ("b15cce36ff4dcbd00b6dd88e7857a6ad", "111f8e2ac8aa800a7a99e3239f7bfb39")),
    Row("B3", 1.2, 1.4, 300, 0.3, ("ffd1fdc53d0ce67064dc6a9c7960ede0", "af6d107764bb5b1abb91932881670226")),
    Row("B4", 1.4, 1.8, 380, 0.4, ("18c95ad55216b8f92d7e70b3a046e2fc", "ebc24e6d6c33eaebbd558eafbeedf1ba")),
    Row("B5", 1.6, 2.2, 456, 0.4, ("ace28f2a6363774853a83a0b21b9421a", "38879255a25d3c92d5e44e04ae6cec6f")),
    Row("B6", 1.8, 2.6, 528, 0.5, ("165f6e37dce68623721b423839de8be5", "9ecce42647a20130c1f39a5d4cb75743")),
    Row("B7", 2.0, 3.1, 600, 0.5, ("8c03f828fec3ef71311cd463b6759d99", "cbcfe4450ddf6f3ad90b1b398090fe4a")),
]  # fmt: skip
(
    EfficientNetB0,
    EfficientNetB1,
    EfficientNetB2,
    EfficientNetB3,
    EfficientNetB4,
    EfficientNetB5,
    EfficientNetB6,
    EfficientNetB7,
) = [
    variant(
        efficientnet,
        f"EfficientNet{row.name}",
        f"efficientnet{row.name.lower()}",
        row,
        f"EfficientNet {row.name}, for images of {row.size}x{row.size} pixels.",
    )
    for row in _ROWS
]
preprocess_input = preprocessing(None)
