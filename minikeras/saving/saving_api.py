"""`save_model`, `load_model`, `save_weights`, `load_weights`: which file is of which format.

The formats, with the libraries for archives, are imported when a file is written or read.
"""

from __future__ import annotations

import os
from typing import Any

from minikeras.common.arguments import PathLike, kind_of
from minikeras.common.traceback_utils import filter_traceback, warn
from minikeras.utils.io_utils import ask_to_proceed_with_overwrite

_H5 = (".h5", ".hdf5")
_WEIGHTS = (".weights.h5", ".weights.npz", ".safetensors")


@filter_traceback
def save_model(
    model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
) -> None:
    """Save a model: its layers, weights, and how it is compiled, with the optimizer's state.

    Keras reads the file, and `load_model` reads Keras's. The file is written beside its place and
    put there when it is complete.

    Args:
        model: the model.
        filepath: where to save. Ends with `.keras`, or with `.h5` for the format of Keras 2.
        overwrite: whether to replace a file without asking.
        zipped: False to write a folder with the contents of a `.keras` file.
        include_optimizer: of an `.h5` file, whether the optimizer's state is saved.

    Raises:
        ValueError: for another ending, or an unknown argument.
        ImportError: if h5py is not installed.

    Example:

    >>> import os, tempfile
    >>> import minikeras as keras
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    >>> path = os.path.join(tempfile.mkdtemp(), "model.keras")
    >>> keras.saving.save_model(model, path)
    >>> keras.saving.load_model(path).count_params()
    4
    """
    from minikeras.saving import legacy_h5_format, saving_lib

    path = _path(filepath, "save_model")
    include_optimizer = kwargs.pop("include_optimizer", True)
    save_format = kwargs.pop("save_format", None)
    endings = {"keras": (".keras",), "keras_v3": (".keras",), "h5": _H5, "hdf5": _H5}
    if save_format is not None and not path.endswith(endings.get(save_format, ())):
        raise ValueError(
            "The `save_format` argument is deprecated in Keras 3. Please remove this argument and "
            "pass a file path with either `.keras` or `.h5` extension. "
            f"Received: save_format={save_format}"
        )
    if kwargs:
        raise ValueError(f"The following argument(s) are not supported: {list(kwargs)}")
    if zipped is False and path.endswith(".keras"):
        raise ValueError(
            "A `.keras` file is zipped: with `zipped=False` give the name of a folder, which does not "
            f"end in `.keras`. Received: filepath={filepath}"
        )
    legacy = path.endswith(_H5)
    if not path.endswith(".keras") and not legacy and zipped is not False:
        raise ValueError(
            "Invalid filepath extension for saving. Please add either a `.keras` extension for the "
            "native Keras format (recommended) or a `.h5` extension. Use `model.export(filepath)` "
            "if you want to export a model for other tools. "
            f"Received: filepath={filepath}."
        )
    if not overwrite and os.path.exists(path) and not ask_to_proceed_with_overwrite(path):
        return
    if legacy:
        legacy_h5_format.save_model(model, path, include_optimizer)
    else:
        saving_lib.save_model(model, path, zipped=zipped is not False)


@filter_traceback
def load_model(
    filepath: Any, custom_objects: dict | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """Load a model that was saved by `save_model` or by Keras.

    Args:
        filepath: `.keras` file, folder with the contents of one, or `.h5` file of any version of
            Keras since 1.2. (Before 2.13, files of any name were `.h5` files.)
        custom_objects: dict from names to a user's classes and functions.
        compile: whether to compile the model as it was when it was saved.
        safe_mode: whether to refuse what would execute code from the file: Python lambdas.

    Returns:
        The model.

    Raises:
        ValueError: if there is no such file, or it holds no model, or is damaged.
        TypeError: if a class or function in it is not known.

    Example: see `save_model`.
    """
    from minikeras.saving import legacy_h5_format, saving_lib

    path = _path(filepath, "load_model")
    if path.endswith(_H5):
        if not os.path.exists(path):
            raise FileNotFoundError(f"File not found: filepath={filepath}.")
        return legacy_h5_format.load_model(path, custom_objects, compile, safe_mode)
    if _is_h5(path):
        return legacy_h5_format.load_model(path, custom_objects, compile, safe_mode)
    if path.endswith(".keras") or saving_lib.is_model_folder(path):
        if not os.path.exists(path):
            raise ValueError(
                f"File not found: filepath={filepath}. Please ensure the file is an accessible "
                "`.keras` zip file."
            )
        return saving_lib.load_model(path, custom_objects, compile, safe_mode)
    raise ValueError(
        f"File format not supported: filepath={filepath}. Keras 3 only supports V3 `.keras` files "
        "and legacy H5 format files (`.h5` extension). A TensorFlow SavedModel can be loaded with "
        "TensorFlow alone; save it there as `.keras` or `.h5`."
    )


def _path(filepath: Any, owner: str) -> str:
    kind_of(PathLike).check(filepath, "filepath", owner)
    return os.fspath(filepath)


def _is_h5(path: str) -> bool:
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n"


@filter_traceback
def save_weights(
    model: Any, filepath: Any, overwrite: bool = True, max_shard_size: Any = None, **kwargs: Any
) -> None:
    """Save the weights of a model, and the state of its optimizer if it is compiled.

    Args:
        model: the model.
        filepath: where to save. Ends with `.weights.h5`, or with `.weights.npz`, which needs NumPy
            alone and is read by minikeras alone, or with `.safetensors` for other tools, which
            holds no optimizer's state, or with `.weights.json` for shards.
        overwrite: whether to replace a file without asking.
        max_shard_size: size in GB that files are limited to; the weights then go into several
            `*.weights.h5` beside a `.weights.json` that lists them.

    Raises:
        ValueError: for another ending, or a model that is not built.
        ImportError: if h5py is not installed.
    """
    from minikeras.saving import safetensors_format, saving_lib

    path = _path(filepath, "save_weights")
    if kwargs:
        raise ValueError(f"The following argument(s) are not supported: {list(kwargs)}")
    endings = _WEIGHTS if max_shard_size is None else (".weights.h5", ".weights.json")
    if not path.endswith(endings):
        raise ValueError(
            f"The filename must end in {' or '.join(f'`{e}`' for e in endings)}. "
            f"Received: filepath={filepath}"
        )
    if not (model.built or model._parts_are_built()):
        raise ValueError(
            f"You are saving a model that has not yet been built: '{model.name}'. Try building the "
            "model first by calling it on some data or by using `build()`."
        )
    if max_shard_size is not None and not path.endswith(".json"):
        renamed = f"{path.rpartition('.')[0]}.json"
        warn(
            "Saving sharded weights requires `*.json` as the extension. The original path "
            f"{path} will be renamed to {renamed}."
        )
        path = renamed
    if not overwrite and os.path.exists(path) and not ask_to_proceed_with_overwrite(path):
        return
    if path.endswith(".safetensors"):
        safetensors_format.save_weights(model, path)
    else:
        saving_lib.save_weights_only(model, path, max_shard_size)


@filter_traceback
def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Load weights into a model of the same structure. If they do not fit, nothing is changed.

    Args:
        model: the model.
        filepath: file of `save_weights` or of Keras, or a whole model's `.keras` or `.h5` file.
        skip_mismatch: whether to warn about layers that do not fit, and to load the others.
        by_name: of an `.h5` file of Keras 2, whether layers are found by their names rather than
            by their order.
        objects_to_skip: layers and others that are left as they are.

    Raises:
        ValueError: if the file is damaged or of another format, or does not fit the model.
    """
    from minikeras.saving import legacy_h5_format, safetensors_format, saving_lib

    path = _path(filepath, "load_weights")
    by_name = kwargs.pop("by_name", False)
    objects_to_skip = kwargs.pop("objects_to_skip", None)
    if kwargs:
        raise ValueError(f"Invalid keyword arguments: {kwargs}")
    weights_alone = path.endswith((*_WEIGHTS, ".weights.json"))
    legacy = path.endswith(_H5) and not weights_alone
    if not (weights_alone or legacy or path.endswith(".keras")):
        raise ValueError(
            f"File format not supported: filepath={filepath}. Weights are loaded from `.keras`, "
            "`.weights.h5`, `.weights.npz`, `.weights.json`, `.safetensors` and legacy `.h5` files."
        )
    if objects_to_skip is not None and not weights_alone:
        raise ValueError(
            "`objects_to_skip` works with files of weights alone, such as `.weights.h5`. "
            f"Received: {filepath}"
        )
    if by_name and not legacy:
        raise ValueError(
            f"`by_name` only supports loading legacy '.h5' or '.hdf5' files. Received: {filepath}"
        )
    if not os.path.exists(path):
        raise FileNotFoundError(f"File not found: filepath={filepath}.")
    if legacy:
        legacy_h5_format.load_weights(model, path, by_name, skip_mismatch)
        return
    if not (model.built or model._parts_are_built()):
        raise ValueError(
            f"You are loading weights into a model that has not yet been built: '{model.name}'. Try "
            "building the model first by calling it on some data or by using `build()`."
        )
    if path.endswith(".safetensors"):
        safetensors_format.load_weights(model, path, skip_mismatch)
    else:
        saving_lib.load_weights_only(model, path, skip_mismatch, objects_to_skip)
