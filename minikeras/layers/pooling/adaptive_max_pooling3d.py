"""`AdaptiveMaxPooling3D`."""

from __future__ import annotations

from minikeras.layers.pooling.base_adaptive_pooling import BaseAdaptiveMaxPooling


class AdaptiveMaxPooling3D(BaseAdaptiveMaxPooling):
    """Takes the largest element of as many windows of volumes as asked for, channel by channel.

    Args:
        output_size: number of windows, one number or one for each axis. See `ops.adaptive_max_pool`.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input: `(batch, depth, height, width, channels)`. Output: the same with `output_size` positions.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.AdaptiveMaxPooling3D(4)(np.ones((1, 5, 5, 5, 2))).shape
    (1, 4, 4, 4, 2)
    """

    rank = 3
