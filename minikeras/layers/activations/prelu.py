"""`PReLU`: a rectifier whose slope for negative inputs is learnt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras.common.arguments import ArgumentError, PositiveInt
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.ops import relu
from minikeras.regularizers.regularizers import RegularizerLike


class PReLU(Layer):
    """`x` where positive, else `alpha * x`, with a learnt `alpha` for each feature (He et al., 2015).

    Args:
        alpha_initializer: initializer of the slopes.
        alpha_regularizer: penalty on the slopes.
        alpha_constraint: constraint of the slopes.
        shared_axes: axes along which the slope is shared, such as `[1, 2]` for images.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.PReLU(alpha_initializer="ones")(np.array([[-2.0, 2.0]]))
    <Tensor shape=(1, 2) dtype=float32 [[-2.  2.]]>
    """

    def __init__(
        self,
        alpha_initializer: InitializerLike = "Zeros",
        alpha_regularizer: RegularizerLike = None,
        alpha_constraint: ConstraintLike = None,
        shared_axes: PositiveInt | Sequence[PositiveInt] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self._keep_weight_arguments(locals())
        if shared_axes is not None and not isinstance(shared_axes, (list, tuple)):
            shared_axes = [shared_axes]
        self.shared_axes = None if shared_axes is None else list(shared_axes)

    def build(self, input_shape: tuple) -> None:
        shape = list(input_shape[1:])
        if any(axis > len(shape) for axis in self.shared_axes or ()):
            raise ArgumentError(
                f"Layer '{self.name}'",
                "shared_axes",
                f"axes in [1, {len(shape)}] for inputs of shape {tuple(input_shape)}",
                self.shared_axes,
            )
        for axis in self.shared_axes or ():
            shape[axis - 1] = 1
        self.alpha = self._weight("alpha", shape)
        axes = {
            i: input_shape[i]
            for i in range(1, len(input_shape))
            if i not in (self.shared_axes or ())
        }
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs: Any) -> Any:
        return relu(inputs) - self.alpha * relu(-inputs)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
