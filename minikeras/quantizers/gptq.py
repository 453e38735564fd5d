"""GPTQ: what a number loses when it is rounded, those that are rounded after it make up for.

Source: Frantar et al., 2022, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained
Transformers".
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from minikeras.common.arguments import Fraction, PositiveInt
from minikeras.common.configurable import accepted
from minikeras.kernels import linalg
from minikeras.kernels.gemm import dot
from minikeras.quantizers.calibration import CalibratedConfig, GroupSize, levels, rounded

_BLOCK = 128
"""Rows after which the rows behind them learn what was lost, in one product."""


class GPTQConfig(CalibratedConfig):
    """Weights of 2, 3, 4 or 8 bits, rounded so that a layer's outputs change little on given data.

    The rows of a kernel are rounded one after the other. By the Hessian of the squared error of the
    outputs, `2 / n * X.T @ X`, the loss of each row is passed on to the rows behind it.

    Keras 3.15.1 takes the same arguments, but its layers do not see the data: it rounds to the nearest.

    Args:
        dataset: what to calibrate with: an iterable of texts, or of arrays or lists of token ids.
        tokenizer: object with a method `tokenize`, or a function, that gives a text's token ids; None if
            there are no texts.
        weight_bits: bits of a weight. Two of 4 bits share a byte; others take one each.
        num_samples: number of windows of tokens that the model is shown.
        per_channel: whether each output has scales of its own.
        sequence_length: number of tokens in a window.
        hessian_damping: part of its mean that is added to the diagonal of the Hessian.
        group_size: how many of the numbers that are summed up share a scale and a zero point; -1 for all.
        symmetric: whether 0 is the middle of the range of the integers.
        activation_order: whether rows with large inputs are rounded first.
        quantization_layer_structure: dict of `"pre_block_layers"`, a list of layers that the tokens go
            through first, and `"sequential_blocks"`, a list of the layers (or models) that follow, each
            called with the outputs of the one before. Their `Dense` and `EinsumDense` are quantized. None
            to ask the model's `get_quantization_layer_structure`.

    Raises:
        ValueError: if an argument is out of range.

    Example:

    >>> import numpy as np
    >>> import minikeras
    >>> from minikeras import layers, quantizers
    >>> block = minikeras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(8)])
    >>> model = minikeras.Sequential([minikeras.Input((None,), dtype="int32"),
    ...                               layers.Embedding(20, 8), block, layers.Dense(20)])
    >>> structure = {"pre_block_layers": model.layers[:1], "sequential_blocks": [block]}
    >>> tokens = np.random.default_rng(0).integers(0, 20, 200)
    >>> config = quantizers.GPTQConfig([tokens], None, num_samples=8, sequence_length=25, group_size=8,
    ...                                quantization_layer_structure=structure)
    >>> model.quantize("gptq", config=config)  # doctest: +SKIP
    >>> config.dtype_policy_string()
    'gptq/4/8'
    """

    mode = "gptq"

    def __init__(
        self,
        dataset: Any,
        tokenizer: Any,
        *,
        weight_bits: Literal[2, 3, 4, 8] = 4,
        num_samples: PositiveInt = 128,
        per_channel: bool = True,
        sequence_length: PositiveInt = 512,
        hessian_damping: Fraction = 0.01,
        group_size: GroupSize = 128,
        symmetric: bool = False,
        activation_order: bool = False,
        quantization_layer_structure: dict | None = None,
    ) -> None:
        super().__init__(**accepted(CalibratedConfig, locals()))
        self.per_channel = per_channel
        self.hessian_damping = hessian_damping
        self.symmetric = symmetric
        self.activation_order = activation_order

    def observer(self, rows: int, owner: str) -> Hessian:
        """Return the Hessian of a layer with so many inputs, without any data in it."""
        return Hessian(self, rows, owner)


class Hessian:
    """The mean of `2 * x.T @ x` over the inputs of a layer.

    Args:
        config: how the kernel is to be rounded.
        rows: number of the layer's inputs.
        owner: the layer, for messages.
    """

    def __init__(self, config: GPTQConfig, rows: int, owner: str) -> None:
        self.config = config
        self.owner = owner
        self.sum = np.zeros((rows, rows))
        self.count = 0

    def update(self, inputs: np.ndarray) -> None:
        """Take inputs `(..., rows)` into the mean."""
        x = inputs.reshape(-1, len(self.sum)).astype(np.float32, copy=False)
        self.sum += dot(x.T, x)
        self.count += len(x)

    def quantized(self, kernel: np.ndarray) -> dict[str, np.ndarray]:
        """Return integers, scales, zero points and groups for a kernel `(rows, columns)`."""
        hessian = self._damped()
        order = np.arange(len(hessian))
        if self.config.activation_order:
            order = np.argsort(-np.diagonal(hessian), kind="stable")
        try:
            shares = passed_on(hessian[np.ix_(order, order)])
        except linalg.LinAlgError:
            raise ValueError(
                f"{self.owner}: the Hessian of its inputs is singular. Set `hessian_damping` of GPTQConfig "
                f"above {self.config.hessian_damping}."
            ) from None
        return quantized_kernel(kernel, shares.astype(np.float32), order, self.config)

    def _damped(self) -> np.ndarray:
        hessian = self.sum * (2 / max(self.count, 1))
        if not np.isfinite(hessian).all():
            raise ValueError(f"{self.owner}: its inputs are not finite while GPTQ calibrates.")
        diagonal = np.diagonal(hessian).copy()
        diagonal[diagonal == 0] = 1  # an input that is always 0
        np.fill_diagonal(hessian, diagonal + self.config.hessian_damping * diagonal.mean())
        return hessian


def passed_on(hessian: np.ndarray) -> np.ndarray:
    """Return what of each row's loss is taken from the rows behind it, so that the error is least.

    That is the row's part of the inverse of the Hessian of the rows from it on, over its first number; all
    of them at once are the rows of the inverse's Cholesky factor.

    Raises:
        LinAlgError: if the Hessian is not positive definite.
    """
    # H = V V' with V upper triangular, from a factor of H with all axes reversed.
    v = linalg.cholesky(hessian[::-1, ::-1])[::-1, ::-1]
    pivots = np.square(np.diagonal(v))
    if pivots.min() <= len(v) * np.finfo(v.dtype).eps * pivots.max():
        raise linalg.LinAlgError
    factor = linalg.inv(v)
    return factor / np.diagonal(factor)[:, None]


def quantized_kernel(
    kernel: np.ndarray, shares: np.ndarray, order: np.ndarray, config: GPTQConfig
) -> dict[str, np.ndarray]:
    """Round a kernel row by row, and correct the rows that follow.

    Args:
        kernel: `(rows, columns)`.
        shares: `passed_on` of the Hessian, in the order in which rows are rounded.
        order: that order.
        config: bits, groups, ...

    Returns:
        Integers `""` `(rows, columns)`, `"_scale"` and `"_zero"` `(groups, columns)`, and `"g_idx"`, the
        group of each row.
    """
    rows = len(kernel)
    left = kernel[order].astype(np.float32)  # a copy, of which rows that are still to come change
    size = rows if config.group_size == -1 else config.group_size
    bits = config.weight_bits
    integers = np.empty(kernel.shape, np.uint8)
    scales, zeros = [], []
    for start in range(0, rows, _BLOCK):
        stop = min(start + _BLOCK, rows)
        block = left[start:stop].copy()
        own = shares[start:stop, start:stop, None]
        losses = np.empty_like(block)
        for i in range(stop - start):
            row = start + i
            if row % size == 0:  # a group's scale is that of what it is when its block begins
                scale, zero = levels(
                    left[row : row + size], size, bits, config.symmetric, not config.per_channel
                )
                scales.append(scale)
                zeros.append(zero)
            q = rounded(block[i], scale[0], zero[0], bits)
            integers[order[row]] = q
            losses[i] = block[i] - (q - zero[0]) * scale[0]
            block[i + 1 :] -= own[i, i + 1 :] * losses[i]
        left[stop:] -= dot(shares[start:stop, stop:].T, losses)
    groups = np.empty(rows, np.float32)
    groups[order] = np.arange(rows) // size
    return {
        "": integers,
        "_scale": np.concatenate(scales),
        "_zero": np.concatenate(zeros),
        "g_idx": groups,
    }
