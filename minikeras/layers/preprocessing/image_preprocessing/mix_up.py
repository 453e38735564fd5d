"""`MixUp`: each image mixed with another one."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.common.arguments import Positive
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
    Transformation,
    batch_size_of,
    is_followed,
)
from minikeras.random import beta, shuffle


class MixUp(BaseImagePreprocessingLayer):
    """Mixes each image, and its label, with another one of the batch.

    `y = w * x + (1 - w) * other`, with `w` from a beta distribution.

    Args:
        alpha: both parameters of the beta distribution: the smaller, the less is mixed.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        seed: integer seed.

    Input and output: images, `(batch, height, width, channels)`; or a dict, see
    `BaseImagePreprocessingLayer`. An image gets the boxes of the other one beside its own; masks are
    mixed like images.

    Source: Zhang et al., 2018.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> inputs = {"images": np.zeros((2, 4, 4, 3)), "labels": np.eye(2)}
    >>> labels = layers.MixUp(alpha=1.0, seed=1)(inputs)["labels"]
    >>> np.sum(labels, axis=1).round(4)
    array([1., 1.], dtype=float32)
    """

    def __init__(
        self,
        alpha: Positive = 0.2,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.alpha = alpha
        self._seeded(seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training:
            return None
        n = batch_size_of(data)
        seed = self.generator if seed is None else seed
        order = shuffle(np.arange(n), seed=seed).array
        weight = beta((n,), self.alpha, self.alpha, seed=seed).array
        return {"mix_weight": weight, "permutation_order": order}

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        return self._mix(images, transformation) if training else images

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        return self._mix(segmentation_masks, transformation) if training else segmentation_masks

    def transform_labels(
        self, labels: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        return mixed_labels(labels, transformation) if training else labels

    def _mix(self, images: Any, transformation: Transformation) -> Any:
        order = np.asarray(transformation["permutation_order"])
        weight = np.asarray(transformation["mix_weight"]).reshape(-1, 1, 1, 1)
        images = ops.cast(images, self.compute_dtype)
        if is_followed(images):
            weight = ops.cast(weight, self.compute_dtype)
            return images * weight + ops.take(images, order, axis=0) * (1 - weight)
        source = images.array

        def mixed(x: np.ndarray, weight: np.ndarray, order: np.ndarray) -> np.ndarray:
            other = source[order] * (1 - weight)
            x *= weight
            x += other
            return x

        return self._by_image(mixed, images, weight, order)

    def transform_bounding_boxes(
        self, bounding_boxes: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        if not training:
            return bounding_boxes
        order = np.asarray(transformation["permutation_order"])

        def both(x: Any) -> Any:
            return ops.concatenate([x, ops.take(x, order, axis=0)], axis=1)

        return {key: both(bounding_boxes[key]) for key in ("boxes", "labels")}


def mixed_labels(labels: Any, transformation: Transformation) -> Any:
    """Return labels mixed with those of the other images, by the weights of a transformation."""
    order = np.asarray(transformation["permutation_order"])
    weight = np.asarray(transformation["mix_weight"]).reshape(-1, 1)
    labels = ops.convert_to_tensor(labels)
    return labels * weight + ops.take(labels, order, axis=0) * (1 - weight)
