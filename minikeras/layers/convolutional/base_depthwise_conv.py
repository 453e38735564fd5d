"""What depthwise convolutional layers share."""

from __future__ import annotations

from typing import Any

from minikeras import constraints, initializers, regularizers
from minikeras.layers.convolutional.base_conv import WindowedLayer
from minikeras.ops.convolution import DEPTHWISE_CONV


class BaseDepthwiseConv(WindowedLayer):
    """Convolution of each channel by itself, of images of `rank` spatial axes."""

    def __init__(
        self,
        rank: int,
        depth_multiplier: int,
        kernel_size: Any,
        depthwise_initializer: Any = "glorot_uniform",
        depthwise_regularizer: Any = None,
        depthwise_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rank, kernel_size, strides_and_dilation=True, **kwargs)
        self.depth_multiplier = self._positive("depth_multiplier", depth_multiplier)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def build(self, input_shape: tuple) -> None:
        channels = self._channels(input_shape)
        self.compute_output_shape(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
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

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "depth_multiplier": self.depth_multiplier,
            **self._windows_config(),
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "depthwise_regularizer": regularizers.serialize(self.depthwise_regularizer),
            "depthwise_constraint": constraints.serialize(self.depthwise_constraint),
        }
