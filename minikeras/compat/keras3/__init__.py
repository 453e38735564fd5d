"""Keras 3: minikeras itself, under Keras's name."""

from __future__ import annotations

import importlib
import types
from collections.abc import Iterator

import minikeras
from minikeras.compat.namespaces import Contents, Tree

_BEYOND = frozenset({"data"})
"""Modules that Keras has not got."""


def _late_modules(module: types.ModuleType) -> Iterator[tuple[str, str]]:
    """Yield the modules that a package imports when they are asked for: name and place."""
    for name, home in sorted(getattr(module, "_LATE", {}).items()):
        if home.rpartition(".")[2] == name and name not in _BEYOND:
            yield name, home


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
    for package, home in _late_modules(minikeras):
        module = importlib.import_module(home)
        found[package] = Contents(beside=[home], doc=module.__doc__ or "")
        for name, inner in _late_modules(module):
            found[f"{package}.{name}"] = Contents(beside=[inner])
    return found


TREE = Tree("Keras 3", _modules())
