"""`RandomElasticTransform`: images kneaded."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, Literal

import numpy as np

from minikeras import ops
from minikeras.common.ranks import among
from minikeras.layers.preprocessing.image_preprocessing.base_affine_layer import Interpolation
from minikeras.layers.preprocessing.image_preprocessing.base_geometry_layer import (
    BaseGeometryLayer,
)
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    Share,
    Transformation,
    ValueRange,
    is_followed,
    range_of,
)
from minikeras.random.seed_generator import draw_key


class RandomElasticTransform(BaseGeometryLayer):
    """Moves the pixels of some images by smooth random shifts.

    Args:
        factor: range from which each image's chance is drawn, or a number `f` for `[0, f]`.
        scale: range from which the strength of the distortion is drawn, or a number `s` for `[0, s]`;
            shifts grow with it, and become smoother.
        interpolation: `"bilinear"` or `"nearest"`.
        fill_mode: what lies outside the images: `"reflect"` for their mirror image
            (`d c b a | a b c d | d c b a`), `"mirror"` for one that does not repeat the edge, `"wrap"`
            for the other side, `"nearest"` for the pixels at the edge, `"constant"` for `fill_value`.
        fill_value: value outside the images for `"constant"`.
        value_range: the two numbers that values lie between.
        seed: integer seed.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`; or a
    dict, see `BaseImagePreprocessingLayer`. Masks change too. Boxes
    are not supported.

    Source: Simard et al., 2003.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.RandomElasticTransform(scale=0.5)(np.ones((2, 16, 16, 3))).shape
    (2, 16, 16, 3)
    """

    def __init__(
        self,
        factor: Share = 1.0,
        scale: Share = 1.0,
        interpolation: Interpolation = "bilinear",
        fill_mode: Literal["constant", "nearest", "wrap", "mirror", "reflect"] = "reflect",
        fill_value: float = 0.0,
        value_range: ValueRange = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = range_of(factor, 0)
        self.scale = range_of(scale, 0)
        self.interpolation = interpolation
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.value_range = value_range
        self._seeded(seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        if not training or self.scale[1] == 0 or self.factor[1] == 0:
            return None
        seed = self.generator if seed is None else seed
        return {
            "apply_transform": self._with_chance(data, self.factor, seed),
            "distortion_factor": float(self._uniform((), *self.scale, seed, self.compute_dtype)),
            "seed": np.array(draw_key(seed), np.uint32),  # masks shall move like images
        }

    def _transform_images(
        self, images: Any, transformation: Transformation, interpolation: str
    ) -> Any:
        if transformation is None:
            return images
        strength = transformation["distortion_factor"]
        height, width = self._size_of(images)

        def moved(images: Any, which: np.ndarray) -> Any:
            return ops.image.elastic_transform(
                images,
                alpha=max(height, width) * 0.1 * strength,
                sigma=min(height, width) * 0.05 * strength,
                interpolation=interpolation,
                fill_mode=self.fill_mode,
                fill_value=self.fill_value,
                seed=transformation["seed"],
                data_format=self.data_format,
            )

        images, applies = (
            ops.convert_to_tensor(images),
            np.asarray(transformation["apply_transform"]),
        )
        # Draws are for the images that are moved, or for all where gradients pass through.
        with nullcontext() if is_followed(images) else among(applies):
            changed = self._where(applies, images, moved)
        return ops.cast(ops.clip(changed, *self.value_range), self.compute_dtype)
