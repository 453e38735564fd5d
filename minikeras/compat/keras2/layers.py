"""`keras.layers` of Keras 2."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.compat.adapters import Adapted, Lazy
from minikeras.compat.extensions import Around, Extension
from minikeras.compat.keras2 import activations
from minikeras.compat.spelling import tell
from minikeras.layers import BatchNormalization, regularization
from minikeras.layers.layer import Layer
from minikeras.metrics import Mean, Metric

_HERE = "minikeras.layers"

_CONV = (
    "filters kernel_size strides padding data_format dilation_rate activation use_bias "
    "kernel_initializer bias_initializer kernel_regularizer bias_regularizer activity_regularizer "
    "kernel_constraint bias_constraint"
)
_CELL = (
    "units activation recurrent_activation use_bias kernel_initializer recurrent_initializer "
    "bias_initializer {forget} kernel_regularizer recurrent_regularizer bias_regularizer {activity} "
    "kernel_constraint recurrent_constraint bias_constraint dropout recurrent_dropout implementation "
)
_OF_LAYER = "return_sequences return_state go_backwards stateful unroll"
_CUDNN = (
    "units kernel_initializer recurrent_initializer bias_initializer {forget} kernel_regularizer "
    "recurrent_regularizer bias_regularizer activity_regularizer kernel_constraint "
    "recurrent_constraint bias_constraint return_sequences return_state stateful"
)
_LSTM = _CELL.format(forget="unit_forget_bias", activity="activity_regularizer") + _OF_LAYER
_GRU = _CELL.format(forget="", activity="activity_regularizer") + _OF_LAYER + " reset_after"
_CONV_LSTM = (
    "filters kernel_size strides padding data_format dilation_rate activation recurrent_activation "
    "use_bias kernel_initializer recurrent_initializer bias_initializer unit_forget_bias "
    "kernel_regularizer recurrent_regularizer bias_regularizer activity_regularizer kernel_constraint "
    "recurrent_constraint bias_constraint return_sequences go_backwards stateful dropout "
    "recurrent_dropout"
)
_RECURRENT = {
    "LSTM": _LSTM,
    "LSTMCell": _CELL.format(forget="unit_forget_bias", activity=""),
    "GRU": _GRU,
    "GRUCell": _CELL.format(forget="", activity="") + "reset_after",
}

_ORDER = {
    "Conv1D": _CONV,
    "Conv2D": _CONV,
    "Conv3D": _CONV,
    "DepthwiseConv2D": (
        "kernel_size strides padding depth_multiplier data_format activation use_bias "
        "depthwise_initializer bias_initializer depthwise_regularizer bias_regularizer "
        "activity_regularizer depthwise_constraint bias_constraint"
    ),
    "Embedding": (
        "input_dim output_dim embeddings_initializer embeddings_regularizer activity_regularizer "
        "embeddings_constraint mask_zero input_length"
    ),
    **_RECURRENT,
    **{f"ConvLSTM{rank}D": _CONV_LSTM for rank in (1, 2, 3)},
}
"""The order of arguments of 2.2, where it is not today's."""

_RENAMED = {"LeakyReLU": {"alpha": "negative_slope"}}

_DEFAULTS = {
    "LSTM": {"recurrent_activation": "hard_sigmoid"},
    "LSTMCell": {"recurrent_activation": "hard_sigmoid"},
    "GRU": {"recurrent_activation": "hard_sigmoid", "reset_after": False},
    "GRUCell": {"recurrent_activation": "hard_sigmoid", "reset_after": False},
}
"""Defaults of 2.0 to 2.2; tf.keras has today's."""

_ALWAYS = {
    **{
        f"{kind}{n}D": {"pool_size": 2}
        for kind in ("MaxPooling", "AveragePooling", "MaxPool", "AvgPool")
        for n in (1, 2, 3)
    },
    **{f"ConvLSTM{n}D": {"recurrent_activation": "hard_sigmoid"} for n in (1, 2, 3)},
}
"""Defaults of all of Keras 2 and of tf.keras."""

_IGNORED = {
    "implementation": "there is one implementation",
    "dynamic": "all layers may be of Python alone",
    "input_dtype": "the layer converts its inputs itself",
    "experimental_autocast": "layers convert their inputs as `autocast` says",
}


def _prepared(arguments: dict[str, Any]) -> dict[str, Any]:
    """Bring the values of a layer's arguments up to date."""
    for name, value in arguments.items():
        if name.endswith("activation"):
            arguments[name] = activations.of_then(value)
    size = arguments.pop("batch_size", None)
    if size is not None:
        shape = arguments.pop("input_shape", None)
        if shape is None:
            sizes = (arguments.pop("input_length", None), arguments.pop("input_dim", None))
            shape = [n for n in sizes if n is not None]
        arguments["batch_input_shape"] = (size, *shape)
    if "batch_shape" in arguments:
        arguments["batch_input_shape"] = tuple(arguments.pop("batch_shape"))
    return arguments


def _start_with(layer: Any, weights: Any) -> None:
    """Give a layer the values that its weights are to begin with, now or when it is built."""
    arrays = [np.asarray(w) for w in weights]
    if layer.built and layer.weights:
        layer.set_weights(arrays)
    else:
        object.__setattr__(layer, "_weights_to_begin_with", arrays)


@functools.cache
def adapted(name: str, standalone: bool = True) -> Adapted:
    """Return a layer of today's under the signature that it had in Keras 2."""
    cls = getattr(importlib.import_module(_HERE), name)
    own_weights = "weights" in inspect.signature(cls.__init__).parameters
    order = _ORDER.get(name)
    if order is None:
        order = " ".join(
            p.name
            for p in list(inspect.signature(cls.__init__).parameters.values())[1:]
            if p.kind is p.POSITIONAL_OR_KEYWORD
        )
    return Adapted(
        f"{_HERE}:{name}",
        order,
        _RENAMED.get(name),
        defaults={**_ALWAYS.get(name, {}), **(_DEFAULTS.get(name, {}) if standalone else {})},
        ignored=_IGNORED,
        prepare=_prepared,
        afterwards={} if own_weights else {"weights": _start_with},
        name=name,
    )


def is_layer(obj: Any) -> bool:
    """Whether it is a class of layers that scripts call with Keras 2's arguments."""
    return (
        isinstance(obj, type)
        and issubclass(obj, Layer)
        and getattr(importlib.import_module(_HERE), obj.__name__, None) is obj
    )


def wrap(name: str, obj: Any) -> Any:
    """Wrap what `keras.layers` of today has, as Keras 2.0 to 2.2 had it."""
    return adapted(obj.__name__) if is_layer(obj) else obj


def wrap_of_tensorflow(name: str, obj: Any) -> Any:
    """Wrap what `keras.layers` of today has, as tf.keras had it."""
    return adapted(obj.__name__, False) if is_layer(obj) else obj


def _cudnn(name: str, today: str, forget: str) -> Adapted:
    options = {"reset_after": True} if today == "GRU" else {}
    return Adapted(
        f"{_HERE}:{today}",
        _CUDNN.format(forget=forget),
        prepare=_prepared,
        defaults=options,
        afterwards={"weights": _start_with},
        name=name,
        old_name=True,
    )


NAMES = {
    "Input": Lazy("minikeras.compat.keras_backend.functions:Input"),
    "RandomHeight": Lazy("minikeras.compat.keras2.random_sizes:RandomHeight"),
    "RandomWidth": Lazy("minikeras.compat.keras2.random_sizes:RandomWidth"),
    "LocallyConnected1D": Lazy("minikeras.compat.keras1.local:LocallyConnected1D"),
    "LocallyConnected2D": Lazy("minikeras.compat.keras1.local:LocallyConnected2D"),
    **{
        name: Adapted(
            f"{_HERE}:{today}",
            prepare=_prepared,
            afterwards={"weights": _start_with},
            name=name,
            old_name=True,
        )
        for name, today in (("LeakyReLu", "LeakyReLU"), ("PReLu", "PReLU"))
    },
    "InputLayer": Adapted(
        f"{_HERE}:InputLayer",
        "input_shape batch_size dtype input_tensor sparse name",
        {"input_shape": "shape", "batch_input_shape": "batch_shape"},
    ),
    "CuDNNLSTM": _cudnn("CuDNNLSTM", "LSTM", "unit_forget_bias"),
    "CuDNNGRU": _cudnn("CuDNNGRU", "GRU", ""),
    "Conv2dTranspose": Adapted(
        f"{_HERE}:Conv2DTranspose",
        prepare=_prepared,
        afterwards={"weights": _start_with},
        name="Conv2dTranspose",
        old_name=True,
    ),
    "ThresholdedReLU": Adapted(
        f"{_HERE}:ReLU",
        "theta",
        {"theta": "threshold"},
        defaults={"threshold": 1.0},
        prepare=_prepared,
        name="ThresholdedReLU",
        old_name=True,
        today="ReLU(threshold=theta)",
    ),
}

# What layers could do.

_OLD_WEIGHT = ("name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint")
_WITHOUT_EFFECT = (
    *("partitioner", "collections", "synchronization", "use_resource", "getter"),
    *("caching_device", "experimental_autocast"),
)


def _add_weight(original: Callable) -> Callable:
    @functools.wraps(original)
    def add_weight(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if args and (isinstance(args[0], str) or "shape" in kwargs):  # the name came first
            tell("add_weight(name, shape, ...)", "add_weight(shape=..., name=...)")
            kwargs = {**dict(zip(_OLD_WEIGHT, args)), **kwargs}
            args = ()
        for name in _WITHOUT_EFFECT:
            kwargs.pop(name, None)
        return original(layer, *args, **kwargs)

    return add_weight


_OLD_WEIGHT_OF_METRIC = ("name", "shape", "aggregation", "synchronization", "initializer", "dtype")


def _add_weight_of_metric(original: Callable) -> Callable:
    @functools.wraps(original)
    def add_weight(metric: Any, *args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], str):
            tell("Metric.add_weight(name, shape, ...)", "add_weight(shape=..., name=...)")
            kwargs = {"shape": (), **dict(zip(_OLD_WEIGHT_OF_METRIC, args)), **kwargs}
            args = ()
        for name in (*_WITHOUT_EFFECT, "aggregation"):
            kwargs.pop(name, None)
        return original(metric, *args, **kwargs)

    return add_weight


def _reset_states_of_metric(metric: Any) -> None:
    """Set a metric back, as `reset_state` does today."""
    tell("reset_states()", "reset_state()")
    if type(metric).reset_states is _reset_states_of_metric:
        metric.reset_state()
    else:  # what a metric of the user's calls by `super()`
        Metric.reset_state.__wrapped__(metric)


def _reset_state_of_metric(original: Callable) -> Callable:
    @functools.wraps(original)
    def reset_state(metric: Any) -> None:
        own = type(metric).reset_states
        if own is _reset_states_of_metric:
            original(metric)
        else:  # a metric of the user's that is set back by the old name
            own(metric)

    return reset_state


def _add_loss(original: Callable) -> Callable:
    @functools.wraps(original)
    def add_loss(layer: Any, loss: Any, inputs: Any = None) -> None:
        original(layer, loss() if callable(loss) and not hasattr(loss, "shape") else loss)

    return add_loss


def _add_metric(layer: Any, value: Any, aggregation: Any = None, name: str | None = None) -> None:
    """Keep the mean of a value that `call` computes as a metric of the model."""
    if isinstance(value, KerasTensor):
        return  # the layer is only being described
    kept = layer.__dict__.setdefault("_metrics_of_call", {})
    layer._tracked["_metrics_of_call"] = True  # not as an attribute: the layer is built already
    if name not in kept:
        kept[name] = Mean(name=name)
    kept[name].update_state(value)


def _end_build(original: Callable) -> Callable:
    @functools.wraps(original)
    def end_build(layer: Any) -> None:
        original(layer)
        arrays = layer.__dict__.get("_weights_to_begin_with")
        if arrays is not None and layer.built:
            object.__delattr__(layer, "_weights_to_begin_with")
            layer.set_weights(arrays)

    return end_build


def _node(layer: Any, index: int) -> Any:
    nodes = layer._inbound_nodes
    if not nodes:
        raise AttributeError(f"The layer '{layer.name}' has never been called: it has no nodes.")
    if not -len(nodes) <= index < len(nodes):
        raise ValueError(f"The layer '{layer.name}' has {len(nodes)} nodes. Received: {index}")
    return nodes[index]


def _only(tensors: list) -> Any:
    return tensors[0] if len(tensors) == 1 else list(tensors)


def _get_input_at(layer: Any, node_index: int) -> Any:
    """Return the inputs of the layer's call number `node_index`."""
    return _only(_node(layer, node_index).input_tensors)


def _get_output_at(layer: Any, node_index: int) -> Any:
    """Return the outputs of the layer's call number `node_index`."""
    return _only(_node(layer, node_index).output_tensors)


def _shapes(tensors: Any) -> Any:
    return [t.shape for t in tensors] if isinstance(tensors, list) else tensors.shape


def _shape_of(get: Callable) -> property:
    def shape(layer: Any) -> Any:
        return _shapes(get(layer, 0))

    return property(shape)


def _uses_learning_phase(layer: Any) -> bool:
    """Whether the layer, or one in it, computes something else while training."""
    return any(
        isinstance(part, BatchNormalization)
        or (part.__module__.startswith(regularization.__name__) and part.call_signature.training)
        or bool(getattr(part, "dropout", 0))
        for part in layer._flatten_layers()
    )


def _reset_states(layer: Any, states: Any = None) -> None:
    """Set the states of stateful recurrent layers back to zero."""
    tell("reset_states()", "reset_state()")
    for part in layer._flatten_layers():
        if getattr(part, "stateful", False) and hasattr(part, "reset_state"):
            part.reset_state()


def _full_call(original: Callable) -> Callable:
    @functools.wraps(original)
    def full_call(layer: Any, args: tuple, kwargs: dict, *unbuilt: Any) -> Any:
        """Call; flags may stand behind the inputs, as in `layer(x, True)`, which Keras 3 refuses."""
        flags = [i for i, a in enumerate(args) if i and isinstance(a, (bool, int, str))]
        if flags:
            names = layer.call_signature.names[: len(args)]
            first = flags[0]
            if len(names) == len(args) and not set(names[first:]) & set(kwargs):
                args, kwargs = args[:first], {**dict(zip(names[first:], args[first:])), **kwargs}
        return original(layer, args, kwargs, *unbuilt)

    return full_call


def _named(original: Callable) -> Callable:
    @functools.wraps(original)
    def init(operation: Any, name: str | None = None) -> None:
        """Take a name; it may have a slash, as in `"encoder_0/attention"`, which Keras 3 refuses."""
        has_slash = isinstance(name, str) and "/" in name
        original(operation, name.replace("/", "_") if has_slash else name)
        if has_slash:
            operation.name = name

    return init


EXTENSIONS = [
    Extension("minikeras.ops.operation:Operation", {"__init__": Around(_named)}),
    Extension(
        "minikeras.layers.layer:Layer",
        {
            "_full_call": Around(_full_call),
            "add_weight": Around(_add_weight),
            "add_loss": Around(_add_loss),
            "add_metric": _add_metric,
            "_end_build": Around(_end_build),
            "get_input_at": _get_input_at,
            "get_output_at": _get_output_at,
            "get_input_shape_at": lambda layer, i: _shapes(_get_input_at(layer, i)),
            "get_output_shape_at": lambda layer, i: _shapes(_get_output_at(layer, i)),
            "output_shape": _shape_of(_get_output_at),
            "input_shape": _shape_of(_get_input_at),
            "uses_learning_phase": property(_uses_learning_phase),
            "add_update": lambda layer, updates, inputs=None: None,
            "updates": property(lambda layer: []),
            "inbound_nodes": property(lambda layer: layer._inbound_nodes),
            "reset_states": _reset_states,
        },
    ),
    Extension(
        "minikeras.metrics:Metric",
        {
            "add_weight": Around(_add_weight_of_metric),
            "reset_state": Around(_reset_state_of_metric),
            "reset_states": _reset_states_of_metric,
        },
    ),
]
