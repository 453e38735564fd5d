"""`AlphaDropout`: dropout for networks of `selu`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from minikeras.common.arguments import Fraction, PositiveInt
from minikeras.common.ranks import unshared
from minikeras.layers.layer import Layer
from minikeras.random import SeedGenerator, uniform

# What selu goes to at minus infinity: -scale * alpha.
_LOW = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717


class AlphaDropout(Layer):
    """Sets a random share of the inputs to what `selu` goes to at minus infinity, while training.

    Afterwards inputs are scaled and shifted, so that mean 0 and variance 1 stay.

    Args:
        rate: share of the inputs that is dropped.
        noise_shape: shape of the random mask, with 1 (or None for the input's size) along axes that
            share it.
        seed: integer seed.

    Source: Klambauer et al., 2017.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.AlphaDropout(0.5)(np.ones((1, 2)))  # not training
    <Tensor shape=(1, 2) dtype=float32 [[1. 1.]]>
    """

    def __init__(
        self,
        rate: Fraction,
        noise_shape: Sequence[PositiveInt | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.seed = seed
        self.noise_shape = noise_shape
        if rate > 0:
            self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        shape = self.noise_shape or inputs.shape
        alike = bool(self.noise_shape) and shape[0] == 1
        shape = [d if n is None else n for n, d in zip(shape, inputs.shape)]
        with unshared() if alike else nullcontext():  # by all rows, also those of other ranks
            keep = np.asarray(uniform(shape, seed=self.seed_generator)) >= self.rate
        if self.rate == 1:  # the scale would be infinite
            return inputs * 0
        a = ((1 - self.rate) * (1 + self.rate * _LOW**2)) ** -0.5
        dtype = inputs.dtype
        scale = (keep * a).astype(dtype)
        shift = (~keep * (a * _LOW) - a * _LOW * self.rate).astype(dtype)
        return inputs * scale + shift

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
