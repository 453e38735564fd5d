"""Keras 3: minikeras itself, under Keras's name."""

from __future__ import annotations

import importlib
import types
from collections.abc import Iterator

import minikeras
from minikeras.compat.namespaces import Contents, Tree

_BEYOND = frozenset({"data"})
"""Modules that Keras has not got."""


def _modules_of(module: types.ModuleType) -> Iterator[tuple[str, types.ModuleType]]:
    """Yield the modules of minikeras that a module shows, those that it imports late among them."""
    for name, value in sorted(vars(module).items()):  # what is there without importing more
        if isinstance(value, types.ModuleType) and value.__name__.startswith("minikeras."):
            yield name, value
    for name, home in sorted(getattr(module, "_LATE", {}).items()):
        if home.rpartition(".")[2] == name and name not in _BEYOND:
            yield name, importlib.import_module(home, module.__name__)


def _modules() -> dict[str, Contents]:
    """Find the public modules of minikeras."""
    found = {"": Contents(beside=["minikeras"], doc=minikeras.__doc__)}
    todo: list[tuple[str, types.ModuleType]] = [("", minikeras)]
    while todo:
        path, module = todo.pop()
        for name, value in _modules_of(module):
            inner = f"{path}.{name}" if path else name
            if not name.startswith("_") and inner not in found and inner.count(".") < 3:
                found[inner] = Contents(beside=[value.__name__], doc=value.__doc__ or "")
                todo.append((inner, value))
    return found


TREE = Tree("Keras 3", _modules())
