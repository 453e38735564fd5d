"""MobileNetV2: blocks that are narrow at both ends and wide between."""

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
    halving_padding,
    rounded,
    size_among,
)
from minikeras.common.arguments import Positive, PositiveInt
from minikeras.models import Model

_STAGES = (  # t, c, n, s of the paper's table 2
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_SIZES = (96, 128, 160, 192, 224)
_ALPHAS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)


@documented(alpha="factor of the number of channels.")
def MobileNetV2(
    input_shape: Sequence | None = None,
    alpha: Positive = 1.0,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """MobileNetV2, for phones: inverted residuals.

    Sandler et al., 2018, table 2. Images of 224x224 pixels, at least 32x32; trained weights are
    there for 96, 128, 160, 192 and 224. `preprocess_input` brings values to the range from -1 to 1.

    Example:

    >>> from minikeras import applications
    >>> model = applications.MobileNetV2((32, 32, 3), alpha=0.35, weights=None, classes=10)
    >>> model.name, model.output_shape, model.count_params()
    ('mobilenetv2_0.35_32', (None, 10), 423018)
    """
    net = Network(
        "MobileNetV2", include_top, weights, input_tensor, input_shape, pooling, classes,
        classifier_activation, size=size_among(_SIZES, input_shape, input_tensor),
    )  # fmt: skip
    net.check_same_width()
    rows = net.rows
    if net.trained:
        net.check_alpha(alpha, _ALPHAS)
        rows = net.trained_size(_SIZES)
    x = layers.Conv2D(
        rounded(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="Conv1"
    )(net.input)  # fmt: skip
    x = layers.ReLU(6.0, name="Conv1_relu")(_normalized(x, "bn_Conv1"))
    block = 0
    for expansion, channels, count, stride in _STAGES:
        for i in range(count):
            narrow = rounded(int(channels * alpha))
            x = _block(x, expansion, narrow, stride if i == 0 else 1, block)
            block += 1
    wide = rounded(1280 * max(alpha, 1.0))
    x = layers.Conv2D(wide, 1, use_bias=False, name="Conv_1")(x)
    x = layers.ReLU(6.0, name="out_relu")(_normalized(x, "Conv_1_bn"))
    if include_top:
        x = net.classified(layers.GlobalAveragePooling2D()(x))
    else:
        x = net.pooled(x)
    url = f"{TRAINED}mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(alpha)}"
    name = f"mobilenetv2_{alpha:.2f}_{rows}" if name is None else name
    return net.model(x, name, Pretrained(f"{url}_{rows}", topless="_no_top"))


def _block(inputs: Any, expansion: int, channels: int, stride: int, number: int) -> Any:
    """Return an inverted residual: wider, a depthwise convolution, and narrow again."""
    name = f"block_{number}" if number else "expanded_conv"
    narrow = inputs.shape[channels_axis()]
    x = inputs
    if number:
        x = layers.Conv2D(
            expansion * narrow, 1, padding="same", use_bias=False, name=f"{name}_expand"
        )(x)
        x = layers.ReLU(6.0, name=f"{name}_expand_relu")(_normalized(x, f"{name}_expand_BN"))
    if stride == 2:
        x = layers.ZeroPadding2D(halving_padding(x, 3), name=f"{name}_pad")(x)
    x = layers.DepthwiseConv2D(
        3,
        strides=stride,
        padding="same" if stride == 1 else "valid",
        use_bias=False,
        name=f"{name}_depthwise",
    )(x)
    x = layers.ReLU(6.0, name=f"{name}_depthwise_relu")(_normalized(x, f"{name}_depthwise_BN"))
    x = layers.Conv2D(channels, 1, padding="same", use_bias=False, name=f"{name}_project")(x)
    x = _normalized(x, f"{name}_project_BN")
    if narrow == channels and stride == 1:
        x = layers.Add(name=f"{name}_add")([inputs, x])
    return x


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(channels_axis(-1), epsilon=1e-3, momentum=0.999, name=name)(x)


preprocess_input = preprocessing("tf")
