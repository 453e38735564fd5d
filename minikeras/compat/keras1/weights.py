"""`keras.regularizers` and `keras.constraints` of Keras 0 and 1."""

from __future__ import annotations

from typing import Any

from minikeras import constraints, ops, regularizers
from minikeras.common.registry import register_keras_serializable
from minikeras.compat.adapters import Adapted
from minikeras.compat.keras1 import arguments


@register_keras_serializable("keras1")
class EigenvalueRegularizer(regularizers.Regularizer):
    """A penalty on the largest singular value of a matrix.

    Args:
        k: how much.
    """

    def __init__(self, k: float) -> None:
        self.k = k

    def __call__(self, x: Any) -> Any:
        if len(x.shape) != 2:
            raise ValueError(
                f"EigenvalueRegularizer takes matrices. Received: shape {tuple(x.shape)}"
            )
        covariance = ops.matmul(ops.transpose(x), x)
        vector = ops.ones((x.shape[1], 1), dtype=x.dtype)
        for _ in range(9):  # the power method
            vector = ops.matmul(covariance, vector)
            vector = vector / ops.norm(vector)
        largest = ops.sum(vector * ops.matmul(covariance, vector))
        return self.k * ops.sqrt(largest)


def _both(name: str, default: float) -> Adapted:
    return Adapted(
        "minikeras.regularizers:L1L2",
        "l1 l2",
        defaults={"l1": default, "l2": default},
        name=name,
        old_name=True,
    )


def _one(name: str, kind: str) -> Adapted:
    return Adapted(
        f"minikeras.regularizers:{kind}",
        "l",
        {"l": kind.lower()},
        name=name,
        old_name=name.startswith("activity"),
    )


def get_regularizer(identifier: Any, kwargs: Any = None) -> Any:
    """Return the regularizer that an argument stands for."""
    if isinstance(identifier, str) and identifier in REGULARIZERS:
        return REGULARIZERS[identifier](**(kwargs or {}))
    return regularizers.get(arguments.regularizer(identifier))


def get_constraint(identifier: Any, kwargs: Any = None) -> Any:
    """Return the constraint that an argument stands for."""
    if isinstance(identifier, str) and identifier in CONSTRAINTS:
        return CONSTRAINTS[identifier](**(kwargs or {}))
    return constraints.get(arguments.constraint(identifier))


REGULARIZERS = {
    "l1": _one("l1", "L1"),
    "l2": _one("l2", "L2"),
    "activity_l1": _one("activity_l1", "L1"),
    "activity_l2": _one("activity_l2", "L2"),
    "l1l2": _both("l1l2", 0.01),
    "activity_l1l2": _both("activity_l1l2", 0.01),
    "WeightRegularizer": _both("WeightRegularizer", 0.0),
    "ActivityRegularizer": _both("ActivityRegularizer", 0.0),
    "L1L2Regularizer": _both("L1L2Regularizer", 0.0),
    "EigenvalueRegularizer": EigenvalueRegularizer,
}

_NORM = {"m": "max_value"}

CONSTRAINTS = {
    "MaxNorm": Adapted("minikeras.constraints:MaxNorm", "m axis", _NORM),
    "maxnorm": Adapted(
        "minikeras.constraints:MaxNorm", "m axis", _NORM, name="maxnorm", old_name=True
    ),
    "NonNeg": Adapted("minikeras.constraints:NonNeg"),
    "nonneg": Adapted("minikeras.constraints:NonNeg", name="nonneg", old_name=True),
    "UnitNorm": Adapted("minikeras.constraints:UnitNorm"),
    "unitnorm": Adapted("minikeras.constraints:UnitNorm", name="unitnorm", old_name=True),
    "MinMaxNorm": Adapted(
        "minikeras.constraints:MinMaxNorm",
        "low high rate axis",
        {"low": "min_value", "high": "max_value"},
    ),
}
