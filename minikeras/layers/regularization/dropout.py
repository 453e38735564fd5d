"""`Dropout`: random zeros while training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras.common.arguments import Fraction, PositiveInt
from minikeras.common.ranks import unshared
from minikeras.layers.layer import Layer
from minikeras.random import SeedGenerator, dropout


class Dropout(Layer):
    """Sets a random share of the inputs to zero while training, and scales the others up.

    Args:
        rate: share of the inputs that is dropped.
        noise_shape: shape of the random mask, with 1 (or None for the input's size) along axes that
            share it.
        seed: integer seed.

    Source: Srivastava et al., 2014.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Dropout(0.5)(np.ones((1, 2)))  # not training
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
        if self.noise_shape and self.noise_shape[0] == 1:
            with unshared():  # all rows share their fate, also those of other ranks
                return self._drop(inputs)
        return self._drop(inputs)

    def _as_dropout(self) -> tuple[float, Any] | None:
        own = self._computes_as(Dropout) and type(self)._drop is Dropout._drop
        if not own or self.noise_shape is not None or not 0 < self.rate < 1:
            return None
        return self.rate, self.seed_generator

    def _drop(self, inputs: Any) -> Any:
        return dropout(inputs, self.rate, noise_shape=self.noise_shape, seed=self.seed_generator)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
