"""Weights as integers of 4 bits, two in a byte.

Each output has a scale; or, along what is summed up, each group of numbers has one and a zero point, so
that its smallest number comes to -8 and its largest to 7.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.dtype_policies import Int4DTypePolicy
from minikeras.kernels.quantized import IntegerMatrix, unpacked
from minikeras.layers.quantization.weights import QuantizedWeight
from minikeras.quantizers.integers import abs_max_quantize_grouped_with_zero_point, pack_int4
from minikeras.quantizers.quantization_config import Int4QuantizationConfig, QuantizationConfig
from minikeras.quantizers.quantizers import AbsMaxQuantizer

_RANGE = (-8, 7)


def _block_size(layer: Any, config: Any) -> int | None:
    """Return the size of groups by the config, else by the layer's policy; None for no groups."""
    for said in (config, layer._policy):
        if isinstance(said, (Int4QuantizationConfig, Int4DTypePolicy)):
            return None if said.block_size == -1 else said.block_size
    return None


def _stored_shape(weight: QuantizedWeight, columns: int) -> tuple[int, int]:
    """Return the shape of the bytes of the weight as a matrix `(rows, columns)`, in the stored order."""
    rows = weight.matrix_shape[0]
    shape = [columns, rows] if weight.row_axis else [rows, columns]
    shape[weight.pack_axis] = (shape[weight.pack_axis] + 1) // 2
    return tuple(shape)


def parts(layer: Any, weight: QuantizedWeight, config: Any) -> dict[str, tuple]:
    """Return shape, dtype and initializer of the variables of a weight, by what ends their names."""
    rows, columns = weight.matrix_shape
    size = _block_size(layer, config)
    found = {"": (_stored_shape(weight, columns), "int8", "zeros")}
    if size is None:
        return {**found, "_scale": ((columns,), None, "ones")}
    groups = -(-rows // size)
    shape = (columns, groups) if weight.row_axis else (groups, columns)
    return {
        **found,
        "_scale": (shape, None, "ones"),
        "_zero": (shape, "int8", "zeros"),
        "g_idx": ((rows,), "float32", lambda shape, dtype: np.arange(rows, dtype=dtype) // size),
    }


def encode(weight: QuantizedWeight, values: Any, config: Any) -> dict[str, np.ndarray]:
    """Return the values of these variables for a weight in floats."""
    values = to_array(values)
    matrix = values.T if weight.row_axis else values.reshape(weight.matrix_shape)
    if config is not None and config.grouped:
        found = abs_max_quantize_grouped_with_zero_point(matrix, config.block_size, to_numpy=True)
        integers, scale, zero = [to_array(part) for part in found]
        encoded = {"_scale": scale, "_zero": zero}
    else:
        default = AbsMaxQuantizer(axis=0, value_range=_RANGE)
        own = QuantizationConfig.weight_quantizer_or_default(config, None)
        if own is None:
            integers, scale = [to_array(p) for p in default(Tensor(matrix))]
        else:  # its axis is one of the weight as it stands
            integers, scale = [to_array(p) for p in own(Tensor(values))]
            integers = integers.T if weight.row_axis else integers.reshape(matrix.shape)
        encoded = {"_scale": scale.reshape(-1)}
    if weight.row_axis:
        integers = integers.T
        encoded = {ending: value.T for ending, value in encoded.items()}
    return {"": to_array(pack_int4(integers, axis=weight.pack_axis)[0]), **encoded}


def _unpacked(weight: QuantizedWeight, stored: dict[str, np.ndarray], dtype: Any) -> np.ndarray:
    """Return the integers as a matrix in the stored order."""
    rows, columns = weight.matrix_shape
    if weight.pack_axis == 0:
        return unpacked(stored[""].T, rows, dtype).T
    return unpacked(stored[""], rows if weight.row_axis else columns, dtype)


def integers(weight: QuantizedWeight, stored: dict[str, np.ndarray]) -> np.ndarray:
    """Return the integers, in the weight's shape."""
    return _unpacked(weight, stored, np.int8).reshape(weight.shape)


def decode(weight: QuantizedWeight, stored: dict[str, np.ndarray], dtype: Any) -> np.ndarray:
    """Return the weight in floats."""
    found = _unpacked(weight, stored, dtype)
    scale = stored["_scale"]
    if "_zero" not in stored:
        return (found / (scale[:, None] if weight.row_axis else scale)).reshape(weight.shape)
    groups = stored["g_idx"].astype(np.intp)
    found -= stored["_zero"].take(groups, axis=weight.row_axis)
    found *= scale.take(groups, axis=weight.row_axis)
    return found.reshape(weight.shape)


def matrix(weight: QuantizedWeight, stored: dict[str, np.ndarray]) -> IntegerMatrix:
    """Return the weight as a matrix whose rows are summed over."""
    columns = weight.matrix_shape[1]
    zero, groups = stored.get("_zero"), stored.get("g_idx")
    if not weight.row_axis and weight.pack_axis == -1:
        return IntegerMatrix(stored[""], stored["_scale"], columns, True, zero, groups)
    whole = _unpacked(weight, stored, np.int8)  # two rows share a byte, not two columns
    scale = stored["_scale"]
    if weight.row_axis:
        whole, scale, zero = whole.T, scale.T, None if zero is None else zero.T
    return IntegerMatrix(whole, scale, columns, False, zero, groups)


def inputs_quantizer(layer: Any, config: Any) -> Any:
    """Return what rounds the layer's inputs."""
    return QuantizationConfig.activation_quantizer_or_default(config, None)
