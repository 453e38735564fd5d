"""`Highway`: a dense layer that lets part of its input pass."""

from __future__ import annotations

from typing import Any

from minikeras import activations, initializers, ops
from minikeras.activations.activations import ActivationLike
from minikeras.common.registry import register_keras_serializable
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.regularizers.regularizers import RegularizerLike


@register_keras_serializable("keras1")
class Highway(Layer):
    """`t * activation(x @ kernel + bias) + (1 - t) * x` (Srivastava et al., 2015).

    The gate is `t = sigmoid(x @ carry_kernel + carry_bias)`.

    Args:
        activation: activation of what is not passed.
        use_bias: whether biases are added.
        transform_bias: what the gate's bias begins with; negative values pass more.
        kernel_initializer, kernel_regularizer, kernel_constraint: of the kernel.
        bias_initializer, bias_regularizer, bias_constraint: of the bias.
        carry_kernel_initializer, carry_bias_initializer: of the gate's; the kernel's initializer and
            `transform_bias` if None.

    Input and output: `(batch, n)`.

    Example:

    >>> import numpy as np
    >>> from minikeras.compat.keras1.highway import Highway
    >>> Highway(activation="relu")(np.ones((2, 5))).shape
    (2, 5)
    """

    def __init__(
        self,
        activation: ActivationLike = None,
        use_bias: bool = True,
        transform_bias: float = 1.0,
        kernel_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        carry_kernel_initializer: InitializerLike = None,
        carry_bias_initializer: InitializerLike = None,
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.transform_bias = transform_bias
        if carry_kernel_initializer is None:
            carry_kernel_initializer = _another(initializers.get(kernel_initializer))
        carry_bias_initializer = carry_bias_initializer or initializers.Constant(transform_bias)
        self._keep_weight_arguments(locals())
        self.bias = self.carry_bias = None
        self.input_spec = InputSpec(ndim=2)

    def build(self, input_shape: tuple) -> None:
        n = input_shape[-1]
        self.kernel = self._weight("kernel", (n, n))
        self.carry_kernel = self._weight("carry_kernel", (n, n))
        if self.use_bias:
            self.bias = self._weight("bias", (n,))
            self.carry_bias = self._weight("carry_bias", (n,))
        self.input_spec = InputSpec(ndim=2, axes={-1: n})

    def call(self, inputs: Any) -> Any:
        gate = ops.matmul(inputs, self.carry_kernel)
        y = ops.matmul(inputs, self.kernel)
        if self.use_bias:
            gate, y = gate + self.carry_bias, y + self.bias
        gate = ops.sigmoid(gate)
        if self.activation is not None:
            y = self.activation(y)
        return gate * y + (1 - gate) * inputs

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape


def _another(initializer: Any) -> Any:
    """Return an initializer of the same kind that draws other numbers."""
    if not isinstance(initializer, initializers.Initializer):
        return initializer
    return type(initializer).from_config(initializer.get_config())
