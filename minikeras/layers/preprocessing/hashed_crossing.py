"""`HashedCrossing`: combinations of categories into a fixed number of bins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import PositiveInt
from minikeras.common.dtypes import np_dtype, standardize_dtype
from minikeras.common.texts import as_bytes, is_text_dtype
from minikeras.kernels.hashing import crossed, fingerprint64
from minikeras.layers.layer import Layer
from minikeras.layers.preprocessing.adapted_layer import as_tensor
from minikeras.layers.preprocessing.encoding import encoded, encoded_shape
from minikeras.layers.preprocessing.text_layer import refuse_sparse
from minikeras.ops.families import same_shape


class HashedCrossing(Layer):
    """The number of a bin for each combination of categories, by its hash.

    So a linear model can tell combinations of features apart ("Paris, in winter"). The same
    combination always falls into the same bin, here and in Keras. Two may share a bin.

    Args:
        num_bins: number of bins.
        output_mode: `"int"` for the number of the bin, `"one_hot"` for a vector.
        sparse: must be False.
        dtype: dtype of the output, int64 for `"int"` and `floatx` otherwise if None.

    Input: a list of two or more tensors of texts or integers of one shape, `(batch, 1)`, `(batch,)` or
    `()`. Output: of the same shape for `"int"`; `(batch, num_bins)` for `"one_hot"`.

    Example:

    >>> from minikeras import layers
    >>> layer = layers.HashedCrossing(num_bins=5)
    >>> layer([["Paris", "Rome", "Paris"], [1, 1, 2]])
    <Tensor shape=(3,) dtype=int64 [1 4 3]>
    """

    argument_sources = {"trainable": None, "dtype": "dtype"}

    def __init__(
        self,
        num_bins: PositiveInt,
        output_mode: Literal["int", "one_hot"] = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        if output_mode == "int" and dtype is None:
            dtype = "int64"
        super().__init__(name=name, dtype=dtype)
        refuse_sparse(sparse)
        self.num_bins = int(num_bins)
        self.output_mode = output_mode
        self.sparse = False
        self.autocast = False
        self._build_at_init()

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute (or describe, for KerasTensors) the bins of combinations."""
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError(
                f"Layer '{self.name}': argument `inputs` must be a list of two or more tensors. "
                f"Received: inputs={inputs!r}"
            )
        return super().__call__([as_tensor(x, self) for x in inputs], *args, **kwargs)

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        self._check(inputs)
        arrays = [x.array for x in inputs]
        codes = [
            fingerprint64(as_bytes(a)) if is_text_dtype(a.dtype) else a.reshape(-1) for a in arrays
        ]
        bins = crossed(codes, self.num_bins).reshape(arrays[0].shape)
        return Tensor(encoded(bins, self.output_mode, self.num_bins, np_dtype(self.compute_dtype)))

    def _check(self, inputs: Sequence[Any]) -> None:
        shapes = [tuple(x.shape) for x in inputs]
        first = shapes[0]
        if not all(same_shape(first, s) for s in shapes):
            raise ValueError(
                f"Layer '{self.name}': all inputs must have the same shape. Received: {shapes}"
            )
        if len(first) > 2 or (len(first) == 2 and first[1] not in (1, None)):
            raise ValueError(
                f"Layer '{self.name}': inputs must have the shape (batch, 1), (batch,) or (). "
                f"Received: {shapes}"
            )
        for x in inputs:
            if not standardize_dtype(x.dtype).startswith(("string", "int", "uint")):
                raise ValueError(
                    f"Layer '{self.name}': inputs must be texts or integers. Received: {x!r}"
                )

    def compute_output_shape(self, input_shape: Sequence[tuple]) -> tuple:
        """Return the shape of the output."""
        return encoded_shape(input_shape[0], self.output_mode, self.num_bins)

    def compute_output_spec(self, inputs: Sequence[Any]) -> KerasTensor:
        """Describe the output."""
        self._check(inputs)
        return KerasTensor(
            self.compute_output_shape([tuple(x.shape) for x in inputs]), self.compute_dtype
        )
