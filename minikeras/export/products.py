"""Products of matrices, determinants, dense layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minikeras.export.elementwise import activated
from minikeras.export.graph import CannotExport, Graph, Value
from minikeras.export.rules import rule


@rule("matmul")
def matmul(g: Graph, x1: Any, x2: Any) -> Value:
    """Note a product of matrices, or of vectors."""
    dtype, working = x1.dtype, g.working_dtype("MatMul", x1.dtype)
    y = g.node("MatMul", g.cast(x1, working), g.cast(x2, working))
    ndim = max(x1.ndim, x2.ndim, 2) - (x1.ndim == 1) - (x2.ndim == 1)
    return g.cast(Value(y, working, ndim), dtype)


@rule("dense")
def _dense(g: Graph, x: Any, kernel: Any, bias: Any, activation: Any) -> Any:
    if x.ndim == 2 and bias is not None:
        y = Value(g.node("Gemm", x, kernel, bias), x.dtype, 2)
    else:
        y = matmul(g, x, kernel)
        y = y if bias is None else g.pointwise("Add", y, bias)
    return activated(g, y, activation)


@rule("einsum")
def _einsum(g: Graph, *xs: Any, labels: tuple, result: str) -> Value:
    wide = [g.cast(x, g.working_dtype("Einsum", x.dtype)) for x in xs]
    weights = len(xs) == 2 and isinstance(xs[1], np.ndarray) and _by_weights(*labels, result)
    if weights:
        y = _times_weights(g, *wide, weights, xs[1])
    else:
        y = g.node("Einsum", *wide, equation=f"{','.join(labels)}->{result}")
    return g.cast(Value(y, wide[0].dtype, len(result)), xs[0].dtype)


def _by_weights(a: str, b: str, result: str) -> int:
    """Return over how many last axes of `a`, the first of `b`, a product with weights sums.

    It is 0 if the einsum is anything but that.
    """
    for n in range(1, len(a)):
        if a[-n:] == b[:n] and result == a[:-n] + b[n:] and not set(a[:-n]) & set(b):
            return n
    return 0


def _times_weights(g: Graph, x: Any, weights: np.ndarray, n: int, given: np.ndarray) -> str:
    """Note a product over the last axes: one of matrices, as runtimes have it fastest."""
    summed, new = weights.shape[:n], weights.shape[n:]
    rest = tuple(x.shape[: x.ndim - n])
    flat = x if n == 1 else g.reshape(x, (*rest, math.prod(summed)))
    y = g.node("MatMul", flat, g.weight(given, weights.reshape(math.prod(summed), -1)))
    return y if len(new) == 1 else g.reshape(y, (*rest, *new))


@rule("attention")
def _attention(g: Graph, *_: Any, keep: Any = None, **__: Any) -> Any:
    if keep is not None:
        raise CannotExport("dropout of its weights, as in training")
    return NotImplemented  # products and a softmax


@rule("det")
def _determinant(g: Graph, x: Any) -> Value:
    working = g.working_dtype("Det", x.dtype)
    return g.cast(Value(g.node("Det", g.cast(x, working)), working, x.ndim - 2), x.dtype)


@rule("log_abs_det")
def _log_abs_det(g: Graph, x: Any) -> Value:
    return g.pointwise("Log", g.pointwise("Abs", _determinant(g, x)))


@rule("sign_of_det")
def _sign_of_det(g: Graph, x: Any) -> Value:
    return g.pointwise("Sign", _determinant(g, x))
