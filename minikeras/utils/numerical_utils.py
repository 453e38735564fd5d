"""One-hot rows and unit norms."""

from __future__ import annotations

import numbers
from typing import Any, overload

import numpy as np

from minikeras import ops
from minikeras.autodiff.tensor import Tensor
from minikeras.common.call_errors import told
from minikeras.kernels import linalg

_PLAIN = (np.ndarray, np.generic, numbers.Number, list, tuple)


@overload
def to_categorical(x: Tensor, num_classes: int | None = None) -> Tensor: ...


@overload
def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray: ...


@told
def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Turn class indices into one-hot vectors.

    Args:
        x: class indices from 0 up, of any shape; a last axis of length 1 is dropped.
        num_classes: number of classes, by default the largest index plus one. Needed if `x` is a
            tensor.

    Returns:
        Array of zeros and ones of shape `(*x.shape, num_classes)`; a tensor if `x` is one.

    Raises:
        ValueError: if an index is negative or not below `num_classes`, or if there are no indices
            to take `num_classes` from.

    Example:

    >>> from minikeras.utils import to_categorical
    >>> to_categorical([0, 2, 1])
    array([[1., 0., 0.],
           [0., 0., 1.],
           [0., 1., 0.]])
    """
    if not isinstance(x, _PLAIN) and ops.is_tensor(x):
        if num_classes is None:
            raise ValueError("to_categorical: `num_classes` is needed when `x` is a tensor.")
        if len(x.shape) > 1 and x.shape[-1] == 1:
            x = ops.squeeze(x, -1)
        return ops.one_hot(x, num_classes)
    index = np.asarray(x).astype("int64")
    if index.ndim > 1 and index.shape[-1] == 1:
        index = index[..., 0]
    if not num_classes:
        if index.size == 0:
            raise ValueError("to_categorical: `x` is empty, so `num_classes` must be given.")
        num_classes = int(index.max()) + 1
    if index.size and not (index.min() >= 0 and index.max() < num_classes):
        raise ValueError(
            f"to_categorical: `x` must hold class indices from 0 to {num_classes - 1}. "
            f"Received indices from {index.min()} to {index.max()}."
        )
    return np.eye(num_classes)[index]


@overload
def normalize(
    x: np.ndarray, axis: int | tuple[int, int] | None = -1, order: int = 2
) -> np.ndarray: ...


@overload
def normalize(x: Any, axis: int | tuple[int, int] | None = -1, order: int = 2) -> Tensor: ...


@told
def normalize(x: Any, axis: int | tuple[int, int] | None = -1, order: int = 2) -> Any:
    """Scale vectors to norm one. Vectors of zeros stay zero.

    Args:
        x: array or tensor.
        axis: the axis along which the vectors lie; as in `np.linalg.norm` a pair of axes, or None
            for a whole matrix, means matrices and their norm.
        order: which norm: 1, 2, `np.inf`, ...

    Returns:
        A NumPy array if `x` is one, else a tensor. As in Keras, of a single vector that is a NumPy
        array a matrix of one row is made.

    Example:

    >>> import numpy as np
    >>> from minikeras.utils import normalize
    >>> normalize(np.array([[3.0, 4.0], [0.0, 2.0]]))
    array([[0.6, 0.8],
           [0. , 1. ]])
    """
    if not isinstance(x, np.ndarray):
        return ops.normalize(x, axis=axis, order=order)
    norm = linalg.norm(x, order, axis, keepdims=True)
    unit = x / np.where(norm == 0, 1, norm)
    return unit[None] if x.ndim == 1 else unit
