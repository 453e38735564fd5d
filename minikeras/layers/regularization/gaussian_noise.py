"""`GaussianNoise`: adds noise while training."""

from __future__ import annotations

from typing import Any

from minikeras.common.arguments import Fraction
from minikeras.layers.layer import Layer
from minikeras.random import SeedGenerator, normal


class GaussianNoise(Layer):
    """Adds noise of mean 0 to the inputs while training.

    Args:
        stddev: standard deviation of the noise, between 0 and 1.
        seed: integer seed.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.GaussianNoise(0.1)(np.ones((1, 2)))  # not training
    <Tensor shape=(1, 2) dtype=float32 [[1. 1.]]>
    """

    def __init__(self, stddev: Fraction, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = stddev
        self.seed = seed
        if stddev > 0:
            self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        if not training or self.stddev == 0:
            return inputs
        return inputs + normal(
            inputs.shape, stddev=self.stddev, dtype=self.compute_dtype, seed=self.seed_generator
        )

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
