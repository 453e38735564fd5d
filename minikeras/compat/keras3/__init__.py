"""Keras 3: minikeras itself, under Keras's name."""

from __future__ import annotations

import types

import minikeras
from minikeras.compat.namespaces import Contents, Tree


def _modules() -> dict[str, Contents]:
    """Find the public modules of minikeras."""
    found = {"": Contents(beside=["minikeras"], doc=minikeras.__doc__)}
    todo = [("", minikeras)]
    while todo:
        path, module = todo.pop()
        for name, value in sorted(vars(module).items()):  # what is there without importing more
            if isinstance(value, types.ModuleType) and value.__name__.startswith("minikeras."):
                inner = f"{path}.{name}" if path else name
                if not name.startswith("_") and inner not in found and inner.count(".") < 3:
                    found[inner] = Contents(beside=[value.__name__], doc=value.__doc__ or "")
                    todo.append((inner, value))
    for name, home in minikeras._LATE.items():  # packages that are imported when they are asked for
        if home == f"minikeras.{name}" and name != "data":  # which Keras has not got
            found.setdefault(name, Contents(beside=[home]))
    return found


TREE = Tree("Keras 3", _modules())
