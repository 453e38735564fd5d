"""Convolution: `activation(windows of x @ kernel + bias)`, and its transpose.

Images are `(n, *spatial, channels)`, kernels `(*window, channels / groups, filters)`. There are
several algorithms, each with its weight gradient; `algorithm` chooses by shapes and dtype alone:

- a window of one element is a matrix product;
- 3x3 windows side by side in float32 go by Winograd (`winograd.py`);
- few filters: multiply each pixel by all elements of the window first, then add up shifted images;
- on long sequences of few channels the elements of the window one after the other: multiply with one, and
  add that to the results some steps later, so that windows are never copied;
- else the windows of a piece of the batch are copied beside each other (im2col), into memory that
  stays in cache, and multiplied; few channels are laid out by planes, others by pixels.

The gradient of the inputs is a convolution too: of the gradient with the mirrored kernel. With
strides, the outputs between two steps are so many filters of one convolution whose results are laid
beside each other (Shi et al., "Real-Time Single Image and Video Super-Resolution", 2016).
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.kernels import blas, winograd
from minikeras.kernels import per_example as examples
from minikeras.kernels.activations import RELU, Fused
from minikeras.kernels.epilogue import (
    Finish,
    PooledResults,
    Results,
    before_activation,
    computable,
    deliver,
    finisher,
    kept,
)
from minikeras.kernels.gemm import PARALLEL, inner_product, tiled
from minikeras.kernels.pool import max_forward
from minikeras.kernels.sums import column_sums
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
"""Elements of a piece's windows, or of its results."""
_POOLED_PIECE = 1 << 20
"""The same where results are pooled: in many calls of NumPy, which threads wait for."""
_MANY_IMAGES = 8
"""Images that threads share by whole ones."""
_FEW = 4
"""Channels or filters that are few."""
_LONG, _WIDE, _SHORT, _LARGE = 128, 32, 3, 64 * 64
"""Steps of a sequence, channels and filters at least, elements of a window at most, and from how many
channels times filters on not to take elements one after the other. Below it is 0.85 to 0.95 of the time;
with five elements, or 64 channels and filters, copies are cheap beside products, which are better large."""


def reference(x: Any, kernel: Any, bias: Any, w: Window, groups: int = 1) -> Any:
    """Compute the convolution by its definition; also on tensors, for gradients of gradients."""
    x = np.pad(x, ((0, 0), *w.pads, (0, 0)))
    inner = kernel.shape[-2]
    filters = kernel.shape[-1] // groups
    results = []
    for group in range(groups):
        total = 0
        for tap in itertools.product(*[range(k) for k in w.kernel]):
            index = tuple(
                slice(t * d, t * d + (o - 1) * s + 1, s)
                for t, d, o, s in zip(tap, w.dilation, w.out, w.strides)
            )
            channels = slice(group * inner, (group + 1) * inner)
            columns = slice(group * filters, (group + 1) * filters)
            total = total + np.matmul(
                x[(slice(None), *index, channels)], kernel[(*tap, slice(None), columns)]
            )
        results.append(total)
    y = results[0] if groups == 1 else np.concatenate(results, axis=-1)
    return y if bias is None else y + bias


# Convolution with bias and activation.


def forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None,
    strides: tuple,
    padding: Any,
    dilation: tuple,
    groups: int,
    activation: Fused | None,
    made: dict | None = None,
    pool: tuple | None = None,
) -> tuple[np.ndarray, Any]:
    """Compute `activation(convolution + bias)`.

    Args:
        x: images, `(n, *spatial, channels)`.
        kernel: `(*window, channels / groups, filters)`.
        bias: `(filters,)` or None.
        strides, dilation: one number for each spatial axis.
        padding: see `windows.window`.
        groups: how many groups of channels are convolved by themselves.
        activation: what is applied to the result, or None.
        made: place for what is made of kernel and bias, where the next call may find it; None if there
            is no next call with these, as in training.
        pool: windows, side by side, of whose results only the largest are wanted, where no backward
            follows; None for all results.

    Returns:
        The result `(n, *spatial, filters)`, and what backward needs.
    """
    dtype = x.dtype
    w = window(x.shape[1:-1], kernel.shape[:-2], strides, padding, dilation)
    x, kernel, bias = computable(x), computable(kernel), computable(bias)
    if pool is not None:
        y = _pooled(x, kernel, bias, w, groups, activation, made, pool)
        return y.astype(dtype, copy=False), None
    y, even = _all_results(x, kernel, bias, w, groups, activation, made)
    if y.dtype != dtype:
        y = y.astype(dtype)
    return y, (x, kernel, bias is not None, w, groups, y, activation, even)


def _all_results(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None,
    w: Window,
    groups: int,
    activation: Fused | None,
    made: dict | None,
) -> tuple[np.ndarray, bool]:
    """Return the results of all windows, and whether `x` turned out to be even; see `forward`."""
    y = np.empty((x.shape[0], *w.out, kernel.shape[-1]), x.dtype)
    if not y.size:
        return y, False
    finish = finisher(w.out[1:], bias, activation, made)
    return y, correlate(x, kernel, w, groups, y, finish, made)


def _pooled(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None,
    w: Window,
    groups: int,
    activation: Fused | None,
    made: dict | None,
    pool: tuple,
) -> np.ndarray:
    """Return the largest results of windows; see `forward`."""
    n, channels, filters = len(x), x.shape[-1], kernel.shape[-1]
    around = window(w.out, pool, pool, "valid", (1,) * len(pool))

    def apart(images: np.ndarray) -> np.ndarray:
        y, _ = _all_results(images, kernel, bias, w, groups, activation, made)
        return max_forward(y, around)[0]

    if activation not in (None, RELU) or not _in_cache(w, n, channels, filters):
        return apart(x)
    y = np.empty((n, *around.out, filters), x.dtype)
    finish = finisher(around.out[1:], bias, activation, made)
    _, loud = _correlate(x, kernel, w, groups, PooledResults(y, finish, around), made)
    if loud is not None:
        y[loud] = apart(x[loud])
    return y


def _in_cache(w: Window, n: int, channels: int, filters: int) -> bool:
    """Whether results stay in a cache until they are pooled, and threads have whole images to share."""
    image = math.prod(w.out) * max(filters, w.taps * channels)
    work = n * math.prod(w.out) * w.taps * channels * filters
    return 0 < image <= _PIECE and n > 0 and (n >= _MANY_IMAGES or work < 2 * PARALLEL)


def backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    """Return the gradients of x, kernel and bias."""
    x, kernel, has_bias, w, groups, y, activation, even = saved
    need_x, need_kernel, need_bias = needs
    dtype = g.dtype
    if need_x and need_kernel and _at_once(w, x, g, groups):
        wanted = bool(need_bias and has_bias)
        dx, dkernel, dbias = _gradients_at_once(g, x, kernel, w, y, activation, wanted)
        return [
            dx.astype(dtype, copy=False),
            deliver(dkernel, out, 1, dtype),
            deliver(dbias, out, 2, dtype) if wanted else None,
        ]
    d, dbias = before_activation(g, y, activation, need_bias and has_bias, x.dtype)
    dx, dkernel, d_even = None, None, False
    if need_x:
        dx = np.empty_like(x)
        d_even = spread(d, kernel, w, groups, dx, None)
        dx = dx.astype(dtype, copy=False)
    if need_kernel:
        dkernel = deliver(weight_gradient(x, d, w, groups, even, d_even), out, 1, dtype)
    if dbias is not None:
        dbias = deliver(dbias, out, 2, dtype)
    return [dx, dkernel, dbias]


def _at_once(w: Window, x: np.ndarray, g: np.ndarray, groups: int) -> bool:
    """Whether all gradients are best computed piece by piece: small images, of several pieces."""
    channels, filters = x.shape[-1], g.shape[-1]
    return (
        g.size > 0
        and groups == max(w.strides) == 1
        and min(channels, filters) > _FEW
        and algorithm(w, x.shape[0], channels, filters, groups, x.dtype) in ("columns", "steps")
        and math.prod(w.out) * w.taps * max(channels, filters) <= _PIECE
    )


def _gradients_at_once(
    g: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    w: Window,
    y: np.ndarray,
    activation: Fused | None,
    need_bias: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return the gradients of x, kernel and bias, while a piece of what they need is in the cache.

    It is `before_activation`, `spread` and `weight_gradient`, one after the other, for a few images at a
    time: threads meet once, not three times.
    """
    channels, filters = kernel.shape[-2:]
    g = np.ascontiguousarray(g, x.dtype)
    back, size = _back(w), w.taps * channels
    turned = mirrored(kernel)
    matrix = turned.reshape(-1, channels)
    by_steps = algorithm(w, x.shape[0], channels, filters, 1, x.dtype) == "steps"
    dx = np.empty_like(x)

    def task(piece: Piece, out: np.ndarray) -> None:
        d = piece.of(g)
        if activation is not None:
            d = scratch("gradient", d.shape, g.dtype)
            activation.backward(piece.of(g), piece.of(y), d)
        flat = d.reshape(-1, filters)
        if need_bias:
            column_sums(flat, out[size])
        images = slice(piece.first, piece.last)
        if by_steps:
            _steps_gradient(x[images], d, w, out[:size].reshape(kernel.shape))
            _add_steps(d, turned, back, dx[images])
            return
        inner_product(_columns(x, piece, w, 1)[0], flat, out[:size])
        own = Piece(0, piece.count, 0, back.out[0])
        target = dx[images].reshape(-1, channels)
        tiled(_columns(d, own, back, 1)[0], matrix, target)

    elements = w.taps * max(channels, filters)
    depth = min(w.taps * channels, filters)
    cut = pieces(x.shape[0], 1, math.prod(w.out) * elements, _PIECE, depth)
    cut = [piece._replace(bottom=w.out[0]) for piece in cut]
    total = sum_pieces(cut, (size + need_bias, filters), x.dtype, task)
    return dx, total[:size].reshape(kernel.shape), total[size] if need_bias else None


def _back(w: Window) -> Window:
    """Return the windows over gradients that see what a pixel was multiplied with, for steps of one."""
    pads = []
    for (low, _), extent, size, out in zip(w.pads, w.extent, w.size, w.out):
        before = extent - 1 - low
        pads.append((before, size + extent - 1 - out - before))
    return window(w.out, w.kernel, w.strides, tuple(pads), w.dilation)


def transpose_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None,
    w: Window,
    activation: Fused | None,
    made: dict | None = None,
) -> tuple[np.ndarray, tuple]:
    """Compute `activation(transposed convolution + bias)`: the input gradient of a convolution.

    Args:
        x: images, `(n, *w.out, channels)`.
        kernel: `(*window, filters, channels)`.
        bias: `(filters,)` or None.
        w: the windows of the convolution that this is the transpose of; `w.size` is the result's
            spatial shape.
        activation: what is applied to the result, or None.
        made: see `forward`.
    """
    dtype = x.dtype
    x, kernel, bias = computable(x), computable(kernel), computable(bias)
    y = np.empty((x.shape[0], *w.size, kernel.shape[-2]), x.dtype)
    even = False
    if y.size:
        finish = finisher(w.size[1:], bias, activation, made)
        even = spread(x, kernel, w, 1, y, finish, made)
    if y.dtype != dtype:
        y = y.astype(dtype)
    return y, (x, kernel, bias is not None, w, y, activation, even)


def transpose_backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    """Return the gradients of x, kernel and bias."""
    x, kernel, has_bias, w, y, activation, even = saved
    need_x, need_kernel, need_bias = needs
    dtype = g.dtype
    d, dbias = before_activation(g, y, activation, need_bias and has_bias, x.dtype)
    dx, dkernel, d_even = None, None, False
    if need_x:
        dx = np.empty_like(x)
        d_even = correlate(d, kernel, w, 1, dx, None)
        dx = dx.astype(dtype, copy=False)
    if need_kernel:
        dkernel = deliver(weight_gradient(d, x, w, 1, d_even, even), out, 1, dtype)
    if dbias is not None:
        dbias = deliver(dbias, out, 2, dtype)
    return [dx, dkernel, dbias]


def transpose_reference(x: Any, kernel: Any, bias: Any, w: Window) -> Any:
    """Compute the transposed convolution as its definition says; also on tensors."""
    full = tuple((o - 1) * s + e for o, s, e in zip(w.out, w.strides, w.extent))
    total = 0
    for tap in itertools.product(*[range(k) for k in w.kernel]):
        y = np.matmul(x, np.swapaxes(kernel[tap], 0, 1))
        for axis, (t, d, o, s, n) in enumerate(zip(tap, w.dilation, w.out, w.strides, full), 1):
            y = _insert_zeros(y, axis, o, s)
            before = t * d
            y = np.pad(y, _on_axis(y.ndim, axis, (before, n - before - ((o - 1) * s + 1))))
        total = total + y
    for axis, ((low, _), n, size) in enumerate(zip(w.pads, full, w.size), 1):
        total = np.pad(total, _on_axis(total.ndim, axis, (0, max(low + size - n, 0))))
        total = total[(slice(None),) * axis + (slice(low, low + size),)]
    return total if bias is None else total + bias


def _on_axis(ndim: int, axis: int, pair: tuple) -> list:
    return [pair if i == axis else (0, 0) for i in range(ndim)]


def _insert_zeros(y: Any, axis: int, n: int, stride: int) -> Any:
    """Put `stride - 1` zeros between the elements along an axis."""
    if stride == 1:
        return y
    shape = y.shape
    y = np.reshape(y, (*shape[:axis], n, 1, *shape[axis + 1 :]))
    y = np.pad(y, _on_axis(y.ndim, axis + 1, (0, stride - 1)))
    y = np.reshape(y, (*shape[:axis], n * stride, *shape[axis + 1 :]))
    return y[(slice(None),) * axis + (slice(0, (n - 1) * stride + 1),)]


# The three directions.


def algorithm(
    w: Window,
    n: int,
    channels: int,
    filters: int,
    groups: int,
    dtype: np.dtype,
    made: dict | None = None,
) -> str:
    """Choose how to convolve `n` images; for `made`, by whether it is None alone, see `forward`."""
    if groups == 1:
        if w.taps == 1 and not any(map(any, w.pads)):
            return "pointwise"
        if winograd.suits(w, n, channels, filters, dtype, made is not None):
            return "winograd"
        if filters <= _FEW and channels > 2 * filters and max(w.strides) == 1:
            return "few filters"
        if channels <= _FEW:
            return "planes"
        if len(w.out) == max(w.strides) == 1 and _by_steps_is_faster(w, n, channels, filters):
            return "steps"
    return "columns"


def _by_steps_is_faster(w: Window, n: int, channels: int, filters: int) -> bool:
    """Say whether sequences are best convolved one element of the window after the other."""
    if n == 1 or w.out[0] * w.taps * max(channels, filters) > _PIECE:
        return False  # threads share, and caches hold, pieces of a sequence: here they are whole
    suits = w.out[0] >= _LONG and w.taps <= _SHORT
    return suits and min(channels, filters) >= _WIDE and channels * filters < _LARGE


def correlate(
    x: np.ndarray,
    kernel: np.ndarray,
    w: Window,
    groups: int,
    y: np.ndarray,
    finish: Finish | None,
    made: dict | None = None,
) -> bool:
    """Write the convolution into `y`, `(n, *w.out, filters)`, and finish it.

    Args:
        x: `(n, *w.size, channels)`, C-contiguous.
        kernel: `(*window, channels / groups, filters)`.
        w: the windows.
        groups: number of groups.
        y: where to.
        finish: applied in place to parts of `y`.
        made: see `forward`.

    Returns:
        Whether `x` turned out to be even (see `winograd.correlate`).
    """
    even, _ = _correlate(x, kernel, w, groups, Results(y, finish), made)
    return even


def _correlate(
    x: np.ndarray,
    kernel: np.ndarray,
    w: Window,
    groups: int,
    results: Results,
    made: dict | None,
) -> tuple[bool, np.ndarray | None]:
    """Do what `correlate` does; return that, and which images are left to do, see `winograd.correlate`."""
    n, channels, filters = x.shape[0], x.shape[-1], kernel.shape[-1]
    chosen = algorithm(w, n, channels, filters, groups, x.dtype, made)
    if chosen == "winograd":
        transformed = kept(made, "winograd", lambda: winograd.transformed_kernel(kernel))
        if transformed is not None:
            return winograd.correlate(x, kernel, transformed, w, results)
    if chosen == "few filters":
        _few_filters(x, kernel, w, results)
    elif chosen == "pointwise":
        _pointwise(x, kernel.reshape(channels, filters), w, results)
    elif chosen == "planes":
        _by_planes(x, kernel.reshape(-1, filters), w, results)
    elif chosen == "steps":
        _by_steps(x, kernel, w, results)
    else:
        _by_columns(x, kernel, w, groups, results)
    return False, None


def _cut(
    n: int,
    rows: int,
    places: int,
    product: tuple,
    whole: bool = False,
    budget: int | None = None,
) -> Sequence[Piece]:
    """Cut images into pieces.

    Args:
        n: number of images.
        rows: rows of an image.
        places: windows of a row.
        product: shape of the matrix that a window is multiplied with.
        whole: whether the rows of an image may not be cut apart.
        budget: elements of a piece, None for `_PIECE`.
    """
    return pieces(n, rows, places * max(product), budget or _PIECE, min(product), whole)


def _cut_results(n: int, w: Window, product: tuple, results: Results) -> Sequence[Piece]:
    budget = _POOLED_PIECE if results.whole else None
    return _cut(n, w.out[0], math.prod(w.out[1:]), product, results.whole, budget)


def _pointwise(x: np.ndarray, kernel: np.ndarray, w: Window, results: Results) -> None:
    filters = kernel.shape[1]

    def work(piece: Piece) -> None:
        target = results.of(piece)
        tiled(_strided(x, piece, w), kernel, target.reshape(-1, filters))
        results.finish(target, piece)

    for_pieces(_cut_results(x.shape[0], w, kernel.shape, results), work)


def _strided(x: np.ndarray, piece: Piece, w: Window) -> np.ndarray:
    """Return the pixels that windows of one element see, as a matrix."""
    s = w.strides
    rows = slice(piece.top * s[0], (piece.bottom - 1) * s[0] + 1, s[0])
    index = [slice(0, (o - 1) * t + 1, t) for o, t in zip(w.out[1:], s[1:])]
    seen = x[(slice(piece.first, piece.last), rows, *index)]
    return seen.reshape(-1, x.shape[-1])


def _planes(x: np.ndarray, piece: Piece, w: Window) -> np.ndarray:
    """Return the windows of a piece as columns of a matrix."""
    out = (piece.rows, *w.out[1:])
    view = windows(part(x, piece, w), w, out)
    axes = len(out)
    order = (*range(axes + 1, 2 * axes + 2), *range(axes + 1))
    view = view.transpose(order)
    planes = scratch("windows", view.shape, x.dtype)
    planes[...] = view
    return planes.reshape(w.taps * x.shape[-1], -1)


def _by_planes(x: np.ndarray, kernel: np.ndarray, w: Window, results: Results) -> None:
    filters = kernel.shape[1]

    def work(piece: Piece) -> None:
        target = results.of(piece)
        tiled(_planes(x, piece, w).T, kernel, target.reshape(-1, filters))
        results.finish(target, piece)

    for_pieces(_cut_results(x.shape[0], w, kernel.shape, results), work)


def _columns(x: np.ndarray, piece: Piece, w: Window, groups: int) -> np.ndarray:
    """Return the windows of a piece as rows of a matrix for each group."""
    out = (piece.rows, *w.out[1:])
    view = windows(part(x, piece, w), w, out)
    inner = x.shape[-1] // groups
    if groups > 1:
        view = _grouped(view, groups, inner)
    columns = scratch("windows", view.shape, x.dtype)
    columns[...] = view
    return columns.reshape(groups, -1, w.taps * inner)


def _grouped(view: np.ndarray, groups: int, inner: int) -> np.ndarray:
    """Put an axis of groups of channels first, without a copy."""
    item = view.strides[-1]
    return np.lib.stride_tricks.as_strided(
        view, (groups, *view.shape[:-1], inner), (inner * item, *view.strides)
    )


def _by_columns(
    x: np.ndarray, kernel: np.ndarray, w: Window, groups: int, results: Results
) -> None:
    filters = kernel.shape[-1] // groups
    matrices = kernel.reshape(-1, groups, filters)
    if groups > 1:
        matrices = np.ascontiguousarray(matrices.transpose(1, 0, 2))

    def work(piece: Piece) -> None:
        target = results.of(piece)
        columns = _columns(x, piece, w, groups)
        if groups == 1:
            tiled(columns[0], matrices[:, 0], target.reshape(-1, filters))
        else:
            by_group = target.reshape(-1, groups, filters).transpose(1, 0, 2)
            np.matmul(columns, matrices, by_group)
        results.finish(target, piece)

    product = w.taps * x.shape[-1], filters
    for_pieces(_cut_results(x.shape[0], w, product, results), work)


@functools.lru_cache(maxsize=256)
def _seen_by(w: Window) -> tuple[list[tuple[int, slice, slice]], bool]:
    """Return which steps each element of windows over a sequence sees.

    Returns:
        For each element its index, which steps it sees, and which windows see them; and whether the first
        is seen by all windows.
    """
    ((low, _),), (size,), (out,), (d,) = w.pads, w.size, w.out, w.dilation
    seen = []
    for i in range(w.taps):
        shift = i * d - low
        begin, end = max(-shift, 0), min(size - shift, out)
        if begin < end:
            seen.append((i, slice(begin + shift, end + shift), slice(begin, end)))
    seen.sort(key=lambda one: one[2].start - one[2].stop)  # the one of most windows first
    return seen, bool(seen) and seen[0][2] == slice(0, out)


def _add_steps(x: np.ndarray, kernel: np.ndarray, w: Window, target: np.ndarray) -> None:
    """Write the convolution of sequences into `target`, one element of the windows after the other."""
    seen, complete = _seen_by(w)
    if not complete:
        target[...] = 0
    for i, steps, places in seen:
        some, result = x[:, steps], target[:, places]
        if complete and i == seen[0][0]:
            tiled(some, kernel[i], result)
        else:
            product = scratch("product", result.shape, x.dtype)
            tiled(some, kernel[i], product)
            np.add(result, product, result)


def _steps_gradient(x: np.ndarray, g: np.ndarray, w: Window, out: np.ndarray) -> None:
    """Write the gradient of the kernel into `out`, `(window, channels, filters)`."""
    seen, _ = _seen_by(w)
    if len(seen) < w.taps:
        out[...] = 0
    for i, steps, places in seen:
        each = scratch("product", (len(x), *out.shape[1:]), x.dtype)
        np.matmul(x[:, steps].transpose(0, 2, 1), g[:, places], each)
        np.add.reduce(each, 0, out=out[i])


def _by_steps(x: np.ndarray, kernel: np.ndarray, w: Window, results: Results) -> None:
    def work(piece: Piece) -> None:
        target = results.of(piece)
        _add_steps(x[piece.first : piece.last], kernel, w, target)
        results.finish(target, piece)

    product = w.taps * x.shape[-1], kernel.shape[-1]
    for_pieces(_cut(x.shape[0], w.out[0], 1, product, whole=True), work)


@functools.lru_cache(maxsize=256)
def _shifts(w: Window) -> list[tuple[int, tuple, tuple]]:
    """Return for each element of a window its index, which pixels it sees, and which windows see them."""
    shifts = []
    for i, tap in enumerate(itertools.product(*[range(k) for k in w.kernel])):
        source, target = [slice(None)] * 2, [slice(None)] * 2  # behind filters and images
        for t, d, (low, _), size, out in zip(tap, w.dilation, w.pads, w.size, w.out):
            shift = t * d - low
            begin = max(-shift, 0)
            end = max(min(size - shift, out), begin)
            target.append(slice(begin, end))
            source.append(slice(begin + shift, end + shift))
        shifts.append((i, tuple(source), tuple(target)))
    return shifts


def _few_filters(x: np.ndarray, kernel: np.ndarray, w: Window, results: Results) -> None:
    n, channels, filters = x.shape[0], x.shape[-1], kernel.shape[-1]
    # A column for each element of the window and each filter.
    matrix = kernel.reshape(w.taps, channels, filters).transpose(1, 0, 2).reshape(channels, -1)
    shifts = _shifts(w)

    def work(piece: Piece) -> None:
        images = x[piece.first : piece.last]
        by_pixel = scratch("product", (images.size // channels, matrix.shape[1]), x.dtype)
        tiled(images.reshape(-1, channels), matrix, by_pixel)
        products = scratch("windows", (w.taps, filters, piece.count, *w.size), x.dtype)
        products.reshape(matrix.shape[1], -1)[...] = by_pixel.T
        total = scratch("product", (filters, piece.count, *w.out), x.dtype)
        total[...] = 0
        for i, source, target in shifts:
            seen = total[target]
            np.add(seen, products[i][source], seen)
        target = results.of(piece)
        target[...] = np.moveaxis(total, 0, -1)
        results.finish(target, piece)

    places = -(-math.prod(w.size) // w.out[0])
    for_pieces(_cut(n, w.out[0], places, matrix.shape, whole=True), work)


def mirrored(kernel: np.ndarray, groups: int = 1) -> np.ndarray:
    """Return the kernel of the convolution that takes gradients back to inputs."""
    axes = tuple(range(kernel.ndim - 2))
    kernel = np.flip(kernel, axes)
    if groups > 1:
        *size, inner, filters = kernel.shape
        kernel = kernel.reshape(*size, inner, groups, filters // groups)
        return (
            np.moveaxis(kernel, -1, -3)
            .swapaxes(-1, -2)
            .reshape(*size, filters // groups, groups * inner)
        )
    return np.ascontiguousarray(kernel.swapaxes(-1, -2))


def spread(
    g: np.ndarray,
    kernel: np.ndarray,
    w: Window,
    groups: int,
    dx: np.ndarray,
    finish: Finish | None,
    made: dict | None = None,
) -> bool:
    """Write the input gradient of a convolution into `dx`, `(n, *w.size, channels)`.

    Args:
        g: gradient of the convolution's result, `(n, *w.out, filters)`, C-contiguous.
        kernel: the convolution's.
        w: the convolution's windows.
        groups: number of groups.
        dx: where to.
        finish: applied in place to parts of `dx`.
        made: see `forward`.

    Returns:
        Whether `g` turned out to be even (see `winograd.correlate`).
    """
    if max(w.strides) == 1:
        kernel = kept(made, "mirrored", lambda: mirrored(kernel, groups))
        return correlate(g, kernel, _back(w), groups, dx, finish, made)
    if w.taps == 1 and groups == 1 and not any(map(any, w.pads)):
        _spread_points(g, kernel.reshape(kernel.shape[-2:]).T, w, dx, finish)
    elif max(w.dilation) == 1 and groups == 1 and _finite(g):
        matrices = kept(made, "between", lambda: _matrices_between(kernel, w))
        _spread_between(g, matrices, w, dx, finish)
    else:
        _spread_columns(g, kernel, w, groups, dx, finish)
    return False


def _spread_points(
    g: np.ndarray, matrix: np.ndarray, w: Window, dx: np.ndarray, finish: Finish | None
) -> None:
    """Strided windows of one element: their results go to every so many pixels."""
    filters = g.shape[-1]
    index = tuple(slice(0, (o - 1) * s + 1, s) for o, s in zip(w.out, w.strides))

    def work(piece: Piece) -> None:
        target = dx[piece.first : piece.last]
        target[...] = 0
        some = g[piece.first : piece.last]
        product = scratch("product", (some.size // filters, matrix.shape[1]), g.dtype)
        tiled(some.reshape(-1, filters), matrix, product)
        target[(slice(None), *index)] = product.reshape(*some.shape[:-1], matrix.shape[1])
        if finish is not None:
            finish(target)

    depth = -(-filters // math.prod(w.strides))
    row = math.prod(w.size) * dx.shape[-1]
    for_pieces(pieces(g.shape[0], 1, row, _PIECE, depth), work)


def _finite(g: np.ndarray) -> bool:
    """Whether there is neither infinity nor NaN, which the zeros beside a kernel would spread."""
    with np.errstate(over="ignore", invalid="ignore"):
        return math.isfinite(np.vdot(g, g))


@functools.lru_cache(maxsize=256)
def _between(w: Window) -> tuple:
    """Plan `_spread_between`: for each axis, the window over gradients and the range of steps.

    Position `p` of the padded image, `p = q * stride + r`, gets the elements `r + stride * m` of
    the window that stands at `q - m`.
    """
    sizes, starts, outs = [], [], []
    for (low, _), size, k, s in zip(w.pads, w.size, w.kernel, w.strides):
        first, last = low // s, (low + size - 1) // s
        sizes.append(-(-k // s))
        starts.append(first)
        outs.append(last - first + 1)
    pads = []
    for m, first, count, out in zip(sizes, starts, outs, w.out):
        before = m - 1 - first
        pads.append((before, first + count - out))
    ones = (1,) * len(sizes)
    return Window(w.out, tuple(sizes), ones, ones, tuple(pads), tuple(outs)), tuple(starts)


def _matrices_between(kernel: np.ndarray, w: Window) -> np.ndarray:
    """Return what windows over gradients are multiplied with, a matrix for each remainder of rows."""
    inner, _ = _between(w)
    channels, filters = kernel.shape[-2:]
    # Elements beyond the window are zero. Axes: m and r of each spatial axis, channels, filters.
    full = np.zeros(
        (*[m * s for m, s in zip(inner.kernel, w.strides)], channels, filters), kernel.dtype
    )
    full[tuple([slice(k) for k in w.kernel])] = kernel
    axes = len(w.kernel)
    split = full.reshape(*itertools.chain(*zip(inner.kernel, w.strides)), channels, filters)
    split = np.flip(split, tuple(range(0, 2 * axes, 2)))
    # To: r of the first axis, m, filters, the other r, channels.
    order = (
        1,
        *range(0, 2 * axes, 2),
        2 * axes + 1,
        *range(3, 2 * axes, 2),
        2 * axes,
    )
    tall = math.prod(inner.kernel) * filters
    return np.ascontiguousarray(split.transpose(order)).reshape(w.strides[0], tall, -1)


def _spread_between(
    g: np.ndarray, matrices: np.ndarray, w: Window, dx: np.ndarray, finish: Finish | None
) -> None:
    n, filters, channels = g.shape[0], g.shape[-1], dx.shape[-1]
    inner, starts = _between(w)
    axes = len(w.kernel)
    tall, wide = matrices.shape[1:]
    line = tall // inner.kernel[0]
    planes = filters <= _FEW
    low = [p[0] - f * s for p, f, s in zip(w.pads, starts, w.strides)]
    cropped = tuple(slice(a, a + size) for a, size in zip(low[1:], w.size[1:]))
    stride = w.strides[0]
    # Whether the results for a row of windows lie as they do in a row of pixels.
    in_place = axes == 2 and not planes and (low[1], w.size[1]) == (0, inner.out[1] * w.strides[1])
    in_place = in_place and blas.multiplies_small_in_place()

    def work(piece: Piece) -> None:
        # Rows of windows here; rows of dx between `top` and `bottom`.
        top = max(piece.top * stride - low[0], 0)
        bottom = min(piece.bottom * stride - low[0], w.size[0])
        seen = _planes(g, piece, inner).T if planes else _columns(g, piece, inner, 1)[0]
        target = dx[piece.first : piece.last]
        shape = [piece.count, piece.rows, *inner.out[1:], *w.strides[1:], channels]
        product = scratch("product", (seen.shape[0], wide), g.dtype)
        for r in range(stride):
            # Of the first axis, only elements that lie within the window.
            taps = -(-(w.kernel[0] - r) // stride)
            begin = tall - max(taps, 0) * line
            first = -(-(top + low[0] - r) // stride)  # the first q whose row lies in the image
            last = -(-(bottom + low[0] - r) // stride)
            if first >= last:
                continue
            rows = slice(first * stride + r - low[0], (last - 1) * stride + r - low[0] + 1, stride)
            if taps <= 0:
                target[:, rows] = 0
                continue
            factors = seen[:, begin:], matrices[r, begin:]
            if in_place and (first, last) == (piece.top, piece.bottom):
                lines = factors[0].reshape(*shape[:2], -1, tall - begin)
                np.matmul(lines, factors[1], target[:, rows].reshape(*lines.shape[:-1], wide))
                continue
            tiled(*factors, product)
            result = product.reshape(shape)
            if axes > 1:
                result = _side_by_side(result, axes)
            target[:, rows] = result[
                (slice(None), slice(first - piece.top, last - piece.top), *cropped)
            ]
        if finish is not None and top < bottom:
            finish(target[:, top:bottom])

    for_pieces(_cut(n, inner.out[0], math.prod(inner.out[1:]), (tall, wide)), work)


def _side_by_side(result: np.ndarray, axes: int) -> np.ndarray:
    """Bring `(n, q0, q1.., r1.., channels)` to `(n, q0, q1 * r1.., channels)`."""
    if axes > 2:
        order = [0, 1]
        for i in range(axes - 1):
            order += [2 + i, 1 + axes + i]
        result = result.transpose(*order, result.ndim - 1)
    n, q0, *pairs, channels = result.shape
    return result.reshape(n, q0, *[a * b for a, b in zip(pairs[::2], pairs[1::2])], channels)


def _spread_columns(
    g: np.ndarray, kernel: np.ndarray, w: Window, groups: int, dx: np.ndarray, finish: Finish | None
) -> None:
    """Multiply, and add each element of the windows to the pixels where it stood."""
    n, channels = g.shape[0], dx.shape[-1]
    filters = g.shape[-1] // groups
    inner = channels // groups
    matrices = kernel.reshape(-1, groups, filters).transpose(1, 2, 0)
    padded_size = [max(r, p[0] + s) for r, p, s in zip(w.covered, w.pads, w.size)]
    taps = list(itertools.product(*[range(k) for k in w.kernel]))

    def work(piece: Piece) -> None:
        some = g[piece.first : piece.last].reshape(-1, groups, filters).transpose(1, 0, 2)
        columns = scratch("windows", (groups, some.shape[1], w.taps * inner), g.dtype)
        np.matmul(some, matrices, columns)
        columns = columns.reshape(groups, piece.count, *w.out, w.taps, inner)
        padded = scratch("padded", (piece.count, *padded_size, groups, inner), g.dtype)
        padded[...] = 0
        by_group = np.moveaxis(padded, -2, 0)
        for i, tap in enumerate(taps):
            index = [
                slice(t * d, t * d + (o - 1) * s + 1, s)
                for t, d, o, s in zip(tap, w.dilation, w.out, w.strides)
            ]
            seen = by_group[(slice(None), slice(None), *index)]
            np.add(seen, columns[..., i, :], seen)
        inside = tuple(slice(p[0], p[0] + s) for p, s in zip(w.pads, w.size))
        target = dx[piece.first : piece.last]
        target[...] = padded.reshape(piece.count, *padded_size, channels)[(slice(None), *inside)]
        if finish is not None:
            finish(target)

    row = math.prod(w.out) * w.taps * channels
    for_pieces(pieces(n, 1, row, _PIECE, filters), work)


def weight_gradient(
    x: np.ndarray,
    g: np.ndarray,
    w: Window,
    groups: int,
    x_even: bool = False,
    g_even: bool = False,
) -> np.ndarray:
    """Return the gradient of the kernel, `(*window, channels / groups, filters)`.

    Args:
        x: `(n, *w.size, channels)`, C-contiguous.
        g: gradient of the convolution's result, `(n, *w.out, filters)`, C-contiguous.
        w: the windows.
        groups: number of groups.
        x_even, g_even: whether these are known to be even (see `winograd.correlate`).
    """
    n, channels, filters = x.shape[0], x.shape[-1], g.shape[-1]
    chosen = algorithm(w, n, channels, filters, groups, x.dtype)
    if not g.size:
        return np.zeros((*w.kernel, channels // groups, filters), x.dtype)
    if chosen == "winograd":
        dk = winograd.weight_gradient(x, g, w, x_even, g_even)
        if dk is not None:
            return dk
    if chosen == "few filters":
        return _few_filters_gradient(x, g, w)
    inner = channels // groups
    each = filters // groups
    if chosen == "pointwise":

        def task(piece: Piece, out: np.ndarray) -> None:
            inner_product(_strided(x, piece, w), piece.of(g).reshape(-1, filters), out[0])

    elif chosen == "planes":

        def task(piece: Piece, out: np.ndarray) -> None:
            inner_product(_planes(x, piece, w).T, piece.of(g).reshape(-1, filters), out[0])

    elif chosen == "steps":

        def task(piece: Piece, out: np.ndarray) -> None:
            some = slice(piece.first, piece.last)
            _steps_gradient(x[some], g[some], w, out.reshape(w.taps, channels, filters))

    else:

        def task(piece: Piece, out: np.ndarray) -> None:
            columns = _columns(x, piece, w, groups)
            some = piece.of(g).reshape(-1, groups, each).transpose(1, 0, 2)
            if groups == 1:
                inner_product(columns[0], some[0], out[0])
            else:
                np.matmul(columns.transpose(0, 2, 1), some, out)

    rows, places = w.out[0], math.prod(w.out[1:])
    if chosen == "steps":
        rows, places = 1, rows  # of whole sequences
    cut = _cut(n, rows, places, (w.taps * channels, filters))
    dk = sum_pieces(cut, (groups, w.taps * inner, each), x.dtype, task)
    return dk.transpose(1, 0, 2).reshape(*w.kernel, inner, filters)


def _few_filters_gradient(x: np.ndarray, g: np.ndarray, w: Window) -> np.ndarray:
    """Look at it from the other side: windows over the gradient, one for each pixel of `x`."""
    channels, filters = x.shape[-1], g.shape[-1]
    back = _back(w)

    def task(piece: Piece, out: np.ndarray) -> None:
        inner_product(_planes(g, piece, back).T, piece.of(x).reshape(-1, channels), out)

    cut = _cut(x.shape[0], w.size[0], math.prod(w.size[1:]), (w.taps * filters, channels))
    dk = sum_pieces(cut, (w.taps * filters, channels), x.dtype, task)
    dk = dk.reshape(*w.kernel, filters, channels)
    return np.ascontiguousarray(np.flip(dk, tuple(range(len(w.kernel)))).swapaxes(-1, -2))


# Gradients of the kernel for each example.


class Kernels(examples.PerExample):
    """Gradients of a kernel for each example.

    Args:
        x: `(images, *w.size, channels)`, C-contiguous; an example may be several images.
        g: gradient of the convolution's result, `(images, *w.out, filters)`, C-contiguous.
        w: the windows.
        groups: number of groups.
        n: number of examples.
    """

    def __init__(self, x: np.ndarray, g: np.ndarray, w: Window, groups: int, n: int) -> None:
        self.inner, self.each = x.shape[-1] // groups, g.shape[-1] // groups
        super().__init__(n, (*w.kernel, self.inner, g.shape[-1]))
        self.x, self.g, self.w, self.groups = x, g, w, groups
        self.images = x.shape[0] // n
        self.kept: np.ndarray | None = None

    def matrices(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Return windows and gradients of examples, `(groups, examples, positions, columns)`."""
        images = slice(first * self.images, last * self.images)
        piece = Piece(images.start, images.stop, 0, self.w.out[0])
        shape = (self.groups, last - first, self.images * math.prod(self.w.out), -1)
        columns = _columns(self.x, piece, self.w, self.groups).reshape(shape)
        some = self.g[images].reshape(last - first, shape[2], self.groups, self.each)
        return columns, some.transpose(2, 0, 1, 3)

    def arrays(self, first: int, last: int) -> np.ndarray:
        columns, some = self.matrices(first, last)
        # (groups, examples, window, filters) to the order of the kernel's axes.
        each = np.matmul(columns.transpose(0, 1, 3, 2), some).transpose(1, 2, 0, 3)
        return each.reshape(-1, *self.shape)

    def squared_norms(self) -> np.ndarray:
        positions, taps = self.images * math.prod(self.w.out), self.w.taps * self.inner
        norms = np.empty(self.n)
        by_positions = examples.by_positions(positions, taps, self.each)
        if not by_positions and self.n * math.prod(self.shape) <= examples.KEPT:
            self.kept = np.empty((self.n, *self.shape), self.x.dtype)

        def work(piece: Piece) -> None:
            some = slice(piece.first, piece.last)
            if by_positions:
                columns, g = self.matrices(some.start, some.stop)
                each = [examples.product_norms(a, b) for a, b in zip(columns, g)]
                norms[some] = functools.reduce(np.add, each)
                return
            gradients = self.arrays(some.start, some.stop)
            norms[some] = examples.squares(gradients)
            if self.kept is not None:
                self.kept[some] = gradients

        elements = self.groups * max(taps, positions if by_positions else 1)
        for_pieces(whole_images(self.n, (positions,), elements, _PIECE), work)
        return norms

    def weighted_sum(self, weights: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        targets = None if out is None else [out]
        if self.kept is not None:
            return deliver(examples.weigh(self.kept, weights), targets, 0, self.kept.dtype)
        each = np.repeat(weights.astype(self.g.dtype), self.images)
        scaled = self.g * each.reshape(-1, *[1] * (self.g.ndim - 1))
        total = weight_gradient(self.x, scaled, self.w, self.groups)
        return deliver(total, targets, 0, total.dtype)


def per_example(g: np.ndarray, saved: tuple, needs: Any, n: int) -> list:
    """Return the gradient of x, and those of kernel and bias for each of `n` examples."""
    x, kernel, has_bias, w, groups, y, activation, _ = saved
    d, _ = before_activation(g, y, activation, False, x.dtype)
    dx = None
    if needs[0]:
        dx = np.empty_like(x)
        spread(d, kernel, w, groups, dx, None)
        dx = dx.astype(g.dtype, copy=False)
    return [
        dx,
        Kernels(x, d, w, groups, n) if needs[1] else None,
        examples.sums(d.reshape(-1, d.shape[-1]), n) if needs[2] and has_bias else None,
    ]


def transpose_per_example(g: np.ndarray, saved: tuple, needs: Any, n: int) -> list:
    """Return the gradient of x, and those of kernel and bias for each of `n` examples."""
    x, kernel, has_bias, w, y, activation, _ = saved
    d, _ = before_activation(g, y, activation, False, x.dtype)
    dx = None
    if needs[0]:
        dx = np.empty_like(x)
        correlate(d, kernel, w, 1, dx, None)
        dx = dx.astype(g.dtype, copy=False)
    return [
        dx,
        Kernels(d, x, w, 1, n) if needs[1] else None,
        examples.sums(d.reshape(-1, d.shape[-1]), n) if needs[2] and has_bias else None,
    ]
