"""`Embedding(dropout=...)` of Keras 1, which drops whole words."""

from __future__ import annotations

from typing import Any

from minikeras import ops, random
from minikeras.common.arguments import Fraction
from minikeras.common.registry import register_keras_serializable
from minikeras.layers.core.embedding import Embedding


@register_keras_serializable("keras1")
class WordDropoutEmbedding(Embedding):
    """An `Embedding` that leaves out some words in each step, wherever they are in the batch.

    Args:
        input_dim, output_dim: as in `Embedding`.
        dropout: fraction of the words whose vectors are 0 in training; the others grow accordingly.
        **kwargs: further arguments of `Embedding`.

    Example:

    >>> import numpy as np
    >>> from minikeras.compat.keras1.word_dropout import WordDropoutEmbedding
    >>> WordDropoutEmbedding(10, 4, dropout=0.2)(np.array([[1, 2, 3]])).shape
    (1, 3, 4)
    """

    def __init__(
        self, input_dim: int, output_dim: int, dropout: Fraction = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(input_dim, output_dim, **kwargs)
        self.dropout = float(dropout)
        self.seed_generator = random.SeedGenerator()

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        y = super().call(inputs)
        if not training or not self.dropout:
            return y
        ones = ops.ones((self.input_dim,), dtype=y.dtype)
        kept = random.dropout(ones, self.dropout, seed=self.seed_generator)
        return y * ops.expand_dims(ops.take(kept, ops.cast(inputs, "int32"), axis=0), -1)
