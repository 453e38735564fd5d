"""`Permute`: another order of axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.ops import transpose


class Permute(Layer):
    """Permutes the axes of each example.

    Args:
        dims: the new order, counted from 1; the batch axis stays first.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Permute((2, 1))(np.ones((2, 3, 4))).shape
    (2, 4, 3)
    """

    _keeps_dtype = True

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                "Permute: argument `dims` must be a permutation of the axes, counted from 1. "
                f"Received: dims={dims}"
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        return transpose(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (input_shape[0], *[input_shape[d] for d in self.dims])
