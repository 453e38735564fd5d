"""The code of a model: read without running it, and rewritten where a button says so."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from typing import Any

from minikeras.compat.importer import is_ours
from minikeras.playground.fields import MOST_RATE, check_number

TEMPLATE = """\
import minikeras as keras

model = keras.Sequential([
    keras.Input((2,)),
    keras.layers.Dense(8, activation="tanh"),
    keras.layers.Dense(8, activation="tanh"),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.01),
    loss="binary_crossentropy",
    metrics=["accuracy"],
)
"""

ACTIVATIONS = ["linear", "tanh", "sigmoid", "relu", "leaky_relu", "elu", "gelu", "silu", "softmax"]
OPTIMIZERS = ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Nadam", "Lion"]
LAYERS = {
    "Dense": 'Dense(8, activation="tanh")',
    "Dropout": "Dropout(0.2)",
    "BatchNormalization": "BatchNormalization()",
}
"""What a layer that a button adds is written as."""

_ARGUMENTS = {"Dense": ["units", "activation"], "Dropout": ["rate"]}
"""Arguments that the page changes, in the order in which they are taken."""


class ModelCode:
    """Where things are in the code of a model.

    Args:
        code: what is in the text area.

    Raises:
        SyntaxError: if it is not Python.
        ValueError: if it has no `Sequential([...])` that `compile` is called on.

    Example:

    >>> from minikeras.playground.model_code import TEMPLATE, ModelCode
    >>> code = ModelCode(TEMPLATE)
    >>> code.outline()["optimizer"], code.outline()["learning_rate"]
    ('Adam', 0.01)
    >>> "Dense(20," in code.set_argument(1, "units", 20)
    True
    """

    def __init__(self, code: str) -> None:
        self.code = code
        self._lines = [0]
        for line in code.encode().splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._tree = ast.parse(code)
        calls = [n for n in ast.walk(self._tree) if isinstance(n, ast.Call)]
        given = [_argument(n, "layers", 0) for n in calls if _name(n) == "Sequential"]
        chains = [layers for layers in given if layers is not None]
        compiles = [
            n for n in calls if isinstance(n.func, ast.Attribute) and n.func.attr == "compile"
        ]
        if len(chains) != 1 or not isinstance(chains[0], ast.List) or len(compiles) != 1:
            raise ValueError(
                "The buttons change a model that is written as one Sequential([...]) and one compile(...)."
            )
        self.layers = chains[0].elts
        self.compile = compiles[0]

    def outline(self) -> dict:
        """Return what the controls of the page show."""
        optimizer = _argument(self.compile, "optimizer", 0)
        known = {name.lower(): name for name in OPTIMIZERS}
        name = _name(optimizer) if isinstance(optimizer, ast.Call) else _value(optimizer)
        return {
            "layers": [
                {
                    "kind": _name(layer),
                    **{
                        argument: _value(_argument(layer, argument, position))
                        for position, argument in enumerate(_ARGUMENTS.get(_name(layer), ()))
                    },
                }
                for layer in self.layers
            ],
            "optimizer": known.get(str(name).lower(), str(name)),
            "learning_rate": _value(_argument(optimizer, "learning_rate", 0)),
        }

    def add(self, at: int, kind: str) -> str:
        """Return the code with another layer before the one at an index."""
        if kind not in LAYERS:
            raise ValueError(f"Unknown layer {kind!r}. Known: {', '.join(LAYERS)}")
        layer = self._layer(at)
        new = f"{self._prefix()}.layers.{LAYERS[kind]},"
        begin = self._place(layer.lineno, layer.col_offset)
        alone = not self.code.encode()[self._lines[layer.lineno - 1] : begin].strip()
        gap = "\n" + " " * layer.col_offset if alone else " "
        return self._replaced([(begin, begin, new + gap)])

    def remove(self, at: int) -> str:
        """Return the code without the layer at an index."""
        begin, end = self._span(self._layer(at))
        if at + 1 < len(self.layers):
            end = self._span(self.layers[at + 1])[0]
        elif at:
            begin = self._span(self.layers[at - 1])[1]
        return self._replaced([(begin, end, "")])

    def set_argument(self, at: int, argument: str, value: Any) -> str:
        """Return the code with another value of an argument of the layer at an index."""
        return self._replaced([self._setting(self._layer(at), argument, value)])

    def set_optimizer(self, name: str, learning_rate: float) -> str:
        """Return the code with another optimizer.

        Raises:
            ValueError: if there is none of that name, or the rate is none (`FieldError`).
        """
        if name not in OPTIMIZERS:
            raise ValueError(f"Unknown optimizer {name!r}. Known: {', '.join(OPTIMIZERS)}")
        check_number("learning_rate", "Learning rate", learning_rate, 0, MOST_RATE, whole=False)
        new = f"{self._prefix()}.optimizers.{name}(learning_rate={float(learning_rate)!r})"
        return self._replaced([self._putting(self.compile, "optimizer", 0, new)])

    def fitted(self, features: int, classes: int) -> str:
        """Return the code with the input and the output that data needs."""
        changes = []
        first, last = self._layer(0), self._layer(len(self.layers) - 1)
        shape = _value(_argument(first, "shape", 0)) if _name(first) == "Input" else None
        known = isinstance(shape, (tuple, list)) and all(isinstance(s, int) for s in shape)
        if known and math.prod(shape) != features:
            changes.append(self._putting(first, "shape", 0, f"({features},)"))
        units = _value(_argument(last, "units", 0))
        fits = units == classes or (units == 1 and classes == 2)
        if _name(last) == "Dense" and not fits:
            two = classes == 2
            changes.append(self._setting(last, "units", 1 if two else classes))
            changes.append(self._setting(last, "activation", "sigmoid" if two else "softmax"))
            loss = '"binary_crossentropy"' if two else '"sparse_categorical_crossentropy"'
            changes.append(self._putting(self.compile, "loss", 1, loss))
        return self._replaced(changes)

    def _layer(self, at: int) -> ast.Call:
        if not 0 <= at < len(self.layers) or not isinstance(self.layers[at], ast.Call):
            raise ValueError(f"There is no layer at {at} that is written as a call.")
        return self.layers[at]

    def _setting(self, layer: ast.Call, argument: str, value: Any) -> tuple[int, int, str]:
        known = _ARGUMENTS.get(_name(layer), [])
        if argument not in known or not isinstance(value, (int, float, str)):
            raise ValueError(f"{_name(layer)}: cannot set {argument!r} to {value!r}.")
        text = f'"{value}"' if value in ACTIVATIONS else repr(value)
        return self._putting(layer, argument, known.index(argument), text)

    def _putting(
        self, call: ast.Call, argument: str, position: int, text: str
    ) -> tuple[int, int, str]:
        """Return the change that gives an argument of a call another text."""
        there = _argument(call, argument, position)
        if there is not None:
            return (*self._span(there), text)
        given = [*call.args, *(k.value for k in call.keywords)]
        at = self._span(given[-1])[1] if given else self._span(call)[1] - 1
        return at, at, f"{', ' if given else ''}{argument}={text}"

    def _prefix(self) -> str:
        """Return the name that Keras has in the code."""
        for module, alias in _imports(self._tree):
            if module in ("minikeras", "keras", "tensorflow.keras"):
                return alias
            if module == "tensorflow":
                return f"{alias}.keras"
        raise ValueError("The buttons need the line: import minikeras as keras")

    def _place(self, line: int, column: int) -> int:
        return self._lines[line - 1] + column

    def _span(self, node: ast.expr) -> tuple[int, int]:
        return (
            self._place(node.lineno, node.col_offset),
            self._place(node.end_lineno, node.end_col_offset),  # type: ignore[arg-type]
        )

    def _replaced(self, changes: list[tuple[int, int, str]]) -> str:
        # Python's columns count bytes.
        code = self.code.encode()
        for begin, end, text in sorted(changes, reverse=True):
            code = code[:begin] + text.encode() + code[end:]
        return code.decode()


def imports_keras(code: str) -> bool:
    """Return whether code imports Keras by its own name, or TensorFlow.

    Example:

    >>> from minikeras.playground.model_code import imports_keras
    >>> imports_keras("from tensorflow.keras.layers import Dense"), imports_keras("import minikeras")
    (True, False)
    """
    return any(is_ours(module) for module, _ in _imports(ast.parse(code)))


def _imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield what is imported, modules or names in them, and how the code calls it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, alias.asname or alias.name
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                yield f"{node.module}.{alias.name}", alias.asname or alias.name


def _name(node: Any) -> str:
    """Return the last part of what a call calls."""
    function = node.func if isinstance(node, ast.Call) else None
    return getattr(function, "attr", None) or getattr(function, "id", "")


def _argument(call: Any, name: str, position: int) -> ast.expr | None:
    if not isinstance(call, ast.Call):
        return None
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[position] if len(call.args) > position else None


def _value(node: ast.expr | None) -> Any:
    """Return the value of a literal, and None for what is none."""
    try:
        return None if node is None else ast.literal_eval(node)
    except (ValueError, TypeError):
        return None
