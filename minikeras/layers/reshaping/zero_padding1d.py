"""`ZeroPadding1D`."""

from __future__ import annotations

from typing import Any

from minikeras.common.arguments import standardize_tuple
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

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        border = (standardize_tuple(padding, 2, "padding", "ZeroPadding1D", allow_zero=True),)
        super().__init__(border, data_format, **kwargs)
        self.padding = border[0]

    def get_config(self) -> dict:
        return {**super().get_config(), "padding": self.padding, "data_format": self.data_format}
