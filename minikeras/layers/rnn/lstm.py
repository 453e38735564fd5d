"""`LSTM`: a recurrent layer with a memory that gates write, keep and read."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minikeras import activations
from minikeras.activations.activations import ActivationLike
from minikeras.autodiff.tensor import to_array
from minikeras.common.arguments import Fraction, PositiveInt
from minikeras.common.configurable import accepted
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.constant_initializers import Zeros
from minikeras.initializers.initializer import InitializerLike
from minikeras.layers.rnn.built_in import BuiltInCell, BuiltInRNN
from minikeras.ops.sequences import LSTM as FUSED_LSTM
from minikeras.ops.sequences import lstm_step
from minikeras.regularizers.regularizers import RegularizerLike


class LSTMCell(BuiltInCell):
    """One step of `LSTM`, for `RNN`.

    Args:
        units: size of the state and of the output.
        activation: activation of the new contents, a function or its name.
        recurrent_activation: activation of the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: initializers of the weights.
        unit_forget_bias: whether the bias of the forget gate begins with ones.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        kernel_constraint, recurrent_constraint, bias_constraint: constraints of the weights.
        dropout: share of the inputs that is dropped while training.
        recurrent_dropout: share of the state that is dropped while training; then the layer runs
            its cell step by step, which is slower.
        seed: integer seed of dropout.

    Its states are `[h, c]`, the output and the memory.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> cell = layers.LSTMCell(4)
    >>> output, states = cell(np.ones((2, 3)), cell.get_initial_state(2))
    >>> output.shape, len(states)
    ((2, 4), 2)
    """

    _gates = 4

    def __init__(
        self,
        units: PositiveInt,
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
        super().__init__(**accepted(BuiltInCell, locals()), **kwargs)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [self.units, self.units]

    def build(self, input_shape: tuple) -> None:
        self._make_weights(input_shape, (4 * self.units,), **bias_options(self))

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple:
        h, c = states[0], states[1]
        xs = self._masked(inputs, self.dropout, self.get_dropout_mask, training)
        hs = self._masked(h, self.recurrent_dropout, self.get_recurrent_dropout_mask, training)
        weights = self.kernel, self.recurrent_kernel, self.bias
        h, c = lstm_step(xs, hs, c, *weights, self.activation, self.recurrent_activation)
        return h, [h, c]


def bias_options(cell: Any) -> dict[str, Any]:
    """Return `add_weight`'s options for the bias of an LSTM's cell, by its `unit_forget_bias`."""
    if not cell.unit_forget_bias:
        return {}
    return {"initializer": functools.partial(_bias_with_ones, cell.bias_initializer)}


def _bias_with_ones(initializer: Any, shape: tuple, dtype: Any = None) -> np.ndarray:
    """Initialize the bias, that of the forget gate with ones."""
    u = shape[0] // 4
    make = initializer or Zeros()
    first, others = [to_array(make((n,), dtype=dtype)) for n in (u, 2 * u)]
    return np.concatenate([first, np.ones(u, first.dtype), others])


class LSTM(BuiltInRNN, cell=LSTMCell):
    """Recurrent layer with a memory `c` that gates write, keep and read.

    With i, f, o the gates and g the new contents, `c = f * c + i * g` and `h = o * tanh(c)`.

    Args:
        units: size of the state and of the output.
        activation: activation of the new contents, a function or its name.
        recurrent_activation: activation of the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: initializers of the weights.
        unit_forget_bias: whether the bias of the forget gate begins with ones.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: constraints of the weights.
        dropout: share of the inputs that is dropped while training.
        recurrent_dropout: share of the state that is dropped while training; then the layer runs
            its cell step by step, which is slower.
        seed: integer seed of dropout.
        return_sequences, return_state, go_backwards, stateful, unroll: see `RNN`.
        use_cudnn: accepted, without effect.

    Input: `(batch, time, n)`. Output: `(batch, units)`, or `(batch, time, units)` with
    `return_sequences`.

    Source: Hochreiter & Schmidhuber, 1997.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.LSTM(4, return_sequences=True)(np.ones((2, 5, 3))).shape
    (2, 5, 4)
    """

    def __init__(
        self,
        units: PositiveInt,
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
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__(**accepted(LSTM, locals()), **kwargs)

    def _fused(self, sequences: Any, states: Any, mask: Any) -> tuple:
        cell = self.cell
        h, c = (None, None) if states is None else states
        return FUSED_LSTM(
            sequences,
            cell.kernel,
            cell.recurrent_kernel,
            cell.bias,
            h,
            c,
            mask=mask,
            backwards=self.go_backwards,
        )

    def computes_alone(self, dtype: np.dtype) -> bool:
        """Say that a call gives what the fused kernel does of weights and inputs of this dtype."""
        cell = self.cell
        return bool(
            type(self) is LSTM
            and type(cell) is LSTMCell
            and self._computes_as(LSTM)
            and "inner_loop" not in self.__dict__
            and self._is_bare(dtype)
            and dtype == self.dtype
            and self.quantization_mode is None
            and not self.stateful
            and cell.kernel._split is None
            and cell.recurrent_kernel._split is None
            and self._fusible()
        )
