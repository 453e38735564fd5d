"""Shapes, joining, padding, picking elements, new tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import ArraySpec
from minikeras.export import sizes
from minikeras.export.elementwise import where
from minikeras.export.graph import CannotExport, Graph, Value
from minikeras.export.rules import RULES, rule
from minikeras.export.sizes import is_traced, same_size

_BOOL = np.dtype(bool)
_INT64 = np.dtype(np.int64)


def _array(x: Any, name: str, shape: Sequence[int]) -> ArraySpec:
    """Return a result whose shape is told here."""
    return sizes.trace.get().array(name, tuple(shape), x.dtype)


@rule("reshape")
def _reshape(g: Graph, x: Any, newshape: Sequence[int]) -> Any:
    shape = [newshape] if isinstance(newshape, (int, np.integer)) else list(newshape)
    if -1 in shape:
        rest = math.prod([d for d in shape if d != -1])
        shape[shape.index(-1)] = x.size // rest if rest else 0
    return _array(x, g.reshape(x, shape), shape)


@rule("transpose")
def _transpose(g: Graph, x: Any, axes: Any = None) -> str:
    return g.transpose(x, range(x.ndim)[::-1] if axes is None else axes)


@rule("broadcast_to")
def _broadcast_to(g: Graph, x: Any, newshape: Sequence[int]) -> Any:
    own = (None,) * (len(newshape) - x.ndim) + tuple(x.shape)
    shape = [n if d == -1 else d for d, n in zip(newshape, own)]
    return _array(x, g.node("Expand", x, g.shape(shape)), shape)


@rule("flip")
def _flip(g: Graph, x: Any, axis: Any = None) -> str:
    axes = range(x.ndim) if axis is None else np.ravel(axis)
    return flip(g, x, [int(a) % x.ndim for a in axes])


def flip(g: Graph, x: Any, axes: Sequence[int]) -> str:
    """Note elements in reversed order along axes."""
    n = len(axes)
    ends = [np.iinfo(np.int64).min] * n
    return g.node("Slice", x, g.ints(*[-1] * n), g.ints(*ends), g.ints(*axes), g.ints(*[-1] * n))


@rule("roll")
def _roll(g: Graph, x: Any, shift: Any, axis: Any = None) -> str:
    if axis is None:
        flat = Value(g.node("Reshape", x, g.ints(-1)), x.dtype, 1)
        return g.reshape(_rolled(g, flat, int(np.sum(shift)), 0, x.size), x.shape)
    pairs = np.broadcast(shift, axis)
    for s, a in pairs:
        x = _array(x, _rolled(g, x, int(s), int(a) % x.ndim, x.shape[int(a)]), x.shape)
    return x


def _rolled(g: Graph, x: Any, shift: int, axis: int, n: int) -> str:
    place = -shift % n if n else 0  # of the element that comes first
    if place == 0 and not is_traced(place):
        return g.node("Identity", x)
    cut = g.size(place)
    end = g.ints(np.iinfo(np.int64).max)
    last = g.node("Slice", x, cut, end, g.ints(axis))
    first = g.node("Slice", x, g.ints(0), cut, g.ints(axis))
    return g.node("Concat", last, first, axis=axis)


# Joining.


@rule("concatenate")
def _concatenate(g: Graph, *xs: Any, axis: int) -> Any:
    return g.joined(xs, axis % xs[0].ndim)


@rule("stack")
def _stack(g: Graph, *xs: Any, axis: int) -> str:
    parts = [
        np.expand_dims(x, axis)
        if isinstance(x, np.ndarray)
        else g.node("Unsqueeze", x, g.ints(axis))
        for x in xs
    ]
    return g.node("Concat", *parts, axis=axis)


@rule("tile")
def _tile(g: Graph, x: Any, repeats: Sequence[int]) -> str:
    if len(repeats) > x.ndim:
        x = g.reshape(x, (1,) * (len(repeats) - x.ndim) + tuple(x.shape))
    return g.node("Tile", x, g.shape(repeats))


@rule("upsample")
def _upsample(g: Graph, x: Any, factors: tuple) -> str:
    """Note repeated pixels: each becomes an axis of its own, which is made longer."""
    pairs = [d for size in x.shape[1:-1] for d in (size, 1)]
    apart = g.reshape(x, (x.shape[0], *pairs, x.shape[-1]))
    tiled = g.node("Tile", apart, g.ints(1, *[f for k in factors for f in (1, k)], 1))
    spatial = [d * f for d, f in zip(x.shape[1:-1], factors)]
    return g.reshape(tiled, (x.shape[0], *spatial, x.shape[-1]))


@rule("pad")
def _pad(g: Graph, x: Any, width: tuple, mode: str, value: Any) -> Any:
    if mode == "constant":
        fill = np.asarray(0 if value is None else value)
        if not isinstance(fill, np.ndarray) or fill.ndim:
            return NotImplemented
        return _array(
            x,
            g.padded(x, width, fill.astype(x.dtype)),
            [a + d + b for d, (a, b) in zip(x.shape, width)],
        )
    y = x
    for axis, (a, b) in enumerate(width):
        if a or b:
            n = x.shape[axis]
            if is_traced(n):
                raise CannotExport(f"mode={mode!r} needs an axis of known size")
            y = g.node("Gather", y, np.pad(np.arange(n), (a, b), mode=mode), axis=axis)
    return y if isinstance(y, str) else g.node("Identity", y)


# Indexing.


@rule("get_item")
def _get_item(g: Graph, x: Any, key: Any) -> Any:
    keys = _spelled_out(x, key)
    shape: list[Any] = []
    starts, stops, axes, steps = [], [], [], []
    advanced: dict[int, Any] = {}  # indices that are arrays, by the axis of the sliced tensor
    squeezed, unsqueezed = [], []
    axis = 0  # of x
    places = []  # of what arrays pick, among the other axes of the result
    arrays = any(isinstance(k, (np.ndarray, ArraySpec)) for k in keys)
    for k in keys:
        if k is None:
            unsqueezed.append(len(shape))
            shape.append(1)
            continue
        n = x.shape[axis]
        if isinstance(k, slice):
            start, stop, step, length = _slice_of(k, n)
            if (start, stop, step) != (0, None, 1):
                starts.append(start)
                stops.append(np.iinfo(np.int64).max if stop is None else stop)
                axes.append(axis)
                steps.append(step)
            shape.append(length)
        elif isinstance(k, (int, np.integer)) and not arrays:
            starts.append(k)
            stops.append(np.iinfo(np.int64).max if k == -1 else k + 1)
            axes.append(axis)
            steps.append(1)
            squeezed.append(axis)
        else:
            places.append((axis, len(shape)))
            advanced[axis] = np.asarray(k) if isinstance(k, (int, np.integer)) else k
        axis += 1
    y: Any = x
    if axes:
        y = g.node("Slice", y, g.shape(starts), g.shape(stops), g.ints(*axes), g.ints(*steps))
    if squeezed:
        y = g.node("Squeeze", y, g.ints(*squeezed))
    if advanced:
        y, shape = _picked(g, y, advanced, shape, places, unsqueezed)
    elif unsqueezed:
        y = g.node("Unsqueeze", y, g.ints(*unsqueezed))
    return x if y is x else _array(x, g.name(y), shape)


def _spelled_out(x: Any, key: Any) -> list:
    """Return one key an axis, besides None; masks become indices."""
    keys: list[Any] = []
    for k in key if type(key) is tuple else (key,):
        if isinstance(k, (list, np.generic)):
            k = np.asarray(k)
        if isinstance(k, np.ndarray) and k.dtype == bool:
            keys += np.nonzero(k)
        elif isinstance(k, ArraySpec) and k.dtype == bool:
            keys += RULES["nonzero"](sizes.trace.get().graph, k)
        elif isinstance(k, np.ndarray) and k.ndim == 0:
            keys.append(int(k))
        else:
            keys.append(k)
    whole = [i for i, k in enumerate(keys) if k is Ellipsis] or [len(keys)]
    rest = x.ndim - len([k for k in keys if k is not None and k is not Ellipsis])
    if rest < 0:
        raise IndexError(f"{key} has too many indices for shape {x.shape}.")
    keys[whole[0] : whole[0] + 1] = [slice(None)] * rest
    return keys


def _slice_of(k: slice, n: int) -> tuple:
    """Return start, stop (None for the end) and step of a slice of an axis, and how many it takes."""
    step = 1 if k.step is None else int(k.step)
    if not is_traced(n) and not is_traced(k.start) and not is_traced(k.stop):
        taken = range(n)[k]
        if step > 0:
            return taken.start, (None if taken.stop >= n else taken.stop), step, len(taken)
        stop = taken.stop if taken.stop >= 0 else np.iinfo(np.int64).min
        return taken.start, stop, step, len(taken)
    if step < 0:
        if k.start is None and k.stop is None:
            return -1, np.iinfo(np.int64).min, step, -(-n // -step)
        raise CannotExport("a slice that goes backwards needs an axis of known size")
    start = 0 if k.start is None else k.start
    stop = n if k.stop is None else k.stop
    # Numbers count from the end if they are negative. What is cut off beyond the end is not foreseen.
    first = start if start >= 0 else n + start
    last = min(stop if stop >= 0 else n + stop, n)
    length = -((first - last) // step) if last > first else 0
    return start, None if k.stop is None or same_size(stop, n) else stop, step, length


def _picked(
    g: Graph, y: Any, advanced: dict, shape: list, places: list, unsqueezed: list
) -> tuple[str, list]:
    """Note elements at places that arrays tell, one array for each of some axes."""
    if unsqueezed:
        raise CannotExport("arrays beside None as indices")
    axes = list(advanced)
    indices = [advanced[a] for a in axes]
    picked: tuple = ()
    for i in indices:
        picked = broadcast(picked, i.shape)
    together = axes[-1] - axes[0] == len(axes) - 1
    at = places[0][1] if together else 0
    result = [*shape[:at], *picked, *shape[at:]]
    ndim = len(shape) + len(axes)
    if len(axes) == 1:
        return g.node("Gather", y, _as_index(g, indices[0]), axis=axes[0]), result
    others = [a for a in range(ndim) if a not in axes]
    front = g.transpose(g.name(y), axes + others)
    columns = [
        g.node("Unsqueeze", g.node("Expand", _as_index(g, i), g.shape(picked)), g.ints(-1))
        for i in indices
    ]
    # Negative indices count from the end, for GatherND as well.
    y = g.node("GatherND", front, g.node("Concat", *columns, axis=-1))
    n = len(picked)
    order = [*range(n, n + at), *range(n), *range(n + at, n + len(others))]
    return g.transpose(y, order), result


def _as_index(g: Graph, i: Any) -> Any:
    return i.astype(np.int64) if isinstance(i, np.ndarray) else g.cast(i, np.int64)


def broadcast(a: Sequence[int], b: Sequence[int]) -> tuple:
    """Broadcast two shapes whose sizes may be traced."""
    n = max(len(a), len(b))
    a, b = (1,) * (n - len(a)) + tuple(a), (1,) * (n - len(b)) + tuple(b)
    return tuple([q if p == 1 and not is_traced(p) else p for p, q in zip(a, b)])


@rule("take")
def _take(g: Graph, x: Any, indices: Any, axis: Any) -> str:
    indices = indices if hasattr(indices, "dtype") else np.asarray(indices)
    if isinstance(x, np.ndarray) and axis is None:
        x = x.ravel()
    elif axis is None:
        x = g.node("Reshape", x, g.ints(-1))
    return g.node("Gather", x, _as_index(g, indices), axis=axis or 0)


@rule("embedding")
def _embedding(g: Graph, table: Any, indices: Any) -> Any:
    name = g.node("Gather", table, indices if indices.dtype.kind == "i" else _as_index(g, indices))
    return _array(table, name, (*indices.shape, table.shape[1]))


@rule("take_along_axis")
def _take_along_axis(g: Graph, x: Any, indices: Any, axis: int) -> str:
    return g.node("GatherElements", x, _as_index(g, indices), axis=axis)


@rule("nonzero")
def _nonzero(g: Graph, x: Any) -> tuple:
    places = g.node("NonZero", x)
    rows = g.node("Split", places, axis=0, num_outputs=x.ndim, outputs=x.ndim)
    rows = [rows] if isinstance(rows, str) else rows
    trace = sizes.trace.get()
    names = [g.cast(Value(g.node("Squeeze", r, g.ints(0)), _INT64, 1), np.int32).name for r in rows]
    count = trace.count_of(names[0], 0)
    return tuple([trace.array(n, (count,), np.int32) for n in names])


@rule("unravel_index")
def _unravel_index(g: Graph, indices: Any, shape: tuple) -> tuple:
    flat = g.cast(indices, np.int64)
    total = math.prod(shape)
    flat = where(
        g, g.pointwise("Less", flat, 0, dtype=_BOOL), g.pointwise("Add", flat, total), flat
    )
    results: list[Any] = []
    for n in reversed(shape):
        results.append(g.cast(g.pointwise("Mod", flat, int(n)), indices.dtype))
        flat = g.pointwise("Div", flat, int(n))
    return tuple([r.name for r in results[::-1]])


@rule("diagonal")
def _diagonal(g: Graph, x: Any, offset: int, axis1: int, axis2: int) -> str:
    axis1, axis2 = axis1 % x.ndim, axis2 % x.ndim
    rows, columns = x.shape[axis1], x.shape[axis2]
    if is_traced(rows) or is_traced(columns):
        raise CannotExport("the matrices' sizes must be known")
    rest = [i for i in range(x.ndim) if i not in (axis1, axis2)]
    moved = g.transpose(g.name(x), [*rest, axis1, axis2])
    flat = g.reshape(moved, (*[x.shape[i] for i in rest], rows * columns))
    places = np.diagonal(np.arange(rows * columns).reshape(rows, columns), offset)
    return g.node("Gather", flat, places, axis=len(rest))


def _triangle(upper: int) -> Any:
    def note(g: Graph, x: Any, k: int) -> Value:
        wide = (
            x if x.dtype.itemsize >= 4 and x.dtype.kind == "f" else g.cast(x, _HOLDS[x.dtype.kind])
        )
        y = g.node("Trilu", wide, np.asarray(k, np.int64), upper=upper)
        return g.cast(Value(y, wide.dtype, x.ndim), x.dtype)

    return note


_HOLDS = {"f": np.float32, "i": np.int64, "u": np.int64, "b": np.int64}
RULES["tril"], RULES["triu"] = _triangle(0), _triangle(1)


# Putting elements in place.


@rule("update")
def _update(g: Graph, x: Any, updates: Any, key: Any) -> Value:
    """Note updates made as large as the whole, and a choice between the two."""
    inside, pads = np.ones((1,) * x.ndim, bool), []
    for axis, k in enumerate(key):
        n = x.shape[axis]
        if not isinstance(k, (slice, int)):
            raise CannotExport("the place must be known")
        part = slice(k, k + 1 or None) if isinstance(k, int) else k
        if is_traced(n):
            if part.indices(int(n)) != (0, int(n), 1):
                raise CannotExport("a part of an axis of unknown size")
            pads.append((0, 0))
            continue
        start, stop, _ = part.indices(n)
        pads.append((start, n - stop))
        updated = np.zeros(n, bool)
        updated[part] = True
        inside = inside & updated.reshape([-1 if i == axis else 1 for i in range(x.ndim)])
    single = [axis for axis, k in enumerate(key) if isinstance(k, int)]
    if single:
        updates = Value(g.node("Unsqueeze", updates, g.ints(*single)), updates.dtype, x.ndim)
    full = g.padded(updates, pads, np.zeros((), x.dtype))
    return where(g, inside, Value(full, x.dtype, x.ndim), x)


@rule("scatter_update")
def _scatter_update(g: Graph, x: Any, updates: Any, indices: Any) -> str:
    return g.node("ScatterND", x, _as_index(g, indices), updates)


@rule("scatter")
def _scatter(g: Graph, x: Any, indices: Any, into: tuple) -> str:
    return scattered(g, x, _as_index(g, indices), into, "add", 0)


def scattered(
    g: Graph, x: Any, indices: Any, into: Sequence[int], reduction: str, start: Any
) -> str:
    """Note values combined at places, given as rows of indices, from `start` everywhere on."""
    wide = g.cast(x, g.working_dtype("ScatterND", x.dtype))
    y = g.node(
        "ScatterND",
        filled(g, np.asarray(start, wide.dtype), into),
        indices,
        wide,
        reduction=reduction,
    )
    return g.cast(Value(y, wide.dtype, len(into)), x.dtype).name


@rule("put")
def _put(g: Graph, x: Any, key: Any, into: tuple) -> str:
    keys = key if isinstance(key, tuple) else (key,)
    if len(keys) != len(into) or not all(isinstance(k, np.ndarray) for k in keys):
        raise CannotExport("only elements at known places are put")
    return scattered(
        g, x, np.stack(np.broadcast_arrays(*keys), -1).astype(np.int64), into, "add", 0
    )


def _segments(reduction: str, start: Any) -> Any:
    def note(g: Graph, ids: Any, x: Any, n: int) -> str:
        ids = g.cast(ids, np.int64)
        # Rows of no segment go to one more at the end, which is left out.
        inside = g.pointwise(
            "And",
            g.pointwise("GreaterOrEqual", ids, 0, dtype=_BOOL),
            g.pointwise("Less", ids, n, dtype=_BOOL),
        )
        ids = g.node("Unsqueeze", where(g, inside, ids, n), g.ints(-1))
        y = scattered(g, x, ids, (n + 1, *x.shape[1:]), reduction, start(x.dtype))
        return g.node("Slice", y, g.ints(0), g.ints(n), g.ints(0))

    return note


def _end(sign: int) -> Any:
    def value(dtype: np.dtype) -> Any:
        if dtype.kind == "f":
            return sign * np.inf
        info = np.iinfo(dtype)
        return info.max if sign > 0 else info.min

    return value


RULES["segment_sum"] = _segments("add", lambda dtype: 0)
RULES["segment_prod"] = _segments("mul", lambda dtype: 1)
RULES["segment_max"] = _segments("max", _end(-1))
RULES["segment_min"] = _segments("min", _end(1))


# New tensors.


def filled(g: Graph, value: Any, shape: Sequence[int]) -> Any:
    """Return a tensor of one value."""
    if not any(map(is_traced, shape)) and isinstance(value, np.ndarray):
        return np.broadcast_to(value, shape).copy()
    return g.node("Expand", value, g.shape(shape))


def _like(value: Any) -> Any:
    return lambda g, x, dtype: filled(g, np.asarray(value, dtype), x.shape)


RULES["zeros_like"], RULES["ones_like"] = _like(0), _like(1)


@rule("full_like")
def _full_like(g: Graph, x: Any, value: Any, dtype: Any) -> Any:
    return filled(
        g, g.cast(value, dtype) if hasattr(value, "dtype") else np.asarray(value, dtype), x.shape
    )


@rule("zeros", "full")
def _full(g: Graph, value: Any = None, *, shape: tuple, dtype: Any) -> Any:
    value = np.zeros((), dtype) if value is None else g.cast(value, dtype)
    return filled(g, value, shape)


@rule("arange")
def _arange(g: Graph, *, first: Any, by: Any, count: int, dtype: Any) -> Value:
    return g.cast(counted(g, first, by, count), dtype)


def counted(g: Graph, first: Any, by: Any, count: int) -> Value:
    """Return `count` numbers, evenly spaced."""
    n = g.node("Squeeze", g.size(count))
    numbers = Value(g.node("Range", np.asarray(0, np.int64), n, np.asarray(1, np.int64)), _INT64, 1)
    first, by = np.asarray(first), np.asarray(by)
    y = g.cast(numbers, first.dtype)
    y = y if by == 1 else g.pointwise("Mul", y, by)
    return y if first == 0 else g.pointwise("Add", y, first)


@rule("tri")
def _tri(g: Graph, *, rows: int, columns: int, k: int, dtype: Any) -> Value:
    row, column = _grid(g, rows, columns)
    return g.cast(
        g.pointwise("LessOrEqual", column, g.pointwise("Add", row, k), dtype=_BOOL), dtype
    )


@rule("eye")
def _eye(g: Graph, *, rows: int, columns: int, k: int, dtype: Any) -> Value:
    row, column = _grid(g, rows, columns)
    return g.cast(g.pointwise("Equal", column, g.pointwise("Add", row, k), dtype=_BOOL), dtype)


def _grid(g: Graph, rows: int, columns: int) -> tuple[Value, Value]:
    zero, one = np.asarray(0, np.int64), np.asarray(1, np.int64)
    row, column = counted(g, zero, one, rows), counted(g, zero, one, columns)
    return Value(g.node("Unsqueeze", row, g.ints(1)), _INT64, 2), column


@rule("one_hot")
def _one_hot(g: Graph, x: Any, classes: int, axis: int, dtype: Any) -> Any:
    axis %= x.ndim + 1
    shape = [1] * (x.ndim + 1)
    shape[axis] = classes
    labels = Value(g.node("Unsqueeze", x, g.ints(axis)), x.dtype, x.ndim + 1)
    return g.cast(
        g.pointwise("Equal", labels, np.arange(classes, dtype=x.dtype).reshape(shape), dtype=_BOOL),
        dtype,
    )


@rule("linspace")
def _linspace(g: Graph, start: Any, stop: Any, num: int, endpoint: bool, axis: int) -> Value:
    ndim = max(start.ndim, stop.ndim)
    axis %= ndim + 1
    shares = np.arange(num) / max(num - 1 if endpoint else num, 1)
    shares = shares.astype(start.dtype).reshape([-1 if i == axis else 1 for i in range(ndim + 1)])

    def apart(v: Any) -> Any:
        """Return values with one more axis, along which they are spaced."""
        shape = (1,) * (ndim - v.ndim) + tuple(v.shape)
        if isinstance(v, np.ndarray):
            return np.expand_dims(v.reshape(shape), axis)
        name = v if v.ndim == ndim else g.reshape(v, shape)
        return Value(g.node("Unsqueeze", name, g.ints(axis)), v.dtype, ndim + 1)

    start, stop = apart(start), apart(stop)
    return g.pointwise("Add", g.pointwise("Mul", g.pointwise("Sub", stop, start), shares), start)
