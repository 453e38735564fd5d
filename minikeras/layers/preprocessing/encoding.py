"""Indices as vectors: one-hot, multi-hot and counts, for all layers that give categories."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def encoded(
    indices: np.ndarray, output_mode: str, depth: int, dtype: Any, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return categories by index in the form that an `output_mode` asks for.

    Args:
        indices: integers; those outside of `[0, depth)` count for nothing.
        output_mode: `"int"` for the indices themselves, `"one_hot"` for a vector for each,
            `"multi_hot"` for a vector for each sample, along the last axis, that marks which occur in
            it, `"count"` for one that says how often.
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
    size = 1 if output_mode == "one_hot" or not indices.ndim else indices.shape[-1]
    n = indices.size if size == 1 else math.prod(indices.shape[:-1])
    rows = encoded_rows(indices.reshape(-1), np.full(n, size), output_mode, depth, dtype, weights)
    return rows.reshape(shape)


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
        np.add.at(result, places, 1 if weights is None else weights.reshape(-1)[inside])
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
    if output_mode == "one_hot" and not (len(shape) > 1 and shape[-1] == 1):
        return (*shape, depth)
    return (*shape[:-1], depth)
