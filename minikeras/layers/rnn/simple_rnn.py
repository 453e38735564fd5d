"""`SimpleRNN`: `h = activation(x @ kernel + h @ recurrent_kernel + bias)` at each step."""

from __future__ import annotations

from typing import Any

from minikeras import activations
from minikeras.activations.activations import ActivationLike
from minikeras.common.arguments import Fraction, PositiveInt
from minikeras.common.configurable import accepted
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.kernels.activations import RELU, SIGMOID, TANH
from minikeras.layers.rnn.built_in import BuiltInCell, BuiltInRNN
from minikeras.ops.sequences import SIMPLE_RNN, simple_step
from minikeras.regularizers.regularizers import RegularizerLike


class SimpleRNNCell(BuiltInCell):
    """One step of `SimpleRNN`, for `RNN`.

    Args:
        units: size of the state and of the output.
        activation: activation function or its name.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: initializers of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        kernel_constraint, recurrent_constraint, bias_constraint: constraints of the weights.
        dropout: share of the inputs that is dropped while training.
        recurrent_dropout: share of the state that is dropped while training.
        seed: integer seed of dropout.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> cell = layers.SimpleRNNCell(4)
    >>> output, states = cell(np.ones((2, 3)), cell.get_initial_state(2))
    >>> output.shape, len(states)
    ((2, 4), 1)
    """

    def build(self, input_shape: tuple) -> None:
        self._make_weights(input_shape, (self.units,))

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple:
        listed = isinstance(states, (list, tuple))
        h = states[0] if listed else states
        x = self._masked(inputs, self.dropout, self.get_dropout_mask, training)
        h = self._masked(h, self.recurrent_dropout, self.get_recurrent_dropout_mask, training)
        output = simple_step(x, h, self.kernel, self.recurrent_kernel, self.bias, self.activation)
        return output, [output] if listed else output


class SimpleRNN(BuiltInRNN, cell=SimpleRNNCell):
    """Recurrent layer whose state is its output: `h = activation(x @ W + h @ U + b)`.

    Args:
        units: size of the state and of the output.
        activation: activation function or its name.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: initializers of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: constraints of the weights.
        dropout: share of the inputs that is dropped while training.
        recurrent_dropout: share of the state that is dropped while training.
        return_sequences, return_state, go_backwards, stateful, unroll: see `RNN`.
        seed: integer seed of dropout.

    Input: `(batch, time, n)`. Output: `(batch, units)`, or `(batch, time, units)` with
    `return_sequences`.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.SimpleRNN(4)(np.ones((2, 5, 3))).shape
    (2, 4)
    """

    argument_sources = {"seed": None}  # as in Keras

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
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        recurrent_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        dropout: Fraction = 0.0,
        recurrent_dropout: Fraction = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**accepted(SimpleRNN, locals()), **kwargs)

    def _fusible(self) -> bool:
        return activations.fused(self.cell.activation) in (TANH, RELU, SIGMOID)

    def _fused(self, sequences: Any, states: Any, mask: Any) -> tuple:
        cell = self.cell
        return SIMPLE_RNN(
            sequences,
            cell.kernel,
            cell.recurrent_kernel,
            cell.bias,
            None if states is None else states[0],
            mask=mask,
            backwards=self.go_backwards,
            activation=activations.fused(cell.activation),
        )
