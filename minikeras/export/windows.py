"""What slides windows over images: convolutions, pooling, interpolation.

Our images have their channels last, ONNX's first: each operator stands between two transpositions, of
which most meet their inverse (`graph.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.export.elementwise import activated
from minikeras.export.graph import CannotExport, Graph, Value
from minikeras.export.products import matmul
from minikeras.export.rules import rule
from minikeras.export.sizes import is_traced
from minikeras.kernels.windows import Window, window


def _channels_first(g: Graph, x: Any) -> str:
    return g.transpose(g.name(x), (0, x.ndim - 1, *range(1, x.ndim - 1)))


def _channels_last(g: Graph, y: str, dtype: np.dtype, ndim: int) -> Value:
    return Value(g.transpose(y, (0, *range(2, ndim), 1)), dtype, ndim)


def _placed(w: Window) -> dict:
    """Return the attributes that say how windows lie."""
    attributes = {"kernel_shape": w.kernel, "strides": w.strides, "dilations": w.dilation}
    if w.padding == "same" and any(map(is_traced, w.size)):
        return {**attributes, "auto_pad": "SAME_UPPER"}
    if any(is_traced(p) for pair in w.pads for p in pair):
        raise CannotExport("with this padding the sizes of images must be known")
    return {**attributes, "pads": [a for a, _ in w.pads] + [b for _, b in w.pads]}


def _finished(g: Graph, y: Value, activation: Any, dtype: np.dtype) -> Any:
    return activated(g, g.cast(y, dtype), activation)


def _prepared(g: Graph, op: str, *xs: Any) -> tuple:
    working = g.working_dtype(op, xs[0].dtype)
    return working, [x if x is None else g.cast(x, working) for x in xs]


@rule("conv")
def _conv(
    g: Graph,
    x: Any,
    kernel: Any,
    bias: Any,
    strides: tuple,
    padding: Any,
    dilation: tuple,
    groups: int,
    activation: Any,
) -> Any:
    w = window(tuple(x.shape[1:-1]), tuple(kernel.shape[:-2]), strides, padding, dilation)
    n = x.ndim
    return _convolved(
        g, x, kernel, bias, w, (n - 1, n - 2, *range(n - 2)), None, groups, activation
    )


@rule("depthwise_conv")
def _depthwise_conv(
    g: Graph,
    x: Any,
    kernel: Any,
    bias: Any,
    strides: tuple,
    padding: Any,
    dilation: tuple,
    activation: Any,
) -> Any:
    w = window(tuple(x.shape[1:-1]), tuple(kernel.shape[:-2]), strides, padding, dilation)
    n = x.ndim
    channels, multiplier = kernel.shape[-2:]
    shape = channels * multiplier, 1, *w.kernel
    order = n - 2, n - 1, *range(n - 2)
    return _convolved(g, x, kernel, bias, w, order, shape, channels, activation)


def _convolved(
    g: Graph,
    x: Any,
    kernel: Any,
    bias: Any,
    w: Window,
    order: tuple,
    shape: tuple | None,
    groups: int,
    activation: Any,
) -> Any:
    """Note a convolution.

    Args:
        w: its windows.
        order: that of the kernel's axes in ONNX.
        shape: that of the kernel then, if it is another.
        groups: number of groups.
    """
    working, (image, weights, vector) = _prepared(g, "Conv", x, kernel, bias)
    weights = _ordered(g, weights, kernel, order, shape)
    y = g.node("Conv", _channels_first(g, image), weights, vector, group=groups, **_placed(w))
    return _finished(g, _channels_last(g, y, working, x.ndim), activation, x.dtype)


def _ordered(g: Graph, weights: Any, given: Any, order: tuple, shape: tuple | None = None) -> Any:
    """Return a kernel with its axes in another order, under its own name if it is a weight."""
    if not isinstance(weights, np.ndarray):
        weights = g.transpose(weights, order)
        return weights if shape is None else g.reshape(weights, shape)
    weights = np.ascontiguousarray(weights.transpose(order))
    return g.weight(given, weights if shape is None else weights.reshape(shape))


@rule("conv_transpose")
def _conv_transpose(g: Graph, x: Any, kernel: Any, bias: Any, w: Window, activation: Any) -> Any:
    working, (image, weights, vector) = _prepared(g, "ConvTranspose", x, kernel, bias)
    n = x.ndim
    # What Keras wants beyond the last window is zeros (and the bias).
    beyond = [max(-high, 0) for _, high in w.pads]
    y = g.node(
        "ConvTranspose",
        _channels_first(g, image),
        _ordered(g, weights, kernel, (n - 1, n - 2, *range(n - 2))),
        vector if not any(beyond) else None,
        kernel_shape=w.kernel,
        strides=w.strides,
        dilations=w.dilation,
        pads=[low for low, _ in w.pads] + [max(high, 0) for _, high in w.pads],
    )
    result = _channels_last(g, y, working, n)
    if any(beyond):
        width = [(0, 0), *[(0, b) for b in beyond], (0, 0)]
        result = Value(g.padded(result, width, np.zeros((), working)), working, n)
        result = result if vector is None else g.pointwise("Add", result, vector)
    return _finished(g, result, activation, x.dtype)


def _pooled(g: Graph, op: str, x: Any, w: Window, **attributes: Any) -> Value:
    working = g.working_dtype(op, x.dtype)
    placed = {k: v for k, v in _placed(w).items() if k != "dilations"}
    y = g.node(op, _channels_first(g, g.cast(x, working)), **placed, **attributes)
    return g.cast(_channels_last(g, y, working, x.ndim), x.dtype)


@rule("max_pool")
def _max_pool(g: Graph, x: Any, w: Window) -> Value:
    if x.dtype.kind in "iu":  # ONNX Runtime pools floats, which hold int32 in double precision
        return g.cast(_max_pool(g, g.cast(x, np.float64), w), x.dtype)
    return _pooled(g, "MaxPool", x, w)


@rule("average_pool")
def _average_pool(g: Graph, x: Any, w: Window) -> Value:
    return _pooled(g, "AveragePool", x, w, count_include_pad=0)


@rule("global_average")
def _global_average(g: Graph, x: Any) -> str:
    return g.reduce("ReduceMean", x, range(1, x.ndim - 1), False)


@rule("interpolate")
def _interpolate(g: Graph, x: Any, factors: tuple, kind: str) -> Any:
    """Note interpolation as it is computed here, a product with a matrix for each axis."""
    if any(map(is_traced, x.shape[1:3])):
        return _resized(g, x, factors, kind)
    from minikeras.kernels.resize import interpolation

    y: Any = x
    for axis, factor in enumerate(factors, 1):
        size = x.shape[axis]
        matrix = interpolation(kind, size, size * factor).in_dtype(np.dtype(x.dtype))
        order = [0, 1, 2, 3]
        order[axis], order[3] = 3, axis
        moved = Value(g.transpose(g.name(y), order), x.dtype, 4)
        y = Value(g.transpose(matmul(g, moved, matrix.T).name, order), x.dtype, 4)
    return y


def _resized(g: Graph, x: Any, factors: tuple, kind: str) -> Value:
    """Note interpolation of images of any size."""
    if kind not in ("bilinear", "bicubic"):
        raise CannotExport(f"interpolation={kind!r} needs images of known size")
    working = g.working_dtype("Resize", x.dtype)
    scales = np.array([1, 1, *factors], np.float32)
    options: dict = {"mode": "linear"}
    if kind == "bicubic":
        options = {"mode": "cubic", "cubic_coeff_a": -0.5, "exclude_outside": 1}
    y = g.node("Resize", _channels_first(g, g.cast(x, working)), None, scales, **options)
    return g.cast(_channels_last(g, y, working, 4), x.dtype)


@rule("patches")
def _patches(g: Graph, x: Any, at: tuple, into: tuple) -> str:
    rows, columns = np.broadcast_arrays(*at)
    flat = g.reshape(x, (*x.shape[:2], x.shape[2] * x.shape[3]))
    return g.node("Gather", flat, (rows * x.shape[3] + columns).astype(np.int64), axis=2)


@rule("add_patches")
def _add_patches(g: Graph, x: Any, at: tuple, into: tuple) -> Any:
    """Note a sum of patches as a product with a matrix of ones, one for each element of a patch."""
    rows, columns = np.broadcast_arrays(*at)
    places = (rows * into[1] + columns).ravel()
    matrix = np.zeros((places.size, into[0] * into[1]), x.dtype)
    matrix[np.arange(places.size), places] = 1
    flat = Value(g.reshape(x, (*x.shape[:2], places.size)), x.dtype, 3)
    return g.reshape(matmul(g, flat, matrix), (*x.shape[:2], *into))
