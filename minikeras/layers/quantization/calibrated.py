"""Weights as GPTQ and AWQ leave them: unsigned integers, whose groups have a scale and a zero point.

They are stored with a row for each output. Two outputs of 4 bits share a byte. By AWQ each input has a
factor too, which the weight is to be divided by.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.tensor import to_array
from minikeras.kernels.quantized import IntegerMatrix, unpacked
from minikeras.layers.quantization.weights import QuantizedWeight
from minikeras.quantizers.integers import pack_int4


def parts(layer: Any, weight: QuantizedWeight, config: Any) -> dict[str, tuple]:
    """Return shape, dtype and initializer of the variables of a weight, by what ends their names."""
    rows, columns = weight.matrix_shape
    policy = layer._policy
    size = rows if policy.group_size == -1 else policy.group_size
    shape = (columns, -(-rows // size))
    height = (columns + 1) // 2 if policy.weight_bits == 4 else columns
    found = {
        "": ((height, rows), "uint8", "zeros"),
        "_scale": (shape, None, "ones"),
        "_zero": (shape, "uint8", "zeros"),
    }
    if policy.quantization_mode == "awq":
        found["awq_scales"] = ((rows,), None, "ones")
    return {**found, "g_idx": ((rows,), "float32", "zeros")}


def encode(weight: QuantizedWeight, values: Any, observer: Any) -> dict[str, np.ndarray]:
    """Return the values of these variables for a weight in floats, by what saw the inputs."""
    found = observer.quantized(weight.as_matrix(to_array(values)))
    for ending in ("", "_scale", "_zero"):
        found[ending] = found[ending].T
    if observer.config.weight_bits == 4:
        found[""] = to_array(pack_int4(found[""], axis=0, dtype="uint8")[0])
    return found


def _is_packed(weight: QuantizedWeight, stored: dict[str, np.ndarray]) -> bool:
    # A single output looks the same, packed or not.
    return len(stored[""]) < weight.matrix_shape[1]


def integers(weight: QuantizedWeight, stored: dict[str, np.ndarray]) -> np.ndarray:
    """Return the integers, as a matrix with a row for each output."""
    if not _is_packed(weight, stored):
        return stored[""]
    return unpacked(stored[""].T, weight.matrix_shape[1], np.uint8).T


def matrix(weight: QuantizedWeight, stored: dict[str, np.ndarray]) -> IntegerMatrix:
    """Return the weight as a matrix whose rows are summed over."""
    return IntegerMatrix(
        stored[""].T,
        stored["_scale"].T,
        weight.matrix_shape[1],
        _is_packed(weight, stored),
        stored["_zero"].T,
        stored["g_idx"],
        stored.get("awq_scales"),
    )


def decode(weight: QuantizedWeight, stored: dict[str, np.ndarray], dtype: Any) -> np.ndarray:
    """Return the weight in floats."""
    return weight.from_matrix(matrix(weight, stored).floats(dtype))


def inputs_quantizer(layer: Any, config: Any) -> None:
    """Inputs are not rounded."""
    return None
