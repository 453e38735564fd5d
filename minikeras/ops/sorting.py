"""Sorting, searching, counting: integers and order."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import result_type
from minikeras.ops.core import scatter
from minikeras.ops.families import np_shape, operand_kind, promote
from minikeras.ops.indexing import take_along_axis
from minikeras.ops.reductions import check_axis
from minikeras.ops.shapes import ravel
from minikeras.ops.symbolic import TensorLike, op


def as_int32(x: Any) -> Tensor:
    return Tensor(np.asarray(x).astype(np.int32))


@op(rule=lambda x, axis=-1: KerasTensor(x.shape, x.dtype))
def sort(x: TensorLike, axis: int | None = -1) -> Tensor:
    """Sort along `axis`, from small to large (the flat tensor if None)."""
    x = as_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    check_axis(x, axis, "sort")
    return take_along_axis(x, np.argsort(x.array, axis=axis, kind="stable"), axis=axis)


@op(rule=lambda x, axis=-1: KerasTensor(x.shape, "int32"))
def argsort(x: TensorLike, axis: int | None = -1) -> Tensor:
    """Return the indices that sort along `axis` (the flat tensor if None)."""
    return as_int32(np.argsort(to_array(x), axis=axis, kind="stable"))


@op(rule=lambda x, kth, axis=-1: KerasTensor(x.shape, "int32"))
def argpartition(x: TensorLike, kth: int, axis: int | None = -1) -> Tensor:
    """Return indices that put the `kth` smallest in its place, smaller ones before it.

    Args:
        x: tensor.
        kth: index of the element that comes to its sorted place.
        axis: axis; the flat tensor if None.
    """
    return as_int32(np.argpartition(to_array(x), kth, axis=axis))


@op(rule=lambda sorted_sequence, values, side="left": KerasTensor(np_shape(values), "int32"))
def searchsorted(sorted_sequence: TensorLike, values: TensorLike, side: str = "left") -> Tensor:
    """Return where values would have to be inserted to keep a sequence sorted.

    Args:
        sorted_sequence: vector in ascending order.
        values: tensor.
        side: `"left"` for the first such place, `"right"` for the last.

    Raises:
        ValueError: if the sequence does not have one axis.
    """
    sequence = to_array(sorted_sequence)
    if sequence.ndim != 1:
        raise ValueError(
            f"searchsorted: `sorted_sequence` must have one axis. Received shape {sequence.shape}."
        )
    return as_int32(np.searchsorted(sequence, to_array(values), side=side))


@op(rule=lambda x, bins: KerasTensor(x.shape, "int32"))
def digitize(x: TensorLike, bins: TensorLike) -> Tensor:
    """Return the index of the bin that each element falls into.

    Args:
        x: tensor.
        bins: edges in ascending order: bin `i` holds `bins[i - 1] <= x < bins[i]`.
    """
    return as_int32(np.digitize(to_array(x), to_array(bins)))


def _unique_rule(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    values = [size]
    if axis is not None:
        values = list(x.shape)
        values[axis] = size
    result = [KerasTensor(values, x.dtype)]
    inverse = x.shape if axis is None else (x.shape[axis],)
    for asked, shape in (
        (return_index, (size,)),
        (return_inverse, inverse),
        (return_counts, (size,)),
    ):
        if asked:
            result.append(KerasTensor(shape, "int32"))
    return result[0] if len(result) == 1 else tuple(result)


@op(rule=_unique_rule)
def unique(
    x: TensorLike,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """Return the distinct elements, in ascending order.

    Args:
        x: tensor.
        sorted: whether they are to be sorted; they are anyway.
        return_index: whether to return where each first occurs.
        return_inverse: whether to return which one each element is.
        return_counts: whether to return how often each occurs.
        axis: axis whose slices are compared; the elements if None.
        size: number of values to return: more are cut off, missing ones filled.
        fill_value: what to fill with, the smallest value if None.

    Returns:
        The values, followed by what else was asked for, as a tuple.
    """
    array = to_array(x)
    values, index, inverse, counts = np.unique(
        array, return_index=True, return_inverse=True, return_counts=True, axis=axis
    )
    along = 0 if axis is None else axis
    if size is not None:
        n = values.shape[along]
        missing = max(size - n, 0)
        keep = np.arange(min(size, n))
        values, index, counts = np.take(values, keep, along), index[keep], counts[keep]
        if missing:
            if fill_value is None:
                extra = np.repeat(np.take(values, [0], along), missing, along)
            else:
                shape = list(values.shape)
                shape[along] = missing
                extra = np.full(shape, fill_value, values.dtype)
            values = np.concatenate([values, extra], along)
            index = np.concatenate([index, np.full(missing, index[0], index.dtype)])
            counts = np.concatenate([counts, np.zeros(missing, counts.dtype)])
    result = [Tensor(values)]
    if return_index:
        result.append(as_int32(index))
    if return_inverse:
        result.append(as_int32(inverse.reshape(array.shape if axis is None else (-1,))))
    if return_counts:
        result.append(as_int32(counts))
    return result[0] if len(result) == 1 else tuple(result)


@op(rule=lambda x1, x2, *_, **__: KerasTensor(np_shape(x1), "bool"))
def isin(
    x1: TensorLike, x2: TensorLike, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Return whether each element of `x1` is among those of `x2`.

    Args:
        x1: tensor.
        x2: tensor.
        assume_unique: whether neither has duplicates, which may be faster.
        invert: whether to return the opposite.
    """
    a, b = [t.array for t in promote(x1, x2)]
    return Tensor(np.isin(a, b, assume_unique=assume_unique, invert=invert))


def _bincount_rule(
    x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False
) -> KerasTensor:
    dtype = "int32" if weights is None else result_type(operand_kind(weights), "int32")
    return KerasTensor((*x.shape[:-1], None), dtype)


@op(rule=_bincount_rule)
def bincount(
    x: TensorLike, weights: Any = None, minlength: int = 0, sparse: bool = False
) -> Tensor:
    """Count how often each integer occurs.

    Args:
        x: non-negative integers, `(n,)` or `(batch, n)`.
        weights: what each one counts, 1 if None.
        minlength: least length of the result.
        sparse: whether the result is sparse, which is not supported.

    Returns:
        Tensor of `(length,)` or `(batch, length)`.

    Raises:
        ValueError: for negative integers, or inputs of more than two axes.

    Example:

    >>> from minikeras import ops
    >>> ops.bincount([1, 1, 3])
    <Tensor shape=(4,) dtype=int32 [0 2 0 1]>
    """
    if sparse:
        raise ValueError("bincount: sparse tensors are not supported.")
    values = to_array(x)
    if values.dtype.kind not in "iub" or values.ndim not in (1, 2):
        raise ValueError(
            "bincount: `x` must be integers with one or two axes. "
            f"Received: dtype={values.dtype}, shape={values.shape}"
        )
    values = values.astype(np.int64)
    if values.size and values.min() < 0:
        raise ValueError(f"bincount: `x` must not be negative. Received: {values.min()}")
    length = max(int(values.max()) + 1 if values.size else 0, minlength)
    if weights is None:
        weights = Tensor(np.ones(values.shape, np.int32))
    else:
        weights = as_tensor(weights)
        weights = weights.astype(result_type(weights.dtype, "int32"))
    if values.ndim == 1:
        return scatter(values[:, None], weights, (length,))
    rows = np.broadcast_to(np.arange(values.shape[0])[:, None], values.shape)
    return scatter(np.stack([rows, values], -1), weights, (values.shape[0], length))


@op
def histogram(x: TensorLike, bins: int = 10, range: Any = None) -> tuple[Tensor, Tensor]:
    """Count the elements in bins of one width.

    Args:
        x: vector.
        bins: number of bins.
        range: `(low, high)`, outside which elements are left out; the extremes of `x` if None.

    Returns:
        Counts of shape `(bins,)`, and the edges of shape `(bins + 1,)`.

    Raises:
        ValueError: if `x` is no vector, `bins` no positive integer, or `range` empty.
    """
    if not isinstance(bins, (int, np.integer)) or bins <= 0:
        raise ValueError(f"histogram: `bins` must be a positive integer. Received: bins={bins!r}")
    if range is not None and range[1] < range[0]:
        raise ValueError(f"histogram: `range` must be (low, high). Received: range={range}")
    values = to_array(x)
    if values.ndim != 1:
        raise ValueError(f"histogram: `x` must have one axis. Received shape {values.shape}.")
    dtype = values.dtype if values.dtype.kind == "f" else np.dtype("float32")
    counts, edges = np.histogram(values, bins=bins, range=range)
    return as_int32(counts), Tensor(edges.astype(dtype))
