"""Complex numbers, as far as Fourier transforms need them: pairs along one more axis at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.export.graph import CannotExport, Graph, Value
from minikeras.export.products import matmul
from minikeras.export.rules import rule
from minikeras.export.shapes import filled
from minikeras.export.sizes import is_traced


@rule("make_complex")
def _make_complex(g: Graph, re: Any, im: Any) -> str:
    dtype = np.float64 if np.float64 in (re.dtype, im.dtype) else np.float32
    parts = [g.node("Unsqueeze", g.cast(p, dtype), g.ints(-1)) for p in (re, im)]
    return g.node("Concat", *parts, axis=-1)


def _part(g: Graph, z: str, i: int) -> str:
    return g.node("Gather", z, np.asarray(i, np.int64), axis=-1)


@rule("real")
def _real(g: Graph, x: Any) -> Any:
    return _part(g, g.name(x), 0) if x.dtype.kind == "c" else x


@rule("imag")
def _imag(g: Graph, x: Any) -> Any:
    if x.dtype.kind != "c":
        return filled(g, np.zeros((), x.dtype), x.shape)
    return _part(g, g.name(x), 1)


@rule("conj", "conjugate")
def _conj(g: Graph, x: Any) -> Any:
    return _conjugate(g, g.name(x), x.dtype) if x.dtype.kind == "c" else x


def _conjugate(g: Graph, z: str, dtype: np.dtype) -> str:
    return g.node("Mul", z, np.array([1, -1], _real_dtype(dtype)))


def _real_dtype(dtype: np.dtype) -> np.dtype:
    return np.dtype(np.float64 if dtype == np.complex128 else np.float32)


def _transform(
    g: Graph, x: Any, axis: int, n: int | None = None, inverse: bool = False, onesided: bool = False
) -> str:
    """Note a discrete Fourier transform of pairs along an axis."""
    options = {"inverse": int(inverse), "onesided": int(onesided)}
    length = None if n is None else g.node("Squeeze", g.size(n))
    if g.opset < 20:
        return g.node("DFT", x, length, axis=axis, **options)
    return g.node("DFT", x, length, np.asarray(axis, np.int64), **options)


def _over(axes: Sequence[int], inverse: bool = False) -> Any:
    """The rule of a transform over the last axes."""

    def note(g: Graph, z: Any) -> str:
        y = g.name(z)
        for axis in axes:
            y = _transform(g, y, z.ndim + axis, inverse=inverse)
        return y

    return note


rule("fft")(_over([-1]))
rule("fft2")(_over([-1, -2]))
rule("ifft2")(_over([-1, -2], inverse=True))


@rule("rfft")
def _rfft(g: Graph, x: Any, n: int) -> str:
    wide = x if x.dtype == np.float64 else g.cast(x, np.float32)
    pairs = g.node("Unsqueeze", wide, g.ints(-1))
    return _transform(g, pairs, x.ndim - 1, n, onesided=True)


@rule("irfft")
def _irfft(g: Graph, z: Any, n: int) -> str:
    """Note a transform back: the frequencies that are missing are the others', conjugated."""
    m = z.shape[-1]
    if is_traced(m) or is_traced(n):
        raise CannotExport("the number of frequencies must be known")
    axis, wanted = z.ndim - 1, n // 2 + 1
    given = g.name(z)
    if m > wanted:
        given = g.node("Slice", given, g.ints(0), g.ints(wanted), g.ints(axis))
    elif m < wanted:
        pads = [0] * (2 * (z.ndim + 1))
        pads[z.ndim + 1 + axis] = wanted - m
        given = g.node("Pad", given, g.ints(*pads), np.zeros((), _real_dtype(z.dtype)))
    mirrored = np.arange(n - wanted, 0, -1)
    if mirrored.size:
        others = _conjugate(g, g.node("Gather", given, mirrored, axis=axis), z.dtype)
        given = g.node("Concat", given, others, axis=axis)
    return _part(g, _transform(g, given, axis, inverse=True), 0)


@rule("overlap_add")
def _overlap_add(g: Graph, x: Any, places: np.ndarray, total: int) -> Any:
    """Note a sum of overlapping frames as a product with a matrix of zeros and ones."""
    matrix = np.zeros((total, places.size), x.dtype)
    matrix[places.ravel(), np.arange(places.size)] = 1
    flat = g.reshape(x, (places.size, x.shape[-1]))
    return matmul(g, matrix, Value(flat, x.dtype, 2))
