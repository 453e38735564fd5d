"""Integers as vectors of zeros and ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import without_gradient
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import Count, checked
from minikeras.common.dtypes import to_np_dtype
from minikeras.kernels.categories import mark
from minikeras.ops.reductions import max
from minikeras.ops.symbolic import TensorLike, op


def one_hot_array(labels: np.ndarray, classes: int, dtype: Any) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iub":  # what lies between whole numbers is no class
        return (labels[..., None] == np.arange(classes)).astype(dtype)
    return mark(labels.reshape(-1, 1), classes, dtype, counts=False).reshape(*labels.shape, classes)


def _one_hot(x: np.ndarray, classes: int, axis: int, dtype: np.dtype) -> np.ndarray:
    y = one_hot_array(x, classes, dtype)
    return y if axis in (-1, y.ndim - 1) else np.moveaxis(y, -1, axis)


def _one_hot_rule(x: Any, classes: int, axis: int, dtype: np.dtype) -> KerasTensor:
    shape = list(x.shape)
    shape.insert(axis % (x.ndim + 1), classes)
    return KerasTensor(shape, dtype)


_ONE_HOT = without_gradient("one_hot", _one_hot, _one_hot_rule)


@op
@checked
def one_hot(
    x: TensorLike, num_classes: Count, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Tensor:
    """Turn integers into vectors of zeros with a one at their place (all zeros if out of range).

    Args:
        x: integers of any shape; a float counts if it is a whole number.
        num_classes: length of the vectors.
        axis: where their axis goes.
        dtype: dtype, `floatx` if None.
        sparse: whether the result is sparse, which is not supported.

    Example:

    >>> from minikeras import ops
    >>> ops.one_hot([2, 0], 3)
    <Tensor shape=(2, 3) dtype=float32
    [[0. 0. 1.]
     [1. 0. 0.]]>
    """
    if sparse:
        raise ValueError("one_hot: sparse tensors are not supported.")
    return _ONE_HOT(x, classes=num_classes, axis=axis, dtype=to_np_dtype(dtype))


@op
@checked
def multi_hot(
    inputs: TensorLike,
    num_classes: Count | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Tensor:
    """Turn rows of integers into one vector each, with a one at every place that occurs.

    Args:
        inputs: integers, `(n,)` or `(batch, n)`.
        num_classes: length of the vectors.
        axis: where their axis goes.
        dtype: dtype, `floatx` if None.
        sparse: whether the result is sparse, which is not supported.
        **kwargs: `num_tokens`, an older name of `num_classes`.
    """
    num_classes = kwargs.pop("num_tokens", num_classes)
    if kwargs:
        raise TypeError(f"multi_hot: unknown arguments {sorted(kwargs)}.")
    y = one_hot(inputs, num_classes, axis=axis, dtype=dtype, sparse=sparse)
    return max(y, axis=1 if y.ndim > 2 else 0)
