"""LSTM and GRU forwards, where no backward will follow: only outputs and states are kept.

As in `recurrent.py`, but the gates of one step take the place of the last one's. A large batch is cut
into pieces, and each thread goes through all steps of a piece by itself: nobody waits for another, and
what a step works on stays in a core's cache. With a single example a step is little more than the calls
of NumPy that it makes: there the gates of the weights lie side by side, for one product with a vector, and
both directions of an LSTM take their steps at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from minikeras.kernels import gemm, parallel
from minikeras.kernels.memory import aligned
from minikeras.kernels.recurrent import (
    _GRU_ORDER,
    _LSTM_ORDER,
    _by_gates,
    _forward_loop,
    _project,
    skipped_rows,
    states_of,
    time_major,
)

_PIECE = 128
"""The most examples of a piece. With half as many, calls of NumPy are so short that threads wait for the
interpreter's lock."""
_ROOM = 1 << 18
"""Elements of the inputs' part of the gates that are computed at once."""

Loop = Callable[[slice, np.ndarray], None]
"""Runs a span of steps, given the inputs' part of their gates."""


def _run(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None,
    like: tuple[int, int],
    planes: int,
    begin: Callable[[slice, np.ndarray], Loop],
) -> None:
    """Run all steps, piece by piece.

    Args:
        x: inputs, `(time, batch, n)`.
        kernel: `(gates, n, units)`, or for a single example `(n, gates * units)`.
        bias: `(gates, 1, units)` or None.
        like: gates and units.
        planes: arrays of a gate's size that a step is given; the first ones get the inputs' part of
            the gates.
        begin: called with a slice of examples and place for these arrays, `(steps, planes, examples,
            units)`; returns their loop.
    """
    steps, batch, n = x.shape
    gates, units = like
    dtype = np.result_type(x, kernel)
    if batch <= _PIECE:
        place = np.empty((steps, planes, batch, units), dtype)
        run = begin(slice(0, batch), place)
        _forward_loop(x, kernel, bias, place[:, :gates], lambda span: run(span, place[span]))
        return
    size = -(-batch // (2 * -(-batch // (2 * _PIECE))))  # an even number of pieces, for two threads
    length = max(_ROOM // (size * gates * units), 1)

    def work(parts: Iterator[slice]) -> None:
        for part in parts:
            count = part.stop - part.start
            place = np.empty((min(length, steps), planes, count, units), dtype)
            rows = np.empty((len(place), count, n), dtype)
            run = begin(part, place)
            for first in range(0, steps, length):
                span = slice(first, min(first + length, steps))
                given, inputs = place[: span.stop - first], rows[: span.stop - first]
                inputs[...] = x[span, part]
                _project(inputs, kernel, bias, given[:, :gates])
                run(span, given)

    parallel.run_product_slices(batch, size, work)


def _rows_of(mask: np.ndarray | None, part: slice, backwards: bool, steps: int) -> list:
    """Return for each step which of some examples are masked out, None where there are none."""
    skipped = skipped_rows(None if mask is None else mask[part], backwards)
    return [None] * steps if skipped is None else skipped


def lstm(
    x: np.ndarray,
    kernel: np.ndarray,
    recurrent: np.ndarray,
    bias: np.ndarray | None,
    h0: np.ndarray | None,
    c0: np.ndarray | None,
    mask: np.ndarray | None = None,
    backwards: bool = False,
) -> tuple[tuple, None]:
    """Compute what `recurrent.lstm_forward` does, and save nothing."""
    if len(x) == 1:
        return _lstm_of_one(x, [_Way(kernel, recurrent, bias, h0, c0, backwards)], mask), None
    x_t = time_major(x, backwards)
    steps, batch, _ = x_t.shape
    units = recurrent.shape[0]
    dtype = np.result_type(x, kernel)
    h = states_of(steps, h0, (batch, units), dtype)
    last_c = np.empty((batch, units), dtype)
    w, w_x = (_by_gates(a, 4, _LSTM_ORDER) for a in (recurrent, kernel))
    half = np.array(0.5, dtype)
    add, multiply, tanh = np.add, np.multiply, np.tanh

    def begin(part: slice, place: np.ndarray) -> Loop:
        states = h[:, part]
        # i, f, o, g and c: i and f lie side by side, and so does what they let through.
        planes = np.empty((5, *states.shape[1:]), dtype)
        a, c = planes[:4], planes[4]
        c[...] = 0 if c0 is None else c0[part]
        project = gemm.chosen(states, w, a)
        sigmoids, writing, contents, output = planes[:3], planes[:2], planes[3:], planes[2]
        both = np.empty((2, *c.shape), dtype)
        written, kept = both
        tanh_c = np.empty_like(c)
        skipped = _rows_of(mask, part, backwards, steps)

        def run(span: slice, given: np.ndarray) -> None:
            each = range(span.start, span.stop)
            for t, z, new, rows in zip(each, given, states[1:][span], skipped[span]):
                if rows is not None:
                    old_c = c[rows]
                project(t)
                add(a, z, a)
                tanh(a, a)
                multiply(sigmoids, half, sigmoids)
                add(sigmoids, half, sigmoids)
                multiply(writing, contents, both)
                add(written, kept, c)  # c = i * g + f * c
                tanh(c, tanh_c)
                multiply(output, tanh_c, new)
                if rows is not None:
                    c[rows] = old_c
                    new[rows] = states[t][rows]
            if span.stop == steps:
                last_c[part] = c

        return run

    _run(x_t, w_x, _by_gates(bias, 4, _LSTM_ORDER), (4, units), 4, begin)
    if not steps:
        last_c[...] = 0 if c0 is None else c0
    return (h[1:].transpose(1, 0, 2), h[steps], last_c), None


class _Way(NamedTuple):
    """What an LSTM goes through a sequence with."""

    kernel: np.ndarray
    recurrent: np.ndarray
    bias: np.ndarray | None
    h: np.ndarray | None = None
    c: np.ndarray | None = None
    backwards: bool = False


def pays_both_ways(batch: int) -> bool:
    """Whether `lstm_both_ways` can take over two LSTMs: it takes a single example."""
    return batch == 1


def lstm_both_ways(x: np.ndarray, *weights: np.ndarray | None) -> tuple:
    """Run one LSTM over one example forwards, and another one, of as many units, backwards.

    Both begin with zeros.

    Args:
        x: inputs, `(1, time, n)`.
        *weights: kernel, recurrent kernel and bias of the one, then those of the other; see
            `recurrent.lstm_forward`.

    Returns:
        `(outputs, h, c)` of the one, then of the other.
    """
    return _lstm_of_one(x, [_Way(*weights[:3]), _Way(*weights[3:], backwards=True)])


_FACTORS = np.array([0.5, 0.5, 1, 0.5])
"""What the gates i, f, c and o are multiplied by before the tanh."""


def _lstm_of_one(x: np.ndarray, ways: list[_Way], mask: np.ndarray | None = None) -> tuple:
    """Run LSTMs of as many units over one example; a step is one call for all of them.

    What is computed of a sigmoid is its double, `1 + tanh(z / 2)`, and so of the state: the weights have
    the halves, and c gets its own as it is added up. Nothing is computed in masked steps.

    Args:
        x: inputs, `(1, time, n)`.
        ways: the LSTMs.
        mask: `(1, time)`, false where states are to stay, or None.

    Returns:
        `(outputs, h, c)` of the first one, then of the others.
    """
    (rows,) = x
    keep = None if mask is None else np.asarray(mask[0], bool)
    if keep is not None:
        rows = rows[keep]
    steps, count, units = len(rows), len(ways), len(ways[0].recurrent)
    dtype = np.result_type(x, ways[0].kernel)
    factors = np.repeat(_FACTORS.astype(dtype), units)
    z = np.empty((steps, 4, count, units), dtype)
    w = aligned((count, units, 4 * units), dtype)
    states = np.empty((steps + 1, count, units), dtype)
    # c, i, f, g and o, so that c and i lie beside what they are multiplied with; then what is let through.
    planes = aligned((8, count, units), dtype)
    for i, way in enumerate(ways):
        inputs = rows[::-1] if way.backwards else rows
        raw = gemm.dot(inputs, way.kernel, z.reshape(steps, 4 * units) if count == 1 else None)
        if way.bias is not None:
            raw += way.bias
        raw *= factors
        if count > 1:
            z[:, :, i] = raw.reshape(steps, 4, units)
        np.multiply(way.recurrent, 0.5 * factors, w[i])
        states[0, i] = 0 if way.h is None else 2 * way.h[0]
        planes[0, i] = 0 if way.c is None else way.c[0]

    flat = planes.reshape(8, count * units)
    c, gates, output, tanh_c = flat[0], flat[1:5].reshape(-1), flat[4], flat[7]
    left, right, let_through = (flat[i : i + 2].reshape(-1) for i in (0, 2, 5))
    both = flat[5:7]
    ones = np.ones((4, c.size), dtype)
    ones[2] = 0
    ones = ones.reshape(-1)
    add_halves = np.array([0.5, 0.5], dtype).dot
    if count == 1:
        project, before, target, weights = np.ndarray.dot, states[:, 0], gates, w[0]
    else:
        project, before, target = np.matmul, states[:, :, None], planes[1:5, :, None]
        weights = w.reshape(count, units, 4, units).transpose(2, 0, 1, 3)
    add, multiply, tanh = np.add, np.multiply, np.tanh
    with parallel.single_blas:
        each = zip(before, z.reshape(steps, gates.size), states[1:].reshape(steps, c.size))
        for old, inputs, new in each:
            project(old, weights, target)
            add(gates, inputs, gates)
            tanh(gates, gates)
            add(gates, ones, gates)
            multiply(left, right, let_through)
            add_halves(both, c)  # c = f * c + i * g
            tanh(c, tanh_c)
            multiply(output, tanh_c, new)
    states *= np.array(0.5, dtype)
    results: list[np.ndarray] = []
    for i, way in enumerate(ways):
        h, outputs = states[:, i], states[1:, i]
        if keep is not None:
            outputs = h[np.cumsum(keep[::-1] if way.backwards else keep)]
        results += [outputs[None], h[steps, None].copy(), planes[0, i, None].copy()]
    return tuple(results)


def gru(
    x: np.ndarray,
    kernel: np.ndarray,
    recurrent: np.ndarray,
    bias: np.ndarray | None,
    h0: np.ndarray | None,
    mask: np.ndarray | None = None,
    backwards: bool = False,
    reset_after: bool = True,
) -> tuple[tuple, None]:
    """Compute what `recurrent.gru_forward` does, and save nothing."""
    x_t = time_major(x, backwards)
    steps, batch, _ = x_t.shape
    units = recurrent.shape[0]
    dtype = np.result_type(x, kernel)
    h = states_of(steps, h0, (batch, units), dtype)
    single = batch == 1
    state_bias = 0
    if bias is not None and reset_after:
        # The state's bias of z and r may as well be added to the inputs'.
        both = bias[0].copy()
        both[: 2 * units] += bias[1, : 2 * units]
        bias, state_bias = both, bias[1, 2 * units :]
    if reset_after:
        w = _by_gates(recurrent, 3, _GRU_ORDER, single)
    else:
        w = _by_gates(recurrent[:, : 2 * units], 2, _GRU_ORDER[:1], single)
        w_new = np.ascontiguousarray(recurrent[:, 2 * units :])
    products = 3 if reset_after else 2
    half = np.array(0.5, dtype)
    add, multiply, subtract, tanh = np.add, np.multiply, np.subtract, np.tanh

    def begin(part: slice, place: np.ndarray) -> Loop:
        states = h[:, part]
        a = np.empty((products, *states.shape[1:]), dtype)
        project = gemm.chosen(states, w, a.reshape(1, -1) if single else a)
        sigmoids, z, r, inner = a[:2], a[0], a[1], a[-1]
        new_part = np.empty_like(z)
        if reset_after:
            place[:, 3] = state_bias  # added to the product with the state, before it is reset
        else:
            reset = np.empty((1, *z.shape), dtype)
            project_reset = gemm.chosen(reset, w_new, new_part)
        skipped = _rows_of(mask, part, backwards, steps)

        def run(span: slice, given: np.ndarray) -> None:
            each = range(span.start, span.stop)
            inputs, added = given[:, 0], given[:, 1:]
            before, after = states[span], states[1:][span]
            for t, x_new, more, old, new, rows in zip(
                each, inputs, added, before, after, skipped[span]
            ):
                project(t)
                add(a, more, a)
                tanh(sigmoids, sigmoids)
                multiply(sigmoids, half, sigmoids)
                add(sigmoids, half, sigmoids)
                if reset_after:
                    multiply(r, inner, new_part)
                else:
                    multiply(r, old, reset[0])
                    project_reset(0)
                add(new_part, x_new, new_part)
                tanh(new_part, new_part)
                subtract(old, new_part, new)  # h = z * h + (1 - z) * new
                multiply(z, new, new)
                add(new, new_part, new)
                if rows is not None:
                    new[rows] = old[rows]

        return run

    w_x = _by_gates(kernel, 3, _NEW_FIRST, single)
    _run(x_t, w_x, _by_gates(bias, 3, _NEW_FIRST), (3, units), 1 + products, begin)
    return (h[1:].transpose(1, 0, 2), h[steps]), None


_NEW_FIRST = ((slice(2, 3), slice(0, 1), 1.0), (slice(0, 2), slice(1, 3), 0.5))
"""The inputs' gates of a GRU: new contents, z, r."""
