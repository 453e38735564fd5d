"""What separable convolutional layers share."""

from __future__ import annotations

from typing import Any

from minikeras import constraints, initializers, regularizers
from minikeras.layers.convolutional.base_conv import WindowedLayer
from minikeras.ops.convolution import CONV, DEPTHWISE_CONV


class BaseSeparableConv(WindowedLayer):
    """Convolution of each channel by itself, then a mixture of channels in each pixel."""

    def __init__(
        self,
        rank: int,
        depth_multiplier: int,
        filters: int,
        kernel_size: Any,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rank, kernel_size, strides_and_dilation=True, **kwargs)
        self.depth_multiplier = self._positive("depth_multiplier", depth_multiplier)
        self.filters = self._positive("filters", filters)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape: tuple) -> None:
        channels = self._channels(input_shape)
        self.compute_output_shape(input_shape)
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.pointwise_kernel = self.add_weight(
            name="pointwise_kernel",
            shape=(*(1,) * self.rank, channels * self.depth_multiplier, self.filters),
            initializer=self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        ones = (1,) * self.rank

        def compute(x: Any, activation: str | None) -> Any:
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
                self.pointwise_kernel,
                self.bias,
                strides=ones,
                padding="valid",
                dilation=ones,
                groups=1,
                activation=activation,
            )

        return self._activate(inputs, compute)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return self._output_shape(input_shape, self.filters)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "depth_multiplier": self.depth_multiplier,
            "filters": self.filters,
            **self._windows_config(),
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "pointwise_initializer": initializers.serialize(self.pointwise_initializer),
            "depthwise_regularizer": regularizers.serialize(self.depthwise_regularizer),
            "pointwise_regularizer": regularizers.serialize(self.pointwise_regularizer),
            "depthwise_constraint": constraints.serialize(self.depthwise_constraint),
            "pointwise_constraint": constraints.serialize(self.pointwise_constraint),
        }
