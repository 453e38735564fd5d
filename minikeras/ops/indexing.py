"""Picking elements: indexing, taking, choosing by a condition."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import AssumedSize, KerasTensor, is_known
from minikeras.autodiff.primitive import as_tensor, elementary, same, unbroadcast, without_gradient
from minikeras.autodiff.probe import probe
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import axis_within, checked
from minikeras.common.dtypes import result_type
from minikeras.ops.elementwise import power
from minikeras.ops.families import (
    CONVERT,
    as_numeric,
    broadcast_shapes,
    np_shape,
    operand_kind,
    promote,
    promote_pair,
)
from minikeras.ops.reductions import sum
from minikeras.ops.shapes import broadcast_to, ravel, reshape
from minikeras.ops.symbolic import TensorLike, op, probed

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


def _item_rule(x: Any, key: Any) -> KerasTensor:
    if any(isinstance(k, (bool, np.bool_)) for k in (key if type(key) is tuple else (key,))):
        return probe(GET_ITEM, (x,), {"key": key}, arrays=True)
    keys: list[Any] = []
    for k in key if type(key) is tuple else (key,):
        if isinstance(k, np.ndarray) and k.dtype.kind == "b" and k.ndim:
            keys += np.nonzero(k)  # as many indices as it has axes
        elif isinstance(k, KerasTensor) and k.dtype == "bool":
            keys += [KerasTensor((None,), "int32")] * k.ndim
        else:
            keys.append(k)
    whole = [i for i, k in enumerate(keys) if k is Ellipsis] or [len(keys)]
    rest = x.ndim - len([k for k in keys if k is not None and k is not Ellipsis])
    if rest < 0 or len(whole) > 1:
        raise IndexError(f"get_item: {key} has too many indices for shape {tuple(x.shape)}.")
    keys[whole[0] : whole[0] + 1] = [slice(None)] * rest

    sizes, shape = iter(x.shape), []
    places, picked = [], []  # where indices stand, and their shapes, where one of them is an array
    for i, k in enumerate(keys):
        n = 1 if k is None else next(sizes)
        if k is None:
            shape.append(1)
        elif isinstance(k, slice):
            taken = None if n is None else len(range(n)[k])
            shape.append(taken if is_known(n) or n is None else AssumedSize(taken))
        else:
            if is_known(n) and not isinstance(k, KerasTensor) and not _within(k, n):
                raise IndexError(f"get_item: index {k} is out of bounds for shape {x.shape}.")
            places.append((i, len(shape)))
            picked.append(np_shape(k))
    if not _is_basic(key):
        together = places[-1][0] - places[0][0] == len(places) - 1
        at = places[0][1] if together else 0  # else NumPy puts what they pick in front
        shape[at:at] = functools.reduce(
            lambda a, b: broadcast_shapes(a, b, "get_item: indices of"), picked
        )
    return KerasTensor(shape, x.dtype)


def _within(index: Any, size: int) -> bool:
    return not np.size(index) or (-size <= np.min(index) and np.max(index) < size)


GET_ITEM = elementary(
    "get_item",
    lambda x, key: x[key],
    lambda g, shape, key: _put(g, shape, key),
    rule=_item_rule,
)
_PUT = elementary(
    "put",
    lambda x, key, into: _put(x, into, key),
    lambda g, key: g[key],
    rule=lambda x, key, into: KerasTensor(into, x.dtype),
)


@op(rule=lambda x, key: _item_rule(as_tensor(x), _plain_key(key)))
def get_item(x: TensorLike, key: TensorLike) -> Tensor:
    """Index as NumPy does: `x[key]`.

    Args:
        x: tensor.
        key: integers, slices, None, `...`, boolean or integer arrays, or a tuple of them.
    """
    if type(x) is not Tensor:
        x = as_tensor(x)
    return GET_ITEM(x, key=_plain_key(key))


def _take_key(indices: Any, shape: tuple, axis: int | None) -> tuple:
    indices = to_array(indices)
    if axis is None:
        size = math.prod(shape)
        return np.unravel_index(np.where(indices < 0, indices + size, indices), shape)
    return (slice(None),) * axis + (indices,)


_TAKE = elementary(
    "take",
    lambda x, indices, axis: x.take(indices, axis),
    lambda g, shape, indices, axis: _put(g, shape, _take_key(indices, shape, axis)),
    None,
    inputs=("x", "indices"),
    rule=lambda x, indices, axis: KerasTensor(
        np_shape(indices)
        if axis is None
        else (*x.shape[:axis], *np_shape(indices), *x.shape[axis + 1 :]),
        x.dtype,
    ),
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
    if axis is not None and axis < 0:
        axis += x.array.ndim
    return _TAKE(x, as_tensor(indices), axis=axis)


def _along_key(indices: Any, axis: int) -> tuple:
    indices = to_array(indices)
    key = list(np.ogrid[tuple([slice(n) for n in indices.shape])])
    key[axis] = indices
    return tuple(key)


_TAKE_ALONG_AXIS = elementary(
    "take_along_axis",
    lambda x, indices, axis: np.take_along_axis(x, indices, axis),
    lambda g, shape, indices, axis: _put(g, shape, _along_key(indices, axis)),
    None,
    inputs=("x", "indices"),
    rule=lambda x, indices, axis: KerasTensor(indices.shape, x.dtype),
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
    indices = as_tensor(indices)
    if axis is None:
        x, indices, axis = ravel(x), ravel(indices), 0
    if indices.ndim != x.ndim:
        raise ValueError(
            "take_along_axis: `x` and `indices` must have as many axes. "
            f"Received shapes {x.shape} and {indices.shape}."
        )
    axis = axis_within(axis, x.ndim, "take_along_axis")
    rest = [tuple(d for i, d in enumerate(s) if i != axis) for s in (x.shape, indices.shape)]
    whole = list(broadcast_shapes(*rest, "take_along_axis"))
    source = whole[:axis] + [x.shape[axis]] + whole[axis:]
    if list(x.shape) != source:
        x = broadcast_to(x, source)
    whole.insert(axis, indices.shape[axis])
    if list(indices.shape) != whole:
        indices = broadcast_to(indices, whole)
    return _TAKE_ALONG_AXIS(x, indices, axis=axis)


def _kept(g: Any, condition: np.ndarray, shape: tuple) -> Any:
    d = g * condition
    return d if d.shape == shape else unbroadcast(d, shape)


_WHERE = elementary(
    "where",
    np.where,
    None,
    lambda g, condition, shape: _kept(g, condition, shape),
    lambda g, condition, shape: _kept(g, np.logical_not(condition), shape),
    inputs=("condition", "x1", "x2"),
    rule=lambda *xs: _where_rule(*xs),
)


def _where_rule(condition: Any, x1: Any, x2: Any) -> KerasTensor:
    shape = broadcast_shapes(np_shape(x1), np_shape(x2), "where")
    shape = broadcast_shapes(np_shape(condition), shape, "where")
    return KerasTensor(shape, result_type(operand_kind(x1), operand_kind(x2)))


@op
def where(condition: TensorLike, x1: TensorLike | None = None, x2: TensorLike | None = None) -> Any:
    """Pick from `x1` where the condition holds, else from `x2`.

    Args:
        condition: booleans; all three broadcast.
        x1: values where it holds.
        x2: values where it does not.

    Returns:
        A tensor; with the condition alone, the indices of true elements, one tensor an axis.
    """
    if type(condition) is not Tensor:
        condition = as_tensor(condition)
    if x1 is None and x2 is None:
        return nonzero(condition)
    if x1 is None or x2 is None:
        raise ValueError("where: give both x1 and x2, or neither.")
    if condition.array.dtype.kind != "b":
        condition = CONVERT(condition, dtype=_BOOL)
    x1, x2 = promote_pair(x1, x2)
    return _WHERE(condition, x1, x2)


_BOOL = np.dtype(bool)
_NONZERO = without_gradient(
    "nonzero",
    lambda x: tuple([i.astype(np.int32) for i in np.nonzero(x)]),
    rule=lambda x: tuple([KerasTensor((None,), "int32") for _ in x.shape]),
)


@op
def nonzero(x: TensorLike) -> tuple[Tensor, ...]:
    """Return the indices of the elements that are not zero, one tensor an axis."""
    return _NONZERO(as_tensor(x))


@op
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


def _unravel_index(indices: np.ndarray, shape: tuple) -> tuple:
    flat = indices.astype(np.int64)
    flat = np.where(flat < 0, flat + math.prod(shape), flat)
    return tuple([np.asarray(i).astype(indices.dtype) for i in np.unravel_index(flat, shape)])


_UNRAVEL_INDEX = without_gradient(
    "unravel_index",
    _unravel_index,
    rule=lambda indices, shape: tuple([KerasTensor(indices.shape, indices.dtype) for _ in shape]),
)


@op
def unravel_index(indices: TensorLike, shape: Any) -> tuple[Tensor, ...]:
    """Turn flat indices into one tensor of coordinates an axis; negative ones count from the end.

    Example:

    >>> from minikeras import ops
    >>> ops.unravel_index(5, (2, 3))
    (<Tensor shape=() dtype=int32 1>, <Tensor shape=() dtype=int32 2>)
    """
    return _UNRAVEL_INDEX(as_numeric(as_tensor(indices)), shape=tuple(shape))


def _diagonal_rule(x: Any, offset: int, axis1: int, axis2: int) -> KerasTensor:
    both = [axis_within(a, x.ndim, "diagonal") for a in (axis1, axis2)]
    rows, columns = [x.shape[a] for a in both]
    n = None
    if None not in (rows, columns):
        n = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    return KerasTensor((*[d for i, d in enumerate(x.shape) if i not in both], n), x.dtype)


DIAGONAL = elementary(
    "diagonal",
    lambda x, offset, axis1, axis2: np.diagonal(x, offset, axis1, axis2),
    lambda g, shape, offset, axis1, axis2: _put(
        g, shape, _diagonal_key(shape, offset, axis1, axis2)
    ),
    rule=_diagonal_rule,
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


def _diag_rule(x: Any, k: int = 0) -> KerasTensor:
    if x.ndim == 2:
        return diagonal(x, k)
    return diagflat.rule(x, k) if x.ndim == 1 else diag.on_data(x, k)


def _diagflat_rule(x: Any, k: int = 0) -> KerasTensor:
    n = None if None in x.shape else math.prod(x.shape) + abs(k)
    return KerasTensor((n, n), x.dtype)


@op(rule=_diag_rule)
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


@op(rule=_diagflat_rule)
def diagflat(x: TensorLike, k: int = 0) -> Tensor:
    """Put all elements on the k-th diagonal of a matrix."""
    return _diagonal_matrix(reshape(x, (-1,)), k)


_TRIL = elementary("tril", lambda x, k: np.tril(x, k), lambda g, k: np.tril(g, k), rule=same)
_TRIU = elementary("triu", lambda x, k: np.triu(x, k), lambda g, k: np.triu(g, k), rule=same)


def _matrices(x: Any, name: str) -> Tensor:
    x = as_tensor(x)
    if x.ndim < 2:
        raise ValueError(f"{name}: the input needs two axes or more. Received shape {x.shape}.")
    return x


@op
@checked
def tril(x: TensorLike, k: int = 0) -> Tensor:
    """Set everything above the k-th diagonal to zero."""
    return _TRIL(_matrices(x, "tril"), k=k)


@op
@checked
def triu(x: TensorLike, k: int = 0) -> Tensor:
    """Set everything below the k-th diagonal to zero."""
    return _TRIU(_matrices(x, "triu"), k=k)


@probed
@checked
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
