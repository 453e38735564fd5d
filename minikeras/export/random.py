"""Random numbers, which ONNX Runtime draws anew at each run."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras.export.graph import CannotExport, Graph, Value
from minikeras.export.rules import rule


@rule("random")
def _random(g: Graph, *parameters: Any, kind: str, shape: tuple, dtype: Any, key: Any) -> Value:
    if kind not in ("normal", "uniform") or np.dtype(dtype).kind != "f":
        name = {"dropout_factors": "dropout", "permutations": "shuffle"}.get(kind, kind)
        raise CannotExport(f"it has no generator for random.{name}")
    operator = "RandomNormalLike" if kind == "normal" else "RandomUniformLike"
    single = np.dtype(np.float32)
    like = g.node("Expand", np.zeros((), single), g.shape(shape))
    drawn = Value(g.node(operator, like), single, len(shape))
    drawn = g.cast(drawn, dtype)
    first, second = parameters
    if kind == "normal":
        return g.pointwise("Add", g.pointwise("Mul", drawn, second), first)
    if hasattr(first, "dtype") or hasattr(second, "dtype"):
        first, second = [v if hasattr(v, "dtype") else np.asarray(v, dtype) for v in parameters]
        return g.pointwise(
            "Add", g.pointwise("Mul", drawn, g.pointwise("Sub", second, first)), first
        )
    return g.pointwise("Add", g.pointwise("Mul", drawn, second - first), first)
