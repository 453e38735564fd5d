"""`.safetensors` files: weights by name, for other tools. The safetensors library does the work."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.autodiff.tracking import assign_values
from minikeras.autodiff.variable import Variable
from minikeras.common.atomic_file import atomic_path
from minikeras.common.extras import require
from minikeras.common.traceback_utils import warn
from minikeras.saving.once import written_once
from minikeras.saving.weight_files import DamagedFileError


@written_once
def save_weights(model: Any, path: str) -> None:
    """Write a model's weights, each under its path within the model, joined by dots.

    `model.layers[1].kernel` of a layer `dense` becomes `dense.kernel`.
    """
    library = require("safetensors.numpy", "io")
    arrays = {name: np.ascontiguousarray(v.numpy()) for name, v in _named(model).items()}
    with atomic_path(path) as temporary:
        library.save_file(arrays, temporary, metadata={"format": "np"})


def load_weights(model: Any, path: str, skip_mismatch: bool = False) -> None:
    """Read a model's weights by their names. If something does not fit, nothing is changed."""
    library = require("safetensors", "io")
    named = _named(model)
    problems: list[str] = []
    try:
        with library.safe_open(path, framework="numpy") as file:
            known = set(file.keys())
            for name, v in list(named.items()):
                shape = tuple(file.get_slice(name).get_shape()) if name in known else None
                if shape != tuple(v.shape):
                    problems.append(
                        f"'{name}' is missing"
                        if shape is None
                        else f"'{name}' has shape {shape}, expected {tuple(v.shape)}"
                    )
                    del named[name]
            if problems and not skip_mismatch:
                raise ValueError(
                    f"File {path!r} does not fit model '{model.name}': {'; '.join(problems)}. "
                    f"The file holds {sorted(known)}."
                )
            for name, v in named.items():
                assign_values([v], [file.get_tensor(name)])
    except library.SafetensorError as error:
        raise DamagedFileError(f"File {path!r} is damaged: {error}") from error
    if problems:
        warn(f"Not loaded from {path!r}: {'; '.join(problems)}.")


def _named(model: Any) -> dict[str, Variable]:
    """The weights by their names in a file."""
    named: dict[str, Variable] = {}
    for v in model.weights:
        name = v.path.removeprefix(f"{model.name}/").replace("/", ".")
        if name in named:
            raise ValueError(
                f"Two weights of model '{model.name}' are called '{name}', so they cannot be told "
                "apart in a .safetensors file. Give the layers names of their own."
            )
        named[name] = v
    return named
