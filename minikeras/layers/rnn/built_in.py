"""What the built-in cells have in common, and the layers that run them."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Literal

from minikeras import activations
from minikeras.activations.activations import ActivationLike
from minikeras.common.arguments import Fraction, PositiveInt
from minikeras.common.configurable import own_parameters_of
from minikeras.common.naming import to_snake_case
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.kernels.activations import SIGMOID, TANH
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.layers.rnn.dropout_rnn_cell import DropoutRNNCell
from minikeras.layers.rnn.rnn import RNN
from minikeras.ops.creation import zeros
from minikeras.ops.shapes import expand_dims
from minikeras.random import SeedGenerator
from minikeras.regularizers.regularizers import RegularizerLike


class BuiltInCell(DropoutRNNCell, Layer):
    """Base of the cells with a kernel, a recurrent kernel and a bias: arguments, weights, dropout."""

    _gates = 1

    def __init__(
        self,
        units: PositiveInt,
        activation: ActivationLike = "tanh",
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        recurrent_initializer: InitializerLike = "orthogonal",
        bias_initializer: InitializerLike = "zeros",
        kernel_regularizer: RegularizerLike = None,
        recurrent_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        recurrent_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        dropout: Fraction = 0.0,
        recurrent_dropout: Fraction = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        implementation = kwargs.pop("implementation", 2) if self._gates > 1 else 2
        super().__init__(**kwargs)
        self.units = int(units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self._keep_weight_arguments(locals())
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        if self._gates > 1:
            self.implementation = 1 if recurrent_dropout else implementation
            if self.implementation == 1:  # each gate has a dropout mask of its own
                self.dropout_mask_count = self._gates
        self.bias = None
        self.state_size: Any = self.units
        self.output_size = self.units

    def _make_weights(self, input_shape: tuple, bias_shape: tuple, **options: Any) -> None:
        """Create the weights of all gates; `options` are `add_weight`'s for the bias."""
        n = input_shape[-1]
        if n is None:
            raise ValueError(
                f"Layer '{self.name}': the last axis of the inputs must have a known size. "
                f"Received: input_shape={input_shape}"
            )
        self.kernel = self._weight("kernel", (n, self._gates * self.units))
        shape = (self.units, self._gates * self.units)
        self.recurrent_kernel = self._weight("recurrent_kernel", shape, of="recurrent")
        if self.use_bias:
            self.bias = self._weight("bias", bias_shape, **options)

    def get_initial_state(self, batch_size: int | None = None) -> list:
        """Return states of zeros."""
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return [zeros((batch_size, n), dtype=self.compute_dtype) for n in sizes]


class CellRNN(RNN):
    """Base of the layers that run a cell of their own, all time steps at once where they can.

    The cell's arguments are attributes of the layer too.
    """

    argument_sources = {"activity_regularizer": "activity_regularizer", "cell": None}

    _cell_class: type
    _cell_name: str | None = None

    def __init_subclass__(cls, cell: type | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cell is not None:
            cls._cell_class = cell
            for name in own_parameters_of(cell):
                setattr(
                    cls, name, property(attrgetter(f"cell.{name}"), doc=f"`{name}` of the cell.")
                )

    def __init__(self, **kwargs: Any) -> None:
        names = {"implementation", *own_parameters_of(self._cell_class)} & kwargs.keys()
        cell = self._cell_class(
            **{name: kwargs.pop(name) for name in names},
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name=self._cell_name or to_snake_case(self._cell_class.__name__),
        )
        super().__init__(cell, **kwargs)

    def _fusible(self) -> bool:
        """Whether the fused kernel, of tanh and sigmoid gates, computes what the cell does.

        Dropout aside.
        """
        fused = map(activations.fused, (self.activation, self.recurrent_activation))
        return tuple(fused) == (TANH, SIGMOID)

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


class BuiltInRNN(CellRNN):
    """Base of the recurrent layers of vectors."""

    argument_sources = {"use_cudnn": None}

    def __init__(self, use_cudnn: Literal["auto", True, False] = "auto", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.use_cudnn = use_cudnn
        self.input_spec = InputSpec(ndim=3)

    def build(self, sequences_shape: tuple, initial_state_shape: Any = None) -> None:
        super().build(sequences_shape, initial_state_shape)
        self.input_spec = InputSpec(ndim=3, axes={-1: sequences_shape[-1]})
