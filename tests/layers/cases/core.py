"""Rows of the layers in `minikeras/layers/core/`."""

import numpy as np
from layer_cases import Array, Call, Case, Make, st

shapes = st.sampled_from([(3, 4), (2, 3, 4), (2, 1, 3, 2)])


@st.composite
def dense(draw):
    kwargs = {
        "units": draw(st.integers(1, 5)),
        "activation": draw(
            st.sampled_from([None, "relu", "tanh", "sigmoid", "softmax", "gelu", "elu"])
        ),
        "use_bias": draw(st.booleans()),
    }
    if draw(st.booleans()):
        kwargs["kernel_regularizer"] = draw(st.sampled_from(["l1", "l2", "L1L2"]))
        kwargs["bias_constraint"] = "non_neg"
        kwargs["kernel_initializer"] = "he_normal"
    return Call(kwargs, Array(draw(shapes)))


@st.composite
def embedding(draw):
    rows = draw(st.sampled_from([1, 2, 7]))
    kwargs = {
        "input_dim": rows,
        "output_dim": draw(st.sampled_from([1, 3])),
        "mask_zero": draw(st.booleans()),
    }
    if draw(st.booleans()):
        kwargs["embeddings_regularizer"] = "l2"
    dtype = draw(st.sampled_from(["int32", "int64", "uint8"]))
    return Call(kwargs, Array(draw(st.sampled_from([(3,), (2, 5), (2, 2, 3)])), dtype, 0, rows))


def scale(k):
    return lambda x: k.ops.tanh(x) * 2.0


def pair(k):
    return lambda xs: k.ops.concatenate([xs[0], xs[1] + 1.0], axis=-1)


def with_arguments(k):
    return lambda x, factor, mask=None: x * factor


def every_other(k):
    return lambda inputs, mask: inputs[:, :, 0] > 0


CASES = {
    "Dense": Case(dense(), examples=12),
    "EinsumDense": Case(
        [
            Call(
                {"equation": "abc,cd->abd", "output_shape": (None, 3), "bias_axes": "d"},
                Array((2, 3, 4)),
            ),
            Call(
                {
                    "equation": "abc,cde->abde",
                    "output_shape": (None, 2, 3),
                    "bias_axes": "de",
                    "activation": "tanh",
                },
                Array((2, 3, 4)),
            ),
            Call(
                {"equation": "abcd,cde->abe", "output_shape": (None, 3), "activation": "elu"},
                Array((2, 3, 2, 4)),
            ),
            Call(
                {"equation": "...x,xy->...y", "output_shape": 3, "bias_axes": "y"},
                Array((2, 3, 4)),
            ),
            Call(
                {"equation": "ab...,bc->ac...", "output_shape": (3,), "bias_axes": "c"},
                Array((2, 4, 3)),
            ),
            Call(
                {"equation": "abc,bd->adc", "output_shape": (2, 4), "bias_axes": "dc"},
                Array((2, 3, 4)),
            ),
        ],
        examples=12,
    ),
    "Embedding": Case(
        embedding(),
        also=[
            Call(
                {"input_dim": 3, "output_dim": 2, "weights": [np.arange(6.0).reshape(3, 2)]},
                Array((2, 4), "int32", 0, 3),
            )
        ],
    ),
    "Identity": Case([Call({}, Array((2, 3))), Call({}, [Array((2, 3)), Array((2,), "int32")])]),
    "Lambda": Case(
        [
            Call({"function": Make(scale)}, Array((2, 3))),
            Call({"function": Make(pair), "output_shape": (7,)}, [Array((2, 3)), Array((2, 4))]),
            Call({"function": Make(with_arguments), "arguments": {"factor": 3.0}}, Array((2, 3))),
            Call({"function": Make(scale), "mask": Make(every_other)}, Array((2, 4, 3))),
        ],
        keras_config=False,
        from_config={"safe_mode": False},
    ),
    "Masking": Case(
        [
            Call({}, Array((2, 4, 3))),
            Call({"mask_value": 1.0}, Array((3, 4, 1), "float32", 0, 1)),
        ],
        also=[  # some steps hold the value in part
            Call({"mask_value": 1.0}, Array((3, 4, 2), "int32", 0, 2)),
            Call({}, Array((3, 6, 2), "int32", 0, 2)),
        ],
    ),
}
