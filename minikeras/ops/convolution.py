"""Convolution, pooling, upsampling: the ops that slide windows over images.

Kernels work with channels last; `"channels_first"` is transposed on the way in and out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor, is_known
from minikeras.autodiff.primitive import Primitive, as_tensor
from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import standardize_padding, standardize_tuple
from minikeras.common.dtypes import np_dtype, result_type
from minikeras.common.settings import standardize_data_format
from minikeras.kernels import conv as conv_kernels
from minikeras.kernels import depthwise as depthwise_kernels
from minikeras.kernels import pool as pool_kernels
from minikeras.kernels import resize as resize_kernels
from minikeras.kernels.activations import Fused
from minikeras.kernels.windows import Window, cached_if_known, window
from minikeras.ops.activations import FUSED_AS_OPS
from minikeras.ops.core import cast
from minikeras.ops.families import CONVERT, as_floating
from minikeras.ops.shapes import transpose
from minikeras.ops.symbolic import TensorLike, op


def _conv_rule(
    x: Any, kernel: Any, *_: Any, strides: tuple, padding: Any, dilation: tuple, **more: Any
) -> KerasTensor:
    filters = kernel.shape[-1]
    if "groups" not in more:  # depthwise: a multiplier for each channel
        channels = kernel.shape[-2]
        filters = None if None in (channels, filters) else channels * filters
    size = tuple(kernel.shape[:-2])
    shape = conv_output_shape(
        tuple(x.shape), filters, size, strides, padding, "channels_last", dilation, "conv"
    )
    return KerasTensor(shape, x.dtype)


def _activated(y: Any, activation: Fused | None) -> Any:
    return y if activation is None else FUSED_AS_OPS[activation](y)


# Convolution.


def _conv_reference(
    x: Any,
    kernel: Any,
    bias: Any,
    strides: tuple,
    padding: Any,
    dilation: tuple,
    groups: int,
    activation: Fused | None,
) -> Any:
    w = window(tuple(x.shape[1:-1]), tuple(kernel.shape[:-2]), strides, padding, dilation)
    return _activated(conv_kernels.reference(x, kernel, bias, w, groups), activation)


CONV = Primitive(
    "conv",
    conv_kernels.forward,
    lambda g, saved, needs, out, **_: conv_kernels.backward(g, saved, needs, out),
    rule=_conv_rule,
    reference=_conv_reference,
    writes_out=True,
    promotes=True,
    per_example=lambda g, saved, needs, n, **_: conv_kernels.per_example(g, saved, needs, n),
)
"""`activation(convolution + bias)`, channels last."""


def _transpose_reference(
    x: Any, kernel: Any, bias: Any, w: Window, activation: Fused | None
) -> Any:
    return _activated(conv_kernels.transpose_reference(x, kernel, bias, w), activation)


CONV_TRANSPOSE = Primitive(
    "conv_transpose",
    conv_kernels.transpose_forward,
    lambda g, saved, needs, out, **_: conv_kernels.transpose_backward(g, saved, needs, out),
    rule=lambda x, kernel, bias, w, activation: KerasTensor(
        (x.shape[0], *w.size, kernel.shape[-2]), x.dtype
    ),
    reference=_transpose_reference,
    writes_out=True,
    promotes=True,
    per_example=lambda g, saved, needs, n, **_: conv_kernels.transpose_per_example(
        g, saved, needs, n
    ),
)
"""`activation(transposed convolution + bias)`, channels last."""


def _depthwise_reference(
    x: Any,
    kernel: Any,
    bias: Any,
    strides: tuple,
    padding: Any,
    dilation: tuple,
    activation: Fused | None,
) -> Any:
    w = window(tuple(x.shape[1:-1]), tuple(kernel.shape[:-2]), strides, padding, dilation)
    return _activated(depthwise_kernels.reference(x, kernel, bias, w), activation)


DEPTHWISE_CONV = Primitive(
    "depthwise_conv",
    depthwise_kernels.forward,
    lambda g, saved, needs, out, **_: depthwise_kernels.backward(g, saved, needs, out),
    rule=_conv_rule,
    reference=_depthwise_reference,
    writes_out=True,
    promotes=True,
    per_example=lambda g, saved, needs, n, **_: depthwise_kernels.per_example(g, saved, needs, n),
)
"""`activation(depthwise convolution + bias)`, channels last."""


def in_channels_last(x: Any, data_format: str, function: Callable[[Any], Any]) -> Any:
    """Apply a function of images with channels last to images of either format."""
    if data_format == "channels_last":
        return function(x)
    n = len(x.shape)
    y = function(transpose(x, (0, *range(2, n), 1)))
    return transpose(y, (0, n - 1, *range(1, n - 1)))


def conv_output_shape(
    input_shape: tuple,
    filters: int,
    kernel_size: tuple,
    strides: tuple,
    padding: str,
    data_format: str,
    dilation: tuple,
    owner: str,
) -> tuple:
    """Return the shape of what sliding windows give, with None where it is unknown.

    Raises:
        ValueError: if the windows do not fit.
    """
    first = data_format == "channels_first"
    spatial = input_shape[2:] if first else input_shape[1:-1]
    out = []
    for n, k, s, d in zip(spatial, kernel_size, strides, dilation):
        if n is None or (k is None and padding == "valid"):
            out.append(None)
        elif padding == "valid":
            extent = (k - 1) * d + 1
            out.append((n - extent) // s + 1)
        else:
            out.append(-(-n // s))
    if any(is_known(o) and o <= 0 for o in out):
        raise ValueError(
            f"{owner}: the output would be empty. Windows of {tuple(kernel_size)} (kernel_size or "
            f"pool_size), with dilation_rate={tuple(dilation)}, do not fit into inputs of shape "
            f"{tuple(input_shape)} with padding={padding!r}."
        )
    if first:
        return (input_shape[0], filters, *out)
    return (input_shape[0], *out, filters)


@cached_if_known
def transposed_windows(
    input_size: tuple,
    kernel_size: tuple,
    strides: tuple,
    padding: str,
    output_padding: tuple | None,
    dilation: tuple,
) -> Window:
    """Return the windows of the convolution that a transposed convolution turns round.

    `size` of the result is the spatial shape that the transposed convolution gives; it is None
    where that of the inputs is, or that of the kernel, if it matters.
    """
    size, pads = [], []
    for i, (n, k, s, d) in enumerate(zip(input_size, kernel_size, strides, dilation)):
        if k is None:
            size.append(
                n * s if n is not None and padding == "same" and not output_padding else None
            )
            pads.append((0, 0))
            continue
        extent = (k - 1) * d + 1
        extra = None if output_padding is None else output_padding[i]
        # `total` is what Keras pads inputs with, on both sides, before it convolves them.
        if padding == "valid":
            low = 0
            more = max(s - extent, 0) if extra is None else extra
            total = 2 * (extent - 1) + more
        else:
            total = s + extent - 2 if extra is None else extent + extent % 2 - 2 + extra
            low = extent - 1 - min(-(-total // 2), extent - 1)
        size.append(None if n is None else (n - 1) * s + 1 + total - (extent - 1))
        high = 0 if n is None else (n - 1) * s + extent - size[-1] - low
        pads.append((low, high))
    return Window(
        tuple(size),
        tuple(kernel_size),
        tuple(strides),
        tuple(dilation),
        tuple(pads),
        tuple(input_size),
    )


def _spatial(x: Any, name: str) -> int:
    rank = len(x.shape) - 2
    if rank < 1:
        raise ValueError(
            f"{name}: `inputs` must have a batch axis, spatial axes and a channels axis. "
            f"Received shape {tuple(x.shape)}."
        )
    return rank


def _like(x: Any, kernel: Any, dtype: Any = None) -> tuple[Tensor, Tensor, np.dtype]:
    """Return input and kernel as tensors of one float dtype, and the dtype of the result.

    That is `dtype`, or the common one if None. Integers are convolved in float64.
    """
    x, kernel = as_tensor(x), as_tensor(kernel)
    dtype = np_dtype(dtype or result_type(x.dtype, kernel.dtype))
    x, kernel = [a if a.dtype == dtype else cast(a, dtype) for a in (x, kernel)]
    if dtype.kind in "biu":
        x, kernel = [CONVERT(a, dtype=np.dtype(np.float64)) for a in (x, kernel)]
    return x, kernel, dtype


def _result(y: Tensor, dtype: np.dtype) -> Tensor:
    """Return a result in its dtype; what integers cannot hold wraps around."""
    if y.dtype == dtype or dtype.kind not in "biu":
        return y
    return CONVERT(CONVERT(y, dtype=np.dtype(np.int64)), dtype=dtype)


def _arguments(
    x: Any, kernel: Any, strides: Any, padding: Any, data_format: Any, dilation: Any, name: str
) -> tuple:
    rank = _spatial(x, name)
    if len(kernel.shape) != rank + 2:
        raise ValueError(
            f"{name}: `kernel` must have {rank + 2} axes, as `inputs`. Received shape "
            f"{tuple(kernel.shape)} for inputs of shape {tuple(x.shape)}."
        )
    return (
        standardize_tuple(strides, rank, "strides", name),
        standardize_padding(padding, name),
        standardize_data_format(data_format),
        standardize_tuple(dilation, rank, "dilation_rate", name),
    )


def _channels(x: Any, data_format: str) -> Any:
    return x.shape[1 if data_format == "channels_first" else -1]


@op
def conv(
    inputs: TensorLike,
    kernel: TensorLike,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """Convolve images of one, two or three spatial axes.

    Args:
        inputs: `(batch, *spatial, channels)`, or channels before `spatial` with
            `"channels_first"`.
        kernel: `(*window, channels / groups, filters)`; fewer channels than the inputs have mean
            groups of channels that are convolved by themselves.
        strides: step of the window, one number or one for each spatial axis.
        padding: `"valid"` for none, `"same"` for one output to every stride.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        dilation_rate: distance of the window's elements.

    Returns:
        `(batch, *positions, filters)`.

    Raises:
        ValueError: if ranks or channels do not agree, or windows do not fit.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> ops.conv(np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 2)), padding="same").shape
    (1, 4, 4, 2)
    """
    x, k, dtype = _like(inputs, kernel, as_tensor(kernel).dtype)  # the kernel's, as in Keras
    strides, padding, data_format, dilation = _arguments(
        x, k, strides, padding, data_format, dilation_rate, "conv"
    )
    channels, inner = _channels(x, data_format), k.shape[-2]
    groups = 1 if None in (channels, inner) else channels // inner
    if isinstance(x, KerasTensor) and not thread.state.in_call:
        _check_channels(x, k, channels, inner, "conv")  # a graph has groups in layers only
    elif groups * (inner or 0) != (channels or 0) or (k.shape[-1] or 0) % groups:
        raise ValueError(
            f"conv: {channels} channels and {k.shape[-1]} filters cannot be divided into groups by "
            f"a kernel of {inner} channels. Received shapes {tuple(x.shape)} and {tuple(k.shape)}."
        )
    _check_fit(x, k, strides, padding, data_format, dilation, "conv")
    y = in_channels_last(
        x,
        data_format,
        lambda x: CONV(
            x,
            k,
            None,
            strides=strides,
            padding=padding,
            dilation=dilation,
            groups=groups,
            activation=None,
        ),
    )
    return _result(y, dtype)


def _check_channels(x: Any, k: Any, channels: int | None, inner: int | None, name: str) -> None:
    if None not in (channels, inner) and channels != inner:
        raise ValueError(
            f"{name}: the number of input channels must match the kernel's input channels. "
            f"Received: input channels={channels}, kernel input channels={inner}, inputs of shape "
            f"{tuple(x.shape)}, kernel of shape {tuple(k.shape)}"
        )


def _check_fit(
    x: Any, k: Any, strides: tuple, padding: str, data_format: str, dilation: tuple, name: str
) -> None:
    size = tuple(k.shape[:-2])
    conv_output_shape(tuple(x.shape), 1, size, strides, padding, data_format, dilation, name)


@op
def depthwise_conv(
    inputs: TensorLike,
    kernel: TensorLike,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """Convolve each channel by itself.

    Args:
        inputs: `(batch, *spatial, channels)`.
        kernel: `(*window, channels, multiplier)`.
        strides, padding, data_format, dilation_rate: as for `conv`.

    Returns:
        `(batch, *positions, channels * multiplier)`.
    """
    x, k, dtype = _like(inputs, kernel)
    strides, padding, data_format, dilation = _arguments(
        x, k, strides, padding, data_format, dilation_rate, "depthwise_conv"
    )
    _check_channels(x, k, _channels(x, data_format), k.shape[-2], "depthwise_conv")
    _check_fit(x, k, strides, padding, data_format, dilation, "depthwise_conv")
    y = in_channels_last(
        x,
        data_format,
        lambda x: DEPTHWISE_CONV(
            x, k, None, strides=strides, padding=padding, dilation=dilation, activation=None
        ),
    )
    return _result(y, dtype)


@op
def separable_conv(
    inputs: TensorLike,
    depthwise_kernel: TensorLike,
    pointwise_kernel: TensorLike,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """Convolve each channel by itself, then mix channels pixel by pixel.

    Args:
        inputs: `(batch, *spatial, channels)`.
        depthwise_kernel: `(*window, channels, multiplier)`.
        pointwise_kernel: `(*ones, channels * multiplier, filters)`.
        strides, padding, data_format, dilation_rate: as for `conv`, of the first step.

    Returns:
        `(batch, *positions, filters)`.
    """
    y = depthwise_conv.on_data(
        inputs, depthwise_kernel, strides, padding, data_format, dilation_rate
    )
    return conv.on_data(y, pointwise_kernel, 1, "valid", data_format)


def _output_padding(value: Any, rank: int, name: str) -> tuple | None:
    if value is None:
        return None
    return standardize_tuple(value, rank, "output_padding", name, allow_zero=True)


def conv_transpose_output_shape(
    input_shape: tuple,
    filters: int,
    kernel_size: tuple,
    strides: tuple,
    padding: str,
    output_padding: tuple | None,
    data_format: str,
    dilation: tuple,
) -> tuple:
    """Return the shape that a transposed convolution gives, with None where it is unknown."""
    first = data_format == "channels_first"
    spatial = tuple(input_shape[2:] if first else input_shape[1:-1])
    w = transposed_windows(spatial, kernel_size, strides, padding, output_padding, dilation)
    if first:
        return (input_shape[0], filters, *w.size)
    return (input_shape[0], *w.size, filters)


@op
def conv_transpose(
    inputs: TensorLike,
    kernel: TensorLike,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """Turn a convolution round: from the shape of its outputs to that of its inputs.

    Args:
        inputs: `(batch, *spatial, channels)`.
        kernel: `(*window, filters, channels)`.
        strides: how far apart the inputs lie in the output.
        padding: `"valid"` gives all that a window reaches, `"same"` `strides` outputs for each
            input.
        output_padding: how much longer the output is, at the end of each axis, than the smallest
            one possible; None for what `padding` says.
        data_format, dilation_rate: as for `conv`.

    Returns:
        `(batch, *positions, filters)`.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> ops.conv_transpose(np.ones((1, 4, 4, 2)), np.ones((3, 3, 1, 2)), 2, "same").shape
    (1, 8, 8, 1)
    """
    x, k, dtype = _like(inputs, kernel)
    strides, padding, data_format, dilation = _arguments(
        x, k, strides, padding, data_format, dilation_rate, "conv_transpose"
    )
    _check_channels(x, k, _channels(x, data_format), k.shape[-1], "conv_transpose")
    extra = _output_padding(output_padding, len(strides), "conv_transpose")

    def last(x: Any) -> Any:
        size, spatial = tuple(k.shape[:-2]), tuple(x.shape[1:-1])
        w = transposed_windows(spatial, size, strides, padding, extra, dilation)
        return CONV_TRANSPOSE(x, k, None, w=w, activation=None)

    return _result(in_channels_last(x, data_format, last), dtype)


# Pooling.


def _windows_rule(x: Any, w: Window) -> KerasTensor:
    return KerasTensor((x.shape[0], *w.out, x.shape[-1]), x.dtype)


def _max_reference(x: Any, w: Window) -> Any:
    """Pick the elements by where they are, which is fixed for the gradient."""
    value = np.asarray(x)
    shape = value.shape
    index = np.arange(value.size).reshape(shape)
    pads = ((0, 0), *w.pads, (0, 0))
    padded = np.pad(value, pads, constant_values=-np.inf)
    places = np.pad(index, pads)
    seen = [
        np.lib.stride_tricks.sliding_window_view(a, w.kernel, tuple(range(1, len(w.kernel) + 1)))[
            (slice(None), *[slice(None, None, s) for s in w.strides])
        ]
        for a in (padded, places)
    ]
    values, places = [a.reshape(*a.shape[: len(shape)], -1) for a in seen]
    best = np.argmax(values, axis=-1)[..., None]
    return np.take(np.reshape(x, (-1,)), np.take_along_axis(places, best, -1)[..., 0])


MAX_POOL = Primitive(
    "max_pool",
    pool_kernels.max_forward,
    lambda g, saved, needs, out, **_: pool_kernels.max_backward(g, saved, needs, out),
    rule=_windows_rule,
    reference=_max_reference,
)
"""The largest of each window, channels last."""


def _average_reference(x: Any, w: Window) -> Any:
    channels = x.shape[-1]
    # A depthwise convolution with ones, divided by what convolving ones gives.
    ones = np.ones((*w.kernel, channels, 1), np.asarray(x).dtype)
    counts = depthwise_kernels.reference(np.ones(x.shape, ones.dtype), ones, None, w)
    return depthwise_kernels.reference(x, ones, None, w) / counts


AVERAGE_POOL = Primitive(
    "average_pool",
    pool_kernels.average_forward,
    lambda g, saved, needs, out, **_: pool_kernels.average_backward(g, saved, needs, out),
    rule=_windows_rule,
    reference=_average_reference,
    promotes=True,
)
"""The mean of each window without its padding, channels last."""


def _pool_arguments(
    x: Any, pool_size: Any, strides: Any, padding: Any, data_format: Any, name: str
) -> tuple:
    rank = _spatial(x, name)
    size = standardize_tuple(pool_size, rank, "pool_size", name)
    strides = size if strides is None else standardize_tuple(strides, rank, "strides", name)
    padding = standardize_padding(padding, name)
    data_format = standardize_data_format(data_format)
    shape = tuple(x.shape)
    channels = _channels(x, data_format)
    ones = (1,) * rank
    out = conv_output_shape(shape, channels, size, strides, padding, data_format, ones, name)
    return size, strides, padding, data_format, out


def _pool_rule(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> KerasTensor:
    shape = _pool_arguments(inputs, pool_size, strides, padding, data_format, "pooling")[-1]
    return KerasTensor(shape, inputs.dtype)


def _average_pool_rule(inputs: Any, *args: Any, **kwargs: Any) -> KerasTensor:
    return _pool_rule(as_floating(inputs), *args, **kwargs)


def _pool(
    primitive: Primitive, x: Any, pool_size: Any, strides: Any, padding: Any, data_format: Any
) -> Tensor:
    size, strides, padding, data_format, _ = _pool_arguments(
        x, pool_size, strides, padding, data_format, primitive.name
    )
    return pool(primitive, x, size, strides, padding, data_format)


def pool(
    primitive: Primitive, x: Any, size: tuple, strides: tuple, padding: str, data_format: str
) -> Tensor:
    """Reduce the windows of images by a primitive, with arguments that have been checked.

    Raises:
        ValueError: if windows do not fit.
    """
    ones = (1,) * len(size)

    def last(x: Any) -> Any:
        w = window(tuple(x.shape[1:-1]), size, strides, padding, ones)
        if min(w.out) <= 0:
            shape, name = tuple(x.shape), primitive.name
            conv_output_shape(shape, None, size, strides, padding, "channels_last", ones, name)
        return primitive(x, w=w)

    return in_channels_last(x, data_format, last)


@op(rule=_pool_rule)
def max_pool(
    inputs: TensorLike,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Take the largest element of each window, channel by channel.

    Args:
        inputs: `(batch, *spatial, channels)`.
        pool_size: size of the window, one number or one for each spatial axis.
        strides: step of the window, `pool_size` if None.
        padding: `"valid"` or `"same"`; padding is never the largest.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.

    Returns:
        `(batch, *positions, channels)`.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> ops.max_pool(np.arange(4.0).reshape(1, 4, 1), 2)
    <Tensor shape=(1, 2, 1) dtype=float64
    [[[1.]
      [3.]]]>
    """
    return _pool(MAX_POOL, as_tensor(inputs), pool_size, strides, padding, data_format)


@op(rule=_average_pool_rule)
def average_pool(
    inputs: TensorLike,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Take the mean of each window, channel by channel, without padding.

    Args:
        inputs, pool_size, strides, padding, data_format: as for `max_pool`.

    Returns:
        `(batch, *positions, channels)`.
    """
    return _pool(AVERAGE_POOL, as_floating(inputs), pool_size, strides, padding, data_format)


def _global_average_reference(x: Any) -> Any:
    return np.mean(x, axis=tuple(range(1, len(x.shape) - 1)))


GLOBAL_AVERAGE = Primitive(
    "global_average",
    pool_kernels.global_average_forward,
    lambda g, saved, needs, out: pool_kernels.global_average_backward(g, saved),
    rule=lambda x: KerasTensor((x.shape[0], x.shape[-1]), x.dtype),
    reference=_global_average_reference,
    promotes=True,
)
"""The mean over all spatial axes, channels last."""


# Larger images.


def _enlarged(x: Any, factors: tuple, kind: Any = None) -> KerasTensor:
    space = [None if d is None else d * n for d, n in zip(x.shape[1:-1], factors)]
    return KerasTensor((x.shape[0], *space, x.shape[-1]), x.dtype)


def _repeat_reference(x: Any, factors: tuple) -> Any:
    for axis, factor in enumerate(factors, 1):
        x = np.repeat(x, factor, axis=axis)
    return x


UPSAMPLE = Primitive(
    "upsample",
    resize_kernels.repeat_forward,
    lambda g, saved, needs, out, factors: [resize_kernels.repeat_backward(g, factors)],
    rule=_enlarged,
    reference=_repeat_reference,
)
"""Each pixel repeated along the spatial axes, channels last."""


INTERPOLATE = Primitive(
    "interpolate",
    resize_kernels.interpolate_forward,
    lambda g, saved, needs, out, factors, kind: [
        resize_kernels.interpolate_backward(g, saved, factors, kind)
    ],
    rule=_enlarged,
    reference=resize_kernels.interpolate_reference,
)
"""Images made larger by interpolation, channels last."""
