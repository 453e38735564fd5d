"""Rows of the layers in `minikeras/layers/convolutional/`."""

from layer_cases import Array, Call, Case, st

activations = st.sampled_from([None, "relu", "tanh", "sigmoid", "softmax", "gelu", "elu"])
formats = st.sampled_from(["channels_last", "channels_last", "channels_first"])


def images(draw, rank, channels, data_format, sizes=(4, 6)):
    spatial = [draw(st.integers(*sizes)) for _ in range(rank)]
    if data_format == "channels_first":
        return Array((2, channels, *spatial))
    return Array((2, *spatial, channels))


@st.composite
def windows(draw, rank, paddings=("valid", "same"), both=False):
    """Draw arguments that say how windows slide."""
    size = draw(st.sampled_from([1, 2, 3] + [(3, 2, 1)[:rank]]))
    strides, dilation = draw(
        st.sampled_from([(1, 1), (1, 1), (2, 1), ((1, 2, 1)[:rank], 1), (1, 2)])
    )
    if both and draw(st.booleans()):
        strides, dilation = 2, 1
    return {
        "kernel_size": size,
        "strides": strides,
        "padding": draw(st.sampled_from(paddings)),
        "dilation_rate": dilation,
        "data_format": draw(formats),
        "activation": draw(activations),
        "use_bias": draw(st.booleans()),
    }


@st.composite
def conv(draw, rank):
    paddings = ("valid", "same", "causal") if rank == 1 else ("valid", "same")
    kwargs = draw(windows(rank, paddings))
    groups, channels = draw(st.sampled_from([(1, 1), (1, 3), (1, 6), (2, 4)]))
    kwargs.update(filters=draw(st.sampled_from([2, 4])), groups=groups)
    if draw(st.booleans()):
        kwargs.update(kernel_regularizer="l2", bias_initializer="ones", kernel_constraint="non_neg")
    return Call(kwargs, images(draw, rank, channels, kwargs["data_format"], (5, 7)))


@st.composite
def transpose(draw, rank):
    kwargs = draw(windows(rank))
    kwargs["filters"] = draw(st.integers(1, 3))
    strides = kwargs["strides"]
    if strides == 2:
        kwargs["output_padding"] = draw(st.sampled_from([None, 0, 1, (1, 0, 1)[:rank]]))
    return Call(kwargs, images(draw, rank, draw(st.integers(1, 6)), kwargs["data_format"], (2, 4)))


# XLA has no strides that differ between axes for depthwise convolutions, nor do we need them here.
@st.composite
def depthwise(draw, rank):
    kwargs = draw(windows(rank))
    if isinstance(kwargs["strides"], tuple):
        kwargs["strides"] = 1
    kwargs["depth_multiplier"] = draw(st.integers(1, 2))
    if draw(st.booleans()):
        kwargs.update(depthwise_regularizer="l1", depthwise_constraint="non_neg")
    return Call(kwargs, images(draw, rank, draw(st.integers(1, 3)), kwargs["data_format"], (5, 7)))


@st.composite
def separable(draw, rank):
    call = draw(depthwise(rank))
    kwargs = {**call.kwargs, "filters": draw(st.integers(1, 4))}
    return Call(kwargs, call.inputs)


def surely(rank, *some, **needed):
    """Calls with options that a few draws may leave out, or show beside what hides them."""
    x = Array((2, *[5] * rank, 4))
    return [Call({"kernel_size": 2, **needed, **options}, x) for options in some]


def longer(rank):
    """Values of `output_padding` that None does not come to."""
    same = {"strides": 2, "output_padding": 0, "kernel_size": 3, "padding": "same"}
    return same, *({"strides": 2, "output_padding": p} for p in (1, (1, 0, 1)[:rank]))


DILATED = {"dilation_rate": 2}

# Few of each, since Keras compiles every one of them anew; tests/kernels/test_conv.py draws many.
CASES = {
    "Conv1D": Case(conv(1), examples=8, also=surely(1, DILATED, {"groups": 2}, filters=2)),
    "Conv2D": Case(conv(2), examples=12, also=surely(2, DILATED, {"groups": 2}, filters=2)),
    "Conv3D": Case(conv(3), examples=4, also=surely(3, DILATED, {"groups": 2}, filters=2)),
    "Conv1DTranspose": Case(
        transpose(1), examples=8, also=surely(1, DILATED, *longer(1), filters=2)
    ),
    "Conv2DTranspose": Case(
        transpose(2), examples=10, also=surely(2, DILATED, *longer(2), filters=2)
    ),
    "Conv3DTranspose": Case(
        transpose(3), examples=4, also=surely(3, DILATED, *longer(3), filters=2)
    ),
    "DepthwiseConv1D": Case(
        depthwise(1), examples=5, also=surely(1, DILATED, {"depth_multiplier": 2})
    ),
    "DepthwiseConv2D": Case(
        depthwise(2), examples=8, also=surely(2, DILATED, {"depth_multiplier": 2})
    ),
    "SeparableConv1D": Case(
        separable(1), examples=5, also=surely(1, DILATED, {"depth_multiplier": 2}, filters=2)
    ),
    "SeparableConv2D": Case(
        separable(2), examples=6, also=surely(2, DILATED, {"depth_multiplier": 2}, filters=2)
    ),
}
