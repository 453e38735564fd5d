"""`GaussianDropout`: multiplies by noise while training."""

from __future__ import annotations

import math
from typing import Any

from minikeras.common.arguments import Decay
from minikeras.layers.layer import Layer
from minikeras.random import SeedGenerator, normal


class GaussianDropout(Layer):
    """Multiplies the inputs by noise of mean 1 while training.

    Args:
        rate: the noise has the variance of `Dropout` at this rate, `rate / (1 - rate)`.
        seed: integer seed.

    Source: Srivastava et al., 2014.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.GaussianDropout(0.5)(np.ones((1, 2)))  # not training
    <Tensor shape=(1, 2) dtype=float32 [[1. 1.]]>
    """

    def __init__(self, rate: Decay, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.seed = seed
        if rate > 0:
            self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        return inputs * normal(
            inputs.shape,
            mean=1.0,
            stddev=math.sqrt(self.rate / (1 - self.rate)),
            dtype=self.compute_dtype,
            seed=self.seed_generator,
        )

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
