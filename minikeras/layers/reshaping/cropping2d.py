"""`Cropping2D`."""

from __future__ import annotations

from minikeras.layers.reshaping.base_border import Cropping


class Cropping2D(Cropping, defaults={"cropping": ((0, 0), (0, 0))}):
    """Cuts borders off images.

    Args:
        cropping: one number for all sides, one for each of height, width, or a pair for each.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input: `(batch, height, width, channels)`. Output: the same with other sizes.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Cropping2D(1)(np.ones((2, 4, 4, 3))).shape
    (2, 2, 2, 3)
    """

    rank = 2
