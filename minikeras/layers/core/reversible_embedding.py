"""`ReversibleEmbedding`: vectors for integers, and scores of all integers for vectors."""

from __future__ import annotations

from typing import Any

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.common.arguments import Positive, PositiveInt
from minikeras.common.configurable import accepted
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.layers.core.embedding import Embedding
from minikeras.layers.quantization.weights import QuantizedWeight
from minikeras.ops.core import cast
from minikeras.ops.products import matmul
from minikeras.ops.shapes import transpose
from minikeras.ops.trigonometry import tanh
from minikeras.regularizers.regularizers import RegularizerLike


class ReversibleEmbedding(Embedding):
    """An embedding that also goes backwards: from vectors to a score of each integer.

    At the end of a language model the same table, or another one, gives the logits of the tokens.

    Args:
        input_dim: number of vectors; integers lie in `[0, input_dim)`.
        output_dim: length of a vector.
        tie_weights: whether the way back goes through the same table, transposed.
        embeddings_initializer: initializer of the tables.
        embeddings_regularizer: penalty on the table.
        embeddings_constraint: constraint of the table.
        mask_zero: whether 0 stands for padding, which later layers are to skip.
        reverse_dtype: dtype that logits are computed in; that of the operands if None.
        logit_soft_cap: logits `x` become `cap * tanh(x / cap)`; None for no cap.

    Input: integers `(batch, ...)`, output `(batch, ..., output_dim)`; with `reverse=True` in the call,
    vectors `(batch, ..., output_dim)` to logits `(batch, ..., input_dim)`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layer = layers.ReversibleEmbedding(10, 4)
    >>> vectors = layer(np.array([[1, 2, 3]]))
    >>> vectors.shape, layer(vectors, reverse=True).shape
    ((1, 3, 4), (1, 3, 10))
    """

    def __init__(
        self,
        input_dim: PositiveInt,
        output_dim: PositiveInt,
        tie_weights: bool = True,
        embeddings_initializer: InitializerLike = "uniform",
        embeddings_regularizer: RegularizerLike = None,
        embeddings_constraint: ConstraintLike = None,
        mask_zero: bool = False,
        reverse_dtype: str | None = None,
        logit_soft_cap: Positive | None = None,
        **kwargs: Any,
    ) -> None:
        object.__setattr__(self, "tie_weights", tie_weights)  # with `weights` it is built at once
        super().__init__(**accepted(Embedding, locals()), **kwargs)
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        if not self.tie_weights and self.quantization_mode is None:
            self.reverse_embeddings = self.add_weight(
                (self.output_dim, self.input_dim),
                self.embeddings_initializer,
                name="reverse_embeddings",
            )

    def call(self, inputs: Any, reverse: bool = False) -> Any:
        if not reverse:
            vectors = super().call(inputs)
            vectors._keras_mask = super().compute_mask(inputs)
            return vectors
        table = transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings.value
        if self.reverse_dtype is not None:
            inputs, table = cast(inputs, self.reverse_dtype), cast(table, self.reverse_dtype)
        return self._capped(matmul(inputs, table))

    def _capped(self, logits: Any) -> Any:
        cap = self.logit_soft_cap
        return logits if cap is None else tanh(logits / cap) * cap

    # Quantized.

    def _quantized_weights(self) -> list[QuantizedWeight]:
        (table,) = super()._quantized_weights()
        if self.tie_weights:
            return [table]
        shape = (self.output_dim, self.input_dim)
        return [table, QuantizedWeight("reverse_embeddings", shape, summed=(0,), pack_axis=0)]

    def quantized_call(self, inputs: Any, reverse: bool = False) -> Any:
        if not reverse:
            vectors = super().quantized_call(inputs)
            vectors._keras_mask = super().compute_mask(inputs)
            return vectors
        return self._capped(self._quantized_product(inputs, which=-1))

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        return None  # `call` knows which way it goes

    def compute_output_spec(self, inputs: Any, reverse: bool = False) -> KerasTensor:
        dtype = self.reverse_dtype if reverse and self.reverse_dtype else self.compute_dtype
        return KerasTensor(self.compute_output_shape(tuple(inputs.shape), reverse), dtype)

    def compute_output_shape(self, input_shape: tuple, reverse: bool = False) -> tuple:
        if reverse:
            return (*input_shape[:-1], self.input_dim)
        return (*input_shape, self.output_dim)
