"""The table that `model.summary()` prints: layers, output shapes, parameters, connections."""

from __future__ import annotations

import math
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from minikeras import tree
from minikeras.common.dtypes import np_dtype
from minikeras.common.html import escape
from minikeras.common.html import table as html_table
from minikeras.layers.known_shapes import Shape, known_output_shape
from minikeras.utils.io_utils import is_interactive_logging_enabled, print_msg
from minikeras.utils.notebook import show, shows_html
from minikeras.utils.terminal import palette_of, screen_width, terminal_width

# A style's terminal codes in each palette: with 256 colours, with 16, and with none.
STYLES = {
    "": ("", "", ""),
    "bold": ("1", "1", "1"),
    "number": ("38;5;34", "32", ""),
    "none": ("38;5;45", "96", ""),
    "class": ("38;5;33", "94", ""),
    "yes": ("1;38;5;34", "1;32", "1"),
    "no": ("1;91", "1;91", "1"),
}
# Left end, filling, crossing and right end of the four kinds of horizontal line.
BOX = {"top": "┏━┳┓", "head": "┡━╇┩", "row": "├─┼┤", "bottom": "└─┴┘", "bars": "┃│"}
ASCII_BOX = {"top": "+--+", "head": "|-+|", "row": "|-+|", "bottom": "+--+", "bars": "||"}


class Text:
    """A string in which every character has a style."""

    def __init__(self, *spans: str | tuple[str, str]) -> None:
        self.plain = ""
        self.styles: list[str] = []
        for span in spans:
            self.append(*(span if isinstance(span, tuple) else (span, "")))

    def append(self, text: str, style: str = "") -> Text:
        """Add `text` at the end."""
        self.plain += text
        self.styles += [style] * len(text)
        return self

    def __add__(self, other: Text) -> Text:
        joined = Text()
        joined.plain, joined.styles = self.plain + other.plain, self.styles + other.styles
        return joined

    def __getitem__(self, part: slice) -> Text:
        piece = Text()
        piece.plain, piece.styles = self.plain[part], self.styles[part]
        return piece

    def fit(self, width: int, ellipsis: bool = True) -> Text:
        """Return the text cut to `width` columns of the screen."""
        if screen_width(self.plain) <= width:
            return self
        room = width - 1 if ellipsis else width
        end = len(self.plain)
        while end and screen_width(self.plain[:end]) > room:
            end -= 1
        cut = self[:end].append(" " * (room - screen_width(self.plain[:end])))  # half a wide one
        return cut.append("…", self.styles[end]) if ellipsis else cut

    def justify(self, width: int, how: str) -> Text:
        """Return the text cut or padded to `width` columns of the screen."""
        line = self.fit(width) if how == "left" else self[: len(self.plain.rstrip())].fit(width)
        space = max(width - screen_width(line.plain), 0)
        before = {"left": 0, "center": space // 2, "right": space}[how]
        return Text(" " * before) + line + Text(" " * (space - before))

    def wrap(self, width: int, fold: bool = False) -> list[Text]:
        """Return the text in lines of `width` columns, broken between words.

        A word that is longer than a line stands on a line of its own; it is broken over more lines
        only if `fold`.
        """
        lines, start, used = [], 0, 0
        for word in re.finditer(r"\s*\S+\s*", self.plain):
            whole, bare = screen_width(word[0]), screen_width(word[0].rstrip())
            if bare > width - used and word.start() > start:
                lines.append(self[start : word.start()])
                start, used = word.start(), 0
            used += whole
            while fold and bare > width and used > width:
                piece = self[start:].fit(width, ellipsis=False)
                lines.append(piece)
                start += max(len(piece.plain), 1)
                used -= screen_width(piece.plain)
        lines.append(self[start:])
        return [line[: max(width, len(line.plain.rstrip()))] for line in lines]

    def render(self, palette: int | None) -> str:
        """Return the text with the terminal codes of a palette, or without any."""
        if palette is None:
            return self.plain
        out, current = [], ""
        for character, style in zip(self.plain, self.styles):
            code = STYLES[style][palette]
            if code != current:
                out.append(("\x1b[0m" if current else "") + (f"\x1b[{code}m" if code else ""))
                current = code
            out.append(character)
        return "".join(out) + ("\x1b[0m" if current else "")


class Table:
    """Cells in a frame, of a fixed width: what does not fit is wrapped, then cut.

    Args:
        header: the columns' names.
        widths: the columns' widths, before they are made to fit.
        alignment: `"left"`, `"center"` or `"right"` for each column.
        width: width of the whole table.
        ascii: whether to draw the frame in ASCII.
    """

    def __init__(
        self,
        header: Sequence[str],
        widths: Sequence[int],
        alignment: Sequence[str],
        width: int,
        ascii: bool = False,
    ) -> None:
        self.header = [Text((name, "bold")) for name in header]
        self.rows: list[list[Text]] = []
        self.alignment = alignment
        # A blank on either side of a cell, and the bars between and around the columns.
        room = width - len(header) - 1
        self.widths = _share_out([min(w + 2, room) for w in widths], room)
        self.box = ASCII_BOX if ascii else BOX

    def lines(self) -> list[Text]:
        """Return the table's lines."""
        head_bar, bar = self.box["bars"]
        lines = [self._rule("top"), *self._row(self.header, head_bar, at_bottom=True)]
        lines.append(self._rule("head"))
        for i, row in enumerate(self.rows):
            if i:
                lines.append(self._rule("row"))
            lines += self._row(row, bar)
        lines.append(self._rule("bottom"))
        return lines

    def _rule(self, kind: str) -> Text:
        left, fill, cross, right = self.box[kind]
        return Text(left + cross.join(fill * w for w in self.widths) + right)

    def _row(self, cells: list[Text], bar: str, at_bottom: bool = False) -> list[Text]:
        columns = []
        for cell, width, how in zip(cells, self.widths, self.alignment):
            inner = width - 2
            lines = cell.wrap(inner) if inner > 0 else []
            columns.append([line.justify(inner, how) for line in lines])
        height = max(1, *(len(c) for c in columns))
        lines = []
        for i in range(height):
            line = Text(bar)
            for column, width in zip(columns, self.widths):
                place = i - (height - len(column)) if at_bottom else i
                inside = column[place] if 0 <= place < len(column) else Text(" " * (width - 2))
                line += (Text(" ") + inside + Text(" "))[:width] + Text(bar)
            lines.append(line)
        return lines


def _share_out(widths: list[int], total: int) -> list[int]:
    """Return `widths` changed so that they add up to `total`.

    What is too much is taken from all alike; what is too little is given in proportion. The
    rounding is that of the library which Keras draws tables with.
    """
    rest, result = total - sum(widths), []
    shares = [1] * len(widths) if rest < 0 else list(widths)
    for i, width in enumerate(widths):
        share, weight = shares[i], sum(shares[i:])
        if rest < 0:
            change = -min(width, round(-rest * share / weight))
        else:
            change = math.ceil(rest * share / weight) if weight else rest
        result.append(width + change)
        rest -= change
    return result


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> None:
    """Print a table of a model's layers, their output shapes and parameter counts.

    In a terminal the summary is coloured, in a notebook it is a table of the page; in a file or a
    pipe it is plain text. Where a model is not a chain of layers, a further column shows what each
    is connected to, as `name[call][output]`.

    Args:
        model: the model.
        line_length: width of the table; by default what the columns need, if the terminal is wide
            enough.
        positions: where each column ends, as a fraction of `line_length`.
        print_fn: called once with the whole text in place of printing it.
        expand_nested: whether to list the layers of nested models too.
        show_trainable: whether to add a column that tells if a layer is trainable.
        layer_range: two names, or regular expressions that match the start of a name: the table
            goes from the first layer that one matches to the last that the other matches.

    Raises:
        ValueError: if the table would be too narrow, if `positions` are fewer than the columns, or
            if `layer_range` is not two strings that match names.

    Example:

    >>> import minikeras
    >>> from minikeras import layers
    >>> model = minikeras.Sequential([minikeras.Input((2,)), layers.Dense(4, name="d")], name="m")
    >>> model.summary(line_length=60)
    Model: "m"
    ┏━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┓
    ┃ Layer (type)             ┃ Output Shape      ┃   Param # ┃
    ┡━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━┩
    │ d (Dense)                │ (None, 4)         │        12 │
    └──────────────────────────┴───────────────────┴───────────┘
     Total params: 12 (48.00 B)
     Trainable params: 12 (48.00 B)
     Non-trainable params: 0 (0.00 B)
    """
    if print_fn is None and not is_interactive_logging_enabled():
        print_fn = print_msg
    graph = getattr(model, "graph", None)  # a model that is not built yet has none
    chain = graph is None or is_chain(graph)
    layers = model.summarized_layers()

    header = ["Layer (type)", "Output Shape", "Param #"]
    alignment = ["left", "left", "right"]
    if chain:
        default_length, default_positions = 88, [0.45, 0.80, 1.0]
    else:
        header.append("Connected to")
        alignment.append("left")
        default_length, default_positions = 108, [0.3, 0.56, 0.74, 1.0]
    positions = list(positions) if positions else default_positions
    if show_trainable:
        header.append("Trainable")
        alignment.append("center")
        default_length += 12
        positions = [0.9 * p for p in positions] + [1.0]
    line_length = line_length or min(default_length, shutil.get_terminal_size().columns - 4)
    widths = _column_widths(positions, line_length, len(header))

    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    table = Table(header, widths, alignment, line_length, ascii=not encoding.startswith("utf"))
    nodes = None if chain else {id(node) for node in graph.nodes}
    first, last = _range_of(layers, layer_range)
    for layer in layers[first:last]:
        _add_rows(table, layer, nodes, expand_nested, show_trainable, level=0)

    width = terminal_width()
    lines = Text((f'Model: "{model.name}"', "bold")).wrap(width, fold=True)
    lines += [line.fit(width, ellipsis=False) for line in table.lines()]
    for line in _totals(model):
        lines += line.wrap(width, fold=True)
    on_page = print_fn is None and shows_html()
    palette = palette_of(None if print_fn or on_page else sys.stdout)
    text = "\n".join(line.render(palette) for line in lines) + "\n"
    if on_page:
        show(_as_html(model, table), text)
    elif print_fn is None or print_fn is print_msg:
        print_msg(text, line_break=False)
    else:
        print_fn(text)


def summary_html(model: Any) -> str:
    """Return the summary of a model as HTML: a table and the totals."""
    graph = getattr(model, "graph", None)
    nodes = None if graph is None or is_chain(graph) else {id(node) for node in graph.nodes}
    header = ["Layer (type)", "Output Shape", "Param #"] + ["Connected to"] * (nodes is not None)
    table = Table(header, [20] * len(header), ["left"] * len(header), 100)
    for layer in model.summarized_layers():
        _add_rows(table, layer, nodes, expand=False, show_trainable=False, level=0)
    return _as_html(model, table)


def _as_html(model: Any, table: Table) -> str:
    rows = [[cell.plain for cell in row] for row in table.rows]
    totals = "".join(f"<div>{escape(line.plain.strip())}</div>" for line in _totals(model))
    title = f"<div><b>Model: {escape(model.name)}</b></div>"
    header = [h.plain for h in table.header]
    alignment = "".join({"Param #": "r", "Connected to": "w"}.get(name, "l") for name in header)
    return title + html_table(header, rows, alignment) + totals


def _column_widths(positions: Sequence[float], line_length: int, columns: int) -> list[int]:
    if len(positions) < columns:
        raise ValueError(
            f"summary: argument `positions` must have a value for each of the {columns} columns. "
            f"Received: positions={list(positions)}"
        )
    ends = [int(p * line_length) for p in positions[:columns]]
    widths = [end - start for start, end in zip([0, *ends], ends)]
    if min(widths) < 4:
        raise ValueError(
            "summary: insufficient console width to print the summary: every column needs 4 "
            f"characters. Received: line_length={line_length}, columns of {widths}"
        )
    return widths


def is_chain(graph: Any) -> bool:
    """Whether each layer is called once, on the output of the one before and on nothing else."""
    nodes = graph.nodes
    if len(graph.inputs) != 1 or any(len(node.input_tensors) != 1 for node in nodes):
        return False
    callers = {id(node.operation) for node in nodes}
    called_on = {id(node.input_tensors[0]._keras_history.operation) for node in nodes}
    return len(callers) == len(called_on) == len(nodes)


def _add_rows(
    table: Table, layer: Any, nodes: set | None, expand: bool, show_trainable: bool, level: int
) -> None:
    """Add the row of a layer and, if `expand`, those of the layers of a nested model."""
    prefix = "   " * level + "└ " if level else ""
    kind = getattr(layer, "display_class", None) or type(layer).__name__
    row = [Text(f"{prefix}{layer.name} (", (kind, "class"), ")"), _output_shape(layer)]
    if not hasattr(layer, "count_params"):
        row.append(Text(("0", "number")))
    elif not layer.built:
        row.append(Text(("0", "number"), " (unbuilt)"))
    else:
        row.append(Text((f"{layer.count_params():,}", "number")))
    if nodes is not None:
        row.append(_connections(layer, nodes))
    if show_trainable:
        if not getattr(layer, "weights", None):
            row.append(Text(("-", "bold")))
        else:
            row.append(Text(("Y", "yes") if layer.trainable else ("N", "no")))
    table.rows.append(row)
    if expand:
        for inner in getattr(layer, "layers", None) or ():
            _add_rows(table, inner, nodes, expand, show_trainable, level + 1)


def _output_shape(layer: Any) -> Text:
    """Return the shape of what a layer gives, as the summary shows it."""
    shapes = known_output_shape(layer)
    if shapes is None:
        return Text("?")
    flat = tree.flatten(shapes)
    if len(flat) == 1:
        return _shape_text(flat[0])
    # The structure is written as Python writes it, with a mark where each shape belongs.
    spots = iter(flat)
    text = Text()
    for piece in re.split("(\x00)", str(tree.map_structure(lambda _: Mark(), shapes))):
        text = text + (
            _shape_text(next(spots)) if piece == "\x00" else Text(piece.replace("'", ""))
        )
    return text


def _shape_text(shape: Shape) -> Text:
    text = Text("(")
    for i, d in enumerate(shape.dims):
        text.append(", " if i else "").append(str(d), "none" if d is None else "number")
    return text.append(")")


class Mark:
    """Stands for a shape while a structure is written out."""

    def __repr__(self) -> str:
        return "\x00"


def _connections(layer: Any, nodes: set) -> Text:
    text = Text()
    for node in layer._inbound_nodes:
        if id(node) not in nodes:  # a call in another model
            continue
        for t in node.input_tensors:
            history = t._keras_history
            text.append(", " if text.plain else "").append(f"{history.operation.name}[")
            text.append(str(history.node_index), "number").append("][")
            text.append(str(history.tensor_index), "number").append("]")
    return text if text.plain else Text("-")


def _totals(model: Any) -> list[Text]:
    groups = {
        "Trainable": _count(model.trainable_weights),
        "Non-trainable": _count(model.non_trainable_weights),
    }
    optimizer = model.optimizer if model.compiled else None
    if optimizer is not None and optimizer.built:
        groups["Optimizer"] = _count(optimizer.variables)
    total = tuple(sum(column) for column in zip(*groups.values()))
    return [
        Text((f" {name} params: ", "bold"), (f"{count:,}", "number"), f" ({_readable(size)})")
        for name, (count, size) in {"Total": total, **groups}.items()
    ]


def _count(variables: Iterable[Any]) -> tuple[int, float]:
    """Return the number of values in variables, and the bytes they take."""
    variables = list({id(v): v for v in variables}.values())
    sizes = [math.prod(v.shape) for v in variables]
    return sum(sizes), sum(n * np_dtype(v.dtype).itemsize for n, v in zip(sizes, variables))


def _readable(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"


def _range_of(layers: list, layer_range: Sequence[str] | None) -> tuple[int, int]:
    """Return the slice of `layers` that goes from one name to another."""
    if layer_range is None:
        return 0, len(layers)
    if (
        not isinstance(layer_range, (list, tuple))
        or len(layer_range) != 2
        or not all(isinstance(name, str) for name in layer_range)
    ):
        raise ValueError(
            "summary: argument `layer_range` must be a list or tuple of two strings, the names of "
            f"the first and the last layer. Received: layer_range={layer_range!r}"
        )
    found = [[i for i, op in enumerate(layers) if re.match(p, op.name)] for p in layer_range]
    for pattern, places in zip(layer_range, found):
        if not places:
            raise ValueError(
                f"summary: argument `layer_range`: no layer's name matches {pattern!r}. The names "
                f"are: {[op.name for op in layers]}"
            )
    lower, upper = found
    if min(lower) > max(upper):
        return min(upper), max(lower) + 1
    return min(lower), max(upper) + 1
