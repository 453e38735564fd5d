"""`tf.compat.v1`, and `tf` as scripts of TensorFlow 1 know it: sessions, placeholders, layers, losses, optimizers."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

import minikeras
from minikeras import initializers, layers, losses, ops, optimizers
from minikeras.autodiff import KerasTensor, Variable
from minikeras.common.atomic_file import atomic_path
from minikeras.common.dtypes import standardize_dtype
from minikeras.compat.adapters import Gone, no_effect
from minikeras.compat.graph_session import BoundTensor
from minikeras.compat.tensorflow import graphs
from minikeras.compat.tensorflow.table import add, is_symbolic, named
from minikeras.optimizers import schedules


def both(paths: str, value: Any) -> Any:
    """Put an object into `tf` and into `tf.compat.v1`."""
    return add(" ".join(f"{p} compat.v1.{p}" for p in paths.split()), value)


# Placeholders, sessions, graphs.


def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> KerasTensor:
    """Return a tensor whose values are fed when a session runs.

    Without a shape it is a single number.
    """
    if not graphs.are_on():
        graphs.turn_on()
    size = () if shape is None else tuple(shape) if not isinstance(shape, int) else (shape,)
    shown = graphs.current().unique_name(name or "Placeholder").replace("/", "_")
    dtype = standardize_dtype(dtype)
    t = minikeras.Input(batch_shape=size, dtype=dtype, name=shown) if size else _scalar(dtype, shown)
    graphs.current().collections["placeholders"].append(t)
    return t


def _scalar(dtype: str, name: str) -> KerasTensor:
    def missing() -> Any:
        raise ValueError(f"The placeholder {name!r} needs a value in `feed_dict`.")

    return BoundTensor(missing, (), dtype, name=name)


def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> BoundTensor:
    """Return a tensor that may be fed, and has a value otherwise."""
    value = np.asarray(ops.convert_to_tensor(input))
    size = tuple(shape) if shape is not None else value.shape
    return BoundTensor(value, size, str(value.dtype), name=name)


both("placeholder", placeholder)
both("placeholder_with_default", placeholder_with_default)
both("Session", graphs.GraphSession)
both("InteractiveSession", graphs.interactive_session)
both("get_default_session", lambda: graphs._sessions[-1] if graphs._sessions else None)
both("Graph", graphs.Graph)
both("get_default_graph", graphs.current)
both("reset_default_graph", graphs.reset)


class Config(dict):
    """Settings of a session: any may be set, and none changes anything."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.setdefault(name, Config())

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


for _name in ("ConfigProto", "GPUOptions", "RunOptions", "RunMetadata", "GraphOptions", "OptimizerOptions"):
    both(_name, Config)


def _turn_on(*_: Any, **__: Any) -> None:
    graphs.turn_on()


for _name in ("disable_v2_behavior", "disable_eager_execution"):
    both(_name, _turn_on)
for _name in (
    "enable_eager_execution",
    "enable_v2_behavior",
    "disable_v2_tensorshape",
    "enable_v2_tensorshape",
    "disable_resource_variables",
    "enable_resource_variables",
    "disable_control_flow_v2",
    "enable_control_flow_v2",
):
    both(_name, no_effect(f"tf.compat.v1.{_name}"))


@named("executing_eagerly compat.v1.executing_eagerly")
def executing_eagerly() -> bool:
    """Whether operations give values at once."""
    return not graphs.are_on()


# Variables.


def _initializer(*_: Any, **__: Any) -> graphs.Action:
    graph = graphs.current()
    return graphs.Action(lambda: graph.initialize(), name="init")


both("global_variables_initializer initialize_all_variables variables_initializer", _initializer)
both("local_variables_initializer tables_initializer", lambda *_, **__: graphs.Action(lambda: None, name="init"))
both("global_variables all_variables", lambda scope=None: graphs.current().find(scope))
both("trainable_variables", lambda scope=None: graphs.current().find(scope, trainable=True))
both("local_variables model_variables moving_average_variables", lambda scope=None: [])
both("get_variable", graphs.get_variable)
both("variable_scope variable_op_scope", graphs.VariableScope)
both("get_variable_scope", graphs.get_variable_scope)
both("AUTO_REUSE", graphs.AUTO_REUSE)
both("assign", graphs.assign)
both("assign_add", graphs.assign_add)
both("assign_sub", graphs.assign_sub)
both("control_dependencies", graphs.control_dependencies)
both("is_variable_initialized", lambda variable: ops.convert_to_tensor(True))
both("report_uninitialized_variables", lambda *_, **__: ops.convert_to_tensor(np.zeros(0, np.int32)))


class GraphKeys:
    """Names of collections."""

    GLOBAL_VARIABLES = "variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    LOCAL_VARIABLES = "local_variables"
    MODEL_VARIABLES = "model_variables"
    REGULARIZATION_LOSSES = "regularization_losses"
    LOSSES = "losses"
    UPDATE_OPS = "update_ops"
    SUMMARIES = "summaries"
    GLOBAL_STEP = "global_step"


both("GraphKeys", GraphKeys)
both("get_collection", lambda key, scope=None: graphs.current().get_collection(key, scope))
both("add_to_collection", lambda name, value: graphs.current().collections[name].append(value))


def get_or_create_global_step(graph: Any = None) -> Variable:
    """Return the variable that counts steps."""
    kept = graphs.current().collections["global_step"]
    if not kept:
        from minikeras.compat.tensorflow.modules import make_variable

        kept.append(make_variable(0, trainable=False, name="global_step", dtype="int64"))
    return kept[0]


for _name in ("get_or_create_global_step", "create_global_step", "get_global_step"):
    both(f"train.{_name}", get_or_create_global_step)
add("train.global_step compat.v1.train.global_step", lambda sess, step: int(step.numpy()))


# Initializers.

_INITIALIZERS = {
    "zeros_initializer initializers.zeros": initializers.Zeros,
    "ones_initializer initializers.ones": initializers.Ones,
    "orthogonal_initializer initializers.orthogonal": initializers.Orthogonal,
    "glorot_uniform_initializer initializers.glorot_uniform": initializers.GlorotUniform,
    "glorot_normal_initializer initializers.glorot_normal": initializers.GlorotNormal,
}
for _names, _class in _INITIALIZERS.items():
    both(_names, lambda seed=None, dtype=None, c=_class, **k: c(**_seeded(c, seed), **k))


def _seeded(cls: type, seed: Any) -> dict[str, Any]:
    return {} if cls in (initializers.Zeros, initializers.Ones) else {"seed": seed}


both(
    "constant_initializer initializers.constant",
    lambda value=0, dtype=None, verify_shape=False: initializers.Constant(value),
)
both(
    "random_normal_initializer initializers.random_normal",
    lambda mean=0.0, stddev=None, seed=None, dtype=None: initializers.RandomNormal(
        mean, _default_stddev() if stddev is None else stddev, seed
    ),
)
both(
    "truncated_normal_initializer initializers.truncated_normal",
    lambda mean=0.0, stddev=None, seed=None, dtype=None: initializers.TruncatedNormal(
        mean, _default_stddev() if stddev is None else stddev, seed
    ),
)
both(
    "random_uniform_initializer initializers.random_uniform",
    lambda minval=None, maxval=None, seed=None, dtype=None: initializers.RandomUniform(
        -0.05 if minval is None else minval, 0.05 if maxval is None else maxval, seed
    ),
)
both(
    "variance_scaling_initializer initializers.variance_scaling",
    lambda scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None, dtype=None: (
        initializers.VarianceScaling(scale, mode, distribution.replace("normal_", "_normal"), seed)
    ),
)
add("contrib.layers.xavier_initializer", lambda uniform=True, seed=None, dtype=None: (
    initializers.GlorotUniform(seed) if uniform else initializers.GlorotNormal(seed)
))
add(
    "contrib.layers.variance_scaling_initializer",
    lambda factor=2.0, mode="FAN_IN", uniform=False, seed=None, dtype=None: (
        initializers.VarianceScaling(
            factor, mode.lower(), "uniform" if uniform else "truncated_normal", seed
        )
    ),
)
add("contrib.layers.l2_regularizer", lambda scale, scope=None: minikeras.regularizers.L2(scale / 2))


def _default_stddev() -> float:
    return 1.0 if graphs.are_on() else 0.05


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
        if kind == "dropout":
            training = False if training is None else training
        elif kind == "batch_normalization":
            training = False if training is None else training
        return _apply(cls, kind, inputs, options, name, reuse, training)

    function.__name__ = kind
    function.__doc__ = f"Apply a new {cls.__name__} layer."
    both(f"layers.{kind}", function)


_WEIGHTS = "activation use_bias kernel_initializer bias_initializer"
_layer("dense", layers.Dense, f"units {_WEIGHTS}")
_CONV = f"filters kernel_size strides padding data_format dilation_rate {_WEIGHTS}"
for _n in (1, 2, 3):
    _layer(f"conv{_n}d", getattr(layers, f"Conv{_n}D"), _CONV)
    _layer(f"max_pooling{_n}d", getattr(layers, f"MaxPooling{_n}D"), "pool_size strides padding data_format")
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
for _name in ("Dense", "Conv1D", "Conv2D", "Conv3D", "Flatten", "Dropout", "BatchNormalization", "Layer", "InputSpec"):
    both(f"layers.{_name}", getattr(layers, _name))
for _name in ("add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot"):
    both(f"layers.{_name}", getattr(layers, _name))


def fully_connected(
    inputs: Any, num_outputs: int, activation_fn: Any = "relu", weights_initializer: Any = None, **_: Any
) -> Any:
    """Apply a new Dense layer."""
    options = {"units": num_outputs, "activation": activation_fn}
    if weights_initializer is not None:
        options["kernel_initializer"] = weights_initializer
    name = _.get("scope")
    return _apply(layers.Dense, "fully_connected", inputs, options, name, _.get("reuse"))


add("contrib.layers.fully_connected", fully_connected)
add("contrib.layers.flatten", lambda inputs, **_: layers.Flatten()(inputs))


# Recurrent cells.


def _cell(cls: type, **fixed: Any) -> Callable:
    def make(num_units: int, *_: Any, activation: Any = None, forget_bias: float = 1.0, **options: Any) -> Any:
        given = {"activation": activation} if activation is not None else {}
        return cls(num_units, **fixed, **given)

    return make


class DropoutCell(layers.Wrapper):
    """A cell whose inputs and outputs lose a part of their values.

    Args:
        cell: the cell.
        input_keep_prob, output_keep_prob: the part that is kept: numbers or tensors of a graph.
    """

    def __init__(self, cell: Any, input_keep_prob: Any = 1.0, output_keep_prob: Any = 1.0, **_: Any) -> None:
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
    from minikeras.compat.tensorflow.neural import dropout

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
        both(f"{_path}.{_name}", _value)
both("nn.dynamic_rnn", dynamic_rnn)


# Losses: single numbers, of labels and predictions.


def _reduced(values: Any, weights: Any) -> Any:
    if isinstance(weights, (int, float)) and weights == 1.0:
        return ops.mean(values)
    weights = ops.cast(weights, "float32")
    rank = len(ops.shape(values)) - len(ops.shape(weights))
    weights = ops.reshape(weights, (*ops.shape(weights), *[1] * rank)) if rank > 0 else weights
    here = ops.cast(ops.not_equal(weights, 0), "float32") * ops.ones_like(values)
    return ops.sum(values * weights) / ops.maximum(ops.sum(here), 1.0)


def _loss(name: str, function: Callable, today: str | None = None) -> None:
    def loss(labels: Any = None, predictions: Any = None, weights: Any = 1.0, **options: Any) -> Any:
        options = {k: v for k, v in options.items() if k not in ("scope", "loss_collection", "reduction")}
        total = _reduced(function(labels, predictions, **options), weights)
        graphs.current().collections["losses"].append(total)
        return total

    loss.__name__ = name
    add(f"compat.v1.losses.{name}", loss)
    modern = getattr(losses, today or name, None)
    if modern is None:
        add(f"losses.{name}", loss)
        return

    def either(*args: Any, **options: Any) -> Any:
        old = {"labels", "predictions", "weights"} & set(options) or graphs.are_on()
        return (loss if old else modern)(*args, **options)

    either.__name__ = name
    add(f"losses.{name}", either)


def _as_float(labels: Any, like: Any) -> Any:
    return ops.cast(labels, "float32")


_loss("mean_squared_error", lambda y, p: ops.square(p - _as_float(y, p)))
_loss("absolute_difference", lambda y, p: ops.abs(p - _as_float(y, p)))


def _huber(y: Any, p: Any, delta: float = 1.0) -> Any:
    error = ops.abs(p - _as_float(y, p))
    quadratic = ops.minimum(error, delta)
    return 0.5 * ops.square(quadratic) + delta * (error - quadratic)


_loss("huber_loss", _huber)
_loss(
    "log_loss",
    lambda y, p, epsilon=1e-7: (
        -_as_float(y, p) * ops.log(p + epsilon) - (1 - _as_float(y, p)) * ops.log(1 - p + epsilon)
    ),
)


def _of_logits(name: str, function: Callable) -> None:
    def loss(first: Any = None, logits: Any = None, weights: Any = 1.0, **options: Any) -> Any:
        for key in ("onehot_labels", "multi_class_labels", "labels"):
            first = options.pop(key, first)
        total = _reduced(function(first, logits, options.get("label_smoothing", 0)), weights)
        graphs.current().collections["losses"].append(total)
        return total

    loss.__name__ = name
    both(f"losses.{name}", loss)


def _smoothed_softmax(labels: Any, logits: Any, smoothing: float) -> Any:
    labels = _as_float(labels, logits)
    if smoothing:
        labels = labels * (1 - smoothing) + smoothing / ops.shape(logits)[-1]
    return -ops.sum(labels * ops.log_softmax(logits), axis=-1)


def _smoothed_sigmoid(labels: Any, logits: Any, smoothing: float) -> Any:
    labels = _as_float(labels, logits)
    if smoothing:
        labels = labels * (1 - smoothing) + 0.5 * smoothing
    logits = ops.convert_to_tensor(logits)
    return ops.relu(logits) - logits * labels + ops.softplus(-ops.abs(logits))


_of_logits("softmax_cross_entropy", _smoothed_softmax)
_of_logits("sigmoid_cross_entropy", _smoothed_sigmoid)
_of_logits(
    "sparse_softmax_cross_entropy",
    lambda y, z, _: ops.sparse_categorical_crossentropy(y, z, from_logits=True),
)
_of_logits(
    "hinge_loss", lambda y, z, _: ops.relu(1 - (2 * _as_float(y, z) - 1) * z)
)


def get_total_loss(add_regularization_losses: bool = True, name: Any = None, scope: Any = None) -> Any:
    """Return the sum of all losses that were made."""
    found = list(graphs.current().collections["losses"])
    if add_regularization_losses:
        found += graphs.regularization_losses()
    total = found[0]
    for loss in found[1:]:
        total = total + loss
    return total


both("losses.get_total_loss", get_total_loss)
both("losses.get_losses", lambda scope=None, **_: list(graphs.current().collections["losses"]))
both("losses.get_regularization_losses", lambda scope=None: graphs.regularization_losses())
both("losses.get_regularization_loss", lambda **_: sum(graphs.regularization_losses(), start=0.0))
both("losses.add_loss", lambda loss, **_: graphs.current().collections["losses"].append(loss))
both("losses.Reduction", type("Reduction", (), {"SUM": "sum", "NONE": "none", "MEAN": "mean", "AUTO": "auto",
     "SUM_OVER_BATCH_SIZE": "sum_over_batch_size", "SUM_BY_NONZERO_WEIGHTS": "mean"}))


# Optimizers. They are today's: `minimize` works on tensors of a graph while TensorFlow's names are in use.


def _rate(learning_rate: Any) -> Any:
    return float(learning_rate) if isinstance(learning_rate, (int, float, np.generic)) else learning_rate


def _optimizer(name: str, make: Callable) -> None:
    both(f"train.{name}", make)


_optimizer(
    "GradientDescentOptimizer",
    lambda learning_rate, use_locking=False, name=None: optimizers.SGD(_rate(learning_rate)),
)
_optimizer(
    "MomentumOptimizer",
    lambda learning_rate, momentum, use_locking=False, name=None, use_nesterov=False: optimizers.SGD(
        _rate(learning_rate), momentum=momentum, nesterov=use_nesterov
    ),
)
_optimizer(
    "AdamOptimizer",
    lambda learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, use_locking=False, name=None: (
        optimizers.Adam(_rate(learning_rate), beta1, beta2, epsilon)
    ),
)
_optimizer(
    "AdagradOptimizer",
    lambda learning_rate, initial_accumulator_value=0.1, use_locking=False, name=None: (
        optimizers.Adagrad(_rate(learning_rate), initial_accumulator_value, epsilon=0.0)
    ),
)
_optimizer(
    "AdadeltaOptimizer",
    lambda learning_rate=0.001, rho=0.95, epsilon=1e-8, use_locking=False, name=None: (
        optimizers.Adadelta(_rate(learning_rate), rho, epsilon)
    ),
)
_optimizer(
    "RMSPropOptimizer",
    lambda learning_rate, decay=0.9, momentum=0.0, epsilon=1e-10, use_locking=False, centered=False, name=None: (
        optimizers.RMSprop(_rate(learning_rate), decay, momentum, epsilon, centered)
    ),
)
_optimizer(
    "FtrlOptimizer",
    lambda learning_rate, learning_rate_power=-0.5, initial_accumulator_value=0.1, l1_regularization_strength=0.0, l2_regularization_strength=0.0, use_locking=False, name=None: (
        optimizers.Ftrl(
            _rate(learning_rate),
            learning_rate_power,
            initial_accumulator_value,
            l1_regularization_strength,
            l2_regularization_strength,
        )
    ),
)
both("train.Optimizer", optimizers.Optimizer)

_SCHEDULES = {
    "exponential_decay": lambda lr, step, decay_steps, decay_rate, staircase=False, name=None: (
        schedules.ExponentialDecay(lr, decay_steps, decay_rate, staircase)
    ),
    "inverse_time_decay": lambda lr, step, decay_steps, decay_rate, staircase=False, name=None: (
        schedules.InverseTimeDecay(lr, decay_steps, decay_rate, staircase)
    ),
    "natural_exp_decay": lambda lr, step, decay_steps, decay_rate, staircase=False, name=None: (
        schedules.ExponentialDecay(lr, decay_steps, float(np.exp(-decay_rate)), staircase)
    ),
    "polynomial_decay": lambda lr, step, decay_steps, end_learning_rate=1e-4, power=1.0, cycle=False, name=None: (
        schedules.PolynomialDecay(lr, decay_steps, end_learning_rate, power, cycle)
    ),
    "cosine_decay": lambda lr, step, decay_steps, alpha=0.0, name=None: schedules.CosineDecay(
        lr, decay_steps, alpha
    ),
    "piecewise_constant": lambda x, boundaries, values, name=None: schedules.PiecewiseConstantDecay(
        boundaries, values
    ),
}
for _name, _function in _SCHEDULES.items():
    def _schedule(*args: Any, f: Any = _function, **kwargs: Any) -> Any:
        if "learning_rate" in kwargs:
            kwargs["lr"] = kwargs.pop("learning_rate")
        if "global_step" in kwargs:
            kwargs["step"] = kwargs.pop("global_step")
        return f(*args, **kwargs)

    both(f"train.{_name}", _schedule)


class Saver:
    """Save and restore the variables of a graph, by their names.

    Args:
        var_list: variables, or a dict of them by name; all of the graph's if None.
    """

    def __init__(self, var_list: Any = None, max_to_keep: int = 5, **options: Any) -> None:
        self._given = var_list

    def _variables(self) -> dict[str, Variable]:
        if isinstance(self._given, dict):
            return dict(self._given)
        named_ = graphs.current().variables
        if self._given is None:
            return dict(named_)
        return {n: v for n, v in named_.items() if any(v is g for g in self._given)}

    def save(self, sess: Any, save_path: Any, global_step: Any = None, **options: Any) -> str:
        """Write the variables; return the path."""
        path = os.fspath(save_path)
        if global_step is not None:
            step = global_step.numpy() if hasattr(global_step, "numpy") else global_step
            path = f"{path}-{int(step)}"
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with atomic_path(f"{path}.npz") as temporary, open(temporary, "wb") as file:
            np.savez(file, **{n: v.numpy() for n, v in self._variables().items()})
        from minikeras.compat.tensorflow.modules import _note

        _note(path)
        return path

    def restore(self, sess: Any, save_path: Any) -> None:
        """Read the variables."""
        with np.load(f"{os.fspath(save_path)}.npz", allow_pickle=False) as file:
            for name, v in self._variables().items():
                if name not in file:
                    raise KeyError(f"Saver.restore: {name!r} is not in {save_path}.")
                v.assign(file[name])


both("train.Saver", Saver)
_TFRECORD = "Keep arrays with np.savez, or a data set with `dataset.save(path)`."
for _name in ("Example", "Feature", "Features", "Int64List", "FloatList", "BytesList", "SequenceExample"):
    both(f"train.{_name}", Gone(f"tf.train.{_name}", _TFRECORD, "protocol buffers are not part of minikeras"))
for _name in ("Coordinator", "start_queue_runners", "MonitoredTrainingSession", "Supervisor", "shuffle_batch", "batch", "string_input_producer"):
    both(f"train.{_name}", Gone(f"tf.train.{_name}", "Use tf.data.Dataset, or a loop over arrays.", "queues are not part of minikeras"))
