"""Picking elements: indexing, taking, choosing by a condition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor, elementary, unbroadcast
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import result_type
from minikeras.ops.elementwise import power
from minikeras.ops.families import (
    broadcast_shapes,
    np_shape,
    operand_kind,
    plain,
    promote,
    promote_pair,
)
from minikeras.ops.reductions import sum
from minikeras.ops.shapes import broadcast_to, ravel, reshape
from minikeras.ops.symbolic import TensorLike, op

_BASIC = frozenset({int, slice, type(None), type(Ellipsis)})


def own_array(x: Any) -> np.ndarray:
    """Return the value of an argument that a backward will read, copied while a tape records."""
    value = to_array(x)
    return np.array(value) if value is x and thread.state.tapes else np.asarray(value)


def _plain_key(key: Any) -> Any:
    """Return an index with arrays in place of tensors and lists."""
    t = type(key)
    if t in _BASIC:
        return key
    if t is tuple:
        for k in key:
            if type(k) not in _BASIC:
                return tuple([_plain_key(k) for k in key])
        return key
    if isinstance(key, Tensor):
        value = key.array
        return int(value) if value.ndim == 0 and value.dtype.kind in "iu" else value
    if t is list or t is np.ndarray:
        return own_array(key)
    return key


def _is_basic(key: Any) -> bool:
    """Whether an index picks every element at most once, as numbers and slices do."""
    for k in key if type(key) is tuple else (key,):
        if type(k) not in _BASIC and not isinstance(k, np.integer):
            return False
    return True


def _put(g: Any, shape: tuple, key: Any) -> Any:
    """Add `g` into zeros of `shape` at the places `key`."""
    if isinstance(g, Tensor):
        return _PUT(g, key=key, into=shape)
    dx = np.zeros(shape, g.dtype)
    if _is_basic(key):
        dx[key] = g
    else:
        np.add.at(dx, key, g)
    return dx


GET_ITEM = elementary("get_item", lambda x, key: x[key], lambda g, shape, key: _put(g, shape, key))
_PUT = elementary("put", lambda x, key, into: _put(x, into, key), lambda g, key: g[key])


@op
def get_item(x: TensorLike, key: TensorLike) -> Tensor:
    """Index as NumPy does: `x[key]`.

    Args:
        x: tensor.
        key: integers, slices, None, `...`, boolean or integer arrays, or a tuple of them.
    """
    if type(x) is not Tensor:
        x = as_tensor(x)
    return GET_ITEM(x, key=_plain_key(key))


def _take_key(indices: np.ndarray, shape: tuple, axis: int | None) -> tuple:
    if axis is None:
        return np.unravel_index(indices, shape)
    return (slice(None),) * axis + (indices,)


_TAKE = elementary(
    "take",
    lambda x, indices, axis: x.take(indices, axis),
    lambda g, shape, indices, axis: _put(g, shape, _take_key(indices, shape, axis)),
)


@op
def take(x: TensorLike, indices: TensorLike, axis: int | None = None) -> Tensor:
    """Pick elements along `axis` (of the flat tensor if None).

    Args:
        x: tensor.
        indices: integers of any shape, which takes the place of the axis; negative ones count
            from the end.
        axis: axis.

    Raises:
        IndexError: if an index is out of range.

    Example:

    >>> from minikeras import ops
    >>> ops.take([10, 20, 30], [0, -1])
    <Tensor shape=(2,) dtype=int32 [10 30]>
    """
    if type(x) is not Tensor:
        x = as_tensor(x)
    indices = own_array(indices)
    if axis is None:
        if indices.size and indices.min() < 0:  # the backward unravels them
            indices = np.where(indices < 0, indices + x.size, indices)
    elif axis < 0:
        axis += x.array.ndim
    return _TAKE(x, indices=indices, axis=axis)


def _along_key(indices: np.ndarray, axis: int) -> tuple:
    key = list(np.ogrid[tuple([slice(n) for n in indices.shape])])
    key[axis] = indices
    return tuple(key)


_TAKE_ALONG_AXIS = elementary(
    "take_along_axis",
    lambda x, indices, axis: np.take_along_axis(x, indices, axis),
    lambda g, shape, indices, axis: _put(g, shape, _along_key(indices, axis)),
)


@op
def take_along_axis(x: TensorLike, indices: TensorLike, axis: int | None = None) -> Tensor:
    """Pick elements along `axis`, one index for each place.

    Args:
        x: tensor.
        indices: integers, of the shape of `x` but for `axis`; other axes may be 1 and broadcast.
        axis: axis; both are flattened if None.
    """
    x = as_tensor(x)
    indices = own_array(indices)
    if axis is None:
        x, indices, axis = ravel(x), indices.ravel(), 0
    if indices.ndim != x.ndim:
        raise ValueError(
            "take_along_axis: `x` and `indices` must have as many axes. "
            f"Received shapes {x.shape} and {indices.shape}."
        )
    axis %= x.ndim
    rest = [tuple(d for i, d in enumerate(s) if i != axis) for s in (x.shape, indices.shape)]
    whole = list(np.broadcast_shapes(*rest))
    source = whole[:axis] + [x.shape[axis]] + whole[axis:]
    if list(x.shape) != source:
        x = broadcast_to(x, source)
    whole.insert(axis, indices.shape[axis])
    return _TAKE_ALONG_AXIS(x, indices=np.broadcast_to(indices, whole), axis=axis)


def _kept(g: Any, condition: np.ndarray, shape: tuple) -> Any:
    d = g * condition
    return d if d.shape == shape else unbroadcast(d, shape)


_WHERE = elementary(
    "where",
    lambda x1, x2, condition: np.where(condition, x1, x2),
    lambda g, condition, shape: _kept(g, condition, shape),
    lambda g, condition, shape: _kept(g, np.logical_not(condition), shape),
    inputs=("x1", "x2"),
)


def _where_rule(condition: Any, x1: Any = None, x2: Any = None) -> KerasTensor:
    if x1 is None or x2 is None:
        raise ValueError("where: a symbolic condition needs both x1 and x2.")
    shape = broadcast_shapes(np_shape(x1), np_shape(x2), "where")
    shape = broadcast_shapes(np_shape(condition), shape, "where")
    return KerasTensor(shape, result_type(operand_kind(x1), operand_kind(x2)))


@op(rule=_where_rule)
def where(condition: TensorLike, x1: TensorLike | None = None, x2: TensorLike | None = None) -> Any:
    """Pick from `x1` where the condition holds, else from `x2`.

    Args:
        condition: booleans; all three broadcast.
        x1: values where it holds.
        x2: values where it does not.

    Returns:
        A tensor; with the condition alone, the indices of true elements, one tensor an axis.
    """
    if type(condition) is Tensor:
        condition = condition.array
    else:
        condition = own_array(condition)
    if x1 is None and x2 is None:
        return nonzero(condition)
    if x1 is None or x2 is None:
        raise ValueError("where: give both x1 and x2, or neither.")
    if condition.dtype.kind != "b":
        condition = condition.astype(bool)
    x1, x2 = promote_pair(x1, x2)
    if not thread.state.tapes:
        return Tensor(np.where(condition, plain(x1), plain(x2)))
    return _WHERE(x1, x2, condition=condition)


@op(rule=lambda x: tuple([KerasTensor((None,), "int32") for _ in np_shape(x)]))
def nonzero(x: TensorLike) -> tuple[Tensor, ...]:
    """Return the indices of the elements that are not zero, one tensor an axis."""
    return tuple([Tensor(i.astype(np.int32)) for i in np.nonzero(to_array(x))])


def _select_rule(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    shape = np_shape(default)
    for x in (*condlist, *choicelist):
        shape = broadcast_shapes(shape, np_shape(x), "select")
    return KerasTensor(shape, result_type(*[operand_kind(x) for x in (*choicelist, default)]))


@op(rule=_select_rule)
def select(
    condlist: Sequence[TensorLike], choicelist: Sequence[TensorLike], default: TensorLike = 0
) -> Tensor:
    """Pick from the choice of the first condition that holds.

    Args:
        condlist: boolean tensors.
        choicelist: one tensor for each condition.
        default: what to take where none holds.

    Raises:
        ValueError: if there are none, or the lists differ in length.
    """
    if len(condlist) != len(choicelist) or len(condlist) == 0:
        raise ValueError(
            "select: `condlist` and `choicelist` must be lists of the same length, not empty. "
            f"Received lengths {len(condlist)} and {len(choicelist)}."
        )
    *choices, result = promote(*choicelist, default)
    for condition, choice in reversed(list(zip(condlist, choices))):
        result = where(condition, choice, result)
    return result


@op
def unravel_index(indices: TensorLike, shape: Any) -> tuple[Tensor, ...]:
    """Turn flat indices into one tensor of coordinates an axis; negative ones count from the end.

    Example:

    >>> from minikeras import ops
    >>> ops.unravel_index(5, (2, 3))
    (<Tensor shape=() dtype=int32 1>, <Tensor shape=() dtype=int32 2>)
    """
    flat = to_array(indices)
    dtype = flat.dtype
    flat = np.where(flat < 0, flat + int(np.prod(shape)), flat)
    return tuple([Tensor(np.asarray(i).astype(dtype)) for i in np.unravel_index(flat, shape)])


DIAGONAL = elementary(
    "diagonal",
    lambda x, offset, axis1, axis2: np.diagonal(x, offset, axis1, axis2),
    lambda g, shape, offset, axis1, axis2: _put(
        g, shape, _diagonal_key(shape, offset, axis1, axis2)
    ),
)


def _diagonal_key(shape: tuple, offset: int, axis1: int, axis2: int) -> tuple:
    """The index of the diagonal's places, with the diagonal as the last axis."""
    rows, columns = shape[axis1], shape[axis2]
    n = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    rest = [i for i in range(len(shape)) if i not in (axis1 % len(shape), axis2 % len(shape))]
    grid = np.ogrid[tuple([slice(shape[i]) for i in rest] + [slice(n)])]
    key: list = [None] * len(shape)
    for i, axis in enumerate(rest):
        key[axis] = grid[i]
    key[axis1] = grid[-1] - min(offset, 0)
    key[axis2] = grid[-1] + max(offset, 0)
    return tuple(key)


@op
def diagonal(x: TensorLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return the diagonals of the matrices along two axes, as the last axis.

    Args:
        x: tensor of two axes or more.
        offset: which diagonal; positive ones lie above the main one.
        axis1: axis of rows.
        axis2: axis of columns.

    Raises:
        ValueError: if the tensor has fewer than two axes.
    """
    x = as_tensor(x)
    if x.ndim < 2:
        raise ValueError(f"diagonal: the input needs two axes or more. Received shape {x.shape}.")
    return DIAGONAL(x, offset=int(offset), axis1=axis1, axis2=axis2)


@op
def trace(x: TensorLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Sum the diagonals of the matrices along two axes."""
    return sum(diagonal(x, offset, axis1, axis2), axis=-1)


def _diagonal_matrix(x: Tensor, k: int) -> Tensor:
    n = x.shape[0] + abs(k)
    at = np.arange(x.shape[0])
    return _PUT(x, key=(at - min(k, 0), at + max(k, 0)), into=(n, n))


@op
def diag(x: TensorLike, k: int = 0) -> Tensor:
    """Put a vector on the k-th diagonal of a matrix, or take that diagonal of a matrix.

    Raises:
        ValueError: if the input has neither one axis nor two.
    """
    x = as_tensor(x)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ValueError(f"diag: the input needs one or two axes. Received shape {x.shape}.")
    return _diagonal_matrix(x, k)


@op
def diagflat(x: TensorLike, k: int = 0) -> Tensor:
    """Put all elements on the k-th diagonal of a matrix."""
    return _diagonal_matrix(reshape(x, (-1,)), k)


_TRIL = elementary("tril", lambda x, k: np.tril(x, k), lambda g, k: np.tril(g, k))
_TRIU = elementary("triu", lambda x, k: np.triu(x, k), lambda g, k: np.triu(g, k))


def _matrix_rule(x: KerasTensor, k: int = 0) -> KerasTensor:
    if x.ndim < 2:
        raise ValueError(f"tril and triu need two axes or more. Received shape {x.shape}.")
    return KerasTensor(x.shape, x.dtype)


@op(rule=_matrix_rule)
def tril(x: TensorLike, k: int = 0) -> Tensor:
    """Set everything above the k-th diagonal to zero."""
    return _TRIL(as_tensor(x), k=k)


@op(rule=_matrix_rule)
def triu(x: TensorLike, k: int = 0) -> Tensor:
    """Set everything below the k-th diagonal to zero."""
    return _TRIU(as_tensor(x), k=k)


@op
def vander(x: TensorLike, N: int | None = None, increasing: bool = False) -> Tensor:
    """Return the powers of a vector's elements as columns, the highest first unless `increasing`.

    Args:
        x: vector.
        N: number of columns, the length of `x` if None.
        increasing: whether the powers rise from left to right.

    Raises:
        ValueError: if `x` is no vector.
    """
    x = as_tensor(x)
    if x.ndim != 1:
        raise ValueError(f"vander: the input must have one axis. Received shape {x.shape}.")
    powers = np.arange(x.shape[0] if N is None else N, dtype=x.array.dtype)
    if not increasing:
        powers = powers[::-1]
    return power(reshape(x, (-1, 1)), Tensor(powers))
