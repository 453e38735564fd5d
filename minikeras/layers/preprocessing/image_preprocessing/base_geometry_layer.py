"""`BaseGeometryLayer`: what layers share that move pixels."""

from __future__ import annotations

from typing import Any

from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
    Transformation,
    images_of,
)


class BaseGeometryLayer(BaseImagePreprocessingLayer):
    """Base of the layers that move pixels: boxes and masks go with them, labels stay."""

    def transform_labels(
        self, labels: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        return labels

    def _size_of(self, data: Any) -> tuple[int, int]:
        """Return height and width of the images."""
        shape = images_of(data).shape
        return shape[self.height_axis], shape[self.width_axis]
