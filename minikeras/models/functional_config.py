"""A functional model's config: its layers, and the calls that connect them, in Keras's form."""

from __future__ import annotations

from typing import Any

from minikeras import dtype_policies, tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.common.serialization import deserialize_keras_object, serialize_keras_object
from minikeras.layers.core.input_layer import InputLayer
from minikeras.models.op_config import is_op_entry, op_arguments, op_entry, op_from_entry
from minikeras.ops.symbolic import OpCall


def functional_config(model: Any) -> dict:
    """Return the config of a functional model."""
    nodes = model.graph.nodes
    own = {id(n) for n in nodes}
    layers = []
    for operation in model.graph.operations:
        if isinstance(operation, OpCall):
            entry, args, kwargs = op_entry(operation)
            entry["config"] = serialize_keras_object(entry["config"])
            entry["inbound_nodes"] = [_node_config(args, kwargs, own)]
            layers.append(entry)
            continue
        entry = serialize_keras_object(operation)
        entry["name"] = operation.name
        if isinstance(operation, InputLayer):
            entry["inbound_nodes"] = []
        else:
            entry["inbound_nodes"] = [
                _node_config(n.args, n.kwargs, own)
                for n in operation._inbound_nodes
                if id(n) in own
            ]
        layers.append(entry)
    numbers = _numbers(model)
    return {
        "name": model.name,
        "trainable": model.trainable,
        "dtype": dtype_policies.serialize(model.dtype_policy),
        "layers": layers,
        "input_layers": tree.map_structure(lambda t: _address(t, numbers), model._inputs_struct),
        "output_layers": tree.map_structure(lambda t: _address(t, numbers), model._outputs_struct),
    }


def _numbers(model: Any) -> dict[int, int]:
    """Count each operation's calls inside the model from 0."""
    own = {id(n) for n in model.graph.nodes}
    numbers: dict[int, int] = {}
    for operation in model.graph.operations:
        i = 0
        for node in operation._inbound_nodes:
            if id(node) in own or isinstance(operation, InputLayer):
                numbers[id(node)] = i
                i += 1
    return numbers


def _address(t: KerasTensor, numbers: dict[int, int]) -> list:
    history = t._keras_history
    node = history.operation._inbound_nodes[history.node_index]
    number = numbers.get(id(node), 0) + _calls_before(history.operation)
    return [history.operation.name, number, history.tensor_index]


def _calls_before(operation: Any) -> int:
    """Where outputs are concerned, Keras counts the calls of a functional model from 1."""
    return getattr(operation, "calls_before", 0)


def _node_config(args: tuple, kwargs: dict, own: set[int]) -> dict:
    def convert(x: Any) -> Any:
        if isinstance(x, KerasTensor):
            history = x._keras_history
            source = history.operation
            calls = [
                n
                for n in source._inbound_nodes
                if id(n) in own or (isinstance(source, InputLayer) and n.is_input)
            ]
            index = calls.index(source._inbound_nodes[history.node_index])
            return {
                "class_name": "__keras_tensor__",
                "config": {
                    "shape": x.shape,
                    "dtype": x.dtype,
                    "keras_history": [source.name, index, history.tensor_index],
                },
            }
        if isinstance(x, (list, tuple)):
            return type(x)([convert(v) for v in x])
        if isinstance(x, dict):
            return {k: convert(v) for k, v in x.items()}
        return x

    return {
        "args": serialize_keras_object(convert(args)),
        "kwargs": serialize_keras_object(convert(kwargs)),
    }


def functional_from_config(cls: type, config: dict, custom_objects: Any = None) -> Any:
    """Make a functional model from a config of `functional_config` or of Keras."""
    made: dict[str, Any] = {}
    outputs: dict[str, list[Any]] = {}
    waiting: list[tuple[Any, dict]] = []
    settings: dict[str, dict] = {}  # of functions of `ops`
    for entry in config["layers"]:
        name = entry.get("name") or entry["config"]["name"]
        if is_op_entry(entry):
            operation = op_from_entry(entry)
            settings[name] = _node_arguments(
                {"args": [], "kwargs": entry["config"]}, {}, custom_objects
            )[1]
        else:
            operation = deserialize_keras_object(
                {k: v for k, v in entry.items() if k not in ("inbound_nodes", "name")},
                custom_objects=custom_objects,
            )
        made[name] = operation
        outputs[name] = []
        if isinstance(operation, InputLayer):
            outputs[name].append(operation._inbound_nodes[0].output_tensors)
        for node in entry["inbound_nodes"]:
            waiting.append((name, node))
    while waiting:
        later = []
        for name, node in waiting:
            try:
                args, kwargs = _node_arguments(node, outputs, custom_objects)
            except LookupError:
                later.append((name, node))
                continue
            operation = made[name]
            if name in settings:
                args, kwargs = op_arguments(operation.function, settings[name], args, kwargs)
            result = operation(*args, **kwargs)
            outputs[name].append(tree.flatten(result))
        if len(later) == len(waiting):
            raise ValueError(
                f"The config of model '{config.get('name')}' has calls whose inputs nothing gives: "
                f"{[name for name, _ in later]}"
            )
        waiting = later

    def find(address: Any) -> KerasTensor:
        name, node, tensor = address
        return outputs[name][node - _calls_before(made[name])][tensor]

    inputs = _map_addresses(find, config["input_layers"])
    results = _map_addresses(find, config["output_layers"])
    kwargs = {"name": config.get("name")}
    if "trainable" in config:
        kwargs["trainable"] = config["trainable"]
    if isinstance(config.get("dtype"), (dict, str)):
        kwargs["dtype"] = config["dtype"]
    model = cls(inputs, results, **kwargs)
    return model


def _node_arguments(node: dict, outputs: dict, custom_objects: Any) -> tuple[tuple, dict]:
    def convert(x: Any) -> Any:
        if isinstance(x, dict) and x.get("class_name") == "__keras_tensor__":
            name, index, tensor = x["config"]["keras_history"]
            calls = outputs[name]
            if index >= len(calls):
                raise LookupError(name)
            return calls[index][tensor]
        if isinstance(x, dict) and x.get("class_name") == "__tuple__":
            return tuple(convert(v) for v in x["items"])
        if isinstance(x, dict) and "class_name" in x:
            return deserialize_keras_object(x, custom_objects=custom_objects)
        if isinstance(x, dict):
            return {k: convert(v) for k, v in x.items()}
        if isinstance(x, (list, tuple)):
            return type(x)([convert(v) for v in x])
        return x

    return tuple(convert(a) for a in node["args"]), convert(node["kwargs"])


def _map_addresses(find: Any, structure: Any) -> Any:
    if (
        isinstance(structure, (list, tuple))
        and len(structure) == 3
        and isinstance(structure[0], str)
    ):
        return find(structure)
    if isinstance(structure, dict):
        return {k: _map_addresses(find, v) for k, v in structure.items()}
    return [_map_addresses(find, s) for s in structure]
