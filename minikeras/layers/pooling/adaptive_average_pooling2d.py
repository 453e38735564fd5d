"""`AdaptiveAveragePooling2D`."""

from __future__ import annotations

from minikeras.layers.pooling.base_adaptive_pooling import BaseAdaptiveAveragePooling


class AdaptiveAveragePooling2D(BaseAdaptiveAveragePooling):
    """Takes the mean of as many windows of images as asked for, channel by channel.

    Args:
        output_size: number of windows, one number or one for each axis. See `ops.adaptive_average_pool`.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input: `(batch, height, width, channels)`. Output: the same with `output_size` positions.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.AdaptiveAveragePooling2D(4)(np.ones((2, 9, 7, 3))).shape
    (2, 4, 4, 3)
    """

    rank = 2
