"""What a network has learned: its weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.visualization.model_layers import chosen_layers, layers_of
from minikeras.visualization.style import panels
from minikeras.visualization.tiles import draw_matrix, draw_numbers, in_rows, mosaic

MOST_FILTERS = 16
"""So many inputs and outputs of a convolution are shown at most, and its square of one-input filters."""


def plot_weights(
    model: Any, layers: str | Sequence[Any] | None = None, axes: Any = None
) -> list[Any]:
    """Draw the weights of each layer as colours, in a panel of its own.

    Weights of 0 have the colour of the background. A matrix is drawn as it is: a row for each input,
    a column for each output. Of a convolution each filter is a small picture: a column for each
    output and a row for each input, or where there is one input, filter after filter.

    Args:
        model: a model or a layer that is built.
        layers: names of layers, or layers; by default all that have a kernel, a table of vectors or
            another weight of rank 2 or more, of which the first is drawn.
        axes: matplotlib `Axes` to draw in, one per layer; by default those of a new figure.

    Returns:
        list of the `Axes`.

    Raises:
        ValueError: if there is no such layer, or it has no such weight.
        ImportError: if matplotlib is not installed.

    Example:

    >>> import minikeras
    >>> from minikeras.visualization import plot_weights
    >>> model = minikeras.Sequential([minikeras.Input((2,)), minikeras.layers.Dense(4, name="first")])
    >>> ax, = plot_weights(model)
    >>> ax.get_title(), ax.images[0].get_array().shape
    ('first: kernel (2, 4)', (2, 4))
    """
    name = "plot_weights"
    everything = layers_of(name, model)
    drawable = {n: layer for n, layer in everything.items() if _main_weight(layer) is not None}
    chosen = chosen_layers(name, everything, layers, drawable)
    if not chosen:
        raise ValueError(
            f"{name}: no layer of '{model.name}' has a weight of rank 2 or more. "
            "Weights are made when the model is built."
        )
    for n in chosen:
        if n not in drawable:
            raise ValueError(f"{name}: layer '{n}' has no weight of rank 2 or more.")
    axes = panels(name, axes, [4.2] * len(chosen))
    for ax, (n, layer) in zip(axes, chosen.items()):
        _draw(ax, n, _main_weight(layer))
    return axes


def _main_weight(layer: Any) -> Any:
    """Return the first weight that has rows and columns, None if there is none."""
    return next((w for w in layer.weights if len(w.shape) >= 2), None)


def _draw(ax: Any, name: str, weight: Any) -> None:
    values = ops.convert_to_numpy(weight).astype("float32")
    heading = f"{name}: {weight.name} {values.shape}"
    if values.ndim == 2:
        draw_matrix(ax, values, "output", "input")
    else:
        maps = _filters(values)
        if maps.shape[0] == 1:
            shown = maps[0, : MOST_FILTERS**2]
            draw_numbers(ax, mosaic(in_rows(shown)))
            part = len(shown) < maps.shape[1]
        else:
            shown = maps[:MOST_FILTERS, :MOST_FILTERS]
            draw_numbers(ax, mosaic(shown))
            part = shown.shape != maps.shape
            ax.set(xlabel="output", ylabel="input")
        if part:
            heading += " in part"
        ax.set(xticks=[], yticks=[])
    ax.set_title(heading)


def _filters(kernel: np.ndarray) -> np.ndarray:
    """Return the kernel of a convolution as pictures, `(inputs, outputs, height, width)`.

    Slices of a volume are below each other.
    """
    *places, inputs, outputs = kernel.shape
    width = places[-1]
    return kernel.reshape(-1, width, inputs, outputs).transpose(2, 3, 0, 1)
