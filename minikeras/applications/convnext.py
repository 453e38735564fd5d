"""ConvNeXt: ResNet with all that made Vision Transformers strong, except attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from minikeras import layers, ops, random
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
    variant,
)
from minikeras.common.arguments import Decay, PositiveInt
from minikeras.initializers import Constant
from minikeras.models import Model, Sequential

_EPSILON = 1e-6
_LAYER_SCALE = 1e-6


class StochasticDepth(layers.Layer):
    """Leaves out its inputs for some of the examples while training, and enlarges the others.

    Args:
        drop_path_rate: part of the examples, at least 0 and below 1.

    Source: Huang et al., 2016.

    Example:

    >>> import numpy as np
    >>> StochasticDepth(0.5)(np.ones((1, 2)))  # not training
    <Tensor shape=(1, 2) dtype=float32 [[1. 1.]]>
    """

    def __init__(self, drop_path_rate: Decay, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.drop_path_rate = drop_path_rate

    def call(self, x: Any, training: bool | None = None) -> Any:
        if not training:
            return x
        kept = 1 - self.drop_path_rate
        shape = (x.shape[0], *(1,) * (len(x.shape) - 1))
        return x / kept * ops.floor(kept + random.uniform(shape, dtype=self.compute_dtype))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape


class LayerScale(layers.Layer):
    """Multiplies each channel by a number that is trained.

    Args:
        init_values: the numbers before training.
        projection_dim: number of channels.

    Source: Touvron et al., 2021.

    Example:

    >>> import numpy as np
    >>> LayerScale(0.1, 2)(np.array([[1.0, 2.0]]))
    <Tensor shape=(1, 2) dtype=float32 [[0.1 0.2]]>
    """

    def __init__(self, init_values: float, projection_dim: PositiveInt, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.init_values = init_values
        self.projection_dim = projection_dim

    def build(self, input_shape: tuple) -> None:
        self.gamma = self.add_weight(
            shape=(self.projection_dim,), initializer=Constant(self.init_values)
        )

    def call(self, x: Any) -> Any:
        return x * self.gamma

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape


class Row(NamedTuple):
    """A network of the family.

    Args:
        name: its name in the family.
        blocks: how many there are in each stage.
        channels: how many there are in each stage.
        digests: SHA-256 of the files of weights.
    """

    name: str
    blocks: tuple[int, ...]
    channels: tuple[int, ...]
    digests: tuple[str, str]


def convnext(
    row: Row,
    /,
    include_top: bool = True,
    include_preprocessing: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = "softmax",
    name: str = "convnext",
) -> Model:
    """A network of the family.

    Liu et al., 2022. Images of 224x224 pixels, at least 32x32, with the whole range of pixels, 0 to
    255, if the network scales them itself, and with ImageNet's mean 0 and deviation 1 if it does
    not. `preprocess_input` does nothing. Names of the layers begin with `name`.

    Example:

    >>> from minikeras import applications
    >>> model = applications.ConvNeXtTiny(False, weights=None, input_shape=(32, 32, 3))
    >>> model.output_shape, model.count_params()
    ((None, 1, 1, 768), 27820128)
    """
    net = Network(
        f"ConvNeXt{row.name}", include_top, weights, input_tensor, input_shape, pooling, classes,
        classifier_activation, size=224, channels_last=True,
    )  # fmt: skip
    x = net.input
    if include_preprocessing and x.shape[channels_axis()] == 3:
        x = layers.Normalization(
            mean=[255 * m for m in MEAN_RGB],
            variance=[(255 * s) ** 2 for s in STDDEV_RGB],
            name=f"{name}_prestem_normalization",
        )(x)
    for stage, (count, channels) in enumerate(zip(row.blocks, row.channels)):
        x = _patches(stage, channels, name)(x)
        for i in range(count):
            x = _block(x, channels, f"{name}_stage_{stage}_block_{i}")
    if include_top:
        x = layers.GlobalAveragePooling2D(name=f"{name}_head_gap")(x)
        x = layers.LayerNormalization(epsilon=_EPSILON, name=f"{name}_head_layernorm")(x)
        x = net.classified(x, name=f"{name}_head_dense")
    else:
        x = layers.LayerNormalization(epsilon=_EPSILON)(net.pooled(x))
    url = f"{TRAINED}convnext/convnext_{row.name.lower()}"
    return net.model(x, name, Pretrained(url, row.digests))


def _patches(stage: int, channels: int, name: str) -> Sequential:
    """Return what makes the image smaller before a stage: patches that do not overlap, as pixels."""
    if stage == 0:
        parts = [
            layers.Conv2D(channels, 4, strides=4, name=f"{name}_stem_conv"),
            layers.LayerNormalization(epsilon=_EPSILON, name=f"{name}_stem_layernorm"),
        ]
        return Sequential(parts, name=f"{name}_stem")
    number = stage - 1
    parts = [
        layers.LayerNormalization(epsilon=_EPSILON, name=f"{name}_downsampling_layernorm_{number}"),
        layers.Conv2D(channels, 2, strides=2, name=f"{name}_downsampling_conv_{number}"),
    ]
    return Sequential(parts, name=f"{name}_downsampling_block_{number}")


def _block(inputs: Any, channels: int, name: str) -> Any:
    """Return a depthwise convolution of 7x7 and two dense layers, with a shortcut around them."""
    x = layers.Conv2D(
        channels, 7, padding="same", groups=channels, name=f"{name}_depthwise_conv"
    )(inputs)  # fmt: skip
    x = layers.LayerNormalization(epsilon=_EPSILON, name=f"{name}_layernorm")(x)
    x = layers.Dense(4 * channels, name=f"{name}_pointwise_conv_1")(x)
    x = layers.Activation("gelu", name=f"{name}_gelu")(x)
    x = layers.Dense(channels, name=f"{name}_pointwise_conv_2")(x)
    x = LayerScale(_LAYER_SCALE, channels, name=f"{name}_layer_scale")(x)
    # The published networks were trained without stochastic depth in this place.
    return inputs + layers.Activation("linear", name=f"{name}_identity")(x)


_ROWS = [
    Row("Tiny", (3, 3, 9, 3), (96, 192, 384, 768), (
        "8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff",
        "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
    )),
    Row("Small", (3, 3, 27, 3), (96, 192, 384, 768), (
        "ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c",
        "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
    )),
    Row("Base", (3, 3, 27, 3), (128, 256, 512, 1024), (
        "52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6",
        "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
    )),
    Row("Large", (3, 3, 27, 3), (192, 384, 768, 1536), (
        "070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6",
        "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
    )),
    Row("XLarge", (3, 3, 27, 3), (256, 512, 1024, 2048), (
        "c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee",
        "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
    )),
]  # fmt: skip
ConvNeXtTiny, ConvNeXtSmall, ConvNeXtBase, ConvNeXtLarge, ConvNeXtXLarge = [
    variant(
        convnext,
        f"ConvNeXt{row.name}",
        f"convnext_{row.name.lower()}",
        row,
        f"ConvNeXt {row.name}, of {row.channels[-1]} features.",
    )
    for row in _ROWS
]
preprocess_input = preprocessing(None)
