"""`BaseAffineLayer`: what layers share that move pixels along straight lines."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from minikeras import ops
from minikeras.layers.preprocessing.image_preprocessing.base_geometry_layer import (
    BaseGeometryLayer,
)
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Transformation,
)

FillMode = Literal["reflect", "wrap", "constant", "nearest"]
Interpolation = Literal["nearest", "bilinear"]


class BaseAffineLayer(BaseGeometryLayer):
    """Base of the layers that take each pixel from a place that is an affine function of its own.

    A subclass gives these functions in `_matrices`.
    """

    fill_mode: str
    fill_value: float

    def _matrices(self, transformation: Transformation, height: int, width: int) -> Any:
        """Return eight numbers for each image, as `ops.image.affine_transform` takes them."""
        raise NotImplementedError

    def _transform_images(
        self, images: Any, transformation: Transformation, interpolation: str
    ) -> Any:
        if transformation is None:
            return images
        return ops.image.affine_transform(
            images,
            self._matrices(transformation, *self._size_of(images)),
            interpolation=interpolation,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )


def matrices(like: np.ndarray, *entries: Any) -> np.ndarray:
    """Return the numbers of affine transformations, `(batch, 8)`.

    Args:
        like: an array with one number for each image.
        *entries: `a0, a1, a2, b0, b1, b2`: numbers, or arrays like that. The pixel at `(x, y)` comes
            from `(a0 x + a1 y + a2, b0 x + b1 y + b2)`.
    """
    columns = [np.broadcast_to(np.asarray(e, like.dtype), like.shape) for e in (*entries, 0, 0)]
    return np.stack(columns, axis=-1)
