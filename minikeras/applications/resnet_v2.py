"""ResNetV2: ResNet with normalization and ReLU before the convolutions, not behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras import layers
from minikeras.applications.imagenet_utils import decode_predictions, preprocessing
from minikeras.applications.network import Network, Pooling, Weights, variant
from minikeras.applications.resnet import (
    CHANNELS,
    Row,
    normalized_relu,
    padded_pool,
    padded_stem,
    pretrained,
)
from minikeras.common.arguments import PositiveInt
from minikeras.models import Model


def resnet_v2(
    row: Row,
    /,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "resnetv2",
) -> Model:
    """A network of the family.

    He, Zhang, Ren & Sun, 2016, "Identity mappings". Images of 224x224 pixels, at least 32x32;
    `preprocess_input` brings values to the range from -1 to 1.

    Example:

    >>> from minikeras import applications
    >>> model = applications.ResNet50V2(False, None, input_shape=(32, 32, 3), pooling="avg")
    >>> model.output_shape, model.count_params()
    ((None, 2048), 23564800)
    """
    net = Network(
        f"ResNet{row.depth}V2", include_top, weights, input_tensor, input_shape, pooling, classes,
        classifier_activation, size=224,
    )  # fmt: skip
    x = padded_pool(padded_stem(net.input))
    for stage, (count, channels) in enumerate(zip(row.blocks, CHANNELS), 2):
        for i in range(1, count + 1):
            stride = 2 if i == count and stage < 5 else 1
            x = _block(x, channels, stride, i == 1, f"conv{stage}_block{i}")
    x = normalized_relu(x, "post")
    return net.model(net.top(x), name, pretrained(f"resnet{row.depth}v2", row))


def _block(x: Any, channels: int, stride: int, projected: bool, name: str) -> Any:
    """Return a bottleneck whose sum with the shortcut goes on as it is."""
    active = normalized_relu(x, f"{name}_preact")
    if projected:
        shortcut = layers.Conv2D(4 * channels, 1, strides=stride, name=f"{name}_0_conv")(active)
    else:
        shortcut = layers.MaxPooling2D(1, strides=stride)(x) if stride > 1 else x
    x = layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_1_conv")(active)
    x = normalized_relu(x, f"{name}_1")
    x = layers.ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    x = layers.Conv2D(channels, 3, strides=stride, use_bias=False, name=f"{name}_2_conv")(x)
    x = normalized_relu(x, f"{name}_2")
    x = layers.Conv2D(4 * channels, 1, name=f"{name}_3_conv")(x)
    return layers.Add(name=f"{name}_out")([shortcut, x])


ResNet50V2 = variant(
    resnet_v2,
    "ResNet50V2",
    "resnet50v2",
    Row((3, 4, 6, 3), ("3ef43a0b657b3be2300d5770ece849e0", "fac2f116257151a9d068a22e544a4917")),
    "ResNetV2 with 50 layers of weights.",
)
ResNet101V2 = variant(
    resnet_v2,
    "ResNet101V2",
    "resnet101v2",
    Row((3, 4, 23, 3), ("6343647c601c52e1368623803854d971", "c0ed64b8031c3730f411d2eb4eea35b5")),
    "ResNetV2 with 101 layers of weights.",
)
ResNet152V2 = variant(
    resnet_v2,
    "ResNet152V2",
    "resnet152v2",
    Row((3, 8, 36, 3), ("a49b44d1979771252814e80f8ec446f9", "ed17cf2e0169df9d443503ef94b23b33")),
    "ResNetV2 with 152 layers of weights.",
)
preprocess_input = preprocessing("tf")
