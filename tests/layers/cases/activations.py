"""Rows of the layers in `minikeras/layers/activations/`."""

from layer_cases import Array, Call, Case, st

shapes = st.sampled_from([(3, 4), (2, 3, 4), (2, 1, 3, 2)])
names = [
    "relu", "relu6", "leaky_relu", "softmax", "softplus", "softsign", "tanh", "sigmoid", "linear",
    "exponential", "elu", "selu", "gelu", "silu", "hard_sigmoid", "hard_silu", "mish", "celu",
    "log_softmax", "log_sigmoid", "hard_tanh", "hard_shrink", "soft_shrink", "tanh_shrink",
    "squareplus", "sparse_plus", "sparse_sigmoid", "sparsemax",
]  # fmt: skip


@st.composite
def relu(draw):
    kwargs = {
        "max_value": draw(st.sampled_from([None, 1.0, 0.3])),
        "negative_slope": draw(st.sampled_from([0.0, 0.25])),
        "threshold": draw(st.sampled_from([0.0, 0.5])),
    }
    return Call(kwargs, Array(draw(shapes)))


@st.composite
def prelu(draw):
    shape = draw(st.sampled_from([(3, 4), (2, 3, 4), (2, 3, 3, 2)]))
    axes = draw(st.sampled_from([None, 1, [1], list(range(1, len(shape)))]))
    kwargs = {"shared_axes": axes, "alpha_regularizer": draw(st.sampled_from([None, "l2"]))}
    return Call(kwargs, Array(shape))


@st.composite
def softmax(draw):
    shape = draw(shapes)
    axes = [-1, 1, (1, -1)] if len(shape) > 2 else [-1, 1]
    masked = draw(st.booleans())
    call = {"mask": Array(shape, "bool")} if masked else {}
    return Call({"axis": draw(st.sampled_from(axes))}, Array(shape), call)


CASES = {
    "Activation": Case([Call({"activation": n}, Array((3, 4))) for n in names], examples=30),
    "ELU": Case(
        st.builds(lambda a, s: Call({"alpha": a}, Array(s)), st.sampled_from([1.0, 0.3]), shapes)
    ),
    "LeakyReLU": Case(
        st.builds(
            lambda a, s: Call({"negative_slope": a}, Array(s)), st.sampled_from([0.3, 0.0]), shapes
        )
    ),
    "PReLU": Case(prelu()),
    "ReLU": Case(relu()),
    "Softmax": Case(softmax()),
}
