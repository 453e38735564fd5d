"""`RNN`: runs a cell over the time steps of a sequence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor, has_values
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.tracking import name_scopes
from minikeras.autodiff.variable import Variable
from minikeras.layers.layer import Layer, only_passes_on
from minikeras.layers.rnn.dropout_rnn_cell import DropoutRNNCell
from minikeras.layers.rnn.stacked_rnn_cells import StackedRNNCells
from minikeras.ops.control import scan
from minikeras.ops.core import cast
from minikeras.ops.creation import zeros, zeros_like
from minikeras.ops.indexing import where
from minikeras.ops.joining import stack
from minikeras.ops.shapes import flip, moveaxis


class RNN(Layer):
    """Runs a cell over the time steps of a sequence.

    Args:
        cell: a cell, or a list of them, run one above another. A cell has
            `call(inputs, states) -> (output, new_states)` and `state_size`, a size or a list of
            them; maybe `output_size`, and `get_initial_state(batch_size)`.
        return_sequences: whether the outputs of all steps are returned instead of the last one.
        return_state: whether the last states are returned too.
        go_backwards: whether to go from the last step to the first; outputs come in that order.
        stateful: whether a batch begins with the states that the last one ended with.
        unroll: accepted, without effect: the loop over time is always Python's.
        zero_output_for_mask: whether the output of a masked step is zero instead of the last one.

    Input: `(batch, time, ...)`. In a call, `initial_state` is a list of tensors `(batch, size)`,
    `mask` is `(batch, time)`, false where a step is to be skipped.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers, ops
    >>> class Sum(layers.Layer):
    ...     state_size = 3
    ...     def call(self, inputs, states):
    ...         total = states[0] + inputs
    ...         return total, [total]
    >>> layers.RNN(Sum())(np.ones((1, 5, 3), "float32"))
    <Tensor shape=(1, 3) dtype=float32 [[5. 5. 5.]]>
    """

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        for attribute in ("call", "state_size"):
            if not hasattr(cell, attribute):
                raise ValueError(
                    f"{type(self).__name__}: argument `cell` must have a `{attribute}`. "
                    f"Received: cell={cell!r}"
                )
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        size = cell.state_size
        if not isinstance(size, (int, np.integer, list, tuple)):
            raise ValueError(
                f"{type(self).__name__}: `state_size` of the cell must be an integer or a list of "
                f"integers. Received: state_size={size!r}"
            )
        self.single_state = not isinstance(size, (list, tuple))
        self.state_size = [size] if self.single_state else list(size)
        object.__setattr__(self, "states", None)  # no weights of the layer
        self._expected_batch_size = None

    @property
    def _output_size(self) -> int:
        size = getattr(self.cell, "output_size", None)
        if size is None:
            size = self.state_size[0]
        if not isinstance(size, (int, np.integer)):
            raise ValueError(f"Layer '{self.name}': `output_size` of the cell must be an integer.")
        return size

    def compute_output_shape(self, sequences_shape: tuple, initial_state_shape: Any = None) -> Any:
        batch, steps = sequences_shape[0], sequences_shape[1]
        size = self._output_size
        shape = (batch, steps, size) if self.return_sequences else (batch, size)
        if not self.return_state:
            return shape
        states = [
            (batch, s) if not isinstance(s, (list, tuple)) else [(batch, n) for n in s]
            for s in self.state_size
        ]
        return (shape, *states)

    @only_passes_on
    def compute_mask(self, _: Any, mask: Any = None) -> Any:
        mask = tree.flatten(mask)[0] if mask is not None else None
        mask = mask if self.return_sequences else None
        if self.return_state:
            return [mask, *[None for _ in tree.flatten(self.state_size)]]
        return mask

    def build(self, sequences_shape: tuple, initial_state_shape: Any = None) -> None:
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
            self.cell.built = True
        if self.stateful:
            if self.states is not None:
                self.reset_state()
                return
            batch = sequences_shape[0]
            if batch is None:
                raise ValueError(
                    f"Layer '{self.name}': with stateful=True the size of the batch must be known. "
                    f"Received: sequences.shape={sequences_shape}. Give Input a `batch_size`."
                )
            with name_scopes(self._scopes()):
                states = tree.map_structure(
                    lambda s: Variable(
                        s, trainable=False, dtype=self.variable_dtype, name="rnn_state"
                    ),
                    self.get_initial_state(batch),
                )
            object.__setattr__(self, "states", states)
            self._expected_batch_size = batch

    def passing_variables(self) -> list[Variable]:
        return [] if self.states is None else tree.flatten(self.states)

    def get_initial_state(self, batch_size: int) -> list:
        """Return the states that a sequence begins with: the cell's, or zeros."""
        method = getattr(self.cell, "get_initial_state", None)
        if method is None:
            dtype = getattr(self.cell, "compute_dtype", self.compute_dtype)
            return [zeros((batch_size, size), dtype=dtype) for size in self.state_size]
        states = method(batch_size=batch_size)
        return list(states) if tree.is_nested(states) else [states]

    def reset_state(self) -> None:
        """Set the states of a stateful layer to zero."""
        if self.states is not None:
            for v in tree.flatten(self.states):
                v.assign(np.zeros_like(v.array))

    def reset_states(self) -> None:
        """Set the states of a stateful layer to zero; the same as `reset_state`."""
        self.reset_state()

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
    ) -> Any:
        batch = sequences.shape[0]
        if self.stateful:
            if self._expected_batch_size not in (None, batch):
                raise ValueError(
                    f"Layer '{self.name}': with stateful=True every batch must have the size of "
                    f"the first. Expected batch size: {self._expected_batch_size}. Received: {batch}"
                )
            if initial_state is None:
                initial_state = tree.map_structure(lambda v: v.value, self.states)
        if initial_state is not None:
            if not tree.is_nested(initial_state):
                initial_state = [initial_state]
            initial_state = self._checked_states(list(initial_state), sequences)
        if mask is not None:
            mask = self._plain_mask(mask, sequences)
        self._forget_masks(self.cell)
        last, outputs, states = self.inner_loop(
            sequences, initial_state, mask=mask, training=training
        )
        self._forget_masks(self.cell)
        states = tree.map_structure(self._as_compute, states)
        if self.stateful:
            for v, s in zip(tree.flatten(self.states), tree.flatten(states), strict=True):
                v.assign(s)
        output = self._as_compute(outputs if self.return_sequences else last)
        return (output, *states) if self.return_state else output

    def _plain_mask(self, mask: Any, sequences: Any) -> np.ndarray:
        """Return a mask as booleans `(batch, time)`; one of batch size 1 serves for all."""
        mask = tree.flatten(mask)[0]
        if isinstance(mask, KerasTensor):
            raise TypeError("A mask must be data, not a KerasTensor.")
        mask = to_array(mask).astype(bool)
        wanted = tuple(sequences.shape[:2])
        if mask.shape[:2] not in (wanted, (1, wanted[1])):
            raise ValueError(
                f"Layer '{self.name}': argument `mask` must have the shape (batch, time) of the "
                f"sequences, {wanted}. Received: {mask.shape}"
            )
        if mask.ndim > 2:
            mask = mask.any(axis=tuple(range(2, mask.ndim)))
        return mask if mask.shape[0] == wanted[0] else np.repeat(mask, wanted[0], axis=0)

    def _state_shapes(self, sequences_shape: tuple) -> list[tuple | None]:
        """Return the shapes that states must have, None where a cell has others than vectors."""
        return [
            (sequences_shape[0], size) if isinstance(size, (int, np.integer)) else None
            for size in tree.flatten(self.state_size)
        ]

    def _checked_states(self, states: list, sequences: Any) -> list:
        """Return states in the cell's dtype, after a look at their number and shapes."""
        shapes, given = self._state_shapes(tuple(sequences.shape)), tree.flatten(states)
        if len(shapes) != len(given):
            raise ValueError(
                f"Layer '{self.name}': argument `initial_state` must hold {len(shapes)} states. "
                f"Received: {len(given)}"
            )
        for wanted, state in zip(shapes, given):
            if wanted is not None and tuple(state.shape) != wanted:
                raise ValueError(
                    f"Layer '{self.name}': argument `initial_state` must hold states of shape "
                    f"{wanted}. Received: {tuple(state.shape)}"
                )
        dtype = getattr(self.cell, "compute_dtype", self.compute_dtype)
        given = [cast(s, dtype) if s.dtype != dtype else s for s in given]
        return tree.pack_sequence_as(self.state_size, given)

    def _as_compute(self, x: Tensor) -> Tensor:
        return x if x.array.dtype == self._compute else cast(x, self._compute)

    def _forget_masks(self, cell: Any) -> None:
        if isinstance(cell, DropoutRNNCell):
            cell.reset_dropout_mask()
            cell.reset_recurrent_dropout_mask()
        if isinstance(cell, StackedRNNCells):
            for c in cell.cells:
                self._forget_masks(c)

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> tuple:
        """Run the cell over all time steps.

        Args:
            sequences: `(batch, time, ...)`.
            initial_state: list of states, or None for those of `get_initial_state`.
            mask: booleans `(batch, time)` or None.
            training: whether the cell is to behave as in training.

        Returns:
            `(last output, outputs, last states)`, outputs in the order of processing.
        """
        if initial_state is None:
            initial_state = self.get_initial_state(sequences.shape[0])
        cell = self.cell
        kwargs = {}
        if isinstance(cell, Layer) and cell.call_signature.training:
            kwargs["training"] = training
        call = cell if callable(cell) else cell.call

        def step(states: list, x: Tensor, keep: Any) -> tuple:
            output, new = call(x, states, **kwargs)
            if not tree.is_nested(new):
                new = [new]
            if keep is not None:
                output = _choose(keep, output, self._instead(output, states))
                old = tree.flatten(states)
                new = [_choose(keep, n, o) for n, o in zip(tree.flatten(new), old, strict=True)]
                new = tree.pack_sequence_as(states, new)
            return output, new

        if not has_values(sequences.array):
            return self._described_loop(step, sequences, initial_state, mask)
        states, outputs = initial_state, []
        order = range(sequences.shape[1])
        for t in reversed(order) if self.go_backwards else order:
            output, states = step(states, sequences[:, t], None if mask is None else mask[:, t])
            outputs.append(output)
        if not outputs:
            raise ValueError(
                f"Layer '{self.name}': sequences need at least one time step. "
                f"Received: sequences.shape={sequences.shape}"
            )
        sequence = moveaxis(stack(outputs), 0, 1) if self.return_sequences else None
        return outputs[-1], sequence, list(states)

    def _described_loop(self, step: Callable, sequences: Any, states: list, mask: Any) -> tuple:
        """Describe the loop of `inner_loop` by one step, where no sequence is there yet."""

        def one(states: list, given: list) -> tuple:
            output, new = step(list(states), given[0], given[1].array if len(given) > 1 else None)
            return new, output

        given = [moveaxis(x, 1, 0) for x in [sequences, *([] if mask is None else [Tensor(mask)])]]
        if self.go_backwards:
            given = [flip(x, 0) for x in given]
        states, outputs = scan(one, states, given)
        return outputs[-1], moveaxis(outputs, 0, 1), list(states)

    def _instead(self, output: Tensor, states: list) -> Tensor:
        """Return what stands for the output of a masked step."""
        if self.zero_output_for_mask:
            return zeros_like(output)
        # By convention the first state (of the last cell) is the output before.
        first = states[0]
        return states[-1][0] if tree.is_nested(first) else first

    def _zero_masked(self, sequence: Tensor, mask: np.ndarray) -> Tensor:
        """Set the outputs of masked steps to zero."""
        keep = mask[:, ::-1] if self.go_backwards else mask
        keep = keep.reshape(*keep.shape, *[1] * (sequence.ndim - 2))
        return where(keep, sequence, zeros_like(sequence))


def _choose(keep: np.ndarray, new: Tensor, old: Tensor) -> Tensor:
    """Take rows of `new` where `keep` is true, else of `old`."""
    return where(keep.reshape(-1, *[1] * (new.ndim - 1)), new, old)
