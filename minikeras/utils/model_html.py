"""A model as a notebook shows it: its layers as boxes that open, and how they are connected."""

from __future__ import annotations

from typing import Any

from minikeras.common.html import disclosure, escape
from minikeras.layers.layer_html import layer_html, layer_title
from minikeras.utils.graph_drawing import draw
from minikeras.utils.model_diagram import Details, diagram
from minikeras.utils.summary_utils import is_chain, summary_html

MOST_BOXES = 100
"""A model of more layers is shown as the table of `summary`."""

MOST_DRAWN = 40
"""A graph of more layers is not drawn: `plot_model` makes a file of it."""


def model_html(model: Any, opened: bool = True) -> str:
    """Return HTML that shows a model's layers, and the layers of models in it.

    A chain of layers stands one below the other. A graph is drawn, with the layers below it.

    Args:
        model: the model.
        opened: whether the layers are to be seen at first.
    """
    layers = model.summarized_layers()
    if len(layers) > MOST_BOXES:
        return disclosure(_title(model), summary_html(model), opened)
    graph = getattr(model, "graph", None)
    boxes = [
        model_html(layer, opened=False)
        if hasattr(layer, "summarized_layers")
        else layer_html(layer)
        for layer in layers
    ]
    body = "".join(boxes)
    if graph is not None and is_chain(graph):
        body = '<div class="down">↓</div>'.join(boxes)
    elif graph is not None and len(layers) <= MOST_DRAWN:
        details = Details(show_shapes=True, show_layer_names=True)
        picture = draw(diagram(model, details, expand_nested=False), "TB", "ortho")
        body = picture.svg(on_page=True) + disclosure("layers", body)
    return disclosure(_title(model), body or "no layers yet", opened)


def _title(model: Any) -> str:
    title = layer_title(model)
    if model.compiled:
        optimizer, loss = model.optimizer, model.loss
        parts = [type(optimizer).__name__] if optimizer is not None else []
        if loss is not None:
            name = getattr(loss, "__name__", None) or getattr(loss, "name", None) or loss
            parts.append(name if isinstance(name, str) else f"{len(name)} losses")
        title += f' <span class="dim">· {escape(", ".join(parts))}</span>'
    return title
