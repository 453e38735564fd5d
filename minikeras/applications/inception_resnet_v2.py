"""InceptionResNetV2: Inception's branches beside shortcuts."""

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

_DIGESTS = ("e693bd0210a403b3192acc6073ad2e96", "d19885ff4a710c122648d3b5c3b684e4")

# The branches of each kind of residual block: channels and kernels of their convolutions.
_BRANCHES = {
    "block35": (((32, 1),), ((32, 1), (32, 3)), ((32, 1), (48, 3), (64, 3))),
    "block17": (((192, 1),), ((128, 1), (160, (1, 7)), (192, (7, 1)))),
    "block8": (((192, 1),), ((192, 1), (224, (1, 3)), (256, (3, 1)))),
}


class CustomScaleLayer(layers.Layer):
    """Adds the second input to the first, times a number.

    Args:
        scale: the number.

    Input: list of two tensors. Output: one tensor.

    Example:

    >>> import numpy as np
    >>> CustomScaleLayer(0.5)([np.array([[1.0]]), np.array([[4.0]])])
    <Tensor shape=(1, 1) dtype=float32 [[3.]]>
    """

    def __init__(self, scale: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs: Sequence) -> Any:
        return inputs[0] + inputs[1] * self.scale


@documented()
def InceptionResNetV2(
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "inception_resnet_v2",
) -> Model:
    """InceptionResNetV2, whose branches are scaled down before they are added.

    Szegedy et al., 2016, "Inception-v4", figure 15. Images of 299x299 pixels, at least 75x75;
    `preprocess_input` brings values to the range from -1 to 1.

    Example:

    >>> from minikeras import applications
    >>> model = applications.InceptionResNetV2(False, None, input_shape=(75, 75, 3), pooling="avg")
    >>> model.output_shape, model.count_params()
    ((None, 1536), 54336736)
    """
    net = Network(
        "InceptionResNetV2", include_top, weights, input_tensor, input_shape, pooling, classes,
        classifier_activation, size=299, smallest=75,
    )  # fmt: skip
    x = _conv(net.input, 32, 3, 2, "valid")
    x = _conv(x, 32, 3, 1, "valid")
    x = _conv(x, 64, 3)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = _conv(x, 80, 1, 1, "valid")
    x = _conv(x, 192, 3, 1, "valid")
    x = layers.MaxPooling2D(3, strides=2)(x)
    branches = [
        _branch(x, (96, 1)),
        _branch(x, (48, 1), (64, 5)),
        _branch(x, (64, 1), (96, 3), (96, 3)),
        _branch(layers.AveragePooling2D(3, strides=1, padding="same")(x), (64, 1)),
    ]
    x = _joined(branches, "mixed_5b")
    for i in range(1, 11):
        x = _residual(x, "block35", i, 0.17)
    x = _halved(x, "mixed_6a", ((), 384), (((256, 1), (256, 3)), 384))
    for i in range(1, 21):
        x = _residual(x, "block17", i, 0.1)
    x = _halved(x, "mixed_7a", (((256, 1),), 384), (((256, 1),), 288), (((256, 1), (288, 3)), 320))
    for i in range(1, 10):
        x = _residual(x, "block8", i, 0.2)
    x = _residual(x, "block8", 10, 1.0, activation=False)
    x = _conv(x, 1536, 1, name="conv_7b")
    x = net.top(x, named=False)
    kind = "inception_resnet_v2"
    url = f"{TRAINED}{kind}/{kind}_weights_tf_dim_ordering_tf_kernels"
    return net.model(x, name, Pretrained(url, _DIGESTS))


def _conv(
    x: Any,
    channels: int,
    kernel: int | tuple[int, int],
    stride: int = 1,
    padding: str = "same",
    name: str | None = None,
) -> Any:
    x = layers.Conv2D(
        channels, kernel, strides=stride, padding=padding, use_bias=False, name=name
    )(x)  # fmt: skip
    bn, relu = (None, None) if name is None else (f"{name}_bn", f"{name}_ac")
    x = layers.BatchNormalization(channels_axis(), scale=False, name=bn)(x)
    return layers.Activation("relu", name=relu)(x)


def _branch(x: Any, *convolutions: tuple) -> Any:
    for channels, kernel in convolutions:
        x = _conv(x, channels, kernel)
    return x


def _halved(x: Any, name: str, *branches: tuple[tuple, int]) -> Any:
    """Return branches that end with a stride of 2, of so many channels, and a pooling."""
    halves = [_conv(_branch(x, *before), channels, 3, 2, "valid") for before, channels in branches]
    return _joined([*halves, layers.MaxPooling2D(3, strides=2)(x)], name)


def _residual(x: Any, kind: str, number: int, scale: float, activation: bool = True) -> Any:
    """Return `x` with a little of what the branches see."""
    name = f"{kind}_{number}"
    mixed = _joined([_branch(x, *branch) for branch in _BRANCHES[kind]], f"{name}_mixed")
    seen = layers.Conv2D(x.shape[channels_axis()], 1, padding="same", name=f"{name}_conv")(mixed)
    x = CustomScaleLayer(scale)([x, seen])
    return layers.Activation("relu", name=f"{name}_ac")(x) if activation else x


def _joined(branches: list, name: str) -> Any:
    return layers.Concatenate(channels_axis(), name=name)(branches)


preprocess_input = preprocessing("tf")
