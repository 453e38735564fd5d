"""`CategoryEncoding`: categories by index as vectors."""

from __future__ import annotations

from typing import Annotated, Any

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.common.arguments import PositiveInt, one_of
from minikeras.layers.layer import Layer
from minikeras.layers.preprocessing.encoding import WEIGH, encode, encoded_shape
from minikeras.layers.preprocessing.text_layer import refuse_sparse
from minikeras.ops.core import cast, convert_to_tensor

OutputMode = Annotated[str, one_of("multi_hot", "one_hot", "count", "binary")]


class CategoryEncoding(Layer):
    """Makes vectors of categories that are given by their index.

    Args:
        num_tokens: number of categories: the length of the vectors.
        output_mode: `"one_hot"` makes a vector of each index, with a 1 at its place (in place of a
            last axis of size 1, else along a new one); `"multi_hot"` one of each sample, with a 1 for
            each category that occurs in it; `"count"` likewise, saying how often.
        sparse: must be False.

    Call arguments:
        inputs: integers in `[0, num_tokens)`, `(batch, n)` or `(n,)`; others count for nothing.
        count_weights: how much each index counts, in the shape of `inputs`; for `"count"` only.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.CategoryEncoding(4, output_mode="count")(np.array([[0, 1, 1], [3, 3, 3]]))
    <Tensor shape=(2, 4) dtype=float32
    [[1. 2. 0. 0.]
     [0. 0. 0. 3.]]>
    """

    argument_sources = {"sparse": None}

    def __init__(
        self,
        num_tokens: PositiveInt = None,
        output_mode: OutputMode = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_tokens is None:
            raise ValueError(
                "CategoryEncoding: argument `num_tokens` is needed. IntegerLookup finds out by "
                "itself which integers there are."
            )
        self.num_tokens = int(num_tokens)
        self.output_mode = "multi_hot" if output_mode == "binary" else output_mode
        refuse_sparse(sparse)
        self.sparse = False
        self.autocast = False
        self._build_at_init()

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        indices = convert_to_tensor(inputs)
        if count_weights is None:
            return encode(indices, self.output_mode, self.num_tokens, self.dtype)
        if self.output_mode != "count":
            raise ValueError(
                f"Layer '{self.name}': argument `count_weights` is for output_mode='count' only. "
                f"Received: output_mode='{self.output_mode}'"
            )
        if tuple(count_weights.shape) != tuple(indices.shape):
            raise ValueError(
                f"Layer '{self.name}': argument `count_weights` must have the shape of `inputs`, "
                f"{tuple(indices.shape)}. Received: count_weights.shape={tuple(count_weights.shape)}"
            )
        weights = cast(count_weights, self.compute_dtype)
        return WEIGH(weights, indices, depth=self.num_tokens)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return encoded_shape(input_shape, self.output_mode, self.num_tokens)

    def compute_output_spec(self, inputs: Any, count_weights: Any = None) -> KerasTensor:
        dtype = self.dtype if count_weights is None else self.compute_dtype
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype)
