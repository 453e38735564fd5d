"""EfficientNetV2: EfficientNet whose first blocks are plain convolutions, which train faster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from minikeras import layers
from minikeras.applications.efficientnet import (
    conv_initializer,
    dense_initializer,
    dropped_and_added,
    squeeze_and_excitation,
)
from minikeras.applications.imagenet_utils import (
    MEAN_RGB,
    STDDEV_RGB,
    decode_predictions,
    preprocessing,
)
from minikeras.applications.network import (
    TRAINED,
    Network,
    Pooling,
    Pretrained,
    Weights,
    channels_axis,
    rounded,
    variant,
)
from minikeras.common.arguments import PositiveInt
from minikeras.initializers import Constant
from minikeras.models import Model

# Kind (fused, or depthwise with squeeze and excitation), expansion, channels, blocks, stride.
_B = (
    ("fused", 1, 16, 1, 1),
    ("fused", 4, 32, 2, 2),
    ("fused", 4, 48, 2, 2),
    ("depthwise", 4, 96, 3, 2),
    ("depthwise", 6, 112, 5, 1),
    ("depthwise", 6, 192, 8, 2),
)
_S = (  # table 4 of the paper
    ("fused", 1, 24, 2, 1),
    ("fused", 4, 48, 4, 2),
    ("fused", 4, 64, 4, 2),
    ("depthwise", 4, 128, 6, 2),
    ("depthwise", 6, 160, 9, 1),
    ("depthwise", 6, 256, 15, 2),
)
_M = (
    ("fused", 1, 24, 3, 1),
    ("fused", 4, 48, 5, 2),
    ("fused", 4, 80, 5, 2),
    ("depthwise", 4, 160, 7, 2),
    ("depthwise", 6, 176, 14, 1),
    ("depthwise", 6, 304, 18, 2),
    ("depthwise", 6, 512, 5, 1),
)
_L = (
    ("fused", 1, 32, 4, 1),
    ("fused", 4, 64, 7, 2),
    ("fused", 4, 96, 7, 2),
    ("depthwise", 4, 192, 10, 2),
    ("depthwise", 6, 224, 19, 1),
    ("depthwise", 6, 384, 25, 2),
    ("depthwise", 6, 640, 7, 1),
)
_DROP_CONNECT = 0.2


class Row(NamedTuple):
    """A network of the family.

    Args:
        name: its name in the family.
        stages: its table.
        stem: channels of the first convolution.
        width: factor of the channels.
        depth: factor of the blocks.
        size: height and width of the images.
        digests: MD5 of the files of weights.
    """

    name: str
    stages: tuple
    stem: int
    width: float
    depth: float
    size: int
    digests: tuple[str, str]


def efficientnet_v2(
    row: Row,
    /,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = "softmax",
    include_preprocessing: bool = True,
    name: str | None = "efficientnetv2",
) -> Model:
    """A network of the family.

    Tan & Le, 2021, table 4. Images of any size from 32x32 with the whole range of pixels, 0 to 255,
    if the network scales them itself, and of the range from -1 to 1 if it does not.
    `preprocess_input` does nothing.

    Example:

    >>> from minikeras import applications
    >>> model = applications.EfficientNetV2B0(False, None, input_shape=(32, 32, 3), pooling="avg")
    >>> model.output_shape, model.count_params()
    ((None, 1280), 5919312)
    """
    net = Network(
        f"EfficientNetV2{row.name}", include_top, weights, input_tensor, input_shape, pooling,
        classes, classifier_activation, size=row.size,
    )  # fmt: skip
    x = net.input
    if include_preprocessing:
        if row.name.startswith("B") and x.shape[channels_axis()] == 3:
            x = layers.Rescaling(1 / 255)(x)
            x = layers.Normalization(
                channels_axis(), mean=list(MEAN_RGB), variance=[s**2 for s in STDDEV_RGB]
            )(x)
        else:
            x = layers.Rescaling(1 / 128, offset=-1)(x)
    x = _conv(x, rounded(row.stem * row.width, False), 3, 2, "stem_conv")
    x = _normalized_swish(x, "stem_bn", "stem_activation")
    # Rates grow to the same end if there are more blocks than the table has.
    total, done = sum(stage[3] for stage in row.stages), 0
    for number, (kind, expansion, channels, count, stride) in enumerate(row.stages, 1):
        block = _fused_block if kind == "fused" else _depthwise_block
        for i in range(math.ceil(count * row.depth)):
            shortcut = x
            name_of_block = f"block{number}{chr(ord('a') + i)}_"
            x = block(
                x,
                name_of_block,
                expansion,
                rounded(channels * row.width, False),
                stride if i == 0 else 1,
            )
            if x.shape == shortcut.shape and (i > 0 or stride == 1):
                x = dropped_and_added(x, shortcut, _DROP_CONNECT * done / total, name_of_block)
            done += 1
    x = _conv(x, rounded(1280 * row.width, False), 1, 1, "top_conv")
    x = net.top(
        _normalized_swish(x, "top_bn", "top_activation"),
        dropout=0.2,
        kernel_initializer=dense_initializer(),
        bias_initializer=Constant(0.0),
    )
    url = f"{TRAINED}efficientnet_v2/efficientnetv2-{row.name.lower()}"
    return net.model(x, name, Pretrained(url, row.digests))


def _depthwise_block(x: Any, name: str, expansion: int, channels: int, stride: int) -> Any:
    """Return a mobile inverted bottleneck with squeeze and excitation."""
    narrow = x.shape[channels_axis()]
    x = _conv(x, narrow * expansion, 1, 1, f"{name}expand_conv")
    x = _normalized_swish(x, f"{name}expand_bn", f"{name}expand_activation")
    x = layers.DepthwiseConv2D(
        3,
        strides=stride,
        padding="same",
        use_bias=False,
        depthwise_initializer=conv_initializer(),
        name=f"{name}dwconv2",
    )(x)
    x = _normalized_swish(x, f"{name}bn", f"{name}activation")
    x = squeeze_and_excitation(x, narrow // 4, name)
    return _normalized(_conv(x, channels, 1, 1, f"{name}project_conv"), f"{name}project_bn")


def _fused_block(x: Any, name: str, expansion: int, channels: int, stride: int) -> Any:
    """Return a bottleneck whose first two convolutions are one, of 3x3."""
    if expansion == 1:
        x = _conv(x, channels, 3, stride, f"{name}project_conv")
        return _normalized_swish(x, f"{name}project_bn", f"{name}project_activation")
    x = _conv(x, x.shape[channels_axis()] * expansion, 3, stride, f"{name}expand_conv")
    x = _normalized_swish(x, f"{name}expand_bn", f"{name}expand_activation")
    return _normalized(_conv(x, channels, 1, 1, f"{name}project_conv"), f"{name}project_bn")


def _conv(x: Any, channels: int, kernel: int, stride: int, name: str) -> Any:
    return layers.Conv2D(
        channels,
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer=conv_initializer(),
        name=name,
    )(x)


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(channels_axis(), momentum=0.9, name=name)(x)


def _normalized_swish(x: Any, name: str, activation_name: str) -> Any:
    return layers.Activation("swish", name=activation_name)(_normalized(x, name))


_ROWS = [
    Row(
        "B0", _B, 32, 1.0, 1.0, 224,
        ("21ecbf6da12460d5c40bb2f29ceb2188", "893217f2bb855e2983157299931e43ff"),
    ),
    Row(
        "B1", _B, 32, 1.0, 1.1, 240,
        ("069f0534ff22adf035c89e2d9547a9dc", "0e80663031ca32d657f9caa404b6ec37"),
    ),
    Row(
        "B2", _B, 32, 1.1, 1.2, 260,
        ("424e49f28180edbde1e94797771950a7", "1dfe2e7a5d45b6632553a8961ea609eb"),
    ),
    Row(
        "B3", _B, 32, 1.2, 1.4, 300,
        ("1f1fc43bd98a6e4fd8fdfd551e02c7a0", "f6abf7b5849ac99a89b50dd3fd532856"),
    ),
    Row(
        "S", _S, 24, 1.0, 1.0, 384,
        ("e1d88a8495beba45748fedd0cecbe016", "af0682fb74e8c54910f2d4393339c070"),
    ),
    Row(
        "M", _M, 24, 1.0, 1.0, 480,
        ("a3bf6aa3276309f4fc6a34aa114c95cd", "1b8dc055df72dde80d614482840fe342"),
    ),
    Row(
        "L", _L, 32, 1.0, 1.0, 480,
        ("27e6d408b53c7ebc868fefa357689935", "b0b66b5c863aef5b46e8608fe1711615"),
    ),
]  # fmt: skip
(
    EfficientNetV2B0,
    EfficientNetV2B1,
    EfficientNetV2B2,
    EfficientNetV2B3,
    EfficientNetV2S,
    EfficientNetV2M,
    EfficientNetV2L,
) = [
    variant(
        efficientnet_v2,
        f"EfficientNetV2{row.name}",
        f"efficientnetv2-{row.name.lower()}",
        row,
        f"EfficientNetV2 {row.name}, for images of {row.size}x{row.size} pixels.",
    )
    for row in _ROWS
]
preprocess_input = preprocessing(None)
