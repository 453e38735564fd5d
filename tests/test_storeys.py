"""Imports point down: the storeys of docs/architecture.md, and no circles."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "minikeras"

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


@functools.cache
def imports_of(module: str) -> set[str]:
    """Return the modules of the package that one imports, anywhere in it, functions included."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in MODULES else node.module)
    return (found & set(MODULES)) - {module}


def storeys() -> dict[str, int]:
    """Read which package stands on which storey from docs/architecture.md, the highest being 0."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    drawing = re.search(r"```\nminikeras/\n(.*?)```", text, re.DOTALL)[1]
    found = {}
    for height, line in enumerate(drawing.splitlines()):
        for word in line.split():
            if not word.endswith(("/", ".py")):
                break  # the rest of the line says what is in there
            found[word.removesuffix("/").removesuffix(".py")] = height
    return found


STOREYS = storeys()


def package_of(module: str) -> str:
    """Return the package, or file at the top, that a module is in."""
    return (module.split(".") + ["__init__"])[1]


def test_every_package_has_a_storey():
    assert {package_of(m) for m in MODULES} - set(STOREYS) == set()


FACADES = {"minikeras", "minikeras.utils"}
"""Packages that show their users what stands on other storeys too."""


def test_imports_point_down():
    upwards = [
        f"{module} imports {other}, which is above it"
        for module in sorted(set(MODULES) - FACADES)
        for other in sorted(imports_of(module))
        if STOREYS[package_of(other)] < STOREYS[package_of(module)]
    ]
    assert upwards == []


def test_no_circles():
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module not in done:
            for other in sorted(imports_of(module)):
                visit(other, (*path, module))
            done.add(module)

    for module in MODULES:
        visit(module, ())
