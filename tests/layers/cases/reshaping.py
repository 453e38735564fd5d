"""Rows of the layers in `minikeras/layers/reshaping/`."""

from layer_cases import Array, Call, Case, st

shapes = st.sampled_from([(3,), (3, 4), (2, 3, 4), (2, 1, 3, 2)])

formats = st.sampled_from(["channels_last", "channels_last", "channels_first"])


@st.composite
def images(draw, rank, data_format="channels_last"):
    spatial = [draw(st.integers(3, 5)) for _ in range(rank)]
    shape = (2, 2, *spatial) if data_format == "channels_first" else (2, *spatial, 2)
    return Array(shape)


@st.composite
def border(draw, name, rank):
    data_format = draw(formats) if (name, rank) != ("cropping", 1) else "channels_last"
    pairs = ((0, 1), (2, 0), (1, 1))[:rank]
    options = [0, 1, (1, 0, 1)[:rank], pairs, list(pairs)] if rank > 1 else [0, 1, (0, 1), (2, 0)]
    kwargs = {name: draw(st.sampled_from(options))}
    if (name, rank) != ("cropping", 1):
        kwargs["data_format"] = data_format
    return Call(kwargs, draw(images(rank, data_format)))


@st.composite
def up_sampling(draw, rank):
    kwargs = {"size": draw(st.sampled_from([1, 2, 3]))}
    if rank == 1:
        return Call(kwargs, draw(images(1)))
    if draw(st.booleans()):
        kwargs["size"] = (2, 3, 1)[:rank]
    kwargs["data_format"] = draw(formats)
    x = draw(images(rank, kwargs["data_format"]))
    if rank == 2:
        kinds = ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"]
        kwargs["interpolation"] = draw(st.sampled_from(kinds))
    return Call(kwargs, x)


CASES = {
    "Cropping1D": Case(border("cropping", 1), examples=5),
    "Cropping2D": Case(border("cropping", 2), examples=8),
    "Cropping3D": Case(border("cropping", 3), examples=4),
    "Flatten": Case(
        st.builds(
            lambda f, s: Call({"data_format": f}, Array(s)),
            st.sampled_from([None, "channels_first", "channels_last"]),
            shapes,
        )
    ),
    "Permute": Case(
        [
            Call({"dims": (1,)}, Array((2, 3))),
            Call({"dims": (2, 1)}, Array((2, 3, 4))),
            Call({"dims": (2, 1)}, Array((2, 3, 4), "int32", 0, 5)),
            Call({"dims": (3, 1, 2)}, Array((2, 3, 1, 2))),
        ]
    ),
    "RepeatVector": Case(
        st.builds(lambda n, d: Call({"n": n}, Array((2, d))), st.integers(1, 4), st.integers(1, 3))
    ),
    "Reshape": Case(
        [
            Call({"target_shape": (2, 6)}, Array((2, 3, 4))),
            Call({"target_shape": (-1, 2)}, Array((2, 12))),
            Call({"target_shape": (12,)}, Array((2, 3, 4), "int32", 0, 5)),
            Call({"target_shape": (-1,)}, Array((2, 1))),
            Call({"target_shape": ()}, Array((2, 1))),
        ]
    ),
    "UpSampling1D": Case(up_sampling(1), examples=5),
    "UpSampling2D": Case(up_sampling(2), examples=12),
    "UpSampling3D": Case(up_sampling(3), examples=4),
    "ZeroPadding1D": Case(border("padding", 1), examples=5),
    "ZeroPadding2D": Case(border("padding", 2), examples=6),
    "ZeroPadding3D": Case(border("padding", 3), examples=4),
}
