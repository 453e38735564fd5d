"""Rows of the convolutional LSTMs in `minikeras/layers/rnn/`.

Keras compiles each call, which takes seconds, so there are few, each with many options. Masks are tested
in `rnn/test_conv_lstm.py`: with them Keras fails on JAX.
"""

from layer_cases import Array, Call, Case

# With these given, the registry draws no others.
PLAIN = {
    **{f"{of}_regularizer": None for of in ("kernel", "recurrent", "bias", "activity")},
    **{f"{of}_constraint": None for of in ("kernel", "recurrent", "bias")},
    "kernel_initializer": "ones",
    "recurrent_initializer": "orthogonal",
    "bias_initializer": "zeros",
    "data_format": "channels_last",
    "padding": "valid",
}
REGULARIZED = {
    **{f"{of}_regularizer": "l2" for of in ("kernel", "recurrent", "bias", "activity")},
    **{f"{of}_constraint": "max_norm" for of in ("kernel", "recurrent", "bias")},
    "kernel_initializer": "glorot_uniform",
    "recurrent_initializer": "ones",
    "bias_initializer": "ones",
}
OPTIONS = [
    {
        **PLAIN,
        **REGULARIZED,
        "data_format": "channels_first",
        "padding": "same",
        "return_sequences": True,
        "go_backwards": True,
        "activation": "elu",
        "recurrent_activation": "hard_sigmoid",
    },
    {**PLAIN, "strides": 2, "return_state": True, "use_bias": False},
    {**PLAIN, "dilation_rate": 2, "unit_forget_bias": False, "return_sequences": True},
    {**PLAIN, "dropout": 0.3, "recurrent_dropout": 0.2, "seed": 2, "go_backwards": True},
]


def calls(rank):
    spatial = (6, 5, 6)[:rank]
    last, first = Array((2, 3, *spatial, 2)), Array((2, 3, 2, *spatial))
    return [
        Call(
            {"filters": 3, "kernel_size": 2, **kwargs},
            first if kwargs["data_format"] == "channels_first" else last,
        )
        for kwargs in OPTIONS
    ]


def also(rank):
    spatial = (6, 5, 6)[:rank]
    states = [Array((2, *spatial, 3), seed=i) for i in (1, 2)]
    more = {"padding": "same", "return_state": True, "stateful": True}
    x = Array((2, 3, *spatial, 2))
    return [Call({"filters": 3, "kernel_size": 2, **PLAIN, **more}, x, {"initial_state": states})]


CASES = {
    f"ConvLSTM{rank}D": Case(calls(rank), examples=2, float32=1e-4, also=also(rank))
    for rank in (1, 2, 3)
}
