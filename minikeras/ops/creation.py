"""New tensors: constants, ranges, and what a scalar or shape defines."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import as_tensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import np_dtype, result_type, to_np_dtype
from minikeras.ops.symbolic import op


def _shape(shape: Any) -> tuple:
    return (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(int(d) for d in shape)


def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """Return zeros."""
    return Tensor(np.zeros(_shape(shape), to_np_dtype(dtype)))


def ones(shape: Any, dtype: Any = None) -> Tensor:
    """Return ones."""
    return Tensor(np.ones(_shape(shape), to_np_dtype(dtype)))


def empty(shape: Any, dtype: Any = None) -> Tensor:
    """Return a tensor whose values mean nothing (zeros here)."""
    return zeros(shape, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """Return a tensor filled with `fill_value`."""
    return Tensor(np.full(_shape(shape), to_array(fill_value), to_np_dtype(dtype)))


def _like_rule(x: KerasTensor, *_: Any, dtype: Any = None, **__: Any) -> KerasTensor:
    return KerasTensor(x.shape, dtype or x.dtype)


@op(rule=_like_rule)
def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    """Return zeros of the shape and dtype of `x`."""
    x = as_tensor(x)._value
    return Tensor(np.zeros(x.shape, x.dtype if dtype is None else to_np_dtype(dtype)))


@op(rule=_like_rule)
def ones_like(x: Any, dtype: Any = None) -> Tensor:
    """Return ones of the shape and dtype of `x`."""
    x = as_tensor(x)._value
    return Tensor(np.ones(x.shape, x.dtype if dtype is None else to_np_dtype(dtype)))


@op(rule=lambda x, fill_value, dtype=None: KerasTensor(x.shape, dtype or x.dtype))
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """Return a tensor filled with `fill_value`, of the shape and dtype of `x`."""
    x = as_tensor(x)._value
    target = x.dtype if dtype is None else to_np_dtype(dtype)
    return Tensor(np.full(x.shape, to_array(fill_value), target))


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """Return evenly spaced values from `start` (0 if it is the only argument) up to `stop`."""
    numbers = [to_array(v).item() for v in (start, stop, step) if v is not None]
    if dtype is None:
        kinds = [float if isinstance(n, float) else int for n in numbers]
        dtype = result_type(*kinds)
    step_value = 1 if step is None else to_array(step).item()
    first, last = (0, numbers[0]) if stop is None else numbers[:2]
    return Tensor(np.arange(first, last, step_value).astype(to_np_dtype(dtype)))


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Return `num` evenly spaced values from `start` to `stop`."""
    a, b = to_array(start), to_array(stop)
    if dtype is None:
        dtype = result_type(a.dtype, b.dtype, float)
    values, step = np.linspace(a, b, num, endpoint=endpoint, retstep=True, axis=axis)
    result = Tensor(values.astype(np_dtype(str(dtype))))
    return (result, step) if retstep else result


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor:
    """Return `base` to the power of evenly spaced exponents."""
    a, b = to_array(start), to_array(stop)
    if dtype is None:
        dtype = result_type(a.dtype, b.dtype, float)
    values = np.logspace(a, b, num, endpoint=endpoint, base=base, axis=axis)
    return Tensor(values.astype(np_dtype(str(dtype))))


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Return ones on the k-th diagonal of an N x M matrix, zeros elsewhere."""
    return Tensor(np.eye(int(N), None if M is None else int(M), int(k), to_np_dtype(dtype)))


def identity(n: int, dtype: Any = None) -> Tensor:
    """Return the n x n identity matrix."""
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Return ones at and below the k-th diagonal, zeros elsewhere."""
    return Tensor(np.tri(N, M, k, to_np_dtype(dtype)))


def array(x: Any, dtype: Any = None) -> Tensor:
    """Make a tensor; `convert_to_tensor` under NumPy's name."""
    from minikeras.ops.core import convert_to_tensor

    return convert_to_tensor(x, dtype)


@op
def meshgrid(*x: Any, indexing: str = "xy") -> list[Tensor]:
    """Return coordinate grids of one-axis tensors."""
    return [Tensor(g) for g in np.meshgrid(*[to_array(a) for a in x], indexing=indexing)]
