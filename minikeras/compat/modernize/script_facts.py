"""What a translation must know of a script as a whole."""

from __future__ import annotations

import ast
from typing import Any

_TRAINS = ("fit", "fit_generator", "train_on_batch")


class ScriptFacts:
    """What is found out before a script is changed line by line.

    Args:
        script: the parsed script.

    Attributes:
        shows_accuracy: whether accuracy is asked for in `fit` and its like, as Keras 0 had it.
        names_acc: whether a metric is asked for by the name `acc`, which is its key then.
        functional: names that a `Model(...)` is given to.
        trains_though_frozen: the model that trains in a statement, by the statement's line, if it was
            frozen after it had been compiled. Until Keras 2 that did not concern it.
        files: names of files of weights and checkpoints, and what they must be called today.

    Example:

    >>> facts = ScriptFacts(ast.parse("m = Model(x, y)\\nm.fit(x, y, show_accuracy=True)"))
    >>> facts.shows_accuracy, facts.functional
    (True, {'m'})
    """

    def __init__(self, script: ast.AST) -> None:
        self.shows_accuracy = self.names_acc = False
        self.functional: set[str] = set()
        self.trains_though_frozen: dict[int, str] = {}
        self.files: dict[Any, str] = {}
        self._values: dict[str, ast.AST] = {}  # what is assigned to a name, the last before a line
        compiled: set[str] = set()
        frozen: set[str] = set()
        statements = [
            n for n in ast.walk(script) if isinstance(n, (ast.Assign, ast.AugAssign, ast.Expr))
        ]
        for statement in sorted(statements, key=lambda n: n.lineno):
            for call in (n for n in ast.walk(statement) if isinstance(n, ast.Call)):
                self._look_at(call)
                model, method = _method(call)
                if method == "compile":
                    compiled.add(model)
                elif method in _TRAINS and model in frozen:
                    self.trains_though_frozen[statement.lineno] = model
            if isinstance(statement, ast.Assign):
                self._values.update(
                    (t.id, statement.value) for t in statement.targets if isinstance(t, ast.Name)
                )
                made = (
                    isinstance(statement.value, ast.Call)
                    and _name_of(statement.value.func) == "Model"
                )
                for target in statement.targets:
                    if made and isinstance(target, ast.Name):
                        self.functional.add(target.id)
                    elif isinstance(target, ast.Attribute) and target.attr == "trainable":
                        model = ast.unparse(target.value)
                        if model in compiled and _is_false(statement.value):
                            frozen.add(model)
                        else:
                            frozen.discard(model)

    def _look_at(self, call: ast.Call) -> None:
        given = {k.arg: k.value for k in call.keywords}
        self.shows_accuracy |= any(
            name in given and not _is_false(given[name]) for name in ("show_accuracy", "accuracy")
        )
        name = _name_of(call.func)
        if name == "compile":
            self.names_acc |= any(getattr(n, "value", None) == "acc" for n in ast.walk(call))
        weights = name == "save_weights" or "save_weights_only" in given
        if name == "save_weights" or name == "ModelCheckpoint":
            for path in [*call.args[:1], *(given[k] for k in ("filepath",) if k in given)]:
                path = self._values.get(getattr(path, "id", ""), path)
                for text in (n.value for n in ast.walk(path) if isinstance(n, ast.Constant)):
                    self._name_file(text, ".weights.h5" if weights else ".keras")

    def _name_file(self, name: Any, end: str) -> None:
        stem, dot, old = str(name).rpartition(".")
        if dot and old in ("h5", "hdf5") and not name.endswith(end):
            self.files[name] = stem.removesuffix(".weights") + end


def _is_false(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _name_of(function: ast.AST) -> str | None:
    """Return the name by which a function is called: `Model` for `keras.models.Model(...)`."""
    return getattr(function, "id", getattr(function, "attr", None))


def _method(call: ast.Call) -> tuple[str, str]:
    """Return the source of the object whose method is called, and the method's name."""
    if not isinstance(call.func, ast.Attribute):
        return "", ""
    return ast.unparse(call.func.value), call.func.attr
