"""Searching and counting."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import has_values
from minikeras.export import sizes
from minikeras.export.graph import CannotExport, Graph, Value
from minikeras.export.rules import rule

_BOOL, _INT32 = np.dtype(bool), np.dtype(np.int32)


@rule("searchsorted")
def _searchsorted(g: Graph, sequence: Any, values: Any, side: str) -> Value:
    return _count_before(g, sequence, values, side == "right")


@rule("digitize")
def _digitize(g: Graph, x: Any, bins: Any) -> Value:
    if not has_values(bins):
        raise CannotExport("the bins must be known")
    if bins.size and bins[0] > bins[-1]:
        raise CannotExport("the bins must be in ascending order")
    return _count_before(g, bins, x, True)


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
    others = x2.ravel() if isinstance(x2, np.ndarray) else Value(g.node("Reshape", x2, g.ints(-1)), x2.dtype, 1)
    same = g.cast(g.pointwise("Equal", _apart(g, x1), others, dtype=_BOOL), _INT32)
    found = Value(g.reduce("ReduceMax", same, [-1], False), _INT32, x1.ndim)
    found = g.cast(found, bool)
    return g.pointwise("Not", found) if invert else found


@rule("unique")
def _unique(g: Graph, x: Any, asked: tuple, axis: Any, size: Any, fill_value: Any) -> tuple:
    if size is not None or any(asked):
        raise CannotExport("it has the plain unique elements only")
    working = g.working_dtype("Unique", x.dtype)
    name = g.node("Unique", g.cast(x, working), axis=axis, sorted=1)
    values = g.cast(Value(name, working, 1 if axis is None else x.ndim), x.dtype)
    trace = sizes.trace.get()
    count = trace.count_of(values.name, axis or 0)
    shape = [count] if axis is None else [count if a == axis else d for a, d in enumerate(x.shape)]
    return (trace.array(values.name, tuple(shape), x.dtype),)
