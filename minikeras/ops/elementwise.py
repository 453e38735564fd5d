"""Elementwise mathematics: each op is a NumPy function and its derivative in one line."""

from __future__ import annotations

import numpy as np

from minikeras.ops.families import binary, unary

# Exponentials and logarithms.


@unary(np.exp, lambda g, y: g * y)
def exp(x):
    """Compute the exponential of all elements."""


@unary(np.exp2, lambda g, y: g * y * float(np.log(2)))
def exp2(x):
    """Compute 2 to the power of all elements."""


@unary(np.expm1, lambda g, y: g * (y + 1))
def expm1(x):
    """Compute `exp(x) - 1`, precise near zero."""


@unary(np.log, lambda g, x: g / x)
def log(x):
    """Compute the natural logarithm."""


@unary(np.log10, lambda g, x: g / (x * float(np.log(10))))
def log10(x):
    """Compute the logarithm to base 10."""


@unary(np.log1p, lambda g, x: g / (x + 1))
def log1p(x):
    """Compute `log(1 + x)`, precise near zero."""


@unary(np.log2, lambda g, x: g / (x * float(np.log(2))))
def log2(x):
    """Compute the logarithm to base 2."""


@binary(
    np.logaddexp,
    lambda g, x1, y: g * np.exp(x1 - y),
    lambda g, x2, y: g * np.exp(x2 - y),
    floating=True,
)
def logaddexp(x1, x2):
    """Compute `log(exp(x1) + exp(x2))` without overflow."""


# Powers and roots.


@unary(np.square, lambda g, x: g * x * 2, floating=False)
def square(x):
    """Compute the square of all elements."""


@unary(np.sqrt, lambda g, y: g * 0.5 / y)
def sqrt(x):
    """Compute the square root."""


@unary(lambda x: 1 / np.sqrt(x), lambda g, y: g * -0.5 * y * y * y)
def rsqrt(x):
    """Compute the reciprocal of the square root."""


@unary(np.cbrt, lambda g, y: g / (y * y * 3))
def cbrt(x):
    """Compute the cube root."""


@unary(np.reciprocal, lambda g, y: -g * y * y)
def reciprocal(x):
    """Compute `1 / x`."""


def _power_base(g, x1, x2):
    return g * x2 * np.power(x1, np.where(x2 == 0, np.ones_like(x2), x2 - 1))


def _power_exponent(g, x1, y):
    return g * y * np.log(np.where(x1 > 0, x1, np.ones_like(x1)))


@binary(np.power, _power_base, _power_exponent)
def power(x1, x2):
    """Raise `x1` to the power of `x2`, element by element."""


# Trigonometry.


@unary(np.sin, lambda g, x: g * np.cos(x))
def sin(x):
    """Compute the sine, with `x` in radians."""


@unary(np.cos, lambda g, x: -g * np.sin(x))
def cos(x):
    """Compute the cosine, with `x` in radians."""


@unary(np.tan, lambda g, y: g * (y * y + 1))
def tan(x):
    """Compute the tangent, with `x` in radians."""


@unary(np.arcsin, lambda g, x: g / np.sqrt(1 - x * x))
def arcsin(x):
    """Compute the inverse sine, in radians."""


@unary(np.arccos, lambda g, x: -g / np.sqrt(1 - x * x))
def arccos(x):
    """Compute the inverse cosine, in radians."""


@unary(np.arctan, lambda g, x: g / (x * x + 1))
def arctan(x):
    """Compute the inverse tangent, in radians."""


@binary(
    np.arctan2,
    lambda g, x1, x2: g * x2 / (x1 * x1 + x2 * x2),
    lambda g, x1, x2: -g * x1 / (x1 * x1 + x2 * x2),
    floating=True,
)
def arctan2(x1, x2):
    """Compute the angle of the point `(x2, x1)`, in radians."""


@unary(np.sinh, lambda g, x: g * np.cosh(x))
def sinh(x):
    """Compute the hyperbolic sine."""


@unary(np.cosh, lambda g, x: g * np.sinh(x))
def cosh(x):
    """Compute the hyperbolic cosine."""


@unary(np.tanh, lambda g, y: g * (1 - y * y))
def tanh(x):
    """Compute the hyperbolic tangent."""


@unary(np.arcsinh, lambda g, x: g / np.sqrt(x * x + 1))
def arcsinh(x):
    """Compute the inverse hyperbolic sine."""


@unary(np.arccosh, lambda g, x: g / np.sqrt(x * x - 1))
def arccosh(x):
    """Compute the inverse hyperbolic cosine."""


@unary(np.arctanh, lambda g, x: g / (1 - x * x))
def arctanh(x):
    """Compute the inverse hyperbolic tangent."""


# Arithmetic.


@binary(np.add, lambda g: g, lambda g: g)
def add(x1, x2):
    """Add element by element."""


@binary(np.subtract, lambda g: g, lambda g: -g)
def subtract(x1, x2):
    """Subtract `x2` from `x1`."""


@binary(np.multiply, lambda g, x2: g * x2, lambda g, x1: g * x1)
def multiply(x1, x2):
    """Multiply element by element."""


@binary(np.true_divide, lambda g, x2: g / x2, lambda g, x2, y: -g * y / x2, floating=True)
def divide(x1, x2):
    """Divide `x1` by `x2`."""


def _divide_no_nan(x1, x2):
    return np.where(x2 == 0, np.zeros_like(x1), x1 / np.where(x2 == 0, np.ones_like(x2), x2))


@binary(
    _divide_no_nan,
    lambda g, x2: _divide_no_nan(g, x2),
    lambda g, x2, y: -_divide_no_nan(g * y, x2),
    floating=True,
)
def divide_no_nan(x1, x2):
    """Divide `x1` by `x2`, with 0 where `x2` is 0."""


@binary(np.floor_divide)
def floor_divide(x1, x2):
    """Divide and round down; has no gradient."""


@binary(np.mod, lambda g: g, lambda g, x1, x2: -g * np.floor(x1 / x2))
def mod(x1, x2):
    """Compute the remainder of `x1 / x2`, of the sign of `x2`."""


@binary(
    np.maximum,
    lambda g, x1, x2: g * _share(x1 > x2, x1 == x2, g),
    lambda g, x1, x2: g * _share(x2 > x1, x1 == x2, g),
)
def maximum(x1, x2):
    """Compute the larger of both, element by element."""


@binary(
    np.minimum,
    lambda g, x1, x2: g * _share(x1 < x2, x1 == x2, g),
    lambda g, x1, x2: g * _share(x2 < x1, x1 == x2, g),
)
def minimum(x1, x2):
    """Compute the smaller of both, element by element."""


def _share(wins, ties, g):
    """1 where this input won, 1/2 at a tie (the gradient is shared), else 0."""
    wins, ties = np.asarray(wins), np.asarray(ties)
    return wins.astype(g.dtype) + 0.5 * ties.astype(g.dtype)


@unary(np.negative, lambda g: -g, floating=False)
def negative(x):
    """Change the sign."""


@unary(np.absolute, lambda g, x: g * np.sign(x), floating=False)
def abs(x):
    """Compute the absolute value."""


@unary(np.sign, lambda g, shape: np.zeros(shape, g.dtype), floating=False)
def sign(x):
    """Compute the sign: -1, 0 or 1."""


# Rounding: the gradient is zero.


@unary(np.floor, lambda g, shape: np.zeros(shape, g.dtype))
def floor(x):
    """Round down."""


@unary(np.ceil, lambda g, shape: np.zeros(shape, g.dtype))
def ceil(x):
    """Round up."""


@unary(np.trunc, lambda g, shape: np.zeros(shape, g.dtype), floating=False)
def trunc(x):
    """Round towards zero."""


# Comparisons and logic: no gradient.


@binary(np.equal, result="bool")
def equal(x1, x2):
    """Return `x1 == x2`, element by element."""


@binary(np.not_equal, result="bool")
def not_equal(x1, x2):
    """Return `x1 != x2`, element by element."""


@binary(np.greater, result="bool")
def greater(x1, x2):
    """Return `x1 > x2`, element by element."""


@binary(np.greater_equal, result="bool")
def greater_equal(x1, x2):
    """Return `x1 >= x2`, element by element."""


@binary(np.less, result="bool")
def less(x1, x2):
    """Return `x1 < x2`, element by element."""


@binary(np.less_equal, result="bool")
def less_equal(x1, x2):
    """Return `x1 <= x2`, element by element."""


@binary(np.logical_and, result="bool")
def logical_and(x1, x2):
    """Return whether both are true, element by element."""


@binary(np.logical_or, result="bool")
def logical_or(x1, x2):
    """Return whether one is true, element by element."""


@binary(np.logical_xor, result="bool")
def logical_xor(x1, x2):
    """Return whether just one is true, element by element."""


@unary(np.logical_not, None, floating=False, result="bool")
def logical_not(x):
    """Return whether each element is false."""


@unary(np.isnan, None, floating=False, result="bool")
def isnan(x):
    """Return whether each element is NaN."""


@unary(np.isinf, None, floating=False, result="bool")
def isinf(x):
    """Return whether each element is infinite."""


@unary(np.isfinite, None, floating=False, result="bool")
def isfinite(x):
    """Return whether each element is a finite number."""
