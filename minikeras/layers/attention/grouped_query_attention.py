"""`GroupQueryAttention`: multi-head attention whose heads share keys and values."""

from __future__ import annotations

import math
from typing import Any

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.common.arguments import Fraction, PositiveInt
from minikeras.common.configurable import accepted
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.layers.attention.multi_head_attention import ProjectedAttention
from minikeras.layers.regularization.dropout import Dropout
from minikeras.ops.einsum import einsum
from minikeras.ops.joining import repeat
from minikeras.regularizers.regularizers import RegularizerLike


class GroupQueryAttention(ProjectedAttention):
    """Grouped-query attention (Ainslie et al., 2023).

    Like `MultiHeadAttention`, but several heads of the query share one of key and value.

    Args:
        head_dim: size of each head.
        num_query_heads: number of heads of the query.
        num_key_value_heads: number of heads of key and value, a divisor of it.
        dropout: share of the weights of attention that is dropped while training.
        use_bias: whether projections have biases.
        sliding_window: number of places that a query sees in each direction; None for all.
        flash_attention: accepted; there is one implementation.
        kernel_initializer, bias_initializer: initializers of the projections.
        kernel_regularizer, bias_regularizer: penalties on their weights.
        activity_regularizer: penalty on their outputs.
        kernel_constraint, bias_constraint: constraints of their weights.
        use_gate: whether the heads' results are multiplied by a learned gate of the query.
        seed: integer seed of dropout.

    Call arguments: see `MultiHeadAttention`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> x = np.ones((2, 5, 8), "float32")
    >>> layers.GroupQueryAttention(4, num_query_heads=4, num_key_value_heads=2)(x, x).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        head_dim: PositiveInt,
        num_query_heads: PositiveInt,
        num_key_value_heads: PositiveInt,
        dropout: Fraction = 0.0,
        use_bias: bool = True,
        sliding_window: PositiveInt | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        if num_query_heads % num_key_value_heads:
            raise ValueError(
                f"{type(self).__name__}: argument `num_query_heads` must be a multiple of "
                f"`num_key_value_heads`. Received: num_query_heads={num_query_heads}, "
                f"num_key_value_heads={num_key_value_heads}"
            )
        super().__init__(**accepted(ProjectedAttention, locals()), **kwargs)
        self.activity_regularizer = self._projection_regularizer  # on the outputs too, as in Keras
        self.head_dim = head_dim
        self.num_query_heads, self.num_key_value_heads = num_query_heads, num_key_value_heads
        self.num_repeats = num_query_heads // num_key_value_heads

    display_class = "GroupedQueryAttention"  # Keras's class is not called as it is exported

    def default_name(self) -> str:
        """Return the name of Keras's class."""
        return self.display_class

    def build(self, query_shape: tuple, value_shape: tuple, key_shape: Any = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        of_query = (None, self.num_query_heads, self.head_dim)
        of_key = (None, self.num_key_value_heads, self.head_dim)
        self._query_dense = self._projection("query", "bqm,muh->bquh", of_query, "uh")
        self._query_dense.build(query_shape)
        self._key_dense = self._projection("key", "bkm,mvh->bkvh", of_key, "vh")
        self._key_dense.build(key_shape)
        if self.use_gate:
            self._gate_dense = self._projection(
                "gate", "bqm,muh->bquh", of_query, "uh", activation="sigmoid"
            )
            self._gate_dense.build(query_shape)
        self._value_dense = self._projection("value", "bkm,mvh->bkvh", of_key, "vh")
        self._value_dense.build(value_shape)
        self._dropout_layer = Dropout(rate=self.dropout, dtype=self.dtype_policy, seed=self.seed)
        self._output_dense = self._projection(
            "attention_output", "bquh,uhm->bqm", (None, query_shape[-1]), "m"
        )
        self._output_dense.build((None, None, self.num_query_heads, self.head_dim))

    def _compute_attention(
        self,
        query: Any,
        key: Any,
        value: Any,
        attention_mask: Any = None,
        training: bool | None = None,
        return_attention_scores: bool = False,
    ) -> tuple:
        """Attend with projected tensors; see `MultiHeadAttention`."""
        if self.num_repeats > 1:
            key = repeat(key, self.num_repeats, axis=2)
            value = repeat(value, self.num_repeats, axis=2)
        scale = 1 / math.sqrt(self.head_dim)
        if not return_attention_scores and self._compute.itemsize >= 4:
            return self._fused(query, key, value, attention_mask, training, scale), None
        scores = einsum("bquh,bkuh->buqk", query * scale, key)
        scores = self._weights(scores, attention_mask, fused=not return_attention_scores)
        kept = self._dropout_layer(scores, training=training) if self.dropout > 0 else scores
        return einsum("buqk,bkuh->bquh", kept, value), scores

    def compute_output_shape(
        self, query_shape: tuple, value_shape: tuple, key_shape: Any = None
    ) -> tuple:
        key_shape = value_shape if key_shape is None else key_shape
        if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
            raise ValueError(
                f"Layer '{self.name}': value and key must have the same sizes but for the last "
                f"axis. Received: value_shape={value_shape}, key_shape={key_shape}"
            )
        return tuple(query_shape)

    def compute_output_spec(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: Any = None,
        use_causal_mask: bool = False,
    ) -> Any:
        shape = self.compute_output_shape(
            query.shape, value.shape, None if key is None else key.shape
        )
        output = KerasTensor(shape, self.compute_dtype)
        if not return_attention_scores:
            return output
        scores = (query.shape[0], self.num_query_heads, query.shape[1], value.shape[1])
        return output, KerasTensor(scores, self.compute_dtype)
