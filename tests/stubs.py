"""Write `__init__.pyi` beside each `__init__.py` whose names are loaded late: `python tests/stubs.py`.

Checkers of types and editors read a program without running it, so they do not see what `late_names`
loads, what `@op` collects in `__all__`, nor signatures that a class takes from a function. The stubs say
it: a line for each public name, and the signature where none is written in the class. `tests/test_stubs.py`
compares.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import types
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HEAD = (
    '"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""\n'
)
NAME = "late_names(globals()"


def packages() -> list[str]:
    """Return the packages that have names from `late_names`."""
    files = sorted((ROOT / "minikeras").rglob("__init__.py"))
    found = [f for f in files if NAME in f.read_text()]
    return [".".join(f.parent.relative_to(ROOT).parts) for f in found]


def path_of(package: str) -> Path:
    """Return where the stub of a package is."""
    return ROOT.joinpath(*package.split("."), "__init__.pyi")


def stub(package: str) -> str:
    """Return the stub of a package."""
    module = importlib.import_module(package)
    lines, written, aliases = [], [], []
    imports: dict[str, Any] = {"Any": ("typing", Any)}
    for name in sorted(module.__all__):
        try:
            value = getattr(module, name)
        except ImportError:  # of a library that is not installed
            value = None
        home, there = _home(package, module, name, value)
        if isinstance(value, types.ModuleType):
            lines.append(f"from {home} import {name} as {name}")
        elif home == package:  # a function of the file itself
            written += _written(name, value, imports)
        elif _signature_is_made(value):
            first = getattr(value, "__name__", name)
            if first != name and getattr(module, first, None) is value:
                aliases.append(f"{name} = {first}")
                continue
            if inspect.isclass(value):
                lines.append(f"from {home} import {there} as _{name}")
            written += _written(name, value, imports)
        else:
            lines.append(f"from {home} import {there} as {name}")
    if package == "minikeras":
        lines.append("from minikeras.version import __version__ as __version__")
    if written:
        for name, (_, value) in imports.items():
            assert getattr(module, name, value) is value, f"{package}: {name} is public, too"
        lines += [f"from {home} import {name}" for name, (home, _) in imports.items()]
    listed = "".join(f'    "{name}",\n' for name in module.__all__)
    text = "\n".join([*sorted(lines), "", *written, *aliases, ""])
    return f"{HEAD}\n{text.rstrip()}\n\n__all__ = [\n{listed}]\n"


def _home(package: str, module: types.ModuleType, name: str, value: Any) -> tuple[str, str]:
    """Return the module that defines what a name of a package stands for, and its name there."""
    if isinstance(value, types.ModuleType):
        return value.__name__.rpartition(".")[0], name
    for home in (getattr(value, "__module__", None), module.__getattr__.homes.get(name)):
        if home is not None:
            there = vars(importlib.import_module(home)) if value is not None else {name: value}
            for known in (getattr(value, "__name__", name), name):
                if known in there and there[known] is value:
                    return home, known
    source = path_of(package).with_suffix(".py").read_text()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if name in (alias.name, alias.asname):
                    return node.module, alias.name
    raise LookupError(f"{package}: where is {name} defined?")


def _signature_is_made(value: Any) -> bool:
    """Whether who only reads the code does not find the signature."""
    made = value.__init__ if inspect.isclass(value) else value
    while made is not None:
        if "__signature__" in getattr(made, "__dict__", {}):
            return True
        made = getattr(made, "__wrapped__", None)
    if not inspect.isclass(value) or not inspect.isfunction(value.__init__):
        return False
    init = inspect.unwrap(value.__init__)
    authors = [inspect.unwrap(base.__init__) for base in value.__mro__ if "__init__" in vars(base)]
    [*_, author] = [a for a in authors if getattr(a, "__code__", None) is init.__code__]
    return (init.__defaults__, init.__kwdefaults__ or {}) != (
        author.__defaults__,
        author.__kwdefaults__ or {},
    )


def _written(name: str, value: Any, imports: dict[str, Any]) -> list[str]:
    """Return a class or function with its signature."""
    of_class = inspect.isclass(value)
    function = value.__init__ if of_class else value
    parameters = list(inspect.signature(function).parameters.values())
    sources = [getattr(f, "__wrapped__", f) for f in _sources(function)]
    parts = []
    for p in parameters:
        text = {p.VAR_KEYWORD: "**", p.VAR_POSITIONAL: "*"}.get(p.kind, "") + p.name
        if p.annotation is not p.empty:
            text += f": {_annotation(p.annotation, sources, imports)}"
        if p.default is not p.empty:
            text += f" = {p.default!r}" if _plain(p.default) else " = ..."
        if p.kind is p.KEYWORD_ONLY and not any(x.startswith("*") for x in parts):
            parts.append("*")
        parts.append(text)
    if of_class:
        listed = "".join(f"        {part},\n" for part in parts)
        return [f"class {name}(_{name}):", f"    def __init__(\n{listed}    ) -> None: ...", ""]
    listed = "".join(f"    {part},\n" for part in parts)
    result = _annotation(inspect.signature(function).return_annotation, sources, imports)
    return [f"def {name}(\n{listed}) -> {result}: ...", ""]


def _sources(function: Any) -> list[Any]:
    """Return the functions whose parameters these are."""
    found = []
    while function is not None:
        found += [function, *getattr(function, "written_in", ())]
        function = getattr(function, "__wrapped__", None)
    return found


def _plain(value: Any) -> bool:
    try:
        return ast.literal_eval(repr(value)) == value
    except (ValueError, SyntaxError):
        return False


def _annotation(text: Any, sources: list[Any], imports: dict[str, Any]) -> str:
    """Return an annotation, and import what it names from where it is written."""
    if isinstance(text, types.UnionType):
        return " | ".join([_annotation(part, sources, imports) for part in text.__args__])
    if text is types.NoneType or text is Any:
        return "None" if text is not Any else "Any"
    if isinstance(text, type):
        if text.__module__ != "builtins":
            imports[text.__name__] = (text.__module__, text)
        return text.__name__
    if not isinstance(text, str):
        return "Any"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name) and node.id not in dir(builtins) and node.id != "Any":
            homes = [f.__globals__ for f in sources if node.id in getattr(f, "__globals__", {})]
            if not homes:
                return "Any"
            home, found = homes[0]["__name__"], homes[0][node.id]
            known = imports.setdefault(node.id, (home, found))
            assert known[1] == found, f"two things are called {node.id}"
    return text


def main() -> None:
    """Write all stubs."""
    for package in packages():
        path_of(package).write_text(stub(package))


if __name__ == "__main__":
    main()
