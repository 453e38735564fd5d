"""Where in the plane a model decides for which class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.common.extras import require
from minikeras.visualization.predictions import (
    certainty,
    class_numbers,
    class_probabilities,
    plane_grid,
)
from minikeras.visualization.style import MARKERS, background, colours, ink, new_axes, title

STRENGTH = 0.35
"""How much of a class's colour is in the background where the model is sure."""


def plot_decision_boundary(
    model: Any,
    X: Any,
    y: Any,
    *,
    labels: Sequence[str] | None = None,
    from_logits: bool | None = None,
    resolution: int = 200,
    colorbar: bool = True,
    ax: Any = None,
) -> Any:
    """Draw the classes that a model sees in the plane, and points on it.

    Each place has the colour of the class that the model decides for, the stronger the surer it is;
    the lines are where two classes are equally probable.

    Args:
        model: a model, or a function that takes points as `predict` does. It gives one number for each
            point, the probability of the second class, or one number per class.
        X: points of shape `(samples, 2)`.
        y: their classes: numbers, one-hot rows, or labels of as many kinds as there are classes.
        labels: the classes' names for the legend; by default those in `y`.
        from_logits: whether the model gives logits; if None, it does where one lies outside of 0..1.
        resolution: into how many steps each axis is cut.
        colorbar: whether to show, for two classes, which colour is which probability.
        ax: matplotlib `Axes` to draw in; by default those of a new figure.

    Returns:
        The `Axes`.

    Raises:
        ValueError: if the points do not lie in a plane, or the labels do not fit the model's outputs.
        ImportError: if matplotlib is not installed.

    Example:

    >>> import minikeras
    >>> from minikeras.visualization import plot_decision_boundary
    >>> X, y = minikeras.datasets.make_moons(100, noise=0.1, random_state=0)
    >>> model = minikeras.Sequential([minikeras.layers.Dense(1, activation="sigmoid")])
    >>> model.compile("adam", "binary_crossentropy")
    >>> history = model.fit(X, y, verbose=0)
    >>> ax = plot_decision_boundary(model, X, y, labels=["outer", "inner"])
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['outer', 'inner']
    """
    name = "plot_decision_boundary"
    points = np.asarray(X)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(
            f"{name}: argument `X` must be points in a plane, of shape (samples, 2). "
            f"Received: X of shape {points.shape}"
        )
    if resolution < 2:
        raise ValueError(
            f"{name}: argument `resolution` must be at least 2. Received: {resolution}"
        )
    xs, ys, grid = plane_grid(points, resolution)
    p = class_probabilities(name, model, grid, from_logits, batch_size=4096)
    p = p.reshape(resolution, resolution, -1)
    classes = p.shape[-1]
    numbers, names = class_numbers(name, y, len(points), classes, labels)

    if ax is None:
        (ax,) = new_axes([5.6], height=4.6)
    palette = colours(ax, classes)
    paper = background(ax)
    ax.imshow(
        _shades(p, palette, paper),
        extent=(xs[0], xs[-1], ys[0], ys[-1]),
        origin="lower",
        aspect="auto",
        interpolation="bilinear",
    )
    # A boundary is where the best class changes; beyond two, each class has a line around it.
    for c in range(1, 2) if classes == 2 else range(classes):
        lead = p[..., c] - np.delete(p, c, axis=-1).max(axis=-1)
        if lead.min() < 0 < lead.max():
            ax.contour(xs, ys, lead, levels=[0], colors=ink(ax), linewidths=1.2)
    size = np.clip(12000 / len(points), 8, 36)
    for c in range(classes):
        mine = points[numbers == c]
        ax.scatter(
            *mine.T,
            s=size,
            marker=MARKERS[c % len(MARKERS)],
            color=[palette[c]],
            edgecolors=[paper],
            linewidths=0.4,
            label=str(names[c]),
            zorder=3,
        )
    ax.set(xlim=(xs[0], xs[-1]), ylim=(ys[0], ys[-1]), xlabel="$x_1$", ylabel="$x_2$")
    title(ax, "Decision boundary", classes <= 12, markerscale=(36 / size) ** 0.5)
    if classes == 2 and colorbar:
        _probability_bar(ax, names[1], palette, paper)
    return ax


def _shades(p: np.ndarray, palette: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Return the colours that stand for probabilities of shape `(..., classes)`."""
    best = palette[p.argmax(axis=-1)]
    return np.clip(paper + STRENGTH * certainty(p)[..., None] * (best - paper), 0, 1)


def _probability_bar(ax: Any, name: Any, palette: np.ndarray, paper: np.ndarray) -> None:
    matplotlib = require("matplotlib", "plot")
    p = np.linspace(0, 1, 256)[:, None]
    shades = matplotlib.colors.ListedColormap(
        _shades(np.concatenate([1 - p, p], 1), palette, paper)
    )
    mappable = matplotlib.cm.ScalarMappable(matplotlib.colors.Normalize(0, 1), shades)
    label = f"probability of class {name}"
    ax.figure.colorbar(mappable, ax=ax, label=label, ticks=np.linspace(0, 1, 6))
