"""Convolutions with Theano's border mode `"full"`: wherever kernel and image meet."""

from __future__ import annotations

from typing import Any, Literal

from minikeras import ops
from minikeras.common.arguments import PositiveInt
from minikeras.common.registry import register_keras_serializable
from minikeras.layers.convolutional.conv1d import Conv1D
from minikeras.layers.convolutional.conv2d import Conv2D
from minikeras.layers.convolutional.conv3d import Conv3D


class _Full:
    """Pads the images with zeros, one less than the kernel on each side, before it convolves them."""

    argument_sources = {"padding": lambda layer: "full"}

    def __init__(
        self,
        filters: PositiveInt,
        kernel_size: Any,
        strides: Any = 1,
        padding: Literal["full"] = "full",
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, kernel_size, strides, "valid", **kwargs)

    def _margins(self) -> list[int]:
        return [(k - 1) * d for k, d in zip(self.kernel_size, self.dilation_rate)]

    def call(self, inputs: Any) -> Any:
        sides = [(m, m) for m in self._margins()]
        if self.data_format == "channels_first":
            return super().call(ops.pad(inputs, [(0, 0), (0, 0), *sides]))
        return super().call(ops.pad(inputs, [(0, 0), *sides, (0, 0)]))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        first = 2 if self.data_format == "channels_first" else 1
        shape = list(input_shape)
        for axis, margin in enumerate(self._margins(), first):
            shape[axis] = None if shape[axis] is None else shape[axis] + 2 * margin
        return super().compute_output_shape(tuple(shape))


@register_keras_serializable("keras1")
class FullConv1D(_Full, Conv1D):
    """`Conv1D` with padding `"full"`."""


@register_keras_serializable("keras1")
class FullConv2D(_Full, Conv2D):
    """`Conv2D` with padding `"full"`.

    Example:

    >>> import numpy as np
    >>> from minikeras.compat.keras1.full_convolution import FullConv2D
    >>> FullConv2D(4, 3)(np.ones((1, 8, 8, 1))).shape
    (1, 10, 10, 4)
    """


@register_keras_serializable("keras1")
class FullConv3D(_Full, Conv3D):
    """`Conv3D` with padding `"full"`."""
