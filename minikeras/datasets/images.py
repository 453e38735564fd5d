"""Images in the order of axes that is the default."""

from __future__ import annotations

import numpy as np

from minikeras.common.settings import settings


def as_configured(rows: np.ndarray) -> np.ndarray:
    """Return images of 32 x 32 pixels from rows of bytes: all red ones, all green ones, all blue ones."""
    images = np.asarray(rows).reshape(-1, 3, 32, 32)
    return images.transpose(0, 2, 3, 1) if settings.image_data_format == "channels_last" else images
