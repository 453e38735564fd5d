"""`GlobalMaxPooling2D`."""

from __future__ import annotations

from minikeras.layers.pooling.base_global_pooling import BaseGlobalMaxPooling


class GlobalMaxPooling2D(BaseGlobalMaxPooling):
    """Takes the largest element of each channel over all of height, width.

    Args:
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        keepdims: whether reduced axes stay, with size 1.

    Input: `(batch, height, width, channels)`. Output: `(batch, channels)`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.GlobalMaxPooling2D()(np.ones((2, 8, 8, 3))).shape
    (2, 3)
    """

    rank = 2
