"""`Resizing`: images of one size."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from minikeras import ops
from minikeras.common.arguments import PositiveInt
from minikeras.kernels.resize import KERNELS
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
    Transformation,
    images_of,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    clip_to_image_size,
    convert_format,
)


class Resizing(BaseImagePreprocessingLayer):
    """Brings images to one size.

    Args:
        height: height of the result.
        width: its width.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`. Masks
            take `"nearest"`.
        crop_to_aspect_ratio: whether the largest part in the middle that has the proportions of the
            result is resized, rather than the whole distorted.
        pad_to_aspect_ratio: whether images first get borders that give them these proportions.
        fill_mode: `"constant"`: these borders have one value.
        fill_value: the value.
        antialias: whether smaller images are made with a wider kernel, which sees all pixels.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`, integers
    of which stay integers; or a dict, see `BaseImagePreprocessingLayer`. Boxes are moved and clipped.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Resizing(2, 3)(np.zeros((1, 8, 8, 1))).shape
    (1, 2, 3, 1)
    """

    def __init__(
        self,
        height: PositiveInt,
        width: PositiveInt,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: Literal["constant"] = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        if interpolation not in ("nearest", *KERNELS):
            raise ValueError(
                f"Resizing: `interpolation` must be one of {['nearest', *KERNELS]}. "
                f"Received: interpolation={interpolation!r}"
            )
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ValueError(
                "Resizing: only one of `crop_to_aspect_ratio` and `pad_to_aspect_ratio` can be True."
            )
        self.height = height
        self.width = width
        self.interpolation = interpolation
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.antialias = bool(antialias)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        """Return height and width of the images."""
        shape = images_of(data).shape
        return shape[self.height_axis], shape[self.width_axis]

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: bool = True
    ) -> Any:
        return self._transform_images(images, transformation, self.interpolation)

    def _transform_images(
        self, images: Any, transformation: Transformation, interpolation: str
    ) -> Any:
        return ops.image.resize(
            images,
            (self.height, self.width),
            interpolation=interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Transformation = None, training: bool = True
    ) -> Any:
        return self._transform_images(segmentation_masks, transformation, "nearest")

    def transform_labels(
        self, labels: Any, transformation: Transformation = None, training: bool = True
    ) -> Any:
        return labels

    def transform_bounding_boxes(
        self, bounding_boxes: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        height, width = transformation
        boxes = ops.convert_to_tensor(bounding_boxes["boxes"])
        nothing = ops.logical_or(ops.all(boxes == -1, axis=-1), ops.all(boxes == 0, axis=-1))
        result = convert_format(
            bounding_boxes, self.bounding_box_format, "xyxy", height=height, width=width
        )
        scale, shift = self._move(np.float32(height), np.float32(width))
        result["boxes"] = result["boxes"] * np.tile(scale, 2) + np.tile(shift, 2)
        size = {"height": self.height, "width": self.width}
        result = clip_to_image_size(result, **size)
        result["boxes"] = ops.where(ops.expand_dims(nothing, -1), 0.0, result["boxes"])
        return convert_format(result, "xyxy", self.bounding_box_format, **size)

    def _move(self, height: Any, width: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return by what (x, y) of points are multiplied, and what is added then."""
        old = np.array([width, height], np.float32)
        new = np.array([self.width, self.height], np.float32)
        if self.pad_to_aspect_ratio:
            scale = np.repeat((new / old).min(), 2)
            return scale, (new - old * scale) // 2
        if self.crop_to_aspect_ratio:
            ratio = old[0] / old[1]
            whole = new.copy()
            if ratio > self.width / self.height:
                whole[0] = new[1] * ratio
            else:
                whole[1] = new[0] / ratio
            return whole / old, -((whole - new) // 2)
        return new / old, np.zeros(2, np.float32)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self._with_size(input_shape, self.height, self.width)
