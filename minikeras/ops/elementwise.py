"""Elementwise mathematics: each op is a NumPy function and its derivative in one line."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import CAST, as_tensor, elementary, same, without_gradient
from minikeras.autodiff.tensor import Tensor
from minikeras.ops.families import (
    as_floating,
    binary,
    promote,
    unary,
)
from minikeras.ops.symbolic import TensorLike, op

# Exponentials and logarithms.


@unary(np.exp, lambda g, y: g * y)
def exp(x: TensorLike) -> Tensor:
    """Compute the exponential of all elements."""


@unary(np.exp2, lambda g, y: g * y * float(np.log(2)))
def exp2(x: TensorLike) -> Tensor:
    """Compute 2 to the power of all elements."""


@unary(np.expm1, lambda g, y: g * (y + 1))
def expm1(x: TensorLike) -> Tensor:
    """Compute `exp(x) - 1`, precise near zero."""


@unary(np.log, lambda g, x: g / x)
def log(x: TensorLike) -> Tensor:
    """Compute the natural logarithm."""


@unary(np.log10, lambda g, x: g / (x * float(np.log(10))))
def log10(x: TensorLike) -> Tensor:
    """Compute the logarithm to base 10."""


@unary(np.log1p, lambda g, x: g / (x + 1))
def log1p(x: TensorLike) -> Tensor:
    """Compute `log(1 + x)`, precise near zero."""


@unary(np.log2, lambda g, x: g / (x * float(np.log(2))))
def log2(x: TensorLike) -> Tensor:
    """Compute the logarithm to base 2."""


@binary(
    np.logaddexp,
    lambda g, x1, y: g * np.exp(x1 - y),
    lambda g, x2, y: g * np.exp(x2 - y),
    floating=True,
    weak=False,
)
def logaddexp(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Compute `log(exp(x1) + exp(x2))` without overflow."""


@binary(
    np.logaddexp2,
    lambda g, x1, y: g * np.exp2(x1 - y),
    lambda g, x2, y: g * np.exp2(x2 - y),
    floating=True,
    weak=False,
)
def logaddexp2(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Compute `log2(2**x1 + 2**x2)` without overflow."""


# Powers and roots.


@unary(np.square, lambda g, x: g * x * 2, floating=False, numeric=True)
def square(x: TensorLike) -> Tensor:
    """Compute the square of all elements."""


@unary(np.sqrt, lambda g, y: g * 0.5 / y)
def sqrt(x: TensorLike) -> Tensor:
    """Compute the square root."""


@unary(np.cbrt, lambda g, y: g / (y * y * 3))
def cbrt(x: TensorLike) -> Tensor:
    """Compute the cube root."""


@unary(np.reciprocal, lambda g, y: -g * y * y)
def reciprocal(x: TensorLike) -> Tensor:
    """Compute `1 / x`."""


def _power_base(g: Any, x1: Any, x2: Any) -> Any:
    if type(x2) in (int, float):  # a plain number leaves the dtype as it is
        return g * x2 * np.power(x1, x2 - 1 if x2 else 1)
    return g * x2 * np.power(x1, np.where(x2 == 0, np.ones_like(x2), x2 - 1))


def _power_exponent(g: Any, x1: Any, y: Any) -> Any:
    if type(x1) in (int, float):
        return g * y * (math.log(x1) if x1 > 0 else 0.0)
    return g * y * np.log(np.where(x1 > 0, x1, np.ones_like(x1)))


@binary(np.power, _power_base, _power_exponent, numeric=True)
def power(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Raise `x1` to the power of `x2`, element by element."""


# Arithmetic.


@binary(np.add, lambda g: g, lambda g: g)
def add(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Add element by element."""


@binary(np.subtract, lambda g: g, lambda g: -g)
def subtract(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Subtract `x2` from `x1`."""


@binary(np.multiply, lambda g, x2: g * x2, lambda g, x1: g * x1)
def multiply(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Multiply element by element."""


@binary(np.true_divide, lambda g, x2: g / x2, lambda g, x2, y: -g * y / x2, floating=True)
def divide(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Divide `x1` by `x2`."""


@binary(np.true_divide, lambda g, x2: g / x2, lambda g, x2, y: -g * y / x2, floating=True)
def true_divide(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Divide `x1` by `x2`."""


def _divide_no_nan(x1: Any, x2: Any) -> Any:
    zero = x2 == 0
    return np.where(zero, 0, x1 / (x2 + zero))


@binary(
    _divide_no_nan,
    lambda g, x2: _divide_no_nan(g, x2),
    lambda g, x2, y: -_divide_no_nan(g * y, x2),
    floating=True,
)
def divide_no_nan(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Divide `x1` by `x2`, with 0 where `x2` is 0."""


@binary(np.floor_divide, numeric=True)
def floor_divide(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Divide and round down; has no gradient."""


@binary(np.mod, lambda g: g, lambda g, x1, x2: -g * np.floor(x1 / x2), numeric=True)
def mod(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Compute the remainder of `x1 / x2`, of the sign of `x2`."""


@binary(np.fmod, lambda g: g, lambda g, x1, x2: -g * np.trunc(x1 / x2), numeric=True)
def fmod(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Compute the remainder of `x1 / x2`, of the sign of `x1`."""


def _share(wins: Any, ties: Any, g: Any) -> Any:
    """1 where this input won, 1/2 at a tie (the gradient is shared), else 0."""
    wins, ties = np.asarray(wins), np.asarray(ties)
    return wins.astype(g.dtype) + ties.astype(g.dtype) * 0.5


@binary(
    np.maximum,
    lambda g, x1, x2: g * _share(x1 > x2, x1 == x2, g),
    lambda g, x1, x2: g * _share(x2 > x1, x1 == x2, g),
)
def maximum(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Compute the larger of both; NaN if either is."""


@binary(
    np.minimum,
    lambda g, x1, x2: g * _share(x1 < x2, x1 == x2, g),
    lambda g, x1, x2: g * _share(x2 < x1, x1 == x2, g),
)
def minimum(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Compute the smaller of both; NaN if either is."""


@binary(
    np.fmax,
    lambda g, x1, x2: g * _share((x1 > x2) | np.isnan(x2), x1 == x2, g),
    lambda g, x1, x2: g * _share((x2 > x1) | np.isnan(x1), x1 == x2, g),
)
def fmax(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Compute the larger of both; the other one where one is NaN."""


@binary(
    np.fmin,
    lambda g, x1, x2: g * _share((x1 < x2) | np.isnan(x2), x1 == x2, g),
    lambda g, x1, x2: g * _share((x2 < x1) | np.isnan(x1), x1 == x2, g),
)
def fmin(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Compute the smaller of both; the other one where one is NaN."""


@unary(np.negative, lambda g: -g, floating=False)
def negative(x: TensorLike) -> Tensor:
    """Change the sign."""


_REAL = {"complex64": "float32", "complex128": "float64"}


def _abs_vjp(g: Any, x: Any, y: Any) -> Any:
    if x.dtype.kind != "c":
        return g * np.sign(x)
    return g * np.conjugate(x) / np.where(np.asarray(y) == 0, np.ones_like(y), y)


@unary(np.absolute, _abs_vjp, floating=False, result=lambda dtype: _REAL.get(dtype, dtype))
def abs(x: TensorLike) -> Tensor:
    """Compute the absolute value."""


@unary(np.absolute, _abs_vjp, floating=False, result=lambda dtype: _REAL.get(dtype, dtype))
def absolute(x: TensorLike) -> Tensor:
    """Compute the absolute value."""


@unary(np.fabs, lambda g, x: g * np.sign(x))
def fabs(x: TensorLike) -> Tensor:
    """Compute the absolute value as a float."""


def _no_slope(g: Any, shape: tuple) -> Any:
    return np.zeros(shape, g.dtype)


@unary(np.sign, _no_slope, floating=False)
def sign(x: TensorLike) -> Tensor:
    """Compute the sign: -1, 0 or 1."""


@binary(np.heaviside, _no_slope, lambda g, x1: g * (x1 == 0), floating=True)
def heaviside(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Compute the step function: 0 where `x1` is negative, 1 where positive, `x2` where zero."""


@binary(np.nextafter, lambda g: g, _no_slope, floating=True)
def nextafter(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Return the float next to `x1` in the direction of `x2`."""


_POWER_OF_TWO = without_gradient(
    "power_of_two",
    lambda x, dtype: np.ldexp(np.ones((), dtype), x),
    rule=lambda x, dtype: KerasTensor(x.shape, dtype),
)


@op
def ldexp(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Compute `x1 * 2**x2` for integers `x2`.

    Raises:
        TypeError: if `x2` is not integers.
    """
    x1, x2 = as_floating(x1), as_tensor(x2)
    if x2.array.dtype.kind not in "iub":
        raise TypeError(f"ldexp: `x2` must be integers. Received: dtype={x2.dtype}")
    return multiply(x1, _POWER_OF_TWO(x2, dtype=x1.array.dtype))


# Rounding: the gradient is zero.


@unary(np.floor, _no_slope)
def floor(x: TensorLike) -> Tensor:
    """Round down."""


@unary(np.ceil, _no_slope)
def ceil(x: TensorLike) -> Tensor:
    """Round up."""


@unary(np.trunc, _no_slope, floating=False)
def trunc(x: TensorLike) -> Tensor:
    """Round towards zero."""


_ROUND = elementary("round", lambda x, decimals: np.round(x, decimals), _no_slope, rule=same)


@op
def round(x: TensorLike, decimals: int = 0) -> Tensor:
    """Round to a number of decimals, halves to even."""
    return _ROUND(as_tensor(x), decimals=decimals)


# Limits.


def _clip(x: np.ndarray, low: Any, high: Any) -> np.ndarray:
    return np.minimum(np.maximum(x, low), high)


_CLIP = elementary("clip", _clip, lambda g, x, low, high: g * ((x >= low) & (x <= high)), rule=same)


@op
def clip(x: TensorLike, x_min: Any, x_max: Any) -> Tensor:
    """Limit values to `[x_min, x_max]`; the gradient is zero where they were cut.

    Args:
        x: tensor.
        x_min: least value, a number or a tensor that broadcasts; None for no limit.
        x_max: greatest value, or None.

    Example:

    >>> from minikeras import ops
    >>> ops.clip([-2.0, 0.5, 2.0], 0, 1)
    <Tensor shape=(3,) dtype=float32 [0.  0.5 1. ]>
    """
    if type(x) is not Tensor:
        x = as_tensor(x)
    if x.array.dtype.kind == "f":
        low = -float("inf") if x_min is None else x_min
        high = float("inf") if x_max is None else x_max
        if type(low) in _NUMBERS and type(high) in _NUMBERS:
            return _CLIP(x, low=low, high=high)
    if x.array.dtype.kind == "b":
        x = CAST(x, dtype=np.dtype("int32"))
    if x_min is not None and x_max is not None:
        x, x_min, x_max = promote(x, x_min, x_max)
    if x_min is not None:
        x = maximum(x, x_min)
    return x if x_max is None else minimum(x, x_max)


_NUMBERS = frozenset({int, float})


_NAN_TO_NUM = elementary(
    "nan_to_num",
    lambda x, nan, posinf, neginf: np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf),
    lambda g, x: g * np.isfinite(x),
    rule=same,
)


@op
def nan_to_num(x: TensorLike, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Tensor:
    """Replace NaN and infinities, through which no gradient flows, by numbers.

    Args:
        x: tensor.
        nan: what NaN becomes.
        posinf: what positive infinity becomes; the largest float if None.
        neginf: what negative infinity becomes; the smallest float if None.
    """
    x = as_tensor(x)
    if x.array.dtype.kind not in "fcV":
        return x
    return _NAN_TO_NUM(x, nan=nan, posinf=posinf, neginf=neginf)


# Bessel functions.


def of_scipy(name: str) -> Any:
    """Return a function of `scipy.special`, imported when it is first called."""

    def call(x: np.ndarray) -> np.ndarray:
        from scipy import special

        if x.dtype.itemsize < 4:  # SciPy answers half precision in another dtype
            return getattr(special, name)(x.astype(np.float32)).astype(x.dtype)
        return getattr(special, name)(x)

    return call


def _i1(x: Any) -> Any:
    if isinstance(x, Tensor):
        return _I1(x)
    return of_scipy("i1")(x)


def _i1_vjp(g: Any, x: Any, y: Any) -> Any:
    at_zero = np.asarray(x) == 0
    ratio = y / np.where(at_zero, np.ones_like(x), x)  # tends to 1/2 at 0
    return g * (_i0_of(x) - np.where(at_zero, np.ones_like(x) * 0.5, ratio))


def _i0_of(x: Any) -> Any:
    """Return the Bessel function i0 of an array or a tensor."""
    return i0(x) if isinstance(x, Tensor) else of_scipy("i0")(x)


@unary(of_scipy("i0"), lambda g, x: g * _i1(x))
def i0(x: TensorLike) -> Tensor:
    """Compute the modified Bessel function of the first kind, of order 0."""


_I1 = elementary("i1", of_scipy("i1"), _i1_vjp, rule=same)
