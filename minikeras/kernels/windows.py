"""What kernels that slide a window over images share: geometry, padding, cache-sized pieces.

Images are `(n, *spatial, channels)`. A piece is some whole images, or some rows of one image,
small enough for what is made of it to stay in a core's cache. Which pieces there are depends on shapes
alone, never on threads, and so does the order in which sums over pieces are taken.
"""

from __future__ import annotations

import functools
import itertools
import math
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from minikeras.kernels import gemm, parallel


class Window(NamedTuple):
    """How a window slides over images.

    Args:
        size: spatial shape of the images.
        kernel: spatial shape of the window.
        strides: steps between windows, by axis.
        dilation: distances of a window's elements, by axis.
        pads: what is put before and after the image, by axis.
        out: number of windows, by axis.
        padding: what `pads` were said to be, such as `"same"`; None if only they themselves are known.
    """

    size: tuple
    kernel: tuple
    strides: tuple
    dilation: tuple
    pads: tuple
    out: tuple
    padding: object = None

    @property
    def extent(self) -> tuple:
        """Spatial shape that a window covers, dilation included."""
        return tuple([(k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation)])

    @property
    def covered(self) -> tuple:
        """Spatial shape that all windows cover together."""
        return tuple([(o - 1) * s + e for o, s, e in zip(self.out, self.strides, self.extent)])

    @property
    def taps(self) -> int:
        """Number of elements of a window."""
        return math.prod(self.kernel)

    @property
    def simple(self) -> bool:
        """Whether windows lie side by side: steps and distances of one."""
        return max(self.strides) == 1 and max(self.dilation) == 1


def cached_if_known(function: Callable[..., Window]) -> Callable[..., Window]:
    """Keep what a function of sizes, and of a kernel's, has returned, unless they are only assumed."""
    cached = functools.lru_cache(maxsize=1024)(function)

    @functools.wraps(function)
    def call(size: tuple, kernel: tuple, *rest: object) -> Window:
        known = all(type(n) is int for n in (*size, *kernel))
        return (cached if known else function)(size, kernel, *rest)

    return call


@cached_if_known
def window(size: tuple, kernel: tuple, strides: tuple, padding: object, dilation: tuple) -> Window:
    """Return how a window slides.

    Args:
        size, kernel, strides, dilation: as in `Window`.
        padding: `"valid"`, `"same"`, `"causal"` (all before), or pairs of numbers.
    """
    pads, out = [], []
    for i, (n, k, s, d) in enumerate(zip(size, kernel, strides, dilation)):
        extent = (k - 1) * d + 1
        if padding == "same":
            windows = -(-n // s)
            total = max((windows - 1) * s + extent - n, 0)
            low, high = total // 2, total - total // 2
        elif padding == "causal":
            low, high = extent - 1, 0
        elif padding == "valid":
            low = high = 0
        else:
            low, high = padding[i]
        pads.append((low, high))
        out.append((n + low + high - extent) // s + 1)
    return Window(size, kernel, strides, dilation, tuple(pads), tuple(out), padding)


# Pieces.

_HEAD_START = 3 << 14
"""Elements that the calling thread works on until another one, which slept, has begun."""


class Piece(NamedTuple):
    """Images `[first, last)`, and of them rows `[top, bottom)` of the result."""

    first: int
    last: int
    top: int
    bottom: int

    @property
    def count(self) -> int:
        return self.last - self.first

    @property
    def rows(self) -> int:
        return self.bottom - self.top

    def of(self, y: np.ndarray) -> np.ndarray:
        """Return this part of an array of results, as a view."""
        return y[self.first : self.last, self.top : self.bottom]


_ALONE = 2
"""How many times as much work, and elements, one image must be before threads share its rows: each pads
and copies by itself then, for half of a time that is hardly longer than it takes a thread to wake up."""


@functools.lru_cache(maxsize=1024)
def pieces(
    n: int, rows: int, row_elements: int, budget: int, depth: int = 1, whole: bool = False
) -> Sequence[Piece]:
    """Cut `n` images of `rows` rows into pieces of about `budget` elements.

    What is so little that another thread would take longer to wake up is one piece.

    Args:
        n: number of images.
        rows: rows of an image.
        row_elements: elements of a row.
        budget: elements of a piece.
        depth: multiply-adds with an element.
        whole: whether rows of an image may not be cut apart.
    """
    image = max(rows * row_elements, 1)
    much = _ALONE if n == 1 else 1
    shared = n * image > much * budget or n * image * depth > much * gemm.PARALLEL
    if rows > 1 and not whole and (image > much * budget or (n == 1 and shared)):
        step = max(budget // max(row_elements, 1), 1)
        count = max(-(-rows // step), 2 if n == 1 else 1)
        step = -(-rows // count)  # pieces of one size
        return tuple(
            [
                Piece(i, i + 1, r, min(r + step, rows))
                for i in range(n)
                for r in range(0, rows, step)
            ]
        )
    count = -(-n // max(budget // image, 1))
    more = 0
    if n > 1 and count < 9 and shared:
        count = min(count + count % 2, n)  # as many for a second thread as for the first
        more = min(_HEAD_START // image, n // (2 * count))
    bounds = [0, *[more + i * (n - more) // count for i in range(1, count + 1)]]
    return tuple([Piece(i, j, 0, rows) for i, j in itertools.pairwise(bounds)])


def whole_images(n: int, out: tuple, elements: int, budget: int) -> list[Piece]:
    """Cut `n` images into pieces of whole ones, of about `budget` elements.

    Args:
        n: number of images.
        out: spatial shape of the result.
        elements: elements for each place of the result.
        budget: elements of a piece.
    """
    step = max(budget // max(math.prod(out) * elements, 1), 1)
    return [Piece(i, min(i + step, n), 0, out[0]) for i in range(0, n, step)]


def for_pieces(cut: Sequence[Piece], task: Callable[[Piece], None]) -> None:
    """Call `task` with every piece, on several threads."""
    if len(cut) < 2:
        with parallel.single_blas:
            for piece in cut:
                task(piece)
        return
    share = max(len(cut) // (4 * parallel.threads()), 1)

    def work(some: Sequence[Piece]) -> None:
        for piece in some:
            task(piece)

    parallel.run_products(
        [functools.partial(work, cut[i : i + share]) for i in range(0, len(cut), share)]
    )


def sum_pieces(
    cut: Sequence[Piece], shape: tuple, dtype: np.dtype, task: Callable[[Piece, np.ndarray], None]
) -> np.ndarray:
    """Sum what `task(piece, out)` puts into `out`, of `shape`, over all pieces."""
    if not cut:
        return np.zeros(shape, dtype)
    size = math.prod(shape)
    groups = min(len(cut), 8 if size < 1 << 15 else 4 if size < 1 << 17 else 2)
    totals: list = [None] * groups

    def work(i: int) -> None:
        mine = cut[i * len(cut) // groups : (i + 1) * len(cut) // groups]
        total = np.empty(shape, dtype)
        task(mine[0], total)
        if len(mine) > 1:
            part = scratch("part", shape, dtype)
            for piece in mine[1:]:
                task(piece, part)
                np.add(total, part, total)
        totals[i] = total

    parallel.run_products([functools.partial(work, i) for i in range(groups)])
    for other in totals[1:]:
        np.add(totals[0], other, totals[0])
    return totals[0]


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Multiply a small matrix with one of many columns, some of these on each thread.

    A product by BLAS's own threads would leave them spinning in the way of ours.
    """
    out = np.empty((a.shape[0], b.shape[1]), b.dtype)
    if a.size * b.shape[1] < gemm.LATER:
        with parallel.single_blas:
            return np.matmul(a, b, out)
    step = max(gemm.IN_PLACE // a.size // 64 * 64, 64)
    columns = [slice(i, i + step) for i in range(0, b.shape[1], step)]
    parallel.run_products([functools.partial(np.matmul, a, b[:, c], out[:, c]) for c in columns])
    return out


_local = threading.local()


def scratch(name: str, shape: tuple, dtype: np.dtype) -> np.ndarray:
    """Return an array to work in: this thread's own, with whatever was left in it.

    The memory stays with the thread, so that it stays in the core's cache. Two that are in use at
    once need different names.
    """
    try:
        views = _local.views
    except AttributeError:
        views, _local.buffers = {}, {}
        _local.views = views
    view = views.get((name, shape, dtype))
    if view is None:
        view = views[name, shape, dtype] = _fresh_view(name, shape, dtype)
    return view


def _fresh_view(name: str, shape: tuple, dtype: np.dtype) -> np.ndarray:
    size = math.prod(shape) * dtype.itemsize
    buffer = _local.buffers.get(name)
    if buffer is None or buffer.size < size:
        whole = np.empty(size + 64, np.uint8)
        start = -whole.ctypes.data % 64
        buffer = _local.buffers[name] = whole[start : start + size]
        for key in [k for k in _local.views if k[0] == name]:
            del _local.views[key]
    elif len(_local.views) > 500:
        _local.views.clear()
    return buffer[:size].view(dtype).reshape(shape)


def strided(x: np.ndarray, shape: tuple, strides: tuple) -> np.ndarray:
    """Return a view of an array with any shape and strides."""
    if x.flags.c_contiguous and x.size:
        return np.ndarray(shape, x.dtype, x, 0, strides)  # as_strided takes four times as long
    return as_strided(x, shape, strides)


# Padding and windows of a piece.


def part(
    x: np.ndarray,
    piece: Piece,
    w: Window,
    extra: tuple | None = None,
    images_inside: bool = False,
) -> np.ndarray:
    """Return the padded images that the windows of a piece look at.

    Args:
        x: images, C-contiguous.
        piece: which of them, and which rows of windows.
        w: the windows.
        extra: spatial shape of the result if it is to be more than the windows need.
        images_inside: whether the images' pixels of one place are to lie side by side in memory.

    Returns:
        `(images, *spatial, channels)`: a view of `x` where nothing has to be padded. With
        `images_inside` `(*spatial, images, channels)`, C-contiguous.
    """
    shape, source, target, borders = _placement(w, piece.top, piece.bottom, extra)
    images = x[piece.first : piece.last]
    name = "bordered" if borders else "padded"
    if images_inside:
        result = scratch(name, (*shape, piece.count, x.shape[-1]), x.dtype)
        axes = len(shape)
        padded = result.transpose(axes, *range(axes), axes + 1)
    elif target is None:
        return images[source]
    else:
        result = padded = scratch(name, (piece.count, *shape, x.shape[-1]), x.dtype)
    if borders:
        # Those of the piece before are zero still if it was of this kind: nobody else writes to it.
        kind = (result.shape, x.dtype, target, images_inside)
        if getattr(_local, "bordered", None) != kind:
            _local.bordered = None
            for border in borders:
                padded[border] = 0
            _local.bordered = kind
    copy_pixels(images[source], padded[target or ()])
    return result


def pixels_as_elements(x: np.ndarray) -> np.ndarray:
    """View the channels of each pixel as one element, which NumPy copies in one go."""
    return x.view(np.dtype((np.void, x.shape[-1] * x.itemsize)))[..., 0]


def copy_pixels(source: np.ndarray, target: np.ndarray) -> None:
    """Copy images whose channels lie side by side into others in which pixels lie elsewhere."""
    if 32 <= target.shape[-1] * target.itemsize <= 64:  # such short loops take twice as long
        source, target = pixels_as_elements(source), pixels_as_elements(target)
    target[...] = source


@functools.lru_cache(maxsize=1024)
def _placement(w: Window, top: int, bottom: int, extra: tuple | None) -> tuple:
    """Plan `part`: the shape, from where to where pixels are copied, and what is zero."""
    shape = list(w.covered if extra is None else extra)
    if extra is None:
        shape[0] = (bottom - top - 1) * w.strides[0] + w.extent[0]
    starts = [top * w.strides[0] - w.pads[0][0], *[-p[0] for p in w.pads[1:]]]
    source, target, borders = [slice(None)], [slice(None)], []
    for start, length, size in zip(starts, shape, w.size):
        begin = min(max(-start, 0), length)
        end = max(min(size - start, length), begin)
        if begin:
            borders.append((*target, slice(begin)))
        if end < length:
            borders.append((*target, slice(end, None)))
        source.append(slice(start + begin, start + end))
        target.append(slice(begin, end))
    return tuple(shape), tuple(source), tuple(target) if borders else None, borders


def windows(padded: np.ndarray, w: Window, out: Sequence[int]) -> np.ndarray:
    """Return a view `(images, *out, *kernel, channels)` of padded images."""
    s = padded.strides
    steps = [a * b for a, b in zip(s[1:-1], w.strides)]
    inner = [a * b for a, b in zip(s[1:-1], w.dilation)]
    return strided(
        padded,
        (padded.shape[0], *out, *w.kernel, padded.shape[-1]),
        (s[0], *steps, *inner, s[-1]),
    )
