"""Model diagrams in the language of Graphviz, as objects of pydot's."""

from __future__ import annotations

from typing import Any

from minikeras.common.extras import require
from minikeras.common.html import escape
from minikeras.utils.model_diagram import Box, Cell, Frame


def dot(frame: Frame, **attributes: Any) -> Any:
    """Return a diagram as a `pydot.Dot` with these attributes."""
    pydot = require("pydot", "plot")
    made = pydot.Dot()
    for name, value in attributes.items():
        made.set(name, value)
    made.set_node_defaults(shape="record")
    return _filled(pydot, made, frame)


def cluster(frame: Frame) -> Any:
    """Return a frame as a `pydot.Cluster`."""
    pydot = require("pydot", "plot")
    made = pydot.Cluster(style="dashed", graph_name=frame.title)
    made.set("label", frame.title)
    made.set("labeljust", "l")
    return _filled(pydot, made, frame)


def _filled(pydot: Any, graph: Any, frame: Frame) -> Any:
    """Put what is in a frame into a graph of pydot's."""
    for item in frame.items:
        if isinstance(item, Frame):
            graph.add_subgraph(cluster(item))
        else:
            node = pydot.Node(item.key, label=f"<{_table(item)}>")
            node.set("fontname", "Helvetica")
            node.set("border", "0")
            node.set("margin", "0")
            graph.add_node(node)
    for source, target in frame.arrows:
        edge = pydot.Edge(source, target)
        edge.set("penwidth", "2")
        graph.add_edge(edge)
    return graph


def _table(box: Box) -> str:
    """Return a box as a table in the HTML that Graphviz understands."""
    span = max(1, len(box.cells))
    kind = escape(box.kind)
    heading = f"<b>{kind}</b>" if box.name is None else f"<b>{escape(box.name)}</b> ({kind})"
    heading = _field(heading, span, "black", size=16, ink="white")
    rows = [heading]
    if box.activation is not None:
        rows.append(_field(f"Activation: <b>{escape(box.activation)}</b>", span))
    if box.cells:
        rows.append("".join(map(_cell, box.cells)))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<table border="0" cellborder="1" bgcolor="black" cellpadding="10">{body}</table>'


def _cell(cell: Cell) -> str:
    value = f"<b>{escape(cell.value)}</b>"
    if cell.colour is not None:
        return _field(value, 1, cell.colour, ink="white")
    return _field(f"{cell.caption}: {value}", 1)


def _field(
    text: str, span: int, colour: str = "white", size: int = 14, ink: str | None = None
) -> str:
    ink = f' color="{ink}"' if ink else ""
    return (
        f'<td colspan="{span}" bgcolor="{colour}"><font point-size="{size}"{ink}>{text}</font></td>'
    )
