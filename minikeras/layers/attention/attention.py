"""`Attention`: sums of values, weighted by how well their keys fit the query."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import Fraction, short
from minikeras.kernels.random import dropout_mask
from minikeras.layers.attention.masks import padding_mask
from minikeras.layers.layer import Layer
from minikeras.ops.activations import softmax
from minikeras.ops.creation import tri
from minikeras.ops.indexing import where
from minikeras.ops.products import matmul
from minikeras.ops.reductions import sum as sum_of
from minikeras.ops.sequences import ATTENTION
from minikeras.ops.shapes import expand_dims, squeeze, swapaxes
from minikeras.ops.trigonometry import tanh
from minikeras.random import SeedGenerator, dropout
from minikeras.random.seed_generator import draw_key


class Attention(Layer):
    """Dot-product attention (Luong et al., 2015): `softmax(query @ key.T) @ value`.

    Called on a list, `[query, value]` or `[query, value, key]`.

    Args:
        use_scale: whether scores are multiplied by a weight.
        score_mode: `"dot"`, or `"concat"` for a sum of `tanh(query + key)`.
        dropout: share of the weights that is dropped while training.
        seed: integer seed of dropout.

    Input: query `(batch, queries, size)`, value and key `(batch, keys, size)`; masks as a list,
    `[query_mask, value_mask]`. Call arguments: `return_attention_scores`, and `use_causal_mask`,
    by which a query sees only keys at its own place and before. Output: `(batch, queries, size)`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> query, value = np.ones((2, 3, 4)), np.ones((2, 5, 4))
    >>> layers.Attention()([query, value]).shape
    (2, 3, 4)
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: Fraction = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(
                f"{type(self).__name__}: argument `score_mode` must be 'dot' or 'concat'. "
                f"Received: score_mode={score_mode!r}"
            )
        self.use_scale = use_scale
        self.score_mode = score_mode
        self.dropout = dropout
        self.seed = seed
        if dropout > 0:
            self.seed_generator = SeedGenerator(seed)
        self.scale = self.concat_score_weight = None
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        self._check(input_shape)
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(), initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(
                name="concat_score_weight", shape=(), initializer="ones"
            )

    def _check(self, inputs: Any, mask: Any = None) -> None:
        kind = type(self).__name__
        if not isinstance(inputs, list) or len(inputs) not in (2, 3):
            raise ValueError(
                f"{kind}: takes a list of 2 or 3 inputs, [query, value] or [query, value, key]. "
                f"Received: {_counted(inputs)}"
            )
        if mask is not None and (not isinstance(mask, list) or len(mask) not in (2, 3)):
            raise ValueError(
                f"{kind}: argument `mask` must be a list of 2 or 3 masks, [query_mask, value_mask]. "
                f"Received: {_counted(mask)}"
            )

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        self._check(inputs, mask)
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = (mask[0], mask[1]) if mask else (None, None)
        bias = self._bias(query, key, value_mask, use_causal_mask)
        if self._fusible(query) and not return_attention_scores:
            output, scores = self._fused(query, key, value, bias, training), None
        else:
            scores = self._calculate_scores(query, key)
            scores = softmax(scores if bias is None else scores + Tensor(bias), axis=-1)
            dropping = training and self.dropout > 0
            kept = dropout(scores, self.dropout, seed=self.seed_generator) if dropping else scores
            output, scores = matmul(kept, value), kept
        if query_mask is not None:
            keep = padding_mask(query_mask, query.shape[-2], "mask[0]")[..., None]
            output = where(keep, output, Tensor(np.zeros((), output.array.dtype)))
        return (output, scores) if return_attention_scores else output

    def _bias(self, query: Any, key: Any, mask: Any, causal: bool) -> np.ndarray | None:
        """Return what is added to scores so that masked ones vanish."""
        if causal:
            past = tri(query.shape[-2], key.shape[-2], dtype="bool").array[None]
        if mask is not None:
            mask = padding_mask(mask, key.shape[-2], "mask[1]")[:, None, :]
            mask = mask & past if causal else mask
        elif causal:
            mask = past
        else:
            return None
        dtype = self._compute
        low = dtype.type(-65504.0 if dtype == np.float16 else -1e9)
        return np.where(mask, dtype.type(0), low)

    def _fusible(self, query: Any) -> bool:
        plain = self.score_mode == "dot" and query.ndim == 3 and self._compute.itemsize >= 4
        return plain and query.dtype == self._compute

    def _fused(self, query: Any, key: Any, value: Any, bias: Any, training: bool) -> Tensor:
        options: dict = {}
        if training and 0 < self.dropout < 1:
            shape = (query.shape[0], 1, query.shape[1], key.shape[1])
            keep, rate = dropout_mask(shape, self.dropout, draw_key(self.seed_generator))
            options = {"keep": keep, "rate": rate}
        if self.scale is not None:
            query = query * self.scale
        heads = [expand_dims(x, 2) for x in (query, key, value)]
        bias = None if bias is None else bias[:, None]
        y = ATTENTION(*heads, bias, scale=1.0, **options)
        return squeeze(y, 2)

    def _calculate_scores(self, query: Any, key: Any) -> Tensor:
        """Return the scores `(batch, queries, keys)`."""
        if self.score_mode == "dot":
            scores = matmul(query, swapaxes(key, -2, -1))
            return scores if self.scale is None else scores * self.scale
        total = expand_dims(query, -2) + expand_dims(key, -3)
        total = total if self.scale is None else total * self.scale
        return sum_of(tanh(total), axis=-1) * self.concat_score_weight

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        self._check(inputs, mask)
        return None if mask is None or mask[0] is None else mask[0]

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return (*input_shape[0][:-1], input_shape[1][-1])

    def compute_output_spec(
        self,
        inputs: Any,
        mask: Any = None,
        return_attention_scores: bool = False,
        training: Any = None,
        use_causal_mask: bool = False,
    ) -> Any:
        self._check(inputs, mask)
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        output = KerasTensor((*query.shape[:-1], value.shape[-1]), self.compute_dtype)
        if not return_attention_scores:
            return output
        return output, KerasTensor((*query.shape[:-1], key.shape[-2]), self.compute_dtype)


def _counted(given: Any) -> str:
    """Return what was given in place of a list as a message shows it."""
    if not isinstance(given, (list, tuple)):
        return short(given)
    return f"{type(given).__name__} of length {len(given)}, {short(given)}"
