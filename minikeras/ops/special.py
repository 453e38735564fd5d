"""Special functions, from SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.primitive import elementary
from minikeras.autodiff.tensor import Tensor
from minikeras.ops.families import unary

_TWO_OVER_SQRT_PI = 1.1283791670955126


def _scipy(name: str) -> Any:
    """Return a function of `scipy.special`, imported when it is first called."""

    def call(x: np.ndarray) -> np.ndarray:
        from scipy import special

        if x.dtype.itemsize < 4:  # SciPy answers half precision in another dtype
            return getattr(special, name)(x.astype(np.float32)).astype(x.dtype)
        return getattr(special, name)(x)

    return call


@unary(_scipy("erf"), lambda g, x: g * _TWO_OVER_SQRT_PI * np.exp(-x * x))
def erf(x: Any) -> Tensor:
    """Compute the error function."""


@unary(_scipy("erfc"), lambda g, x: g * -_TWO_OVER_SQRT_PI * np.exp(-x * x))
def erfc(x: Any) -> Tensor:
    """Compute the complement of the error function, `1 - erf(x)`, precise for large `x`."""


@unary(_scipy("erfinv"), lambda g, y: g / _TWO_OVER_SQRT_PI * np.exp(y * y))
def erfinv(x: Any) -> Tensor:
    """Compute the inverse of the error function, for values between -1 and 1."""


def _i1(x: Any) -> Any:
    if isinstance(x, Tensor):
        return _I1(x)
    return _scipy("i1")(x)


def _i1_vjp(g: Any, x: Any, y: Any) -> Any:
    at_zero = np.asarray(x) == 0
    ratio = y / np.where(at_zero, np.ones_like(x), x)  # tends to 1/2 at 0
    return g * (_i0_of(x) - np.where(at_zero, np.ones_like(x) * 0.5, ratio))


def _i0_of(x: Any) -> Any:
    """Return the Bessel function i0 of an array or a tensor."""
    return i0(x) if isinstance(x, Tensor) else _scipy("i0")(x)


@unary(_scipy("i0"), lambda g, x: g * _i1(x))
def i0(x: Any) -> Tensor:
    """Compute the modified Bessel function of the first kind, of order 0."""


_I1 = elementary("i1", _scipy("i1"), _i1_vjp)
