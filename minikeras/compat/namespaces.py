"""The modules that scripts import: names of a table, and beside them those of a module of today."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

from minikeras.common.naming import nearest_names
from minikeras.compat.adapters import Gone, Lazy, NotAvailable
from minikeras.compat.extensions import Extension

Names = Mapping[str, Any]


class Contents:
    """What one module holds, under whatever names it is imported.

    Args:
        names: objects by name; a `Lazy` is imported when it is asked for. None is an object like others.
        beside: modules of today, `"minikeras.layers"`, whose public names it has as well.
        without: names of theirs that it does not have.
        wrap: what is done with an object of `beside`, given its name and itself.
        otherwise: objects by name that count where `beside` has none of that name.
        doc: what it is.
    """

    def __init__(
        self,
        names: Names | None = None,
        beside: Iterable[str] = (),
        *,
        without: Iterable[str] = (),
        wrap: Callable[[str, Any], Any] | None = None,
        otherwise: Names | None = None,
        doc: str = "",
    ) -> None:
        self.names = dict(names or {})
        self.beside = tuple(beside)
        self.without = frozenset(without)
        self.wrap = wrap
        self.otherwise = dict(otherwise or {})
        self.doc = doc

    def find(self, name: str) -> Any:
        """Return the object of a name, None if there is none."""
        value = self.names.get(name)
        if value is None and name not in self.without and not name.startswith("__"):
            for place in self.beside:
                value = getattr(importlib.import_module(place), name, None)
                if isinstance(value, ModuleType):  # has contents of its own, or is no part of it
                    value = None
                if value is not None:
                    value = value if self.wrap is None else self.wrap(name, value)
                    break
            else:
                value = self.otherwise.get(name)
        if isinstance(value, Lazy):
            value = value.get()
        if value is not None:
            self.names[name] = value
        return value

    def with_older(self, older: Contents) -> Contents:
        """Return contents that have the names of others, too, where these have none."""
        return _Both(self, older)

    def public_names(self) -> list[str]:
        """Return all names, those that lead nowhere left out."""
        found = {name for name, value in self.names.items() if not isinstance(value, Gone)}
        for place in self.beside:
            module = importlib.import_module(place)
            for name in getattr(module, "__all__", None) or dir(module):
                if not isinstance(vars(module).get(name), ModuleType):
                    found.add(name)
        return sorted(n for n in found - self.without if not n.startswith("_"))


class _Both(Contents):
    """Contents, and older ones for names that they do not have."""

    def __init__(self, today: Contents, older: Contents) -> None:
        super().__init__({**older.names, **today.names}, doc=today.doc)
        self._pair = (today, older)

    def find(self, name: str) -> Any:
        """Return the object of a name, None if there is none."""
        return next((v for v in (c.find(name) for c in self._pair) if v is not None), None)

    def public_names(self) -> list[str]:
        """Return all names, those that lead nowhere left out."""
        return sorted({*self._pair[0].public_names(), *self._pair[1].public_names()})


class Tree:
    """The modules of a library, as scripts of one period know it.

    Args:
        library: its name in messages: `"Keras 2"`.
        modules: contents by dotted path below the library, `""` for itself.
        moved: old paths, and the path that has what they had.
        extensions: what classes of today can do in addition once a script has imported the library.
    """

    def __init__(
        self,
        library: str,
        modules: Mapping[str, Contents],
        moved: Mapping[str, str] | None = None,
        extensions: Iterable[Extension] = (),
    ) -> None:
        self.library = library
        self.modules = dict(modules)
        self.moved = dict(moved or {})
        self.extensions = tuple(extensions)

    def with_older(self, older: Tree) -> Tree:
        """Return a tree that has the modules and names of another, too, where this has none."""
        both = {
            path: self.modules[path].with_older(other) if path in self.modules else other
            for path, other in older.modules.items()
        }
        moved = {p: q for p, q in older.moved.items() if p not in self.modules}
        return Tree(
            self.library,
            {**self.modules, **both},
            {**moved, **self.moved},
            extensions=self.extensions,
        )

    def contents(self, path: str) -> Contents | None:
        """Return what a module holds, None if there is no such module."""
        return self.modules.get(self.moved.get(path, path))

    def submodules(self, path: str) -> list[str]:
        """Return the names of the modules below one."""
        start = f"{path}." if path else ""
        known = [*self.modules, *self.moved]
        return sorted(
            {p[len(start) :].split(".")[0] for p in known if p.startswith(start) and p != path}
        )


class Namespace(ModuleType):
    """A module that scripts import.

    Args:
        name: the name that it is imported by.
        tree: the library that it belongs to.
        path: its place in that.
    """

    def __init__(self, name: str, tree: Tree, path: str) -> None:
        contents = tree.contents(path)
        super().__init__(
            name, contents.doc or f"{tree.library}: {path or 'all of it'}, on minikeras."
        )
        self.__dict__["_tree"], self.__dict__["_path"] = tree, path
        self.__dict__["_contents"] = contents
        self.__dict__["__path__"] = []

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":  # as `from keras import *` gives the modules, too
            return self._contents.public_names() if self._path else dir(self)
        value = self._contents.find(name)
        if isinstance(value, Gone):
            value()
        if value is None and name in self._tree.submodules(self._path):
            return importlib.import_module(f"{self.__name__}.{name}")
        if value is None and name not in self._contents.names:
            if name.startswith("__"):
                raise AttributeError(name)
            raise NotAvailable(missing(self, name))
        self.__dict__[name] = value
        return value

    def __dir__(self) -> list[str]:
        return sorted({*self._contents.public_names(), *self._tree.submodules(self._path)})


def missing(module: Namespace, name: str) -> str:
    """Return the message for a name that a module does not have."""
    gone = module._contents.names.get(name)
    if isinstance(gone, Gone):
        return gone.message
    near = nearest_names(name, dir(module), n=3)
    hint = f" Near it: {', '.join(near)}." if near else ""
    return (
        f"minikeras has no `{module.__name__}.{name}`.{hint} Whatever is not in "
        f"`dir({module.__name__})` is not supported in scripts of {module._tree.library}."
    )
