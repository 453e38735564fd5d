"""`AdaptiveMaxPooling1D`."""

from __future__ import annotations

from minikeras.layers.pooling.base_adaptive_pooling import BaseAdaptiveMaxPooling


class AdaptiveMaxPooling1D(BaseAdaptiveMaxPooling):
    """Takes the largest element of as many windows of sequences as asked for, channel by channel.

    Args:
        output_size: number of windows. See `ops.adaptive_max_pool`.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input: `(batch, length, channels)`. Output: the same with `output_size` positions.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.AdaptiveMaxPooling1D(4)(np.ones((2, 9, 3))).shape
    (2, 4, 3)
    """

    rank = 1
