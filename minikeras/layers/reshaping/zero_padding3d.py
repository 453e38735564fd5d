"""`ZeroPadding3D`."""

from __future__ import annotations

from minikeras.layers.reshaping.base_border import ZeroPadding


class ZeroPadding3D(ZeroPadding, defaults={"padding": ((1, 1), (1, 1), (1, 1))}):
    """Puts zeros around volumes.

    Args:
        padding: one number for all sides, one for each axis, or a pair for each axis.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input: `(batch, depth, height, width, channels)`. Output: the same with other sizes.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.ZeroPadding3D(1)(np.ones((2, 4, 4, 4, 3))).shape
    (2, 6, 6, 6, 3)
    """

    rank = 3
