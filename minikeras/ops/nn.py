"""`keras.ops.nn`: what neural networks are made of."""

# ruff: noqa: F401  # it gathers what other files define
from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.primitive import Primitive
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import to_np_dtype
from minikeras.common.settings import settings
from minikeras.kernels import dense as dense_kernel
from minikeras.ops.activations import (
    celu,
    elu,
    gelu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    relu,
    relu6,
    same_float_rule,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh_shrink,
    threshold,
)
from minikeras.ops.activations import hard_silu as hard_swish
from minikeras.ops.activations import silu as swish
from minikeras.ops.complex_numbers import polar
from minikeras.ops.convolution import (
    average_pool,
    conv,
    conv_transpose,
    depthwise_conv,
    max_pool,
    separable_conv,
)
from minikeras.ops.crossentropy import (
    binary_crossentropy,
    categorical_crossentropy,
    one_hot_array,
    sparse_categorical_crossentropy,
)
from minikeras.ops.ctc import ctc_loss
from minikeras.ops.elementwise import abs, log10, maximum, square
from minikeras.ops.families import as_floating, promote
from minikeras.ops.normalization import (
    batch_normalization,
    layer_normalization,
    rms_normalization,
)
from minikeras.ops.patches import depth_to_space, fold, space_to_depth, unfold
from minikeras.ops.products import matmul
from minikeras.ops.reductions import max, mean, sum, var
from minikeras.ops.sequences import dot_product_attention
from minikeras.ops.symbolic import OPS, op


def _dense_reference(x: Tensor, kernel: Tensor, bias: Any, activation: str | None) -> Tensor:
    y = matmul(x, kernel)
    y = y if bias is None else y + bias
    return y if activation is None else OPS[activation](y)


DENSE = Primitive(
    "dense",
    dense_kernel.forward,
    dense_kernel.backward,
    reference=_dense_reference,
    writes_out=True,
)
"""`activation(x @ kernel + bias)` in one step."""


@op
def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Tensor:
    """Turn integers into vectors of zeros with a one at their place (all zeros if out of range).

    Args:
        x: integers of any shape.
        num_classes: length of the vectors.
        axis: where their axis goes.
        dtype: dtype, `floatx` if None.
        sparse: whether the result is sparse, which is not supported.

    Raises:
        ValueError: if `x` are no integers.

    Example:

    >>> from minikeras import ops
    >>> ops.one_hot([2, 0], 3)
    <Tensor shape=(2, 3) dtype=float32
    [[0. 0. 1.]
     [1. 0. 0.]]>
    """
    if sparse:
        raise ValueError("one_hot: sparse tensors are not supported.")
    labels = to_array(x)
    if labels.dtype.kind not in "iub":
        raise ValueError(f"one_hot: `x` must be integers. Received: dtype={labels.dtype}")
    y = one_hot_array(labels, num_classes, to_np_dtype(dtype))
    return Tensor(y if axis in (-1, y.ndim - 1) else np.moveaxis(y, -1, axis))


@op
def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Tensor:
    """Turn rows of integers into one vector each, with a one at every place that occurs.

    Args:
        inputs: integers, `(n,)` or `(batch, n)`.
        num_classes: length of the vectors.
        axis: where their axis goes.
        dtype: dtype, `floatx` if None.
        sparse: whether the result is sparse, which is not supported.
        **kwargs: `num_tokens`, an older name of `num_classes`.

    Raises:
        ValueError: if `inputs` are no integers.
    """
    num_classes = kwargs.pop("num_tokens", num_classes)
    if kwargs:
        raise TypeError(f"multi_hot: unknown arguments {sorted(kwargs)}.")
    y = one_hot(inputs, num_classes, axis=axis, dtype=dtype, sparse=sparse).array
    return Tensor(np.max(y, axis=1 if y.ndim > 2 else 0))


@op
def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> tuple:
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
    return mean(x, axis=axes, keepdims=keepdims), var(x, axis=axes, keepdims=keepdims)


@op(rule=same_float_rule)
def normalize(x: Any, axis: int = -1, order: float = 2, epsilon: float | None = None) -> Tensor:
    """Divide by the norm over `axis`.

    Args:
        x: tensor.
        axis: axis or axes.
        order: order of the norm, at least 1; infinity for the largest magnitude.
        epsilon: least norm to divide by; `config.epsilon()` if None.

    Raises:
        ValueError: if `order` is smaller than 1.
    """
    x = as_floating(x)
    epsilon = settings.epsilon if epsilon is None else epsilon
    if not isinstance(order, (int, float)) or order < 1:
        raise ValueError(f"normalize: `order` must be at least 1. Received: order={order!r}")
    if order == 2:
        square_sum = sum(square(x), axis=axis, keepdims=True)
        return x / maximum(square_sum, epsilon**2) ** 0.5
    if order == float("inf"):
        norm = max(abs(x), axis=axis, keepdims=True)
    else:
        norm = sum(abs(x) ** order, axis=axis, keepdims=True) ** (1.0 / order)
    return x / maximum(norm, epsilon)


@op
def psnr(x1: Any, x2: Any, max_val: float) -> Tensor:
    """Return the peak signal-to-noise ratio of two images, in decibels.

    Args:
        x1: tensor.
        x2: tensor of the same shape.
        max_val: the largest value that a pixel can have.

    Raises:
        ValueError: if shapes differ.
    """
    x1, x2 = promote(as_floating(x1), as_floating(x2))
    if x1.shape != x2.shape:
        raise ValueError(
            f"psnr: inputs must have one shape. Received shapes {x1.shape} and {x2.shape}."
        )
    return 20 * float(np.log10(max_val)) - 10 * log10(mean(square(x1 - x2)))
