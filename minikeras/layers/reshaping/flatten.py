"""`Flatten`: one axis per example."""

from __future__ import annotations

import math
from typing import Any

from minikeras.common.settings import standardize_data_format
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.ops import reshape, transpose


class Flatten(Layer):
    """Makes one axis of all but the batch axis.

    Args:
        data_format: `"channels_first"` moves the channels to the end first.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Flatten()(np.ones((2, 3, 4))).shape
    (2, 12)
    """

    _keeps_dtype = True

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)
        self._channels_first = self.data_format == "channels_first"

    def call(self, inputs: Any) -> Any:
        n = len(inputs.shape)
        if self._channels_first and n > 2:
            inputs = transpose(inputs, (0, *range(2, n), 1))
        return reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        rest = input_shape[1:]
        return (input_shape[0], None if None in rest else math.prod(rest))
