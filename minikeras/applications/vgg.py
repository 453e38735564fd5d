"""VGG: stages of 3x3 convolutions, each stage half as large as the one before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from minikeras import layers
from minikeras.applications.network import TRAINED, Network, Pooling, Pretrained, Weights
from minikeras.common.arguments import PositiveInt
from minikeras.models import Model

_CHANNELS = (64, 128, 256, 512, 512)


class Row(NamedTuple):
    """A column of the paper's table 1.

    Args:
        convolutions: how many there are in each stage.
        digests: MD5 of the files of weights.
    """

    convolutions: tuple[int, ...]
    digests: tuple[str, str]


def vgg(
    row: Row,
    /,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "vgg",
) -> Model:
    """A network of the family.

    Simonyan & Zisserman, 2014, table 1. Images of 224x224 pixels, at least 32x32;
    `preprocess_input` reverses the channels and takes the mean from each.

    Example:

    >>> from minikeras import applications
    >>> model = applications.VGG16(False, None, input_shape=(32, 32, 3), pooling="avg")
    >>> model.output_shape, model.count_params()
    ((None, 512), 14714688)
    """
    kind = f"vgg{sum(row.convolutions) + 3}"
    net = Network(
        kind.upper(), include_top, weights, input_tensor, input_shape, pooling, classes,
        classifier_activation, size=224,
    )  # fmt: skip
    x = net.input
    for stage, (count, channels) in enumerate(zip(row.convolutions, _CHANNELS), 1):
        for i in range(1, count + 1):
            x = layers.Conv2D(
                channels, 3, padding="same", activation="relu", name=f"block{stage}_conv{i}"
            )(x)
        x = layers.MaxPooling2D(2, strides=2, name=f"block{stage}_pool")(x)
    if include_top:
        x = layers.Flatten(name="flatten")(x)
        for hidden in ("fc1", "fc2"):
            x = layers.Dense(4096, activation="relu", name=hidden)(x)
        x = net.classified(x)
    else:
        x = net.pooled(x)
    url = f"{TRAINED}{kind}/{kind}_weights_tf_dim_ordering_tf_kernels"
    return net.model(x, name, Pretrained(url, row.digests))
