"""`tf.nn`: activations, losses of logits, convolutions, pooling, normalization, embeddings."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import ops, random
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.common.object_family import ObjectFamily
from minikeras.compat.extensions import Around, Extension
from minikeras.compat.spelling import tell
from minikeras.compat.tensorflow import graphs
from minikeras.compat.tensorflow.elementwise import dtype_name
from minikeras.compat.tensorflow.symbols import sized
from minikeras.compat.tensorflow.table import TABLE, add, axes, is_symbolic, named, number, sizes

TopK = namedtuple("TopKV2", "values indices")

for _name in ("relu", "relu6", "elu", "selu", "softplus", "softsign"):
    _op = getattr(ops, _name)
    named(f"nn.{_name}")(lambda features, f=_op: f(features))
named("nn.log_sigmoid")(lambda x: ops.log_sigmoid(x))
named("nn.sigmoid")(lambda x: ops.sigmoid(x))
named("nn.tanh")(lambda x: ops.tanh(x))


@named("nn.gelu")
def gelu(features: Any, approximate: bool = False) -> Any:
    """Gaussian error linear unit."""
    return ops.gelu(features, approximate)


@named("nn.silu nn.swish")
def silu(features: Any, beta: float = 1.0) -> Any:
    """`x * sigmoid(beta * x)`."""
    return ops.silu(features) if beta == 1.0 else features * ops.sigmoid(beta * features)


@named("nn.leaky_relu")
def leaky_relu(features: Any, alpha: float = 0.2) -> Any:
    """Rectifier with a slope below zero."""
    return ops.leaky_relu(features, number(alpha))


@named("nn.crelu")
def crelu(features: Any, axis: int = -1) -> Any:
    """Rectified positive and negative parts, one after the other."""
    return ops.relu(ops.concatenate([features, -features], axis))


@named("nn.softmax math.softmax softmax", old={"dim": "axis"})
def softmax(logits: Any, axis: Any = None) -> Any:
    """Probabilities of logits."""
    return ops.softmax(logits, axis=-1 if axis is None else axes(axis))


@named("nn.log_softmax math.log_softmax", old={"dim": "axis"})
def log_softmax(logits: Any, axis: Any = None) -> Any:
    """Logarithms of the probabilities of logits."""
    return ops.log_softmax(logits, axis=-1 if axis is None else axes(axis))


# Losses of logits.


@named(
    "nn.softmax_cross_entropy_with_logits nn.softmax_cross_entropy_with_logits_v2",
    old={"dim": "axis"},
)
def softmax_cross_entropy_with_logits(labels: Any, logits: Any, axis: int = -1) -> Any:
    """Crossentropy of probabilities and logits."""
    labels = ops.cast(labels, dtype_name(logits))
    return -ops.sum(labels * ops.log_softmax(logits, axis=axis), axis=axis)


@named("nn.sparse_softmax_cross_entropy_with_logits")
def sparse_softmax_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, _sentinel: Any = None
) -> Any:
    """Crossentropy of class numbers and logits."""
    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)


@named("nn.sigmoid_cross_entropy_with_logits")
def sigmoid_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, _sentinel: Any = None
) -> Any:
    """Crossentropy of independent probabilities and logits."""
    logits = ops.convert_to_tensor(logits)
    labels = ops.cast(labels, dtype_name(logits))
    return ops.relu(logits) - logits * labels + ops.softplus(-ops.abs(logits))


@named("nn.weighted_cross_entropy_with_logits")
def weighted_cross_entropy_with_logits(labels: Any, logits: Any, pos_weight: Any) -> Any:
    """Crossentropy of logits, the positive class weighted."""
    weight = 1 + (pos_weight - 1) * ops.convert_to_tensor(labels)
    return (1 - labels) * logits + weight * (
        ops.softplus(-ops.abs(logits)) + ops.relu(-ops.convert_to_tensor(logits))
    )


@named("nn.log_poisson_loss")
def log_poisson_loss(targets: Any, log_input: Any, compute_full_loss: bool = False) -> Any:
    """Poisson loss of the logarithm of a rate."""
    loss = ops.exp(log_input) - ops.convert_to_tensor(log_input) * targets
    if not compute_full_loss:
        return loss
    targets = ops.convert_to_tensor(targets)
    safe = ops.where(targets > 1, targets, ops.ones_like(targets))
    stirling = safe * ops.log(safe) - safe + 0.5 * ops.log(2 * np.pi * safe)
    return loss + ops.where(targets > 1, stirling, ops.zeros_like(targets))


@named("nn.ctc_loss")
def ctc_loss(
    labels: Any,
    logits: Any,
    label_length: Any,
    logit_length: Any,
    logits_time_major: bool = True,
    unique: Any = None,
    blank_index: Any = None,
) -> Any:
    """Minus the logarithm of the probability that logits over time spell out labels."""
    x = ops.swapaxes(logits, 0, 1) if logits_time_major else logits
    blank = 0 if blank_index is None else blank_index % ops.shape(x)[-1]
    return ops.ctc_loss(labels, x, label_length, logit_length, mask_index=blank)


@named("nn.l2_loss")
def l2_loss(t: Any) -> Any:
    """Half the sum of squares."""
    return ops.sum(ops.square(t)) / 2


@named("nn.zero_fraction math.zero_fraction")
def zero_fraction(value: Any) -> Any:
    """Return the part of the elements that is zero."""
    return ops.mean(ops.cast(ops.equal(value, 0), "float32"))


# Convolutions and pooling. Sizes have one number for each axis of the images.


def _spatial(value: Any, rank: int, data_format: str) -> Any:
    """Return sizes for the spatial axes alone."""
    value = sizes(value) if not isinstance(value, (int, np.integer)) else (int(value),)
    if len(value) == 1:
        return value * rank
    if len(value) == rank + 2:
        return value[2:] if data_format == "channels_first" else value[1:-1]
    return value


def _format(data_format: str | None) -> str:
    return "channels_first" if (data_format or "N...C").startswith("NC") else "channels_last"


def _padded(x: Any, padding: Any) -> tuple[Any, str]:
    """Return the images and the name of the padding that is left to do."""
    if isinstance(padding, str):
        return x, padding.lower()
    return ops.pad(x, [list(p) for p in padding]), "valid"


def _convolution(name: str, rank: int) -> None:
    def conv(
        input: Any = None,
        filters: Any = None,
        strides: Any = 1,
        padding: Any = "VALID",
        data_format: str | None = None,
        dilations: Any = 1,
        use_cudnn_on_gpu: bool = True,
    ) -> Any:
        form = _format(data_format)
        x, padding = _padded(input, padding)
        return ops.conv(
            x,
            filters,
            _spatial(strides, rank, form),
            padding,
            form,
            _spatial(dilations, rank, form),
        )

    conv.__doc__ = f"Convolve in {rank} dimensions."
    old = {"filter": "filters", "value": "input", "stride": "strides"}
    conv.__name__ = name
    named(f"nn.{name}", old=old)(conv)


for _rank in (1, 2, 3):
    _convolution(f"conv{_rank}d", _rank)


@named("nn.convolution")
def convolution(
    input: Any,
    filters: Any,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilations: Any = None,
) -> Any:
    """Convolve in as many dimensions as the filters have."""
    rank, form = len(ops.shape(filters)) - 2, _format(data_format)
    x, padding = _padded(input, padding)
    strides, dilations = (_spatial(1 if v is None else v, rank, form) for v in (strides, dilations))
    return ops.conv(x, filters, strides, padding, form, dilations)


@named("nn.atrous_conv2d", old={"value": "input"})
def atrous_conv2d(input: Any, filters: Any, rate: int, padding: str) -> Any:
    """Convolve with gaps between the filter's elements."""
    return ops.conv(input, filters, 1, padding.lower(), "channels_last", rate)


def _transposed(name: str, rank: int) -> None:
    @named(f"nn.{name}", old={"filter": "filters", "value": "input"})
    def conv_transpose(
        input: Any,
        filters: Any,
        output_shape: Any = None,
        strides: Any = 1,
        padding: str = "SAME",
        data_format: str | None = None,
        dilations: Any = None,
    ) -> Any:
        form = _format(data_format)
        steps = _spatial(strides, rank, form)
        kernel = ops.shape(filters)[:rank]
        given = _spatial(output_shape, rank, form)
        space = ops.shape(input)[2:] if form == "channels_first" else ops.shape(input)[1:-1]
        extra = []
        for out, n, k, s in zip(given, space, kernel, steps):
            none = (n - 1) * s + k - (2 * (k // 2) if padding.upper() == "SAME" else 0)
            extra.append(int(number(out)) - none if n is not None else s - k % 2)
        return ops.conv_transpose(input, filters, steps, padding.lower(), tuple(extra), form)


for _rank in (1, 2, 3):
    _transposed(f"conv{_rank}d_transpose", _rank)


@named("nn.depthwise_conv2d nn.depthwise_conv2d_native", old={"rate": "dilations"})
def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    dilations: Any = None,
) -> Any:
    """Convolve each channel by itself."""
    form = _format(data_format)
    x, padding = _padded(input, padding)
    steps, rate = _spatial(strides, 2, form), _spatial(dilations or 1, 2, form)
    return ops.depthwise_conv(x, filter, steps, padding, form, rate)


@named("nn.separable_conv2d", old={"rate": "dilations"})
def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    dilations: Any = None,
) -> Any:
    """Convolve each channel by itself, then mix the channels."""
    y = depthwise_conv2d(input, depthwise_filter, strides, padding, data_format, dilations)
    return ops.conv(y, pointwise_filter, 1, "valid", _format(data_format))


def _pooling(name: str, function: Any, rank: int | None) -> None:
    @named(f"nn.{name}", old={"value": "input"})
    def pool(
        input: Any,
        ksize: Any,
        strides: Any = None,
        padding: str = "VALID",
        data_format: str | None = None,
    ) -> Any:
        form = _format(data_format)
        n = len(ops.shape(input)) - 2 if rank is None else rank
        size = _spatial(ksize, n, form)
        steps = size if strides is None else _spatial(strides, n, form)
        return function(input, size, steps, padding.lower(), form)


for _kind, _function in (("max", ops.max_pool), ("avg", ops.average_pool)):
    _pooling(f"{_kind}_pool", _function, None)
    for _rank in (1, 2, 3):
        _pooling(f"{_kind}_pool{_rank}d", _function, _rank)


@named("nn.pool")
def pool(
    input: Any,
    window_shape: Any,
    pooling_type: str,
    strides: Any = None,
    padding: str = "VALID",
    data_format: str | None = None,
    dilations: Any = None,
) -> Any:
    """Take the largest or the mean of each window."""
    if dilations is not None and np.any(np.not_equal(dilations, 1)):
        raise ValueError(f"tf.nn.pool: `dilations` must be 1 here. Received: {dilations}")
    function = ops.max_pool if pooling_type == "MAX" else ops.average_pool
    return function(input, window_shape, strides or 1, padding.lower(), _format(data_format))


@named("nn.bias_add")
def bias_add(value: Any, bias: Any, data_format: str | None = None) -> Any:
    """Add a number to each channel."""
    if _format(data_format) == "channels_first":
        bias = ops.reshape(bias, (-1, *[1] * (len(ops.shape(value)) - 2)))
    return ops.add(value, bias)


@named("nn.xw_plus_b")
def xw_plus_b(x: Any, weights: Any, biases: Any) -> Any:
    """`x @ weights + biases`."""
    return ops.matmul(x, weights) + biases


@named("nn.relu_layer")
def relu_layer(x: Any, weights: Any, biases: Any) -> Any:
    """`relu(x @ weights + biases)`."""
    return ops.relu(xw_plus_b(x, weights, biases))


# Noise, normalization, embeddings.


def dropout(x: Any, rate: Any, noise_shape: Any = None, seed: Any = None) -> Any:
    """Set a part of the elements to zero, and enlarge the others so that the mean stays."""
    if is_symbolic(rate):
        return _dropout(x, rate)
    return random.dropout(x, float(number(rate)), noise_shape, seed) if number(rate) else x


@named("compat.v1.nn.dropout")
def dropout_version1(
    x: Any, keep_prob: Any = None, noise_shape: Any = None, seed: Any = None, rate: Any = None
) -> Any:
    """Set all but a part of the elements to zero, and enlarge the others so that the mean stays."""
    if keep_prob is not None:
        tell("tf.nn.dropout(x, keep_prob)", "tf.nn.dropout(x, rate=1 - keep_prob)")
        rate = 1.0 - keep_prob
    return dropout(x, rate, noise_shape, seed)


@named("nn.dropout")
def either_dropout(*args: Any, **kwargs: Any) -> Any:
    """Set a part of the elements to zero: `rate` of them, or, in graphs, all but `keep_prob` of them."""
    old = "keep_prob" in kwargs or graphs.are_on()
    return (dropout_version1 if old else dropout)(*args, **kwargs)


def _as_given(function: Any, args: tuple, kwargs: dict) -> Any:
    return KerasTensor(args[0].shape, args[0].dtype)


@sized(rule=_as_given)
def _dropout(x: Any, rate: Any) -> Any:
    return dropout(x, number(rate))


@named("nn.moments", old={"keep_dims": "keepdims"})
def moments(x: Any, axes: Any, shift: Any = None, keepdims: bool = False) -> tuple:
    """Return mean and variance."""
    return ops.moments(x, list(sizes(axes)), keepdims)


@named("nn.batch_normalization")
def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float
) -> Any:
    """Normalize by given moments, which broadcast."""
    inverse = ops.rsqrt(variance + variance_epsilon)
    inverse = inverse if scale is None else inverse * scale
    y = x * inverse - mean * inverse
    return y if offset is None else y + offset


@named("nn.local_response_normalization nn.lrn")
def local_response_normalization(
    input: Any, depth_radius: int = 5, bias: float = 1, alpha: float = 1, beta: float = 0.5
) -> Any:
    """Divide each channel by a norm of its neighbours."""
    x = ops.convert_to_tensor(input)
    wide = ops.pad(ops.square(x), [[0, 0]] * (len(x.shape) - 1) + [[depth_radius, depth_radius]])
    n = x.shape[-1]
    square = wide[..., :n]
    for i in range(1, 2 * depth_radius + 1):
        square = square + wide[..., i : i + n]
    return x / ops.power(bias + alpha * square, beta)


@named("nn.embedding_lookup")
def embedding_lookup(
    params: Any,
    ids: Any,
    max_norm: Any = None,
    partition_strategy: str = "mod",
    validate_indices: bool = True,
) -> Any:
    """Return the rows of a table."""
    params = params[0] if isinstance(params, (list, tuple)) and len(params) == 1 else params
    rows = ops.take(params, ids, axis=0)
    if max_norm is None:
        return rows
    norm = ops.sqrt(ops.sum(ops.square(rows), axis=-1, keepdims=True))
    return rows * ops.minimum(1.0, max_norm / ops.maximum(norm, 1e-12))


@named("math.top_k nn.top_k")
def top_k(input: Any, k: Any = 1, sorted: bool = True, index_type: Any = "int32") -> Any:
    """Return the largest elements of each row, and where they are."""
    values, indices = ops.top_k(input, int(number(k)), sorted)
    return TopK(values, ops.cast(indices, index_type))


@named("nn.space_to_depth space_to_depth")
def space_to_depth(input: Any, block_size: int, data_format: str = "NHWC") -> Any:
    """Put blocks of pixels into channels."""
    return ops.space_to_depth(input, block_size, _format(data_format))


@named("nn.depth_to_space depth_to_space")
def depth_to_space(input: Any, block_size: int, data_format: str = "NHWC") -> Any:
    """Put channels into blocks of pixels."""
    return ops.depth_to_space(input, block_size, _format(data_format))


add("nn.scale_regularization_loss", lambda regularization_loss: ops.sum(regularization_loss))


@named("nn.compute_average_loss")
def compute_average_loss(
    per_example_loss: Any, sample_weight: Any = None, global_batch_size: Any = None
) -> Any:
    """Return the sum of losses divided by the number of examples."""
    losses = ops.convert_to_tensor(per_example_loss)
    losses = losses if sample_weight is None else losses * sample_weight
    n = losses.shape[0] if global_batch_size is None else number(global_batch_size)
    return ops.sum(losses) / float(n)


# As an activation of a layer each is the function of today, which configs know by its name.

_ACTIVATIONS = """
nn.elu nn.gelu nn.leaky_relu nn.log_softmax nn.relu nn.relu6 nn.selu nn.sigmoid nn.silu nn.softmax
nn.softplus nn.softsign nn.tanh math.sigmoid math.tanh math.softplus math.softsign
"""
for _path in _ACTIVATIONS.split():
    _module, _, _name = _path.partition(".")
    TABLE[_module][_name].as_activation = _name
TABLE["nn"]["swish"].as_activation = "silu"
TABLE["math"]["exp"].as_activation = "exponential"
TABLE[""]["identity"].as_activation = "linear"


def _todays(get: Callable) -> Callable:
    def get_todays(family: ObjectFamily, identifier: Any) -> Any:
        return get(family, getattr(identifier, "as_activation", identifier))

    return get_todays


EXTENSIONS = (Extension("minikeras.common.object_family:ObjectFamily", {"get": Around(_todays)}),)
