"""The dense layer's product, bias and activation as one primitive."""

from __future__ import annotations

from typing import Any

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import Primitive
from minikeras.autodiff.tensor import Tensor
from minikeras.kernels import dense as dense_kernel
from minikeras.kernels.activations import Fused
from minikeras.kernels.random import dropout_factors
from minikeras.ops.activations import FUSED_AS_OPS
from minikeras.ops.products import matmul


def _dense_reference(
    x: Tensor,
    kernel: Tensor,
    bias: Any,
    activation: Fused | None,
    dropout: dense_kernel.Dropout | None = None,
) -> Tensor:
    y = matmul(x, kernel)
    y = y if bias is None else y + bias
    y = y if activation is None else FUSED_AS_OPS[activation](y)
    if dropout is None:
        return y
    rate, key = dropout
    return y * dropout_factors(y.shape, rate, y.array.dtype, key)


DENSE = Primitive(
    "dense",
    dense_kernel.forward,
    dense_kernel.backward,
    rule=lambda x, kernel, *_, **__: KerasTensor((*x.shape[:-1], kernel.shape[-1]), x.dtype),
    reference=_dense_reference,
    writes_out=True,
    promotes=True,
    per_example=dense_kernel.per_example,
)
"""`activation(x @ kernel + bias)` in one step; with `dropout`, a rate and a key, that too."""
