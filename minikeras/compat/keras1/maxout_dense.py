"""`MaxoutDense`: the greatest of several dense layers."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.common.arguments import PositiveInt
from minikeras.common.registry import register_keras_serializable
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.regularizers.regularizers import RegularizerLike


@register_keras_serializable("keras1")
class MaxoutDense(Layer):
    """`max over f of (inputs @ kernel[f] + bias[f])` (Goodfellow et al., 2013).

    Args:
        units: number of outputs.
        features: how many linear functions each output is the maximum of.
        use_bias: whether biases are added.
        kernel_initializer, kernel_regularizer, kernel_constraint: of the kernels.
        bias_initializer, bias_regularizer, bias_constraint: of the biases.

    Input: `(batch, n)`. Output: `(batch, units)`.

    Example:

    >>> import numpy as np
    >>> from minikeras.compat.keras1.maxout_dense import MaxoutDense
    >>> MaxoutDense(4, features=3)(np.ones((2, 5))).shape
    (2, 4)
    """

    def __init__(
        self,
        units: PositiveInt,
        features: PositiveInt = 4,
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units, self.features = int(units), int(features)
        self.use_bias = use_bias
        self._keep_weight_arguments(locals())
        self.bias = None
        self.input_spec = InputSpec(ndim=2)

    def build(self, input_shape: tuple) -> None:
        n = input_shape[-1]
        self.kernel = self._weight("kernel", (self.features, n, self.units))
        if self.use_bias:
            self.bias = self._weight("bias", (self.features, self.units))
        self.input_spec = InputSpec(ndim=2, axes={-1: n})

    def call(self, inputs: Any) -> Any:
        y = ops.einsum("bn,fnu->bfu", inputs, self.kernel)
        return ops.max(y if self.bias is None else y + self.bias, axis=1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (input_shape[0], self.units)
