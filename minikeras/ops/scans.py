"""Running sums and products, and differences of neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.primitive import as_tensor, elementary, same
from minikeras.autodiff.tensor import Tensor
from minikeras.kernels.sums import add_accumulate
from minikeras.ops.comparison import isnan, not_equal
from minikeras.ops.core import cast
from minikeras.ops.families import promote
from minikeras.ops.indexing import get_item, where
from minikeras.ops.reductions import check_axis, sum
from minikeras.ops.shapes import reshape
from minikeras.ops.symbolic import TensorLike, op


def _later_sum(g: Any, axis: int) -> Any:
    """Sum from each place to the end."""
    flipped = np.flip(g, axis)
    sums = np.cumsum if isinstance(g, Tensor) else add_accumulate
    return np.flip(sums(flipped, axis=axis), axis)


CUMSUM = elementary("cumsum", add_accumulate, _later_sum, rule=same)


def _cumprod_vjp(g: Any, x: Any, y: Any, axis: int) -> Any:
    """Where no element is zero the derivative of y_j by x_i is y_j / x_i for j >= i.

    From the first zero on, products without it are built up anew: `zeroed` counts zeros up to each
    place, so that the first zero's own derivative is the product of everything else.
    """
    values = np.asarray(x)
    if values.all():
        return _later_sum(g * y, axis) / x
    zeros = np.add.accumulate(values == 0, axis=axis)
    first = (values == 0) & (zeros == 1)
    safe = np.where(first, np.ones_like(x), x)  # the first zero taken out
    without = np.cumprod(safe, axis=axis)
    before = np.where(zeros == 0, x, np.ones_like(x))
    up_to_zero = g * y * (zeros == 0)
    dx = _later_sum(up_to_zero, axis) / before * (zeros == 0)
    return dx + _later_sum(g * without * (zeros == 1), axis) * first


_CUMPROD = elementary(
    "cumprod",
    lambda x, axis: np.multiply.accumulate(x, axis=axis, dtype=x.dtype),
    _cumprod_vjp,
    rule=same,
)


def _scan(primitive: Any, x: Any, axis: Any, dtype: Any, name: str) -> Tensor:
    if type(x) is not Tensor:
        x = as_tensor(x)
    if dtype is not None:
        x = cast(x, dtype)
    elif x.array.dtype.kind == "b":
        x = cast(x, np.dtype("int32"))
    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    return primitive(x, axis=check_axis(x, axis, name))


@op
def cumsum(x: TensorLike, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Sum along `axis` cumulatively.

    Args:
        x: tensor; booleans are counted in int32.
        axis: axis; the tensor is flattened first if None.
        dtype: dtype of the result.

    Example:

    >>> from minikeras import ops
    >>> ops.cumsum([1, 2, 3])
    <Tensor shape=(3,) dtype=int32 [1 3 6]>
    """
    return _scan(CUMSUM, x, axis, dtype, "cumsum")


@op
def cumprod(x: TensorLike, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Multiply along `axis` cumulatively.

    Args:
        x: tensor; booleans become int32.
        axis: axis; the tensor is flattened first if None.
        dtype: dtype of the result.
    """
    return _scan(_CUMPROD, x, axis, dtype, "cumprod")


def _without_nan(x: Any, fill: int) -> Tensor:
    x = as_tensor(x)
    if x.array.dtype.kind not in "fcV":
        return x
    return where(isnan(x), fill, x)


@op
def nancumsum(x: TensorLike, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Sum along `axis` cumulatively, NaN counting as 0."""
    return cumsum(_without_nan(x, 0), axis=axis, dtype=dtype)


@op
def nancumprod(x: TensorLike, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Multiply along `axis` cumulatively, NaN counting as 1."""
    return cumprod(_without_nan(x, 1), axis=axis, dtype=dtype)


def _along(axis: int, part: slice, ndim: int) -> tuple:
    return (slice(None),) * (axis % ndim) + (part,)


@op
def diff(a: TensorLike, n: int = 1, axis: int = -1) -> Tensor:
    """Subtract from each element the one before it along `axis`, `n` times over.

    Raises:
        ValueError: if `n` is negative or the tensor has no axes.
    """
    x = as_tensor(a)
    if n < 0:
        raise ValueError(f"diff: `n` must not be negative. Received: n={n}")
    if x.ndim == 0:
        raise ValueError("diff: the input needs at least one axis. Received a scalar.")
    check_axis(x, axis, "diff")
    later, earlier = _along(axis, slice(1, None), x.ndim), _along(axis, slice(-1), x.ndim)
    for _ in range(n):
        if x.array.dtype.kind == "b":
            x = not_equal(get_item(x, later), get_item(x, earlier))
        else:
            x = get_item(x, later) - get_item(x, earlier)
    return x


@op
def trapezoid(y: TensorLike, x: Any = None, dx: float = 1.0, axis: int = -1) -> Tensor:
    """Integrate along `axis` by the trapezoidal rule.

    Args:
        y: values of the integrand.
        x: where they were taken, of the shape of `y` or with the one axis; `dx` apart if None.
        dx: distance between neighbours.
        axis: axis to integrate over.
    """
    y, *given = promote(y, *([] if x is None else [x]), floating=True)
    check_axis(y, axis, "trapezoid")
    later, earlier = _along(axis, slice(1, None), y.ndim), _along(axis, slice(-1), y.ndim)
    heights = (get_item(y, later) + get_item(y, earlier)) * 0.5
    if x is None:
        return sum(heights * dx, axis=axis)
    x = given[0]
    if x.ndim == 1:
        widths = diff(x)
        shape = [1] * y.ndim
        shape[axis] = -1
        widths = reshape(widths, shape)
    else:
        widths = diff(x, axis=axis)
    return sum(heights * widths, axis=axis)
