"""`Cropping3D`."""

from __future__ import annotations

from typing import Any

from minikeras.layers.reshaping.base_border import Cropping, standardize_border


class Cropping3D(Cropping):
    """Cuts borders off volumes.

    Args:
        cropping: one number for all sides, one for each axis, or a pair for each axis.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input: `(batch, depth, height, width, channels)`. Output: the same with other sizes.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Cropping3D(1)(np.ones((2, 4, 4, 4, 3))).shape
    (2, 2, 2, 2, 3)
    """

    def __init__(
        self,
        cropping: Any = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        border = standardize_border(cropping, 3, "cropping", "Cropping3D")
        super().__init__(border, data_format, **kwargs)
        self.cropping = border

    def get_config(self) -> dict:
        return {**super().get_config(), "cropping": self.cropping, "data_format": self.data_format}
