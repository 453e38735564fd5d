"""`ZeroPadding2D`."""

from __future__ import annotations

from minikeras.layers.reshaping.base_border import ZeroPadding


class ZeroPadding2D(ZeroPadding, defaults={"padding": (1, 1)}):
    """Puts zeros around images.

    Args:
        padding: one number for all sides, one for each of height, width, or a pair for each.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input: `(batch, height, width, channels)`. Output: the same with other sizes.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.ZeroPadding2D(1)(np.ones((2, 4, 4, 3))).shape
    (2, 6, 6, 3)
    """

    rank = 2
