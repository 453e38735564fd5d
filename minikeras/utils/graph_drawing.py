"""Pictures of model diagrams, as SVG or through matplotlib."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from minikeras.common.extras import require
from minikeras.common.html import PAPER, escape
from minikeras.common.traceback_utils import warn
from minikeras.utils.graph_layout import Block, Run, layout
from minikeras.utils.model_diagram import Box, Frame
from minikeras.utils.terminal import screen_width

HEADING, PLAIN = 16.0, 14.0
"""Sizes of letters, in points."""

PADDING = 9.0
"""Points between text and the side of its field."""

MARGIN = 12.0
"""Points around the picture."""

FRAME = 16.0
"""Points between a frame and what is in it."""

TITLE = 20.0
"""Height of a frame's title, in points."""

ARROW = 9.0
"""Length of an arrow's head, in points."""

DIRECTIONS = ("TB", "BT", "LR", "RL")

MOST_PIXELS = 2**15
"""The longest side of a picture that is made of pixels."""

Point = tuple[float, float]


@dataclass
class Rectangle:
    """A filled rectangle with a line around it."""

    left: float
    top: float
    width: float
    height: float
    fill: str = "none"
    dashed: bool = False


@dataclass
class Label:
    """A line of text, centred at a point, or beginning there."""

    x: float
    y: float
    parts: list[tuple[str, bool]]
    """Pieces of the text, and whether they are bold."""
    size: float
    ink: str = "black"
    centred: bool = True
    clear: bool = False
    """Whether lines behind it keep away from the letters."""


@dataclass
class Arrow:
    """A line through points, straight or bent, with a head at its end.

    Of a bent one, three points after the first are two that pull it and one that it goes to.
    """

    points: list[Point]
    bent: list[bool]
    head: list[Point]


@dataclass
class Picture:
    """What is to be seen, in points from the upper left corner."""

    width: float
    height: float
    rectangles: list[Rectangle] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)

    def svg(self, on_page: bool = False) -> str:
        """Return the picture as SVG.

        Args:
            on_page: whether it is part of a page, whose colours it takes on, rather than a file.
        """
        w, h = f"{self.width:.0f}", f"{self.height:.0f}"
        ink, paper, unit, fills, inks = "black", "white", "pt", {}, {}
        if on_page:
            unit = "px"
            ink, paper = "currentColor", PAPER
            fills = {"black": "rgba(128,128,128,.3)", "white": "none"}
            inks = {"black": ink, "white": ink}
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}{unit}" height="{h}{unit}" '
            f'viewBox="0 0 {w} {h}" font-family="Helvetica, Arial, sans-serif">',
        ]
        if not on_page:
            lines.append(f'<rect width="{w}" height="{h}" fill="{paper}"/>')
        for r in self.rectangles:
            dashes = ' stroke-dasharray="5 3"' if r.dashed else ""
            lines.append(
                f'<rect x="{r.left:.1f}" y="{r.top:.1f}" width="{r.width:.1f}" '
                f'height="{r.height:.1f}" fill="{fills.get(r.fill, r.fill)}" '
                f'stroke="{ink}"{dashes}/>'
            )
        for arrow in self.arrows:
            head = " ".join(f"{x:.1f},{y:.1f}" for x, y in arrow.head)
            lines.append(
                f'<path d="{_path(arrow)}" fill="none" stroke="{ink}" stroke-width="1.6"/>'
                f'<polygon points="{head}" fill="{ink}"/>'
            )
        for t in self.labels:
            parts = "".join(
                f'<tspan font-weight="bold">{escape(text)}</tspan>' if bold else escape(text)
                for text, bold in t.parts
            )
            anchor = ' text-anchor="middle"' if t.centred else ""
            if t.clear:
                anchor += f' stroke="{paper}" stroke-width="4" paint-order="stroke"'
            lines.append(
                f'<text x="{t.x:.1f}" y="{t.y + 0.35 * t.size:.1f}" font-size="{t.size:g}" '
                f'fill="{inks.get(t.ink, t.ink)}"{anchor} xml:space="preserve">{parts}</text>'
            )
        return "\n".join([*lines, "</svg>"]) + "\n"


def _path(arrow: Arrow) -> str:
    steps = [f"{x:.1f} {y:.1f}" for x, y in arrow.points]
    text, at = [f"M{steps[0]}"], 1
    for bent in arrow.bent:
        count = 3 if bent else 1
        text.append(("C" if bent else "L") + " ".join(steps[at : at + count]))
        at += count
    return "".join(text)


def write_with_matplotlib(picture: Picture, path: str, form: str, dpi: float) -> None:
    """Write a picture to a file.

    Raises:
        ValueError: if matplotlib does not know the format.
        ImportError: if matplotlib is not installed.
    """
    figures = require("matplotlib.figure", "plot")
    patches = require("matplotlib.patches", "plot")
    paths = require("matplotlib.path", "plot")
    pixels = max(picture.width, picture.height) / 72 * dpi
    if pixels > MOST_PIXELS:
        fitting = dpi * MOST_PIXELS / pixels
        warn(
            f"plot_model: at {dpi} dots per inch the picture would have {pixels:.0f} pixels on one "
            f"side; it is drawn at {fitting:.0f}. SVG and PDF have no such limit."
        )
        dpi = fitting
    figure = figures.Figure(figsize=(picture.width / 72, picture.height / 72), facecolor="white")
    known = figure.canvas.get_supported_filetypes()
    if form not in known:
        raise ValueError(
            f"plot_model: argument `to_file` must end in a format that matplotlib writes, "
            f"{', '.join(sorted(known))}. Received: to_file={path!r}"
        )
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, picture.width), ylim=(picture.height, 0))
    ax.axis("off")
    for r in picture.rectangles:
        style = (0, (5, 3)) if r.dashed else "-"
        ax.add_patch(
            patches.Rectangle(
                (r.left, r.top), r.width, r.height, fc=r.fill, ec="black", ls=style, lw=1
            )
        )
    for arrow in picture.arrows:
        codes = [1] + [code for bent in arrow.bent for code in ([4, 4, 4] if bent else [2])]
        line = paths.Path(arrow.points, codes)
        ax.add_patch(patches.PathPatch(line, fc="none", ec="black", lw=1.6, capstyle="butt"))
        ax.add_patch(patches.Polygon(arrow.head, closed=True, fc="black", ec="none"))
    for label in picture.labels:
        _write(ax, label)
    figure.savefig(path, format=form, dpi=dpi)


def _write(ax: Any, label: Label) -> None:
    """Write a label, piece by piece: matplotlib knows no bold letters inside of a text."""
    fonts = require("matplotlib.font_manager", "plot")
    measure = require("matplotlib.textpath", "plot").text_to_path.get_text_width_height_descent
    effects = require("matplotlib.patheffects", "plot")
    pieces = []
    for text, bold in label.parts:
        font = fonts.FontProperties(
            family="DejaVu Sans", size=label.size, weight="bold" if bold else "normal"
        )
        # What is measured is where the ink ends, and blanks have none.
        width = measure(f"|{text}|", font, False)[0] - measure("||", font, False)[0]
        pieces.append((text, font, width))
    x = label.x - sum(width for *_, width in pieces) / 2 if label.centred else label.x
    halo = [effects.withStroke(linewidth=4, foreground="white")] if label.clear else []
    for text, font, width in pieces:
        ax.text(
            x,
            label.y + 0.35 * label.size,
            text,
            fontproperties=font,
            color=label.ink,
            va="baseline",
            parse_math=False,
            path_effects=halo,
        )
        x += width


# From a diagram to a picture.


@dataclass
class Strip:
    """A row of fields in a box: texts, each on a colour."""

    fields: list[tuple[list[tuple[str, bool]], str, str]]
    """Pieces of the text, its colour, and the field's."""
    size: float

    @property
    def widths(self) -> list[float]:
        return [text_width(parts, self.size) + 2 * PADDING for parts, _, _ in self.fields]

    @property
    def height(self) -> float:
        return 1.2 * self.size + 2 * PADDING


def strips(box: Box) -> list[Strip]:
    """Return the rows of a box: a heading, the activation, the cells."""
    heading = [(box.kind, True)]
    if box.name is not None:
        heading = [(box.name, True), (f" ({box.kind})", False)]
    rows = [Strip([(heading, "white", "black")], HEADING)]
    if box.activation is not None:
        rows.append(
            Strip([([("Activation: ", False), (box.activation, True)], "black", "white")], PLAIN)
        )
    if box.cells:
        cells = [
            ([(f"{cell.caption}: ", False), (cell.value, True)], "black", "white")
            if cell.colour is None
            else ([(cell.value, True)], "white", cell.colour)
            for cell in box.cells
        ]
        rows.append(Strip(cells, PLAIN))
    return rows


def text_width(parts: list[tuple[str, bool]], size: float) -> float:
    """Return about how wide a text is, rather too much than too little for usual fonts."""
    return size * sum((1.13 if bold else 1.0) * sum(map(_letter, text)) for text, bold in parts)


def _letter(letter: str) -> float:
    if letter in "ijlIJ,.'fr t/:;\\|-()[]!":
        return 0.4
    if letter in "mwMW%@" or screen_width(letter) == 2:
        return 1.0
    return 0.78 if letter in "ABCDGHKNOQRUVXZ&#+<=>^~" else 0.64


def draw(frame: Frame, rankdir: str, splines: str) -> Picture:
    """Lay out a diagram.

    Raises:
        ValueError: if the direction or the kind of lines is not known.
    """
    if rankdir not in DIRECTIONS:
        raise ValueError(
            f"plot_model: argument `rankdir` must be one of {DIRECTIONS}. Received: {rankdir!r}"
        )
    if splines not in ("ortho", "curved", "spline", "polyline", "line"):
        raise ValueError(
            "plot_model: argument `splines` must be 'ortho', 'curved', 'spline', 'polyline' or "
            f"'line'. Received: {splines!r}"
        )
    sideways = rankdir in ("LR", "RL")
    contents: dict[str, Box | Frame] = {}
    root = _block(frame, rankdir, contents)
    arrows = dict.fromkeys(arrow for inner in _frames(frame) for arrow in inner.arrows)
    runs = layout(root, list(arrows))

    def place(x: float, y: float) -> Point:
        """Return where in the picture a point of the layout is."""
        y = root.height - y if rankdir in ("BT", "RL") else y
        return (y + MARGIN, x + MARGIN) if sideways else (x + MARGIN, y + MARGIN)

    width, height = (root.height, root.width) if sideways else (root.width, root.height)
    picture = Picture(width + 2 * MARGIN, height + 2 * MARGIN)
    for block in root.walk():
        if block is root:
            continue
        (x0, y0), (x1, y1) = (
            place(block.left, block.top),
            place(block.left + block.width, block.top + block.height),
        )
        corner = min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)
        item = contents[block.key]
        if isinstance(item, Frame):
            picture.rectangles.append(Rectangle(*corner, dashed=True))
            title = [(item.title, False)]
            picture.labels.append(
                Label(
                    corner[0] + 8,
                    corner[1] + 4 + TITLE / 2,
                    title,
                    PLAIN,
                    centred=False,
                    clear=True,
                )
            )
        else:
            _draw_box(picture, item, *corner)
    for way in runs:
        picture.arrows.append(_arrow(way, place, bent=splines not in ("polyline", "line")))
    return picture


def _frames(frame: Frame) -> list[Frame]:
    return [frame, *(item for item in frame.walk() if isinstance(item, Frame))]


def _block(frame: Frame, rankdir: str, contents: dict[str, Any], outermost: bool = True) -> Block:
    """Return what there is to lay out, each layer once; `contents` gets what is in it, by keys."""
    sideways = rankdir in ("LR", "RL")
    children = []
    for item in frame.items:
        if item.key in contents:  # a layer of two models
            continue
        contents[item.key] = item
        if isinstance(item, Frame):
            inner = _block(item, rankdir, contents, outermost=False)
            children += [inner] if inner.children else []
            continue
        rows = strips(item)
        size = max(sum(row.widths) for row in rows), sum(row.height for row in rows)
        children.append(Block(item.key, *(size[::-1] if sideways else size)))
    if outermost:
        return Block(frame.key, 0, 0, children)
    room = text_width([(frame.title, False)], PLAIN) + 16
    # The title is at the top of the picture, wherever that is in the layout.
    extra = {"TB": (0, TITLE, 0, 0), "BT": (0, 0, 0, TITLE)}.get(rankdir, (TITLE, 0, 0, 0))
    padding = tuple(FRAME + more for more in extra)
    size = (0, room) if sideways else (room, 0)
    return Block(frame.key, *size, children, padding)


def _draw_box(
    picture: Picture, box: Box, left: float, top: float, width: float, height: float
) -> None:
    for row in strips(box):
        x, stretch = left, width / sum(row.widths)
        for (parts, ink, fill), own in zip(row.fields, row.widths):
            own *= stretch
            picture.rectangles.append(Rectangle(x, top, own, row.height, fill))
            picture.labels.append(Label(x + own / 2, top + row.height / 2, parts, row.size, ink))
            x += own
        top += row.height


def _arrow(way: list[Run], place: Callable[[float, float], Point], bent: bool) -> Arrow:
    """Return the line through the straight pieces of an arrow, and its head."""
    _, start, end = way[-1]
    down = 1 if end > way[-2][2] else -1
    base = end - down * ARROW
    start = start if (base - start) * down > 0 else base
    points, bends = [way[0][:2]], []
    for x, y0, y1 in [*way[:-1], (way[-1][0], start, base)]:
        if bent and abs(x - points[-1][0]) > 0.5 and abs(y0 - points[-1][1]) > 0.5:
            middle = (points[-1][1] + y0) / 2
            points += [(points[-1][0], middle), (x, middle), (x, y0)]
            bends.append(True)
        for y in (y0, y1):
            if (x, y) == points[-1]:
                continue
            if bends and not bends[-1] and x == points[-1][0] == points[-2][0]:
                points[-1] = (x, y)  # straight on
            else:
                points.append((x, y))
                bends.append(False)
    x = way[-1][0]
    head = [(x, end), (x - 4, base), (x + 4, base)]
    return Arrow([place(*p) for p in points], bends, [place(*p) for p in head])
