"""Losses that are computed from KerasTensors: `model.add_loss(tensor)`.

Today's Keras has no graph that a loss could be a part of, so the tensors become part of the model: a layer
at its first output is given them. Functions that use such tensors, the other way in which the variational
autoencoders of 2016 to 2020 are written, are in `keras_backend.graph_losses`.
"""

from __future__ import annotations

from typing import Any

from minikeras import ops, tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.common.registry import register_keras_serializable
from minikeras.compat.keras_backend.graph_losses import KeepingGraph
from minikeras.layers.layer import Layer


@register_keras_serializable("keras2")
class AddLoss(Layer):
    """Hands its first input on, and adds the mean of the others to the loss.

    Example:

    >>> import numpy as np
    >>> layer = AddLoss()
    >>> layer(np.ones((2, 3)), np.array([1.0, 3.0])).shape
    (2, 3)
    >>> [float(loss) for loss in layer.losses]
    [2.0]
    """

    def call(self, output: Any, *values: Any) -> Any:
        for value in values:
            self.add_loss(ops.mean(value))
        return output

    def compute_output_spec(self, output: Any, *values: Any) -> Any:
        return KerasTensor(output.shape, output.dtype)


def add_symbolic_loss(model: Any, loss: Any) -> None:
    """Add the mean of KerasTensors, computed in a functional model, to its loss."""
    first, *others = model.outputs
    outputs = [AddLoss()(first, *tree.flatten(loss)), *others]
    before = model.graph
    model._set_graph(model._inputs_struct, tree.pack_sequence_as(model._outputs_struct, outputs))
    if isinstance(before, KeepingGraph):  # compiled already, with a loss that uses tensors
        object.__setattr__(model, "graph", KeepingGraph(model.graph, before.wanted))
