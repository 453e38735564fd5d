"""Curves of metrics as small SVG pictures, which take on the colours of the page that they are in."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from minikeras.common.html import BLUE, ORANGE, escape

WIDTH, HEIGHT = 260, 150
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 22, 20
"""Room around the curves for numbers and the title."""

WIDE_RANGE = 20
"""From this quotient of the highest and the lowest value on, the scale is logarithmic."""

MOST_POINTS = 200
"""A curve of more points shows every second, third, ... of them, and the last."""

Points = Sequence[tuple[float, float]]


def curve_panels(curves: Mapping[str, Points]) -> str:
    """Return a panel for each metric, with its curve in training and that in validation.

    Args:
        curves: by name of the metric, points of epoch and value; names that begin with `val_` go
            into the panel of the metric without it. What is not finite is a gap.
    """
    names = list(dict.fromkeys(name.removeprefix("val_") for name in curves))
    panels = [_panel(name, curves.get(name, ()), curves.get(f"val_{name}", ())) for name in names]
    return f'<div class="panels">{"".join(panels)}</div>'


def _panel(name: str, training: Points, validation: Points) -> str:
    everything = [p for p in (*training, *validation) if math.isfinite(p[1])]
    xs, ys = [p[0] for p in everything] or [1], [p[1] for p in everything] or [0]
    x_low, x_high, low, high = min(xs), max(xs), min(ys), max(ys)
    if low == high:
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    scale = math.log if low > 0 and high > WIDE_RANGE * low else float

    def place(x: float, y: float) -> tuple[float, float]:
        part = (x - x_low) / (x_high - x_low) if x_high > x_low else 0.5
        across = LEFT + part * (WIDTH - LEFT - RIGHT)
        part = (scale(high) - scale(y)) / (scale(high) - scale(low))
        return across, TOP + part * (HEIGHT - TOP - BOTTOM)

    floor = HEIGHT - BOTTOM
    marks = [_text(LEFT - 4, place(x_low, y)[1] + 4, f"{y:.4g}", "end") for y in (low, high)]
    marks += [
        _text(LEFT, HEIGHT - 5, f"{x_low:g}"),
        _text(WIDTH - RIGHT, HEIGHT - 5, f"{x_high:g}", "end"),
    ]
    titles = f'<tspan font-weight="bold">{escape(name)}</tspan>'
    if training:
        titles += f' <tspan fill="{BLUE}">{training[-1][1]:.4g}</tspan>'
    if validation:
        titles += f' <tspan fill="{ORANGE}">validation {validation[-1][1]:.4g}</tspan>'
    lines = _line(training, place, BLUE, "") + _line(validation, place, ORANGE, "5 3")
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(name)} by epoch" font-family="sans-serif" font-size="11" '
        f'fill="currentColor"><text x="{LEFT}" y="14">{titles}</text>'
        f'<path d="M{LEFT} {TOP}V{floor}H{WIDTH - RIGHT}" fill="none" stroke="currentColor" '
        f'stroke-opacity=".4"/>{"".join(marks)}{lines}</svg>'
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:.1f}" text-anchor="{anchor}" opacity=".75">{text}</text>'


def _line(
    points: Points,
    place: Callable[[float, float], tuple[float, float]],
    colour: str,
    dashes: str,
) -> str:
    """Return a curve; a point that stands alone between gaps is a dot."""
    stride = -(-len(points) // MOST_POINTS)
    chosen = [p for i, p in enumerate(reversed(points)) if not i % stride][::-1] if points else []
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in chosen:
        if math.isfinite(y):
            runs[-1].append(place(x, y))
        elif runs[-1]:
            runs.append([])
    parts = []
    for run in runs:
        if len(run) == 1:
            ((x, y),) = run
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>')
        elif run:
            d = "L".join(f"{x:.1f} {y:.1f}" for x, y in run)
            parts.append(
                f'<path d="M{d}" fill="none" stroke="{colour}" stroke-width="1.8" '
                f'stroke-dasharray="{dashes or "none"}"/>'
            )
    return "".join(parts)
