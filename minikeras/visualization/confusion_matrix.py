"""Which classes a model takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.common.extras import require
from minikeras.visualization.predictions import class_numbers, class_probabilities
from minikeras.visualization.style import background, brightness, colours, new_axes

MOST_NUMBERS = 30
"""Up to so many classes, each cell has its number written in it."""


def plot_confusion_matrix(
    model: Any,
    X: Any,
    y: Any,
    *,
    labels: Sequence[str] | None = None,
    normalize: bool = False,
    from_logits: bool | None = None,
    ax: Any = None,
) -> Any:
    """Draw how many examples of each class a model takes for which class.

    A row is a true class, a column what the model says. The title has the accuracy.

    Args:
        model: a model, or a function that takes examples as `predict` does. It gives one number for
            each example, the probability of the second class, or one number per class.
        X: the examples.
        y: their classes: numbers, one-hot rows, or labels of as many kinds as there are classes.
        labels: the classes' names; by default those in `y`.
        normalize: whether to show the part of each true class, in percent, in place of counts.
        from_logits: whether the model gives logits; if None, it does where one lies outside of 0..1.
        ax: matplotlib `Axes` to draw in; by default those of a new figure.

    Returns:
        The `Axes`.

    Raises:
        ValueError: if the labels do not fit the model's outputs.
        ImportError: if matplotlib is not installed.

    Example:

    >>> import numpy as np
    >>> from minikeras.visualization import plot_confusion_matrix
    >>> X = np.array([[0.1], [0.4], [0.6], [0.9]])
    >>> ax = plot_confusion_matrix(lambda x: x, X, [0, 1, 1, 1], labels=["no", "yes"])
    >>> ax.get_title(), [text.get_text() for text in ax.texts]
    ('Accuracy: 0.75', ['1', '0', '1', '2'])
    """
    name = "plot_confusion_matrix"
    p = class_probabilities(name, model, X, from_logits)
    classes = p.shape[1]
    truth, names = class_numbers(name, y, len(p), classes, labels)
    said = p[:, 1] > 0.5 if classes == 2 else p.argmax(axis=1)
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (truth, said.astype(int)), 1)
    of_class = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shares = counts / of_class

    if ax is None:
        side = float(np.clip(2.4 + 0.55 * classes, 4.2, 11))
        (ax,) = new_axes([side + 0.8], height=side)
    matplotlib = require("matplotlib", "plot")
    # Shades of one colour, from that of the background on, go with light and dark styles. They show
    # the part of each class, so that rare classes are seen too.
    shades = matplotlib.colors.LinearSegmentedColormap.from_list(
        name, [background(ax), colours(ax, 1)[0]]
    )
    image = ax.imshow(shares, cmap=shades, vmin=0, vmax=1)
    if classes <= MOST_NUMBERS:
        for (row, column), share in np.ndenumerate(shares):
            bright = brightness(shades(share)) > 0.55
            ax.text(
                column,
                row,
                f"{100 * share:.0f}" if normalize else str(counts[row, column]),
                ha="center",
                va="center",
                color="black" if bright else "white",
                fontsize=np.clip(90 / classes, 5, 11),
            )
    turned = max(len(str(n)) for n in names) > 3 and classes > 3
    slanted = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if turned else {}
    ax.set_xticks(range(classes), [str(n) for n in names], **slanted)
    ax.set_yticks(range(classes), [str(n) for n in names])
    ax.set(xlabel="predicted class", ylabel="true class")
    ax.set_title(f"Accuracy: {np.trace(counts) / len(p):.4g}")
    bar = ax.figure.colorbar(image, ax=ax, ticks=np.linspace(0, 1, 6), label="part of true class")
    bar.ax.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1))
    return ax
