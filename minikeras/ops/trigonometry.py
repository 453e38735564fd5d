"""Angles: trigonometric and hyperbolic functions and their inverses."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor
from minikeras.ops.families import binary, unary
from minikeras.ops.symbolic import TensorLike


@unary(np.sin, lambda g, x: g * np.cos(x))
def sin(x: TensorLike) -> Tensor:
    """Compute the sine, with `x` in radians."""


@unary(np.cos, lambda g, x: -g * np.sin(x))
def cos(x: TensorLike) -> Tensor:
    """Compute the cosine, with `x` in radians."""


@unary(np.tan, lambda g, y: g * (y * y + 1))
def tan(x: TensorLike) -> Tensor:
    """Compute the tangent, with `x` in radians."""


@unary(np.arcsin, lambda g, x: g / np.sqrt(1 - x * x))
def arcsin(x: TensorLike) -> Tensor:
    """Compute the inverse sine, in radians."""


@unary(np.arccos, lambda g, x: -g / np.sqrt(1 - x * x))
def arccos(x: TensorLike) -> Tensor:
    """Compute the inverse cosine, in radians."""


@unary(np.arctan, lambda g, x: g / (x * x + 1))
def arctan(x: TensorLike) -> Tensor:
    """Compute the inverse tangent, in radians."""


@binary(
    np.arctan2,
    lambda g, x1, x2: g * x2 / (x1 * x1 + x2 * x2),
    lambda g, x1, x2: -g * x1 / (x1 * x1 + x2 * x2),
    floating=True,
    weak=False,
)
def arctan2(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Compute the angle of the point `(x2, x1)`, in radians."""


@unary(np.sinh, lambda g, x: g * np.cosh(x))
def sinh(x: TensorLike) -> Tensor:
    """Compute the hyperbolic sine."""


@unary(np.cosh, lambda g, x: g * np.sinh(x))
def cosh(x: TensorLike) -> Tensor:
    """Compute the hyperbolic cosine."""


@unary(np.tanh, lambda g, y: g * (1 - y * y))
def tanh(x: TensorLike) -> Tensor:
    """Compute the hyperbolic tangent."""


@unary(np.arcsinh, lambda g, x: g / np.sqrt(x * x + 1))
def arcsinh(x: TensorLike) -> Tensor:
    """Compute the inverse hyperbolic sine."""


@unary(np.arccosh, lambda g, x: g / np.sqrt(x * x - 1))
def arccosh(x: TensorLike) -> Tensor:
    """Compute the inverse hyperbolic cosine."""


@unary(np.arctanh, lambda g, x: g / (1 - x * x))
def arctanh(x: TensorLike) -> Tensor:
    """Compute the inverse hyperbolic tangent."""


@binary(
    np.hypot,
    lambda g, x1, y: g * x1 / y,
    lambda g, x2, y: g * x2 / y,
    floating=True,
)
def hypot(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Compute `sqrt(x1**2 + x2**2)` without overflow."""


@unary(np.deg2rad, lambda g: g * float(np.pi / 180))
def deg2rad(x: TensorLike) -> Tensor:
    """Convert degrees to radians."""


@unary(np.rad2deg, lambda g: g * float(180 / np.pi))
def rad2deg(x: TensorLike) -> Tensor:
    """Convert radians to degrees."""


def _sinc_vjp(g: Any, x: Any, y: Any) -> Any:
    at_zero = np.asarray(x) == 0
    safe = np.where(at_zero, np.ones_like(x), x)
    slope = (np.cos(safe * float(np.pi)) - y) / safe
    return g * np.where(at_zero, x * float(-(np.pi**2) / 3), slope)


@unary(np.sinc, _sinc_vjp)
def sinc(x: TensorLike) -> Tensor:
    """Compute `sin(pi x) / (pi x)`, 1 at 0."""
