"""Indices as vectors: one-hot, multi-hot and counts, for all layers that give categories."""

from __future__ import annotations

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
    # One row of the result for each index, or for each sample.
    rows = indices.reshape(
        -1, 1 if output_mode == "one_hot" or not indices.ndim else indices.shape[-1]
    )
    inside = (rows >= 0) & (rows < depth)
    places = (rows + depth * np.arange(len(rows), dtype=np.int64)[:, None])[inside]
    size = len(rows) * depth
    if output_mode != "count":
        result = np.zeros(size, dtype)
        result[places] = 1
    elif weights is None:
        result = np.bincount(places, minlength=size).astype(dtype, copy=False)
    else:
        given = np.asarray(weights).reshape(rows.shape)[inside]
        result = np.bincount(places, given, minlength=size).astype(weights.dtype, copy=False)
    return result.reshape(shape)


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
