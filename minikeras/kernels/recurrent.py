"""Recurrent layers over all time steps at once: LSTM, GRU and the simple one.

What does not depend on the step before is done for many steps at once, on another thread where that
pays. Going forward this is the inputs' part of the gates, ahead of the loop. Going backward, what a step
multiplies the gradients of its states by (slopes, times what they are multiplied with) is there ahead of
the loop, and the gradients of the weights and inputs, large matrix products, follow behind it. The loop
over time holds one product with the recurrent weights and a few operations on buffers that stay in cache.

Inside, arrays are time-major, `(time, batch, units)`, and those of gates are `(time, gates, batch,
units)`: an operation on some gates of a step runs through one piece of memory. A sigmoid is computed
as `(1 + tanh(z / 2)) / 2`, which cannot overflow and shares one call with the tanh of the other gates;
the halves are taken in the weights, where they cost nothing. Masked steps leave the state as it was.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras.kernels import gemm, parallel
from minikeras.kernels.activations import TANH, Fused
from minikeras.kernels.memory import unbuffered
from minikeras.kernels.per_example import Products, Sums
from minikeras.kernels.sums import add_reduce, column_sums

_AHEAD = 1 << 18
"""Multiply-adds of a step from which another thread prepares a backward's loop, and not its own."""
_LONG = 64
"""Units from which a row of them is long enough for an operation of NumPy, whatever lies between rows."""


def time_major(x: np.ndarray, backwards: bool) -> np.ndarray:
    """Return `(batch, time, ...)` as `(time, batch, ...)`, in the order of processing, not copied."""
    x = x.swapaxes(0, 1)
    return x[::-1] if backwards else x


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


def _spans(steps: int, batch: int, most: int, rows: int) -> list[slice]:
    """Cut time into at most so many spans, which have so many rows, steps times examples, at least.

    They depend on the shape alone, so sums over time have the same bits whoever adds them up.
    """
    length = max(-(-steps // most), rows // max(batch, 1), 1)
    return [slice(t, min(t + length, steps)) for t in range(0, steps, length)]


def _forward_loop(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, z: np.ndarray, run: Callable
) -> np.ndarray:
    """Call `run(span)` for spans of time steps; other threads multiply the inputs meanwhile.

    Args:
        x: inputs, `(time, batch, n)`.
        kernel: `(gates, n, units)`.
        bias: `(gates, 1, units)` or None.
        z: place for `x @ kernel + bias`, `(time, gates, batch, units)`, which is there for each step
            before it is run.
        run: function of a span of time steps.

    Returns:
        The inputs, contiguous.
    """
    steps, batch, _ = x.shape
    alone = steps * batch * kernel.size < gemm.PARALLEL
    rows = max(128, gemm.PARALLEL // (2 * max(kernel.size, 1)))
    spans = [slice(0, steps)] if alone else _spans(steps, batch, 16, rows)
    x_t = x if x.flags.c_contiguous else np.empty(x.shape, x.dtype)
    if bias is not None and bias.shape[-1] < _LONG:
        bias = np.repeat(bias, batch, 1)

    @unbuffered
    def project(span: slice) -> None:
        rows = x_t[span]
        if x_t is not x:
            rows[...] = x[span]
        _project(rows, kernel, bias, z[span])

    def main(ready: Callable[[int], None]) -> None:
        for i, span in enumerate(spans):
            ready(i)
            run(span)

    with parallel.single_blas:
        if alone:
            main(lambda i: project(spans[i]))
        else:
            parallel.run_ahead([functools.partial(project, s) for s in spans], main)
    return x_t


def _project(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, z: np.ndarray) -> None:
    """Put `x @ kernel + bias` of some steps into `z`.

    Args:
        x, bias, z: as for `_forward_loop`; x is contiguous.
        kernel: the same, or for a single example `(n, gates * units)`.
    """
    batch = x.shape[1]
    if kernel.ndim == 2:
        gemm.tiled(x[:, 0], kernel, z.reshape(len(x), -1))
    elif batch < 8:  # then products are of an example's steps, not of a step's examples
        gemm.tiled(x.swapaxes(0, 1)[:, None], kernel, z.swapaxes(0, 2))
    else:
        gemm.tiled(x[:, None], kernel, z)
    if bias is not None:
        np.add(z, bias, z)


def _each(step: Callable) -> Callable[[slice], None]:
    """Return a function of a span that calls `step(t)` for each of its steps."""

    def run(span: slice) -> None:
        for t in range(span.start, span.stop):
            step(t)

    return run


def _backward_loop(
    d: np.ndarray,
    units: int,
    prepare: Callable,
    step: Callable,
    products: Sequence[Callable],
) -> None:
    """Call `step(t)` from the last step to the first; other threads do what is before and behind.

    Args:
        d: gradients that `step` completes, `(time, batch, m)`.
        units: size of the state.
        prepare: function of a span of steps, called before these.
        step: function of the index of the time step.
        products: functions of the index of a span and the span, called after its steps.
    """
    steps, batch, _ = d.shape
    alone = d.size * units * 3 < gemm.PARALLEL
    spans = [slice(0, steps)] if alone else _spans(steps, batch, 8, 512)
    backwards = range(len(spans) - 1, -1, -1)
    prepare = unbuffered(prepare)
    # What another thread wrote has to be fetched from its cache, which takes longer than a small step.
    ahead = d.size * units >= _AHEAD * steps

    def main(later: Callable[[Callable], Callable]) -> None:
        tasks = [functools.partial(prepare, spans[i]) for i in backwards]
        ready = [later(task) for task in tasks] if ahead else tasks
        for i, prepared in zip(backwards, ready):
            prepared()
            for t in range(spans[i].stop - 1, spans[i].start - 1, -1):
                step(t)
            for product in products:
                later(functools.partial(product, i, spans[i]))

    with parallel.single_blas:
        if alone:
            main(_at_once)
        else:
            parallel.run_along(main)


def _nothing(*_: Any) -> None:
    pass


def _at_once(task: Callable) -> Callable:
    task()
    return _nothing


class _Sum:
    """A sum over time, of which each span is a part."""

    def __init__(self, part: Callable[[slice], np.ndarray]) -> None:
        self.part = part
        self.parts: dict[int, np.ndarray] = {}

    def __call__(self, i: int, span: slice) -> None:
        self.parts[i] = self.part(span)

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


def _sum_of_products(left: np.ndarray, right: np.ndarray) -> _Sum:
    """Return the product of `(time, batch, n)` and `(time, batch, m)`, summed over both."""

    def part(span: slice) -> np.ndarray:
        a, b = _matrix(left[span]).T, _matrix(right[span])
        out = np.empty((a.shape[0], b.shape[1]), left.dtype)
        return gemm.tiled(a, b, out)

    return _Sum(part)


def _sum_of_rows(x: np.ndarray) -> _Sum:
    """Return the sum of `(time, batch, n)` over time and batch."""
    return _Sum(lambda span: column_sums(_matrix(x[span])))


class _Product:
    """The product of a sequence and the transpose of a matrix, span by span."""

    def __init__(self, left: np.ndarray, right: np.ndarray) -> None:
        self.left, self.right = left, right
        self.result = np.empty((*left.shape[:2], right.shape[0]), left.dtype)

    @functools.cached_property
    def transpose(self) -> np.ndarray:
        return _transposed(self.right)

    def __call__(self, i: int, span: slice) -> None:
        left, result = _matrix(self.left[span]), _matrix(self.result[span])
        gemm.tiled(left, self.transpose, result)


def _products(left: np.ndarray, right: np.ndarray) -> Products:
    """Return the gradients of a weight for each example, which `_Sum` adds up.

    Args:
        left: `(time, batch, n)`.
        right: `(time, batch, m)`.
    """
    left, right = left.transpose(1, 0, 2), right.transpose(1, 0, 2)
    return Products(left, right, (left.shape[-1], right.shape[-1]))


def _weights_and_inputs(
    x: np.ndarray,
    kernel: np.ndarray,
    h: np.ndarray,
    dz: np.ndarray,
    prepare: Callable,
    step: Callable,
    needs: Sequence,
    out: Sequence | None,
    per_example: bool,
    backwards: bool,
) -> list:
    """Run the loop of a layer whose gates see the state as it was, and return its first gradients.

    Args:
        x: inputs, time-major.
        kernel: weights of the inputs.
        h: states before each step, and the last one.
        dz: gradients of all gates, which `prepare` and `step` compute: see `_backward_loop`.
        needs, out, per_example, backwards: see `lstm_backward`.

    Returns:
        The gradients of x, kernel, recurrent and bias.
    """
    need_x, need_kernel, need_recurrent, need_bias = needs[:4]
    sums: list[_Sum | None] = [None] * 3
    if not per_example:
        sums = [
            _sum_of_products(x, dz) if need_kernel else None,
            _sum_of_products(h[:-1], dz) if need_recurrent else None,
            _sum_of_rows(dz) if need_bias else None,
        ]
    of_x = _Product(dz, kernel) if need_x else None
    products = [p for p in (*sums[:2], of_x, sums[2]) if p is not None]
    _backward_loop(dz, h.shape[-1], prepare, step, products)
    if per_example:
        weights = [
            _products(x, dz) if need_kernel else None,
            _products(h[:-1], dz) if need_recurrent else None,
            Sums(add_reduce(dz, 0)) if need_bias else None,
        ]
    else:
        places = [None] * 3 if out is None else out[1:4]
        weights = [s and s.total(place) for s, place in zip(sums, places)]
    return [None if of_x is None else _batch_major(of_x.result, backwards), *weights]


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


def _transposed(x: np.ndarray) -> np.ndarray:
    """Return the transpose of a matrix, contiguous."""
    out = np.empty(x.shape[::-1], x.dtype)
    for i in range(0, x.shape[0], 16):  # so many at once, four times as fast as all
        out[:, i : i + 16] = x[i : i + 16].T
    return out


def _matrix(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1, x.shape[-1])


def _by_gates(
    w: np.ndarray | None,
    gates: int,
    order: Sequence[tuple[slice, slice, float]],
    side_by_side: bool = False,
) -> np.ndarray | None:
    """Return weights `(n, gates * units)` as `(gates, n, units)`, contiguous; None for None.

    Args:
        order: which gates are put where, and by what they are multiplied.
        side_by_side: whether they stay `(n, gates * units)`.
    """
    if w is None:
        return None
    w = w.reshape(-1, gates, w.shape[-1] // gates).transpose(1, 0, 2)
    out = np.empty((w.shape[1], gates, w.shape[2]) if side_by_side else w.shape, w.dtype)
    places = out.swapaxes(0, 1) if side_by_side else out
    for source, target, factor in order:
        np.multiply(w[source], w.dtype.type(factor), places[target])
    return out.reshape(len(out), -1) if side_by_side else out


# LSTM. Gates come as i, f, c, o in the weights and as i, f, o, c inside, the sigmoids side by side.

_LSTM_ORDER = (
    (slice(0, 2), slice(0, 2), 0.5),
    (slice(3, 4), slice(2, 3), 0.5),
    (slice(2, 3), slice(3, 4), 1.0),
)


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
    w = _by_gates(recurrent, 4, _LSTM_ORDER)
    dtype = np.result_type(x, kernel)
    # i, f, o, g, c before each step, tanh(c) behind it: i and f lie side by side, and so does what they let
    # through. Each step's gates take the place of its product with the inputs.
    planes = np.empty((steps + 1, 6, batch, units), dtype)
    gates, c = planes[:steps, :4], planes[:, 4]
    h = states_of(steps, h0, (batch, units), dtype)
    c[0] = 0 if c0 is None else c0
    z = np.empty((4, batch, units), dtype)
    multiply = gemm.chosen(h, w, z)
    both = np.empty((2, batch, units), dtype)
    written, kept = both
    skipped = skipped_rows(mask, backwards)
    half = np.array(0.5, dtype)

    def step(t: int) -> None:
        multiply(t)
        a = gates[t]
        np.add(a, z, a)
        np.tanh(a, a)
        sigmoids = a[:3]
        np.multiply(sigmoids, half, sigmoids)
        np.add(sigmoids, half, sigmoids)
        new_c, new_h, tanh = c[t + 1], h[t + 1], planes[t, 5]
        np.multiply(a[:2], planes[t, 3:5], both)
        np.add(written, kept, new_c)  # c = i * g + f * c
        np.tanh(new_c, tanh)
        np.multiply(a[2], tanh, new_h)
        if skipped is not None and skipped[t] is not None:
            new_c[skipped[t]] = c[t][skipped[t]]
            new_h[skipped[t]] = h[t][skipped[t]]

    by_gates = [_by_gates(w, 4, _LSTM_ORDER) for w in (kernel, bias)]
    x_t = _forward_loop(x_t, *by_gates, gates, _each(step))
    saved = (x_t, kernel, recurrent, h, planes, skipped, backwards)
    # A copy, that nobody who keeps the last c keeps all of them and the gates.
    return (h[1:].transpose(1, 0, 2), h[steps], c[steps].copy()), saved


def lstm_backward(gs: list, saved: tuple, needs: Any, out: Any, per_example: bool = False) -> list:
    """Return the gradients of x, kernel, recurrent, bias, h0 and c0.

    Args:
        per_example: whether those of the three weights are wanted for each example.
    """
    x_t, kernel, recurrent, h, planes, skipped, backwards = saved
    steps, batch, units = h[1:].shape
    sequence, (dh, dc) = start_gradients(gs, h[0])
    dc_of_dh = np.empty((steps, batch, units), h.dtype)
    dz = np.empty((steps, batch, 4 * units), h.dtype)  # i, f, c, o
    dz_gates = dz.reshape(steps, batch, 4, units).swapaxes(1, 2)
    # What the loop multiplies dc by for them, in the gate o dh.
    terms = dz_gates if units >= _LONG else np.empty((steps, 4, batch, units), h.dtype)
    project = gemm.chosen(dz, _transposed(recurrent), dh)
    product = np.empty((batch, units), h.dtype)
    multiply, subtract = np.multiply, np.subtract

    def prepare(span: slice) -> None:
        now, of, new_h, slope = planes[span], terms[span], h[1:][span], dc_of_dh[span]
        i, _, o, g, _, tanh = now.swapaxes(0, 1)
        both = multiply(now[:, :2], now[:, 3:5])
        subtract(both, multiply(both, now[:, :2], of[:, :2]), of[:, :2])  # i * (1 - i) * g, f alike
        subtract(i, multiply(both[:, 0], g, of[:, 2]), of[:, 2])  # (1 - g**2) * i
        subtract(new_h, multiply(new_h, o, of[:, 3]), of[:, 3])  # o * (1 - o) * tanh(c)
        subtract(o, multiply(new_h, tanh, slope), slope)  # o * (1 - tanh(c)**2)

    def step(t: int) -> None:
        if sequence is not None:
            np.add(dh, sequence[t], dh)
        rows = None if skipped is None else skipped[t]
        if rows is not None:
            kept = dh[rows], dc[rows]
            dh[rows] = dc[rows] = 0
        of, d = terms[t], dz_gates[t]
        multiply(dh, dc_of_dh[t], product)
        np.add(dc, product, dc)
        multiply(of[:3], dc, d[:3])
        multiply(of[3], dh, d[3])
        multiply(dc, planes[t, 1], dc)  # f
        project(t)
        if rows is not None:
            dh[rows], dc[rows] = kept

    gradients = _weights_and_inputs(
        x_t, kernel, h, dz, prepare, step, needs, out, per_example, backwards
    )
    return [*gradients, dh if needs[4] else None, dc if needs[5] else None]


# GRU. Gates are z, r, h; the first two are sigmoids.


_GRU_ORDER = ((slice(0, 2), slice(0, 2), 0.5), (slice(2, 3), slice(2, 3), 1.0))


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
    w = _by_gates(recurrent, 3, _GRU_ORDER)
    w, w_h = (w, None) if reset_after else (w[:2], w[2:])
    h = states_of(steps, h0, (batch, units), dtype)
    # z, r and the candidates, each step's in the place of its product with the inputs.
    gates = np.empty((steps, 3, batch, units), dtype)
    inner = np.empty((steps, batch, units), dtype)  # of h: product with the state, or reset state
    products = np.empty((len(w), batch, units), dtype)
    multiply = gemm.chosen(h, w, products)
    part = np.empty((batch, units), dtype)
    if not reset_after:
        multiply_reset = gemm.chosen(inner, w_h[0], part)
    skipped = skipped_rows(mask, backwards)
    half = np.array(0.5, dtype)

    def step(t: int) -> None:
        before, new, n = h[t], h[t + 1], inner[t]
        a, candidate = gates[t, :2], gates[t, 2]
        multiply(t)
        np.add(a, products[:2], a)
        np.tanh(a, a)
        np.multiply(a, half, a)
        np.add(a, half, a)
        if reset_after:
            if state_bias is None:
                n[...] = products[2]
            else:
                np.add(products[2], state_bias, n)
            np.multiply(a[1], n, part)
        else:
            np.multiply(a[1], before, n)
            multiply_reset(t)
        np.add(candidate, part, candidate)
        np.tanh(candidate, candidate)
        np.subtract(before, candidate, part)
        np.multiply(a[0], part, new)
        np.add(new, candidate, new)
        if skipped is not None and skipped[t] is not None:
            new[skipped[t]] = before[skipped[t]]

    by_gates = [_by_gates(w, 3, _GRU_ORDER) for w in (kernel, bias)]
    x_t = _forward_loop(x_t, *by_gates, gates, _each(step))
    saved = (x_t, kernel, recurrent, h, gates, inner, skipped, backwards, reset_after)
    return (h[1:].transpose(1, 0, 2), h[steps]), saved


def gru_backward(gs: list, saved: tuple, needs: Any, out: Any, per_example: bool = False) -> list:
    """Return the gradients of x, kernel, recurrent, bias and h0.

    Args:
        per_example: whether those of the three weights are wanted for each example.
    """
    x_t, kernel, recurrent, h, gates, inner, skipped, backwards, reset_after = saved
    steps, batch, units = inner.shape
    sequence, (dh,) = start_gradients(gs, h[0])
    # Gradients of h, z, r in the inputs' part and, with `reset_after`, of z, r, h in the state's.
    parts = 4 if reset_after else 3
    both = np.empty((steps, batch, parts * units), h.dtype)
    dz, ds = both[:, :, : 3 * units], both[:, :, units:]
    gradients = both.reshape(steps, batch, parts, units).swapaxes(1, 2)
    # What the loop multiplies dh by for them, in r without `reset_after` the reset state's gradient.
    terms = gradients if units >= _LONG else np.empty((steps, parts, batch, units), h.dtype)
    project = gemm.chosen(ds, _transposed(recurrent[:, : ds.shape[-1]]), dh)
    w_h = None if reset_after else _transposed(recurrent[:, 2 * units :])
    part = np.empty((batch, units), h.dtype)
    one = np.array(1, h.dtype)
    multiply, subtract = np.multiply, np.subtract

    def prepare(span: slice) -> None:
        z, r, candidate = gates[span].swapaxes(0, 1)
        before, n = h[:-1][span], inner[span]
        of_new, of_z, of_r, *of_state = terms[span].swapaxes(0, 1)
        closed, slope = subtract(one, z), multiply(candidate, candidate)
        multiply(closed, subtract(one, slope, slope), of_new)
        if reset_after:
            multiply(multiply(of_new, r, of_state[0]), n, slope)
        else:
            multiply(before, r, slope)
        subtract(slope, multiply(slope, r, of_r), of_r)  # times 1 - r
        multiply(closed, z, closed)
        multiply(subtract(before, candidate, slope), closed, of_z)

    def step(t: int) -> None:
        if sequence is not None:
            np.add(dh, sequence[t], dh)
        rows = None if skipped is None else skipped[t]
        if rows is not None:
            kept = dh[rows]
            dh[rows] = 0
        of, d = terms[t], gradients[t]
        multiply(dh, gates[t, 0], part)
        if reset_after:
            multiply(of, dh, d)
        else:
            multiply(of[:2], dh, d[:2])
            of_reset = np.dot(d[0], w_h)  # of the reset state
            multiply(of[2], of_reset, d[2])
            multiply(of_reset, gates[t, 1], of_reset)
            np.add(part, of_reset, part)
        project(t)
        np.add(dh, part, dh)
        if rows is not None:
            dh[rows] = kept

    need_x, need_kernel, need_recurrent, need_bias, need_h = needs
    out = [None] * 5 if out is None else out
    of_x = _Product(dz, np.roll(kernel, units, -1)) if need_x else None
    of_kernel = _sum_of_products(x_t, dz) if need_kernel and not per_example else None
    of_recurrent: list[_Sum] = []
    if need_recurrent and not per_example:
        of_recurrent.append(_sum_of_products(h[:-1], ds))
        if not reset_after:  # the last third is of the reset state
            of_recurrent.append(_sum_of_products(inner, dz[:, :, :units]))
    of_bias = _sum_of_rows(both) if need_bias and not per_example else None
    products = [p for p in (of_kernel, *of_recurrent, of_x, of_bias) if p is not None]
    _backward_loop(both, units, prepare, step, products)

    def ordered(d: np.ndarray) -> np.ndarray:
        return np.roll(d, -units, -1)

    d_kernel = d_recurrent = d_bias = None
    if per_example:
        if need_kernel:
            d_kernel = _products(x_t, ordered(dz))
        if need_recurrent and reset_after:
            d_recurrent = _products(h[:-1], np.ascontiguousarray(ds))
        elif need_recurrent:  # the last third is of the reset state: as many steps again
            first, last = ordered(dz), ordered(dz)
            first[:, :, 2 * units :], last[:, :, : 2 * units] = 0, 0
            d_recurrent = _products(np.concatenate([h[:-1], inner]), np.concatenate([first, last]))
        if need_bias:
            biases = [
                add_reduce(d, 0) for d in ((ordered(dz), ds) if reset_after else (ordered(dz),))
            ]
            d_bias = Sums(np.stack(biases, 1) if reset_after else biases[0])
    else:
        if need_kernel:
            d_kernel = _into(out[1], ordered(of_kernel.total()))
        if need_recurrent:
            totals = [part.total() for part in of_recurrent]
            d_recurrent = _into(out[2], totals[0] if reset_after else np.concatenate(totals, -1))
        if need_bias:
            total = of_bias.total()
            d_bias = ordered(total[: 3 * units])
            d_bias = _into(out[3], np.stack([d_bias, total[units:]]) if reset_after else d_bias)
    return [
        _batch_major(of_x.result, backwards) if need_x else None,
        d_kernel,
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
    z_x = np.empty((steps, 1, batch, units), dtype)
    h = states_of(steps, h0, (batch, units), dtype)
    skipped = skipped_rows(mask, backwards)
    activate = activation.forward

    def step(t: int) -> None:
        new = h[t + 1]
        np.dot(h[t], recurrent, new)
        np.add(new, z_x[t, 0], new)
        activate(new, new)
        if skipped is not None and skipped[t] is not None:
            new[skipped[t]] = h[t][skipped[t]]

    bias = None if bias is None else bias.reshape(1, 1, units)
    x_t = _forward_loop(x_t, kernel[None], bias, z_x, _each(step))
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
    dz = np.empty_like(h[1:])
    multiply = gemm.chosen(dz, _transposed(recurrent), dh)
    slope = activation.backward

    def step(t: int) -> None:
        if sequence is not None:
            np.add(dh, sequence[t], dh)
        rows = None if skipped is None else skipped[t]
        if rows is not None:
            kept = dh[rows]
            dh[rows] = 0
        dz[t] = slope(dh, h[t + 1])
        multiply(t)
        if rows is not None:
            dh[rows] = kept

    gradients = _weights_and_inputs(
        x_t, kernel, h, dz, _nothing, step, needs, out, per_example, backwards
    )
    return [*gradients, dh if needs[4] else None]
