"""`DepthwiseConv2D`."""

from __future__ import annotations

from minikeras.layers.convolutional.base_depthwise_conv import BaseDepthwiseConv


class DepthwiseConv2D(BaseDepthwiseConv, defaults={"strides": (1, 1), "dilation_rate": (1, 1)}):
    """Convolution of each channel of images by itself.

    Args:
        kernel_size: size of the window, one number or one for each axis.
        depth_multiplier: number of outputs for each channel.
        strides: step of the window, one number or one for each axis.
        padding: `"valid"` for none, `"same"` for one output to every stride.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        dilation_rate: distance of the window's elements, one number or one for each axis.
        activation: activation function or its name, None for none.
        use_bias: whether a bias is added.
        depthwise_initializer, bias_initializer: initializers of the weights.
        depthwise_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        depthwise_constraint, bias_constraint: constraints of the weights.

    Input: `(batch, height, width, channels)`.
    Output: the same with new positions and `channels * depth_multiplier` channels.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.DepthwiseConv2D(3, depth_multiplier=2)(np.ones((2, 8, 8, 3))).shape
    (2, 6, 6, 6)
    """

    rank = 2
