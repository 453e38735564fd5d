"""Functions applied to a weight after each update."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.common.settings import settings


class Constraint:
    """Base class: `constraint(w)` returns the weight that is put in the place of `w`.

    Example:

    >>> import minikeras
    >>> minikeras.constraints.NonNeg()([-1.0, 2.0])
    <Tensor shape=(2,) dtype=float32 [0. 2.]>
    """

    def __call__(self, w: Any) -> Any:
        """Return the constrained weight."""
        raise NotImplementedError(f"{type(self).__name__} does not implement __call__()")

    def get_config(self) -> dict:
        """Return what `from_config` needs."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Any:
        """Make a constraint from its config."""
        return cls(**config)


def _norm(w: Any, axis: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


class MaxNorm(Constraint):
    """The norm along `axis` is at most `max_value`.

    Args:
        max_value: largest norm.
        axis: axes that the norm is taken over; 0 gives each unit of a dense kernel its own.
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Any:
        w = ops.convert_to_tensor(w)
        norms = _norm(w, self.axis)
        desired = ops.clip(norms, 0, self.max_value)
        return w * (desired / (settings.epsilon + norms))

    def get_config(self) -> dict:
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Weights are not negative."""

    def __call__(self, w: Any) -> Any:
        w = ops.convert_to_tensor(w)
        return w * ops.cast(ops.greater_equal(w, 0.0), w.dtype)


class UnitNorm(Constraint):
    """The norm along `axis` is 1.

    Args:
        axis: axes that the norm is taken over.
    """

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        w = ops.convert_to_tensor(w)
        return w / (settings.epsilon + _norm(w, self.axis))

    def get_config(self) -> dict:
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """The norm along `axis` lies between two values.

    Args:
        min_value, max_value: bounds of the norm.
        rate: how much of the way is gone at each update: 1 is all of it.
        axis: axes that the norm is taken over.
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0
    ) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> Any:
        w = ops.convert_to_tensor(w)
        norms = _norm(w, self.axis)
        desired = self.rate * ops.clip(norms, self.min_value, self.max_value)
        desired = desired + (1 - self.rate) * norms
        return w * (desired / (settings.epsilon + norms))

    def get_config(self) -> dict:
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }
