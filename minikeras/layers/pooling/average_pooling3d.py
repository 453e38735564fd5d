"""`AveragePooling3D`."""

from __future__ import annotations

from minikeras.layers.pooling.base_pooling import BaseAveragePooling


class AveragePooling3D(BaseAveragePooling):
    """Takes the mean of each window of volumes, channel by channel.

    Args:
        pool_size: size of the window, one number or one for each axis.
        strides: step of the window, `pool_size` if None.
        padding: `"valid"`, or `"same"` for one output to every stride; padding does not count.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input: `(batch, depth, height, width, channels)`. Output: the same with new positions.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.AveragePooling3D(2)(np.ones((2, 8, 8, 8, 3))).shape
    (2, 4, 4, 4, 3)
    """

    rank = 3
