"""`late_names`: what is public in a package, and which of it is imported when it is asked for.

Checkers of types and editors read neither: for them `tests/stubs.py` writes an `__init__.pyi` beside
each `__init__.py` that calls `late_names`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any


def late_names(
    namespace: dict[str, Any], homes: Mapping[str, str] | None = None, modules: str = ""
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return `__getattr__`, `__dir__` and `__all__` for a package, which may load some names late.

    So a package can show much and import little. What was asked for once is a plain name of the
    package from then on. `import *` and `dir` show classes, functions and constants of minikeras,
    and the modules that are meant for users. They do not show the package's other files, nor what it
    imports for itself from elsewhere.

    Args:
        namespace: `globals()` of the package's `__init__`, once all else in it is defined.
        homes: dict from names to the modules that define them, from the package on if they begin
            with a dot. A module whose last part is the name stands for itself.
        modules: names of public modules that are imported already, in one string.

    Example:

    >>> package = {"__name__": "shapes", "SIDES": 4, "Any": Any}
    >>> found, names, everything = late_names(package, {"Fraction": "fractions", "json": "json"})
    >>> everything
    ['SIDES', 'Fraction', 'json']
    >>> found("Fraction")(2, 4)
    Fraction(1, 2)
    >>> sorted(set(package) - {"__name__", "SIDES", "Any"})
    ['Fraction']
    >>> found("json").__name__
    'json'
    >>> found("volume")
    Traceback (most recent call last):
    ...
    AttributeError: module 'shapes' has no attribute 'volume'
    """
    homes = homes or {}
    public = [
        name
        for name, value in namespace.items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and _is_ours(value)
    ]
    everything = [*public, *modules.split(), *homes]

    def __getattr__(name: str) -> Any:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {namespace['__name__']!r} has no attribute {name!r}")
        module = importlib.import_module(home, namespace["__name__"])
        value = module if home.rpartition(".")[2] == name else getattr(module, name)
        namespace[name] = value
        return value

    def __dir__() -> list[str]:
        return [*[name for name in namespace if name.startswith("__")], *sorted(everything)]

    __getattr__.homes = {  # for the documentation, which reads files
        name: importlib.util.resolve_name(home, namespace["__name__"])
        for name, home in homes.items()
    }
    return __getattr__, __dir__, everything


def _is_ours(value: Any) -> bool:
    """Whether a class or function is of minikeras; numbers and strings are, with no module to tell."""
    return getattr(value, "__module__", "minikeras").partition(".")[0] == "minikeras"
