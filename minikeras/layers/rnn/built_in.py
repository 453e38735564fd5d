"""What the built-in cells have in common, and the layers that run them."""

from __future__ import annotations

from typing import Any

import numpy as np

from minikeras import activations, constraints, initializers, regularizers
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.layers.rnn.dropout_rnn_cell import DropoutRNNCell
from minikeras.layers.rnn.rnn import RNN
from minikeras.ops.creation import zeros
from minikeras.ops.shapes import expand_dims
from minikeras.random import SeedGenerator

_WEIGHTS = ("kernel", "recurrent", "bias")


class BuiltInCell(DropoutRNNCell, Layer):
    """Base of the cells with a kernel, a recurrent kernel and a bias.

    Args:
        units: size of the state and of the output.
        activation: activation of the output.
        use_bias: whether a bias is added.
        dropout: share of the inputs that is dropped while training.
        recurrent_dropout: share of the state that is dropped while training.
        seed: integer seed of dropout.
        weights: initializers, regularizers and constraints by name.
        masks: how many dropout masks there are, None for one that all gates share.
        **kwargs: arguments of `Layer`.
    """

    def __init__(
        self,
        units: int,
        activation: Any,
        use_bias: bool,
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        weights: dict,
        masks: int | None = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(units, (int, np.integer)) or isinstance(units, bool) or units <= 0:
            raise ValueError(
                f"{type(self).__name__}: argument `units` must be a positive integer. "
                f"Received: units={units!r}"
            )
        super().__init__(**kwargs)
        self.units = int(units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        for name in _WEIGHTS:
            for kind, module in (
                ("initializer", initializers),
                ("regularizer", regularizers),
                ("constraint", constraints),
            ):
                setattr(self, f"{name}_{kind}", module.get(weights[f"{name}_{kind}"]))
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        if masks is not None:
            self.dropout_mask_count = masks
        self.bias = None
        self.state_size: Any = self.units
        self.output_size = self.units

    def _make_weights(
        self, input_shape: tuple, gates: int, bias_shape: tuple, bias_initializer: Any = None
    ) -> None:
        """Create the weights of `gates` gates."""
        n = input_shape[-1]
        if n is None:
            raise ValueError(
                f"Layer '{self.name}': the last axis of the inputs must have a known size. "
                f"Received: input_shape={input_shape}"
            )
        self.kernel = self._weight("kernel", "kernel", (n, gates * self.units))
        shape = (self.units, gates * self.units)
        self.recurrent_kernel = self._weight("recurrent_kernel", "recurrent", shape)
        if self.use_bias:
            self.bias = self._weight("bias", "bias", bias_shape, bias_initializer)

    def _weight(self, name: str, stem: str, shape: tuple, initializer: Any = None) -> Any:
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer or getattr(self, f"{stem}_initializer"),
            regularizer=getattr(self, f"{stem}_regularizer"),
            constraint=getattr(self, f"{stem}_constraint"),
        )

    def get_initial_state(self, batch_size: int | None = None) -> list:
        """Return states of zeros."""
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return [zeros((batch_size, n), dtype=self.compute_dtype) for n in sizes]

    def _masked(self, x: Any, rate: float, mask: Any, training: bool, count: int) -> list:
        """Return the dropped-out inputs of each of `count` gates."""
        if not (training and 0 < rate < 1):
            return [x] * count
        masks = mask(x)
        masks = masks if isinstance(masks, list) else [masks] * count
        return [x * m for m in masks]

    def _common_config(self) -> dict:
        config = {
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
        }
        for name in _WEIGHTS:
            for kind, module in (
                ("initializer", initializers),
                ("regularizer", regularizers),
                ("constraint", constraints),
            ):
                config[f"{name}_{kind}"] = module.serialize(getattr(self, f"{name}_{kind}"))
        return config

    def get_config(self) -> dict:
        return {**super().get_config(), **self._common_config()}


def _of_cell(name: str) -> property:
    return property(lambda self: getattr(self.cell, name), doc=f"`{name}` of the cell.")


class BuiltInRNN(RNN):
    """Base of the layers that run a built-in cell, all time steps at once where they can."""

    def __init__(self, cell: BuiltInCell, use_cudnn: Any = "auto", **kwargs: Any) -> None:
        if use_cudnn not in ("auto", True, False):
            raise ValueError(
                f"{type(self).__name__}: argument `use_cudnn` must be 'auto', True or False. "
                f"Received: use_cudnn={use_cudnn!r}"
            )
        super().__init__(cell, **kwargs)
        self.use_cudnn = use_cudnn
        self.input_spec = InputSpec(ndim=3)

    for _name in (
        "units",
        "activation",
        "use_bias",
        "dropout",
        "recurrent_dropout",
        *[f"{w}_{k}" for w in _WEIGHTS for k in ("initializer", "regularizer", "constraint")],
    ):
        locals()[_name] = _of_cell(_name)
    del _name

    def build(self, sequences_shape: tuple, initial_state_shape: Any = None) -> None:
        super().build(sequences_shape, initial_state_shape)
        self.input_spec = InputSpec(ndim=3, axes={-1: sequences_shape[-1]})

    def _fusible(self) -> bool:
        """Whether the fused kernel computes what the cell does, dropout aside."""
        raise TypeError(f"{type(self).__name__} must define `_fusible`.")

    def _fused(self, sequences: Any, states: Any, mask: Any) -> tuple:
        """Run the fused kernel: the outputs of all steps, then the last states."""
        raise TypeError(f"{type(self).__name__} must define `_fused`.")

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> tuple:
        cell = self.cell
        masks_each_gate = getattr(cell, "dropout_mask_count", None) is not None
        dropping = training and (cell.recurrent_dropout > 0 or (cell.dropout and masks_each_gate))
        if dropping or not sequences.shape[1] or not self._fusible():
            return super().inner_loop(sequences, initial_state, mask=mask, training=training)
        if training and cell.dropout:
            one_step = cell.get_dropout_mask(sequences[:, 0])
            sequences = sequences * expand_dims(one_step, 1)
        outputs, *states = self._fused(sequences, initial_state, mask)
        if self.zero_output_for_mask and mask is not None:
            outputs = self._zero_masked(outputs, mask)
            return outputs[:, -1], outputs, states
        return states[0], outputs, states

    def get_config(self) -> dict:
        config = {**super().get_config(), **self.cell._common_config()}
        config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        del config["cell"]
        return config

    @classmethod
    def from_config(cls, config: dict, custom_objects: Any = None) -> Any:
        return cls(**config)
