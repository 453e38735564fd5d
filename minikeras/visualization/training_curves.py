"""How loss and metrics went, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minikeras.utils.curves import WIDE_RANGE
from minikeras.visualization.decision_boundary import plot_decision_boundary
from minikeras.visualization.style import colours, ink, panels, title

FEW_EPOCHS = 20
"""Up to so many, each epoch has a marker: a single one could not be seen without."""


def plot_history(
    history: Any, metrics: str | Sequence[str] | None = None, axes: Any = None
) -> list[Any]:
    """Draw the curve of each metric, in training and in validation, in a panel of its own.

    The titles have the last values. A scale is logarithmic where a metric went down to a small part
    of what it was.

    Args:
        history: what `fit` returned, or a dict with a list of values per epoch for each name.
        metrics: names of the metrics to draw, without `val_`; by default all, the loss first.
        axes: matplotlib `Axes` to draw in, one per metric; by default those of a new figure.

    Returns:
        list of the `Axes`.

    Raises:
        ValueError: if nothing was recorded, or not the metric that is asked for.
        ImportError: if matplotlib is not installed.

    Example:

    >>> import minikeras
    >>> from minikeras.visualization import plot_history
    >>> x, y = minikeras.datasets.make_moons(100, noise=0.1, random_state=0)
    >>> model = minikeras.Sequential([minikeras.layers.Dense(1, activation="sigmoid")])
    >>> model.compile("adam", "binary_crossentropy", metrics=["accuracy", "mse"])
    >>> history = model.fit(x, y, epochs=5, validation_split=0.2, verbose=0)
    >>> [ax.get_title().split(":")[0] for ax in plot_history(history)]
    ['Loss', 'Accuracy', 'Mse']
    >>> ax, = plot_history(history, "mse")
    >>> len(ax.lines)
    2
    """
    curves = _curves("plot_history", history)
    if metrics is None:
        names = _measured(curves)
    else:
        names = [metrics] if isinstance(metrics, str) else list(metrics)
    for name in names:
        if name not in curves and f"val_{name}" not in curves:
            raise ValueError(
                f"plot_history: argument `metrics`: {name!r} was not recorded. "
                f"Recorded: {_measured(curves)}"
            )
    axes = panels("plot_history", axes, [4.8] * len(names))
    for ax, name in zip(axes, names):
        _draw(ax, name, curves)
    return axes


def plot_loss_accuracy(
    history: Any, model: Any = None, X: Any = None, y: Any = None, axes: Any = None
) -> list[Any]:
    """Draw the curves of loss and accuracy and, for points in a plane, the decision boundary.

    The titles have the last values of loss and accuracy. Other metrics are left out; `plot_history`
    draws them.

    Args:
        history: what `fit` returned, or a dict with a list of values per epoch for each name.
        model: the model, if its decision boundary is to be drawn; see `plot_decision_boundary`.
        X: points of shape `(samples, 2)`.
        y: their classes.
        axes: matplotlib `Axes` to draw in, one per panel; by default those of a new figure.

    Returns:
        list of the `Axes`: the loss, the accuracy if it was measured, the decision boundary if asked
        for.

    Raises:
        ValueError: if nothing was recorded, if only some of `model`, `X` and `y` are given, or if the
            points do not lie in a plane.
        ImportError: if matplotlib is not installed.

    Example:

    >>> import minikeras
    >>> from minikeras.visualization import plot_loss_accuracy
    >>> X, y = minikeras.datasets.make_moons(100, noise=0.1, random_state=0)
    >>> model = minikeras.Sequential([minikeras.layers.Dense(1, activation="sigmoid")])
    >>> model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    >>> history = model.fit(X, y, epochs=5, verbose=0)
    >>> len(plot_loss_accuracy(history)), len(plot_loss_accuracy(history, model, X, y))
    (2, 3)
    """
    given = [argument is not None for argument in (model, X, y)]
    if any(given) and not all(given):
        raise ValueError(
            "plot_loss_accuracy: the decision boundary takes all three of `model`, `X` and `y`. "
            f"Received: {[n for n, g in zip(('model', 'X', 'y'), given) if g]} only"
        )
    names = [
        name
        for name in _measured(_curves("plot_loss_accuracy", history))
        if name in ("loss", "acc") or name.endswith(("accuracy", "_acc"))
    ]
    axes = panels("plot_loss_accuracy", axes, [4.8] * len(names) + [5.6] * all(given))
    if names:
        plot_history(history, names, axes=axes[: len(names)])
    if all(given):
        plot_decision_boundary(model, X, y, ax=axes[-1])
    return axes


def _curves(function: str, history: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the epochs and the values of each curve."""
    values = history if isinstance(history, Mapping) else getattr(history, "history", None)
    if not isinstance(values, Mapping):
        raise TypeError(
            f"{function}: argument `history` must be what `fit` returned, or a dict of lists. "
            f"Received: {type(history).__name__}"
        )
    arrays = {name: np.asarray(v, dtype="float64").ravel() for name, v in values.items()}
    arrays = {name: v for name, v in arrays.items() if len(v)}
    if not arrays:
        raise ValueError(f"{function}: argument `history` holds no epoch.")
    numbers = getattr(history, "numbers", {})
    last = max(map(len, arrays.values()))
    # Who gives a dict says nothing of epochs: what was not measured in all of them is spread evenly.
    return {
        name: (np.asarray(numbers.get(name, last / len(v) * np.arange(1, len(v) + 1))), v)
        for name, v in arrays.items()
    }


def _measured(curves: Mapping[str, Any]) -> list[str]:
    """Return the metrics' names, without the `val_` of validation, the loss first."""
    names = [name.removeprefix("val_") for name in curves]
    return sorted(dict.fromkeys(names), key=lambda name: name != "loss")


def _draw(ax: Any, name: str, curves: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Draw the curves of training and validation of one metric."""
    parts = [(label, curves[key]) for label, key in _parts(name) if key in curves]
    everything = np.concatenate([values for _, (_, values) in parts])
    finite = everything[np.isfinite(everything)]
    last = max(numbers[-1] for _, (numbers, _) in parts)
    first, second = colours(ax, 2)
    for label, (numbers, values) in parts:
        # An epoch without a neighbour that has a value is a point: no line would be seen.
        marker = "o" if last <= FEW_EPOCHS or np.isnan(values).any() else ""
        colour, dashes = (first, "-") if label == "training" else (second, "--")
        ax.plot(
            numbers, values, dashes, color=colour, marker=marker, markersize=4, lw=1.8, label=label
        )
    if len(finite) and finite.min() > 0 and finite.max() > WIDE_RANGE * finite.min():
        ax.set_yscale("log")
    if last <= 1:
        ax.set_xlim(0, 2)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("epoch")
    ax.grid(True, which="major", color=ink(ax), alpha=0.15, linewidth=0.8)
    ax.set_axisbelow(True)
    heading = f"{name.replace('_', ' ').capitalize()}: {parts[0][1][1][-1]:.4g}"
    if len(parts) > 1:
        heading += f" (validation: {parts[1][1][1][-1]:.4g})"
    title(ax, heading, legend=len(parts) > 1 or parts[0][0] == "validation")


def _parts(name: str) -> list[tuple[str, str]]:
    return [("training", name), ("validation", f"val_{name}")]
