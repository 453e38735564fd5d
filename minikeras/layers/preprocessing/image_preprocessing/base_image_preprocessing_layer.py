"""`BaseImagePreprocessingLayer`: what layers that change images, labels, boxes and masks share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy as np

from minikeras import ops
from minikeras.autodiff.keras_tensor import has_values
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import ArgumentError, Kind, is_number
from minikeras.common.dtypes import np_dtype
from minikeras.common.settings import standardize_data_format
from minikeras.kernels.by_image import by_image
from minikeras.layers.layer import Layer
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import FORMATS
from minikeras.random import SeedGenerator, uniform

Transformation = Any
"""What `get_random_transformation` draws for one call: a dict of arrays, or None for nothing."""


def are_two_numbers(value: Any) -> bool:
    """Whether a value is a list or tuple of two numbers."""
    return isinstance(value, (list, tuple)) and len(value) == 2 and all(map(is_number, value))


def factor_in(low: float, high: float) -> Kind:
    """Return the kind of numbers in a range, and of ranges (two numbers) that meet it."""

    def accepts(value: Any) -> bool:
        if are_two_numbers(value):
            return value[0] <= high and value[1] >= low  # as Keras asks it
        return is_number(value) and low <= value <= high

    return Kind(f"a number (or a list of two numbers) in the range [{low}, {high}]", accepts)


def each_in(text: str, holds: Callable[[float], bool]) -> Kind:
    """Return the kind of numbers in a range, and of lists of two of them.

    Args:
        text: the range, for messages.
        holds: whether a number lies in it.
    """

    def accepts(value: Any) -> bool:
        numbers = value if are_two_numbers(value) else (value,)
        return all(is_number(v) and holds(v) for v in numbers)

    return Kind(f"a number (or a list of two numbers) in the range {text}", accepts)


Factor = Annotated[Any, factor_in(-1, 1)]
"""A number `f`, for draws from `[-f, f]`, or a range."""
Share = Annotated[Any, factor_in(0, 1)]
"""A number `f`, for draws from `[0, f]`, or a range."""
Strength = Annotated[Any, each_in("[0, 1]", lambda value: 0 <= value <= 1)]
"""The same, for all layers at once: a range is one of [0, 1]."""
ValueRange = Annotated[
    Any,
    Kind(
        "a list of two different numbers",
        lambda value: are_two_numbers(value) and value[0] != value[1],
    ),
]


def range_of(factor: Any, lowest: float) -> tuple:
    """Return the range that a factor stands for: `[-f, f]` for a number, but from `lowest` up."""
    if is_number(factor):
        return max(lowest, -abs(factor)), abs(factor)
    low, high = sorted(factor)
    return low, high


class BaseImagePreprocessingLayer(Layer):
    """Base of the layers that change images, and labels, boxes and masks with them.

    A subclass draws in `get_random_transformation` what is to happen to each image, and does it in
    `transform_images`, `transform_labels`, `transform_bounding_boxes` and
    `transform_segmentation_masks`. They get batches; single images are brought to batches of one.

    Args:
        bounding_box_format: format of the boxes, see `utils.bounding_boxes.convert_format`. Needed
            for inputs with boxes.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Inputs: images, `(batch, height, width, channels)` or `(height, width, channels)` in
    `"channels_last"`; or a dict with `"images"` and any of

    - `"labels"`: `(batch, classes)`,
    - `"bounding_boxes"`: a dict with `"boxes"`, `(batch, boxes, 4)`, and `"labels"`, `(batch, boxes)` or
      `(batch, boxes, classes)`, where -1 says that there is no box,
    - `"segmentation_masks"`: `(batch, height, width, channels)`.

    Outputs: as the inputs. Layers augment by default: `training=False` leaves images as they are, and
    so do `evaluate` and `predict`.

    Example:

    >>> import numpy as np
    >>> class Darker(BaseImagePreprocessingLayer):
    ...     def transform_images(self, images, transformation, training=True):
    ...         return images * 0.5 if training else images
    >>> Darker()(np.ones((1, 1, 2, 1)))[0, 0, :, 0]
    <Tensor shape=(2,) dtype=float32 [0.5 0.5]>
    """

    def __init__(
        self,
        bounding_box_format: str | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if bounding_box_format is not None and bounding_box_format.lower() not in FORMATS:
            raise ArgumentError(
                type(self).__name__,
                "bounding_box_format",
                f"one of {', '.join(map(repr, FORMATS))} or None",
                bounding_box_format,
            )
        self.bounding_box_format = bounding_box_format
        self.data_format = standardize_data_format(data_format)
        last = self.data_format == "channels_last"
        self.height_axis, self.width_axis, self.channel_axis = (
            (-3, -2, -1) if last else (-2, -1, -3)
        )
        self._build_at_init()

    def get_config(self) -> dict:
        config = super().get_config()
        if self.bounding_box_format is None:
            config.pop("bounding_box_format", None)
        return config

    # What subclasses write.

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        """Draw what is to happen to each image.

        Args:
            data: the inputs of the call.
            training: whether anything is to happen.
            seed: `SeedGenerator` or integer to draw with, the layer's own stream if None.

        Returns:
            What the other methods take as `transformation`.
        """
        return None

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        """Return changed images."""
        images = ops.cast(images, self.compute_dtype)
        if training:
            images = self._transform_images(images, transformation, self.interpolation)
        return images

    def _transform_images(
        self, images: Any, transformation: Transformation, interpolation: str
    ) -> Any:
        """Move pixels: what happens to images and, with interpolation `"nearest"`, to masks."""
        raise NotImplementedError(f"{type(self).__name__} does not transform images.")

    def transform_labels(
        self, labels: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        """Return the labels of changed images."""
        raise NotImplementedError(f"{type(self).__name__} does not transform labels.")

    def transform_bounding_boxes(
        self, bounding_boxes: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        """Return the boxes of changed images."""
        raise NotImplementedError(f"{type(self).__name__} does not transform bounding boxes.")

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        """Return the masks of changed images."""
        if training:
            segmentation_masks = self._transform_images(
                segmentation_masks, transformation, "nearest"
            )
        return segmentation_masks

    # One image.

    def transform_single_image(
        self, image: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        """`transform_images` for an image without a batch axis."""
        return self._single(self.transform_images, image, transformation, training)

    def transform_single_label(
        self, label: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        """`transform_labels` for the label of one image."""
        return self._single(self.transform_labels, label, transformation, training)

    def transform_single_bounding_box(
        self, bounding_box: dict, transformation: Transformation, training: bool = True
    ) -> dict:
        """`transform_bounding_boxes` for the boxes of one image."""
        batch = {key: ops.expand_dims(value, 0) for key, value in bounding_box.items()}
        outputs = self.transform_bounding_boxes(batch, transformation, training=training)
        return {key: ops.squeeze(value, 0) for key, value in outputs.items()}

    def transform_single_segmentation_mask(
        self, segmentation_mask: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        """`transform_segmentation_masks` for the mask of one image."""
        return self._single(
            self.transform_segmentation_masks, segmentation_mask, transformation, training
        )

    @staticmethod
    def _single(
        transform: Callable, value: Any, transformation: Transformation, training: bool
    ) -> Any:
        outputs = transform(ops.expand_dims(value, 0), transformation, training=training)
        return ops.squeeze(outputs, 0)

    # Calls.

    def call(self, data: Any, training: bool | None = True) -> Any:
        images = images_of(data)
        if images.ndim not in (3, 4):
            raise ValueError(
                f"{type(self).__name__}: images must have 3 axes (one image) or 4 (a batch of them). "
                f"Received: images.shape={tuple(images.shape)}"
            )
        batched = images.ndim == 4
        transformation = self.get_random_transformation(data, training=training)
        if not isinstance(data, dict):
            transform = self.transform_images if batched else self.transform_single_image
            return transform(data, transformation, training=training)
        if batched:
            transforms = {
                "images": self.transform_images,
                "bounding_boxes": self.transform_bounding_boxes,
                "labels": self.transform_labels,
                "segmentation_masks": self.transform_segmentation_masks,
            }
        else:
            transforms = {
                "images": self.transform_single_image,
                "bounding_boxes": self.transform_single_bounding_box,
                "labels": self.transform_single_label,
                "segmentation_masks": self.transform_single_segmentation_mask,
            }
        outputs = dict(data)
        for key, transform in transforms.items():
            if key in data:
                value = data[key]
                if key == "bounding_boxes":
                    value = self._checked_boxes(value)
                outputs[key] = transform(value, transformation, training=training)
        return outputs

    def _checked_boxes(self, bounding_boxes: Any) -> dict:
        """Return boxes as floats, once they are as the layer can use them."""
        name = type(self).__name__
        if not self.bounding_box_format:
            raise ValueError(
                f"{name}: the inputs have 'bounding_boxes', but the layer does not know their format. "
                "Pass `bounding_box_format`, such as bounding_box_format='xyxy', when you make it."
            )
        if not isinstance(bounding_boxes, dict) or not {"boxes", "labels"} <= set(bounding_boxes):
            raise ValueError(
                f"{name}: 'bounding_boxes' must be a dict with keys 'boxes' and 'labels'. "
                f"Received: {bounding_boxes!r}"
            )
        boxes, labels = bounding_boxes["boxes"], bounding_boxes["labels"]
        if boxes.ndim not in (2, 3) or labels.ndim not in (boxes.ndim - 1, boxes.ndim):
            raise ValueError(
                f"{name}: 'boxes' must have shape (boxes, 4), or (batch, boxes, 4), and 'labels' the "
                f"same without the last axis, or with one for classes. Received: boxes.shape="
                f"{tuple(boxes.shape)}, labels.shape={tuple(labels.shape)}"
            )
        return {**bounding_boxes, "boxes": ops.cast(boxes, "float32")}

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    # What subclasses use.

    def _with_size(self, input_shape: Any, height: int, width: int) -> Any:
        """Return the shape, or shapes, of outputs whose images and masks have another size."""

        def resized(shape: Any) -> tuple:
            sizes = list(shape)
            sizes[self.height_axis], sizes[self.width_axis] = height, width
            return tuple(sizes)

        if not isinstance(input_shape, dict):
            return resized(input_shape)
        images = ("images", "segmentation_masks")
        return {k: resized(v) if k in images else v for k, v in input_shape.items()}

    def _seeded(self, seed: Any) -> None:
        """Keep a seed, and begin the layer's stream of random numbers."""
        self.seed = seed
        self.generator = SeedGenerator(seed)

    def _uniform(
        self, shape: Sequence[int], low: float, high: float, seed: Any, dtype: Any = None
    ) -> np.ndarray:
        """Draw numbers from `[low, high)`, with the layer's own stream unless a seed is given."""
        seed = self.generator if seed is None else seed
        return uniform(tuple(shape), low, high, dtype=dtype, seed=seed).array

    def _with_chance(self, data: Any, chance: tuple, seed: Any) -> np.ndarray:
        """Draw for each image whether something happens to it, with a chance drawn from a range."""
        shape = (batch_size_of(data),)
        wanted = self._uniform(shape, *chance, seed)
        return self._uniform(shape, 0.0, 1.0, seed) < wanted

    def _by_image(
        self,
        function: Callable,
        images: Any,
        *parameters: Any,
        result: Any = None,
    ) -> Tensor:
        """Apply a function that NumPy can compute on arrays, and a tape follow on tensors.

        Args:
            function: `function(images, *parameters)`, elementwise over the batch, with images in the
                layer's dtype. It may use `+=` and its like on them.
            images: batch of images of any dtype.
            *parameters: arrays or tensors, the batch first.
            result: dtype of the result, the layer's if None.
        """
        compute, result = self.compute_dtype, self.compute_dtype if result is None else result
        images = ops.convert_to_tensor(images)
        if is_followed(images):
            return ops.cast(function(ops.cast(images, compute), *parameters), result)
        arrays = [np.asarray(p) for p in parameters]
        # NumPy is slow at half precision, or has none: these are only formats to store.
        wide = np.dtype("float64" if compute == "float64" else "float32")
        arrays = [a.astype(wide) if a.dtype.kind in "fV" else a for a in arrays]
        return Tensor(by_image(function, images.array, arrays, wide, np_dtype(result)))


def is_followed(images: Tensor) -> bool:
    """Whether a tape is to find its way back, or there are no values to compute with."""
    return bool(thread.state.tapes and images.node is not None) or not has_values(images.array)


def images_of(data: Any) -> Any:
    """Return the images among the inputs of a call."""
    return data["images"] if isinstance(data, dict) else data


def one_number_each(data: Any) -> tuple[int, ...]:
    """Return the shape of numbers that broadcast to images, one for each of them."""
    images = images_of(data)
    return (images.shape[0], 1, 1, 1) if images.ndim == 4 else (1, 1, 1)


def batch_size_of(data: Any) -> int:
    """Return how many images there are, 1 for an image without a batch axis."""
    shape = images_of(data).shape
    return 1 if len(shape) == 3 else shape[0]


def rescaled(images: Any, source: Sequence[float], target: Sequence[float]) -> Any:
    """Return values of one range in another."""
    if tuple(source) == tuple(target):
        return images
    low, high = source
    images = (images - low) / (high - low)
    return images * (target[1] - target[0]) + target[0]
