"""What `ConvLSTM1D`, `ConvLSTM2D` and `ConvLSTM3D` share: an LSTM whose products are convolutions."""

from __future__ import annotations

from typing import Any

from minikeras import activations
from minikeras.activations.activations import ActivationLike
from minikeras.common.arguments import Fraction, PositiveInt
from minikeras.common.configurable import accepted
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.layers.convolutional.base_conv import WindowedLayer
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.rnn.built_in import CellRNN
from minikeras.layers.rnn.dropout_rnn_cell import DropoutRNNCell
from minikeras.layers.rnn.lstm import bias_options
from minikeras.ops.creation import zeros
from minikeras.ops.sequences import CONV_LSTM, conv_lstm_step
from minikeras.ops.shapes import moveaxis
from minikeras.random import SeedGenerator
from minikeras.regularizers.regularizers import RegularizerLike


class ConvLSTMCell(DropoutRNNCell, WindowedLayer):
    """One step of a convolutional LSTM; subclasses say the number of spatial axes.

    Its states are `[h, c]`, the output and the memory, both images.
    """

    dropout_mask_count = 4  # each gate has a mask of its own

    def __init__(
        self,
        filters: PositiveInt,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: ActivationLike = "tanh",
        recurrent_activation: ActivationLike = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        recurrent_initializer: InitializerLike = "orthogonal",
        bias_initializer: InitializerLike = "zeros",
        unit_forget_bias: bool = True,
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
        super().__init__(**accepted(WindowedLayer, locals()), **kwargs)
        self.filters = self._positive("filters", filters)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self._keep_weight_arguments(locals())
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        self.state_size = [self.filters, self.filters]

    def build(self, inputs_shape: tuple, states_shape: Any = None) -> None:
        channels = self._channels(inputs_shape)
        state_shape = self._output_shape(inputs_shape, self.filters)
        if None in state_shape[1:]:
            raise ValueError(
                f"Layer '{self.name}': the spatial axes of the inputs must have known sizes, since "
                f"the states are images. Received: input_shape={tuple(inputs_shape)}"
            )
        self._state_shape = state_shape[1:]
        gates = 4 * self.filters
        self.kernel = self._weight("kernel", (*self.kernel_size, channels, gates))
        shape = (*self.kernel_size, self.filters, gates)
        self.recurrent_kernel = self._weight("recurrent_kernel", shape, of="recurrent")
        if self.use_bias:
            self.bias = self._weight("bias", (gates,), **bias_options(self))

    def get_initial_state(self, batch_size: int | None = None) -> list:
        """Return states of zeros."""
        shape = (batch_size, *self._state_shape)
        return [zeros(shape, dtype=self.compute_dtype) for _ in range(2)]

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple:
        first = self.data_format == "channels_first"
        xs = self._masked(inputs, self.dropout, self.get_dropout_mask, training)
        h, c = states
        hs = self._masked(h, self.recurrent_dropout, self.get_recurrent_dropout_mask, training)
        if first:
            xs, hs, c = [channels_moved(x, 1, -1) for x in (xs, hs, c)]
        h, c = conv_lstm_step(
            xs,
            hs,
            c,
            self.kernel,
            self.recurrent_kernel,
            self.bias,
            self.strides,
            self.padding,
            self.dilation_rate,
            self.activation,
            self.recurrent_activation,
        )
        if first:
            h, c = [channels_moved(x, -1, 1) for x in (h, c)]
        return h, [h, c]

    def compute_output_shape(self, inputs_shape: tuple, states_shape: Any = None) -> tuple:
        shape = self._output_shape(inputs_shape, self.filters)
        return shape, [shape, shape]


def channels_moved(x: Any, source: int, target: int) -> Any:
    """Move an axis of a tensor, or of each of a list; None stays None."""
    if isinstance(x, list):
        return [channels_moved(part, source, target) for part in x]
    return None if x is None else moveaxis(x, source, target)


class ConvLSTM(CellRNN):
    """Base of the convolutional LSTMs."""

    _cell_name = "conv_lstm_cell"

    def __init__(
        self,
        filters: PositiveInt,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: ActivationLike = "tanh",
        recurrent_activation: ActivationLike = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        recurrent_initializer: InitializerLike = "orthogonal",
        bias_initializer: InitializerLike = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: RegularizerLike = None,
        recurrent_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        recurrent_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        dropout: Fraction = 0.0,
        recurrent_dropout: Fraction = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**accepted(ConvLSTM, locals()), **kwargs)
        self.input_spec = InputSpec(ndim=self.cell.rank + 3)

    def build(self, sequences_shape: tuple, initial_state_shape: Any = None) -> None:
        super().build(sequences_shape, initial_state_shape)
        sizes = dict(enumerate(sequences_shape[2:], 2))
        self.input_spec = InputSpec(ndim=self.cell.rank + 3, axes=sizes)

    def _state_shapes(self, sequences_shape: tuple) -> list[tuple | None]:
        step = (sequences_shape[0], *sequences_shape[2:])
        return self.cell.compute_output_shape(step)[1]

    def compute_output_shape(self, sequences_shape: tuple, initial_state_shape: Any = None) -> Any:
        states = self._state_shapes(tuple(sequences_shape))
        batch, *state = states[0]
        shape = (batch, sequences_shape[1], *state) if self.return_sequences else (batch, *state)
        return (shape, *states) if self.return_state else shape

    def _fused(self, sequences: Any, states: Any, mask: Any) -> tuple:
        cell = self.cell
        first = cell.data_format == "channels_first"
        states = [None, None] if states is None else list(states)
        if first:
            sequences = channels_moved(sequences, 2, -1)
            states = channels_moved(states, 1, -1)
        outputs, *states = CONV_LSTM(
            sequences,
            cell.kernel,
            cell.recurrent_kernel,
            cell.bias,
            *states,
            strides=cell.strides,
            padding=cell.padding,
            dilation=cell.dilation_rate,
            mask=mask,
            backwards=self.go_backwards,
        )
        if first:
            outputs, states = channels_moved(outputs, -1, 2), channels_moved(states, -1, 1)
        return outputs, *states
