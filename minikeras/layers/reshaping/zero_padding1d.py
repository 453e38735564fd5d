"""`ZeroPadding1D`."""

from __future__ import annotations

from minikeras.layers.reshaping.base_border import ZeroPadding


class ZeroPadding1D(ZeroPadding):
    """Puts zeros around series.

    Args:
        padding: how many steps at both ends, or a pair of numbers for the two ends.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input: `(batch, steps, channels)`. Output: the same with other sizes.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.ZeroPadding1D(1)(np.ones((2, 4, 3))).shape
    (2, 6, 3)
    """

    rank = 1
