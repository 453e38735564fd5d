"""Conversion, casting, stopping gradients, control flow and scattering."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.primitive import CAST, Primitive, as_tensor, elementary
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.variable import Variable
from minikeras.common.dtypes import standardize_dtype, to_np_dtype
from minikeras.ops.families import np_shape
from minikeras.ops.symbolic import op


def convert_to_tensor(x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None) -> Tensor:  # fmt: skip
    """Make a tensor of numbers, nested lists or an array, which is copied.

    Args:
        x: data; a tensor is returned as it is (or cast).
        dtype: dtype of the result. Python floats become `floatx`, Python integers int32, arrays
            keep their dtype, if None.

    Raises:
        TypeError: if `x` does not hold numbers.

    Example:

    >>> from minikeras import ops
    >>> ops.convert_to_tensor([1, 2, 3])
    <Tensor shape=(3,) dtype=int32 [1 2 3]>
    """
    if sparse or ragged:
        raise ValueError("convert_to_tensor: sparse and ragged tensors are not supported.")
    if isinstance(x, KerasTensor):
        return cast(x, dtype) if dtype is not None and standardize_dtype(dtype) != x.dtype else x
    if isinstance(x, Tensor):
        x = as_tensor(x)
        return x if dtype is None else cast(x, dtype)
    value = to_array(x, dtype)
    return Tensor(np.array(value) if value is x else np.asarray(value))


def convert_to_numpy(x: Any) -> np.ndarray:
    """Return the value as a NumPy array (a copy)."""
    return np.array(to_array(x))


def is_tensor(x: Any) -> bool:
    """Return whether `x` is a tensor."""
    return isinstance(x, Tensor)


@op(rule=lambda x, dtype: KerasTensor(x.shape, standardize_dtype(dtype)))
def cast(x: Any, dtype: Any) -> Tensor:
    """Convert to another dtype; the gradient is converted back."""
    x = as_tensor(x)
    target = to_np_dtype(dtype)
    return x if x._value.dtype == target else CAST(x, dtype=target)


@op(rule=lambda x, dtype: KerasTensor(x.shape, standardize_dtype(dtype)))
def saturate_cast(x: Any, dtype: Any) -> Tensor:
    """Convert to another dtype, clipping to its range."""
    from minikeras.ops.numpy import clip

    x = as_tensor(x)
    target = to_np_dtype(dtype)
    if target.kind in "iu":
        info = np.iinfo(target)
        low, high = info.min, info.max
        if x._value.dtype.kind in "iu":
            own = np.iinfo(x._value.dtype)
            low, high = max(low, own.min), min(high, own.max)
        return cast(clip(x, low, high), target)
    return cast(x, target)


def shape(x: Any) -> tuple:
    """Return the shape as a tuple, None where a size is not known yet."""
    return np_shape(x)


def dtype(x: Any) -> str:
    """Return the dtype's name."""
    return standardize_dtype(x.dtype if hasattr(x, "dtype") else to_array(x).dtype)


def ndim(x: Any) -> int:
    """Return the number of axes."""
    return len(np_shape(x))


def size(x: Any) -> int:
    """Return the number of elements."""
    return int(np.prod(np_shape(x)))


@op(rule=lambda x: x)
def stop_gradient(variable: Any) -> Tensor:
    """Return the same values, through which no gradient flows."""
    return Tensor(as_tensor(variable)._value)


IDENTITY = elementary("identity", lambda x: x, lambda g: g)


def custom_gradient(f: Callable) -> Callable:
    """Give a function a gradient of its own.

    Args:
        f: `f(*args) -> (output, grad)` with `grad(*upstream)` (or `grad(upstream=...)`) returning
            the gradients of the arguments.

    Example:

    >>> import minikeras
    >>> @minikeras.ops.custom_gradient
    ... def log1pexp(x):
    ...     e = minikeras.ops.exp(x)
    ...     return minikeras.ops.log(1 + e), lambda g: g * (1 - 1 / (1 + e))
    >>> float(minikeras.grad(log1pexp)(100.0))
    1.0
    """
    from minikeras.autodiff.tape import no_recording

    def forward(*args: Any, _kwargs: dict) -> tuple:
        with no_recording():
            output, grad = f(*[Tensor(a) if isinstance(a, np.ndarray) else a for a in args], **_kwargs)
        flat = [as_tensor(o) for o in tree.flatten(output)]
        saved = (grad, output)
        values = tuple(o._value for o in flat)
        return (values if len(values) > 1 else values[0]), saved

    def backward(g: Any, saved: Any, needs: Any, out: Any, _kwargs: dict) -> list:
        grad, output = saved
        gs = g if isinstance(g, list) else [g]
        flat = tree.flatten(output)
        gs = [Tensor(np.zeros(o.shape, o.dtype) if u is None else np.asarray(u)) for u, o in zip(gs, flat)]  # fmt: skip
        try:
            result = grad(*gs)
        except TypeError:
            result = grad(upstream=gs[0])
        result = list(result) if isinstance(result, (list, tuple)) else [result]
        if len(result) < len(needs):
            raise ValueError(
                f"custom_gradient: the gradient function returned {len(result)} gradients for "
                f"{len(needs)} arguments."
            )
        return [None if r is None or not n else np.asarray(to_array(r)) for r, n in zip(result, needs)]  # fmt: skip

    primitive = _CustomGradient("custom_gradient", forward, backward, n_outputs=_count)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return primitive(*[as_tensor(a) if not isinstance(a, Tensor) else a for a in args], _kwargs=kwargs)  # fmt: skip

    return wrapped


class _CustomGradient(Primitive):
    def outputs(self, node: Any) -> int:
        return len(tree.flatten(node.saved[1]))

    def backward_graph(self, g: Any, node: Any, needs: Any) -> list:
        grad, output = node.saved
        gs = g if isinstance(g, list) else [g]
        gs = [Tensor(np.zeros(o.shape, o.dtype)) if u is None else as_tensor(u) for u, o in zip(gs, tree.flatten(output))]  # fmt: skip
        result = grad(*gs)
        result = list(result) if isinstance(result, (list, tuple)) else [result]
        return [r if n else None for r, n in zip(result, needs)]


def _count(**params: Any) -> int:
    return 1


# Control flow. Python runs it: the branches and loops that are taken are what the tape records.


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    """Call `true_fn` if `pred` is true, else `false_fn`."""
    if isinstance(pred, KerasTensor):
        return true_fn()
    return true_fn() if bool(to_array(pred)) else false_fn()


def switch(index: Any, branches: Sequence[Callable], *operands: Any) -> Any:
    """Call the branch of the given index, clipped to what there is."""
    i = int(np.clip(int(to_array(index)), 0, len(branches) - 1))
    return branches[i](*operands)


def while_loop(
    cond: Callable, body: Callable, loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """Call `body` on the loop variables while `cond` of them holds."""
    single = not isinstance(loop_vars, (tuple, list))
    values = (loop_vars,) if single else tuple(loop_vars)
    values = tree.map_structure(as_tensor, values)
    steps = 0
    while bool(to_array(cond(*values))) and (maximum_iterations is None or steps < maximum_iterations):
        new = body(*values)
        values = tuple(new) if isinstance(new, (list, tuple)) else (new,)
        steps += 1
    return values[0] if single else values


def fori_loop(lower: int, upper: int, body_fun: Callable, init_val: Any) -> Any:
    """Call `body_fun(i, value)` for `i` from lower to upper."""
    value = init_val
    for i in range(int(to_array(lower)), int(to_array(upper))):
        value = body_fun(i, value)
    return value


def scan(
    f: Callable,
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> tuple:
    """Carry a value over the first axis of `xs`: `carry, y = f(carry, x)`, the ys stacked."""
    from minikeras.ops.shapes import stack

    flat = [as_tensor(x) for x in tree.flatten(xs)] if xs is not None else []
    n = int(length) if length is not None else flat[0].shape[0]
    carry, ys = init, []
    for i in reversed(range(n)) if reverse else range(n):
        x = None if xs is None else tree.pack_sequence_as(xs, [t[i] for t in flat])
        carry, y = f(carry, x)
        ys.append(y)
    if reverse:
        ys.reverse()
    if not ys or ys[0] is None:
        return carry, None
    stacked = tree.map_structure(lambda *items: stack(items), *ys)
    return carry, stacked


def map(f: Callable, xs: Any) -> Any:
    """Apply `f` to each entry of the first axis and stack the results."""
    return scan(lambda carry, x: (carry, f(x)), None, xs)[1]


def vectorized_map(function: Callable, elements: Any) -> Any:
    """Apply `function` to each entry of the first axis and stack the results."""
    return map(function, elements)


# Scattering and slicing.


@op
def slice(inputs: Any, start_indices: Any, shape: Any) -> Tensor:
    """Cut a block of `shape` out of a tensor, from `start_indices` on."""
    x = as_tensor(inputs)
    return x[_block(x.shape, start_indices, shape)]


def _block(whole: tuple, start: Any, shape: Any) -> tuple:
    start = [int(s) for s in np.asarray(to_array(start))]
    ends = [n if d == -1 else s + int(d) for n, s, d in zip(whole, start, shape)]
    return tuple(_slice(s, e) for s, e in zip(start, ends))


_slice = type(np.s_[0:1])  # the builtin, which the op above hides

_UPDATE = elementary(
    "update",
    lambda x, updates, key: _updated(x, updates, key),
    lambda g, key: _updated(g, np.zeros_like(g[key]), key),
    lambda g, key: g[key],
    inputs=("x", "updates"),
)


def _updated(x: Any, updates: Any, key: Any) -> Any:
    if isinstance(x, Tensor):
        return _UPDATE(x, updates, key=key)
    y = np.array(x)
    y[key] = updates
    return y


@op
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Tensor:
    """Return `inputs` with a block replaced by `updates`, from `start_indices` on."""
    x = as_tensor(inputs)
    updates = cast(updates, x.dtype)
    return _UPDATE(x, updates, key=_block(x.shape, start_indices, updates.shape))


@op
def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Tensor:
    """Return `inputs` with the places `indices` (one a row) replaced by `updates`.

    Args:
        inputs: tensor.
        indices: integers of shape `(n, k)`: positions along the first k axes.
        updates: values, of shape `(n, ...)`.
        reduction: None to replace, or `"add"`, `"max"`, `"min"`, `"mul"` to combine.
    """
    x = as_tensor(inputs)
    key = tuple(np.moveaxis(np.asarray(to_array(indices)), -1, 0))
    updates = cast(updates, x.dtype)
    if reduction is None:
        return _UPDATE(x, updates, key=key)
    if reduction == "add":
        return x + scatter(indices, updates, x.shape)
    from minikeras.ops import elementwise

    ufuncs = {"max": np.maximum, "min": np.minimum, "mul": np.multiply}
    if reduction not in ufuncs:
        raise ValueError(
            "scatter_update: reduction must be None, 'add', 'max', 'min' or 'mul'. "
            f"Received: reduction={reduction!r}"
        )
    combine = {"max": elementwise.maximum, "min": elementwise.minimum, "mul": elementwise.multiply}
    for i in range(updates.shape[0]):
        at = tuple(k[i] for k in key)
        x = _UPDATE(x, combine[reduction](x[at], updates[i]), key=at)
    return x


_SCATTER_ADD = elementary(
    "scatter",
    lambda x, key, into: _scattered(x, key, into),
    lambda g, key: g[key],
)


def _scattered(x: np.ndarray, key: Any, into: tuple) -> np.ndarray:
    y = np.zeros(into, x.dtype)
    np.add.at(y, key, x)
    return y


@op
def scatter(indices: Any, values: Any, shape: Any) -> Tensor:
    """Add values into zeros of `shape` at the places `indices`."""
    key = tuple(np.moveaxis(np.asarray(to_array(indices)), -1, 0))
    return _SCATTER_ADD(as_tensor(values), key=key, into=tuple(shape))


def is_variable(x: Any) -> bool:
    """Return whether `x` is a variable."""
    return isinstance(x, Variable)
