"""`Conv1D`."""

from __future__ import annotations

from typing import Any

from minikeras.layers.convolutional.base_conv import BaseConv


class Conv1D(BaseConv):
    """Convolution of series: each window of the input, times a kernel, is one output.

    Args:
        filters: number of outputs of each window.
        kernel_size: size of the window, one number.
        strides: step of the window, one number.
        padding: `"valid"`, `"same"`, or `"causal"`: outputs see no later inputs.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        dilation_rate: distance of the window's elements, one number.
        groups: number of groups of channels that are convolved by themselves.
        activation: activation function or its name, None for none.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: initializers of the weights.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, bias_constraint: constraints of the weights.

    Input: `(batch, steps, channels)`.
    Output: the same with new positions and `filters` channels.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Conv1D(4, 3, activation="relu")(np.ones((2, 8, 3))).shape
    (2, 6, 4)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            rank=1,
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            groups=groups,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            paddings=("valid", "same", "causal"),
            **kwargs,
        )
