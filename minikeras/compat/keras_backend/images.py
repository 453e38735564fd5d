"""Convolutions and pooling."""

from __future__ import annotations

import itertools
from typing import Any

from minikeras import ops
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import to_array
from minikeras.compat.keras_backend.calls import backend, step
from minikeras.compat.keras_backend.orderings import data_format_of
from minikeras.compat.keras_backend.settings import normalize_data_format


def _tuple(value: Any, rank: int) -> tuple[int, ...]:
    return (int(value),) * rank if isinstance(value, int) else tuple(int(v) for v in value)


@backend
def conv1d(
    x: Any,
    kernel: Any,
    strides: int = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int = 1,
) -> Any:
    """Convolve sequences.

    Args:
        x: `(batch, steps, channels)`.
        kernel: `(window, channels, filters)`.
        strides: steps between windows.
        padding: `"valid"`, `"same"`, or `"causal"`: zeros before the first step only.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: steps between the elements of a window.
    """
    data_format = normalize_data_format(data_format)
    (strides,), (dilation,) = _tuple(strides, 1), _tuple(dilation_rate, 1)
    if padding == "causal":
        before = (dilation * (kernel.shape[0] - 1), 0)
        first = data_format == "channels_first"
        x = ops.pad(x, ((0, 0), (0, 0), before) if first else ((0, 0), before, (0, 0)))
        padding = "valid"
    return ops.conv(x, kernel, strides, padding, data_format, dilation)


def _conv(
    rank: int, x: Any, kernel: Any, strides: Any, padding: str, data_format: Any, dilation: Any
) -> Any:
    return ops.conv(
        x,
        kernel,
        _tuple(strides, rank),
        padding,
        normalize_data_format(data_format),
        _tuple(dilation, rank),
    )


@backend
def conv2d(
    x: Any,
    kernel: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """Convolve images with a kernel `(height, width, channels, filters)`."""
    return _conv(2, x, kernel, strides, padding, data_format, dilation_rate)


@backend
def conv3d(
    x: Any,
    kernel: Any,
    strides: Any = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = (1, 1, 1),
) -> Any:
    """Convolve volumes with a kernel `(depth, height, width, channels, filters)`."""
    return _conv(3, x, kernel, strides, padding, data_format, dilation_rate)


def _wanted(output_shape: Any, rank: int, data_format: str) -> list:
    """Return the spatial sizes that were asked for, None where it was not said."""
    sizes = list(output_shape)
    spatial = sizes[2:] if data_format == "channels_first" else sizes[1:-1]
    return [None if d is None or isinstance(d, KerasTensor) else int(to_array(d)) for d in spatial]


@step
def _transposed(
    x: Any,
    kernel: Any,
    wanted: list,
    strides: tuple,
    padding: str,
    data_format: str,
    dilation: tuple,
) -> Any:
    """Turn a convolution round, to an output of a given size.

    The output of a transposed convolution is that of a convolution's input: of several sizes that fit,
    the caller says which. All that windows reach is computed, and cut to it.
    """
    rank = len(strides)
    first = 2 if data_format == "channels_first" else 1
    y = ops.conv_transpose(x, kernel, strides, "valid", None, data_format, dilation)
    cut: list = [slice(None)] * (rank + 2)
    more = [(0, 0)] * (rank + 2)
    for i in range(rank):
        n, window = x.shape[first + i], (kernel.shape[i] - 1) * dilation[i] + 1
        reached = (n - 1) * strides[i] + window
        size = wanted[i]
        if size is None:
            size = (
                n * strides[i]
                if padding == "same"
                else n * strides[i] + max(window - strides[i], 0)
            )
        start = max(reached - size, 0) // 2 if padding == "same" else 0
        have = y.shape[first + i] - start
        cut[first + i] = slice(start, start + min(size, have))
        more[first + i] = (0, max(size - have, 0))
    y = y[tuple(cut)]
    return ops.pad(y, more) if any(p != (0, 0) for p in more) else y


def _conv_transpose(
    rank: int,
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Any,
    padding: str,
    data_format: Any,
    dilation: Any,
) -> Any:
    data_format = normalize_data_format(data_format)
    wanted = _wanted(output_shape, rank, data_format)
    return _transposed(
        x, kernel, wanted, _tuple(strides, rank), padding, data_format, _tuple(dilation, rank)
    )


def conv2d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """Turn a convolution of images round.

    Args:
        x: images.
        kernel: `(height, width, filters, channels)`.
        output_shape: shape of the result, with the batch.
        strides, padding, data_format, dilation_rate: as of the convolution.
    """
    return _conv_transpose(2, x, kernel, output_shape, strides, padding, data_format, dilation_rate)


def conv3d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Any = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Turn a convolution of volumes round; see `conv2d_transpose`."""
    return _conv_transpose(3, x, kernel, output_shape, strides, padding, data_format, 1)


def deconv2d(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Any = (1, 1),
    border_mode: str = "valid",
    dim_ordering: str = "default",
    image_shape: Any = None,
    filter_shape: Any = None,
) -> Any:
    """Turn a convolution of images round, under its name of Keras 1."""
    return conv2d_transpose(
        x, kernel, output_shape, strides, border_mode, data_format_of(dim_ordering)
    )


def atrous_conv2d(
    x: Any,
    kernel: Any,
    rate: int = 1,
    border_mode: str = "valid",
    dim_ordering: str = "default",
    image_shape: Any = None,
    filter_shape: Any = None,
) -> Any:
    """Convolve images with windows whose elements are `rate` apart."""
    return conv2d(x, kernel, 1, border_mode, data_format_of(dim_ordering), rate)


@backend
def depthwise_conv2d(
    x: Any,
    depthwise_kernel: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """Convolve each channel of images with filters of its own: `(height, width, channels, multiplier)`."""
    return ops.depthwise_conv(
        x,
        depthwise_kernel,
        _tuple(strides, 2),
        padding,
        normalize_data_format(data_format),
        _tuple(dilation_rate, 2),
    )


def _separable(
    rank: int,
    x: Any,
    depthwise: Any,
    pointwise: Any,
    strides: Any,
    padding: str,
    data_format: Any,
    dilation: Any,
) -> Any:
    return ops.separable_conv(
        x,
        depthwise,
        pointwise,
        _tuple(strides, rank),
        padding,
        normalize_data_format(data_format),
        _tuple(dilation, rank),
    )


@backend
def separable_conv1d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Convolve each channel of sequences by itself, and mix the channels."""
    return _separable(
        1, x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate
    )


@backend
def separable_conv2d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """Convolve each channel of images by itself, and mix the channels."""
    return _separable(
        2, x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate
    )


def _pool(
    rank: int, x: Any, pool_size: Any, strides: Any, padding: str, data_format: Any, mode: str
) -> Any:
    if mode not in ("max", "avg"):
        raise ValueError(f"pool_mode must be 'max' or 'avg'. Received: {mode!r}")
    function = ops.max_pool if mode == "max" else ops.average_pool
    return function(
        x,
        _tuple(pool_size, rank),
        _tuple(strides, rank),
        padding,
        normalize_data_format(data_format),
    )


@backend
def pool2d(
    x: Any,
    pool_size: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Any:
    """Return the greatest (`"max"`) or mean (`"avg"`) element of windows of images."""
    return _pool(2, x, pool_size, strides, padding, data_format, pool_mode)


@backend
def pool3d(
    x: Any,
    pool_size: Any,
    strides: Any = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Any:
    """Return the greatest (`"max"`) or mean (`"avg"`) element of windows of volumes."""
    return _pool(3, x, pool_size, strides, padding, data_format, pool_mode)


@backend
def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
    """Add a bias: one number for each channel, or a tensor of the shape of one example."""
    data_format = normalize_data_format(data_format)
    rank, own = len(x.shape), tuple(bias.shape)
    if len(own) not in (1, rank - 1):
        raise ValueError(
            f"K.bias_add: expected a bias of 1 or {rank - 1} axes. Received: shape {own}"
        )
    if data_format == "channels_first" and rank > 2:
        if len(own) == 1:
            return x + ops.reshape(bias, (1, own[0], *(1,) * (rank - 2)))
        bias = ops.moveaxis(bias, -1, 0)
    return x + ops.expand_dims(bias, 0) if len(own) > 1 else x + bias


def _local(
    inputs: Any, kernel: Any, kernel_size: Any, strides: Any, output_size: tuple, data_format: str
) -> Any:
    """Apply to each window of inputs weights of its own: `(positions, window * channels, filters)`."""
    first = data_format == "channels_first"
    if first:
        inputs = ops.moveaxis(inputs, 1, -1)
    windows = []
    for place in itertools.product(*map(range, output_size)):
        key = [slice(p * s, p * s + k) for p, s, k in zip(place, strides, kernel_size)]
        window = inputs[(slice(None), *key)]
        if first:  # weights are in the order of the data
            window = ops.moveaxis(window, -1, 1)
        windows.append(ops.reshape(window, (-1, kernel.shape[1])))
    y = ops.einsum("pbk,pkf->bpf", ops.stack(windows), kernel)
    y = ops.reshape(y, (-1, *output_size, kernel.shape[2]))
    return ops.moveaxis(y, -1, 1) if first else y


@backend
def local_conv1d(
    inputs: Any, kernel: Any, kernel_size: Any, strides: Any, data_format: str | None = None
) -> Any:
    """Convolve sequences with weights that differ from place to place.

    Args:
        inputs: `(batch, steps, channels)`.
        kernel: `(positions, window * channels, filters)`.
        kernel_size: tuple of the length of a window.
        strides: tuple of the steps between windows.
        data_format: `"channels_last"` or `"channels_first"`.
    """
    positions = (int(kernel.shape[0]),)
    return _local(
        inputs,
        kernel,
        _tuple(kernel_size, 1),
        _tuple(strides, 1),
        positions,
        normalize_data_format(data_format),
    )


@backend
def local_conv2d(
    inputs: Any,
    kernel: Any,
    kernel_size: Any,
    strides: Any,
    output_shape: Any,
    data_format: str | None = None,
) -> Any:
    """Convolve images with weights that differ from place to place.

    Args:
        inputs: images.
        kernel: `(rows * columns, height * width * channels, filters)`.
        kernel_size: height and width of a window.
        strides: rows and columns between windows.
        output_shape: rows and columns of the result.
        data_format: `"channels_last"` or `"channels_first"`.
    """
    return _local(
        inputs,
        kernel,
        _tuple(kernel_size, 2),
        _tuple(strides, 2),
        _tuple(output_shape, 2),
        normalize_data_format(data_format),
    )
