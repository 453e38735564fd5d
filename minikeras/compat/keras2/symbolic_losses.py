"""Losses that are computed from KerasTensors: `model.add_loss(tensor)`, and functions that use tensors.

The variational autoencoders of 2016 to 2020 are written in these two ways. Today's Keras has no graph that
a loss could be a part of, so the tensors become part of the model: a layer beside its first output is
given them.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CellType, CodeType, FunctionType
from typing import Any

from minikeras import ops, tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.common.registry import register_keras_serializable
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


@register_keras_serializable("keras2")
class Beside(Layer):
    """Hands its first input on, and keeps the others for whoever asks for `kept`."""

    kept: tuple = ()

    def call(self, output: Any, *values: Any) -> Any:
        object.__setattr__(self, "kept", values)
        return output

    def compute_output_spec(self, output: Any, *values: Any) -> Any:
        return KerasTensor(output.shape, output.dtype)


def _put_beside(model: Any, layer: Layer, tensors: list[KerasTensor]) -> None:
    """Let a functional model compute some tensors and give them to a layer beside its first output."""
    first, *others = model.outputs
    outputs = [layer(first, *tensors), *others]
    model._set_graph(model._inputs_struct, tree.pack_sequence_as(model._outputs_struct, outputs))


def add_symbolic_loss(model: Any, loss: Any) -> None:
    """Add the mean of KerasTensors, computed in a functional model, to its loss."""
    _put_beside(model, AddLoss(), tree.flatten(loss))


def with_values(model: Any, loss: Any) -> Any:
    """Return a loss function that is given values where it uses KerasTensors of the model's graph.

    Args:
        model: the model that is compiled with it.
        loss: what `compile` was given for an output.

    Returns:
        `loss` itself if it is no function that uses KerasTensors.
    """
    if not isinstance(loss, FunctionType) or not hasattr(model, "graph"):
        return loss
    cells = loss.__closure__ or ()
    names = [n for n in _names(loss.__code__) if isinstance(loss.__globals__.get(n), KerasTensor)]
    places = [i for i, cell in enumerate(cells) if isinstance(_contents(cell), KerasTensor)]
    tensors = [loss.__globals__[n] for n in names] + [cells[i].cell_contents for i in places]
    if not tensors:
        return loss
    beside = Beside()
    _put_beside(model, beside, tensors)
    return _substituted(loss, beside, names, places)


def _substituted(loss: FunctionType, beside: Beside, names: list, places: list) -> Callable:
    def function(y_true: Any, y_pred: Any) -> Any:
        values = beside.kept
        by_place = dict(zip(places, values[len(names) :]))
        cells = loss.__closure__ or ()
        concrete = FunctionType(
            loss.__code__,
            {**loss.__globals__, **dict(zip(names, values))},
            loss.__name__,
            loss.__defaults__,
            tuple(CellType(by_place[i]) if i in by_place else c for i, c in enumerate(cells)),
        )
        return concrete(y_true, y_pred)

    function.__name__ = loss.__name__
    return function


def _names(code: CodeType) -> list[str]:
    """Return the names that a function, and those inside it, look up outside."""
    inner = [c for c in code.co_consts if isinstance(c, CodeType)]
    return list(dict.fromkeys([*code.co_names, *(n for c in inner for n in _names(c))]))


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return None
