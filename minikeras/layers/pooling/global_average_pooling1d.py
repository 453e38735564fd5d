"""`GlobalAveragePooling1D`."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.layers.layer import only_passes_on
from minikeras.layers.pooling.base_global_pooling import BaseGlobalAveragePooling


class GlobalAveragePooling1D(BaseGlobalAveragePooling):
    """Takes the mean of each channel over all of steps.

    Args:
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        keepdims: whether reduced axes stay, with size 1.

    A mask of the steps, `(batch, steps)`, leaves steps out of the mean.

    Input: `(batch, steps, channels)`. Output: `(batch, channels)`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.GlobalAveragePooling1D()(np.ones((2, 8, 3))).shape
    (2, 3)
    """

    rank = 1

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return super().call(inputs)
        axis = self._axes[0]
        counts = ops.cast(ops.expand_dims(ops.cast(mask, "bool"), 3 - axis), self.compute_dtype)
        total = ops.sum(ops.where(counts > 0, inputs, 0), axis=axis, keepdims=self.keepdims)
        return total / ops.sum(counts, axis=axis, keepdims=self.keepdims)

    @only_passes_on
    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """Without steps there is nothing to mask."""
        return None
