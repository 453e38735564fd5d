"""Rows of the layers in `minikeras/layers/rnn/`."""

from layer_cases import Array, Call, Case, Make, st

UNITS = 3
X = Array((2, 4, 3))
# With `use_cudnn="auto"` and without bias Keras mixes float32 and float64 on JAX.
NO_BIAS = {"use_bias": False, "use_cudnn": False}
STATE = [Array((2, UNITS), seed=1)]
STATES = [Array((2, UNITS), seed=1), Array((2, UNITS), seed=2)]


def rnn_calls(states, cells=({},)):
    """Calls of a recurrent layer with all its ways of being run."""

    def build(flags, options, masked, initial):
        call = {}
        if masked:
            call["mask"] = Array((2, 4), "bool", seed=3)
        if initial:
            call["initial_state"] = states
        return Call({"units": UNITS, **flags, **options}, X, call)

    flags = st.fixed_dictionaries(
        {
            "return_sequences": st.booleans(),
            "return_state": st.booleans(),
            "go_backwards": st.booleans(),
        }
    )
    return st.builds(build, flags, st.sampled_from(cells), st.booleans(), st.booleans())


dropping = {"dropout": 0.3, "recurrent_dropout": 0.2, "seed": 2}
# With `unroll=True` Keras gives zeros for masked steps at the beginning, without it the first state;
# ours gives the latter, so these calls have no mask.
also = [
    Call({"units": UNITS, "unroll": True, **more}, X, {})
    for more in ({}, {"activation": "elu", "return_sequences": True, "go_backwards": True})
] + [
    Call({"units": UNITS, "stateful": True, **more}, X, call)
    for more in ({}, {"return_state": True, "go_backwards": True})
    for call in ({}, {"mask": Array((2, 4), "bool", seed=3)})
]
regularized = {
    "kernel_regularizer": "l2",
    "bias_initializer": "ones",
    "recurrent_constraint": "max_norm",
}
wide = {"activity_regularizer": "l2"}


def cell(kwargs, states):
    return Call({"units": UNITS, **kwargs}, (Array((2, 3)), states))


def stacked(k):
    return [
        k.layers.LSTMCell(2, name="a", dtype="float64"),
        k.layers.GRUCell(3, name="b", dtype="float64"),
    ]


def inner(kind, **kwargs):
    return Make(
        lambda k: getattr(k.layers, kind)(UNITS, name="inner", **kwargs), f"{kind}({kwargs})"
    )


def bidirectional_calls():
    def build(kind, mode, sequences, states, masked, initial, other):
        flags = {"return_sequences": sequences, "return_state": states}
        call = {"mask": Array((2, 4), "bool", seed=3)} if masked else {}
        kwargs = {"layer": inner(kind, **flags), "merge_mode": mode}
        if initial:
            count = 4 if kind == "LSTM" else 2
            call["initial_state"] = [Array((2, UNITS), seed=1 + i) for i in range(count)]
        if other:
            kwargs["backward_layer"] = inner(
                kind, go_backwards=True, kernel_regularizer="l2", **flags
            )
        return Call(kwargs, X, call)

    return st.builds(
        build,
        st.sampled_from(["LSTM", "GRU", "SimpleRNN"]),
        st.sampled_from(["concat", "sum", "mul", "ave", None]),
        st.booleans(),
        st.booleans(),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    )


CASES = {
    "Bidirectional": Case(
        bidirectional_calls(),
        examples=6,
        empty=False,
        float64=1e-6,
    ),
    "GRU": Case(
        rnn_calls(
            STATE,
            (
                {},
                {"reset_after": False},
                {**NO_BIAS},
                {**NO_BIAS, "reset_after": False},
                {"activation": "elu", "reset_after": False},
                {"recurrent_activation": "hard_sigmoid"},
                regularized,
                dropping,
            ),
        ),
        examples=5,
        also=also,
    ),
    "GRUCell": Case(
        [
            cell({}, STATE),
            cell({"reset_after": False}, STATE),
            cell({"use_bias": False, "activation": "relu"}, STATE),
            cell({"recurrent_activation": "hard_sigmoid"}, STATE),
            cell(dropping, STATE),
        ],
        examples=3,
    ),
    "LSTM": Case(
        rnn_calls(
            STATES,
            (
                {},
                {**NO_BIAS},
                {"unit_forget_bias": False},
                {"activation": "elu"},
                {"recurrent_activation": "hard_sigmoid"},
                regularized,
                wide,
                dropping,
            ),
        ),
        examples=5,
        also=[*also, Call({"units": UNITS, "unit_forget_bias": False}, X)],
    ),
    "LSTMCell": Case(
        [
            cell({}, STATES),
            cell({"use_bias": False, "activation": "softsign"}, STATES),
            cell({"recurrent_activation": "hard_sigmoid", "unit_forget_bias": False}, STATES),
            cell(dropping, STATES),
        ],
        examples=2,
    ),
    "SimpleRNN": Case(
        rnn_calls(
            STATE,
            (
                {},
                {"use_bias": False},
                {"activation": "sigmoid"},
                {"activation": "elu"},
                {"activation": "linear"},
                {"activation": "relu"},
                regularized,
                dropping,
            ),
        ),
        examples=5,
        also=also,
    ),
    "SimpleRNNCell": Case(
        [
            cell({}, STATE),
            cell({"use_bias": False, "activation": "elu"}, STATE),
            cell(dropping, STATE),
        ],
        examples=2,
    ),
    "StackedRNNCells": Case(
        [
            Call(
                {"cells": Make(stacked)},
                (
                    Array((2, 3)),
                    [[Array((2, 2), seed=1), Array((2, 2), seed=2)], [Array((2, 3), seed=3)]],
                ),
            )
        ],
        examples=1,
    ),
    "TimeDistributed": Case(
        [
            Call({"layer": Make(lambda k: k.layers.Dense(3, name="d", activation="tanh"))}, X),
            Call({"layer": Make(lambda k: k.layers.Dense(2, name="d"))}, Array((2, 3, 4, 2))),
        ],
        examples=2,
        empty=False,
        float64=1e-5,  # the inner layer's weights are float32
    ),
}
