"""Normalization by given, batch or feature statistics, and its fused primitives."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import NotDifferentiableTwice, Primitive, as_tensor, same
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import axis_within, is_integer
from minikeras.common.dtypes import np_dtype, result_type
from minikeras.common.ranks import shared_rows
from minikeras.common.settings import settings
from minikeras.kernels import normalization as kernels
from minikeras.kernels.activations import Fused
from minikeras.ops.activations import FUSED_AS_OPS
from minikeras.ops.core import cast
from minikeras.ops.elementwise import abs, maximum, square
from minikeras.ops.families import as_floating, np_shape, promote
from minikeras.ops.math import rsqrt
from minikeras.ops.reductions import max, normalize_axes, sum, var
from minikeras.ops.reductions import mean as mean_of
from minikeras.ops.shapes import moveaxis, reshape
from minikeras.ops.symbolic import TensorLike, op


def _along(v: Tensor, axis: int, ndim: int) -> Tensor:
    """Shape a vector so that it broadcasts along an axis."""
    shape = [1] * ndim
    shape[axis] = -1
    return reshape(v, shape)


def _batch_reference(
    x: Tensor,
    gamma: Any,
    beta: Any,
    summand: Any = None,
    *,
    axis: int,
    epsilon: float,
    activation: Fused | None = None,
) -> tuple:
    if shared_rows() is not None:
        raise NotDifferentiableTwice("batch_normalization over the rows of several ranks")
    axes = [i for i in range(x.ndim) if i != axis % x.ndim]
    mean = mean_of(x, axis=axes, keepdims=True)
    deviation = x - mean
    var = mean_of(square(deviation), axis=axes, keepdims=True)
    y = deviation * rsqrt(var + epsilon)
    y = y if gamma is None else y * _along(gamma, axis, x.ndim)
    y = y if beta is None else y + _along(beta, axis, x.ndim)
    y = y if summand is None else y + summand
    y = y if activation is None else FUSED_AS_OPS[activation](y)
    return y, reshape(mean, (-1,)), reshape(var, (-1,))


BATCH_NORMALIZATION = Primitive(
    "batch_normalization_of_batch",
    lambda x, gamma, beta, summand=None, **options: kernels.batch_forward(
        x, gamma, beta, summand=summand, **options
    ),
    lambda g, saved, needs, out, **_: kernels.batch_backward(g, saved, needs, out),
    rule=lambda x, *_, axis, **__: (
        KerasTensor(x.shape, x.dtype),
        KerasTensor((x.shape[axis],), x.dtype),
        KerasTensor((x.shape[axis],), x.dtype),
    ),
    reference=_batch_reference,
    n_outputs=3,
    mixes_examples=True,
)
"""`(x, gamma, beta)` to normalized x, and mean and variance of the batch it was normalized by.

A fourth input, of the shape of x, is added to normalized x. With an `activation`, which does not mix
channels, it is applied to the result."""


def _affine_reference(
    x: Tensor, scale: Tensor, shift: Tensor, axis: int, activation: Fused | None = None
) -> Tensor:
    y = x * _along(scale, axis, x.ndim) + _along(shift, axis, x.ndim)
    return y if activation is None else FUSED_AS_OPS[activation](y)


AFFINE = Primitive(
    "affine",
    kernels.affine_forward,
    lambda g, saved, needs, out, **_: kernels.affine_backward(g, saved, needs, out),
    rule=same,
    reference=_affine_reference,
    per_example=lambda g, saved, needs, n, **_: kernels.affine_per_example(g, saved, needs, n),
)
"""`x * scale + shift` with vectors along an axis; with an `activation`, it is applied to that."""


def _standardize_reference(x: Tensor, mean: Tensor, deviation: Tensor, invert: bool) -> Tensor:
    return x * deviation + mean if invert else (x - mean) / deviation


STANDARDIZE = Primitive(
    "standardize",
    lambda x, mean, deviation, invert: (
        kernels.standardize(x, mean, deviation, invert),
        (x, mean, deviation),
    ),
    lambda g, saved, needs, out, invert: kernels.standardize_backward(g, saved, needs, invert),
    rule=same,
    reference=_standardize_reference,
)
"""`(x, mean, deviation)` to `(x - mean) / deviation`, or with `invert` back."""


def _layer_reference(
    x: Tensor, gamma: Any, beta: Any, axes: int, epsilon: float, center: bool
) -> Tensor:
    over = list(range(x.ndim - axes, x.ndim))
    y = x - mean_of(x, axis=over, keepdims=True) if center else x
    y = y * rsqrt(mean_of(square(y), axis=over, keepdims=True) + epsilon)
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


LAYER_NORMALIZATION = Primitive(
    "layer_normalization_of_last_axes",
    kernels.layer_forward,
    lambda g, saved, needs, out, axes, epsilon, center: kernels.layer_backward(
        g, saved, needs, out
    ),
    rule=same,
    reference=_layer_reference,
    per_example=lambda g, saved, needs, n, **_: kernels.layer_per_example(g, saved, needs, n),
    lean=functools.partial(kernels.layer_forward, saving=False),
)
"""`(x, gamma, beta)` to x normalized over its last axes."""


def _check_vectors(x: Any, axis: int, **vectors: Any) -> None:
    """Check that each of the vectors of a batch normalization holds one number for each channel.

    Raises:
        ValueError: if there is no such axis, or if one of them does not.
    """
    axis_within(axis, len(x.shape), "batch_normalization")
    channels = x.shape[axis]
    for name, vector in vectors.items():
        shape = (channels,) if vector is None else np_shape(vector)
        known = channels is not None and None not in shape
        factor = name in ("offset", "scale")  # of these Keras takes any shape of that size
        if (known and math.prod(shape) != channels) or (len(shape) != 1 and not factor):
            raise ValueError(
                f"batch_normalization: argument `{name}` must be a vector with one number for each "
                f"of the {channels} channels along axis {axis} of `x`. Received: "
                f"{name}.shape={shape}, x.shape={tuple(x.shape)}"
            )


def computing_dtype(dtype: Any) -> Any:
    """Return the dtype that statistics are computed in: float32 for half precision."""
    return np_dtype(result_type(dtype, "float32"))


def _batch_rule(
    x: Any,
    mean: Any,
    variance: Any,
    axis: int,
    offset: Any = None,
    scale: Any = None,
    epsilon: float = 1e-3,
) -> KerasTensor:
    _check_vectors(x, axis, mean=mean, variance=variance, offset=offset, scale=scale)
    dtype = result_type(x.dtype, getattr(mean, "dtype", x.dtype), float)
    return KerasTensor(x.shape, dtype)


@op(rule=_batch_rule)
def batch_normalization(
    x: TensorLike,
    mean: TensorLike,
    variance: TensorLike,
    axis: int,
    offset: TensorLike | None = None,
    scale: TensorLike | None = None,
    epsilon: float = 1e-3,
) -> Tensor:
    """Normalize by a given mean and variance for each channel.

    Args:
        x: tensor.
        mean: `(channels,)`.
        variance: `(channels,)`.
        axis: axis of the channels.
        offset: `(channels,)`, added in the end; or None.
        scale: `(channels,)`, factor; or None.
        epsilon: added to the variance.

    Returns:
        `(x - mean) / sqrt(variance + epsilon) * scale + offset`.

    Raises:
        ValueError: if there is no such axis, or if one of the vectors has another length.

    Example:

    >>> from minikeras import ops
    >>> ops.batch_normalization([[1.0, 2.0]], [1.0, 1.0], [1.0, 0.25], axis=-1, epsilon=0.0)
    <Tensor shape=(1, 2) dtype=float32 [[0. 2.]]>
    """
    return activated_batch_normalization(x, mean, variance, axis, offset, scale, epsilon, None)


def activated_batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    axis: int,
    offset: Any,
    scale: Any,
    epsilon: float,
    activation: Fused | None,
) -> Tensor:
    """`batch_normalization`, and an activation in the same pass."""
    x, mean, variance = promote(x, mean, variance, floating=True)
    dtype = x.array.dtype
    _check_vectors(x, axis, mean=mean, variance=variance, offset=offset, scale=scale)
    factor = rsqrt(variance + epsilon)
    if scale is not None:
        factor = factor * reshape(cast(scale, dtype), (-1,))
    shift = -mean * factor
    if offset is not None:
        shift = shift + reshape(cast(offset, dtype), (-1,))
    more = {} if activation is None else {"activation": activation}
    return AFFINE(x, factor, shift, axis=axis, **more)


def _over_axes(
    name: str, x: Any, gamma: Any, beta: Any, axis: Any, epsilon: float | None, center: bool
) -> Tensor:
    x = as_tensor(x)
    given = x.array.dtype
    dtype = computing_dtype(given)
    x, gamma, beta = [
        v if v is None else cast(v, dtype) if v.dtype != dtype else v
        for v in (x, *[None if v is None else as_tensor(v) for v in (gamma, beta)])
    ]
    if x.ndim == 0:
        raise ValueError(f"{name}: x needs at least one axis. Received a scalar.")
    axes = sorted(normalize_axes(axis, x.ndim, name))
    sizes = tuple([x.shape[a] for a in axes])
    n, last = len(axes), list(range(x.ndim - len(axes), x.ndim))
    features = math.prod(sizes)
    for what, v in (("gamma", gamma), ("beta", beta)):
        if v is not None and v.size != features:
            raise ValueError(
                f"{name}: argument `{what}` must have the shape of the normalized axes, {sizes}. "
                f"Received: {what}.shape={v.shape}"
            )
    gamma, beta = [v if v is None or v.shape == sizes else reshape(v, sizes) for v in (gamma, beta)]
    moved = x if axes == last else moveaxis(x, axes, last)
    epsilon = settings.epsilon if epsilon is None else epsilon
    y = LAYER_NORMALIZATION(moved, gamma, beta, axes=n, epsilon=epsilon, center=center)
    y = y if axes == last else moveaxis(y, last, axes)
    return y if y.array.dtype == given else cast(y, given)


@op(rule=same)
def layer_normalization(
    x: TensorLike,
    gamma: TensorLike | None = None,
    beta: TensorLike | None = None,
    axis: Any = -1,
    epsilon: float | None = None,
    **kwargs: Any,
) -> Tensor:
    """Normalize each example over some of its axes to mean 0 and variance 1.

    Args:
        x: tensor.
        gamma: factor, of the shape of those axes; or None.
        beta: added in the end, of the same shape; or None.
        axis: axis, or a list of axes.
        epsilon: added to the variance, `keras.config.epsilon()` if None.
        **kwargs: `rms_scaling`, deprecated in Keras: divide by the standard deviation without
            subtracting the mean.

    Returns:
        A tensor of the shape and dtype of `x`.

    Source: Ba et al., 2016.

    Example:

    >>> from minikeras import ops
    >>> ops.layer_normalization([[1.0, 3.0]], epsilon=0.0)
    <Tensor shape=(1, 2) dtype=float32 [[-1.  1.]]>
    """
    rms_scaling = kwargs.pop("rms_scaling", False)
    if kwargs:
        raise TypeError(f"layer_normalization: unknown arguments {sorted(kwargs)}.")
    if not rms_scaling:
        return _over_axes("layer_normalization", x, gamma, beta, axis, epsilon, True)
    x = as_tensor(x)
    given = x.array.dtype
    x = cast(x, computing_dtype(given))
    axes = sorted(normalize_axes(axis, x.ndim, "layer_normalization"))
    epsilon = settings.epsilon if epsilon is None else epsilon
    y = x * rsqrt(var(x, axis=axes, keepdims=True) + epsilon)
    if gamma is not None:
        sizes = tuple([x.shape[a] for a in axes])
        if None not in sizes and math.prod(np_shape(gamma)) != math.prod(sizes):
            raise ValueError(
                "layer_normalization: argument `gamma` must have the shape of the normalized axes, "
                f"{sizes}. Received: gamma.shape={np_shape(gamma)}"
            )
        y = y * reshape(
            cast(gamma, x.dtype), [d if i in axes else 1 for i, d in enumerate(x.shape)]
        )
    return cast(y, given)


def _with_axes(x: Tensor) -> Tensor:
    """Return a scalar as a vector, as Keras does."""
    return x if x.ndim else reshape(x, (1,))


@op(rule=lambda x, *_, **__: KerasTensor(x.shape or (1,), x.dtype))
def rms_normalization(
    x: TensorLike, scale: TensorLike | None = None, axis: Any = -1, epsilon: float | None = None
) -> Tensor:
    """Divide each example by the root of the mean square over some of its axes.

    Args:
        x: tensor.
        scale: factor, of the shape of those axes, or one that broadcasts with `x`; or None.
        axis: axis, or a list of axes.
        epsilon: added to the mean square, `keras.config.epsilon()` if None.

    Returns:
        A tensor of the shape and dtype of `x`.

    Source: Zhang & Sennrich, 2019.

    Example:

    >>> from minikeras import ops
    >>> ops.rms_normalization([[1.0, 7.0]], epsilon=0.0)
    <Tensor shape=(1, 2) dtype=float32 [[0.2 1.4]]>
    """
    x = _with_axes(as_tensor(x))
    if scale is not None:
        scale = as_tensor(scale)
        axes = normalize_axes(axis, x.ndim, "rms_normalization")
        sizes = tuple([x.shape[a] for a in axes])
        if scale.size != math.prod(sizes):
            try:
                np.broadcast_shapes(x.shape, scale.shape)
            except ValueError:
                raise ValueError(
                    "rms_normalization: argument `scale` must have the shape of the normalized axes, "
                    f"{sizes}, or broadcast with `x`. Received: scale.shape={scale.shape}"
                ) from None
            y = _over_axes("rms_normalization", x, None, None, axis, epsilon, False)
            return cast(y * cast(scale, computing_dtype(x.array.dtype)), x.array.dtype)
    return _over_axes("rms_normalization", x, scale, None, axis, epsilon, False)


@op
def moments(x: TensorLike, axes: Any, keepdims: bool = False, synchronized: bool = False) -> tuple:
    """Return mean and variance over axes.

    Args:
        x: tensor.
        axes: axis, or axes.
        keepdims: whether they stay, of size 1.
        synchronized: for distribution, which there is none of: must be false.

    Raises:
        ValueError: if `synchronized` is true.
    """
    if synchronized:
        raise ValueError("moments: synchronized=True needs several devices; there is one.")
    x = as_floating(x)
    axes = axes if isinstance(axes, int) else tuple(axes)
    return mean_of(x, axis=axes, keepdims=keepdims), var(x, axis=axes, keepdims=keepdims)


@op
def normalize(
    x: TensorLike, axis: int = -1, order: float = 2, epsilon: float | None = None
) -> Tensor:
    """Divide by the norm over `axis`.

    Args:
        x: tensor.
        axis: axis or axes.
        order: order of the norm, an integer of at least 1; infinity for the largest magnitude.
        epsilon: least norm to divide by; `config.epsilon()` if None.

    Raises:
        ValueError: if `order` is something else.
    """
    x = _with_axes(as_floating(x))
    epsilon = settings.epsilon if epsilon is None else epsilon
    if not (is_integer(order) and order >= 1) and order != float("inf"):
        raise ValueError(
            f"normalize: `order` must be an integer of at least 1. Received: order={order!r}"
        )
    if order == 2:
        square_sum = sum(square(x), axis=axis, keepdims=True)
        return x / maximum(square_sum, epsilon**2) ** 0.5
    if order == float("inf"):
        norm = max(abs(x), axis=axis, keepdims=True)
    else:
        norm = sum(abs(x) ** order, axis=axis, keepdims=True) ** (1.0 / order)
    return x / maximum(norm, epsilon)
