"""Recurrent layers over all time steps at once: LSTM, GRU and the simple one.

What does not depend on the state before is done in large matrix products for many steps at once, on
another thread: the inputs' part of the gates, ahead of the loop going forward; the gradients of the
weights and inputs, behind the loop going backward. The loop over time holds one product with the
recurrent weights and a dozen operations on buffers that stay in cache.

Inside, arrays are time-major, `(time, batch, units)`. A sigmoid is computed as
`(1 + tanh(z / 2)) / 2`, which cannot overflow and shares one call with the tanh of the other gates;
the halves are taken in the weights, where they cost nothing. Masked steps leave the state as it
was.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras.kernels import gemm, parallel
from minikeras.kernels.activations import TANH, Fused
from minikeras.kernels.per_example import Products, Sums
from minikeras.kernels.sums import add_reduce, column_sums


def time_major(x: np.ndarray, backwards: bool) -> np.ndarray:
    """Return `(batch, time, ...)` as `(time, batch, ...)`, contiguous, in the order of processing."""
    x = x.swapaxes(0, 1)
    return np.ascontiguousarray(x[::-1] if backwards else x)


def _batch_major(x: np.ndarray, backwards: bool) -> np.ndarray:
    """Undo `time_major`, without a copy."""
    return (x[::-1] if backwards else x).transpose(1, 0, 2)


def skipped_rows(mask: np.ndarray | None, backwards: bool) -> list | None:
    """Return for each step the rows that are masked out, None where there are none."""
    if mask is None:
        return None
    out = ~np.asarray(mask, bool).T
    out = out[::-1] if backwards else out
    return [np.flatnonzero(row) if row.any() else None for row in out]


def states_of(steps: int, first: np.ndarray | None, like: tuple, dtype: np.dtype) -> np.ndarray:
    """Return room for the states before and after each step, the first one filled in."""
    states = np.empty((steps + 1, *like), dtype)
    states[0] = 0 if first is None else first
    return states


def _spans(steps: int, batch: int) -> list[slice]:
    """Cut time into spans: at most 8, none of them so small that BLAS would be slow.

    They depend on the shape alone, so sums over time have the same bits whoever adds them up.
    """
    length = max(-(-steps // 8), 512 // max(batch, 1), 1)
    return [slice(t, min(t + length, steps)) for t in range(0, steps, length)]


def _forward_loop(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, z: np.ndarray, step: Callable
) -> None:
    """Call `step(t)` for each time step; other threads multiply the inputs meanwhile.

    Args:
        x: inputs, `(time, batch, n)`.
        kernel: `(n, m)`.
        bias: `(m,)` or None.
        z: place for `x @ kernel + bias`, which is there for each step before it is called.
        step: function of the index of the time step.
    """
    spans = _spans(*x.shape[:2])

    def project(span: slice) -> None:
        rows = _matrix(z[span])
        np.dot(_matrix(x[span]), kernel, rows)
        if bias is not None:
            np.add(rows, bias, rows)

    def main(ready: Callable[[int], None]) -> None:
        for i, span in enumerate(spans):
            ready(i)
            for t in range(span.start, span.stop):
                step(t)

    with parallel.single_blas:
        if x.size * kernel.shape[1] < gemm.PARALLEL:
            main(lambda i: project(spans[i]))
        else:
            parallel.run_ahead([functools.partial(project, s) for s in spans], main)


def _backward_loop(d: np.ndarray, step: Callable, products: Sequence[Callable]) -> None:
    """Call `step(t)` from the last step to the first; other threads work on what is finished.

    Args:
        d: gradients that `step` fills in, `(time, batch, m)`.
        step: function of the index of the time step.
        products: functions of the index of a span and the span.
    """
    steps, batch, m = d.shape
    spans = _spans(steps, batch)

    def main(later: Callable[[Callable], None]) -> None:
        for i in range(len(spans) - 1, -1, -1):
            for t in range(spans[i].stop - 1, spans[i].start - 1, -1):
                step(t)
            for product in products:
                later(functools.partial(product, i, spans[i]))

    with parallel.single_blas:
        if d.size * m * len(products) < gemm.PARALLEL:
            main(lambda task: task())
        else:
            parallel.run_along(main)


class _Sum:
    """The product of two matrices, summed over time in spans.

    Args:
        left: `(time, batch, n)`.
        right: `(time, batch, m)`.
    """

    def __init__(self, left: np.ndarray, right: np.ndarray) -> None:
        self.left, self.right = left, right
        self.parts: dict[int, np.ndarray] = {}

    def __call__(self, i: int, span: slice) -> None:
        self.parts[i] = _matrix(self.left[span]).T.dot(_matrix(self.right[span]))

    def total(self, out: np.ndarray | None = None) -> np.ndarray:
        """Add up the spans, in the order of time."""
        first, *others = [self.parts[i] for i in sorted(self.parts)]
        if out is None:
            out = first
        else:
            out[...] = first
        for part in others:
            out += part
        return out


class _Product:
    """The product of a sequence and a matrix, span by span."""

    def __init__(self, left: np.ndarray, right: np.ndarray) -> None:
        self.left, self.right = left, right
        self.result = np.empty((*left.shape[:2], right.shape[1]), left.dtype)

    def __call__(self, i: int, span: slice) -> None:
        np.dot(_matrix(self.left[span]), self.right, _matrix(self.result[span]))


def _products(left: np.ndarray, right: np.ndarray) -> Products:
    """Return the gradients of a weight for each example, which `_Sum` adds up.

    Args:
        left: `(time, batch, n)`.
        right: `(time, batch, m)`.
    """
    left, right = left.transpose(1, 0, 2), right.transpose(1, 0, 2)
    return Products(left, right, (left.shape[-1], right.shape[-1]))


def start_gradients(gs: list, like: np.ndarray) -> tuple[np.ndarray | None, list[np.ndarray]]:
    """Return the gradient of the sequence, time-major, and buffers that begin with the states'."""
    sequence = None if gs[0] is None else gs[0].swapaxes(0, 1)
    ends = [np.zeros_like(like) if g is None else np.array(g, like.dtype) for g in gs[1:]]
    return sequence, ends


def _into(target: np.ndarray | None, value: np.ndarray) -> np.ndarray:
    if target is None:
        return value
    target[...] = value
    return target


def _matrix(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1, x.shape[-1])


# LSTM. Gates come as i, f, c, o in the weights and as i, f, o, c inside, the sigmoids side by side.


def lstm_order(w: np.ndarray, scale: float) -> np.ndarray:
    """Return weights with gates i, f, o scaled and put before c."""
    u = w.shape[-1] // 4
    out = np.empty(w.shape, w.dtype)
    np.multiply(w[..., : 2 * u], scale, out=out[..., : 2 * u])
    np.multiply(w[..., 3 * u :], scale, out=out[..., 2 * u : 3 * u])
    out[..., 3 * u :] = w[..., 2 * u : 3 * u]
    return out


def lstm_unorder(w: np.ndarray, target: np.ndarray | None) -> np.ndarray:
    u = w.shape[-1] // 4
    target = np.empty(w.shape, w.dtype) if target is None else target
    target[..., : 2 * u] = w[..., : 2 * u]
    target[..., 2 * u : 3 * u] = w[..., 3 * u :]
    target[..., 3 * u :] = w[..., 2 * u : 3 * u]
    return target


def lstm_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    recurrent: np.ndarray,
    bias: np.ndarray | None,
    h0: np.ndarray | None,
    c0: np.ndarray | None,
    mask: np.ndarray | None = None,
    backwards: bool = False,
) -> tuple[tuple, tuple]:
    """Run an LSTM (Hochreiter & Schmidhuber, 1997) over all time steps.

    Args:
        x: inputs, `(batch, time, n)`.
        kernel: `(n, 4 * units)`, gates in the order i, f, c, o.
        recurrent: `(units, 4 * units)`.
        bias: `(4 * units,)` or None.
        h0, c0: first states, `(batch, units)`, zeros if None.
        mask: `(batch, time)`, false where the state is to stay.
        backwards: whether to go from the last time step to the first.

    Returns:
        `(outputs, h, c)`, the outputs of all steps `(batch, time, units)` in the order of
        processing and the last states; and what backward needs.
    """
    x_t = time_major(x, backwards)
    steps, batch, _ = x_t.shape
    units = recurrent.shape[0]
    w = lstm_order(recurrent, 0.5)
    dtype = np.result_type(x, kernel)
    # Each step's gates take the place of its product with the inputs.
    gates = np.empty((steps, 4, batch, units), dtype)
    z_x = gates.reshape(steps, batch, 4 * units)
    h = states_of(steps, h0, (batch, units), dtype)
    c = states_of(steps, c0, (batch, units), dtype)
    tanh_c = np.empty((steps, batch, units), dtype)
    z = np.empty((batch, 4 * units), dtype)
    z_gates = z.reshape(batch, 4, units)
    product = np.empty((batch, units), dtype)
    skipped = skipped_rows(mask, backwards)
    half = dtype.type(0.5)

    def step(t: int) -> None:
        np.dot(h[t], w, z)
        np.add(z, z_x[t], z)
        a = gates[t]
        np.tanh(z_gates, a.transpose(1, 0, 2))
        sigmoids = a[:3]
        np.multiply(sigmoids, half, sigmoids)
        np.add(sigmoids, half, sigmoids)
        new_c, new_h = c[t + 1], h[t + 1]
        np.multiply(a[1], c[t], new_c)
        np.multiply(a[0], a[3], product)
        np.add(new_c, product, new_c)
        np.tanh(new_c, tanh_c[t])
        np.multiply(a[2], tanh_c[t], new_h)
        if skipped is not None and skipped[t] is not None:
            new_c[skipped[t]] = c[t][skipped[t]]
            new_h[skipped[t]] = h[t][skipped[t]]

    first = None if bias is None else lstm_order(bias, 0.5)
    _forward_loop(x_t, lstm_order(kernel, 0.5), first, z_x, step)
    saved = (x_t, kernel, recurrent, h, c, gates, tanh_c, skipped, backwards)
    return (h[1:].transpose(1, 0, 2), h[steps], c[steps]), saved


def lstm_backward(gs: list, saved: tuple, needs: Any, out: Any, per_example: bool = False) -> list:
    """Return the gradients of x, kernel, recurrent, bias, h0 and c0.

    Args:
        per_example: whether those of the three weights are wanted for each example.
    """
    x_t, kernel, recurrent, h, c, gates, tanh_c, skipped, backwards = saved
    steps, _, batch, units = gates.shape
    sequence, (dh, dc) = start_gradients(gs, h[0])
    w_t = np.ascontiguousarray(lstm_order(recurrent, 1).T)
    dz = np.empty((steps, batch, 4 * units), h.dtype)
    dz_gates = dz.reshape(steps, batch, 4, units)
    slope, d = np.empty_like(gates[0]), np.empty_like(gates[0])
    slope_t, d_t = slope.transpose(1, 0, 2), d.transpose(1, 0, 2)
    sigmoid_slope, tanh_slope = slope[:3], slope[3]
    product = np.empty((batch, units), h.dtype)

    def step(t: int) -> None:
        if sequence is not None:
            np.add(dh, sequence[t], dh)
        rows = None if skipped is None else skipped[t]
        if rows is not None:
            kept = dh[rows], dc[rows]
            dh[rows] = dc[rows] = 0
        a = gates[t]
        i, f, o, g = a
        np.multiply(h[t + 1], tanh_c[t], product)  # o * (1 - tanh(c)**2) = o - h * tanh(c)
        np.subtract(o, product, product)
        np.multiply(product, dh, product)
        np.add(dc, product, dc)
        np.multiply(a, a, slope)
        np.subtract(a[:3], sigmoid_slope, sigmoid_slope)
        np.subtract(1, tanh_slope, tanh_slope)
        np.multiply(dc, g, d[0])
        np.multiply(dc, c[t], d[1])
        np.multiply(dh, tanh_c[t], d[2])
        np.multiply(dc, i, d[3])
        np.multiply(d_t, slope_t, dz_gates[t])
        np.multiply(dc, f, dc)
        np.dot(dz[t], w_t, dh)
        if rows is not None:
            dh[rows], dc[rows] = kept

    need_x, need_kernel, need_recurrent, need_bias, need_h, need_c = needs
    out = [None] * 6 if out is None else out
    of_x = _Product(dz, lstm_order(kernel, 1).T) if need_x else None
    of_kernel = _Sum(x_t, dz) if need_kernel and not per_example else None
    of_recurrent = _Sum(h[:-1], dz) if need_recurrent and not per_example else None
    products = [p for p in (of_kernel, of_recurrent, of_x) if p is not None]
    _backward_loop(dz, step, products)
    if per_example:
        d = lstm_unorder(dz, None)
        return [
            _batch_major(of_x.result, backwards) if need_x else None,
            _products(x_t, d) if need_kernel else None,
            _products(h[:-1], d) if need_recurrent else None,
            Sums(add_reduce(d, 0)) if need_bias else None,
            dh if need_h else None,
            dc if need_c else None,
        ]
    return [
        _batch_major(of_x.result, backwards) if need_x else None,
        lstm_unorder(of_kernel.total(), out[1]) if need_kernel else None,
        lstm_unorder(of_recurrent.total(), out[2]) if need_recurrent else None,
        lstm_unorder(column_sums(_matrix(dz)), out[3]) if need_bias else None,
        dh if need_h else None,
        dc if need_c else None,
    ]


# GRU. Gates are z, r, h; the halves of sigmoids lie in the first two thirds of the weights.


def _gru_halves(w: np.ndarray) -> np.ndarray:
    w = np.array(w)
    w[..., : w.shape[-1] // 3 * 2] *= 0.5
    return w


def gru_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    recurrent: np.ndarray,
    bias: np.ndarray | None,
    h0: np.ndarray | None,
    mask: np.ndarray | None = None,
    backwards: bool = False,
    reset_after: bool = True,
) -> tuple[tuple, tuple]:
    """Run a GRU (Cho et al., 2014) over all time steps.

    Args:
        x: inputs, `(batch, time, n)`.
        kernel: `(n, 3 * units)`, gates in the order z, r, h.
        recurrent: `(units, 3 * units)`.
        bias: `(3 * units,)`, or with `reset_after` `(2, 3 * units)`, of inputs and state; or None.
        h0: first state, `(batch, units)`, zeros if None.
        mask: `(batch, time)`, false where the state is to stay.
        backwards: whether to go from the last time step to the first.
        reset_after: whether the reset gate is applied to the product with the state instead of to
            the state.

    Returns:
        `(outputs, h)`, the outputs of all steps `(batch, time, units)` in the order of processing
        and the last state; and what backward needs.
    """
    x_t = time_major(x, backwards)
    steps, batch, _ = x_t.shape
    units = recurrent.shape[0]
    state_bias = None
    if bias is not None and reset_after:
        # The state's bias of z and r may as well be added to the inputs'.
        both = bias[0].copy()
        both[: 2 * units] += bias[1, : 2 * units]
        bias, state_bias = both, bias[1, 2 * units :]
    dtype = np.result_type(x, kernel)
    z_x = np.empty((steps, batch, 3 * units), dtype)
    w = _gru_halves(recurrent)
    w_h = None if reset_after else np.ascontiguousarray(w[:, 2 * units :])
    w = w if reset_after else np.ascontiguousarray(w[:, : 2 * units])
    h = states_of(steps, h0, (batch, units), dtype)
    gates = np.empty((steps, 2, batch, units), dtype)
    candidates = np.empty((steps, batch, units), dtype)
    inner = np.empty((steps, batch, units), dtype)  # of h: product with the state, or reset state
    buffer = np.empty((batch, w.shape[1]), dtype)
    product = np.empty((batch, units), dtype)
    halves = buffer[:, : 2 * units].reshape(batch, 2, units)
    last = buffer[:, 2 * units :]
    z_gates = z_x[:, :, : 2 * units].reshape(steps, batch, 2, units)
    z_last = z_x[:, :, 2 * units :]
    skipped = skipped_rows(mask, backwards)
    half = dtype.type(0.5)

    def step(t: int) -> None:
        before, new = h[t], h[t + 1]
        a, candidate, n = gates[t], candidates[t], inner[t]
        np.dot(before, w, buffer)
        np.add(halves, z_gates[t], a.transpose(1, 0, 2))
        np.tanh(a, a)
        np.multiply(a, half, a)
        np.add(a, half, a)
        if reset_after:
            if state_bias is None:
                n[...] = last
            else:
                np.add(last, state_bias, n)
            np.multiply(a[1], n, candidate)
        else:
            np.multiply(a[1], before, n)
            np.dot(n, w_h, candidate)
        np.add(candidate, z_last[t], candidate)
        np.tanh(candidate, candidate)
        np.subtract(before, candidate, product)
        np.multiply(a[0], product, new)
        np.add(new, candidate, new)
        if skipped is not None and skipped[t] is not None:
            new[skipped[t]] = before[skipped[t]]

    _forward_loop(x_t, _gru_halves(kernel), None if bias is None else _gru_halves(bias), z_x, step)
    saved = (x_t, kernel, recurrent, h, gates, candidates, inner, skipped, backwards, reset_after)
    return (h[1:].transpose(1, 0, 2), h[steps]), saved


def gru_backward(gs: list, saved: tuple, needs: Any, out: Any, per_example: bool = False) -> list:
    """Return the gradients of x, kernel, recurrent, bias and h0.

    Args:
        per_example: whether those of the three weights are wanted for each example.
    """
    x_t, kernel, recurrent, h, gates, candidates, inner, skipped, backwards, reset_after = saved
    steps, _, batch, units = gates.shape
    sequence, (dh,) = start_gradients(gs, h[0])
    two = 2 * units
    w_t = np.ascontiguousarray(recurrent.T if reset_after else recurrent[:, :two].T)
    w_h = None if reset_after else np.ascontiguousarray(recurrent[:, two:].T)
    dz = np.empty((steps, batch, 3 * units), h.dtype)  # of the inputs' part
    dz_gates = dz[:, :, :two].reshape(steps, batch, 2, units)
    ds = np.empty_like(dz) if reset_after else dz  # of the state's part
    slope, d = np.empty_like(gates[0]), np.empty_like(gates[0])
    slope_t, d_t = slope.transpose(1, 0, 2), d.transpose(1, 0, 2)
    da = np.empty((batch, units), h.dtype)
    part = np.empty((batch, units), h.dtype)
    short = np.empty((batch, two), h.dtype)

    def step(t: int) -> None:
        if sequence is not None:
            np.add(dh, sequence[t], dh)
        rows = None if skipped is None else skipped[t]
        if rows is not None:
            kept = dh[rows]
            dh[rows] = 0
        a, candidate, n, before = gates[t], candidates[t], inner[t], h[t]
        z, r = a
        np.multiply(a, a, slope)
        np.subtract(a, slope, slope)
        np.subtract(before, candidate, d[0])
        np.multiply(d[0], dh, d[0])
        np.multiply(candidate, candidate, da)
        np.subtract(1, da, da)
        np.subtract(1, z, part)
        np.multiply(part, dh, part)
        np.multiply(da, part, da)  # of the candidate before tanh
        dz[t, :, two:] = da
        if reset_after:
            np.multiply(da, n, d[1])
            np.multiply(d_t, slope_t, dz_gates[t])
            ds[t, :, :two] = dz[t, :, :two]
            np.multiply(da, r, ds[t, :, two:])
            np.multiply(dh, z, part)
            np.dot(ds[t], w_t, dh)
        else:
            drh = np.dot(da, w_h)
            np.multiply(drh, before, d[1])
            np.multiply(d_t, slope_t, dz_gates[t])
            np.multiply(dh, z, part)
            np.multiply(drh, r, drh)
            np.add(part, drh, part)
            short[...] = dz[t, :, :two]
            np.dot(short, w_t, dh)
        np.add(dh, part, dh)
        if rows is not None:
            dh[rows] = kept

    need_x, need_kernel, need_recurrent, need_bias, need_h = needs
    out = [None] * 5 if out is None else out
    of_x = _Product(dz, kernel.T) if need_x else None
    of_kernel = _Sum(x_t, dz) if need_kernel and not per_example else None
    of_recurrent: list[_Sum] = []
    if need_recurrent and not per_example:
        of_recurrent.append(_Sum(h[:-1], ds))
        if not reset_after:  # the last third is of the reset state
            of_recurrent.append(_Sum(inner, ds))
    _backward_loop(dz, step, [p for p in (of_kernel, *of_recurrent, of_x) if p is not None])
    if per_example:
        left, right = h[:-1], ds
        if not reset_after:  # the last third is of the reset state: as many steps again
            first, last = ds.copy(), ds.copy()
            first[:, :, two:], last[:, :, :two] = 0, 0
            left, right = np.concatenate([left, inner]), np.concatenate([first, last])
        biases = [add_reduce(d, 0) for d in ((dz, ds) if reset_after else (dz,))]
        return [
            _batch_major(of_x.result, backwards) if need_x else None,
            _products(x_t, dz) if need_kernel else None,
            _products(left, right) if need_recurrent else None,
            Sums(np.stack(biases, 1) if reset_after else biases[0]) if need_bias else None,
            dh if need_h else None,
        ]
    d_recurrent = d_bias = None
    if need_recurrent:
        d_recurrent = of_recurrent[0].total(out[2])
        if not reset_after:
            d_recurrent[:, two:] = of_recurrent[1].total()[:, two:]
    if need_bias:
        d_bias = column_sums(_matrix(dz))
        if reset_after:
            d_bias = np.stack([d_bias, column_sums(_matrix(ds))])
        d_bias = _into(out[3], d_bias)
    return [
        _batch_major(of_x.result, backwards) if need_x else None,
        of_kernel.total(out[1]) if need_kernel else None,
        d_recurrent,
        d_bias,
        dh if need_h else None,
    ]


# The simple recurrent layer.


def simple_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    recurrent: np.ndarray,
    bias: np.ndarray | None,
    h0: np.ndarray | None,
    mask: np.ndarray | None = None,
    backwards: bool = False,
    activation: Fused = TANH,
) -> tuple[tuple, tuple]:
    """Compute `h = activation(x @ kernel + h @ recurrent + bias)` over all time steps.

    Args:
        x: inputs, `(batch, time, n)`.
        kernel: `(n, units)`.
        recurrent: `(units, units)`.
        bias: `(units,)` or None.
        h0: first state, `(batch, units)`, zeros if None.
        mask: `(batch, time)`, false where the state is to stay.
        backwards: whether to go from the last time step to the first.
        activation: what is applied to the result.

    Returns:
        `(outputs, h)`, as `gru_forward`; and what backward needs.
    """
    x_t = time_major(x, backwards)
    steps, batch, _ = x_t.shape
    units = recurrent.shape[0]
    dtype = np.result_type(x, kernel)
    z_x = np.empty((steps, batch, units), dtype)
    h = states_of(steps, h0, (batch, units), dtype)
    skipped = skipped_rows(mask, backwards)
    activate = activation.forward

    def step(t: int) -> None:
        new = h[t + 1]
        np.dot(h[t], recurrent, new)
        np.add(new, z_x[t], new)
        activate(new, new)
        if skipped is not None and skipped[t] is not None:
            new[skipped[t]] = h[t][skipped[t]]

    _forward_loop(x_t, kernel, bias, z_x, step)
    saved = (x_t, kernel, recurrent, h, skipped, backwards, activation)
    return (h[1:].transpose(1, 0, 2), h[steps]), saved


def simple_backward(
    gs: list, saved: tuple, needs: Any, out: Any, per_example: bool = False
) -> list:
    """Return the gradients of x, kernel, recurrent, bias and h0.

    Args:
        per_example: whether those of the three weights are wanted for each example.
    """
    x_t, kernel, recurrent, h, skipped, backwards, activation = saved
    sequence, (dh,) = start_gradients(gs, h[0])
    w_t = np.ascontiguousarray(recurrent.T)
    dz = np.empty_like(h[1:])
    slope = activation.backward

    def step(t: int) -> None:
        if sequence is not None:
            np.add(dh, sequence[t], dh)
        rows = None if skipped is None else skipped[t]
        if rows is not None:
            kept = dh[rows]
            dh[rows] = 0
        dz[t] = slope(dh, h[t + 1])
        np.dot(dz[t], w_t, dh)
        if rows is not None:
            dh[rows] = kept

    need_x, need_kernel, need_recurrent, need_bias, need_h = needs
    out = [None] * 5 if out is None else out
    of_x = _Product(dz, kernel.T) if need_x else None
    of_kernel = _Sum(x_t, dz) if need_kernel and not per_example else None
    of_recurrent = _Sum(h[:-1], dz) if need_recurrent and not per_example else None
    _backward_loop(dz, step, [p for p in (of_kernel, of_recurrent, of_x) if p is not None])
    if per_example:
        return [
            _batch_major(of_x.result, backwards) if need_x else None,
            _products(x_t, dz) if need_kernel else None,
            _products(h[:-1], dz) if need_recurrent else None,
            Sums(add_reduce(dz, 0)) if need_bias else None,
            dh if need_h else None,
        ]
    return [
        _batch_major(of_x.result, backwards) if need_x else None,
        of_kernel.total(out[1]) if need_kernel else None,
        of_recurrent.total(out[2]) if need_recurrent else None,
        column_sums(_matrix(dz), out[3]) if need_bias else None,
        dh if need_h else None,
    ]
