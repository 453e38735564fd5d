"""What transposed convolutional layers share."""

from __future__ import annotations

from typing import Any

from minikeras.activations.activations import ActivationLike
from minikeras.common.arguments import PositiveInt, standardize_tuple
from minikeras.common.configurable import accepted
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.kernels.activations import Fused
from minikeras.layers.convolutional.base_conv import WindowedLayer
from minikeras.ops.convolution import (
    CONV_TRANSPOSE,
    conv_transpose_output_shape,
    transposed_windows,
)
from minikeras.regularizers.regularizers import RegularizerLike


class BaseConvTranspose(WindowedLayer):
    """Transposed convolution of images of `rank` spatial axes."""

    def __init__(
        self,
        filters: PositiveInt,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: ActivationLike = None,
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
        super().__init__(**accepted(WindowedLayer, locals()), **kwargs)
        self.filters = self._positive("filters", filters)
        owner = type(self).__name__
        if output_padding is not None:
            output_padding = standardize_tuple(
                output_padding, self.rank, "output_padding", owner, allow_zero=True
            )
            if any(extra >= s for extra, s in zip(output_padding, self.strides)):
                raise ValueError(
                    f"{owner}: `output_padding` must be less than `strides` on every axis. "
                    f"Received: output_padding={output_padding}, strides={self.strides}"
                )
        self.output_padding = output_padding
        self._keep_weight_arguments(locals())

    def build(self, input_shape: tuple) -> None:
        channels = self._channels(input_shape)
        self.kernel = self._weight("kernel", (*self.kernel_size, self.filters, channels))
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        kernel, bias, _, options = self._with_following(inputs, self.kernel)

        def compute(x: Any, activation: Fused | None) -> Any:
            w = transposed_windows(
                tuple(x.shape[1:-1]),
                self.kernel_size,
                self.strides,
                self.padding,
                self.output_padding,
                self.dilation_rate,
            )
            return CONV_TRANSPOSE(x, kernel, bias, w=w, activation=activation, **options)

        return self._activate(inputs, compute)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return conv_transpose_output_shape(
            tuple(input_shape),
            self.filters,
            self.kernel_size,
            self.strides,
            self.padding,
            self.output_padding,
            self.data_format,
            self.dilation_rate,
        )
