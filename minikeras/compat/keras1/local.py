"""`LocallyConnected1D` and `LocallyConnected2D`: convolutions whose kernel differs from place to place."""

from __future__ import annotations

import itertools
from typing import Any

from minikeras import ops
from minikeras.activations.activations import ActivationLike
from minikeras.common.arguments import PositiveInt
from minikeras.common.configurable import accepted
from minikeras.common.registry import register_keras_serializable
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.layers.convolutional.base_conv import WindowedLayer
from minikeras.layers.input_spec import InputSpec
from minikeras.regularizers.regularizers import RegularizerLike


class _LocallyConnected(WindowedLayer):
    """A convolution with a kernel and a bias of its own at every place of the output."""

    _paddings = ("valid",)

    def __init__(
        self,
        filters: PositiveInt,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
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
        given = {**locals(), "dilation_rate": 1}
        super().__init__(**accepted(WindowedLayer, given), **kwargs)
        self.filters = self._positive("filters", filters)
        self._keep_weight_arguments(locals())

    argument_sources = {"dilation_rate": None}

    def build(self, input_shape: tuple) -> None:
        channels = self._channels(input_shape)
        places = self._places(self.compute_output_shape(input_shape))
        if None in places:
            raise ValueError(
                f"Layer '{self.name}': the spatial axes of the inputs must have known sizes. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        n, window = 1, channels
        for size, k in zip(places, self.kernel_size):
            n, window = n * size, window * k
        self.kernel = self._weight("kernel", (n, window, self.filters))
        if self.use_bias:
            self.bias = self._weight("bias", (*places, self.filters))
        self.input_spec = InputSpec(ndim=self.rank + 2, axes=dict(enumerate(input_shape[1:], 1)))

    def _places(self, shape: tuple) -> tuple:
        """Return the spatial sizes of a shape."""
        return tuple(shape[2:] if self.data_format == "channels_first" else shape[1:-1])

    def call(self, inputs: Any) -> Any:
        first = self.data_format == "channels_first"
        x = ops.moveaxis(inputs, 1, -1) if first else inputs
        sizes = self._places(self.compute_output_shape(tuple(inputs.shape)))
        batch = ops.shape(x)[0]
        windows = []
        for place in itertools.product(*map(range, sizes)):
            steps = zip(place, self.strides, self.kernel_size)
            window = x[(slice(None), *(slice(i * s, i * s + k) for i, s, k in steps))]
            windows.append(ops.reshape(window, (1, batch, -1)))
        y = ops.matmul(ops.concatenate(windows, axis=0), self.kernel)  # (places, batch, filters)
        y = ops.reshape(ops.transpose(y, (1, 0, 2)), (batch, *sizes, self.filters))
        if self.bias is not None:
            y = y + self.bias
        if self.activation is not None:
            y = self.activation(y)
        return ops.moveaxis(y, -1, 1) if first else y

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return self._output_shape(input_shape, self.filters)


@register_keras_serializable("keras1")
class LocallyConnected1D(_LocallyConnected):
    """`Conv1D` with unshared weights.

    Args:
        filters, kernel_size, strides, activation, ...: as in `Conv1D`; the padding is `"valid"`.

    Input: `(batch, steps, channels)`. Output: `(batch, places, filters)`. Kernel: `(places, window,
    filters)`, where a window has `kernel_size * channels` numbers.

    Example:

    >>> import numpy as np
    >>> from minikeras.compat.keras1.local import LocallyConnected1D
    >>> LocallyConnected1D(4, 3)(np.ones((2, 8, 1))).shape
    (2, 6, 4)
    """

    rank = 1


@register_keras_serializable("keras1")
class LocallyConnected2D(_LocallyConnected):
    """`Conv2D` with unshared weights.

    Args:
        filters, kernel_size, strides, activation, ...: as in `Conv2D`; the padding is `"valid"`.

    Example:

    >>> import numpy as np
    >>> from minikeras.compat.keras1.local import LocallyConnected2D
    >>> LocallyConnected2D(4, 3)(np.ones((2, 8, 8, 1))).shape
    (2, 6, 6, 4)
    """

    rank = 2
