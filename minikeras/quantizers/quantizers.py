"""`Quantizer`: how a layer's weights, or its inputs, become integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras.common.configurable import OMIT, Configurable
from minikeras.common.object_family import FamilyMember, ObjectFamily
from minikeras.quantizers.integers import abs_max_quantize

FAMILY = ObjectFamily("quantizer")
"""Every quantizer by name."""


class Quantizer(FamilyMember, Configurable, family=FAMILY):
    """Base class: `quantizer(x)` returns what takes the place of a tensor.

    Args:
        output_dtype: dtype of the result.

    Example:

    >>> import minikeras
    >>> class Halves(minikeras.Quantizer):
    ...     def __call__(self, x):
    ...         doubled = 2 * minikeras.ops.array(x)
    ...         return minikeras.ops.cast(minikeras.ops.round(doubled), self.output_dtype)
    >>> Halves()([0.6, 1.9]).numpy().tolist()
    [1, 4]
    """

    def __init__(self, output_dtype: str = "int8") -> None:
        self.output_dtype = output_dtype

    def __call__(self, x: Any) -> Any:
        """Return the quantized tensor: here `x` itself."""
        return x


class AbsMaxQuantizer(Quantizer):
    """Rounds to integers, the largest absolute value to the largest of them; see `abs_max_quantize`.

    Args:
        axis: axis, or axes, along which numbers share a scale, where the call does not say it.
        value_range: smallest and largest integer.
        epsilon: what the largest absolute value is increased by.
        output_dtype: dtype of the integers.

    Raises:
        ValueError: if integers of int8 cannot hold `value_range`.

    Example:

    >>> from minikeras import quantizers
    >>> integers, scale = quantizers.AbsMaxQuantizer(axis=0)([[1.0, 4.0], [-2.0, 2.0]])
    >>> integers.numpy().tolist(), scale.shape
    ([[64, 127], [-127, 64]], (1, 2))
    """

    argument_sources = {"axis": lambda q: OMIT if q.axis is None else q.axis}

    def __init__(
        self,
        axis: int | Sequence[int] | None = None,
        value_range: Sequence[int] = (-127, 127),
        epsilon: float = 1e-7,
        output_dtype: str = "int8",
    ) -> None:
        super().__init__(output_dtype)
        self.axis = axis if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.value_range = value_range
        self.epsilon = epsilon
        if output_dtype == "int8" and (value_range[0] < -128 or value_range[1] > 127):
            raise ValueError(
                "AbsMaxQuantizer: argument `value_range` must lie within [-128, 127] with "
                f"output_dtype='int8'. Received: value_range={value_range}"
            )

    def __call__(self, x: Any, axis: Any = None, to_numpy: bool = False) -> tuple:
        """Return integers and their scale.

        Args:
            x: tensor of floats.
            axis: axes that share a scale; the quantizer's own if None, the last one if it has none.
            to_numpy: accepted, without effect.
        """
        axis = self.axis if axis is None else axis
        axis = -1 if axis is None else axis
        return abs_max_quantize(x, axis, self.value_range, self.output_dtype, self.epsilon)
