"""Rows of the layers in `minikeras/layers/normalization/`."""

from layer_cases import Array, Call, Case, st

shapes = st.sampled_from([(3, 4), (2, 3, 4), (2, 3, 2, 4)])


def positive_variances(rng, name, shape):
    if "variance" in name:
        return rng.uniform(0.5, 2, shape)
    return None


def batch_call(shape, axis, flags, epsilon, masked):
    kwargs = {"axis": axis, "epsilon": epsilon, "momentum": 0.9, **flags}
    call = {}
    if masked and len(shape) == 3 and axis == -1:
        call["mask"] = Array(shape[:2], "bool")
    return Call(kwargs, Array(shape), call)


flags = st.sampled_from(
    [
        {},
        {"center": False},
        {"scale": False},
        {"center": False, "scale": False},
        {"gamma_regularizer": "l2", "beta_initializer": "ones"},
    ]
)


def axis_lists(shape):
    n = len(shape)
    return st.sampled_from([-1, n - 1, [-1], [1], list(range(1, n)), [0]])


CASES = {
    "BatchNormalization": Case(
        st.builds(
            batch_call,
            shapes,
            st.sampled_from([-1, 1]),
            flags,
            st.sampled_from([1e-3, 0.1]),
            st.booleans(),
        ),
        examples=8,
        weights=positive_variances,
        float32=2e-5,
    ),
    "GroupNormalization": Case(
        st.builds(
            lambda shape, f, groups, e: Call({"groups": groups, "epsilon": e, **f}, Array(shape)),
            shapes,
            flags,
            st.sampled_from([1, 2, 4, -1]),
            st.sampled_from([1e-3, 0.1]),
        ),
        float32=1e-4,
        float64=1e-9,
    ),
    "LayerNormalization": Case(
        shapes.flatmap(
            lambda shape: st.builds(
                lambda axis, f, e: Call({"axis": axis, "epsilon": e, **f}, Array(shape)),
                axis_lists(shape).filter(lambda a: a != [0]),
                flags,
                st.sampled_from([1e-3, 0.1]),
            )
        ),
        examples=8,
        float32=5e-5,
    ),
    "RMSNormalization": Case(
        shapes.flatmap(
            lambda shape: st.builds(
                lambda axis: Call({"axis": axis}, Array(shape)),
                axis_lists(shape).filter(lambda a: a != [0]),
            )
        ),
    ),
    "UnitNormalization": Case(
        shapes.flatmap(
            lambda shape: st.builds(
                lambda axis: Call({"axis": axis}, Array(shape)),
                axis_lists(shape).filter(lambda a: a != [0]),
            )
        ),
    ),
}
