"""Sorting, searching, counting: integers and order."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor, without_gradient
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import np_dtype, result_type
from minikeras.kernels.bins import bin_indices
from minikeras.ops.core import scatter
from minikeras.ops.families import np_shape, operand_kind, promote
from minikeras.ops.indexing import take_along_axis
from minikeras.ops.reductions import check_axis, float_dtype
from minikeras.ops.shapes import ravel
from minikeras.ops.symbolic import TensorLike, op


def _int32(x: Any) -> np.ndarray:
    return np.asarray(x).astype(np.int32)


def _integers(x: Any, *_: Any, **__: Any) -> KerasTensor:
    return KerasTensor(np_shape(x), "int32")


_ARGSORT = without_gradient(
    "argsort", lambda x, axis: _int32(np.argsort(x, axis=axis, kind="stable")), _integers
)
_ARGPARTITION = without_gradient(
    "argpartition", lambda x, kth, axis: _int32(np.argpartition(x, kth, axis=axis)), _integers
)
_SEARCHSORTED = without_gradient(
    "searchsorted",
    lambda sequence, values, side: _int32(np.searchsorted(sequence, values, side=side)),
    rule=lambda sequence, values, side: _integers(values),
)


def _digitize(x: np.ndarray, bins: np.ndarray) -> np.ndarray:
    if bins.size and bins[0] > bins[-1]:  # descending
        return _int32(np.digitize(x, bins))
    return bin_indices(x, bins)


_DIGITIZE = without_gradient("digitize", _digitize, _integers)
_IS_IN = without_gradient(
    "isin",
    lambda x1, x2, **how: np.isin(x1, x2, **how),
    rule=lambda x1, x2, **how: KerasTensor(np_shape(x1), "bool"),
)


@op
def sort(x: TensorLike, axis: int | None = -1) -> Tensor:
    """Sort along `axis`, from small to large (the flat tensor if None)."""
    x = as_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    check_axis(x, axis, "sort")
    return take_along_axis(x, _ARGSORT(x, axis=axis), axis=axis)


@op
def argsort(x: TensorLike, axis: int | None = -1) -> Tensor:
    """Return the indices that sort along `axis` (the flat tensor if None)."""
    x = as_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    return _ARGSORT(x, axis=axis)


@op
def argpartition(x: TensorLike, kth: int, axis: int | None = -1) -> Tensor:
    """Return indices that put the `kth` smallest in its place, smaller ones before it.

    Args:
        x: tensor.
        kth: index of the element that comes to its sorted place.
        axis: axis; the flat tensor if None.
    """
    x = as_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    return _ARGPARTITION(x, kth=kth, axis=axis)


@op
def searchsorted(sorted_sequence: TensorLike, values: TensorLike, side: str = "left") -> Tensor:
    """Return where values would have to be inserted to keep a sequence sorted.

    Args:
        sorted_sequence: vector in ascending order.
        values: tensor.
        side: `"left"` for the first such place, `"right"` for the last.

    Raises:
        ValueError: if the sequence does not have one axis.
    """
    sequence = as_tensor(sorted_sequence)
    if sequence.ndim != 1:
        raise ValueError(
            f"searchsorted: `sorted_sequence` must have one axis. Received shape {sequence.shape}."
        )
    return _SEARCHSORTED(sequence, as_tensor(values), side=side)


@op
def digitize(x: TensorLike, bins: TensorLike) -> Tensor:
    """Return the index of the bin that each element falls into.

    Args:
        x: tensor.
        bins: edges in ascending order: bin `i` holds `bins[i - 1] <= x < bins[i]`.
    """
    return _DIGITIZE(as_tensor(x), as_tensor(bins))


def _unique(x: np.ndarray, asked: tuple, axis: Any, size: Any, fill_value: Any) -> tuple:
    values, index, inverse, counts = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True, axis=axis
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
    others = (index, inverse.reshape(x.shape if axis is None else (-1,)), counts)
    return (values, *[_int32(o) for o, wanted in zip(others, asked) if wanted])


def _unique_rule(x: Any, asked: tuple, axis: Any, size: Any, fill_value: Any) -> tuple:
    values = [size]
    if axis is not None:
        values = list(x.shape)
        values[axis] = size
    shapes = ((size,), x.shape if axis is None else (x.shape[axis],), (size,))
    others = [KerasTensor(s, "int32") for s, wanted in zip(shapes, asked) if wanted]
    return (KerasTensor(values, x.dtype), *others)


_UNIQUE = without_gradient("unique", _unique, _unique_rule)


@op
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
    asked = (return_index, return_inverse, return_counts)
    result = _UNIQUE(as_tensor(x), asked=asked, axis=axis, size=size, fill_value=fill_value)
    return result[0] if len(result) == 1 else result


@op
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
    return _IS_IN(*promote(x1, x2), assume_unique=assume_unique, invert=invert)


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


def _histogram(x: np.ndarray, bins: int, range: Any) -> tuple:
    dtype = np_dtype(float_dtype(x.dtype.name))
    wide = x.astype(np.float32) if x.dtype.kind in "bV" else x
    return tuple([y.astype(dtype) for y in np.histogram(wide, bins=bins, range=range)])


_HISTOGRAM = without_gradient(
    "histogram",
    _histogram,
    rule=lambda x, bins, range: (
        KerasTensor((bins,), float_dtype(x.dtype)),
        KerasTensor((bins + 1,), float_dtype(x.dtype)),
    ),
)


@op
def histogram(x: TensorLike, bins: int = 10, range: Any = None) -> tuple[Tensor, Tensor]:
    """Count the elements in bins of one width.

    Args:
        x: vector.
        bins: number of bins.
        range: `(low, high)`, outside which elements are left out; the extremes of `x` if None.

    Returns:
        Counts of shape `(bins,)`, and the edges of shape `(bins + 1,)`, both floats as in Keras.

    Raises:
        ValueError: if `x` is no vector, `bins` no positive integer, or `range` empty.
    """
    if not isinstance(bins, (int, np.integer)) or bins <= 0:
        raise ValueError(f"histogram: `bins` must be a positive integer. Received: bins={bins!r}")
    if range is not None and range[1] < range[0]:
        raise ValueError(f"histogram: `range` must be (low, high). Received: range={range}")
    x = as_tensor(x)
    if x.ndim == 0:
        x = ravel(x)
    if x.ndim != 1:
        raise ValueError(f"histogram: `x` must have one axis. Received shape {x.shape}.")
    return _HISTOGRAM(x, bins=int(bins), range=None if range is None else tuple(range))
