"""What Keras 1, Keras 2 and tf.keras wrote, in the form of Keras 3.

Each era has its tables: names of classes, names of arguments, and functions for what is more than
a name. An entry of Keras 1 is brought into the form of Keras 2 first. Layers know nothing of this:
their constructors take what Keras 3 takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from minikeras import ops
from minikeras.common.namespaces import class_of_package
from minikeras.common.registry import register_keras_serializable
from minikeras.common.traceback_utils import warn
from minikeras.ops.keras_names import class_name
from minikeras.ops.symbolic import OPS

Era = int
"""Major version of the Keras that wrote a file; tf.keras counts as 2."""


def era_of(version: Any) -> Era:
    """Return the era of a version as files have it: `"1.2.2"`, `"2.2.4-tf"`, `"3.15.1"`.

    Keras began to note its version late, so a file without one is of Keras 1.
    """
    text = version.decode() if isinstance(version, bytes) else str(version or "1")
    first = text.split(".")[0]
    return max(int(first), 1) if first.isdecimal() else 3


@register_keras_serializable("keras2")
def hard_sigmoid(x: Any) -> Any:
    """Return `0.2 * x + 0.5` between 0 and 1, which `"hard_sigmoid"` meant before Keras 3."""
    return ops.clip(0.2 * x + 0.5, 0.0, 1.0)


_HARD_SIGMOID = {
    "module": "builtins",
    "class_name": "function",
    "config": "keras2>hard_sigmoid",
    "registered_name": "function",
}

# Keras 1 -> Keras 2: names.

_CLASSES_OF_KERAS_1 = {
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "Deconvolution2D": "Conv2DTranspose",
    "SeparableConvolution2D": "SeparableConv2D",
}
ARGUMENTS_OF_KERAS_1 = {
    "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "atrous_rate": "dilation_rate",
    "b_constraint": "bias_constraint",
    "b_regularizer": "bias_regularizer",
    "bias": "use_bias",
    "beta_init": "beta_initializer",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "dropout_U": "recurrent_dropout",
    "dropout_W": "dropout",
    "filter_length": "kernel_size",
    "gamma_init": "gamma_initializer",
    "init": "kernel_initializer",
    "inner_activation": "recurrent_activation",
    "inner_init": "recurrent_initializer",
    "nb_filter": "filters",
    "output_dim": "units",
    "p": "rate",
    "pool_length": "pool_size",
    "sigma": "stddev",
    "stride": "strides",
    "subsample": "strides",
    "subsample_length": "strides",
}
OTHER_ARGUMENTS_OF_KERAS_1 = {  # where a class means something else by a name
    "Embedding": {
        "output_dim": "output_dim",
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "PReLU": {"init": "alpha_initializer"},
    "UpSampling1D": {"length": "size"},
}
_DROPPED_OF_KERAS_1 = {"consume_less", "forget_bias_init", "input_length", "weights"}
NAMES_OF_KERAS_1 = {  # of initializers, regularizers and constraints
    "zero": "zeros",
    "one": "ones",
    "uniform": {"class_name": "RandomUniform", "config": {"minval": -0.05, "maxval": 0.05}},
    "normal": {"class_name": "RandomNormal", "config": {"stddev": 0.05}},
    "maxnorm": "MaxNorm",
    "nonneg": "NonNeg",
    "unitnorm": "UnitNorm",
    "L1L2Regularizer": "L1L2",
    "WeightRegularizer": "L1L2",
    "ActivityRegularizer": "L1L2",
}
MERGES_OF_KERAS_1 = {
    "sum": "Add",
    "mul": "Multiply",
    "ave": "Average",
    "max": "Maximum",
    "concat": "Concatenate",
    "dot": "Dot",
    "cos": "Dot",
}


def _from_keras_1(name: str, config: dict) -> tuple[str, dict]:
    """Return class and config of a layer of Keras 1 as Keras 2 had them."""
    if name == "Merge":
        return _merge_of_keras_1(config)
    renamed = {**ARGUMENTS_OF_KERAS_1, **OTHER_ARGUMENTS_OF_KERAS_1.get(name, {})}
    if name == "BatchNormalization" and config.pop("mode", 0) not in (0, 2):
        raise ValueError(
            f"Layer '{config.get('name')}' is a BatchNormalization of Keras 1 with mode=1, which "
            "normalizes each sample by itself. Keras has had nothing like it since."
        )
    if "forget_bias_init" in config:
        config["unit_forget_bias"] = config["forget_bias_init"] == "one"
    input_dtype = config.pop("input_dtype", None)
    if name == "InputLayer":
        config["dtype"] = input_dtype
    if "consume_less" in config:
        config["implementation"] = 2
    if name == "Embedding":
        if config.pop("dropout", 0):
            warn(
                f"Layer '{config.get('name')}' dropped whole words while it was trained by Keras 1; "
                "it does not any more."
            )
    else:
        config.pop("input_dim", None)
    for size in (["nb_row", "nb_col"], ["kernel_dim1", "kernel_dim2", "kernel_dim3"]):
        if size[0] in config:
            config["kernel_size"] = [config.pop(key) for key in size]
    if name in ("Convolution1D", "AtrousConvolution1D", "MaxPooling1D", "AveragePooling1D"):
        config.pop("dim_ordering", None)
    if name == "Deconvolution2D":
        config.pop("output_shape", None)
    if name == "GRU":
        config["reset_after"] = False
    config = {
        renamed.get(k, k): _argument_of_keras_1(k, v)
        for k, v in config.items()
        if k not in _DROPPED_OF_KERAS_1
    }
    return _CLASSES_OF_KERAS_1.get(name, name), config


def _argument_of_keras_1(key: str, value: Any) -> Any:
    if key == "dim_ordering":
        return {"tf": "channels_last", "th": "channels_first"}.get(value)
    if key.endswith(("init", "_regularizer", "_constraint")):
        if isinstance(value, dict) and "name" in value and "class_name" not in value:
            config = {k: v for k, v in value.items() if k != "name"}
            if "m" in config:
                config["max_value"] = config.pop("m")
            name = NAMES_OF_KERAS_1.get(value["name"], value["name"])
            return {"class_name": name, "config": config}
        if isinstance(value, str):
            return NAMES_OF_KERAS_1.get(value, value)
    return value


def _merge_of_keras_1(config: dict) -> tuple[str, dict]:
    mode = config.get("mode")
    if not isinstance(mode, str) or mode not in MERGES_OF_KERAS_1 or config.get("layers"):
        raise ValueError(
            f"Layer '{config.get('name')}' is a Merge of Keras 1 whose mode is a function, or that "
            "holds the models whose outputs it merges; this is not read. Make it anew with a "
            "functional model, and load the weights into that."
        )
    kept = {"name": config.get("name")}
    if mode == "concat":
        kept["axis"] = config["concat_axis"]
    if mode in ("dot", "cos"):
        axes = config["dot_axes"]
        kept.update(axes=axes, normalize=mode == "cos")
    return MERGES_OF_KERAS_1[mode], kept


# Keras 2 -> Keras 3.

_CLASSES_OF_KERAS_2 = {
    "Model": "Functional",
    "Network": "Functional",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "GRUCellV2": "GRUCell",
    "GRUV2": "GRU",
    "LSTMV2": "LSTM",
    "ThresholdedReLU": "ReLU",
}
_DROPPED_OF_KERAS_2 = {
    "BatchNormalization": (
        "fused",
        "renorm",
        "renorm_clipping",
        "renorm_momentum",
        "virtual_batch_size",
    ),
    "Embedding": ("activity_regularizer", "input_length", "sparse"),
    "InputLayer": ("ragged",),
    "MultiHeadAttention": ("key_shape", "query_shape", "value_shape"),
    **dict.fromkeys(
        ("DepthwiseConv1D", "DepthwiseConv2D"),
        ("filters", "groups", "kernel_constraint", "kernel_initializer", "kernel_regularizer"),
    ),
    **dict.fromkeys(
        ("SeparableConv1D", "SeparableConv2D"),
        ("groups", "kernel_constraint", "kernel_initializer", "kernel_regularizer"),
    ),
    "Conv2DTranspose": ("groups",),
    "Conv3DTranspose": ("groups",),
    **dict.fromkeys(("GRU", "LSTM", "RNN", "SimpleRNN"), ("input_dim", "input_length")),
    **dict.fromkeys(("SimpleRNN", "SimpleRNNCell", "GRUCell", "LSTMCell"), ("implementation",)),
    "Lambda": ("function_type", "module", "output_shape_module", "output_shape_type"),
}
_ARGUMENTS_OF_KERAS_2 = {
    "LeakyReLU": {"alpha": "negative_slope"},
    "ThresholdedReLU": {"theta": "threshold"},
}
_HOMES = {  # of objects that are given as arguments
    "constraint": "keras.constraints",
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
}
_LAYERS_INSIDE = ("layer", "backward_layer", "cell", "cells")
_NETWORKS = {"Functional", "Sequential"}


def modern_entry(entry: dict, era: Era) -> dict:
    """Return the entry of a layer or model as Keras 3 would have written it.

    Args:
        entry: dict with `"class_name"` and `"config"`, and what else a config holds of it.
        era: which Keras wrote it.

    Raises:
        ValueError: if it is a layer of Keras 1 that nothing since is like.
    """
    if not isinstance(entry, dict) or "config" not in entry:
        return entry
    if era >= 3:
        return _h5_entry_of_keras_3(entry)
    name, config = entry["class_name"], entry["config"]
    if isinstance(config, list):  # a Sequential, before Keras 2.2.3
        config = {"name": None, "layers": config}
    elif not isinstance(config, dict):
        return entry
    config = dict(config)
    if era == 1:
        name, config = _from_keras_1(name, config)
    name, config = _from_keras_2(name, config, era)
    kept = {k: v for k, v in entry.items() if k in ("name", "shared_object_id", "compile_config")}
    for key in ("module", "registered_name"):
        if key in entry and name == entry["class_name"] and name not in _NETWORKS:
            kept[key] = entry[key]
    made = {**kept, "class_name": name, "config": config}
    if "inbound_nodes" in entry:
        made["inbound_nodes"] = entry["inbound_nodes"]
    return made


def _h5_entry_of_keras_3(entry: dict) -> dict:
    """Return an entry of an `.h5` file of Keras 3, or of ours, as `.keras` files have it.

    Such files do not say of functions of `ops` that they are, and may list calls (`readable_entry`).
    """
    config = entry["config"]
    if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
        return entry
    functions = {class_name(f) for f in OPS}
    calls = {e.get("name"): None for e in config["layers"]}
    layers = []
    for e in config["layers"]:
        name = e["class_name"]
        if "module" not in e and name in functions and class_of_package(None, name) is None:
            e = {**e, "module": "keras.src.ops.numpy"}
        nodes = e.get("inbound_nodes", [])
        if any(isinstance(node, list) for node in nodes):
            e = {**e, "inbound_nodes": [_node(n, calls, _tensor, e["name"]) for n in nodes]}
        layers.append(_h5_entry_of_keras_3(e))
    return {**entry, "config": {**config, "layers": layers}}


def _from_keras_2(name: str, config: dict, era: Era) -> tuple[str, dict]:
    renamed = _ARGUMENTS_OF_KERAS_2.get(name, {})
    config = {renamed.get(k, k): _argument(k, v, era) for k, v in config.items()}
    if name in ("GRU", "GRUCell", "GRUV2", "CuDNNGRU"):
        config.setdefault("reset_after", name in ("GRUV2", "CuDNNGRU"))
    if name == "BatchNormalization" and config.get("renorm"):
        raise ValueError(
            f"Layer '{config.get('name')}' is a BatchNormalization with renorm=True, which Keras 3 "
            "does not have."
        )
    if config.pop("time_major", False):
        raise ValueError(
            f"Layer '{config.get('name')}' ({name}) has time_major=True, which Keras 3 does not "
            "have. Put Permute((2, 1)) before it in a new model, and load the weights into that."
        )
    name = _CLASSES_OF_KERAS_2.get(name, name)
    for key in _DROPPED_OF_KERAS_2.get(name, ()):
        config.pop(key, None)
    if name == "InputLayer":
        if "batch_input_shape" in config:
            config["batch_shape"] = config.pop("batch_input_shape")
    elif name == "BatchNormalization" and isinstance(config.get("axis"), list):
        (config["axis"],) = config["axis"]
    elif name == "Lambda" and isinstance(config.get("function"), list):
        config["function"] = {"class_name": "__lambda__", "config": {"value": config["function"]}}
    if name == "Sequential":
        config["layers"] = list(_chain(config["layers"], era))
    elif name == "Functional" and "layers" in config:
        config = _graph(config, era)
    elif "batch_input_shape" in config:
        config.pop("batch_input_shape")  # an InputLayer says it, see `_chain`
    return name, config


def _argument(key: str, value: Any, era: Era) -> Any:
    if key.endswith("activation") and value == "hard_sigmoid":
        return _HARD_SIGMOID
    if key in _LAYERS_INSIDE:
        if isinstance(value, list):
            return [modern_entry(v, era) for v in value]
        return modern_entry(value, era)
    if key == "dtype" and isinstance(value, dict) and "Policy" in value.get("class_name", ""):
        return value["config"]["name"]
    home = _HOMES.get(key.rpartition("_")[2])
    if home and isinstance(value, dict) and isinstance(value.get("config"), dict):
        config = {k: v for k, v in value["config"].items() if k != "dtype"}
        return {"module": home, **value, "config": config}
    return value


def _chain(entries: list, era: Era) -> Iterator[dict]:
    """Yield the layers of a Sequential; before the first one an input, if it says its shape."""
    for i, entry in enumerate(entries):
        config = entry.get("config")
        shape = config.get("batch_input_shape") if isinstance(config, dict) else None
        if i == 0 and shape is not None and entry["class_name"] != "InputLayer":
            dtype = config.get("input_dtype") or config.get("dtype")
            yield {
                "class_name": "InputLayer",
                "config": {
                    "batch_shape": shape,
                    "dtype": _argument("dtype", dtype, era) or "float32",
                    "name": f"{config['name']}_input",
                },
            }
        yield modern_entry(entry, era)


# Functional models.


def _graph(config: dict, era: Era) -> dict:
    """Return the config of a functional model, its calls as Keras 3 writes them."""
    entries = [
        {"name": e.get("name") or e["config"]["name"], **modern_entry(e, era)}
        for e in config["layers"]
    ]
    calls = {e["name"]: len(e.get("inbound_nodes", ())) for e in entries}
    offsets = _offsets(config, entries, calls)

    def tensor(leaf: list) -> dict:
        return _tensor([leaf[0], leaf[1] - offsets.get(leaf[0], 0), leaf[2]])

    for entry in entries:
        nodes = entry.get("inbound_nodes", [])
        entry["inbound_nodes"] = [_node(n, calls, tensor, entry["name"]) for n in nodes]

    functional = {e["name"] for e in entries if e["class_name"] == "Functional"}

    def place(leaf: list) -> list:
        name, node, index = tensor(leaf)["config"]["keras_history"]
        return [name, node + (name in functional), index]

    return {
        **config,
        "layers": entries,
        "input_layers": _single(_map_leaves(place, config["input_layers"], calls)),
        "output_layers": _single(_map_leaves(place, config["output_layers"], calls)),
    }


def _tensor(leaf: list) -> dict:
    return {"class_name": "__keras_tensor__", "config": {"keras_history": leaf[:3]}}


def _offsets(config: dict, entries: list, calls: dict) -> dict[str, int]:
    """Return, by name, what the numbers of the calls of inner models begin with.

    Such a model came with a call of its own, which was counted (and is not any more).
    """
    seen: dict[str, set] = {}

    def note(leaf: list) -> None:
        seen.setdefault(leaf[0], set()).add(leaf[1])

    for structure in (config["output_layers"], *[e.get("inbound_nodes", []) for e in entries]):
        _map_leaves(note, structure, calls)
    return {
        e["name"]: int(0 not in seen.get(e["name"], ()))
        for e in entries
        if e["class_name"] in _NETWORKS or "layers" in e["config"]
    }


def _is_leaf(value: Any, calls: dict) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and value[0] in calls
        and isinstance(value[1], int)
    )


def _map_leaves(function: Callable, structure: Any, calls: dict) -> Any:
    """Apply a function to all `[layer, call, tensor]`, in keyword arguments too."""
    if _is_leaf(structure, calls):
        if len(structure) == 4 and structure[3]:
            _map_leaves(function, structure[3], calls)
        return function(structure)
    if isinstance(structure, dict):
        return {k: _map_leaves(function, v, calls) for k, v in structure.items()}
    if isinstance(structure, list):
        return [_map_leaves(function, v, calls) for v in structure]
    return structure


def _node(node: Any, calls: dict, tensor: Callable, name: str) -> dict:
    """Return a call: what the layer is called on, and how."""
    if isinstance(node, dict) and "args" in node:
        return node
    kwargs: dict = {}

    def convert(leaf: list) -> Any:
        if len(leaf) == 4:
            kwargs.update(_map_leaves(tensor, leaf[3], calls))
        return tensor(leaf)

    flat = _map_leaves(convert, node, calls)
    if any(isinstance(x, list) and x and x[0] == "_CONSTANT_VALUE" for x in flat):
        raise ValueError(
            f"Layer '{name}' is called on a constant, as operations of TensorFlow in functional "
            "models of Keras 2 are; these are not read."
        )
    return {"args": [_single(flat)], "kwargs": kwargs}


def _single(structure: Any) -> Any:
    return structure[0] if isinstance(structure, list) and len(structure) == 1 else structure


# How models are compiled.

_OPTIMIZER_RENAMES = {"lr": "learning_rate"}
_OPTIMIZER_DROPPED = ("decay", "is_legacy_optimizer", "jit_compile", "schedule_decay")


def modern_compile_config(config: dict, output_names: Any = None) -> dict:
    """Return what a model of Keras 1 or 2 was compiled with, as arguments of `compile`.

    Args:
        config: the arguments' configs; an optimizer may stand under `"optimizer_config"`.
        output_names: names of the model's outputs, which metrics of tf.keras begin with.
    """
    config = dict(config)
    optimizer = config.pop("optimizer_config", config.pop("optimizer", None))
    made = {"optimizer": _optimizer(optimizer)} if optimizer is not None else {}
    for key in ("loss", "loss_weights", "run_eagerly", "steps_per_execution"):
        if config.get(key) is not None:
            made[key] = config[key]
    if "loss" in made:
        made["loss"] = map_objects(_loss, made["loss"])
    names = list(output_names or ())
    for key in ("metrics", "weighted_metrics"):
        found = config.get(key)
        if found is None:
            continue
        if isinstance(found, list) and any(isinstance(m, list) for m in found):
            prefixes = [f"{n}_" for n in names] if len(names) > 1 else [""] * len(found)
            found = [
                [_metric(m, prefix) for m in of_output if m is not None]
                for of_output, prefix in zip(found, prefixes)
            ]
            made[key] = found if len(found) > 1 else found[0]
        else:
            made[key] = map_objects(lambda m: _metric(m, ""), found)
    return made


def map_objects(function: Callable, structure: Any) -> Any:
    """Apply a function to the names and configs of objects in lists and dicts."""
    if isinstance(structure, dict) and "class_name" not in structure:
        return {k: map_objects(function, v) for k, v in structure.items()}
    if isinstance(structure, list):
        return [map_objects(function, v) for v in structure]
    return structure if structure is None else function(structure)


def _optimizer(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    old = entry["config"]
    config = {
        _OPTIMIZER_RENAMES.get(k, k): v for k, v in old.items() if k not in _OPTIMIZER_DROPPED
    }
    if config.get("epsilon", 1) is None:
        config.pop("epsilon")
    if old.get("decay"):
        config["learning_rate"] = {
            "class_name": "InverseTimeDecay",
            "module": "keras.optimizers.schedules",
            "config": {
                "initial_learning_rate": config["learning_rate"],
                "decay_steps": 1,
                "decay_rate": old["decay"],
            },
        }
    name = entry["class_name"].removeprefix("Custom>")
    return {"module": "keras.optimizers", "class_name": name, "config": config}


def _loss(entry: Any) -> Any:
    if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict):
        return entry
    config = {k: v for k, v in entry["config"].items() if k != "fn" or v is not None}
    if config.get("reduction") == "auto":
        config["reduction"] = "sum_over_batch_size"
    return {"module": "keras.losses", "class_name": entry["class_name"], "config": config}


def _metric(entry: Any, prefix: str) -> Any:
    if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict):
        return entry
    config = dict(entry["config"])
    config["name"] = str(config.get("name", "")).removeprefix(prefix) or None
    if entry["class_name"] == "MeanMetricWrapper" and isinstance(config.get("fn"), str):
        config["fn"] = {
            "module": "builtins",
            "class_name": "function",
            "config": config["fn"],
            "registered_name": "function",
        }
    return {"module": "keras.metrics", "class_name": entry["class_name"], "config": config}


# The other way: `.h5` files in a form that tf.keras reads as well as Keras 3.

_MEANINGLESS = {  # arguments that not every Keras knows, by the value that means nothing
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "gradient_accumulation_steps": None,
    "input_axes": None,
    "loss_scale_factor": None,
    "optional": False,
    "output_axes": None,
    "quantization_config": None,
    "use_ema": False,
    "weight_decay": None,
}


def readable_entry(entry: Any) -> Any:
    """Return an entry of Keras 3 so that tf.keras reads it too, where it can be said in both ways.

    Calls of layers are listed as Keras 2 did, except in a model with models inside: their calls are
    counted from 1 there, and from 0 by Keras 3.
    """
    if isinstance(entry, list):
        return [readable_entry(e) for e in entry]
    if not isinstance(entry, dict):
        return entry
    if entry.get("class_name") == "DTypePolicy":
        return entry["config"]["name"]
    made = {
        k: readable_entry(v)
        for k, v in entry.items()
        if k not in _MEANINGLESS or v != _MEANINGLESS[k]
    }
    config = made.get("config")
    if made.get("class_name") == "InputLayer" and "batch_shape" in config:
        config["batch_input_shape"] = config.pop("batch_shape")
    layers = made.get("layers")
    if layers and not any(e.get("class_name") in _NETWORKS for e in layers):
        listed = [[_listed_call(n) for n in e.get("inbound_nodes", ())] for e in layers]
        if all(node is not None for nodes in listed for node in nodes):
            made["layers"] = [
                {**e, "inbound_nodes": nodes} if "inbound_nodes" in e else e
                for e, nodes in zip(layers, listed)
            ]
    return made


def _listed_call(node: dict) -> list | None:
    """Return a call of `_node` as Keras 2 listed it, None if it is called on more than tensors."""
    args, kwargs = node["args"], node["kwargs"]
    tensors = args[0] if len(args) == 1 and isinstance(args[0], list) else args
    if len(args) != 1 or "__keras_tensor__" in str(kwargs):
        return None
    if not all(isinstance(t, dict) and t.get("class_name") == "__keras_tensor__" for t in tensors):
        return None
    kwargs = {k: v for k, v in kwargs.items() if v is not None}
    return [[*t["config"]["keras_history"], kwargs] for t in tensors]
