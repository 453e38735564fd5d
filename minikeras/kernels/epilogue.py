"""What follows a convolution: bias, activation, and their gradients, piece by piece."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from minikeras.kernels.activations import RELU, Fused, zeros
from minikeras.kernels.memory import UNBUFFERED
from minikeras.kernels.pool import largest_of
from minikeras.kernels.windows import Piece, Window, for_pieces, scratch, sum_pieces

PIECE = 1 << 17
"""Elements that are worked on at a time."""

_LINE = 512
"""Elements that an inner loop should have at least."""
_MANY = 16
"""Lines for which it pays to make one of `UNBUFFERED` elements, where it is not kept."""

Finish = Callable[[np.ndarray], None]


def computable(a: np.ndarray | None) -> np.ndarray | None:
    """Return a contiguous array of a dtype that BLAS multiplies."""
    if a is None:
        return None
    if a.dtype.itemsize < 4 or a.dtype.kind != "f":
        return np.ascontiguousarray(a, np.float32)
    return np.ascontiguousarray(a)


T = TypeVar("T")
_MOST_KEPT = 16
MOST_NUMBERS_KEPT = 1 << 18
"""Numbers that are kept of what is made for each size of images; with sizes that differ, twice as many."""
_ABSENT: Any = object()


def kept(made: dict | None, key: object, make: Callable[[], T], numbers: int = 1) -> T:
    """Return what `make` returns, found in `made` by a key, or put there.

    Args:
        made: the place; None for no such place.
        key: what is made depends on it alone.
        make: called if it is not there.
        numbers: how many numbers it is, if it is made for each size of images.
    """
    if made is None or numbers > MOST_NUMBERS_KEPT:
        return make()
    found = made.get(key, _ABSENT)
    if found is _ABSENT:
        most = min(_MOST_KEPT, MOST_NUMBERS_KEPT // max(numbers, 1))
        if len(made) >= most:  # of images of many sizes
            made.clear()
        found = made[key] = make()
    return found


def finisher(
    inner: tuple, bias: np.ndarray | None, activation: Fused | None, made: dict | None = None
) -> Finish | None:
    """Return what adds the bias and applies the activation, in place, to parts of the result.

    Args:
        inner: spatial axes of the result behind the first.
        bias: the bias, or None.
        activation: the activation, or None.
        made: place for what is made of the bias, which lasts as long as it.
    """
    if bias is None and activation is None:
        return None
    function = activation.forward if activation is not None else None
    many = _MANY if made is None else 2
    lines: dict[int, np.ndarray | None] = kept(made, "lines", dict)
    long: dict[int, np.ndarray | None] = {}  # those that are too long to outlast the call

    def finish(y: np.ndarray) -> None:
        # In lines of a row of the image, or some, since operations with few numbers are slow.
        size, whole = math.prod(inner) * y.shape[-1], y.flags.c_contiguous
        least = UNBUFFERED if y.size >= many * UNBUFFERED else _LINE
        if 0 < size < least and whole:
            size *= math.gcd(y.size // size, 1 << (least // size).bit_length())
        place, numbers = (lines, size) if size <= MOST_NUMBERS_KEPT else (long, 1)
        line = kept(
            place, size, lambda: None if bias is None else np.tile(bias, size // bias.size), numbers
        )
        flat = y.reshape((-1, size) if whole and size else (*y.shape[:2], size))
        if line is not None:
            np.add(flat, line, flat)
        if activation is RELU:
            np.maximum(flat, zeros(size, y.dtype), out=flat)
        elif function is not None:
            function(y, y)

    return finish


class Results:
    """Where a convolution's results go, piece by piece, and what is done to them there.

    Args:
        y: the array, `(n, *out, filters)`.
        finish: applied in place to each piece, or None.
    """

    whole = False
    """Whether pieces must be of whole images."""

    def __init__(self, y: np.ndarray, finish: Finish | None) -> None:
        self.y, self._finish = y, finish

    def of(self, piece: Piece) -> np.ndarray:
        """Return the place of a piece, to be written to."""
        return piece.of(self.y)

    def finish(self, written: np.ndarray, piece: Piece) -> None:
        """Finish a piece whose place has been written to."""
        if self._finish is not None:
            self._finish(written)


class PooledResults(Results):
    """Of whose windows only the largest stay, so that the others never leave the cache.

    Bias and relu, which keep the order of numbers, come after that instead of before: there is less to do.

    Args:
        y: the array of what stays, `(n, *w.out, filters)`.
        finish: applied in place to each piece of it, or None.
        w: the windows, side by side.
    """

    whole = True

    def __init__(self, y: np.ndarray, finish: Finish | None, w: Window) -> None:
        super().__init__(y, finish)
        self._window = w

    def of(self, piece: Piece) -> np.ndarray:
        shape = (piece.count, *self._window.size, self.y.shape[-1])
        return scratch("unpooled", shape, self.y.dtype)

    def finish(self, written: np.ndarray, piece: Piece) -> None:
        largest = self.y[piece.first : piece.last]
        largest_of(written, self._window, largest)
        if self._finish is not None:
            self._finish(largest)


def before_activation(
    g: np.ndarray, y: np.ndarray, activation: Fused | None, need_bias: bool, dtype: np.dtype
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the gradient of what the activation was applied to, and that of the bias."""
    if g.dtype != dtype:
        g = g.astype(dtype)
    g = np.ascontiguousarray(g)
    if activation is None and not need_bias:
        return g, None
    filters = y.shape[-1]
    rows = g.size // filters if filters else 0
    flat_g, flat_y = g.reshape(rows, filters), y.reshape(rows, filters)
    d = flat_g if activation is None else np.empty_like(flat_g)
    step = max(PIECE // max(filters, 1), 1)
    cut = [Piece(i, min(i + step, rows), 0, 1) for i in range(0, rows, step)]
    ones = np.ones(step, dtype)

    def activate(piece: Piece) -> np.ndarray:
        at = slice(piece.first, piece.last)
        if activation is not None:
            activation.backward(flat_g[at], flat_y[at], d[at])
        return d[at]

    if not need_bias:
        for_pieces(cut, activate)
        return d.reshape(g.shape), None

    def task(piece: Piece, out: np.ndarray) -> None:
        np.dot(ones[: piece.count], activate(piece), out)

    dbias = sum_pieces(cut, (filters,), dtype, task)
    return d.reshape(g.shape), dbias


def deliver(gradient: np.ndarray, out: Any, index: int, dtype: np.dtype) -> np.ndarray:
    """Put a gradient where the caller wants it."""
    target = None if out is None else out[index]
    if target is None:
        return gradient.astype(dtype, copy=False)
    target[...] = gradient
    return target
