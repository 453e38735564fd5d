"""What GPTQ and AWQ have in common: tokens to calibrate with, and rounding to unsigned integers.

A kernel is a matrix `(rows, columns)` here, a row for each input of the layer. In each column, groups of
successive rows share a scale and a zero point.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np

from minikeras.autodiff.tensor import to_array
from minikeras.common.arguments import ArgumentError, Kind, PositiveInt, is_integer, short
from minikeras.quantizers.quantization_config import QuantizationConfig

GroupSize = Annotated[
    int,
    Kind(
        "a positive integer, or -1", lambda value: is_integer(value) and (value > 0 or value == -1)
    ),
]


class CalibratedConfig(QuantizationConfig):
    """Base of the configs of methods that look at a layer's inputs before they round its weights.

    What is only for the calibration, `dataset`, `tokenizer` and `quantization_layer_structure`, is not
    written into files.
    """

    argument_sources = {
        "dataset": lambda config: None,
        "tokenizer": lambda config: None,
        "quantization_layer_structure": lambda config: None,
    }

    def __init__(
        self,
        dataset: Any,
        tokenizer: Any,
        *,
        weight_bits: int,
        num_samples: PositiveInt,
        sequence_length: PositiveInt,
        group_size: GroupSize,
        quantization_layer_structure: dict | None,
    ) -> None:
        super().__init__()
        self.dataset = dataset
        self.tokenizer = tokenizer
        self.weight_bits = weight_bits
        self.num_samples = num_samples
        self.sequence_length = sequence_length
        self.group_size = group_size
        self.quantization_layer_structure = quantization_layer_structure

    def dtype_policy_string(self) -> str:
        """Return what the dtype policy of a layer calls this quantization."""
        return f"{self.mode}/{self.weight_bits}/{self.group_size}"

    def observer(self, rows: int, owner: str) -> Any:
        """Return what is shown a layer's inputs and then rounds its kernel.

        It has `update(inputs)`, for inputs `(..., rows)`, and `quantized(kernel)`, which gives a dict of
        arrays, by what ends the names of the layer's variables. `owner` is for messages.
        """
        raise NotImplementedError

    def windows(self) -> np.ndarray:
        """Return the tokens of the data set, `(num_samples, sequence_length)`, int32.

        The texts follow each other without a gap, again from the beginning where there are too few
        tokens; the windows begin at equal distances.

        Raises:
            ValueError: if there is no data set, it is empty, or a text comes without a tokenizer.
        """
        owner = type(self).__name__
        if isinstance(self.dataset, (str, bytes)) or not isinstance(self.dataset, Iterable):
            kind = "an iterable of texts or of token ids, such as a list"
            raise ArgumentError(owner, "dataset", kind, self.dataset)
        tokens = [self._tokens(piece, owner) for piece in self.dataset]
        tokens = np.concatenate(tokens) if tokens else np.empty(0, np.int32)
        if not tokens.size:
            raise ValueError(f"{owner}: the `dataset` to calibrate with is empty.")
        wanted = self.num_samples * self.sequence_length
        tokens = np.tile(tokens, max(1, -(-wanted // tokens.size)))
        starts = tokens.size - self.sequence_length + 1
        stride = max(1, starts // self.num_samples)
        starts = np.arange(self.num_samples) * stride % starts
        return np.lib.stride_tricks.sliding_window_view(tokens, self.sequence_length)[starts]

    def _tokens(self, piece: Any, owner: str) -> np.ndarray:
        if isinstance(piece, str):
            if self.tokenizer is None:
                raise ValueError(f"{owner}: `dataset` has texts, so `tokenizer` must not be None.")
            piece = getattr(self.tokenizer, "tokenize", self.tokenizer)(piece)
        found = to_array(piece) if hasattr(piece, "shape") else np.asarray(piece)
        if found.dtype.kind not in "iu" and found.size:
            raise ValueError(
                f"{owner}: `dataset` must give texts, or token ids, which are integers. Received: "
                f"{short(piece)} (dtype {found.dtype})"
            )
        return found.reshape(-1).astype(np.int32)


def levels(
    kernel: np.ndarray, group_size: int, bits: int, symmetric: bool = False, shared: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return scale and zero point of each group: `kernel` is to be about `(q - zero) * scale`.

    Args:
        kernel: `(rows, columns)`.
        group_size: number of rows in a group; of the last one, what is left.
        bits: the integers `q` go from 0 to `2**bits - 1`.
        symmetric: whether the numbers of a group are taken to lie as far below 0 as above it.
        shared: whether all columns have the same scale.

    Returns:
        The scale, as `kernel`, and the zero point, uint8, both `(groups, columns)`.

    Example:

    >>> scale, zero = levels(np.array([[-1.0], [2.0]], np.float32), 2, bits=2)
    >>> scale.tolist(), zero.tolist()
    ([[1.0]], [[1]])
    """
    top = kernel.dtype.type(2**bits - 1)
    starts = np.arange(0, len(kernel), group_size)
    # With 0 in the range the zero point is one of the integers.
    low = np.minimum(np.minimum.reduceat(kernel, starts, axis=0), 0)
    high = np.maximum(np.maximum.reduceat(kernel, starts, axis=0), 0)
    if shared:
        shape = low.shape
        low = np.broadcast_to(low.min(axis=1, keepdims=True), shape)
        high = np.broadcast_to(high.max(axis=1, keepdims=True), shape)
    if symmetric:
        high = np.maximum(-low, high)
        low = -high
    empty = low == high
    low, high = np.where(empty, -1, low), np.where(empty, 1, high)
    scale = ((high - low) / top).astype(kernel.dtype)
    zero = np.full(scale.shape, (top + 1) / 2) if symmetric else np.round(-low / scale)
    return scale, zero.astype(np.uint8)


def rounded(kernel: np.ndarray, scale: np.ndarray, zero: np.ndarray, bits: int) -> np.ndarray:
    """Return the integers, as floats, that numbers with these scales and zero points become."""
    q = kernel / scale
    q += zero
    np.round(q, out=q)
    return np.clip(q, 0, 2**bits - 1, out=q)
