"""`Embedding`: a vector for each integer."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import has_values
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import ArgumentError, Numbers, PositiveInt
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.kernels.scatter import all_below
from minikeras.layers.lora import adapted_weight
from minikeras.layers.quantization.quantizable import QuantizableLayer
from minikeras.layers.quantization.weights import QuantizedWeight
from minikeras.ops.comparison import not_equal
from minikeras.ops.products import matmul
from minikeras.ops.rows import EMBEDDING
from minikeras.regularizers.regularizers import RegularizerLike


def _split_embedding(table: Any, indices: np.ndarray) -> Tensor:
    """Return rows of a table of which each rank holds some rows, or some columns."""
    from minikeras.autodiff.split import GATHER, SUM_OF_TERMS

    axis, ranks = table._split
    if axis == 1:
        return GATHER(EMBEDDING(table.own, indices=indices), axis=indices.ndim, ranks=ranks)
    own = table.own
    if not has_values(indices):  # only the shape is asked for
        return SUM_OF_TERMS(EMBEDDING(own, indices=indices), ranks=ranks)
    local = indices.astype(np.int64) - ranks.rank * own.shape[0]
    here = (local >= 0) & (local < own.shape[0])
    rows = EMBEDDING(own, indices=np.where(here, local, 0))
    return SUM_OF_TERMS(rows * here[..., None].astype(rows.array.dtype), ranks=ranks)


_SHORTER = 4
"""Bytes of integers up to which the kernel itself refuses those that are out of range."""


class Embedding(QuantizableLayer):
    """A table of vectors, one for each integer.

    Args:
        input_dim: number of vectors; integers lie in `[0, input_dim)`.
        output_dim: length of a vector.
        embeddings_initializer: initializer of the table.
        embeddings_regularizer: penalty on the table.
        embeddings_constraint: constraint of the table.
        mask_zero: whether 0 stands for padding, which later layers are to skip.
        weights: first value of the table.
        lora_rank, lora_alpha: rank and scale of an adaptation that is trained in place of the table, None
            for none. See `enable_lora`.
        quantization_config: what a quantized layer was told by `quantize`.

    Input: integers `(batch, ...)`. Output: `(batch, ..., output_dim)`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Embedding(10, 4)(np.array([[1, 2, 3]])).shape
    (1, 3, 4)
    """

    adapted = "embeddings"
    embeddings = adapted_weight("embeddings")

    argument_sources = {
        "activity_regularizer": "activity_regularizer",
        "weights": None,
    }

    def __init__(
        self,
        input_dim: PositiveInt,
        output_dim: PositiveInt,
        embeddings_initializer: InitializerLike = "uniform",
        embeddings_regularizer: RegularizerLike = None,
        embeddings_constraint: ConstraintLike = None,
        mask_zero: bool = False,
        weights: Numbers | None = None,
        lora_rank: PositiveInt | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        length = kwargs.pop("input_length", None)
        if length is not None:
            kwargs.setdefault("input_shape", (length,))
        super().__init__(lora_rank=lora_rank, lora_alpha=lora_alpha, **kwargs)
        self.input_dim, self.output_dim = int(input_dim), int(output_dim)
        self._keep_weight_arguments(locals())
        self.quantization_config = quantization_config
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.autocast = False
        if weights is not None:
            self.build()
            table = (
                weights[0] if isinstance(weights, (list, tuple)) and len(weights) == 1 else weights
            )
            if np.shape(table) != (self.input_dim, self.output_dim):
                expected = f"a table of shape {(self.input_dim, self.output_dim)}"
                raise ArgumentError("Embedding", "weights", expected, weights)
            self.set_weights([table])

    @property
    def input_dtype(self) -> str:
        return "int32"

    def build(self, input_shape: Any = None) -> None:
        self._large_weight("embeddings", (self.input_dim, self.output_dim))
        self._enable_lora_as_made()

    def call(self, inputs: Any) -> Any:
        table, indices = self._adapted_variable(), self._integers(inputs)
        if table._split is not None:
            self._check(indices)
            y = _split_embedding(table, indices)
        else:
            if indices.dtype.itemsize > _SHORTER:
                self._check(indices)
            try:
                y = EMBEDDING(table, indices=indices)
            except IndexError:
                self._check(indices)
                raise
        return self._with_adaptation(y, indices)

    def _as_rows(self, inputs: Tensor) -> tuple[Any, np.ndarray] | None:
        indices = inputs.array
        if (
            indices.shape[1:] != self._checked_shape
            or indices.dtype is not self._checked_dtype
            or indices.dtype.kind not in "iu"
            or inputs._keras_mask is not None
            or self.lora_enabled
            or not self._computes_as(Embedding)
        ):
            return None
        table = self._adapted_variable()
        if table._split is not None or table.array.dtype is not self._compute:
            return None
        if indices.dtype.itemsize > _SHORTER and not all_below(indices, self.input_dim):
            return None
        return table, indices

    def _integers(self, inputs: Any) -> np.ndarray:
        indices = inputs.array
        return indices if indices.dtype.kind in "iu" else indices.astype(np.int32)

    def _with_adaptation(self, y: Any, indices: np.ndarray) -> Any:
        if self.lora_enabled:  # of the rows that are looked up, not of the whole table
            a, b = self._matrices()
            y = y + matmul(EMBEDDING(a, indices=indices), b.value) * (
                self.lora_alpha / self.lora_rank
            )
        return y if y.array.dtype == self._compute else y.astype(self._compute)

    # Quantized.

    def _quantized_weights(self) -> list[QuantizedWeight]:
        shape = (self.input_dim, self.output_dim)
        return [QuantizedWeight("embeddings", shape, summed=(1,), row_axis=1)]

    def quantized_call(self, inputs: Any) -> Any:
        indices = self._integers(inputs)
        self._check(indices)
        weight = self._quantized_weights()[0]
        stored = self._stored(weight)
        rows = {
            e: v if e == "g_idx" else v.take(indices.ravel(), axis=0) for e, v in stored.items()
        }
        weight = weight._replace(shape=(indices.size, self.output_dim))
        y = self._decoded(weight, rows).reshape(*indices.shape, self.output_dim)
        return self._with_adaptation(Tensor(y), indices)

    def _check(self, indices: np.ndarray) -> None:
        if has_values(indices) and not all_below(indices, self.input_dim):
            wrong = indices[(indices < 0) | (indices >= self.input_dim)].reshape(-1)[0]
            raise ValueError(
                f"Layer '{self.name}': index {wrong} is out of range for input_dim="
                f"{self.input_dim} (expected 0 to {self.input_dim - 1})."
            )

    @property
    def _makes_masks(self) -> bool:
        return self.mask_zero or type(self).compute_mask is not Embedding.compute_mask

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (*input_shape, self.output_dim)
