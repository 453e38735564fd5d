"""`tf.layers` and recurrent cells of TensorFlow 1: functions that make layers of today and call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minikeras import layers, ops
from minikeras.compat.tensorflow import graphs
from minikeras.compat.tensorflow.neural import dropout
from minikeras.compat.tensorflow.table import add, is_symbolic

# Layers as functions.


class Switched(layers.Layer):
    """A layer that a tensor tells whether it is in training.

    Args:
        layer: the layer.
    """

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def call(self, inputs: Any, flag: Any) -> Any:
        """Call the layer."""
        return self.layer(inputs, training=bool(flag))

    def compute_output_spec(self, inputs: Any, flag: Any) -> Any:
        return self.layer.compute_output_spec(inputs, training=False)


def _apply(
    cls: type, kind: str, inputs: Any, options: dict, name: Any, reuse: Any, training: Any = None
) -> Any:
    graph = graphs.current()
    full = graph.full_name(name) if name else graph.unique_name(kind)
    known = graph.layers.get(full) if (reuse or graph.reuses) else None
    layer = known or cls(**options)
    if training is None:
        y = layer(inputs)
    elif is_symbolic(training):
        if not layer.built:
            layer.build(inputs.shape)
        y = Switched(layer)(inputs, training)
    else:
        y = layer(inputs, training=bool(training))
    if known is None and graphs.are_on():
        graph.add_layer(full, layer)
    return y


_NONE = {"bias_initializer": "zeros", "kernel_initializer": "glorot_uniform"}
_DROPPED = ("_reuse", "_scope", "trainable_")


def _layer(kind: str, cls: type, positional: str, renamed: dict[str, str] | None = None) -> None:
    names = positional.split()

    def function(inputs: Any, *args: Any, **options: Any) -> Any:
        options.update(zip(names, args))
        name, reuse = options.pop("name", None), options.pop("reuse", None)
        training = options.pop("training", None)
        for old, new in (renamed or {}).items():
            if old in options:
                options[new] = options.pop(old)
        for key, default in _NONE.items():
            if key in options and options[key] is None:
                options[key] = default
        options = {k: v for k, v in options.items() if k not in _DROPPED}
        if kind == "dropout" or kind == "batch_normalization":
            training = False if training is None else training
        return _apply(cls, kind, inputs, options, name, reuse, training)

    function.__name__ = kind
    function.__doc__ = f"Apply a new {cls.__name__} layer."
    add(f"layers.{kind}", function)


_WEIGHTS = "activation use_bias kernel_initializer bias_initializer"
_layer("dense", layers.Dense, f"units {_WEIGHTS}")
_CONV = f"filters kernel_size strides padding data_format dilation_rate {_WEIGHTS}"
for _n in (1, 2, 3):
    _layer(f"conv{_n}d", getattr(layers, f"Conv{_n}D"), _CONV)
    _layer(
        f"max_pooling{_n}d",
        getattr(layers, f"MaxPooling{_n}D"),
        "pool_size strides padding data_format",
    )
    _layer(
        f"average_pooling{_n}d",
        getattr(layers, f"AveragePooling{_n}D"),
        "pool_size strides padding data_format",
    )
for _n in (2, 3):
    _layer(
        f"conv{_n}d_transpose",
        getattr(layers, f"Conv{_n}DTranspose"),
        f"filters kernel_size strides padding data_format {_WEIGHTS}",
    )
_layer("separable_conv2d", layers.SeparableConv2D, _CONV)
_layer("flatten", layers.Flatten, "")
_layer("dropout", layers.Dropout, "rate noise_shape seed training")
_layer("batch_normalization", layers.BatchNormalization, "axis momentum epsilon center scale")
for _name in (
    "Dense",
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "Flatten",
    "Dropout",
    "BatchNormalization",
    "Layer",
    "InputSpec",
):
    add(f"layers.{_name}", getattr(layers, _name))
for _n in (1, 2, 3):
    for _kind in ("MaxPooling", "AveragePooling"):
        add(f"layers.{_kind}{_n}D", getattr(layers, f"{_kind}{_n}D"))
for _name in ("Conv2DTranspose", "Conv3DTranspose", "SeparableConv1D", "SeparableConv2D"):
    add(f"layers.{_name}", getattr(layers, _name))
for _name in ("add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot"):
    add(f"layers.{_name}", getattr(layers, _name))


def fully_connected(
    inputs: Any,
    num_outputs: int,
    activation_fn: Any = "relu",
    weights_initializer: Any = None,
    scope: str | None = None,
    reuse: Any = None,
    **_: Any,
) -> Any:
    """Apply a new Dense layer."""
    options = {"units": num_outputs, "activation": activation_fn}
    if weights_initializer is not None:
        options["kernel_initializer"] = weights_initializer
    return _apply(layers.Dense, "fully_connected", inputs, options, scope, reuse)


add("contrib.layers.fully_connected", fully_connected)
add("contrib.layers.flatten", lambda inputs, **_: layers.Flatten()(inputs))


# Recurrent cells.


_NOT_IN_CELLS = ("use_peepholes", "num_proj", "cell_clip", "proj_clip")


def _cell(cls: type, **fixed: Any) -> Callable:
    def make(
        num_units: int, *_: Any, activation: Any = None, forget_bias: float = 1.0, **options: Any
    ) -> Any:
        asked = {k: v for k, v in options.items() if k in _NOT_IN_CELLS and v}
        if forget_bias not in (0.0, 1.0):
            asked["forget_bias"] = forget_bias
        if asked:
            raise ValueError(
                f"{cls.__name__} of TensorFlow 1: arguments {sorted(asked)} are not supported; "
                f"`forget_bias` may be 0 or 1. Received: {asked}"
            )
        given = {"activation": activation} if activation is not None else {}
        if forget_bias == 0:
            given["unit_forget_bias"] = False
        return cls(num_units, **fixed, **given)

    return make


class DropoutCell(layers.Wrapper):
    """A cell whose inputs and outputs lose a part of their values.

    Args:
        cell: the cell.
        input_keep_prob, output_keep_prob: the part that is kept: numbers or tensors of a graph.
    """

    def __init__(
        self, cell: Any, input_keep_prob: Any = 1.0, output_keep_prob: Any = 1.0, **_: Any
    ) -> None:
        super().__init__(cell)
        self.keep = (input_keep_prob, output_keep_prob)


def dynamic_rnn(
    cell: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state: Any = None,
    dtype: Any = None,
    time_major: bool = False,
    **options: Any,
) -> tuple:
    """Run a cell over time; return its outputs and its last state."""
    keep = (1.0, 1.0)
    if isinstance(cell, DropoutCell):
        cell, keep = cell.layer, cell.keep
    x = ops.swapaxes(inputs, 0, 1) if time_major else inputs
    x = x if isinstance(keep[0], float) and keep[0] == 1.0 else dropout(x, rate=1.0 - keep[0])
    rnn = layers.RNN(cell, return_sequences=True, return_state=True)
    outputs, *state = rnn(x)
    if graphs.are_on():
        graphs.current().add_layer(graphs.current().unique_name("rnn"), rnn)
    if not (isinstance(keep[1], float) and keep[1] == 1.0):
        outputs = dropout(outputs, rate=1.0 - keep[1])
    last = state[0] if len(state) == 1 else LSTMState(state)
    return (ops.swapaxes(outputs, 0, 1) if time_major else outputs), last


class LSTMState(tuple):
    """The state of an LSTM: `c`, and `h`, which it also gives."""

    def __new__(cls, state: Any) -> LSTMState:
        """Make a state of what Keras's LSTM returns: `h, c`."""
        return super().__new__(cls, state[::-1] if len(state) == 2 else state)

    @property
    def c(self) -> Any:
        return self[0]

    @property
    def h(self) -> Any:
        return self[1]


for _path in ("nn.rnn_cell", "contrib.rnn"):
    _names = {
        "BasicLSTMCell": _cell(layers.LSTMCell),
        "LSTMCell": _cell(layers.LSTMCell),
        "GRUCell": _cell(layers.GRUCell, reset_after=False),
        "BasicRNNCell": _cell(layers.SimpleRNNCell),
        "MultiRNNCell": lambda cells, state_is_tuple=True: layers.StackedRNNCells(list(cells)),
        "DropoutWrapper": DropoutCell,
        "LSTMStateTuple": lambda c, h: LSTMState((h, c)),
    }
    for _name, _value in _names.items():
        add(f"{_path}.{_name}", _value)
add("nn.dynamic_rnn", dynamic_rnn)
