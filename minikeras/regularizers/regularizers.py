"""Penalties on weights and outputs, added to the loss."""

from __future__ import annotations

import math
from typing import Any

from minikeras import ops


def _factor(name: str, argument: str, value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value) or value < 0:  # fmt: skip
        raise ValueError(
            f"{name}: invalid value for argument `{argument}`: expected a non-negative float. "
            f"Received: {argument}={value!r}"
        )
    return float(value)


class Regularizer:
    """Base class: `regularizer(x)` returns a scalar penalty.

    Example:

    >>> import minikeras
    >>> regularizer = minikeras.regularizers.L2(0.1)
    >>> float(regularizer(minikeras.ops.ones((2, 2))))
    0.4000000059604645
    """

    def __call__(self, x: Any) -> Any:
        """Return the penalty."""
        return 0.0

    def get_config(self) -> dict:
        """Return what `from_config` needs."""
        raise NotImplementedError(f"{type(self).__name__} does not implement get_config()")

    @classmethod
    def from_config(cls, config: dict) -> Any:
        """Make a regularizer from its config."""
        return cls(**config)


class L1L2(Regularizer):
    """`l1 * sum(|x|) + l2 * sum(x**2)`.

    Args:
        l1, l2: factors.
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = _factor("L1L2", "l1", 0.0 if l1 is None else l1)
        self.l2 = _factor("L1L2", "l2", 0.0 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        penalty = None
        if self.l1:
            penalty = self.l1 * ops.sum(ops.abs(x))
        if self.l2:
            square = self.l2 * ops.sum(ops.square(x))
            penalty = square if penalty is None else penalty + square
        return ops.convert_to_tensor(0.0, dtype=ops.dtype(x)) if penalty is None else penalty

    def get_config(self) -> dict:
        return {"l1": self.l1, "l2": self.l2}


class L1(Regularizer):
    """`l1 * sum(|x|)`.

    Args:
        l1: factor.
    """

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = _factor("L1", "l1", 0.01 if l1 is None else l1)

    def __call__(self, x: Any) -> Any:
        return self.l1 * ops.sum(ops.abs(x))

    def get_config(self) -> dict:
        return {"l1": self.l1}


class L2(Regularizer):
    """`l2 * sum(x**2)`.

    Args:
        l2: factor.
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = _factor("L2", "l2", 0.01 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        return self.l2 * ops.sum(ops.square(x))

    def get_config(self) -> dict:
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """Penalty on rows (or columns) that are not orthogonal.

    Args:
        factor: factor.
        mode: `"rows"` or `"columns"`.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = _factor("OrthogonalRegularizer", "factor", factor)
        if mode not in ("rows", "columns"):
            raise ValueError(
                "OrthogonalRegularizer: argument `mode` must be 'rows' or 'columns'. "
                f"Received: mode={mode!r}"
            )
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        if len(x.shape) != 2:
            raise ValueError(
                "Inputs to OrthogonalRegularizer must have rank 2. "
                f"Received: inputs.shape={tuple(x.shape)}"
            )
        if self.mode == "rows":
            x = ops.normalize(x, axis=1)
            product, size = ops.matmul(x, ops.transpose(x)), x.shape[0]
        else:
            x = ops.normalize(x, axis=0)
            product, size = ops.matmul(ops.transpose(x), x), x.shape[1]
        off = product * (1.0 - ops.eye(size, dtype=ops.dtype(x)))
        pairs = max(size * (size - 1) / 2.0, 1.0)
        return self.factor * 0.5 * ops.sum(ops.abs(off)) / pairs

    def get_config(self) -> dict:
        return {"factor": self.factor, "mode": self.mode}
