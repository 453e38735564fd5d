"""What the layers of a network make of an input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras import ops, tree
from minikeras.visualization.model_layers import chosen_layers, layers_of, recorded_outputs
from minikeras.visualization.style import panels
from minikeras.visualization.tiles import draw_matrix, draw_numbers, in_rows, mosaic

MOST_CHANNELS = 64
"""So many channels of an image are shown at most."""


def plot_activations(
    model: Any, x: Any, layers: str | Sequence[Any] | None = None, axes: Any = None
) -> list[Any]:
    """Draw what each layer gives for some inputs as colours, in a panel of its own.

    Vectors are drawn for all inputs: a row for each of them, a column for each unit. Of a sequence the
    first input's is drawn, a row for each step; of an image the first input's channels, side by side.

    Args:
        model: a model.
        x: inputs as `predict` takes them; one is a batch of one.
        layers: names of layers, or layers; by default all that have weights.
        axes: matplotlib `Axes` to draw in, one per layer; by default those of a new figure.

    Returns:
        list of the `Axes`.

    Raises:
        ValueError: if there is no such layer, or what it gives cannot be drawn.
        ImportError: if matplotlib is not installed.

    Example:

    >>> import numpy as np
    >>> import minikeras
    >>> from minikeras.visualization import plot_activations
    >>> model = minikeras.Sequential([minikeras.layers.Dense(4, activation="relu", name="first")])
    >>> ax, = plot_activations(model, np.ones((3, 2)))
    >>> ax.get_title(), ax.images[0].get_array().shape
    ('first: (3, 4)', (3, 4))
    """
    name = "plot_activations"
    arrays = tree.map_structure(ops.convert_to_tensor, x)
    if not layers_of(name, model) or not model.built:
        model(arrays, training=False)  # so that its layers have their weights
    everything = layers_of(name, model)
    with_weights = {n: layer for n, layer in everything.items() if layer.weights}
    chosen = chosen_layers(name, everything, layers, with_weights)
    if not chosen:
        raise ValueError(f"{name}: no layer of '{model.name}' has weights; name some in `layers`.")
    with recorded_outputs(chosen) as outputs:
        model(arrays, training=False)
    found = {n: _array(name, n, outputs) for n in chosen}
    axes = panels(name, axes, [4.2] * len(chosen))
    for ax, (n, layer) in zip(axes, chosen.items()):
        _draw(ax, n, found[n], getattr(layer, "data_format", None))
    return axes


def _array(function: str, name: str, outputs: dict[str, Any]) -> np.ndarray:
    """Return what a layer gave, if it was called and gave one thing that can be drawn."""
    if name not in outputs:
        raise ValueError(f"{function}: the model does not call layer '{name}'.")
    given = tree.flatten(outputs[name])
    if len(given) != 1 or not 2 <= len(given[0].shape) <= 5:
        raise ValueError(
            f"{function}: layer '{name}' must give one tensor of rank 2 to 5. "
            f"Received: shapes {[tuple(y.shape) for y in given]}"
        )
    return ops.convert_to_numpy(given[0])


def _draw(ax: Any, name: str, values: np.ndarray, data_format: str | None) -> None:
    heading = f"{name}: {values.shape}"
    if values.ndim <= 3:
        whole = values.ndim == 2
        matrix = (values if whole else values[0]).astype("float32")
        draw_matrix(ax, matrix, "unit", "example" if whole else "step")
    else:
        first = values[0]
        if data_format != "channels_first":
            first = np.moveaxis(first, -1, 0)
        maps = first.reshape(len(first), -1, first.shape[-1])  # slices of a volume below each other
        draw_numbers(ax, mosaic(in_rows(maps[:MOST_CHANNELS].astype("float32"))))
        ax.set(xticks=[], yticks=[])
        if len(maps) > MOST_CHANNELS:
            heading += f", {MOST_CHANNELS} of them"
    ax.set_title(heading)
