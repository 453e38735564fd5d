"""Rows of the layers in `minikeras/layers/reshaping/`."""

from layer_cases import Array, Call, Case, st

shapes = st.sampled_from([(3,), (3, 4), (2, 3, 4), (2, 1, 3, 2)])

CASES = {
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
}
