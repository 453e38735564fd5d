"""`BaseGeometryLayer`: what layers share that move pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff.tensor import Tensor
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
    Transformation,
    images_of,
    is_followed,
)


class BaseGeometryLayer(BaseImagePreprocessingLayer):
    """Base of the layers that move pixels: boxes and masks go with them, labels stay."""

    def transform_labels(
        self, labels: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        return labels

    def _where(
        self, applies: np.ndarray, images: Any, function: Callable[[Any, np.ndarray], Any]
    ) -> Any:
        """Return images, some of them changed: `function(images, which)` gets only those.

        Args:
            applies: which are to be changed, `(batch,)`.
            images: all of them.
            function: gets some images and their numbers.
        """
        images = ops.convert_to_tensor(images)
        which = np.flatnonzero(applies)
        if len(which) == len(images.array):
            return function(images, which)
        if is_followed(images):
            everyone = function(images, np.arange(len(images.array)))
            return ops.where(np.asarray(applies)[:, None, None, None], everyone, images)
        changed = images.array.copy()
        if which.size:
            changed[which] = function(Tensor(images.array[which]), which).array
        return Tensor(changed)

    def _size_of(self, data: Any) -> tuple[int, int]:
        """Return height and width of the images."""
        shape = images_of(data).shape
        return shape[self.height_axis], shape[self.width_axis]

    def _size_in(self, transformation: Transformation) -> dict[str, int]:
        """Return height and width of the images that a transformation was drawn for."""
        shape = transformation["input_shape"]
        return {"height": shape[self.height_axis], "width": shape[self.width_axis]}
