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
) -> Any:
    if mask is not None or not _are_weights(kernel, recurrent, bias):
        return _stepwise(
            g,
            lambda x, h, c: lstm_step(x, h, c, *_tensors(kernel, recurrent, bias)),
            x,
            [h, c],
            mask,
            backwards,
            recurrent,
        )
    order = (0, 3, 1, 2)  # ours are i, f, c, o, and ONNX's i, o, f, c
    return _run(g, "LSTM", x, kernel, recurrent, bias, order, [h, c], backwards)


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
) -> Any:
    if mask is not None or not _are_weights(kernel, recurrent, bias):
        return _stepwise(
            g,
            lambda x, h: (gru_step(x, h, *_tensors(kernel, recurrent, bias), reset_after),),
            x,
            [h],
            mask,
            backwards,
            recurrent,
        )
    return _run(
        g,
        "GRU",
        x,
        kernel,
        recurrent,
        bias,
        (0, 1, 2),
        [h],
        backwards,
        linear_before_reset=int(reset_after),
    )


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
) -> Any:
    name = "tanh" if activation is None else activation.name
    if mask is not None or name not in _ACTIVATIONS or not _are_weights(kernel, recurrent, bias):
        function = FUSED_AS_OPS[activation]
        return _stepwise(
            g,
            lambda x, h: (simple_step(x, h, *_tensors(kernel, recurrent, bias), function),),
            x,
            [h],
            mask,
            backwards,
            recurrent,
        )
    return _run(
        g,
        "RNN",
        x,
        kernel,
        recurrent,
        bias,
        (0,),
        [h],
        backwards,
        activations=[_ACTIVATIONS[name]],
    )


def _are_weights(*xs: Any) -> bool:
    return all(x is None or isinstance(x, np.ndarray) for x in xs)


def _tensors(*xs: Any) -> list:
    return [None if x is None else Tensor(x) for x in xs]


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
