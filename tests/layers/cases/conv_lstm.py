"""Rows of the convolutional LSTMs in `minikeras/layers/rnn/`."""

from layer_cases import Array, Call, Case

WINDOWS = [
    {},
    {"padding": "same", "return_sequences": True, "go_backwards": True},
    {"strides": 2, "return_state": True, "use_bias": False},
    {"dilation_rate": 2, "unit_forget_bias": False, "return_sequences": True, "return_state": True},
    {"data_format": "channels_first", "padding": "same", "return_sequences": True},
]
OTHERS = [
    {"recurrent_activation": "hard_sigmoid", "activation": "elu", "return_sequences": True},
    {"dropout": 0.3, "recurrent_dropout": 0.2, "seed": 2},
    {"kernel_regularizer": "l2", "recurrent_constraint": "max_norm", "activity_regularizer": "l2"},
]


def calls(rank, options):
    """Calls of the layer of a rank; some have states. Masks are tested in `rnn/test_conv_lstm.py`:
    with them Keras fails on JAX.
    """
    found = []
    for kwargs in options:
        spatial = (6, 5, 6)[:rank]
        channels_first = kwargs.get("data_format") == "channels_first"
        x = Array((2, 3, 2, *spatial) if channels_first else (2, 3, *spatial, 2))
        call = {}
        if "go_backwards" in kwargs:
            states = (2, *spatial, 3)
            call["initial_state"] = [Array(states, seed=1), Array(states, seed=2)]
        found.append(Call({"filters": 3, "kernel_size": 2, **kwargs}, x, call))
    return found


# With these given, the registry adds no others: Keras compiles each call, which takes seconds.
PLAIN = {
    f"{of}_{kind}": None
    for of in ("kernel", "recurrent", "bias", "activity")
    for kind in ("regularizer", "constraint")
    if (of, kind) != ("activity", "constraint")
} | {
    "kernel_initializer": "ones",
    "recurrent_initializer": "orthogonal",
    "bias_initializer": "zeros",
}


def plain(calls):
    return [Call({**PLAIN, **c.kwargs}, c.inputs, c.call) for c in calls]


also = [
    Call({"filters": 3, "kernel_size": (2, 3), "stateful": True, **PLAIN}, Array((2, 3, 6, 5, 2)))
]

CASES = {
    "ConvLSTM1D": Case(plain(calls(1, WINDOWS[1:3])), examples=2, float32=1e-4),
    "ConvLSTM2D": Case(
        [*plain(calls(2, WINDOWS + OTHERS[:2])), *calls(2, OTHERS[2:])],
        examples=3,
        float32=1e-4,
        also=also,
    ),
    "ConvLSTM3D": Case(plain(calls(3, WINDOWS[1:2])), examples=2, float32=1e-4),
}
