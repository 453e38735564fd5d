"""`keras.layers` of Keras 0.x and 1.x."""

from __future__ import annotations

from minikeras.compat.adapters import Adapted

_HERE = "minikeras.layers"

NAMES = {
    "Dense": Adapted(
        f"{_HERE}:Dense",
        "output_dim init activation weights W_regularizer b_regularizer activity_regularizer "
        "W_constraint b_constraint bias input_dim",
        {
            "output_dim": "units",
            "init": "kernel_initializer",
            "W_regularizer": "kernel_regularizer",
            "b_regularizer": "bias_regularizer",
            "W_constraint": "kernel_constraint",
            "b_constraint": "bias_constraint",
            "bias": "use_bias",
        },
        values={"kernel_initializer": lambda v: "random_uniform" if v == "uniform" else v},
    ),
}
