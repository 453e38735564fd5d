"""Choosing, and functions of functions: switch, map, fold, loops over time."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minikeras import ops, tree
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.compat.keras_backend.calls import backend, step
from minikeras.compat.keras_backend.elementwise import tensor
from minikeras.ops.symbolic import in_a_call


@backend
def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """Return one of two expressions, or each element of one or the other.

    Args:
        condition: a scalar, or a tensor of the first axes of the expressions.
        then_expression: where the condition is true: a tensor, or a function that gives it.
        else_expression: where it is not, likewise.

    Raises:
        ValueError: if the condition has more axes than the expressions.
    """
    condition = tensor(condition)
    if isinstance(condition, Tensor) and not condition.shape and in_a_call():
        return value_of(then_expression if bool(to_array(condition)) else else_expression)
    yes, no = tensor(value_of(then_expression)), tensor(value_of(else_expression))
    ranks = len(condition.shape), len(yes.shape)
    if ranks[0] > ranks[1]:
        raise ValueError(
            "K.switch: the condition must not have more axes than the expressions. Received: a condition "
            f"of shape {tuple(condition.shape)}, an expression of shape {tuple(yes.shape)}"
        )
    return _where(ops.cast(condition, "bool"), yes, no)


def value_of(expression: Any) -> Any:
    """Return a tensor, or what a function gives."""
    return expression() if callable(expression) else expression


def _where(condition: Any, yes: Any, no: Any) -> Any:
    """Choose by a condition of the first axes, or by a scalar."""
    if condition.shape:
        for _ in range(len(yes.shape) - len(condition.shape)):
            condition = ops.expand_dims(condition, -1)
    return ops.where(condition, yes, no)


def _items(elems: Any) -> list:
    """Return the parts of tensors along their first axis, in the structure of the tensors."""
    flat = [tensor(t) for t in tree.flatten(elems)]
    return [tree.pack_sequence_as(elems, [t[i] for t in flat]) for i in range(len(flat[0]))]


@step
def map_fn(fn: Callable, elems: Any, name: str | None = None, dtype: Any = None) -> Any:
    """Call a function on each part of a tensor along its first axis, and stack what it returns.

    Args:
        fn: function of one part, or of a structure of parts.
        elems: tensor, or a structure of them.
        name: without effect.
        dtype: dtype of the result, or a structure of them, if it returns several.
    """
    results = [fn(item) for item in _items(elems)]
    stacked = tree.map_structure(lambda *parts: ops.stack([tensor(p) for p in parts]), *results)
    if dtype is None:
        return stacked
    return tree.map_structure(ops.cast, stacked, dtype)


@step
def foldl(fn: Callable, elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """Combine the parts of a tensor along its first axis, from the first on: `fn(combined, part)`."""
    return _folded(fn, _items(elems), initializer)


@step
def foldr(fn: Callable, elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """Combine the parts of a tensor along its first axis, from the last on: `fn(combined, part)`."""
    return _folded(fn, _items(elems)[::-1], initializer)


def _folded(fn: Callable, items: list, initializer: Any) -> Any:
    if initializer is None:
        initializer, items = items[0], items[1:]
    for item in items:
        initializer = fn(initializer, item)
    return initializer


@step
def rnn(
    step_function: Callable,
    inputs: Any,
    initial_states: Any,
    go_backwards: bool = False,
    mask: Any = None,
    constants: Any = None,
    unroll: bool = False,
    input_length: Any = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple:
    """Go along the time axis of a tensor, step by step.

    Args:
        step_function: `step_function(x, states) -> (output, new_states)`, where `x` is one step of shape
            `(batch, ...)` and `states` are those of the step before, followed by the constants.
        inputs: `(batch, time, ...)`, or a structure of such tensors.
        initial_states: list of the states before the first step.
        go_backwards: whether it begins with the last step.
        mask: `(batch, time)`: where it is false, states and output of the step before are kept.
        constants: list of tensors that every step is given.
        unroll: without effect: Python goes along anyway.
        input_length: without effect: it is the length of the time axis.
        time_major: whether the time axis comes first, in inputs and outputs.
        zero_output_for_mask: whether outputs are 0 where the mask is false.
        return_all_outputs: whether `outputs` has all steps, or the last alone.

    Returns:
        `(last_output, outputs, new_states)`.

    Example:

    >>> import numpy as np
    >>> def add(x, states):
    ...     total = states[0] + x
    ...     return total, [total]
    >>> last, outputs, states = rnn(add, np.ones((1, 3, 2), "float32"), [np.zeros((1, 2), "float32")])
    >>> np.asarray(last), outputs.shape
    (array([[3., 3.]], dtype=float32), (1, 3, 2))
    """
    flat = [t if time_major else _swapped(t) for t in tree.flatten(inputs)]
    steps = [tree.pack_sequence_as(inputs, [t[i] for t in flat]) for i in range(flat[0].shape[0])]
    masks = None
    if mask is not None:
        mask = ops.cast(mask, "bool")
        if len(mask.shape) == 3:
            mask = mask[..., 0]
        mask = mask if time_major else _swapped(mask)
        masks = [mask[i] for i in range(mask.shape[0])]
    if go_backwards:
        steps = steps[::-1]
        masks = masks and masks[::-1]
    constants = list(constants or ())
    states = list(initial_states)
    outputs: list = []
    before = None
    for i, x in enumerate(steps):
        output, new = step_function(x, [*states, *constants])
        if masks is not None:
            seen = masks[i]
            if before is None:
                before = tree.map_structure(ops.zeros_like, output)
            choose = functools.partial(_where, seen)
            new = tree.map_structure(choose, list(new), states)
            before, computed = tree.map_structure(choose, output, before), output
            output = before
            if zero_output_for_mask:
                zeros = tree.map_structure(ops.zeros_like, computed)
                output = tree.map_structure(choose, computed, zeros)
        states = list(new)
        outputs.append(output)
    last = outputs[-1]
    stacked = outputs if return_all_outputs else outputs[-1:]
    all_outputs = tree.map_structure(lambda *parts: ops.stack(parts), *stacked)
    if not time_major:
        all_outputs = tree.map_structure(_swapped, all_outputs)
    return last, all_outputs, states


def _swapped(t: Any) -> Any:
    return ops.swapaxes(tensor(t), 0, 1)
