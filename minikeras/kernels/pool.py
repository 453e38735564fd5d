"""Pooling: the largest, or the mean, of each window.

Windows that lie side by side are reduced one axis after the other, the last first. The gradient of
a maximum goes to the first largest element of its window, in reading order. Padding counts for
nothing.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.kernels import parallel
from minikeras.kernels.sums import add_reduce, column_sums
from minikeras.kernels.windows import (
    Piece,
    Window,
    for_pieces,
    pieces,
    pixels_as_elements,
    scratch,
)

_PIECE = 1 << 18
"""Elements of the images of a piece."""


def tiled(w: Window) -> bool:
    """Whether windows lie side by side, so that no pixel is in two of them and none is padded."""
    return w.strides == w.kernel and not any(map(any, w.pads))


def _cut(n: int, w: Window, channels: int) -> Sequence[Piece]:
    return pieces(n, 1, math.prod(w.size) * channels, _PIECE)


# The largest.


def max_forward(x: np.ndarray, w: Window) -> tuple[np.ndarray, tuple]:
    """Take the largest of each window.

    Args:
        x: images, `(n, *w.size, channels)`.
        w: the windows.

    Returns:
        `(n, *w.out, channels)`, and what backward needs.
    """
    x = np.ascontiguousarray(x)
    y = np.empty((x.shape[0], *w.out, x.shape[-1]), x.dtype)

    def work(piece: Piece) -> None:
        some, result = x[piece.first : piece.last], y[piece.first : piece.last]
        if tiled(w):
            largest_of(some, w, result)
        else:
            padded = _padded(some, w, _lowest(x.dtype))
            first, *rest = _elements(w)
            result[...] = padded[first]
            for element in rest:
                np.maximum(result, padded[element], out=result)

    for_pieces(_cut(x.shape[0], w, x.shape[-1]), work)
    return y, (x, y, w)


def max_backward(g: np.ndarray, saved: tuple, needs: Any, out: Any) -> list:
    """Return the gradient of x."""
    x, y, w = saved
    dx = np.empty(x.shape, g.dtype)

    def work(piece: Piece) -> None:
        at = slice(piece.first, piece.last)
        if tiled(w):
            _tiled_gradient(g[at], x[at], y[at], w, dx[at])
            return
        padded = _padded(x[at], w, _lowest(x.dtype))
        total = scratch("gradient", padded.shape, g.dtype)
        total[...] = 0
        free = np.ones(y[at].shape, bool)
        for element in _elements(w):
            hit = padded[element] == y[at]
            hit &= free
            free ^= hit
            total[element] += g[at] * hit
        dx[at] = total[_middle(w)]

    for_pieces(_cut(x.shape[0], w, x.shape[-1]), work)
    return [dx]


def _lowest(dtype: np.dtype) -> Any:
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


def _padded_size(w: Window) -> list[int]:
    return [max(r, p[0] + s) for r, p, s in zip(w.covered, w.pads, w.size)]


def _padded(x: np.ndarray, w: Window, value: Any) -> np.ndarray:
    if not any(map(any, w.pads)):
        return x
    padded = scratch("padded", (x.shape[0], *_padded_size(w), x.shape[-1]), x.dtype)
    padded[...] = value
    padded[_middle(w)] = x
    return padded


def _elements(w: Window) -> list[tuple]:
    """Return, for each element of a window, where it lies in all windows of padded images."""
    return [
        (slice(None), *[slice(t, t + (o - 1) * s + 1, s) for t, o, s in zip(tap, w.out, w.strides)])
        for tap in itertools.product(*[range(k) for k in w.kernel])
    ]


def _middle(w: Window) -> tuple:
    return (slice(None), *[slice(p[0], p[0] + s) for p, s in zip(w.pads, w.size)])


def _inside(x: np.ndarray, w: Window) -> np.ndarray:
    """Return the pixels that are in a window: all but what is left over at the end of each axis."""
    return x[(slice(None), *[slice(o * k) for o, k in zip(w.out, w.kernel)])]


def _split(x: np.ndarray, axis: int, size: int) -> np.ndarray:
    """Make two axes of a spatial one: windows, and elements within."""
    shape = x.shape
    return x.reshape(*shape[:axis], shape[axis] // size, size, *shape[axis + 1 :])


def _member(x: np.ndarray, axis: int, i: int) -> np.ndarray:
    return x[(slice(None),) * (axis + 1) + (i,)]


def _maximum(members: list[np.ndarray], out: np.ndarray) -> np.ndarray:
    """Write the elementwise maximum of arrays into `out`, and return it."""
    if len(members) == 1:
        out[...] = members[0]
    else:
        np.maximum(members[0], members[1], out=out)
    for member in members[2:]:
        np.maximum(out, member, out=out)
    return out


def largest_of(x: np.ndarray, w: Window, y: np.ndarray) -> None:
    """Reduce tiled windows, the first axis first: its members are whole rows, and it leaves the least."""
    current, axes = _inside(x, w), len(w.kernel)
    for axis, size in enumerate(w.kernel, 1):
        if size == 1 and axis < axes:
            continue
        parts = _split(current, axis, size)
        members = [_member(parts, axis, i) for i in range(size)]
        after = y if axis == axes else scratch(f"reduced{axis}", members[0].shape, x.dtype)
        current = _maximum(members, after)


def _reduce(x: np.ndarray, w: Window, y: np.ndarray) -> list[tuple]:
    """Reduce tiled windows, last axis first; return of each axis `(axis, before, its members, after)`."""
    current = _inside(x, w)
    steps = []
    for axis in range(len(w.kernel), 0, -1):
        size = w.kernel[axis - 1]
        if size == 1 and axis > 1:
            continue
        before = _split(current, axis, size)
        members = [_member(before, axis, i) for i in range(size)]
        if axis == len(w.kernel):
            members = [_gathered(m, f"member{i}") for i, m in enumerate(members)]
        after = y if axis == 1 else scratch(f"reduced{axis}", members[0].shape, x.dtype)
        current = _maximum(members, after)
        steps.append((axis, before, members, after))
    return steps


def _by_lines(x: np.ndarray) -> bool:
    """Whether copying pixels that lie apart, each in one go, is worth a pass of its own."""
    return x.shape[-1] * x.itemsize >= 32


def _gathered(member: np.ndarray, name: str) -> np.ndarray:
    """Copy every second (third, ...) pixel of a row together.

    NumPy's loops are as long as what lies together: the few channels of one pixel, before. One such
    copy is a third of an operation on pixels that lie apart.
    """
    if not _by_lines(member):
        return member
    together = scratch(name, member.shape, member.dtype)
    pixels_as_elements(together)[...] = pixels_as_elements(member)
    return together


def _tiled_gradient(g: np.ndarray, x: np.ndarray, y: np.ndarray, w: Window, dx: np.ndarray) -> None:
    inside = _inside(dx, w)
    if inside.size < dx.size:
        dx[...] = 0
    again = scratch("reduced1", y.shape, y.dtype)
    steps = _reduce(x, w, again)
    for axis, before, members, after in reversed(steps):
        last = axis == steps[0][0]
        if last:
            result = _split(inside, axis, w.kernel[axis - 1])
        else:
            result = scratch(f"gradient{axis}", before.shape, g.dtype)
        places = [_member(result, axis, i) for i in range(len(members))]
        if axis == len(w.kernel) and _by_lines(places[0]):
            parts = [scratch(f"part{i}", m.shape, g.dtype) for i, m in enumerate(members)]
            _to_first(g, members, after, parts)
            for place, part in zip(places, parts):
                pixels_as_elements(place)[...] = pixels_as_elements(part)
        else:
            _to_first(g, members, after, places)
        shape = before.shape
        g = None if last else result.reshape(*shape[:axis], -1, *shape[axis + 2 :])


def _to_first(
    g: np.ndarray, members: list[np.ndarray], after: np.ndarray, results: list[np.ndarray]
) -> None:
    """Give the gradient of a reduction to the first largest member."""
    if len(members) == 1:
        results[0][...] = g
        return
    if len(members) == 2:
        np.multiply(g, np.greater_equal(*members), results[0])
        np.subtract(g, results[0], results[1])
        return
    free = np.ones(after.shape, bool)
    for member, result in zip(members, results):
        hit = member == after
        hit &= free
        free ^= hit
        np.multiply(g, hit, result)


# The mean.


def average_forward(x: np.ndarray, w: Window) -> tuple[np.ndarray, Window]:
    """Take the mean of each window, without what is padding in it.

    Args:
        x: images, `(n, *w.size, channels)`.
        w: the windows.

    Returns:
        `(n, *w.out, channels)`, and what backward needs.
    """
    x = np.ascontiguousarray(x)
    y = np.empty((x.shape[0], *w.out, x.shape[-1]), x.dtype)
    share = _shares(w, x.dtype)

    def work(piece: Piece) -> None:
        some, result = x[piece.first : piece.last], y[piece.first : piece.last]
        padded = _padded(some, w, 0)
        first, *rest = _elements(w)
        result[...] = padded[first]
        for element in rest:
            np.add(result, padded[element], result)
        np.multiply(result, share, result)

    for_pieces(_cut(x.shape[0], w, x.shape[-1]), work)
    return y, w


def average_backward(g: np.ndarray, w: Window, needs: Any, out: Any) -> list:
    """Return the gradient of x."""
    channels = g.shape[-1]
    dx = np.empty((g.shape[0], *w.size, channels), g.dtype)
    share = _shares(w, g.dtype)

    def work(piece: Piece) -> None:
        at = slice(piece.first, piece.last)
        d = g[at] * share
        result = dx[at]
        if tiled(w):
            inside = _inside(result, w)
            if inside.size < result.size:
                result[...] = 0
            for element in _elements(w):
                inside[element] = d
            return
        total = scratch("padded", (piece.count, *_padded_size(w), channels), g.dtype)
        total[...] = 0
        for element in _elements(w):
            total[element] += d
        result[...] = total[_middle(w)]

    for_pieces(_cut(g.shape[0], w, channels), work)
    return [dx]


def _shares(w: Window, dtype: np.dtype) -> Any:
    """Return one over the number of pixels in each window, in a shape that broadcasts."""
    if not any(map(any, w.pads)):
        return dtype.type(1 / w.taps)
    total = np.ones((), np.float64)
    for axis, (n, k, s, (low, _), out) in enumerate(
        zip(w.size, w.kernel, w.strides, w.pads, w.out)
    ):
        starts = np.arange(out) * s - low
        counts = np.minimum(starts + k, n) - np.maximum(starts, 0)
        total = total * counts.reshape([-1 if i == axis else 1 for i in range(len(w.out))])
    return (1 / total)[..., None].astype(dtype)


# The mean of a whole image.


_RUN = 64
"""Pixels that a product with ones may add up one after the other."""


def global_average_forward(x: np.ndarray) -> tuple[np.ndarray, tuple]:
    """Take the mean over all axes but the first and the last."""
    n, channels = x.shape[0], x.shape[-1]
    pixels = math.prod(x.shape[1:-1])
    if not x.size:
        return x.mean(axis=tuple(range(1, x.ndim - 1))), x.shape
    if x.dtype.itemsize < 4 or x.dtype.kind not in "fc":
        return global_average_forward(x.astype(np.float32))[0].astype(x.dtype), x.shape
    if n == 1:
        y = column_sums(np.ascontiguousarray(x).reshape(pixels, channels))
        y *= x.dtype.type(1 / pixels)
        return y[None], x.shape
    if pixels > _RUN:
        flat, y = x.reshape(n, pixels, channels), np.empty((n, channels), x.dtype)

        def work(piece: Piece) -> None:
            images = slice(piece.first, piece.last)
            np.divide(add_reduce(flat[images], 1), pixels, y[images])

        for_pieces(pieces(n, 1, pixels * channels, 1 << 18), work)
        return y, x.shape
    ones = np.ones((1, pixels), x.dtype)
    y = np.empty((n, 1, channels), x.dtype)
    parallel.run_products([functools.partial(np.matmul, ones, x.reshape(n, pixels, channels), y)])
    y *= x.dtype.type(1 / pixels)
    return y.reshape(n, channels), x.shape


def global_average_backward(g: np.ndarray, shape: tuple) -> list:
    """Return the gradient of x."""
    pixels = math.prod(shape[1:-1])
    d = g * g.dtype.type(1 / max(pixels, 1))
    d = d.reshape(shape[0], *(1,) * (len(shape) - 2), shape[-1])
    return [np.ascontiguousarray(np.broadcast_to(d, shape))]
