"""Ops on sequences: attention, and recurrent layers over all time steps as one primitive each."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import Primitive, as_tensor, without_gradient
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.dtypes import result_type
from minikeras.kernels import attention as attention_kernel
from minikeras.kernels import conv_recurrent as conv_recurrent_kernel
from minikeras.kernels import recurrent as recurrent_kernel
from minikeras.kernels import recurrent_inference
from minikeras.kernels.activations import TANH, Fused
from minikeras.ops.activations import FUSED_AS_OPS, sigmoid, softmax
from minikeras.ops.convolution import CONV, conv_output_shape
from minikeras.ops.core import cast
from minikeras.ops.creation import tri, zeros
from minikeras.ops.families import operand_kind, promote
from minikeras.ops.indexing import where
from minikeras.ops.joining import concatenate, repeat, split, stack
from minikeras.ops.products import matmul
from minikeras.ops.shapes import swapaxes, transpose
from minikeras.ops.symbolic import TensorLike, op
from minikeras.ops.trigonometry import tanh

# Attention.


def _scores(query: Tensor, key: Tensor, bias: Any, scale: float) -> Tensor:
    scores = matmul(transpose(query * scale, (0, 2, 1, 3)), transpose(key, (0, 2, 3, 1)))
    return scores if bias is None else scores + bias


def _weights(scores: Tensor, mask: Any, causal: bool, keep: Any, rate: float) -> Tensor:
    dtype = scores.array.dtype
    if causal:
        past = tri(*scores.shape[-2:], dtype="bool").array
        mask = past if mask is None else mask & past
    if mask is not None:
        low = dtype.type(-0.5 * float(np.finfo(dtype).max))
        scores = where(mask, scores, Tensor(np.asarray(low)))
    p = softmax(scores, axis=-1)
    return p if keep is None else p * (keep.astype(dtype) / dtype.type(rate))


def _attention_reference(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Any,
    scale: float,
    mask: Any = None,
    causal: bool = False,
    keep: Any = None,
    rate: float = 1.0,
) -> Tensor:
    weights = _weights(_scores(query, key, bias, scale), mask, causal, keep, rate)
    return transpose(matmul(weights, transpose(value, (0, 2, 1, 3))), (0, 2, 1, 3))


ATTENTION = Primitive(
    "attention",
    attention_kernel.forward,
    lambda g, saved, needs, out, **_: attention_kernel.backward(g, saved, needs, out),
    rule=lambda query, key, value, *_, **__: KerasTensor(
        (*query.shape[:3], value.shape[3]), query.dtype
    ),
    reference=_attention_reference,
    lean=functools.partial(attention_kernel.forward, saving=False),
)
"""`(query, key, value, bias)` to `softmax(query @ key.T * scale + bias) @ value` for each head."""


SELF_ATTENTION = without_gradient(
    "self_attention",
    lambda x, *weights, **params: attention_kernel.self_attention(
        x, weights[:4], weights[4:], **params
    ),
    rule=lambda x, *weights, **_: KerasTensor((*x.shape[:2], *weights[3].shape[2:]), x.dtype),
)
"""What `MultiHeadAttention` computes of a sequence alone, with its projections, for layers that predict.

The inputs are the sequence, and kernels and biases of the projections to query, key, value and output."""


def _attention_rule(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> KerasTensor:
    for name, x in (("query", query), ("key", key), ("value", value)):
        _check_rank(name, x)
    dtype = result_type(*[operand_kind(x) for x in (query, key, value)], float)
    return KerasTensor((*query.shape[:3], value.shape[3]), dtype)


def _check_rank(name: str, x: Any) -> None:
    if len(x.shape) != 4:
        raise ValueError(
            f"dot_product_attention: argument `{name}` must have 4 axes (batch, time, heads, "
            f"size). Received: {name}.shape={tuple(x.shape)}"
        )


@op(rule=_attention_rule)
def dot_product_attention(
    query: TensorLike,
    key: TensorLike,
    value: TensorLike,
    bias: TensorLike | None = None,
    mask: TensorLike | None = None,
    scale: TensorLike | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Tensor:
    """Compute scaled dot-product attention (Vaswani et al., 2017).

    Args:
        query: `(batch, queries, heads, size)`.
        key: `(batch, keys, heads, size)`; or fewer heads, each for several of the query's.
        value: `(batch, keys, heads, value size)`, as many heads as `key`.
        bias: added to the scores, broadcast to `(batch, heads, queries, keys)`; or None.
        mask: booleans of such a shape, false where there is to be no attention; or None.
        scale: factor of the scores, `1 / sqrt(size)` if None.
        is_causal: whether a query sees only keys at its own place and before.
        flash_attention: kept, without effect: there is one implementation.
        attn_logits_soft_cap: scores `s` become `cap * tanh(s / cap)`; None for no cap.

    Returns:
        `(batch, queries, heads, value size)`.

    Raises:
        ValueError: if a shape does not fit.

    Example:

    >>> import numpy as np
    >>> from minikeras import ops
    >>> x = np.ones((2, 5, 3, 4), "float32")
    >>> ops.dot_product_attention(x, x, x).shape
    (2, 5, 3, 4)
    """
    query, key, value = promote(query, key, value, floating=True)
    for name, x in (("query", query), ("key", key), ("value", value)):
        _check_rank(name, x)
    heads, groups = query.shape[2], key.shape[2]
    if (
        query.shape[3] != key.shape[3]
        or key.shape[:3] != value.shape[:3]
        or query.shape[0] != key.shape[0]
        or heads % groups
    ):
        raise ValueError(
            "dot_product_attention: shapes do not fit: query and key must have the same batch and "
            "size, key and value the same batch, length and heads, of which the query's heads are "
            f"a multiple. Received shapes {query.shape}, {key.shape} and {value.shape}."
        )
    if heads != groups:
        key, value = repeat(key, heads // groups, axis=2), repeat(value, heads // groups, axis=2)
    dtype = query.array.dtype
    scale = 1 / math.sqrt(query.shape[3]) if scale is None else float(scale)
    bias = None if bias is None else cast(as_tensor(bias), dtype)
    mask = None if mask is None else to_array(mask).astype(bool)
    wide = np.dtype(np.float32) if dtype.itemsize < 4 else dtype
    if wide != dtype:
        query, key, value = [cast(x, wide) for x in (query, key, value)]
        bias = None if bias is None else cast(bias, wide)
    if attn_logits_soft_cap is None:
        y = ATTENTION(query, key, value, bias, scale=scale, mask=mask, causal=bool(is_causal))
    else:
        scores = _scores(query, key, bias, scale)
        scores = tanh(scores / attn_logits_soft_cap) * attn_logits_soft_cap
        weights = _weights(scores, mask, bool(is_causal), None, 1.0)
        y = transpose(matmul(weights, transpose(value, (0, 2, 1, 3))), (0, 2, 1, 3))
    return y if wide == dtype else cast(y, dtype)


# Recurrent layers: one step of each, for cells and for the references of the fused primitives.


def _by_gates(x: Any, kernel: Any, multiply: Callable = matmul) -> Any:
    """Multiply by the kernels of several gates, side by side; `x` may be a list, one for each."""
    if not isinstance(x, list):
        return multiply(x, kernel)
    kernels = split(kernel, len(x), axis=-1)
    return concatenate([multiply(part, w) for part, w in zip(x, kernels)], axis=-1)


def simple_step(
    x: Tensor, h: Tensor, kernel: Any, recurrent: Any, bias: Any, activation: Any
) -> Tensor:
    """Return the next state of a simple recurrent layer, which is its output."""
    z = matmul(x, kernel) + matmul(h, recurrent)
    return activation(z if bias is None else z + bias)


def lstm_step(
    x: Any,
    h: Any,
    c: Tensor,
    kernel: Any,
    recurrent: Any,
    bias: Any,
    activation: Any = tanh,
    gate: Any = sigmoid,
) -> tuple[Tensor, Tensor]:
    """Return the next output and memory of an LSTM.

    Args:
        x: inputs `(batch, n)`, or a list of four: what each gate sees (dropout differs).
        h: last outputs `(batch, units)`, or a list of four.
        c: memory `(batch, units)`.
        kernel, recurrent, bias: weights, those of input, forget, new contents and output side by
            side; the bias may be None.
        activation: activation of the new contents.
        gate: activation of the gates.
    """
    z = _by_gates(x, kernel) + _by_gates(h, recurrent)
    return _through_gates(z, bias, c, activation, gate)


def _through_gates(
    z: Tensor, bias: Any, c: Tensor, activation: Any, gate: Any
) -> tuple[Tensor, Tensor]:
    i, f, g, o = split(z if bias is None else z + bias, 4, axis=-1)
    c = gate(f) * c + gate(i) * activation(g)
    return gate(o) * activation(c), c


def conv_lstm_step(
    x: Any,
    h: Any,
    c: Tensor,
    kernel: Any,
    recurrent: Any,
    bias: Any,
    strides: tuple,
    padding: str,
    dilation: tuple,
    activation: Any = tanh,
    gate: Any = sigmoid,
) -> tuple[Tensor, Tensor]:
    """Return the next output and memory of a convolutional LSTM.

    Args:
        x: images `(batch, *spatial, channels)`, or a list of four: what each gate sees.
        h: last outputs `(batch, *out, filters)`, or a list of four.
        c: memory `(batch, *out, filters)`.
        kernel, recurrent, bias: weights, those of input, forget, new contents and output side by
            side; the bias may be None.
        strides, padding, dilation: of the convolution of the images; that of `h` keeps its size.
        activation: activation of the new contents.
        gate: activation of the gates.
    """
    ones = (1,) * len(strides)

    z = _by_gates(x, kernel, _windowed(strides, padding, dilation))
    z = z + _by_gates(h, recurrent, _windowed(ones, "same", ones))
    return _through_gates(z, bias, c, activation, gate)


def _windowed(strides: tuple, padding: str, dilation: tuple) -> Callable:
    """Return the convolution of images with a kernel by such windows."""
    options = {"strides": strides, "padding": padding, "dilation": dilation}
    return lambda x, kernel: CONV(x, kernel, None, **options, groups=1, activation=None)


def gru_step(
    x: Any,
    h: Tensor,
    kernel: Any,
    recurrent: Any,
    bias: Any,
    reset_after: bool = True,
    activation: Any = tanh,
    gate: Any = sigmoid,
    seen: Any = None,
) -> Tensor:
    """Return the next state of a GRU, which is its output.

    Args:
        x: inputs `(batch, n)`, or a list of three: what each gate sees (dropout differs).
        h: state `(batch, units)`.
        kernel, recurrent, bias: weights, those of update, reset and new contents side by side; the
            bias may be None, and is `(2, 3 * units)` with `reset_after`.
        reset_after: whether the reset gate multiplies the product with the state, not the state.
        activation: activation of the new contents.
        gate: activation of the gates.
        seen: what the gates see of the state, as for `x`; the state if None.
    """
    b_x, b_h = (bias[0], bias[1]) if reset_after and bias is not None else (bias, None)
    seen = h if seen is None else seen
    to_gates, to_new = (seen[:2], seen[2]) if isinstance(seen, list) else (seen, seen)
    units = recurrent.shape[0]
    w_gates, w_new = recurrent[:, : 2 * units], recurrent[:, 2 * units :]
    z_x = _by_gates(x, kernel)
    z_x = z_x if b_x is None else z_x + b_x
    z_h = _by_gates(to_gates, w_gates)
    z_h = z_h if b_h is None else z_h + b_h[: 2 * units]
    z, r = split(gate(z_x[:, : 2 * units] + z_h), 2, axis=-1)
    if reset_after:
        inner = matmul(to_new, w_new)
        inner = r * (inner if b_h is None else inner + b_h[2 * units :])
    else:
        inner = matmul(r * to_new, w_new)
    return z * h + (1 - z) * activation(z_x[:, 2 * units :] + inner)


# The references run one step after another on tensors.


def _steps(x: Tensor, mask: Any, backwards: bool) -> list[tuple[Tensor, Any]]:
    """Return inputs and mask of each step, in the order of processing."""
    order = range(x.shape[1])
    shape = (-1, *[1] * (x.ndim - 2))
    steps = [(x[:, t], None if mask is None else mask[:, t].reshape(shape)) for t in order]
    return steps[::-1] if backwards else steps


def _or_zeros(state: Any, x: Tensor, units: int) -> Tensor:
    return zeros((x.shape[0], units), x.array.dtype) if state is None else state


def _chosen(mask: Any, new: Tensor, old: Tensor) -> Tensor:
    return new if mask is None else where(mask, new, old)


def _sequence(outputs: list[Tensor]) -> Tensor:
    return swapaxes(stack(outputs), 0, 1)


def _recurrent_rule(
    x: Any, kernel: Any, recurrent: Any, bias: Any, *states: Any, **_: Any
) -> tuple:
    units = recurrent.shape[0]
    last = [KerasTensor((x.shape[0], units), x.dtype) for _ in states]
    return (KerasTensor((*x.shape[:2], units), x.dtype), *last)


def _lstm_reference(
    x: Tensor,
    kernel: Tensor,
    recurrent: Tensor,
    bias: Any,
    h: Any,
    c: Any,
    mask: Any = None,
    backwards: bool = False,
) -> tuple:
    units = recurrent.shape[0]
    h, c = _or_zeros(h, x, units), _or_zeros(c, x, units)
    outputs = []
    for x_t, m in _steps(x, mask, backwards):
        new_h, new_c = lstm_step(x_t, h, c, kernel, recurrent, bias)
        h, c = _chosen(m, new_h, h), _chosen(m, new_c, c)
        outputs.append(h)
    return _sequence(outputs), h, c


LSTM = Primitive(
    "lstm",
    recurrent_kernel.lstm_forward,
    lambda g, saved, needs, out, **_: recurrent_kernel.lstm_backward(g, saved, needs, out),
    rule=_recurrent_rule,
    reference=_lstm_reference,
    n_outputs=3,
    writes_out=True,
    per_example=lambda g, saved, needs, n, **_: recurrent_kernel.lstm_backward(
        g, saved, needs, None, per_example=True
    ),
    lean=recurrent_inference.lstm,
)
"""`(x, kernel, recurrent kernel, bias, h, c)` to the outputs of all steps and the last h and c."""


def _both_ways_rule(x: Any, *weights: Any) -> tuple:
    states = (None, None)
    return tuple(y for i in (0, 3) for y in _recurrent_rule(x, *weights[i : i + 3], *states))


LSTM_BOTH_WAYS = without_gradient(
    "lstm_both_ways", recurrent_inference.lstm_both_ways, rule=_both_ways_rule, narrow="E"
)
"""`LSTM` over one example forwards and another one of as many units backwards, for layers that predict.

The inputs are x, then kernel, recurrent kernel and bias of the one and those of the other; the results
are the outputs of all steps, h and c of the one and of the other."""


def _conv_lstm_shape(x: Any, kernel: Any, strides: tuple, padding: str, dilation: tuple) -> tuple:
    """Return the shape of the state."""
    size, filters = tuple(kernel.shape[:-2]), kernel.shape[-1] // 4
    shape = (x.shape[0], *x.shape[2:])
    windows = (size, strides, padding, "channels_last", dilation)
    return conv_output_shape(shape, filters, *windows, "conv_lstm")


def _conv_lstm_rule(
    x: Any,
    kernel: Any,
    *_: Any,
    strides: tuple,
    padding: str,
    dilation: tuple,
    mask: Any = None,
    backwards: bool = False,
) -> tuple:
    batch, *state = _conv_lstm_shape(x, kernel, strides, padding, dilation)
    last = [KerasTensor((batch, *state), x.dtype) for _ in range(2)]
    return (KerasTensor((batch, x.shape[1], *state), x.dtype), *last)


def _conv_lstm_reference(
    x: Tensor,
    kernel: Tensor,
    recurrent: Tensor,
    bias: Any,
    h: Any,
    c: Any,
    mask: Any = None,
    backwards: bool = False,
    **windows: Any,
) -> tuple:
    like = _conv_lstm_shape(x, kernel, **windows)
    h, c = [zeros(like, x.array.dtype) if state is None else state for state in (h, c)]
    outputs = []
    for x_t, m in _steps(x, mask, backwards):
        new_h, new_c = conv_lstm_step(x_t, h, c, kernel, recurrent, bias, **windows)
        h, c = _chosen(m, new_h, h), _chosen(m, new_c, c)
        outputs.append(h)
    return _sequence(outputs), h, c


CONV_LSTM = Primitive(
    "conv_lstm",
    conv_recurrent_kernel.forward,
    lambda g, saved, needs, out, **_: conv_recurrent_kernel.backward(g, saved, needs, out),
    rule=_conv_lstm_rule,
    reference=_conv_lstm_reference,
    n_outputs=3,
    writes_out=True,
    per_example=lambda g, saved, needs, n, **_: conv_recurrent_kernel.backward(
        g, saved, needs, None, examples=n
    ),
)
"""As `LSTM`, of images, channels last."""


def _gru_reference(
    x: Tensor,
    kernel: Tensor,
    recurrent: Tensor,
    bias: Any,
    h: Any,
    mask: Any = None,
    backwards: bool = False,
    reset_after: bool = True,
) -> tuple:
    h = _or_zeros(h, x, recurrent.shape[0])
    outputs = []
    for x_t, m in _steps(x, mask, backwards):
        h = _chosen(m, gru_step(x_t, h, kernel, recurrent, bias, reset_after), h)
        outputs.append(h)
    return _sequence(outputs), h


GRU = Primitive(
    "gru",
    recurrent_kernel.gru_forward,
    lambda g, saved, needs, out, **_: recurrent_kernel.gru_backward(g, saved, needs, out),
    rule=_recurrent_rule,
    reference=_gru_reference,
    n_outputs=2,
    writes_out=True,
    per_example=lambda g, saved, needs, n, **_: recurrent_kernel.gru_backward(
        g, saved, needs, None, per_example=True
    ),
    lean=recurrent_inference.gru,
)
"""`(x, kernel, recurrent kernel, bias, h)` to the outputs of all steps and the last h."""


def _simple_reference(
    x: Tensor,
    kernel: Tensor,
    recurrent: Tensor,
    bias: Any,
    h: Any,
    mask: Any = None,
    backwards: bool = False,
    activation: Fused = TANH,
) -> tuple:
    h = _or_zeros(h, x, recurrent.shape[0])
    outputs = []
    for x_t, m in _steps(x, mask, backwards):
        new_h = simple_step(x_t, h, kernel, recurrent, bias, FUSED_AS_OPS[activation])
        h = _chosen(m, new_h, h)
        outputs.append(h)
    return _sequence(outputs), h


SIMPLE_RNN = Primitive(
    "simple_rnn",
    recurrent_kernel.simple_forward,
    lambda g, saved, needs, out, **_: recurrent_kernel.simple_backward(g, saved, needs, out),
    rule=_recurrent_rule,
    reference=_simple_reference,
    n_outputs=2,
    writes_out=True,
    per_example=lambda g, saved, needs, n, **_: recurrent_kernel.simple_backward(
        g, saved, needs, None, per_example=True
    ),
)
"""`(x, kernel, recurrent kernel, bias, h)` to the outputs of all steps and the last h."""
