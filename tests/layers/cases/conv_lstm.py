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
        "activation": "softsign",
        "recurrent_activation": "hard_sigmoid",
    },
    {**PLAIN, "strides": 2, "return_state": True, "use_bias": False},
    {**PLAIN, "dilation_rate": 2, "unit_forget_bias": False, "return_sequences": True},
    {**PLAIN, "dropout": 0.3, "recurrent_dropout": 0.2, "seed": 2, "go_backwards": True},
]


def calls(rank, options):
    spatial = (6, 5, 6)[:rank]
    last, first = Array((2, 3, *spatial, 2)), Array((2, 3, 2, *spatial))
    return [
        Call(
            {"filters": 3, "kernel_size": 2, **kwargs},
            first if kwargs["data_format"] == "channels_first" else last,
        )
        for kwargs in options
    ]


def stateful(rank, **more):
    spatial = (6, 5, 6)[:rank]
    kwargs = {"filters": 3, "kernel_size": 2, **PLAIN, "return_state": True, "stateful": True}
    return [Call({**kwargs, **more}, Array((2, 3, *spatial, 2)))]


WITH_STATES = Call(
    {"filters": 3, "kernel_size": 2, **PLAIN, "padding": "same"},
    Array((2, 3, 6, 5, 2)),
    {"initial_state": [Array((2, 6, 5, 3), seed=i) for i in (1, 2)]},
)


# Of the other ranks all options in two calls.
MOST = {**OPTIONS[0], "dilation_rate": 2, "unit_forget_bias": False}
REST = {"strides": 2, "use_bias": False, "dropout": 0.3, "recurrent_dropout": 0.2, "seed": 2}

CASES = {
    "ConvLSTM2D": Case(
        calls(2, OPTIONS), examples=2, float32=1e-4, also=[*stateful(2), WITH_STATES]
    ),
    **{
        f"ConvLSTM{rank}D": Case(
            calls(rank, [MOST]), examples=1, float32=1e-4, also=stateful(rank, **REST)
        )
        for rank in (1, 3)
    },
}
