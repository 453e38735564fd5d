"""`Cropping1D`."""

from __future__ import annotations

from typing import Any

from minikeras.layers.reshaping.base_border import Cropping


class Cropping1D(Cropping):
    """Cuts borders off series.

    Args:
        cropping: how many steps at both ends, or a pair of numbers for the two ends.

    Input: `(batch, steps, channels)`. Output: the same with other sizes.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Cropping1D(1)(np.ones((2, 4, 3))).shape
    (2, 2, 3)
    """

    argument_sources = {"data_format": None}

    rank = 1

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, "channels_last", **kwargs)
