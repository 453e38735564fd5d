"""What shape a layer gives, as far as it is known without calling it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


class Shape:
    """A shape as one leaf of a structure."""

    def __init__(self, dims: Iterable[int | None]) -> None:
        self.dims = tuple(dims)

    def __repr__(self) -> str:
        return f"({', '.join(map(str, self.dims))})"


def known_output_shape(layer: Any) -> Any:
    """Return the shape of a layer's last symbolic call, or for the shapes it was built with.

    Args:
        layer: a layer, or a function of `ops` in a graph.

    Returns:
        A structure with `Shape`s, None if no shape is known.
    """
    if layer._inbound_nodes:
        return [Shape(t.shape) for t in layer._inbound_nodes[-1].output_tensors]
    built_with = getattr(layer, "_build_shapes", None)
    if not built_with:
        return None
    try:
        return _as_shapes(layer.compute_output_shape(**built_with))
    except NotImplementedError:
        return None


def _as_shapes(shapes: Any) -> Any:
    """Turn the shape tuples in a structure into leaves."""
    if isinstance(shapes, dict):
        return {k: _as_shapes(v) for k, v in shapes.items()}
    if all(d is None or isinstance(d, (int, np.integer)) for d in shapes):
        return Shape(shapes)
    return type(shapes)([_as_shapes(s) for s in shapes])
