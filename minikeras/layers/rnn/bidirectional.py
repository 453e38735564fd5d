"""`Bidirectional`: a recurrent layer in both directions."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.state import thread
from minikeras.common.arguments import ArgumentError
from minikeras.common.serialization import deserialize_keras_object, serialize_keras_object
from minikeras.kernels.recurrent_inference import pays_both_ways
from minikeras.layers.layer import Layer, only_passes_on
from minikeras.layers.rnn.lstm import LSTM
from minikeras.ops.core import cast
from minikeras.ops.joining import concatenate
from minikeras.ops.sequences import LSTM_BOTH_WAYS
from minikeras.ops.shapes import flip

_COMMON = ("stateful", "return_sequences", "return_state")
_MODES = ("sum", "mul", "ave", "concat", None)


class Bidirectional(Layer):
    """Runs a recurrent layer forwards and a second one backwards, and merges their outputs.

    Args:
        layer: recurrent layer, such as `LSTM`; a new one like it is made.
        merge_mode: `"concat"`, `"sum"`, `"mul"`, `"ave"`, or None for both outputs.
        weights: first values of the weights, those of the layer forwards first.
        backward_layer: layer that goes backwards, one like `layer` if None.

    The outputs of all steps come in the order of the inputs, for both directions. Masked steps
    give zeros then.

    Source: Schuster & Paliwal, 1997.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.Bidirectional(layers.GRU(4))(np.ones((2, 5, 3))).shape
    (2, 8)
    """

    argument_sources = {"layer": "forward_layer", "weights": None}

    def __init__(
        self,
        layer: Layer,
        merge_mode: str | None = "concat",
        weights: Sequence[Any] | None = None,
        backward_layer: Layer | None = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(layer, Layer) or not hasattr(layer, "go_backwards"):
            raise ValueError(
                "Bidirectional: argument `layer` must be a recurrent layer, such as an LSTM. "
                f"Received: {layer!r}"
            )
        if backward_layer is not None and not isinstance(backward_layer, Layer):
            raise ValueError(
                "Bidirectional: argument `backward_layer` must be a layer. "
                f"Received: {backward_layer!r}"
            )
        if merge_mode not in _MODES:
            raise ValueError(
                f"Bidirectional: argument `merge_mode` must be one of {list(_MODES)}. "
                f"Received: merge_mode={merge_mode!r}"
            )
        super().__init__(**kwargs)
        self.forward_layer = _twin(layer, "forward")
        if backward_layer is None:
            backward_layer = _twin(layer, "backward", go_backwards=True)
        self.backward_layer = backward_layer
        self._check_directions()
        for each in (self.forward_layer, self.backward_layer):
            if getattr(each, "zero_output_for_mask", None) is not None:
                each.zero_output_for_mask = each.return_sequences
        self.merge_mode = merge_mode
        self._first_weights = None if weights is None else [list(weights)]
        self.stateful = layer.stateful
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.supports_masking = True
        self.input_spec = layer.input_spec

    def _check_directions(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ValueError(
                "Bidirectional: the layers must go in different directions. Received: "
                f"go_backwards={forward.go_backwards} for both"
            )
        for name in _COMMON:
            if getattr(forward, name) != getattr(backward, name):
                raise ValueError(
                    f"Bidirectional: the layers must agree about `{name}`. Received: "
                    f"{getattr(forward, name)} forwards, {getattr(backward, name)} backwards"
                )

    def compute_output_shape(self, sequences_shape: tuple, initial_state_shape: Any = None) -> Any:
        shape = self.forward_layer.compute_output_shape(sequences_shape)
        states: tuple = ()
        if self.return_state:
            shape, states = shape[0], tuple(shape[1:])
        if self.merge_mode == "concat":
            shape = (*shape[:-1], 2 * shape[-1])
        shapes = [shape, shape] if self.merge_mode is None else [shape]
        if self.return_state:
            return (*shapes, *states, *states)
        return shapes if self.merge_mode is None else shape

    def build(self, sequences_shape: tuple, initial_state_shape: Any = None) -> None:
        for each in (self.forward_layer, self.backward_layer):
            if not each.built:
                each.build(sequences_shape)
        self.input_spec = self.forward_layer.input_spec
        if self._first_weights is not None:
            (weights,) = self._first_weights
            half = len(weights) // 2
            own = [*self.forward_layer.weights, *self.backward_layer.weights]
            if [np.shape(w) for w in weights] != [w.shape for w in own]:
                expected = f"arrays of the shapes {[w.shape for w in own]}"
                raise ArgumentError(f"Layer '{self.name}'", "weights", expected, weights)
            self.forward_layer.set_weights(weights[:half])
            self.backward_layer.set_weights(weights[half:])
            self._first_weights = None

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool | None = None,
    ) -> Any:
        found = None
        dropping = thread.state.training if training is None else training
        if initial_state is None and mask is None and not dropping:
            found = self._both_at_once(sequences)
        if found is not None:
            y, reverse = found
        else:
            first = second = None
            if initial_state is not None:
                half = len(initial_state) // 2
                first, second = list(initial_state[:half]), list(initial_state[half:])
            y = self._run(self.forward_layer, sequences, first, mask, training)
            reverse = self._run(self.backward_layer, sequences, second, mask, training)
        states: tuple = ()
        if self.return_state:
            states = (*y[1:], *reverse[1:])
            y, reverse = y[0], reverse[0]
        y, reverse = [
            t if t.dtype == self._compute else cast(t, self._compute) for t in (y, reverse)
        ]
        if self.return_sequences:
            reverse = flip(reverse, axis=1)
        if self.merge_mode is None:
            return (y, reverse, *states)
        if self.merge_mode == "concat":
            output = concatenate([y, reverse], axis=-1)
        elif self.merge_mode == "sum":
            output = y + reverse
        elif self.merge_mode == "ave":
            output = (y + reverse) * 0.5
        else:
            output = y * reverse
        return (output, *states) if self.return_state else output

    def _both_at_once(self, sequences: Any) -> tuple[Any, Any] | None:
        """Return what both layers give, from one kernel, where that pays and nobody wants gradients."""
        forward, backward, dtype = self.forward_layer, self.backward_layer, self._compute
        alike = (
            pays_both_ways(sequences.shape[0])
            and sequences.shape[1]
            and not thread.state.tapes
            and type(sequences.array) is np.ndarray  # no model that is being exported
            and sequences.array.dtype is dtype
            and dtype.itemsize >= 4
            and all(isinstance(layer, LSTM) for layer in (forward, backward))
            and all(layer.computes_alone(dtype) for layer in (forward, backward))
            and forward.units == backward.units
            and all(
                layer.return_sequences == self.return_sequences
                and layer.return_state == self.return_state
                for layer in (forward, backward)
            )
            and backward.go_backwards
        )
        if not alike:
            return None
        weights: list = []
        for cell in (forward.cell, backward.cell):
            weights += [cell.kernel, cell.recurrent_kernel, cell.bias]
        results = LSTM_BOTH_WAYS(sequences, *weights)
        outputs, h, c = zip(results[:3], results[3:])
        last = outputs if self.return_sequences else h
        return tuple(zip(last, h, c)) if self.return_state else last

    @staticmethod
    def _run(layer: Layer, sequences: Any, state: Any, mask: Any, training: Any) -> Any:
        kwargs = {}
        if layer.call_signature.training:
            kwargs["training"] = training
        if layer.call_signature.mask:
            kwargs["mask"] = mask
        if state is not None:
            kwargs["initial_state"] = state
        return layer(sequences, **kwargs)

    def reset_state(self) -> None:
        """Set the states of stateful layers to zero.

        Raises:
            AttributeError: if they are not stateful.
        """
        if not self.stateful:
            raise AttributeError(f"Layer '{self.name}' must be stateful for its state to be reset.")
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def reset_states(self) -> None:
        """Set the states of stateful layers to zero; the same as `reset_state`."""
        self.reset_state()

    @property
    def states(self) -> tuple | None:
        """The states of stateful layers, forwards first."""
        first, second = self.forward_layer.states, self.backward_layer.states
        return (*first, *second) if first and second else None

    @only_passes_on
    def compute_mask(self, _: Any, mask: Any = None) -> Any:
        mask = tree.flatten(mask)[0] if mask is not None else None
        mask = mask if self.return_sequences else None
        masks = [mask, mask] if self.merge_mode is None else [mask]
        if self.return_state:
            sizes = getattr(self.forward_layer, "state_size", [])
            masks += [None] * (2 * len(tree.flatten(sizes)))
        return masks if len(masks) > 1 else masks[0]


def _twin(layer: Layer, direction: str, **changes: Any) -> Layer:
    """Return a new layer like `layer`, named after its direction."""
    serialized = copy.deepcopy(serialize_keras_object(layer))
    stem = layer.name.removeprefix(f"{direction}_")
    serialized["config"].update(changes, name=f"{direction}_{stem}")
    return deserialize_keras_object(serialized)
