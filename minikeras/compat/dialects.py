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


def is_late(source: str) -> bool:
    """Return whether a script is of Keras 2.3 or later, which logged `val_accuracy` in place of `val_acc`.

    Args:
        source: the script.

    Example:

    >>> is_late("plt.plot(history.history['val_accuracy'])")
    True
    """
    signs = importlib.import_module("minikeras.compat.keras2.signs").LATE
    return not signs.isdisjoint(_signs_of(ast.parse(source)))


def _signs_of(tree: ast.AST) -> Iterator[str]:
    """Yield what may tell a period.

    These are `"import a.b"`, `"name"`, `".attribute"`, `"K.attribute"`, `"keyword="`,
    `"call(keyword=)"`, `"def name"`, `"call/3"` for three arguments by position, none of them a tuple or a
    string, short strings in quotes: `"'val_acc'"`, and `"call(old file)"` where what saves is given
    the name of a file that Keras 3 refuses.
    """
    texts = _named_texts(tree)
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
            elif isinstance(node.value, ast.Attribute) and node.value.attr == "backend":
                yield f"K.{node.attr}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if len(node.value) < 40:
                yield f"'{node.value}'"
        elif isinstance(node, ast.FunctionDef):
            yield f"def {node.name}"
        elif isinstance(node, ast.Call):
            function = node.func
            name = (
                function.attr
                if isinstance(function, ast.Attribute)
                else getattr(function, "id", "")
            )
            if all(isinstance(a, (ast.Constant, ast.Name)) and not _is_text(a) for a in node.args):
                yield f"{name}/{len(node.args)}"
            for keyword in node.keywords:
                if keyword.arg:
                    yield f"{keyword.arg}="
                    yield f"{name}({keyword.arg}=)"
            if name in _ENDINGS and _is_old_file(name, node, texts):
                yield f"{name}(old file)"


_WEIGHTS = (".weights.h5", ".weights.json", ".weights.npz", ".safetensors")
_ENDINGS = {"save_weights": _WEIGHTS, "ModelCheckpoint": (".keras", ".h5", *_WEIGHTS)}
"""What names of files end in, in Keras 3."""


def _named_texts(tree: ast.AST) -> dict[str, list[ast.AST]]:
    """Return what is assigned to names, of each name one after another."""
    found: dict[str, list[ast.AST]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
    return found


def _is_old_file(name: str, call: ast.Call, texts: dict[str, list[ast.AST]]) -> bool:
    """Whether a call that saves names a file, as far as one can see, that Keras 3 refuses."""
    given = [k.value for k in call.keywords if k.arg == "filepath"] or call.args[:1]
    text = _end_of_text(given[0], texts) if given else None
    return text is not None and not text.endswith(_ENDINGS[name])


def _end_of_text(node: ast.AST, texts: dict[str, list[ast.AST]]) -> str | None:
    """Return what a text ends with, as far as it stands in the script; None if that is not to be seen."""
    while isinstance(node, ast.Name) and texts.get(node.id):
        # In what it gets it stands for what it got before: `path = os.path.join(folder, path)`.
        *before, value = texts[node.id]
        node, texts = value, {**texts, node.id: before}
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return _end_of_text(node.values[-1], {}) if node.values else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _end_of_text(node.right, texts)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "join" and len(node.args) > 1:
            return _end_of_text(node.args[-1], texts)
        if node.func.attr == "format":
            return _end_of_text(node.func.value, texts)
    return None


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
