"""Penalties on weights and outputs, which are added to the loss."""

from __future__ import annotations

import math
from typing import Annotated, Any

from minikeras import ops
from minikeras.autodiff.tensor import Tensor
from minikeras.common.configurable import Configurable
from minikeras.common.object_family import FamilyMember, ObjectFamily

FAMILY = ObjectFamily("regularizer")
"""Every regularizer by name."""

RegularizerLike = Annotated[Any, FAMILY.argument]
"""What an argument may be that stands for a regularizer."""


class Regularizer(FamilyMember, Configurable, family=FAMILY):
    """Base class: `regularizer(x)` returns a scalar penalty.

    Subclasses define `__call__`, and `get_config` if models with them are saved.

    Example:

    >>> import minikeras
    >>> class Largest(minikeras.regularizers.Regularizer):
    ...     def __call__(self, x):
    ...         return 0.1 * minikeras.ops.max(minikeras.ops.abs(x))
    >>> Largest()([-2.0, 1.0])
    <Tensor shape=() dtype=float32 0.2>
    """

    def __call__(self, x: Any) -> Tensor:
        """Return the penalty on a weight or output."""
        return 0.0


class L1L2(Regularizer, aliases=["l1_l2"]):
    """The penalty `l1 * sum(abs(x)) + l2 * sum(square(x))`.

    Args:
        l1: factor of the absolute values.
        l2: factor of the squares.

    Raises:
        ValueError: if a factor is not a number of at least 0.

    Example:

    >>> from minikeras import regularizers
    >>> regularizers.L1L2(l1=0.5, l2=1.0)([[1.0, -2.0]])
    <Tensor shape=() dtype=float32 6.5>
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = _factor("L1L2", "l1", 0.0 if l1 is None else l1)
        self.l2 = _factor("L1L2", "l2", 0.0 if l2 is None else l2)

    def __call__(self, x: Any) -> Tensor:
        terms = []
        if self.l1:
            terms.append(self.l1 * ops.sum(ops.abs(x)))
        if self.l2:
            terms.append(self.l2 * ops.sum(ops.square(x)))
        if not terms:
            return ops.convert_to_tensor(0.0, dtype=getattr(x, "dtype", None))
        return terms[0] if len(terms) == 1 else terms[0] + terms[1]


class L1(Regularizer):
    """The penalty `l1 * sum(abs(x))`.

    Args:
        l1: factor.

    Raises:
        ValueError: if it is not a number of at least 0.

    Example:

    >>> from minikeras import regularizers
    >>> regularizers.L1(0.5)([[1.0, -2.0]])
    <Tensor shape=() dtype=float32 1.5>
    """

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = _factor("L1", "l1", 0.01 if l1 is None else l1)

    def __call__(self, x: Any) -> Tensor:
        return self.l1 * ops.sum(ops.abs(x))


class L2(Regularizer):
    """The penalty `l2 * sum(square(x))`.

    Args:
        l2: factor.

    Raises:
        ValueError: if it is not a number of at least 0.

    Example:

    >>> from minikeras import regularizers
    >>> regularizers.L2(0.5)([[1.0, -2.0]])
    <Tensor shape=() dtype=float32 2.5>
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = _factor("L2", "l2", 0.01 if l2 is None else l2)

    def __call__(self, x: Any) -> Tensor:
        return self.l2 * ops.sum(ops.square(x))


def penalty(variable: Any) -> Tensor:
    """Return what a variable's regularizer says of it.

    Of one that is split over ranks it is given the whole; where it is a sum over elements, each rank
    computes that of its own.
    """
    regularizer, split = variable.regularizer, variable._split
    if split is None or type(regularizer) not in (L1, L2, L1L2):
        return regularizer(variable)
    from minikeras.autodiff.split import SUM_OF_TERMS

    return SUM_OF_TERMS(regularizer(variable.own), ranks=split.ranks)


class OrthogonalRegularizer(Regularizer):
    """A penalty on rows, or columns, of a matrix that are not orthogonal to each other.

    It is `factor` times the average over all pairs of the absolute cosine between them.

    Args:
        factor: factor.
        mode: `"rows"` or `"columns"`.

    Raises:
        ValueError: if an argument is not valid, or from a call if the weight is no matrix.

    Example:

    >>> from minikeras import regularizers
    >>> regularizers.OrthogonalRegularizer(factor=0.5)([[1.0, 0.0], [2.0, 0.0]])
    <Tensor shape=() dtype=float32 0.5>
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = _factor("OrthogonalRegularizer", "factor", factor)
        if mode not in ("rows", "columns"):
            raise ValueError(
                "OrthogonalRegularizer: argument `mode` must be 'rows' or 'columns'. "
                f"Received: mode={mode!r}"
            )
        self.mode = mode

    def __call__(self, x: Any) -> Tensor:
        x = ops.convert_to_tensor(x)
        if len(x.shape) != 2:
            raise ValueError(
                "Inputs to OrthogonalRegularizer must have rank 2. "
                f"Received: inputs.shape={tuple(x.shape)}"
            )
        if self.mode == "columns":
            x = ops.transpose(x)
        unit = ops.normalize(x, axis=1)
        n = x.shape[0]
        cosines = ops.matmul(unit, ops.transpose(unit)) * (1.0 - ops.eye(n, dtype=x.dtype))
        pairs = max(n * (n - 1) / 2, 1)  # a single row has no pair, and no penalty
        return self.factor * 0.5 / pairs * ops.sum(ops.abs(cosines))


def _factor(owner: str, name: str, value: Any) -> float:
    if not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise ValueError(
            f"{owner}: invalid value for argument `{name}`: expected a non-negative float. "
            f"Received: {name}={value!r}"
        )
    return float(value)
