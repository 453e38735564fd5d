"""Reductions over axes, running sums, orders."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor
from minikeras.export import loops, sizes
from minikeras.export.elementwise import rsqrt, square, where
from minikeras.export.graph import CannotExport, Graph, Value
from minikeras.export.rules import RULES, rule
from minikeras.export.shapes import filled
from minikeras.export.sizes import is_traced

_BOOL = np.dtype(bool)


def _axes(x: Any, axis: Any) -> list[int]:
    axes = (
        range(x.ndim) if axis is None else (axis,) if isinstance(axis, (int, np.integer)) else axis
    )
    return [int(a) % x.ndim for a in axes]


def _reduction(op: str) -> Any:
    def note(g: Graph, x: Any, axis: Any = None, keepdims: bool = False) -> Value:
        axes = _axes(x, axis)
        wide = g.cast(x, g.working_dtype(op, x.dtype))
        y = g.reduce(op, wide, axes, keepdims)
        ndim = x.ndim if keepdims else x.ndim - len(axes)
        return g.cast(Value(y, wide.dtype, ndim), x.dtype)

    return note


for _name, _op in {
    "sum": "ReduceSum",
    "mean": "ReduceMean",
    "prod": "ReduceProd",
    "max": "ReduceMax",
    "min": "ReduceMin",
    "logsumexp": "ReduceLogSumExp",
}.items():
    RULES[_name] = _reduction(_op)


def _of_booleans(op: str) -> Any:
    def note(g: Graph, x: Any, axis: Any = None, keepdims: bool = False) -> Value:
        numbers = g.cast(x if x.dtype == bool else g.cast(x, bool), np.int32)
        return g.cast(_reduction(op)(g, numbers, axis, keepdims), bool)

    return note


rule("any")(_of_booleans("ReduceMax"))
rule("all")(_of_booleans("ReduceMin"))


@rule("var")
def _var(g: Graph, x: Any, axis: Any = None, keepdims: bool = False) -> Value:
    mean = _reduction("ReduceMean")
    return mean(g, square(g, g.pointwise("Sub", x, mean(g, x, axis, True))), axis, keepdims)


@rule("count_nonzero")
def _count_nonzero(g: Graph, x: Any, axis: Any = None) -> Value:
    return _reduction("ReduceSum")(g, g.cast(g.cast(x, bool), np.int32), axis)


def _place(op: str) -> Any:
    def note(g: Graph, x: Any, axis: Any, keepdims: bool = False) -> Value:
        if x.dtype == bool:
            x = g.cast(x, np.int32)
        ndim = x.ndim
        if axis is None:
            x = Value(g.node("Reshape", x, g.ints(-1)), x.dtype, 1)
        x = g.cast(x, g.working_dtype(op, x.dtype))
        y = g.reduce(op, x, [axis or 0], keepdims and axis is not None)
        if axis is None and keepdims:
            y = g.node("Reshape", y, g.ints(*[1] * ndim))
        return g.cast(Value(y, np.dtype(np.int64), ndim if keepdims else ndim - 1), np.int32)

    return note


RULES["argmax"], RULES["argmin"] = _place("ArgMax"), _place("ArgMin")


# Along an axis.


@rule("cumsum")
def cumsum(g: Graph, x: Any, axis: int) -> Value:
    """Note running sums."""
    wide = g.cast(x, g.working_dtype("CumSum", x.dtype))
    y = g.node("CumSum", wide, np.asarray(axis % x.ndim, np.int64))
    return g.cast(Value(y, wide.dtype, x.ndim), x.dtype)


@rule("cumprod")
def _cumprod(g: Graph, x: Any, axis: int) -> Value:
    """Note running products: each round multiplies by what twice as many places before give."""
    axis %= x.ndim
    n = x.shape[axis]
    if is_traced(n):
        return _running_product(x, axis)
    y, distance = g.cast(x, g.working_dtype("Mul", x.dtype)), 1
    while distance < n:
        before = g.node("Slice", y, g.ints(0), g.ints(n - distance), g.ints(axis))
        pads = [0] * (2 * x.ndim)
        pads[axis] = distance
        before = g.node("Pad", before, g.ints(*pads), np.asarray(1, y.dtype))
        y = g.pointwise("Mul", y, Value(before, y.dtype, x.ndim))
        distance *= 2
    return g.cast(y, x.dtype)


def _running_product(x: Any, axis: int) -> Any:
    """Note running products along an axis of any length: a loop over it."""
    trace = sizes.trace.get()
    shape = (*x.shape[:axis], *x.shape[axis + 1 :])
    ones = filled(trace.graph, np.ones((), x.dtype), shape)
    first = Tensor(trace.array(ones, shape, x.dtype) if isinstance(ones, str) else ones)

    def step(total: Tensor, element: Tensor) -> tuple:
        total = total * element
        return total, total

    return loops.scan(trace, step, first, Tensor(x), axis)[1].array


def sorted_places(g: Graph, x: Any, k: Any, largest: bool, axis: int = -1) -> tuple[Value, Value]:
    """Note the `k` largest or smallest elements along an axis, in order, and their places.

    Of equal elements the first comes first.
    """
    if x.dtype == bool:
        x = g.cast(x, np.int32)
    wide = g.cast(x, g.working_dtype("TopK", x.dtype))
    values, places = g.node("TopK", wide, g.size(k), outputs=2, axis=axis, largest=int(largest))
    return (
        g.cast(Value(values, wide.dtype, x.ndim), x.dtype),
        g.cast(Value(places, np.dtype(np.int64), x.ndim), np.int32),
    )


@rule("argsort", "argpartition")
def _argsort(g: Graph, x: Any, axis: Any = -1, **_: Any) -> Value:
    return sorted_places(g, x, x.shape[axis], False, axis)[1]


@rule("largest")
def _largest(g: Graph, x: Any, k: int) -> Value:
    return sorted_places(g, x, k, True)[1]


@rule("in_top_k")
def _in_top_k(g: Graph, targets: Any, p: Any, k: int) -> Value:
    classes = p.shape[-1]
    targets = g.cast(targets, np.int64)
    inside = g.pointwise(
        "And",
        g.pointwise("GreaterOrEqual", targets, 0, dtype=_BOOL),
        g.pointwise("Less", targets, classes, dtype=_BOOL),
    )
    safe = g.node("Unsqueeze", where(g, inside, targets, 0), g.ints(-1))
    own = Value(g.node("GatherElements", p, safe, axis=-1), p.dtype, p.ndim)
    above = g.cast(g.pointwise("Greater", p, own, dtype=_BOOL), np.int32)
    count = Value(g.reduce("ReduceSum", above, [-1], False), above.dtype, p.ndim - 1)
    finite = RULES["isfinite"](g, Value(g.node("Squeeze", own, g.ints(-1)), p.dtype, p.ndim - 1))
    few = g.pointwise("Less", count, k, dtype=_BOOL)
    return g.pointwise("And", g.pointwise("And", inside, finite), few)


@rule("sparsemax")
def _sparsemax(g: Graph, x: Any, axis: int) -> Value:
    axis %= x.ndim
    n = x.shape[axis]
    if is_traced(n):
        raise CannotExport("the size of the axis must be known")
    ordered, _ = sorted_places(g, x, n, True, axis)
    sums = cumsum(g, ordered, axis)
    shape = [-1 if i == axis else 1 for i in range(x.ndim)]
    k = np.arange(1, n + 1, dtype=x.dtype).reshape(shape)
    reach = g.pointwise("Add", g.pointwise("Mul", ordered, k), 1)
    inside = g.cast(g.pointwise("Greater", reach, sums, dtype=_BOOL), x.dtype)

    def over_axis(v: Value) -> Value:
        return Value(g.reduce("ReduceSum", v, [axis], True), x.dtype, x.ndim)

    support = over_axis(inside)
    total = over_axis(g.pointwise("Mul", ordered, inside))
    tau = g.pointwise("Div", g.pointwise("Sub", total, 1), support)
    return g.pointwise("Max", g.pointwise("Sub", x, tau), 0)


# Normalization.


@rule("affine")
def _affine(g: Graph, x: Any, scale: Any, shift: Any, axis: int) -> Value:
    shape = [1] * x.ndim
    shape[axis] = -1
    scale, shift = [along(g, v, shape) for v in (scale, shift)]
    return g.pointwise("Add", g.pointwise("Mul", x, scale), shift)


def along(g: Graph, v: Any, shape: list) -> Any:
    """Return a vector in a shape in which one size is -1."""
    if isinstance(v, np.ndarray):
        return v.reshape(shape)
    return Value(g.node("Reshape", v, g.ints(*shape)), v.dtype, len(shape))


@rule("layer_normalization_of_last_axes")
def _layer_normalization(
    g: Graph, x: Any, gamma: Any, beta: Any, axes: int, epsilon: float, center: bool
) -> Any:
    if center and gamma is not None:
        return g.node("LayerNormalization", x, gamma, beta, axis=-axes, epsilon=float(epsilon))
    over = list(range(x.ndim - axes, x.ndim))

    def mean(v: Any) -> Value:
        return Value(g.reduce("ReduceMean", v, over, True), x.dtype, x.ndim)

    y = g.pointwise("Sub", x, mean(x)) if center else x
    y = g.pointwise("Mul", y, rsqrt(g, g.pointwise("Add", mean(square(g, y)), epsilon)))
    y = y if gamma is None else g.pointwise("Mul", y, gamma)
    return y if beta is None else g.pointwise("Add", y, beta)
