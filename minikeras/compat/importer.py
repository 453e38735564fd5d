"""The import hook: while it is active, `import keras` and `import tensorflow` find minikeras."""

from __future__ import annotations

import copyreg
import functools
import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from minikeras.compat.extensions import lend, take_back
from minikeras.compat.namespaces import Namespace, Tree, missing
from minikeras.compat.other_backends import Absent, AbsentFinder
from minikeras.random.seed_generator import seed_defaults

KERAS_NAMES = ("keras", "tf_keras", "keras_core")
PREPROCESSING = "keras_preprocessing"
"""`keras.preprocessing` of Keras 2 as a package of its own."""
_PERIODS = {
    1: "minikeras.compat.keras1",
    2: "minikeras.compat.keras2",
    3: "minikeras.compat.keras3",
}


@functools.cache
def keras_tree(dialect: int, of_tensorflow: bool = False) -> Tree:
    """Return Keras's modules as a period knew them; `tf.keras` may have been another than `keras`.

    In a script that shows no sign of an older one, `tf.keras` is today's, with the names that it had
    before where today's has none: tutorials of TensorFlow 2 differ from today's in such names alone.
    """
    period = importlib.import_module(_PERIODS[dialect])
    if dialect == 3 and of_tensorflow:
        return period.TREE.with_older(keras_tree(2, True))
    return getattr(period, "TF_TREE", period.TREE) if of_tensorflow else period.TREE


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds Keras and TensorFlow in the tables of `compat`.

    Args:
        dialect: the period of Keras: 1, 2 or 3.
        late: whether `keras` is what `tf.keras` was, as from 2.3 on.
    """

    def __init__(self, dialect: int, late: bool = False) -> None:
        self.dialect = dialect
        self.late = late

    def _place(self, fullname: str) -> tuple[Tree, str] | None:
        """Return the tree that a module belongs to, and its path there."""
        root, _, path = fullname.partition(".")
        if root in KERAS_NAMES:
            late = self.late and self.dialect < 3
            return keras_tree(self.dialect, late or root == "tf_keras"), path
        if root == "tensorflow":
            for start in (
                "keras",
                "python.keras",
                "_api.v2.keras",
                "compat.v1.keras",
                "compat.v2.keras",
            ):
                if path == start or path.startswith(start + "."):
                    return keras_tree(self.dialect, True), path[len(start) + 1 :]
            if path.partition(".")[0] in ("optimizers", "metrics"):  # those of Keras as a whole
                return keras_tree(self.dialect, True), path
            return importlib.import_module("minikeras.compat.tensorflow").TREE, path
        if root == "cntk":
            return importlib.import_module("minikeras.compat.cntk").TREE, path
        if root == PREPROCESSING:
            return keras_tree(min(self.dialect, 2)), f"preprocessing.{path}".rstrip(".")
        return None

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of a module of Keras or TensorFlow, None for any other."""
        place = self._place(fullname)
        if place is None:
            return None
        tree, inner = place
        if tree.contents(inner) is None:
            above, _, name = fullname.rpartition(".")
            raise ImportError(missing(importlib.import_module(above), name), name=fullname)
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> Namespace:
        """Make the module."""
        tree, inner = self._place(spec.name)
        lend(tree.extensions)
        return Namespace(spec.name, tree, inner)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: names are looked up when they are asked for."""


def is_ours(name: str) -> bool:
    """Whether a module's name is one that the hook answers for."""
    return name.partition(".")[0] in (*KERAS_NAMES, PREPROCESSING, "tensorflow", "cntk")


def install_as_keras(dialect: int = 3, *, late: bool = False) -> None:
    """Let `import keras` and `import tensorflow` mean minikeras from here on, in this process.

    For notebooks and tests; a whole script is run by `python -m minikeras script.py`. `uninstall` ends it.

    Args:
        dialect: which Keras the code is written for: 1, 2 (tf.keras too) or 3.
        late: of 2, whether it is Keras 2.3 or later: `keras` then has the defaults and names of tf.keras.

    Raises:
        ValueError: if there is no such dialect.
        RuntimeError: if Keras or TensorFlow itself has been imported already.

    Example:

    >>> import minikeras
    >>> from minikeras.compat import install_as_keras, uninstall
    >>> install_as_keras(dialect=2)
    >>> from keras.layers import Dense
    >>> uninstall()
    """
    if dialect not in _PERIODS:
        raise ValueError(f"install_as_keras: `dialect` must be 1, 2 or 3. Received: {dialect!r}")
    foreign = [n for n, m in sys.modules.items() if is_ours(n) and not isinstance(m, Namespace)]
    if foreign:
        raise RuntimeError(
            f"install_as_keras: {foreign[0]!r} itself has been imported already. Call install_as_keras "
            "first thing, before anything that imports Keras or TensorFlow."
        )
    uninstall()
    sys.meta_path.insert(0, Finder(dialect, late))
    sys.meta_path.append(AbsentFinder())


def uninstall() -> None:
    """End what `install_as_keras` began; modules that were imported meanwhile stay with who has them."""
    sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, (Finder, AbsentFinder))]
    for name in [n for n, m in sys.modules.items() if isinstance(m, (Namespace, Absent))]:
        del sys.modules[name]
    take_back()
    seed_defaults(None)


def imported_here() -> tuple[int | None, list[str]]:
    """Return what a worker process needs to be like this one; see `import_as_there`."""
    names = ("keras", "tensorflow.keras", "tf_keras")
    return active_dialect(), [name for name in names if name in sys.modules]


def import_as_there(dialect: int | None, names: Sequence[str]) -> ModuleType | None:
    """Import modules in a worker process as they were imported where its work comes from.

    Args:
        dialect: the one that is installed there; it is here too from now on, unless one is already.
        names: the modules.

    Returns:
        The last one, None if there are none.
    """
    if dialect is None:
        return None
    if active_dialect() is None:
        install_as_keras(dialect)
    modules = [importlib.import_module(name) for name in names]
    return modules[-1] if modules else None


# Functions of a script's go to worker processes together with the modules that they use.
copyreg.pickle(Namespace, lambda m: (import_as_there, (active_dialect(), [m.__name__])))


def active_dialect() -> int | None:
    """Return the dialect that is installed, None if none is."""
    found: Any = [f.dialect for f in sys.meta_path if isinstance(f, Finder)]
    return found[0] if found else None
