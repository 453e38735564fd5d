"""`Functional`: a model described by calling layers on KerasTensors."""

from __future__ import annotations

from typing import Any

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.layers.core.input_layer import Input
from minikeras.layers.layer import Layer
from minikeras.models.functional_config import functional_config
from minikeras.models.graph_model import GraphModel
from minikeras.models.model import Model
from minikeras.ops.function import Function
from minikeras.trainers.trainer import Trainer


class Functional(GraphModel):
    """A model whose layers form a graph; `Model(inputs, outputs)` makes one.

    Args:
        inputs: KerasTensor, or a list, tuple or dict of them.
        outputs: KerasTensor, or a structure of them.
        name: name, counted if None.
        trainable: whether its weights may be trained.
    """

    calls_before = 1
    """A functional model comes with one call, that of its layers on its own inputs."""

    def __init__(
        self,
        inputs: Any,
        outputs: Any,
        name: str | None = None,
        trainable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        Trainer.__init__(self)
        Layer.__init__(self, name=name, **kwargs)
        for t in tree.flatten(inputs):
            if isinstance(t, KerasTensor) and getattr(t, "_keras_history", None) is None:
                raise ValueError(
                    f"Model '{self.name}': inputs must come from minikeras.Input(...). Received: {t}"
                )
        inputs, outputs = self._entered(inputs, outputs)
        self._set_graph(inputs, outputs)
        self.autocast = False  # inputs get the dtypes of their `Input`s
        if trainable is not None:
            self._trainable = bool(trainable)  # its layers have their own say
        self.built = True

    def _entered(self, inputs: Any, outputs: Any) -> tuple[Any, Any]:
        """Give inputs that are not fresh `Input`s one of their own (a model cut out of another)."""
        flat = tree.flatten(inputs)
        if all(_is_entrance(t) or not isinstance(t, KerasTensor) for t in flat):
            return inputs, outputs
        fresh = [
            t if _is_entrance(t) else Input(batch_shape=t.shape, dtype=t.dtype, name=t.name)
            for t in flat
        ]
        replayed = Function(inputs, outputs)
        return tree.pack_sequence_as(inputs, fresh), _replay(replayed, fresh)

    def build(self, input_shape: Any = None) -> None:
        """A functional model is built when it is made."""
        self.built = True

    def summarized_layers(self) -> list[Any]:
        """Return what `summary` shows a row of: inputs and functions of `ops` too."""
        return self.operations

    # Config.

    def get_config(self) -> dict:
        """Return the layers' configs and how they are connected, in Keras's form."""
        return functional_config(self)


Model.functional_class = Functional


def _is_entrance(t: KerasTensor) -> bool:
    history = getattr(t, "_keras_history", None)
    return history is not None and history.operation._inbound_nodes[history.node_index].is_input


def _replay(function: Function, inputs: list[KerasTensor]) -> Any:
    """Call a function's operations again, on other KerasTensors."""
    flat = function.graph.run(inputs, lambda op, args, kwargs: op(*args, **kwargs))
    return tree.pack_sequence_as(function._outputs_struct, flat)
