"""`ZeroPadding3D`."""

from __future__ import annotations

from typing import Any

from minikeras.layers.reshaping.base_border import ZeroPadding, standardize_border


class ZeroPadding3D(ZeroPadding):
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

    def __init__(
        self, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        border = standardize_border(padding, 3, "padding", "ZeroPadding3D")
        super().__init__(border, data_format, **kwargs)
        self.padding = border

    def get_config(self) -> dict:
        return {**super().get_config(), "padding": self.padding, "data_format": self.data_format}
