"""MobileNetV3: found by search, with squeeze and excitation and cheap activations."""

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
    halving_padding,
    rounded,
    variant,
)
from minikeras.common.arguments import Fraction, Positive, PositiveInt
from minikeras.models import Model

# Kernel, expansion, channels, squeeze and excitation, activation, stride: tables 1 and 2.
_LARGE = (
    (3, 1, 16, False, "RE", 1),
    (3, 4, 24, False, "RE", 2),
    (3, 3, 24, False, "RE", 1),
    (5, 3, 40, True, "RE", 2),
    (5, 3, 40, True, "RE", 1),
    (5, 3, 40, True, "RE", 1),
    (3, 6, 80, False, "HS", 2),
    (3, 2.5, 80, False, "HS", 1),
    (3, 2.3, 80, False, "HS", 1),
    (3, 2.3, 80, False, "HS", 1),
    (3, 6, 112, True, "HS", 1),
    (3, 6, 112, True, "HS", 1),
    (5, 6, 160, True, "HS", 2),
    (5, 6, 160, True, "HS", 1),
    (5, 6, 160, True, "HS", 1),
)
_SMALL = (
    (3, 1, 16, True, "RE", 2),
    (3, 72 / 16, 24, False, "RE", 2),
    (3, 88 / 24, 24, False, "RE", 1),
    (5, 4, 40, True, "HS", 2),
    (5, 6, 40, True, "HS", 1),
    (5, 6, 40, True, "HS", 1),
    (5, 3, 48, True, "HS", 1),
    (5, 3, 48, True, "HS", 1),
    (5, 6, 96, True, "HS", 2),
    (5, 6, 96, True, "HS", 1),
    (5, 6, 96, True, "HS", 1),
)


class Row(NamedTuple):
    """A network of the family.

    Args:
        kind: its name in the files of weights.
        blocks: its table.
        last: channels before the classifier.
        digests: MD5 of the files of weights, by width and whether it is minimalistic.
    """

    kind: str
    blocks: tuple
    last: int
    digests: dict[tuple[float, bool], tuple[str, str]]


def mobilenet_v3(
    row: Row,
    /,
    input_shape: Sequence | None = None,
    alpha: Positive = 1.0,
    minimalistic: bool = False,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    classes: PositiveInt = 1000,
    pooling: Pooling = None,
    dropout_rate: Fraction = 0.2,
    classifier_activation: Any = "softmax",
    include_preprocessing: bool = True,
    name: str | None = "mobilenetv3",
) -> Model:
    """A network of the family.

    Howard et al., 2019, tables 1 and 2. Images of any size from 32x32 with the whole range of pixels,
    0 to 255, if the network scales them itself, and of the range from -1 to 1 if it does not.
    `preprocess_input` does nothing.

    Example:

    >>> from minikeras import applications
    >>> model = applications.MobileNetV3Small((32, 32, 3), weights=None, classes=10)
    >>> model.output_shape, model.count_params()
    ((None, 10), 1540218)
    """
    net = Network(
        f"MobileNetV3{row.kind.capitalize()}", include_top, weights, input_tensor, input_shape,
        pooling, classes, classifier_activation, size=None,
    )  # fmt: skip
    net.check_same_width()
    if net.trained:
        net.check_alpha(alpha, [a for a, small in row.digests if small == minimalistic])
        net.trained_size([224])
    x = net.input
    if include_preprocessing:
        x = layers.Rescaling(1 / 127.5, offset=-1.0)(x)
    last_activation = "RE" if minimalistic else "HS"
    x = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False, name="conv")(x)
    x = _active(_normalized(x, "conv_bn"), last_activation)
    for i, (kernel, expansion, channels, weighed, activation, stride) in enumerate(row.blocks):
        if minimalistic:
            kernel, weighed, activation = 3, False, "RE"
        name_of_block = f"expanded_conv_{i}_" if i else "expanded_conv_"
        x = _block(
            x,
            name_of_block,
            kernel,
            expansion if i else None,
            rounded(channels * alpha),
            weighed,
            activation,
            stride,
        )
    wide = rounded(x.shape[channels_axis()] * 6)
    x = layers.Conv2D(wide, 1, padding="same", use_bias=False, name="conv_1")(x)
    x = _active(_normalized(x, "conv_1_bn"), last_activation)
    if include_top:
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        last = rounded(row.last * alpha) if alpha > 1 else row.last
        x = layers.Conv2D(last, 1, padding="same", name="conv_2")(x)
        x = _active(x, last_activation)
        if dropout_rate > 0:
            x = layers.Dropout(dropout_rate)(x)
        x = layers.Conv2D(classes, 1, padding="same", name="logits")(x)
        x = layers.Flatten()(x)
        x = layers.Activation(classifier_activation, name="predictions")(x)
    else:
        x = net.pooled(x, named=True)
    small = "_minimalistic" if minimalistic else ""
    url = f"{TRAINED}mobilenet_v3/weights_mobilenet_v3_{row.kind}{small}_224_{float(alpha)}_float"
    digests = row.digests.get((alpha, minimalistic), (None, None))
    return net.model(x, name, Pretrained(url, digests, topless="_no_top_v2"))


def _block(
    inputs: Any,
    name: str,
    kernel: int,
    expansion: float | None,
    channels: int,
    weighed: bool,
    activation: str,
    stride: int,
) -> Any:
    """Return an inverted residual: wider, a depthwise convolution, and narrow again."""
    narrow = inputs.shape[channels_axis()]
    wide = rounded(narrow * (expansion or 1))
    x = inputs
    if expansion is not None:
        x = layers.Conv2D(wide, 1, padding="same", use_bias=False, name=f"{name}expand")(x)
        x = _active(_normalized(x, f"{name}expand_bn"), activation)
    if stride == 2:
        x = layers.ZeroPadding2D(halving_padding(x, kernel), name=f"{name}depthwise_pad")(x)
    x = layers.DepthwiseConv2D(
        kernel,
        strides=stride,
        padding="same" if stride == 1 else "valid",
        use_bias=False,
        name=f"{name}depthwise",
    )(x)
    x = _active(_normalized(x, f"{name}depthwise_bn"), activation)
    if weighed:
        x = _squeeze_and_excitation(x, wide, f"{name}squeeze_excite_")
    x = layers.Conv2D(channels, 1, padding="same", use_bias=False, name=f"{name}project")(x)
    x = _normalized(x, f"{name}project_bn")
    if stride == 1 and narrow == channels:
        x = layers.Add(name=f"{name}add")([inputs, x])
    return x


def _squeeze_and_excitation(x: Any, channels: int, name: str) -> Any:
    """Return `x` with each channel weighed by what the whole image shows."""
    s = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}avg_pool")(x)
    s = layers.Conv2D(rounded(channels / 4), 1, padding="same", name=f"{name}conv")(s)
    s = layers.ReLU(name=f"{name}relu")(s)
    s = layers.Conv2D(channels, 1, padding="same", name=f"{name}conv_1")(s)
    s = layers.ReLU(6.0)(s + 3.0) * (1 / 6)  # a sigmoid of straight lines
    return layers.Multiply(name=f"{name}mul")([x, s])


def _active(x: Any, kind: str) -> Any:
    """Return `x` after ReLU ("RE") or h-swish ("HS"), as the paper's tables call them."""
    return layers.ReLU()(x) if kind == "RE" else layers.Activation("hard_swish")(x)


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(channels_axis(-1), epsilon=1e-3, momentum=0.999, name=name)(x)


_LARGE_DIGESTS = {
    (0.75, False): ("765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e"),
    (1.0, False): ("59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"),
    (1.0, True): ("675e7b876c45c57e9e63e6d90a36599c", "ec5221f64a2f6d1ef965a614bdae7973"),
}
_SMALL_DIGESTS = {
    (0.75, False): ("cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819"),
    (1.0, False): ("8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"),
    (1.0, True): ("99cd97fb2fcdad2bf028eb838de69e37", "cde8136e733e811080d9fcd8a252f7e4"),
}
_MEANINGS = {
    "alpha": "factor of the number of channels.",
    "minimalistic": "whether to do without what some accelerators are slow at: kernels of 5x5, "
    "squeeze and excitation, and h-swish.",
    "dropout_rate": "rate of the dropout before the classifier.",
}
MobileNetV3Large = variant(
    mobilenet_v3,
    "MobileNetV3Large",
    "MobileNetV3Large",
    Row("large", _LARGE, 1280, _LARGE_DIGESTS),
    "MobileNetV3, the large one.",
    **_MEANINGS,
)
MobileNetV3Small = variant(
    mobilenet_v3,
    "MobileNetV3Small",
    "MobileNetV3Small",
    Row("small", _SMALL, 1024, _SMALL_DIGESTS),
    "MobileNetV3, the small one.",
    **_MEANINGS,
)
preprocess_input = preprocessing(None)
