"""Depthwise convolution: each channel with windows of its own.

There is no sum over channels that a matrix product could take. The sum over the elements of a window is
one of `np.einsum`, which multiplies and adds in one pass, row after row while the row of the result is in
the cache. Where windows lie side by side, a row of the image with all its channels is one long inner loop.
Channels with several filters are repeated first.

The gradient of the inputs is such a sum too, of the gradient with the mirrored kernel; with strides, one
for each of the places that a pixel can have beneath the windows.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from minikeras.kernels import per_example as examples
from minikeras.kernels.activations import Fused
from minikeras.kernels.epilogue import before_activation, computable, deliver, finisher, kept
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
    windows,
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
    made: dict | None = None,
) -> tuple[np.ndarray, tuple]:
    """Compute `activation(depthwise convolution + bias)`.

    Args:
        x: images, `(n, *spatial, channels)`.
        kernel: `(*window, channels, multiplier)`.
        bias: `(channels * multiplier,)` or None.
        strides, dilation: one number for each spatial axis.
        padding: see `windows.window`.
        activation: what is applied to the result, or None.
        made: place for what is made of kernel and bias, where the next call may find it; None if there
            is no next call with these, as in training.

    Returns:
        The result `(n, *spatial, channels * multiplier)`, and what backward needs.
    """
    dtype = x.dtype
    w = window(x.shape[1:-1], kernel.shape[:-2], strides, padding, dilation)
    x, kernel, bias = computable(x), computable(kernel), computable(bias)
    multiplier = kernel.shape[-1]
    filters = x.shape[-1] * multiplier
    y = np.empty((x.shape[0], *w.out, filters), x.dtype)
    of_sizes = None if made is None else kept(made, "weights", dict)
    weights = kept(of_sizes, w, lambda: _weights(kernel, w), kernel.size * w.out[-1])
    finish = finisher(w.out[1:], bias, activation, made)

    def work(piece: Piece) -> None:
        target = piece.of(y)
        _sum_windows(_repeated(x, piece, w, multiplier), weights, w, target)
        if finish is not None:
            finish(target)

    if y.size:
        for_pieces(_cut(x.shape[0], w, filters), work)
    return y.astype(dtype, copy=False), (x, kernel, bias is not None, w, y, activation)


def _cut(n: int, w: Window, filters: int) -> Sequence[Piece]:
    row = math.prod(w.out[1:]) * filters
    return pieces(n, w.out[0], row, _PIECE)


def _merges(w: Window) -> bool:
    """Whether the elements of a window see a row of the image where it lies."""
    return w.strides[-1] == 1


def _weights(kernel: np.ndarray, w: Window) -> np.ndarray:
    """Return `(*window, filters)`, repeated for a whole row of the result where that is one loop."""
    weights = kernel.reshape(*w.kernel, -1)
    return np.tile(weights, w.out[-1]) if _merges(w) else weights


def _views(padded: np.ndarray, w: Window, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the windows of padded images, `(images, *out, *window, filters)`, and their results.

    Where rows are one loop, the last axis of `out` and that of the filters are one.

    Args:
        padded: `(images, *spatial, filters)`.
        w: the windows.
        target: C-contiguous results, `(images, *out, filters)`.
    """
    seen = windows(padded, w, target.shape[1:-1])
    if not _merges(w):
        return seen, target
    axis = target.ndim - 2
    shape, s = list(seen.shape), list(seen.strides)
    if shape[-1] == 1:  # the stride of such an axis means nothing: after a transposition it is any
        s[-1] = s[axis]
    shape[-1] *= shape.pop(axis)
    del s[axis]
    return as_strided(seen, shape, s), target.reshape(*target.shape[:-2], shape[-1])


def _labels(w: Window) -> tuple[list, list, list]:
    """Return the axes of windows, weights and results, as `np.einsum` takes them."""
    axes = len(w.kernel)
    out = list(range(axes + 1 - _merges(w)))
    window = list(range(axes + 1, 2 * axes + 1))
    last = [2 * axes + 1]
    return out + window + last, window + last, out + last


def _sum_windows(padded: np.ndarray, weights: np.ndarray, w: Window, target: np.ndarray) -> None:
    """Write the sums of windows times weights into `target`."""
    seen, result = _views(padded, w, target)
    of_seen, of_weights, of_result = _labels(w)
    weights = weights[..., : seen.shape[-1]]  # of one spatial axis, a piece is a part of the row
    np.einsum(seen, of_seen, weights, of_weights, of_result, out=result)


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
    of_seen, of_weights, of_result = _labels(w)
    inner, taps = 1, [()]
    if _merges(w):
        # Sums of whole rows are taken one by one: together they would not stay in the first cache.
        inner, taps = w.out[-1], list(np.ndindex(*w.kernel))
        of_seen, of_weights = of_result, of_result[-1:]

    def task(piece: Piece, out: np.ndarray) -> None:
        padded = _repeated(x, piece, w, shape[-1])
        seen, some = _views(padded, w, piece.of(d))
        for tap in taps:
            one = seen[(..., *tap, slice(None))]
            np.einsum(one, of_seen, some, of_result, of_weights, out=out[tap])

    if len(w.out) == 1:  # a sum of rows wants whole ones
        cut = whole_images(x.shape[0], w.out, filters, _PIECE)
    else:
        cut = _cut(x.shape[0], w, filters)
    total = sum_pieces(cut, (*w.kernel, inner * filters), d.dtype, task)
    return add_reduce(total.reshape(w.taps, inner, filters), 1).reshape(shape)


def _input_gradient(d: np.ndarray, kernel: np.ndarray, w: Window) -> np.ndarray:
    filters = d.shape[-1]
    channels, multiplier = kernel.shape[-2:]
    dx = np.empty((d.shape[0], *w.size, channels), d.dtype)
    parts = []
    for back, taps, places in _backwards(w):
        target = dx[(slice(None), *places)]
        if back is None:
            target[...] = 0
            continue
        weights = _weights(kernel[taps], back)
        cut = _cut(d.shape[0], back, filters)
        parts += [(piece, back, weights, target) for piece in cut]

    def work(one: tuple) -> None:
        piece, back, weights, whole = one
        target = piece.of(whole)
        direct = multiplier == 1 and target.flags.c_contiguous
        shape = (piece.count, piece.rows, *back.out[1:], filters)
        total = target if direct else scratch("product", shape, d.dtype)
        _sum_windows(part(d, piece, back), weights, back, total)
        if not direct:
            each = total.reshape(*shape[:-1], channels, multiplier)
            target[...] = each[..., 0] if multiplier == 1 else add_reduce(each, -1)

    for_pieces(parts, work)
    return dx


@functools.lru_cache(maxsize=256)
def _backwards(w: Window) -> list[tuple]:
    """Return which windows over gradients give which pixels of the inputs.

    Pixel `i` lies, on an axis, beneath element `t` of window `o` if `i + low = o * stride + t *
    dilation`. So the pixels with one remainder `r` of `i + low` by the stride see the elements with
    `t * dilation % stride == r`, at windows side by side.

    Returns:
        For each combination of remainders: windows (None if no element sees these pixels), which
        elements of the kernel they are multiplied with, and which pixels these are.
    """
    by_axis = []
    for (low, _), size, k, s, d, out in zip(w.pads, w.size, w.kernel, w.strides, w.dilation, w.out):
        found = []
        for r in range(s):
            first = (r - low) % s
            places = slice(first, size, s)
            count = len(range(first, size, s))
            seen = [t for t in range(k) if t * d % s == r]
            if not count:
                continue
            if not seen:
                found.append((None, None, places))
                continue
            step = math.gcd(s, d)
            gap = d // step
            last = (
                seen[-1] * d - r
            ) // s  # how far before the pixel's own place the first window is
            before = last - (first + low - r) // s
            extent = (len(seen) - 1) * gap + 1
            after = count + extent - 1 - out - before
            axis = (out, len(seen), 1, gap, (before, after), count)
            found.append(
                (axis, slice(seen[-1], seen[0] - 1 if seen[0] else None, -s // step), places)
            )
        by_axis.append(found)
    result = []
    for chosen in itertools.product(*by_axis):
        axes, taps, places = zip(*chosen)
        result.append((None if None in axes else Window(*zip(*axes)), taps, places))
    return result


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
            np.multiply(padded[_seen(tap, w)], some, product)
            images[piece.first : piece.last, i] = add_reduce(flat, 1)

    if needs[1]:
        for_pieces(whole_images(x.shape[0], w.out, filters, _PIECE), work)
        images = add_reduce(images.reshape(n, -1, len(taps), filters), 1)
    return [
        _input_gradient(d, kernel, w).astype(g.dtype, copy=False) if needs[0] else None,
        examples.Sums(images.reshape(n, *kernel.shape)) if needs[1] else None,
        examples.sums(d.reshape(-1, filters), n) if needs[2] and has_bias else None,
    ]
