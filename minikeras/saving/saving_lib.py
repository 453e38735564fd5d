"""`.keras` files and files of weights, as Keras 3 has them.

A `.keras` file is a zip file of `config.json` (layers, and how they are compiled), `metadata.json`,
`model.weights.h5` and, if layers have any, files under `assets/`.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from minikeras.autodiff.tracking import Trackable
from minikeras.common.atomic_file import atomic_path, scratch_folder, write_text
from minikeras.common.serialization import deserialize_keras_object, serialize_keras_object
from minikeras.common.serialization_scopes import WeightsToComeScope
from minikeras.common.traceback_utils import warn
from minikeras.optimizers.base_optimizer import BaseOptimizer
from minikeras.optimizers.optimizer import Optimizer
from minikeras.random.seed_generator import SeedGenerator
from minikeras.saving.legacy_configs import era_of, modern_compile_config, modern_entry
from minikeras.saving.legacy_weights import WithLearningRate
from minikeras.saving.once import written_once
from minikeras.saving.plain_data import Packed
from minikeras.saving.state_tree import older_paths, state_tree
from minikeras.saving.weight_files import (
    READ_ERRORS,
    Allowance,
    DamagedFileError,
    H5Reader,
    H5Writer,
    NpzReader,
    NpzWriter,
    ShardReader,
    ShardWriter,
    StoredMember,
    open_zip,
    parse_json,
)
from minikeras.version import KERAS_VERSION

_CONFIG = "config.json"
_METADATA = "metadata.json"
_WEIGHTS = "model.weights.h5"
_ASSETS = "assets"
_TRAINING = "_training_state"


# Whole models.


@written_once
def save_model(model: Any, path: str, zipped: bool = True) -> None:
    """Write a model into a `.keras` file, or into a folder with the same contents.

    Args:
        model: the model.
        path: where to write.
        zipped: whether to write one file rather than a folder.
    """
    if not model.built:
        warn(
            "You are saving a model that has not yet been built. It might not contain any weights "
            "yet. Consider building the model first by calling it on some data."
        )
    config = json.dumps(serialize_keras_object(model))
    metadata = json.dumps(
        {
            "keras_version": KERAS_VERSION,
            "date_saved": datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S"),
        }
    )
    if not zipped:
        _save_folder(model, path, config, metadata)
        return
    with atomic_path(path) as temporary, scratch_folder(path) as folder:
        weights = os.path.join(folder, _WEIGHTS)
        with H5Writer(weights) as writer:
            write_state(model, writer)
        assets = _write_assets(model, os.path.join(folder, _ASSETS))
        with zipfile.ZipFile(temporary, "w") as archive:
            archive.writestr(_METADATA, metadata)
            archive.writestr(_CONFIG, config)
            for file in (weights, *assets):
                _add(archive, file, os.path.relpath(file, folder))


def _add(archive: zipfile.ZipFile, path: str, name: str) -> None:
    """Copy a file into an archive, in larger pieces than `ZipFile.write` does."""
    member = zipfile.ZipInfo.from_file(path, name)
    with open(path, "rb") as file, archive.open(member, "w") as copy:
        shutil.copyfileobj(file, copy, 1 << 20)


def _save_folder(model: Any, path: str, config: str, metadata: str) -> None:
    os.makedirs(path, exist_ok=True)
    for name, text in ((_METADATA, metadata), (_CONFIG, config)):
        write_text(os.path.join(path, name), text)
    with atomic_path(os.path.join(path, _WEIGHTS)) as temporary, H5Writer(temporary) as writer:
        write_state(model, writer)
    _write_assets(model, os.path.join(path, _ASSETS))


def _write_assets(model: Any, folder: str) -> list[str]:
    """Let objects write their files, each into a folder of its path; return the files' paths."""
    for path, saved in state_tree(model):
        if _has_assets(saved):
            own = os.path.join(folder, path)
            os.makedirs(own, exist_ok=True)
            saved.save_assets(own)
    return [os.path.join(place, file) for place, _, files in os.walk(folder) for file in files]


def _has_assets(saved: Any) -> bool:
    return hasattr(saved, "save_assets") and hasattr(saved, "load_assets")


def load_model(
    path: str, custom_objects: dict | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """Read a model from a `.keras` file, or from a folder with the same contents.

    Args:
        path: the file or folder.
        custom_objects: dict from names to a user's classes and functions.
        compile: whether to compile the model as it was when it was saved.
        safe_mode: whether to refuse what would execute code from the file.

    Raises:
        ValueError: if the file is damaged, or holds something else.
        TypeError: if a class or function in it is not known.
    """
    with open_parts(path) as parts:
        config = parts.json(_CONFIG)
        if "class_name" not in config:
            raise DamagedFileError(f"File {path!r}: '{_CONFIG}' does not describe a model.")
        config = _modern_config(config, parts)
        if not compile:
            config["compile_config"] = None
        model = revive(config, custom_objects, safe_mode, Allowance(path, parts.size))
        part = next((p for p in (_WEIGHTS, "model.weights.npz") if parts.has(p)), _WEIGHTS)
        if parts.has(part) or model.variables:
            with parts.weights(part) as reader:
                read_state(model, reader)
        for inner, saved in state_tree(model):
            if _has_assets(saved):
                with parts.folder(f"{_ASSETS}/{inner}") as folder:
                    if folder is not None:
                        saved.load_assets(folder)
    return model


def revive(config: dict, custom_objects: Any, safe_mode: bool, allowance: Allowance) -> Any:
    """Return the model that a file's config describes, with weights that have no values yet.

    Raises:
        DamagedFileError: if its weights are more than the file can hold, it is nested too deep, or it
            describes something else.
    """
    try:
        with WeightsToComeScope(allowance.take):
            made = deserialize_keras_object(config, custom_objects, safe_mode=safe_mode)
    except RecursionError as error:
        raise DamagedFileError(
            f"File {allowance.path!r}: its config is nested too deep."
        ) from error
    if not isinstance(made, Trackable):
        raise DamagedFileError(
            f"File {allowance.path!r}: its config describes no model, but a {type(made).__name__}."
        )
    return made


def open_parts(path: str) -> Any:
    """Open a `.keras` file, or a folder with the contents of one, for reading."""
    return _Folder(path) if os.path.isdir(path) else _Zip(path)


def _modern_config(config: dict, parts: Any) -> dict:
    """Return a config of Keras 2.12 to 2.15, whose `.keras` files were the first, as one of 3."""
    try:
        era = era_of(parts.json(_METADATA)["keras_version"])
    except (ValueError, KeyError):
        return config  # whoever wrote it, nobody says that it is old
    if era >= 3:
        return config
    with naming_config(parts.name):
        made = {**config, **modern_entry(config, era)}
        if made.get("compile_config"):
            made["compile_config"] = modern_compile_config(made["compile_config"])
    return made


@contextlib.contextmanager
def naming_config(path: str) -> Iterator[None]:
    """Let errors that a malformed config leads to say in which file it is."""
    try:
        yield
    except (AttributeError, LookupError, RecursionError, TypeError) as error:
        raise DamagedFileError(f"File {path!r}: its config is damaged: {error!r}") from error


class _Parts:
    """The parts of a saved model."""

    name: str

    def json(self, part: str) -> dict:
        """Return the dict in a part that is JSON."""
        try:
            text = self.text(part)
        except (ValueError, KeyError, OSError) as error:
            raise DamagedFileError(
                f"File {self.name!r}: '{part}' is missing or damaged: {error!r}"
            ) from error
        return parse_json(text, self.name, part)

    def weights(self, part: str) -> Any:
        """Open the weights in a part for reading.

        Raises:
            DamagedFileError: if there is no such part.
        """
        if not self.has(part):
            raise DamagedFileError(f"File {self.name!r} holds no '{part}'.")
        return self._weights(part)


class _Zip(_Parts):
    """The parts of a model in a zip file."""

    def __init__(self, path: str) -> None:
        self.name = path
        self.size = os.path.getsize(path)
        self._zip = open_zip(path, path)
        self._allowance = Allowance(path, self.size)

    def has(self, part: str) -> bool:
        return part in self._zip.NameToInfo

    def _read(self, part: str) -> bytes:
        self._allowance.take(self._zip.getinfo(part).file_size, f"'{part}'")
        try:
            return self._zip.read(part)
        except READ_ERRORS as error:
            raise DamagedFileError(f"File {self.name!r}: '{part}' is damaged: {error}") from error

    def text(self, part: str) -> str:
        return self._read(part).decode("utf-8")

    def _weights(self, part: str) -> Any:
        info = self._zip.getinfo(part)
        if part.endswith(".npz"):
            return NpzReader(io.BytesIO(self._read(part)), self.name, info.file_size)
        if info.compress_type == zipfile.ZIP_STORED:
            file = StoredMember(self.name, self._zip, info)
        else:
            file = io.BytesIO(self._read(part))
        return H5Reader(file, f"{self.name}/{part}", info.file_size)

    @contextlib.contextmanager
    def folder(self, name: str) -> Iterator[str | None]:
        members = [m for m in self._zip.namelist() if m.startswith(f"{name}/")]
        if not members:
            yield None
            return
        with tempfile.TemporaryDirectory() as scratch:
            for member in members:
                target = os.path.join(scratch, *member.removeprefix(f"{name}/").split("/"))
                os.makedirs(os.path.dirname(target), exist_ok=True)
                if not member.endswith("/"):
                    with open(target, "wb") as file:
                        file.write(self._read(member))
            yield scratch

    def __enter__(self) -> _Zip:
        return self

    def __exit__(self, *exc: Any) -> None:
        self._zip.close()


class _Folder(_Parts):
    """The parts of a model in a folder."""

    def __init__(self, path: str) -> None:
        self.name = path
        self.size = sum(entry.stat().st_size for entry in os.scandir(path))

    def has(self, part: str) -> bool:
        return os.path.exists(os.path.join(self.name, part))

    def text(self, part: str) -> str:
        with open(os.path.join(self.name, part), encoding="utf-8") as file:
            return file.read()

    def _weights(self, part: str) -> Any:
        return open_weights(os.path.join(self.name, part))

    @contextlib.contextmanager
    def folder(self, name: str) -> Iterator[str | None]:
        path = os.path.join(self.name, *name.split("/"))
        yield path if os.path.isdir(path) else None

    def __enter__(self) -> _Folder:
        return self

    def __exit__(self, *exc: Any) -> None: ...


# Weights.


@written_once
def save_weights_only(model: Any, path: str, max_shard_size: float | None = None) -> None:
    """Write the weights of a model, and the state of its optimizer, into a file of weights.

    Args:
        model: the model.
        path: where to write; its ending tells the format.
        max_shard_size: size in GB of the files that the weights are spread over, None for one file.
    """
    if max_shard_size is not None:
        with ShardWriter(path, max_shard_size) as writer:
            write_state(model, writer)
        return
    writer_class = NpzWriter if path.endswith(".npz") else H5Writer
    with atomic_path(path) as temporary, writer_class(temporary) as writer:
        write_state(model, writer)


def load_weights_only(
    model: Any, path: str, skip_mismatch: bool = False, objects_to_skip: Any = None
) -> None:
    """Read weights into a model from a file of weights, or from the one in a `.keras` file."""
    with contextlib.ExitStack() as stack:
        if path.endswith(".keras"):
            parts = stack.enter_context(open_parts(path))
            reader = parts.weights(_WEIGHTS)
        else:
            reader = open_weights(path)
        stack.enter_context(reader)
        read_state(model, reader, skip_mismatch, objects_to_skip)


@written_once
def save_training(model: Any, path: str, state: dict[str, Any]) -> None:
    """Write the weights of a model, the state of its optimizer, and what else a training holds.

    Args:
        model: the model.
        path: a file that ends with `.weights.npz`; `load_weights` reads it too.
        state: plain data.
    """
    with atomic_path(path) as temporary, NpzWriter(temporary) as writer:
        write_state(model, writer)
        writer.write(_TRAINING, Packed(state).arrays(), "")


def load_training(model: Any, path: str) -> dict[str, Any]:
    """Read what `save_training` wrote, and return the state.

    Raises:
        DamagedFileError: if the file is damaged.
        ValueError: if the weights do not fit the model; nothing is changed then.
    """
    with open_weights(path) as reader:
        try:
            state = Packed.of_arrays(reader.read(_TRAINING)).value()
        except DamagedFileError:
            raise
        except ValueError as error:
            raise DamagedFileError(f"File {path!r} is damaged: {error}") from error
        unbuilt = [
            (p, o) for p, o in state_tree(model) if isinstance(o, BaseOptimizer) and not o.built
        ]
        read_state(model, reader, objects_to_skip=[o for _, o in unbuilt])
        for place, optimizer in unbuilt:
            optimizer.load_when_built(reader.read(place))
    return state


def open_weights(path: str) -> Any:
    """Open a file of weights for reading, by its ending."""
    if path.endswith(".json"):
        return ShardReader(path)
    reader = NpzReader if path.endswith(".npz") else H5Reader
    return reader(path, path, os.path.getsize(path))


def is_model_folder(path: str) -> bool:
    """Return whether a path is a folder with the contents of a `.keras` file."""
    return os.path.exists(os.path.join(path, _CONFIG))


class _Store(dict):
    """The arrays of one object, which go into the file before anything can change."""

    is_written_at_once = True


def write_state(root: Trackable, writer: Any) -> None:
    """Write what the objects of a tree hold.

    Args:
        root: model, layer or optimizer.
        writer: `H5Writer` or another of its kind.
    """
    for path, saved in state_tree(root):
        arrays = _Store()
        saved.save_own_variables(arrays)
        writer.write(path, arrays, str(getattr(saved, "name", "")))


def read_state(
    root: Trackable, reader: Any, skip_mismatch: bool = False, objects_to_skip: Any = None
) -> None:
    """Read what the objects of a tree hold. If something does not fit, nothing is changed.

    Args:
        root: model, layer or optimizer.
        reader: `H5Reader` or another of its kind.
        skip_mismatch: whether to warn about what does not fit, and to read the rest.
        objects_to_skip: objects that are left as they are.

    Raises:
        ValueError: if the file lacks variables or has them in other shapes.
    """
    skipped = {id(o) for o in objects_to_skip or ()}
    found = [(p, o, _read(reader, p, o)) for p, o in state_tree(root) if id(o) not in skipped]
    # Keras does not save the states of random seeds, so they may be missing.
    found = [(p, o, a) for p, o, a in found if len(a) or not isinstance(o, SeedGenerator)]
    failed = {
        id(saved): (saved, problem)
        for _, saved, arrays in found
        if saved.loads_as_usual() and (problem := saved.misfit(arrays.shapes()))
    }
    if failed and not skip_mismatch:
        raise ValueError(_failures(list(failed.values())))
    before = []
    try:
        for _, saved, arrays in found:
            if id(saved) in failed:
                continue
            if not saved.loads_as_usual():
                before += [(v, v.array) for v in saved.own_variables()]
            try:
                saved.load_own_variables(arrays)
            except DamagedFileError:
                raise
            except Exception as error:
                failed[id(saved)] = (saved, str(error))
                if not skip_mismatch:
                    raise ValueError(_failures([(saved, str(error))])) from error
    except BaseException:
        for v, array in before:
            v.assign(array)
        raise
    if failed:
        warn(_failures(list(failed.values())))


def _read(reader: Any, path: str, saved: Trackable) -> Any:
    """Return the arrays of an object, from where an older Keras put them if need be."""
    arrays = reader.read(path)
    for older in older_paths(path):
        if len(arrays):
            break
        arrays = reader.read(older)
    lacks_one = isinstance(saved, Optimizer) and len(arrays) == len(saved.own_variables()) - 1
    if lacks_one and all(str(i) in arrays for i in range(len(arrays))):
        return WithLearningRate(arrays, np.asarray(saved.learning_rate, "float32"))
    return arrays


def _failures(failed: list[tuple[Any, str]]) -> str:
    saved, problem = failed[0]
    return (
        f"A total of {len(failed)} objects could not be loaded. Example error message for object "
        f"{saved}:\n\n{problem}\n\nList of objects that could not be loaded:\n"
        f"{[saved for saved, _ in failed]}"
    )
