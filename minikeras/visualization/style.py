"""What the pictures have in common: figures, colours, legends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.common.extras import require
from minikeras.kernels.colors import LUMA

# The colours of Okabe and Ito, which colour-blind people can tell apart: in an order for thin lines
# on a light background, and in one for a dark background.
ON_LIGHT = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
ON_DARK = ["#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#D55E00", "#FFFFFF"]
MARKERS = "os^Dv<>"


def new_axes(widths: Sequence[float], height: float = 4.0) -> list[Any]:
    """Return `Axes` side by side in a new figure, of these widths in inches."""
    plt = require("matplotlib.pyplot", "plot")
    size = (sum(widths), height)
    options = {"figsize": size, "layout": "constrained", "squeeze": False}
    _, axes = plt.subplots(1, len(widths), width_ratios=list(widths), **options)
    return list(axes.flat)


def panels(function: str, axes: Any, widths: Sequence[float]) -> list[Any]:
    """Return the `Axes` that a user gave, flat, or those of a new figure if there are none.

    Args:
        function: of whom messages speak.
        axes: one, or a sequence or array of as many as there are widths; or None.
        widths: of new ones, in inches.
    """
    if axes is None:
        return new_axes(widths)
    count = len(widths)
    flat = list(np.ravel(np.asarray(axes, dtype=object)))
    if len(flat) != count or not all(hasattr(ax, "plot") for ax in flat):
        raise ValueError(
            f"{function}: argument `axes` must be {count} matplotlib Axes, one for each panel. "
            f"Received: {len(flat)} of type {', '.join(sorted({type(a).__name__ for a in flat}))}"
        )
    return flat


def background(ax: Any) -> np.ndarray:
    """Return the colour that is behind what is drawn, as red, green and blue in 0..1."""
    to_rgba = require("matplotlib.colors", "plot").to_rgba
    *colour, opacity = to_rgba(ax.get_facecolor())
    behind = to_rgba(ax.figure.figure.get_facecolor())  # not a part's of it
    paper = np.array(behind[:3]) * behind[3] + (1 - behind[3])  # a clear figure lies on white
    return opacity * np.array(colour) + (1 - opacity) * paper


def brightness(colour: Any) -> Any:
    """Return how bright colours look, 0 for black and 1 for white; the last axis is the colours'."""
    return np.asarray(colour)[..., :3] @ np.array(LUMA)


def ink(ax: Any) -> str:
    """Return black or white, whichever stands out from the background."""
    return "black" if brightness(background(ax)) > 0.5 else "white"


def colours(ax: Any, count: int) -> np.ndarray:
    """Return `count` colours of shape `(count, 3)` that stand out from the background."""
    matplotlib = require("matplotlib", "plot")
    palette = ON_LIGHT if ink(ax) == "black" else ON_DARK
    if count <= len(palette):
        return matplotlib.colors.to_rgba_array(palette[:count])[:, :3]
    many = matplotlib.colormaps["turbo"](np.linspace(0.05, 0.95, count))[:, :3]
    bright = brightness(many)[:, None]
    if ink(ax) == "black":
        return many * np.minimum(1, 0.55 / bright)
    return 1 - (1 - many) * np.minimum(1, 0.55 / (1 - bright))


def title(ax: Any, text: str, legend: bool, markerscale: float = 1) -> None:
    """Write the title and, if wanted, the legend in rows above the panel, where nothing is hidden."""
    if len(text) > 10 * ax.bbox.width / ax.figure.dpi:  # wider than the panel
        text = text.replace(" (", "\n(")
    if not legend:
        ax.set_title(text)
        return
    handles, labels = ax.get_legend_handles_labels()
    fit = max(1, 40 // (3 + max(map(len, labels))))  # so many labels go into a row
    rows = -(-len(labels) // fit)
    ax.legend(
        handles,
        labels,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=-(-len(labels) // rows),
        frameon=False,
        borderaxespad=0.1,
        handletextpad=0.4,
        columnspacing=1.2,
        markerscale=markerscale,
    )
    ax.set_title(text, pad=10 + 16 * rows)
