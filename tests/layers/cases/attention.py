"""Rows of the layers in `minikeras/layers/attention/`."""

from layer_cases import Array, Call, Case, st

QUERY, VALUE, KEY = Array((2, 3, 4)), Array((2, 5, 4), seed=1), Array((2, 5, 4), seed=2)
IMAGES = Array((2, 3, 2, 4))
QUERY_MASK, VALUE_MASK = Array((2, 3), "bool", seed=4), Array((2, 5), "bool", seed=6)


def list_calls(kwargs):
    """Calls of the layers that take a list."""

    def build(kwargs, key, masks, causal, scores):
        inputs = [QUERY, VALUE, KEY] if key else [QUERY, VALUE]
        call = {"use_causal_mask": causal, "return_attention_scores": scores}
        if masks:
            call["mask"] = masks
        return Call(kwargs, inputs, call)

    masks = st.sampled_from([None, [QUERY_MASK, VALUE_MASK], [QUERY_MASK, None]])
    return st.builds(
        build, st.sampled_from(kwargs), st.booleans(), masks, st.booleans(), st.booleans()
    )


def head_calls(kwargs):
    """Calls of the layers with projections."""

    def build(kwargs, key, mask, causal, scores):
        if scores:  # Keras describes scores as square
            mask, inputs = None, (QUERY, QUERY)
        else:
            inputs = (QUERY, VALUE, KEY) if key else (QUERY, VALUE)
        call = {"use_causal_mask": causal, "return_attention_scores": scores}
        if mask == "attention":
            call["attention_mask"] = Array((2, 3, 5), "bool", seed=1)
        if mask == "value":
            call["value_mask"] = VALUE_MASK
        if mask == "key":
            call["key_mask"] = Array((2, 5), "bool", seed=8)
        return Call(kwargs, inputs, call)

    return st.builds(
        build,
        st.sampled_from(kwargs),
        st.booleans(),
        st.sampled_from([None, "attention", "value", "key"]),
        st.booleans(),
        st.booleans(),
    )


CASES = {
    "AdditiveAttention": Case(list_calls([{}, {"use_scale": False}, {"dropout": 0.3}]), examples=5),
    "Attention": Case(
        list_calls(
            [
                {},
                {"use_scale": True},
                {"score_mode": "concat"},
                {"dropout": 0.3, "seed": 2},
            ]
        ),
        examples=8,
    ),
    "GroupQueryAttention": Case(
        head_calls(
            [
                {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
                {
                    "head_dim": 3,
                    "num_query_heads": 2,
                    "num_key_value_heads": 2,
                    "sliding_window": 2,
                    "use_gate": True,
                },
                {
                    "head_dim": 2,
                    "num_query_heads": 2,
                    "num_key_value_heads": 1,
                    "use_bias": False,
                    "dropout": 0.3,
                    "seed": 2,
                },
            ]
        ),
        examples=5,
        float64=1e-6,  # Keras takes the softmax in float32
    ),
    # Keras on JAX can have `value_dim` other than `key_dim` only with dropout, and no `query_mask`:
    # see tests/layers/attention/test_multi_head_attention.py.
    "MultiHeadAttention": Case(
        head_calls(
            [
                {"num_heads": 2, "key_dim": 3},
                {"num_heads": 2, "key_dim": 3, "value_dim": 3, "output_shape": 5},
                {"num_heads": 1, "key_dim": 2, "use_bias": False, "sliding_window": 2},
                {"num_heads": 3, "key_dim": 2, "use_gate": True, "kernel_regularizer": "l2"},
                {"num_heads": 2, "key_dim": 2, "value_dim": 5, "dropout": 0.3, "seed": 2},
                {"num_heads": 2, "key_dim": 2, "output_shape": (2, 3)},
            ]
        ),
        examples=8,
        float64=1e-6,
        also=[
            Call({"num_heads": 2, "key_dim": 3, "attention_axes": axes}, (IMAGES, IMAGES))
            for axes in (1, 2, (1, 2), [2])
        ],
    ),
}
