"""`Conv3DTranspose`."""

from __future__ import annotations

from typing import Any

from minikeras.activations.activations import ActivationLike
from minikeras.common.arguments import PositiveInt
from minikeras.common.configurable import accepted
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.layers.convolutional.base_conv_transpose import BaseConvTranspose
from minikeras.regularizers.regularizers import RegularizerLike


class Conv3DTranspose(BaseConvTranspose):
    """Transposed convolution of volumes: each input, times a kernel, goes to a window.

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

    Input: `(batch, depth, height, width, channels)`.
    Output: the same with new positions and `filters` channels.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Conv3DTranspose(4, 3, strides=2, padding="same")(np.ones((2, 4, 4, 4, 3))).shape
    (2, 8, 8, 8, 4)
    """

    rank = 3

    def __init__(
        self,
        filters: PositiveInt,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: Any = None,
        dilation_rate: Any = (1, 1, 1),
        activation: ActivationLike = None,
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**accepted(BaseConvTranspose, locals()), **kwargs)
