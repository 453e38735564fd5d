"""`RandomHeight` and `RandomWidth`: layers that `tf.keras` had until Keras 3."""

from __future__ import annotations

from typing import Annotated, Any

from minikeras import ops
from minikeras.common.arguments import Kind, is_number
from minikeras.common.registry import register_keras_serializable
from minikeras.layers.layer import Layer
from minikeras.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    are_two_numbers,
)
from minikeras.random import SeedGenerator, uniform


def _is_factor(value: Any) -> bool:
    if are_two_numbers(value):
        return -1 <= value[0] <= value[1]
    return is_number(value) and 0 <= value <= 1


Stretch = Annotated[
    Any, Kind("a number in [0, 1], or two numbers (low, high) from -1 up", _is_factor)
]


class _RandomSize(Layer):
    """Stretches or shrinks images along one axis while training, all images of a batch alike.

    Args:
        factor: number `f`, for factors from `[1 - f, 1 + f]`, or a pair `(low, high)`, for
            `[1 + low, 1 + high]`.
        interpolation: how pixels between pixels are found: see `ops.image.resize`.
        seed: integer seed.

    Input and output: images, `(batch, height, width, channels)` or `(height, width, channels)`.
    """

    _axis: int

    def __init__(
        self,
        factor: Stretch,
        interpolation: str = "bilinear",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.factor = factor
        self.interpolation = interpolation
        self.seed = seed
        self.generator = SeedGenerator(seed)
        self._build_at_init()

    def call(self, inputs: Any, training: bool | None = True) -> Any:
        images = ops.cast(inputs, self.compute_dtype)
        if not training:
            return images
        low, high = self.factor if are_two_numbers(self.factor) else (-self.factor, self.factor)
        stretch = float(uniform((), 1.0 + low, 1.0 + high, seed=self.generator))
        size = list(images.shape[-3:-1])
        size[self._axis] = max(int(stretch * size[self._axis]), 1)
        resized = ops.image.resize(
            images, tuple(size), interpolation=self.interpolation, data_format="channels_last"
        )
        return ops.cast(resized, self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        shape = list(input_shape)
        shape[self._axis - 3] = None
        return tuple(shape)


@register_keras_serializable("keras")
class RandomHeight(_RandomSize):
    """Changes the height of images by a random factor while training.

    Example:

    >>> import numpy as np
    >>> RandomHeight((0.5, 0.5))(np.zeros((2, 4, 6, 3))).shape
    (2, 6, 6, 3)
    """

    _axis = 0


@register_keras_serializable("keras")
class RandomWidth(_RandomSize):
    """Changes the width of images by a random factor while training.

    Example:

    >>> import numpy as np
    >>> RandomWidth((0.5, 0.5))(np.zeros((2, 4, 6, 3))).shape
    (2, 4, 9, 3)
    """

    _axis = 1
