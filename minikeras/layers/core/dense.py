"""`Dense`: every output sees every input."""

from __future__ import annotations

import functools
from typing import Any

from minikeras import activations
from minikeras.activations.activations import LINEAR, ActivationLike
from minikeras.autodiff.state import thread
from minikeras.common.arguments import PositiveInt
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.kernels.activations import RELU, SOFTMAX
from minikeras.layers.core.split_product import split_product
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.layers.lora import adapted_weight
from minikeras.layers.quantization.quantizable import QuantizableLayer
from minikeras.layers.quantization.weights import QuantizedWeight
from minikeras.ops.activations import warn_of_constant_softmax
from minikeras.ops.dense import DENSE
from minikeras.ops.products import matmul
from minikeras.random.seed_generator import draw_key
from minikeras.regularizers.regularizers import RegularizerLike


class Dense(QuantizableLayer):
    """`activation(inputs @ kernel + bias)`, over the last axis.

    Args:
        units: number of outputs.
        activation: activation function or its name, None for none.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: initializers of the weights.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, bias_constraint: constraints of the weights.
        lora_rank, lora_alpha: rank and scale of an adaptation that is trained in place of the kernel, None
            for none. See `enable_lora`.
        quantization_config: what a quantized layer was told by `quantize`.

    Input: `(batch, ..., n)`. Output: `(batch, ..., units)`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Dense(4, activation="relu")(np.ones((2, 3))).shape
    (2, 4)
    """

    kernel = adapted_weight("kernel")

    def __init__(
        self,
        units: PositiveInt,
        activation: ActivationLike = None,
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        lora_rank: PositiveInt | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        lora = {"lora_rank": lora_rank, "lora_alpha": lora_alpha}
        super().__init__(activity_regularizer=activity_regularizer, **lora, **kwargs)
        self.units = int(units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self._keep_weight_arguments(locals())
        self.quantization_config = quantization_config
        self.bias = None
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: tuple) -> None:
        n = input_shape[-1]
        if n is None:
            raise ValueError(
                f"Layer '{self.name}': the last axis of the inputs must have a known size. "
                f"Received: input_shape={input_shape}"
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: n})
        self._large_weight("kernel", (n, self.units))
        if self.use_bias:
            self.bias = self._weight("bias", (self.units,))
        self._enable_lora_as_made()

    def call(self, inputs: Any, training: Any = None) -> Any:
        fused = activations.fused(self.activation)
        kernel = self.kernel if self.lora_enabled else self._kernel  # the property takes its time
        if kernel._split is not None:
            return self._split_call(inputs)
        dropout = None
        if thread.state.following and self._computes_as(Dense):
            if self.activation in LINEAR:
                fused = self._take_activation()
            if fused is RELU and (taken := self._take_dropout()) is not None:
                dropout = taken[0], draw_key(taken[1])
        if dropout is None:
            y = DENSE(inputs, kernel, self.bias, activation=fused)
        else:
            y = DENSE(inputs, kernel, self.bias, activation=fused, dropout=dropout)
        if fused is SOFTMAX and self.units == 1:
            warn_of_constant_softmax(y.shape, -1)
        return self._activated(y, fused)

    def _may_take_over(self, following: Any) -> bool:
        if not self._computes_as(Dense) or not isinstance(following, Layer):
            return False
        if self.activation in LINEAR:
            return following._as_activation() is not None
        dropped = activations.fused(self.activation) is RELU
        return dropped and following._as_dropout() is not None

    def _split_call(self, inputs: Any) -> Any:
        """Do with this rank's part of the kernel what `call` does with the whole."""
        fused = activations.fused(self.activation)
        axis, last = self._kernel._split.axis, inputs.ndim - 1
        fused = None if axis == 0 or fused is SOFTMAX else fused  # which see all outputs at once
        y = split_product(
            inputs,
            self._kernel,
            self.bias,
            functools.partial(DENSE, activation=fused),
            summed=last if axis == 0 else None,
            kept=last if axis == 1 else None,
            bias_axis=0,
        )
        return self._activated(y, fused)

    # Quantized.

    def _quantized_weights(self) -> list[QuantizedWeight]:
        return [QuantizedWeight("kernel", (self.input_spec.axes[-1], self.units), summed=(0,))]

    quantization_modes = ("int8", "int4", "float8", "gptq", "awq")

    def quantized_call(self, inputs: Any, training: Any = None) -> Any:
        if self.quantization_mode == "float8":
            return self._float8_call(inputs, training)
        return self._after_product(self._quantized_product(inputs), inputs)

    def _product(self, inputs: Any, kernel: Any) -> Any:
        return matmul(inputs, kernel)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (*input_shape[:-1], self.units)
