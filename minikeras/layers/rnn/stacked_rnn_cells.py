"""`StackedRNNCells`: cells one above another, as one cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras import tree
from minikeras.layers.layer import Layer
from minikeras.ops.creation import zeros


class StackedRNNCells(Layer):
    """Several cells as one: each takes the output of the one below.

    Args:
        cells: list of cells, the lowest first.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> stack = layers.StackedRNNCells([layers.LSTMCell(4), layers.GRUCell(2)])
    >>> layers.RNN(stack)(np.ones((3, 5, 1))).shape
    (3, 2)
    """

    def __init__(self, cells: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for cell in cells:
            for attribute in ("call", "state_size"):
                if not hasattr(cell, attribute):
                    raise ValueError(
                        f"StackedRNNCells: each of `cells` must have a `{attribute}`. Received: "
                        f"cells={cells!r}"
                    )
        self.cells = list(cells)

    @property
    def state_size(self) -> list:
        """The state sizes of the cells, from the lowest."""
        return [c.state_size for c in self.cells]

    @property
    def output_size(self) -> int:
        """The size of the highest cell's output."""
        return _output_size(self.cells[-1])

    def get_initial_state(self, batch_size: int | None = None) -> list:
        """Return the states that a sequence begins with, for each cell."""
        states: list = []
        for cell in self.cells:
            method = getattr(cell, "get_initial_state", None)
            if method is not None:
                states.append(method(batch_size=batch_size))
            else:
                states.append(
                    tree.map_structure(
                        lambda size: zeros((batch_size, size), dtype=self.compute_dtype),
                        cell.state_size,
                    )
                )
        return states

    def build(self, input_shape: tuple) -> None:
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
                cell.built = True
            input_shape = (input_shape[0], _output_size(cell))

    def call(self, inputs: Any, states: Any, training: bool = False, **kwargs: Any) -> tuple:
        new_states = []
        if len(states) != len(self.cells):
            raise ValueError(
                f"Layer '{self.name}': argument `states` must hold the states of {len(self.cells)} "
                f"cells. Received: {len(states)}"
            )
        for cell, state in zip(self.cells, states):
            nested = tree.is_nested(state)
            options = dict(kwargs)
            if isinstance(cell, Layer) and cell.call_signature.training:
                options["training"] = training
            call = cell if callable(cell) else cell.call
            inputs, new = call(inputs, list(state) if nested else [state], **options)
            if not nested:
                new = new[0] if tree.is_nested(new) else new
            new_states.append(new)
        return inputs, new_states


def _output_size(cell: Any) -> int:
    size = getattr(cell, "output_size", None)
    if size is not None:
        return size
    size = cell.state_size
    return size[0] if isinstance(size, (list, tuple)) else size
