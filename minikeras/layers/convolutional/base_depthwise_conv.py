"""What depthwise convolutional layers share."""

from __future__ import annotations

from typing import Any

from minikeras.activations.activations import ActivationLike
from minikeras.common.arguments import PositiveInt
from minikeras.common.configurable import accepted
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.layers.convolutional.base_conv import WindowedLayer
from minikeras.ops.convolution import DEPTHWISE_CONV
from minikeras.regularizers.regularizers import RegularizerLike


class BaseDepthwiseConv(WindowedLayer):
    """Convolution of each channel by itself, of images of `rank` spatial axes."""

    _strides_and_dilation = True
    _filter_axes = -2

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: PositiveInt = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        depthwise_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        depthwise_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        depthwise_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**accepted(WindowedLayer, locals()), **kwargs)
        self.depth_multiplier = self._positive("depth_multiplier", depth_multiplier)
        self._keep_weight_arguments(locals())

    def build(self, input_shape: tuple) -> None:
        channels = self._channels(input_shape)
        self.compute_output_shape(input_shape)
        self.kernel = self._weight(
            "kernel", (*self.kernel_size, channels, self.depth_multiplier), of="depthwise"
        )
        self._add_bias(channels * self.depth_multiplier)

    @property
    def _has_own_call(self) -> bool:
        return self._computes_as(BaseDepthwiseConv)

    def call(self, inputs: Any) -> Any:
        kernel, bias, taken, options = self._with_following(inputs, self.kernel)
        return self._activate(
            inputs,
            lambda x, activation: DEPTHWISE_CONV(
                x,
                kernel,
                bias,
                strides=self.strides,
                padding=self.padding,
                dilation=self.dilation_rate,
                activation=activation,
                **options,
            ),
            taken,
        )

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        channels = input_shape[1 if self.data_format == "channels_first" else -1]
        return self._output_shape(input_shape, channels * self.depth_multiplier)
