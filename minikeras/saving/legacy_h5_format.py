"""`.h5` files as Keras 2 wrote them, and as Keras 3 still does: config and weights by layer.

A model is described by JSON in the attributes `model_config` and `training_config`. The group
`model_weights` holds a group for each layer, whose attribute `weight_names` lists its arrays in order;
`optimizer_weights` does so for the optimizer. A file of weights alone is such a `model_weights`.
"""

from __future__ import annotations

import inspect
import json
import os
from typing import Any

import numpy as np

from minikeras import losses
from minikeras.autodiff.tracking import assign_values
from minikeras.autodiff.variable import Variable
from minikeras.common.atomic_file import atomic_path
from minikeras.common.extras import require
from minikeras.common.registry import CustomObjectScope
from minikeras.common.serialization import serialize_keras_object
from minikeras.common.traceback_utils import warn
from minikeras.saving.legacy_configs import (
    map_objects,
    modern_compile_config,
    modern_entry,
    readable_entry,
)
from minikeras.saving.legacy_weights import (
    Origin,
    in_order_of_file,
    modern_arrays,
    modern_optimizer_arrays,
    order_of_file,
    warn_of_unknown_backend,
)
from minikeras.saving.once import written_once
from minikeras.saving.saving_lib import naming_config, revive
from minikeras.saving.weight_files import Allowance, DamagedFileError, H5Reader, parse_json
from minikeras.version import KERAS_VERSION

_ATTRIBUTE_LIMIT = 64512
"""Bytes that an attribute of an HDF5 file may have; longer lists are cut into several."""


@written_once
def save_model(model: Any, path: str, include_optimizer: bool = True) -> None:
    """Write a model into an `.h5` file."""
    entry = serialize_keras_object(model)
    config = readable_entry({key: entry[key] for key in ("class_name", "config")})
    h5py = require("h5py", "io")
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["keras_version"] = KERAS_VERSION
        file.attrs["backend"] = "numpy"
        file.attrs["model_config"] = json.dumps(config)
        _write_layers(file.create_group("model_weights"), model)
        if include_optimizer and model.compiled:
            file.attrs["training_config"] = json.dumps(_training_config(model))
            if model.optimizer.built:
                _write_group(
                    file.create_group("optimizer_weights"),
                    [(f"{model.optimizer.name}/{v.name}", v) for v in model.optimizer.variables],
                )


@written_once
def save_weights(model: Any, path: str) -> None:
    """Write the weights alone into an `.h5` file of Keras 2, which `load_weights` reads."""
    h5py = require("h5py", "io")
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        _write_layers(file, model)


def is_legacy_file(path: str) -> bool:
    """Whether it is an HDF5 file of a model or of weights as Keras 1 and 2 wrote them."""
    h5py = require("h5py", "io")
    if not os.path.isfile(path) or not h5py.is_hdf5(path):
        return False
    with h5py.File(path, "r") as file:
        names = {"layer_names", "layer_names0"}
        return "model_weights" in file or not names.isdisjoint(file.attrs)


def _training_config(model: Any) -> dict:
    config = dict(model.get_compile_config() or {})
    optimizer = config.pop("optimizer", None)
    if isinstance(optimizer, dict):
        config["optimizer_config"] = {k: optimizer[k] for k in ("class_name", "config")}
    config["loss"] = map_objects(_in_full, config.get("loss"))
    return readable_entry(config)


def _in_full(loss: Any) -> Any:
    """Return a loss by its full name: Keras takes `"mse"` in these files for a metric, and fails."""
    found = losses.get(loss) if isinstance(loss, str) else None
    return found.__name__ if inspect.isfunction(found) and found in losses.Loss.family else loss


def _write_layers(group: Any, model: Any) -> None:
    group.attrs["backend"] = "numpy"
    group.attrs["keras_version"] = KERAS_VERSION
    _set_names(group, "layer_names", [layer.name for layer in model.layers])
    for layer in model.layers:
        _write_group(group.create_group(layer.name), [(v.path, v) for v in order_of_file(layer)])
    own = [(v.path, v) for v in model.own_variables()]
    _write_group(group.create_group("top_level_model_weights"), own)


def _write_group(group: Any, weights: list[tuple[str, Variable]]) -> None:
    _set_names(group, "weight_names", [name for name, _ in weights])
    for name, variable in weights:
        group.create_dataset(name, data=variable.numpy())


def _set_names(group: Any, name: str, names: list[str]) -> None:
    """Write a list of names as an attribute, or as `name0`, `name1`, ... if it is too long."""
    encoded = [n.encode("utf-8") for n in names]
    pieces: list[list[bytes]] = [[]]
    size = 0
    width = max(map(len, encoded), default=1)
    for n in encoded:
        if size + width > _ATTRIBUTE_LIMIT:
            pieces.append([])
            size = 0
        pieces[-1].append(n)
        size += width
    if len(pieces) == 1:
        group.attrs[name] = np.array(encoded, dtype=f"S{width}")
        return
    for i, piece in enumerate(pieces):
        group.attrs[f"{name}{i}"] = np.array(piece, dtype=f"S{width}")


def load_model(
    path: str, custom_objects: dict | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """Read a model from an `.h5` file; see `saving.load_model`."""
    size = os.path.getsize(path)
    with H5Reader(path, path, size) as reader:
        text = reader.attribute(reader.root, "model_config")
        if text is None:
            raise ValueError(f"No model config found in the file at {path}.")
        config = parse_json(text, path, "model_config")
        origin = Origin.of(reader, reader.root)
        with naming_config(path):
            config = modern_entry(config, origin.era)
        model = revive(config, custom_objects, safe_mode, Allowance(path, size))
        group = reader.member(reader.root, "model_weights")
        if group is None:
            raise DamagedFileError(f"File {path!r} holds no group 'model_weights'.")
        if model.own_variables() and reader.member(group, "top_level_model_weights") is None:
            raise ValueError(
                f"File {path!r} holds no values for the weights that belong to the model itself: "
                f"{[v.path for v in model.own_variables()]}."
            )
        _read_layers(reader, group, model, by_name=None, skip_mismatch=False)
        text = reader.attribute(reader.root, "training_config")
        if not compile:
            return model
        if text is None:
            warn(
                "No training configuration found in the save file, so the model was *not* "
                "compiled. Compile it manually."
            )
            return model
        config = parse_json(text, path, "training_config")
        with naming_config(path):
            config = _compile_config(config, model, origin)
        with CustomObjectScope(custom_objects):
            model.compile_from_config(config)
        group = reader.member(reader.root, "optimizer_weights")
        if group is not None and model.optimizer is not None:
            _read_optimizer(reader, group, model, origin)
    return model


def _compile_config(training_config: dict, model: Any, origin: Origin) -> dict:
    if origin.era < 3:
        return modern_compile_config(training_config, model.output_names)
    config = dict(training_config)
    optimizer = config.pop("optimizer_config", None)
    if optimizer is not None:
        config["optimizer"] = optimizer
    return config


def _read_optimizer(reader: H5Reader, group: Any, model: Any, origin: Origin) -> None:
    """Read the state of the optimizer, or warn that it begins anew."""
    model.optimizer.build(model.trainable_variables)
    arrays = _arrays(reader, group)
    try:
        if origin.era < 3:
            names = _names(reader, group, "weight_names")
            arrays = modern_optimizer_arrays(model, names, arrays, origin)
        model.optimizer.set_weights(arrays)
    except ValueError as error:
        warn(
            f"Error in loading the saved optimizer state: {error} As a result, your model is "
            "starting with a freshly initialized optimizer."
        )


def load_weights(model: Any, path: str, by_name: bool = False, skip_mismatch: bool = False) -> None:
    """Read weights from an `.h5` file of a model or of weights; see `saving.load_weights`."""
    with H5Reader(path, path, os.path.getsize(path)) as reader:
        inner = reader.member(reader.root, "model_weights")
        group = reader.root if inner is None else inner
        _read_layers(reader, group, model, by_name, skip_mismatch)


def _read_layers(
    reader: H5Reader, group: Any, model: Any, by_name: bool | None, skip_mismatch: bool
) -> None:
    """Read the layers' weights, all or (if something does not fit) none.

    Layers are found by their names, by their order, or (None) by name if the file has them all.
    """
    saved = [(name, reader.member(group, name)) for name in _names(reader, group, "layer_names")]
    saved = [(name, g) for name, g in saved if g is not None and _names(reader, g, "weight_names")]
    layers = [layer for layer in model.layers if layer.weights]
    by = {layer.name: layer for layer in layers}
    if by_name is None:
        by_name = by.keys() == {name for name, _ in saved}
    if by_name:
        pairs = [(name, g, by[name]) for name, g in saved if name in by]
    else:
        if len(saved) != len(layers):
            raise ValueError(
                "Layer count mismatch when loading weights from file. Model expected "
                f"{len(layers)} layers, found {len(saved)} saved layers."
            )
        pairs = [(name, g, layer) for (name, g), layer in zip(saved, layers, strict=True)]
    origin = Origin.of(reader, group)
    warn_of_unknown_backend(model, origin)
    found = []
    for name, g, layer in pairs:
        weights = in_order_of_file(layer, _names(reader, g, "weight_names"))
        arrays = modern_arrays(layer, weights, _arrays(reader, g), origin)
        found.append((name, layer, weights, arrays))
    top = reader.member(group, "top_level_model_weights")
    if top is not None and model.own_variables():
        arrays = _arrays(reader, top)
        found.append(("top_level_model_weights", model, model.own_variables(), arrays))
    variables: list[Variable] = []
    values: list[np.ndarray] = []
    for name, layer, weights, arrays in found:
        problem = _misfit(name, weights, arrays, layer)
        if problem is None:
            variables += weights
            values += arrays
        elif skip_mismatch:
            warn(f"Skipping loading weights for layer '{layer.name}': {problem}")
        else:
            raise ValueError(problem)
    assign_values(variables, values)


def _misfit(name: str, weights: list[Variable], arrays: list[np.ndarray], layer: Any) -> str | None:
    if len(weights) != len(arrays):
        return (
            f"Weight count mismatch for layer '{layer.name}' (named '{name}' in the save file). "
            f"Layer expects {len(weights)} weight(s). Received {len(arrays)} saved weight(s)"
        )
    for variable, array in zip(weights, arrays, strict=True):
        if tuple(variable.shape) != array.shape:
            return (
                f"Shape mismatch in layer '{layer.name}' (named '{name}' in the save file) for "
                f"weight {variable.path}. Weight expects shape {tuple(variable.shape)}. Received "
                f"saved weight with shape {array.shape}"
            )
    return None


def _arrays(reader: H5Reader, group: Any) -> list[np.ndarray]:
    """The arrays of a group, in the order of its list of names."""
    found = []
    for name in _names(reader, group, "weight_names"):
        item = group
        for part in name.split("/"):
            item = None if item is None else reader.member(item, part)
        if item is None:
            raise DamagedFileError(f"File {reader.name!r} is damaged: '{name}' is missing.")
        found.append(reader.array(item))
    return found


def _names(reader: H5Reader, group: Any, name: str) -> list[str]:
    """Read what `_set_names` wrote."""
    whole = reader.attribute(group, name)
    if whole is not None:
        return [_text(n) for n in whole]
    pieces: list[Any] = []
    while (piece := reader.attribute(group, f"{name}{len(pieces)}")) is not None:
        pieces.append(piece)
    return [_text(n) for piece in pieces for n in piece]


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
