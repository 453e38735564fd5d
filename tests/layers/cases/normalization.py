"""Rows of the layers in `minikeras/layers/normalization/`."""

from layer_cases import Array, Call, Case, st

shapes = st.sampled_from([(3, 4), (2, 3, 4), (2, 3, 2, 4)])


def positive_variances(rng, name, shape):
    if "variance" in name:
        return rng.uniform(0.5, 2, shape)
    return None


def batch_call(shape, axis, flags, epsilon, masked):
    kwargs = {"axis": axis, "epsilon": epsilon, "momentum": 0.9, **flags}
    if "renorm" in flags:
        masked = False
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
            flags
            | st.sampled_from(
                [
                    {"moving_variance_initializer": "zeros"},
                    {"renorm": True},
                    {"renorm": True, "renorm_momentum": 0.7},
                    {"renorm": True, "renorm_clipping": {"rmin": 0.9, "rmax": 1.2, "dmax": 0.1}},
                ]
            ),
            st.sampled_from([1e-3, 0.1]),
            st.booleans(),
        ),
        examples=8,
        weights=positive_variances,
        float32=2e-5,
    ),
    "GroupNormalization": Case(
        st.builds(
            lambda shape, f, groups, axis, e: Call(
                {"groups": groups, "axis": axis, "epsilon": e, **f}, Array(shape)
            ),
            st.sampled_from([(3, 4), (2, 3, 4), (2, 4, 2, 4)]),
            flags,
            st.sampled_from([1, 2, 4, -1]),
            st.just(-1),
            st.sampled_from([1e-3, 0.1]),
        ),
        also=[Call({"groups": g, "axis": 1}, Array((2, 4, 3, 2))) for g in (2, -1)],
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
    # Keras's scale, of the shape of the axes alone, broadcasts only along the last ones.
    "RMSNormalization": Case(
        shapes.flatmap(
            lambda shape: st.builds(
                lambda axis, epsilon: Call({"axis": axis, "epsilon": epsilon}, Array(shape)),
                st.sampled_from([-1, len(shape) - 1, [-1]]),
                st.sampled_from([1e-6, 0.1]),
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
