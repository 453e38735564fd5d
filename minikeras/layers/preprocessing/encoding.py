"""Indices as vectors: one-hot, multi-hot and counts, for all layers that give categories."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import Primitive, without_gradient
from minikeras.autodiff.tensor import Tensor
from minikeras.common.dtypes import np_dtype
from minikeras.kernels.categories import mark
from minikeras.ops.core import cast
from minikeras.ops.encoding import one_hot
from minikeras.ops.reductions import max, sum
from minikeras.ops.shapes import expand_dims, squeeze


def encoded(
    indices: np.ndarray, output_mode: str, depth: int, dtype: Any, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return categories by index in the form that an `output_mode` asks for.

    Args:
        indices: integers; those outside of `[0, depth)` count for nothing.
        output_mode: `"int"` for the indices themselves, `"one_hot"` for a vector for each,
            `"multi_hot"` for a vector for each sample that marks which occur in it, `"count"` for one
            that says how often. What a sample holds lies along axis 1, behind the batch.
        depth: number of categories.
        dtype: dtype of the result; that of `weights` if they are given.
        weights: what each index counts, in the shape of `indices`; for `"count"` only.

    Returns:
        Array of the shape that `encoded_shape` says.

    Example:

    >>> import numpy as np
    >>> encoded(np.array([[1, 1, 2], [0, 9, 0]]), "count", 3, "int64")
    array([[0, 2, 1],
           [2, 0, 0]])
    """
    if output_mode == "int":
        return indices.astype(dtype, copy=False)
    shape = encoded_shape(indices.shape, output_mode, depth)
    if indices.dtype.kind == "f":  # only whole numbers are categories
        whole = indices == np.floor(indices)
        indices = np.where(whole, indices, -1).astype(np.int64)
    in_rows = [_rows(a, output_mode) for a in (indices, weights) if a is not None]
    dtype = dtype if weights is None else weights.dtype
    return mark(in_rows[0], depth, dtype, output_mode == "count", *in_rows[1:]).reshape(shape)


def _rows(a: np.ndarray, output_mode: str) -> np.ndarray:
    """Return an array as a matrix with one row for each row of the result."""
    if output_mode == "one_hot" or a.ndim == 0:
        return a.reshape(-1, 1)
    if a.ndim > 2:
        a = np.moveaxis(a, 1, -1)
    return a.reshape(-1, a.shape[-1])


def encoded_rows(
    indices: np.ndarray,
    sizes: np.ndarray,
    output_mode: str,
    depth: int,
    dtype: Any,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """`encoded` for samples of different lengths.

    Args:
        indices: indices of all samples, one sample after the other.
        sizes: how many there are in each sample.
        output_mode: `"multi_hot"` or `"count"`; `"one_hot"` for samples of one.
        depth, dtype, weights: see `encoded`.

    Returns:
        Array of shape `(len(sizes), depth)`.

    Example:

    >>> import numpy as np
    >>> encoded_rows(np.array([1, 1, 2]), np.array([2, 1]), "multi_hot", 3, "int32")
    array([[0, 1, 0],
           [0, 0, 1]], dtype=int32)
    """
    inside = (indices >= 0) & (indices < depth)
    places = np.repeat(depth * np.arange(len(sizes)), sizes)[inside] + indices[inside]
    result = np.zeros(len(sizes) * depth, dtype if weights is None else weights.dtype)
    if output_mode != "count":
        result[places] = 1
    else:  # in place, for most of the result are zeros that need not be touched
        # Of the result's dtype: `add.at` takes ten times as long where it has to cast a plain 1.
        told = np.ones(len(places), dtype) if weights is None else weights.reshape(-1)[inside]
        np.add.at(result, places, told)
    return result.reshape(len(sizes), depth)


def encoded_shape(shape: tuple, output_mode: str, depth: int | None) -> tuple:
    """Return the shape of `encoded` indices.

    Args:
        shape: shape of the indices, None where a size is not known.
        output_mode, depth: see `encoded`.

    Example:

    >>> encoded_shape((None, 5), "multi_hot", 10), encoded_shape((None, 1), "one_hot", 10)
    ((None, 10), (None, 10))
    """
    shape = tuple(shape)
    if output_mode == "int":
        return shape
    if output_mode == "one_hot":
        return (*shape[:-1], depth) if len(shape) > 1 and shape[-1] == 1 else (*shape, depth)
    return (*shape[:1], *shape[2:], depth) if len(shape) > 1 else (depth,)


_ENCODE = without_gradient(
    "encode_categories",
    lambda indices, output_mode, depth, dtype: encoded(indices, output_mode, depth, dtype),
    rule=lambda indices, output_mode, depth, dtype: KerasTensor(
        encoded_shape(indices.shape, output_mode, depth), dtype
    ),
)


def _composed(indices: Tensor, output_mode: str, depth: int, dtype: Any) -> Tensor:
    """`encoded`, composed of other operations."""
    if output_mode == "int":
        return cast(indices, dtype)
    if output_mode == "one_hot" and indices.ndim > 1 and indices.shape[-1] == 1:
        indices = squeeze(indices, -1)
    vectors = one_hot(indices, depth, dtype=dtype)
    if output_mode == "one_hot" or indices.ndim == 0:
        return vectors
    join = max if output_mode == "multi_hot" else sum
    return join(vectors, axis=min(indices.ndim - 1, 1))


_ENCODE.reference = _composed


def encode(indices: Any, output_mode: str, depth: int, dtype: str) -> Tensor:
    """`encoded` for tensors."""
    return _ENCODE(indices, output_mode=output_mode, depth=depth, dtype=np_dtype(dtype))


def _weigh_backward(g: np.ndarray, indices: np.ndarray, needs: Any, out: Any, depth: int) -> list:
    """Return for each weight the gradient at the place that it was added to."""
    rows = _rows(indices, "count")
    inside = (rows >= 0) & (rows < depth)
    found = np.take_along_axis(g.reshape(-1, depth), np.where(inside, rows, 0), axis=1) * inside
    if indices.ndim > 2:
        batch, _, *rest = indices.shape
        found = np.moveaxis(found.reshape(batch, *rest, -1), -1, 1)
    return [found.reshape(indices.shape), None]


WEIGH = Primitive(
    "weighted_counts",
    lambda weights, indices, depth: (encoded(indices, "count", depth, None, weights), indices),
    _weigh_backward,
    rule=lambda weights, indices, depth: KerasTensor(
        encoded_shape(weights.shape, "count", depth), weights.dtype
    ),
    reference=lambda weights, indices, depth: sum(
        one_hot(indices, depth, dtype=weights.dtype) * expand_dims(weights, -1),
        axis=min(indices.ndim - 1, 1),
    ),
)
"""`(weights, indices)` to counts: what each index counts, and of which category."""
