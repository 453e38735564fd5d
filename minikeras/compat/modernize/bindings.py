"""What the names of a script stand for, then and today."""

from __future__ import annotations

import ast
from types import ModuleType
from typing import Any

from minikeras.compat.adapters import Adapted, Gone
from minikeras.compat.importer import KERAS_NAMES
from minikeras.compat.keras3 import TREE as TODAY
from minikeras.compat.modernize.tables import LEGACY
from minikeras.compat.namespaces import Tree


class Bindings:
    """What the names of a script stand for, as far as they come from Keras.

    Args:
        script: the parsed script.
        tree: Keras as the script knows it.
    """

    def __init__(self, script: ast.AST, tree: Tree) -> None:
        self.tree = tree
        self.modules: dict[str, str] = {}
        self.objects: dict[str, tuple[str, str]] = {}
        for node in ast.walk(script):
            if isinstance(node, ast.Import):
                for a in node.names:
                    path = keras_path(a.name)
                    if path is not None and (a.asname or not path):
                        self.modules[a.asname or a.name] = path
                    elif path is not None:  # `import keras.layers` binds `keras`
                        self.modules[a.name.split(".")[0]] = ""
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                path = keras_path(node.module)
                for a in node.names if path is not None else ():
                    inner = f"{path}.{a.name}" if path else a.name
                    if tree.contents(inner) is not None:
                        self.modules[a.asname or a.name] = inner
                    else:
                        self.objects[a.asname or a.name] = (path, a.name)

    def raw(self, path: str, name: str) -> Any:
        """Return what the tables hold for a name, unresolved; None if nothing."""
        contents = self.tree.contents(path)
        return None if contents is None else contents.names.get(name, contents.find(name))

    def today(self, path: str, name: str) -> tuple[str, str] | None:
        """Return module and name of Keras 3 for one of the script's, None if there is none."""
        value = self.raw(path, name)
        if isinstance(value, Adapted):
            module, _, name = value._place.place.partition(":")
            module = module.removeprefix("minikeras").lstrip(".")
            return self.public(module, name)
        if name in LEGACY.get(path, "").split():
            return f"src.legacy.{path}", name
        if value is None or isinstance(value, (Gone, ModuleType)):
            return None
        path = self.tree.moved.get(path, path)
        names = (name, getattr(value, "__name__", name))
        found = [self.public(path, n, value) for n in names]
        # What a dialect has in place of something of today that has the same name.
        of_then = str(getattr(value, "__module__", "")).startswith("minikeras.compat.")
        return found[0] or found[1] or (self.public(path, name) if of_then else None)

    def public(self, path: str, name: str, value: Any = None) -> tuple[str, str] | None:
        """Return where Keras 3 shows a name: the given module if it is there, or another that has it."""
        for place in (path, *(p for p in TODAY.modules if "." not in p)):
            contents = TODAY.contents(place)
            found = None if contents is None else contents.find(name)
            if found is not None and (value is None or found is value):
                return place, name
        return None


def keras_path(module: str) -> str | None:
    """Return a module's path below Keras, None if it is not Keras's."""
    for root in (*KERAS_NAMES, "tensorflow.keras", "tensorflow.python.keras"):
        if module == root or module.startswith(root + "."):
            return module[len(root) + 1 :]
    return None
