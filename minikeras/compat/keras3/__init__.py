"""Keras 3: minikeras itself, under Keras's name."""

from __future__ import annotations

import importlib.util
import types

import minikeras
from minikeras.compat.namespaces import Contents, Tree
from minikeras.version import KERAS_VERSION

_BEYOND = frozenset({"data"})
"""Modules that Keras has not got."""


def _modules() -> dict[str, Contents]:
    """Find the public modules of minikeras."""
    names = {"__version__": KERAS_VERSION, "version": lambda: KERAS_VERSION}
    found = {"": Contents(names, beside=["minikeras"], without=_BEYOND, doc=minikeras.__doc__)}
    todo = [("", minikeras)]
    late = []
    while todo:
        path, module = todo.pop()
        late.append((path, module))
        for name, value in sorted(vars(module).items()):  # what is there without importing more
            if isinstance(value, types.ModuleType) and value.__name__.startswith("minikeras."):
                inner = f"{path}.{name}" if path else name
                known = inner in found or inner in _BEYOND
                if not name.startswith("_") and not known and inner.count(".") < 3:
                    found[inner] = Contents(beside=[value.__name__], doc=value.__doc__ or "")
                    todo.append((inner, value))
    for path, module in late:  # and what is imported when it is asked for
        for name, home in sorted(getattr(module, "_LATE", {}).items()):
            inner = f"{path}.{name}" if path else name
            if home.rpartition(".")[2] != name or name in _BEYOND or inner in found:
                continue
            found[inner] = Contents(beside=[home])
            if importlib.util.find_spec(home).submodule_search_locations is not None:
                late.append((inner, importlib.import_module(home)))
    legacy = Contents(beside=["minikeras.compat.keras3.legacy"])
    return found | {"utils.legacy": legacy, "legacy": Contents(), "legacy.saving": legacy}


_MODULES = _modules()

# Libraries beside Keras look behind its public names, where most things have the same places.
TREE = Tree("Keras 3", _MODULES, moved={f"src.{path}".rstrip("."): path for path in _MODULES})
