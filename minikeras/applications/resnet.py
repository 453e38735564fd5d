"""ResNet: blocks that add to what they were given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from minikeras import layers
from minikeras.applications.imagenet_utils import decode_predictions, preprocessing
from minikeras.applications.network import (
    TRAINED,
    Network,
    Pooling,
    Pretrained,
    Weights,
    channels_axis,
    variant,
)
from minikeras.common.arguments import PositiveInt
from minikeras.models import Model

CHANNELS = (64, 128, 256, 512)


class Row(NamedTuple):
    """A column of the paper's table 1.

    Args:
        blocks: how many there are in each stage.
        digests: MD5 of the files of weights.
    """

    blocks: tuple[int, ...]
    digests: tuple[str, str]

    @property
    def depth(self) -> int:
        """Number of convolutions on the way, and the classifier."""
        return 3 * sum(self.blocks) + 2


def resnet(
    row: Row,
    /,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "resnet",
) -> Model:
    """A network of the family.

    He, Zhang, Ren & Sun, 2015, table 1. Images of 224x224 pixels, at least 32x32;
    `preprocess_input` reverses the channels and takes the mean from each.

    Example:

    >>> from minikeras import applications
    >>> model = applications.ResNet50(False, None, input_shape=(32, 32, 3), pooling="avg")
    >>> model.output_shape, model.count_params()
    ((None, 2048), 23587712)
    """
    net = Network(
        f"ResNet{row.depth}", include_top, weights, input_tensor, input_shape, pooling, classes,
        classifier_activation, size=224,
    )  # fmt: skip
    x = normalized_relu(padded_stem(net.input), "conv1")
    x = padded_pool(x)
    for stage, (count, channels) in enumerate(zip(row.blocks, CHANNELS), 2):
        for i in range(1, count + 1):
            stride = 2 if i == 1 and stage > 2 else 1
            x = _block(x, channels, stride, i == 1, f"conv{stage}_block{i}")
    return net.model(net.top(x), name, pretrained(f"resnet{row.depth}", row))


def _block(x: Any, channels: int, stride: int, projected: bool, name: str) -> Any:
    """Return a bottleneck: 1x1, 3x3 and 1x1 convolutions, beside a shortcut."""
    shortcut = x
    if projected:
        shortcut = layers.Conv2D(4 * channels, 1, strides=stride, name=f"{name}_0_conv")(x)
        shortcut = normalized(shortcut, f"{name}_0")
    x = layers.Conv2D(channels, 1, strides=stride, name=f"{name}_1_conv")(x)
    x = normalized_relu(x, f"{name}_1")
    x = layers.Conv2D(channels, 3, padding="same", name=f"{name}_2_conv")(x)
    x = normalized_relu(x, f"{name}_2")
    x = layers.Conv2D(4 * channels, 1, name=f"{name}_3_conv")(x)
    x = normalized(x, f"{name}_3")
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


# Shared with ResNetV2.


def normalized(x: Any, name: str) -> Any:
    """Return `x` after batch normalization."""
    return layers.BatchNormalization(channels_axis(), epsilon=1.001e-5, name=f"{name}_bn")(x)


def normalized_relu(x: Any, name: str) -> Any:
    """Return `x` after batch normalization and ReLU."""
    return layers.Activation("relu", name=f"{name}_relu")(normalized(x, name))


def padded_stem(x: Any) -> Any:
    """Return images after the first convolution, of stride 2."""
    x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
    return layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)


def padded_pool(x: Any) -> Any:
    """Return the stem's features at half the size."""
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    return layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)


def pretrained(kind: str, row: Row) -> Pretrained:
    """Return the files of weights of a network."""
    return Pretrained(f"{TRAINED}resnet/{kind}_weights_tf_dim_ordering_tf_kernels", row.digests)


ResNet50 = variant(
    resnet,
    "ResNet50",
    "resnet50",
    Row((3, 4, 6, 3), ("2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626")),
    "ResNet with 50 layers of weights.",
)
ResNet101 = variant(
    resnet,
    "ResNet101",
    "resnet101",
    Row((3, 4, 23, 3), ("f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21")),
    "ResNet with 101 layers of weights.",
)
ResNet152 = variant(
    resnet,
    "ResNet152",
    "resnet152",
    Row((3, 8, 36, 3), ("100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c")),
    "ResNet with 152 layers of weights.",
)
preprocess_input = preprocessing("caffe")
