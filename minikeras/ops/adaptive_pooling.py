"""Pooling to a given size of the result: its windows are as large as that takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import Primitive, as_tensor
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import standardize_tuple
from minikeras.common.settings import standardize_data_format
from minikeras.kernels import adaptive_pool as kernels
from minikeras.ops.convolution import in_channels_last, max_pool
from minikeras.ops.families import as_floating
from minikeras.ops.indexing import take
from minikeras.ops.products import matmul
from minikeras.ops.reductions import max as largest
from minikeras.ops.shapes import reshape
from minikeras.ops.symbolic import TensorLike, op


def _max_reference(x: Any, m: int) -> Any:
    return largest(take(x, kernels.places(x.shape[1], m), axis=1), axis=2)


ADAPTIVE_MAX = Primitive(
    "adaptive_max",
    kernels.max_forward,
    lambda g, saved, needs, out, m: kernels.max_backward(g, saved, needs, out),
    rule=lambda x, m: KerasTensor((x.shape[0], m, x.shape[2]), x.dtype),
    reference=_max_reference,
)
"""The largest of each of `m` windows, `(outer, n, inner)` to `(outer, m, inner)`."""


def _mean(x: Any, m: int) -> Any:
    return matmul(kernels.shares(x.shape[1], m, np.dtype(str(x.dtype))), x)


def _arguments(inputs: Any, output_size: Any, data_format: Any, name: str) -> tuple:
    rank = len(inputs.shape) - 2
    if not 1 <= rank <= 3:
        raise ValueError(
            f"{name}: `inputs` must have a batch axis, 1 to 3 spatial axes and a channels axis. "
            f"Received shape {tuple(inputs.shape)}."
        )
    size = standardize_tuple(output_size, rank, "output_size", name)
    return size, standardize_data_format(data_format)


def adaptive_shape(shape: tuple, size: tuple, data_format: str) -> tuple:
    """Return the shape of what pooling to a size gives."""
    if data_format == "channels_first":
        return (*shape[:2], *size)
    return (shape[0], *size, shape[-1])


def _pool(
    x: Tensor,
    output_size: Any,
    data_format: Any,
    name: str,
    one_axis: Callable,
    tiles: Callable | None = None,
) -> Tensor:
    """Pool axis by axis, the last first; by `tiles` at once where the windows lie side by side."""
    size, data_format = _arguments(x, output_size, data_format, name)

    def last(x: Tensor) -> Tensor:
        spatial = tuple(x.shape[1:-1])
        if 0 in spatial:
            raise ValueError(f"{name}: there is nothing to pool in inputs of shape {x.shape}.")
        if tiles is not None and all(n % m == 0 for n, m in zip(spatial, size)):
            windows = tuple([n // m for n, m in zip(spatial, size)])
            return tiles(x, windows, windows, "valid", "channels_last")
        for axis in range(len(size), 0, -1):
            n, m = x.shape[axis], size[axis - 1]
            if n == m:
                continue
            before, after = tuple(x.shape[:axis]), tuple(x.shape[axis + 1 :])
            y = one_axis(reshape(x, (math.prod(before), n, math.prod(after))), m)
            x = reshape(y, (*before, m, *after))
        return x

    return in_channels_last(x, data_format, last)


def _rule(name: str, floating: bool) -> Callable:
    def rule(inputs: Any, output_size: Any, data_format: str | None = None) -> KerasTensor:
        size, data_format = _arguments(inputs, output_size, data_format, name)
        inputs = as_floating(inputs) if floating else inputs
        return KerasTensor(adaptive_shape(tuple(inputs.shape), size, data_format), inputs.dtype)

    return rule


@op(rule=_rule("adaptive_max_pool", False))
def adaptive_max_pool(
    inputs: TensorLike, output_size: Any, data_format: str | None = None
) -> Tensor:
    """Take the largest element of as many windows as asked for, channel by channel.

    Of `m` windows over `n` elements, number `i` goes from `floor(i * n / m)` to
    `ceil((i + 1) * n / m)`; neighbours may share an element.

    Args:
        inputs: `(batch, *spatial, channels)`, of 1 to 3 spatial axes.
        output_size: number of windows, one number or one for each spatial axis.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        `(batch, *output_size, channels)`.

    Raises:
        ValueError: if `inputs` has another number of axes, or `output_size` another length.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> ops.adaptive_max_pool(np.arange(5.0).reshape(1, 5, 1), 2).numpy().ravel()
    array([2., 4.])
    """
    x = as_tensor(inputs)
    return _pool(x, output_size, data_format, "adaptive_max_pool", _largest, max_pool)


def _largest(x: Tensor, m: int) -> Tensor:
    return ADAPTIVE_MAX(x, m=m)


@op(rule=_rule("adaptive_average_pool", True))
def adaptive_average_pool(
    inputs: TensorLike, output_size: Any, data_format: str | None = None
) -> Tensor:
    """Take the mean of as many windows as asked for, channel by channel.

    Args:
        inputs, output_size, data_format: as for `adaptive_max_pool`.

    Returns:
        `(batch, *output_size, channels)`.

    Raises:
        ValueError: if `inputs` has another number of axes, or `output_size` another length.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> ops.adaptive_average_pool(np.arange(5.0).reshape(1, 5, 1), 2).numpy().ravel()
    array([1., 3.])
    """
    x = as_floating(inputs)
    return _pool(x, output_size, data_format, "adaptive_average_pool", _mean)
