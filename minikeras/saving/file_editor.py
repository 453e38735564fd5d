"""`KerasFileEditor`: looks into files of weights, compares them with models, and mends them."""

from __future__ import annotations

import contextlib
import os
from typing import Any

import numpy as np

from minikeras.autodiff.tracking import Trackable
from minikeras.common.arguments import ArgumentError
from minikeras.common.atomic_file import atomic_path
from minikeras.common.naming import nearest_names
from minikeras.saving.saving_lib import open_parts, open_weights
from minikeras.saving.state_tree import state_tree
from minikeras.saving.weight_files import H5Writer
from minikeras.utils.io_utils import print_msg


class KerasFileEditor:
    """Inspects, compares and changes the weights in a file.

    Objects are named by their path in the file, such as `"layers/dense_2"`, or by its last part
    where only one path ends so. What is changed is written by `save`, into another file.

    Args:
        filepath: `.keras` or `.weights.h5` file.

    Raises:
        ValueError: for a file of another ending, or one that is damaged.

    Example:

    >>> import os, tempfile
    >>> import minikeras as keras
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    >>> path = os.path.join(tempfile.mkdtemp(), "model.weights.h5")
    >>> model.save_weights(path)
    >>> editor = keras.saving.KerasFileEditor(path)
    Keras model file '...model.weights.h5'
    >>> editor.rename_object("layers/dense", "first")
    >>> editor.summary()
    Weights structure
      > layers
          └─ first
              ├─ 0: shape=(3, 2), dtype=float32
              └─ 1: shape=(2,), dtype=float32
    """

    def __init__(self, filepath: Any) -> None:
        self.filepath = os.fspath(filepath)
        self.metadata: dict | None = None
        self.config: dict | None = None
        if not self.filepath.endswith((".keras", ".weights.h5")):
            raise ValueError(
                "Invalid filename: expected a `.keras` or `.weights.h5` extension. "
                f"Received: filepath={filepath}"
            )
        print_msg(f"Keras model file '{self.filepath}'")
        with contextlib.ExitStack() as stack:
            if self.filepath.endswith(".keras"):
                parts = stack.enter_context(open_parts(self.filepath))
                self.config = parts.json("config.json")
                self.metadata = parts.json("metadata.json")
                print_msg(
                    f"Saved with Keras {self.metadata.get('keras_version')} - "
                    f"date: {self.metadata.get('date_saved')}"
                )
                reader = stack.enter_context(parts.weights("model.weights.h5"))
            else:
                reader = stack.enter_context(open_weights(self.filepath))
            self._objects = {path: dict(reader.read(path)) for path in reader.paths()}
            self._names = {path: reader.name_of(path) for path in self._objects}

    @property
    def weights_dict(self) -> dict:
        """The arrays in nested dicts: by the parts of the objects' paths, then by their keys."""
        nested: dict = {}
        for path, arrays in self._objects.items():
            if not arrays:
                continue
            place = nested
            for part in path.split("/") if path else ():
                place = place.setdefault(part, {})
            place.update(arrays)
        return nested

    # Looking.

    def summary(self) -> None:
        """Print the objects in the file, with the shapes and dtypes of their arrays."""
        print_msg("Weights structure")
        _print_tree(self.weights_dict, "  ", top=True)

    def compare(self, reference_model: Any) -> dict:
        """Print how the file differs from a model, and return a count.

        Args:
            reference_model: a model that is built.

        Returns:
            Dict with `"status"`, `"success"` or `"error"`, `"error_count"` and `"match_count"`.
        """
        if not isinstance(reference_model, Trackable):
            raise ArgumentError("compare", "reference_model", "a model", reference_model)
        print_msg("Running comparison")
        wanted = {}
        for path, saved in state_tree(reference_model):
            arrays: dict[str, Any] = {}
            saved.save_own_variables(arrays)
            if arrays and "seed_generator" not in path:
                wanted[path] = {key: np.shape(value) for key, value in arrays.items()}
        here = {
            path: {key: np.shape(value) for key, value in arrays.items()}
            for path, arrays in self._objects.items()
            if arrays and "seed_generator" not in path
        }
        errors = matches = 0
        for path in dict.fromkeys([*wanted, *here]):
            if path not in here or path not in wanted:
                ours, other = "reference model", "saved file"
                present, missing = (ours, other) if path in wanted else (other, ours)
                print_msg(f"...Object /{path} present in {present}, missing from {missing}")
                keys = sorted(wanted.get(path) or here[path])
                print_msg(f"    In {present}, /{path} contains the following keys: {keys}")
                errors += 1
                continue
            for key in dict.fromkeys([*wanted[path], *here[path]]):
                a, b = wanted[path].get(key), here[path].get(key)
                if a == b:
                    matches += 1
                    continue
                errors += 1
                if a is None or b is None:
                    present, missing = "reference model", "saved file"
                    if a is None:
                        present, missing = missing, present
                    print_msg(
                        f"...Weight /{path}/{key} present in {present}, missing from {missing}"
                    )
                else:
                    print_msg(f"...Weight shape mismatch for /{path}/{key}")
                    print_msg(f"    In reference model: shape={a}\n    In saved file: shape={b}")
        print_msg("─────────────────────")
        if errors:
            print_msg(
                f"Found {errors} errors: saved file is not compatible with the reference model"
            )
        else:
            print_msg("Comparison successful: saved file is compatible with the reference model")
            print_msg(f"    Found {matches} matching weights")
        status = "error" if errors else "success"
        return {"status": status, "error_count": errors, "match_count": matches}

    # Changing.

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Give an object, with all that is in it, another name.

        Args:
            object_name: its name or path.
            new_name: the new last part of its path, or the whole new path.

        Raises:
            ValueError: if there is no such object, several, or already one of the new name.
        """
        old = self._find(object_name)
        new = new_name.strip("/")
        if "/" not in new:
            new = "/".join([*old.split("/")[:-1], new])
        if any(_is_in(path, new) for path in self._objects):
            raise ValueError(f"Name '{new}' already exists in the file. Delete that object first.")
        self._objects, self._names = (
            {new + p[len(old) :] if _is_in(p, old) else p: v for p, v in table.items()}
            for table in (self._objects, self._names)
        )

    def delete_object(self, object_name: str) -> None:
        """Remove an object with all that is in it."""
        old = self._find(object_name)
        self._objects = {p: a for p, a in self._objects.items() if not _is_in(p, old)}

    def add_object(self, object_path: str, weights: dict[str, Any]) -> None:
        """Add an object with its arrays.

        Args:
            object_path: its whole path.
            weights: dict from keys to arrays.

        Raises:
            ValueError: if there is one already, or `weights` is no dict.
        """
        path = object_path.strip("/")
        if any(_is_in(p, path) for p in self._objects):
            raise ValueError(
                f"Object '{path}' already exists in the file. Use `add_weights` to add to it."
            )
        self._objects[path] = _as_arrays("add_object", weights)

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Remove an array of an object."""
        arrays = self._objects[self._find(object_name)]
        if weight_name not in arrays:
            raise ValueError(
                f"Weight '{weight_name}' not found in object '{object_name}'. "
                f"Weights found: {list(arrays)}"
            )
        del arrays[weight_name]

    def add_weights(self, object_name: str, weights: dict[str, Any]) -> None:
        """Add arrays to an object, or put them in the place of those of the same keys."""
        self._objects[self._find(object_name)].update(_as_arrays("add_weights", weights))

    def save(self, filepath: Any) -> None:
        """Write the weights, as changed, into a `.weights.h5` file."""
        path = os.fspath(filepath)
        if not path.endswith(".weights.h5"):
            raise ValueError(f"The filename must end in `.weights.h5`. Received: {filepath}")
        with atomic_path(path) as temporary, H5Writer(temporary) as writer:
            for place, arrays in self._objects.items():
                writer.write(place, arrays, self._names.get(place, ""))

    def resave_weights(self, filepath: Any) -> None:
        """Write the weights into a `.weights.h5` file; the same as `save`."""
        self.save(filepath)

    def _find(self, name: str) -> str:
        """Return the path of an object of a name."""
        name = name.strip("/")
        places = {
            "/".join(path.split("/")[: i + 1])
            for path in self._objects
            for i in range(path.count("/") + 1)
        }
        found = [p for p in places if p == name] or [p for p in places if p.endswith(f"/{name}")]
        if len(found) > 1:
            raise ValueError(
                f"Name '{name}' occurs more than once in the model; try passing a complete path: "
                f"{sorted(found)}"
            )
        if not found:
            raise ValueError(
                f"Source name '{name}' does not appear in the model. Did you mean "
                f"{nearest_names(name, places)}? `summary()` lists all objects."
            )
        return found[0]


def _is_in(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place}/")


def _as_arrays(method: str, weights: Any) -> dict[str, np.ndarray]:
    if not isinstance(weights, dict):
        raise ValueError(
            f"KerasFileEditor.{method}: argument `weights` must be a dict from keys to arrays. "
            f"Received: {weights!r}"
        )
    return {str(key): np.asarray(value) for key, value in weights.items()}


def _print_tree(nested: dict, indent: str, top: bool = False) -> None:
    for i, (key, value) in enumerate(nested.items()):
        last = i == len(nested) - 1
        mark = "> " if top and i == 0 else "└─ " if last else "├─ "
        if isinstance(value, dict):
            print_msg(f"{indent}{mark}{key}")
            _print_tree(value, indent + ("    " if last else "│   "))
        else:
            print_msg(f"{indent}{mark}{key}: shape={value.shape}, dtype={value.dtype}")
