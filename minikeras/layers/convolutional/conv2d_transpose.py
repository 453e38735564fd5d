"""`Conv2DTranspose`."""

from __future__ import annotations

from minikeras.layers.convolutional.base_conv_transpose import BaseConvTranspose


class Conv2DTranspose(BaseConvTranspose, defaults={"strides": (1, 1), "dilation_rate": (1, 1)}):
    """Transposed convolution of images: each input, times a kernel, goes to a window.

    Args:
        filters: number of channels of the output.
        kernel_size: size of the window, one number or one for each axis.
        strides: step of the window, one number or one for each axis.
        padding: `"valid"`, or `"same"` for `strides` outputs to every input.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        dilation_rate: distance of the window's elements, one number or one for each axis.
        output_padding: how much longer the output is, at the end of each axis, than the smallest
            one
            possible; None for what `padding` says.
        activation: activation function or its name, None for none.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: initializers of the weights.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, bias_constraint: constraints of the weights.

    Input: `(batch, height, width, channels)`.
    Output: the same with new positions and `filters` channels.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Conv2DTranspose(4, 3, strides=2, padding="same")(np.ones((2, 4, 4, 3))).shape
    (2, 8, 8, 4)
    """

    rank = 2
