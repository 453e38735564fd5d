"""Products of matrices."""

from __future__ import annotations

import string
from typing import Any

from minikeras import ops
from minikeras.compat.keras_backend.calls import backend
from minikeras.compat.keras_backend.elementwise import tensor


@backend
def dot(x: Any, y: Any) -> Any:
    """Sum over the last axis of `x` and the last but one of `y` (the only one of a vector).

    For `x` of shape `(2, 3)` and `y` of shape `(4, 3, 5)` the result has shape `(2, 4, 5)`.
    """
    x, y = tensor(x), tensor(y)
    if not x.shape or not y.shape:
        return x * y
    return ops.tensordot(x, y, axes=[[len(x.shape) - 1], [max(len(y.shape) - 2, 0)]])


@backend
def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """Sum, for each example, over an axis of `x` and one of `y`.

    Args:
        x: tensor of shape `(batch, ...)`.
        y: tensor of shape `(batch, ...)`.
        axes: the axes that are summed over: one number for both, a pair of numbers, or None for the last
            axis of `x` and the last but one of `y` (its last one if it has two).

    Returns:
        A tensor of the batch, the other axes of `x`, and the other axes of `y`; of shape `(batch, 1)` if
        there are no others.

    Raises:
        ValueError: if a tensor has less than two axes, or sizes do not fit.

    Example:

    >>> import numpy as np
    >>> x, y = np.ones((2, 3, 4), "float32"), np.ones((2, 4, 5), "float32")
    >>> batch_dot(x, y).shape, batch_dot(x, y, axes=(2, 1)).shape
    ((2, 3, 5), (2, 3, 5))
    """
    x, y = tensor(x), tensor(y)
    ranks = len(x.shape), len(y.shape)
    if min(ranks) < 2:
        raise ValueError(
            "K.batch_dot needs tensors of at least 2 axes, the first of which is the batch. "
            f"Received: shapes {tuple(x.shape)} and {tuple(y.shape)}"
        )
    if axes is None:
        axes = (ranks[0] - 1, ranks[1] - 1 if ranks[1] == 2 else ranks[1] - 2)
    elif isinstance(axes, int):
        axes = (axes, axes)
    if len(axes) != 2 or not all(isinstance(a, int) for a in axes):
        raise ValueError(f"K.batch_dot: `axes` must be two numbers. Received: axes={axes}")
    a, b = (n + rank if n < 0 else n for n, rank in zip(axes, ranks))
    if not (0 < a < ranks[0] and 0 < b < ranks[1]):
        raise ValueError(
            f"K.batch_dot: axes {tuple(axes)} do not lie behind the batch in shapes {tuple(x.shape)} and "
            f"{tuple(y.shape)}. To sum over the batch, use K.dot."
        )
    sizes = x.shape[a], y.shape[b]
    if None not in sizes and sizes[0] != sizes[1]:
        raise ValueError(
            f"K.batch_dot: sizes {sizes[0]} and {sizes[1]} of the axes {tuple(axes)} differ. Received: "
            f"shapes {tuple(x.shape)} and {tuple(y.shape)}"
        )
    letters = iter(string.ascii_letters)
    batch, summed = next(letters), next(letters)
    left = [batch, *(next(letters) for _ in range(ranks[0] - 1))]
    right = [batch, *(next(letters) for _ in range(ranks[1] - 1))]
    left[a] = right[b] = summed
    kept = [c for c in (*left[1:], *right[1:]) if c != summed]
    formula = f"{''.join(left)},{''.join(right)}->{batch}{''.join(kept)}"
    result = ops.einsum(formula, x, y)
    return result if kept else ops.expand_dims(result, 1)
