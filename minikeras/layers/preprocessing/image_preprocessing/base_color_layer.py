"""`BaseColorLayer`: what layers share that change pixels where they are."""

from __future__ import annotations

from typing import Any

from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
    Transformation,
)


class BaseColorLayer(BaseImagePreprocessingLayer):
    """Base of the layers that leave labels, boxes and masks as they are."""

    def transform_labels(
        self, labels: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        return labels

    def transform_bounding_boxes(
        self, bounding_boxes: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        return bounding_boxes

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        return segmentation_masks
