"""Functions that a weight is put through after each update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from minikeras import ops
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import Fraction
from minikeras.common.configurable import Configurable
from minikeras.common.object_family import FamilyMember, ObjectFamily
from minikeras.common.settings import settings

Axis = int | Sequence[int]

FAMILY = ObjectFamily("constraint")
"""Every constraint by name."""

ConstraintLike = Annotated[Any, FAMILY.argument]
"""What an argument may be that stands for a constraint."""
"""Every constraint by name."""


class Constraint(FamilyMember, Configurable, family=FAMILY):
    """Base class: `constraint(w)` returns the value that takes the place of `w`.

    Subclasses define `__call__`, and `get_config` if they take arguments.

    Example:

    >>> import minikeras
    >>> class Rounded(minikeras.constraints.Constraint):
    ...     def __call__(self, w):
    ...         return minikeras.ops.round(w)
    >>> Rounded()([0.2, 0.9])
    <Tensor shape=(2,) dtype=float32 [0. 1.]>
    """

    def __call__(self, w: Any) -> Tensor:
        """Return the constrained weight: here `w` itself."""
        return w


def _norms(w: Any, axis: Axis) -> Any:
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


class MaxNorm(Constraint):
    """Scales weights down so that their norm along `axis` is at most `max_value`.

    Args:
        max_value: largest norm.
        axis: axes that a norm is taken over. 0 gives each unit of a dense kernel its own,
            `[0, 1, 2]` each filter of a 2D convolution.

    Example:

    >>> from minikeras import constraints
    >>> constraints.MaxNorm(5.0)([[6.0, 1.0], [8.0, 1.0]]).numpy().round(3).tolist()
    [[3.0, 1.0], [4.0, 1.0]]
    """

    def __init__(self, max_value: float = 2, axis: Axis = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Tensor:
        w = ops.convert_to_tensor(w)
        norms = _norms(w, self.axis)
        return w * (ops.clip(norms, 0, self.max_value) / (settings.epsilon + norms))


class NonNeg(Constraint):
    """Sets negative weights to 0.

    Example:

    >>> from minikeras import constraints
    >>> constraints.NonNeg()([-1.0, 2.0])
    <Tensor shape=(2,) dtype=float32 [0. 2.]>
    """

    def __call__(self, w: Any) -> Tensor:
        return ops.maximum(ops.convert_to_tensor(w), 0)


class UnitNorm(Constraint):
    """Scales weights so that their norm along `axis` is 1.

    Args:
        axis: axes that a norm is taken over; see `MaxNorm`.

    Example:

    >>> from minikeras import constraints
    >>> constraints.UnitNorm()([[0.0], [4.0]]).numpy().round(3).tolist()
    [[0.0], [1.0]]
    """

    def __init__(self, axis: Axis = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        w = ops.convert_to_tensor(w)
        return w / (settings.epsilon + _norms(w, self.axis))


class MinMaxNorm(Constraint):
    """Scales weights so that their norm along `axis` goes to between two values.

    Args:
        min_value, max_value: least and largest norm.
        rate: part of the way to that norm that each update goes; 1 goes all of it.
        axis: axes that a norm is taken over; see `MaxNorm`.

    Example:

    >>> from minikeras import constraints
    >>> constraints.MinMaxNorm(1.0, 5.0, rate=0.5)([[6.0], [8.0]]).numpy().round(3).tolist()
    [[4.5], [6.0]]
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: Fraction = 1.0, axis: Axis = 0
    ) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> Tensor:
        w = ops.convert_to_tensor(w)
        norms = _norms(w, self.axis)
        nearest = ops.clip(norms, self.min_value, self.max_value)
        desired = self.rate * nearest + (1 - self.rate) * norms
        return w * (desired / (settings.epsilon + norms))
