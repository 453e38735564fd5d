"""Reductions over segments: rows that carry the same id."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor, elementary
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import checked
from minikeras.ops.symbolic import TensorLike, op


def _reduce(x: np.ndarray, ids: np.ndarray, n: int, ufunc: np.ufunc, start: Any) -> np.ndarray:
    y = np.full((n, *x.shape[1:]), start, x.dtype)
    inside = (ids >= 0) & (ids < n)
    if not inside.all():
        x, ids = x[inside], ids[inside]
    ufunc.at(y, ids, x)
    return y


def _rows(y: Any, ids: np.ndarray, n: int) -> Any:
    """Return each row's segment's row of `y`; zeros for rows of no segment."""
    inside = (ids >= 0) & (ids < n)
    picked = y[np.where(inside, ids, 0)]
    return picked if inside.all() else picked * inside.reshape(-1, *[1] * (y.ndim - 1))


def _sum(x: Any, ids: np.ndarray, n: int) -> Any:
    return SEGMENT_SUM(ids, x, n=n) if isinstance(x, Tensor) else _reduce(x, ids, n, np.add, 0)


def _one_a_segment(ids: Any, x: Any, n: int) -> KerasTensor:
    return KerasTensor((n, *x.shape[1:]), x.dtype)


def _segment_op(name: str, compute: Any, vjp: Any) -> Any:
    return elementary(
        name,
        lambda ids, x, n: compute(x, ids, n),
        None,
        vjp,
        inputs=("ids", "x"),  # the last input tells in which dtype it computes
        rule=_one_a_segment,
    )


SEGMENT_SUM = _segment_op("segment_sum", _sum, lambda g, ids, n: _rows(g, to_array(ids), n))


def _lowest(dtype: np.dtype) -> Any:
    if dtype.kind == "b":
        return False
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _highest(dtype: np.dtype) -> Any:
    if dtype.kind == "b":
        return True
    return np.inf if dtype.kind == "f" else np.iinfo(dtype).max


def _extreme_vjp(g: Any, x: Any, y: Any, ids: np.ndarray, n: int) -> Any:
    """Share the gradient among the rows that hold the extreme."""
    ids = to_array(ids)
    mask = (np.asarray(x) == _rows(np.asarray(y), ids, n)).astype(g.dtype)
    count = np.maximum(_sum(mask, ids, n), 1)
    return _rows(g / count, ids, n) * mask


_SEGMENT_MAX = _segment_op(
    "segment_max",
    lambda x, ids, n: _reduce(x, ids, n, np.maximum, _lowest(x.dtype)),
    _extreme_vjp,
)
_SEGMENT_MIN = _segment_op(
    "segment_min",
    lambda x, ids, n: _reduce(x, ids, n, np.minimum, _highest(x.dtype)),
    _extreme_vjp,
)


def _prod(x: Any, ids: np.ndarray, n: int) -> Any:
    if isinstance(x, Tensor):
        return _SEGMENT_PROD(ids, x, n=n)
    return _reduce(x, ids, n, np.multiply, 1)


def _prod_vjp(g: Any, x: Any, ids: np.ndarray, n: int) -> Any:
    """Multiply by the product of the segment's other rows, zeros counted apart."""
    ids = to_array(ids)
    zero = np.asarray(x) == 0
    safe = np.where(zero, np.ones_like(x), x)
    zeros = _rows(_sum(zero.astype(np.int64), ids, n), ids, n)
    others = _rows(g * _prod(safe, ids, n), ids, n) / safe
    return others * ((zeros - zero) == 0)


_SEGMENT_PROD = _segment_op("segment_prod", _prod, _prod_vjp)


def _segments(data: Any, segment_ids: Any, num_segments: Any, name: str) -> tuple:
    x, ids = as_tensor(data), as_tensor(segment_ids)
    if ids.ndim != 1 or ids.array.dtype.kind not in "iu":
        raise ValueError(
            f"{name}: `segment_ids` must be a vector of integers. "
            f"Received: dtype={ids.dtype}, shape={ids.shape}"
        )
    if x.ndim < 1 or x.shape[0] != ids.shape[0]:
        raise ValueError(
            f"{name}: `data` must have as many rows as there are `segment_ids`. "
            f"Received shapes {x.shape} and {ids.shape}."
        )
    n = (int(ids.array.max()) + 1 if ids.size else 0) if num_segments is None else int(num_segments)
    return x, ids, n


def _rule(data: Any, segment_ids: Any, num_segments: Any = None, sorted: bool = False) -> Any:
    return KerasTensor((num_segments, *data.shape[1:]), data.dtype)


@op(rule=_rule)
@checked
def segment_sum(
    data: TensorLike, segment_ids: TensorLike, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """Sum the rows that carry the same id.

    Args:
        data: tensor of rows.
        segment_ids: id of each row; rows with negative ids, or too great ones, are left out.
        num_segments: number of segments; the largest id and one more if None.
        sorted: whether ids are in ascending order; makes no difference here.

    Returns:
        Tensor with one row a segment.

    Example:

    >>> from minikeras import ops
    >>> ops.segment_sum([1, 2, 10, 20], [0, 0, 1, 1])
    <Tensor shape=(2,) dtype=int32 [ 3 30]>
    """
    x, ids, n = _segments(data, segment_ids, num_segments, "segment_sum")
    return SEGMENT_SUM(ids, x, n=n)


@op(rule=_rule)
@checked
def segment_prod(
    data: TensorLike, segment_ids: TensorLike, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """Multiply the rows that carry the same id; see `segment_sum`."""
    x, ids, n = _segments(data, segment_ids, num_segments, "segment_prod")
    return _SEGMENT_PROD(ids, x, n=n)


@op(rule=_rule)
@checked
def segment_max(
    data: TensorLike, segment_ids: TensorLike, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """Return the largest of the rows that carry the same id; see `segment_sum`.

    Segments without rows hold the lowest number of the dtype, `-inf` for floats.
    """
    x, ids, n = _segments(data, segment_ids, num_segments, "segment_max")
    return _SEGMENT_MAX(ids, x, n=n)


@op(rule=_rule)
@checked
def segment_min(
    data: TensorLike, segment_ids: TensorLike, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """Return the smallest of the rows that carry the same id; see `segment_sum`.

    Segments without rows hold the highest number of the dtype, `inf` for floats.
    """
    x, ids, n = _segments(data, segment_ids, num_segments, "segment_min")
    return _SEGMENT_MIN(ids, x, n=n)
