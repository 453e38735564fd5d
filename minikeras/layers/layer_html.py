"""A layer as a notebook shows it: a line that opens, with its arguments and its weights."""

from __future__ import annotations

from typing import Any

from minikeras import tree
from minikeras.common.configurable import unusual_arguments_of
from minikeras.common.html import disclosure, escape, table
from minikeras.layers.known_shapes import Shape, known_output_shape

MOST_LETTERS = 60
"""A longer value of an argument is cut."""


def layer_html(layer: Any, opened: bool = False) -> str:
    """Return HTML that tells what a layer is.

    Args:
        layer: a layer, or a function of `ops` in a graph.
        opened: whether arguments and weights are to be seen at first.
    """
    return disclosure(layer_title(layer), _arguments(layer) + _weights(layer), opened)


def layer_title(layer: Any) -> str:
    """Return a line with class, name, shape and number of parameters of a layer."""
    kind = getattr(layer, "display_class", None) or type(layer).__name__
    shape = layer_shape(layer)
    facts = [] if shape == "?" else [shape]
    if getattr(layer, "weights", None):
        frozen = "" if layer.trainable else ", frozen"
        facts.append(f"{layer.count_params():,} parameters{frozen}")
    elif hasattr(layer, "built") and not layer.built:
        facts.append("not built")
    dim = " · ".join(facts)
    return f'<b>{escape(kind)}</b> {escape(layer.name)} <span class="dim">{escape(dim)}</span>'


def layer_shape(layer: Any) -> str:
    """Return the shape of what a layer gives, or \"?\"."""
    outputs = getattr(layer, "outputs", None)
    try:
        shapes = known_output_shape(layer)
        if shapes is None and outputs:
            shapes = [Shape(t.shape) for t in outputs]
    except Exception:  # a user's `compute_output_shape`: this only shows things
        return "?"
    if shapes is None:
        return "?"
    flat = tree.flatten(shapes)
    return str(flat[0] if len(flat) == 1 else shapes)


def _arguments(layer: Any) -> str:
    unusual: dict = unusual_arguments_of(layer) if hasattr(layer, "get_config") else {}
    activation = getattr(layer, "activation", None)
    if callable(activation) and getattr(activation, "__name__", "") != "linear":
        unusual.setdefault("activation", activation)
    rows = [(name, _short(value)) for name, value in unusual.items()]
    policy = getattr(layer, "dtype_policy", None)
    if policy is not None and policy.name != "float32":
        rows.append(("dtype", policy.name))
    return table(("argument", "value"), rows, "lw") if rows else ""


def _short(value: Any) -> str:
    name = getattr(value, "__name__", getattr(value, "name", None)) if callable(value) else None
    text = str(name or repr(value))
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


def _weights(layer: Any) -> str:
    rows = [
        (w.name, str(tuple(w.shape)), w.dtype, "yes" if w.trainable else "no")
        for w in getattr(layer, "weights", ())
    ]
    return table(("weight", "shape", "dtype", "trainable"), rows, "llll") if rows else ""
