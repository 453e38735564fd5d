"""Products of float inputs with weights in few bits, whose gradients go to the inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import Primitive
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import np_dtype
from minikeras.kernels import quantized as kernel
from minikeras.kernels.quantized import IntegerMatrix
from minikeras.ops.products import matmul


def _forward(x: np.ndarray, matrix: IntegerMatrix, quantizer: Any) -> tuple[np.ndarray, tuple]:
    if quantizer is None:
        return kernel.forward(x, None, matrix, None)
    integers, scale = [to_array(part) for part in quantizer(Tensor(x), axis=-1)]
    return kernel.forward(x, integers, matrix, scale)


def _reference(x: Any, matrix: IntegerMatrix, quantizer: Any) -> Tensor:
    return matmul(as_quantized(x, quantizer, -1), matrix.floats(np_dtype(x.dtype)))


INTEGER_PRODUCT = Primitive(
    "integer_product",
    _forward,
    lambda g, saved, needs, out, matrix, quantizer: [kernel.backward(g, saved)],
    rule=lambda x, matrix, quantizer: KerasTensor((*x.shape[:-1], matrix.columns), x.dtype),
    reference=_reference,
)
"""`x @ matrix`, with `x` rounded by a quantizer before (None: not at all)."""


class _StraightThrough(Primitive):
    """Gives the gradient of its result to its input, however often it is asked."""

    def backward_graph(self, g: Any, node: Any, needs: Any) -> list:
        return [g]


def _as_quantized(x: np.ndarray, quantizer: Any, axis: Any) -> tuple[np.ndarray, None]:
    integers, scale = [to_array(part) for part in quantizer(Tensor(x), axis=axis)]
    return (integers / scale).astype(x.dtype, copy=False), None


_AS_QUANTIZED = _StraightThrough(
    "as_quantized",
    _as_quantized,
    lambda g, saved, needs, out, quantizer, axis: [g],
    rule=lambda x, quantizer, axis: KerasTensor(x.shape, x.dtype),
)


def as_quantized(x: Any, quantizer: Any, axis: Any) -> Any:
    """Return what a quantizer leaves of a tensor; all if it is None. Gradients go through unchanged."""
    return x if quantizer is None else _AS_QUANTIZED(x, quantizer=quantizer, axis=axis)
