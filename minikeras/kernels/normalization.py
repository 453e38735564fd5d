"""Normalization: over the batch for each channel, and over the features of each example.

Large arrays are worked through in blocks that stay in a core's cache, on several threads.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from minikeras.common.ranks import Rows, shared_rows, sharers, without_rows
from minikeras.kernels import parallel
from minikeras.kernels import per_example as examples
from minikeras.kernels.activations import Fused
from minikeras.kernels.memory import UNBUFFERED
from minikeras.kernels.sums import add_reduce, column_sums, row_sums

_BLOCK = 1 << 18
"""Elements of a block; a second thread pays from more than that on."""
_SMALL = 1 << 16
"""Elements up to which a batch is normalized in whole arrays."""
_FEW_ROWS = 1024
"""Rows that it may have then: each is an inner loop of its own."""
_WIDTH = 256
"""Elements that an inner loop should have at least: below, its overhead dominates."""
_NEAR = 16.0
"""How many variances the square of a mean may be, for sums to be taken without subtracting it."""
_DOUBLE = np.dtype(np.float64)
_QUIET: Any = {"over": "ignore", "invalid": "ignore"}


def _repeats(rows: int, columns: int) -> int:
    """How many rows to take as one, so that sums over rows have long inner loops."""
    k = 1
    while 0 < k * columns < _WIDTH and rows % (2 * k) == 0:
        k *= 2
    return k


def _line_rows(rows: int, columns: int) -> int:
    """How many rows to take as one in operations with one row for all: a multiple of `_repeats`."""
    k = _repeats(rows, columns)
    while k * columns < UNBUFFERED and rows % (2 * k) == 0 and 64 * k <= rows:
        k *= 2
    return k


def _tile(vector: np.ndarray, k: int) -> np.ndarray:
    if k == 1:
        return vector
    wide = np.empty((k, vector.size), vector.dtype)
    wide[...] = vector
    return wide.reshape(-1)


def _fold(sums: np.ndarray, k: int) -> np.ndarray:
    """Add up the blocks' sums of rows that were `k` rows wide."""
    total = add_reduce(sums, 0)
    return add_reduce(total.reshape(k, -1), 0) if k > 1 else total


def _by_blocks(shape: tuple, task: Callable[[Iterator], None]) -> None:
    """Share the blocks of a matrix's rows out among threads.

    Args:
        shape: shape of the matrix.
        task: called on each thread with an iterator over `(index, rows)`, the latter a slice.
    """
    if 0 in shape:
        return
    step = block_rows(shape)
    if shape[0] <= step:  # nothing to share, as with a single example
        task(iter([(0, slice(0, shape[0]))]))
        return
    parallel.run_slices(
        shape[0], step, lambda slices: task((rows.start // step, rows) for rows in slices)
    )


def block_rows(shape: tuple) -> int:
    """Return how many rows of a matrix make a block: a multiple of what `_line_rows` returns."""
    rows, columns = shape
    unit = max(1 << (-(-UNBUFFERED // max(columns, 1)) - 1).bit_length(), 32)
    wanted = _BLOCK // max(columns, 1)
    if rows * columns > _BLOCK:
        wanted = min(wanted, -(-rows // 2))
    return max(-(-wanted // unit) * unit, unit)


def block_count(shape: tuple) -> int:
    """Return how many blocks the rows of a matrix make."""
    return -(-shape[0] // block_rows(shape))


def _matrix(x: np.ndarray, axis: int) -> np.ndarray:
    """Return `x` as a C-contiguous matrix whose columns are the channels along `axis`."""
    if axis % x.ndim != x.ndim - 1:
        x = np.moveaxis(x, axis, -1)
    return np.ascontiguousarray(x.reshape(math.prod(x.shape[:-1]), x.shape[-1]))


def _shaped(flat: np.ndarray, x: np.ndarray, axis: int) -> np.ndarray:
    """Undo `_matrix`."""
    if axis % x.ndim == x.ndim - 1:
        return flat.reshape(x.shape)
    shape = list(x.shape)
    shape.append(shape.pop(axis))
    return np.moveaxis(flat.reshape(shape), -1, axis)


# Normalization of channels by the statistics of the batch.


def batch_forward(
    x: np.ndarray,
    gamma: np.ndarray | None,
    beta: np.ndarray | None,
    axis: int,
    epsilon: float,
    activation: Fused | None = None,
    summand: np.ndarray | None = None,
) -> tuple[tuple, tuple]:
    """Compute `activation(gamma * (x - mean) / sqrt(var + epsilon) + beta + summand)`.

    Mean and variance are the batch's.

    Args:
        x: inputs; channels lie along `axis`.
        gamma, beta: `(channels,)` or None.
        axis: axis of the channels.
        epsilon: what is added to the variance.
        activation: what is applied to the result, or None.
        summand: what is added before that, of the shape of `x`, or None.

    Returns:
        `(y, mean, var)`, the variance being the mean square deviation; and what backward needs.
    """
    flat = _matrix(x, axis)
    rows, n = shared_rows(), flat.shape[0]
    if rows is None and 0 < flat.size <= _SMALL and n <= _FEW_ROWS:
        return _small_forward(x, flat, gamma, beta, axis, epsilon, activation, summand)
    mean, var = _moments(flat)
    if rows is not None:
        n, mean, var = _moments_of_ranks(n, mean, var)
    near = _is_near(mean, var)
    inverse = 1 / np.sqrt(var + flat.dtype.type(epsilon))
    scale = inverse if gamma is None else inverse * gamma
    shift = -mean * scale if beta is None else beta - mean * scale
    y = affine(flat, scale, shift, activation, None if summand is None else _matrix(summand, axis))
    kept = None if activation is None else y
    saved = (x, axis, mean, inverse, scale, gamma is not None, beta is not None, kept, activation)
    return (_shaped(y, x, axis), mean, var), (*saved, max(n, 1), rows, near, None)


def _small_forward(
    x: np.ndarray,
    flat: np.ndarray,
    gamma: np.ndarray | None,
    beta: np.ndarray | None,
    axis: int,
    epsilon: float,
    activation: Fused | None,
    summand: np.ndarray | None,
) -> tuple[tuple, tuple]:
    """Do what `batch_forward` does, with few calls; `flat` is the matrix of `x`."""
    n, dtype = flat.shape[0], flat.dtype.type
    share = dtype(1 / n)
    mean = column_sums(flat) * share
    deviation = flat - mean
    var = column_sums(deviation * deviation) * share
    inverse = 1 / np.sqrt(var + dtype(epsilon))
    scale = inverse if gamma is None else inverse * gamma
    y = deviation * scale
    if beta is not None:
        y += beta
    if summand is not None:
        y += _matrix(summand, axis)
    if activation is not None:
        activation.forward(y, y)
    kept = None if activation is None else y
    saved = (x, axis, mean, inverse, scale, gamma is not None, beta is not None, kept, activation)
    return (_shaped(y, x, axis), mean, var), (*saved, n, None, False, deviation)


def _small_backward(gs: list, saved: tuple, needs: Any) -> list:
    """Do what `batch_backward` does, for what `_small_forward` kept."""
    x, axis, _, inverse, scale, has_gamma, has_beta, y, activation, n, *_, deviation = saved
    g_y, g_mean, g_var = gs
    g = np.zeros_like(deviation) if g_y is None else _matrix(g_y, axis)
    if activation is not None:
        g = activation.backward(g, y)
    share = g.dtype.type(1 / n)
    dbeta, dgamma = column_sums(g), column_sums(g * deviation)
    dgamma *= inverse
    dx = None
    if needs[0]:
        # dx = scale * g - b * deviation - c for each channel.
        b = scale * inverse * dgamma * share
        c = scale * dbeta * share
        if g_var is not None:
            b -= g_var * (2 * share)
        if g_mean is not None:
            c -= g_mean * share
        dx = g * scale
        dx -= deviation * b
        dx -= c
        dx = _shaped(dx, x, axis)
    return [
        dx,
        dgamma if needs[1] and has_gamma else None,
        dbeta if needs[2] and has_beta else None,
        _shaped(g, x, axis),
    ][: len(needs)]


def _moments_of_ranks(n: int, mean: np.ndarray, var: np.ndarray) -> tuple:
    """Return number of rows, mean and variance over all ranks, for those of this one."""
    total: tuple = (0, np.zeros(mean.shape), np.zeros(mean.shape))
    numbers = np.concatenate([[float(n)], mean, var])
    for row in sharers().rows(numbers[None]):  # in the order of the ranks: the same bits on all
        if row[0]:
            total = combine_moments(total, (int(row[0]), *np.split(row[1:], 2)))
    n, mean_of_all, var_of_all = total
    return n, mean_of_all.astype(mean.dtype), var_of_all.astype(var.dtype)


def _moments(flat: np.ndarray, dtype: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of each column.

    Where a mean is far from zero beside its deviation, the difference of the squares would lose digits:
    then a second pass takes the sums of differences to the mean.

    Args:
        flat: C-contiguous matrix.
        dtype: dtype to compute in, that of the matrix if None.
    """
    dtype = dtype or flat.dtype
    mean, var = _moments_about(flat, None, dtype)
    if not _is_near(mean, var):
        offset, var = _moments_about(flat, mean, dtype)
        mean = mean + offset
    return mean, var


def _is_near(mean: np.ndarray, var: np.ndarray) -> bool:
    """Whether means are so near to zero that sums of products need not be taken of differences to them."""
    with np.errstate(**_QUIET):
        return bool(np.all((mean * mean <= var.dtype.type(_NEAR) * var) & (var < np.inf)))


def _moments_about(
    flat: np.ndarray, origin: np.ndarray | None, dtype: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of the columns' differences to `origin`, zero if None."""
    n, columns = flat.shape
    k, width = _line_rows(n, columns), _repeats(n, columns) * columns
    wide = None if origin is None else _tile(origin, k)
    sums = np.zeros((2, block_count(flat.shape), width), dtype)

    def work(blocks: Iterator) -> None:
        scratch = np.empty((min(block_rows(flat.shape), n), columns), dtype)
        for i, rows in blocks:
            block = flat[rows]
            d = scratch[: len(block)]
            if wide is not None:
                line = d.reshape(-1, wide.size)
                np.subtract(block.reshape(line.shape), wide, line)
                block = d
            elif flat.dtype != dtype:
                d[...] = block
                block = d
            sums[0, i] = column_sums(block.reshape(-1, width))
            np.multiply(block, block, d)
            sums[1, i] = column_sums(d.reshape(-1, width))

    # Squares of large numbers that overflow are no matter: differences to the mean follow then.
    with np.errstate(**_QUIET) if origin is None else contextlib.nullcontext():
        _by_blocks(flat.shape, work)
        mean, square = [_fold(s, width // max(columns, 1)) / max(n, 1) for s in sums]
        var = square - mean * mean
        return mean, np.maximum(var, 0, out=var)


def moments(x: np.ndarray, keep: Sequence[int]) -> tuple[int, np.ndarray, np.ndarray]:
    """Return how many numbers there are for each place of some axes, their mean and variance.

    They are computed in float64, so that the number of numbers does not matter.

    Args:
        x: array of numbers.
        keep: the axes, not negative, in ascending order.
    """
    kept = [x.shape[a] for a in keep]
    order = [a for a in range(x.ndim) if a not in keep]
    count = math.prod(x.shape[a] for a in order)
    flat = np.ascontiguousarray(x.transpose(order + list(keep))).reshape(count, math.prod(kept))
    if x.dtype.kind not in "f" or x.dtype.itemsize < 4:
        flat = flat.astype(np.float32 if x.dtype.itemsize < 3 else np.float64)
    total = (0, np.zeros(kept), np.zeros(kept))
    whole = count - count % _WIDTH  # of so many rows `_repeats` makes long ones
    for part in (flat[:whole], flat[whole:]):
        if part.size == 0:
            continue
        if kept:
            mean, var = [m.reshape(kept) for m in _moments(part, _DOUBLE)]
        else:  # all numbers together: first those of columns, then the columns
            means, vars_ = _moments(part.reshape(-1, min(part.size, _WIDTH)), _DOUBLE)
            mean, var = means.mean(), vars_.mean() + means.var()
        total = combine_moments(total, (len(part), mean, var))
    return total


def combine_moments(one: tuple, other: tuple) -> tuple[int, np.ndarray, np.ndarray]:
    """Return what `moments` would of the numbers of two sets together (Chan et al., 1979).

    Args:
        one, other: number of numbers, their mean and variance.
    """
    n, mean, var = one
    m, other_mean, other_var = other
    share = m / max(n + m, 1)
    distance = other_mean - mean
    return (
        n + m,
        mean + distance * share,
        var * (1 - share) + other_var * share + distance * distance * (share * (1 - share)),
    )


def batch_backward(gs: list, saved: tuple, needs: Any, out: Any) -> list:
    """Return the gradients of x, gamma, beta and the summand for those of y, mean and var."""
    if saved[-1] is not None:
        return _small_backward(gs, saved, needs)
    x, axis, mean, inverse, scale, has_gamma, has_beta, y, activation, total, ranked, near, _ = (
        saved
    )
    g_y, g_mean, g_var = gs
    flat = _matrix(x, axis)
    g = np.zeros_like(flat) if g_y is None else _matrix(g_y, axis)
    before = g if activation is None else np.empty_like(flat)
    n, channels = flat.shape
    wide = None if near else _tile(mean, _line_rows(n, channels))
    width = _repeats(n, channels) * channels
    sums = np.zeros((2, block_count(flat.shape), width), flat.dtype)

    def reduce(blocks: Iterator) -> None:
        scratch = np.empty((min(block_rows(flat.shape), n), channels), flat.dtype)
        for i, rows in blocks:
            if activation is not None:
                activation.backward(g[rows], y[rows], before[rows])
            block, other = before[rows], flat[rows]
            d = scratch[: len(block)]
            if wide is not None:
                line = d.reshape(-1, wide.size)
                np.subtract(other.reshape(line.shape), wide, line)
                other = d
            np.multiply(other, block, d)
            sums[0, i] = column_sums(block.reshape(-1, width))
            sums[1, i] = column_sums(d.reshape(-1, width))

    _by_blocks(flat.shape, reduce)
    dbeta, dgamma = [_fold(s, width // max(channels, 1)) for s in sums]
    if near:
        dgamma -= mean * dbeta
    dgamma *= inverse
    dx = None
    if ranked is not None:
        sum_g, sum_gx, g_mean, g_var = _sums_of_ranks(ranked, dbeta, dgamma, g_mean, g_var)
    else:
        sum_g, sum_gx = dbeta, dgamma
    summed = needs[3:] and needs[3]
    if needs[0]:
        # dx = a * g + b * x + c for each channel.
        b = -scale * inverse * sum_gx / total
        if g_var is not None:
            b += g_var * (2 / total)
        c = -scale * sum_g / total - b * mean
        if g_mean is not None:
            c += g_mean / total
        dx = _combine(before, flat, scale, b, c, None if summed or before is g else before)
        dx = _shaped(dx, x, axis)
    return [
        dx,
        dgamma if needs[1] and has_gamma else None,
        dbeta if needs[2] and has_beta else None,
        _shaped(before, x, axis) if summed else None,
    ][: len(needs)]


def _sums_of_ranks(rows: Rows, *vectors: np.ndarray | None) -> list[np.ndarray | None]:
    """Return the sums over ranks of gradients."""
    present = np.array([v for v in vectors if v is not None])
    without_rows([present], rows)
    found = iter(sharers().add(present))
    return [None if v is None else next(found) for v in vectors]


def _combine(
    g: np.ndarray,
    x: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    c: np.ndarray,
    out: np.ndarray | None,
) -> np.ndarray:
    """Compute `a * g + b * x + c` by columns; `out` may be `g`."""
    y = np.empty_like(x) if out is None else out
    k = _line_rows(*x.shape)
    a, b, c = _tile(a, k), _tile(b, k), _tile(c, k)

    def work(blocks: Iterator) -> None:
        scratch = np.empty((min(block_rows(x.shape), x.shape[0]), x.shape[1]), x.dtype)
        for _, rows in blocks:
            target = y[rows].reshape(-1, a.size)
            other = scratch[: rows.stop - rows.start].reshape(target.shape)
            np.multiply(g[rows].reshape(target.shape), a, target)
            np.multiply(x[rows].reshape(target.shape), b, other)
            np.add(other, c, other)
            np.add(target, other, target)

    _by_blocks(x.shape, work)
    return y


# One scale and one shift for each channel.


def affine(
    flat: np.ndarray,
    scale: np.ndarray,
    shift: np.ndarray | None,
    activation: Fused | None = None,
    summand: np.ndarray | None = None,
) -> np.ndarray:
    """Compute `activation(flat * scale + shift + summand)`, by columns, of a C-contiguous matrix."""
    y = np.empty_like(flat)
    k = _line_rows(*flat.shape)
    a, b = _tile(scale, k), None if shift is None else _tile(shift, k)

    def work(blocks: Iterator) -> None:
        for _, rows in blocks:
            target = y[rows].reshape(-1, a.size)
            np.multiply(flat[rows].reshape(target.shape), a, target)
            if b is not None:
                np.add(target, b, target)
            if summand is not None:
                np.add(y[rows], summand[rows], y[rows])
            if activation is not None:
                activation.forward(y[rows], y[rows])

    _by_blocks(flat.shape, work)
    return y


def affine_forward(
    x: np.ndarray,
    scale: np.ndarray,
    shift: np.ndarray,
    axis: int,
    activation: Fused | None = None,
) -> tuple[np.ndarray, tuple]:
    """Compute `activation(x * scale + shift)` with vectors along `axis`."""
    y = affine(_matrix(x, axis), scale, shift, activation)
    return _shaped(y, x, axis), (x, axis, scale, None if activation is None else y, activation)


def affine_backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    """Return the gradients of x, scale and shift."""
    x, axis, scale, y, activation = saved
    flat_g = _matrix(g, axis)
    if activation is not None:
        flat_g = activation.backward(flat_g, y)
    dx = dscale = dshift = None
    if needs[0]:
        dx = _shaped(affine(flat_g, scale, None), x, axis)
    if needs[1]:
        dscale = column_sums(flat_g * _matrix(x, axis))
    if needs[2]:
        dshift = column_sums(flat_g)
    return [dx, dscale, dshift]


def affine_per_example(g: np.ndarray, saved: tuple, needs: Any, n: int) -> list | None:
    """Return the gradient of x, and those of scale and shift for each of `n` examples."""
    x, axis, scale, y, activation = saved
    if axis % x.ndim == 0:
        return None
    flat_g = _matrix(g, axis)
    if activation is not None:
        flat_g = activation.backward(flat_g, y)
    return [
        _shaped(affine(flat_g, scale, None), x, axis) if needs[0] else None,
        examples.sums(flat_g * _matrix(x, axis), n) if needs[1] else None,
        examples.sums(flat_g, n) if needs[2] else None,
    ]


# By a mean and a standard deviation that are given.


def standardize(
    x: np.ndarray, mean: np.ndarray, deviation: np.ndarray, invert: bool = False
) -> np.ndarray:
    """Compute `(x - mean) / deviation`, or its inverse `x * deviation + mean`.

    Args:
        x: array of floats.
        mean, deviation: arrays of its dtype, of one shape, with as many axes as `x`, that broadcast
            to its shape.
        invert: whether to compute the inverse.
    """
    x = np.ascontiguousarray(x)
    y = np.empty_like(x)
    varying = [i for i, d in enumerate(mean.shape) if d != 1]
    if varying:
        inner = x.shape[varying[0] :]
        vectors = [np.broadcast_to(v, (*v.shape[: varying[0]], *inner)) for v in (mean, deviation)]
        vectors = [v.reshape(-1) for v in vectors]
    else:  # one number for all
        vectors = [np.full(min(x.size, _WIDTH), v.reshape(())) for v in (mean, deviation)]
    columns = max(vectors[0].size, 1)
    whole = x.size - x.size % columns
    k = -(-_WIDTH // columns) if columns < _WIDTH else 1
    wide = [_tile(v, k) for v in vectors]

    def write(source: np.ndarray, target: np.ndarray, vectors: list) -> None:
        a, b = vectors
        source, target = source.reshape(-1, a.size), target.reshape(-1, a.size)
        if invert:
            np.multiply(source, b, target)
            np.add(target, a, target)
        else:
            np.subtract(source, a, target)
            np.divide(target, b, target)

    source, target = x.reshape(-1), y.reshape(-1)

    def work(blocks: Iterator) -> None:
        for _, rows in blocks:
            begin, end = rows.start * columns, rows.stop * columns
            middle = end - (end - begin) % (k * columns)
            write(source[begin:middle], target[begin:middle], wide)
            write(source[middle:end], target[middle:end], vectors)

    _by_blocks((whole // columns, columns), work)
    rest = x.size - whole
    if rest:
        write(source[whole:], target[whole:], [v[:rest] for v in vectors])
    return y


def standardize_backward(g: np.ndarray, saved: tuple, needs: Any, invert: bool) -> list:
    """Return the gradients of x, mean and deviation."""
    x, mean, deviation = saved
    zero = np.zeros_like(mean)
    dx = standardize(g, zero, deviation, invert)
    over = tuple([i for i, d in enumerate(mean.shape) if d != x.shape[i]])
    dmean = ddeviation = None
    if needs[1]:
        dmean = add_reduce(g if invert else -dx, over, keepdims=True)
    if needs[2]:
        slope = g * x if invert else -dx * standardize(x, mean, deviation)
        ddeviation = add_reduce(slope, over, keepdims=True)
    return [dx if needs[0] else None, dmean, ddeviation]


# Normalization of each example by the statistics of its features.


def layer_forward(
    x: np.ndarray,
    gamma: np.ndarray | None,
    beta: np.ndarray | None,
    axes: int,
    epsilon: float,
    center: bool,
    saving: bool = True,
) -> tuple[np.ndarray, tuple | None]:
    """Compute `gamma * (x - mean) / sqrt(var + epsilon) + beta` over the last axes.

    Args:
        x: inputs.
        gamma, beta: of the shape of the last `axes` axes of `x`, or None.
        axes: how many axes the statistics are taken over.
        epsilon: what is added to the variance.
        center: whether the mean is subtracted; if not, `var` is the mean square.
        saving: whether backward is to come.

    Returns:
        The result, and what backward needs, or None.
    """
    features = math.prod(x.shape[x.ndim - axes :])
    n = math.prod(x.shape[: x.ndim - axes])
    flat = np.ascontiguousarray(x.reshape(n, features))
    normal = np.empty_like(flat)
    inverse = np.empty((n, 1), flat.dtype)
    y = normal if not saving or (gamma is None and beta is None) else np.empty_like(flat)
    k = _repeats(*flat.shape)
    scale = None if gamma is None else _tile(gamma.reshape(-1), k)
    shift = None if beta is None else _tile(beta.reshape(-1), k)
    share = flat.dtype.type(1 / max(features, 1))
    epsilon = flat.dtype.type(epsilon)

    def work(blocks: Iterator) -> None:
        scratch = np.empty((min(block_rows(flat.shape), n), features), flat.dtype)
        for _, rows in blocks:
            block, target = flat[rows], normal[rows]
            if center:
                mean = row_sums(block)
                mean *= share
                block = np.subtract(block, mean, target)
            square = row_sums(np.multiply(block, block, scratch[: block.shape[0]]))
            square *= share
            square += epsilon
            np.sqrt(square, square)
            np.multiply(block, np.reciprocal(square, inverse[rows]), target)
            result = y[rows].reshape(-1, k * features)
            target = target.reshape(result.shape)
            if scale is not None:
                target = np.multiply(target, scale, result)
            if shift is not None:
                np.add(target, shift, result)

    _by_blocks(flat.shape, work)
    saved = (x.shape, normal, inverse, gamma, beta, center) if saving else None
    return y.reshape(x.shape), saved


def layer_backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    """Return the gradients of x, gamma and beta."""
    shape, normal, inverse, gamma, beta, center = saved
    n, features = normal.shape
    flat_g = np.ascontiguousarray(g.reshape(n, features))
    k = _repeats(n, features)
    scale = None if gamma is None else _tile(gamma.reshape(-1), k)
    share = normal.dtype.type(1 / max(features, 1))
    need_gamma, need_beta = needs[1] and gamma is not None, needs[2] and beta is not None
    sums = np.zeros((2, block_count(normal.shape), k * features), normal.dtype)
    dx = np.empty_like(normal) if needs[0] else None

    def work(blocks: Iterator) -> None:
        scratch = np.empty((min(block_rows(normal.shape), n), features), normal.dtype)
        for i, rows in blocks:
            block, hat = flat_g[rows], normal[rows]
            other = scratch[: block.shape[0]]
            if need_beta:
                sums[1, i] = column_sums(block.reshape(-1, k * features))
            if need_gamma:
                np.multiply(block, hat, other)
                sums[0, i] = column_sums(other.reshape(-1, k * features))
            if dx is None:
                continue
            d = dx[rows]
            if scale is not None:
                wide = d.reshape(-1, k * features)
                np.multiply(block.reshape(wide.shape), scale, wide)
                block = d
            along = row_sums(np.multiply(block, hat, other))
            along *= share
            np.multiply(hat, along, other)
            if center:
                mean = row_sums(block)
                mean *= share
                block = np.subtract(block, mean, d)
            np.subtract(block, other, d)
            np.multiply(d, inverse[rows], d)

    _by_blocks(normal.shape, work)
    return [
        None if dx is None else dx.reshape(shape),
        _fold(sums[0], k).reshape(gamma.shape) if need_gamma else None,
        _fold(sums[1], k).reshape(beta.shape) if need_beta else None,
    ]


def layer_per_example(g: np.ndarray, saved: tuple, needs: Any, n: int) -> list:
    """Return the gradient of x, and those of gamma and beta for each of `n` examples."""
    _, normal, _, gamma, beta, _ = saved
    flat_g = g.reshape(normal.shape)
    dgamma = dbeta = None
    if needs[1] and gamma is not None:
        dgamma = examples.Sums(examples.sums(flat_g * normal, n).each.reshape(n, *gamma.shape))
    if needs[2] and beta is not None:
        dbeta = examples.Sums(examples.sums(flat_g, n).each.reshape(n, *beta.shape))
    dx = layer_backward(g, saved, (needs[0], False, False), None)[0] if needs[0] else None
    return [dx, dgamma, dbeta]
