"""The part of TensorFlow that Keras's scripts touch.

Names are put into one table (`table.py`) by the files of the subjects: `elementwise.py`, `arrays.py`,
`linear_algebra.py`, `neural.py`, `images.py`, `random_numbers.py`, `signals.py`, `special_functions.py`,
`texts.py`, `lookup_tables.py`, `files.py`, `csv_files.py`, `control.py`, `modules.py`, `environment.py`,
and, of TensorFlow 1, `graphs.py` and `version1*.py`. What tensors have in TensorFlow and not here
(`tensors.py`) they are lent by the first `import tensorflow`.
"""

from minikeras.compat.extensions import Extension
from minikeras.compat.keras2 import TF_TREE as KERAS_2
from minikeras.compat.namespaces import Contents, Tree
from minikeras.compat.tensorflow import (
    arrays,
    control,
    csv_files,
    dtypes,
    elementwise,
    environment,
    files,
    graphs,
    images,
    linear_algebra,
    lookup_tables,
    modules,
    neural,
    random_numbers,
    signals,
    special_functions,
    tensors,
    texts,
    version1,
    version1_layers,
    version1_training,
)
from minikeras.compat.tensorflow.table import TABLE

_BESIDE = {
    "losses": ["minikeras.losses"],
    "metrics": ["minikeras.metrics"],
    "optimizers": ["minikeras.optimizers"],
    "initializers": ["minikeras.initializers"],
    "activations": ["minikeras.activations"],
}
"""Modules of TensorFlow 2 that are those of Keras; names that Keras 3 lacks are as in Keras 2."""

_KERAS = ("keras", "compat.v1.keras", "compat.v2.keras", "_api.v2.keras", "python.keras")
"""Where the import hook puts Keras itself."""


def _modules() -> dict[str, Contents]:
    table = {path: dict(entries) for path, entries in TABLE.items()}
    table[""] = {**dtypes.NAMES, **table[""]}
    table["dtypes"] = {**dtypes.NAMES, **table["dtypes"]}
    table["compat.v1"] = {**table[""], **table["compat.v1"]}
    for path in list(table):  # `tf.compat.v1.math` and the like are those of `tf`, if nothing else
        if path and not path.startswith("compat"):
            own = table.setdefault(f"compat.v1.{path}", {})
            table[f"compat.v1.{path}"] = {**table[path], **own}
    for path in [*_BESIDE, *_KERAS]:
        table.setdefault(path, {})
    for path in list(table):  # `a.b.c` is found by way of `a.b`
        while "." in path:
            path = path.rpartition(".")[0]
            table.setdefault(path, {})
    table["compat.v2"] = {}
    found = {path: Contents(entries, _BESIDE.get(path, ())) for path, entries in table.items()}
    for path in _BESIDE:
        found[path] = found[path].with_older(KERAS_2.contents(path))
    for path in found:  # a module goes before a message that it is gone
        above, _, name = path.rpartition(".")
        if above in found and name in found[above].names:
            del found[above].names[name]
    return found


class _Start(Extension):
    """What scripts of TensorFlow 1 call optimizers with; graphs begin anew with it."""

    def apply(self) -> None:
        """Lend the methods, and forget the graphs of the last script."""
        graphs.forget()
        super().apply()


EXTENSIONS = (
    _Start(
        "minikeras.optimizers:Optimizer",
        {"minimize": graphs.minimize, "compute_gradients": graphs.compute_gradients},
    ),
    *tensors.EXTENSIONS,
    *graphs.EXTENSIONS,
    *neural.EXTENSIONS,
)

_MODULES = _modules()
_MOVED = {
    f"compat.v2.{path}".rstrip("."): path for path in _MODULES if not path.startswith("compat")
}

TREE = Tree("TensorFlow", _MODULES, _MOVED, extensions=EXTENSIONS)
