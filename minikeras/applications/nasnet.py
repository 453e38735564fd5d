"""NASNet: two cells that were found by search, repeated."""

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
    halving_padding,
    variant,
)
from minikeras.autodiff.scopes import name_scope
from minikeras.common.arguments import ArgumentError, PositiveInt
from minikeras.models import Model


class Row(NamedTuple):
    """A network of the family.

    Args:
        name: its name in the family.
        features: channels at the end.
        repeats: normal cells between reductions.
        stem: channels of the first convolution.
        skips: whether a cell after a reduction sees what went into it.
        size: height and width of the images.
        digests: MD5 of the files of weights.
    """

    name: str
    features: int
    repeats: int
    stem: int
    skips: bool
    size: int
    digests: tuple[str, str]


def nasnet(
    row: Row,
    /,
    input_shape: Sequence | None = None,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "nasnet",
) -> Model:
    """A network of the family.

    Zoph et al., 2018, figure 4. Images of at least 32x32 pixels; `preprocess_input` brings values to
    the range from -1 to 1.

    Example:

    >>> from minikeras import applications
    >>> model = applications.NASNetMobile((32, 32, 3), False, None, pooling="avg")
    >>> model.output_shape, model.count_params()
    ((None, 1056), 4269716)
    """
    owner = f"NASNet{row.name}"
    if input_shape is None and not include_top and row.name == "Mobile":
        input_shape = (row.size, row.size, 3)
    net = Network(
        owner, include_top, weights, input_tensor, input_shape, pooling, classes,
        classifier_activation, size=row.size, channels_last=True,
    )  # fmt: skip
    if net.trained and input_shape is not None and None in input_shape:
        expected = "without None with weights='imagenet'"
        raise ArgumentError(owner, "input_shape", expected, tuple(input_shape))
    channels = row.features // 24
    x = _conv(net.input, row.stem, 3, "stem_conv1", strides=2, padding="valid")
    x = _normalized(x, "stem_bn1")
    before = None
    x, before = _reduction_cell(x, before, channels // 4, "stem_1")
    x, before = _reduction_cell(x, before, channels // 2, "stem_2")
    number = 0
    for stage in range(3):
        if stage > 0:
            x, skipped = _reduction_cell(x, before, channels, f"reduce_{stage * row.repeats}")
            before = before if row.skips else skipped
        for _ in range(row.repeats):
            x, before = _normal_cell(x, before, channels, str(number))
            number += 1
        number += stage == 0  # the first reduction takes a number, the second does not
        channels *= 2
    x = layers.Activation("relu")(x)
    if include_top:
        x = net.classified(layers.GlobalAveragePooling2D()(x))
    else:
        x = net.pooled(x)
    kind = row.name.lower()
    pretrained = Pretrained(
        f"{TRAINED}nasnet/NASNet-{kind}", row.digests, "-no-top", f"nasnet_{kind}", "_no_top"
    )
    return net.model(x, name, pretrained)


def _normal_cell(x: Any, before: Any, channels: int, cell: str) -> tuple[Any, Any]:
    """Return features of the same size, and `x`, which the next cell sees as well.

    Args:
        x: KerasTensor, the output of the cell before.
        before: KerasTensor, that of the one before it.
        channels: number of channels of each part.
        cell: what names of layers end with.
    """

    def separable(t: Any, kernel: int, place: str) -> Any:
        return _separable(t, channels, kernel, f"normal_{place}_{cell}")

    def average(t: Any, place: str) -> Any:
        name = f"normal_{place}_{cell}"
        return layers.AveragePooling2D(3, strides=1, padding="same", name=name)(t)

    def added(a: Any, b: Any, number: int) -> Any:
        return layers.add([a, b], name=f"normal_add_{number}_{cell}")

    with name_scope(f"normal_A_block_{cell}"):
        p = _fitted(before, x, channels, cell)
        h = _projected(x, channels, f"normal_conv_1_{cell}", f"normal_bn_1_{cell}")
        with name_scope("block_1"):
            first = added(separable(h, 5, "left1"), separable(p, 3, "right1"), 1)
        with name_scope("block_2"):
            second = added(separable(p, 5, "left2"), separable(p, 3, "right2"), 2)
        third = added(average(h, "left3"), p, 3)
        fourth = added(average(p, "left4"), average(p, "right4"), 4)
        with name_scope("block_5"):
            fifth = added(separable(h, 3, "left5"), h, 5)
    parts = [p, first, second, third, fourth, fifth]
    return layers.concatenate(parts, axis=-1, name=f"normal_concat_{cell}"), x


def _reduction_cell(x: Any, before: Any, channels: int, cell: str) -> tuple[Any, Any]:
    """Return features of half the size, and `x`; arguments as in `_normal_cell`."""

    def separable(t: Any, kernel: int, place: str, halves: bool = True) -> Any:
        return _separable(t, channels, kernel, f"reduction_{place}_{cell}", halves)

    def pooled(kind: type, place: str) -> Any:
        return kind(3, strides=2, padding="valid", name=f"reduction_{place}_{cell}")(padded)

    def added(a: Any, b: Any, name: str) -> Any:
        return layers.add([a, b], name=f"reduction_{name}_{cell}")

    with name_scope(f"reduction_A_block_{cell}"):
        p = _fitted(before, x, channels, cell)
        h = _projected(x, channels, f"reduction_conv_1_{cell}", f"reduction_bn_1_{cell}")
        padded = layers.ZeroPadding2D(halving_padding(h, 3), name=f"reduction_pad_1_{cell}")(h)
        with name_scope("block_1"):
            first = added(separable(h, 5, "left1"), separable(p, 7, "right1"), "add_1")
        with name_scope("block_2"):
            peaks = pooled(layers.MaxPooling2D, "left2")
            second = added(peaks, separable(p, 7, "right2"), "add_2")
        with name_scope("block_3"):
            means = pooled(layers.AveragePooling2D, "left3")
            third = added(means, separable(p, 5, "right3"), "add3")
        near = layers.AveragePooling2D(3, strides=1, padding="same", name=f"reduction_left4_{cell}")
        fourth = layers.add([second, near(first)])
        with name_scope("block_5"):
            fifth = separable(first, 3, "left4", halves=False)
            fifth = added(fifth, pooled(layers.MaxPooling2D, "right5"), "add4")
    parts = [second, third, fourth, fifth]
    return layers.concatenate(parts, axis=-1, name=f"reduction_concat_{cell}"), x


def _fitted(before: Any, x: Any, channels: int, cell: str) -> Any:
    """Return what was before the last cell with the size of `x` and so many channels."""
    if before is None:
        return x
    if before.shape[2] != x.shape[2]:
        with name_scope("adjust_block"), name_scope(f"adjust_reduction_block_{cell}"):
            p = layers.Activation("relu", name=f"adjust_relu_1_{cell}")(before)
            here = _every_second(p, channels // 2, 1, cell)
            shifted = layers.ZeroPadding2D(((0, 1), (0, 1)))(p)
            shifted = layers.Cropping2D(((1, 0), (1, 0)))(shifted)
            there = _every_second(shifted, channels // 2, 2, cell)
            return _normalized(layers.concatenate([here, there], axis=-1), f"adjust_bn_{cell}")
    if before.shape[3] != channels:
        with name_scope("adjust_block"), name_scope(f"adjust_projection_block_{cell}"):
            name = f"adjust_conv_projection_{cell}"
            return _projected(before, channels, name, f"adjust_bn_{cell}")
    return before


def _every_second(x: Any, channels: int, number: int, cell: str) -> Any:
    """Return every second pixel, projected."""
    name = f"adjust_avg_pool_{number}_{cell}"
    x = layers.AveragePooling2D(1, strides=2, padding="valid", name=name)(x)
    return _conv(x, channels, 1, f"adjust_conv_{number}_{cell}")


def _projected(x: Any, channels: int, name: str, bn: str) -> Any:
    return _normalized(_conv(layers.Activation("relu")(x), channels, 1, name), bn)


def _separable(x: Any, channels: int, kernel: int, name: str, halves: bool = False) -> Any:
    """Return two separable convolutions, each after a ReLU."""
    with name_scope(f"separable_conv_block_{name}"):
        for number in (1, 2):
            x = layers.Activation("relu")(x)
            strided = halves and number == 1
            if strided:
                padding = halving_padding(x, kernel)
                x = layers.ZeroPadding2D(padding, name=f"separable_conv_1_pad_{name}")(x)
            x = layers.SeparableConv2D(
                channels,
                kernel,
                strides=2 if strided else 1,
                padding="valid" if strided else "same",
                use_bias=False,
                name=f"separable_conv_{number}_{name}",
            )(x)
            x = _normalized(x, f"separable_conv_{number}_bn_{name}")
    return x


def _conv(
    x: Any, channels: int, kernel: int, name: str, strides: int = 1, padding: str = "same"
) -> Any:
    return layers.Conv2D(
        channels,
        kernel,
        strides=strides,
        padding=padding,
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(x)


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(-1, momentum=0.9997, epsilon=1e-3, name=name)(x)


NASNetMobile = variant(
    nasnet,
    "NASNetMobile",
    "nasnet_mobile",
    Row(
        "Mobile", 1056, 4, 32, False, 224,
        ("020fb642bf7360b370c678b08e0adf61", "1ed92395b5b598bdda52abe5c0dbfd63"),
    ),
    "NASNet-A for phones, for images of 224x224 pixels.",
)  # fmt: skip
NASNetLarge = variant(
    nasnet,
    "NASNetLarge",
    "nasnet_large",
    Row(
        "Large", 4032, 6, 96, True, 331,
        ("11577c9a518f0070763c2b964a382f17", "d81d89dc07e6e56530c4e77faddd61b5"),
    ),
    "NASNet-A, the large one, for images of 331x331 pixels.",
)  # fmt: skip
preprocess_input = preprocessing("tf")
