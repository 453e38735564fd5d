"""`Conv1DTranspose`."""

from __future__ import annotations

from minikeras.layers.convolutional.base_conv_transpose import BaseConvTranspose


class Conv1DTranspose(BaseConvTranspose):
    """Transposed convolution of series: each input, times a kernel, goes to a window.

    Args:
        filters: number of channels of the output.
        kernel_size: size of the window, one number.
        strides: step of the window, one number.
        padding: `"valid"`, or `"same"` for `strides` outputs to every input.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        dilation_rate: distance of the window's elements, one number.
        output_padding: how much longer the output is, at the end of each axis, than the smallest
            one
            possible; None for what `padding` says.
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
    >>> layers.Conv1DTranspose(4, 3, strides=2, padding="same")(np.ones((2, 4, 3))).shape
    (2, 8, 4)
    """

    rank = 1
