"""GELU, `x * Phi(x)` with the normal distribution's Phi (Hendrycks & Gimpel, 2016), and its slope.

The slope is computed along with the result: both need the same exponential or tanh, and all that is left to
do backwards is a product. Blocks stay in a core's cache, on several threads.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minikeras.kernels import parallel

_BLOCK = 1 << 16
"""Elements of a block: four of them, in float32, fill a core's cache."""
_FEW = 1 << 9
"""Elements up to which the plain formula takes less time than the many steps of the fast one."""
_MANY = 1 << 18
"""Elements from which a product pays on several threads."""

_ROOT = math.sqrt(2 / math.pi)
_CUBIC = 0.044715
_FARTHEST = np.float32(30)
"""Beyond it a float32 cannot tell Phi from 0 or 1."""
_SHIFT = np.float32(3.6)
_COEFFICIENTS = [
    np.float32(c)
    for c in (-236.998148, 249.735285, -45.5323309, 13.6010881, 0.761149083, 0.420111161)
]
"""Of u^6, ..., u in `Phi(-a) = exp(-a^2 / 2) * (0.42 u + ...)`, where `u = 1 / (a + 3.6)` and `a >= 0`:
the form of Hastings (1955), fitted so that the error of `max(a, 1) * Phi(-a)` is below 2e-8."""


def forward(x: np.ndarray, exact: bool, saving: bool = True) -> tuple[np.ndarray, Any]:
    """Compute `x * Phi(x)`.

    Args:
        x: array of floats.
        exact: whether to compute Phi by the error function, else as
            `(1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2`.
        saving: whether the slope is wanted.

    Returns:
        The result, and the slope or None, which is what backward needs.
    """
    if x.dtype.itemsize < 4:
        y, slope = forward(x.astype(np.float32), exact, saving)
        return y.astype(x.dtype), slope
    x = np.asarray(x, order="C")  # `ascontiguousarray` would make a vector of a number
    y = np.empty_like(x)
    slope = np.empty_like(x) if saving else None
    block = _through_tanh if not exact else _exactly
    if exact and x.dtype.itemsize == 4 and x.size > _FEW:
        block = _by_polynomial
    flat, flat_y = x.reshape(-1), y.reshape(-1)
    flat_slope = None if slope is None else slope.reshape(-1)
    step = min(x.size, _BLOCK)

    def work(parts: Any) -> None:
        scratch = np.empty((3, step), x.dtype)
        for part in parts:
            end = part.stop - part.start
            slopes = None if flat_slope is None else flat_slope[part]
            block(flat[part], flat_y[part], slopes, *[s[:end] for s in scratch])

    if x.size:
        parallel.run_slices(x.size, step, work)
    return y, slope


def backward(g: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Return the gradient of x.

    It is written in place: `slices.by_slices` would take half as long again, for its copies.
    """
    if g.size < _MANY or not g.flags.c_contiguous or g.dtype != slope.dtype:
        return np.multiply(g, slope, dtype=g.dtype, casting="same_kind")
    d = np.empty_like(g)
    flat = [a.reshape(-1) for a in (g, slope, d)]

    def work(parts: Any) -> None:
        for part in parts:
            np.multiply(*[a[part] for a in flat])

    parallel.run_slices(g.size, 2 * _BLOCK, work)
    return d


# Each of the following fills `y` and, unless it is None, `slope`. The others are arrays to work in.


def _exactly(x: np.ndarray, y: np.ndarray, slope: np.ndarray | None, *scratch: np.ndarray) -> None:
    """Compute `y = x * Phi(x)` and `slope = Phi(x) + x * exp(-x * x / 2) / sqrt(2 * pi)`."""
    from scipy.special import erf

    phi, density, _ = scratch
    erf(np.multiply(x, math.sqrt(0.5), phi), phi)
    phi += 1
    phi *= 0.5
    if slope is not None:
        np.multiply(x, x, density)
        density *= -0.5
        np.exp(density, density)
        density *= 0.5 * _ROOT
        density *= x
        np.add(phi, density, slope)
    np.multiply(phi, x, y)


def _by_polynomial(
    x: np.ndarray,
    y: np.ndarray,
    slope: np.ndarray | None,
    a: np.ndarray,
    u: np.ndarray,
    e: np.ndarray,
) -> None:
    """Do the same in float32, ten times as fast: `x * Phi(x) = max(x, 0) - |x| * Phi(-|x|)`."""
    np.absolute(x, a)
    np.minimum(a, _FARTHEST, out=a)
    np.multiply(a, a, e)
    np.multiply(e, np.float32(-0.5), e)
    np.exp(e, e)
    np.add(a, _SHIFT, u)
    np.reciprocal(u, u)
    np.multiply(u, _COEFFICIENTS[0], y)
    for coefficient in _COEFFICIENTS[1:]:
        np.add(y, coefficient, y)
        np.multiply(y, u, y)
    tail = np.multiply(y, e, u)  # Phi(-|x|)
    if slope is not None:  # it less 1/2 has the sign of x
        np.multiply(e, np.float32(0.5 * _ROOT), e)
        np.multiply(e, a, e)
        np.subtract(np.float32(0.5), tail, slope)
        np.add(slope, e, slope)
        np.copysign(slope, x, slope)
        np.add(slope, np.float32(0.5), slope)
    np.maximum(x, np.float32(0), out=y)
    np.subtract(y, np.multiply(a, tail, a), y)


def _through_tanh(
    x: np.ndarray,
    y: np.ndarray,
    slope: np.ndarray | None,
    square: np.ndarray,
    t: np.ndarray,
    d: np.ndarray,
) -> None:
    """Compute `y = x * (1 + t) / 2` and `slope = (1 + t) / 2 + x / 2 * (1 - t * t) * bend`.

    There `bend` is the slope of what `t` is the tanh of.
    """
    np.multiply(x, x, square)
    np.multiply(square, _CUBIC, t)
    t += 1
    t *= x
    t *= _ROOT
    np.tanh(t, t)
    if slope is not None:
        np.multiply(square, 3 * _CUBIC * _ROOT, slope)
        slope += _ROOT
        np.multiply(t, t, d)
        np.subtract(1, d, d)
        slope *= d
        slope *= x
        slope += t
        slope += 1
        slope *= 0.5
    t += 1
    np.multiply(t, x, y)
    y *= 0.5
