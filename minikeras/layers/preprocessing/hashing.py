"""`Hashing`: texts and integers into a fixed number of bins."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import PositiveInt
from minikeras.common.dtypes import np_dtype
from minikeras.common.settings import settings
from minikeras.common.texts import as_bytes, as_strings, is_text_dtype
from minikeras.kernels.hashing import buckets
from minikeras.layers.preprocessing.encoding import encoded, encoded_shape
from minikeras.layers.preprocessing.text_layer import TextLayer, key_of_hash, refuse_sparse


class Hashing(TextLayer):
    """The number of a bin for each text or integer, by its hash: categories without a vocabulary.

    The same value always falls into the same bin, here and in Keras. Two values may share a bin.

    Args:
        num_bins: number of bins, that of `mask_value` among them.
        mask_value: value that goes into bin 0, which no other value goes into then. None for none.
        salt: integer, or two of them, that the hash depends on (it is SipHash then). None for
            FarmHash.
        output_mode: `"int"` for the number of the bin, `"one_hot"` for a vector for each value,
            `"multi_hot"` or `"count"` for one for each sample.
        sparse: must be False.
        **kwargs: arguments of `Layer`; `dtype` is that of the output, int64 for `"int"` and `floatx`
            otherwise if None.

    Input: texts or integers of any shape; floats are cut to integers first, and integers hashed as
    their decimal text. Output: of the same shape for `"int"`; with a last axis of `num_bins` for
    `"one_hot"`, in place of one of size 1; of `(batch, n)` values `(batch, num_bins)` otherwise.

    Raises:
        ValueError: if an argument is not one of the above.

    Example:

    >>> from minikeras import layers
    >>> layers.Hashing(num_bins=3)([["A"], ["B"], ["C"], ["D"], ["E"]]).tolist()
    [[1], [0], [1], [1], [2]]
    """

    def __init__(
        self,
        num_bins: PositiveInt,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: Literal["int", "one_hot", "multi_hot", "count"] = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else settings.floatx
        super().__init__(**kwargs)
        if output_mode == "int" and self.compute_dtype not in ("int32", "int64"):
            raise ValueError(
                "When `output_mode=\"int\"`, `dtype` should be an integer type, 'int32' or 'int64'. "
                f"Received: dtype={kwargs['dtype']}"
            )
        if sparse and output_mode == "int":
            raise ValueError(
                '`sparse` may only be true if `output_mode` is `"one_hot"`, `"multi_hot"`, or '
                f'`"count"`. Received: sparse={sparse} and output_mode={output_mode}'
            )
        refuse_sparse(sparse)
        self.num_bins = num_bins
        self.mask_value = mask_value
        self.salt = key_of_hash(salt, "Hashing")
        self.output_mode = output_mode
        self.sparse = False

    def call(self, inputs: Any) -> Tensor:
        """Return the bins of texts or integers."""
        bins = self._bins(np.asarray(inputs.array))
        return Tensor(encoded(bins, self.output_mode, self.num_bins, np_dtype(self.compute_dtype)))

    def _bins(self, values: np.ndarray) -> np.ndarray:
        masked = self.mask_value is not None and self.num_bins > 1
        if is_text_dtype(values.dtype):
            texts = as_bytes(values)
        else:
            texts = values.astype(np.int64).astype(np.bytes_).reshape(-1)
        bins = buckets(texts, self.num_bins - masked, self.salt).reshape(values.shape)
        if masked:
            bins = np.where(as_strings(values) == self.mask_value, 0, bins + 1)
        return bins

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the shape of the output."""
        return encoded_shape(input_shape, self.output_mode, self.num_bins)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """Describe the output."""
        return KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)
