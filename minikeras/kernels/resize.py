"""Maps along the spatial axes of images: pixels repeated, or mixed, as interpolation and blurs do.

These maps are linear, each a matrix for an axis, and their gradients are the transposed ones.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minikeras.kernels import parallel
from minikeras.kernels.windows import Piece, for_pieces, pieces, scratch, strided

_PIECE = 1 << 18
_DEPTH = 32
"""About how many multiply-adds an element of a result takes."""
_IMAGE = 1 << 20
"""Elements of a piece; of one whose pixels are mixed the second number, if that spares an image the cut:
every call has to do for some 10 us, since it begins and ends with the interpreter's lock."""


def repeat_forward(x: np.ndarray, factors: tuple) -> tuple[np.ndarray, None]:
    """Repeat each pixel of `(n, *spatial, channels)` by a factor for each spatial axis."""
    x = np.ascontiguousarray(x)
    size = tuple(s * f for s, f in zip(x.shape[1:-1], factors))
    y = np.empty((x.shape[0], *size, x.shape[-1]), x.dtype)

    def work(piece: Piece) -> None:
        some = x[piece.first : piece.last]
        result = y[piece.first : piece.last]
        blocks = _blocks(result, factors)
        blocks[...] = some.reshape(interleaved(some.shape, (1,) * len(factors)))

    for_pieces(pieces(x.shape[0], 1, math.prod(y.shape[1:]), _PIECE), work)
    return y, None


def repeat_backward(g: np.ndarray, factors: tuple) -> np.ndarray:
    """Return the gradient of x."""
    g = np.ascontiguousarray(g)
    size = tuple(s // f for s, f in zip(g.shape[1:-1], factors))
    dx = np.empty((g.shape[0], *size, g.shape[-1]), g.dtype)
    rest = math.prod(factors[1:])

    def work(piece: Piece) -> None:
        # Rows of pixels first: those sums have long inner loops.
        some = g[piece.first : piece.last]
        rows = some.reshape(piece.count, size[0], factors[0], -1)
        target = dx[piece.first : piece.last]
        shape = (piece.count, size[0], *g.shape[2:])
        total = scratch("total", shape, g.dtype) if rest > 1 else target
        flat = total.reshape(rows.shape[0], rows.shape[1], rows.shape[3])
        np.copyto(flat, rows[:, :, 0])
        for i in range(1, factors[0]):
            np.add(flat, rows[:, :, i], flat)
        if rest > 1:
            blocks = _blocks(total, (1, *factors[1:]))
            target[...] = 0
            for index in np.ndindex(*factors[1:]):
                seen = blocks[(slice(None), slice(None), 0, *_every(index))]
                np.add(target, seen, target)

    for_pieces(pieces(g.shape[0], 1, math.prod(g.shape[1:]), _PIECE), work)
    return dx


def _every(index: tuple) -> list:
    picked: list = []
    for i in index:
        picked += [slice(None), i]
    return picked


def interleaved(shape: tuple, factors: tuple) -> tuple:
    pairs = [n for s, f in zip(shape[1:-1], factors) for n in (s // f, f)]
    return (shape[0], *pairs, shape[-1])


def _blocks(y: np.ndarray, factors: tuple) -> np.ndarray:
    """Make two axes of each spatial one: pixels of the small image, and repetitions."""
    return y.reshape(interleaved(y.shape, factors))


# Linear maps along an axis.


class Bands(NamedTuple):
    """Parts of a matrix, of a few rows each, below one another: alike but for the numbers in them.

    They are multiplied in one call, however small each of them is.

    Args:
        first: first row of the first one.
        rows: number of rows of each.
        low: the first old pixel that the first one looks at.
        step: how much further the next one begins.
        taps: number of old pixels that each looks at.
        blocks: their numbers, `(bands, rows, taps)`; to multiply from the right transposed, with as
            many zeros between pixels as these have channels.
    """

    first: int
    rows: int
    low: int
    step: int
    taps: int
    blocks: np.ndarray

    @property
    def target(self) -> slice:
        """The rows of all of them: new pixels."""
        return slice(self.first, self.first + self.rows * len(self.blocks))


class AxisMap:
    """A linear map along one axis of images: what each new pixel takes of each old one.

    Interpolation is one, and so is a blur, or a derivative. Weights of a pixel lie side by side, so it
    is computed as products of small matrices, each of a few rows.

    Args:
        start: for each new pixel the first old one that it may see, `(target,)`.
        weights: what it takes of that one and the next ones, `(target, taps)`; those outside count 0.
        size: number of old pixels.
        source: for each new pixel the one that it is a copy of, where all are copies.
    """

    def __init__(
        self, start: np.ndarray, weights: np.ndarray, size: int, source: np.ndarray | None = None
    ) -> None:
        self.start, self.weights, self.size, self.source = start, weights, size, source
        self.target = len(start)
        self._made: dict = {}

    @functools.cached_property
    def transposed(self) -> AxisMap:
        """The map back, for gradients."""
        rows, taps = np.nonzero(self._counts)
        columns = self.start[rows] + taps
        first, last = np.full(self.size, self.target), np.zeros(self.size, int)
        np.minimum.at(first, columns, rows)
        np.maximum.at(last, columns, rows)
        weights = np.zeros((self.size, max(int((last - first).max(initial=0)) + 1, 1)))
        weights[columns, rows - first[columns]] = self.weights[rows, taps]
        return AxisMap(first, weights, self.target)

    def in_dtype(self, dtype: np.dtype) -> np.ndarray:
        """Return the whole matrix, `(target, size)`, in a dtype."""
        if dtype not in self._made:
            matrix = np.zeros((self.target, self.size), dtype)
            rows, taps = np.nonzero(self._counts)
            matrix[rows, self.start[rows] + taps] = self.weights[rows, taps]
            self._made[dtype] = matrix
        return self._made[dtype]

    @functools.cached_property
    def _counts(self) -> np.ndarray:
        """Which weights are of old pixels, and not zero."""
        columns = self.start[:, None] + np.arange(self.weights.shape[1])
        return (columns >= 0) & (columns < self.size) & (self.weights != 0)

    @functools.cached_property
    def _seen(self) -> tuple[np.ndarray, np.ndarray]:
        """For each new pixel the first old one that counts, and the one after the last."""
        counts = self._counts
        some = counts.any(axis=1)
        first = self.start + counts.argmax(axis=1)
        last = self.start + counts.shape[1] - counts[:, ::-1].argmax(axis=1)
        return np.where(some, first, self.size), np.where(some, last, 0)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return from where to where new pixels `[first, last)` look."""
        low = int(self._seen[0][first:last].min(initial=self.size))
        return low, max(int(self._seen[1][first:last].max(initial=0)), low)

    @functools.cached_property
    def band(self) -> int:
        """New pixels of a band: those that look at about `_BAND` old ones, so that there are few zeros.

        If the map repeats itself after a few, whole repetitions, so that bands are alike.
        """
        wanted = min(max(_BAND * self.target // max(self.size, 1), _BAND // 2), _BAND)
        period = self.target // max(math.gcd(self.target, self.size), 1)
        return wanted if period > 2 * _BAND else max(round(wanted / max(period, 1)), 1) * period

    def bands(self, first: int, last: int, dtype: np.dtype, repeat: int) -> list[Bands]:
        """Cut rows `[first, last)` of the matrix into a few at a time, without the zeros on both sides.

        Args:
            first, last: rows of the matrix.
            dtype: dtype of the products.
            repeat: 0 to multiply from the left; else the number of channels between which elements
                of a row of pixels alternate, to multiply from the right.
        """
        key = (first, last, dtype, repeat)
        if key not in self._made:
            self._made[key] = self._bands(first, last, dtype, repeat) if last > first else []
        return self._made[key]

    def _bands(self, first: int, last: int, dtype: np.dtype, repeat: int) -> list[Bands]:
        size = self.band
        tops = np.arange(0, last - first, size)
        low = np.minimum.reduceat(self._seen[0][first:last], tops)
        high = np.maximum(np.maximum.reduceat(self._seen[1][first:last], tops), low)
        rows = np.minimum(size, last - first - tops)
        runs, starts, taps = self._runs(low, high, rows, self.span(first, last))
        blocks = np.zeros((len(tops), size, taps), dtype)
        row, tap = np.nonzero(self._counts[first:last])
        band = row // size
        column = self.start[first + row] + tap - starts[band]
        blocks[band, row % size, column] = self.weights[first + row, tap]
        if repeat:
            apart = np.zeros((len(tops), taps, repeat, size, repeat), dtype)
            for channel in range(repeat):
                apart[:, :, channel, :, channel] = blocks.swapaxes(1, 2)
            blocks = apart.reshape(len(tops), taps * repeat, size * repeat)
        found = []
        for i, j, step in runs:
            count = int(rows[i])
            some = blocks[i:j, :, : count * repeat] if repeat else blocks[i:j, :count]
            found.append(Bands(first + i * size, count, int(starts[i]), step, taps, some))
        return found

    def _runs(
        self, low: np.ndarray, high: np.ndarray, rows: np.ndarray, span: tuple[int, int]
    ) -> tuple[list[tuple], np.ndarray, int]:
        """Find runs of bands that look at equally many old pixels, equally far from each other.

        Bands that are not quite so far from each other look at two more pixels, which do not count.

        Args:
            low, high: from where to where each band has to look.
            rows: the number of rows of each.
            span: from where to where any of them may look.

        Returns:
            Each run's first band, the one after its last, and the distance; where each band begins to look;
            and at how many pixels.
        """
        begin, end = span
        rate = self.band * self.size / max(self.target, 1)
        step = round(rate)
        slack = 0 if step == rate else 2
        taps = min(int((high - low).max()) + slack, end - begin)
        runs, starts, i = [], np.empty(len(low), np.intp), 0
        while i < len(low):
            start = max(min(int(low[i]) - (slack if step > rate else 0), end - taps), begin)
            places = start + step * np.arange(len(low) - i)
            last = np.minimum(low[i:], end - taps)
            fits = (places <= last) & (places + taps >= high[i:]) & (rows[i:] == rows[i])
            fits[0] = True
            count = len(fits) if fits.all() else int(fits.argmin())
            starts[i : i + count] = places[:count]
            runs.append((i, i + count, step))
            i += count
        return runs, starts, taps


_BAND = 8
"""Old pixels at which a small matrix looks: more would have more zeros, fewer make shorter loops."""

_FEW = 8
"""Up to so many channels, a row's pixels are multiplied from the right, zeros between the channels."""


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(0, 1 - np.abs(x))


def cubic(x: np.ndarray, b: float = 0.0, c: float = 0.5) -> np.ndarray:
    """The cubic kernels of Mitchell and Netravali; that of Keys with a = -1/2 by default."""
    x = np.abs(x)
    near = ((12 - 9 * b - 6 * c) * x - (18 - 12 * b - 6 * c)) * x * x + (6 - 2 * b)
    far = (((-b - 6 * c) * x + (6 * b + 30 * c)) * x - (12 * b + 48 * c)) * x + (8 * b + 24 * c)
    return np.where(x < 1, near, np.where(x < 2, far, 0)) / 6


def _lanczos(radius: int, x: np.ndarray) -> np.ndarray:
    return np.where(np.abs(x) < radius, np.sinc(x) * np.sinc(x / radius), 0)


KERNELS: dict[str, tuple[int, Callable[[np.ndarray], np.ndarray]]] = {
    "bilinear": (1, _triangle),
    "bicubic": (2, cubic),
    "lanczos3": (3, functools.partial(_lanczos, 3)),
    "lanczos5": (5, functools.partial(_lanczos, 5)),
}
"""Interpolations by name: how far they look, and the weight of a pixel at a distance."""


@functools.lru_cache(maxsize=64)
def interpolation(kind: str, size: int, target: int, antialias: bool = False) -> AxisMap:
    """Return the map that makes an axis longer or shorter, centres kept.

    Args:
        kind: `"nearest"`, or a name in `KERNELS`.
        size, target: number of old and of new pixels.
        antialias: whether a shorter axis sees all pixels, by a wider kernel.
    """
    if kind == "nearest":
        source = (2 * np.arange(target) + 1) * size // (2 * target)
        return AxisMap(source, np.ones((target, 1)), size, source)
    return kernel_map(*KERNELS[kind], size, target, antialias)


def kernel_map(
    radius: float,
    kernel: Callable[[np.ndarray], np.ndarray],
    size: int,
    target: int,
    antialias: bool = False,
    steps: int | None = None,
) -> AxisMap:
    """Return the map that weighs old pixels by how far they are from where a new one comes to lie.

    Args:
        radius: how far a new pixel looks.
        kernel: the weight of a pixel at a distance.
        size, target, antialias: see `interpolation`.
        steps: between two old pixels new ones lie only at multiples of a fraction; None for anywhere.
    """
    scale = size / target
    wider = max(scale, 1) if antialias else 1
    at = (np.arange(target) + 0.5) * scale - 0.5
    if steps is not None:
        at = np.floor(at) + np.round((at - np.floor(at)) * steps) / steps
    start = np.ceil(at - radius * wider).astype(int)
    places = start[:, None] + np.arange(math.ceil(2 * radius * wider) + 1)
    return averaging(start, kernel((at[:, None] - places) / wider), size)


def averaging(start: np.ndarray, weights: np.ndarray, size: int) -> AxisMap:
    """Return the map of such weights, without those outside, and so that the others add up to one."""
    places = start[:, None] + np.arange(weights.shape[1])
    weights = np.where((places >= 0) & (places < size), weights, 0)
    return AxisMap(start, weights / weights.sum(axis=1, keepdims=True), size)


@functools.lru_cache(maxsize=64)
def sliding(window: tuple, size: int, padding: str = "same") -> AxisMap:
    """Return the map that gives each pixel the sum of its neighbours, weighted by a window.

    Args:
        window: the weights.
        size: number of pixels.
        padding: `"same"`, zeros being around; or `"valid"`, where the window lies inside.
    """
    before = (len(window) - 1) // 2 if padding == "same" else 0
    target = size if padding == "same" else size - len(window) + 1
    weights = np.broadcast_to(np.asarray(window, np.float64), (target, len(window)))
    return AxisMap(np.arange(target) - before, weights, size)


@functools.lru_cache(maxsize=64)
def gaussian(size: int, sigma: float) -> tuple:
    """Return a window of weights that fall off like a normal distribution and add up to one."""
    at = np.arange(size) - (size - 1) / 2
    weights = np.exp(-0.5 * (at / sigma) ** 2)
    return tuple((weights / weights.sum()).tolist())


def interpolate_forward(x: np.ndarray, factors: tuple, kind: str) -> tuple[np.ndarray, tuple]:
    """Make `(n, height, width, channels)` larger by whole factors.

    Args:
        x: images.
        factors: of height and width.
        kind: a name in `KERNELS`.
    """
    return resample_forward(x, *_enlarging(kind, x.shape, factors))[0], x.shape


def interpolate_backward(g: np.ndarray, shape: tuple, factors: tuple, kind: str) -> np.ndarray:
    """Return the gradient of x."""
    return resample_backward(g, *_enlarging(kind, shape, factors))


def interpolate_reference(x: Any, factors: tuple, kind: str) -> Any:
    """Interpolate by a product for each axis; also on tensors."""
    return resample_reference(x, *_enlarging(kind, x.shape, factors))


def _enlarging(kind: str, shape: tuple, factors: tuple) -> list[AxisMap]:
    return [interpolation(kind, n, n * f) for n, f in zip(shape[1:-1], factors)]


def resample_forward(
    x: np.ndarray, rows: AxisMap | None, columns: AxisMap | None
) -> tuple[np.ndarray, None]:
    """Apply a map along the height and one along the width of `(n, height, width, channels)`.

    Args:
        x: images. Of integers the result is rounded, and cut to their range.
        rows: along the height; None for none.
        columns: along the width.
    """
    if all(m is None or m.source is not None for m in (rows, columns)):
        return _copied(x, rows, columns), None
    return _mapped(x, rows, columns), None


def resample_backward(g: np.ndarray, rows: AxisMap | None, columns: AxisMap | None) -> np.ndarray:
    """Return the gradient of x."""
    return _mapped(g, rows and rows.transposed, columns and columns.transposed)


def resample_reference(x: Any, rows: AxisMap | None, columns: AxisMap | None) -> Any:
    """Do the same by a product for each axis; also on tensors."""
    dtype = np.dtype(str(x.dtype))
    if dtype.kind not in "fV":
        dtype = np.dtype(np.float32)
        x = x.astype(dtype)
    if rows is not None:
        n, height, width, channels = x.shape
        x = np.matmul(rows.in_dtype(dtype), np.reshape(x, (n, height, width * channels)))
        x = np.reshape(x, (n, rows.target, width, channels))
    return x if columns is None else np.matmul(columns.in_dtype(dtype), x)


def _copied(x: np.ndarray, rows: AxisMap | None, columns: AxisMap | None) -> np.ndarray:
    """Copy pixels: of the rows that are seen, those that are seen, each once; then whole rows."""
    x = np.ascontiguousarray(x)
    n, height, width, channels = x.shape
    high, wide = rows.target if rows else height, columns.target if columns else width
    y = np.empty((n, high, wide, channels), x.dtype)
    elements = None
    if columns is not None:
        elements = (columns.source[:, None] * channels + np.arange(channels)).ravel()

    def work(piece: Piece) -> None:
        places = np.arange(high) if rows is None else rows.source
        seen, back = np.unique(places[piece.top : piece.bottom], return_inverse=True)
        for i in range(piece.first, piece.last):
            image = x[i].reshape(height, width * channels)[seen]
            if elements is not None:
                image = image.take(elements, axis=1, mode="clip")
            y[i, piece.top : piece.bottom] = image[back].reshape(-1, wide, channels)

    for_pieces(pieces(n, high, wide * channels, _PIECE), work)
    return y


def _mapped(x: np.ndarray, rows: AxisMap | None, columns: AxisMap | None) -> np.ndarray:
    x = np.ascontiguousarray(x)
    dtype = x.dtype if x.dtype.kind == "f" and x.dtype.itemsize >= 4 else np.dtype("float32")
    n, height, width, channels = x.shape
    high, wide = rows.target if rows else height, columns.target if columns else width
    y = np.empty((n, high, wide, channels), x.dtype)

    def work(piece: Piece) -> None:
        low, upper = rows.span(piece.top, piece.bottom) if rows else (piece.top, piece.bottom)
        images, result = x[piece.first : piece.last, low:upper], piece.of(y)
        if x.dtype != dtype:
            whole = scratch("images", images.shape, dtype)
            np.copyto(whole, images, casting="unsafe")
            images = whole
        target = result if y.dtype == dtype else scratch("result", result.shape, dtype)
        _both(images, rows, columns, piece, low, target)
        if target is not result:
            _store(target, result)

    row = max(wide, width) * channels
    budget = max(_PIECE, min(high * row, _IMAGE))
    for_pieces(pieces(n, high, row, budget, _DEPTH), work)
    return y


def _both(
    images: np.ndarray,
    rows: AxisMap | None,
    columns: AxisMap | None,
    piece: Piece,
    low: int,
    out: np.ndarray,
) -> None:
    """Write the images of a piece, of which the rows from `low` on are given, after both maps.

    `out` is contiguous.
    """
    if rows is None or columns is None:
        if rows:
            _across_rows(images, rows, piece, low, out)
        else:
            _along_rows(images, columns, out)
        return
    n, height, width, channels = images.shape
    if _columns_first(rows, columns, channels):
        wide = scratch("between", (n, height, columns.target, channels), images.dtype)
        _along_rows(images, columns, wide)
        _across_rows(wide, rows, piece, low, out)
    else:
        tall = scratch("between", (n, piece.rows, width, channels), images.dtype)
        _across_rows(images, rows, piece, low, tall)
        _along_rows(tall, columns, out)


def _columns_first(rows: AxisMap | None, columns: AxisMap | None, channels: int) -> bool:
    """Return whether the map along the width costs less if it comes first, and that along the height then.

    The first one that makes images smaller leaves less for the second; but a product along the width
    multiplies with zeros too, for all channels but one's own.
    """
    if rows is None or columns is None:
        return rows is None
    of_row = _products(rows)
    of_column = _products(columns) * (channels if channels <= _FEW else 1)
    both = rows.target * columns.target
    first = rows.size * columns.target * of_column + both * of_row
    return first < rows.target * columns.size * of_row + both * of_column


def _products(along: AxisMap) -> float:
    """Return about how many products the bands of a map cost for each new pixel."""
    return along.weights.shape[1] + along.band * along.size / max(along.target, 1)


def resample_one(
    image: np.ndarray, rows: AxisMap | None, columns: AxisMap | None, out: np.ndarray
) -> None:
    """Apply maps, at least one, to one image of floats, in this thread and no other.

    Args:
        image: shape `(height, width, channels)`.
        rows: along the height; None for none.
        columns: along the width.
        out: where the result is put.
    """
    with parallel.single_blas:
        _both(image[None], rows, columns, Piece(0, 1, 0, len(out)), 0, out[None])


def _across_rows(
    images: np.ndarray, rows: AxisMap, piece: Piece, low: int, out: np.ndarray
) -> None:
    """Apply a map along the height to the rows of images from `low` on, for a piece."""
    flat, result = [a.reshape(len(a), a.shape[1], math.prod(a.shape[2:])) for a in (images, out)]
    for bands in rows.bands(piece.top, piece.bottom, images.dtype, 0):
        _from_left(bands, flat, result, bands.low - low, bands.first - piece.top)


def _along_rows(images: np.ndarray, columns: AxisMap, out: np.ndarray) -> None:
    """Apply a map along the width."""
    n, height, width, channels = images.shape
    flat, result = [a.reshape(n * height, a.shape[2], channels) for a in (images, out)]
    if channels > _FEW:
        for bands in columns.bands(0, columns.target, images.dtype, 0):
            _from_left(bands, flat, result, bands.low, bands.first)
        return
    for bands in columns.bands(0, columns.target, images.dtype, channels):
        _from_right(bands, flat, result)


def _from_left(bands: Bands, x: np.ndarray, out: np.ndarray, low: int, first: int) -> None:
    """Multiply `(n, pixels, elements)`, of which the first band looks at those from `low` on."""
    n, _, elements = x.shape
    count, (s, pixel, element) = len(bands.blocks), x.strides
    shape, strides = (n, count, bands.taps, elements), (s, bands.step * pixel, pixel, element)
    seen = strided(x[:, low:], shape, strides)
    target = out[:, first : first + count * bands.rows]
    np.matmul(bands.blocks, seen, target.reshape(n, count, bands.rows, elements))


def _from_right(bands: Bands, x: np.ndarray, out: np.ndarray) -> None:
    """Multiply rows of pixels, `(n, pixels, channels)`."""
    count, (n, _, channels), (row, pixel, element) = len(bands.blocks), x.shape, x.strides
    shape = (count, n, bands.taps * channels)
    seen = strided(x[:, bands.low :], shape, (bands.step * pixel, row, element))
    target = out[:, bands.target].reshape(n, count, bands.rows * channels)
    np.matmul(seen, bands.blocks, target.swapaxes(0, 1))


def _store(values: np.ndarray, result: np.ndarray) -> None:
    """Write floats into an array of another dtype: integers rounded, and cut to their range."""
    kind = result.dtype.kind
    if kind in "iu":
        np.rint(values, values)
        limits = np.iinfo(result.dtype)
        if limits.bits <= 16:
            np.clip(values, limits.min, limits.max, values)
        else:  # a float32 has no 2**31 - 1
            values = np.clip(values.astype(np.float64), limits.min, limits.max)
    elif kind == "b":
        values = values > 0
    np.copyto(result, values, casting="unsafe")
