"""`CutMix`: a rectangle of each image from another one."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import ops
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
    Share,
    Transformation,
    images_of,
    is_followed,
    range_of,
)
from minikeras.layers.preprocessing.image_preprocessing.mix_up import mixed_labels
from minikeras.layers.preprocessing.image_preprocessing.rectangles import (
    random_bounds,
    rectangles,
)
from minikeras.random import beta, shuffle


class CutMix(BaseImagePreprocessingLayer):
    """Puts a rectangle of another image of the batch into each image, and mixes their labels.

    Args:
        factor: range from which the parameter of a beta distribution is drawn, or a number `f` for
            `[0, f]`. From that distribution come the shares that images keep.
        seed: integer seed.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: images, `(batch, height, width, channels)`; or a dict, see
    `BaseImagePreprocessingLayer`, without boxes. Masks are cut like images. A single image stays as it
    is.

    Source: Yun et al., 2019.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> inputs = {"images": np.zeros((2, 4, 4, 3)), "labels": np.eye(2)}
    >>> labels = layers.CutMix(seed=1)(inputs)["labels"]
    >>> np.sum(labels, axis=1).round(4)
    array([1., 1.], dtype=float32)
    """

    def __init__(
        self,
        factor: Share = 1.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = range_of(factor, 0)
        self._seeded(seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        shape = images_of(data).shape
        if not training or len(shape) == 3:
            return None
        n, dtype = shape[0], self.compute_dtype
        height, width = shape[self.height_axis], shape[self.width_axis]
        seed = self.generator if seed is None else seed
        alpha = self._uniform((), *self.factor, seed, dtype) + 1e-6
        share = np.sqrt(1 - beta((n,), alpha, alpha, dtype=dtype, seed=seed).array)
        left, right = random_bounds(self._uniform((n,), 0.0, 1.0, seed, dtype), width, share)
        top, bottom = random_bounds(self._uniform((n,), 0.0, 1.0, seed, dtype), height, share)
        weight = 1 - (right - left) * (bottom - top) / (width * height)
        return {
            "permutation_order": shuffle(np.arange(n, dtype=np.int32), seed=seed).array,
            "batch_masks": rectangles(self, shape, left, right, top, bottom),
            "mix_weight": weight[:, None, None, None],
        }

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        images = ops.cast(images, self.compute_dtype)
        if not training or transformation is None:
            return images
        order = np.asarray(transformation["permutation_order"])
        masks = np.asarray(transformation["batch_masks"])
        if masks.shape[self.channel_axis] != images.shape[self.channel_axis]:
            masks = np.take(masks, [0], axis=self.channel_axis)
        if is_followed(images):
            return ops.where(masks, ops.take(images, order, axis=0), images)
        source = images.array
        return self._by_image(lambda x, m, o: np.where(m, source[o], x), images, masks, order)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        return self.transform_images(segmentation_masks, transformation, training=training)

    def transform_labels(
        self, labels: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        if not training or transformation is None:
            return labels
        return mixed_labels(labels, transformation)
