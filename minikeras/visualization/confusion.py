"""Which classes a model takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.common.extras import require
from minikeras.common.html import BLUE_PARTS, block, escape, table
from minikeras.utils.notebook import text_table
from minikeras.visualization.predictions import class_numbers, class_probabilities
from minikeras.visualization.style import background, brightness, colours, new_axes

MOST_NUMBERS = 30
"""Up to so many classes, each cell of a picture has its number written in it."""

MOST_CELLS = 100
"""A matrix of more classes is shown in notebooks by its most frequent mistakes alone."""


class ConfusionMatrix:
    """How many examples of each class a model takes for which class.

    `confusion_matrix` makes one. A notebook shows it as a table, and `plot` draws it.

    Args:
        counts: array of shape `(classes, classes)`: a row for each true class, a column for each
            class that the model says.
        labels: the classes' names; by default their numbers.

    Attributes:
        counts: the counts.
        labels: the names.

    Raises:
        ValueError: if `counts` is not square, or has not as many rows as there are labels.

    Example:

    >>> from minikeras.visualization import ConfusionMatrix
    >>> matrix = ConfusionMatrix([[8, 2], [1, 9]], ["cat", "dog"])
    >>> matrix.accuracy
    0.85
    >>> print(matrix)
         cat  dog
    cat    8    2
    dog    1    9
    """

    def __init__(self, counts: Any, labels: Sequence[Any] | None = None) -> None:
        self.counts = np.asarray(counts)
        shape = self.counts.shape
        if len(shape) != 2 or shape[0] != shape[1] or not shape[0]:
            raise ValueError(
                "ConfusionMatrix: argument `counts` must have as many rows as columns. "
                f"Received: shape {shape}"
            )
        self.labels = list(range(shape[0])) if labels is None else list(labels)
        if len(self.labels) != shape[0]:
            raise ValueError(
                f"ConfusionMatrix: argument `labels` must name each of the {shape[0]} classes. "
                f"Received: {len(self.labels)} names"
            )

    @property
    def accuracy(self) -> float:
        """The part of all examples whose class the model says, NaN where there are none."""
        total = self.counts.sum()
        return float(np.trace(self.counts) / total) if total else float("nan")

    @property
    def shares(self) -> np.ndarray:
        """The counts as parts of each true class, 0 for a class without examples."""
        return self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1)

    def plot(self, normalize: bool = False, ax: Any = None) -> Any:
        """Draw the matrix with matplotlib; arguments and result as for `plot_confusion_matrix`."""
        return _draw(self, normalize, ax)

    def __str__(self) -> str:
        rows = [[name, *row] for name, row in zip(self.labels, self.counts.tolist())]
        return text_table(["", *self.labels], rows).rstrip("\n")

    def __repr__(self) -> str:
        return f"<ConfusionMatrix of {len(self.labels)} classes, accuracy={self.accuracy:.4g}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: a table, coloured by the part of each true class."""
        title = f"<div><b>Accuracy: {self.accuracy:.4g}</b></div>"
        small = len(self.labels) <= MOST_CELLS
        return block(title + (self._cells_html() if small else self._mistakes_html()))

    def _cells_html(self) -> str:
        names = [escape(str(name)) for name in self.labels]
        lines = []
        for name, counts, shares in zip(names, self.counts.tolist(), self.shares.tolist()):
            cells = "".join(
                f'<td title="{100 * share:.1f}%" '
                f'style="background:rgba({BLUE_PARTS},{0.75 * share:.2f})">{count}</td>'
                for count, share in zip(counts, shares)
            )
            lines.append(f'<tr><th class="l">{name}</th>{cells}</tr>')
        head = "".join(f"<th>{name}</th>" for name in names)
        head = f'<thead><tr><th class="l">true \\ predicted</th>{head}</tr></thead>'
        return f"<table>{head}<tbody>{''.join(lines)}</tbody></table>"

    def _mistakes_html(self) -> str:
        wrong = self.counts - np.diag(np.diag(self.counts))
        worst = np.argsort(-wrong, axis=None, kind="stable")[:MOST_NUMBERS]
        pairs = [(i, j) for i, j in zip(*np.unravel_index(worst, wrong.shape)) if wrong[i, j]]
        rows = [(self.labels[i], self.labels[j], wrong[i, j]) for i, j in pairs]
        return table(("true class", "taken for", "examples"), rows, "llr")


def confusion_matrix(
    model: Any,
    X: Any,
    y: Any,
    *,
    labels: Sequence[str] | None = None,
    from_logits: bool | None = None,
) -> ConfusionMatrix:
    """Count how many examples of each class a model takes for which class.

    Args:
        model: a model, or a function that takes examples as `predict` does. It gives one number for
            each example, the probability of the second class, or one number per class.
        X: the examples.
        y: their classes: numbers, one-hot rows, or labels of as many kinds as there are classes.
        labels: the classes' names; by default those in `y`.
        from_logits: whether the model gives logits; if None, it does where one lies outside of 0..1.

    Returns:
        The counts, as something that a notebook shows as a table.

    Raises:
        ValueError: if the labels do not fit the model's outputs.

    Example:

    >>> import numpy as np
    >>> from minikeras.visualization import confusion_matrix
    >>> X = np.array([[0.1], [0.4], [0.6], [0.9]])
    >>> confusion_matrix(lambda x: x, X, [0, 1, 1, 1]).counts
    array([[1, 0],
           [1, 2]])
    """
    return _counted("confusion_matrix", model, X, y, labels, from_logits)


def _counted(
    name: str, model: Any, X: Any, y: Any, labels: Sequence[str] | None, from_logits: bool | None
) -> ConfusionMatrix:
    p = class_probabilities(name, model, X, from_logits)
    classes = p.shape[1]
    truth, names = class_numbers(name, y, len(p), classes, labels)
    said = p[:, 1] > 0.5 if classes == 2 else p.argmax(axis=1)
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (truth, said.astype(int)), 1)
    return ConfusionMatrix(counts, names)


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
    matrix = _counted("plot_confusion_matrix", model, X, y, labels, from_logits)
    return matrix.plot(normalize, ax)


def _draw(matrix: ConfusionMatrix, normalize: bool, ax: Any) -> Any:
    counts, shares, names = matrix.counts, matrix.shares, matrix.labels
    classes = len(names)
    if ax is None:
        side = float(np.clip(2.4 + 0.55 * classes, 4.2, 11))
        (ax,) = new_axes([side + 0.8], height=side)
    matplotlib = require("matplotlib", "plot")
    # Shades of one colour, from that of the background on, go with light and dark styles. They show
    # the part of each class, so that rare classes are seen too.
    shades = matplotlib.colors.LinearSegmentedColormap.from_list(
        "shades", [background(ax), colours(ax, 1)[0]]
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
    ax.set_title(f"Accuracy: {matrix.accuracy:.4g}")
    bar = ax.figure.colorbar(image, ax=ax, ticks=np.linspace(0, 1, 6), label="part of true class")
    bar.ax.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1))
    return ax
