"""Recurrent layers: ONNX's own where they do, else a loop over one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.autodiff.tensor import Tensor
from minikeras.export import sizes
from minikeras.export.graph import Graph, Value
from minikeras.export.loops import scan
from minikeras.export.rules import rule
from minikeras.export.shapes import filled, flip
from minikeras.ops.activations import FUSED_AS_OPS
from minikeras.ops.indexing import where
from minikeras.ops.sequences import gru_step, lstm_step, simple_step

_ACTIVATIONS = {"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid"}


@rule("lstm")
def _lstm(
    g: Graph,
    x: Any,
    kernel: Any,
    recurrent: Any,
    bias: Any,
    h: Any,
    c: Any,
    mask: Any = None,
    backwards: bool = False,
) -> tuple:
    order = (0, 3, 1, 2)  # ours are i, f, c, o, and ONNX's i, o, f, c
    weights = kernel, recurrent, bias
    return _noted(g, "LSTM", lstm_step, x, weights, order, [h, c], mask, backwards, {})


@rule("gru")
def _gru(
    g: Graph,
    x: Any,
    kernel: Any,
    recurrent: Any,
    bias: Any,
    h: Any,
    mask: Any = None,
    backwards: bool = False,
    reset_after: bool = True,
) -> tuple:
    def step(*given: Any) -> tuple:
        return (gru_step(*given, reset_after),)

    weights, attributes = (kernel, recurrent, bias), {"linear_before_reset": int(reset_after)}
    return _noted(g, "GRU", step, x, weights, (0, 1, 2), [h], mask, backwards, attributes)


@rule("simple_rnn")
def _simple_rnn(
    g: Graph,
    x: Any,
    kernel: Any,
    recurrent: Any,
    bias: Any,
    h: Any,
    mask: Any = None,
    backwards: bool = False,
    activation: Any = None,
) -> tuple:
    def step(*given: Any) -> tuple:
        return (simple_step(*given, FUSED_AS_OPS[activation]),)

    name = "tanh" if activation is None else activation.name
    attributes = {"activations": [_ACTIVATIONS[name]]} if name in _ACTIVATIONS else None
    weights = kernel, recurrent, bias
    return _noted(g, "RNN", step, x, weights, (0,), [h], mask, backwards, attributes)


def _noted(
    g: Graph,
    op: str,
    step: Callable,
    x: Any,
    weights: tuple,
    order: tuple,
    states: list,
    mask: Any,
    backwards: bool,
    attributes: dict | None,
) -> tuple:
    """Note ONNX's operator if it does the same, else a loop.

    Args:
        op: the operator.
        step: `step(x, *states, *weights)`, the next states, the output first.
        weights: kernel, recurrent kernel and bias, which may be None.
        order: of our gates, in the operator's order.
        states: first states; each may be None.
        mask: booleans `(batch, time)`, false where states stay; or None.
        attributes: of the operator; None if it cannot do it.
    """
    known = all(w is None or isinstance(w, np.ndarray) for w in weights)
    if known and mask is None and attributes is not None:
        return _run(g, op, x, *weights, order, states, backwards, **attributes)
    tensors = [None if w is None else Tensor(w) for w in weights]
    return _stepwise(
        g, lambda x, *states: step(x, *states, *tensors), x, states, mask, backwards, weights[1]
    )


def _run(
    g: Graph,
    op: str,
    x: Any,
    kernel: np.ndarray,
    recurrent: np.ndarray,
    bias: np.ndarray | None,
    order: tuple,
    states: list,
    backwards: bool,
    **attributes: Any,
) -> tuple:
    """Note one of ONNX's recurrent operators.

    Args:
        bias: that of the inputs, or those of inputs and states.
        order: of our gates, in ONNX's order.
        states: first states; each may be None.
    """
    units = recurrent.shape[0]
    dtype, working = x.dtype, g.working_dtype(op, x.dtype)
    if dtype == np.float16:
        working = np.dtype(np.float32)

    def gates(given: np.ndarray) -> np.ndarray:
        parts = np.split(given.astype(working), len(order), axis=-1)
        return np.concatenate([parts[i] for i in order], axis=-1)

    weights = [g.weight(w, gates(w).T[None]) for w in (kernel, recurrent)]
    vector = None
    if bias is not None:
        zeros = np.zeros(units * len(order), working)
        both = [gates(b) for b in bias] if bias.ndim == 2 else [gates(bias), zeros]
        vector = g.weight(bias, np.concatenate(both)[None])
    first = [
        None if s is None else g.node("Unsqueeze", g.cast(s, working), g.ints(0)) for s in states
    ]
    if any(first) and not all(first):  # cannot be: a layer gives all states or none
        raise AssertionError(states)
    sequence, *last = g.node(
        op,
        g.transpose(g.name(g.cast(x, working)), (1, 0, 2)),
        *weights,
        vector,
        None,
        *first,
        outputs=1 + len(states),
        hidden_size=units,
        direction="reverse" if backwards else None,
        **attributes,
    )
    sequence = g.node("Squeeze", sequence, g.ints(1))
    if backwards:  # ours come in the order of processing
        sequence = flip(g, sequence, [0])
    results = [
        Value(g.transpose(sequence, (1, 0, 2)), working, 3),
        *[Value(g.node("Squeeze", s, g.ints(0)), working, 2) for s in last],
    ]
    return tuple([g.cast(r, dtype).name for r in results])


def _stepwise(
    g: Graph,
    step: Callable,
    x: Any,
    states: list,
    mask: Any,
    backwards: bool,
    recurrent: Any,
) -> tuple:
    """Note a loop over time.

    Args:
        step: `step(x, *states)`, the next states as tensors, the output first.
        mask: booleans `(batch, time)`, false where states stay; or None.
    """
    shape = (x.shape[0], recurrent.shape[0])
    trace = sizes.trace.get()

    def first(s: Any) -> Tensor:
        s = filled(g, np.zeros((), x.dtype), shape) if s is None else s
        return Tensor(trace.array(s, shape, x.dtype) if isinstance(s, str) else s)

    def one(carry: list, given: list) -> tuple:
        new = step(given[0], *carry)
        if mask is not None:
            keep = given[1].reshape((-1, 1))
            new = [where(keep, n, old) for n, old in zip(new, carry)]
        return list(new), new[0]

    sequences = [Tensor(x)] + ([] if mask is None else [Tensor(mask)])
    carry, outputs = scan(trace, one, [first(s) for s in states], sequences, 1, backwards)
    return tuple([t.array for t in (outputs, *carry)])
