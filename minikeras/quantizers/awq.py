"""AWQ: weights of large inputs are stretched before they are rounded, and so lose less.

Source: Lin et al., 2023, "AWQ: Activation-aware Weight Quantization for LLM Compression and
Acceleration".
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from minikeras.common.arguments import PositiveInt
from minikeras.common.configurable import accepted
from minikeras.quantizers.calibration import CalibratedConfig, GroupSize, levels, rounded


class AWQConfig(CalibratedConfig):
    """Weights of 4 bits, each row multiplied by a number before it is rounded.

    This number is a power of the largest absolute value of the row's input on given data. Of exponents
    from 0 to 1 the one with the least error is taken, where errors count by the square of that value.

    Keras 3.15.1 takes the same arguments, but its layers do not see the data: all rows are alike to it.

    Args:
        dataset: what to calibrate with: an iterable of texts, or of arrays or lists of token ids.
        tokenizer: object with a method `tokenize`, or a function, that gives a text's token ids; None if
            there are no texts.
        weight_bits: bits of a weight: 4.
        num_samples: number of windows of tokens that the model is shown.
        sequence_length: number of tokens in a window.
        group_size: how many of the numbers that are summed up share a scale and a zero point; -1 for all.
        num_grid_points: number of steps from exponent 0 to exponent 1.
        quantization_layer_structure: which layers, as for `GPTQConfig`.

    Raises:
        ValueError: if an argument is out of range.

    Example:

    >>> from minikeras import quantizers
    >>> quantizers.AWQConfig(["some text"], list, group_size=64).dtype_policy_string()
    'awq/4/64'
    """

    mode = "awq"

    def __init__(
        self,
        dataset: Any,
        tokenizer: Any,
        *,
        weight_bits: Literal[4] = 4,
        num_samples: PositiveInt = 128,
        sequence_length: PositiveInt = 512,
        group_size: GroupSize = 128,
        num_grid_points: PositiveInt = 20,
        quantization_layer_structure: dict | None = None,
    ) -> None:
        super().__init__(**accepted(CalibratedConfig, locals()))
        self.num_grid_points = num_grid_points

    def observer(self, rows: int, owner: str) -> Magnitudes:
        """Return the magnitudes of the inputs of a layer with so many of them, without any data."""
        return Magnitudes(self, rows, owner)


class Magnitudes:
    """The largest absolute value of each input of a layer.

    Args:
        config: how the kernel is to be rounded.
        rows: number of the layer's inputs.
        owner: the layer, for messages.
    """

    def __init__(self, config: AWQConfig, rows: int, owner: str) -> None:
        self.config = config
        self.owner = owner
        self.largest = np.zeros(rows, np.float32)
        self.count = 0

    def update(self, inputs: np.ndarray) -> None:
        """Look at inputs `(..., rows)`."""
        x = np.abs(inputs.reshape(-1, len(self.largest)))
        np.maximum(self.largest, x.max(axis=0, initial=0), out=self.largest)
        self.count += len(x)

    def quantized(self, kernel: np.ndarray) -> dict[str, np.ndarray]:
        """Return integers, scales, zero points, groups and factors for a kernel `(rows, columns)`."""
        for what, values in (("inputs", self.largest), ("weights", kernel)):
            if not np.isfinite(values).all():
                raise ValueError(f"{self.owner}: its {what} are not finite while AWQ calibrates.")
        rows, size = len(kernel), self.config.group_size
        size = rows if size == -1 else size
        groups = np.arange(rows) // size
        kernel = kernel.astype(np.float32, copy=False)
        largest = np.where(self.largest < 1e-8, np.float32(1), self.largest)
        least = np.inf
        for step in range(self.config.num_grid_points + 1):
            factors = _centred(largest ** np.float32(step / self.config.num_grid_points))
            stretched = kernel * factors[:, None]
            scale, zero = levels(stretched, size, 4)
            q = rounded(stretched, scale[groups], zero[groups], 4)
            error = (q - zero[groups]) * scale[groups] / factors[:, None] - kernel
            loss = np.mean(np.square(error * largest[:, None]))
            if step == 0 or loss < least:
                least, best = loss, (q, scale, zero, factors)
        q, scale, zero, factors = best
        return {
            "": q.astype(np.uint8),
            "_scale": scale,
            "_zero": zero,
            "awq_scales": factors,
            "g_idx": groups.astype(np.float32),
        }


def _centred(factors: np.ndarray) -> np.ndarray:
    """Return factors of which the smallest and the largest are each other's inverse."""
    factors = np.maximum(factors, np.float32(1e-4))
    return factors / np.maximum(np.sqrt(factors.max() * factors.min()), np.float32(1e-8))
