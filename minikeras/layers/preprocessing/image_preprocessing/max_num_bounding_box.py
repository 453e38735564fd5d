"""`MaxNumBoundingBoxes`: the same number of boxes for all images."""

from __future__ import annotations

from typing import Any

from minikeras import ops
from minikeras.common.arguments import Count
from minikeras.layers.preprocessing.image_preprocessing.base_color_layer import BaseColorLayer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Transformation,
)


class MaxNumBoundingBoxes(BaseColorLayer):
    """Cuts off or fills up boxes and their labels, so that there is one number of them.

    Args:
        max_number: how many there are to be.
        fill_value: what stands where there is no box.

    Input and output: a dict, see `BaseImagePreprocessingLayer`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layer = layers.MaxNumBoundingBoxes(3, bounding_box_format="xyxy")
    >>> boxes = {"boxes": np.ones((1, 2, 4)), "labels": np.ones((1, 2))}
    >>> inputs = {"images": np.zeros((1, 4, 4, 3)), "bounding_boxes": boxes}
    >>> layer(inputs)["bounding_boxes"]["labels"]
    <Tensor shape=(1, 3) dtype=float32 [[ 1.  1. -1.]]>
    """

    def __init__(self, max_number: Count, fill_value: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_number = int(max_number)
        self.fill_value = int(fill_value)

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: bool = True
    ) -> Any:
        return images

    def transform_bounding_boxes(
        self, bounding_boxes: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        def counted(x: Any) -> Any:
            x = x[:, : self.max_number]
            missing = self.max_number - x.shape[1]
            edges = [(0, 0), (0, missing)] + [(0, 0)] * (x.ndim - 2)
            return ops.pad(x, edges, constant_values=self.fill_value)

        own = {key: counted(bounding_boxes[key]) for key in ("boxes", "labels")}
        return {**bounding_boxes, **own}

    def compute_output_shape(self, input_shape: Any) -> Any:
        if not isinstance(input_shape, dict) or "bounding_boxes" not in input_shape:
            return input_shape
        shapes = input_shape["bounding_boxes"]
        if set(shapes) - {"boxes", "labels"}:
            raise KeyError(
                "MaxNumBoundingBoxes: 'bounding_boxes' may have 'boxes' and 'labels' only. "
                f"Received: {sorted(shapes)}"
            )
        counted = {k: (s[0], self.max_number, *s[2:]) for k, s in shapes.items()}
        return {**input_shape, "bounding_boxes": counted}
