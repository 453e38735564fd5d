"""What a model says of examples: the probability of each class, and how sure it is all over the plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.kernels import activations


def class_probabilities(
    function: str, model: Any, x: Any, from_logits: bool | None, batch_size: int | None = None
) -> np.ndarray:
    """Return the probability of each class for each example, shape `(samples, classes)`.

    Args:
        function: of whom messages speak.
        model: a model, or a function that takes arrays as `predict` does.
        x: the examples, in whatever form the model takes them.
        from_logits: whether the model's outputs are logits; if None, they are where one of them lies
            outside of 0..1.
        batch_size: how many examples `predict` takes at once.

    Raises:
        ValueError: if the outputs are not one number or one per class for each example.
    """
    if hasattr(model, "predict"):
        outputs = model.predict(x, batch_size=batch_size, verbose=0)
    elif callable(model):
        outputs = model(x)
    else:
        raise TypeError(
            f"{function}: argument `model` must be a model or a function. "
            f"Received: {type(model).__name__}"
        )
    outputs = np.asarray(outputs)
    if outputs.ndim == 1:
        outputs = outputs[:, None]
    if outputs.ndim != 2 or not outputs.size:
        raise ValueError(
            f"{function}: the model must give one number, or one per class, for each example. "
            f"Received: outputs of shape {outputs.shape}"
        )
    outputs = outputs.astype("float64")
    if from_logits is None:
        from_logits = bool((outputs < -1e-6).any() or (outputs > 1 + 1e-6).any())
    if outputs.shape[1] == 1:
        p = activations.sigmoid(outputs) if from_logits else outputs
        return np.concatenate([1 - p, p], axis=1)
    if from_logits:
        return activations.softmax(outputs)
    total = outputs.sum(axis=1, keepdims=True)  # of sigmoids, not 1
    return outputs / np.where(total == 0, 1, total)


def certainty(p: np.ndarray) -> np.ndarray:
    """Return how sure probabilities of shape `(..., classes)` are: 0 if all are equal, 1 if one is 1."""
    classes = p.shape[-1]
    return (p.max(axis=-1) - 1 / classes) / (1 - 1 / classes)


def plane_bounds(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest coordinates of the plane that points are drawn in."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.08 * np.where(high > low, high - low, 1)
    return low - margin, high + margin


def plane_grid(points: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a grid over the plane that points are drawn in.

    Args:
        points: array of shape `(samples, 2)`.
        steps: into how many steps each axis is cut.

    Returns:
        The first and the second coordinates, and all points of the grid, row by row from the lowest: of
        shape `(steps * steps, 2)` and the points' dtype.
    """
    xs, ys = np.linspace(*plane_bounds(points), steps).T
    return xs, ys, np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2).astype(points.dtype)


def class_numbers(
    function: str, y: Any, examples: int, classes: int, labels: Sequence[str] | None
) -> tuple[np.ndarray, list]:
    """Return labels as numbers 0..classes-1, and the names of the classes.

    Args:
        function: of whom messages speak.
        y: labels: numbers, one-hot rows, or anything that can be sorted, as many kinds as classes.
        examples: how many labels there must be.
        classes: how many classes the model knows.
        labels: the classes' names; by default those in `y`.
    """
    numbers, names = _numbers(function, y, examples, classes)
    if labels is None:
        return numbers, names
    if len(labels) != classes:
        raise ValueError(
            f"{function}: argument `labels` must name each of the {classes} classes. "
            f"Received: {len(labels)} names"
        )
    return numbers, list(labels)


def _numbers(function: str, y: Any, examples: int, classes: int) -> tuple[np.ndarray, list]:
    """Do what `class_numbers` says, with the names in `y`."""
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == classes and classes > 1:
        y = y.argmax(axis=1)
    if y.size != examples:
        raise ValueError(
            f"{function}: argument `y` must have a label for each of the {examples} examples in `X`. "
            f"Received: y of shape {y.shape}"
        )
    y = y.ravel()
    kinds = np.unique(y)
    if y.dtype.kind in "biuf" and set(kinds.tolist()) <= set(range(classes)):
        return y.astype(int), list(range(classes))
    if len(kinds) != classes:
        raise ValueError(
            f"{function}: the model knows {classes} classes: argument `y` must be the numbers "
            f"0 to {classes - 1}, one-hot rows, or {classes} kinds of labels. "
            f"Received: {len(kinds)} kinds: {kinds[:10].tolist()}"
        )
    return np.searchsorted(kinds, y), kinds.tolist()
