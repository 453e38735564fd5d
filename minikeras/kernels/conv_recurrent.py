"""The convolutional LSTM over all time steps at once (Shi et al., 2015), with its backward.

As in `recurrent.py`: the inputs' part of all gates is one convolution over all steps, and so are the
gradients of the weights and inputs, taken when the loop over time has ended. In the loop is the
convolution of the state. Examples know nothing of each other, so each thread runs the loop for some
of them, on arrays that stay in its core's cache.

Images have channels last. Inside, arrays are time-major, `(time, batch, *spatial, channels)`, gates
come as i, f, o, c with the sigmoids side by side, and a sigmoid is `(1 + tanh(z / 2)) / 2`.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from minikeras.kernels import parallel
from minikeras.kernels.conv import Kernels, correlate, spread, weight_gradient
from minikeras.kernels.epilogue import computable, deliver, finisher
from minikeras.kernels.per_example import sums
from minikeras.kernels.recurrent import (
    skipped_rows,
    start_gradients,
    states_of,
    time_major,
)
from minikeras.kernels.sums import column_sums
from minikeras.kernels.windows import Window, pieces, window

_PIECE = 1 << 17
"""Elements of the gates of one step that are worked on at a time."""
_DEPTH = 1 << 10
"""Multiply-adds with an element, at least: a task goes through all steps."""


def _same(out: tuple, kernel: tuple) -> Window:
    """Return the windows of the state's convolution, which keeps its size."""
    ones = (1,) * len(out)
    return window(out, kernel, ones, "same", ones)


def _for_examples(w: Window, batch: int, filters: int, task: Any) -> None:
    """Call `task` with slices of the batch, on several threads."""
    row = 4 * filters * math.prod(w.out)
    cut = pieces(batch, 1, row, _PIECE, _DEPTH)
    parallel.run_products([functools.partial(task, slice(p.first, p.last)) for p in cut])


def _images(x: np.ndarray) -> np.ndarray:
    """Return `(time, batch, ...)` as `(time * batch, ...)`."""
    return x.reshape(-1, *x.shape[2:])


def _ordered(w: np.ndarray, scale: float) -> np.ndarray:
    """Return weights with gates i, f, o scaled and put before c."""
    u = w.shape[-1] // 4
    out = np.empty(w.shape, w.dtype)
    np.multiply(w[..., : 2 * u], scale, out=out[..., : 2 * u])
    np.multiply(w[..., 3 * u :], scale, out=out[..., 2 * u : 3 * u])
    out[..., 3 * u :] = w[..., 2 * u : 3 * u]
    return out


def _unordered(w: np.ndarray) -> np.ndarray:
    """Return weights' gradients with gate c put back before o."""
    u = w.shape[-1] // 4
    out = np.empty(w.shape, w.dtype)
    out[..., : 2 * u] = w[..., : 2 * u]
    out[..., 2 * u : 3 * u] = w[..., 3 * u :]
    out[..., 3 * u :] = w[..., 2 * u : 3 * u]
    return out


def forward(
    x: np.ndarray,
    kernel: np.ndarray,
    recurrent: np.ndarray,
    bias: np.ndarray | None,
    h0: np.ndarray | None,
    c0: np.ndarray | None,
    strides: tuple,
    padding: str,
    dilation: tuple,
    mask: np.ndarray | None = None,
    backwards: bool = False,
) -> tuple[tuple, tuple]:
    """Run a convolutional LSTM over all time steps.

    Args:
        x: inputs, `(batch, time, *spatial, channels)`.
        kernel: `(*window, channels, 4 * filters)`, gates in the order i, f, c, o.
        recurrent: `(*window, filters, 4 * filters)`.
        bias: `(4 * filters,)` or None.
        h0, c0: first states, `(batch, *out, filters)`, zeros if None.
        strides, padding, dilation: of the inputs' convolution; that of the state keeps its size.
        mask: `(batch, time)`, false where the state is to stay.
        backwards: whether to go from the last time step to the first.

    Returns:
        `(outputs, h, c)`, the outputs of all steps `(batch, time, *out, filters)` in the order of
        processing and the last states; and what backward needs.
    """
    x_t = computable(np.ascontiguousarray(time_major(x, backwards)))
    kernel, recurrent, bias = computable(kernel), computable(recurrent), computable(bias)
    steps, batch = x_t.shape[:2]
    filters = recurrent.shape[-2]
    w = window(x_t.shape[2:-1], kernel.shape[:-2], strides, padding, dilation)
    same = _same(w.out, recurrent.shape[:-2])
    dtype = np.result_type(x_t, kernel)
    # Each step's gates take the place of its convolution of the inputs.
    gates = np.empty((steps, batch, *w.out, 4 * filters), dtype)
    halved = None if bias is None else _ordered(bias, 0.5)
    finish = finisher(w.out[1:], halved, None)
    if gates.size:
        correlate(_images(x_t), _ordered(kernel, 0.5), w, 1, _images(gates), finish)
    like = (batch, *w.out, filters)
    h, c = states_of(steps, h0, like, dtype), states_of(steps, c0, like, dtype)
    tanh_c = np.empty((steps, *like), dtype)
    skipped = skipped_rows(mask, backwards)
    w_h = _ordered(recurrent, 0.5)
    half = dtype.type(0.5)
    three, two = 3 * filters, 2 * filters

    def loop(part: slice) -> None:
        z = np.empty((part.stop - part.start, *gates.shape[2:]), dtype)
        product = np.empty((*z.shape[:-1], filters), dtype)
        for t in range(steps):
            a = gates[t, part]
            if t or h0 is not None:  # else the state is zero
                correlate(h[t, part], w_h, same, 1, z, None)
                np.add(z, a, a)
            np.tanh(a, a)
            sigmoids = a[..., :three]
            np.multiply(sigmoids, half, sigmoids)
            np.add(sigmoids, half, sigmoids)
            new_c, new_h = c[t + 1, part], h[t + 1, part]
            np.multiply(a[..., filters:two], c[t, part], new_c)
            np.multiply(a[..., :filters], a[..., three:], product)
            np.add(new_c, product, new_c)
            np.tanh(new_c, tanh_c[t, part])
            np.multiply(a[..., two:three], tanh_c[t, part], new_h)
            if skipped is not None and skipped[t] is not None:
                rows = skipped[t]
                rows = rows[(rows >= part.start) & (rows < part.stop)]
                c[t + 1, rows], h[t + 1, rows] = c[t, rows], h[t, rows]

    if gates.size:
        _for_examples(same, batch, filters, loop)
    saved = (x_t, kernel, recurrent, h, c, gates, tanh_c, w, skipped, backwards)
    result = (h[1:].swapaxes(0, 1), h[steps], c[steps])
    return tuple([y.astype(x.dtype, copy=False) for y in result]), saved


def backward(gs: list, saved: tuple, needs: Any, out: Any, examples: int | None = None) -> list:
    """Return the gradients of x, kernel, recurrent, bias, h0 and c0.

    Args:
        examples: if those of the weights are wanted for each example, how many these are.
    """
    x_t, kernel, recurrent, h, c, gates, tanh_c, w, skipped, backwards = saved
    given = next(g.dtype for g in gs if g is not None)
    sequence, (dh, dc) = start_gradients(gs, h[0])
    steps, batch = gates.shape[:2]
    filters = recurrent.shape[-2]
    same = _same(w.out, recurrent.shape[:-2])
    w_h = _ordered(recurrent, 1)
    dz = np.empty_like(gates)
    three, two = 3 * filters, 2 * filters

    def loop(part: slice) -> None:
        d_h, d_c = dh[part], dc[part]
        product = np.empty_like(d_h)
        slope = np.empty((*d_h.shape[:-1], 4 * filters), dz.dtype)
        for t in range(steps - 1, -1, -1):
            if sequence is not None:
                np.add(d_h, sequence[t, part], d_h)
            rows = None
            if skipped is not None and skipped[t] is not None:
                rows = skipped[t]
                rows = rows[(rows >= part.start) & (rows < part.stop)] - part.start
                kept = d_h[rows], d_c[rows]
                d_h[rows] = d_c[rows] = 0
            a, d = gates[t, part], dz[t, part]
            o, tanh = a[..., two:three], tanh_c[t, part]
            np.multiply(h[t + 1, part], tanh, product)  # o * (1 - tanh(c)**2) = o - h * tanh(c)
            np.subtract(o, product, product)
            np.multiply(product, d_h, product)
            np.add(d_c, product, d_c)
            np.multiply(a, a, slope)
            np.subtract(a[..., :three], slope[..., :three], slope[..., :three])
            np.subtract(1, slope[..., three:], slope[..., three:])
            np.multiply(d_c, a[..., three:], d[..., :filters])
            np.multiply(d_c, c[t, part], d[..., filters:two])
            np.multiply(d_h, tanh, d[..., two:three])
            np.multiply(d_c, a[..., :filters], d[..., three:])
            np.multiply(d, slope, d)
            np.multiply(d_c, a[..., filters:two], d_c)
            if t or needs[4]:
                spread(d, w_h, same, 1, d_h, None)
            if rows is not None:
                d_h[rows], d_c[rows] = kept

    if gates.size:
        _for_examples(same, batch, filters, loop)
    need_x, need_kernel, need_recurrent, need_bias, need_h, need_c = needs
    dx = None
    if need_x:
        dx = np.empty_like(x_t)
        if dx.size:
            spread(_images(dz), _ordered(kernel, 1), w, 1, _images(dx), None)
        dx = (dx[::-1] if backwards else dx).swapaxes(0, 1).astype(given, copy=False)
    ends = [dh if need_h else None, dc if need_c else None]
    ends = [None if d is None else d.astype(given, copy=False) for d in ends]
    if examples is not None:
        return [dx, *_of_examples(x_t, h, dz, w, same, needs, examples), *ends]
    d_kernel = d_recurrent = d_bias = None
    if need_kernel:
        d_kernel = _unordered(weight_gradient(_images(x_t), _images(dz), w, 1))
        d_kernel = deliver(d_kernel, out, 1, given)
    if need_recurrent:
        d_recurrent = _unordered(weight_gradient(_images(h[:-1]), _images(dz), same, 1))
        d_recurrent = deliver(d_recurrent, out, 2, given)
    if need_bias:
        d_bias = _unordered(column_sums(dz.reshape(-1, 4 * filters)))
        d_bias = deliver(d_bias, out, 3, given)
    return [dx, d_kernel, d_recurrent, d_bias, *ends]


def _of_examples(
    x_t: np.ndarray, h: np.ndarray, dz: np.ndarray, w: Window, same: Window, needs: Any, n: int
) -> list:
    """Return the gradients of kernel, recurrent and bias for each of `n` examples."""
    d = _unordered(np.ascontiguousarray(dz.swapaxes(0, 1)))
    d = _images(d)

    def of(left: np.ndarray, windows: Window) -> Kernels:
        return Kernels(_images(np.ascontiguousarray(left.swapaxes(0, 1))), d, windows, 1, n)

    return [
        of(x_t, w) if needs[1] else None,
        of(h[:-1], same) if needs[2] else None,
        sums(d.reshape(-1, d.shape[-1]), n) if needs[3] else None,
    ]
