"""Operations on integers: bits, shifts, common divisors."""

from __future__ import annotations

import numpy as np

from minikeras.autodiff.tensor import Tensor
from minikeras.ops.families import binary, unary
from minikeras.ops.symbolic import TensorLike


@binary(np.bitwise_and)
def bitwise_and(x: TensorLike, y: TensorLike) -> Tensor:
    """Combine bits by "and"."""


@binary(np.bitwise_or)
def bitwise_or(x: TensorLike, y: TensorLike) -> Tensor:
    """Combine bits by "or"."""


@binary(np.bitwise_xor)
def bitwise_xor(x: TensorLike, y: TensorLike) -> Tensor:
    """Combine bits by "exclusive or"."""


@unary(np.bitwise_not, None, floating=False)
def bitwise_not(x: TensorLike) -> Tensor:
    """Turn every bit over."""


@unary(np.bitwise_not, None, floating=False)
def bitwise_invert(x: TensorLike) -> Tensor:
    """Turn every bit over."""


@binary(np.left_shift, numeric=True)
def left_shift(x: TensorLike, y: TensorLike) -> Tensor:
    """Shift the bits of `x` to the left by `y` places."""


@binary(np.left_shift, numeric=True)
def bitwise_left_shift(x: TensorLike, y: TensorLike) -> Tensor:
    """Shift the bits of `x` to the left by `y` places."""


@binary(np.right_shift, numeric=True)
def right_shift(x: TensorLike, y: TensorLike) -> Tensor:
    """Shift the bits of `x` to the right by `y` places."""


@binary(np.right_shift, numeric=True)
def bitwise_right_shift(x: TensorLike, y: TensorLike) -> Tensor:
    """Shift the bits of `x` to the right by `y` places."""


@binary(np.gcd)
def gcd(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Compute the greatest common divisor."""


@binary(np.lcm)
def lcm(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Compute the least common multiple."""
