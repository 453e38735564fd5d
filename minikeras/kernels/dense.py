"""Dense: `activation(x @ kernel + bias)`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minikeras.common.ranks import shared_rows
from minikeras.kernels import parallel
from minikeras.kernels import per_example as examples
from minikeras.kernels.activations import Fused
from minikeras.kernels.gemm import (
    BLAS_PARALLEL,
    LATER,
    PARALLEL,
    dot,
    dot_beside,
    dot_later,
    dots,
    in_rows,
)
from minikeras.kernels.random import Key, dropout_factors, dropout_scale
from minikeras.kernels.sums import column_sums

Dropout = tuple[float, Key]
"""The share of the results that is dropped, and the key with which it is drawn which of them."""


def forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None,
    activation: Fused | None,
    dropout: Dropout | None = None,
) -> tuple[np.ndarray, tuple]:
    """Compute `activation(x @ kernel + bias)`, of which some may be dropped.

    Args:
        x: inputs, `(..., n)`.
        kernel: weights, `(n, units)`.
        bias: `(units,)` or None.
        activation: what is applied to the result, or None.
        dropout: rate and key, or None; with relu only.

    Returns:
        The result `(..., units)`, and what backward needs.
    """
    flat = x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
    if dropout is None:
        y = dot(flat, kernel)
    else:
        y, factors = _with_factors(x, flat, kernel, dropout)
    if bias is not None:
        # With one of the same shape, or a single number, NumPy takes half the time.
        if 1 in y.shape:
            bias = bias.reshape(y.shape if len(y) == 1 else ())
        np.add(y, bias, y)
    if activation is not None:
        activation.forward(y, y)
    if dropout is not None:
        y *= factors
    shaped = y if x.ndim == 2 else y.reshape(*x.shape[:-1], y.shape[-1])
    return shaped, (x, flat, kernel, bias is not None, y)


def _with_factors(
    x: np.ndarray, flat: np.ndarray, kernel: np.ndarray, dropout: Dropout
) -> tuple[np.ndarray, np.ndarray]:
    """Return `flat @ kernel`, and what dropout multiplies it with, which is drawn meanwhile."""
    shape, dtype = (*x.shape[:-1], kernel.shape[1]), np.result_type(x, kernel)
    rate, key = dropout
    if shared_rows() is not None:  # of which only this thread knows
        y, factors = dot(flat, kernel), dropout_factors(shape, rate, dtype, key)
        return y, factors.reshape(y.shape)
    drawn = []
    y = dot_beside(flat, kernel, lambda: drawn.append(dropout_factors(shape, rate, dtype, key)))
    return y, drawn[0].reshape(y.shape)


def _before_activation(
    g: np.ndarray, y: np.ndarray, activation: Fused | None, dropout: Dropout | None
) -> np.ndarray:
    """Return the gradient of what the activation was applied to, contiguous."""
    d = g if g.ndim == 2 else g.reshape(y.shape)
    if activation is None:
        return np.ascontiguousarray(d)
    d = activation.backward(d, y)  # what was dropped is as what relu made zero
    if dropout is not None:
        d *= dropout_scale(dropout[0], d.dtype)
    return d


def backward(
    g: np.ndarray,
    saved: tuple,
    needs: Any,
    out: Any,
    activation: Fused | None,
    dropout: Dropout | None = None,
) -> list:
    """Return the gradients of x, kernel and bias."""
    x, flat, kernel, has_bias, y = saved
    need_x, need_kernel, need_bias = needs
    d = _before_activation(g, y, activation, dropout)
    out_kernel = out_bias = None
    if out is not None:
        _, out_kernel, out_bias = out
    dx = dkernel = dbias = None
    work = flat.size * d.shape[1]
    multiply = np.ndarray.dot if work < BLAS_PARALLEL else dot  # which asks for each product
    if need_kernel:
        if work < LATER:
            dkernel = multiply(flat.T, d, out_kernel)
        elif out_kernel is not None and parallel.defers():
            # Nobody needs it before all gradients are there: other threads compute it meanwhile.
            dkernel = dot_later(flat.T, d, out_kernel)
        elif need_x and work >= PARALLEL:
            dkernel, dx = dots((flat.T, d, out_kernel), (d, kernel.T, None))
        else:
            dkernel = dot(flat.T, d, out_kernel)
    if need_bias and has_bias:
        dbias = column_sums(d, out_bias)
    if need_x:
        dx = multiply(d, in_rows(kernel.T, d.shape[0])) if dx is None else dx
        if x.ndim != 2:
            dx = dx.reshape(x.shape)
    return [dx, dkernel, dbias]


def per_example(
    g: np.ndarray,
    saved: tuple,
    needs: Any,
    n: int,
    activation: Fused | None,
    dropout: Dropout | None = None,
) -> list:
    """Return the gradient of x, and those of kernel and bias for each of `n` examples."""
    x, flat, kernel, has_bias, y = saved
    d = _before_activation(np.ascontiguousarray(g), y, activation, dropout)
    return [
        dot(d, kernel.T).reshape(x.shape) if needs[0] else None,
        examples.dense(flat, d, n, kernel.shape) if needs[1] else None,
        examples.sums(d, n) if needs[2] and has_bias else None,
    ]
