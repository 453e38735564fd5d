"""`late_names`: public names of a package that are imported when they are asked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any


def late_names(
    namespace: dict[str, Any], homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return `__getattr__`, `__dir__` and `__all__` for a package that loads some names late.

    So a package can show much and import little. What was asked for once is a plain name of the
    package from then on. `import *` brings all names; it does not bring modules.

    Args:
        namespace: `globals()` of the package's `__init__`, once all else in it is defined.
        homes: dict from names to the modules that define them, from the package on if they begin
            with a dot. A module whose last part is the name stands for itself.

    Example:

    >>> package = {"__name__": "shapes", "area": len}
    >>> found, names, everything = late_names(package, {"Fraction": "fractions", "json": "json"})
    >>> everything
    ['area', 'Fraction', 'json']
    >>> found("Fraction")(2, 4)
    Fraction(1, 2)
    >>> sorted(set(package) - {"__name__", "area"})
    ['Fraction']
    >>> found("json").__name__
    'json'
    >>> found("volume")
    Traceback (most recent call last):
    ...
    AttributeError: module 'shapes' has no attribute 'volume'
    """
    public = [
        name
        for name, value in namespace.items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and name != "annotations"
    ]

    def __getattr__(name: str) -> Any:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {namespace['__name__']!r} has no attribute {name!r}")
        module = importlib.import_module(home, namespace["__name__"])
        value = module if home.rpartition(".")[2] == name else getattr(module, name)
        namespace[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*namespace, *homes})

    __getattr__.homes = {  # for the documentation, which reads files
        name: importlib.util.resolve_name(home, namespace["__name__"])
        for name, home in homes.items()
    }
    return __getattr__, __dir__, [*public, *homes]
