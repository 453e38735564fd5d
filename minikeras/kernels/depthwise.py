"""Depthwise convolution: each channel with windows of its own.

For each element of the window, the shifted images are multiplied and added: there is no sum over
channels that a matrix product could take. Channels with several filters are repeated first.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from minikeras.kernels import per_example as examples
from minikeras.kernels.activations import Fused
from minikeras.kernels.epilogue import before_activation, computable, deliver, finisher
from minikeras.kernels.sums import add_reduce
from minikeras.kernels.windows import (
    Piece,
    Window,
    for_pieces,
    part,
    pieces,
    scratch,
    sum_pieces,
    whole_images,
    window,
)

_PIECE = 1 << 18


def reference(x: Any, kernel: Any, bias: Any, w: Window) -> Any:
    """Compute the convolution by its definition; also on tensors, for gradients of gradients."""
    x = np.pad(x, ((0, 0), *w.pads, (0, 0)))
    shape = (*x.shape[:-1], x.shape[-1], 1)
    x = np.reshape(x, shape)
    total = 0
    for tap in itertools.product(*[range(k) for k in w.kernel]):
        total = total + x[_seen(tap, w)] * kernel[tap]
    y = np.reshape(total, (*total.shape[:-2], total.shape[-2] * total.shape[-1]))
    return y if bias is None else y + bias


def _seen(tap: tuple, w: Window) -> tuple:
    """Return where an element of the window lies in all windows of padded images."""
    return (
        slice(None),
        *[
            slice(t * d, t * d + (o - 1) * s + 1, s)
            for t, d, o, s in zip(tap, w.dilation, w.out, w.strides)
        ],
    )


def forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None,
    strides: tuple,
    padding: Any,
    dilation: tuple,
    activation: Fused | None,
) -> tuple[np.ndarray, tuple]:
    """Compute `activation(depthwise convolution + bias)`.

    Args:
        x: images, `(n, *spatial, channels)`.
        kernel: `(*window, channels, multiplier)`.
        bias: `(channels * multiplier,)` or None.
        strides, dilation: one number for each spatial axis.
        padding: see `windows.window`.
        activation: what is applied to the result, or None.

    Returns:
        The result `(n, *spatial, channels * multiplier)`, and what backward needs.
    """
    dtype = x.dtype
    w = window(x.shape[1:-1], kernel.shape[:-2], strides, padding, dilation)
    x, kernel, bias = computable(x), computable(kernel), computable(bias)
    multiplier = kernel.shape[-1]
    filters = x.shape[-1] * multiplier
    y = np.empty((x.shape[0], *w.out, filters), x.dtype)
    lines = _lines(kernel, w)
    finish = finisher(w.out[1:], bias, activation)

    def work(piece: Piece) -> None:
        padded = _repeated(x, piece, w, multiplier)
        target = piece.of(y)
        product = scratch("product", target.shape, x.dtype)
        for i, (tap, line) in enumerate(lines):
            seen = padded[_rows(tap, w, piece.rows)]
            np.multiply(seen, line, product if i else target)
            if i:
                np.add(target, product, target)
        if finish is not None:
            finish(target)

    if y.size:
        for_pieces(pieces(x.shape[0], w.out[0], math.prod(w.out[1:]) * filters, _PIECE), work)
    return y.astype(dtype, copy=False), (x, kernel, bias is not None, w, y, activation)


def _lines(kernel: np.ndarray, w: Window) -> list[tuple]:
    """Return each element of the window with its weights, repeated for a row of the result."""
    filters = kernel.shape[-2] * kernel.shape[-1]
    width = w.out[-1] if len(w.out) > 1 else 1
    lines = np.empty((*w.kernel, width, filters), kernel.dtype)
    lines[...] = kernel.reshape(*w.kernel, 1, filters)
    return [(tap, lines[tap]) for tap in itertools.product(*[range(k) for k in w.kernel])]


def _rows(tap: tuple, w: Window, rows: int) -> tuple:
    """`_seen`, of a piece."""
    first = slice(
        tap[0] * w.dilation[0], tap[0] * w.dilation[0] + (rows - 1) * w.strides[0] + 1, w.strides[0]
    )
    return (slice(None), first, *_seen(tap, w)[2:])


def _repeated(x: np.ndarray, piece: Piece, w: Window, multiplier: int) -> np.ndarray:
    """Return the padded images of a piece, each channel as often as it has filters."""
    padded = part(x, piece, w)
    return padded if multiplier == 1 else np.repeat(padded, multiplier, axis=-1)


def backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    """Return the gradients of x, kernel and bias."""
    x, kernel, has_bias, w, y, activation = saved
    need_x, need_kernel, need_bias = needs
    dtype = g.dtype
    d, dbias = before_activation(g, y, activation, need_bias and has_bias, x.dtype)
    dx = dkernel = None
    if need_kernel:
        dkernel = deliver(_kernel_gradient(x, d, w, kernel.shape), out, 1, dtype)
    if need_x:
        dx = _input_gradient(d, kernel, w).astype(dtype, copy=False)
    if dbias is not None:
        dbias = deliver(dbias, out, 2, dtype)
    return [dx, dkernel, dbias]


def _kernel_gradient(x: np.ndarray, d: np.ndarray, w: Window, shape: tuple) -> np.ndarray:
    filters = d.shape[-1]
    taps = list(itertools.product(*[range(k) for k in w.kernel]))

    def task(piece: Piece, out: np.ndarray) -> None:
        padded = _repeated(x, piece, w, shape[-1])
        some = piece.of(d)
        product = scratch("product", some.shape, d.dtype)
        flat = product.reshape(-1, filters)
        ones = np.ones(flat.shape[0], d.dtype)
        for i, tap in enumerate(taps):
            np.multiply(padded[_rows(tap, w, piece.rows)], some, product)
            np.dot(ones, flat, out[i])

    cut = pieces(x.shape[0], w.out[0], math.prod(w.out[1:]) * filters, _PIECE)
    return sum_pieces(cut, (len(taps), filters), d.dtype, task).reshape(shape)


def _input_gradient(d: np.ndarray, kernel: np.ndarray, w: Window) -> np.ndarray:
    filters = d.shape[-1]
    channels, multiplier = kernel.shape[-2:]
    dx = np.empty((d.shape[0], *w.size, channels), d.dtype)
    size = [max(r, p[0] + s) for r, p, s in zip(w.covered, w.pads, w.size)]
    middle = (slice(None), *[slice(p[0], p[0] + s) for p, s in zip(w.pads, w.size)])
    lines = _lines(kernel, w)

    def work(piece: Piece) -> None:
        some = d[piece.first : piece.last]
        total = scratch("padded", (piece.count, *size, filters), d.dtype)
        total[...] = 0
        product = scratch("product", some.shape, d.dtype)
        for tap, line in lines:
            np.multiply(some, line, product)
            seen = total[_seen(tap, w)]
            np.add(seen, product, seen)
        inside = total[middle]
        target = dx[piece.first : piece.last]
        if multiplier == 1:
            target[...] = inside
        else:
            np.add.reduce(inside.reshape(*inside.shape[:-1], channels, multiplier), -1, out=target)

    for_pieces(pieces(d.shape[0], 1, math.prod(w.size) * filters, _PIECE), work)
    return dx


def per_example(g: np.ndarray, saved: tuple, needs: Any, n: int) -> list:
    """Return the gradient of x, and those of kernel and bias for each of `n` examples."""
    x, kernel, has_bias, w, y, activation = saved
    d, _ = before_activation(g, y, activation, False, x.dtype)
    filters = d.shape[-1]
    taps = list(itertools.product(*[range(k) for k in w.kernel]))
    images = np.empty((x.shape[0], len(taps), filters), x.dtype)

    def work(piece: Piece) -> None:
        padded = _repeated(x, piece, w, kernel.shape[-1])
        some = piece.of(d)
        product = scratch("product", some.shape, d.dtype)
        flat = product.reshape(piece.count, -1, filters)
        for i, tap in enumerate(taps):
            np.multiply(padded[_rows(tap, w, piece.rows)], some, product)
            images[piece.first : piece.last, i] = add_reduce(flat, 1)

    if needs[1]:
        for_pieces(whole_images(x.shape[0], w.out, filters, _PIECE), work)
        images = add_reduce(images.reshape(n, -1, len(taps), filters), 1)
    return [
        _input_gradient(d, kernel, w).astype(g.dtype, copy=False) if needs[0] else None,
        examples.Sums(images.reshape(n, *kernel.shape)) if needs[1] else None,
        examples.sums(d.reshape(-1, filters), n) if needs[2] and has_bias else None,
    ]
