"""`UnitNormalization`: each example to length 1."""

from __future__ import annotations

from typing import Any

from minikeras.layers.layer import Layer
from minikeras.layers.normalization.axes import check_axes, checked_axis
from minikeras.ops.normalization import normalize


class UnitNormalization(Layer):
    """Divides each example by its Euclidean norm.

    Args:
        axis: axis, or list of axes, that the norm is taken over.

    Input and output: the same shape.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.UnitNormalization()(np.array([[3.0, 4.0]], "float32"))
    <Tensor shape=(1, 2) dtype=float32 [[0.6 0.8]]>
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = checked_axis("UnitNormalization", axis)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        return normalize(inputs, axis=self.axis, order=2, epsilon=1e-12)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        check_axes(self, input_shape)
        return input_shape
