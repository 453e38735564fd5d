"""What depthwise convolutional layers share."""

from __future__ import annotations

from typing import Any

from minikeras.common.configurable import accepted
from minikeras.layers.convolutional.base_conv import WindowedLayer
from minikeras.ops.convolution import DEPTHWISE_CONV


class BaseDepthwiseConv(WindowedLayer):
    """Convolution of each channel by itself, of images of `rank` spatial axes."""

    _strides_and_dilation = True

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
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

    def call(self, inputs: Any) -> Any:
        return self._activate(
            inputs,
            lambda x, activation: DEPTHWISE_CONV(
                x,
                self.kernel,
                self.bias,
                strides=self.strides,
                padding=self.padding,
                dilation=self.dilation_rate,
                activation=activation,
            ),
        )

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        channels = input_shape[1 if self.data_format == "channels_first" else -1]
        return self._output_shape(input_shape, channels * self.depth_multiplier)
