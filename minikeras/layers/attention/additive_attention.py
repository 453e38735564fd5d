"""`AdditiveAttention`: attention by a sum of `tanh(query + key)`."""

from __future__ import annotations

from typing import Any

from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import Fraction
from minikeras.layers.attention.attention import Attention
from minikeras.ops.reductions import sum as sum_of
from minikeras.ops.shapes import expand_dims
from minikeras.ops.trigonometry import tanh


class AdditiveAttention(Attention):
    """Additive attention (Bahdanau et al., 2015): scores are `sum(scale * tanh(query + key))`.

    Called on a list, `[query, value]` or `[query, value, key]`; see `Attention`.

    Args:
        use_scale: whether there is a weight `scale` for each feature.
        dropout: share of the weights that is dropped while training.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> query, value = np.ones((2, 3, 4)), np.ones((2, 5, 4))
    >>> layers.AdditiveAttention()([query, value]).shape
    (2, 3, 4)
    """

    argument_sources = {"score_mode": None}

    def __init__(self, use_scale: bool = True, dropout: Fraction = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        self._check(input_shape)
        if self.use_scale:
            self.scale = self.add_weight(
                name="scale", shape=(input_shape[0][-1],), initializer="glorot_uniform"
            )

    def _fusible(self, query: Any) -> bool:
        return False

    def _calculate_scores(self, query: Any, key: Any) -> Tensor:
        total = tanh(expand_dims(query, -2) + expand_dims(key, -3))
        return sum_of(total if self.scale is None else total * self.scale, axis=-1)
