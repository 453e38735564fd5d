"""Weights as integers of 8 bits, with a scale for each output."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.kernels.quantized import IntegerMatrix
from minikeras.layers.quantization.weights import QuantizedWeight
from minikeras.quantizers.quantization_config import QuantizationConfig
from minikeras.quantizers.quantizers import AbsMaxQuantizer


def parts(layer: Any, weight: QuantizedWeight, config: Any) -> dict[str, tuple]:
    """Return shape, dtype and initializer of the variables of a weight, by what ends their names."""
    return {
        "": (weight.shape, "int8", "zeros"),
        "_scale": (weight.stored_scale_shape, None, "ones"),
    }


def encode(weight: QuantizedWeight, values: Any, config: Any) -> dict[str, np.ndarray]:
    """Return the values of these variables for a weight in floats."""
    default = AbsMaxQuantizer(axis=weight.summed)
    quantizer = QuantizationConfig.weight_quantizer_or_default(config, default)
    integers, scale = [to_array(p) for p in quantizer(Tensor(to_array(values)))]
    return {"": integers, "_scale": weight.laid_out(scale)}


def decode(weight: QuantizedWeight, stored: dict[str, np.ndarray], dtype: Any) -> np.ndarray:
    """Return the weight in floats."""
    return stored[""].astype(dtype) / weight.spread(stored["_scale"]).astype(dtype)


def matrix(weight: QuantizedWeight, stored: dict[str, np.ndarray]) -> IntegerMatrix:
    """Return the weight as a matrix whose rows are summed over."""
    rows, columns = weight.matrix_shape
    integers = stored[""].T if weight.row_axis else stored[""].reshape(rows, columns)
    return IntegerMatrix(integers, stored["_scale"].reshape(columns), columns)


def inputs_quantizer(layer: Any, config: Any) -> Any:
    """Return what rounds the layer's inputs."""
    return QuantizationConfig.activation_quantizer_or_default(config, AbsMaxQuantizer())


def integers(weight: QuantizedWeight, stored: dict[str, np.ndarray]) -> np.ndarray:
    """Return the integers, in the weight's shape."""
    return stored[""]
