"""Searching and counting."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import has_values
from minikeras.autodiff.tensor import Tensor
from minikeras.export import loops, sizes
from minikeras.export.elementwise import where
from minikeras.export.graph import CannotExport, Graph, Value
from minikeras.export.rules import rule
from minikeras.ops.indexing import where as where_op
from minikeras.ops.reductions import any as any_of

_BOOL, _INT32 = np.dtype(bool), np.dtype(np.int32)


@rule("searchsorted")
def _searchsorted(g: Graph, sequence: Any, values: Any, side: str) -> Value:
    return _count_before(g, sequence, values, side == "right")


@rule("digitize")
def _digitize(g: Graph, x: Any, bins: Any) -> Value:
    ascending = _count_before(g, bins, x, True)
    if has_values(bins):
        return ascending if not bins.size or bins[0] <= bins[-1] else _above(g, bins, x)
    first, last = [
        Value(g.node("Gather", bins, np.asarray(i, np.int64)), bins.dtype, 0) for i in (0, -1)
    ]
    rising = g.pointwise("LessOrEqual", first, last, dtype=_BOOL)
    return where(g, rising, ascending, _above(g, bins, x))


def _above(g: Graph, bins: Any, x: Any) -> Value:
    """Count the descending edges above each value."""
    every = Value(g.node("Squeeze", g.size(bins.shape[0])), np.dtype(np.int64), 0)
    return g.pointwise("Sub", g.cast(every, _INT32), _count_before(g, bins, x, True))


def _count_before(g: Graph, sequence: Any, values: Any, equals: bool) -> Value:
    """Count the elements of a sequence that are smaller than each value, or no larger."""
    op = "GreaterOrEqual" if equals else "Greater"
    dtype = np.result_type(sequence.dtype, values.dtype)
    apart = _apart(g, g.cast(values, dtype))
    before = g.cast(g.pointwise(op, apart, g.cast(sequence, dtype), dtype=_BOOL), _INT32)
    return Value(g.reduce("ReduceSum", before, [-1], False), _INT32, values.ndim)


def _apart(g: Graph, x: Any) -> Any:
    """Return values with one more axis at the end."""
    if isinstance(x, np.ndarray):
        return x[..., None]
    return Value(g.node("Unsqueeze", x, g.ints(-1)), x.dtype, x.ndim + 1)


@rule("isin")
def _isin(g: Graph, x1: Any, x2: Any, assume_unique: bool, invert: bool) -> Value:
    others = x2.ravel() if has_values(x2) else Value(g.reshape(x2, [x2.size]), x2.dtype, 1)
    same = g.cast(g.pointwise("Equal", _apart(g, x1), others, dtype=_BOOL), _INT32)
    found = Value(g.reduce("ReduceMax", same, [-1], False), _INT32, x1.ndim)
    found = g.cast(found, bool)
    return g.pointwise("Not", found) if invert else found


@rule("unique")
def _unique(g: Graph, x: Any, asked: tuple, axis: Any, size: Any, fill_value: Any) -> tuple:
    if size is not None:
        raise CannotExport("it has no unique elements of a given number")
    working = x.dtype if x.dtype.kind == "f" else np.dtype(np.int64)
    names = g.node("Unique", g.cast(x, working), axis=axis, sorted=1, outputs=4)
    values = g.cast(Value(names[0], working, 1 if axis is None else x.ndim), x.dtype)
    trace = sizes.trace.get()
    count = trace.count_of(values.name, axis or 0)
    shape = [count] if axis is None else [count if a == axis else d for a, d in enumerate(x.shape)]
    others = [g.cast(Value(n, np.dtype(np.int64), 1), _INT32) for n in names[1:]]
    shapes = [(count,), x.shape if axis is None else (x.shape[axis],), (count,)]
    others[1] = Value(g.reshape(others[1], shapes[1]), _INT32, len(shapes[1]))
    return (
        trace.array(values.name, tuple(shape), x.dtype),
        *[trace.array(o.name, s, _INT32) for o, s, a in zip(others, shapes, asked) if a],
    )


@rule("quantile_places")
def _quantile_places(g: Graph, ordered: Any, q: Any, method: str, skip_nan: bool) -> Any:
    """Note between which of the sorted elements quantiles lie, as `ops.statistics` finds it."""
    double = np.dtype(np.float64)
    single = g.cast(ordered, np.float32)
    missing = g.cast(g.pointwise("IsNaN", single, dtype=_BOOL), _INT32)
    nans = Value(g.reduce("ReduceSum", missing, [-1], True), _INT32, ordered.ndim)
    size = Value(g.node("Squeeze", g.size(ordered.shape[-1])), np.dtype(np.int64), 0)
    n = g.cast(g.pointwise("Sub", size, g.cast(nans, np.int64)), double)
    if skip_nan:
        bad = g.pointwise("Equal", n, 0, dtype=_BOOL)
    else:
        bad = g.pointwise("Greater", nans, 0, dtype=_BOOL)
        n = g.pointwise("Add", g.pointwise("Mul", n, 0), g.cast(size, double))
    flat = q.ravel() if has_values(q) else Value(g.node("Reshape", q, g.ints(-1)), q.dtype, 1)
    place = g.pointwise("Mul", g.pointwise("Sub", n, 1), flat)
    floor, ceil = g.pointwise("Floor", place), g.pointwise("Ceil", place)
    low, high = floor, ceil
    if method == "nearest":
        low = high = g.pointwise("Round", place)
    elif method == "lower":
        high = low
    elif method == "higher":
        low = high
    if method == "linear":
        weight = g.pointwise("Sub", place, floor)
    else:
        between = g.pointwise("Not", g.pointwise("Equal", low, high, dtype=_BOOL))
        weight = g.pointwise("Mul", g.cast(between, double), 0.5)
    ends = [g.cast(where(g, bad, 0, end), np.int64) for end in (low, high)]
    trace = sizes.trace.get()
    shape = (*ordered.shape[:-1], q.size)
    results = [*ends, g.cast(weight, ordered.dtype)]
    arrays = [trace.array(r.name, shape, r.dtype) for r in results]
    return (*arrays, trace.array(bad.name, (*ordered.shape[:-1], 1), bool))


@rule("histogram")
def _histogram(g: Graph, x: Any, bins: int, range: Any) -> Any:
    """Note how many elements lie beyond each edge, and the differences."""
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)
    x = g.cast(x, dtype)
    if range is None:
        low, high = [
            Value(g.reduce(op, x, [0], False), dtype, 0) for op in ("ReduceMin", "ReduceMax")
        ]
        flat = g.pointwise("Equal", low, high, dtype=_BOOL)  # then a range of one around them
        low = where(g, flat, g.pointwise("Sub", low, 0.5), low)
        high = where(g, flat, g.pointwise("Add", high, 0.5), high)
    else:
        low, high = [np.asarray(end, dtype) for end in range]
    shares = np.linspace(0, 1, bins + 1).astype(dtype)
    if range is not None:
        edges: Any = np.linspace(low, high, bins + 1).astype(dtype)
    else:
        edges = g.pointwise("Add", g.pointwise("Mul", g.pointwise("Sub", high, low), shares), low)
    apart = _apart(g, edges)
    # The last edge belongs to the last bin.
    beyond = g.pointwise("LessOrEqual", apart, x, dtype=_BOOL)
    after = g.pointwise("Less", apart, x, dtype=_BOOL)
    last = (np.arange(bins + 1) == bins)[:, None]
    outside = g.cast(where(g, last, after, beyond), _INT32)
    counts = Value(g.reduce("ReduceSum", outside, [-1], False), _INT32, 1)
    first, second = [
        Value(g.node("Slice", counts, g.ints(a), g.ints(b), g.ints(0)), _INT32, 1)
        for a, b in ((0, bins), (1, bins + 1))
    ]
    return g.cast(g.pointwise("Sub", first, second), dtype), edges


@rule("gcd")
def _gcd(g: Graph, x1: Any, x2: Any) -> Any:
    """Note Euclid's algorithm, for all elements together."""
    trace = sizes.trace.get()
    a, b = [Tensor(x) if hasattr(x, "dtype") else Tensor(np.asarray(x)) for x in (x1, x2)]
    zero = a * 0 + b * 0  # of the shape that they have together
    a, b = abs(a) + zero, abs(b) + zero
    found, _ = loops.repeat_while(
        trace,
        lambda a, b: any_of(b != 0),
        lambda a, b: (where_op(b == 0, a, b), where_op(b == 0, b, a % where_op(b == 0, 1, b))),
        (a, b),
        None,
    )
    return found.array


@rule("lcm")
def _lcm(g: Graph, x1: Any, x2: Any) -> Any:
    a, b = [Tensor(x) if hasattr(x, "dtype") else Tensor(np.asarray(x)) for x in (x1, x2)]
    divisor = Tensor(_gcd(g, x1, x2))
    safe = where_op(divisor == 0, 1, divisor)
    return abs(a // safe * b).array


@rule("ctc_decode")
def _ctc_decode(g: Graph, *_: Any, **__: Any) -> Any:
    raise CannotExport("how long the labels are depends on values")
