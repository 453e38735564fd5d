"""The table of what each primitive is in ONNX; the files beside this one fill it."""

from __future__ import annotations

from collections.abc import Callable

RULES: dict[str, Callable] = {}
"""`rule(graph, *arrays, **params)` by primitive.

It notes nodes in the graph and returns the names of the results (or `Value`s, or arrays); or
`NotImplemented`, if the primitive's own formula is to be noted instead, as for those without a rule. It
raises `CannotExport` where ONNX has no operator and the formula does not help.
"""


def rule(*names: str) -> Callable:
    """Decorate the rule of the primitives of these names."""

    def decorate(function: Callable) -> Callable:
        for name in names:
            RULES[name] = function
        return function

    return decorate
