"""TensorFlow 1: sessions, placeholders, variables by name, initializers, savers.

Its names are those of `tf.compat.v1`, and of `tf` itself as scripts of then know it.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

import minikeras
from minikeras import initializers, ops
from minikeras.autodiff import KerasTensor, Variable
from minikeras.common.dtypes import standardize_dtype
from minikeras.compat.adapters import Gone, no_effect
from minikeras.compat.checkpoints import note_newest
from minikeras.compat.graph_session import BoundTensor
from minikeras.compat.tensorflow import graphs, modules
from minikeras.compat.tensorflow.table import add, named

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
    t = (
        minikeras.Input(batch_shape=size, dtype=dtype, name=shown)
        if size
        else _scalar(dtype, shown)
    )
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


add("placeholder", placeholder)
add("placeholder_with_default", placeholder_with_default)
add("Session", graphs.GraphSession)
add("InteractiveSession", graphs.interactive_session)
add("get_default_session", lambda: graphs._sessions[-1] if graphs._sessions else None)
add("Graph", graphs.Graph)
add("get_default_graph", graphs.current)
add("reset_default_graph", graphs.reset)


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


for _name in (
    "ConfigProto",
    "GPUOptions",
    "RunOptions",
    "RunMetadata",
    "GraphOptions",
    "OptimizerOptions",
):
    add(_name, Config)


def _turn_on(*_: Any, **__: Any) -> None:
    graphs.turn_on()


for _name in ("disable_v2_behavior", "disable_eager_execution"):
    add(_name, _turn_on)
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
    add(_name, no_effect(f"tf.compat.v1.{_name}"))


@named("executing_eagerly")
def executing_eagerly() -> bool:
    """Whether operations give values at once."""
    return not graphs.are_on()


# Variables.


def _initializer(*_: Any, **__: Any) -> graphs.Action:
    graph = graphs.current()
    return graphs.Action(lambda: graph.initialize(), name="init")


add("global_variables_initializer initialize_all_variables variables_initializer", _initializer)
add(
    "local_variables_initializer tables_initializer",
    lambda *_, **__: graphs.Action(lambda: None, name="init"),
)
add("global_variables all_variables", lambda scope=None: graphs.current().find(scope))
add("trainable_variables", lambda scope=None: graphs.current().find(scope, trainable=True))
add("local_variables model_variables moving_average_variables", lambda scope=None: [])
add("get_variable", modules.get_variable)
add("variable_scope variable_op_scope", graphs.VariableScope)
add("get_variable_scope", graphs.get_variable_scope)
add("AUTO_REUSE", graphs.AUTO_REUSE)
add("assign", graphs.assign)
add("assign_add", graphs.assign_add)
add("assign_sub", graphs.assign_sub)
add("control_dependencies", graphs.control_dependencies)
add("is_variable_initialized", lambda variable: ops.convert_to_tensor(True))
add("report_uninitialized_variables", lambda *_, **__: ops.convert_to_tensor(np.zeros(0, np.int32)))


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


add("GraphKeys", GraphKeys)
add("get_collection", lambda key, scope=None: graphs.current().get_collection(key, scope))
add("add_to_collection", lambda name, value: graphs.current().collections[name].append(value))


def get_or_create_global_step(graph: Any = None) -> Variable:
    """Return the variable that counts steps."""
    kept = graphs.current().collections["global_step"]
    if not kept:
        kept.append(modules.make_variable(0, trainable=False, name="global_step", dtype="int64"))
    return kept[0]


for _name in ("get_or_create_global_step", "create_global_step", "get_global_step"):
    add(f"train.{_name}", get_or_create_global_step)
add("train.global_step", lambda sess, step: int(step.numpy()))


# Initializers.

_INITIALIZERS = {
    "zeros_initializer initializers.zeros": initializers.Zeros,
    "ones_initializer initializers.ones": initializers.Ones,
    "orthogonal_initializer initializers.orthogonal": initializers.Orthogonal,
    "glorot_uniform_initializer initializers.glorot_uniform": initializers.GlorotUniform,
    "glorot_normal_initializer initializers.glorot_normal": initializers.GlorotNormal,
}
for _names, _class in _INITIALIZERS.items():
    add(_names, lambda seed=None, dtype=None, c=_class, **k: c(**_seeded(c, seed), **k))


def _seeded(cls: type, seed: Any) -> dict[str, Any]:
    return {} if cls in (initializers.Zeros, initializers.Ones) else {"seed": seed}


add(
    "constant_initializer initializers.constant",
    lambda value=0, dtype=None, verify_shape=False: initializers.Constant(value),
)
add(
    "random_normal_initializer initializers.random_normal",
    lambda mean=0.0, stddev=None, seed=None, dtype=None: initializers.RandomNormal(
        mean, _default_stddev() if stddev is None else stddev, seed
    ),
)
add(
    "truncated_normal_initializer initializers.truncated_normal",
    lambda mean=0.0, stddev=None, seed=None, dtype=None: initializers.TruncatedNormal(
        mean, _default_stddev() if stddev is None else stddev, seed
    ),
)
add(
    "random_uniform_initializer initializers.random_uniform",
    lambda minval=None, maxval=None, seed=None, dtype=None: initializers.RandomUniform(
        -0.05 if minval is None else minval, 0.05 if maxval is None else maxval, seed
    ),
)
add(
    "variance_scaling_initializer initializers.variance_scaling",
    lambda scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None, dtype=None: (
        initializers.VarianceScaling(scale, mode, distribution.replace("normal_", "_normal"), seed)
    ),
)
add(
    "contrib.layers.xavier_initializer",
    lambda uniform=True, seed=None, dtype=None: (
        initializers.GlorotUniform(seed) if uniform else initializers.GlorotNormal(seed)
    ),
)
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
        modules.write_arrays(path, {n: v.numpy() for n, v in self._variables().items()})
        note_newest(path)
        return path

    def restore(self, sess: Any, save_path: Any) -> None:
        """Read the variables."""
        with np.load(f"{os.fspath(save_path)}.npz", allow_pickle=False) as file:
            for name, v in self._variables().items():
                if name not in file:
                    raise KeyError(f"Saver.restore: {name!r} is not in {save_path}.")
                v.assign(file[name])


add("train.Saver", Saver)
_TFRECORD = "Keep arrays with np.savez, or a data set with `dataset.save(path)`."
for _name in (
    "Example",
    "Feature",
    "Features",
    "Int64List",
    "FloatList",
    "BytesList",
    "SequenceExample",
):
    add(
        f"train.{_name}",
        Gone(f"tf.train.{_name}", _TFRECORD, "protocol buffers are not part of minikeras"),
    )
for _name in (
    "Coordinator",
    "start_queue_runners",
    "MonitoredTrainingSession",
    "Supervisor",
    "shuffle_batch",
    "batch",
    "string_input_producer",
):
    add(
        f"train.{_name}",
        Gone(
            f"tf.train.{_name}",
            "Use tf.data.Dataset, or a loop over arrays.",
            "queues are not part of minikeras",
        ),
    )
