"""Mathematics that NumPy has no function for, besides Fourier transforms and segments."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor, elementary, without_gradient
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import checked
from minikeras.kernels.sums import add_reduce
from minikeras.ops.complex_numbers import imag, make_complex, real
from minikeras.ops.elementwise import log, multiply, of_scipy, sqrt
from minikeras.ops.factorizations import cholesky
from minikeras.ops.families import as_floating, np_shape, promote, unary
from minikeras.ops.indexing import diagonal, take_along_axis
from minikeras.ops.joining import stack
from minikeras.ops.reductions import (
    check_axis,
    expand,
    reduced,
    reduced_shape,
    sum,
)
from minikeras.ops.shapes import expand_dims
from minikeras.ops.symbolic import TensorLike, op
from minikeras.ops.trigonometry import cos, sin


@unary(lambda x: 1 / np.sqrt(x), lambda g, y: g * -0.5 * y * y * y)
def rsqrt(x: TensorLike) -> Tensor:
    """Compute the reciprocal of the square root."""


_TWO_OVER_SQRT_PI = 1.1283791670955126


@unary(of_scipy("erf"), lambda g, x: g * _TWO_OVER_SQRT_PI * np.exp(-x * x), costly=True)
def erf(x: TensorLike) -> Tensor:
    """Compute the error function."""


@unary(of_scipy("erfc"), lambda g, x: g * -_TWO_OVER_SQRT_PI * np.exp(-x * x), costly=True)
def erfc(x: TensorLike) -> Tensor:
    """Compute the complement of the error function, `1 - erf(x)`, precise for large `x`."""


@unary(of_scipy("erfinv"), lambda g, y: g / _TWO_OVER_SQRT_PI * np.exp(y * y))
def erfinv(x: TensorLike) -> Tensor:
    """Compute the inverse of the error function, for values between -1 and 1."""


def _logsumexp(x: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    top = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)
    total = add_reduce(np.exp(x - top), axis, keepdims=True)
    with np.errstate(divide="ignore"):  # the log of a sum of nothing is -inf
        y = np.log(total) + top
    return y if keepdims else y.reshape(reduced_shape(x.shape, axis, False, "logsumexp"))


_LOGSUMEXP = elementary(
    "logsumexp",
    _logsumexp,
    lambda g, x, y, axis, keepdims: (
        expand(g, x.shape, axis, keepdims) * np.exp(x - expand(y, x.shape, axis, keepdims))
    ),
    rule=reduced(),
)


@op
def logsumexp(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Compute `log(sum(exp(x)))` over axes without overflow."""
    x = as_floating(x)
    return _LOGSUMEXP(x, axis=check_axis(x, axis, "logsumexp"), keepdims=keepdims)


def _largest_first(x: np.ndarray) -> np.ndarray:
    """Return indices that sort the last axis from large to small, equals in their order."""
    return x.shape[-1] - 1 - np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1]


LARGEST = without_gradient(
    "largest",
    lambda x, k: _largest_first(x)[..., :k].astype(np.int32),
    rule=lambda x, k: KerasTensor((*x.shape[:-1], k), "int32"),
)


@op
def top_k(x: TensorLike, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """Return the `k` largest elements along the last axis, and their indices.

    Args:
        x: tensor.
        k: how many.
        sorted: whether the largest comes first; they are sorted here anyway.

    Returns:
        Values and int32 indices, of shape `(..., k)`.

    Raises:
        ValueError: if the last axis has fewer than `k` elements.

    Example:

    >>> from minikeras import ops
    >>> values, indices = ops.top_k([3, 9, 5], 2)
    >>> indices
    <Tensor shape=(2,) dtype=int32 [1 2]>
    """
    x = as_tensor(x)
    if x.ndim == 0 or k < 0 or (x.shape[-1] is not None and k > x.shape[-1]):
        raise ValueError(f"top_k: shape {x.shape} has no k={k} elements along its last axis.")
    indices = LARGEST(x, k=k)
    return take_along_axis(x, indices, axis=-1), indices


def _in_top_k(targets: np.ndarray, p: np.ndarray, k: int) -> np.ndarray:
    inside = (targets >= 0) & (targets < p.shape[-1])
    own = np.take_along_axis(p, np.where(inside, targets, 0)[..., None], -1)
    above = np.sum(p > own, axis=-1)
    return inside & np.isfinite(own[..., 0]) & (above < k)


_IN_TOP_K = without_gradient(
    "in_top_k", _in_top_k, rule=lambda targets, p, k: KerasTensor(np_shape(targets), "bool")
)


@op
@checked
def in_top_k(targets: TensorLike, predictions: TensorLike, k: int) -> Tensor:
    """Return whether each target class is among the `k` largest predictions (ties included).

    Args:
        targets: class of each example, `(n,)`.
        predictions: one number a class, `(n, classes)`.
        k: how many count.
    """
    return _IN_TOP_K(as_tensor(targets), as_tensor(predictions), k=k)


@op
def polar(abs_: TensorLike, angle: TensorLike) -> Tensor:
    """Return complex numbers of the given magnitudes and angles (in radians)."""
    radius, angle = as_floating(abs_), as_floating(angle)
    return make_complex(multiply(radius, cos(angle)), multiply(radius, sin(angle)))


@op
def view_as_complex(x: TensorLike) -> Tensor:
    """Return complex numbers whose real and imaginary parts are the pairs along the last axis.

    Raises:
        ValueError: if the last axis does not have size 2.
    """
    x = as_floating(x)
    if x.ndim < 1 or x.shape[-1] not in (2, None):
        raise ValueError(
            f"view_as_complex: the last axis must have size 2. Received shape {x.shape}."
        )
    return make_complex(x[..., 0], x[..., 1])


@op
def view_as_real(x: TensorLike) -> Tensor:
    """Return real and imaginary parts as pairs along a new last axis."""
    x = as_tensor(x)
    return stack([real(x), imag(x)], axis=-1)


@op
def logdet(x: TensorLike) -> Tensor:
    """Return the logarithm of the determinants of symmetric positive definite matrices."""
    factor = cholesky(x)
    return sum(log(diagonal(factor, axis1=-2, axis2=-1)), axis=-1) * 2


@op
def cdist(x: TensorLike, y: TensorLike) -> Tensor:
    """Return the Euclidean distance of each row of `x` to each row of `y`.

    Args:
        x: points, `(..., m, d)`.
        y: points, `(..., n, d)`.

    Returns:
        Tensor of shape `(..., m, n)`.
    """
    x, y = promote(x, y, floating=True)
    difference = expand_dims(x, -2) - expand_dims(y, -3)
    return sqrt(sum(multiply(difference, difference), axis=-1))
