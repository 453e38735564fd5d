"""Loops and branches: graphs inside a node of the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.primitive import as_tensor
from minikeras.autodiff.tensor import Tensor
from minikeras.export.graph import Body, Graph, Value


def scan(
    trace: Any, f: Callable, init: Any, xs: Any, axis: int = 0, reverse: bool = False
) -> tuple:
    """Note `ops.scan`: a function that is called on one slice after the other.

    Args:
        trace: what notes.
        f: `f(carry, x) -> (carry, y)`.
        init: first carry, a structure of tensors.
        xs: a structure of tensors.
        axis: axis along which they are sliced.
        reverse: whether to go from the last to the first.

    Returns:
        The last carry, and the ys in the order in which they came, stacked along `axis`.
    """
    g = trace.graph
    states, sequences = tree.flatten(init), tree.flatten(xs)
    with g.inside() as nodes:
        inside_states = [_variable(trace, s.shape, s.dtype) for s in states]
        inside_xs = [_variable(trace, _without(x.shape, axis), x.dtype) for x in sequences]
        carry, y = f(_packed(init, inside_states), _packed(xs, inside_xs))
        new, ys = _arrays(carry), _arrays(y)
        new = [g.cast(n, s.dtype) for n, s in zip(new, states, strict=True)]
        outputs = _ends(g, [*new, *ys])
    inputs = [_input(a) for a in (*inside_states, *inside_xs)]
    results = g.node(
        "Scan",
        *[s.array for s in states],
        *[x.array for x in sequences],
        outputs=len(outputs),
        body=Body(nodes, inputs, outputs),
        num_scan_inputs=len(sequences),
        scan_input_axes=[axis] * len(sequences),
        scan_input_directions=[int(reverse)] * len(sequences),
        scan_output_axes=[axis] * len(ys) or None,
    )
    results = [results] if isinstance(results, str) else results
    last = [Tensor(trace.array(n, s.shape, s.dtype)) for n, s in zip(results, states)]
    n = sequences[0].shape[axis]
    stacked = [
        Tensor(trace.array(name, (*a.shape[:axis], n, *a.shape[axis:]), a.dtype))
        for name, a in zip(results[len(states) :], ys)
    ]
    return _packed(init, last), _packed(y, stacked)


def branch(trace: Any, condition: Any, true_fn: Callable, false_fn: Callable) -> Any:
    """Note `ops.cond`."""
    g = trace.graph
    bodies, results = [], []
    for function in (true_fn, false_fn):
        with g.inside() as nodes:
            result = function()
            outputs = _ends(g, _arrays(result))
        bodies.append(Body(nodes, [], outputs))
        results.append(result)
    one, other = map(_arrays, results)
    if [a.dtype for a in one] != [a.dtype for a in other]:
        raise trace.failed("the branches of ops.cond give different dtypes or structures")
    flag = g.cast(condition, bool)
    names = g.node(
        "If",
        g.node("Reshape", flag, g.ints()) if flag.ndim else flag,
        outputs=len(one),
        then_branch=bodies[0],
        else_branch=bodies[1],
    )
    names = [names] if isinstance(names, str) else names
    return _packed(
        results[0], [Tensor(trace.array(n, a.shape, a.dtype)) for n, a in zip(names, one)]
    )


def repeat_while(
    trace: Any, condition: Callable, body: Callable, values: tuple, maximum: int | None
) -> tuple:
    """Note `ops.while_loop`."""
    g = trace.graph
    flat = tree.flatten(values)
    start = g.cast(to_value(condition(*values)), bool)
    with g.inside() as nodes:
        counter, running = g.unique("step"), g.unique("running")
        inside = [_variable(trace, v.shape, v.dtype) for v in flat]
        new = body(*_packed(values, inside))
        new = tuple(new) if isinstance(new, (list, tuple)) else (new,)
        arrays = [g.cast(a, v.dtype) for a, v in zip(_arrays(new), flat, strict=True)]
        tensors = [Tensor(trace.array(g.name(a), v.shape, v.dtype)) for a, v in zip(arrays, flat)]
        going_on = g.cast(to_value(condition(*_packed(values, tensors))), bool)
        outputs = _ends(g, [going_on, *arrays])
    inputs = [
        Value(counter, np.dtype(np.int64), 0),
        Value(running, np.dtype(bool), 0),
        *map(_input, inside),
    ]
    names = g.node(
        "Loop",
        None if maximum is None else np.asarray(maximum, np.int64),
        start,
        *[v.array for v in flat],
        outputs=len(flat),
        body=Body(nodes, inputs, outputs),
    )
    names = [names] if isinstance(names, str) else names
    return _packed(values, [Tensor(trace.array(n, v.shape, v.dtype)) for n, v in zip(names, flat)])


def to_value(x: Any) -> Any:
    """Return a tensor's array."""
    return as_tensor(x).array


def _ends(g: Graph, results: Sequence[Any]) -> list[Value]:
    """Note the outputs of a body: tensors made inside, each with a name of its own."""
    ends = []
    for a in results:
        name = g.node("Identity", a)
        if name in [e.name for e in ends]:
            name = g.node("Identity", name)
        ends.append(Value(name, np.dtype(a.dtype), a.ndim))
    return ends


def _without(shape: tuple, axis: int) -> tuple:
    return (*shape[:axis], *shape[axis + 1 :])


def _variable(trace: Any, shape: tuple, dtype: Any) -> Tensor:
    layer = trace.layer()
    name = trace.graph.unique(f"{layer}/inside" if layer else "inside")
    return Tensor(trace.array(name, shape, dtype))


def _input(t: Tensor) -> Value:
    return Value(t.array.name, t.array.dtype, t.array.ndim)


def _arrays(structure: Any) -> list:
    return [to_value(x) for x in tree.flatten(structure) if x is not None]


def _packed(structure: Any, flat: Sequence[Any]) -> Any:
    """Return tensors in a structure, in which None stays None."""
    rest = iter(flat)
    return tree.map_structure(lambda x: None if x is None else next(rest), structure)
