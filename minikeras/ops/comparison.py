"""Comparisons and logic: elementwise questions, which have no gradient."""

from __future__ import annotations

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import without_gradient
from minikeras.autodiff.tensor import Tensor
from minikeras.ops.families import binary, broadcast_shapes, np_shape, promote, unary
from minikeras.ops.reductions import all
from minikeras.ops.symbolic import TensorLike, op


@binary(np.equal, result="bool")
def equal(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Return `x1 == x2`, element by element."""


@binary(np.not_equal, result="bool")
def not_equal(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Return `x1 != x2`, element by element."""


@binary(np.greater, result="bool")
def greater(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Return `x1 > x2`, element by element."""


@binary(np.greater_equal, result="bool")
def greater_equal(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Return `x1 >= x2`, element by element."""


@binary(np.less, result="bool")
def less(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Return `x1 < x2`, element by element."""


@binary(np.less_equal, result="bool")
def less_equal(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Return `x1 <= x2`, element by element."""


@binary(np.logical_and, result="bool")
def logical_and(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Return whether both are true, element by element."""


@binary(np.logical_or, result="bool")
def logical_or(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Return whether one is true, element by element."""


@binary(np.logical_xor, result="bool")
def logical_xor(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Return whether just one is true, element by element."""


@unary(np.logical_not, None, floating=False, result="bool")
def logical_not(x: TensorLike) -> Tensor:
    """Return whether each element is false."""


@unary(np.isnan, None, floating=False, result="bool")
def isnan(x: TensorLike) -> Tensor:
    """Return whether each element is NaN."""


@unary(np.isinf, None, floating=False, result="bool")
def isinf(x: TensorLike) -> Tensor:
    """Return whether each element is infinite."""


@unary(np.isfinite, None, floating=False, result="bool")
def isfinite(x: TensorLike) -> Tensor:
    """Return whether each element is a finite number."""


@unary(np.isposinf, None, floating=False, result="bool")
def isposinf(x: TensorLike) -> Tensor:
    """Return whether each element is positive infinity."""


@unary(np.isneginf, None, floating=False, result="bool")
def isneginf(x: TensorLike) -> Tensor:
    """Return whether each element is negative infinity."""


@unary(np.isreal, None, floating=False, result="bool")
def isreal(x: TensorLike) -> Tensor:
    """Return whether each element has no imaginary part."""


@unary(np.signbit, None, floating=False, result="bool")
def signbit(x: TensorLike) -> Tensor:
    """Return whether the sign of each element is negative; that of -0.0 is."""


_IS_CLOSE = without_gradient(
    "isclose",
    lambda x1, x2, rtol, atol, equal_nan: np.isclose(x1, x2, rtol, atol, equal_nan),
    rule=lambda x1, x2, *_, **__: KerasTensor(
        broadcast_shapes(np_shape(x1), np_shape(x2), "isclose"), "bool"
    ),
)


@op
def isclose(
    x1: TensorLike,
    x2: TensorLike,
    rtol: TensorLike = 1e-5,
    atol: TensorLike = 1e-8,
    equal_nan: bool = False,
) -> Tensor:
    """Return whether elements are equal within a tolerance.

    Args:
        x1: tensor.
        x2: tensor, which the tolerance is relative to.
        rtol: relative tolerance.
        atol: absolute tolerance: `|x1 - x2| <= atol + rtol * |x2|`.
        equal_nan: whether NaN equals NaN.
    """
    x1, x2 = promote(x1, x2)
    return _IS_CLOSE(x1, x2, rtol, atol, equal_nan=equal_nan)


@op
def allclose(
    x1: TensorLike, x2: TensorLike, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Return whether all elements are equal within a tolerance; see `isclose`."""
    close = isclose(x1, x2, rtol=rtol, atol=atol, equal_nan=equal_nan)
    return all(close)
