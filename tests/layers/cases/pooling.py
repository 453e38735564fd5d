"""Rows of the layers in `minikeras/layers/pooling/`."""

from layer_cases import Array, Call, Case, st

formats = st.sampled_from(["channels_last", "channels_last", "channels_first"])


def images(draw, rank, data_format):
    spatial = [draw(st.integers(4, 7)) for _ in range(rank)]
    if data_format == "channels_first":
        return Array((2, 3, *spatial))
    return Array((2, *spatial, 3))


@st.composite
def pooling(draw, rank):
    kwargs = {
        "pool_size": draw(st.sampled_from([1, 2, 3, (2, 1, 3)[:rank]])),
        "padding": draw(st.sampled_from(["valid", "same"])),
        "data_format": draw(formats),
    }
    if draw(st.booleans()):
        kwargs["strides"] = draw(st.sampled_from([1, 2, 3, (1, 2, 1)[:rank]]))
    return Call(kwargs, images(draw, rank, kwargs["data_format"]))


def strided(rank):
    """Strides that are not the size of the windows, and windows that see more than one element."""
    x = Array((2, *[6] * rank, 3))
    sizes = ((3, 1), (3, 2), (2, 3), (3, (1, 2, 1)[:rank]))
    return [Call({"pool_size": size, "strides": strides}, x) for size, strides in sizes]


@st.composite
def global_pooling(draw, rank, masked=False):
    kwargs = {"data_format": draw(formats), "keepdims": draw(st.booleans())}
    x = images(draw, rank, kwargs["data_format"])
    call = {}
    if masked and draw(st.booleans()):
        steps = x.shape[2 if kwargs["data_format"] == "channels_first" else 1]
        masks = [Array((2, steps), "bool", seed=i) for i in range(9)]
        full = [m for m in masks if m.value().any(1).all() and m.value(batch=1).any()]
        call["mask"] = draw(st.sampled_from(full))
    return Call(kwargs, x, call)


CASES = {
    "MaxPooling1D": Case(pooling(1), examples=6, also=strided(1)),
    "MaxPooling2D": Case(pooling(2), examples=8, also=strided(2)),
    "MaxPooling3D": Case(pooling(3), examples=4, also=strided(3)),
    "AveragePooling1D": Case(pooling(1), examples=6, also=strided(1)),
    "AveragePooling2D": Case(pooling(2), examples=8, also=strided(2)),
    "AveragePooling3D": Case(pooling(3), examples=4, also=strided(3)),
    "GlobalMaxPooling1D": Case(global_pooling(1), examples=6),
    "GlobalMaxPooling2D": Case(global_pooling(2), examples=5),
    "GlobalMaxPooling3D": Case(global_pooling(3), examples=3),
    "GlobalAveragePooling1D": Case(global_pooling(1, masked=True), examples=6),
    "GlobalAveragePooling2D": Case(global_pooling(2), examples=5),
    "GlobalAveragePooling3D": Case(global_pooling(3), examples=3),
}
