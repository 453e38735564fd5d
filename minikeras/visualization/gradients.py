"""How strongly the loss pulls at the weights of each layer, in the course of a training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minikeras import ops, tree
from minikeras.autodiff.tape import GradientTape
from minikeras.callbacks.callback import Callback
from minikeras.visualization.model_layers import layers_of
from minikeras.visualization.style import colours, ink, new_axes, title

MOST_LABELS = 14
"""Of more layers than so many, only the first and the last are named."""


class GradientNorms(Callback):
    """Notes after each epoch how large the gradients of each layer's weights are.

    They are those of the loss on examples of yours, always the same, computed as `evaluate` does
    (without dropout): so what changes is the network. A layer's number is the root mean square of the
    gradients of all its trainable weights, which does not depend on how many there are.

    Args:
        x: inputs as the model takes them; a batch of them is enough.
        y: their targets.
        sample_weight: their weights, if they have some.

    Attributes:
        norms: dict from layers' names to lists of numbers: before training, and after each epoch.

    Example:

    >>> import minikeras
    >>> from minikeras.visualization import GradientNorms, plot_gradients
    >>> x, y = minikeras.datasets.make_moons(100, noise=0.1, random_state=0)
    >>> layers = [minikeras.layers.Dense(4, "tanh", name="a"), minikeras.layers.Dense(1, name="b")]
    >>> model = minikeras.Sequential([minikeras.Input((2,)), *layers])
    >>> model.compile("adam", "mse")
    >>> gradients = GradientNorms(x, y)
    >>> history = model.fit(x, y, epochs=3, callbacks=[gradients], verbose=0)
    >>> {name: len(norms) for name, norms in gradients.norms.items()}
    {'a': 4, 'b': 4}
    >>> len(plot_gradients(gradients).lines)
    2
    """

    def __init__(self, x: Any, y: Any, sample_weight: Any = None) -> None:
        super().__init__()
        self.x, self.y, self.sample_weight = x, y, sample_weight
        self.norms: dict[str, list[float]] = {}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if not self.norms:
            self._measure()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._measure()

    def _measure(self) -> None:
        model = self.model
        x, y = (tree.map_structure(ops.convert_to_tensor, part) for part in (self.x, self.y))
        weight = None if self.sample_weight is None else ops.convert_to_tensor(self.sample_weight)
        with GradientTape() as tape:
            outputs = model(x, training=False)
            loss = model.compute_loss(
                x=x, y=y, y_pred=outputs, sample_weight=weight, training=False
            )
        variables = model.trainable_variables
        found = zip(variables, tape.gradient(loss, variables))
        gradients = {id(v): None if g is None else ops.convert_to_numpy(g) for v, g in found}
        for name, layer in layers_of("GradientNorms", model).items():
            own = [gradients.get(id(v)) for v in layer.trainable_variables]
            squares = [np.square(g, dtype="float64") for g in own if g is not None]
            if own:
                total = sum(s.sum() for s in squares)
                count = sum(s.size for s in squares)
                self.norms.setdefault(name, []).append(float(np.sqrt(total / max(count, 1))))


def plot_gradients(gradients: Any, ax: Any = None) -> Any:
    """Draw how large the gradients of each layer were, epoch by epoch.

    Where gradients vanish, the curves of the first layers lie far below those of the last; where they
    explode, the curves rise.

    Args:
        gradients: a `GradientNorms` that was a callback of `fit`; or a dict from layers' names, in
            order, to lists of numbers, the first of them from before training.
        ax: matplotlib `Axes` to draw in; by default those of a new figure.

    Returns:
        The `Axes`.

    Raises:
        ValueError: if nothing was noted.
        ImportError: if matplotlib is not installed.

    Example:

    >>> from minikeras.visualization import plot_gradients
    >>> ax = plot_gradients({"first": [1e-4, 1e-5], "last": [0.1, 0.2]})
    >>> ax.get_yscale(), [line.get_label() for line in ax.lines]
    ('log', ['first', 'last'])
    """
    norms = gradients if isinstance(gradients, Mapping) else getattr(gradients, "norms", None)
    if not isinstance(norms, Mapping):
        raise TypeError(
            "plot_gradients: argument `gradients` must be a `GradientNorms` or a dict of lists. "
            f"Received: {type(gradients).__name__}"
        )
    if not any(len(values) for values in norms.values()):
        raise ValueError(
            "plot_gradients: argument `gradients` holds no numbers: was it among the callbacks of `fit`?"
        )
    if ax is None:
        (ax,) = new_axes([5.6])
    names = list(norms)
    few = len(names) <= MOST_LABELS
    for name, colour in zip(names, colours(ax, len(names))):
        values = np.asarray(norms[name], "float64")
        label = name if few or name in (names[0], names[-1]) else f"_{name}"
        marker = "o" if len(values) <= 20 else ""
        # A gradient of 0 has no place on a logarithmic scale: the curve has a gap there.
        shown = np.where(values > 0, values, np.nan)
        ax.plot(range(len(values)), shown, marker=marker, markersize=4, color=colour, label=label)
    if any(np.max(values, initial=0) > 0 for values in norms.values()):
        ax.set_yscale("log")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel="epochs", ylabel="root mean square")
    ax.grid(True, which="major", color=ink(ax), alpha=0.15, linewidth=0.8)
    ax.set_axisbelow(True)
    title(ax, "Gradients by layer", legend=True)
    return ax
