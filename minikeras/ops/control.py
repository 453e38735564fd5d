"""Control flow: Python runs it, and the branches and loops taken are what the tape records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor, has_values
from minikeras.autodiff.primitive import as_tensor
from minikeras.autodiff.state import thread
from minikeras.autodiff.tape import GradientTape
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import PositiveInt, axis_within, checked, kind_of
from minikeras.common.dtypes import standardize_dtype
from minikeras.ops.comparison import less, less_equal
from minikeras.ops.indexing import GET_ITEM, get_item
from minikeras.ops.joining import concatenate, stack
from minikeras.ops.shapes import flip
from minikeras.ops.symbolic import TensorLike, export, op, probed


def _spec(x: Any) -> Any:
    """Describe a result of a branch, which must not be a step of a graph that depends on another."""
    if isinstance(x, KerasTensor) and thread.state.in_call:  # a part of a layer's step
        return KerasTensor(x.shape, x.dtype)
    if isinstance(x, KerasTensor):
        raise ValueError(
            "cond: a branch that uses KerasTensors cannot be chosen by a symbolic condition. "
            "Compute both and choose with minikeras.ops.where, or put the choice in a layer's "
            "`call`."
        )
    x = as_tensor(x)
    return KerasTensor(x.shape, standardize_dtype(x.dtype))


@op(rule=lambda pred, true_fn, false_fn: tree.map_structure(_spec, true_fn()))
def cond(pred: TensorLike, true_fn: Callable, false_fn: Callable) -> Any:
    """Call `true_fn` if `pred` is true, else `false_fn`, and return what it returns."""
    pred = to_array(pred)
    if not has_values(pred):
        return pred.branch(true_fn, false_fn)
    return true_fn() if bool(pred) else false_fn()


@probed
def switch(index: TensorLike, branches: Sequence[Callable], *operands: TensorLike) -> Any:
    """Call the branch of the given index, clipped to what there is, on `operands`."""
    index = to_array(index)
    if not has_values(index):
        return _switch(index, 0, branches, operands)
    i = int(np.clip(int(index), 0, len(branches) - 1))
    return branches[i](*operands)


def _switch(index: Any, i: int, branches: Sequence[Callable], operands: tuple) -> Any:
    """Choose among the branches from the i-th on by one condition after another."""
    if i == len(branches) - 1:
        return branches[i](*operands)
    return cond(
        less_equal(Tensor(index), i),
        lambda: branches[i](*operands),
        lambda: _switch(index, i + 1, branches, operands),
    )


def _as_spec(x: Any) -> KerasTensor:
    return x if isinstance(x, KerasTensor) else _spec(x)


@op(rule=lambda cond, body, loop_vars, *_, **__: tree.map_structure(_as_spec, loop_vars))
@checked
def while_loop(
    cond: Callable, body: Callable, loop_vars: TensorLike, maximum_iterations: int | None = None
) -> Any:
    """Call `body` on the loop variables while `cond` of them holds.

    Args:
        cond: `cond(*loop_vars) -> bool`.
        body: `body(*loop_vars)`, which returns the next ones.
        loop_vars: tensor, or a tuple or list of them.
        maximum_iterations: the most calls of `body`.

    Returns:
        The loop variables in the end.
    """
    single = not isinstance(loop_vars, (tuple, list))
    values = (loop_vars,) if single else tuple(loop_vars)
    values = tree.map_structure(as_tensor, values)
    described = [v.array for v in tree.flatten(values) if not has_values(v.array)]
    if described:
        values = described[0].repeat_while(cond, body, values, maximum_iterations)
        return values[0] if single else values
    steps = 0
    while bool(to_array(cond(*values))) and steps != maximum_iterations:
        new = body(*values)
        values = tuple(new) if isinstance(new, (list, tuple)) else (new,)
        steps += 1
    return values[0] if single else values


@op(rule=lambda lower, upper, body_fun, init_val: tree.map_structure(_as_spec, init_val))
def fori_loop(lower: Any, upper: Any, body_fun: Callable, init_val: TensorLike) -> Any:
    """Call `body_fun(i, value)` for `i` from `lower` up to (not including) `upper`."""
    value = tree.map_structure(as_tensor, init_val)
    if not (has_values(to_array(lower)) and has_values(to_array(upper))):
        return while_loop(
            lambda i, _: less(i, upper),
            lambda i, value: (i + 1, body_fun(i, value)),
            (as_tensor(lower), value),
        )[1]
    for i in range(int(to_array(lower)), int(to_array(upper))):
        value = body_fun(i, value)
    return value


_UNROLL = kind_of(PositiveInt | bool)


@probed
def scan(
    f: Callable,
    init: TensorLike,
    xs: TensorLike | None = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> tuple:
    """Carry a value over the first axis of `xs`.

    Args:
        f: `f(carry, x) -> (carry, y)`.
        init: first carry.
        xs: tensor, or a structure of them; None if `f` needs none.
        length: number of steps, needed if `xs` is None.
        reverse: whether to go from the last to the first.
        unroll: kept for other backends, without effect.

    Returns:
        The last carry, and the ys stacked in the order of `xs`.

    Example:

    >>> from minikeras import ops
    >>> ops.scan(lambda total, x: (total + x, total), 0, ops.arange(4))[0]
    <Tensor shape=() dtype=int32 6>
    """
    _UNROLL.check(unroll, "unroll", "scan")
    flat = [as_tensor(x) for x in tree.flatten(xs)] if xs is not None else []
    if not flat and length is None:
        raise ValueError("scan: give `xs` or `length`.")
    n = flat[0].shape[0] if flat else int(length)
    if length is not None and int(length) != n:
        raise ValueError(f"scan: `xs` has {n} entries, not length={length}.")
    described = [t.array for t in flat if not has_values(t.array)]
    if described:
        xs = tree.pack_sequence_as(xs, flat)
        return described[0].scan(f, tree.map_structure(as_tensor, init), xs, reverse)
    carry, ys = tree.map_structure(as_tensor, init), []
    for i in reversed(range(n)) if reverse else range(n):
        x = None if xs is None else tree.pack_sequence_as(xs, [t[i] for t in flat])
        carry, y = f(carry, x)
        ys.append(y)
    if reverse:
        ys.reverse()
    if not ys or ys[0] is None:
        return carry, None
    return carry, tree.map_structure(lambda *items: stack(items), *ys)


@probed
def map(f: Callable, xs: TensorLike) -> Any:
    """Apply `f` to each entry of the first axis (of a structure too) and stack the results."""
    return scan(lambda carry, x: (carry, f(x)), 0, xs)[1]


@probed
def vectorized_map(function: Callable, elements: TensorLike) -> Any:
    """Apply `function` to each entry of the first axis and stack the results."""
    return map(function, elements)


@probed
def associative_scan(f: Callable, elems: TensorLike, reverse: bool = False, axis: int = 0) -> Any:
    """Combine elements along an axis cumulatively by an associative function.

    Args:
        f: `f(a, b)`, applied to structures of slices along the axis.
        elems: tensor, or a structure of them.
        reverse: whether to combine from the end.
        axis: axis.

    Returns:
        Tensors in the structure of `elems`: the running results.
    """
    flat = [as_tensor(x) for x in tree.flatten(elems)]
    axis = axis_within(axis, flat[0].ndim, "associative_scan")
    if reverse:
        flat = [flip(x, axis) for x in flat]
    before = (slice(None),) * axis

    def part(xs: list, index: slice) -> Any:
        return tree.pack_sequence_as(elems, [get_item(x, (*before, index)) for x in xs])

    n = flat[0].shape[axis]
    distance = 1
    while distance < n:  # each result so far covers `distance` elements: double that
        joined = f(part(flat, slice(None, n - distance)), part(flat, slice(distance, None)))
        flat = [
            concatenate([get_item(x, (*before, slice(distance))), as_tensor(y)], axis=axis)
            for x, y in zip(flat, tree.flatten(joined))
        ]
        distance *= 2
    if reverse:
        flat = [flip(x, axis) for x in flat]
    return tree.pack_sequence_as(elems, flat)


@export
def vectorize(pyfunc: Callable, *, excluded: Any = None, signature: str | None = None) -> Callable:
    """Make a function of entries a function of whole tensors, which broadcast.

    Args:
        pyfunc: function of entries.
        excluded: positions of arguments that are passed as they are.
        signature: shapes of one entry, such as `"(n),(n)->()"`; scalars if None.

    Returns:
        The function of tensors.

    Raises:
        ValueError: when called with entries of fewer axes than the signature names.
    """
    fixed = set(excluded or ())

    def ranks(n: int) -> list[int]:
        if signature is None:
            return [0] * n
        inputs = signature.replace(" ", "").partition("->")[0]
        return [len(s.split(",")) if s else 0 for s in inputs[1:-1].split("),(")]

    def over_all(*args: Any, **kwargs: Any) -> Any:
        mapped = [i for i in range(len(args)) if i not in fixed]
        tensors = [as_tensor(args[i]) for i in mapped]
        own = ranks(len(mapped))
        if len(own) != len(mapped) or any(t.ndim < r for t, r in zip(tensors, own)):
            raise ValueError(
                f"vectorize: the signature {signature!r} does not fit inputs of shapes "
                f"{[t.shape for t in tensors]}."
            )
        loops = [t.shape[: t.ndim - r] for t, r in zip(tensors, own)]
        whole = np.broadcast_shapes(*loops)
        results = []
        for place in np.ndindex(whole):
            call = list(args)
            for i, t, loop in zip(mapped, tensors, loops):
                at = place[len(place) - len(loop) :]
                call[i] = t[tuple([p if n > 1 else 0 for p, n in zip(at, loop)])]
            results.append(pyfunc(*call, **kwargs))

        def join(*items: Any) -> Tensor:
            rows = stack(items)
            return rows.reshape((*whole, *rows.shape[1:]))

        return tree.map_structure(join, *results)

    return over_all


@export
def jvp(fun: Callable, primals: Any, tangents: Any, has_aux: bool = False) -> tuple:
    """Evaluate a function and its derivative in a direction.

    Args:
        fun: function of tensors.
        primals: its arguments, a list or tuple.
        tangents: the direction, one tensor for each argument.
        has_aux: whether `fun` returns `(output, aux)`, aux being passed on.

    Returns:
        `(output, tangent of output)`, and aux if there is one.

    Example:

    >>> from minikeras import ops
    >>> ops.jvp(ops.sin, (0.0,), (2.0,))[1]
    <Tensor shape=() dtype=float32 2.>
    """
    if len(primals) != len(tangents):
        raise ValueError(
            f"jvp: {len(primals)} primals need as many tangents. Received: {len(tangents)}"
        )
    # The gradient is linear in the gradient `u` that it starts from: differentiating it by `u`
    # turns backward mode into forward mode.
    xs = [Tensor(to_array(p)) for p in primals]
    with GradientTape(persistent=True) as outer:
        with GradientTape() as inner:
            inner.watch(xs)
            result = fun(*xs)
            output, aux = result if has_aux else (result, None)
            flat = [as_tensor(y) for y in tree.flatten(output)]
        us = [Tensor(np.zeros_like(y.array)) for y in flat]
        outer.watch(us)
        grads = inner.gradient(flat, xs, us, unconnected_gradients="zero")
    dirs = [to_array(t, x.dtype).reshape(x.shape) for t, x in zip(tangents, xs)]
    moved = outer.gradient(grads, us, dirs, unconnected_gradients="zero")
    tangent = tree.pack_sequence_as(output, moved)
    return (output, tangent, aux) if has_aux else (output, tangent)


@op
def unstack(x: TensorLike, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """Take a tensor apart along `axis`.

    Raises:
        ValueError: if `num` is given and is not the size of the axis.
    """
    x = as_tensor(x)
    axis = axis_within(axis, x.ndim, "unstack")
    size = x.shape[axis]
    if size is None and num is None:
        raise ValueError(
            f"unstack: the size of axis {axis} of shape {x.shape} is not known: give the number of "
            "tensors as `num`."
        )
    if num is not None and size not in (None, num):
        raise ValueError(f"unstack: axis {axis} has size {size}, not num={num}.")
    before = (slice(None),) * axis
    return [GET_ITEM(x, key=(*before, i)) for i in range(num if size is None else size)]
