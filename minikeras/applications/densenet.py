"""DenseNet: every layer sees what all before it in its block have found."""

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
    variant,
)
from minikeras.common.arguments import PositiveInt
from minikeras.models import Model

_GROWTH = 32


class Row(NamedTuple):
    """A column of the paper's table 1.

    Args:
        layers: how many there are in each dense block.
        digests: MD5 of the files of weights.
    """

    layers: tuple[int, ...]
    digests: tuple[str, str]


def densenet(
    row: Row,
    /,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "densenet",
) -> Model:
    """A network of the family.

    Huang, Liu, van der Maaten & Weinberger, 2017, table 1. Images of 224x224 pixels, at least
    32x32; `preprocess_input` brings each channel to ImageNet's mean 0 and deviation 1.

    Example:

    >>> from minikeras import applications
    >>> model = applications.DenseNet121(False, None, input_shape=(32, 32, 3), pooling="avg")
    >>> model.output_shape, model.count_params()
    ((None, 1024), 7037504)
    """
    depth = 2 * sum(row.layers) + 5
    net = Network(
        f"DenseNet{depth}", include_top, weights, input_tensor, input_shape, pooling, classes,
        classifier_activation, size=224, channels_last=True,
    )  # fmt: skip
    x = layers.ZeroPadding2D(3)(net.input)
    x = layers.Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(x)
    x = _normalized_relu(x, "conv1_bn", "conv1_relu")
    x = layers.ZeroPadding2D(1)(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    for block, count in enumerate(row.layers, 2):
        for i in range(1, count + 1):
            x = _layer(x, f"conv{block}_block{i}")
        if block < 5:
            x = _transition(x, f"pool{block}")
    x = _normalized_relu(x, "bn", "relu")
    url = f"{TRAINED}densenet/densenet{depth}_weights_tf_dim_ordering_tf_kernels"
    return net.model(net.top(x), name, Pretrained(url, row.digests))


def _layer(x: Any, name: str) -> Any:
    """Return `x` with a few channels more."""
    new = _normalized_relu(x, f"{name}_0_bn", f"{name}_0_relu")
    new = layers.Conv2D(4 * _GROWTH, 1, use_bias=False, name=f"{name}_1_conv")(new)
    new = _normalized_relu(new, f"{name}_1_bn", f"{name}_1_relu")
    new = layers.Conv2D(_GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(new)
    return layers.Concatenate(3, name=f"{name}_concat")([x, new])


def _transition(x: Any, name: str) -> Any:
    """Return `x` with half the channels and half the size."""
    x = _normalized_relu(x, f"{name}_bn", f"{name}_relu")
    x = layers.Conv2D(x.shape[3] // 2, 1, use_bias=False, name=f"{name}_conv")(x)
    return layers.AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def _normalized_relu(x: Any, name: str, relu_name: str) -> Any:
    x = layers.BatchNormalization(3, epsilon=1.001e-5, name=name)(x)
    return layers.Activation("relu", name=relu_name)(x)


DenseNet121 = variant(
    densenet,
    "DenseNet121",
    "densenet121",
    Row((6, 12, 24, 16), ("9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738")),
    "DenseNet with 121 layers of weights.",
)
DenseNet169 = variant(
    densenet,
    "DenseNet169",
    "densenet169",
    Row((6, 12, 32, 32), ("d699b8f76981ab1b30698df4c175e90b", "b8c4d4c20dd625c148057b9ff1c1176b")),
    "DenseNet with 169 layers of weights.",
)
DenseNet201 = variant(
    densenet,
    "DenseNet201",
    "densenet201",
    Row((6, 12, 48, 32), ("1ceb130c1ea1b78c3bf6114dbdfd8807", "c13680b51ded0fb44dff2d8f86ac8bb1")),
    "DenseNet with 201 layers of weights.",
)
preprocess_input = preprocessing("torch")
