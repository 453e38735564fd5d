"""What separable convolutional layers share."""

from __future__ import annotations

from typing import Any

from minikeras.activations.activations import ActivationLike
from minikeras.common.arguments import PositiveInt
from minikeras.common.configurable import accepted
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.kernels.activations import Fused
from minikeras.layers.convolutional.base_conv import WindowedLayer
from minikeras.ops.convolution import CONV, DEPTHWISE_CONV
from minikeras.regularizers.regularizers import RegularizerLike


class BaseSeparableConv(WindowedLayer):
    """Convolution of each channel by itself, then a mixture of channels in each pixel."""

    _strides_and_dilation = True

    def __init__(
        self,
        filters: PositiveInt,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: PositiveInt = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        depthwise_initializer: InitializerLike = "glorot_uniform",
        pointwise_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        depthwise_regularizer: RegularizerLike = None,
        pointwise_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        depthwise_constraint: ConstraintLike = None,
        pointwise_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**accepted(WindowedLayer, locals()), **kwargs)
        self.depth_multiplier = self._positive("depth_multiplier", depth_multiplier)
        self.filters = self._positive("filters", filters)
        self._keep_weight_arguments(locals())

    def build(self, input_shape: tuple) -> None:
        channels = self._channels(input_shape)
        self.compute_output_shape(input_shape)
        self.depthwise_kernel = self._weight(
            "depthwise_kernel", (*self.kernel_size, channels, self.depth_multiplier), of="depthwise"
        )
        self.pointwise_kernel = self._weight(
            "pointwise_kernel",
            (*(1,) * self.rank, channels * self.depth_multiplier, self.filters),
            of="pointwise",
        )
        self._add_bias(self.filters)

    @property
    def _has_own_call(self) -> bool:
        return self._computes_as(BaseSeparableConv)

    def call(self, inputs: Any) -> Any:
        ones = (1,) * self.rank
        pointwise, bias, taken, _ = self._with_following(inputs, self.pointwise_kernel)

        def compute(x: Any, activation: Fused | None) -> Any:
            y = DEPTHWISE_CONV(
                x,
                self.depthwise_kernel,
                None,
                strides=self.strides,
                padding=self.padding,
                dilation=self.dilation_rate,
                activation=None,
            )
            return CONV(
                y,
                pointwise,
                bias,
                strides=ones,
                padding="valid",
                dilation=ones,
                groups=1,
                activation=activation,
            )

        return self._activate(inputs, compute, taken)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return self._output_shape(input_shape, self.filters)
