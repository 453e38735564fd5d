"""Products of vectors, matrices and tensors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import PER_EXAMPLE, elementary, unbroadcast
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import result_type
from minikeras.kernels import gemm
from minikeras.kernels.per_example import dense
from minikeras.ops.elementwise import multiply
from minikeras.ops.families import (
    broadcast_shapes,
    fits,
    np_shape,
    operand_kind,
    promote,
    promote_factors,
)
from minikeras.ops.joining import concatenate, stack
from minikeras.ops.shapes import expand_dims, moveaxis, reshape, transpose
from minikeras.ops.symbolic import TensorLike, op, probed

_SINGLE = np.dtype(np.float32)


def _product(a: Any, b: Any) -> Any:
    """Compute `a @ b` of arrays, or of tensors, whose product goes onto the tape."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return gemm.matmul(a, b)
    return np.matmul(a, b)


def _swap(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


def _matmul_vjp1(g: Any, x1: Any, x2: Any) -> Any:
    if x1.ndim == 1 and x2.ndim == 1:
        return g * x2
    if x2.ndim == 1:
        return unbroadcast(np.expand_dims(g, -1) * x2, x1.shape)
    if x1.ndim == 1:
        d = _product(np.expand_dims(g, -2), _swap(x2))
        return unbroadcast(np.reshape(d, (*d.shape[:-2], d.shape[-1])), x1.shape)
    d = _product(g, _swap(x2))
    return d if d.shape == x1.shape else unbroadcast(d, x1.shape)


def _matmul_vjp2(g: Any, x1: Any, x2: Any) -> Any:
    if x1.ndim == 1 and x2.ndim == 1:
        return g * x1
    if x1.ndim == 1:
        return unbroadcast(np.expand_dims(g, -2) * np.expand_dims(x1, -1), x2.shape)
    if x2.ndim == 1:
        d = _product(_swap(x1), np.expand_dims(g, -1))
        return unbroadcast(np.reshape(d, d.shape[:-1]), x2.shape)
    d = _product(_swap(x1), g)
    return d if d.shape == x2.shape else unbroadcast(d, x2.shape)


def matmul_shape(a: tuple, b: tuple, name: str = "matmul") -> tuple:
    """Return the shape of a matrix product.

    Raises:
        ValueError: if the inner sizes differ.
    """
    if not a or not b:
        raise ValueError(f"{name}: inputs need at least one axis. Received shapes {a} and {b}.")
    inner_a, inner_b = a[-1], b[-2] if len(b) > 1 else b[0]
    if not fits(inner_a, inner_b):
        raise ValueError(
            f"{name}: inner sizes must be equal. Received shapes {a} and {b} "
            f"({inner_a} != {inner_b})."
        )
    if len(a) > 1 and len(b) > 1:
        return (*broadcast_shapes(a[:-2], b[:-2], name), a[-2], b[-1])
    left = a[:-1] if len(a) > 1 else ()
    right = (*b[:-2], b[-1]) if len(b) > 1 else ()
    return (*left, *right)


def _dtype(x1: Any, x2: Any) -> str:
    return result_type(operand_kind(x1), operand_kind(x2))


MATMUL = elementary(
    "matmul",
    gemm.matmul,
    _matmul_vjp1,
    _matmul_vjp2,
    inputs=("x1", "x2"),
    rule=lambda x1, x2: KerasTensor(
        matmul_shape(np_shape(x1), np_shape(x2)), result_type(x1.dtype, x2.dtype)
    ),
)


def _matmul_per_example(g: Any, saved: Any, needs: Any, n: int) -> list | None:
    x1, x2 = saved["x1"], saved["x2"]
    if needs[1] != PER_EXAMPLE or needs[0] == PER_EXAMPLE or x2.ndim > 2 or x1.ndim < 2:
        return None
    columns = x2.shape[1] if x2.ndim == 2 else 1
    d = dense(x1.reshape(-1, x2.shape[0]), g.reshape(-1, columns), n, x2.shape)
    return [_matmul_vjp1(g, x1, x2) if needs[0] else None, d]


MATMUL.per_example = _matmul_per_example


def _pair(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """Two tensors of one dtype."""
    if type(x1) is type(x2) is Tensor and x1.array.dtype is x2.array.dtype:
        return x1, x2
    return promote(x1, x2)


@op
def matmul(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Multiply matrices over the last two axes; the axes before them broadcast.

    Raises:
        ValueError: if the inner sizes differ.

    Example:

    >>> from minikeras import ops
    >>> ops.matmul(ops.ones((8, 2, 3)), ops.ones((3, 4))).shape
    (8, 2, 4)
    """
    if not (type(x1) is type(x2) is Tensor and x1.array.dtype is x2.array.dtype is _SINGLE):
        x1, x2 = promote_factors(x1, x2)
    try:
        return MATMUL(x1, x2)
    except ValueError:
        matmul_shape(tuple(x1.shape), tuple(x2.shape))  # says it better
        raise


@op
def dot(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Sum over the last axis of `x1` and the second last of `x2` (the last, if it has one)."""
    x1, x2 = _pair(x1, x2)
    if x1.ndim == 0 or x2.ndim == 0:
        return x1 * x2
    if x1.ndim <= 2 and x2.ndim <= 2:
        matmul_shape(x1.shape, x2.shape, "dot")
        return MATMUL(x1, x2)
    return tensordot(x1, x2, axes=([-1], [0 if x2.ndim == 1 else -2]))


def _pairs_of_axes(axes: Any, n1: int, n2: int) -> tuple[list[int], list[int]]:
    if isinstance(axes, (int, np.integer)):
        return list(range(n1 - axes, n1)), list(range(axes))
    first, second = [[a] if isinstance(a, int) else list(a) for a in axes]
    return [a % n1 for a in first], [a % n2 for a in second]


def _tensordot_rule(x1: Any, x2: Any, axes: Any = 2) -> KerasTensor:
    a, b = np_shape(x1), np_shape(x2)
    over_a, over_b = _pairs_of_axes(axes, len(a), len(b))
    if not isinstance(axes, (int, np.integer)) or None not in a + b:
        _check_pairs(a, b, over_a, over_b)  # else the data will, as in Keras
    shape = [d for i, d in enumerate(a) if i not in over_a]
    return KerasTensor(shape + [d for i, d in enumerate(b) if i not in over_b], _dtype(x1, x2))


def _check_pairs(a: tuple, b: tuple, over_a: list[int], over_b: list[int]) -> None:
    for i, j in zip(over_a, over_b):
        if not fits(a[i], b[j]):
            raise ValueError(f"tensordot: axis {i} of {a} and axis {j} of {b} differ in size.")
    if len(over_a) != len(over_b):
        raise ValueError(f"tensordot: {len(over_a)} axes cannot be paired with {len(over_b)}.")


@op(rule=_tensordot_rule)
def tensordot(x1: TensorLike, x2: TensorLike, axes: Any = 2) -> Tensor:
    """Sum products over pairs of axes.

    Args:
        x1: tensor.
        x2: tensor.
        axes: how many axes, the last ones of `x1` with the first ones of `x2`; or two lists of
            axes, paired in order.

    Raises:
        ValueError: if paired axes differ in size.
    """
    x1, x2 = _pair(x1, x2)
    over_a, over_b = _pairs_of_axes(axes, x1.ndim, x2.ndim)
    _check_pairs(x1.shape, x2.shape, over_a, over_b)
    keep_a = [i for i in range(x1.ndim) if i not in over_a]
    keep_b = [i for i in range(x2.ndim) if i not in over_b]
    rows, columns = [x1.shape[i] for i in keep_a], [x2.shape[i] for i in keep_b]
    inner = math.prod([x1.shape[i] for i in over_a])
    left = reshape(transpose(x1, keep_a + over_a), (math.prod(rows), inner))
    right = reshape(transpose(x2, over_b + keep_b), (inner, math.prod(columns)))
    return reshape(MATMUL(left, right), rows + columns)


@op
def inner(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Sum products over the last axes of both."""
    x1, x2 = _pair(x1, x2)
    if x1.ndim == 0 or x2.ndim == 0:
        return x1 * x2
    return tensordot(x1, x2, axes=([-1], [-1]))


@op
def outer(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Multiply every element of `x1` by every element of `x2`, as a matrix."""
    x1, x2 = _pair(x1, x2)
    return multiply(reshape(x1, (-1, 1)), reshape(x2, (1, -1)))


@op
def vdot(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Sum the products of all elements (of the conjugate of `x1`, if complex)."""
    from minikeras.ops.complex_numbers import conj

    x1, x2 = _pair(x1, x2)
    if x1.array.dtype.kind == "c":
        x1 = conj(x1)
    return MATMUL(reshape(x1, (-1,)), reshape(x2, (-1,)))


@probed
def kron(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Return the Kronecker product: a block of `x2` for each element of `x1`."""
    x1, x2 = _pair(x1, x2)
    n = max(x1.ndim, x2.ndim)
    a = (1,) * (n - x1.ndim) + x1.shape
    b = (1,) * (n - x2.ndim) + x2.shape
    blocks = multiply(
        reshape(x1, [d for pair in zip(a, (1,) * n) for d in pair]),
        reshape(x2, [d for pair in zip((1,) * n, b) for d in pair]),
    )
    return reshape(blocks, [p * q for p, q in zip(a, b)])


@probed
def cross(
    x1: TensorLike,
    x2: TensorLike,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Tensor:
    """Return the vector product of vectors of two or three elements.

    Args:
        x1: tensor of vectors.
        x2: tensor of vectors; other axes broadcast.
        axisa: axis of the vectors of `x1`.
        axisb: axis of the vectors of `x2`.
        axisc: axis of the vectors of the result, which has none if both have two elements.
        axis: all three at once.

    Raises:
        ValueError: if vectors do not have two or three elements.
    """
    x1, x2 = _pair(x1, x2)
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(x1, axisa, -1), moveaxis(x2, axisb, -1)
    if a.shape[-1] not in (2, 3) or b.shape[-1] not in (2, 3):
        raise ValueError(
            "cross: vectors must have two or three elements. "
            f"Received shapes {x1.shape} and {x2.shape}."
        )
    if a.shape[-1] == b.shape[-1] == 2:
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    a, b = [
        concatenate([v, expand_dims(v[..., 0] * 0, -1)], -1) if v.shape[-1] == 2 else v
        for v in (a, b)
    ]
    y = stack(
        [
            a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1],
            a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2],
            a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0],
        ],
        axis=-1,
    )
    return moveaxis(y, -1, axisc)
