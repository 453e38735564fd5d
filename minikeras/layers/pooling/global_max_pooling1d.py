"""`GlobalMaxPooling1D`."""

from __future__ import annotations

from typing import Any

from minikeras.layers.pooling.base_global_pooling import BaseGlobalMaxPooling


class GlobalMaxPooling1D(BaseGlobalMaxPooling):
    """Takes the largest element of each channel over all of steps.

    Args:
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        keepdims: whether reduced axes stay, with size 1.

    Input: `(batch, steps, channels)`. Output: `(batch, channels)`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.GlobalMaxPooling1D()(np.ones((2, 8, 3))).shape
    (2, 3)
    """

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(1, data_format, keepdims, **kwargs)
