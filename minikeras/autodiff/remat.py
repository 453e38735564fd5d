"""`remat`: compute again in the backward pass what would else be kept for it.

The forward is run while the links between its nodes are noted and what they saved is dropped. The tape
gets one node, whose inputs are all the tensors and variables that the function looked at. Its backward
runs the function again, on a tape of its own, with everything as it was: values of variables, states
of random streams, the `training` of the call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minikeras import tree
from minikeras.autodiff.journal import Journal
from minikeras.autodiff.keras_tensor import any_symbolic
from minikeras.autodiff.primitive import Primitive
from minikeras.autodiff.state import thread
from minikeras.autodiff.tape import (
    RELEASED,
    GradientTape,
    Leaf,
    Node,
    Pick,
    backpropagate,
    dependents,
    record,
)
from minikeras.autodiff.tensor import Tensor
from minikeras.autodiff.tracking import substituted


def remat(f: Callable) -> Callable:
    """Return a function whose inner results are computed again for its gradient, not kept.

    That takes less memory and more time: the function is run twice. Dropout draws the same numbers
    both times, and what the function changes (moving averages, counters) changes once.

    Args:
        f: a function of tensors, or a layer.

    Returns:
        A function of the same arguments, which gives the same results and gradients.

    Raises:
        TypeError: if `f` cannot be called.

    Example:

    >>> import minikeras
    >>> from minikeras import ops
    >>> x = minikeras.Variable([1.0, 2.0])
    >>> with minikeras.GradientTape() as tape:
    ...     y = minikeras.remat(lambda x: ops.sin(ops.exp(x)))(x)
    >>> tape.gradient(y, x).shape
    (2,)
    """
    if not callable(f):
        raise TypeError(f"remat: argument `f` must be a function or a layer. Received: {f!r}")

    @functools.wraps(f, updated=())
    def rematerialized(*args: Any, **kwargs: Any) -> Any:
        here = thread.state
        if not here.tapes or any_symbolic(tree.flatten((args, kwargs))):
            return f(*args, **kwargs)
        return _run(lambda: f(*args, **kwargs))

    return rematerialized


def in_remat() -> bool:
    """Whether a function that will be computed again, or is, runs on this thread."""
    return thread.state.rematerializing


class _Links(list):
    """The nodes of a forward pass, without what they saved."""

    def append(self, node: Any) -> None:
        node.saved, node.inputs = RELEASED, None
        super().append(node)


def _run(f: Callable) -> Any:
    here = thread.state
    tapes = here.tapes
    again = _Again(f)
    links = GradientTape()
    links._nodes = _Links()
    with Journal() as journal:
        here.tapes, inside = [links], here.rematerializing
        here.rematerializing = True
        try:
            result = f()
        finally:
            here.tapes, here.rematerializing = tapes, inside
    inner = set(links._nodes)
    leaves = [p for n in links._nodes if type(n) is Node for p in n.parents]
    parents = [p for p in dict.fromkeys(leaves) if p is not None and p not in inner]
    outputs = [*tree.flatten(result), *[losses[i] for losses, i in journal.losses]]
    places = [i for i, y in enumerate(outputs) if isinstance(y, Tensor) and y.node in inner]
    if not places:
        return result
    again.remember(journal, parents, places)
    inputs = [_Input(p) for p in parents]
    node = record(tapes, REMAT, inputs, parents, None, {"again": again})
    picks = {place: Pick(node, i) for i, place in enumerate(places)}
    for tape in tapes:
        tape._nodes.extend(picks.values())

    def joined(place: int) -> Any:
        y = outputs[place]
        if place not in picks:
            return y
        tensor = Tensor(y.array, picks[place])
        tensor._keras_mask = y._keras_mask
        return tensor

    count = len(outputs) - len(journal.losses)
    for i, (losses, at) in enumerate(journal.losses):
        losses[at] = joined(count + i)
    return tree.pack_sequence_as(result, [joined(i) for i in range(count)])


class _Input:
    """Stands for a tensor of the surroundings: its place on the tapes is all that is asked for."""

    def __init__(self, node: Any) -> None:
        self.node = node


class _Again:
    """Runs a function again, in the state in which it ran first."""

    def __init__(self, f: Callable) -> None:
        self.f = f
        here = thread.state
        self.state = here.training, here.autocast, here.in_call, list(here.layers)

    def remember(self, journal: Journal, parents: list, places: list) -> None:
        """Note the values of the variables that matter, and which results are wanted."""
        owners = [p.variable() for p in parents if type(p) is Leaf and p.variable]
        held = {id(v): (v, Tensor(v.array, v.node)) for v in owners if v is not None}
        for v, array, _ in journal.before.values():
            held[id(v)] = v, Tensor(array, v.node)
        self.variables = [v for v, _ in held.values()]
        self.values = [value for _, value in held.values()]
        self.parents, self.places = parents, places

    def __call__(self) -> list[Tensor]:
        """Return the results that have a gradient, recorded on the tapes of this thread."""
        here = thread.state
        before = here.training, here.autocast, here.in_call, here.layers, here.rematerializing
        here.training, here.autocast, here.in_call, layers = self.state
        here.layers, here.rematerializing = list(layers), True
        try:
            with substituted(self.variables, self.values), Journal() as journal:
                try:
                    result = self.f()
                    losses = [held[i] for held, i in journal.losses]
                finally:
                    for held, i in reversed(journal.losses):
                        del held[i]
                    journal.losses.clear()
        finally:
            here.training, here.autocast, here.in_call, here.layers, here.rematerializing = before
        outputs = [*tree.flatten(result), *losses]
        return [outputs[i] for i in self.places]


def _backward(gs: list, saved: Any, needs: Any, out: Any, again: _Again) -> list:
    here = thread.state
    tapes = here.tapes
    tape = GradientTape()
    here.tapes = [tape]
    try:
        results = again()
    finally:
        here.tapes = tapes
    grads: dict = {}
    for y, g in zip(results, gs):
        if g is not None and y.node is not None:
            grads[y.node] = grads[y.node] + g if y.node in grads else g
    nodes, _ = tape.take_nodes()
    wanted = {p for p, need in zip(again.parents, needs) if need}
    targets = {} if out is None else dict(zip(again.parents, out))
    grads = backpropagate(nodes, grads, dependents(nodes, wanted), out=targets)
    return [grads.get(p) if need else None for p, need in zip(again.parents, needs)]


REMAT = Primitive(
    "remat",
    lambda *_, **__: None,
    _backward,
    reference=lambda *_, again: tuple(again()),
    n_outputs=lambda again: len(again.places),
    writes_out=True,
)
"""One call of a function under `remat`; it is recorded only, by `_run`."""
