"""How functions of `minikeras.ops` are written in the configs of functional models: in Keras's form.

In Keras each function is a class, such as `Mean(axis, keepdims)`, called on the data. So the
arguments of one call are split: data stay with the call, the others make the config.
"""

from __future__ import annotations

import inspect
from typing import Any

from minikeras.autodiff.keras_tensor import any_symbolic
from minikeras.ops.keras_names import class_name, module_name
from minikeras.ops.symbolic import OPS, OpCall, data_parameters


def is_op_entry(entry: dict) -> bool:
    """Whether an entry of a config's layers stands for a function."""
    return str(entry.get("module")).startswith("keras.src.ops.")


def op_entry(operation: OpCall) -> tuple[dict, tuple, dict]:
    """Return the entry of a call of a function, and what it is called on, by place and by name."""
    function = operation.function
    data = data_parameters(function)
    node = operation._inbound_nodes[0]
    bound = inspect.signature(OPS[function].on_data).bind(*node.args, **node.kwargs)
    config: dict[str, Any] = {"name": operation.name}
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    gap = False  # whether data were left out, so that later ones have no place
    for parameter in bound.signature.parameters.values():
        key = parameter.name
        if key not in bound.arguments:
            gap |= key in data
            continue
        value = bound.arguments[key]
        if parameter.kind is parameter.VAR_POSITIONAL:
            args.extend(value)
        elif parameter.kind is parameter.VAR_KEYWORD:
            config.update(value)
        elif key not in data and not any_symbolic((value,)):
            config[key] = value
        elif gap:
            kwargs[key] = value
        else:
            args.append(value)
    entry = {
        "module": module_name(OPS[function]),
        "class_name": class_name(function),
        "config": config,
        "registered_name": class_name(function),
        "name": operation.name,
    }
    return entry, tuple(args), kwargs


def op_from_entry(entry: dict) -> OpCall:
    """Return an operation for an entry.

    Raises:
        ValueError: if no function of `minikeras.ops` has the name of the class.
    """
    for function in OPS:
        if class_name(function) == entry["class_name"]:
            return OpCall(function, name=entry["config"].get("name"))
    raise ValueError(
        f"The config holds '{entry['class_name']}' of {entry['module']}, and minikeras.ops has no "
        "such function."
    )


def op_arguments(function: str, config: dict, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """Return the arguments of a function, given what its config holds and what it is called on."""
    settings = {k: v for k, v in config.items() if k != "name"}
    rest = list(args)
    positional: list[Any] = []
    for parameter in inspect.signature(OPS[function].on_data).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional += rest
            rest = []
        if not rest or parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            break
        if parameter.name in settings:
            positional.append(settings.pop(parameter.name))
        else:
            positional.append(rest.pop(0))
    if function == "get_item" and isinstance(positional[1], list):
        positional[1] = tuple(positional[1])  # JSON has no tuples
    return tuple(positional), {**settings, **kwargs}
