"""`RMSNormalization`: each example to a mean square of 1 over its features."""

from __future__ import annotations

from typing import Any

from minikeras.common.arguments import NonNegative
from minikeras.layers.layer import Layer
from minikeras.layers.normalization.axes import check_axes, checked_axis
from minikeras.ops.normalization import rms_normalization


class RMSNormalization(Layer):
    """Divides each example by the root of the mean square of its features.

    Args:
        axis: axis, or list of axes, of the features.
        epsilon: added to the mean square; `keras.config.epsilon()` if None.

    Input and output: the same shape.

    Source: Zhang & Sennrich, 2019.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.RMSNormalization(epsilon=0.0)(np.array([[1.0, 7.0]], "float32"))
    <Tensor shape=(1, 2) dtype=float32 [[0.2 1.4]]>
    """

    def __init__(self, axis: Any = -1, epsilon: NonNegative | None = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = checked_axis("RMSNormalization", axis)
        self.epsilon = epsilon

    def build(self, input_shape: tuple) -> None:
        check_axes(self, input_shape)
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        self.scale = self.add_weight(
            name="scale", shape=tuple([input_shape[a] for a in self.axis]), initializer="ones"
        )

    def call(self, x: Any) -> Any:
        return rms_normalization(x, scale=self.scale, axis=self.axis, epsilon=self.epsilon)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        check_axes(self, input_shape)
        return input_shape
