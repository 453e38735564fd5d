"""What convolutional layers share."""

from __future__ import annotations

from typing import Any

from minikeras import activations, constraints, initializers, regularizers
from minikeras.common.arguments import standardize_padding, standardize_tuple
from minikeras.common.settings import standardize_data_format
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.ops.convolution import CONV, conv_output_shape, in_channels_last


class WindowedLayer(Layer):
    """A layer that slides windows with weights over images: arguments, checks, bias, activation.

    Subclasses name their kernels and compute.

    Args:
        rank: number of spatial axes.
        kernel_size, strides, padding, data_format, dilation_rate: how windows slide.
        activation: activation function or its name.
        use_bias: whether a bias is added.
        bias_initializer, bias_regularizer, bias_constraint: of the bias.
        strides_and_dilation: whether both may be more than one.
        paddings: kinds of padding that are known.
    """

    def __init__(
        self,
        rank: int,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        bias_constraint: Any,
        strides_and_dilation: bool = False,
        paddings: tuple = ("valid", "same"),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.rank = rank
        self.kernel_size = standardize_tuple(kernel_size, rank, "kernel_size", owner)
        self.strides = standardize_tuple(strides, rank, "strides", owner)
        self.dilation_rate = standardize_tuple(dilation_rate, rank, "dilation_rate", owner)
        self.padding = standardize_padding(padding, owner, paddings)
        self.data_format = standardize_data_format(data_format)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1 and not strides_and_dilation:
            raise ValueError(
                f"{owner}: `strides` and `dilation_rate` cannot both be more than 1. "
                f"Received: strides={self.strides} and dilation_rate={self.dilation_rate}"
            )
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.bias = None
        self.input_spec = InputSpec(min_ndim=rank + 2, max_ndim=rank + 2)

    def _positive(self, name: str, value: Any) -> int:
        return standardize_tuple(value, 1, name, type(self).__name__)[0]

    def _channels(self, input_shape: tuple) -> int:
        """Return the number of channels, and expect it from now on."""
        if len(input_shape) != self.rank + 2:
            raise ValueError(
                f"Layer '{self.name}' takes inputs of {self.rank + 2} axes. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        axis = 1 if self.data_format == "channels_first" else -1
        channels = input_shape[axis]
        if channels is None:
            raise ValueError(
                f"Layer '{self.name}': the channels axis of the inputs must have a known size. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={axis: channels})
        return channels

    def _add_bias(self, filters: int) -> None:
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(filters,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _activate(self, inputs: Any, compute: Any) -> Any:
        """Return `compute(images, fused activation)` on images with channels last, activated."""
        fused = activations.fused_name(self.activation)
        # Softmax runs over the last axis, which is that of the channels only here.
        if fused == "softmax" and self.data_format == "channels_first":
            fused = None
        y = in_channels_last(inputs, self.data_format, lambda x: compute(x, fused or None))
        return y if fused is not None else self.activation(y)

    def _output_shape(self, input_shape: tuple, filters: int) -> tuple:
        return conv_output_shape(
            tuple(input_shape),
            filters,
            self.kernel_size,
            self.strides,
            self.padding,
            self.data_format,
            self.dilation_rate,
            f"Layer '{self.name}'",
        )

    def _windows_config(self) -> dict:
        return {
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


class BaseConv(WindowedLayer):
    """Convolution of images of `rank` spatial axes."""

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        groups: int = 1,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        kernel_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rank, kernel_size, **kwargs)
        self.filters = self._positive("filters", filters)
        self.groups = self._positive("groups", groups)
        if self.filters % self.groups:
            raise ValueError(
                f"{type(self).__name__}: `filters` must be a multiple of `groups`. "
                f"Received: filters={filters}, groups={groups}"
            )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def build(self, input_shape: tuple) -> None:
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"Layer '{self.name}': the inputs' channels must be a multiple of `groups`. "
                f"Received: groups={self.groups}, input_shape={tuple(input_shape)}"
            )
        self.compute_output_shape(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels // self.groups, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        return self._activate(
            inputs,
            lambda x, activation: CONV(
                x,
                self.kernel,
                self.bias,
                strides=self.strides,
                padding=self.padding,
                dilation=self.dilation_rate,
                groups=self.groups,
                activation=activation,
            ),
        )

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return self._output_shape(input_shape, self.filters)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "filters": self.filters,
            "groups": self.groups,
            **self._windows_config(),
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
        }
