"""`GRU`: a recurrent layer whose gates choose between old and new state."""

from __future__ import annotations

from typing import Any

from minikeras import activations, tree
from minikeras.activations.activations import ActivationLike
from minikeras.common.arguments import Fraction, PositiveInt
from minikeras.common.configurable import accepted
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.layers.rnn.built_in import BuiltInCell, BuiltInRNN
from minikeras.ops.sequences import GRU as FUSED_GRU
from minikeras.ops.sequences import gru_step
from minikeras.regularizers.regularizers import RegularizerLike


class GRUCell(BuiltInCell):
    """One step of `GRU`, for `RNN`.

    Args:
        units: size of the state and of the output.
        activation: activation of the new contents, a function or its name.
        recurrent_activation: activation of the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: initializers of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        kernel_constraint, recurrent_constraint, bias_constraint: constraints of the weights.
        dropout: share of the inputs that is dropped while training.
        recurrent_dropout: share of the state that is dropped while training; then the layer runs
            its cell step by step, which is slower.
        reset_after: whether the reset gate is applied to the product with the state instead of to
            the state.
        seed: integer seed of dropout.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> cell = layers.GRUCell(4)
    >>> output, states = cell(np.ones((2, 3)), cell.get_initial_state(2))
    >>> output.shape, len(states)
    ((2, 4), 1)
    """

    _gates = 3

    def __init__(
        self,
        units: PositiveInt,
        activation: ActivationLike = "tanh",
        recurrent_activation: ActivationLike = "sigmoid",
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
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**accepted(BuiltInCell, locals()), **kwargs)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = reset_after

    def build(self, input_shape: tuple) -> None:
        n = 3 * self.units
        self._make_weights(input_shape, (2, n) if self.reset_after else (n,))

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple:
        listed = tree.is_nested(states)
        h = states[0] if listed else states
        xs = self._masked(inputs, self.dropout, self.get_dropout_mask, training)
        hs = self._masked(h, self.recurrent_dropout, self.get_recurrent_dropout_mask, training)
        h = gru_step(
            xs,
            h,
            self.kernel,
            self.recurrent_kernel,
            self.bias,
            self.reset_after,
            self.activation,
            self.recurrent_activation,
            seen=hs,
        )
        return h, [h] if listed else h


class GRU(BuiltInRNN, cell=GRUCell):
    """Recurrent layer whose gates choose between old and new state.

    With z and r the gates, `h = z * h + (1 - z) * tanh(x @ W + r * (h @ U) + b)`.

    Args:
        units: size of the state and of the output.
        activation: activation of the new contents, a function or its name.
        recurrent_activation: activation of the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: initializers of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: constraints of the weights.
        dropout: share of the inputs that is dropped while training.
        recurrent_dropout: share of the state that is dropped while training; then the layer runs
            its cell step by step, which is slower.
        seed: integer seed of dropout.
        return_sequences, return_state, go_backwards, stateful, unroll: see `RNN`.
        reset_after: whether the reset gate is applied to the product with the state instead of to
            the state.
        use_cudnn: accepted, without effect.

    Input: `(batch, time, n)`. Output: `(batch, units)`, or `(batch, time, units)` with
    `return_sequences`.

    Source: Cho et al., 2014.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.GRU(4, return_sequences=True)(np.ones((2, 5, 3))).shape
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
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__(**accepted(GRU, locals()), **kwargs)

    def _fused(self, sequences: Any, states: Any, mask: Any) -> tuple:
        cell = self.cell
        return FUSED_GRU(
            sequences,
            cell.kernel,
            cell.recurrent_kernel,
            cell.bias,
            None if states is None else states[0],
            mask=mask,
            backwards=self.go_backwards,
            reset_after=cell.reset_after,
        )
