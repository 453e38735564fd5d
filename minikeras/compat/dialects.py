"""Which period of Keras a script is written for, seen from the names that it uses."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator

from minikeras.compat.keras_backend.signs import SIGNS as BACKEND_SIGNS

_PERIODS = (1, 2)


def detect(source: str) -> int:
    """Return the dialect of a script: 1, 2 or 3.

    The oldest period of which a sign is found counts; without any it is Keras 3. Signs are imported names,
    attributes, and keywords of calls that only that period has (`SIGNS` in its folder).

    Args:
        source: the script.

    Example:

    >>> detect("model.fit(X, Y, nb_epoch=150)")
    1
    >>> detect("model.compile(Adam(lr=0.01), 'mse')")
    2
    >>> detect("model.compile(Adam(learning_rate=0.01), 'mse')")
    3
    """
    used = set(_signs_of(ast.parse(source)))
    for period in _PERIODS:
        signs = importlib.import_module(f"minikeras.compat.keras{period}.signs").SIGNS
        if used & (signs | BACKEND_SIGNS[period]):
            return period
    return 3


def _signs_of(tree: ast.AST) -> Iterator[str]:
    """Yield what may tell a period.

    These are `"import a.b"`, `"name"`, `".attribute"`, `"K.attribute"`, `"keyword="`, `"call(keyword=)"`,
    and short strings in quotes: `"'val_acc'"`.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (f"import {a.name}" for a in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield f"import {node.module}"
            yield from (a.name for a in node.names)
            yield from (f"import {node.module}.{a.name}" for a in node.names)
        elif isinstance(node, ast.Attribute):
            yield f".{node.attr}"
            if isinstance(node.value, ast.Name):
                yield f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if len(node.value) < 40:
                yield f"'{node.value}'"
        elif isinstance(node, ast.Call):
            function = node.func
            name = (
                function.attr
                if isinstance(function, ast.Attribute)
                else getattr(function, "id", "")
            )
            for keyword in node.keywords:
                if keyword.arg:
                    yield f"{keyword.arg}="
                    yield f"{name}({keyword.arg}=)"
